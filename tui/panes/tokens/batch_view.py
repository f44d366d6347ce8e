"""The batch: chips, table and grid, alone or, as far as there is room, together."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from core.text.code import batch_code
from core.text.encoding import Batch
from core.text.export import to_csv, to_html, to_json
from core.text.export_svg import to_svg
from tui.panes.tokens.chips import TokenChips
from tui.panes.tokens.detail import TokenCard
from tui.panes.tokens.grid import LAYERS, BatchGrid, GridHeading
from tui.panes.tokens.look import Look
from tui.panes.tokens.table import TableHeading, TokenTable
from tui.panes.tokens.view import Cell, View
from tui.sources import Source
from tui.widgets.pane import Code, Export

ALL = "all"
PARTS = ("chips", "table", "grid")


class BatchView(View):
    """Every sentence as chips, the current one as a table, the tensors as a grid of numbers."""

    def __init__(self) -> None:
        super().__init__(id="batch")
        self.tensor = 0
        """Which of `LAYERS` the grid shows."""
        self._part = ALL
        self._look: Look | None = None
        self._heights: dict[str, int | None] = {}

    def compose(self) -> ComposeResult:
        self._chips = TokenChips(id="chips")
        self._heading = TableHeading(id="table-heading")
        self._table = TokenTable(id="table")
        self._grid_heading = GridHeading(id="grid-heading")
        self._grid = BatchGrid(id="grid")
        self.card = TokenCard(id="card-beside")
        yield self._chips
        with Horizontal(id="below") as self._below:
            with Vertical(id="table-side") as self._table_side:
                yield self._heading
                yield self._table
            with Vertical(id="grid-side") as self._grid_side:
                yield self._grid_heading
                yield self._grid
                yield self.card

    def choose(self, part: str, *, wide: bool, card: bool) -> None:
        """Shows one of `PARTS`, or all: chips, table and, where it is `wide`, the grid.

        The token's details, `card`, stand below the grid, or else in the table's place.
        """
        self._part = part
        together = part == ALL
        self._chips.display = together or part == "chips"
        self._table_side.display = part == "table" or (together and (wide or not card))
        self._grid_side.display = part == "grid" or (together and wide)
        self._below.display = self._table_side.display or self._grid_side.display
        self.card.display = together and wide and card

    def show(self, look: Look) -> None:
        self._look = look
        batch, position = look.batch, look.column - look.batch.lead(look.row)
        if self._chips.display:
            self._chips.show(batch, (look.row, position), look.readers.tokenizer.unknown_token_id)
        if self._table_side.display and self._below.display:
            self._table.show(batch, look.row, look.column)
            self._heading.show([(self._table.heading, "")])
        if self._grid_side.display and self._below.display:
            self._show_grid(look)
        if self.card.display:
            self.card.show(look)
        self._fit()

    def _show_grid(self, look: Look) -> None:
        tokenizer, layer = look.readers.tokenizer, LAYERS[self.tensor]
        cursor, limit = (look.row, look.column), tokenizer.model_max_length
        self._grid.show(look.batch, layer, cursor, tokenizer.vocabulary_size, limit)
        shape = look.batch.shape
        words = "ragged" if shape is None else f"[{shape[0]}, {shape[1]}]"
        self._grid_heading.show(
            [(f"{self._grid.heading()} ", ""), (layer, "grid--layer"), (f"  shape {words}", "")]
        )

    def _fit(self) -> None:
        """All together, the chips take the rows they need, up to two fifths; the grid, half."""
        height = self.size.height
        chips = None
        if self._part == ALL and self._below.display:
            chips = max(3, min(self._chips.row_count(), height * 2 // 5))
        grid = None
        if self.card.display and chips is not None:
            grid = max(3, min(self._grid.row_count() + 1, (height - chips) // 2))
        self._set_height("chips", self._chips, chips)
        self._set_height("grid", self._grid, grid)

    def _set_height(self, name: str, widget: TokenChips | BatchGrid, rows: int | None) -> None:
        if self._heights.get(name) != rows:
            self._heights[name] = rows
            widget.styles.height = "1fr" if rows is None else rows

    def row_count(self) -> int:
        if self._part == "table":
            return self._table.row_count() + 1
        return self._chips.row_count() if self._part == "chips" else self._grid.row_count() + 1

    def below(self, look: Look, step: int) -> Cell:
        if self._part == "table":
            return look.row, look.column + step
        return super().below(look, step)

    def page(self, look: Look, step: int) -> Cell | None:
        if self._part in (ALL, "table"):
            return look.row, look.column + step * max(1, self._table.size.height - 1)
        shown = self._chips if self._part == "chips" else self._grid
        shown.scroll_by(step * max(1, shown.size.height - 1))
        return None

    def code(self, look: Look, source: Source) -> Code:
        sentences = [whole.sentence for whole in look.wholes]
        python = batch_code(source.checkpoint, look.readers.tokenizer, sentences, look.options)
        return Code("The batch", python, source.note)

    def exports(self, look: Look, source: Source) -> Sequence[Export]:
        return batch_exports(look.batch, look, source)

    @on(TokenChips.Reflowed)
    def _reflowed(self) -> None:
        self._fit()

    @on(TokenChips.Clicked)
    def _chip_clicked(self, message: TokenChips.Clicked) -> None:
        if self._look is not None:
            lead = self._look.batch.lead(message.row)
            self.post_message(self.Pointed(message.row, message.position + lead))

    @on(TokenTable.Clicked)
    def _row_clicked(self, message: TokenTable.Clicked) -> None:
        if self._look is not None:
            self.post_message(self.Pointed(self._look.row, message.column))

    @on(BatchGrid.Clicked)
    def _cell_clicked(self, message: BatchGrid.Clicked) -> None:
        self.post_message(self.Pointed(message.row, message.column))


def batch_exports(batch: Batch, look: Look, source: Source) -> Sequence[Export]:
    """The whole batch as JSON, CSV, a page and a picture."""
    return (
        Export(
            "json",
            "The batch: every field of every token, and the options",
            lambda: to_json(batch, source.name, look.options),
        ),
        Export("csv", "The batch: a line a token", lambda: to_csv(batch)),
        Export("html", "A page of coloured tokens", lambda: to_html(batch, source.name)),
        Export("svg", "A picture of coloured tokens", lambda: to_svg(batch, source.name)),
    )
