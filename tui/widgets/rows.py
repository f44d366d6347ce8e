"""A widget of rows that draws what is in view and repaints what changed, cell by cell."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from core.text.visible import fit, width


def gutter_for(count: int) -> int:
    """Cells for the numbers up to `count`, at least two digits, and a blank behind them."""
    return max(2, len(str(count))) + 1


_DRAWINGS = 1_000
"""Rows that are kept drawn; a terminal shows fewer."""


class StyleCache(Widget if TYPE_CHECKING else object):  # type: ignore[misc]
    """Looks a style up once, until the theme or a class changes. Mixed into a widget.

    No widget by itself: Textual inherits styles and focus from the first base that is one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._styles: dict[str, Style] = {}
        super().__init__(*args, **kwargs)

    def style(self, name: str = "") -> Style:
        """The style of component class `name` over this widget's own; without a name its own."""
        found = self._styles.get(name)
        if found is None:
            found = self.get_component_rich_style(name) if name else self.rich_style
            self._styles[name] = found
        return found

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()


class RowsView(StyleCache, Widget):
    """Rows from `row`, of which those from `top` on are in view.

    Subclasses say how many rows there are and draw one. `redraw` compares what is in view with
    what was painted and repaints the cells that differ, so that a key costs what it changes.
    """

    DEFAULT_CSS = "RowsView { height: 1fr; }"

    top: reactive[int] = reactive(0, repaint=False)
    """The first row in view."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._painted: list[Strip] = []
        self._drawings: dict[Hashable, Strip] = {}
        self._revealed: int | None = None
        """The row that is to be in view, until somebody scrolls."""
        self.cells = 0
        """How wide the rows are, in terminal cells."""

    # --- for subclasses -------------------------------------------------------------------

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row(self, index: int) -> Strip:
        """Draws row `index`; it is cut and filled to the widget's width."""
        raise NotImplementedError

    def row_key(self, index: int) -> Hashable | None:
        """Names all that row `index` is drawn from, so that it is drawn once; None: drawn anew."""
        return None

    # --- drawing --------------------------------------------------------------------------

    def redraw(self) -> None:
        """Repaints the cells that differ from what was painted before; call it after a change."""
        if not self.is_mounted or not self.display or not self.size.height:
            return
        fresh = self._draw()
        changed = changed_regions(self._painted, fresh)
        self._painted = fresh
        if changed is None:
            self.refresh()
        elif changed:
            paint_soon(self, changed)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of `crop`: they are drawn with all their styles, so that nothing is added."""
        if self.styles.gutter.width or self.styles.gutter.height or self.opacity < 1.0:
            return super().render_lines(crop)
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            background = self.background_colors[1]
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        left, right = crop.column_span
        if (left, right) == (0, self.size.width):
            return strips
        return [strip.crop(left, right) for strip in strips]

    def _draw(self) -> list[Strip]:
        (cells, height), base = self.size, self.style()
        self.cells = cells
        count = self.row_count()
        top = max(0, min(self.top, count - height))
        if top != self.top:
            self.set_reactive(RowsView.top, top)
        rows = [self._drawn(index) for index in range(top, min(top + height, count))]
        return rows + [Strip.blank(cells, base)] * (height - len(rows))

    def _drawn(self, index: int) -> Strip:
        key = self.row_key(index)
        if key is None:
            return self._drawn_anew(index)
        found = self._drawings.get(key)
        if found is None:
            if len(self._drawings) > _DRAWINGS:
                self._drawings.clear()
            found = self._drawings[key] = self._drawn_anew(index)
        return found

    def _drawn_anew(self, index: int) -> Strip:
        base = self.style()
        background = Style(bgcolor=base.bgcolor)
        return self.row(index).apply_style(background).adjust_cell_length(self.cells, base)

    def render_line(self, y: int) -> Strip:
        """One painted row."""
        if len(self._painted) != self.size.height:
            self._painted = self._draw()
        return self._painted[y] if y < len(self._painted) else Strip.blank(self.size.width)

    def notify_style_update(self) -> None:
        """The theme or a class changed: all is drawn again."""
        super().notify_style_update()
        self._drawings.clear()
        self._painted = []

    def on_resize(self) -> None:
        """The width changed, and with it every row."""
        self.cells = self.size.width
        self._drawings.clear()
        self._painted = []
        if self._revealed is not None:
            self.reveal(self._revealed)  # there was less room for it before, or none
        self.refresh()

    def on_show(self) -> None:
        """What changed while this was hidden is drawn now."""
        self._painted = []
        self.refresh()

    # --- scrolling ------------------------------------------------------------------------

    def watch_top(self) -> None:
        """Scrolled."""
        self.redraw()

    def scroll_by(self, rows: int) -> None:
        """Moves the view by `rows`, as far as there are rows."""
        self._revealed = None
        self.top = max(0, min(self.top + rows, self.row_count() - self.size.height))

    def reveal(self, row: int) -> None:
        """Scrolls no further than needed for `row` to be in view; call `redraw` afterwards."""
        self._revealed = row
        height = self.size.height
        if not height:
            return
        top = min(max(self.top, row - height + 1), row)
        self.set_reactive(RowsView.top, max(0, top))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three rows a notch."""
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three rows a notch."""
        event.stop()
        self.scroll_by(-3)


Part = tuple[str, str]
"""Text that is already `visible`, and the component class it is drawn in ("" for the widget's)."""


class Line(RowsView):
    """One row of text in named styles, at the left and at the right; the left one gives way."""

    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._left: Sequence[Part] = ()
        self._right: Sequence[Part] = ()

    def show(self, left: Sequence[Part], right: Sequence[Part] = ()) -> None:
        """Draws `left` and `right` instead of what was there."""
        if (self._left, self._right) != (left, right):
            self._left, self._right = left, right
            self.redraw()

    def left_parts(self, room: int) -> Sequence[Part]:
        """What stands at the left, in `room` cells; what is longer is cut at its end."""
        return self._left

    def row_count(self) -> int:
        """One."""
        return 1

    def row(self, index: int) -> Strip:
        """The parts, the left ones cut where the right ones begin."""
        right_cells = sum(width(text) for text, _ in self._right)
        if right_cells > self.size.width:
            right_cells = 0
        room = self.size.width - right_cells - (1 if right_cells else 0)
        segments = []
        for text, name in self.left_parts(room):
            shown = fit(text, room)
            room -= width(shown)
            segments.append(Segment(shown, self.style(name)))
        if right_cells:
            segments.append(Segment(" " * (room + 1), self.style()))
            segments += [Segment(text, self.style(name)) for text, name in self._right]
        return Strip(segments)


def paint_soon(widget: Widget, regions: Sequence[Region]) -> None:
    """Has `regions` of `widget` painted with the next frame.

    `Widget.refresh` comes to the same by three messages, which a key that changes six widgets
    would have to wait for.
    """
    widget._set_dirty(*regions)
    widget.screen._dirty_widgets.add(widget)
    widget.screen.check_idle()


def changed_regions(before: Sequence[Strip], after: Sequence[Strip]) -> list[Region] | None:
    """The cells that differ between two drawings of the same rows; None if there are other rows."""
    if len(before) != len(after):
        return None
    spans = ((y, _difference(*rows)) for y, rows in enumerate(zip(before, after, strict=True)))
    return [Region(span[0], y, span[1] - span[0], 1) for y, span in spans if span]


def _difference(before: Strip, after: Strip) -> tuple[int, int] | None:
    """The cells from the first to behind the last that differ between two rows of one width."""
    if before is after:
        return None
    old, new = list(before), list(after)
    same = 0
    shortest = min(len(old), len(new))
    while same < shortest and old[same] == new[same]:
        same += 1
    start = sum(segment.cell_length for segment in new[:same])
    end = after.cell_length
    for a, b in zip(reversed(old[same:]), reversed(new[same:]), strict=False):
        if a == b:
            end -= a.cell_length
            continue
        if a.style == b.style and not a.text.strip(" ") and not b.text.strip(" "):
            end -= min(a.cell_length, b.cell_length)
        break
    return (start, end) if start < end else None
