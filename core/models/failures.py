"""From whatever the libraries raise to one clear sentence about a model.

transformers wraps most reasons in an `OSError` about something else; the real one sits further
down the chain of causes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator

from core.checkpoints import locate
from core.errors import ModelError

MAKE_ROOM = "Make room and try again; what was there before is kept."
"""What is said last of a full disk."""
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}
_REASON_LIMIT = 160
_REFUSED_PICKLE = "Weights only load failed"
_ASKED_FOR = re.compile(r"(?:GLOBAL|function) ([\w.]*\w)")
"""In what `torch.load(weights_only=True)` says: the class or function that the pickle names."""
_PLAIN = {
    "failed finding central directory": "the file is cut off before its end",
    "file not fully covered": "the file is shorter than its beginning says",
    "header too small": "the file does not begin as a safetensors file does",
    "header too large": "the file does not begin as a safetensors file does",
    "invalid header length": "the file ends before the list of its tensors does",
    "Invalid magic number": "the file does not begin as torch.save writes it",
}
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


def chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what led to it, the outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def is_disk_full(error: BaseException) -> bool:
    """Whether `error` came of a disk, a quota or a limit without room."""
    return any(_errno(link) in _DISK_FULL for link in chain(error))


def _errno(error: BaseException) -> int | None:
    """The system's number for what went wrong; Rust's libraries tell it in words."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    told = _OS_ERROR.search(str(error))
    return int(told[1]) if told else None


def disk_failure(error: BaseException, what: str) -> ModelError | None:
    """The disk's share in `error`, if it has one: full, read-only, or closed to this user."""
    for link in chain(error):
        number = _errno(link)
        if number in _DISK_FULL:
            return ModelError(
                "disk",
                f"The disk is full: {what} could not be written. {MAKE_ROOM}",
            )
        if number is not None and number in _CLOSED:
            file = getattr(link, "filename", None)
            place = f" ({file})" if file else ""
            return ModelError("disk", f"{what} could not be used: {os.strerror(number)}{place}.")
    return None


def load_failure(error: BaseException, name: str, part: str) -> ModelError:
    """What `error` means, raised while `part` ("weights", "config", "tokenizer") was read."""
    if isinstance(error, ModelError):
        return error
    links = list(chain(error))
    text = " ".join(str(link) for link in links)
    if any(isinstance(link, MemoryError) for link in links) or "can't allocate memory" in text:
        return ModelError(
            "no_memory", f"There is not enough memory for {name}: choose a smaller model."
        )
    if failure := disk_failure(error, f"{part.capitalize()} of {name}"):
        return failure
    if "trust_remote_code" in text:
        return ModelError(
            "remote_code",
            f"{name} brings Python code of its own, which could do anything on this machine, so it "
            "was not run: choose a model that transformers itself knows, or, where you trust its "
            "authors, start again with --trust-remote-code.",
        )
    if "does not recognize this architecture" in text:
        return ModelError(
            "other", f"{name} is of a kind that the installed transformers does not know yet."
        )
    if any(isinstance(link, ImportError) for link in links):
        return ModelError("other", f"{name} needs something that is missing here: {reason(error)}.")
    if "ignore_mismatched_sizes" in text:
        return ModelError(
            "corrupt",
            f"The weights of {name} have other shapes than its config.json says, so one of the "
            f"two is wrong. {remedy(name)}",
        )
    if _REFUSED_PICKLE in text:
        return _unsafe_pickle(name, part, text)
    return ModelError(
        "corrupt",
        f"The {part} of {name} cannot be read, damaged or incomplete: {plain_reason(error)}. "
        f"{remedy(name)}",
    )


def _unsafe_pickle(name: str, part: str, text: str) -> ModelError:
    """A pickle is a program: one that asks for more than tensors was not run."""
    asked = _ASKED_FOR.search(text)
    does = (
        f"are a pickle that wants to run code: it calls {asked[1]}"
        if asked
        else "are no pickle of tensors: damaged, or made to run code"
    )
    return ModelError(
        "unsafe",
        f"The {part} of {name} {does}. torch.load(weights_only=True) refused it, so nothing ran. "
        "Do not trust this checkpoint; choose another model, or one with safetensors.",
    )


def plain_reason(error: BaseException) -> str:
    """`reason`, or what it means where a library speaks of its own insides."""
    why = reason(error)
    return next((plain for theirs, plain in _PLAIN.items() if theirs in why), why)


def remedy(name: str) -> str:
    """What to do about a damaged checkpoint, as a sentence."""
    with contextlib.suppress(ModelError):
        if locate(name).kind == "hub":
            return f"Fetch it anew with `hf download {name} --force-download`."
    return "Save or copy it anew, or choose another model."


def reason(error: BaseException) -> str:
    """The innermost message in `error`'s chain: its first line, as many sentences as fit."""
    innermost = error
    for link in chain(error):
        if str(link).strip():
            innermost = link
    lines = [line.strip() for line in str(innermost).splitlines() if line.strip()]
    first = lines[0] if lines else type(innermost).__name__
    if len(first) > _REASON_LIMIT:
        whole = first.rfind(". ", 0, _REASON_LIMIT)
        first = first[:whole] if whole > 0 else first[: _REASON_LIMIT - 1] + "…"
    return first.rstrip(".")
