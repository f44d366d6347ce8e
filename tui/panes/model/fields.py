"""The fields of a config as a table: beside its class's defaults, or beside another config."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from core.engine.protocol import ConfigsCompared
from core.engine.protocol.checkpoint import Config
from core.text.visible import fit, visible, width
from tui.widgets.rows import Line, RowsView

_NAME = (22, 34)
_VALUE = (12, 44)
DEFAULT = "default"
"""The title of the column of the class's defaults."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field as it is, as the other side has it, and what was asked for it here."""

    name: str
    value: str
    """JSON; empty where this config has no such field."""
    other: str
    """The class's default or the other config's value; empty where there is none."""
    differs: bool
    wish: str | None = None
    """What the user set it to; None where it is as it came."""
    kind: str = ""


def rows_of(config: Config, changes: dict[str, str], plain: Config | None = None) -> list[FieldRow]:
    """The fields beside their class's defaults; `plain` is the config before the `changes`."""
    came = {each.name: each.value for each in plain.fields} if plain else {}
    return [
        FieldRow(
            each.name,
            came.get(each.name, each.value) if each.name in changes else each.value,
            each.default or "",
            each.differs,
            changes.get(each.name),
            each.kind,
        )
        for each in config.fields
    ]


def rows_beside(compared: ConfigsCompared, changes: dict[str, str]) -> list[FieldRow]:
    """The fields beside another config's."""
    return [
        FieldRow(
            each.name, each.value or "", each.other or "", each.differs, changes.get(each.name)
        )
        for each in compared.fields
    ]


