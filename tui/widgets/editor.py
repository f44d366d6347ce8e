"""The sentence editor: one sentence a line, always in sight, cheap however long a line is.

A Textual `TextArea` that does not wrap: every line takes one row, and only the cursor's line is
shifted sideways when it is too long. Columns are characters, never cells, so nothing here ever
measures a whole line: one of a million characters costs what its visible part costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.document._document import Document
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset, Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import EditResult, Location, Selection

from core.text.visible import visible, width
from tui.widgets.keys import KeysInOrder
from tui.widgets.rows import StyleCache, changed_regions, gutter_for, paint_soon


class _OneRowALine(WrappedDocument):
    """A document in which every line is one row and every character one column."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Nothing wraps."""

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Nothing wraps."""

    @property
    def wrapped(self) -> bool:
        return True

    @property
    def height(self) -> int:
        return self.document.line_count

    def location_to_offset(self, location: Location) -> Offset:
        row, column = location
        return Offset(column, row)

    def offset_to_location(self, offset: Offset) -> Location:
        row = min(max(offset.y, 0), self.document.line_count - 1)
        return row, min(max(offset.x, 0), len(self.document.get_line(row)))

    def get_sections(self, line_index: int) -> list[str]:
        return [self.document.get_line(line_index)]

    def get_offsets(self, line_index: int) -> list[int]:
        return []

    def get_tab_widths(self, line_index: int) -> list[int]:
        return []


class SentenceEditor(KeysInOrder, StyleCache, TextArea):
    """Where sentences are typed. `revision` counts edits; watch it to hear of each at once."""

    DEFAULT_CSS = """
    SentenceEditor, SentenceEditor:focus {
        border: none;
        padding: 0;
        background: $background;
        scrollbar-size: 0 0;
        .text-area--cursor-line { background: $background; }
        .text-area--gutter { color: $foreground 35%; }
        .text-area--cursor-gutter { color: $accent; background: $background; }
        .editor--pair { color: $accent; }
        .editor--span { background: $accent 35%; text-style: bold underline; }
    }
    """
    COMPONENT_CLASSES = TextArea.COMPONENT_CLASSES | {"editor--pair", "editor--span"}
    # Multiplexers own ctrl+a and flow control ctrl+s and ctrl+q; every key they take is unbound.
    _TAKEN = ("ctrl+a", "ctrl+b", "ctrl+s", "ctrl+j", "ctrl+q")
    BINDINGS = [
        Binding("escape", "screen.command_mode", "keys", id="editor.leave", tooltip="To the pane"),
        Binding("home", "cursor_line_start", "Line start", show=False, id="editor.line_start"),
        # As the screen has it: a TextArea would select the line.
        Binding("f6", "screen.show_pane(4)", "fifth pane", show=False, id="pane.fifth"),
    ]

    revision = reactive(0, repaint=False)
    """Counts edits, undone and redone ones too; its watchers run before the next frame."""
    caret = reactive(0, repaint=False)
    """Counts moves of the cursor that no edit brought about."""
    span: reactive[tuple[int, int, int] | None] = reactive(None)
    """Characters to highlight, as (line, start, end); what the pane's cursor came from."""

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        self._shift = 0
        self._editing = False
        self._numbers: list[str] = []
        self._painted: list[Strip] = []
        super().__init__(
            text, soft_wrap=False, tab_behavior="indent", highlight_cursor_line=False, id=id
        )
        self.indent_type = "tabs"
        self.cursor_blink = False
        for key in self._TAKEN:
            self._bindings.key_to_bindings.pop(key, None)

    # --- the document ---------------------------------------------------------------------

    def _set_document(self, text: str, language: str | None) -> None:
        self.document = Document(text)
        self.wrapped_document = _OneRowALine(self.document)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._number_sentences()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def _refresh_size(self) -> None:
        self.virtual_size = Size(self.size.width, self.document.line_count)

    def _on_resize(self) -> None:
        super()._on_resize()
        self._shift = 0
        self._painted = []
        self.scroll_cursor_visible()

    def edit(self, edit: Edit) -> EditResult:
        with self._as_one_revision():
            return super().edit(edit)

    def undo(self) -> None:
        with self._as_one_revision():
            super().undo()

    def redo(self) -> None:
        with self._as_one_revision():
            super().redo()

    def load_text(self, text: str) -> None:
        with self._as_one_revision():
            super().load_text(text)

    @contextmanager
    def _as_one_revision(self) -> Iterator[None]:
        """Cursor moves inside are part of the edit, which is announced once, at its end."""
        self._editing = True
        try:
            yield
        finally:
            self._editing = False
        self._number_sentences()
        self.refresh()
        self.revision += 1

    def _number_sentences(self) -> None:
        """Numbers the lines that are sentences, as the panes do; blank ones have no number."""
        count = 0
        self._numbers = []
        for line in self.document.lines:
            sentence = bool(line.strip())
            count += sentence
            self._numbers.append(str(count) if sentence else "")

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        super()._watch_selection(previous_selection, selection)
        if not self._editing:
            self.caret += 1

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """Brackets are not matched: these are sentences, and the search could read megabytes."""
        return None

    # --- the cursor -----------------------------------------------------------------------

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        self._cursor_offset = self.wrapped_document.location_to_offset(self.cursor_location)
        row, column = self.cursor_location
        self._shift = self._shift_for(row, column)
        height = self.size.height
        if height:
            top = min(max(self.scroll_offset.y, row - height + 1), row)
            if top != self.scroll_offset.y:
                self.scroll_to(y=top, animate=False, immediate=True, force=True)
        return Offset(0, 0)

    def get_cursor_up_location(self) -> Location:
        row, _ = self.cursor_location
        return self._same_column(row - 1) if row else (0, 0)

    def get_cursor_down_location(self) -> Location:
        row, _ = self.cursor_location
        last = self.document.line_count - 1
        return self._same_column(row + 1) if row < last else self.document.end

    def _same_column(self, row: int) -> Location:
        return row, min(self.navigator.last_x_offset, len(self.document.get_line(row)))

    def show_line(self, row: int, column: int) -> None:
        """Moves the cursor to a character, so that it is in view, without taking the focus."""
        self._editing = True
        self.move_cursor((row, column))
        self._editing = False
        self.refresh()

    def _shift_for(self, row: int, column: int) -> int:
        """The first character of the cursor's line to show, so that the cursor is in view."""
        room = self._room
        shift = min(self._shift, column)
        if shift > 0 and column - shift < room // 4:
            shift = max(0, column - room // 2)
        if column - shift >= room or self._cells(row, shift, column) >= room:
            shift = max(shift, column - room)
            while shift < column and self._cells(row, shift, column) >= room - room // 4:
                shift += 1
        return shift

    def _cells(self, row: int, start: int, end: int) -> int:
        return width(visible(self.document.get_line(row)[start:end]))

    @property
    def _room(self) -> int:
        """Cells a line's text may take; one more is kept for the cursor behind its end."""
        return max(4, self.size.width - self.gutter_width - 1)

    @property
    def gutter_width(self) -> int:
        return gutter_for(self.document.line_count)

    @property
    def cursor_screen_offset(self) -> Offset:
        row, column = self.cursor_location
        x, y, _width, _height = self.content_region
        cells = self._cells(row, self._shift, column) if column > self._shift else 0
        return Offset(x + self.gutter_width + cells, y + row - self.scroll_offset.y)

    def get_target_document_location(self, event: events.MouseEvent) -> Location:
        row = min(max(event.y + self.scroll_offset.y, 0), self.document.line_count - 1)
        shift = self._shift if row == self.cursor_location[0] else 0
        line = self.document.get_line(row)[shift : shift + self.size.width]
        cells = max(0, event.x - self.gutter_width)
        column = 0
        while column < len(line) and width(visible(line[: column + 1])) <= cells:
            column += 1
        return row, shift + column

    # --- drawing --------------------------------------------------------------------------

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Repaints the cells that changed: a plain `TextArea` repaints all of its rows."""
        if regions or layout or recompose or not repaint or not self.size:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        if self._editing:
            return self  # repainted once, at the end of the edit
        fresh = [self.render_line(y) for y in range(self.size.height)]
        changed = changed_regions(self._painted, fresh)
        self._painted = fresh
        if changed is None:
            return super().refresh()
        if changed:
            paint_soon(self, changed)
        return self

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        base = self.style()
        if row >= self.document.line_count:
            return Strip.blank(self.size.width, base)
        cursor_row, cursor_column = self.cursor_location
        current = row == cursor_row
        shift = self._shift if current else 0
        line = self.document.get_line(row)
        text = line[shift : shift + self._room + 1]
        gutter = self.style("text-area--cursor-gutter" if current else "text-area--gutter")
        marker = "‹" if shift else self._numbers[row] if row < len(self._numbers) else ""
        segments = [Segment(f"{marker:>{self.gutter_width - 1}} ", gutter)]
        styles = self._character_styles(row, shift, len(text))
        shown = visible(text)
        if current and self.has_focus and cursor_column == len(line):
            shown += " "
        segments += _runs(shown, styles, base, self._room + 1)
        strip = Strip(segments)
        if shift + len(text) < len(line):
            strip = strip.crop(0, self.size.width - 1)
            strip = Strip([*strip, Segment("›", gutter)])
        return strip.adjust_cell_length(self.size.width, base)

    def _character_styles(self, row: int, shift: int, length: int) -> dict[int, Style]:
        """Styles by character of the visible part of `row`; later ones win."""
        styles: dict[int, Style] = {}
        line = self.document.get_line(row)

        def put(start: int, end: int, name: str) -> None:
            style = self.style(name)
            for index in range(max(0, start - shift), min(length + 1, end - shift)):
                styles[index] = style

        tab = line.find("\t", shift, shift + length)
        if tab >= 0:
            put(tab, tab + 1, "editor--pair")
        if self.span is not None and self.span[0] == row:
            put(self.span[1], self.span[2], "editor--span")
        first, last = sorted(self.selection)
        if first != last and first[0] <= row <= last[0]:
            start = first[1] if row == first[0] else 0
            put(start, last[1] if row == last[0] else len(line), "text-area--selection")
        cursor_row, cursor_column = self.cursor_location
        if row == cursor_row and self.has_focus:
            put(cursor_column, cursor_column + 1, "text-area--cursor")
        return styles


def _runs(text: str, styles: dict[int, Style], base: Style, cells: int) -> list[Segment]:
    """`text` as segments, cut to `cells`: one for each run of characters of the same style."""
    while width(text) > cells:
        text = text[:-1]
    segments: list[Segment] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or styles.get(index) is not styles.get(start):
            style = styles.get(start)
            segments.append(Segment(text[start:index], style or base))
            start = index
    return segments
