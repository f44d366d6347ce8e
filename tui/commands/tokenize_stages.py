"""`termformer tokenize --stages`: what each part of a tokenizer does, and the way back."""

from __future__ import annotations

import dataclasses

import msgspec

from core.text.round_trip import RoundTrip, round_trip
from core.text.stages import Components, Section, StageReader, Stages, TextStages
from tui.commands.output import Column, Table, print_json, print_table, print_text
from tui.commands.texts import Source
from tui.commands.tokenize_asked import Asked
from tui.commands.tokenize_models import NamedTokenizer, batches


class StagedToken(msgspec.Struct, frozen=True):
    """A token of the model, and the characters of the text that it stands for."""

    token: str
    input_id: int
    start: int
    end: int


class StagedPiece(msgspec.Struct, frozen=True):
    """A piece of the pre-tokenizer and the model's tokens of it."""

    text: str
    start: int
    end: int
    added_token: bool
    tokens: list[StagedToken]


class StagedText(msgspec.Struct, frozen=True):
    """One text on its way; `round_trip` is tokenize, convert_tokens_to_ids, decode."""

    text: str
    normalized: str
    sections: list[Section]
    pieces: list[StagedPiece]
    round_trip: RoundTrip


class StagedSentence(msgspec.Struct, frozen=True):
    """The texts of a sentence; then what the post-processor made, and what of it it added."""

    texts: list[StagedText]
    tokens: list[str]
    input_ids: list[int]
    added_positions: tuple[int, ...]


class Staged(msgspec.Struct, frozen=True):
    """What `--stages --json` prints."""

    model: str
    components: Components
    sentences: list[StagedSentence]


def show_stages(source: Source, model: NamedTokenizer, asked: Asked) -> None:
    """Prints the stages of each sentence of `source`, and its round trip."""
    reader = StageReader(model.tokenizer)
    shown = 0
    for sentences in batches(source, asked.batch_size):
        staged = map(reader.read, sentences)
        if asked.as_json:
            documents = [_document(model, stages) for stages in staged]
            print_json(Staged(model.name, reader.components, documents))
            continue
        for stages in staged:
            shown += 1
            if shown > 1:
                print_text()
            print_text(f"{shown}  {stages.encoding.sentence}".rstrip(), "bold")
            print_table(_table(model, stages))


def _document(model: NamedTokenizer, stages: Stages) -> StagedSentence:
    return StagedSentence(
        [
            StagedText(
                text.text,
                text.normalized,
                list(text.sections),
                [
                    StagedPiece(
                        piece.text,
                        piece.start,
                        piece.end,
                        piece.added_token,
                        [StagedToken(*dataclasses.astuple(token)) for token in piece.tokens],
                    )
                    for piece in text.pieces
                ],
                round_trip(model.tokenizer, text.text),
            )
            for text in stages.texts
        ],
        stages.encoding.tokens,
        stages.encoding.input_ids,
        stages.added_positions,
    )


def _table(model: NamedTokenizer, stages: Stages) -> Table:
    table = Table([Column("stage"), Column("result"), Column("by", style="dim")])
    for number, text in enumerate(stages.texts):
        if number:
            table.add("pair", text.text, "")
        _add_text(table, model, stages.components, text)
    encoding = stages.encoding
    table.add("completed", " ".join(encoding.tokens), stages.components.post_processor or "–")
    return table


def _add_text(
    table: Table, model: NamedTokenizer, components: Components, text: TextStages
) -> None:
    pieces = " │ ".join(piece.text for piece in text.pieces)
    tokens = " │ ".join(" ".join(token.token for token in piece.tokens) for piece in text.pieces)
    table.add("normalized", text.normalized, components.normalizer or "–")
    table.add("cut", pieces, components.pre_tokenizer or "–")
    table.add("tokens", tokens, components.model)
    table.add("ids", " ".join(map(str, text.input_ids)), "")
    back = round_trip(model.tokenizer, text.text)
    table.add("decoded", back.decoded, components.decoder or "–")
    for difference in back.differences:
        was = text.text[difference.start : difference.end]
        became = back.decoded[difference.decoded_start : difference.decoded_end]
        table.add(
            "  differs",
            f"{_quoted(was)} came back as {_quoted(became)}",
            ", ".join(difference.reasons),
            style="yellow",
        )


def _quoted(text: str) -> str:
    return f"“{text.replace(' ', '␣')}”" if text else "nothing"
