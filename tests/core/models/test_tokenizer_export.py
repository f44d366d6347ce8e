"""What is exported encodes every text as `AutoTokenizer` does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, BertTokenizer

from core.checkpoints import (
    MINI_BASE,
    exported_tokenizer_folder,
    locate,
    packaged_encoder,
    tokenizer_cache,
    tokenizer_folder,
)
from core.errors import ModelError
from core.models.checkpoint import resolve
from core.models.tokenizer_export import export_tokenizer, load_tokenizer
from core.text.sentences import Sentence
from core.text.tokenizer import read_tokenizer

TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "I love",
                "hugging",
                "Face!",
                "Ünïcödé",
                "漢字",
                "[SEP]",
                "[PAD]",
                "<mask>",
                "'ve",
                "don't",
                "U.S.A.",
                "1,000.50",
                "¿",
                " ",
                "\t",
                "\x00",
                "\u200f",
                "e\u0301",
                "👩🏽\u200d💻",
                "x" * 120,
            ]
        ),
        max_size=8,
    ).map(" ".join),
)


def bert(lower: bool, *, own_file: bool) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        package = packaged_encoder()
        assert package is not None
        shutil.copy(package / "vocab.txt", folder)
        (folder / "config.json").write_text('{"model_type": "bert"}')
        config = {"do_lower_case": lower, "model_max_length": 512}
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        if own_file:  # uncased, whatever tokenizer_config.json says
            shutil.copy(package / "tokenizer.json", folder)

    return make


def byte_level(folder: Path) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(["I love hugging face!", "I've been waiting for it."], trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text('{"model_type": "roberta"}')
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "RobertaTokenizer", "model_max_length": 512})
    )


FOLDERS: dict[str, Callable[[Path], None]] = {
    "uncased": bert(lower=True, own_file=False),
    "cased": bert(lower=False, own_file=False),
    "uncased with its own file": bert(lower=True, own_file=True),
    "cased with an uncased file": bert(lower=False, own_file=True),
    "byte-level": byte_level,
}


@pytest.fixture(scope="module", params=FOLDERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tokenizer")
    FOLDERS[request.param](made)
    return made


@pytest.fixture(scope="module")
def pair(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tokenizer, Any, dict[str, Any]]:
    """The exported tokenizer, `AutoTokenizer`'s, and the exported `tokenizer_config.json`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERMFORMER_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        exported = export_tokenizer(folder)
    backend = Tokenizer.from_file(str(exported / "tokenizer.json"))
    backend.no_padding()
    backend.no_truncation()
    config = json.loads((exported / "tokenizer_config.json").read_text())
    return backend, AutoTokenizer.from_pretrained(folder), config


