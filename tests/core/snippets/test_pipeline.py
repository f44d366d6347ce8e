"""The Pipeline pane's snippets, run in one fresh interpreter, give exactly what is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import transformers

from core.engine.protocol import Classified, Classify, PipelineRan, RowsClassified, RunPipeline
from core.models.classify import classify
from core.models.loading import LoadedModel, load_model
from core.models.pipeline import run_pipeline
from core.random_models import RandomModel
from core.snippets.loading import Checkpoint
from core.snippets.pipeline import file_code, stages_code
from core.text.lines import LineReader
from core.text.sentences import parse_sentence
from tests.core.models import heads, tiny
from tests.core.snippets.interpreter import run_all

ODD = (
    b"\xef\xbb\xbfA question?\tAn answer.\r\n\r\n"
    b"one\x0cline\x0bis \xe2\x80\xa8this\n \t \na \xff byte\n\tno text\nno pair\t\nthe end"
)


def load(name: str) -> LoadedModel:
    return load_model(name, lambda *_: None)


def in_half(folder: Path, target: Path) -> Path:
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    return tiny.save(model.half(), target)


def classified(loaded: LoadedModel, file: Path) -> list[Classified]:
    """What the app makes of the lines of `file`, in their order."""
    with file.open("rb") as opened:
        lines = [line for block in LineReader(opened).whole_lines() for line in block.sentences]
    sentences = [(each.text, each.text_pair) for each in map(parse_sentence, lines)]
    found: dict[int, Classified] = {}

    def say(reply: RowsClassified) -> None:
        found.update(zip(reply.indices, reply.rows, strict=True))

    classify(Classify(0, "", sentences=sentences), loaded, say, lambda: None)
    return [found[place] for place in range(len(sentences))]


@pytest.mark.filterwarnings("ignore")
def test_a_files_lines_are_the_apps_lines(tiny_classifier: Path, tmp_path: Path) -> None:
    odd, plain = tmp_path / 'odd "lines".txt', tmp_path / "plain.txt"
    odd.write_bytes(ODD)
    plain.write_text("\n".join(["short", "long " * 40, "a text of a few words"]) * 12)
    gpt2, roberta = tiny.gpt2(tmp_path / "gpt2"), tiny.roberta(tmp_path / "roberta")
    half = in_half(tiny_classifier, tmp_path / "half")
    numbers = heads.sequences(tmp_path / "numbers", 2, "regression")
    twin = RandomModel(str(tiny_classifier), 5, {"num_hidden_layers": "1"})
    cases: list[tuple[str, Path, dict[str, Any]]] = [
        (str(tiny_classifier), odd, {"pairs": True}),
        (twin.name, odd, {"pairs": True}),
        (str(half), plain, {}),
        (str(gpt2), odd, {"pairs": True, "end_pads": True, "longest": 64}),
        # Neither these tokenizers nor the files know the model's limit.
        (str(gpt2), plain, {"end_pads": True, "longest": 64}),
        (str(roberta), plain, {"longest": 32, "most": 3}),
        (str(numbers), odd, {"pairs": True, "several": True}),
    ]
    shown, snippets = [], []
    for name, file, options in cases:
        checkpoint = Checkpoint(twin.base, twin=twin) if name == twin.name else Checkpoint(name)
        shown.append(classified(load(name), file)[: options.get("most")])
        snippets.append((file_code(checkpoint, str(file), **options), ("said",)))
    for case, rows, (values, printed) in zip(cases, shown, run_all(snippets), strict=True):
        assert len(rows) == len(values["said"]), case
        assert printed.strip()
        for row, said in zip(rows, values["said"], strict=True):
            if case[2].get("several"):
                scores = {each["label"]: each["score"] for each in said}
                assert [*dict(sorted(scores.items())).values()] == pytest.approx(
                    row.logits, abs=1e-5
                ), case
            else:
                assert said["label"] == row.label, case
                assert said["score"] == pytest.approx(row.score, abs=1e-5), case


@pytest.mark.filterwarnings("ignore")
def test_stages_of_weights_as_they_are_run(tiny_classifier: Path, tmp_path: Path) -> None:
    half = in_half(tiny_classifier, tmp_path / "half")
    twin = RandomModel(str(tiny_classifier), 7)
    texts = [("I hate this.", None), ("A question?", "An answer, and a long one.")]
    shown: list[PipelineRan] = []
    snippets = []
    for name, checkpoint in (
        (str(half), Checkpoint(str(half))),
        (twin.name, Checkpoint(twin.base, twin=twin)),
    ):
        loaded = load(name)
        shown.append(run_pipeline(RunPipeline(0, "", texts), loaded))
        code = stages_code(checkpoint, "text-classification", "softmax", texts)
        snippets.append((code, ("predictions", "said")))
    for ran, (values, _) in zip(shown, run_all(snippets), strict=True):
        for row, shares, said in zip(ran.rows, values["predictions"], values["said"], strict=True):
            assert row.classified is not None
            assert shares == pytest.approx(row.classified.probabilities, abs=1e-5)
            assert said["score"] == pytest.approx(row.classified.score, abs=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_a_text_without_a_mask_is_left_to_the_others(tmp_path: Path) -> None:
    folder = str(heads.masked(tmp_path / "masked"))
    texts = [("I [MASK] this!", None), ("Nothing is hidden here.", None)]
    ran = run_pipeline(RunPipeline(0, "", texts), load(folder))
    code = stages_code(Checkpoint(folder), "fill-mask", "softmax", texts)
    [(values, _)] = run_all([(code, ("said",))])
    first, second = values["said"]
    [mask] = ran.rows[0].masks
    assert [each["token_str"] for each in first] == [each.label for each in mask.candidates]
    assert second == ran.rows[1].masks == []
