"""The Logits pane asks a real engine about a tiny checkpoint, and shows only what holds."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.text.sentences import Sentence
from tests.core.models import tiny
from tests.tui.conftest import OpenApp, screen_text, until, write
from tests.tui.logits import (
    COURSE,
    bench_of,
    headline,
    know_tokenizer,
    opened,
    pane_of,
    results,
    settled,
    table_rows,
)
from tui.widgets import numbers


@pytest.fixture
def classifier(tiny_classifier: Path, private_folders: Path) -> Path:
    """The tiny checkpoint, its tokenizer known from an earlier start."""
    know_tokenizer(tiny_classifier)
    return tiny_classifier


def direct(folder: Path, texts: list[tuple[str, str | None]]) -> Iterator[tuple[Any, Any, Any]]:
    """Each sentence's logits as transformers itself gives them: alone, unmasked, masked."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    encodings = [tokenizer(text, pair) for text, pair in texts]
    batch = tokenizer.pad(encodings, return_tensors="pt")
    with torch.inference_mode():
        masked = model(**batch).logits
        batch.pop("attention_mask")
        unmasked = model(**batch).logits
        for row, (text, pair) in enumerate(texts):
            alone = model(**tokenizer(text, pair, return_tensors="pt")).logits[0]
            yield alone, unmasked[row], masked[row]


