"""Two checkpoints side by side on the same sentences: before and after training, for instance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult

from core.engine.protocol import ALONE, ArrangedRow, Compare, Compared, ModelInfo
from core.snippets.experiment import beside_code
from core.snippets.inputs import Inputs
from core.text.visible import fit, visible, width
from tui.inquiry import Inquiry
from tui.panes.logits.experiment import winner
from tui.panes.logits.export import csv_export, json_export
from tui.panes.logits.view import LogitsView
from tui.sources import checkpoint_of, takes_token_types
from tui.widgets import numbers
from tui.widgets.headline import Paragraph
from tui.widgets.legend import Legend
from tui.widgets.lines import Lines, Row
from tui.widgets.pane import Code, Export
from tui.widgets.rows import Part

_GUTTER = 4
_NAME = (10, 34)
"""Cells of a checkpoint's name, at the least and at the most."""
_LABEL = 16
_TAIL = 26
_BAR = 30


@dataclass(frozen=True)
class Said:
    """What one checkpoint said of one input."""

    label: str | None
    """The likeliest; None where its head gives no probabilities."""
    shares: dict[str, float]
    """Probabilities by label, or what a regression head predicts."""
    likely: bool

    @property
    def share(self) -> float:
        """The likeliest label's probability, or the first value."""
        return self.shares[self.label] if self.label else next(iter(self.shares.values()))


def said(info: ModelInfo, row: ArrangedRow) -> Said:
    """What `row` comes down to."""
    likely = info.postprocess != "none"
    best = winner(row.probabilities) if likely else None
    shares = dict(zip(info.labels, row.probabilities, strict=False))
    return Said(info.labels[best] if best is not None else None, shares, likely)


def difference(first: Said, second: Said) -> float | None:
    """How much more `second` gives the label of `first`; None where their labels are others.

    Of heads that predict numbers it is the difference of those that are farthest apart.
    """
    if first.likely != second.likely or first.shares.keys() != second.shares.keys():
        return None
    labels = [first.label] if first.label else [*first.shares]
    return max((second.shares[label] - first.shares[label] for label in labels), key=abs)


