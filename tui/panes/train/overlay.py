"""Other runs over the one that is watched: each read as it grows, and what was set otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.dom import DOMNode

from core.runs.differences import Difference, differences
from core.sizes import loss_text, percent
from core.text.visible import fit, visible, width
from tui.panes.train.follow import Follower
from tui.panes.train.sheet import Row, aligned_right, curve_style, filled
from tui.panes.train.watch import RunWatch
from tui.widgets.chart import curve_sign
from tui.widgets.rows import Part

_NAME = 20
_FIGURE = 10


class Overlay:
    """The runs that were chosen to be drawn over another one."""

    def __init__(
        self, owner: DOMNode, changed: Callable[[], None], failed: Callable[[str], None]
    ) -> None:
        self._owner = owner
        self._changed = changed
        self._failed = failed
        self._followers: dict[Path, Follower] = {}

    @property
    def folders(self) -> list[Path]:
        """The runs that are chosen, in the order of the choice."""
        return list(self._followers)

    def toggle(self, folder: Path) -> None:
        """Chooses a run, or no longer."""
        follower = self._followers.pop(folder, None)
        if follower is not None:
            follower.leave()
            return
        follower = Follower(self._owner, lambda _watch: self._changed(), self._failed)
        self._followers[folder] = follower
        follower.follow(folder)

    def drop(self, folder: Path) -> None:
        """It is no longer where it was."""
        if folder in self._followers:
            self.toggle(folder)

    @property
    def watches(self) -> list[RunWatch]:
        """They, as far as they were read."""
        watches = [follower.watched for follower in self._followers.values()]
        return [each for each in watches if each is not None]

    def over(self, watched: RunWatch) -> tuple[RunWatch, ...]:
        """What is drawn over `watched`: all that are chosen but itself."""
        return tuple(each for each in self.watches if each.folder != watched.folder)


def comparison(watches: Sequence[RunWatch], cells: int, *, plain: bool) -> list[Row]:
    """Each run's loss and best accuracy, a row a run; then each setting that differs.

    The settings stand beside the figures where there is room, else below them.
    """
    found = differences([watch.config for watch in watches if watch.config is not None])
    whole = len(found) if all(watch.config for watch in watches) else 0
    left = 3 + _NAME + 2 * _FIGURE
    columns = _columns(found[:whole], cells - left)
    heads = f"   {'run':<{_NAME}}{'loss':>{_FIGURE}}{'best':>{_FIGURE}}"
    rows: list[Row] = [[(heads + "".join(head for head, _ in columns), "sheet--label")]]
    for number, watch in enumerate(watches):
        sign = (f" {curve_sign(number, plain=plain)} ", curve_style(number))
        rows.append([sign, *_run_row(number, watch, [values[number] for _, values in columns])])
    for each in found[len(columns) : whole]:
        row: list[Part] = [(f"   {_setting(each.field)}:", "sheet--label")]
        for number, value in enumerate(each.values):
            row.append((f" {curve_sign(number, plain=plain)}", curve_style(number)))
            row.append((f" {visible(value)} ", "sheet--value"))
        rows.append(row)
    if not whole:
        known = all(watch.config for watch in watches)
        words = "   set alike in all that counts" if known else "   a config.json cannot be read"
        rows.append([(words, "sheet--label")])
    return rows


def _columns(found: Sequence[Difference], room: int) -> list[tuple[str, list[str]]]:
    """As many of the differences as have room beside the figures, each as head and cells."""
    columns: list[tuple[str, list[str]]] = []
    for each in found:
        head, values = _setting(each.field), [visible(value) for value in each.values]
        cells = min(24, max(map(width, [head, *values]))) + 2
        room -= cells
        if room < 0:
            break
        columns.append(
            (aligned_right(head, cells), [aligned_right(value, cells) for value in values])
        )
    return columns


def _setting(field: str) -> str:
    return field.replace("_", " ")


def _run_row(number: int, watch: RunWatch, settings: Sequence[str]) -> Row:
    name = fit(visible(watch.name), _NAME - 1)
    step = watch.history.step
    loss = "·" if step is None else loss_text(float(step.loss))
    accuracies = [each.accuracy for each in watch.history.evaluations if each.split == "validation"]
    best = percent(max(accuracies)) if accuracies else "·"
    figures: list[Part] = [(f"{loss:>{_FIGURE}}{best:>{_FIGURE}}", "sheet--value")]
    return [
        (filled(name, _NAME), "sheet--name" if number == 0 else "sheet--value"),
        *figures,
        ("".join(settings), "sheet--value"),
    ]
