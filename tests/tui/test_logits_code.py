"""The Python of every view of Logits and Pipeline, run, gives what the view shows."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.core.models import tiny
from tests.tui.conftest import OpenApp, until
from tests.tui.logits import COURSE, know_tokenizer, opened, pane_of, results, settled
from tests.tui.test_attention import shown
from tui.panes.logits.attention import AttentionView
from tui.panes.logits.dimension import DimensionView
from tui.panes.logits.weights import WeightsView
from tui.panes.pipeline import PipelinePane
from tui.widgets.pane import Pane


def run(pane: Pane) -> dict[str, Any]:
    """What the pane's code ends with."""
    code = pane.code()
    assert code is not None
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code.python, code.title, "exec"), names)
    return names


def exported(pane: Pane) -> dict[str, Any]:
    """What each of the pane's exports writes, parsed."""
    found: dict[str, Any] = {}
    for export in pane.exports():
        made = export.make()
        text = made.decode() if isinstance(made, bytes) else made
        found[export.suffix] = (
            json.loads(text) if export.suffix == "json" else list(csv.DictReader(io.StringIO(text)))
        )
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["distilbert", "roberta", "gpt2"])
async def test_the_python_of_the_experiment_gives_its_numbers(
    open_app: OpenApp, private_folders: Path, tmp_path: Path, kind: str
) -> None:
    folder = getattr(tiny, kind)(tmp_path / kind)
    text = "I love it!\nwaiting for it\tI"
    async with opened(open_app, folder, text=text) as pilot:
        await pilot.press("escape", "s", "plus", "plus", "b", "f")
        await until(lambda: settled(pilot), pilot, seconds=120)
        pane = pane_of(pilot)
        names = run(pane)
        rows = pane.rows
        for place, figures in enumerate(rows[0].figures):
            if figures.problem:
                continue
            found = names["results"][figures.step.name.strip()]
            within = 1e-2 if figures.step.extra == "bfloat16" else 1e-5
            for row, shown_row in enumerate(rows):
                result = shown_row.figures[place].result
                assert result is not None
                assert found[row].tolist() == pytest.approx(result.logits, abs=within)
        files = exported(pane)
        assert len(files["csv"]) == sum(
            each.result is not None for row in rows for each in row.figures
        )
        first = files["csv"][0]
        assert first["step"] == "alone"
        logits = [float(value) for name, value in first.items() if name.startswith("logit ")]
        assert logits == results(rows[0])[0].logits
        assert files["json"]["results"][0]["rows"][0]["logits"] == pytest.approx(logits)


@pytest.mark.slow
async def test_the_python_of_attention_of_the_mistake_and_of_the_pipeline(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path
) -> None:
    know_tokenizer(tiny_classifier)
    async with opened(open_app, tiny_classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        pane = pane_of(pilot)
        await pilot.press("escape", "a")
        view = await shown(pilot, AttentionView)
        shares = run(pane)["shares"]
        for row, found in enumerate(view.answer.results[0].rows):
            assert shares[row].tolist() == [pytest.approx(each, abs=1e-5) for each in found.padding]
        lines = exported(pane)["csv"]
        assert len(lines) == 2 * 2 * 2 * 4
        await pilot.press("enter")
        weights = await shown(pilot, WeightsView)
        found = run(pane)["weights"].tolist()
        for ours, theirs in zip(weights.answer.weights, found, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-5)
        assert len(exported(pane)["csv"]) == 16
        await pilot.press("d")
        view = await shown(pilot, DimensionView)
        names = run(pane)
        assert names["raised"] == view.answer.exception
        assert names["logits"].tolist()[0] == pytest.approx(view.answer.logits[0], abs=1e-5)

        await check_pipeline(pilot)


async def check_pipeline(pilot: Pilot[None]) -> None:
    await pilot.press("f4")
    pipeline = pilot.app.query_one(PipelinePane)
    await until(lambda: pipeline.texts.settled, pilot)
    names = run(pipeline)
    for item, said, row in zip(
        pipeline.texts.items, names["said"], names["predictions"].tolist(), strict=True
    ):
        assert item.classified is not None
        assert said["label"] == item.classified.label
        assert said["score"] == pytest.approx(item.classified.score, abs=1e-5)
        assert row == pytest.approx(item.classified.probabilities, abs=1e-5)
    files = exported(pipeline)
    assert [row["text"] for row in files["csv"]] == COURSE.splitlines()
    assert files["json"]["rows"][1]["label"] == names["said"][1]["label"]
