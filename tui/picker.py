"""Choosing a model by name: the embedded ones, the user's runs, or anything typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.checkpoints import (
    COURSE_CLASSIFIER,
    MINI,
    MINI_BASE,
    hub_snapshot,
    packaged_encoder,
    run_model,
)
from core.errors import ModelError
from core.runs.folder import list_runs
from core.text.visible import visible


class ModelPicker(ModalScreen[str | None]):
    """Returns the name that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", priority=True),
        Binding("down", "move(1)", "next", show=False, priority=True),
        Binding("up", "move(-1)", "before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    ModelPicker {
        align: center middle;
        #picker { width: 76; max-width: 100%; height: auto; max-height: 90%; background: $surface;
                  padding: 1 2; }
        Static { color: $foreground 60%; }
        Input, Input:focus { border: none; height: 1; margin: 1 0; padding: 0 1;
                             background: $panel; }
        OptionList, OptionList:focus { border: none; height: auto; max-height: 12; padding: 0;
                                       background: $surface; }
    }
    """

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def compose(self) -> ComposeResult:
        with Vertical(id="picker"):
            yield Static("A model: a name below, a folder, a run, or a name on the Hub.")
            yield Input(placeholder=visible(self._current), id="name")
            yield OptionList(*self._options(), markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def _options(self) -> Iterator[Option]:
        for name, about in self._known():
            words = Text.assemble(visible(name), "  ", (visible(about), "dim"))
            yield Option(words, id=name)

    def _known(self) -> Iterator[tuple[str, str]]:
        if packaged_encoder():
            yield MINI, "sentiment of a sentence; embedded"
            yield MINI_BASE, "its encoder, not yet fine-tuned; embedded"
        for run in list_runs():
            try:
                run_model(run)
            except ModelError:
                continue
            yield str(run), "what this run saved"
        fetched = " · fetched" if hub_snapshot(COURSE_CLASSIFIER) else " · from the Hub"
        yield COURSE_CLASSIFIER, f"the course's classifier{fetched}"

    def action_move(self, step: int) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is None:
            options.highlighted = 0 if step > 0 else options.option_count - 1
        elif step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()
        chosen = options.highlighted_option
        if chosen is not None and chosen.id:
            self.query_one(Input).value = visible(chosen.id)

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        options = self.query_one(OptionList)
        highlighted = options.highlighted_option
        name = message.value.strip()
        if highlighted is not None and highlighted.id and visible(highlighted.id) == name:
            name = highlighted.id
        self.dismiss(name or None)

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option.id)
