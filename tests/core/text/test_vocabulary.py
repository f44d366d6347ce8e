"""Searching a vocabulary finds what looking at every entry would find, and always ends."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from core.errors import TermformerError
from core.text.patterns import Lines, search_lines
from core.text.tokenizer import read_tokenizer
from core.text.vocabulary import Found, Vocabulary
from tests.core.text.conftest import Kind

ALL = 10**9


def tokens_of(vocabulary: Vocabulary, found: Found) -> list[str]:
    return [vocabulary.tokens[place] for place in found.places]


def test_every_entry_is_there_in_the_order_of_ids(kind: Kind) -> None:
    vocabulary = Vocabulary(kind.ours)
    theirs = sorted((number, token) for token, number in kind.theirs.get_vocab().items())
    entries = vocabulary.entries(0, len(vocabulary))
    assert [(entry.input_id, entry.token) for entry in entries] == theirs
    special = {entry.token for entry in entries if entry.special}
    assert special >= set(kind.theirs.all_special_tokens)
    for place in (0, len(vocabulary) // 2, len(vocabulary) - 1):
        assert vocabulary.index_of(entries[place].input_id) == place
    assert vocabulary.index_of(ALL) is None


@pytest.mark.parametrize("query", ["in", "the", "▁", "Ġ", "##", " t", "é", "zzzz"])
def test_text_and_prefix(query: str, kind: Kind) -> None:
    vocabulary = Vocabulary(kind.ours)
    read = vocabulary.spelling.readable
    both = [(token, read(token)) for token in vocabulary.tokens]
    for mode, holds in (("text", str.__contains__), ("prefix", str.startswith)):
        found = vocabulary.search(query, mode)  # type: ignore[arg-type]
        expected = [
            token
            for token, text in both
            if holds(token, query) or holds(text, query) or holds(text.removeprefix(" "), query)
        ]
        assert sorted(tokens_of(vocabulary, found)) == sorted(expected)


def test_a_whole_match_comes_first_and_case_may_be_ignored(kinds: dict[str, Kind]) -> None:
    vocabulary = Vocabulary(kinds["byte-level"].ours)
    assert tokens_of(vocabulary, vocabulary.search("Ġthe"))[0] == "Ġthe"
    assert tokens_of(vocabulary, vocabulary.search("the"))[0] == "Ġthe"
    counts = [
        len(vocabulary.search(query, ignore_case=ignore_case).places)
        for query, ignore_case in (("THE", True), ("the", False), ("THE", False))
    ]
    assert counts[0] >= counts[1] > counts[2]


def test_ids(kinds: dict[str, Kind]) -> None:
    vocabulary = Vocabulary(kinds["unigram"].ours)
    assert tokens_of(vocabulary, vocabulary.search("#0", "id")) == ["<pad>"]
    assert [vocabulary.ids[place] for place in vocabulary.search("3-5", "id").places] == [3, 4, 5]
    assert not vocabulary.search("99999999", "id").places
    with pytest.raises(TermformerError, match="'x' is no id"):
        vocabulary.search("x", "id")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    tokens=st.lists(st.text("ab\n", max_size=4), max_size=8),
    query=st.text("ab\n", min_size=1, max_size=2),
)
def test_text_is_found_in_each_entry_alone(tokens: list[str], query: str) -> None:
    lines = Lines.of(tokens)
    held = [place for place, token in enumerate(tokens) if query in token]
    assert lines.find(query, prefix=False) == held
    begun = [place for place, token in enumerate(tokens) if token.startswith(query)]
    assert lines.find(query, prefix=True) == begun


PATTERNS = [
    "a", "^a", "a$", "a|b", "[^a]b", "[^a]+", r"\s", r"\w+\W", "^$", "", "a*", "(a)b", ".", "..$",
    r"\Aa", r"b\Z", "(?i)A", r"(?<!a)b", r"(a)\1", r"[\s\S]b", "b{2,}", r"\n", r"\ba", "$", "^.?$",
]  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    tokens=st.lists(st.text("ab é\n▁", max_size=5), max_size=8), pattern=st.sampled_from(PATTERNS)
)
@example(tokens=["x", "b", "ab"], pattern="[^a]+")
def test_a_regular_expression_is_looked_for_in_each_entry_alone(
    tokens: list[str], pattern: str
) -> None:
    hits: set[int] = set()
    search_lines(pattern, Lines.of(tokens), False, time.monotonic() + 60, hits)
    assert hits == {place for place, token in enumerate(tokens) if re.search(pattern, token)}


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+$", "(?i)(.*)*x", r"^(\w+\s?)*\Z"])
def test_a_pattern_that_would_never_end_is_given_up(pattern: str) -> None:
    tokens = ["hit b a", *(["a" * 400 + "!"] * 50)]
    hits: set[int] = set()
    started = time.monotonic()
    try:
        search_lines(pattern, Lines.of(tokens), False, started + 0.1, hits)
    except TimeoutError:
        assert time.monotonic() > started + 0.1
    else:
        expected = {"(a|aa)+$": {0}, "(?i)(.*)*x": set()}
        assert hits == expected.get(pattern, hits)


def test_an_incomplete_search_says_so(kinds: dict[str, Kind]) -> None:
    found = Vocabulary(kinds["byte-level"].ours).search("e", "regex", seconds=0)
    assert not found.complete


def test_what_is_no_regular_expression_is_refused(kinds: dict[str, Kind]) -> None:
    vocabulary = Vocabulary(kinds["byte-level"].ours)
    for bad in ("(", "[", "a)(b", "*", "x" * 500):
        with pytest.raises(TermformerError, match="regular expression"):
            vocabulary.search(bad, "regex")


def test_regular_expressions_read_bytes_as_text(kinds: dict[str, Kind]) -> None:
    vocabulary = Vocabulary(kinds["byte-level"].ours)
    for pattern in ("^ the$", "^Ġthe$"):
        found = vocabulary.search(pattern, "regex", seconds=60)
        assert "Ġthe" in tokens_of(vocabulary, found)


def test_special_unused_and_longest(kinds: dict[str, Kind]) -> None:
    vocabulary = Vocabulary(kinds["t5"].ours)
    assert [vocabulary.tokens[place] for place in vocabulary.unused_places] == [
        token for token in vocabulary.tokens if token.startswith("<extra_id_")
    ]
    assert "</s>" in [vocabulary.tokens[place] for place in vocabulary.special_places]
    lengths = [len(vocabulary.tokens[place]) for place in vocabulary.longest_places]
    assert lengths == sorted(map(len, vocabulary.tokens), reverse=True)[: len(lengths)]


@pytest.mark.parametrize("far", [9, 10**6])
def test_ids_with_gaps(far: int, tmp_path: Path) -> None:
    vocab = {"a": 0, "b": 2, "<unk>": 3, "c": far}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    tokenizer.add_tokens(["new"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    vocabulary = Vocabulary(read_tokenizer(tmp_path))
    assert dict(zip(vocabulary.tokens, vocabulary.ids, strict=True)) == tokenizer.get_vocab()
    assert vocabulary.ids == sorted(vocabulary.ids)
