"""The Train pane: start a fine-tuning run, watch its loss fall, steer it, find it again."""

from tui.panes.train.pane import TrainPane

__all__ = ["TrainPane"]
