"""The command as a whole: help, exit codes, what it imports, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from core import __version__, paths
from tests.terminal.terminal import Terminal
from tests.tui.commands.command import COMMAND, ROOT, Here, run_apart, run_python

COMMANDS = [
    *("tokenize", "compare"),
    *("train", "runs", "attach", "pause", "resume", "checkpoint", "evaluate", "set", "stop"),
    *("doctor", "completion"),
]


def test_help_says_what_it_is_for_and_names_every_command(termformer: Here) -> None:
    finished = termformer("--help")
    assert finished.code == 0
    help_text = finished.output
    assert "Look inside transformer text models" in help_text
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\S", help_text, re.MULTILINE), command
    for word in ("Examples:", "TERMFORMER_CACHE_DIR", "TERMFORMER_RUNS_DIR", "TERMFORMER_CONFIG"):
        assert word in help_text
    assert max(map(len, help_text.splitlines())) <= 80
    assert termformer("-h").output == help_text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_s_help_stands_alone(termformer: Here, command: str) -> None:
    finished = termformer(command, "--help")
    assert finished.code == 0
    assert finished.output.startswith(f"Usage: termformer {command}")
    assert max(map(len, finished.output.splitlines())) <= 80
    assert len(finished.output) > 250


def test_every_key_of_the_json_is_in_the_help(termformer: Here) -> None:
    help_text = termformer("doctor", "--help").output
    document = termformer("doctor", "--json").document
    keys = {*document, *document["terminal"], *document["models"], *document["paths"][0]}
    assert [key for key in keys if f'"{key}"' not in help_text] == []


def test_the_version_is_one_line() -> None:
    finished = run_apart("--version")
    assert (finished.code, finished.output) == (0, f"termformer {__version__}\n")


def test_the_entry_point_is_main() -> None:
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="termformer")
    assert entry.value == "tui.commands:main"


@pytest.mark.parametrize(
    "arguments",
    [
        ["tokenise", "x"],
        ["--no-such-option"],
        ["tokenize", "--no-such-option", "x"],
        ["--model", "mini", "tokenize", "x"],
        ["runs", "extra"],
        ["doctor", "--yes"],
        ["completion", "tcsh"],
    ],
)
def test_wrong_usage_is_exit_code_two(termformer: Here, arguments: list[str]) -> None:
    finished = termformer(*arguments)
    assert finished.code == 2
    assert finished.output == ""
    assert "Error: " in finished.complaint


def test_escapes_in_wrong_usage_are_not_passed_on(termformer: Here) -> None:
    text = "\x1b[31mred\x07"
    for arguments in ([text], ["runs", text], ["--model", text, "runs"], ["train", "--seed", text]):
        finished = termformer(*arguments)
        assert finished.code == 2
        assert "[31mred" in finished.complaint
        assert "\x1b" not in finished.complaint
        assert "\x07" not in finished.complaint


@pytest.mark.parametrize("arguments", [[], ["--model", "mini"]])
def test_without_a_terminal_the_app_is_refused_in_a_sentence(arguments: list[str]) -> None:
    finished = run_apart(*arguments)
    assert finished.code == 1
    assert finished.output == ""
    assert "needs a terminal" in finished.complaint
    assert finished.complaint.count("\n") == 1


def test_the_command_alone_opens_the_app() -> None:
    with Terminal(COMMAND, columns=80, rows=24, cwd=ROOT) as terminal:
        terminal.wait_for("waiting for a HuggingFace course", 60)
        terminal.kill(signal.SIGTERM)


def test_importing_the_command_is_light() -> None:
    finished = run_python("import json, sys, tui.commands; print(json.dumps(sorted(sys.modules)))")
    heavy = {
        "textual",
        "rich",
        "click",
        "torch",
        "transformers",
        "tokenizers",
        "msgspec",
        "asyncio",
    }
    assert heavy & set(finished.document) == set()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["tokenize", "--json", "x"], ["runs"], ["doctor"]]
)
def test_commands_never_load_the_app_or_torch(arguments: list[str]) -> None:
    finished = run_python(
        "import json, sys; from tui.commands.cli import run; run(sys.argv[1:]);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)",
        arguments,
    )
    assert finished.code == 0
    loaded = set(json.loads(finished.complaint))
    assert {"textual", "torch", "transformers", "numpy"} & loaded == set()


def test_the_unforeseen_is_a_sentence_and_in_the_log_file() -> None:
    finished = run_python(
        "import sys, tui.commands.runs as runs\n"
        "def broken(): raise RuntimeError('a bug\\nin two lines')\n"
        "runs.list_runs = broken\n"
        "sys.argv = ['termformer', 'runs']\n"
        "from tui.commands import main; main()"
    )
    assert finished.code == 1
    assert finished.output == ""
    assert str(paths.log_file()) in finished.complaint
    assert "Traceback" not in finished.complaint
    assert finished.complaint.count("\n") == 1
    logged = paths.log_file().read_text()
    assert "Traceback" in logged
    assert "RuntimeError: a bug" in logged
    assert paths.log_file().parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("redirected", "words"),
    [
        (">&-", "Standard output is closed: there is nowhere to write to."),
        (">/dev/full", "Standard output cannot be written: No space left on device."),
    ],
)
@pytest.mark.parametrize("options", ["", "--json "])
def test_output_that_cannot_be_written_is_said_in_a_sentence(
    redirected: str, words: str, options: str
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = f'"$@" tokenize {options}"so good" {redirected}'
    finished = subprocess.run(
        ["sh", "-c", command, "sh", *COMMAND], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert finished.stderr == f"termformer: {words}\n"


def test_nothing_is_logged_where_nothing_went_wrong() -> None:
    assert run_apart("runs").code == 0
    assert not paths.log_file().exists()


def test_a_log_that_cannot_be_written_is_no_second_error(private_folders: Path) -> None:
    private_folders.mkdir(parents=True)
    paths.state_dir().write_text("a file where a folder should be")
    finished = run_python(
        "import sys, tui.commands.runs as runs\n"
        "runs.list_runs = lambda: 1 / 0\n"
        "sys.argv = ['termformer', 'runs']\n"
        "from tui.commands import main; main()"
    )
    assert finished.code == 1
    assert "ZeroDivisionError" in finished.complaint
    assert finished.complaint.count("\n") == 1


def test_ctrl_c_while_reading_ends_with_130_and_no_traceback() -> None:
    with Terminal([*COMMAND, "tokenize", "-"], columns=80, rows=24, cwd=ROOT) as terminal:
        terminal.wait_for("ctrl+d ends")
        terminal.press("ctrl+c")
        assert terminal.wait_for_exit() == 130
        assert "Traceback" not in str(terminal.screen)


def test_a_terminal_gets_a_table_without_the_text_s_own_markup_or_escapes() -> None:
    text = "[bold]I[/bold] \x1b]0;title\x07 hate"
    with Terminal([*COMMAND, "tokenize", text], columns=80, rows=40, cwd=ROOT) as terminal:
        assert terminal.wait_for_exit() == 0
        screen = str(terminal.screen)
        assert b"\x1b]" not in terminal.output
        assert b"\x1b[1m" in terminal.output
    assert "1  [bold]I[/bold] ␛]0;title␇ hate" in screen
    assert re.search(r"\d  hate +5223", screen)


def test_no_color_is_respected() -> None:
    with Terminal([*COMMAND, "doctor"], rows=60, cwd=ROOT, env={"NO_COLOR": "1"}) as terminal:
        assert terminal.wait_for_exit() == 0
        assert not re.search(rb"\x1b\[[\d;]*3[0-7]m", terminal.output)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_one_the_shell_takes(termformer: Here, shell: str) -> None:
    finished = termformer("completion", shell)
    assert finished.code == 0
    assert "_TERMFORMER_COMPLETE" in finished.output
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=finished.output.encode(), check=True)


def test_the_shell_is_found_by_its_variable(
    termformer: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert termformer("completion").output == termformer("completion", "fish").output
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert termformer("completion").code == 2


def test_completion_knows_commands_models_and_runs() -> None:
    def complete(line: str) -> list[str]:
        words = line.split(" ")
        finished = subprocess.run(
            COMMAND,
            env={
                **os.environ,
                "_TERMFORMER_COMPLETE": "bash_complete",
                "COMP_WORDS": line,
                "COMP_CWORD": str(len(words) - 1),
            },
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        return [each.partition(",")[2] for each in finished.stdout.splitlines()]

    assert complete("termformer to") == ["tokenize"]
    assert complete("termformer compare --model min")[:2] == ["mini", "mini-base"]
    run = paths.runs_dir() / "calm-otter"
    run.mkdir(parents=True)
    (run / "events.jsonl").touch()
    (run / "config.json").touch()
    assert "calm-otter" in complete("termformer stop cal")


def test_output_that_cannot_show_a_character_shows_a_question_mark() -> None:
    finished = subprocess.run(
        [*COMMAND, "tokenize", "日本"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert finished.returncode == 0, finished.stderr
    assert b"1  ??" in finished.stdout


def test_telemetry_is_off_and_children_inherit_it() -> None:
    finished = run_python(
        "import os, sys; os.environ['HF_HUB_DISABLE_TELEMETRY'] = '0'\n"
        "from tui.commands.environment import prepare_environment; prepare_environment()\n"
        "print(os.environ['HF_HUB_DISABLE_TELEMETRY'], os.environ['TOKENIZERS_PARALLELISM'])"
    )
    assert finished.output == "1 false\n"
