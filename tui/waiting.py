"""What stands in place of a model's answers: what they wait for, or what to do."""

from __future__ import annotations

from core.engine.protocol import Failed
from core.engine.protocol.checkpoint import AFTER_CANCEL
from core.sizes import percent
from core.text.visible import visible
from tui.bench import ModelState
from tui.plan import MOST_CELLS
from tui.widgets import numbers
from tui.widgets.headline import Paragraph
from tui.widgets.rows import Part


def nothing_typed(*, typing: bool, raw_ids: bool = False) -> list[Paragraph]:
    """There is no sentence, or there are no ids."""
    what = (
        "type ids, such as [[200, 200, 200], [200, 200]]: what the model makes of them appears here"
        if raw_ids
        else "type a sentence: what the model makes of it appears here"
    )
    if typing:
        return [[(f"{what[0].upper()}{what[1:]}.", "")]]
    return [[("Press ", ""), ("i", "headline--key"), (f" and {what}.", "")]]


def model_loading(model: ModelState, cells: int) -> list[Paragraph]:
    """The model is on its way; the bar is `cells` wide at the most."""
    if model.ended:
        return engine_ended(model)
    words: list[Paragraph] = [
        [
            ("Loading ", ""),
            (visible(model.name), "headline--strong"),
            (f": {visible(model.stage or 'starting')}…", ""),
            (" Typing goes on meanwhile.", "headline--quiet"),
        ]
    ]
    if model.total:
        words.append(how_far(model.done or 0, model.total, cells))
        words.append(
            [
                ("Esc, then ", "headline--quiet"),
                ("o", "headline--key"),
                (" and ", "headline--quiet"),
                ("^x", "headline--key"),
                (" give it up.", "headline--quiet"),
            ]
        )
    return words


def engine_ended(model: ModelState) -> list[Paragraph]:
    """The engine ended while it was asked: how, and what is done about it."""
    doing = f": {visible(model.stage)}…" if model.stage else "."
    return [
        [
            (visible(model.ended), "headline--problem"),
            (f" It is being started again{doing}", ""),
        ],
        [("Nothing typed was lost; the numbers come when it is back.", "headline--quiet")],
    ]


def how_far(done: int, total: int, cells: int) -> Paragraph:
    """`━━━━──── 45.0 of 90.9 MB · 49 %`, in bytes, the whole `cells` wide at the most."""
    filled, rest = numbers.bar(done / total, max(8, min(40, cells - 30)))
    return [
        (filled, "headline--bar"),
        (rest, "headline--track"),
        (
            f" {done / 1e6:,.1f} of {total / 1e6:,.1f} MB · {percent(done / total, 0)}",
            "headline--quiet",
        ),
    ]


def download_words(model: ModelState, cells: int) -> list[Paragraph]:
    """The model that is on its way, how far it is, and what giving it up would leave."""
    words: list[Paragraph] = [
        [
            ("Loading ", ""),
            (visible(model.name), "headline--strong"),
            (f": {visible(model.stage or 'starting')}…", ""),
        ]
    ]
    if model.total:
        words.append(how_far(model.done or 0, model.total, cells))
        words.append([(AFTER_CANCEL, "headline--quiet")])
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
