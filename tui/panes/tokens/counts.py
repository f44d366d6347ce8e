"""Counts of the current sentence and of all, and how much of the model's limit they take."""

from __future__ import annotations

from collections.abc import Hashable

from rich.segment import Segment
from textual.strip import Strip

from core.text.counts import Counts, LimitUse
from core.text.visible import fit
from tui.panes.tokens.look import Look
from tui.widgets.rows import Part, RowsView

_COLUMNS = (
    ("characters", 11),
    ("bytes", 9),
    ("tokens", 9),
    ("chars/token", 13),
    ("words", 8),
    ("unknown", 9),
)
_LABEL = 8


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
            longest = max(map(len, look.wholes))
            most = None if limit is None else LimitUse(longest, limit)
            self._rows = (
                _names(limit),
                _numbers(f"{look.number + 1}", count, use, ""),
                _numbers(f"all {total.sentences:,}", total, most, "most "),
            )
        self.redraw()

    def row_count(self) -> int:
        return len(self._rows)

    def row_key(self, index: int) -> Hashable:
        return self._rows[index]

    def row(self, index: int) -> Strip:
        room, segments = self.cells, []
        for text, name in self._rows[index]:
            shown = fit(text, room)
            room -= len(shown)
            segments.append(Segment(shown, self.style(name)))
        return Strip(segments)


def _names(limit: int | None) -> tuple[Part, ...]:
    names = "".join(f"{name:>{cells}}" for name, cells in _COLUMNS)
    heading = " " * _LABEL + names
    return ((heading + (f"  of {limit:,}" if limit else ""), "counts--name"),)


def _numbers(label: str, counts: Counts, use: LimitUse | None, before: str) -> tuple[Part, ...]:
    rate = counts.characters_per_token
    shown = (
        f"{counts.characters:,}",
        f"{counts.byte_count:,}",
        f"{counts.tokens:,}",
        "–" if rate is None else f"{rate:.2f}",
        f"{counts.words:,}",
        f"{counts.unknown:,}",
    )
    parts: list[Part] = [(f" {label:<{_LABEL - 1}}", "counts--name")]
    for number, (name, cells) in zip(shown, _COLUMNS, strict=True):
        unknown = name == "unknown" and counts.unknown
        parts.append((f"{number:>{cells}}", "counts--problem" if unknown else ""))
    if use is not None:
        parts.append((f"  {before}", "counts--name"))
        parts.append(_share(use))
    return tuple(parts)


def _share(use: LimitUse) -> Part:
    if use.excess:
        return f"{use.share:.0%}: {use.excess:,} too many", "counts--problem"
    return f"{use.share:.1%}", ""


def _sentence_in_words(number: int, counts: Counts, use: LimitUse | None) -> tuple[Part, ...]:
    rate = counts.characters_per_token
    words = [f" {number + 1}: {counts.tokens:,} tokens", f"{counts.characters:,} characters"]
    if use is not None and use.excess:
        words.insert(1, f"{use.excess:,} too many")
    words += [] if rate is None else [f"{rate:.2f} each"]
    words += [f"{counts.unknown:,} unknown"] if counts.unknown else []
    words += [] if use is None else [f"{use.share:.1%} of {use.limit:,}"]
    words += [f"{counts.byte_count:,} bytes", f"{counts.words:,} words"]
    return ((" · ".join(words), ""),)
