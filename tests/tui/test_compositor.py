"""A partial update sends the cells of its region, and none to the left of them."""

from __future__ import annotations

import re

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.compositor import CellsCompositor, CellsUpdate


class Row(Widget):
    """One text in every row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render_line(self, y: int) -> Strip:
        return Strip([Segment(self.text)])


class Bench(Screen[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._compositor = CellsCompositor()
        self.row = Row(text)

    def compose(self) -> ComposeResult:
        yield self.row


class BenchApp(App[None]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.bench = Bench(text)

    def get_default_screen(self) -> Screen[None]:
        return self.bench


async def sent(text: str, *regions: Region) -> tuple[str, str]:
    """The update's bytes, and its text without escape sequences."""
    app = BenchApp(text)
    async with app.run_test(size=(20, 4)) as pilot:
        await pilot.pause()
        compositor = app.bench._compositor
        app.bench.row.refresh(*regions)
        compositor.update_widgets({app.bench.row})
        update = compositor.render_partial_update()
        assert isinstance(update, CellsUpdate)
        raw = update.render_segments(app.console)
        await pilot.pause()
        return raw, re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", raw)


@pytest.mark.parametrize(
    ("text", "region", "shown", "cell"),
    [
        ("abcdefghijklmnopqrst", Region(5, 2, 3, 1), "fgh", 6),
        ("abcdefghijklmnopqrst", Region(0, 2, 3, 1), "abc", 1),
        ("abcdefghijklmnopqrst", Region(17, 2, 3, 1), "rst", 18),
        ("⠁⠂⠃⠄⠅⠆⠇⠈⠉⠊⠋⠌⠍⠎⠏⠐⠑⠒⠓⠔", Region(5, 2, 3, 1), "⠆⠇⠈", 6),
        # A character of two cells is sent whole, although the region begins in its middle.
        ("日本語日本語日本語日", Region(3, 2, 3, 1), "本語", 3),
    ],
)
async def test_only_the_region_is_sent(text: str, region: Region, shown: str, cell: int) -> None:
    raw, words = await sent(text, region)
    assert words == shown
    assert raw.startswith(f"\x1b[3;{cell}H")


async def test_two_regions_in_a_row_leave_what_is_between() -> None:
    _, words = await sent("abcdefghijklmnopqrst", Region(1, 1, 2, 1), Region(10, 1, 2, 1))
    assert words == "bckl"


async def test_widgets_between_two_that_changed_are_not_asked() -> None:
    asked: list[str] = []

    class Asked(Row):
        def render_lines(self, crop: Region) -> list[Strip]:
            asked.append(f"{self.text} {crop.y} {crop.height}")
            return super().render_lines(crop)

    class Three(Screen[None]):
        def __init__(self) -> None:
            super().__init__()
            self._compositor = CellsCompositor()

        def compose(self) -> ComposeResult:
            for text in ("above", "between", "below"):
                row = Asked(text)
                row.styles.height = 2
                yield row

    class ThreeApp(App[None]):
        def get_default_screen(self) -> Screen[None]:
            return Three()

    app = ThreeApp()
    async with app.run_test(size=(20, 6)) as pilot:
        await pilot.pause()
        above, _, below = widgets = list(app.screen.query(Asked))
        compositor = app.screen._compositor
        above.refresh(Region(0, 1, 20, 1))
        below.refresh(Region(2, 0, 5, 1))
        compositor.update_widgets(set(widgets))
        asked.clear()
        update = compositor.render_partial_update()
        assert sorted(asked) == ["above 1 1", "below 0 1"]
        assert isinstance(update, CellsUpdate)
        sent = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", update.render_segments(app.console))
        assert sent.startswith("above") and "low" in sent and "between" not in sent
