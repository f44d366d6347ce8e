"""Values of a config's fields as Python writes them."""

from __future__ import annotations

import json

from core.text.code import literal


def value_literal(text: str) -> str:
    """A field's value, in JSON or as a user writes it, as a Python literal."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return literal(value) if isinstance(value, str) else repr(value)
