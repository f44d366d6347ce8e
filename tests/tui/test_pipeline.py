"""The Pipeline pane on a real engine: stages, other heads, and files of many lines."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.core.models import tiny
from tests.tui.conftest import OpenApp, screen_text, until
from tests.tui.logits import COURSE, know_tokenizer
from tests.tui.training import Held
from tui.panes.pipeline import PipelinePane, many

CONFIG: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "initializer_range": 0.4,
}


def pane_of(pilot: Pilot[None]) -> PipelinePane:
    return pilot.app.query_one(PipelinePane)


def settled(pilot: Pilot[None]) -> bool:
    return pane_of(pilot).texts.settled


def painted(pilot: Pilot[None], widget: str) -> list[str]:
    found = pilot.app.query_one(widget)
    return [found.render_line(y).text.rstrip() for y in range(found.size.height)]


def words_of(pilot: Pilot[None]) -> str:
    """What is on the screen, without regard to where its lines break."""
    return " ".join(screen_text(pilot).split())


def made(folder: Path, architecture: str, **config: Any) -> Path:
    """A tiny checkpoint with random weights, its tokenizer known from an earlier start."""
    torch.manual_seed(1)
    model = getattr(transformers, architecture)(transformers.BertConfig(**CONFIG, **config))
    tiny.save(model, folder)
    know_tokenizer(folder)
    return folder


@pytest.mark.slow
async def test_three_stages_and_transformers_word_on_them(
    open_app: OpenApp, tiny_classifier: Path, private_folders: Path
) -> None:
    know_tokenizer(tiny_classifier)
    theirs = transformers.pipeline("sentiment-analysis", model=str(tiny_classifier))
    said = theirs(COURSE.splitlines())
    async with open_app(pane="pipeline", model=str(tiny_classifier), text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        pane = pane_of(pilot)
        for item, each in zip(pane.texts.items, said, strict=True):
            assert item.classified is not None
            assert item.classified.label == each["label"]
            assert item.classified.score == pytest.approx(each["score"], abs=1e-5)
        screen = screen_text(pilot)
        for stage in ("1 preprocess", "2 forward", "3 postprocess"):
            assert stage in screen
        assert "shape [2, 2]" in screen
        assert "input_ids          101 1045 1005" in screen
        assert "✓ transformers' pipeline agrees on all 2" in screen
        label, score = said[0]["label"], said[0]["score"]
        assert f'✓ pipeline("sentiment-analysis") says {label} {score:.4f}: the same' in screen
        table = painted(pilot, "#pipeline-texts")
        assert table[1].startswith("  2 I hate this so much!")
        assert f"{said[1]['label']}  " in table[1]

        await pilot.press("escape", "s")
        by_score = sorted(range(2), key=lambda row: -said[row]["score"])
        table = painted(pilot, "#pipeline-texts")
        assert [row.lstrip("› ")[0] for row in table] == [str(row + 1) for row in by_score]
        assert "highest score first" in screen_text(pilot)
        assert "? least certain" in screen_text(pilot)
        await pilot.press("right", "right")
        assert "[CLS]" not in painted(pilot, "#pipeline-stages")[1]

        # A key dims what is no longer of the text, and only that.
        bench = pilot.app.bench  # type: ignore[attr-defined]
        bench.editor.move_cursor((1, 0))
        bench.editor.insert("So ")
        assert [item.holds for item in pane.texts.items] == [True, False]
        await until(lambda: settled(pilot), pilot)
        for size in ((200, 60), (120, 40), (40, 12), (20, 9), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        os.kill(bench.engine.pid, signal.SIGKILL)
        bench.editor.insert("x")
        await until(lambda: "was killed (SIGKILL)" in words_of(pilot), pilot)
        await until(lambda: "It is being started again" in words_of(pilot), pilot)
        assert "engine ended" in screen_text(pilot).splitlines()[0]
        await until(lambda: settled(pilot), pilot)
        await until(lambda: "M parameters" in screen_text(pilot).splitlines()[0], pilot)
        assert "killed" not in screen_text(pilot)
        assert bench.editor.text.splitlines()[1].startswith("So x")


@pytest.mark.slow
async def test_a_file_is_classified_cancelled_and_run_again(
    open_app: OpenApp,
    tiny_classifier: Path,
    private_folders: Path,
    tmp_path: Path,
    engine_gate: asyncio.Event,
) -> None:
    know_tokenizer(tiny_classifier)
    file = tmp_path / "reviews.txt"
    lines = [f"The film number {n} was {'dull' * (n % 7)} and {n}." for n in range(8_000)]
    file.write_text("\n\n".join(lines), encoding="utf-8")
    async with open_app(pane="pipeline", model=str(tiny_classifier), text=COURSE) as pilot:
        pane = pane_of(pilot)
        await open_file(pilot, tmp_path / "nowhere.txt")
        await until(lambda: "could not be read" in screen_text(pilot), pilot)
        await pilot.press("escape")
        # Chosen before the model is there, it is classified as soon as it is.
        assert pilot.app.bench.model.info is None  # type: ignore[attr-defined]
        await open_file(pilot, file)
        engine_gate.set()
        await until(lambda: pane.many and pane.many.done, pilot)
        many = pane.many
        assert many is not None
        assert many.state == "running"
        await pilot.press("x")
        await until(lambda: many.state != "running", pilot)
        await until(lambda: "cancelled after" in screen_text(pilot), pilot)
        assert 0 < many.done < len(lines)
        assert len(many.rows(pane.texts.places)) == many.done
        assert pane.exports()

        await pilot.press("r")
        await until(lambda: pane.many and pane.many.state == "done", pilot)
        assert pane.many is not None
        assert [str(item.sentence) for item in pane.many.items] == lines
        await pilot.press("s", "s")
        await until(lambda: "least certain first" in screen_text(pilot), pilot)
        shares = [item.classified.score for item in pane.many.items if item.classified]
        assert pane.many.items[pane.texts.places[0]].score == min(shares)
        await pilot.press("end")
        assert pane.texts.row == pane.texts.places[-1]
        await until(lambda: pane.texts.current and pane.texts.current.check, pilot)
        assert pane.texts.current is not None
        assert pane.texts.current.check is not None
        assert pane.texts.current.check.agrees
        theirs = transformers.pipeline("sentiment-analysis", model=str(tiny_classifier))
        for row, each in zip(pane.many.items[:20], theirs(lines[:20]), strict=True):
            assert row.classified is not None
            assert row.classified.score == pytest.approx(each["score"], abs=1e-5)

        await pilot.press("escape")
        assert pane.many is None
        await until(lambda: settled(pilot), pilot)
        shown = painted(pilot, "#pipeline-texts")
        assert {row.lstrip("› ")[:8] for row in shown} == {"1 I've b", "2 I hate"}


async def open_file(pilot: Pilot[None], file: Path) -> None:
    await pilot.press("escape", "f")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = str(file)
    await pilot.press("enter")


async def test_a_file_that_is_left_while_it_is_read_closes_nothing_else(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "texts.txt").write_text("one\ntwo\n")
    reading = Held(many._read)
    monkeypatch.setattr(many, "_read", reading)
    async with open_app(pane="pipeline") as pilot:
        await pilot.press("escape", "f")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "texts.txt")
        pilot.app.post_message(Key("enter", None))
        while not reading.begun:  # noqa: ASYNC110  (Pilot would wait for the reading)
            await asyncio.sleep(0)
        pilot.app.post_message(Key("escape", None))
        while pilot.app.screen is not pilot.app.bench:  # type: ignore[attr-defined]  # noqa: ASYNC110
            await asyncio.sleep(0)
        reading.let_go()
        await until(lambda: reading.done, pilot)
        await pilot.press("f1", "escape", "i", "x")
        assert pilot.app.bench.editor.text.startswith("x")  # type: ignore[attr-defined]


@pytest.mark.slow
async def test_every_head_is_shown_as_what_it_is(
    open_app: OpenApp, private_folders: Path, tmp_path: Path
) -> None:
    labels = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC"}
    toxic = {0: "toxic", 1: "obscene", 2: "threat"}
    masked = made(tmp_path / "masked", "BertForMaskedLM")
    ner = made(
        tmp_path / "ner",
        "BertForTokenClassification",
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
    )
    several = made(
        tmp_path / "several",
        "BertForSequenceClassification",
        id2label=toxic,
        label2id={name: number for number, name in toxic.items()},
        problem_type="multi_label_classification",
    )
    number = made(
        tmp_path / "number",
        "BertForSequenceClassification",
        num_labels=1,
        problem_type="regression",
    )
    numbers = made(
        tmp_path / "numbers",
        "BertForSequenceClassification",
        num_labels=2,
        problem_type="regression",
    )
    text = "Paris is [MASK], and [MASK].\nNo gap here"
    async with open_app(pane="pipeline", size=(140, 50), model=str(masked), text=text) as pilot:
        await until(lambda: settled(pilot), pilot)
        pane = pane_of(pilot)
        row = pane.texts.items[0].row
        assert row is not None
        fill = transformers.pipeline("fill-mask", model=str(masked))
        for mask, theirs in zip(row.masks, fill(text.splitlines()[0]), strict=True):
            assert [each.label for each in mask.candidates] == [
                each["token_str"] for each in theirs
            ]
        screen = screen_text(pilot)
        assert "mask 2, place" in screen
        assert all(mask.candidates[4].label in screen for mask in row.masks)
        assert "agrees on 1 · refuses text 2" in screen

        bench = pilot.app.bench  # type: ignore[attr-defined]
        bench.choose_model(str(ner))
        await until(lambda: of_model(pane, ner) and settled(pilot), pilot)
        await pilot.pause()
        screen = screen_text(pilot)
        row = pane.texts.items[0].row
        assert row is not None
        assert row.entities
        for entity in row.entities:
            words_ = text.splitlines()[0][entity.start : entity.end]
            assert f"{words_}[{entity.label} {entity.score:.0%}".replace("%", " %]") in screen

        # A file's lines get labels: this head gives none to a whole text.
        await pilot.press("escape")
        assert " f file " not in painted_keys(pilot)
        await pilot.press("f")
        await until(lambda: "no head that labels whole texts" in toasts(pilot), pilot)
        assert len(pilot.app.screen_stack) == 1

        bench.choose_model(str(several))
        await until(lambda: of_model(pane, several) and settled(pilot), pilot)
        await pilot.pause()
        assert " f file " in painted_keys(pilot)
        screen = screen_text(pilot)
        said = pane.texts.items[0].classified
        assert said is not None
        assert said.probabilities == pytest.approx(torch.tensor(said.logits).sigmoid().tolist())
        assert "sigmoid: each label for itself" in screen
        marked = [
            row.split()[1] for row in painted(pilot, "#pipeline-stages") if row.startswith("   › ")
        ]
        shares = zip(toxic.values(), said.probabilities, strict=True)
        applying = [label for label, share in shares if share >= 0.5]
        assert marked == applying

        bench.choose_model(str(number))
        await until(lambda: of_model(pane, number) and settled(pilot), pilot)
        await pilot.pause()
        said = pane.texts.items[0].classified
        assert said is not None
        stages = "\n".join(painted(pilot, "#pipeline-stages"))
        assert "this head predicts numbers, not probabilities" in stages
        assert f"{said.logits[0]:.4f}" in stages
        assert "%" not in stages
        assert f"Text 1: {said.logits[0]:.4f}, a number" in screen_text(pilot)

        # Of two numbers none has won.
        bench.choose_model(str(numbers))
        await until(lambda: of_model(pane, numbers) and settled(pilot), pilot)
        await pilot.pause()
        said = pane.texts.items[0].classified
        assert said is not None
        first, second = (f"{value:.4f}" for value in said.logits)
        assert f"Text 1: LABEL_0 {first}, LABEL_1 {second} · ✓" in screen_text(pilot)
        table = painted(pilot, "#pipeline-texts")[0]
        assert f"{first}  {second}" in table
        assert "LABEL" not in table


@pytest.mark.slow
async def test_a_file_that_is_refused_says_why_and_leads_back(
    open_app: OpenApp, private_folders: Path, tmp_path: Path, engine_gate: asyncio.Event
) -> None:
    classifier = made(tmp_path / "classifier", "BertForSequenceClassification")
    ner = made(tmp_path / "ner", "BertForTokenClassification", num_labels=2)
    file = tmp_path / "reviews.txt"
    file.write_text("A bad one.\nA good one.\n")
    async with open_app(pane="pipeline", model=str(ner), text=COURSE) as pilot:
        pane = pane_of(pilot)
        # Chosen before the model is there, it is refused as soon as it is.
        await open_file(pilot, file)
        engine_gate.set()
        await until(lambda: "no head that labels whole texts" in toasts(pilot), pilot)
        await until(lambda: settled(pilot), pilot)
        assert pane.many is None

        bench = pilot.app.bench  # type: ignore[attr-defined]
        bench.choose_model(str(classifier))
        await until(lambda: of_model(pane, classifier) and settled(pilot), pilot)
        (classifier / "model.safetensors").unlink()
        os.kill(bench.engine.pid, signal.SIGKILL)
        await open_file(pilot, file)
        # It is drawn a few times a second.
        said = "holds no weights (model.safetensors or pytorch_model.bin)"
        await until(lambda: said in words_of(pilot), pilot)
        assert "Esc leads back" in words_of(pilot)
        assert not pilot.app.query_one("#pipeline-texts").display
        assert pane.code() is None
        await pilot.press("escape")
        assert pane.many is None


def toasts(pilot: Pilot[None]) -> str:
    return " ".join(each.message for each in pilot.app._notifications)


def painted_keys(pilot: Pilot[None]) -> str:
    return screen_text(pilot).splitlines()[-1]


def of_model(pane: PipelinePane, folder: Path) -> bool:
    return pane.texts.ran is not None and pane.texts.ran.model.name == str(folder)
