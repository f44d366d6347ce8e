"""From whatever ends a run to one clear sentence about it."""

from __future__ import annotations

from core.errors import RunError, TermformerError
from core.models.failures import disk_failure
from core.runs.folder import WORKER_LOG

_NO_MEMORY = ("out of memory", "can't allocate memory", "Cannot allocate memory")
_LOST_RANK = ("Connection closed by peer", "Connection reset by peer", "Broken pipe")

_NO_EMBEDDING = "index out of range in self"
"""What torch says of an id beyond an embedding's rows. Positions have been counted before."""


class DiskFullError(RunError):
    """There was no room; what stood there before still does."""


def explain(error: Exception) -> str:
    """One sentence for the user; the traceback is in `worker.log`."""
    if isinstance(error, TermformerError):
        return str(error)
    if failure := disk_failure(error, "A file of the run"):
        return str(failure)
    said = str(error)
    if isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY):
        return (
            "There is not enough memory: choose a smaller batch size, shorter texts, "
            "or a smaller model."
        )
    if any(words in said for words in _LOST_RANK):
        return (
            "Another process of the run ended, so this one cannot go on. Resume the run: it goes "
            "on from its last checkpoint."
        )
    if _NO_EMBEDDING in said:
        return (
            "The tokenizer gives ids that the model has no embedding for, so the two do not belong "
            "together: put the model's own tokenizer into its folder, or choose another model."
        )
    first = said.strip().partition("\n")[0][:200].rstrip(".") or "it says nothing about itself"
    return f"An unexpected error: {first}. The traceback is in {WORKER_LOG}."
