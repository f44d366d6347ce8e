"""The stages of a sentence lead from its text to its encoding without a gap."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from core.text.sentences import Sentence
from core.text.stages import Components, StageReader, Stages
from tests.core.text.conftest import Kind
from tests.core.text.test_options import SENTENCES


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentence=SENTENCES)
def test_the_stages_in_a_row_are_the_whole_encoding(sentence: Sentence, kind: Kind) -> None:
    stages = StageReader(kind.ours).read(sentence)
    encoding = kind.ours.encode(sentence)
    made: list[int] = []
    for number, text in enumerate(stages.texts):
        ids = text.input_ids
        places = [i for i, sequence in enumerate(encoding.sequence_ids) if sequence == number]
        assert ids == [encoding.input_ids[place] for place in places]
        words = [word for word, piece in enumerate(text.pieces) for _ in piece.tokens]
        assert words == [encoding.word_ids[place] for place in places]
        made += ids
        check_alignment(text.text, stages)
    added = [encoding.input_ids[place] for place in stages.added_positions]
    assert sorted(made + added) == sorted(encoding.input_ids)


def check_alignment(text: str, stages: Stages) -> None:
    for each in stages.texts:
        if each.text != text:
            continue
        for section in each.sections:
            assert 0 <= section.start <= section.end <= len(text)
            assert len(section.origins) == len(section.normalized)
            assert all(
                section.start <= start <= end <= section.end for start, end in section.origins
            )
        for piece in each.pieces:
            for token in piece.tokens:
                assert piece.start <= token.start <= token.end <= piece.end


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(sentence=SENTENCES)
def test_a_text_without_added_tokens_goes_through_the_parts_themselves(
    sentence: Sentence, kind: Kind
) -> None:
    backend = kind.theirs.backend_tokenizer
    (text, *_) = StageReader(kind.ours).read(Sentence(sentence.text)).texts
    if any(section.added_token for section in text.sections):
        return
    normalized = sentence.text
    if backend.normalizer is not None:
        normalized = backend.normalizer.normalize_str(normalized)
    assert text.normalized == normalized
    pieces = [normalized] if normalized else []
    if backend.pre_tokenizer is not None:
        pieces = [piece for piece, _ in backend.pre_tokenizer.pre_tokenize_str(normalized)]
    assert [piece.text for piece in text.pieces] == pieces
    for piece in text.pieces:
        expected = [token.id for token in backend.model.tokenize(piece.text)]
        assert [token.input_id for token in piece.tokens] == expected


def test_what_each_part_does_to_a_sentence(kinds: dict[str, Kind]) -> None:
    stages = StageReader(kinds["wordpiece-uncased"].ours).read(Sentence("Ａ Café [MASK]\x00 x"))
    (text,) = stages.texts
    assert text.normalized == "ａ cafe [MASK] x"
    sections = [(each.normalized, each.added_token) for each in text.sections]
    assert sections == [("ａ cafe ", False), ("[MASK]", True), (" x", False)]
    assert [piece.text for piece in text.pieces] == ["ａ", "cafe", "[MASK]", "x"]
    assert [text.text[slice(*origin)] for origin in text.sections[0].origins] == list("Ａ Café ")
    assert text.sections[2].origins == ((14, 15), (15, 16))
    assert stages.added_positions == (0, len(stages.encoding) - 1)
    assert stages.components == Components(
        "BertNormalizer", "BertPreTokenizer", "WordPiece", "TemplateProcessing", "WordPiece"
    )


@pytest.mark.parametrize("name", ["llama", "characters"])
def test_a_part_that_is_not_there_changes_nothing(name: str, kinds: dict[str, Kind]) -> None:
    stages = StageReader(kinds[name].ours).read(Sentence("two words"))
    parts = stages.components
    assert None in {parts.normalizer, parts.pre_tokenizer, parts.post_processor}
    (text,) = stages.texts
    assert text.input_ids == [
        stages.encoding.input_ids[place]
        for place in range(len(stages.encoding))
        if place not in stages.added_positions
    ]
    if parts.normalizer is None:
        assert text.normalized == text.text
    if parts.pre_tokenizer is None:
        assert [piece.text for piece in text.pieces] == ["▁two▁words"]


def test_an_empty_text_has_no_pieces(kind: Kind) -> None:
    (text,) = StageReader(kind.ours).read(Sentence("")).texts
    assert text.input_ids == []
