"""Saving the model that is shown with its tokenizer, and what appeared on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.engine.client import EngineClient
from core.engine.protocol import Interim, Loading, ModelSaved, Reply, SaveModel, StructureRead
from core.errors import ModelError, TermformerError
from core.sizes import percent, size_of
from core.text.visible import fit, visible, width
from core.typed_paths import typed_path
from tui.panes.model.subject import Subject
from tui.widgets.hints import Hints
from tui.widgets.line_input import PathInput
from tui.widgets.lines import Lines, Row
from tui.widgets.screens import LeftOnce, is_open

_ASKING = (("Enter", "save"), ("Tab", "complete the path"), ("Esc", "close"))
_DONE = (("Enter", "choose it as the model of all panes"), ("Esc", "close"))
_TOKENIZER = {
    True: ", and its tokenizer",
    False: "; it brings no tokenizer",
    None: ", and its tokenizer, if it has one",
}
_NAME = 26
_SIZE = 12


class SaveScreen(LeftOnce, ModalScreen[str | None]):
    """Asks for a folder and saves `subject` there; returns the folder where it is to be chosen.

    A checkpoint that stands there is replaced by a second Enter only; anything else never.
    """

    AUTO_FOCUS = "PathInput"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", priority=True),
        Binding("enter", "choose", "choose it", show=False),
        Binding("down", "scroll(1)", "down", show=False, priority=True),
        Binding("up", "scroll(-1)", "up", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SaveScreen {
        align: center middle;
        #saving { width: 84; max-width: 100%; height: auto; max-height: 100%;
                  background: $surface; padding: 1 2; }
        #title { color: $accent; text-style: bold; }
        #about { color: $foreground 60%; margin-bottom: 1; height: auto; }
        #note { height: auto; margin: 1 0; color: $foreground 70%; }
        #note.-problem { color: $error; }
        #note.-good { color: $success; }
        #files { display: none; margin-bottom: 1; }
        &.-saved #files { display: block; }
        &.-saved PathInput { display: none; }
    }
    """

    def __init__(self, engine: EngineClient, subject: Subject, read: StructureRead) -> None:
        super().__init__()
        self._engine = engine
        self._subject = subject
        size = f"{size_of(read.structure.root.bytes)} in {', '.join(read.structure.dtypes)}"
        weights = "random weights" if subject.is_random else "its weights"
        self._about = (
            f"{read.class_name} with {weights}, some {size}{_TOKENIZER[read.has_tokenizer]}. "
            "What was saved is read back and compared."
        )
        self._folder = f"{Path(subject.base).name}-{'random' if subject.is_random else 'saved'}"
        self._agreed = ""
        self._saved: ModelSaved | None = None
        self._working = False

    def compose(self) -> ComposeResult:
        with Vertical(id="saving"):
            yield Static(f"Save {visible(self._subject.name)}", id="title", markup=False)
            yield Static(visible(self._about), id="about", markup=False)
            yield PathInput(self._folder, placeholder="a folder", select_on_focus=False)
            yield Static("", id="note", markup=False)
            yield Lines(id="files")
            yield Hints(_ASKING)

    def say(self, words: str, kind: str = "") -> None:
        """One sentence of text; `kind` is "problem", "good" or nothing."""
        note = self.query_one("#note", Static)
        note.set_class(kind == "problem", "-problem")
        note.set_class(kind == "good", "-good")
        note.update(visible(words))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._agreed = ""
        if not self._working:
            self.say("")

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._working:
            return
        if not message.value.strip():
            self.say("A folder needs a name.", "problem")
            return
        self._working = True
        self.say("Asking the engine…")
        folder = str(typed_path(message.value.strip()).absolute())
        self.run_worker(self._save(folder))

    async def _save(self, folder: str) -> None:
        subject = self._subject
        request = SaveModel(
            0, subject.name, head=subject.head, folder=folder, force=self._agreed == folder
        )
        try:
            reply: Reply | TermformerError = await self._engine.ask(request, self._progress)
        except TermformerError as error:
            reply = error
        self._working = False
        if not is_open(self):
            return  # closed meanwhile
        if isinstance(reply, ModelSaved):
            self._show(reply)
        elif isinstance(reply, ModelError) and reply.kind == "replaceable":
            self._agreed = folder
            self.say(f"{reply} Enter once more replaces it.", "problem")
        elif isinstance(reply, TermformerError):
            self.say(str(reply), "problem")
        else:
            self.say("Saving was given up; the folder is as it was.", "problem")

    def _progress(self, interim: Interim) -> None:
        if isinstance(interim, Loading) and is_open(self):
            far = f" {percent((interim.done or 0) / interim.total, 0)}" if interim.total else ""
            self.say(f"{interim.stage[:1].upper()}{interim.stage[1:]}{far}…")

    def _show(self, saved: ModelSaved) -> None:
        self._saved = saved
        self.add_class("-saved")
        files = self.query_one("#files", Lines)
        files.styles.height = min(len(saved.files) + 2, max(3, self.size.height - 12))
        files.show(lambda cells: file_rows(saved, cells))
        verb = "Replaced" if saved.replaced else "Saved"
        self.say(
            f"{verb}: {saved.folder}. Read back and compared: all {saved.compared_tensors} "
            "tensors are identical, bit by bit.",
            "good",
        )
        self.query_one(Hints).show(_DONE)
        self.set_focus(None)

    def action_choose(self) -> None:
        """The folder becomes the model of all panes."""
        if self._saved is not None:
            self.dismiss(self._saved.folder)

    def action_scroll(self, step: int) -> None:
        self.query_one("#files", Lines).scroll_by(step)

    def action_leave(self) -> None:
        self.dismiss(None)


def file_rows(saved: ModelSaved, cells: int) -> list[Row]:
    """The files that appeared: name, size, what each holds, and the sum."""
    rows: list[Row] = []
    for file in saved.files:
        name = fit(visible(file.name), _NAME)
        rows.append(
            [
                (f"{name}{' ' * (_NAME - width(name))}", "lines--title"),
                (f"{size_of(file.bytes):>{_SIZE}}  ", ""),
                (fit(visible(file.holds), max(0, cells - _NAME - _SIZE - 2)), "lines--quiet"),
            ]
        )
    total = size_of(sum(file.bytes for file in saved.files))
    count = f"{len(saved.files)} files"
    rows.append([(f"{count:<{_NAME}}", "lines--quiet"), (f"{total:>{_SIZE}}", "lines--quiet")])
    return rows
