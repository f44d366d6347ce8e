"""Several tokenizers on one sentence, one under the other, aligned by characters."""

from __future__ import annotations

from core.sizes import counted
from core.text.counts import Counts
from core.text.side_by_side import Side, SideBySide
from core.text.spaces import shown
from core.text.visible import visible
from tui.panes.tokens.interlinear import Piece, Sheet, Track
from tui.widgets.rows import Part

_DIFFERS = "≠"
_Cells = list[tuple[Piece, ...]]


def side_sheet(together: SideBySide, notes: tuple[Part, ...]) -> Sheet:
    """A row for the text, one for each tokenizer, and ≠ below where they cut differently.

    `notes` are rows about tokenizers that are not among them. The positions are those of the first
    tokenizer's tokens.
    """
    line = str(together.sentence)
    text: _Cells = []
    marks: _Cells = []
    sides: list[_Cells] = [[] for _ in together.sides]
    reached = [0] * len(sides)

    def add_unaligned(before: list[int]) -> None:
        """A column for the tokens without a character of their own, special ones as a rule."""
        cells = [
            _tokens(side, range(reached[number], before[number]), number == 0)
            for number, side in enumerate(together.sides)
        ]
        if any(cells):
            text.append(())
            marks.append(())
            for side_cells, cell in zip(sides, cells, strict=True):
                side_cells.append(cell)

    end = 0
    for segment in together.segments:
        starts = [
            places.start if places else reached[number]
            for number, places in enumerate(segment.positions)
        ]
        add_unaligned(starts)
        kind = "sheet--changed" if segment.differs else ""
        words = shown(line[end : segment.end])
        text.append((Piece(words, kind),))
        marks.append((Piece(_DIFFERS, "sheet--name"),) if segment.differs else ())
        for number, (side, places) in enumerate(
            zip(together.sides, segment.positions, strict=True)
        ):
            sides[number].append(_tokens(side, places, number == 0))
            reached[number] = max(reached[number], places.stop) if places else reached[number]
        end = segment.end
    add_unaligned([len(side.encoding) for side in together.sides])
    first = together.sides[0].counts
    tracks = [Track("text", ((f"text  {len(line):,} characters; ␣ is a space", ""),), tuple(text))]
    tracks += [
        Track(_name(side.name), _title(side, first), tuple(cells))
        for side, cells in zip(together.sides, sides, strict=True)
    ]
    if len(together.sides) > 1:
        tracks.append(Track("cut", _differences(together), tuple(marks)))
    return Sheet(tracks, notes)


def _tokens(side: Side, places: range, positioned: bool) -> tuple[Piece, ...]:
    encoding = side.encoding
    return tuple(
        Piece(
            shown(encoding.tokens[place]),
            "sheet--special"
            if encoding.special_tokens_mask[place]
            else ("sheet--even", "sheet--odd")[place % 2],
            cut=True,
            position=place if positioned else None,
        )
        for place in places
    )


def _title(side: Side, first: Counts) -> tuple[Part, ...]:
    counts = side.counts
    rate = counts.characters_per_token
    words = [counted(counts.tokens, "token")]
    more = counts.tokens - first.tokens
    words += [f"{abs(more):,} {'more' if more > 0 else 'fewer'}"] if more else []
    words += [f"{rate:.2f} characters a token"] if rate is not None else []
    words += [f"{counts.unknown:,} unknown"] if counts.unknown else []
    return (f"{_name(side.name)}  ", "sheet--name"), (" · ".join(words), "")


def _name(name: str) -> str:
    """The last part of a folder's name: what tells one from another."""
    return visible(name.rstrip("/").rpartition("/")[2] or name)


def _differences(together: SideBySide) -> tuple[Part, ...]:
    count = sum(segment.differs for segment in together.segments)
    if not count:
        return (("cut alike everywhere", ""),)
    return ((f"cut differently in {counted(count, 'place')}", ""),)
