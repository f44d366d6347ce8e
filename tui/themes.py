"""The app's two themes. One accent; `primary` and `secondary` are the two tints of tokens."""

from textual.theme import Theme

DARK = Theme(
    name="termformer-dark",
    dark=True,
    background="#10141b",
    surface="#161b24",
    panel="#1c2330",
    foreground="#d9dee8",
    accent="#ffb347",
    primary="#2f5f9e",
    secondary="#1f7a6e",
    success="#7fc98a",
    warning="#e6df5a",
    error="#f0716b",
    variables={
        "scrollbar": "#4a5262",
        "scrollbar-background": "#1c2330",
        "scrollbar-corner-color": "#1c2330",
    },
)
LIGHT = Theme(
    name="termformer-light",
    dark=False,
    background="#fbfaf6",
    surface="#f3f1ea",
    panel="#e9e6dc",
    foreground="#1f242d",
    accent="#b04a00",
    primary="#7fb0e6",
    secondary="#7cc9b5",
    success="#2b7a3b",
    warning="#7d6b00",
    error="#b3261e",
    variables={
        "scrollbar": "#b8b3a5",
        "scrollbar-background": "#e9e6dc",
        "scrollbar-corner-color": "#e9e6dc",
    },
)
