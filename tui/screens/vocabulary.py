"""All entries of a tokenizer's vocabulary: searched as one types, leafed through by keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input

from core.errors import TermformerError
from core.text.tokenizer import TextTokenizer
from core.text.visible import visible
from core.text.vocabulary import Found, Vocabulary
from tui.screens.vocabulary_ask import MODES, Ask, View
from tui.screens.vocabulary_rows import EntryHeading, EntryRows
from tui.sources import source_of
from tui.widgets.hints import Hints
from tui.widgets.keys import open_above
from tui.widgets.line_input import LineInput
from tui.widgets.pane import Code
from tui.widgets.rows import Line
from tui.widgets.screens import LeftOnce, is_open

_TYPING = (
    ("Tab", "text, prefix, id, regex"),
    ("↑↓", "move"),
    ("Enter", "neighbours"),
    ("Esc", "more keys"),
)
_LEAFING = (
    ("/", "search"),
    ("y", "copy"),
    ("s", "special"),
    ("u", "unused"),
    ("l", "longest"),
    ("a", "any case"),
    ("c", "code"),
    ("Enter", "neighbours"),
    ("Esc", "close"),
)
_ASIDE = (*_LEAFING[:-1], ("Esc", "back to the list"))
_LOW = 16
"""Rows below which nothing stays blank."""
_known: WeakKeyDictionary[TextTokenizer, Vocabulary] = WeakKeyDictionary()
"""Vocabularies that were read already: a second look opens at once."""


class VocabularyScreen(LeftOnce, ModalScreen[None]):
    """The vocabulary of `tokenizer`; opened at entry `token_id`, among its neighbours, if given.

    `name` is the model's, for the code.
    """

    TITLE = "Vocabulary"
    ABOUT = (
        "Every entry of the tokenizer's vocabulary: its id, its token, what that spells, and its "
        "bytes. **/** searches while you type, by text, prefix, id or regular expression; other "
        "keys list the special, the unused and the longest entries, and an entry's neighbours."
    )
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "keys, then close", priority=True),
        Binding("q", "dismiss", "close", show=False),
        Binding("tab", "mode(1)", "how to search", priority=True),
        Binding("shift+tab", "mode(-1)", "how to search", show=False, priority=True),
        Binding("slash,i", "search", "search", id="vocabulary.search"),
        Binding("y", "copy", "copy the token", id="vocabulary.copy"),
        Binding("s", "view('special')", "special and added", id="vocabulary.special"),
        Binding("u", "view('unused')", "unused", id="vocabulary.unused"),
        Binding("l", "view('longest')", "longest", id="vocabulary.longest"),
        Binding("a", "any_case", "any case", id="vocabulary.case"),
        Binding("c", "code", "the Python that lists the same", id="vocabulary.code"),
        Binding("enter", "neighbours", "neighbours", priority=True),
        Binding("down", "move(1)", "next", show=False, priority=True),
        Binding("up", "move(-1)", "before", show=False, priority=True),
        Binding("j", "move(1)", "next", show=False),
        Binding("k", "move(-1)", "before", show=False),
        Binding("pagedown", "page(1)", "page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "page up", show=False, priority=True),
        Binding("home,g", "page(-1000000)", "first", show=False),
        Binding("end,G", "page(1000000)", "last", show=False),
    ]
    DEFAULT_CSS = """
    VocabularyScreen {
        align: center middle;
        background: $surface;
        layout: vertical;
        padding: 1 2;
        #title { color: $foreground 60%; }
        #search { height: 1; margin: 1 0 0 0; }
        #mode { width: 8; }
        #case { width: 10; }
        #search Input, #search Input:focus { border: none; height: 1; padding: 0 1; width: 1fr;
                                             background: $panel; }
        #search.-aside > * { text-opacity: 30%; }
        #found { color: $foreground 60%; margin-bottom: 1; }
        .vocabulary--name { color: $accent; text-style: bold; }
        .vocabulary--problem { color: $error; }
        EntryRows { height: 1fr; }
        Hints { margin-top: 1; }
        &.-low { padding: 0 1; }
        &.-low #search, &.-low Hints { margin: 0; }
        &.-low #found { margin: 0; }
    }
    """

    def __init__(
        self, tokenizer: TextTokenizer, *, name: str = "", token_id: int | None = None
    ) -> None:
        super().__init__()
        self._model = name
        self._tokenizer = tokenizer
        self._token_id = token_id
        self._vocabulary: Vocabulary | None = None
        self._ask = Ask()
        self._left: tuple[Ask, int] | None = None
        """The list, and the row in it, that an entry's neighbours stand in place of."""
        self._row = 0
        """The row that the next list is shown from."""
        self.searching = False
        """Whether what is listed is about to change."""

    def compose(self) -> ComposeResult:
        yield Words(id="title")
        with Horizontal(id="search"):
            yield Words(id="mode")
            yield LineInput()
            yield Words(id="case")
        yield Words(id="found")
        yield EntryHeading()
        yield EntryRows()
        yield Hints(_LEAFING)

    def on_mount(self) -> None:
        self._title, self._mode, self._case, self._found = (
            self.query_one(f"#{name}", Words) for name in ("title", "mode", "case", "found")
        )
        self._input, self._rows = self.query_one(Input), self.query_one(EntryRows)
        self._title.show([("Vocabulary", "vocabulary--name")])
        self._show_mode()
        if self._token_id is None:
            self.action_search()
        self.run_worker(self._read())

    def on_resize(self) -> None:
        self.set_class(self.size.height < _LOW, "-low")

    def on_descendant_focus(self) -> None:
        self.query_one(Hints).show(_TYPING)

    def on_descendant_blur(self) -> None:
        self._show_keys()

    def _show_keys(self) -> None:
        self.query_one(Hints).show(_ASIDE if self._left else _LEAFING)

    # --- searching ------------------------------------------------------------------------

    async def _read(self) -> None:
        """The vocabulary, in a thread: a quarter of a million entries take a second."""
        self._say("Reading the vocabulary…")
        vocabulary = _known.get(self._tokenizer)
        if vocabulary is None:
            vocabulary = await asyncio.to_thread(Vocabulary, self._tokenizer)
            _known[self._tokenizer] = vocabulary
        if not is_open(self):
            return  # closed meanwhile
        self._vocabulary = vocabulary
        self.query_one(EntryHeading).show(vocabulary)
        self._title.show(
            [("Vocabulary", "vocabulary--name")], [(f"{len(vocabulary):,} entries", "")]
        )
        place = None if self._token_id is None else vocabulary.index_of(self._token_id)
        if self._ask != Ask() or place is None:
            self._seek()
        else:
            self._stand_at(place)

    def _look_for(self, ask: Ask, row: int = 0) -> None:
        self._ask, self._row, self._left = ask, row, None
        if not self._input.has_focus:
            self._show_keys()
        self._show_mode()
        self._seek()

    def _seek(self) -> None:
        """Looks for what is asked now; while one search goes on, only the newest waits for it."""
        if self._vocabulary is not None and not self.searching:
            self.searching = True
            self.run_worker(self._search(self._vocabulary))

    async def _search(self, vocabulary: Vocabulary) -> None:
        asked: Ask | None = None
        try:
            while asked != self._ask:
                asked = self._ask
                try:
                    found = await asyncio.to_thread(asked.answer, vocabulary)
                    if not is_open(self):
                        return  # closed meanwhile
                except TermformerError as error:
                    if asked == self._ask:
                        self._say(visible(str(error)), "vocabulary--problem")
                else:
                    if asked == self._ask:
                        self._rows.show(vocabulary, found.places, self._row)
                        self._tell(found, len(vocabulary))
        finally:
            self.searching = False

    def _tell(self, found: Found, of: int) -> None:
        """Says how many entries are listed, and why these."""
        ask, count = self._ask, len(found.places)
        if ask.view == "longest":
            self._say(f"The {count:,} entries of the most characters.")
        elif ask.view != "search":
            what = "special and added" if ask.view == "special" else "unused"
            self._say(f"{count:,} of {of:,} entries are {what}.")
        elif not ask.query:
            self._say("All entries, by id.")
        elif found.complete:
            self._say(f"{count:,} of {of:,} entries.")
        else:
            words = f"The pattern takes too long: {count:,} entries found, there may be more."
            self._say(words, "vocabulary--problem")

    def _say(self, words: str, style: str = "") -> None:
        self._found.show([(words, style)])

    def _show_mode(self) -> None:
        case = "any case" if self._ask.any_case else ""
        self._mode.show([(self._ask.mode, "vocabulary--name")])
        self._case.show([(case, "vocabulary--name")])
        # What is in the field waits until the search is asked for again.
        self.query_one("#search").set_class(self._ask.view != "search", "-aside")

    def _stand_at(self, place: int) -> None:
        """Shows entry `place` among its neighbours."""
        self._ask = replace(self._ask, query="", view="search")
        self._show_mode()
        with self.prevent(Input.Changed):
            self._input.value = ""
        self.set_focus(None)
        if self._vocabulary is not None:
            everything = range(len(self._vocabulary))
            self._rows.show(self._vocabulary, everything, place)
            self._tell(Found(everything), len(everything))

    # --- keys -----------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self._look_for(replace(self._ask, query=message.value, view="search"))

    def action_search(self) -> None:
        """Keys go into the search."""
        self._input.focus()

    def action_leave(self) -> None:
        """From typing to keys; from neighbours to the list; from keys back to the pane."""
        if self._input.has_focus:
            self.set_focus(None)
        elif self._left is not None:
            ask, row = self._left
            with self.prevent(Input.Changed):
                self._input.value = ask.query
            self._look_for(ask, row)
        else:
            self.dismiss()

    def action_mode(self, step: int) -> None:
        """Searches for the same in another way."""
        mode = MODES[(MODES.index(self._ask.mode) + step) % len(MODES)]
        self._look_for(replace(self._ask, mode=mode, view="search"))

    def action_any_case(self) -> None:
        """Upper and lower case are alike, or not."""
        self._look_for(replace(self._ask, any_case=not self._ask.any_case, view="search"))

    def action_view(self, view: View) -> None:
        """Lists all entries of one kind; the same key again goes back to the search."""
        shown: View = "search" if self._ask.view == view else view
        self._look_for(replace(self._ask, view=shown))

    def action_neighbours(self) -> None:
        """The entry under the cursor among its neighbours."""
        if self._rows.place is not None:
            if not self._ask.is_all:
                self._left = self._ask, self._rows.cursor
            self._stand_at(self._rows.place)
            self._show_keys()

    def action_move(self, rows: int) -> None:
        self._rows.move(rows)

    def action_page(self, pages: int) -> None:
        self._rows.move(pages * max(1, self._rows.size.height))

    def code(self) -> Code | None:
        """The Python that prints the entries in view; None where nothing can be listed."""
        from core.text.code_vocabulary import listing_code

        vocabulary, ask, rows = self._vocabulary, self._ask, self._rows.in_view
        if vocabulary is None or not self._model:
            return None
        source = source_of(self._model)
        try:
            spelling, asked = vocabulary.spelling, (ask.view, ask.query, ask.mode, ask.any_case)
            python = listing_code(source.checkpoint, spelling, *asked, rows)
        except TermformerError:
            return None
        return Code("The vocabulary", python, source.note)

    async def action_code(self) -> None:
        """The Python behind what is listed."""
        from tui.screens.code import CodeScreen

        await open_above(self.app, CodeScreen(self.code()))

    def action_copy(self) -> None:
        """The token as the vocabulary spells it, by OSC 52."""
        if self._vocabulary is not None and self._rows.place is not None:
            token = self._vocabulary.entry(self._rows.place).token
            self.app.copy_to_clipboard(token)
            self.notify(f"{visible(token)} is copied.", markup=False)


class Words(Line):
    """A row of words in this screen's styles."""

    COMPONENT_CLASSES = {"vocabulary--name", "vocabulary--problem"}
