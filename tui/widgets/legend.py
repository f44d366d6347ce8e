"""The last row of a view: what its words mean, and the keys that act in it."""

from __future__ import annotations

from tui.widgets.rows import Line, Part


def legend_keys(*keys: tuple[str, str]) -> list[Part]:
    """Keys and what they do, as they stand in a `Legend`."""
    parts: list[Part] = []
    for key, does in keys:
        parts += [("   " if parts else " ", ""), (key, "legend--key"), (f" {does}", "legend--note")]
    return parts


class Legend(Line):
    """What the words of a view mean, and what is not in it."""

    DEFAULT_CSS = """
    Legend {
        color: $foreground 40%;
        .legend--note { color: $foreground 70%; }
        .legend--key { color: $accent; }
    }
    """
    COMPONENT_CLASSES = {"legend--note", "legend--key"}
