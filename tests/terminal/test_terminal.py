"""The harness itself, on tiny programs."""

from __future__ import annotations

import signal
import sys
import textwrap
import time

import pytest

from tests.terminal.terminal import Terminal


def python(source: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(source)]


ECHO = python(
    """
    import sys, termios, tty
    tty.setraw(0)
    print("ready", end="", flush=True)
    while (byte := sys.stdin.buffer.raw.read(1)) != b"q":
        print("<%02x>" % byte[0], end="", flush=True)
    """
)


def test_output_is_drawn_with_position_style_and_wide_characters() -> None:
    program = python(r'print("\x1b[3;5H\x1b[1;31m語x\x1b[0m end", flush=True); input()')
    with Terminal(program, columns=40, rows=10) as terminal:
        terminal.wait_for("語x end")
        assert terminal.screen.find("x end") == (2, 6)
        assert terminal.style(2, 4).fg == "red"
        assert terminal.style(2, 4).bold
        assert not terminal.style(2, 8).bold


def test_keys_arrive_as_a_terminal_sends_them() -> None:
    with Terminal(ECHO) as terminal:
        terminal.wait_for("ready")
        terminal.press("a", "enter", "up", "ctrl+p", "f1")
        terminal.wait_for("ready<61><0d><1b><5b><41><10><1b><4f><50>")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0


def test_waiting_in_vain_shows_the_whole_screen() -> None:
    with Terminal(ECHO) as terminal:
        terminal.wait_for("ready")
        with pytest.raises(TimeoutError, match="'tokens' was not seen") as error:
            terminal.wait_for("tokens", timeout=0.05)
        assert "│ready " in str(error.value)
        assert str(error.value).count("\n") > 24


def test_waiting_for_a_program_that_ended_does_not_wait() -> None:
    with (
        Terminal(python('print("last words")')) as terminal,
        pytest.raises(EOFError, match="last words"),
    ):
        terminal.wait_for("never", timeout=60)


def test_a_resize_reaches_the_program_as_a_signal_with_the_new_size() -> None:
    program = python(
        """
        import os, signal
        def show(*_):
            # Not printed: a signal may come in the middle of it.
            os.write(1, b"size %d %d\\n" % os.get_terminal_size(0))
        signal.signal(signal.SIGWINCH, show)
        show()
        while True:
            signal.pause()
        """
    )
    with Terminal(program, columns=100, rows=30) as terminal:
        terminal.wait_for("size 100 30")
        terminal.resize(132, 43)
        terminal.wait_for("size 132 43")
        assert len(terminal.screen.cells) == 43
        assert len(terminal.screen.cells[0]) == 132


def test_every_byte_is_counted_and_kept() -> None:
    program = python(r'import sys; sys.stdout.write("\x1b[2J" + "x" * 100_000)')
    with Terminal(program) as terminal:
        assert terminal.wait_for_exit() == 0
        assert terminal.bytes_written == len(terminal.output) == 100_004
        assert terminal.output.startswith(b"\x1b[2J")


def test_the_last_byte_is_timed_not_the_end_of_the_quiet() -> None:
    with Terminal(ECHO) as terminal:
        terminal.wait_for("ready")
        sent = terminal.send("a")
        answered = terminal.wait_for("<61>")
        assert terminal.wait_for_quiet(quiet=0.3) == answered > sent
        assert time.perf_counter() >= answered + 0.3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_signal_ends_the_program(number: signal.Signals) -> None:
    with Terminal(ECHO) as terminal:
        terminal.wait_for("ready")
        terminal.kill(number)
        assert terminal.wait_for_exit() == -number


def test_a_lost_connection_is_a_hang_up() -> None:
    with Terminal(ECHO) as terminal:
        terminal.wait_for("ready")
        terminal.hang_up()
        assert terminal.wait_for_exit() == -signal.SIGHUP


