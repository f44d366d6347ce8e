"""The Model pane's snippets, run in one fresh interpreter, give exactly what is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import transformers

from core.engine.protocol import (
    ALONE,
    Compare,
    CompareConfigs,
    ConfigsCompared,
    InspectParameter,
    ParameterInspected,
    ReadStructure,
    ReadWeights,
    StructureRead,
    Texts,
    WeightsRead,
)
from core.models.errands import carry_out
from core.models.experiment import compare
from core.models.loading import load_model
from core.random_models import RandomModel
from core.snippets.config import config_code, configs_code
from core.snippets.model import both_code, build_code, load_code, parameter_code, save_code
from tests.core.models import tiny
from tests.core.snippets.interpreter import run_all


def silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def structure(model: str, **options: Any) -> StructureRead:
    reply = carry_out(ReadStructure(1, model, **options), silent)
    assert isinstance(reply, StructureRead)
    return reply


def weights(model: str, **options: Any) -> WeightsRead:
    reply = carry_out(ReadWeights(1, model, **options), silent)
    assert isinstance(reply, WeightsRead)
    return reply


def inspected(read: WeightsRead, parameter: str) -> ParameterInspected:
    errand = InspectParameter(1, read.model, parameter=parameter, head=read.head)
    reply = carry_out(errand, silent)
    assert isinstance(reply, ParameterInspected)
    return reply


def in_half(folder: str, target: Path) -> Path:
    """The same classifier as a checkpoint in float16."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).half()
    model.save_pretrained(target)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(target)
    return target


@pytest.mark.filterwarnings("ignore")
def test_every_snippet_gives_what_is_shown(tiny_classifier: Path, tmp_path: Path) -> None:
    folder = str(tiny_classifier)
    three = RandomModel(folder, 3, {"num_hidden_layers": "3", "hidden_act": "relu"}).name
    small = "random:bert?hidden_size=32&num_attention_heads=4&num_hidden_layers=1&seed=2"
    snippets: list[tuple[str, dict[str, Any]]] = []

    built = [
        structure(folder),
        structure(three),
        structure(folder, head="masked-lm"),
        structure(small),
    ]
    snippets += [
        (build_code(each), {"parameters": each.structure.root.parameters}) for each in built
    ]

    other = str(tiny.distilbert(tmp_path / "other"))
    half = str(in_half(folder, tmp_path / "half"))
    built_half = structure(half)
    snippets.append(
        (
            build_code(built_half) + "dtype, size = str(model.dtype), sum(p.nbytes for p in "
            "model.parameters())\n",
            {"dtype": "torch.float16", "size": built_half.structure.root.bytes},
        )
    )
    loaded = [weights(folder), weights(folder, head="masked-lm"), weights(other, head="base")]
    for read in loaded:
        assert read.report is not None
        keys = {
            "missing_keys": read.report.missing_keys,
            "unexpected_keys": read.report.unexpected_keys,
            "mismatched_keys": [],
        }
        snippets.append((load_code(read), keys))

    for read, name in (
        (loaded[0], "bert.embeddings.word_embeddings.weight"),
        (weights(three), "bert.encoder.layer.2.output.dense.weight"),
        (weights(small), "encoder.layer.0.attention.self.query.weight"),
        (weights(half), "bert.embeddings.word_embeddings.weight"),
    ):
        page = inspected(read, name)
        assert page.figures.histogram is not None
        figures = {
            "mean": page.figures.mean,
            "std": page.figures.std,
            "norm": page.figures.norm,
            "zeros": page.figures.zeros,
            "nan": 0,
            "counts": page.figures.histogram.counts,
        }
        snippets.append((parameter_code(read, page), figures))

    for number, read in enumerate((loaded[0], weights(small))):
        target = str(tmp_path / f'a "saved" {number}')
        snippets.append((save_code(read, target), {"identical": True}))

    plain, changed = structure(folder), structure(three)
    for read in (plain, changed, structure(small)):
        differs = {each.name: json.loads(each.value) for each in read.config.fields if each.differs}
        snippets.append((config_code(read), {"differs": differs}))
    for first, second in ((folder, other), (three, small)):
        compared = carry_out(CompareConfigs(1, first, other=second), silent)
        assert isinstance(compared, ConfigsCompared)
        both = {
            each.name: [json.loads(each.value or "null"), json.loads(each.other or "null")]
            for each in compared.fields
            if each.differs
        }
        snippets.append((configs_code(compared), {"differs": both}))

    for (snippet, shown), (values, printed) in zip(snippets, run_all(snippets), strict=True):
        for name, value in shown.items():
            assert values[name] == (
                pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
            ), (name, snippet)
        assert printed.strip()
        assert all(line.isprintable() for line in snippet.splitlines()), snippet


def test_changes_are_written_as_the_class_knows_them() -> None:
    code = build_code(structure("random:distilbert?hidden_size=96&activation=relu&seed=4"))
    assert 'config = DistilBertConfig(hidden_size=96, activation="relu")\n' in code
    assert "torch.manual_seed(4)\nmodel = DistilBertModel(config)\n" in code
    assert "checkpoint" not in code


@pytest.mark.filterwarnings("ignore")
def test_logits_by_both_are_those_that_are_shown(tiny_classifier: Path, tmp_path: Path) -> None:
    bert = str(tiny_classifier)
    distilbert = str(tiny.distilbert(tmp_path / "distilbert"))
    gpt2 = str(tiny.gpt2(tmp_path / "gpt2"))
    half = str(in_half(distilbert, tmp_path / "half"))
    sentences: list[Texts] = [("I hate this.", None), ("A question?", "An answer.")]
    snippets: list[tuple[str, dict[str, Any]]] = []
    shown = []
    for folder, twin, end_pads, token_types in (
        (bert, RandomModel(bert, 3), False, True),
        (bert, RandomModel(bert, 0, {"num_hidden_layers": "1"}), False, True),
        (distilbert, RandomModel(distilbert, 1), False, False),
        (gpt2, RandomModel(gpt2, 2), True, True),
        (half, RandomModel(half, 1), False, False),
    ):
        name = twin.name
        code = both_code(
            name,
            structure(name),
            folder,
            sentences,
            end_pads=end_pads,
            token_types=token_types,
        )
        snippets.append((code, {"results": None}))
        logits = {}
        for key, model in (("checkpoint", folder), ("random", name)):
            loaded = load_model(model, silent)
            asked = Compare(0, model, sentences=sentences, arrangements=(ALONE,))
            logits[key] = [row.logits for row in compare(asked, loaded).results[0].rows]
        shown.append(logits)
    ran = run_all(snippets)
    for expected, (values, _) in zip(shown, ran, strict=True):
        for key, rows in expected.items():
            for ours, theirs in zip(rows, values["results"][key], strict=True):
                assert theirs == pytest.approx(ours, abs=1e-5)
