"""The app: screens, themes, palette and key map; nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.theme import ThemeProvider

from core import paths
from core.errors import SettingsError
from core.settings import Settings, read_settings, read_state
from core.text.visible import visible
from tui.screens.palette import Palette
from tui.themes import DARK, LIGHT
from tui.widgets.keys import open_above, own_bindings, when_open
from tui.workbench import Workbench

if TYPE_CHECKING:
    from tui.widgets.pane import Pane


log = logging.getLogger(__name__)

_TERMINAL_CHECK = 5.0
"""Seconds between looks at whether the terminal is still there, and then for ending in order."""


def make_panes(attach: str | None = None, others: Path | None = None) -> list[Pane]:
    """The panes, in the order of their tabs; imported behind the first frame."""
    from tui.panes.logits import LogitsPane
    from tui.panes.model import ModelPane
    from tui.panes.pipeline import PipelinePane
    from tui.panes.tokens import TokensPane
    from tui.panes.train import TrainPane

    return [TokensPane(), LogitsPane(), PipelinePane(), ModelPane(), TrainPane(attach, others)]


class TermformerApp(App[None], inherit_bindings=False):
    """Look inside transformer text models: tokens, masks, logits and a live fine-tuning run."""

    TITLE = "Termformer"
    CSS_PATH = "workbench.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "help", show=False, id="app.help", priority=True),
        Binding("ctrl+c", "interrupted", "how to quit", show=False, id="app.interrupt"),
    ]

    def __init__(
        self, *, model: str | None = None, attach: str | None = None, others: Path | None = None
    ) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self._notes: list[str] = []
        try:
            self.settings = read_settings()
        except SettingsError as error:
            self.settings = Settings()
            self._notes.append(str(error))
        read = read_state()
        state = read.state
        self._notes += [read.note] if read.note else []
        state.model = model or self.settings.model or state.model
        themes = self.available_themes
        wanted = self.settings.theme or state.theme or DARK.name
        if wanted not in themes:
            self._notes.append(f"There is no theme {wanted!r}: {DARK.name} is used.")
        self.theme = wanted if wanted in themes else DARK.name
        self.set_keymap(self.settings.keys)
        self.bench = Workbench(
            lambda: make_panes(attach, others), read, preload=self.settings.preload
        )

    def _fatal_error(self) -> None:
        """A bug ends the app with one sentence; the traceback, without its data, is in the log."""
        log.exception("the app ended by itself")
        words = f"Termformer ended by a fault of its own: {paths.log_file()} says which."
        self._exit_renderables.append(Text(f"{words} Sentences and runs are kept."))
        self._close_messages_no_wait()

    def _watch_terminal(self) -> None:
        """Ends the app when its terminal is gone, which no signal may tell, as a killed one.

        In threads of its own: Textual's output is stuck where nobody takes it any more, and the
        event loop with it. What is typed is saved behind every pause.
        """
        loop = asyncio.get_running_loop()

        def watch() -> None:
            while _has_terminal():
                time.sleep(_TERMINAL_CHECK)
            with contextlib.suppress(RuntimeError):  # The loop has ended: so does the app.
                loop.call_soon_threadsafe(self._ended_from_outside)
            time.sleep(_TERMINAL_CHECK)
            os._exit(1)

        threading.Thread(target=watch, name="terminal-watch", daemon=True).start()

    def _watch_suspension(self) -> None:
        """Draws the whole screen when the process goes on after it was stopped.

        A hang-up sends SIGCONT too: Textual would then begin anew with a terminal that is gone.
        """
        loop, resume = asyncio.get_running_loop(), signal.getsignal(signal.SIGCONT)
        driver = self._driver

        def begin_anew() -> None:
            # SIGSTOP left no time to put the terminal in order, and the shell has used it since.
            if driver is not None:
                driver.suspend_application_mode()
                driver.resume_application_mode()

        def go_on(number: int, frame: FrameType | None) -> None:
            if not callable(resume) or not _has_terminal():
                return
            if getattr(driver, "_must_signal_resume", True):
                resume(number, frame)
            else:
                loop.call_soon_threadsafe(begin_anew)
            loop.call_soon_threadsafe(self.screen.refresh)

        signal.signal(signal.SIGCONT, go_on)

    def on_resize(self, event: events.Resize) -> None:
        """Takes the terminal's word for its size.

        Where it changes twice at once Textual's handler interrupts itself, and the size before
        the last one is told last.
        """
        told_by_terminal = getattr(self._driver, "_in_band_window_resize", False)
        if self.is_headless or told_by_terminal:
            return
        size = Size(*shutil.get_terminal_size(fallback=event.size))
        if size != event.size:
            self.post_message(events.Resize(size, size))

    async def on_event(self, event: events.Event) -> None:
        """Keys behind the one that opens a screen wait until it is there."""
        if isinstance(event, events.Key):
            await when_open(self.screen)
        await super().on_event(event)

    def _ended_from_outside(self) -> None:
        """The terminal hung up, or the machine goes down: save first, the screen may be gone."""
        self.bench.save()
        self.exit()

    def get_default_screen(self) -> Screen[None]:
        return self.bench

    def on_mount(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._ended_from_outside)
            if not self.is_headless:
                self._watch_terminal()
                self._watch_suspension()
        for note in self._notes:
            self.notify(visible(note), markup=False, severity="warning", timeout=10)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action there is, for the palette."""
        for number, pane in enumerate(self.bench.panes):
            yield SystemCommand(
                f"Go to {pane.TITLE}", "Show this pane", lambda n=number: self.bench.show_pane(n)
            )
        from tui.screens.help import shown_keys  # imported when first needed

        for pane in self.bench.panes:
            for binding in own_bindings(type(pane)):
                yield SystemCommand(
                    f"{pane.TITLE}: {binding.tooltip or binding.description}",
                    f"Key: {shown_keys(self, binding)}",
                    lambda p=pane, b=binding: self._act(p, b),
                )
        if self.bench.furnished.is_set():
            yield from self._commands_of_bench()
        yield SystemCommand("Help", "What the pane in focus does, and its keys", self.action_help)
        yield SystemCommand("Theme", "Change the colours", self._choose_theme)
        yield SystemCommand("Quit", "Runs go on; sentences come back", self.action_quit)

    def _commands_of_bench(self) -> Iterable[SystemCommand]:
        """What the screen does once it is furnished, whatever pane is shown."""
        yield SystemCommand("Type", "Back to the editor: i", self.bench.action_type_mode)
        yield SystemCommand(
            "Choose a model", "A name, a folder or a run", self.bench.action_choose_model
        )
        yield SystemCommand(
            "Give up loading",
            "The model before, if there is one, stays",
            self.bench.action_cancel_model,
        )
        yield SystemCommand(
            "Vocabulary", "All entries of the tokenizer", self.bench.action_vocabulary
        )

    def _act(self, pane: Pane, binding: Binding) -> None:
        self.bench.show_pane(self.bench.panes.index(pane))
        pane.focus()
        self.call_later(self.run_action, binding.action, pane)

    async def action_help(self) -> None:
        """Help for the pane that is shown, or for what stands above it."""
        from tui.screens.help import HelpScreen  # both imported when first needed
        from tui.screens.vocabulary import VocabularyScreen

        if isinstance(self.screen, Palette):
            await self.run_action("escape", self.screen)
        bench, screen = self.bench, self.screen
        if bench.panes and not isinstance(screen, HelpScreen):
            subject = screen if isinstance(screen, VocabularyScreen) else bench.pane_in_view
            help_screen = HelpScreen(subject, bench.panes, own_bindings(type(bench)))
            await open_above(self, help_screen)

    async def action_command_palette(self) -> None:  # type: ignore[override]
        """Every action by name; the keys behind the one that opens it are for its field."""
        if not isinstance(self.screen, Palette):
            await open_above(self, Palette())

    async def _choose_theme(self) -> None:
        await open_above(self, Palette([ThemeProvider], placeholder="Search for themes…"))

    def action_interrupted(self) -> None:
        """Ctrl+c does not quit: say what does."""
        self.notify("To quit: Esc, then q. A training run goes on.", markup=False)


def _has_terminal() -> bool:
    try:
        os.get_terminal_size(sys.__stdin__.fileno() if sys.__stdin__ else 0)
    except OSError:
        return False
    return True
