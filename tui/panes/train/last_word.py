"""How a run ended, what it waits for or what it does, as a sentence with the keys that go on."""

from __future__ import annotations

from math import isfinite

from core.runs import events
from core.sizes import duration, percent
from core.text.visible import visible
from tui.panes.train.arrival import crash_words
from tui.panes.train.figures import settings
from tui.panes.train.watch import RunWatch
from tui.widgets.rows import Part

_GOES_ON: tuple[Part, ...] = ((" · ", ""), ("p", "sheet--key"), (" resumes it", ""))
_ANOTHER: tuple[Part, ...] = ((" · ", ""), ("l f", "sheet--key"), (" its values in the form", ""))


def last_word(watch: RunWatch) -> list[Part]:
    """How the run ended, as a sentence; while it goes on, what it does."""
    model: list[Part] = [(" · ", ""), ("m", "sheet--key"), (" uses its model", "")]
    if watch.status.status == "unreadable":
        kept = " What was read of it is shown." if watch.global_step else ""
        return [(f" {visible(watch.status.message)}{kept}", "sheet--bad")]
    match watch.history.end:
        case events.RunFinished(seconds=seconds):
            tests = [found for found in watch.history.evaluations if found.split == "test"]
            accuracy = f" · test accuracy {percent(tests[-1].accuracy)}" if tests else ""
            return [(f" Finished in {duration(seconds)}{accuracy}", "sheet--good"), *model]
        case events.RunStopped(global_step=step, reason=reason) as stopped if (
            step and not stopped.is_saved
        ):
            return [(f" {visible(reason).removesuffix('.')}", "sheet--value"), *_GOES_ON]
        case events.RunStopped(reason=reason, path=path):
            words = f" {visible(reason).removesuffix('.')}"
            if path is None:
                nothing = f"{words} before the first step: nothing to save"
                return [(nothing, "sheet--value"), *_GOES_ON]
            return [(f"{words} · saved in {visible(path)}", "sheet--value"), *_GOES_ON, *model]
        case events.RunFailed(message=message):
            last = watch.history.step
            # Taken up again, it would come to the same step.
            is_lost = last is not None and not isfinite(float(last.loss))
            failed = f" {visible(message).removesuffix('.')}"
            return [(failed, "sheet--bad"), *(_ANOTHER if is_lost else _GOES_ON)]
    if watch.status.status == "paused" and isinstance(watch.history.turn, events.Paused):
        return _paused(watch, watch.history.turn)
    if watch.status.status == "crashed":
        words = visible(crash_words(watch.status)).removesuffix(".")
        return [(f" {words}", "sheet--bad"), *_GOES_ON]
    if watch.status.status == "stalled":
        return [(" Its worker gives no sign of life: it hangs, or the machine does.", "sheet--bad")]
    words = settings(watch.config, watch.history.started, watch.history.rate)
    return [(f" {words}", "")]


def _paused(watch: RunWatch, pause: events.Paused) -> list[Part]:
    """Where it waits, and why where nobody asked it to."""
    words: Part = (f" Paused at step {pause.global_step:,}. ", "sheet--value")
    if pause.request is None and watch.history.warnings:
        words = (f" {visible(watch.history.warnings[-1].message)} ", "sheet--bad")
    return [words, ("p", "sheet--key"), (" goes on", "")]
