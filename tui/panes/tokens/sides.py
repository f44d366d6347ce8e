"""Side by side: other tokenizers on the sentence under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from core.engine.client import EngineClient
from core.text.code import side_by_side_code
from core.text.export_stages import sides_to_json
from core.text.side_by_side import SideBySide, side_by_side
from core.text.visible import visible
from tui.panes.tokens.batch_view import batch_exports
from tui.panes.tokens.beside import Beside, TokenizersBeside
from tui.panes.tokens.excerpt import Excerpt, excerpt
from tui.panes.tokens.interlinear import Interlinear, Sheet
from tui.panes.tokens.look import Look
from tui.panes.tokens.newest import Newest
from tui.panes.tokens.side_sheet import side_sheet
from tui.panes.tokens.view import Cell, View
from tui.sources import Source, source_of
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Line, Part

_NOTHING = "One tokenizer alone: n puts another one beside it."


class SidesView(View):
    """The model's own tokenizer and those that the user put beside it, aligned by characters."""

    def __init__(self) -> None:
        super().__init__(id="sides")
        self._tokenizers = TokenizersBeside(self, self._ready)
        self._made: Newest[tuple[SideBySide, Sheet]] = Newest(self, self._ready)
        self._look: Look | None = None

    def compose(self) -> ComposeResult:
        self._note = Line(classes="note")
        self._sheet = Interlinear(id="side-sheet")
        yield self._note
        yield self._sheet

    @property
    def names(self) -> tuple[str, ...]:
        """The tokenizers beside the model's own, in their order."""
        return tuple(each.name for each in self._tokenizers.all)

    def add(self, name: str) -> None:
        """Puts the tokenizer of model `name` beside the others."""
        self._tokenizers.add(name)

    def remove_last(self) -> None:
        """Takes the tokenizer that was added last away."""
        self._tokenizers.remove_last()

    def read(self, engine: EngineClient) -> None:
        """Reads the tokenizers that were added, where nobody has begun to."""
        self._tokenizers.read(engine)

    def show(self, look: Look) -> None:
        self._look = look
        part = excerpt(look)
        found = self._compared(look, part)
        if found is None:
            return  # what stands there stays until then
        words = part.note if self._tokenizers.all else _NOTHING
        self._note.display = bool(words)
        self._note.show([(f" {words}", "")])
        together, sheet = found
        self._sheet.show(sheet, part.position(look, together.sides[0].encoding))

    def _compared(self, look: Look, part: Excerpt) -> tuple[SideBySide, Sheet] | None:
        others = [each for each in self._tokenizers.all if each.name != look.name]
        ready = [(each.name, each.tokenizer) for each in others if each.tokenizer is not None]
        notes = tuple(_note(each) for each in others if each.tokenizer is None)
        chosen = [(look.name, look.readers.tokenizer), *ready]

        def compare() -> tuple[SideBySide, Sheet]:
            together = side_by_side(chosen, part.sentence)
            return together, side_sheet(together, notes)

        return self._made.ask((part.sentence, *chosen, notes), compare, quick=part.quick)

    def _ready(self) -> None:
        if self._look is not None and self.display:
            self.show(self._look)

    def row_count(self) -> int:
        return self._sheet.row_count()

    def page(self, look: Look, step: int) -> Cell | None:
        self._sheet.scroll_sideways(step)
        return None

    def code(self, look: Look, source: Source) -> Code | None:
        part = excerpt(look)
        found = self._compared(look, part)
        if found is None:
            return None
        sources = [source, *(source_of(side.name) for side in found[0].sides[1:])]
        notes = [part.note and f"Shown: {part.note}.", *(each.note for each in sources)]
        python = side_by_side_code([each.checkpoint for each in sources], part.sentence)
        return Code("Side by side", python, "  ".join(filter(None, notes)))

    def exports(self, look: Look, source: Source) -> Sequence[Export]:
        found = self._compared(look, excerpt(look))
        if found is None:
            return ()
        about = "Tokens and counts of every tokenizer, and where they differ"
        sides = Export("json", about, lambda: sides_to_json(found[0]))
        return sides, *batch_exports(look.batch, look, source)[1:]


def _note(beside: Beside) -> Part:
    """How far a tokenizer is that cannot be compared yet, or why it cannot be had."""
    if beside.status == "failed":
        named = "" if beside.name in beside.note else f"{visible(beside.name)}: "
        return f"{named}{visible(beside.note)}", "sheet--problem"
    return f"{visible(beside.name)}: {visible(beside.note) or 'waiting'}…", ""
