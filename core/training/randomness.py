"""All random state that training depends on, taken and put back as one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

RandomState = dict[str, Any]
"""Plain numbers, tuples and tensors: `torch.load` reads it back with `weights_only=True`."""


def random_state() -> RandomState:
    """The generators of Python, NumPy and torch as they are now."""
    return {
        "python": random.getstate(),
        "numpy": _numpy_state(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: RandomState) -> None:
    """Makes the generators go on from `state`."""
    random.setstate(state["python"])
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])


def _numpy_state() -> tuple[Any, ...]:
    # Any: NumPy's stubs do not know which of its two forms the state has.
    state: Any = np.random.get_state(legacy=True)
    name, keys, *rest = state
    return (name, torch.from_numpy(keys.astype(np.int64)), *rest)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Whatever is drawn inside, it was not drawn."""
    state = random_state()
    try:
        yield
    finally:
        restore_random_state(state)
