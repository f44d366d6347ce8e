"""How fast `termformer tokenize --count` is, next to a bare `encode_batch` loop on the same file.

Both are processes of their own, start included, and let the library use all processors.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.checkpoints import packaged_encoder
from tests.benchmarks.registry import Measurement, Sampler, Side, register
from tests.benchmarks.subjects import ROOT, reviews

COPIES = 16
"""Of the reviews: 7 MB, so that the start weighs little."""
_BARE = """
import sys, tokenizers
tokenizer = tokenizers.Tokenizer.from_file(sys.argv[1])
tokenizer.no_padding()
tokenizer.no_truncation()
count, batch = 0, []
with open(sys.argv[2], encoding="utf-8") as lines:
    for line in lines:
        batch.append(line.rstrip("\\n"))
        if len(batch) == 1000:
            count += sum(map(len, tokenizer.encode_batch(batch)))
            batch = []
count += sum(map(len, tokenizer.encode_batch(batch)))
print(count)
"""


def speed(command: Sequence[str]) -> Side:
    """Megabytes of text a second; the last argument is the file."""

    @contextmanager
    def side(folder: Path) -> Iterator[Sampler]:
        file = folder / "sentences.txt"
        file.write_text("".join(f"{sentence}\n" for sentence in reviews()) * COPIES)
        environment = {**os.environ, "TOKENIZERS_PARALLELISM": "true"}

        def sample() -> float:
            started = time.perf_counter()
            subprocess.run(
                [*command, str(file)],
                stdout=subprocess.DEVNULL,
                check=True,
                cwd=ROOT,
                env=environment,
            )
            return file.stat().st_size / 1e6 / (time.perf_counter() - started)

        yield sample

    return side


register(
    Measurement(
        "tokenize_count",
        "MB/s",
        speed([sys.executable, "-P", "-m", "tui.commands", "tokenize", "--count", "--file"]),
        speed([sys.executable, "-c", _BARE, f"{packaged_encoder()}/tokenizer.json"]),
        "≥ 0.8",
    )
)
