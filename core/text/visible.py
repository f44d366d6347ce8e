"""Text made harmless and visible: control characters become pictures, widths are in cells."""

from __future__ import annotations

import re

from rich.cells import cell_len

PAIR_MARK = "⇥"
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)}
_PICTURES |= {0x7F: "␡", 0x09: PAIR_MARK, 0x0A: "↵", 0x0D: "␍", 0x85: "↵"}
_PICTURES |= {0x2028: "↵", 0x2029: "¶"}

# C0, DEL, C1, format characters (bidirectional marks and overrides, zero width, soft hyphen, tags,
# byte order mark), fillers that are drawn as nothing, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    "\u115f\u1160\u3164\uffa0\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def picture(character: str) -> str:
    """One printable stand-in for `character`: ␛ for escape, ↵ for newline, · for zero width."""
    code = ord(character)
    if code in _PICTURES:
        return _PICTURES[code]
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return "␦" if 0x80 <= code <= 0x9F else "·"


def visible(text: str) -> str:
    """`text` with each control, bidirectional or invisible character as a picture.

    One character for one, so that offsets stay true; what comes back may be written to a terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(lambda match: picture(match.group()), text)


def width(text: str) -> int:
    """How many terminal cells `text` takes; exact for what `visible` returns."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, cells: int) -> str:
    """`text` cut to `cells` terminal cells, the last one an ellipsis where something was cut."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept = text[:cells]  # no character is narrower than nothing, and few are
    while kept and width(kept) > cells - 1:
        kept = kept[:-1]
    return kept + "…"


def fit_end(text: str, cells: int) -> str:
    """The end of `text` in `cells` terminal cells, the first one an ellipsis where it was cut."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept = text[-cells:]
    while kept and width(kept) > cells - 1:
        kept = kept[1:]
    return "…" + kept


def fit_path(text: str, cells: int) -> str:
    """A path in `cells` terminal cells: its first and its last folder say most of it."""
    first, *between, last = text.split("/") if "/" in text else ("", text)
    if width(text) <= cells or not first:
        return fit(text, cells)
    ends = f"{first}/…/{last}"
    return ends if between and width(ends) <= cells else fit(f"…/{last}", cells)
