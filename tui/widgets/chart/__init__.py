"""A line chart in braille: whole runs at the cost of the terminal's width, changed cells only."""

from tui.widgets.chart.chart import LineChart, Mark, Plot
from tui.widgets.chart.series import Series

__all__ = ["LineChart", "Mark", "Plot", "Series"]
