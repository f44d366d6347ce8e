"""The course's experiment: what padding and the attention mask do to the logits."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from core.engine.protocol import (
    ALONE,
    Arranged,
    ArrangedRow,
    Arrangement,
    BatchDimensionOmitted,
    Compare,
    Compared,
    OmitBatchDimension,
)
from core.errors import ModelError
from core.models.arrangement import Ran, run
from core.models.inputs import Encoding, encode
from core.models.loading import LoadedModel
from core.models.postprocess import postprocess_of, probabilities


def compare(request: Compare, loaded: LoadedModel) -> Compared:
    """Logits of each input in each arrangement, and how far they are from those alone.

    `loaded` is a sequence classifier. An arrangement that is impossible says so by itself; raises
    `ModelError` where the inputs are, alone already.
    """
    import time

    import torch

    started = time.perf_counter()
    model, tokenizer = loaded.model, loaded.tokenizer
    encodings = encode(model, tokenizer, request.sentences, request.raw_ids)
    results = []
    with torch.inference_mode():
        alone, seconds = run(model, tokenizer, encodings, ALONE)
        for arrangement in request.arrangements:
            if arrangement == ALONE:
                results.append(_arranged(model, arrangement, alone, alone, seconds))
            else:
                results.append(_arrange(model, tokenizer, encodings, arrangement, alone))
    return Compared(
        id=request.id,
        model=loaded.info,
        sentences=request.sentences,
        results=results,
        seconds=time.perf_counter() - started,
        raw_ids=request.raw_ids,
    )


def _arrange(
    model: Any,
    tokenizer: Any,
    encodings: list[Encoding],
    arrangement: Arrangement,
    alone: list[Ran],
) -> Arranged:
    if not encodings:
        return Arranged(arrangement, [], 0.0)
    try:
        rows, seconds = run(model, tokenizer, encodings, arrangement)
    except ModelError as error:
        return Arranged(arrangement, [], 0.0, str(error))
    return _arranged(model, arrangement, rows, alone, seconds)


def _arranged(
    model: Any, arrangement: Arrangement, rows: list[Ran], alone: list[Ran], seconds: float
) -> Arranged:
    kind = postprocess_of(model.config)
    return Arranged(
        arrangement,
        [
            ArrangedRow(
                row.input_ids,
                row.attention_mask,
                row.position_ids,
                row.logits.tolist(),
                probabilities(row.logits, kind).tolist(),
                float((row.logits - reference.logits).abs().max()),
                row.token_type_ids,
            )
            for row, reference in zip(rows, alone, strict=True)
        ],
        seconds,
    )


def omit_batch_dimension(request: OmitBatchDimension, loaded: LoadedModel) -> BatchDimensionOmitted:
    """Runs the model on a tensor `[sequence]`, whatever it says, then on `[1, sequence]`.

    Like the course the model gets `input_ids` and nothing else. Raises `ModelError` where the
    input itself is no good.
    """
    import torch

    model = loaded.model
    raw_ids = [request.raw_ids] if request.raw_ids else []
    [encoding] = encode(model, loaded.tokenizer, [request.sentence], raw_ids)
    ids = torch.tensor(encoding["input_ids"])
    exception, message, raised_in, shape = None, "", "", None
    with torch.inference_mode():
        try:
            shape = list(model(ids).logits.shape)
        except Exception as error:
            exception, message, raised_in = type(error).__name__, str(error), _place(error)
        logits = model(ids.unsqueeze(0)).logits.float()
    return BatchDimensionOmitted(
        id=request.id,
        model=loaded.info,
        sentence=request.sentence,
        input_ids=ids.tolist(),
        exception=exception,
        message=message,
        raised_in=raised_in,
        unbatched_shape=shape,
        shape=list(logits.shape),
        logits=logits.tolist(),
        raw_ids=request.raw_ids,
    )


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
