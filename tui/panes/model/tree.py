"""The module tree as a table: one row a module, several alike ones or a tensor."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.sizes import size_of
from core.structure import Module, Parameter
from core.text.visible import fit, visible, width
from tui.panes.model.outline import Outline, TreeRow
from tui.widgets import numbers
from tui.widgets.rows import Line, RowsView

_NUMBER = 15
_SHARE = 9
_SIZE = 11
_DTYPE = 10
_KIND = 11
_LABEL = (30, 52)
"""Cells of a module's name, at the least and at the most."""
_CLASS = (18, 30)
_SHAPE = (12, 34)
_BAR = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column, the blank before it included; 0 where there is no room for it."""

    label: int
    class_name: int = 0
    bytes: int = 0
    bar: int = 0
    shape: int = 0
    dtype: int = 0
    kind: int = 0

    @classmethod
    def for_width(cls, cells: int) -> Columns:
        """What tells most comes first; what is left goes to names and shapes."""
        room = cells - 1 - _LABEL[0] - _NUMBER - _SHARE
        wanted = (
            ("shape", _SHAPE[0]),
            ("class_name", _CLASS[0]),
            ("bytes", _SIZE),
            ("kind", _KIND),
            ("dtype", _DTYPE),
            ("bar", _BAR),
        )
        taken: dict[str, int] = {}
        for name, needed in wanted:
            if needed > room:
                break
            taken[name] = needed
            room -= needed
        label = max(_LABEL[0] + min(0, room), 8)
        if "shape" in taken:
            more = min(room // 2, _SHAPE[1] - _SHAPE[0])
            taken["shape"] += more
            room -= more
        if "class_name" in taken:
            more = min(room // 2, _CLASS[1] - _CLASS[0])
            taken["class_name"] += more
            room -= more
        return cls(min(label + max(0, room), _LABEL[1]), **taken)


class TreeHeading(Line):
    """The names of the columns."""

    DEFAULT_CSS = "TreeHeading { color: $foreground 45%; }"

    def show_columns(self, columns: Columns) -> None:
        """Names those there are."""
        words = f"  {'module':<{columns.label}}"
        if columns.class_name:
            words += f" {'class':<{columns.class_name - 1}}"
        words += f"{'parameters':>{_NUMBER - 1}}{'share':>{_SHARE}}"
        if columns.bar:
            words += " " * columns.bar
        if columns.bytes:
            words += f"{'memory':>{columns.bytes}}"
        if columns.shape:
            words += f"  {'shape':<{columns.shape - 2}}"
        if columns.dtype:
            words += f" {'dtype':<{columns.dtype - 1}}"
        if columns.kind:
            words += f" {'trainable':<{columns.kind - 1}}"
        self.show([(fit(words, self.size.width), "")])


class TreeView(RowsView):
    """Draws what an outline has in view, however long it is."""

    COMPONENT_CLASSES = {
        "tree--here",
        "tree--mark",
        "tree--folded",
        "tree--name",
        "tree--tensor",
        "tree--class",
        "tree--empty",
        "tree--frozen",
        "tree--bar",
        "tree--track",
    }
    DEFAULT_CSS = """
    TreeView {
        color: $foreground 80%;
        .tree--here { background: $accent 25%; color: $foreground; text-style: bold; }
        .tree--mark { color: $foreground 45%; }
        .tree--folded { color: $accent; }
        .tree--name { color: $foreground; }
        .tree--tensor { color: $foreground 60%; }
        .tree--class { color: $foreground 60%; }
        .tree--empty { color: $foreground 40%; }
        .tree--frozen { color: $warning; }
        .tree--bar { color: $primary; }
        .tree--track { color: $foreground 12%; }
    }
    TreeView.-stale { text-opacity: 50%; }
    """

    class Clicked(Message):
        """A row was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, outline: Outline, heading: TreeHeading, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.outline = outline
        self._heading = heading
        self._columns = Columns(_LABEL[0])

    def follow(self) -> None:
        """Draws the outline as it is now, with its mark in view."""
        self.reveal(self.outline.cursor)
        self.redraw()

    def redraw(self) -> None:
        self._columns = Columns.for_width(self.size.width)
        self._heading.show_columns(self._columns)
        super().redraw()

    def on_resize(self) -> None:
        self._columns = Columns.for_width(self.size.width)
        self._heading.show_columns(self._columns)
        super().on_resize()

    def on_click(self, event: events.Click) -> None:
        """The mark goes where the mouse points."""
        if self.top + event.y < self.row_count():
            self.post_message(self.Clicked(self.top + event.y))

    def row_count(self) -> int:
        return len(self.outline.rows)

    def row_key(self, index: int) -> Hashable:
        row, here = self.outline.rows[index], index == self.outline.cursor
        return self.outline.edition, row.path, row.depth, row.is_open, row.times, here

    def row(self, index: int) -> Strip:
        structure, row = self.outline.structure, self.outline.rows[index]
        assert structure is not None
        columns = self._columns
        here = index == self.outline.cursor
        name = "tree--tensor" if row.parameter else "tree--name"
        if not row.count:
            name = "tree--empty"
        parts: list[tuple[str, str]] = [("› " if here else "  ", "tree--mark")]
        parts += _label(row, columns.label, name)
        if columns.class_name:
            shown = "" if row.parameter else visible(row.module.class_name)
            parts.append((f" {_filled(shown, columns.class_name - 1)}", "tree--class"))
        count = f"{row.count:,}" if row.count else "·"
        share = row.count * row.repeats / structure.root.parameters if row.count else 0.0
        dim = "" if row.count and row.counted else "tree--empty"
        percent = percentage(share) if row.counted else "tied"
        parts.append((f"{count:>{_NUMBER - 1}}{percent:>{_SHARE}}", dim))
        if columns.bar:
            filled, rest = numbers.bar(share if row.counted else 0, columns.bar - 2)
            parts += [("  ", ""), (filled, "tree--bar"), (rest, "tree--track")]
        if columns.bytes:
            size = size_of(row.bytes) if row.count else ""
            parts.append((f"{size:>{columns.bytes}}", dim))
        if columns.shape:
            shown = fit(shapes(row), columns.shape - 2)
            parts.append((f"  {_filled(shown, columns.shape - 2)}", "tree--class"))
        if columns.dtype:
            parts.append((f" {_filled(dtypes(row), columns.dtype - 1)}", "tree--class"))
        if columns.kind:
            kind = trainable(row)
            style = "tree--frozen" if kind not in ("trainable", "") else "tree--class"
            parts.append((f" {_filled(kind, columns.kind - 1)}", style))
        return Strip([Segment(text, self._style(name, here=here)) for text, name in parts])

    def _style(self, name: str, *, here: bool) -> Style:
        style = self.style(name)
        return style + self.style("tree--here") if here else style


