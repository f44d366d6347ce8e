"""The Train pane: one run watched live, a form for the next one, and the list of all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer

from core.checkpoints import run_model
from core.errors import ModelError, RunError
from core.runs.config import RunConfig
from core.runs.folder import create_run, find_run
from core.runs.launch import start_run
from tui.document import Document
from tui.panes.train import figures
from tui.panes.train.arrival import run_to_watch, what_happened
from tui.panes.train.asking import AskingPane
from tui.panes.train.bindings import LOOKING
from tui.panes.train.form import Form, FormView
from tui.panes.train.runs import RunTable, look_at_runs
from tui.panes.train.sheet import Foot
from tui.panes.train.steering import Steering
from tui.panes.train.view import RunView
from tui.panes.train.watch import RunWatch
from tui.widgets.bars import KeyBar
from tui.widgets.pane import Option

View = Literal["run", "runs", "form"]
_WIDE = (110, 14)
"""Columns and rows from which the figures stand beside the chart."""
_EVERY_NOTE = 1.0
_EVERY_LIST = 2.0
_EDITING = (("Tab", "next field"), ("Enter", "next, done"), ("Esc", "done"))


class TrainPane(AskingPane):
    """Starts, watches and steers training runs."""

    TITLE = "Train"
    ABOUT = (
        "Fine-tunes a model and shows its loss live. The worker is a process of its own: it goes "
        "on when the app is closed, and its curve is whole when you come back. Each step's loss "
        "is faint, the **trend** bright; **◆** is the loss on validation, **◇** on test. A loss "
        "that is no finite number is a gap, marked × on the axis."
    )
    DEFAULT_CSS = (Path(__file__).parent / "train.tcss").read_text()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "start", id="train.start", tooltip="Start a run as the form says"),
        Binding("f", "edit", "form", id="train.edit", tooltip="Change what the next run does"),
        Binding("x", "stop", "stop", id="train.stop", tooltip="Stop with a checkpoint: x, x"),
        Binding("p", "pause", "pause", id="train.pause", tooltip="Pause, or go on"),
        Binding("l", "runs", "runs", id="train.runs", tooltip="All runs; Enter shows one"),
        Binding("m", "use_model", "use model", id="train.model", tooltip="Its model in all panes"),
        Binding("w", "checkpoint", "checkpoint now", show=False, id="train.checkpoint"),
        Binding("v", "evaluate", "evaluate now", show=False, id="train.evaluate"),
        Binding("y", "confirm", "yes, to a question", show=False, id="train.confirm"),
        Binding("enter", "open", "show the run, or type", show=False, id="train.open"),
        Binding("escape", "back", "back to the run", show=False, id="train.back"),
        Binding("down,j", "move(1)", "next run", show=False, id="train.down"),
        Binding("up,k", "move(-1)", "run before", show=False, id="train.up"),
        *LOOKING,
    ]

    def __init__(self, attach: str | None = None) -> None:
        super().__init__(id="train")
        self.form = Form()
        self._wanted_run = attach
        self._remembered: dict[str, Option] = {}
        self._view: View = "form"
        self._starting = False
        self._stale = True
        self._was_live = self._seen_live = False
        self._note_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        self._run_view = RunView(id="run")
        self._runs = RunTable(id="runs")
        self._form_view = FormView(self.form, id="form")
        self._foot = Foot(id="foot")
        yield self._run_view
        yield self._runs
        yield self._form_view
        yield self._foot

    def on_mount(self) -> None:
        self._look("form")
        self.set_interval(_EVERY_LIST, self._list_runs)
        self.call_after_refresh(self._arrive)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _WIDE[0] and event.size.height >= _WIDE[1], "-wide")
        self._run_view.fit_into(event.size.height, wide=self.has_class("-wide"))
        self.call_after_refresh(self._draw)

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        if self._stale:
            self._draw()

    def options(self) -> dict[str, Option]:
        watch = self.watched
        if watch is None:
            return self.form.options()
        return {
            **self.form.options(),
            "watched": str(watch.folder),
            "watched_status": watch.status.status,
        }

    def restore(self, options: dict[str, Option]) -> None:
        self.form.restore(options)
        self._remembered = options

    # --- the run that is watched ----------------------------------------------------------

    def watch_run(self, folder: Path) -> None:
        """Shows the run in `folder` from its first event on, and follows it."""
        self.steering = Steering(folder)
        self._was_live = self._seen_live = False
        self._look("run")
        self.follower.follow(folder)
        self.bench.remember()

    async def _arrive(self) -> None:
        """Once, at the start: finds the run to watch, and says what happened to it."""
        if self._wanted_run is not None:
            self.bench.show_pane(self.bench.panes.index(self))
            self.focus()
            try:
                self.watch_run(find_run(self._wanted_run))
            except RunError as error:
                self.complain(str(error))
            return
        status = await asyncio.to_thread(run_to_watch, self._remembered)
        if status is None or self.watched is not None:
            return
        self.watch_run(Path(status.path))
        if sentence := what_happened(status, self._remembered):
            self.say(sentence)
            if not self.display:
                self.tell(sentence, calm=status.is_live or status.status == "finished")

    def run_changed(self, watch: RunWatch) -> None:
        self.steering.hear(watch.history, live=watch.status.is_live)
        ended = self._was_live and not watch.status.is_live
        self._was_live = watch.status.is_live
        self._seen_live |= self._was_live
        if self._note_timer is None:
            self._note()
        if ended:
            self.steering.news = []
            self.bench.remember()
            if not self.display:
                words, _ = figures.last_word(watch)[0]
                calm = watch.status.status == "finished"
                self.tell(f"{watch.name}: {words.strip()}", calm=calm)
        self._draw()

    def _note(self) -> None:
        """Tells the status line, and once more in a second; a run of long ago is no news."""
        if self._note_timer is not None:
            self._note_timer.stop()
            self._note_timer = None
        watch = self.watched
        note = figures.run_note(watch) if watch is not None and self._seen_live else ""
        if note != self.bench.run_note:
            self.bench.run_note = note
            self._note_timer = self.set_timer(_EVERY_NOTE, self._note)

    # --- drawing --------------------------------------------------------------------------

    def _look(self, view: View) -> None:
        """Shows the run, the list of runs, or the form."""
        self._view = view
        self._run_view.display = view == "run"
        self._runs.display = view == "runs"
        self._form_view.display = view == "form"
        self._draw()

    def _draw(self) -> None:
        self._stale = not self.display
        if self._stale:
            return
        if self._view == "form":
            self._form_view.draw()
        elif self._view == "run" and self.watched is not None:
            self._run_view.show(self.watched)
        self.draw_foot()

    def draw_foot(self) -> None:
        words = self.steering.words()
        if not words and self.watched is not None and self._view == "run":
            words = figures.last_word(self.watched)
        if not words and self._view == "runs":
            words = [(" Enter", "sheet--key"), (" shows it   ", ""), ("m", "sheet--key")]
            words += [(" uses its model   ", ""), ("Esc", "sheet--key"), (" back", "")]
        self._foot.say(words)

    def action_chart(self, change: str, *amount: float) -> None:
        """Another look at the run: what `change` of the charts does."""
        if self._view == "run" and self.watched is not None:
            getattr(self._run_view.charts, change)(*amount)
            self._draw()

    # --- starting -------------------------------------------------------------------------

    def action_start(self) -> None:
        """Starts what the form shows; where it is not in sight, shows it first."""
        config, wrong = self.form.checked()
        if config is None:
            field, problem = next(iter(wrong.items()))
            self._form_view.say(field, problem)
            self._look("form")
            self.complain(f"Not started: {problem}")
            return
        if self._view != "form":
            asks = f" again: {self.form.summary()}"
            if not self.sure("start", [(" s", "sheet--key"), (asks, "sheet--value")]):
                return
        if not self._starting:
            self._starting = True
            self.run_worker(self._start(config), group="start")

    async def _start(self, config: RunConfig) -> None:
        try:
            folder = await asyncio.to_thread(create_run, config)
            await asyncio.to_thread(start_run, config, folder)
        except RunError as error:
            self.complain(str(error))
        else:
            self.watch_run(folder)
        finally:
            self._starting = False

    def action_edit(self) -> None:
        self._look("form")
        self.screen.set_focus(self._form_view)

    @on(FormView.Changed)
    def _form_changed(self) -> None:
        self.steering.news = []
        self.draw_foot()
        self.bench.remember()

    @on(FormView.Left)
    def _form_left(self) -> None:
        self.screen.set_focus(self)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget is self._form_view:
            # The workbench knows the editor alone as a place to type into.
            event.stop()
            self.screen.query_one(KeyBar).show_keys(typing=True, keys=_EDITING)

    # --- other runs -----------------------------------------------------------------------

    def action_runs(self) -> None:
        if self._view == "runs":
            self.action_back()
            return
        self.steering.news = []
        self._look("runs")
        self._list_runs(self.watched.folder if self.watched else None)

    def _list_runs(self, chosen: Path | None = None) -> None:
        if self._view == "runs" and self.display:
            self.run_worker(self._read_runs(chosen), group="runs", exclusive=True)

    async def _read_runs(self, chosen: Path | None) -> None:
        self._runs.list(await asyncio.to_thread(look_at_runs), chosen)

    def action_move(self, rows: int) -> None:
        if self._view == "runs":
            self._runs.move(rows)

    def action_open(self) -> None:
        chosen = self._runs.chosen
        if self._view == "runs" and chosen is not None:
            self.watch_run(Path(chosen.path))
        else:
            self.bench.action_type_mode()

    def action_back(self) -> None:
        self._look("form" if self.watched is None else "run")

    def action_use_model(self) -> None:
        listed = self._runs.chosen if self._view == "runs" else None
        folder = Path(listed.path) if listed else self.watched.folder if self.watched else None
        if folder is None:
            self.say("No run is watched: s starts one, l lists them.")
            return
        try:
            run_model(folder)
        except ModelError as error:
            self.complain(str(error))
            return
        self.bench.choose_model(str(folder))
        self.say(f"Loading the model of {folder.name} for all panes.")
