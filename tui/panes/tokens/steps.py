"""tokenize, convert_tokens_to_ids, decode: the course's steps, and what does not come back."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from core.text.code import steps_code
from core.text.export_stages import trips_to_json
from core.text.round_trip import RoundTrip, round_trip
from tui.panes.tokens.batch_view import batch_exports
from tui.panes.tokens.excerpt import Excerpt, excerpt
from tui.panes.tokens.look import Look, Readers
from tui.panes.tokens.newest import Newest
from tui.panes.tokens.step_lines import StepLines
from tui.panes.tokens.view import Cell, View
from tui.sources import Source
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Line


class StepsView(View):
    """The sentence under the cursor on its way to ids and back."""

    def __init__(self) -> None:
        super().__init__(id="steps")
        self._trips: Newest[tuple[RoundTrip, ...]] = Newest(self, self._ready)
        self._look: Look | None = None
        self._shown: Readers | None = None
        """Whose tokenizer's work is drawn at present."""

    def compose(self) -> ComposeResult:
        self._note = Line(classes="note")
        self._lines = StepLines(id="step-lines")
        yield self._note
        yield self._lines

    def show(self, look: Look) -> None:
        self._look = look
        part = excerpt(look)
        trips = self._made(look, part)
        if trips is None:
            if self._shown is not look.readers:
                self._note.display = True
                self._note.show([(" taking the sentence there and back…", "")])
            return  # what stands there stays until then
        self._shown = look.readers
        self._note.display = bool(part.note)
        self._note.show([(f" {part.note}", "")])
        self._lines.show(trips, _cursor(look, part))

    def _made(self, look: Look, part: Excerpt) -> tuple[RoundTrip, ...] | None:
        tokenizer = look.readers.tokenizer
        texts = [part.sentence.text]
        texts += [part.sentence.text_pair] if part.sentence.text_pair else []
        return self._trips.ask(
            (look.readers, *texts),
            lambda: tuple(round_trip(tokenizer, text) for text in texts),
            quick=part.quick,
        )

    def _ready(self) -> None:
        if self._look is not None and self.display:
            self.show(self._look)

    def row_count(self) -> int:
        return self._lines.row_count()

    def page(self, look: Look, step: int) -> Cell | None:
        self._lines.scroll_by(step * max(1, self._lines.size.height - 1))
        return None

    def code(self, look: Look, source: Source) -> Code:
        part = excerpt(look)
        sequence = look.place[0]
        pair = part.sentence.text_pair
        text = pair if sequence and pair else part.sentence.text
        note = "  ".join(filter(None, (part.note and f"Shown: {part.note}.", source.note)))
        return Code("The three steps", steps_code(source.checkpoint, text), note)

    def exports(self, look: Look, source: Source) -> Sequence[Export]:
        trips = self._made(look, excerpt(look))
        if trips is None:
            return ()
        about = "The three steps and every difference of this sentence"
        steps = Export("json", about, lambda: trips_to_json(trips, source.name))
        return steps, *batch_exports(look.batch, look, source)[1:]


def _cursor(look: Look, part: Excerpt) -> tuple[int, int] | None:
    """The text and the place in it, special tokens not counted, of the token under the cursor."""
    encoding = part.encode(look)
    position = part.position(look, encoding)
    if position is None:
        return None
    sequence_ids = encoding.sequence_ids
    sequence = sequence_ids[position]
    return None if sequence is None else (sequence, sequence_ids[:position].count(sequence))
