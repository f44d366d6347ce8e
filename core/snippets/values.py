"""Values of a config's fields as Python writes them."""

from __future__ import annotations

from core.random_models import field_value
from core.text.code import literal


def value_literal(text: str) -> str:
    """A field's value, in JSON or as a user writes it, as a Python literal."""
    value = field_value(text)
    return literal(value) if isinstance(value, str) else repr(value)
