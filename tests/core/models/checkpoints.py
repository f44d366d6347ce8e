"""Tiny checkpoints of several architectures, loaded by Termformer and by transformers itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from hypothesis import strategies as st

from core.engine.protocol import Arrangement, Texts
from core.models.loading import LoadedModel, load_model
from tests.core.models import tiny

WIDEST = 32
"""Positions of the checkpoint that has the fewest."""


@dataclass(frozen=True)
class Both:
    """One checkpoint: as Termformer loads it, and as a user of transformers does."""

    loaded: LoadedModel
    model: Any
    tokenizer: Any

    @property
    def is_decoder(self) -> bool:
        return bool(self.model.config.model_type == "gpt2")

    def forward(self, inputs: dict[str, Any], **options: Any) -> Any:
        """As in a notebook: DistilBERT is not given the type ids that BERT's tokenizer makes."""
        if self.model.config.model_type == "distilbert":
            inputs = {key: rows for key, rows in inputs.items() if key != "token_type_ids"}
        with torch.inference_mode():
            return self.model(**inputs, **options)

    def types(self, batch: dict[str, Any], row: int) -> list[int] | None:
        """The `token_type_ids` of one row that the model is given; None where it is given none."""
        if self.model.config.model_type == "distilbert" or "token_type_ids" not in batch:
            return None
        return list(batch["token_type_ids"][row].tolist())

    def inputs(self, sentences: Sequence[Texts], arrangement: Arrangement) -> list[dict[str, Any]]:
        """What goes into the model, a tokenizer call a batch; rows in the arrangement's order."""
        order = arrangement.order or range(len(sentences))
        texts = [sentences[index] for index in order]
        groups = [[each] for each in texts] if arrangement.alone else [texts]
        return [self._batch(group, arrangement) for group in groups]

    def _batch(self, group: Sequence[Texts], arrangement: Arrangement) -> dict[str, Any]:
        width = max(arrangement.pad_to or 0, *(len(self.encode(*each)) for each in group))
        rows = [
            self.tokenizer(
                text,
                pair,
                padding="max_length",
                max_length=width,
                padding_side=arrangement.padding_side,
            )
            for text, pair in group
        ]
        batch = {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}
        if not arrangement.mask:
            del batch["attention_mask"]
        return batch

    def encode(self, text: str, pair: str | None = None) -> list[int]:
        ids: list[int] = self.tokenizer(text, pair)["input_ids"]
        return ids


def both(folder: Path, auto: str = "AutoModelForSequenceClassification", **options: Any) -> Both:
    loaded = load_model(str(folder), lambda *_: None)
    model = getattr(transformers, auto).from_pretrained(folder, **options).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
        model.config.pad_token_id = tokenizer.pad_token_id
    return Both(loaded, model, tokenizer)


ARCHITECTURES: dict[str, Callable[[Path], Path] | None] = {
    "bert": None,  # the session's own
    "distilbert": tiny.distilbert,
    "roberta": tiny.roberta,
    "gpt2": tiny.gpt2,
}


def folder_of(kind: str, bert: Path, parent: Path) -> Path:
    make = ARCHITECTURES[kind]
    return make(parent / kind) if make else bert


WORDS = st.sampled_from(["I", "hate", "so", "ß", "[PAD]", "é", "…", "so!", "7"])
# At most 32 bytes, and so tokens, special ones included.
texts = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
pairs = st.tuples(texts, st.none() | st.sampled_from(["it", ""]))
batches = st.lists(pairs, min_size=1, max_size=4)


@st.composite
def arrangements(draw: st.DrawFn, sentences: int) -> Arrangement:
    return Arrangement(
        alone=draw(st.booleans()),
        mask=draw(st.booleans()),
        padding_side=draw(st.sampled_from([None, "left", "right"])),
        pad_to=draw(st.none() | st.integers(1, WIDEST)),
        order=draw(st.none() | st.permutations(range(sentences)).map(tuple)),
    )
