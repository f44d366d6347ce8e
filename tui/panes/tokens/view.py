"""What every view of the Tokens pane is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message
from textual.widget import Widget

from tui.panes.tokens.look import Look
from tui.sources import Source
from tui.widgets.pane import Code, Export

Cell = tuple[int, int]
"""A row and a column of the padded batch; the cursor brings both into range."""


class View(Widget):
    """One way of looking. The pane holds the cursor, shows one view at a time and asks it."""

    DEFAULT_CSS = "View { height: 1fr; }"

    class Pointed(Message):
        """The mouse chose a cell of the batch."""

        def __init__(self, row: int, column: int) -> None:
            super().__init__()
            self.row, self.column = row, column

    def show(self, look: Look) -> None:
        """Draws `look`, its cursor in view."""
        raise NotImplementedError

    def row_count(self) -> int:
        """The rows that it takes to show everything."""
        raise NotImplementedError

    def below(self, look: Look, step: int) -> Cell:
        """Where the down arrow (`step` 1) and the up arrow (-1) lead."""
        return look.row + step, look.column

    def page(self, look: Look, step: int) -> Cell | None:
        """Where a page down (1) or up (-1) leads; None where the view scrolled by itself."""
        return None

    def code(self, look: Look, source: Source) -> Code | None:
        """The Python that gives what is shown."""
        raise NotImplementedError

    def exports(self, look: Look, source: Source) -> Sequence[Export]:
        """The files that what is shown can be written to."""
        raise NotImplementedError
