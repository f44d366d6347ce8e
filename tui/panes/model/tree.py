"""The module tree as a table: one row a module, several alike ones or a tensor."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.sizes import part_of, percent, size_of
from core.structure import Module, Parameter, Structure
from core.text.visible import fit, fit_end, visible, width
from tui.panes.model.outline import Outline, TreeRow
from tui.widgets import numbers
from tui.widgets.rows import Line, RowsView

_NUMBER = 13
"""Cells of a count, at the least: as many as the column's name takes."""
_SHARE = 9
_SIZE = 11
_DTYPE = 10
_KIND = 11
_LABEL = (30, 52)
"""Cells of a module's name, at the least and at the most."""
_CLASS = (18, 36)
_SHAPE = (12, 34)
_BAR = 12


@dataclass(frozen=True, slots=True)
class Needs:
    """Cells in which nothing of a model's tree would be cut, and which columns tell anything."""

    label: int = _LABEL[0]
    class_name: int = _CLASS[0]
    shape: int = _SHAPE[0]
    number: int = _NUMBER
    dtype: bool = False
    """Whether there is more than one: the headline tells a single one."""
    kind: bool = False
    """Whether some is trainable and some is not."""

    @classmethod
    def of(cls, structure: Structure) -> Needs:
        """What the widest names, shapes and counts need, within limits."""
        root, modules = structure.root, structure.modules
        classes = max(width(visible(each.class_name)) for each in modules) + 1
        shape = max(width(_shapes(each.own)) for each in modules) + 2
        return cls(
            label=min(max(_LABEL[0], width(visible(root.class_name)) + 2), _LABEL[1]),
            class_name=min(max(_CLASS[0], classes), _CLASS[1]),
            shape=min(max(_SHAPE[0], shape), _SHAPE[1]),
            number=max(_NUMBER, len(f"{root.parameters:,}") + 3),
            dtype=len(structure.dtypes) > 1,
            kind=0 < root.trainable < root.parameters,
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column, the blank before it included; 0 where there is no room for it."""

    label: int
    number: int = _NUMBER
    class_name: int = 0
    bytes: int = 0
    bar: int = 0
    shape: int = 0
    dtype: int = 0
    kind: int = 0

    @classmethod
    def for_width(cls, cells: int, needs: Needs) -> Columns:
        """What tells most comes first, and is not cut before less is left out."""
        room = cells - 1 - _LABEL[0] - needs.number - _SHARE
        wanted = (
            ("shape", _SHAPE[0]),
            ("class_name", _CLASS[0]),
            ("bytes", _SIZE),
            ("kind", _KIND if needs.kind else 0),
            ("dtype", _DTYPE if needs.dtype else 0),
        )
        taken = {"label": max(_LABEL[0] + min(0, room), 8)}
        for name, least in wanted:
            if least > room:
                break
            taken[name] = least
            room -= least
        for name, enough in (
            ("class_name", needs.class_name),
            ("shape", needs.shape),
            ("label", needs.label),
        ):
            if name in taken:
                more = max(0, min(room, enough - taken[name]))
                taken[name] += more
                room -= more
        if room >= _BAR and "bytes" in taken:
            taken["bar"] = _BAR
            room -= _BAR
        taken["label"] = min(taken["label"] + max(0, room), _LABEL[1])
        return cls(number=needs.number, **taken)


class TreeHeading(Line):
    """The names of the columns."""

    DEFAULT_CSS = "TreeHeading { color: $foreground 45%; }"

    def show_columns(self, columns: Columns) -> None:
        """Names those there are."""
        words = f"  {'module':<{columns.label}}"
        if columns.class_name:
            words += f" {'class':<{columns.class_name - 1}}"
        words += f"{'parameters':>{columns.number - 1}}{'share':>{_SHARE}}"
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
        "tree--stale",
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
        .tree--stale { color: $foreground 35%; }
    }
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
        self._measured: Structure | None = None
        self._needs = Needs()
        self._dim, self._marks = False, True

    def look(self, *, dim: bool, marks: bool) -> None:
        """`dim`: another outline is coming; `marks`: the mark is drawn, as keys move it."""
        self._dim, self._marks = dim, marks
        self.follow()

    def follow(self) -> None:
        """Draws the outline as it is now, with its mark in view."""
        self.reveal(self.outline.cursor)
        self.redraw()

    def redraw(self) -> None:
        self._measure()
        super().redraw()

    def on_resize(self) -> None:
        self._measure()
        super().on_resize()

    def _measure(self) -> None:
        structure = self.outline.structure
        if structure is not None and structure is not self._measured:
            self._measured, self._needs = structure, Needs.of(structure)
        self._columns = Columns.for_width(self.size.width, self._needs)
        self._heading.show_columns(self._columns)

    def on_click(self, event: events.Click) -> None:
        """The mark goes where the mouse points."""
        if self.top + event.y < self.row_count():
            self.post_message(self.Clicked(self.top + event.y))

    def row_count(self) -> int:
        return len(self.outline.rows)

    def row_key(self, index: int) -> Hashable:
        row, here = self.outline.rows[index], self._is_marked(index)
        return self.outline.edition, row.path, row.depth, row.is_open, row.times, here, self._dim

    def _is_marked(self, index: int) -> bool:
        return self._marks and index == self.outline.cursor

    def row(self, index: int) -> Strip:
        structure, row = self.outline.structure, self.outline.rows[index]
        assert structure is not None
        columns = self._columns
        here = self._is_marked(index)
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
        part = part_of(share) if row.counted else "tied"
        parts.append((f"{count:>{columns.number - 1}}{part:>{_SHARE}}", dim))
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
        style = self.style("tree--stale" if self._dim else name)
        return style + self.style("tree--here") if here and not self._dim else style


def _label(row: TreeRow, room: int, style: str) -> list[tuple[str, str]]:
    """The name behind its depth, its mark before it and how many it stands for behind it."""
    mark = ("▾ " if row.is_open else "▸ ") if row.holds else "  "
    times = f" ×{row.times}" if row.times > 1 else ""
    indent = min(2 * row.depth, max(0, room - 16))
    left = room - indent - len(mark) - width(times)
    shown = fit_end(visible(row.label), left)  # a long path says most at its end
    blank = " " * (left - width(shown))
    return [
        (" " * indent + mark, "tree--mark"),
        (shown, style),
        (times, "tree--folded"),
        (blank, ""),
    ]


def _filled(text: str, cells: int) -> str:
    shown = fit(text, cells)
    return shown + " " * (cells - width(shown))


def shapes(row: TreeRow) -> str:
    """`[768, 768] + [768]`: of a tensor its own, of a module those that it owns itself."""
    return _shapes([row.parameter] if row.parameter else row.module.own)


def _shapes(own: Sequence[Parameter]) -> str:
    return " + ".join(str(each.shape) for each in own)


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
    return f"{percent(module.trainable / module.parameters, 0)} train"
