"""Writing what a pane shows to a file, in one of the formats that the pane knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input, Static

from core.errors import TermformerError
from core.text.visible import fit, visible
from tui.widgets.file_field import FileField
from tui.widgets.hints import Hints
from tui.widgets.pane import Export
from tui.widgets.rows import RowsView
from tui.widgets.screens import LeftOnce

_KEYS = (("Enter", "save"), ("↑↓", "format"), ("Tab", "complete the path"), ("Esc", "close"))


class Formats(RowsView):
    """The formats by their endings, one of them chosen."""

    DEFAULT_CSS = """
    Formats { color: $foreground 60%; }
    Formats .formats--chosen { color: $accent; text-style: bold; }
    """
    COMPONENT_CLASSES = {"formats--chosen"}

    def __init__(self, exports: Sequence[Export]) -> None:
        super().__init__()
        self._exports = exports
        self.styles.height = len(exports)
        self.chosen = 0

    def choose(self, index: int) -> None:
        """Marks format `index`."""
        self.chosen = index
        self.redraw()

    def row_count(self) -> int:
        """One a format."""
        return len(self._exports)

    def row(self, index: int) -> Strip:
        """`› json  what it holds`."""
        export, here = self._exports[index], index == self.chosen
        name = self.style("formats--chosen") if here else self.style()
        about = fit(visible(export.about), max(0, self.size.width - 9))
        return Strip(
            [
                Segment(f"{'›' if here else ' '} {export.suffix:<7}", name),
                Segment(about, self.style()),
            ]
        )


class ExportScreen(LeftOnce, ModalScreen[None]):
    """Asks for a format and a name, which go together: the name's ending says the format."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "close", priority=True),
        Binding("down", "move(1)", "next format", show=False, priority=True),
        Binding("up", "move(-1)", "format before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ExportScreen {
        align: center middle;
        #export { width: 76; max-width: 100%; height: auto; max-height: 100%;
                  background: $surface; padding: 1 2; }
        #title { color: $accent; text-style: bold; margin-bottom: 1; }
        #about { color: $foreground 60%; margin-bottom: 1; }
        FileField { margin: 1 0; }
    }
    """

    def __init__(self, title: str, exports: Sequence[Export]) -> None:
        super().__init__()
        self._title = title
        self._exports = exports

    def compose(self) -> ComposeResult:
        with Vertical(id="export"):
            if not self._exports:
                yield Static("Nothing to show yet", id="title")
                yield Static("There are files to write once the pane shows something.", id="about")
                yield Hints([("Esc", "close")])
                return
            yield Static(f"Export of {visible(self._title)}", id="title", markup=False)
            self._formats = Formats(self._exports)
            first = self._exports[0]
            self._field = FileField(f"{self._title.lower()}.{first.suffix}", first.make)
            yield self._formats
            yield self._field
            yield Hints(_KEYS)

    def on_mount(self) -> None:
        if self._exports:
            self._field.enter()

    def action_move(self, step: int) -> None:
        """Another format: the name's ending follows."""
        if not self._exports:
            return
        chosen = (self._formats.chosen + step) % len(self._exports)
        name = self._field.file_name
        suffix = PurePath(name).suffix
        known = any(suffix == f".{export.suffix}" for export in self._exports)
        self._field.rename(
            f"{name.removesuffix(suffix) if known else name}.{self._exports[chosen].suffix}"
        )

    @on(Input.Changed)
    def _typed(self) -> None:
        """Another ending: the format follows."""
        ending = PurePath(self._field.file_name.strip()).suffix.lower().removeprefix(".")
        self._field.make = self._refuse
        for index, export in enumerate(self._exports):
            if ending == export.suffix:
                self._formats.choose(index)
                self._field.make = export.make

    def _refuse(self) -> str:
        endings = " or ".join(f".{export.suffix}" for export in self._exports)
        raise TermformerError(f"The name's ending says the format: let it end in {endings}.")

    @on(FileField.Saved)
    def _saved(self, message: FileField.Saved) -> None:
        self.dismiss()
        self.app.notify(str(message), markup=False)
