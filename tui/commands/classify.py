"""`termformer classify`: labels and scores of any number of texts."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from core import checkpoints
from core.classification import (
    ClassifiedText,
    Order,
    classified_text,
    in_order,
    json_pieces,
    write_classified,
)
from core.engine.client import EngineClient
from core.engine.protocol import (
    ClassificationDone,
    Classified,
    Classify,
    Interim,
    ModelInfo,
    RowsClassified,
)
from core.errors import TermformerError
from core.sizes import duration, percent
from core.text.sentences import Sentence
from core.text.visible import visible, width
from core.typed_paths import exists
from tui.commands.engine import Telling
from tui.commands.options import NAMES_OF_MODELS, json_option, model_option
from tui.commands.outcome import complain
from tui.commands.output import print_text
from tui.commands.texts import ABOUT_TEXTS, Source, looks_like_a_path, named_file, texts_argument

BATCH_SIZE = 32
WINDOW = 8192
"""Sentences that are grouped by length together; more are read when these are done."""
_MOST_LABELS = 5


@click.command(
    "classify",
    short_help="Labels and scores of any number of texts.",
    epilog=f"{ABOUT_TEXTS}\n\n{NAMES_OF_MODELS}",
)
@texts_argument(required=False, metavar="[TEXT…|-|FILE]")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read sentences from FILE, one a line. A FILE given alone, as if it were TEXT, does too.",
)
@model_option("A sequence classifier.", checkpoints.default_model())
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=BATCH_SIZE,
    show_default=True,
    metavar="N",
    help="Sentences of similar length that go through the model at once.",
)
@click.option(
    "--sort",
    "order",
    type=click.Choice(["given", "score", "certainty"]),
    default="given",
    show_default=True,
    help="As they came, the highest score first, or the least certain first.",
)
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE, .json or .csv, instead of printing.",
)
@click.option("--force", is_flag=True, help="Let --export replace FILE.")
@json_option
@click.pass_context
def classify_command(
    ctx: click.Context,
    texts: tuple[str, ...],
    file: Path | None,
    model: str,
    batch_size: int,
    order: Order,
    export: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Say which label a classifier gives each TEXT, and how sure it is.

    The same labels and scores as transformers' pipeline("text-classification"), but texts of
    similar length go through the model together. Of what is read from "-" or --file, results
    appear as they are computed. Texts longer than the model takes are cut at its last position.

    With --json: {"model", "rows": [{"text", "label", "score", "logits", "probabilities"}]}; logits
    and probabilities are lists of numbers in the order of the labels, null where one is not finite;
    a model that predicts numbers has no probabilities, and repeats its logits there.
    """
    if not texts and file is None:
        raise click.MissingParameter(ctx=ctx, param_hint="'TEXT…'", param_type="argument")
    if texts and file is not None:
        raise click.UsageError("Give texts or --file, not both: - among the texts reads a pipe.")
    texts, file = _alone_a_file(texts, file)
    if export is not None and as_json:
        raise click.UsageError("--export writes a file, --json prints: give one of them.")
    _require_writable(export, force=force)
    checkpoints.locate(model)  # A name that can mean nothing is refused before torch is imported.
    job = Job(Source(texts, file), model, batch_size)
    with contextlib.closing(job.windows()) as windows:
        # The first answer comes before the first byte: a document is not begun in vain.
        rows = itertools.chain(next(windows, []), itertools.chain.from_iterable(windows))
        if job.info is None:
            raise job.source.nothing_there()
        if order != "given":
            rows = itertools.chain(in_order(rows, order, job.info.postprocess))
        if export is not None:
            write_classified(export, job.info, rows)
            print_text(f"{export}: {job.summary}")
        elif as_json:
            _write(json_pieces(job.info.name, rows))
        else:
            _write(_lines(rows, job.info))
            if sys.stdout.isatty():
                print_text(job.summary, "dim")
    if job.truncated:
        were = "text was" if job.truncated == 1 else "texts were"
        complain(f"{job.truncated:,} {were} longer than the model takes, and cut.")


