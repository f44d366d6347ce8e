"""What single views of a sentence show, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.text.counts import Counts
from core.text.round_trip import RoundTrip
from core.text.side_by_side import Difference, Segment, SideBySide
from core.text.stages import Components, Stages, TextStages


@dataclass(frozen=True, slots=True)
class ExportedStages:
    """All stages of one sentence, and what the post-processor made of it in the end."""

    model: str
    components: Components
    texts: tuple[TextStages, ...]
    tokens: list[str]
    input_ids: list[int]


@dataclass(frozen=True, slots=True)
class ExportedTrips:
    """The round trip of each text of a sentence."""

    model: str
    texts: tuple[RoundTrip, ...]


@dataclass(frozen=True, slots=True)
class ExportedSide:
    """One tokenizer of a comparison; `segments` and `differences` speak of `tokens`' places."""

    model: str
    counts: Counts
    characters_per_token: float | None
    tokens: list[str]
    input_ids: list[int]
    offset_mapping: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ExportedSides:
    """A comparison of tokenizers on one sentence, aligned by the characters of `text`.

    `text` is the line: text, tab and second text where there is one. A segment's `positions` are
    `[start, end]` of each side's tokens.
    """

    text: str
    sides: list[ExportedSide]
    segments: list[ExportedSegment]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ExportedSegment:
    """As `core.text.side_by_side.Segment`."""

    start: int
    end: int
    positions: list[tuple[int, int]]
    differs: bool


def stages_to_json(stages: Stages, model: str) -> str:
    """The stages with all offsets."""
    encoding = stages.encoding
    return _json(
        ExportedStages(model, stages.components, stages.texts, encoding.tokens, encoding.input_ids)
    )


def trips_to_json(trips: Sequence[RoundTrip], model: str) -> str:
    """tokens, ids, decoded text and every difference of each text."""
    return _json(ExportedTrips(model, tuple(trips)))


def sides_to_json(together: SideBySide) -> str:
    """Every tokenizer's tokens and counts, and where they cut differently."""
    sides = [
        ExportedSide(
            side.name,
            side.counts,
            side.counts.characters_per_token,
            side.encoding.tokens,
            side.encoding.input_ids,
            side.encoding.offset_mapping,
        )
        for side in together.sides
    ]
    segments = list(map(_segment, together.segments))
    return _json(ExportedSides(str(together.sentence), sides, segments, together.differences))


def _segment(segment: Segment) -> ExportedSegment:
    positions = [(places.start, places.stop) for places in segment.positions]
    return ExportedSegment(segment.start, segment.end, positions, segment.differs)


def _json(exported: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(exported), indent=2).decode() + "\n"
