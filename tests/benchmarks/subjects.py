"""The programs that are compared: the app, and the bare app of the same size with the same text."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]
import tokenizers

from core.checkpoints import packaged_encoder
from core.settings import SavedState
from tests.benchmarks.registry import Measurement, Sampler, Side, register
from tests.terminal.terminal import Terminal

ROOT = Path(__file__).parents[2]
COLUMNS, ROWS = 120, 40
EDITOR_ROWS = 5
"""How high the app's editor is in `ROWS` rows."""

against_itself = False
"""Whether the bare app takes the app's place: the ratios then show the harness's own error."""

sentences = 1_000
"""How many are classified where that is measured."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A program to be measured in a terminal."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    ready: str
    """What is on the screen once the editor's text is shown."""
    answer_row: int = 0
    """The row from which on a key must have changed something for it to count as answered."""

    def start(self) -> Terminal:
        """Starts the program in a terminal of the size all measurements use."""
        return Terminal(self.command, columns=COLUMNS, rows=ROWS, env=self.env, cwd=ROOT)


Open = Callable[[Subject], AbstractContextManager[Sampler]]
"""Starts a subject and gives what measures it."""


@cache
def library_tokenizer() -> tokenizers.Tokenizer:
    """The tokenizer that the app uses, by the Rust library alone."""
    encoder = packaged_encoder()
    if encoder is None:
        raise SystemExit("The benchmarks need the offline extra: run make benchmarks.")
    tokenizer = tokenizers.Tokenizer.from_file(str(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@cache
def reviews() -> list[str]:
    """The sentences of the embedded reviews."""
    rows = (ROOT / "core/data/reviews/train.tsv").read_text().splitlines()
    return [row.partition("\t")[2] for row in rows]


def one_line(characters: int) -> str:
    """So many characters of the embedded reviews on a single line."""
    line = " ".join(reviews())
    return (line + " ") * (characters // len(line)) + line[: characters % len(line)]


def encode_alone(text: str) -> tuple[float, int]:
    """Milliseconds that `Tokenizer.encode` takes for `text` in this process, and its tokens."""
    started = time.perf_counter()
    tokens = len(library_tokenizer().encode(text))
    return (time.perf_counter() - started) * 1000, tokens


@cache
def text_of(tokens: int) -> str:
    """Sentences of the embedded reviews, one a line, that make about `tokens` tokens.

    None is so long that an editor would wrap it.
    """
    tokenizer = library_tokenizer()
    lines: list[str] = []
    counted = 0
    for sentence in reviews():
        length = len(tokenizer.encode(sentence))
        if len(sentence) < COLUMNS - 20 and counted + length <= tokens:
            lines.append(sentence)
            counted += length
        if tokens - counted < max(3, tokens // 50):
            return "\n".join(lines)
    raise ValueError(f"The reviews are shorter than {tokens} tokens.")


def bare(folder: Path, text: str) -> Subject:
    """The bare app with `text` in its editor."""
    file = folder / "text.txt"
    file.write_text(text)
    command = (
        sys.executable,
        str(ROOT / "tests/benchmarks/bare.py"),
        f"--text-file={file}",
        f"--editor-rows={EDITOR_ROWS}",
    )
    return Subject(command, {}, _mark(text))


def ours(folder: Path, text: str) -> Subject:
    """The app with `text` in its editor, and its own cache, runs and state."""
    if against_itself:
        return bare(folder, text)
    state = folder / "state"
    state.mkdir()
    write_state(state / "state.json", text)
    env = {
        # One cache for all: the embedded model is assembled in it once.
        "TERMFORMER_CACHE_DIR": os.environ.get(
            "TERMFORMER_CACHE_DIR", str(folder.parents[1] / "cache")
        ),
        "TERMFORMER_RUNS_DIR": str(folder / "runs"),
        "TERMFORMER_CONFIG": str(folder / "config.toml"),
        "TERMFORMER_STATE_DIR": str(state),
        "HF_HUB_OFFLINE": "1",
    }
    return Subject(
        (str(Path(sys.executable).with_name("termformer")),),
        env,
        _mark(text),
        answer_row=EDITOR_ROWS + 2,
    )


def write_state(file: Path, text: str) -> None:
    """Writes the session the app opens with: `text`, the caret at its end, the Tokens pane."""
    lines = text.split("\n")
    state = SavedState(text=text, caret=(len(lines) - 1, len(lines[-1])), pane="tokens")
    file.write_text(json.dumps(msgspec.to_builtins(state)))


def _mark(text: str) -> str:
    """What is on the screen when the end of `text` is: the last words of it."""
    return text.rsplit("\n", maxsplit=1)[-1][-30:]


def compare(
    name: str, *, unit: str, bar: str, tokens: int = 0, text: str = ""
) -> Callable[[Open], Open]:
    """Registers a way of measuring a subject: the app with a text against the bare app with it.

    The text is `text`, or else sentences of about so many `tokens`.
    """

    def decorate(open_: Open) -> Open:
        def side(subject: Callable[[Path, str], Subject]) -> Side:
            return lambda folder: open_(subject(folder, text or text_of(tokens)))

        register(Measurement(name, unit, side(ours), side(bare), bar))
        return open_

    return decorate


@contextmanager
def running(subject: Subject) -> Iterator[Terminal]:
    """The subject, started, painted and idle; ended with all its children at the end."""
    with subject.start() as terminal:
        try:
            terminal.wait_for(subject.ready)
            wait_until_idle(terminal.pid)
            yield terminal
        finally:
            stop(terminal)


def stop(terminal: Terminal) -> None:
    """Ends a program; waits for the children it started, and ends those that stay."""
    children = psutil.Process(terminal.pid).children(recursive=True)
    terminal.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=10)


def resident_megabytes(terminal: Terminal) -> float:
    """The resident memory of a program's own process, in 1,000,000 bytes."""
    return float(psutil.Process(terminal.pid).memory_info().rss) / 1e6


def wait_until_idle(pid: int, timeout: float = 120.0) -> None:
    """Waits until a process and its children have used next to no processor time for a while."""
    deadline = time.monotonic() + timeout
    used, calm = -1.0, 0
    while calm < 3:
        time.sleep(0.25)
        now = 0.0
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            now += times.user + times.system
        calm = calm + 1 if abs(now - used) <= 0.02 else 0
        used = now
        if time.monotonic() > deadline:
            raise TimeoutError(f"Process {pid} was not idle within {timeout} s.")
