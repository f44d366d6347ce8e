"""The Train pane: one run watched live, a form for the next one, and the list of all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer

from core.errors import RunError
from core.runs.folder import find_run
from tui.document import Document
from tui.panes.train import figures
from tui.panes.train.arrival import run_to_watch, what_happened
from tui.panes.train.asking import NO_RUN
from tui.panes.train.bindings import KEEPING, LOOKING, STEERING, acts, as_bound, words_of
from tui.panes.train.details import KINDS
from tui.panes.train.last_word import last_word
from tui.panes.train.listing import View
from tui.panes.train.others import OtherWatch
from tui.panes.train.prober import Prober
from tui.panes.train.probes import left_out
from tui.panes.train.sheet import Foot
from tui.panes.train.starting import StartingPane, start_words
from tui.panes.train.steering import Steering
from tui.panes.train.view import RunView
from tui.panes.train.watch import RunWatch
from tui.widgets.pane import Code, Export, Option

_WIDE = (110, 14)
"""Columns and rows from which the figures stand beside the chart."""
_EVERY_NOTE = 1.0
_EVERY_LIST = 2.0
_WIDE_FORM = 132
"""Columns from which the plan stands beside the form."""
_PLAN_ROWS = 7
"""Of the plan below the form in a low pane, at most; in a high one it takes up to half of them."""


class TrainPane(StartingPane):
    """Starts, watches and steers training runs."""

    TITLE = "Train"
    ABOUT = (
        "Fine-tunes a model and shows its loss live. The worker is a process of its own: it goes "
        "on when the app is closed, and its curve is whole when you come back. Each step's loss "
        "is faint, the **trend** bright; **◆** is the loss on validation, **◇** on test. A loss "
        "that is no finite number is a gap, marked × on the axis. The editor's sentences are "
        "classified at each evaluation."
    )
    DEFAULT_CSS = (Path(__file__).parent / "train.tcss").read_text()
    BINDINGS: ClassVar[list[BindingType]] = [*STEERING, *KEEPING, *LOOKING]

    def __init__(self, attach: str | None = None, others: Path | None = None) -> None:
        super().__init__(id="train")
        self._wanted_run = attach
        self.runs.others = others
        self._remembered: dict[str, Option] = {}
        self._stale = True
        self._was_live = self._seen_live = False
        self._fares = ("", 0)
        """The status of the run, and how often it changed as far as the log was read."""
        self._note_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        self._run_view = RunView(self.plan_view.plan, id="run")
        self._foot = Foot(id="foot")
        yield self._run_view
        yield self.runs
        with Container(id="form-area"):
            yield self.form_view
            yield self.plan_view
        yield self.prompt
        yield self._foot

    def on_mount(self) -> None:
        self._prober = Prober(self, self.sentences, lambda: self.watched, self._post)
        self.look_at("form")
        self.set_interval(_EVERY_LIST, self.keep_listing)
        self.watch(self.screen, "document", self._prober.edited, init=False)
        self.call_after_refresh(self._arrive)

    def on_resize(self, event: events.Resize) -> None:
        columns, rows = event.size
        self.set_class(columns >= _WIDE[0] and rows >= _WIDE[1], "-wide")
        self.set_class(columns >= _WIDE_FORM and rows >= _WIDE[1], "-beside")
        below = 0 if rows < 9 else rows // 2 if rows >= 24 else min(_PLAN_ROWS, rows // 2)
        self.plan_view.display = self.has_class("-beside") or below > 0
        self.plan_view.take(None if self.has_class("-beside") else below)
        self._run_view.fit_into(rows, wide=self.has_class("-wide"))
        self.call_after_refresh(self._draw)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self.is_mounted:
            self.draw_foot()

    # --- what the workbench tells ---------------------------------------------------------

    def document_changed(self, document: Document) -> None:
        if self._stale:
            self._draw()

    def code(self) -> Code | None:
        from tui.panes.train import python  # imported when first needed

        if self.view == "form":
            config, _ = self.form.read()
            return None if config is None else python.python_of_form(config)
        if self.watched is None or self.watched.read_only:
            return None
        return python.python_of_run(self.watched)

    def no_code(self) -> str:
        if self.view == "run" and self.watched is not None and self.watched.read_only:
            return "The program that this run belongs to has its code: here it is watched."
        return super().no_code()

    def exports(self) -> Sequence[Export]:
        from tui.panes.train import exports  # imported when first needed

        plots = self._run_view.plots() if self.view == "run" else []
        charts = self._run_view.charts
        return exports.exports(plots, charts.drawn, plain=charts.plain) if plots else ()

    def offers(self, action: str) -> bool:
        return acts(action, self.view, self.watched, self.meant)

    def key_words(self, binding: Binding) -> str:
        return words_of(binding, self.meant)

    def options(self) -> dict[str, Option]:
        watch = self.watched
        if watch is None or watch.read_only:
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

    def begin(self, watch: RunWatch, steering: Steering, *, look: bool) -> None:
        self.steering = steering
        self._was_live = self._seen_live = False
        if look:
            self.look_at("run")
        self._fares = (self.follower.begin(watch).status.status, 0)
        self.show_keys()
        self.bench.remember()

    @work(group="arrive")
    async def _arrive(self) -> None:
        """Once, at the start: finds the run to watch, and says what happened to it.

        Whoever has gone on to the form or to the list meanwhile stays there.
        """
        if self.runs.others is not None:
            self.bench.show(self)
            self.focus()
            self.watch_others()
            return
        if self._wanted_run is not None:
            self.bench.show(self)
            self.focus()
            try:
                self.watch_run(find_run(self._wanted_run))
            except RunError as error:
                self.complain(str(error))
            return
        status = await asyncio.to_thread(run_to_watch, self._remembered)
        if status is None or self.watched is not None:
            return
        self.watch_run(Path(status.path), look=self.view == "form" and not self.form_view.has_focus)
        if sentence := what_happened(status, self._remembered):
            self.say(sentence)
            if not self.display:
                self.tell(sentence, calm=status.is_live or status.status == "finished")

    def run_changed(self, watch: RunWatch) -> None:
        (status, turns), now = self._fares, (watch.status.status, watch.history.turns)
        if status != now[0] or (turns and turns != now[1]):
            # What was said of the run before it came to fare otherwise.
            self.steering.news = []
            self.show_keys()
        self._fares = now
        self.steering.hear(watch.history, live=watch.status.is_live)
        ended = self._was_live and not watch.status.is_live
        self._was_live = watch.status.is_live
        self._seen_live |= self._was_live
        if self._note_timer is None:
            self._note()
        if ended:
            self.steering.news = []
            self.plan_view.forget()
            self.bench.remember()
            if not self.display:
                words, _ = last_word(watch)[0]
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
            self.bench.note_run(note)
            self._note_timer = self.set_timer(_EVERY_NOTE, self._note)

    # --- drawing --------------------------------------------------------------------------

    def look_at(self, view: View) -> None:
        self.view = view
        self._run_view.display = view == "run"
        self.runs.display = view == "runs"
        self.query_one("#form-area").display = view == "form"
        self.show_keys()
        self._draw()

    def redraw(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self._stale = not self.display
        if self._stale:
            return
        if self.view == "form":
            self.form_view.draw()
            self.plan_view.show(self.form.read()[0])
        elif self.view == "run" and self.watched is not None:
            main, *beside = self.watched.shown
            self._run_view.show(main, (*beside, *self.overlay.over(self.watched)))
        self.draw_foot()

    def draw_foot(self) -> None:
        watch = self.watched
        stalled = watch is not None and watch.status.status == "stalled"
        words = self.steering.words(silent=stalled)
        if not words and self.view == "run" and self.watched is not None:
            words = last_word(self.watched)
            if isinstance(self.watched, OtherWatch):
                words = self.watched.foot()
        if not words and self.view == "runs":
            words = self.runs.words()
        if not words and self.view == "form":
            keys = () if self.form_view.has_focus else start_words(typing=not self.has_focus)
            words = [*keys, *self.form_view.told]
        self._foot.say(as_bound(words, self.app))

    def action_chart(self, change: str, *amount: float) -> None:
        """Another look at the run: what `change` of the charts does."""
        details = self._run_view.details
        if self.view != "run" or self.watched is None:
            return
        if details.kind == "chart":
            charts = self._run_view.charts
            if words := getattr(charts, change)(*amount):
                self.say(words)
        elif change == "move_cursor":
            details.turn(1 if amount[0] > 0 else -1)
        self._draw()

    def action_space(self) -> None:
        """In the list: overlays the run; in the chart: follows the newest steps or stands still."""
        if self.view == "runs":
            self.action_mark()
        else:
            self.action_chart("follow")

    def action_details(self) -> None:
        """From the chart to the evaluations, the probes, the data, and back."""
        was = self.view
        if not self.choose_target():
            return
        if self.watched is None:
            self.say(NO_RUN)
            return
        if self.watched.read_only:
            self.say("Of another program's run there are its curves alone.")
            return
        details = self._run_view.details
        if was == "run" or details.kind == "chart":
            details.turn_to(KINDS[(KINDS.index(details.kind) + 1) % len(KINDS)])
            if details.kind == "probes":
                self._prober.ask()
                if words := left_out(self.bench.document.sentences):
                    self.say(words)
        self.look_at("run")

    # --- moving about ---------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        if self.view == "runs":
            self.move_mark(rows)
        elif self.view == "run" and isinstance(self.watched, OtherWatch):
            if self.watched.turn(rows):
                self._draw()
        elif self.view == "run":
            self._run_view.details.move(rows)

    def action_open(self) -> None:
        """Shows the run, takes it out of the trash, types a mistake, or goes to the editor."""
        chosen, line = self.runs.chosen, self._run_view.details.line
        if self.view == "runs" and self.runs.marks_others:
            self.watch_others()
        elif self.view == "runs":
            # While the list is being read there is none to be shown.
            if chosen is not None and self.in_trash:
                self.take_out()
            elif chosen is not None:
                self.watch_run(chosen.path)
        elif self.view == "run" and line is not None:
            self._type(line)
        else:
            self.bench.action_type_mode()

    def _type(self, line: str) -> None:
        """Adds a line to the editor, for all panes to look at."""
        editor = self.bench.editor
        end = editor.document.end
        empty = editor.document.get_line(end[0]) == ""
        editor.insert(line if empty else f"\n{line}", end)
        number = editor.document.line_count
        self.say(f"Line {number} of the editor: the other panes look into it.")

    def action_back(self) -> None:
        details = self._run_view.details
        if self.view == "run" and details.kind != "chart":
            details.turn_to("chart")
        super().action_back()
