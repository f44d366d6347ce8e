"""Line charts in braille: whole runs at the cost of the terminal's width, changed cells only."""

from tui.widgets.chart.chart import LineChart
from tui.widgets.chart.panel import Mark, curve_sign
from tui.widgets.chart.picture import Curve, Picture, Plot, Reading, along_one_axis
from tui.widgets.chart.series import Series
from tui.widgets.chart.window import Window

__all__ = [
    "Curve", "LineChart", "Mark", "Picture", "Plot", "Reading", "Series", "Window",
    "along_one_axis", "curve_sign",
]  # fmt: skip
