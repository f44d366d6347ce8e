"""From text to token ids, once for each dataset and tokenizer."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import xxhash
from datasets import Dataset, Features, List, Value
from datasets.fingerprint import Hasher
from transformers import PreTrainedTokenizerBase

from core import paths
from core.data.survey import Say

_LENGTH = "full_length"
_DIGEST = "text_digest"
_AT_ONCE = 1000
_ROWS_A_PROCESS = 50_000
"""Fewer rows are tokenized sooner than another process is started."""
_MOST_PROCESSES = 8
_REPORT_EVERY = 2.0

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class TokenizedSplit:
    """`dataset` holds what the tokenizer gives, cut but unpadded, and `labels`.

    `lengths` are the tokens of each row `[rows]` before it was cut; equal `digests` `[rows]` mean
    equal texts.
    """

    dataset: Dataset
    lengths: Numbers
    digests: Numbers


def process_count(rows: int) -> int:
    """How many processes tokenize so many rows soonest, on this machine."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES, 1 + rows // _ROWS_A_PROCESS)


def tokenize(
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    say: Say | None = None,
    num_proc: int | None = None,
) -> TokenizedSplit:
    """Token ids for `text` and `text_pair`, cut at `max_length`.

    Large data is shared among processes (`num_proc`; None chooses). The result stays in the
    cache, under the tokenizer's and the data's fingerprints, and is memory-mapped.
    """
    names = list(dict.fromkeys(["input_ids", *tokenizer.model_input_names]))
    key = Hasher.hash([dataset._fingerprint, _definition(tokenizer), max_length, names])
    folder = paths.cache_dir() / "datasets" / "tokens"
    folder.mkdir(parents=True, exist_ok=True)
    features = {
        "label": dataset.features["label"],
        **{name: List(Value("int32")) for name in names},
        _LENGTH: Value("int64"),
        _DIGEST: Value("int64"),
    }
    processes = num_proc or process_count(len(dataset))
    with _counted(len(dataset), say) as count, _environment_kept():
        tokenized = dataset.map(
            _encoder(tokenizer, max_length, count),
            batched=True,
            batch_size=_AT_ONCE,
            num_proc=processes if processes > 1 else None,
            remove_columns=[name for name in dataset.column_names if name != "label"],
            features=Features(features),
            cache_file_name=str(folder / f"{key}.arrow"),
            new_fingerprint=key,
        )
    numbers = tokenized.select_columns([_LENGTH, _DIGEST]).with_format("numpy")[:]
    return TokenizedSplit(
        tokenized.remove_columns([_LENGTH, _DIGEST]).rename_column("label", "labels"),
        numbers[_LENGTH],
        numbers[_DIGEST],
    )


@contextmanager
def _environment_kept() -> Iterator[None]:
    """`Dataset.map` with several processes leaves a copy in the place of `os.environ`.

    What is set in the copy, no child process gets.
    """
    environment = os.environ
    try:
        yield
    finally:
        os.environ = environment  # noqa: B003


def _encoder(
    tokenizer: PreTrainedTokenizerBase, max_length: int, count: Callable[[int], None]
) -> Callable[[dict[str, list[Any]]], dict[str, Any]]:
    owner = os.getpid()

    def encode(examples: dict[str, list[Any]]) -> dict[str, Any]:
        if os.getpid() != owner != os.getppid():
            # The run was killed: nobody waits for these rows.
            os._exit(1)
        texts = examples["text"]
        pairs = examples.get("text_pair")
        cut = tokenizer(texts, pairs, truncation=True, max_length=max_length)
        lengths = [len(ids) for ids in cut["input_ids"]]
        # Only what fills its place may have been cut.
        full = [row for row, length in enumerate(lengths) if length >= max_length]
        if full:
            whole = tokenizer(
                [texts[row] for row in full], [pairs[row] for row in full] if pairs else None
            )
            for row, ids in zip(full, whole["input_ids"], strict=True):
                lengths[row] = len(ids)
        count(len(texts))
        digests = [*map(_digest, texts, pairs or [None] * len(texts))]
        return {**cut, _LENGTH: lengths, _DIGEST: digests}

    return encode


@contextmanager
def _counted(rows: int, say: Say | None) -> Iterator[Callable[[int], None]]:
    """Gives a function that any process may tell of rows done; `say` hears of it now and then.

    The count is the length of a file: that is all that such processes share.
    """
    with tempfile.NamedTemporaryFile(prefix="rows-done-") as file:
        name, finished = file.name, threading.Event()

        def count(done: int) -> None:
            with Path(name).open("ab") as tally:
                tally.write(b"." * done)

        def report() -> None:
            while say is not None and not finished.wait(_REPORT_EVERY):
                say("Tokenizing", Path(name).stat().st_size, rows)

        reporter = threading.Thread(target=report, name="tokenizing", daemon=True)
        reporter.start()
        try:
            yield count
        finally:
            finished.set()
            reporter.join()


def _digest(text: str, pair: str | None) -> int:
    """64 bits of a row's text, as a signed number."""
    both = text if pair is None else f"{text}\x00{pair}"
    return xxhash.xxh3_64_intdigest(both.encode()) - (1 << 63)


def _definition(tokenizer: PreTrainedTokenizerBase) -> str:
    """A tokenizer's own pickle changes with use; its definition does not.

    How it cut and padded last is written into it, and is no part of it.
    """
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        return repr(tokenizer)
    definition = msgspec.json.decode(fast.to_str())
    return msgspec.json.encode({**definition, "truncation": None, "padding": None}).decode()
