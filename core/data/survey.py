"""One pass over the rows of a split: its columns, its labels, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from datasets.fingerprint import Hasher

from core import paths
from core.datafiles.columns import Columns, label_key
from core.datafiles.problems import problem_of
from core.datafiles.rows import Row
from core.durable import write_atomic
from core.errors import DataError
from core.runs.events import BadRow

SHOWN = 5
"""Bad rows that are named; the others are counted."""
_REPORT_EVERY = 50_000
_LAYOUT = 3
"""Another number makes every survey anew."""

Say = Callable[[str, int | None, int | None], None]
"""Told what is being done, how much of it is done, and how much there is; may raise to stop."""


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows that can be read again and again.

    `name` is fit for a message. `stamp` differs where the rows do. `labels` are the label names
    of each column that brings such, in the order of their ids.
    """

    name: str
    read: Callable[[], Iterator[Row]]
    stamp: tuple[object, ...]
    labels: Mapping[str, list[str]] = field(default_factory=dict)


class Survey(msgspec.Struct):
    """What `survey` found; `labels` counts rows, `bad` are the first of `bad_count` rows."""

    labels: dict[str, int] = {}
    bad: list[BadRow] = []
    bad_count: int = 0
    unlabelled: int = 0
    """Of the bad rows, those without a label."""

    @property
    def has_no_labels(self) -> bool:
        """Whether nothing but the labels is missing, as in test splits of competitions."""
        return not self.labels and self.unlabelled == self.bad_count > 0


def survey(source: RowSource, columns: Columns, known: Set[str], say: Say) -> Survey:
    """Looks at every row, once: what was found stays in the cache as long as the rows stay.

    Labels that are not `known` are bad; none known, every one is good.
    """
    key = Hasher.hash([_LAYOUT, source.name, source.stamp, columns, sorted(known)])
    file = paths.cache_dir() / "datasets" / "surveys" / f"{key}.json"
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(file.read_bytes(), type=Survey)
    found = _survey(source, columns, known, say)
    write_atomic(file, msgspec.json.encode(found))
    return found


def _survey(source: RowSource, columns: Columns, known: Set[str], say: Say) -> Survey:
    found = Survey()
    for row in _counted(source, say):
        problem = row.problem or problem_of(row, columns, known)
        if not problem:
            label = label_key(row.cells[columns.label]) or ""
            found.labels[label] = found.labels.get(label, 0) + 1
            continue
        found.bad_count += 1
        found.unlabelled += not row.problem and label_key(row.cells.get(columns.label)) is None
        if len(found.bad) < SHOWN:
            where = row.file or source.name
            found.bad.append(BadRow(where=where, line=row.line, problem=problem, unit=row.unit))
    return found


def _counted(source: RowSource, say: Say) -> Iterator[Row]:
    for number, row in enumerate(source.read(), 1):
        if number % _REPORT_EVERY == 0:
            say(f"Reading {source.name}", number, None)
        yield row


def refusal(source: RowSource, found: Survey) -> DataError:
    """Names the first bad rows, and says what can be done."""
    shown = "; ".join(f"{_place(row, source)} {row.problem}" for row in found.bad)
    one = found.bad_count == 1
    count, them = ("1 row", "it") if one else (f"{found.bad_count:,} rows", "them")
    rest = found.bad_count - len(found.bad)
    more = f"; and {rest:,} more" if rest else ""
    told = f"{source.name} has {count} that cannot be trained on: {shown}{more}."
    if not found.labels:
        return DataError(
            f"{told} That is every row: are these the right columns? --text-column and "
            "--label-column name others."
        )
    return DataError(
        f"{told} Correct {them}, or leave {them} out: --skip-bad-rows, in the form “bad rows”."
    )


def _place(row: BadRow, source: RowSource) -> str:
    return f"{row.unit} {row.line}" if row.where == source.name else row.place
