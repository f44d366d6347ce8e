"""The pipeline in words: what it says, how far it is, and what to do where it says nothing."""

from __future__ import annotations

from collections.abc import Sequence

from core.classification import Order
from core.engine.protocol import CheckedRow, Failed, ModelInfo, PipelineRan
from core.sizes import percent
from core.text.visible import visible
from tui import waiting
from tui.bench import ModelState
from tui.document import Document
from tui.panes.pipeline.answers import Item
from tui.panes.pipeline.many import MOST_LINES, ManyAnswers
from tui.panes.pipeline.texts import ShownTexts
from tui.plan import Plan
from tui.widgets import numbers
from tui.widgets.headline import Paragraph
from tui.widgets.rows import Part

_ORDER_WORDS: dict[Order, str] = {
    "given": "as they came",
    "score": "highest score first",
    "certainty": "least certain first",
}


def instead(
    model: ModelState,
    document: Document,
    plan: Plan,
    failure: Failed | None,
    *,
    many: ManyAnswers | None,
    typing: bool,
    cells: int,
) -> list[Paragraph] | None:
    """What stands in place of answers; None where there are some, or will be."""
    if model.info is None:
        if model.status == "failed":
            return waiting.not_loaded(model.problem, typing=typing)
        return waiting.model_loading(model, cells)
    if many:
        return _refused(many) if many.refused else None
    if plan.too_long:
        return waiting.too_large(plan.too_long)
    if not plan.count and not document.behind:
        return waiting.nothing_typed(typing=typing)
    return waiting.not_computed(failure, typing=typing) if failure else None


def no_files(info: ModelInfo | None) -> str | None:
    """Why the model cannot be asked about a file's lines; None where it can, or is not there."""
    if info is None or info.task == "text-classification":
        return None
    return (
        f"{visible(info.name)} has no head that labels whole texts, so it cannot classify the "
        "lines of a file: choose another model for that."
    )


def _refused(many: ManyAnswers) -> list[Paragraph]:
    """Nothing came of a file, and why."""
    return [
        [
            (visible(many.texts.path.name), "headline--strong"),
            (f": {visible(many.problem)}", "headline--problem"),
        ],
        [
            ("r", "headline--key"),
            (" tries again. ", ""),
            ("Esc", "headline--key"),
            (" leads back to the typed texts.", ""),
        ],
    ]


def headline(texts: ShownTexts, cells: int) -> list[Paragraph]:
    """How far a file is, or what came of the current one of the typed texts."""
    if texts.many:
        return progress(texts.many, cells)
    return summary(texts.items, texts.row, texts.ran, texts.plan.left_out)


def summary(
    items: Sequence[Item], row: int, ran: PipelineRan | None, left_out: int = 0
) -> list[Paragraph]:
    """What came of the current text, and whether transformers' own pipeline says the same.

    `left_out` texts were typed behind `items`, more than are run at once.
    """
    if ran is None or not items or items[row].row is None:
        return [[("Running the pipeline…", "")]]
    words: list[Part] = [(f"Text {row + 1}: ", "headline--strong"), *_outcome(items[row], ran)]
    checks = [item.check for item in items]
    if None in checks:
        words.append((" · asking transformers' pipeline…", "headline--quiet"))
    else:
        words += _agreement([check for check in checks if check], left_out)
    return [words]


def _agreement(checks: Sequence[CheckedRow], left_out: int) -> list[Part]:
    """Whether transformers' own pipeline says the same of every text."""
    places = range(len(checks))
    raised = [place for place in places if checks[place].problem]
    wrong = [place for place in places if not checks[place].agrees and place not in raised]
    if wrong:
        said = f" · ≠ transformers' pipeline says something else of text {wrong[0] + 1}"
        return [(said, "headline--number")]
    same = len(checks) - len(raised)
    words: list[Part] = []
    if same:
        on = _on(same, len(checks), left_out)
        words.append((f" · ✓ transformers' pipeline agrees{on}", "headline--good"))
    if raised:
        who = "" if same else "transformers' pipeline "
        words.append((f" · {who}refuses text {raised[0] + 1}", "headline--quiet"))
    return words


