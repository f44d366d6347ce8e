"""The Model pane: what a checkpoint is made of, built, loaded, saved."""

from tui.panes.model.pane import ModelPane

__all__ = ["ModelPane"]