def test_the_environment_is_the_tests_own_with_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("KEPT", "kept")
    monkeypatch.setenv("TAKEN", "taken")
    names = ["TERM", "NO_COLOR", "KEPT", "TAKEN", "ADDED"]
    program = python(f"import os; print([os.environ.get(name) for name in {names}])")
    with Terminal(program, env={"TAKEN": None, "ADDED": "added"}) as terminal:
        terminal.wait_for("['xterm-256color', None, 'kept', None, 'added']")


def test_the_first_screen_comes_back_after_the_alternate_one() -> None:
    program = python(
        r"""
        print("before", end="", flush=True)
        print("\x1b[?1049h\x1b[Hfull screen", end="", flush=True)
        input()
        print("\x1b[?1049l after", flush=True)
        input()
        """
    )
    with Terminal(program) as terminal:
        terminal.wait_for("full screen")
        assert terminal.mode(1049)
        assert "before" not in terminal.screen
        terminal.press("enter")
        terminal.wait_for("before after")
        assert "full screen" not in terminal.screen
        assert not terminal.mode(1049)


def test_what_pyte_does_not_know_is_not_printed() -> None:
    unknown = (
        r"\x1b[>1u",  # kitty keyboard: push
        r"\x1b[<u",  # kitty keyboard: pop
        r"\x1b[=1;1u",
        r"\x1b[?2026$p",
        r"\x1b[?2026h",
        r"\x1b[?2026l",
        r"\x1b[?2048h",
        r"\x1b[>4;2m",  # modifyOtherKeys
        r"\x1b[?4m",
        r"\x1b[4:3m",
        r"\x1b[2 q",
        r"\x1b_Gi=31;AAAA\x1b\\",  # kitty graphics
        r"\x1bP+q544e\x1b\\",
        r"\x1b]11;?\x1b\\",
    )
    # One byte at a time: sequences are cut anywhere.
    program = python(
        f"""
        import sys
        for character in "[" + "{"".join(unknown)}" + "]done":
            sys.stdout.write(character); sys.stdout.flush()
        input()
        """
    )
    with Terminal(program) as terminal:
        terminal.wait_for("done")
        assert terminal.screen.lines[0] == "[]done"
        assert not terminal.style(0, 2).underscore


def test_title_and_clipboard_are_kept() -> None:
    program = python(r'print("\x1b]0;a title\x07\x1b]52;c;aGVsbG8=\x07done", flush=True); input()')
    with Terminal(program) as terminal:
        terminal.wait_for("done")
        assert terminal.screen.title == "a title"
        assert terminal.clipboard == ["aGVsbG8="]


TEXTUAL = python(
    """
    from textual.app import App
    from textual.widgets import Footer, Input, Static

    class Tiny(App):
        BINDINGS = [("f2", "copy_to_clipboard('hello')", "Copy")]
        def compose(self):
            yield Input("語 [b]bold[/b]", select_on_focus=False)
            yield Static(id="size")
            yield Footer()
        def on_resize(self, event):
            self.query_one(Static).update(f"{event.size.width} by {event.size.height}")

    Tiny().run()
    """
)


@pytest.mark.parametrize("answers", [(), (2026,), (2026, 2048)])
def test_a_textual_app_is_seen_as_a_person_sees_it(answers: tuple[int, ...]) -> None:
    with Terminal(TEXTUAL, columns=60, rows=12, answers=answers) as terminal:
        terminal.wait_for("60 by 12")
        terminal.wait_for("Copy")
        assert terminal.screen.find("[b]bold[/b]") == (1, 6)
        terminal.press("!")
        terminal.wait_for("[b]bold[/b]!")
        assert (b"\x1b[?2026h" in terminal.output) == (2026 in answers)
        terminal.resize(90, 20)
        terminal.wait_for("90 by 20")
        terminal.wait_for(lambda screen: "Copy" in screen.lines[19])
        terminal.paste(" and more")
        terminal.wait_for("[b]bold[/b]! and more")
        terminal.press("ctrl+q")
        assert terminal.wait_for_exit() == 0
        assert not terminal.mode(1049)
        assert terminal.mode(25)
        assert terminal.screen.text.strip() == ""
