"""What a tokenizer made of sentences, as JSON, CSV, and a page or picture of coloured tokens."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from core.durable import write_atomic
from core.errors import TermformerError
from core.sizes import percent
from core.text.encoding import Batch, Cell
from core.text.export_svg import to_svg
from core.text.options import EncodeOptions
from core.text.visible import visible

Format = Literal["json", "csv", "html", "svg"]

_COLUMNS = (
    "row", "sentence", "position", "token", "input_id", "token_type_id", "attention_mask",
    "special_tokens_mask", "sequence", "start", "end", "characters",
)  # fmt: skip
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Tokens · {model}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/2.1 ui-monospace, monospace; margin: 2rem auto; max-width: 70rem; }}
body {{ padding: 0 1rem; overflow-wrap: anywhere; }}
p {{ margin: 0 0 .5rem; }}
.of {{ opacity: .65; margin-top: 1.5rem; }}
bdi {{ border-radius: .25rem; padding: .1rem .2rem; margin: 0 1px; white-space: pre-wrap; }}
.a {{ background: light-dark(#cfe3ff, #1f3a5f); }}
.b {{ background: light-dark(#ffe3c2, #5a3d1a); }}
.s {{ border: 1px solid; opacity: .6; }}
.p {{ opacity: .3; border: 1px dashed; }}
</style>
</head>
<body>
<h1>{model}</h1>
<p>{summary}</p>
{rows}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class ExportedRow:
    """One row of the batch, padding included; every list has one entry a token."""

    sentence: int
    text: str
    text_pair: str | None
    tokens: list[str]
    input_ids: list[int]
    token_type_ids: list[int]
    attention_mask: list[int]
    special_tokens_mask: list[int]
    offset_mapping: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Exported:
    """All that is written as JSON; `shape` is `[rows, width]`, null where rows are ragged.

    `sentence` of a row counts from 0, as `overflow_to_sample_mapping` does.
    """

    model: str
    options: EncodeOptions
    shape: tuple[int, int] | None
    rows: list[ExportedRow]


def to_json(batch: Batch, model: str, options: EncodeOptions) -> str:
    """The batch with every field and the options that made it."""
    rows = [_exported(batch, row) for row in range(len(batch.encodings))]
    exported = Exported(model, options, batch.shape, rows)
    return msgspec.json.format(msgspec.json.encode(exported), indent=2).decode() + "\n"


def to_csv(batch: Batch) -> str:
    """One line a token, padding included; `start`, `end` and `characters` are of its own text."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in range(len(batch.encodings)):
        encoding, fields = batch.encodings[row], batch.row(row)
        for column, cell in enumerate(batch.cells(row)):
            sequence = None if cell.position is None else encoding.sequence_ids[cell.position]
            start, end = fields.offset_mapping[column]
            has_source = sequence is not None and cell.position is not None
            writer.writerow(
                (
                    row,
                    _sentence(batch, row),
                    column,
                    cell.token,
                    cell.input_id,
                    cell.token_type_id,
                    cell.attention_mask,
                    fields.special_tokens_mask[column],
                    sequence,
                    start if has_source else None,
                    end if has_source else None,
                    encoding.source(cell.position) if cell.position is not None else "",
                )
            )
    return file.getvalue()


def to_html(batch: Batch, model: str) -> str:
    """A page that needs nothing else: tokens in two tints, each with its id and characters.

    Control and bidirectional characters are shown as pictures; nothing of the text is markup, and
    the page forbids itself scripts and anything from elsewhere.
    """
    shape = "ragged" if batch.shape is None else f"shape {list(batch.shape)}"
    summary = (
        f"{len(batch.encodings)} rows · {batch.token_count} tokens · {batch.padding_count} padding "
        f"({percent(batch.padding_share, 0)}) · {shape}"
    )
    rows = "\n".join(line for row in range(len(batch.encodings)) for line in _html_row(batch, row))
    return _PAGE.format(model=_safe(model), summary=_safe(summary), rows=rows)


def write_export(path: Path, batch: Batch, model: str, options: EncodeOptions) -> None:
    """Writes the format that the file's ending names, in one step.

    Raises `TermformerError` for another ending and where the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind == "json":
        text = to_json(batch, model, options)
    elif kind == "csv":
        text = to_csv(batch)
    elif kind in {"html", "htm"}:
        text = to_html(batch, model)
    elif kind == "svg":
        text = to_svg(batch, model)
    else:
        raise TermformerError(
            f"{visible(str(path))} names no format: let the file end in .json, .csv, .html or .svg."
        )
    try:
        write_atomic(path, text.encode("utf-8", "replace"), mode=0o644)
    except OSError as error:
        raise TermformerError(
            f"{visible(str(path))} could not be written: {error.strerror or error}. "
            "Nothing was changed; choose another place."
        ) from error


def _sentence(batch: Batch, row: int) -> int:
    mapping = batch.overflow_to_sample_mapping
    return row if mapping is None else mapping[row]


def _exported(batch: Batch, row: int) -> ExportedRow:
    fields, sentence = batch.row(row), batch.encodings[row].sentence
    return ExportedRow(
        _sentence(batch, row),
        sentence.text,
        sentence.text_pair,
        fields.tokens,
        fields.input_ids,
        fields.token_type_ids,
        fields.attention_mask,
        fields.special_tokens_mask,
        fields.offset_mapping,
    )


def _html_row(batch: Batch, row: int) -> Iterator[str]:
    encoding = batch.encodings[row]
    special = encoding.special_tokens_mask
    yield f'<p class="of"><bdi>{_safe(str(encoding.sentence))}</bdi></p>'
    spans = []
    for cell in batch.cells(row):
        if cell.position is None:
            kind = "p"
        elif special[cell.position]:
            kind = "s"
        else:
            kind = "ab"[cell.position % 2]
        title = _safe(_title(batch, row, cell))
        spans.append(f'<bdi class="{kind}" title="{title}">{_safe(cell.token)}</bdi>')
    yield f"<p>{''.join(spans)}</p>"


def _title(batch: Batch, row: int, cell: Cell) -> str:
    if cell.position is None:
        return f"id {cell.input_id} · padding"
    encoding = batch.encodings[row]
    if encoding.sequence_ids[cell.position] is None:
        return f"id {cell.input_id} · added"
    start, end = encoding.offset_mapping[cell.position]
    return f"id {cell.input_id} · characters {start}–{end}: {encoding.source(cell.position)}"


def _safe(text: str) -> str:
    return html.escape(visible(text), quote=True)