@given(text=TEXTS, other=st.none() | TEXTS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_encodes_as_auto_tokenizer(
    pair: tuple[Tokenizer, Any, dict[str, Any]], text: str, other: str | None
) -> None:
    exported, auto, _ = pair
    ours = exported.encode(text, other)
    theirs = auto(  # as a batch of one: a single call takes an empty pair for none
        [text],
        None if other is None else [other],
        return_token_type_ids=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    assert ours.ids == theirs.input_ids[0]
    assert ours.type_ids == theirs.token_type_ids[0]
    assert ours.attention_mask == theirs.attention_mask[0]
    assert ours.special_tokens_mask == theirs.special_tokens_mask[0]
    assert ours.offsets == theirs.offset_mapping[0]


def test_the_config_says_how_to_pad(pair: tuple[Tokenizer, Any, dict[str, Any]]) -> None:
    exported, auto, config = pair
    assert config["pad_token"] == auto.pad_token
    assert exported.token_to_id(config["pad_token"]) == auto.pad_token_id
    assert config.get("padding_side", "right") == auto.padding_side
    assert config["model_max_length"] == auto.model_max_length


def test_the_light_half_finds_it_again(tmp_path: Path) -> None:
    bert(lower=False, own_file=True)(tmp_path)
    assert exported_tokenizer_folder(tmp_path) is None

    exported = export_tokenizer(tmp_path)

    assert exported == tokenizer_cache(tmp_path)
    assert exported_tokenizer_folder(tmp_path) == exported
    assert tokenizer_folder(str(tmp_path)) == exported
    inode = exported.stat().st_ino
    assert export_tokenizer(tmp_path).stat().st_ino == inode
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    assert exported_tokenizer_folder(tmp_path) is None


def test_a_folder_that_needs_no_export_is_left_where_it_is(tiny_classifier: Path) -> None:
    assert exported_tokenizer_folder(tiny_classifier) is None
    assert export_tokenizer(tiny_classifier) == tiny_classifier
    assert exported_tokenizer_folder(tiny_classifier) == tiny_classifier


def test_the_packaged_tokenizer_is_known_before_anything_is_assembled() -> None:
    package = packaged_encoder()
    assert package is not None
    assert tokenizer_folder("mini") == tokenizer_folder(MINI_BASE) == package
    auto = AutoTokenizer.from_pretrained(package)
    own = Tokenizer.from_file(str(package / "tokenizer.json"))
    for backend in (own, auto.backend_tokenizer):
        backend.no_padding()
        backend.no_truncation()
    assert own.to_str() == auto.backend_tokenizer.to_str()
    assembled = AutoTokenizer.from_pretrained(resolve(MINI_BASE)).backend_tokenizer
    assert assembled.to_str() == own.to_str()


SAMPLES = ["I've been waiting!", "Ünïcödé 漢字", "[SEP] x", "", "a\u200fb\tc", "x" * 120]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("file", ["tokenizer.json", "vocab.txt"])
def test_a_tokenizer_without_a_model(tmp_path: Path, file: str, alone: bool) -> None:
    package = packaged_encoder()
    assert package is not None
    place = Path(shutil.copy(package / file, tmp_path))
    if file == "vocab.txt":
        auto = BertTokenizer.from_pretrained(tmp_path)
    else:
        auto = AutoTokenizer.from_pretrained(tmp_path)
    name = str(place if alone else tmp_path)
    assert (locate(name).kind, tokenizer_folder(name)) == ("tokenizer", None)

    exported = export_tokenizer(resolve(name, weights=False), name)

    assert tokenizer_folder(name) == exported
    ours = read_tokenizer(exported)
    for text in SAMPLES:
        encoding = ours.encode(Sentence(text, "Hi"))
        theirs = auto([text], ["Hi"], return_offsets_mapping=True)
        assert list(encoding.input_ids) == theirs.input_ids[0]
        assert list(encoding.offset_mapping) == theirs.offset_mapping[0]
    assert ours.padding is not None
    assert ours.padding.token == auto.pad_token
    again = AutoTokenizer.from_pretrained(exported)
    assert again(SAMPLES)["input_ids"] == auto(SAMPLES)["input_ids"]
    with pytest.raises(ModelError, match="is a tokenizer without a model"):
        resolve(name)
    place.write_bytes(place.read_bytes() + b"\n")
    assert tokenizer_folder(name) is None


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("tokenizer.json", b"{}"),
        ("config.json", b"{"),
        ("vocab.txt", b"a\nb"),
        ("vocab.txt", b"\xff"),
    ],
)
def test_files_that_are_no_tokenizers(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    name = str(tmp_path / file)
    with pytest.raises(ModelError) as raised:
        export_tokenizer(resolve(name, weights=False), name)
    assert raised.value.kind == "corrupt"
    assert str(raised.value).count("\n") == 0


@pytest.mark.parametrize(
    ("file", "content", "kind"),
    [
        ("tokenizer.json", b"{", "corrupt"),
        ("tokenizer.json", b"", "corrupt"),
        ("tokenizer_config.json", b"\xff\x00", "corrupt"),
        ("tokenizer.json", None, "no_tokenizer"),
    ],
)
def test_damaged_tokenizers(
    tiny_classifier: Path, tmp_path: Path, file: str, content: bytes | None, kind: str
) -> None:
    folder = shutil.copytree(tiny_classifier, tmp_path / "damaged")
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(ModelError) as raised:
        load_tokenizer(folder, "damaged")
    assert raised.value.kind == kind
    assert "damaged" in str(raised.value)


def test_code_in_a_repository_is_never_run(tmp_path: Path) -> None:
    bert(lower=True, own_file=False)(tmp_path)
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')")
    (tmp_path / "config.json").write_text(
        json.dumps(
            {"model_type": "evil", "auto_map": {"AutoConfig": "evil.C", "AutoTokenizer": "evil.T"}}
        )
    )
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"auto_map": {"AutoTokenizer": ["evil.T", "evil.T"]}})
    )
    with pytest.raises(ModelError) as raised:
        load_tokenizer(tmp_path, "evil/model")
    assert raised.value.kind == "remote_code"
