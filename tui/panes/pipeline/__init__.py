"""The Pipeline pane: what `transformers.pipeline` does, stage by stage."""

from tui.panes.pipeline.pane import PipelinePane

__all__ = ["PipelinePane"]
