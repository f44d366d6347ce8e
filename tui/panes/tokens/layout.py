"""How the batch is laid out: the options of a tokenizer call, each a key away."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace

from rich.segment import Segment
from textual.strip import Strip

from core.errors import TermformerError
from core.text.encoding import Batch, Encoding
from core.text.options import (
    DEFAULT_OPTIONS,
    EncodeOptions,
    PaddingName,
    PaddingSide,
    TruncationName,
)
from core.text.visible import fit, width
from tui.document import Document
from tui.widgets.pane import Option
from tui.widgets.rows import Part, RowsView

PADDINGS: tuple[PaddingName, ...] = ("longest", "max_length", "none")
TRUNCATIONS: tuple[TruncationName | None, ...] = (
    None,
    "longest_first",
    "only_first",
    "only_second",
)


_PLAIN = EncodeOptions(padding="none", add_special_tokens=False)


class BatchLayout:
    """The options in force and the batch they make; a batch that cannot be made says why.

    What cannot be done leaves the batch as the tokenizer's defaults lay it out.
    """

    def __init__(self) -> None:
        self.options = DEFAULT_OPTIONS
        self.batch = Batch()
        self.wholes: tuple[Encoding, ...] = ()
        """Every sentence, special tokens as the options have them, nothing cut or padded."""
        self.problem = ""
        """Why the options cannot be met, or why the rows cannot become a tensor."""
        self.in_force = DEFAULT_OPTIONS
        """The options that `batch` was laid out with."""
        self._limit: int | None = None
        self._side: PaddingSide = "right"

    def arrange(self, document: Document) -> Batch:
        """Lays out `document` with the options in force."""
        self.problem = ""
        self.batch, self.wholes = document.batch, document.batch.encodings
        self.in_force = DEFAULT_OPTIONS
        tokenizer = document.tokenizer
        if tokenizer is None:
            return self.batch
        self._limit = tokenizer.model_max_length
        self._side = tokenizer.padding.side if tokenizer.padding else "right"
        if self.options != DEFAULT_OPTIONS:
            try:
                self.batch = tokenizer.arrange(document.batch.encodings, self.options)
                self.in_force = self.options
                if not self.options.add_special_tokens:
                    self.wholes = tokenizer.arrange(self.wholes, _PLAIN).encodings
            except TermformerError as error:
                self.problem = f"{error} Shown: the defaults."
        ragged = self.batch.ragged_reason or ""
        if ragged and tokenizer.padding is None:
            ragged = f"{ragged} {_way_out(tokenizer.end_token)}"
        self.problem = self.problem or ragged
        return self.batch

    def sentence_of(self, row: int) -> int:
        """The sentence that `row` is of: windows of one sentence are rows of their own."""
        origins = self.batch.overflow_to_sample_mapping
        return row if origins is None else origins[row]

    def row_of(self, sentence: int) -> int:
        """The first row of `sentence`."""
        origins = self.batch.overflow_to_sample_mapping
        return sentence if origins is None or sentence not in origins else origins.index(sentence)

    # --- keys -----------------------------------------------------------------------------

    def next_padding(self) -> None:
        """longest, max_length, none."""
        chosen = PADDINGS[(PADDINGS.index(self.options.padding) + 1) % len(PADDINGS)]
        self.options = replace(self.options, padding=chosen)

    def other_side(self) -> None:
        """Right or left."""
        side = self.options.padding_side or self._side
        self.options = replace(self.options, padding_side="left" if side == "right" else "right")

    def next_truncation(self) -> None:
        """Off, longest_first, only_first, only_second."""
        at = TRUNCATIONS.index(self.options.strategy)
        chosen = TRUNCATIONS[(at + 1) % len(TRUNCATIONS)]
        self.options = replace(self.options, truncation=chosen or False)

    def change_length(self, step: int) -> None:
        """Moves `max_length`; the first step begins at the longest row."""
        at = self.options.max_length
        if at is None:
            at = min(self.batch.longest, self._limit or self.batch.longest)
        length = max(1, at + step)
        whole = self._limit is not None and length >= self._limit
        self.options = replace(self.options, max_length=None if whole else length)

    def change_stride(self, step: int) -> None:
        """Moves how many tokens neighbouring windows share."""
        self.options = replace(self.options, stride=max(0, self.options.stride + step))

    def toggle_windows(self) -> None:
        """Makes rows of what truncation leaves over, or drops it."""
        shown = self.options.return_overflowing_tokens
        self.options = replace(self.options, return_overflowing_tokens=not shown)

    def toggle_special(self) -> None:
        """With or without special tokens."""
        added = self.options.add_special_tokens
        self.options = replace(self.options, add_special_tokens=not added)

    def reset(self) -> None:
        """The tokenizer's defaults."""
        self.options = DEFAULT_OPTIONS

    # --- words ----------------------------------------------------------------------------

    def words(self) -> list[Part]:
        """The options as one line; those that were changed stand out."""
        options, default = self.options, DEFAULT_OPTIONS
        length = options.max_length or self._limit
        shown = [
            ("padding", options.padding, options.padding != default.padding),
            ("side", options.padding_side or self._side, options.padding_side is not None),
            ("truncation", options.strategy or "off", options.strategy is not None),
            ("max_length", f"{length:,}" if length else "none", options.max_length is not None),
        ]
        if options.return_overflowing_tokens or options.stride:
            shown.append(_windows(options))
        if not options.add_special_tokens:
            shown.append(("special tokens", "off", True))
        parts: list[Part] = [(" ", "")]
        for name, value, changed in shown:
            parts += [(f"{name} ", ""), (f"{value}  ", "layout--changed" if changed else "")]
        return parts

    def saved(self) -> dict[str, Option]:
        """What to remember between starts."""
        options = self.options
        return {
            "padding": options.padding,
            "padding_side": options.padding_side,
            "truncation": options.strategy,
            "max_length": options.max_length,
            "stride": options.stride,
            "windows": options.return_overflowing_tokens,
            "special_tokens": options.add_special_tokens,
        }

    def restore(self, saved: dict[str, Option]) -> None:
        """Takes back what `saved` gave; what means nothing is left."""
        padding, strategy = saved.get("padding"), saved.get("truncation")
        length, stride = saved.get("max_length"), saved.get("stride")
        side = saved.get("padding_side")
        self.options = EncodeOptions(
            padding=next((name for name in PADDINGS if name == padding), "longest"),
            padding_side="left" if side == "left" else "right" if side == "right" else None,
            truncation=next((name for name in TRUNCATIONS if name and name == strategy), False),
            max_length=length if isinstance(length, int) and length > 0 else None,
            stride=stride if isinstance(stride, int) and stride > 0 else 0,
            return_overflowing_tokens=saved.get("windows") is True,
            add_special_tokens=saved.get("special_tokens") is not False,
        )


