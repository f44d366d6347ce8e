"""The keys of the Train pane: what starts and steers a run, looks at it, and keeps it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.binding import Binding

from core.runs.status import RunStatus
from tui.panes.train.listing import View
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

STEERING = [
    Binding("s", "start", "start", id="train.start", tooltip="Start a run as the form says"),
    Binding(
        "f",
        "edit",
        "form",
        id="train.edit",
        tooltip="Form of the next run; in the list: as that one",
    ),
    Binding("x", "stop", "stop", id="train.stop", tooltip="Stop with a checkpoint: x, x"),
    Binding(
        "p",
        "pause",
        "pause",
        id="train.pause",
        tooltip="Pause, go on; resume a run that ended early",
    ),
    Binding("l", "runs", "runs", id="train.runs", tooltip="All runs; Enter shows one"),
    Binding(
        "d",
        "details",
        "details",
        id="train.details",
        tooltip="Instead of the chart: evaluation, probes, data",
    ),
    Binding("m", "use_model", "use model", id="train.model", tooltip="Its model in all panes"),
    Binding("w", "checkpoint", "checkpoint now", show=False, id="train.checkpoint"),
    Binding("v", "evaluate", "evaluate now", show=False, id="train.evaluate"),
    Binding("u", "rate", "change the learning rate", show=False, id="train.rate"),
    Binding("y", "confirm", "yes, to a question", show=False, id="train.confirm"),
    Binding("enter", "open", "show the run, or type", show=False, id="train.open"),
    Binding("escape", "back", "back to the run", show=False, id="train.back"),
    Binding("down,j", "move(1)", "next run", show=False, id="train.down"),
    Binding("up,k", "move(-1)", "run before", show=False, id="train.up"),
]
KEEPING = [
    Binding(
        "slash",
        "search",
        "search",
        show=False,
        id="train.search",
        tooltip="Search the list of runs",
    ),
    Binding(
        "S",
        "sort",
        "sort",
        show=False,
        id="train.sort",
        tooltip="List: by best accuracy, loss, size; newest first",
    ),
    Binding("R", "rename", "rename the run", show=False, id="train.rename"),
    Binding("N", "note", "write a note on the run", show=False, id="train.note"),
    Binding("T", "tag", "tag the run", show=False, id="train.tag"),
    Binding("D", "delete", "delete", show=False, id="train.delete", tooltip="To the trash: D, D"),
    Binding("Z", "trash", "the trash", show=False, id="train.trash"),
    Binding(
        "Y",
        "copy_command",
        "copy command",
        show=False,
        id="train.copy_command",
        tooltip="Copy the command that repeats the run",
    ),
]
LOOKING = [
    Binding(
        "n",
        "chart('next_second')",
        "curves",
        id="train.curves",
        tooltip="Under the loss: learning rate, gradient norm and every other number, all",
    ),
    Binding(
        "a",
        "chart('toggle_over')",
        "over the loss",
        show=False,
        id="train.over",
        tooltip="That curve over the loss, in one chart",
    ),
    Binding(
        "right",
        "chart('move_cursor', 1)",
        "read values",
        id="train.cursor_right",
        key_display="→",
        tooltip="Crosshair: a column on",
    ),
    Binding(
        "left",
        "chart('move_cursor', -1)",
        "crosshair back",
        show=False,
        id="train.cursor_left",
        tooltip="Crosshair: a column back",
    ),
    Binding(
        "shift+right",
        "chart('move_cursor', 10)",
        "crosshair on",
        show=False,
        id="train.cursor_right_far",
        tooltip="Crosshair: ten columns on",
    ),
    Binding(
        "shift+left",
        "chart('move_cursor', -10)",
        "crosshair back",
        show=False,
        id="train.cursor_left_far",
        tooltip="Crosshair: ten columns back",
    ),
    Binding(
        "plus,equals_sign",
        "chart('zoom', 0.5)",
        "zoom",
        id="train.zoom_in",
        key_display="+",
        tooltip="Half as many steps: around the crosshair, or the newest ones",
    ),
    Binding(
        "minus",
        "chart('zoom', 2)",
        "zoom out",
        show=False,
        id="train.zoom_out",
        tooltip="Twice as many steps",
    ),
    Binding(
        "comma",
        "chart('pan', -0.25)",
        "earlier",
        show=False,
        id="train.earlier",
        tooltip="Zoomed in: a quarter earlier",
    ),
    Binding(
        "full_stop",
        "chart('pan', 0.25)",
        "later",
        show=False,
        id="train.later",
        tooltip="Zoomed in: a quarter later",
    ),
    Binding(
        "space",
        "space",
        "freeze",
        show=False,
        id="train.freeze",
        tooltip="Zoomed in: follow, or freeze; list: overlay",
    ),
    Binding(
        "0,home",
        "chart('whole')",
        "whole run",
        show=False,
        id="train.whole",
        tooltip="The whole run, no crosshair",
    ),
    Binding(
        "g",
        "chart('toggle_logarithmic')",
        "log axis",
        show=False,
        id="train.logarithmic",
        tooltip="y axis: linear, logarithmic",
    ),
    Binding(
        "t",
        "chart('next_unit')",
        "x axis",
        show=False,
        id="train.unit",
        tooltip="x axis: steps, samples, time",
    ),
    Binding(
        "right_square_bracket",
        "chart('smooth', 1)",
        "smoother",
        show=False,
        id="train.smoother",
        tooltip="A smoother trend",
    ),
    Binding(
        "left_square_bracket",
        "chart('smooth', -1)",
        "rougher",
        show=False,
        id="train.rougher",
        tooltip="A rougher trend, at last none",
    ),
]
_OWN = {binding.action for binding in (*STEERING, *KEEPING)} - {
    "runs",
    "search",
    "edit",
    "open",
    "back",
}
"""What is done to this program's own runs alone."""
_ON_A_RUN = {"stop", "pause", "details", "use_model"}
"""What is done to a run that is there."""
_AGAIN = {"paused": "go on", "stopped": "resume", "failed": "resume", "crashed": "resume"}
"""What the key that pauses does instead, by how the run fares."""


def acts(action: str, view: View, watched: RunWatch | None, meant: RunStatus | None) -> bool:
    """Whether `action` has something to act on; `meant` is the run that would be acted on."""
    if action.startswith("chart("):
        return view == "run" and watched is not None
    if view == "run" and watched is not None and watched.read_only:
        return action not in _OWN
    if action in _ON_A_RUN and meant is None:
        return False
    if action == "pause":
        return meant is not None and meant.status not in {"finished", "unreadable"}
    return action != "stop" or (meant is not None and meant.is_live)


def as_bound(words: Sequence[Part], app: App[Any]) -> list[Part]:
    """`words` that name the usual keys, with those that the user has bound instead."""
    if not app._keymap:
        return list(words)
    from tui.screens.help import shown_keys, symbol  # imported when first needed

    bound = {
        symbol(key): shown_keys(app, binding).split(" ")[0]
        for binding in (*STEERING, *KEEPING, *LOOKING)
        for key in binding.key.split(",")
    }
    return [
        (re.sub(r"\S+", lambda key: bound.get(key[0], key[0]), text), style)
        if style == "sheet--key"
        else (text, style)
        for text, style in words
    ]


def words_of(binding: Binding, meant: RunStatus | None) -> str:
    """What its key does, as the run that would be acted on fares."""
    if binding.action == "pause" and meant is not None:
        return _AGAIN.get(meant.status, binding.description)
    return binding.description
