"""The tokenizers that `termformer tokenize` works with, and its sentences a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import checkpoints
from core.engine.protocol import ExportTokenizer, TokenizerExported
from core.errors import TermformerError
from core.text.sentences import Sentence
from core.text.tokenizer import TextTokenizer, read_tokenizer
from tui.commands.output import encodable
from tui.commands.texts import Source

_TEXT_OF_A_BATCH = 1024 * 1024
"""Characters after which a batch ends, however few its sentences are."""


@dataclass(frozen=True, slots=True)
class NamedTokenizer:
    """A tokenizer, the name it was asked for by, and what `from_pretrained` finds it by."""

    name: str
    checkpoint: str
    tokenizer: TextTokenizer


def read_models(names: Sequence[str]) -> list[NamedTokenizer]:
    """The tokenizer of each name; asks the engine where only transformers can tell.

    Raises `ModelError`.
    """
    return [_read(name) for name in names]


def _read(name: str) -> NamedTokenizer:
    folder = checkpoints.tokenizer_folder(name)
    if folder is None:
        from tui.commands.engine import ask_engine

        reply = ask_engine(ExportTokenizer(0, name))
        assert isinstance(reply, TokenizerExported)
        folder = Path(reply.folder)
    checkpoint = name if checkpoints.locate(name).kind == "hub" else str(folder.absolute())
    return NamedTokenizer(encodable(name), checkpoint, read_tokenizer(folder))


def batches(source: Source, size: int) -> Iterator[list[Sentence]]:
    """The sentences of `source`, up to `size` of them at a time where it may be of any length.

    Raises `TermformerError` where there is none.
    """
    batch: list[Sentence] = []
    characters = 0
    found = False
    for sentence in source.sentences():
        batch.append(sentence)
        found = True
        characters += len(sentence.text)
        if source.is_stream and (len(batch) >= size or characters >= _TEXT_OF_A_BATCH):
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
    if not found:
        raise source.nothing_there()


def single_batch(source: Source, size: int, wish: str) -> list[Sentence]:
    """All sentences of `source`, which must be one batch: `wish` says what for.

    Raises `TermformerError` where there are more of them.
    """
    found = batches(source, size)
    batch = next(found)
    if next(found, None) is not None:
        raise TermformerError(
            f"{wish} takes one batch, and {source.name} holds more than {len(batch):,} sentences: "
            "nothing was done. Take fewer, or a larger --batch-size."
        )
    return batch
