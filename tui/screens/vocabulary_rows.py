"""The rows of a vocabulary: id, token, the text it stands for, its bytes and its kind."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rich.segment import Segment
from textual import events
from textual.strip import Strip

from core.text.spaces import shown
from core.text.visible import fit, width
from core.text.vocabulary import Entry, Vocabulary
from tui.widgets.rows import RowsView

_HEADS = ("token", "text", "bytes", "kind")
_KIND = 15
"""Cells of the longest kind, "special · unused", nearly always less."""
_WIDE, _MIDDLING = 84, 46
"""Cells from which there is room for the bytes, for the text."""
_MOST_BYTES = 64


class EntryHeading(RowsView):
    """Names the columns of `EntryRows`."""

    DEFAULT_CSS = "EntryHeading { height: 1; color: $foreground 55%; }"

    def __init__(self) -> None:
        super().__init__()
        self._largest_id = 0

    def show(self, vocabulary: Vocabulary) -> None:
        """Makes room for this vocabulary's ids."""
        self._largest_id = vocabulary.ids[-1] if len(vocabulary) else 0
        self.redraw()

    def row_count(self) -> int:
        """One."""
        return 1

    def row(self, index: int) -> Strip:
        """The heads over their columns."""
        columns = _columns(self.size.width, self._largest_id)
        return Strip([Segment(_line("", "id", _HEADS, columns), self.style())])


class EntryRows(RowsView):
    """Entries of a vocabulary, one of them under the cursor; only those in view are looked up."""

    DEFAULT_CSS = """
    EntryRows .entries--dim { color: $foreground 55%; }
    EntryRows .entries--here { background: $accent; color: $background; text-style: bold; }
    """
    COMPONENT_CLASSES = {"entries--dim", "entries--here"}

    def __init__(self) -> None:
        super().__init__()
        self._vocabulary: Vocabulary | None = None
        self._places: Sequence[int] = ()
        self._listing = 0
        self.cursor = 0
        """The row under the cursor."""

    def show(self, vocabulary: Vocabulary, places: Sequence[int], cursor: int = 0) -> None:
        """Lists the entries at `places`, row `cursor` of them in the middle of the view."""
        self._vocabulary, self._places = vocabulary, places
        self._listing += 1
        self.cursor = max(0, min(cursor, len(places) - 1))
        self.set_reactive(RowsView.top, max(0, self.cursor - self.size.height // 2))
        self.redraw()

    @property
    def place(self) -> int | None:
        """Where the entry under the cursor stands in the vocabulary."""
        return self._places[self.cursor] if self._places else None

    @property
    def in_view(self) -> range:
        """Which of the listed entries are in view."""
        return range(self.top, min(self.top + self.size.height, len(self._places)))

    def move(self, rows: int) -> None:
        """Moves the cursor, as far as there are entries."""
        self.cursor = max(0, min(self.cursor + rows, len(self._places) - 1))
        self.reveal(self.cursor)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where the mouse points."""
        self.move(self.top + event.y - self.cursor)

    def row_count(self) -> int:
        """One an entry."""
        return len(self._places)

    def row_key(self, index: int) -> Hashable:
        """All that a row is drawn from."""
        return self._listing, index, index == self.cursor

    def row(self, index: int) -> Strip:
        """One entry."""
        vocabulary = self._vocabulary
        if vocabulary is None:
            return Strip([])
        entry = vocabulary.entry(self._places[index])
        here, kind = index == self.cursor, _kind(entry)
        data = vocabulary.spelling.token_bytes(entry.token, entry.added)
        values = (shown(entry.token), _text(data), data[:_MOST_BYTES].hex(" "), kind)
        columns = _columns(self.size.width, vocabulary.ids[-1])
        line = _line("›" if here else "", str(entry.input_id), values, columns)
        style = "entries--here" if here else "entries--dim" if kind else ""
        return Strip([Segment(line, self.style(style))])


def _kind(entry: Entry) -> str:
    origin = "special" if entry.special else "added" if entry.added else ""
    return " · ".join(filter(None, (origin, "unused" if entry.unused else "")))


def _text(data: bytes) -> str:
    """What the bytes read as, spaces visible."""
    try:
        return shown(data.decode())
    except UnicodeDecodeError:
        return "part of a character"


def _columns(cells: int, largest_id: int) -> tuple[int, int, int, int, int]:
    """Cells of the id, token, text, bytes and kind, the blank behind each included."""
    number = max(2, len(str(largest_id))) + 2
    room = max(0, cells - 2 - number)
    if cells < _MIDDLING:
        token = max(0, room - 9)
        return number, token, 0, 0, room - token
    room -= _KIND
    if cells < _WIDE:
        return number, room // 2, room - room // 2, 0, _KIND
    token = min(26, room // 3)
    return number, token, token, room - 2 * token, _KIND


def _line(mark: str, number: str, values: Sequence[str], columns: tuple[int, ...]) -> str:
    first, *others = columns
    cells = [f"{mark:<2}{number:>{first - 2}}  "]
    for value, room in zip(values, others, strict=True):
        seen = fit(value, max(0, room - 2))
        cells.append(seen + " " * (room - width(seen)))
    return "".join(cells)
