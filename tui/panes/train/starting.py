"""The form and what comes of it: a run that starts, or words that say why not."""

from __future__ import annotations

import asyncio

import msgspec
from textual import events, on, work

from core.errors import RunError
from core.runs.config import RunConfig
from core.runs.folder import create_run
from core.runs.launch import start_run
from tui.panes.train.form import Form
from tui.panes.train.form_view import FormView
from tui.panes.train.keeping import KeepingPane
from tui.panes.train.plan_view import PlanView
from tui.panes.train.probes import probes_of
from tui.widgets.bars import KeyBar
from tui.widgets.rows import Part

_EDITING = (("↑ ↓", "field"), ("← →", "choice"), ("Enter", "next"), ("Esc", "done"))
_START: tuple[Part, ...] = (
    (" s", "sheet--key"), (" starts it   ", ""), ("f", "sheet--key"), (" changes a value   ", ""),
    ("l", "sheet--key"), (" earlier runs  ", ""),
)  # fmt: skip


def start_words(*, typing: bool) -> list[Part]:
    """Which keys start a run; where letters are typed into the editor, what comes before them."""
    return [*([(" Esc", "sheet--accent"), (" then", "")] if typing else ()), *_START]


class StartingPane(KeepingPane):
    """Fills in the form and starts runs."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.form = Form()
        self.form_view = FormView(self.form, id="form")
        self.plan_view = PlanView(id="plan")
        self._starting = False

    def sentences(self) -> list[str]:
        """What of the editor a run can be asked to classify."""
        return probes_of(self.bench.document.sentences)

    def action_start(self) -> None:
        """Starts what the form shows; where it is not in sight, asks first.

        While another program's run is in sight it does neither.
        """
        if self.view == "run" and self._is_foreign(" f: a run of your own."):
            return
        config, wrong = self.form.checked()
        if config is None:
            field, problem = next(iter(wrong.items()))
            self.form_view.say(field, problem)
            self.look_at("form")
            self.complain(f"Not started: {problem}")
            return
        if self.view != "form":
            asks = f" again: {self.form.summary()}"
            if not self.sure("start", [(" s", "sheet--key"), (asks, "sheet--value")]):
                return
        if not self._starting:
            self._starting = True
            self._start(config)

    @work(group="start")
    async def _start(self, config: RunConfig) -> None:
        config = msgspec.structs.replace(config, probes=self.sentences())
        view, name = self.view, self.form.values["name"]
        try:
            folder = await asyncio.to_thread(create_run, config)
            await asyncio.to_thread(start_run, config, folder)
        except RunError as error:
            self.complain(str(error))
        else:
            if self.form.values["name"] == name:
                self.form.values["name"] = ""  # the next run is another one
            # Whoever goes on in the form or to the list meanwhile stays there.
            self.watch_run(folder, look=self.view == view and not self.form_view.has_focus)
        finally:
            self._starting = False

    def action_edit(self) -> None:
        """The form; from the list with the values of the run that is marked there."""
        listed = self.runs.chosen if self.view == "runs" else None
        if listed is not None and listed.config is not None:
            self.form.fill_from(listed.config)
            self.say(f"The form has the values of {listed.name}.")
        self.look_at("form")
        self.screen.set_focus(self.form_view)

    @on(FormView.Changed)
    def _form_changed(self) -> None:
        self.steering.news = []
        self.redraw()
        self.bench.remember()

    @on(FormView.Told)
    def _told(self) -> None:
        self.draw_foot()

    @on(PlanView.LookedUp)
    def _looked_up(self) -> None:
        self.redraw()

    @on(FormView.Left)
    def _typed(self) -> None:
        self.draw_foot()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget is self.form_view:
            # The workbench knows the editor and inputs alone as places to type into.
            event.stop()
            self.screen.query_one(KeyBar).show_keys(typing=True, keys=_EDITING)
            self.draw_foot()
