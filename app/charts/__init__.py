"""DataFrame in, plotly figure out. No streamlit here: a figure can be drawn, tested and exported without a page."""

from app.charts.journeys import path_length_bars, steps_flow, time_lag_bars, touch_timeline
from app.charts.models import interval_chart, models_range, windows_heat
from app.charts.positions import position_map
from app.charts.quadrants import quadrant_chart
from app.charts.results import (
    comparison_bars,
    credit_over_time,
    reasons_bars,
    spend_and_return,
    type_bars,
    unattributed_over_time,
)
from app.charts.theme import Theme, stable_colours
from app.charts.trend import point_trend_chart
from app.charts.windows import days_outside_chart, window_curve_chart

__all__ = [
    "Theme",
    "comparison_bars",
    "credit_over_time",
    "days_outside_chart",
    "interval_chart",
    "models_range",
    "path_length_bars",
    "point_trend_chart",
    "position_map",
    "quadrant_chart",
    "reasons_bars",
    "spend_and_return",
    "stable_colours",
    "steps_flow",
    "time_lag_bars",
    "touch_timeline",
    "type_bars",
    "unattributed_over_time",
    "window_curve_chart",
    "windows_heat",
]
