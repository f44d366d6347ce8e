"""The Python of the Pipeline pane, run apart, gives what the pane shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from core.random_models import RandomModel
from tests.core.models import heads, tiny
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.logits import COURSE, bench_of, know_tokenizer
from tests.tui.snippets import PAIR, Snippets, close, exported
from tui.panes.pipeline import PipelinePane


async def classify_file(
    pilot: Pilot[None], model: Path | str, file: Path, snippets: Snippets
) -> None:
    """The lines of `file` by `model`, which is chosen for it."""
    pane, bench = pipeline_of(pilot), bench_of(pilot)
    bench.choose_model(str(model))
    await until(lambda: bench.model.info.name == str(model), pilot)
    await pilot.press("escape", "f")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = str(file)
    await pilot.press("enter")
    await until(lambda: pane.many and pane.many.info is bench.model.info, pilot)
    await until(lambda: pane.many and pane.many.state == "done", pilot)
    assert pane.many is not None
    items = [item.classified for item in pane.many.items]

    def check(values: dict[str, Any]) -> None:
        for item, said in zip(items, values["said"], strict=True):
            assert item is not None
            assert item.label == said["label"]
            close(item.score, said["score"])

    snippets.add(pane, ("said",), check)


def pipeline_of(pilot: Pilot[None]) -> PipelinePane:
    return pilot.app.query_one(PipelinePane)


def add_the_stages(pilot: Pilot[None], snippets: Snippets) -> str:
    """All three stages, and what `pipeline` says at the end."""
    pane = pipeline_of(pilot)
    ran, rows = pane.texts.ran, [item.row for item in pane.texts.items]
    assert ran is not None
    assert None not in rows

    def check(values: dict[str, Any]) -> None:
        inputs, predictions, said = values["inputs"], values["predictions"], values["said"]
        assert ran.shape == values["shape"]
        for place, row in enumerate(rows):
            assert row is not None
            given = row.preprocessed
            assert given.input_ids == inputs["input_ids"][place]
            assert given.attention_mask == inputs["attention_mask"][place]
            assert given.token_type_ids == inputs.get("token_type_ids", [None] * 9)[place]
            if row.classified:
                close(row.classified.logits, values["logits"][place])
                close(row.classified.probabilities, predictions[place])
                assert row.classified.label == said[place]["label"]
                close(row.classified.score, said[place]["score"])
            for label, best in zip(row.token_labels, predictions[place], strict=False):
                close(label.score, best[0])
            spans = [(each.label, each.start, each.end) for each in row.entities]
            if ran.task == "token-classification":
                assert spans == [(e["entity_group"], e["start"], e["end"]) for e in said[place]]
            for number, mask in enumerate(row.masks):
                theirs = said[place][number] if len(row.masks) > 1 else said[place]
                assert [each.label for each in mask.candidates] == [e["token_str"] for e in theirs]
                close([e.score for e in mask.candidates], predictions[place][mask.position])

    names = ("inputs", "logits", "predictions", "said", "shape")
    code = snippets.add(pane, names, check)
    added = "inputs, logits, shape = dict(inputs), outputs.logits, list(outputs.logits.shape)\n"
    if ran.task != "text-classification":
        # For each token 30,522 numbers would be millions; the best ones are what is shown.
        added += "logits, predictions = [], predictions.topk(min(5, shape[-1])).values\n"
    snippets.snippets[-1] = (code + added, names)
    return code


@pytest.mark.slow
async def test_the_python_of_the_pipeline_gives_its_numbers(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path, tmp_path: Path
) -> None:
    models: dict[str, Path | str] = {
        "sentiment": tiny_classifier,
        "no types": tiny.distilbert(tmp_path / "distilbert"),
        "no padding": tiny.gpt2(tmp_path / "gpt2"),
        "several": heads.sequences(tmp_path / "several", 3, "multi_label_classification"),
        "a number": heads.sequences(tmp_path / "number", 1, "regression"),
        "entities": heads.tokens(tmp_path / "tokens"),
        "masks": heads.masked(tmp_path / "masked"),
        "random": RandomModel(str(tiny_classifier), 4).name,
    }
    texts = {
        "entities": COURSE,
        "masks": "I [MASK] this!\nNo mask.\n[MASK] and [MASK], so [MASK].",
    }
    for name, folder in models.items():
        if name not in {"no padding", "random"}:
            know_tokenizer(Path(folder))
    file = tmp_path / "reviews.txt"
    file.write_bytes(b"A bad \xff one.\n\nA good one,\ta very good one!\n")
    snippets = Snippets()
    async with open_app(pane="pipeline", model=str(tiny_classifier), text=COURSE) as pilot:
        pane, bench = pipeline_of(pilot), bench_of(pilot)
        for name, folder in models.items():
            bench.choose_model(str(folder))
            bench.editor.load_text(texts.get(name, PAIR))
            await until(
                lambda folder=folder: (
                    pane.texts.ran
                    and pane.texts.ran.model.name == str(folder)
                    and pane.texts.settled
                ),
                pilot,
            )
            code = add_the_stages(pilot, snippets)
            assert ("return_token_type_ids=False" in code) == (name == "no types")
            await pilot.pause()
            assert ("made, but not passed on" in screen_text(pilot)) == (name == "no types")
            assert exported(pane)["json"]["rows"]

        for name in ("no types", "no padding"):
            await classify_file(pilot, models[name], file, snippets)
            texts_written = [row["text"] for row in exported(pane)["csv"]]
            assert texts_written == ["A bad \ufffd one.", "A good one,\ta very good one!"]
    snippets.run()