def _way_out(end_token: str | None) -> str:
    """What one does with a tokenizer that has no padding token."""
    if end_token is None:
        return 'No padding token: tokenizer.add_special_tokens({"pad_token": "[PAD]"}) adds one.'
    return "No padding token: tokenizer.pad_token = tokenizer.eos_token makes one."


class LayoutLine(RowsView):
    """The options of the batch in one row; below or in place of them a problem, in full."""

    COMPONENT_CLASSES = {"layout--changed", "layout--problem"}
    DEFAULT_CSS = "LayoutLine { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options: Sequence[Part] = ()
        self._problem = ""
        self._lines: list[str] = []
        self._both = True

    def show(self, layout: BatchLayout, *, both: bool) -> None:
        """Draws the options of `layout`, or its problem; there is room for `both` or not."""
        options = layout.words()
        if (self._options, self._problem, self._both) != (options, layout.problem, both):
            self._options, self._problem, self._both = options, layout.problem, both
            self._wrap()
            self.redraw()

    def _wrap(self) -> None:
        self._lines = textwrap.wrap(self._problem, max(20, self.cells - 2)) if self.cells else []
        if self.styles.height is None or self.styles.height.value != self.row_count():
            self.styles.height = self.row_count()

    def on_resize(self) -> None:
        super().on_resize()
        self._wrap()

    def row_count(self) -> int:
        return len(self._lines) + (1 if self._both or not self._lines else 0)

    def row(self, index: int) -> Strip:
        above = self.row_count() - len(self._lines)
        if index >= above:
            text = self._lines[index - above]
            return Strip([Segment(f" {text}", self.style("layout--problem"))])
        room, segments = self.cells, []
        for text, name in self._options:
            shown = fit(text, room)
            room -= width(shown)
            segments.append(Segment(shown, self.style(name)))
        return Strip(segments)


def _windows(options: EncodeOptions) -> tuple[str, str, bool]:
    """Rows of what truncation leaves over, or what they lack."""
    if not options.return_overflowing_tokens:
        return "stride", f"{options.stride}, without windows", True
    cut = "" if options.strategy else ", nothing is cut"
    return "windows, stride", f"{options.stride}{cut}", True
