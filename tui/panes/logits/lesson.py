"""The experiment in words: what happened to which sentence, or what to type to see something."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import EQUAL_WITHIN, Failed
from core.text.visible import visible
from tui.panes.logits import numbers
from tui.panes.logits.experiment import (
    MOST_CELLS,
    MOST_SENTENCES,
    Plan,
    Shown,
    size_of,
    winner,
)
from tui.panes.logits.headline import Paragraph
from tui.widgets.pane import ModelState
from tui.widgets.rows import Part

WHY = (
    "Every token attends to the padding too, unless the mask hides it: a batch goes to the model "
    "with its attention_mask."
)


def nothing_typed(*, typing: bool) -> list[Paragraph]:
    """There is no sentence."""
    if typing:
        return [[("Type a sentence: what the model makes of it appears here.", "")]]
    return [
        [
            ("Press ", ""),
            ("i", "headline--key"),
            (" and type a sentence: what the model makes of it appears here.", ""),
        ]
    ]


def model_loading(model: ModelState, cells: int) -> list[Paragraph]:
    """The model is on its way; the bar is `cells` wide at the most."""
    words: list[Paragraph] = [
        [
            ("Loading ", ""),
            (visible(model.name), "headline--strong"),
            (f": {visible(model.stage or 'starting')}…", ""),
            (" Typing goes on meanwhile.", "headline--quiet"),
        ]
    ]
    if model.total:
        share = (model.done or 0) / model.total
        room = max(8, min(40, cells - 30))
        filled, rest = numbers.bar(share, room)
        far = f" {(model.done or 0) / 1e6:,.1f} of {model.total / 1e6:,.1f} MB · {share:.0%}"
        words.append(
            [
                (filled, "headline--bar"),
                (rest, "headline--track"),
                (far, "headline--quiet"),
            ]
        )
    return words


def not_loaded(message: str, *, typing: bool) -> list[Paragraph]:
    """No model is there, and why; how to get one."""
    return [
        [(visible(message), "headline--problem")],
        [*_again(typing=typing), ("o", "headline--key"), (" chooses another model.", "")],
    ]


def not_computed(failure: Failed, *, typing: bool) -> list[Paragraph]:
    """The engine gave no numbers, and why; how to ask again where that may help."""
    words: list[Paragraph] = [[(visible(failure.message), "headline--problem")]]
    if failure.kind == "not_a_classifier":
        first = "Esc, then " if typing else ""
        words.append([(first, ""), ("o", "headline--key"), (" chooses another model.", "")])
    elif failure.kind != "too_long":
        words.append(_again(typing=typing))
    return words


def _again(*, typing: bool) -> list[Part]:
    first = "Esc, then " if typing else ""
    return [(first, ""), ("r", "headline--key"), (" tries again. ", "")]


def too_large(length: int) -> list[Paragraph]:
    """Not even the first sentence, of `length` tokens, is compared."""
    words = (
        f"Sentence 1 has {length:,} tokens, and no more than {MOST_CELLS:,} are compared: "
        "shorten it."
    )
    return [[(words, "headline--problem")]]


def left_out(plan: Plan) -> str:
    """Why the sentences after the last one are not compared; empty where all are."""
    if not plan.left_out:
        return ""
    are = "are" if plan.left_out != 1 else "is"
    return (
        f"{plan.left_out:,} more {are} not compared: a batch takes {MOST_SENTENCES} sentences, "
        f"{MOST_CELLS:,} tokens."
    )


def nothing_padded(plan: Plan) -> list[Paragraph] | None:
    """What to type where no sentence is padded; None where one is."""
    count = len(plan.sentences)
    if any(plan.padding(row) for row in range(count)):
        return None
    if count == 1:
        return [
            [
                ("One sentence alone is not padded.", "headline--strong"),
                (" Type a longer or shorter one on a new line to see what padding does.", ""),
            ]
        ]
    both = "Both" if count == 2 else f"All {count}"
    return [
        [
            (
                f"{both} sentences have {plan.width:,} tokens: nothing is padded.",
                "headline--strong",
            ),
            (" Make one longer or shorter to see what padding does.", ""),
        ]
    ]


def subject(rows: Sequence[Shown], current: int) -> int | None:
    """The sentence to speak of: the current one if it is padded, else the one that moved most."""
    padded = [row for row, shown in enumerate(rows) if shown.padding and shown.result]
    if current in padded:
        return current
    moved = [(rows[row].result.max_abs_diff_unmasked, -row) for row in padded]  # type: ignore[union-attr]
    return -max(moved)[1] if moved else None


def lesson(row: int, shown: Shown, labels: Sequence[str]) -> list[Paragraph]:
    """What padding and the mask did to sentence `row`, whose numbers hold."""
    result = shown.result
    assert result is not None
    apart, masked = result.max_abs_diff_unmasked, result.max_abs_diff_masked
    words: list[Part] = [(f"Sentence {row + 1} is padded by {shown.padding:,}", "headline--strong")]
    if size_of(apart) == "equal":
        words += [
            (", and yet even without the mask its logits move by no more than ", ""),
            (numbers.difference(max(apart, masked)), "headline--good"),
            (".", ""),
        ]
    else:
        words += [
            (": without the mask its logits move by ", ""),
            (numbers.difference(apart), "headline--number"),
            *_turned(result.alone, result.padded_unmasked, labels),
        ]
        if size_of(masked) == "equal":
            words += [
                ("; with it by ", ""),
                (numbers.difference(masked), "headline--good"),
                (".", ""),
            ]
        else:
            words += [
                ("; with it still by ", ""),
                (numbers.difference(masked), "headline--number"),
                (f", more than the {numbers.tolerance(EQUAL_WITHIN)} of rounding.", ""),
            ]
    return [words, [(WHY, "headline--quiet")]]


def _turned(alone: Sequence[float], unmasked: Sequence[float], labels: Sequence[str]) -> list[Part]:
    """Says so where the likeliest label is another one."""
    before, after = winner(alone), winner(unmasked)
    if before is None or after is None or before == after or max(before, after) >= len(labels):
        return []
    turned = f" and {visible(labels[before])} becomes {visible(labels[after])}"
    return [(turned, "headline--number")]
