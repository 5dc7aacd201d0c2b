"""What one point did day by day: its reach above, its mentions below with the negative ones marked."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.theme import WARNING_COLOUR, Theme


def point_trend_chart(rows: pd.DataFrame, theme: Theme) -> go.Figure:
    """Two panels over the same days. rows: day, reach, mentions, negative; an unknown value leaves a gap."""
    half = {"tickformat": "~s", "nticks": 4, "rangemode": "tozero"}
    figure = theme.figure(
        320,
        xaxis={"showgrid": False, "tickformat": "%-d %b", "nticks": 7, "hoverformat": "%a %-d %b %Y"},
        yaxis={**half, "title": {"text": "Mentions"}, "domain": [0, 0.44]},
        barmode="stack",
        bargap=0.2,
        hovermode="x unified",
    )
    axis = figure.layout.yaxis.to_plotly_json()
    figure.update_layout(yaxis2={**axis, "title": {**axis["title"], "text": "Reach"}, "domain": [0.56, 1]})
    rest = rows["mentions"] - rows["negative"].fillna(0)
    for name, values, colour, panel in (
        ("Reach", rows["reach"], theme.accent, "y2"),
        ("Other mentions", rest, theme.faint, "y"),
        ("Negative mentions", rows["negative"], WARNING_COLOUR, "y"),
    ):
        figure.add_bar(x=rows["day"], y=values, yaxis=panel, marker_color=colour, name=name, hovertemplate="%{y:,.0f}")
    return figure
