"""The stages of a sentence, each under the one before, character for character."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from core.sizes import counted
from core.text.spaces import shown
from core.text.stages import Piece as PreTokenized
from core.text.stages import Stages, TextStages
from core.text.visible import visible
from tui.panes.tokens.interlinear import Piece, Sheet, Track
from tui.widgets.rows import Part

_TINTS = ("sheet--even", "sheet--odd")


@dataclass(slots=True)
class _Column:
    """What each stage has of some characters, or a token that the post-processor added."""

    original: str = ""
    normalized: str = ""
    pieces: list[Piece] = field(default_factory=list)
    tokens: list[Piece] = field(default_factory=list)
    added: tuple[Piece, ...] = ()


def stage_sheet(stages: Stages, unknown_id: int | None) -> Sheet:
    """Lays out all stages of a sentence; a pair's second text stands behind the first."""
    columns = _all_columns(stages, unknown_id)
    changed = sum(each.normalized != each.original for each in columns)
    pieces = sum(len(text.pieces) for text in stages.texts)
    tokens = sum(len(text.input_ids) for text in stages.texts)
    characters = sum(len(text.text) for text in stages.texts)
    parts = stages.components
    added = " ".join(visible(stages.encoding.tokens[place]) for place in stages.added_positions)
    summary = f"changes {counted(changed, 'place')}" if changed else "no change"
    return Sheet(
        (
            Track(
                "text",
                ((f"text  {characters:,} characters; ␣ is a space", ""),),
                tuple((Piece(shown(each.original)),) if each.original else () for each in columns),
            ),
            Track(
                "normalizer",
                _title("normalizer", parts.normalizer, summary if parts.normalizer else ""),
                tuple(map(_normalized, columns)),
            ),
            Track(
                "pre-token.",
                _title("pre-tokenizer", parts.pre_tokenizer, counted(pieces, "piece")),
                tuple(tuple(each.pieces) for each in columns),
            ),
            Track(
                "model",
                _title("model", parts.model, counted(tokens, "token")),
                tuple(tuple(each.tokens) for each in columns),
            ),
            Track(
                "post-proc.",
                _title(
                    "post-processor",
                    parts.post_processor,
                    f"adds {added}" if added else "adds nothing",
                ),
                tuple(each.added or tuple(each.tokens) for each in columns),
            ),
        )
    )


def _title(stage: str, component: str | None, note: str) -> tuple[Part, ...]:
    return (f"{stage}  ", ""), (f"{visible(component or 'none')}  ", "sheet--name"), (note, "")


def _normalized(column: _Column) -> tuple[Piece, ...]:
    if column.normalized == column.original:
        return (Piece(shown(column.normalized)),) if column.normalized else ()
    # What was taken away leaves a sign, too.
    return (Piece(shown(column.normalized) or "∅", "sheet--changed"),)


def _all_columns(stages: Stages, unknown_id: int | None) -> list[_Column]:
    """The columns of all texts, in the order of the encoding's tokens."""
    encoding = stages.encoding
    places: list[list[int]] = [[] for _ in stages.texts]
    for position, sequence in enumerate(encoding.sequence_ids):
        if sequence is not None:
            places[sequence].append(position)
    columns: list[_Column] = []
    done: set[int] = set()

    def add_text(number: int) -> None:
        if number not in done:
            done.add(number)
            columns.extend(_columns_of(stages.texts[number], places[number], unknown_id))

    for position, sequence in enumerate(encoding.sequence_ids):
        if sequence is not None:
            add_text(sequence)
            continue
        token = Piece(
            shown(encoding.tokens[position]), "sheet--special", cut=True, position=position
        )
        columns.append(_Column(added=(token,)))
    for number in range(len(stages.texts)):
        add_text(number)
    return columns


def _columns_of(
    text: TextStages, positions: Sequence[int], unknown_id: int | None
) -> list[_Column]:
    starts, ends = _cuts(text)
    columns = [_Column(text.text[start:end]) for start, end in zip(starts, ends, strict=True)]

    def at(place: int) -> int:
        return max(0, min(bisect_right(starts, place) - 1, len(starts) - 1))

    normalized = [
        (start, character)
        for section in text.sections
        for character, (start, _) in zip(section.normalized, section.origins, strict=True)
    ]
    for start, character in normalized:
        columns[at(start)].normalized += character
    following = iter(positions)
    for number, piece in enumerate(text.pieces):
        parts = {at(token.start): "" for token in piece.tokens}
        for start, part in _spread(piece, normalized):
            parts[at(start)] = parts.get(at(start), "") + part
        for nth, (column, part) in enumerate(sorted(parts.items())):
            columns[column].pieces.append(Piece(shown(part), _TINTS[number % 2], cut=not nth))
        for token in piece.tokens:
            position = next(following)
            unknown = token.input_id == unknown_id and not piece.added_token
            kind = "sheet--unknown" if unknown else _TINTS[position % 2]
            columns[at(token.start)].tokens.append(
                Piece(shown(token.token), kind, cut=True, position=position)
            )
    return columns


def _spread(
    piece: PreTokenized, normalized: Sequence[tuple[int, str]]
) -> Iterable[tuple[int, str]]:
    """The piece's text in parts, each with the character of the original that it stands at.

    Its tokens say which part is where; those that spell it otherwise (`<0xF0>`, an unknown token)
    leave that to the characters that were normalized. Where neither fits, it is one part.
    """
    spelled = [token.token for token in piece.tokens]
    bare = [token.removeprefix("##") if number else token for number, token in enumerate(spelled)]
    for parts in (spelled, bare):
        if "".join(parts) == piece.text:
            return [(token.start, part) for token, part in zip(piece.tokens, parts, strict=True)]
    first = bisect_left(normalized, piece.start, key=itemgetter(0))
    last = bisect_left(normalized, piece.end, key=itemgetter(0))
    starts = [start for start, _ in normalized[first:last]]
    if len(piece.text) == len(starts) + 1 and starts:
        starts.insert(0, starts[0])  # the pre-tokenizer put a mark before it
    if len(piece.text) == len(starts):
        return zip(starts, piece.text, strict=True)
    return [(piece.start, piece.text)]


def _cuts(text: TextStages) -> tuple[list[int], list[int]]:
    """Where the columns begin and end: around each token, and around what went into none.

    Tokens that share a character share a column.
    """
    spans = [(token.start, token.end) for piece in text.pieces for token in piece.tokens]
    for section in text.sections:
        spans += [origin for origin in section.origins if origin[1] - origin[0] > 1]
    blocks: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if blocks and start < blocks[-1][1]:
            blocks[-1] = blocks[-1][0], max(blocks[-1][1], end)
        else:
            blocks.append((start, end))
    starts, ends, reached = [], [], 0
    for start, end in [*blocks, (len(text.text), len(text.text))]:
        if reached < start:
            starts.append(reached)
            ends.append(start)
        if start < end:
            starts.append(start)
            ends.append(end)
        reached = end
    if not starts:
        return [0], [len(text.text)]
    return starts, ends