@pytest.mark.slow
async def test_without_the_mask_it_differs_and_with_it_not(
    open_app: OpenApp, classifier: Path
) -> None:
    async with opened(open_app, classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        rows = table_rows(pilot)
        assert rows[0].startswith("› 1 I've been waiting")
        assert [row.split()[-1] for row in rows[2:4]] == ["equal", "equal"]
        assert rows[5].startswith("  2 I hate this so much!")
        assert rows[5].endswith("8 tokens + 8 padding ░")
        assert [row.split()[-1] for row in rows[7:9]] == ["differs", "equal"]
        assert "NEGATIVE  POSITIVE" in screen_text(pilot)
        assert "equal: up to 1e-5" in screen_text(pilot)
        said = headline(pilot)
        assert said.startswith("Sentence 2, padded by 8, moves by ")
        _, unmasked, masked = results(pane_of(pilot).rows[1])
        assert unmasked.max_abs_diff > 1e-2
        assert masked.max_abs_diff < 1e-5
        assert numbers.difference(unmasked.max_abs_diff) in said

        await pilot.press("escape", "down", "p")
        assert "P(NEGATIVE)  P(POSITIVE)" in screen_text(pilot)
        assert table_rows(pilot)[5].startswith("› 2 I hate")
        assert bench_of(pilot).editor.cursor_location[0] == 1
        assert "p logits/%" in screen_text(pilot).splitlines()[-1]
        await pilot.press("p")
        for size in ((200, 60), (120, 40), (40, 12), (20, 9), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "Logits" in screen_text(pilot)
            if size[0] >= 120:
                line = table_rows(pilot)[7]
                assert "━" in line
                # Both kinds are there: there is nothing to choose.
                assert "logits/%" not in screen_text(pilot).splitlines()[-1]
                await pilot.press("p")
                assert pane_of(pilot).options()["emphasis"] == "logits"
                assert all(f"{logit:.4f}" in line for logit in unmasked.logits)

        bench_of(pilot).editor.load_text(f"{COURSE}\nIs it good?\tIt is.")
        await until(lambda: settled(pilot), pilot)
        check_numbers(pilot, classifier)


def check_numbers(pilot: Pilot[None], classifier: Path) -> None:
    """The course's sentences and a pair, as transformers itself computes them."""
    texts = [*((line, None) for line in COURSE.splitlines()), ("Is it good?", "It is.")]
    rows = table_rows(pilot)
    for row, (alone, unmasked, masked) in enumerate(direct(classifier, texts)):
        shown = pane_of(pilot).rows[row]
        assert (shown.sentence.text, shown.sentence.text_pair) == texts[row]
        found = results(shown)
        for result, logits in zip(found, (alone, unmasked, masked), strict=True):
            assert result.logits == pytest.approx(logits.tolist(), abs=1e-5)
        for step, logits in enumerate((found[0].logits, found[1].logits)):
            cells = rows[4 * row + 1 + step].split("  ")
            printed = [cell.strip() for cell in cells if cell.strip()]
            assert printed[1:3] == [f"{logit:.4f}" for logit in logits]
        share = alone.softmax(-1).max().item()
        label = ("NEGATIVE", "POSITIVE")[int(alone.argmax())]
        assert f"{label}  {share:.2%}".replace("%", " %") in rows[4 * row + 1]


@pytest.mark.slow
async def test_a_key_dims_what_no_longer_holds_at_once(open_app: OpenApp, classifier: Path) -> None:
    async with opened(open_app, classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        bench, pane = bench_of(pilot), pane_of(pilot)
        numbers_before = table_rows(pilot)[7].split()[3:5]
        bench.editor.move_cursor((1, 20))
        bench.editor.insert("x")  # no message has been handled since
        first, second = pane.rows
        assert first.holds
        assert not any(each.holds for each in second.figures)
        rows = table_rows(pilot)
        assert rows[5].startswith("› 2 I hate this so much!x")
        assert rows[6].endswith("computing…")
        assert "computing" not in rows[1]
        assert rows[7].split()[3:5] == numbers_before
        styles = {
            segment.style.color
            for segment in pilot.app.query_one("#logits-table").render_line(7)
            if segment.style and segment.text.strip()
        }
        assert len(styles) == 1
        await until(lambda: settled(pilot), pilot)
        assert pane.rows[1].sentence.text == "I hate this so much!x"
        assert "computing" not in screen_text(pilot)

        # A longer longest sentence widens the batch: what is alone stays as it is.
        bench.editor.move_cursor((0, 0))
        bench.editor.insert("Well, ")
        assert [each.holds for each in pane.rows[1].figures] == [True, False, False]
        # A sentence between two others leaves both with their own numbers.
        await until(lambda: settled(pilot), pilot)
        kept = [results(row) for row in pane.rows]
        bench.editor.move_cursor((1, 0))
        bench.editor.insert("New here\n")
        assert [results(row) for row in pane.rows[::2]] == kept
        assert not pane.rows[1].figures[0].holds
        await until(lambda: settled(pilot), pilot)
        assert len(pane.rows) == 3


@pytest.mark.slow
async def test_nothing_padded_says_what_to_type(open_app: OpenApp, classifier: Path) -> None:
    async with opened(open_app, classifier, text="One alone [red]\x1b[31m") as pilot:
        await until(lambda: settled(pilot), pilot)
        assert headline(pilot).startswith("One sentence alone is not padded. Type a longer or")
        assert "› 1 One alone [red]␛[31m" in table_rows(pilot)[0]
        bench = bench_of(pilot)
        bench.editor.load_text("Same length here.\nEqual words too.")
        assert headline(pilot).startswith("Both sentences have 6 tokens: nothing is padded.")
        bench.editor.load_text("")
        await pilot.pause()
        assert "Type a sentence: what the model makes of it" in screen_text(pilot)
        await pilot.press("escape")
        assert "Press i and type a sentence" in screen_text(pilot)
        await pilot.press("i", "o", "k")
        await until(lambda: settled(pilot), pilot)
        assert pane_of(pilot).rows[0].sentence == Sentence("ok")


@pytest.mark.slow
async def test_the_model_loads_when_logits_are_first_looked_at(
    open_app: OpenApp, classifier: Path, engine_gate: asyncio.Event
) -> None:
    async with open_app(model=str(classifier), text=COURSE) as pilot:
        bench, pane = bench_of(pilot), pane_of(pilot)
        assert bench.model.status == "absent"
        await pilot.press("f3")
        assert bench.model.status == "loading"
        assert f"Loading {classifier}"[:60] in screen_text(pilot)
        bench.editor.move_cursor((1, 20))
        bench.editor.insert("!")
        assert table_rows(pilot)[5].startswith("› 2 I hate this so much!!")
        assert bench.model.status == "loading"
        engine_gate.set()
        await until(lambda: settled(pilot), pilot)

        # Behind another pane nothing is asked; coming back asks for the newest text.
        await pilot.press("f2")
        bench.editor.insert("!")
        before = pane.answer
        await pilot.pause()
        assert pane.answer is before
        await pilot.press("f3")
        await until(lambda: settled(pilot), pilot)
        assert pane.answer is not before


@pytest.mark.slow
async def test_where_there_is_no_head_no_key_is_offered_that_would_need_one(
    open_app: OpenApp, private_folders: Path, tmp_path: Path
) -> None:
    folder = tiny.encoder_only(tmp_path / "encoder")
    know_tokenizer(folder)
    async with opened(open_app, folder, text=COURSE) as pilot:
        await until(lambda: "has no classification head" in headline(pilot), pilot)
        await pilot.pause()
        assert any("not computed" in row for row in table_rows(pilot))
        assert not any("other side" in row for row in table_rows(pilot))


@pytest.mark.slow
async def test_a_model_that_cannot_be_loaded_is_tried_again(
    open_app: OpenApp, tiny_classifier: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    shutil.copytree(tiny_classifier, folder)
    write(folder / "model.safetensors", "broken")
    async with opened(open_app, folder, text=COURSE) as pilot:
        await until(lambda: bench_of(pilot).model.status == "failed", pilot)
        await pilot.pause()
        said = headline(pilot)
        # A long path is broken, but whole.
        assert str(folder) in "".join(said.split())
        assert "Esc, then r tries again. o chooses another model." in said
        shutil.copy(tiny_classifier / "model.safetensors", folder)
        await pilot.press("escape", "r")
        await until(lambda: settled(pilot), pilot)
        assert headline(pilot).startswith("Sentence 2, padded by 8")


@pytest.mark.slow
async def test_what_is_too_long_or_too_much_is_said(open_app: OpenApp, classifier: Path) -> None:
    async with opened(open_app, classifier, text="word " * 600 + "\nshort") as pilot:
        words = "Sentence 1 has 602 tokens and the model has positions for 512: shorten it."
        await until(lambda: words in headline(pilot), pilot)
        assert table_rows(pilot)[1].endswith("not computed")
        editor = bench_of(pilot).editor
        editor.load_text("word " * 20 + "\nshort")
        await until(lambda: settled(pilot), pilot)
        assert headline(pilot).startswith("Sentence 2, padded by ")
        editor.load_text("word " * 16_400)
        await until(lambda: "16,384 are compared: shorten it." in headline(pilot), pilot)

        editor.load_text("\n".join(f"Sentence {n}" + " on" * (n % 3) for n in range(70)))
        await until(lambda: settled(pilot), pilot)
        assert len(pane_of(pilot).rows) == 64
        assert "first 64 of 70 sentences" in screen_text(pilot)
        await pilot.press("escape", "end")
        assert "6 more are not compared: a batch takes 64 sentences" in screen_text(pilot)
        await pilot.press("home")
        assert table_rows(pilot)[0].startswith("› 1 Sentence 0")


@pytest.mark.slow
async def test_a_killed_engine_answers_the_last_request(
    open_app: OpenApp, classifier: Path
) -> None:
    async with opened(open_app, classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        bench = bench_of(pilot)
        await pilot.press("escape", "s", "f")
        os.kill(bench.engine.pid, signal.SIGKILL)
        bench.editor.move_cursor((1, 20))
        bench.editor.insert("?")
        assert not pane_of(pilot).settled
        await until(lambda: "was killed (SIGKILL)" in headline(pilot), pilot)
        await until(lambda: "It is being started again" in headline(pilot), pilot)
        assert "engine ended" in screen_text(pilot).splitlines()[0]
        assert not pilot.app._notifications
        await until(lambda: settled(pilot), pilot)
        await until(lambda: "M parameters" in screen_text(pilot).splitlines()[0], pilot)
        assert "killed" not in headline(pilot)
        assert len(pane_of(pilot).rows[0].figures) == 6
        assert bench.editor.text.endswith("I hate this so much!?")
        await until(lambda: "engine: " not in screen_text(pilot), pilot)

        # While nobody asks it is not started, and what is shown holds.
        said = headline(pilot)
        os.kill(bench.engine.pid, signal.SIGKILL)
        await until(lambda: "restarts when needed" in screen_text(pilot), pilot)
        assert headline(pilot) == said
        await pilot.press("i", "x")
        await until(lambda: "was killed (SIGKILL)" in headline(pilot), pilot)
        await until(lambda: settled(pilot), pilot)
        await until(lambda: "M parameters" in screen_text(pilot).splitlines()[0], pilot)


@pytest.mark.slow
async def test_many_labels_scroll_sideways(open_app: OpenApp, tmp_path: Path) -> None:
    folder = many_labels(tmp_path / "many")
    know_tokenizer(folder)
    async with opened(open_app, folder, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        assert "labels 1–2 of 9 ←→" in screen_text(pilot)
        assert "feeling_0  feeling_1" in screen_text(pilot)
        await pilot.press("escape", *["right"] * 20)
        assert "feeling_7  feeling_8" in screen_text(pilot)
        logits = results(pane_of(pilot).rows[0])[0].logits
        assert f"{logits[8]:.4f}" in table_rows(pilot)[1]
        best = f"feeling_{logits.index(max(logits))}"
        assert best in table_rows(pilot)[1]


def many_labels(folder: Path) -> Path:
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from core.checkpoints import packaged_encoder

    torch.manual_seed(1)
    labels = {number: f"feeling_{number}" for number in range(9)}
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        id2label=labels,
        label2id={label: number for number, label in labels.items()},
        initializer_range=0.4,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    package = packaged_encoder()
    assert package is not None
    AutoTokenizer.from_pretrained(package).save_pretrained(folder)
    return folder
