"""The Python of every view of Logits, run apart, gives what the view shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import transformers
from msgspec import structs
from textual.pilot import Pilot
from textual.widgets import Input

from core.checkpoints import embedded_folder
from core.engine.protocol import UNMASKED, ModelInfo
from core.random_models import RandomModel
from tests.core.models import tiny
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.logits import (
    COURSE,
    bench_of,
    know_tokenizer,
    opened,
    pane_of,
    results,
    settled,
)
from tests.tui.snippets import PAIR, Snippets, close, exported
from tests.tui.test_attention import compared, shown
from tui.panes.logits.attention import AttentionView
from tui.panes.logits.beside import BesideView
from tui.panes.logits.dimension import DimensionView
from tui.panes.logits.given import GivenView
from tui.panes.logits.weights import WeightsView
from tui.sources import checkpoint_of


def the_experiment(pilot: Pilot[None], snippets: Snippets) -> str:
    """Every step of every sentence, as the table shows it."""
    rows = pane_of(pilot).rows
    steps = {
        figures.step.name.strip(): (
            [results(row)[place].logits for row in rows],
            # Two units in the last place of numbers up to 8.
            2**-4 if figures.step.extra == "bfloat16" else 1e-5,
        )
        for place, figures in enumerate(rows[0].figures)
        if not figures.problem
    }

    def check(values: dict[str, Any]) -> None:
        for name, (logits, within) in steps.items():
            close(logits, values["results"][name], within)

    return snippets.add(pane_of(pilot), ("results",), check)


async def add_what_is_given(
    pilot: Pilot[None], snippets: Snippets, *, withheld: bool = False
) -> None:
    """Every tensor of the current input in every step, as the view shows it."""
    await pilot.press("g")
    await until(lambda: pane_of(pilot).exports(), pilot)
    assert ("made, but not passed on" in screen_text(pilot)) == withheld
    pane = pane_of(pilot)
    [file] = pane.exports()
    answer = json.loads(file.make())
    place = pilot.app.query_one(GivenView).scene.row
    shown_rows: list[dict[str, Any]] = []
    for arranged in answer["results"]:
        if arranged["rows"]:
            row = arranged["rows"][place]
            names = ["input_ids", "token_type_ids", "attention_mask", "position_ids"]
            if not arranged["arrangement"].get("mask", True):
                names.remove("attention_mask")
            shown_rows.append({name: row[name] for name in names if row.get(name) is not None})

    def check(values: dict[str, Any]) -> None:
        assert list(values["given"].values()) == shown_rows

    code = snippets.add(pane, ("given",), check)
    assert "position_ids" in code
    await pilot.press("escape")


async def change(pilot: Pilot[None], model: Path | str, text: str) -> None:
    """Another text by another model, whose numbers are all there at the end."""
    bench = bench_of(pilot)
    bench.choose_model(str(model))
    await until(lambda: bench.model.info and bench.model.info.name == str(model), pilot)
    bench.editor.load_text(text)
    pane = pane_of(pilot)
    await until(
        lambda: settled(pilot) and pane.answer and pane.answer.model.name == str(model), pilot
    )


async def add_the_mistake(pilot: Pilot[None], snippets: Snippets) -> None:
    """A tensor without a batch dimension, by whatever it raises."""
    await pilot.press("d")
    view = await shown(pilot, DimensionView)
    answer = view.answer

    def check(values: dict[str, Any]) -> None:
        assert values.get("raised") == answer.exception
        close(answer.logits, values["logits"])

    snippets.add(pane_of(pilot), ("raised", "logits"), check)
    await pilot.press("escape")


async def add_attention(pilot: Pilot[None], snippets: Snippets) -> None:
    """The shares on padding of each head, and one head's weights without the mask and with it."""
    pane = pane_of(pilot)
    await pilot.press("a")
    view = await shown(pilot, AttentionView)
    unmasked = next(each for each in view.answer.results if each.arrangement == UNMASKED)
    shares = [row.padding for row in unmasked.rows]
    snippets.add(pane, ("shares",), lambda values: close(shares, values["shares"]))
    assert len(exported(pane)["csv"]) == 2 * 2 * 2 * 4
    await pilot.press("down", "right", "enter")
    for _ in range(2):
        weights = (await shown(pilot, WeightsView)).answer.weights
        snippets.add(
            pane, ("weights",), lambda values, shown_=weights: close(shown_, values["weights"])
        )
        assert len(exported(pane)["csv"]) == len(weights)
        await pilot.press("m")
    await pilot.press("escape", "escape")


