"""The keys of the Pipeline pane."""

from __future__ import annotations

from textual.binding import Binding, BindingType

BINDINGS: list[BindingType] = [
    Binding("s", "sort", "sort", id="pipeline.sort", tooltip="By score, by certainty, as typed"),
    Binding("f", "file", "file", id="pipeline.file", tooltip="Classify the lines of a file"),
    Binding("v", "next_view", "view", id="pipeline.view", tooltip="Texts, stages, or both"),
    Binding("x", "cancel", "cancel", show=False, id="pipeline.cancel", tooltip="Give the file up"),
    Binding("down,j", "move(1)", "next text", show=False, id="pipeline.down", key_display="↓"),
    Binding("up,k", "move(-1)", "text before", show=False, id="pipeline.up"),
    Binding("right,l", "sideways(1)", "next tokens", show=False, id="pipeline.right"),
    Binding("left,h", "sideways(-1)", "tokens before", show=False, id="pipeline.left"),
    Binding("r", "again", "again", show=False, id="pipeline.again", tooltip="Run once more"),
    Binding("escape", "typed", "typed texts", show=False, id="pipeline.typed"),
    Binding("home,0", "edge(0)", "first text", show=False, id="pipeline.first"),
    Binding("end,dollar_sign", "edge(1)", "last text", show=False, id="pipeline.last"),
    Binding("pagedown", "page(1)", "page down", show=False, id="pipeline.page_down"),
    Binding("pageup", "page(-1)", "page up", show=False, id="pipeline.page_up"),
    Binding("right_square_bracket", "scroll(1)", "stages down", False, id="pipeline.scroll"),
    Binding("left_square_bracket", "scroll(-1)", "stages up", False, id="pipeline.scroll_up"),
]
