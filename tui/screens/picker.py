"""Choosing a model, the same way from every pane: what is here, or any name that is typed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from core.choices import Choice, choices, folders
from core.text.visible import visible
from tui.screens.picker_rows import ChoiceRows
from tui.waiting import download_words
from tui.widgets.headline import Headline
from tui.widgets.hints import Hints
from tui.widgets.line_input import LineInput, completed_path
from tui.widgets.rows import Line
from tui.widgets.screens import LeftOnce, is_open

if TYPE_CHECKING:
    from tui.bench import Bench

_KEYS = (("Enter", "choose"), ("↑↓", "move"), ("Tab", "complete a path"), ("Esc", "close"))
_LOADING = (("^x", "give up what is loaded"), *_KEYS)
_LOOK_SECONDS = 0.25
_CHROME = 7
"""Rows of the box that are not the list's."""


class ModelPicker(LeftOnce, ModalScreen[str | None]):
    """Returns the name that was chosen, or None; remembers it as used.

    What a pane loads meanwhile is shown with its progress, and can be given up here.
    """

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", priority=True),
        Binding("down", "move(1)", "next", show=False, priority=True),
        Binding("up", "move(-1)", "before", show=False, priority=True),
        Binding("pagedown", "page(1)", "page down", show=False, priority=True),
        Binding("pageup", "page(-1)", "page up", show=False, priority=True),
        Binding("tab", "complete", "complete the path", show=False, priority=True),
        Binding("ctrl+x", "give_up", "give up", show=False, priority=True, id="picker.cancel"),
    ]
    DEFAULT_CSS = """
    ModelPicker {
        align: center middle;
        #picker { width: 84; max-width: 100%; height: auto; max-height: 100%; background: $surface;
                  padding: 1 2; }
        #title { color: $foreground 60%; }
        .picker--name { color: $accent; text-style: bold; }
        Input, Input:focus { border: none; height: 1; margin: 1 0; padding: 0 1;
                             background: $panel; }
        #loading { display: none; height: 4; margin-bottom: 1; }
        &.-loading #loading { display: block; }
        ChoiceRows { height: 12; margin-bottom: 1; }
        &.-low #picker { padding: 0 2; }
        &.-low Input { margin: 0; }
    }
    """

    def __init__(
        self, bench: Bench, current: str, *, title: str = "Choose a model", kinds: bool = False
    ) -> None:
        super().__init__()
        self._bench = bench
        self._current = current
        self._heading = title
        self._kinds = kinds
        """Whether only a config is wanted, so that a kind of model is enough."""
        self._here: list[Choice] | None = None
        self._folders: list[Choice] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="picker"):
            yield _Title(id="title")
            yield LineInput(placeholder=visible(self._current))
            yield Headline(id="loading")
            yield ChoiceRows()
            yield Hints(_KEYS)

    def on_mount(self) -> None:
        self._rows, self._input = self.query_one(ChoiceRows), self.query_one(Input)
        self.query_one(_Title).show(
            [(self._heading, "picker--name"), ("  a name below, a folder, a run, a Hub name", "")]
        )
        self._show_loading()
        self.set_interval(_LOOK_SECONDS, self._show_loading)
        self._look()

    def on_resize(self) -> None:
        height = self.size.height
        self.set_class(height < 20, "-low")
        loading = 5 if self.has_class("-loading") else 0
        self._rows.styles.height = max(3, min(24, height - _CHROME - loading - 2))

    # --- what is listed -------------------------------------------------------------------

    @work
    async def _look(self) -> None:
        """What is here, in a thread: many runs and their logs take a while."""
        self._here = await asyncio.to_thread(choices, list(self._bench.recent), kinds=self._kinds)
        if is_open(self):
            self._list()

    def _list(self) -> None:
        typed = self._input.value.strip()
        self._rows.show(typed, self._here, self._folders, self._current)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        typed = message.value.strip()
        if "/" in typed or typed.startswith("~"):
            self._look_in(typed)
        else:
            self._folders = []
        self._list()

    @work(group="folders", exclusive=True)
    async def _look_in(self, typed: str) -> None:
        found = await asyncio.to_thread(folders, typed)
        if is_open(self) and self._input.value.strip() == typed:
            self._folders = found
            self._list()

    # --- what is loaded meanwhile ---------------------------------------------------------

    def _show_loading(self) -> None:
        model = self._bench.model
        loading = model.status == "loading"
        if loading != self.has_class("-loading"):
            self.set_class(loading, "-loading")
            self.query_one(Hints).show(_LOADING if loading else _KEYS)
            self.call_after_refresh(self.on_resize)
        if loading:
            cells = self.query_one("#loading").size.width
            self.query_one("#loading", Headline).show(download_words(model, cells))

    def action_give_up(self) -> None:
        """Gives up the model that the panes load."""
        if self.has_class("-loading"):
            self._bench.desk.cancel()
        else:
            self._input.action_cut()

    # --- keys -----------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        self._rows.move(step)

    def action_page(self, step: int) -> None:
        self._rows.move(step * max(1, self._rows.size.height - 1))

    async def action_complete(self) -> None:
        """The path as far as there is only one way on; else the name that is marked."""
        typed = self._input.value
        longer = await asyncio.to_thread(completed_path, typed)
        marked = self._rows.chosen
        if longer == typed and marked is not None:
            longer = visible(marked.name) + ("/" if marked.leads_on else "")
        if self._input.value == typed:
            self._input.value = longer
            self._input.cursor_position = len(longer)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        chosen = self._rows.chosen
        self._choose(chosen.name if chosen else message.value.strip())

    @on(ChoiceRows.Clicked)
    def _clicked(self, message: ChoiceRows.Clicked) -> None:
        self._choose(message.choice.name)

    def _choose(self, name: str) -> None:
        if name:
            self._bench.used(name)
        self.dismiss(name or None)


class _Title(Line):
    COMPONENT_CLASSES = {"picker--name"}