def _label(row: TreeRow, room: int, style: str) -> list[tuple[str, str]]:
    """The name behind its depth, its mark before it and how many it stands for behind it."""
    mark = ("▾ " if row.is_open else "▸ ") if row.holds else "  "
    times = f" ×{row.times}" if row.times > 1 else ""
    indent = min(2 * row.depth, max(0, room - 16))
    left = room - indent - len(mark) - width(times)
    shown = _fit_end(visible(row.label), left)
    blank = " " * (left - width(shown))
    return [
        (" " * indent + mark, "tree--mark"),
        (shown, style),
        (times, "tree--folded"),
        (blank, ""),
    ]


def _fit_end(text: str, cells: int) -> str:
    """A long path says most at its end."""
    return text if width(text) <= cells else "…" + text[-(cells - 1) :] if cells > 1 else "…"


def _filled(text: str, cells: int) -> str:
    shown = fit(text, cells)
    return shown + " " * (cells - width(shown))


def percentage(share: float) -> str:
    """`24.5 %`, `< 0.1 %`, or nothing for nothing."""
    if not share:
        return ""
    return f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"


def shapes(row: TreeRow) -> str:
    """`[768, 768] + [768]`: of a tensor its own, of a module those that it owns itself."""
    own = [row.parameter] if row.parameter else row.module.own
    return " + ".join(_shape(each) for each in own)


def _shape(parameter: Parameter) -> str:
    return str(parameter.shape)


def dtypes(row: TreeRow) -> str:
    """The types of its own tensors."""
    own: Sequence[Parameter] = [row.parameter] if row.parameter else row.module.own
    return ", ".join(sorted({each.dtype for each in own}))


def trainable(row: TreeRow) -> str:
    """`trainable`, `frozen`, or how much of a module is trainable."""
    if row.parameter:
        return "trainable" if row.parameter.trainable else "frozen"
    return of_module(row.module)


def of_module(module: Module) -> str:
    """As `trainable`."""
    if not module.parameters:
        return ""
    if module.trainable == module.parameters:
        return "trainable"
    if not module.trainable:
        return "frozen"
    return f"{module.trainable / module.parameters:.0%} train"
