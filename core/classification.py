"""What a classifier said of texts, as rows, as one JSON document and as CSV; of any length."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from core.durable import write_atomic
from core.engine.protocol import Classified, ModelInfo, Postprocess
from core.errors import TermformerError
from core.text.sentences import Sentence
from core.text.visible import visible

Order = Literal["given", "score", "certainty"]
"""As they came; the highest score first; or the least certain first."""


class ClassifiedText(msgspec.Struct, frozen=True):
    """One text and what was said of it; a pair's text is both, a tab between.

    Logits and probabilities are `[labels]`. Where the head predicts numbers rather than labels,
    `score` is the highest logit, and the probabilities are the logits.
    """

    text: str
    label: str
    score: float
    logits: list[float]
    probabilities: list[float]


def classified_text(sentence: Sentence, said: Classified) -> ClassifiedText:
    """The row of `sentence`."""
    return ClassifiedText(str(sentence), said.label, said.score, said.logits, said.probabilities)


def certainty(probabilities: Sequence[float], postprocess: Postprocess) -> float:
    """How far the head is from another answer, 0 to 1; infinite where it gives no probabilities.

    Softmax: the likeliest label's lead over the next one. Sigmoid: twice the distance from 0.5 of
    the label that is nearest to it. A value that is no number is as uncertain as can be.
    """
    if postprocess == "none":
        return math.inf
    if any(map(math.isnan, probabilities)):
        return 0.0
    if postprocess == "sigmoid":
        return min(abs(2 * share - 1) for share in probabilities)
    first, *rest = sorted(probabilities, reverse=True)
    return first - rest[0] if rest else math.inf


def in_order(
    rows: Iterable[ClassifiedText], order: Order, postprocess: Postprocess
) -> list[ClassifiedText]:
    """`rows` sorted; those that are equal stay as they came."""
    if order == "score":
        return sorted(rows, key=lambda row: -row.score if row.score == row.score else math.inf)
    if order == "certainty":
        return sorted(rows, key=lambda row: certainty(row.probabilities, postprocess))
    return list(rows)


def json_pieces(model: str, rows: Iterable[ClassifiedText]) -> Iterator[bytes]:
    """`{"model": …, "rows": [{"text", "label", "score", "logits", "probabilities"}, …]}`.

    Piece by piece, so that the document may be longer than memory. Numbers that are not finite
    become `null`, which JSON has instead of them.
    """
    yield b'{"model":' + msgspec.json.encode(model) + b',"rows":['
    separator = b""
    for row in rows:
        yield separator + msgspec.json.encode(row)
        separator = b","
    yield b"]}\n"


def csv_pieces(labels: Sequence[str], rows: Iterable[ClassifiedText]) -> Iterator[bytes]:
    """A line a text: the text, its label and score, then the logit and probability of each label.

    In UTF-8; a cell that a spreadsheet would run as a formula is left as it is, since it is data.
    """
    headings = [f"{what} {label}" for what in ("logit", "probability") for label in labels]
    yield _csv_line(["text", "label", "score", *headings])
    for row in rows:
        yield _csv_line([row.text, row.label, row.score, *row.logits, *row.probabilities])


def write_classified(path: Path, model: ModelInfo, rows: Iterable[ClassifiedText]) -> None:
    """Writes the format that the file's ending names, in one step.

    Raises `TermformerError` for another ending and where the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind == ".json":
        pieces = json_pieces(model.name, rows)
    elif kind == ".csv":
        pieces = csv_pieces(model.labels, rows)
    else:
        raise TermformerError(
            f"{visible(str(path))} names no format: let the file end in .json or .csv."
        )
    try:
        write_atomic(path, b"".join(pieces), mode=0o644)
    except OSError as error:
        raise TermformerError(
            f"{visible(str(path))} could not be written: {error.strerror or error}. "
            "Nothing was changed; choose another place."
        ) from error


def _csv_line(cells: Sequence[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("utf-8", "replace")
