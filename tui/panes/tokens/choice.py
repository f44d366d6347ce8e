"""Which view is shown, and whether the token's details stand beside it."""

from __future__ import annotations

from tui.panes.tokens.batch_view import ALL, PARTS, BatchView
from tui.panes.tokens.grid import LAYERS
from tui.panes.tokens.sides import SidesView
from tui.panes.tokens.stages import StagesView
from tui.panes.tokens.steps import StepsView
from tui.panes.tokens.view import View
from tui.widgets.pane import Option

_WIDE = (110, 20)
"""Columns and rows from which chips, table, grid and the token's details stand side by side."""
_TALL = 14
"""Rows from which a narrower pane shows the table under the chips."""
_LOW = 12
"""Rows below which the counts take one row and the details all of the pane."""


class Choice:
    """The views, the one that the user chose, and the one that the room allows."""

    def __init__(self) -> None:
        self.batch = BatchView()
        self.sides = SidesView()
        self._views: dict[str, View] = {
            **dict.fromkeys((ALL, *PARTS), self.batch),
            "stages": StagesView(),
            "steps": StepsView(),
            "beside": self.sides,
        }
        self._chosen = ALL
        self._details: bool | None = None
        """None where the room decides."""
        self.wide = self.tall = self.low = False

    def measure(self, columns: int, rows: int) -> None:
        """The pane has another size."""
        self.wide = columns >= _WIDE[0] and rows >= _WIDE[1]
        self.tall = rows >= _TALL
        self.low = rows < _LOW

    @property
    def views(self) -> tuple[View, ...]:
        """Every view, once."""
        return tuple(dict.fromkeys(self._views.values()))

    @property
    def name(self) -> str:
        """The name of the view that is shown."""
        return PARTS[0] if self._chosen == ALL and not self.tall else self._chosen

    @property
    def view(self) -> View:
        """The view that is shown."""
        return self._views[self.name]

    @property
    def details(self) -> bool:
        """Whether the token's details are shown."""
        return self.wide if self._details is None else self._details

    def choose(self, name: str) -> None:
        """Shows the view `name`."""
        self._chosen = name

    def next(self) -> None:
        """Shows the next view; several together only where there is room."""
        names = list(self._views) if self.tall else list(self._views)[1:]
        self._chosen = names[(names.index(self.name) + 1) % len(names)]

    def toggle_details(self) -> None:
        """Shows or hides the token's details."""
        self._details = not self.details

    def next_layer(self) -> None:
        """Shows the grid's next tensor, and the grid."""
        self.batch.tensor = (self.batch.tensor + 1) % len(LAYERS)
        if self.name != ALL or not self.wide:
            self._chosen = "grid"

    def saved(self) -> dict[str, Option]:
        """What to remember between starts."""
        return {
            "view": self._chosen,
            "layer": LAYERS[self.batch.tensor],
            "details": self._details,
            "beside": "\n".join(self.sides.names),
        }

    def restore(self, saved: dict[str, Option]) -> None:
        """Takes back what `saved` gave; what means nothing is left."""
        if saved.get("view") in self._views:
            self._chosen = str(saved["view"])
        layer, details, beside = (saved.get(name) for name in ("layer", "details", "beside"))
        if layer in LAYERS:
            self.batch.tensor = LAYERS.index(layer)
        if isinstance(details, bool):
            self._details = details
        if isinstance(beside, str):
            for name in filter(None, beside.split("\n")):
                self.sides.add(name)
