"""The experiment in words: what happened to which sentence, or what to type to see something."""

from __future__ import annotations

from collections.abc import Sequence

from core.engine.protocol import EQUAL_WITHIN, MASKED, UNMASKED, ArrangedRow
from core.text.visible import visible
from tui.panes.logits.experiment import Shown, size_of, winner
from tui.panes.logits.steps import Extra
from tui.plan import MOST_CELLS, MOST_SENTENCES, Plan
from tui.widgets import numbers
from tui.widgets.headline import Paragraph
from tui.widgets.rows import Part

WHY = "Without a mask tokens attend to padding too: give a batch its attention_mask."

WHY_SIDE = (
    "The mask hides padding, but tokens behind it count as later ones where a model knows places "
    "by their number."
)
WHY_DISTANCE = (
    "All positions moved alike, and this model minds only how far two tokens are from each other."
)
WHY_STILL = "What remains: a head that reads the first place finds padding, at position {position}."
WHY_FURTHER = "With the mask the length of the padding does not matter. − + [ ] change it."
WHY_ORDER = "The rows of a batch never see each other; only sums may be rounded in another way."
WHY_BFLOAT16 = (
    "bfloat16 keeps 8 binary digits of each number where float32 keeps 24: half the memory, two "
    "to three decimal digits."
)


def no_ids(problem: str, *, typing: bool) -> list[Paragraph]:
    """The text was to be read as ids, and is none."""
    first = "Esc, then " if typing else ""
    return [
        [(visible(problem), "headline--problem")],
        [(first, ""), ("x", "headline--key"), (" reads the lines as sentences again.", "")],
    ]


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
    """What to type where no input is padded; None where one is."""
    what = "row of ids" if plan.raw_ids else "sentence"
    if any(plan.padding(row) for row in range(plan.count)):
        return None
    if plan.count == 1:
        return [
            [
                (f"One {what} alone is not padded.", "headline--strong"),
                (" Type a longer or shorter one on a new line to see what padding does.", ""),
            ]
        ]
    both = "Both" if plan.count == 2 else f"All {plan.count}"
    rows = "rows" if plan.raw_ids else "sentences"
    return [
        [
            (
                f"{both} {rows} have {plan.width:,} tokens: nothing is padded.",
                "headline--strong",
            ),
            (" Make one longer or shorter to see what padding does.", ""),
        ]
    ]


def subject(rows: Sequence[Shown], current: int) -> int | None:
    """The input to speak of: the current one if it is padded, else the one that moved most."""
    padded = [row for row, shown in enumerate(rows) if shown.padding and _moved(shown)]
    if current in padded:
        return current
    return max(padded, key=lambda row: (_moved(rows[row]), -row), default=None)


def _moved(shown: Shown) -> float:
    unmasked = shown.of(UNMASKED)
    return unmasked.max_abs_diff if unmasked else 0.0


def lesson(row: int, shown: Shown, labels: Sequence[str]) -> list[Paragraph]:
    """What padding and the mask did to input `row`, whose numbers hold."""
    alone, unmasked, masked = shown.alone, shown.of(UNMASKED), shown.of(MASKED)
    assert alone
    assert unmasked
    assert masked
    apart, within = unmasked.max_abs_diff, masked.max_abs_diff
    words: list[Part] = [(f"Sentence {row + 1}, padded by {shown.padding:,}", "headline--strong")]
    if size_of(apart) == "equal":
        words += [
            (", moves by no more than ", ""),
            (numbers.difference(max(apart, within)), "headline--good"),
            (" even without the mask.", ""),
        ]
    else:
        words += [
            (", moves by ", ""),
            (numbers.difference(apart), "headline--number"),
            (" without the mask", ""),
            *_turned(alone.logits, unmasked.logits, labels),
        ]
        if size_of(within) == "equal":
            words += [(", by ", ""), (numbers.difference(within), "headline--good")]
            words.append((" with it.", ""))
        else:
            words += [(", and still by ", ""), (numbers.difference(within), "headline--number")]
            words.append((" with it: rounding is up to ", ""))
            words.append((f"{numbers.tolerance(EQUAL_WITHIN)}.", ""))
    return [words, [(WHY, "headline--quiet")]]


