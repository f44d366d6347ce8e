"""`termformer tokenize --code` and `--export`: the Python and the file of what is shown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.text.code import batch_code, side_by_side_code, stages_code, steps_code
from core.text.export import write_export
from core.text.sentences import Sentence
from core.text.stages import StageReader
from tui.commands.output import encodable, print_json, print_text, write_bytes
from tui.commands.texts import Source
from tui.commands.tokenize_asked import Asked
from tui.commands.tokenize_batch import summary
from tui.commands.tokenize_models import NamedTokenizer, single_batch


class Code(msgspec.Struct, frozen=True):
    """What `--code --json` prints."""

    code: str


class Export(msgspec.Struct, frozen=True):
    """What `--export --json` prints; `shape` is `[rows, width]`, or null where rows are ragged."""

    model: str
    file: str
    shape: tuple[int, int] | None
    tokens: int
    padding: int


def show_code(source: Source, models: Sequence[NamedTokenizer], asked: Asked) -> None:
    """Prints Python that gives what the same command without `--code` shows."""
    sentences = single_batch(source, asked.batch_size, "--code")
    if len(models) > 1:
        names = [model.checkpoint for model in models]
        parts = [side_by_side_code(names, sentence) for sentence in sentences]
    elif asked.stages:
        parts = [part for sentence in sentences for part in _stages(models[0], sentence)]
    else:
        model = models[0]
        parts = [batch_code(model.checkpoint, model.tokenizer, sentences, asked.options)]
    code = "\n\n".join(parts)
    if asked.as_json:
        print_json(Code(code))
    else:
        # As it is, for a file or an interpreter: what could steer a terminal is escaped in it.
        write_bytes(code.encode("utf-8", "replace"))


def _stages(model: NamedTokenizer, sentence: Sentence) -> list[str]:
    stages = StageReader(model.tokenizer).read(sentence)
    parts = []
    for number, text in enumerate(stages.texts):
        parts.append(stages_code(model.checkpoint, stages, number))
        parts.append(steps_code(model.checkpoint, text.text))
    return parts


def export(source: Source, models: Sequence[NamedTokenizer], asked: Asked) -> None:
    """Writes the batch into the file that was named, and says so."""
    assert asked.export is not None
    model = models[0]
    sentences = single_batch(source, asked.batch_size, "--export")
    batch = model.tokenizer.encode_batch(sentences, asked.options)
    write_export(asked.export, batch, model.name, asked.options)
    if asked.as_json:
        print_json(
            Export(
                model.name,
                encodable(str(asked.export)),
                batch.shape,
                batch.token_count,
                batch.padding_count,
            )
        )
    else:
        print_text(f"{asked.export} · {summary(batch, len(sentences))}")