async def add_a_second(pilot: Pilot[None], second: Path | str, snippets: Snippets) -> None:
    """The model in force beside `second`."""
    await pilot.press("t")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = str(second)
    await pilot.press("enter")
    view = pilot.app.query_one(BesideView)
    await until(lambda: compared(view), pilot)
    answers = [each.answer for each in view.inquiries]
    assert all(answers)
    logits = {each.model.name: [row.logits for row in each.results[0].rows] for each in answers}

    def check(values: dict[str, Any]) -> None:
        for name, rows in logits.items():
            close(rows, values["logits"][name])

    snippets.add(pane_of(pilot), ("logits",), check)
    await pilot.press("escape")


def in_half(folder: Path, target: Path) -> Path:
    """The same weights in float16."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    return tiny.save(model.half(), target)


@pytest.mark.slow
async def test_the_python_of_logits_gives_its_numbers(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path, tmp_path: Path
) -> None:
    bert = tiny_classifier
    distilbert = tiny.distilbert(tmp_path / "distilbert")
    roberta, gpt2 = tiny.roberta(tmp_path / "roberta"), tiny.gpt2(tmp_path / "gpt2")
    for folder in (bert, distilbert):
        know_tokenizer(folder)
    snippets = Snippets()
    async with opened(open_app, bert, text=COURSE, size=(120, 40)) as pilot:
        await until(lambda: settled(pilot), pilot)
        await pilot.press("escape")
        await add_attention(pilot, snippets)
        await add_the_mistake(pilot, snippets)

        # Every step of the experiment, on pairs, by models that differ in what they take.
        await pilot.press("s", "plus", "plus", "b", "f")
        for model in (bert, distilbert, roberta, gpt2):
            await change(pilot, model, PAIR)
            code = the_experiment(pilot, snippets)
            await add_what_is_given(pilot, snippets, withheld=model == distilbert)
            await add_the_mistake(pilot, snippets)
            if model == distilbert:
                assert "return_token_type_ids=False" in code
                await add_attention(pilot, snippets)
                await add_a_second(pilot, bert, snippets)
            else:
                assert "token_type_ids" not in code
        check_files(pilot)
        await add_a_second(pilot, distilbert, snippets)

        # Random weights, and weights that are kept in another dtype than they are run in.
        for model in (RandomModel(str(bert), 3).name, in_half(bert, tmp_path / "half")):
            await change(pilot, model, PAIR)
            code = the_experiment(pilot, snippets)
            assert ("manual_seed(3)" in code) == (model != tmp_path / "half")
            await add_attention(pilot, snippets)
            await add_the_mistake(pilot, snippets)
        await add_a_second(pilot, RandomModel(str(tmp_path / "half")).name, snippets)

        # Ids as they are typed: no tokenizer is asked for more than padding.
        await pilot.press("x")
        await change(pilot, distilbert, "[[200, 200, 200], [200, 200]]")
        the_experiment(pilot, snippets)
        await add_what_is_given(pilot, snippets)
        await add_attention(pilot, snippets)
        await add_the_mistake(pilot, snippets)
        await add_a_second(pilot, bert, snippets)
    snippets.run()


def check_files(pilot: Pilot[None]) -> None:
    """The experiment's files hold what its table shows."""
    rows, files = pane_of(pilot).rows, exported(pane_of(pilot))
    answered = [each.result for row in rows for each in row.figures if each.result is not None]
    assert len(files["csv"]) == len(answered)
    first = files["csv"][0]
    assert first["step"] == "alone"
    logits = [float(value) for name, value in first.items() if name.startswith("logit ")]
    assert logits == answered[0].logits
    assert files["json"]["results"][0]["rows"][0]["logits"] == pytest.approx(logits)


def test_a_random_models_config_is_where_its_name_says(tmp_path: Path) -> None:
    model = RandomModel("mini", 2, {"hidden_act": "relu"}).name
    # Its tokenizer is read where the encoder without a head is put together.
    info = ModelInfo(model, str(embedded_folder("mini-base")), "", "", 0, [], None, None, "right")
    found = checkpoint_of(info)
    assert found.name == str(embedded_folder("mini"))
    assert found.twin == RandomModel("mini", 2, {"hidden_act": "relu"})
    assert "random, as torch.manual_seed(2)" in found.note
    info = structs.replace(info, name="random:owner/name")
    assert checkpoint_of(info).name == "owner/name"
    info = structs.replace(info, name=f"random:{tmp_path}")
    assert checkpoint_of(info).name == str(tmp_path)
