"""The Logits pane: what padding and the attention mask do to each sentence's logits."""

from tui.panes.logits.pane import LogitsPane

__all__ = ["LogitsPane"]
