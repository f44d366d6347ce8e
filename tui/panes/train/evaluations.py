"""One evaluation in full: scores of each label, who was taken for whom, the worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence

from core.runs.events import ClassScore, Evaluation, Misjudged
from core.sizes import loss_text, percent
from core.text.visible import fit, visible, width
from tui.panes.train.figures import evaluation_place
from tui.panes.train.sheet import Row, aligned_right, filled

_MOST_LABELS = 12
"""Above it a matrix is too wide and too high to be read; its largest cells are named instead."""
_LARGEST = 10
_SCORES = ("precision", "recall", "f1")


def evaluation_rows(
    found: Sequence[Evaluation], shown: int, chosen: int, cells: int
) -> tuple[list[Row], int]:
    """Evaluation number `shown` of all `found`, mistake number `chosen` marked.

    Returns the rows and which of them is marked.
    """
    evaluation = found[shown]
    labels = [visible(score.label) for score in evaluation.classes]
    rows: list[Row] = [_summary(evaluation, shown, len(found), cells)]
    if evaluation.confusion and labels:
        rows += _matrix(evaluation, labels, cells) or [[], *_largest(evaluation, labels)]
    rows.append([])
    if not evaluation.worst:
        wrong = evaluation.accuracy < 1
        words = " The log names no mistakes." if wrong else " Not one row was predicted wrongly."
        return [*rows, [(words, "sheet--label")]], 0
    heads = " mistakes, the worst first"
    rows.append(
        [(heads, "sheet--label"), ("   Enter", "sheet--key"), (" types it", "sheet--label")]
    )
    marked = len(rows) + chosen
    predicted = max(width(visible(each.predicted)) for each in evaluation.worst)
    label = max(width(visible(each.label)) for each in evaluation.worst)
    for number, each in enumerate(evaluation.worst):
        rows.append(_mistake(each, min(predicted, 20), min(label, 20), number == chosen))
    return rows, marked


def _summary(evaluation: Evaluation, shown: int, count: int, cells: int) -> Row:
    of = f" {shown + 1} of {count}  " if count > 1 else " "
    where = f"{visible(evaluation.split)}, step {evaluation.global_step:,}"
    room = cells - width(of + where)
    figures = [
        f"   loss {loss_text(float(evaluation.loss))}",
        f" · accuracy {percent(evaluation.accuracy)}",
        f" · majority {percent(evaluation.majority_baseline)}",
        f" · f1 {evaluation.f1:.3f}",
    ]
    if evaluation.split == "validation" and evaluation.request is None:
        figures.append(f" · {evaluation_place(evaluation)}")
    # Those that come last give way where there is no room.
    while figures and sum(map(len, figures)) > room:
        figures.pop()
    return [(of, "sheet--label"), (where, "sheet--name"), ("".join(figures), "sheet--value")]


def _matrix(evaluation: Evaluation, labels: Sequence[str], cells: int) -> list[Row]:
    """Rows of true labels, columns of predicted ones; nothing where it would not fit."""
    head = min(20, max(width("true"), *map(width, labels))) + 2
    column = min(14, max(width("predicted"), *map(width, labels))) + 2
    scores = 11 * len(_SCORES)
    if len(labels) > _MOST_LABELS or 2 + head + column * len(labels) > cells:
        return []
    with_scores = 2 + head + column * len(labels) + scores <= cells
    top: Row = [
        (f" {filled('true', head)}", "sheet--label"),
        ("".join(aligned_right(label, column) for label in labels), "sheet--label"),
        ("".join(f"{name:>11}" for name in _SCORES) if with_scores else "", "sheet--label"),
    ]
    rows: list[Row] = [
        [(" " * (1 + head) + aligned_right("predicted", column), "sheet--label")],
        top,
    ]
    for number, (label, counts) in enumerate(zip(labels, evaluation.confusion, strict=False)):
        row = [(f" {filled(label, head)}", "sheet--value")]
        for other, count in enumerate(counts):
            style = "sheet--good" if other == number else "sheet--bad" if count else "sheet--label"
            row.append((f"{count:>{column},}", style))
        if with_scores:
            row.append((_scores(evaluation.classes[number]), "sheet--label"))
        rows.append(row)
    return rows


def _scores(score: ClassScore) -> str:
    return "".join(f"{value:>11.3f}" for value in (score.precision, score.recall, score.f1))


def _largest(evaluation: Evaluation, labels: Sequence[str]) -> list[Row]:
    """The most frequent mistakes, where there are too many labels for a matrix."""
    counts = [
        (count, labels[true], labels[predicted])
        for true, row in enumerate(evaluation.confusion)
        for predicted, count in enumerate(row)
        if count and true != predicted and max(true, predicted) < len(labels)
    ]
    counts.sort(key=lambda each: -each[0])
    heads = f" {len(labels)} labels; the most frequent mistakes"
    rows: list[Row] = [[(heads, "sheet--label")]]
    for count, true, predicted in counts[:_LARGEST]:
        words = f" {fit(true, 24)} taken for {fit(predicted, 24)}"
        rows.append([(f"{count:>8,} ", "sheet--bad"), (words, "sheet--value")])
    return rows


def _mistake(each: Misjudged, predicted: int, label: int, chosen: bool) -> Row:
    words = filled(visible(each.predicted), predicted)
    is_really = filled(visible(each.label), label)
    text = visible(each.text)
    if each.text_pair:
        text += f" ⇥ {visible(each.text_pair)}"
    sure = f"{each.probability * 100:>5.1f} %"
    if chosen:
        return [(f" › {words} {sure}  is {is_really}   {text}", "sheet--cursor")]
    return [
        (f"   {words} ", "sheet--bad"),
        (f"{sure}  ", "sheet--label"),
        (f"is {is_really}   ", "sheet--good"),
        (text, "sheet--value"),
    ]


def line_of(each: Misjudged) -> str:
    """A mistake as a line of the editor: a pair behind a tab, no line ends of its own."""
    texts = [each.text] + ([each.text_pair] if each.text_pair else [])
    return "\t".join(" ".join(text.split()) for text in texts)