class BesideView(LogitsView):
    """The model in force and a second one, each alone with every sentence."""

    def __init__(self) -> None:
        super().__init__(id="beside")
        self.second = ""
        """The second checkpoint's name."""
        self._first_inquiry = Inquiry(Compared)
        self._second_inquiry = Inquiry(Compared)

    def compose(self) -> ComposeResult:
        self._lines = Lines(id="beside-lines")
        self._legend = Legend(id="beside-legend")
        yield self.headline
        yield self._lines
        yield self._legend

    @property
    def inquiries(self) -> tuple[Inquiry[Compared], ...]:
        return (self._first_inquiry, self._second_inquiry)

    def question(self) -> Compare:
        return self._question(self.scene.info.name if self.scene.info else "", "first")

    def _question(self, model: str, lane: str) -> Compare:
        plan = self.scene.plan
        return Compare(
            id=0,
            model=model,
            lane=lane,
            sentences=plan.texts,
            raw_ids=plan.ids,
            arrangements=(ALONE,),
        )

    def compare_with(self, name: str) -> None:
        """Makes `name` the second checkpoint."""
        self.second = name
        self._second_inquiry.forget()

    def ask(self) -> None:
        super().ask()
        scene = self.scene
        if self.display and self.second and scene.plan.count and not scene.behind:
            self._second_inquiry.ask(self.engine, None, self._question(self.second, "second"))

    def code(self) -> Code | None:
        second = self._second_inquiry.answer
        if self.scene.info is None or second is None or not self.scene.plan.count:
            return None
        other = Inputs(
            checkpoint_of(second.model),
            self.scene.plan.texts,
            token_types=takes_token_types(second.model),
        )
        names = (self.scene.info.name, second.model.name)
        python = beside_code(self.scene.inputs, other, names)
        notes = dict.fromkeys((self.scene.checkpoint.note, other.checkpoint.note))
        return Code("Two checkpoints", python, " ".join(filter(None, notes)))

    def exports(self) -> Sequence[Export]:
        first, second = self._answers()
        if first is None or second is None:
            return ()
        return (
            json_export((first, second), "Both checkpoints' logits and probabilities"),
            csv_export("A line for each sentence and checkpoint", self._csv_rows),
        )

    def _csv_rows(self) -> Iterable[Sequence[object]]:
        yield ["input", "checkpoint", "label", "score"]
        names = [self.scene.info.name if self.scene.info else "", self.second]
        for sentence, pair in zip(self.scene.plan.sentences, self.results(), strict=True):
            for name, each in zip(names, pair, strict=True):
                if each and each.label:
                    yield [str(sentence), name, each.label, each.share]
                elif each:
                    for label, value in each.shares.items():
                        yield [str(sentence), name, label, value]

    # --- drawing --------------------------------------------------------------------------

    def _answers(self) -> tuple[Compared | None, Compared | None]:
        """What both said of exactly what is typed, as far as it is there."""
        first, second = self._first_inquiry, self._second_inquiry
        info = self.scene.info
        return (
            first.answer if first.answers(info, self.question()) else None,
            second.answer if second.answers(None, self._question(self.second, "second")) else None,
        )

    def results(self) -> list[tuple[Said | None, Said | None]]:
        """For each input what the first and the second checkpoint said of what is typed."""
        pairs: list[list[Said | None]] = []
        for answer in self._answers():
            rows = answer.results[0].rows if answer else []
            info = answer.model if answer else None
            found: list[Said | None] = [said(info, row) for row in rows] if info else []
            pairs.append(found or [None] * self.scene.plan.count)
        return list(zip(*pairs, strict=True))

    def draw(self, *, follow: bool) -> None:
        results = self.results()
        self.say(self._words(results))
        self._lines.show(lambda cells: self._table(results, cells))
        if follow:
            self._lines.reveal(4 * self.scene.row + 3)
            self._lines.reveal(4 * self.scene.row)
            self._lines.redraw()
        hint: list[Part] = [(" each sentence alone   ", ""), ("t", "legend--key")]
        hint += [(" another checkpoint   ", "legend--note"), ("Esc", "legend--key")]
        self._legend.show([*hint, (" back", "legend--note")])

    def without_numbers(self) -> list[Paragraph] | None:
        words, failure = super().without_numbers(), self._second_inquiry.failure
        if words or failure is None:
            return words
        again: Paragraph = [("t", "headline--key"), (" chooses another checkpoint.", "")]
        return [[(visible(failure.message), "headline--problem")], again]

    def _words(self, results: Sequence[tuple[Said | None, Said | None]]) -> list[Paragraph]:
        progress = self._second_inquiry.progress
        both = [(first, second) for first, second in results if first and second]
        if not both:
            doing = f": {visible(progress.stage)}" if progress else ""
            return [
                [("Asking ", ""), (visible(self.second), "headline--strong"), (f"{doing}…", "")]
            ]
        apart = [(difference(first, second), row) for row, (first, second) in enumerate(both)]
        comparable = [(abs(value), row) for value, row in apart if value is not None]
        if not comparable:
            return [
                [
                    ("The two checkpoints have other labels", "headline--strong"),
                    (": each is shown with its own; there is no difference to take.", ""),
                ]
            ]
        most, row = max(comparable)
        likely = both[0][0].likely
        amount = f"{100 * most:.1f} percentage points (pp)" if likely else numbers.difference(most)
        moves = f"sentence {row + 1} moves most, by " if len(both) > 1 else "it moves by "
        words: list[Part] = [(f"{moves[0].upper()}{moves[1:]}", "")]
        if likely:
            same = sum(first.label == second.label for first, second in both)
            words = [(numbers.same_label(same, len(both)), "headline--strong"), (f"; {moves}", "")]
        style = "headline--number" if most >= 0.005 else "headline--good"
        return [[*words, (amount, style), (".", "")]]

    def _table(self, results: Sequence[tuple[Said | None, Said | None]], cells: int) -> list[Row]:
        scene = self.scene
        cells = min(cells, 132)
        names = [visible(scene.info.name if scene.info else ""), visible(self.second)]
        longest = max(map(width, names))
        name = min(longest, _NAME[1], max(_NAME[0], cells - _GUTTER - _LABEL - 12 - _TAIL))
        rows: list[Row] = []
        for number, (sentence, pair) in enumerate(zip(scene.plan.sentences, results, strict=True)):
            here = number == scene.row
            mark = f"{'›' if here else ' '}{number + 1:>2} "
            title = fit(visible(str(sentence)), cells - _GUTTER - 1)
            rows.append(
                [
                    (mark, "lines--accent" if here else "lines--name"),
                    (title, "lines--title" if here else ""),
                ]
            )
            first, second = pair
            apart = difference(first, second) if first and second else None
            for place, each in enumerate(pair):
                rows.append(_row(_tail_end(names[place], name), each, cells, name))
            rows[-1] = [*rows[-1], *_verdict(pair, apart)]
            rows.append([])
        return rows[:-1]


def _tail_end(name: str, cells: int) -> str:
    """A path says most at its end."""
    return name if width(name) <= cells else "…" + name[-(cells - 1) :]


def _row(name: str, each: Said | None, cells: int, room: int) -> list[Part]:
    parts: list[Part] = [(f"{'':{_GUTTER}}{name}" + " " * (room - width(name)), "lines--name")]
    if each is None:
        return [*parts, ("   …", "lines--quiet")]
    if not each.likely:
        values = "  ".join(numbers.logit(value).strip() for value in each.shares.values())
        return [*parts, (f"   {fit(values, _LABEL + 9):>{_LABEL + 9}}", "")]
    label = fit(visible(each.label), _LABEL) if each.label else ""
    value = numbers.percent(each.share)
    parts.append((f"   {label}{' ' * (_LABEL - width(label))}{value:>9}", ""))
    bar = min(_BAR, cells - _GUTTER - room - 3 - _LABEL - 9 - 2 - _TAIL)
    if bar >= 8:
        filled, rest = numbers.bar(each.share, bar)
        parts += [("  ", ""), (filled, "lines--fill"), (rest, "lines--track")]
    return parts


def _verdict(pair: tuple[Said | None, Said | None], apart: float | None) -> list[Part]:
    first, second = pair
    if not first or not second:
        return []
    if apart is None:
        return [("  other labels", "lines--quiet")]
    amount = f"{100 * apart:+.1f} pp" if first.likely else f"{apart:+.4f}"
    if first.label != second.label:
        return [(f"  {amount:>9}  other label", "lines--bad")]
    return [(f"  {amount:>9}", ""), ("  same label" if first.label else "", "lines--good")]