def _turned(alone: Sequence[float], other: Sequence[float], labels: Sequence[str]) -> list[Part]:
    """Says so where the likeliest label is another one."""
    before, after = winner(alone), winner(other)
    if before is None or after is None or before == after or max(before, after) >= len(labels):
        return []
    turned = f" and {visible(labels[before])} becomes {visible(labels[after])}"
    return [(turned, "headline--number")]


# --- the steps that a key adds --------------------------------------------------------------


def of_extra(extra: Extra, row: int, shown: Shown, labels: Sequence[str]) -> list[Paragraph]:
    """What the step that was added last did to input `row`, whose numbers hold."""
    figures = [each for each in shown.figures if each.step.extra == extra]
    results = [each.result for each in figures]
    if not results or results[0] is None or shown.alone is None:
        return [[(visible(each.problem), "")] for each in figures if each.problem]
    first = results[0]
    words: list[Part]
    if extra == "side":
        return _side(row, shown, first, results[1], labels)
    if extra == "further":
        pad_to = len(first.input_ids)
        words = [
            (f"Sentence {row + 1}, padded to {pad_to:,} tokens", "headline--strong"),
            (", moves by ", ""),
            _amount(first),
            (" without the mask", ""),
            *_turned(shown.alone.logits, first.logits, labels),
        ]
        if results[1]:
            words += [(", by ", ""), _amount(results[1]), (" with it", "")]
        return [[*words, (".", "")], [(WHY_FURTHER, "headline--quiet")]]
    if extra == "order":
        if len(figures[0].step.arrangement.order or ()) == 1:
            return [[("One row alone has no other order.", "headline--strong")]]
        words = [
            ("The batch upside down", "headline--strong"),
            (f": sentence {row + 1} moves by ", ""),
            _amount(first),
            (" in another row of it.", ""),
        ]
        return [words, [(WHY_ORDER, "headline--quiet")]]
    words = [
        ("In bfloat16", "headline--strong"),
        (f" the logits of sentence {row + 1} move by ", ""),
        _amount(first),
        *_turned(shown.alone.logits, first.logits, labels),
        (", padding or not.", ""),
    ]
    return [words, [(WHY_BFLOAT16, "headline--quiet")]]


def _side(
    row: int, shown: Shown, other: ArrangedRow, corrected: ArrangedRow | None, labels: Sequence[str]
) -> list[Paragraph]:
    side = next(each.step.name for each in shown.figures if each.step.extra == "side")
    assert shown.alone
    words: list[Part] = [
        (f"{side.capitalize()}", "headline--strong"),
        (f", with its mask, sentence {row + 1} moves by ", ""),
        _amount(other),
        *_turned(shown.alone.logits, other.logits, labels),
    ]
    if corrected is None:
        return [[*words, (".", "")]]
    starts = _first_position(other)
    right = _first_position(corrected)
    moved = starts is not None and right is not None and starts != right
    if moved:
        words.append((f": its first token is given position {starts}, not {right}. ", ""))
    else:
        words.append((". ", ""))
    words += [("With position_ids that skip the padding, by ", ""), _amount(corrected), (".", "")]
    if size_of(corrected.max_abs_diff) != "equal":
        why = WHY_STILL.format(position=_padding_position(corrected))
    else:
        why = WHY_DISTANCE if moved and size_of(other.max_abs_diff) == "equal" else WHY_SIDE
    return [words, [(why, "headline--quiet")]]


def _first_position(result: ArrangedRow) -> int | None:
    """The position that the first token which is not padding was given."""
    if result.position_ids is None or 1 not in result.attention_mask:
        return None
    return result.position_ids[result.attention_mask.index(1)]


def _padding_position(result: ArrangedRow) -> int:
    """The position that the padding in the first place was given."""
    return result.position_ids[0] if result.position_ids else 0


def _amount(result: ArrangedRow) -> Part:
    apart = result.max_abs_diff
    style = "headline--good" if size_of(apart) == "equal" else "headline--number"
    return numbers.difference(apart), style
