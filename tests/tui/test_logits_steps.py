"""The Logits pane's further steps, raw ids, and keys that never queue work."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.engine.protocol import Compared, Reply
from tests.tui.conftest import OpenApp, screen_text, until
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


@pytest.mark.slow
async def test_each_step_is_a_key_that_adds_its_rows(open_app: OpenApp, classifier: Path) -> None:
    async with opened(open_app, classifier, text=COURSE, size=(80, 40)) as pilot:
        await until(lambda: settled(pilot), pilot)
        assert "More:" not in screen_text(pilot)
        assert "Esc, then   s other side" in screen_text(pilot)
        await pilot.press("escape", "s")
        await until(lambda: settled(pilot), pilot)
        left, corrected = results(pane_of(pilot).rows[1])[3:]
        expected, with_positions = padded_left(classifier, COURSE.splitlines())
        assert left.logits == pytest.approx(expected, abs=1e-5)
        assert corrected.logits == pytest.approx(with_positions, abs=1e-5)
        said = headline(pilot)
        assert said.startswith("Padded left, with its mask, sentence 2 moves by ")
        assert "its first token is given position 8, not 0" in said
        assert numbers.difference(left.max_abs_diff) in said
        assert "s other side ✓" in screen_text(pilot)

        # A slider: each press asks for another length, and the newest is what is shown.
        await pilot.press("s", *["plus"] * 5, "right_square_bracket", "minus")
        await until(lambda: settled(pilot), pilot)
        longer, masked = results(pane_of(pilot).rows[1])[3:]
        assert len(longer.input_ids) == 16 + 5 + 16 - 1
        assert masked.max_abs_diff < 1e-5 < longer.max_abs_diff
        assert headline(pilot).startswith("Sentence 2, padded to 36 tokens, moves by ")
        assert table_rows(pilot)[4].split()[:4] == ["to", "36,", "no", "mask"]
        await pilot.press(*["left_square_bracket"] * 2)
        assert len(pane_of(pilot).rows[0].figures) == 3

        await pilot.press("b", "f")
        await until(lambda: settled(pilot), pilot)
        order, rough = results(pane_of(pilot).rows[0])[3:]
        assert order.max_abs_diff < 1e-5 < rough.max_abs_diff
        assert headline(pilot).startswith("In bfloat16 the logits of sentence 2 move by ")
        await pilot.press("z")
        assert len(pane_of(pilot).rows[0].figures) == 3
        assert settled(pilot)
        assert headline(pilot).startswith("Sentence 2, padded by 8, moves by ")


def padded_left(folder: Path, texts: list[str]) -> tuple[list[float], list[float]]:
    """The second text's logits in a batch padded on the left, as it is and with position_ids."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batch = tokenizer(texts, padding=True, padding_side="left", return_tensors="pt")
    positions = (batch["attention_mask"].cumsum(-1) - 1).clamp(min=0)
    with torch.inference_mode():
        plain, corrected = model(**batch), model(**batch, position_ids=positions)
    return plain.logits[1].tolist(), corrected.logits[1].tolist()


@pytest.mark.slow
async def test_ids_typed_as_the_course_writes_them(open_app: OpenApp, classifier: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    ids = "[[200, 200, 200], [200, 200]]"
    async with opened(open_app, classifier, text=ids) as pilot:
        await until(lambda: settled(pilot), pilot)
        assert (
            headline(pilot) == "This looks like ids, and is read as text. Esc, x reads it as ids."
        )
        await pilot.press("escape", "x")
        await until(lambda: settled(pilot), pilot)
        rows = table_rows(pilot)
        assert rows[0].startswith("› 1 [200, 200, 200]")
        assert rows[5].endswith("2 tokens + 1 padding ░")
        assert "2 sentences · 5 tokens · 1 padding (17 %) · shape [2, 3]" in screen_text(pilot)
        model = AutoModelForSequenceClassification.from_pretrained(classifier).eval()
        with torch.inference_mode():
            alone = model(torch.tensor([[200, 200]])).logits[0].tolist()
            padded = model(torch.tensor([[200, 200, 200], [200, 200, 0]])).logits[1].tolist()
        first, unmasked, masked = results(pane_of(pilot).rows[1])
        assert first.logits == pytest.approx(alone, abs=1e-5)
        assert unmasked.logits == pytest.approx(padded, abs=1e-5)
        assert masked.max_abs_diff < 1e-5
        await pilot.press("down")
        assert table_rows(pilot)[5].startswith("› 2 [200, 200]")
        assert "x raw ids ✓" in screen_text(pilot)

        editor = bench_of(pilot).editor
        editor.load_text("[[200, 99999]]")
        assert "there is no id 99999; this model knows 30,522 ids" in headline(pilot)
        await pilot.pause()
        assert "x reads the lines as sentences again." in headline(pilot)
        editor.load_text("[200, 200, 200]\n[200]")
        await until(lambda: settled(pilot), pilot)
        assert len(pane_of(pilot).rows) == 2
        editor.load_text("")
        assert "type ids, such as [[200, 200, 200], [200, 200]]" in headline(pilot)
        await pilot.press("x")
        editor.load_text("Words again")
        await until(lambda: settled(pilot), pilot)
        assert table_rows(pilot)[0].startswith("› 1 Words again")
        assert "x raw ids" in screen_text(pilot)
        assert "raw ids ✓" not in screen_text(pilot)


@pytest.mark.slow
async def test_keys_never_queue_work(open_app: OpenApp, classifier: Path) -> None:
    async with opened(open_app, classifier, text=COURSE) as pilot:
        await until(lambda: settled(pilot), pilot)
        bench, pane = bench_of(pilot), pane_of(pilot)
        computed: list[Compared] = []
        take = pane.engine_answered

        def listen(reply: Reply) -> None:
            if isinstance(reply, Compared):
                computed.append(reply)
            take(reply)

        pane.engine_answered = listen  # type: ignore[method-assign]
        for character in "and so on and on, without a rest":
            bench.editor.insert(character)
        assert not pane.settled
        await until(lambda: settled(pilot), pilot)
        assert len(computed) <= 2  # the one under way, and the newest