def _on(same: int, asked: int, left_out: int) -> str:
    """Of which texts: `same` of those that were `asked` about, and those after them were not."""
    if left_out:
        first = f"the first {asked} of {asked + left_out:,}"
        return f" on {first}" if same == asked else f" on {same} of {first}"
    if same < asked:
        return f" on {same}"
    return f" on all {same}" if same > 1 else ""


def _outcome(item: Item, ran: PipelineRan) -> list[Part]:
    said = item.classified
    if said is None:
        assert item.row
        if ran.task == "token-classification":
            count = len(item.row.entities)
            return [(f"{count} {'entity' if count == 1 else 'entities'}", "headline--strong")]
        best = [visible(each.candidates[0].label) for each in item.row.masks if each.candidates]
        return [(", ".join(best) or "no mask to fill", "headline--strong")]
    if ran.postprocess == "none":
        return _numbers(ran.model.labels, said.logits)
    if ran.postprocess == "sigmoid" and len(said.probabilities) > 1:
        shares = zip(ran.model.labels, said.probabilities, strict=False)
        applying = [visible(label) for label, share in shares if share >= 0.5]
        return [(", ".join(applying) or "no label applies", "headline--strong")]
    share = numbers.percent(said.score).strip()
    return [(f"{visible(said.label)} {share}", "headline--strong")]


def _numbers(labels: Sequence[str], values: Sequence[float]) -> list[Part]:
    """What a regression head predicts: none of several numbers has won."""
    if len(values) == 1:
        return [(numbers.logit(values[0]).strip(), "headline--strong"), (", a number", "")]
    words: list[Part] = []
    for label, value in zip(labels, values, strict=False):
        words.append((f"{', ' if words else ''}{visible(label)} ", ""))
        words.append((numbers.logit(value).strip(), "headline--strong"))
    return words


def progress(many: ManyAnswers, cells: int) -> list[Paragraph]:
    """How far a file is; what it is."""
    texts = many.texts
    total = len(texts.sentences)
    words: list[Part] = [(visible(texts.path.name), "headline--strong")]
    if many.problem:
        return [[*words, (f": {visible(many.problem)}", "headline--problem")]]
    if many.state == "done":
        rate = total / many.seconds if many.seconds else 0
        words.append((f" · {total:,} texts in {many.seconds:,.1f} s, {rate:,.0f} a second", ""))
    elif many.state == "cancelled":
        words.append((f" · cancelled after {many.done:,} of {total:,} texts", "headline--number"))
        words += [(" · ", ""), ("r", "headline--key"), (" runs it again", "")]
    else:
        filled, rest = numbers.bar(many.done / total, max(8, min(30, cells - 60)))
        words += [
            (f" · {many.done:,} of {total:,} ", ""),
            (filled, "headline--bar"),
            (rest, "headline--track"),
            (f" {percent(many.done / total, 0)}", ""),
        ]
        if many.stage:
            words.append((f" · {visible(many.stage)}…", "headline--quiet"))
        words += [(" · ", ""), ("x", "headline--key"), (" cancels", "")]
    words.append((f" · by {visible(many.info.name)}", "headline--quiet"))
    if texts.left_out:
        words.append((f" · the first {MOST_LINES:,} lines", "headline--quiet"))
    return [words]


def marks(items: Sequence[Item], least: int | None) -> list[Part]:
    """What the marks at the end of the rows mean."""
    said = []
    if least is not None:
        said.append("? least certain")
    if any(item.truncated for item in items):
        said.append("✂ cut to fit")
    return [(f"{' · '.join(said)} ", "")] if said else []


def legend(order: Order, *, many: bool, scrolls: bool) -> list[Part]:
    """How the texts are sorted, and the keys that the key bar does not name.

    `scrolls`: the stages are longer than there is room for.
    """
    words: list[Part] = [
        (f" {_ORDER_WORDS[order]}   ", ""),
        ("s", "legend--key"),
        (" sort   ", "legend--note"),
    ]
    if many:
        return [*words, ("Esc", "legend--key"), (" typed texts", "legend--note")]
    words += [("←→", "legend--key"), (" tokens", "legend--note")]
    if scrolls:
        words += [("   [ ]", "legend--key"), (" more below", "legend--note")]
    return words
