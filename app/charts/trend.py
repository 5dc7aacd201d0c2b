"""What one point did day by day: its reach above, its mentions below with the negative ones marked."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.days import Bounds, day_axis, every_day
from app.charts.scale import count_ticks
from app.charts.theme import WARNING_COLOUR, Theme


def point_trend_chart(rows: pd.DataFrame, theme: Theme, period: Bounds = None) -> go.Figure:
    """Two panels over the same days. rows: day, reach, mentions, negative; an unknown value leaves a gap.

    period: its first and last day, by default those of the rows.
    """
    rows = rows.set_index("day").reindex(every_day(rows["day"], period)).rename_axis("day").reset_index()
    half = {"nticks": 4, "rangemode": "tozero"}
    figure = theme.figure(
        320,
        xaxis=day_axis(rows["day"]),
        yaxis={**half, **count_ticks(rows["mentions"].max()), "title": {"text": "Mentions"}, "domain": [0, 0.44]},
        barmode="stack",
        bargap=0.2,
        hovermode="x unified",
    )
    axis = figure.layout.yaxis.to_plotly_json()
    reach_axis = {**axis, **count_ticks(rows["reach"].max()), "title": {**axis["title"], "text": "Reach"}}
    figure.update_layout(yaxis2={**reach_axis, "domain": [0.56, 1]})
    rest = rows["mentions"] - rows["negative"].fillna(0)
    for name, values, colour, panel in (
        ("Reach", rows["reach"], theme.accent, "y2"),
        ("Other mentions", rest, theme.faint, "y"),
        ("Negative mentions", rows["negative"], WARNING_COLOUR, "y"),
    ):
        figure.add_bar(x=rows["day"], y=values, yaxis=panel, marker_color=colour, name=name, hovertemplate="%{y:,.0f}")
    return figure