def _alone_a_file(texts: tuple[str, ...], file: Path | None) -> tuple[tuple[str, ...], Path | None]:
    """One text that names a file is that file; says so, since a text it might have been."""
    named = [path for text in texts if (path := named_file(text))]
    if not named:
        if len(texts) == 1 and looks_like_a_path(texts[0]):
            complain(f"There is no file {texts[0]}: it is classified as a sentence.")
        return texts, file
    if len(texts) == 1:
        complain(f"{named[0]} is a file: its lines are read.")
        return (), named[0]
    complain(f"{named[0]} is taken for a text among others; given alone, the file is read.")
    return texts, file


@dataclass
class Job:
    """Texts on their way through one engine, and what is known of them so far."""

    source: Source
    model: str
    batch_size: int
    info: ModelInfo | None = None
    done: int = 0
    truncated: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    def windows(self) -> Generator[list[ClassifiedText], None, None]:
        """All rows in the order of the texts, many at a time, while the engine lives.

        Raises `ModelError`, `EngineError`, and `TermformerError` where a text cannot be read.
        """
        told = Telling()
        client = EngineClient(on_crash=complain)
        with asyncio.Runner() as runner:
            try:
                sentences = self.source.sentences()
                while window := list(itertools.islice(sentences, WINDOW)):
                    yield runner.run(self._classify(client, window, told))
            finally:
                told.clear()
                runner.run(client.close())

    @property
    def summary(self) -> str:
        """How many texts there were, how many of each label, and the time."""
        texts = f"{self.done:,} {'text' if self.done == 1 else 'texts'}"
        labels = [f"{label} {count:,}" for label, count in self.labels.most_common(_MOST_LABELS)]
        return " · ".join([texts, *labels, duration(time.monotonic() - self.started)])

    async def _classify(
        self, client: EngineClient, window: list[Sentence], told: Telling
    ) -> list[ClassifiedText]:
        said: dict[int, Classified] = {}
        cut: set[int] = set()

        def hear(reply: Interim) -> None:
            if isinstance(reply, RowsClassified):
                said.update(zip(reply.indices, reply.rows, strict=True))
                cut.update(reply.truncated)
                told.say(f"{self.done + reply.done:,} texts{self._far(reply)} …")
            else:
                told.show(reply)

        texts = [(sentence.text, sentence.text_pair) for sentence in window]
        reply = await client.ask(Classify(0, self.model, texts, self.batch_size), hear)
        assert isinstance(reply, ClassificationDone)
        told.clear()
        self.info = reply.model
        self.done += len(window)
        self.truncated += len(cut)
        self.labels.update(row.label for row in said.values())
        return [classified_text(sentence, said[index]) for index, sentence in enumerate(window)]

    def _far(self, reply: RowsClassified) -> str:
        """How much of it that is, where its end is known."""
        if not self.source.is_stream:
            return f" of {reply.total:,}"
        if not self.source.size:
            return ""
        of_read = (self.done + reply.done) / (self.done + reply.total)
        return f" · {percent(of_read * self.source.bytes_read / self.source.size, 0)}"


def _lines(rows: Iterator[ClassifiedText], info: ModelInfo) -> Iterator[bytes]:
    """Label, score and text, a line each; of labels that do not exclude each other, all it has."""
    widest = max((width(visible(label)) for label in info.labels), default=0)
    for row in rows:
        if info.postprocess == "sigmoid" and len(info.labels) > 1:
            said = _present(row, info.labels)
        else:
            label = visible(row.label)
            room = " " * (widest - width(label))
            score = f"{row.score:.4f}" if info.postprocess == "none" else percent(row.score, 2)
            said = f"{label}{room}  {score:>8}"
        yield f"{said}  {visible(row.text)}\n".encode("utf-8", "replace")


def _present(row: ClassifiedText, labels: list[str]) -> str:
    present = [
        f"{visible(label)} {percent(share, 0)}"
        for label, share in zip(labels, row.probabilities, strict=True)
        if share >= 0.5
    ]
    return ", ".join(present) or "no label"


def _write(pieces: Iterator[bytes]) -> None:
    """Writes to standard output; raises `BrokenPipeError` where nobody reads."""
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _require_writable(export: Path | None, *, force: bool) -> None:
    """Refuses before anything is computed what could not be written at the end."""
    if export is None:
        return
    if export.suffix.lower() not in {".json", ".csv"}:
        raise TermformerError(f"{export} names no format: let the file end in .json or .csv.")
    if exists(export) and not force:
        raise TermformerError(
            f"{export} is there already and was left as it is: --force replaces it."
        )
