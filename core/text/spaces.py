"""Text in which white space is seen too."""

from __future__ import annotations

import re
import unicodedata

from core.text.visible import visible

SPACE = "␣"
_OTHER_SPACE = "⍽"
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def shown(text: str) -> str:
    """`visible` text with ␣ for each space and ⍽ for each of the other kinds of space.

    A mark that would be drawn over the character before it stands on a dotted circle at the
    beginning. One character for one otherwise.
    """
    seen = _SPACES.sub(_OTHER_SPACE, visible(text).replace(" ", SPACE))
    return f"◌{seen}" if seen and unicodedata.combining(seen[0]) else seen
