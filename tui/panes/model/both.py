"""The same sentences by the checkpoint's weights and by random ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.engine.protocol import ArrangedRow, Compared, ModelInfo
from core.text.visible import fit, visible
from tui.plan import Plan
from tui.widgets import numbers
from tui.widgets.headline import Paragraph
from tui.widgets.lines import Row
from tui.widgets.rows import Part

_GUTTER = 4
_NAME = 14
_LOGIT = 12
_MOST_LABELS = 6
_WIDEST = 132
NAMES = ("checkpoint", "random")


def headline(
    first: Compared | None, second: Compared | None, stage: str, plan: Plan
) -> list[Paragraph]:
    """How many sentences get the same label from both; what is waited for until then."""
    if first is None or second is None:
        doing = f": {visible(stage)}" if stage else ""
        which = "the checkpoint" if first is None else "its random twin"
        return [[(f"Asking {which}{doing}…", "")]]
    pairs = list(zip(_rows(first), _rows(second), strict=False))
    if first.model.postprocess == "none":
        return [[("Both are shown as the head gives them; random weights know nothing.", "")]]
    same = sum(_best(a.probabilities) == _best(b.probabilities) for a, b in pairs)
    chance = ", by chance" if same else ""
    words: list[Part] = [
        (numbers.same_label(same, plan.count), "headline--strong"),
        (f" from random weights{chance}.", ""),
    ]
    return [words]


def table(plan: Plan, answers: Sequence[Compared | None], marked: int, cells: int) -> list[Row]:
    """Each sentence, below it the logits that both gave."""
    cells = min(cells, _WIDEST)
    info = next((each.model for each in answers if each), None)
    rows: list[Row] = [_heading(info)] if info else []
    for number, sentence in enumerate(plan.sentences):
        here = number == marked
        rows.append(
            [
                (
                    f"{'›' if here else ' '}{number + 1:>2} ",
                    "lines--accent" if here else "lines--name",
                ),
                (fit(visible(str(sentence)), cells - _GUTTER - 1), "lines--title" if here else ""),
            ]
        )
        for name, answer in zip(NAMES, answers, strict=True):
            given = _rows(answer)[number] if answer and number < len(_rows(answer)) else None
            rows.append(_row(name, given, answer.model if answer else None))
        rows.append([])
    return rows[:-1]


def _heading(info: ModelInfo) -> Row:
    labels = info.labels[:_MOST_LABELS]
    words = "".join(f"{fit(visible(each), _LOGIT - 1):>{_LOGIT}}" for each in labels)
    return [(f"{'':{_GUTTER}}{'logits by':<{_NAME}}{words}", "lines--name")]


def _row(name: str, given: ArrangedRow | None, info: ModelInfo | None) -> Row:
    row: list[Part] = [(f"{'':{_GUTTER}}{name:<{_NAME}}", "lines--label")]
    if given is None or info is None:
        return [*row, ("          …", "lines--quiet")]
    row += [(f"{numbers.logit(each):>{_LOGIT}}", "") for each in given.logits[:_MOST_LABELS]]
    if info.postprocess != "none" and info.labels:
        best = _best(given.probabilities)
        label = visible(info.labels[best])
        row.append((f"   {label}  ", "lines--title"))
        row.append((numbers.percent(given.probabilities[best]), ""))
    return row


def _rows(compared: Compared) -> list[ArrangedRow]:
    return compared.results[0].rows if compared.results else []


def _best(probabilities: Sequence[float]) -> int:
    return max(range(len(probabilities)), key=probabilities.__getitem__)


def csv_rows(plan: Plan, answers: Sequence[Compared | None]) -> Iterator[Sequence[object]]:
    """A line for each sentence and each of the two."""
    info = next(each.model for each in answers if each)
    yield ["sentence", "weights", *info.labels]
    for number, sentence in enumerate(plan.sentences):
        for name, answer in zip(NAMES, answers, strict=True):
            if answer:
                yield [str(sentence), name, *_rows(answer)[number].logits]
