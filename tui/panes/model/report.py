"""What `from_pretrained` found, made readable: what is missing, not used, of another shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.engine.protocol import WeightsRead
from core.engine.protocol.checkpoint import HEADS, Head, KeyGroup, LoadReport
from core.structure import Structure
from core.text.visible import fit, visible, width
from tui.panes.model.subject import HEAD_ORDER
from tui.widgets.headline import Paragraph, wrap
from tui.widgets.lines import Row
from tui.widgets.rows import Part

_INDENT = 3
_WIDEST = 110
_MOST_KEYS = 200
"""Keys of one group that are listed."""
_SHORT: dict[Head | None, str] = {
    None: "as saved",
    "sequence-classification": "sequence",
    "token-classification": "token",
}


def headline(read: WeightsRead) -> list[Paragraph]:
    """How it went, in one sentence; below it which files were read."""
    report = read.report
    if report is None:
        words: Paragraph = [
            (visible(read.class_name), "headline--strong"),
            (": no file was read.", ""),
        ]
        return [words]
    whole = not (report.missing_keys or report.unexpected_keys or report.mismatched_keys)
    first: list[Part] = [
        (visible(read.class_name), "headline--strong"),
        (": ", ""),
        (report.summary, "headline--good" if whole else "headline--number"),
    ]
    return [first, [(f"read from {visible(', '.join(report.files))}", "headline--quiet")]]


def heads(chosen: Head | None, cells: int) -> Row:
    """The classes that can be asked for, the chosen one marked."""
    row: list[Part] = [(" p ", "lines--accent")]
    for head in HEAD_ORDER:
        name = _SHORT.get(head) or (HEADS[head] if head == "base" and head else str(head))
        here = head == chosen
        row.append((f" {'›' if here else ' '}{name}", "lines--title" if here else "lines--quiet"))
    return row if sum(width(text) for text, _ in row) <= cells else row[:2]


def report(read: WeightsRead, cells: int) -> list[Row]:
    """All of it, the meaning of each group below its name."""
    cells = min(cells, _WIDEST)
    rows: list[Row] = [heads(read.head, cells)]
    for note in read.notes:
        rows += [[], *_wrapped(visible(note), "lines--accent", cells)]
    if read.report is None:
        words = (
            "Every number was drawn by the class's own initialisation; nothing was loaded, so "
            "nothing can be missing. b goes back to the checkpoint's weights."
        )
        return [*rows, [], *_wrapped(words, "", cells)]
    found = read.report
    if not (found.missing or found.unexpected or found.mismatched):
        words = (
            "The checkpoint holds exactly the tensors that this class has, in the same shapes: "
            "nothing is newly initialised, nothing was left over."
        )
        return [*rows, [], *_wrapped(words, "", cells)]
    for title, groups, style in (
        ("Missing in the checkpoint: newly initialised", found.missing, "lines--bad"),
        ("Of another shape: newly initialised", found.mismatched, "lines--bad"),
        ("In the checkpoint, not in this class: not used", found.unexpected, "lines--accent"),
    ):
        for group in groups:
            rows += _group(title, group, style, read.structure, found, cells)
    return rows


def _group(
    title: str,
    group: KeyGroup,
    style: str,
    structure: Structure,
    found: LoadReport,
    cells: int,
) -> Iterator[Row]:
    count = f"{len(group.keys)} tensor{'' if len(group.keys) == 1 else 's'}"
    yield []
    yield [(f" {visible(group.part)}", "lines--title"), (f"  {count}  ", ""), (title, style)]
    yield from _wrapped(visible(group.meaning), "", cells)
    shapes = {each.key: each for each in found.mismatched_keys}
    for key in group.keys[:_MOST_KEYS]:
        row: list[Part] = [(f"{'':{_INDENT}}{fit(visible(key), cells - 30)}", "lines--label")]
        owner = structure.owner_of(key)
        if key in shapes:
            each = shapes[key]
            row.append((f"  {each.checkpoint_shape} → {each.model_shape}", "lines--quiet"))
        elif owner:
            row.append((f"  {owner[1].shape}", "lines--quiet"))
        yield row
    more = len(group.keys) - _MOST_KEYS
    if more > 0:
        yield [(f"{'':{_INDENT}}and {more:,} more", "lines--quiet")]


def _wrapped(text: str, style: str, cells: int) -> Sequence[Row]:
    return [[(" " * _INDENT, ""), *parts] for parts in wrap([(text, style)], cells - _INDENT - 1)]
