"""Counts of the current sentence and of all, and how much of the model's limit they take."""

from __future__ import annotations

from collections.abc import Hashable

from rich.segment import Segment
from textual.strip import Strip

from core.sizes import counted, percent
from core.text.counts import TIMES, Counts, LimitUse
from core.text.visible import fit
from tui.panes.tokens.look import Look
from tui.widgets.rows import Part, RowsView

_NAMES = ("characters", "bytes", "tokens", "chars/token", "words", "unknown")
_LABEL = 8
_GAP = 2


class CountsTable(RowsView):
    """Characters, bytes, tokens, words and unknown tokens; a row for all sentences where it fits.

    Three rows with names above the numbers, or one row that names each number.
    """

    COMPONENT_CLASSES = {"counts--name", "counts--strong", "counts--problem"}
    DEFAULT_CSS = "CountsTable { height: 3; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[tuple[Part, ...], ...] = ()

    def show(self, look: Look, *, rows: int) -> None:
        """Counts the sentences of `look`, in one or three `rows`."""
        count = look.readers.counter.count(look.whole)
        limit = look.readers.tokenizer.model_max_length
        use = None if limit is None else LimitUse(len(look.whole), limit)
        if rows == 1:
            self._rows = (_sentence_in_words(look.number, count, use),)
        else:
            total = look.readers.counter.total(look.wholes)
            self._rows = _table(
                (f"{look.number + 1}", count, () if use is None else (_share(use),)),
                (f"all {total.sentences:,}", total, _longest(look, limit)),
                f"of {limit:,}" if limit else "",
            )
        self.redraw()

    def row_count(self) -> int:
        return len(self._rows)

    def row_key(self, index: int) -> Hashable:
        return self._rows[index]

    def row(self, index: int) -> Strip:
        room = self.cells
        segments: list[Segment] = []
        for text, name in self._rows[index]:
            if len(self._rows) == 1 and segments and len(text) > room:
                break  # in words, whole or not at all
            shown = fit(text, room)
            room -= len(shown)
            segments.append(Segment(shown, self.style(name)))
        return Strip(segments)


_Row = tuple[str, Counts, tuple[Part, ...]]


def _table(sentence: _Row, total: _Row, limit: str) -> tuple[tuple[Part, ...], ...]:
    """Names, the counts of the sentence, those of all; as wide as the largest number needs."""
    sizes = [
        max(len(name), len(number)) + _GAP
        for name, number in zip(_NAMES, _numbers(total[1]), strict=True)
    ]
    label = max(_LABEL, len(total[0]) + 1)
    names = "".join(f"{name:>{size}}" for name, size in zip(_NAMES, sizes, strict=True))
    rows: list[tuple[Part, ...]] = [((f"{'':<{label}}{names}  {limit}", "counts--name"),)]
    for name, counts, use in (sentence, total):
        parts: list[Part] = [(f" {name:<{label - 1}}", "counts--name")]
        for number, size in zip(_numbers(counts), sizes, strict=True):
            parts.append((f"{number:>{size}}", ""))
        if counts.unknown:
            parts[-1] = (parts[-1][0], "counts--problem")
        rows.append((*parts, (" " * _GAP, ""), *use))
    return tuple(rows)


def _numbers(counts: Counts) -> tuple[str, ...]:
    """In the order of the names."""
    rate = counts.characters_per_token
    return (
        f"{counts.characters:,}",
        f"{counts.byte_count:,}",
        f"{counts.tokens:,}",
        "–" if rate is None else f"{rate:.2f}",
        f"{counts.words:,}",
        f"{counts.unknown:,}",
    )


def _share(use: LimitUse) -> Part:
    if use.excess:
        if use.share >= TIMES:
            return f"{use.share:,.0f}×", "counts--problem"
        return f"{percent(use.share, 0)}, {use.excess:,} over", "counts--problem"
    return percent(use.share), ""


def _longest(look: Look, limit: int | None) -> tuple[Part, ...]:
    """How many sentences do not fit into the limit, or how much of it the longest takes."""
    if limit is None:
        return ()
    whole = look.batch.encodings is look.wholes
    lengths = look.batch.lengths if whole else list(map(len, look.wholes))
    over = sum(length > limit for length in lengths)
    if over:
        return ((f"{over:,} too long", "counts--problem"),)
    return ("most ", "counts--name"), _share(LimitUse(max(lengths), limit))


def _sentence_in_words(number: int, counts: Counts, use: LimitUse | None) -> tuple[Part, ...]:
    rate = counts.characters_per_token
    words = [
        f" {number + 1}: {counted(counts.tokens, 'token')}",
        counted(counts.characters, "character"),
    ]
    if use is not None and use.excess:
        words.insert(1, f"{use.excess:,} over the limit")
    words += [] if rate is None else [f"{rate:.2f} each"]
    words += [f"{counts.unknown:,} unknown"] if counts.unknown else []
    words += [] if use is None else [f"{percent(use.share)} of {use.limit:,}"]
    words += [f"{counts.byte_count:,} bytes", f"{counts.words:,} words"]
    first, *others = words
    return (first, ""), *((f" · {each}", "") for each in others)
