"""The Tokens pane: what a tokenizer makes of each sentence, and how they lie in a padded batch."""

from tui.panes.tokens.pane import TokensPane

__all__ = ["TokensPane"]
