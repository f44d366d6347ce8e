"""The stages: normalizer, pre-tokenizer, model and post-processor, one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakSet

from textual.app import ComposeResult

from core.text.code import stages_code
from core.text.export_stages import stages_to_json
from core.text.stages import Stages
from core.text.tokenizer import TextTokenizer
from tui.panes.tokens.batch_view import batch_exports
from tui.panes.tokens.excerpt import Excerpt, excerpt
from tui.panes.tokens.interlinear import Interlinear, Sheet
from tui.panes.tokens.look import Look, Readers
from tui.panes.tokens.newest import Newest
from tui.panes.tokens.stage_sheet import stage_sheet
from tui.panes.tokens.view import Cell, View
from tui.sources import Source
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Line


class StagesView(View):
    """What each part of the tokenizer made of the sentence under the cursor."""

    def __init__(self) -> None:
        super().__init__(id="stages")
        self._read: Newest[tuple[Stages, Sheet]] = Newest(self, self._ready)
        self._warm: WeakSet[TextTokenizer] = WeakSet()
        self._look: Look | None = None
        self._shown: Readers | None = None
        """Whose tokenizer's work is drawn at present."""

    def compose(self) -> ComposeResult:
        self._note = Line(classes="note")
        self._sheet = Interlinear(id="stage-sheet")
        yield self._note
        yield self._sheet

    def show(self, look: Look) -> None:
        self._look = look
        part = excerpt(look)
        found = self._stages(look, part)
        if found is None:
            if self._shown is not look.readers:
                self._note.display = True
                self._note.show([(" taking the sentence apart…", "")])
            return  # what stands there stays until then
        self._shown = look.readers
        self._note.display = bool(part.note)
        self._note.show([(f" {part.note}", "")])
        stages, sheet = found
        self._sheet.show(sheet, part.position(look, stages.encoding))

    def _stages(self, look: Look, part: Excerpt) -> tuple[Stages, Sheet] | None:
        readers = look.readers

        def read() -> tuple[Stages, Sheet]:
            stages = readers.stages.read(part.sentence, part.encode(look))
            self._warm.add(readers.tokenizer)
            return stages, stage_sheet(stages, readers.tokenizer.unknown_token_id)

        # The first reading of a tokenizer makes a twin of it, which may take a while.
        quick = part.quick and readers.tokenizer in self._warm
        return self._read.ask((readers, part), read, quick=quick)

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
        found = self._stages(look, part)
        if found is None:
            return None
        number = look.place[0] if not part.note else 0
        note = "  ".join(filter(None, (part.note and f"Shown: {part.note}.", source.note)))
        return Code("The stages", stages_code(source.checkpoint, found[0], number), note)

    def exports(self, look: Look, source: Source) -> Sequence[Export]:
        found = self._stages(look, excerpt(look))
        if found is None:
            return ()
        about = "The stages: what each part made of this sentence"
        stages = Export("json", about, lambda: stages_to_json(found[0], source.name))
        return stages, *batch_exports(look.batch, look, source)[1:]