def as_json(text: str) -> str:
    """What a user typed for a field, as the config would write it: `relu` is `"relu"`."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return json.dumps({"True": True, "False": False, "None": None}.get(text, text))


def stepped(row: FieldRow, step: int, rows: Sequence[FieldRow]) -> str | None:
    """The next sensible value up or down; None where there is none but by typing.

    A layer more or less, a number of heads that divides the width, half or twice a size.
    """
    value = _value(row)
    if isinstance(value, bool):
        return "false" if value else "true"
    if isinstance(value, float):
        return f"{max(0.0, value + 0.05 * step):.4g}"
    if not isinstance(value, int):
        return None
    if "head" in row.name:
        wide = next((v for each in rows if isinstance(v := _width(each), int)), value)
        divisors = [each for each in range(1, wide + 1) if wide % each == 0]
        further = [each for each in divisors if (each > value if step > 0 else each < value)]
        return str((min if step > 0 else max)(further)) if further else None
    if "layer" in row.name or value < 8 or row.name.endswith("_id"):
        return str(value + step) if value + step >= 0 else None
    return str(value * 2 if step > 0 else value // 2)


def _value(row: FieldRow) -> object:
    try:
        return json.loads(row.value if row.wish is None else as_json(row.wish))
    except ValueError:
        return None


def _width(row: FieldRow) -> object:
    return _value(row) if row.name in {"hidden_size", "dim", "d_model", "n_embd"} else None


class FieldsHeading(Line):
    """The names of the columns."""

    DEFAULT_CSS = "FieldsHeading { color: $foreground 45%; }"


class FieldsView(RowsView):
    """A row a field, one of them marked."""

    COMPONENT_CLASSES = {
        "fields--here",
        "fields--name",
        "fields--value",
        "fields--differs",
        "fields--other",
        "fields--wish",
        "fields--mark",
    }
    DEFAULT_CSS = """
    FieldsView {
        color: $foreground 70%;
        .fields--here { background: $accent 25%; color: $foreground; text-style: bold; }
        .fields--name { color: $foreground 70%; }
        .fields--value { color: $foreground 60%; }
        .fields--differs { color: $foreground; text-style: bold; }
        .fields--other { color: $foreground 45%; }
        .fields--wish { color: $accent; text-style: bold; }
        .fields--mark { color: $accent; }
    }
    """

    class Clicked(Message):
        """A row was clicked."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, heading: FieldsHeading, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heading = heading
        self._titles = ("", "")
        self._all: Sequence[FieldRow] = ()
        self._rows: Sequence[FieldRow] = ()
        self.only_differing = False
        self._marked = ""
        """The name of the field that is marked."""

    # --- what is shown --------------------------------------------------------------------

    def show(self, rows: Sequence[FieldRow], titles: tuple[str, str]) -> None:
        """Shows `rows`; `titles` name the two columns of values."""
        self._all, self._titles = rows, titles
        self.refilter()

    def refilter(self) -> None:
        """Shows all fields, or those that differ."""
        self._rows = [
            each
            for each in self._all
            if not self.only_differing or each.differs or each.wish is not None
        ]
        self.redraw()

    @property
    def all(self) -> Sequence[FieldRow]:
        """Every field, those that are not in view too."""
        return self._all

    @property
    def cursor(self) -> int:
        """Where the marked field stands."""
        return next((n for n, row in enumerate(self._rows) if row.name == self._marked), 0)

    @property
    def current(self) -> FieldRow | None:
        """The marked field."""
        return self._rows[self.cursor] if self._rows else None

    def move(self, rows: int) -> None:
        """Moves the mark, as far as there are fields."""
        self.go(self.cursor + rows)

    def go(self, row: int) -> None:
        """Marks field number `row` of those in view."""
        if self._rows:
            row = max(0, min(row, len(self._rows) - 1))
            self._marked = self._rows[row].name
            self.reveal(row)
            self.redraw()

    # --- drawing --------------------------------------------------------------------------

    def redraw(self) -> None:
        self._head()
        super().redraw()

    def on_resize(self) -> None:
        self._head()
        super().on_resize()

    def _head(self) -> None:
        name, value, other = self._cells
        titles = [
            fit(each, cells) for each, cells in zip(self._titles, (value, other), strict=True)
        ]
        words = f"    {'field':<{name}}{_filled(titles[0], value)}{titles[1]}"
        self._heading.show([(fit(words, self.size.width), "")])

    @property
    def _cells(self) -> tuple[int, int, int]:
        """Cells of the name and of both values, the blank behind each included."""
        room = max(0, self.size.width - 4)
        longest = max((width(row.name) for row in self._all), default=0) + 2
        name = min(longest, max(_NAME[0], room - 2 * _VALUE[0]), _NAME[1])
        rest = max(0, room - name)
        needed = max((width(visible(row.value)) for row in self._rows), default=0) + 2
        value = max(min(needed, rest // 2, _VALUE[1]), min(_VALUE[0], rest // 2))
        return name, value, min(rest - value, _VALUE[1])

    def row_count(self) -> int:
        return len(self._rows)

    def row_key(self, index: int) -> Hashable:
        return self._rows[index], index == self.cursor, self._cells, self._titles

    def row(self, index: int) -> Strip:
        row, here = self._rows[index], index == self.cursor
        name, value, other = self._cells
        set_here = row.wish is not None
        mark = "✎" if set_here else "≠" if row.differs else " "
        style = "fields--wish" if set_here else "fields--differs" if row.differs else ""
        shown = as_json(row.wish) if row.wish is not None else row.value or "–"
        # A default that is the value is left out; what another config has is always said.
        told = row.differs or set_here or self._titles[1] != DEFAULT
        against = visible(row.other or "–") if told else ""
        parts = [
            ("› " if here else "  ", "fields--mark"),
            (f"{mark} ", "fields--wish" if set_here else "fields--mark"),
            (_filled(visible(row.name), name), style or "fields--name"),
            (_filled(visible(shown), value), style or "fields--value"),
            (_filled(against, other), "fields--other"),
        ]
        return Strip([Segment(text, self._style(name_, here)) for text, name_ in parts])

    def _style(self, name: str, here: bool) -> Style:
        style = self.style(name)
        return style + self.style("fields--here") if here else style

    def on_click(self, event: events.Click) -> None:
        """The mark goes where the mouse points."""
        if self.top + event.y < self.row_count():
            self.post_message(self.Clicked(self.top + event.y))


def _filled(text: str, cells: int) -> str:
    """`text` in so many cells, a blank at the end of a cut one."""
    shown = fit(text, max(0, cells - 1))
    return shown + " " * max(0, cells - width(shown))
