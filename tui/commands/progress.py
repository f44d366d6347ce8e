"""How a followed run is shown: a bar on a terminal, lines in a log file, or nothing."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, TextIO

from core.runs import events
from core.sizes import duration, loss_text
from core.text.visible import visible
from tui.commands.following import RunSoFar, View
from tui.commands.telling import at, tell

if TYPE_CHECKING:
    from rich.text import Text

_LINES_A_RUN = 20
_LINE_EVERY = 30.0
"""Seconds after which a step gets a line though the run is no twentieth further."""
_WIDE = 100


def view_on(stream: TextIO) -> View:
    """The view that fits `stream`: a terminal or a file."""
    return BarView(stream) if stream.isatty() else LineView(stream)


class NoView:
    """Shows nothing."""

    def update(self, new: list[events.Event], run: RunSoFar) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def close(self) -> None:
        pass


class LineView:
    """Lines with the time in front; not every step has one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._phase = ""
        self._told_step = 0
        self._told_time = 0.0

    def update(self, new: list[events.Event], run: RunSoFar) -> None:
        for event in new:
            if isinstance(event, events.Step) and not self._is_due(event, run.max_steps):
                continue
            if isinstance(event, events.Progress):
                if event.phase == self._phase:
                    continue
                self._phase = event.phase
            for line in tell(event, run.max_steps):
                self._write(line, event.time)

    def _is_due(self, step: events.Step, max_steps: int | None) -> bool:
        further = step.global_step - self._told_step
        due = (
            not self._told_step
            or step.global_step == max_steps
            # Where it went wrong is what one looks for in a log file.
            or not all(math.isfinite(float(value)) for value in (step.loss, step.grad_norm))
            or (max_steps is not None and further * _LINES_A_RUN >= max_steps)
            or step.time - self._told_time >= _LINE_EVERY
        )
        if due:
            self._told_step, self._told_time = step.global_step, step.time
        return due

    def note(self, text: str) -> None:
        self._write(text, time.time())

    def _write(self, text: str, when: float) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))
        self._stream.write(f"{stamp}  {visible(text)}\n")
        self._stream.flush()

    def close(self) -> None:
        pass


class BarView:
    """A progress bar with the current figures; what happens else scrolls by above it.

    Drawn when something new is there and at no other time: nothing moves over SSH for show.
    """

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._doing = ""
        self._console = Console(file=stream, markup=False, emoji=False, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            # The line must leave room for the ^C that a terminal echoes.
            BarColumn(bar_width=24 if self._console.width >= _WIDE else 8),
            TextColumn("{task.fields[figures]}", markup=False),
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task("starting", total=None, figures="")
        self._progress.start()

    def update(self, new: list[events.Event], run: RunSoFar) -> None:
        for event in new:
            match event:
                case events.Progress(phase=phase):
                    self._doing = phase
                case events.Step():
                    self._doing = ""
                case events.Heartbeat():
                    pass
                case _:
                    self._doing = "paused" if isinstance(event, events.Paused) else ""
                    for line in tell(event, run.max_steps):
                        self._print(line)
        self._progress.update(
            self._task,
            total=run.max_steps,
            completed=run.global_step,
            description=visible(self._doing) or at(run.global_step, run.max_steps),
            figures=_figures(run),
        )
        self._progress.refresh()

    def note(self, text: str) -> None:
        self._print(text)

    def _print(self, text: str) -> None:
        self._progress.print(_text(text), soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()


def _text(text: str) -> Text:
    from rich.text import Text as RichText

    return RichText(visible(text))


def _figures(run: RunSoFar) -> str:
    if run.step is None:
        return ""
    parts = [
        f"loss {loss_text(run.step.loss)}",
        f"{run.step.samples_per_second:.0f} samples/s",
    ]
    if run.seconds_left is not None and not run.has_ended:
        parts.append(f"{duration(run.seconds_left)} left")
    return " · ".join(parts)
