"""Errands carried out as the engine does, the reply of the kind that is expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.engine.protocol import ModelSaved, ReadWeights, SaveModel, WeightsRead
from core.engine.protocol.checkpoint import Head
from core.models.errands import carry_out


def silent(_stage: str, _done: int | None, _total: int | None) -> None: ...


def read(model: Path | str, head: Head | None = None) -> WeightsRead:
    reply = carry_out(ReadWeights(1, str(model), head=head), silent)
    assert isinstance(reply, WeightsRead)
    return reply


def save(model: Path | str, folder: Path, **options: Any) -> ModelSaved:
    reply = carry_out(SaveModel(1, str(model), folder=str(folder), **options), silent)
    assert isinstance(reply, ModelSaved)
    return reply
