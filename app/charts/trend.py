"""What one point did day by day: its reach above, its mentions below with the negative ones marked."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.theme import WARNING_COLOUR, Theme


def point_trend_chart(rows: pd.DataFrame, theme: Theme) -> go.Figure:
    """Two panels over the same days. rows: day, reach, mentions, negative; an unknown value leaves a gap."""
    figure = theme.figure(320)
    rest = rows["mentions"] - rows["negative"].fillna(0)
    figure.add_bar(
        x=rows["day"], y=rows["reach"], yaxis="y2", marker_color=theme.accent, name="Reach", hovertemplate="%{y:,.0f}"
    )
    figure.add_bar(x=rows["day"], y=rest, marker_color=theme.faint, name="Other mentions", hovertemplate="%{y:,.0f}")
    figure.add_bar(
        x=rows["day"],
        y=rows["negative"],
        marker_color=WARNING_COLOUR,
        name="Negative mentions",
        hovertemplate="%{y:,.0f}",
    )
    figure.update_layout(
        barmode="stack",
        bargap=0.2,
        hovermode="x unified",
        yaxis={"domain": [0, 0.44], "title_text": "Mentions", "tickformat": "~s", "nticks": 4, "rangemode": "tozero"},
        yaxis2=dict(
            figure.layout.yaxis.to_plotly_json(),
            domain=[0.56, 1],
            title_text="Reach",
            tickformat="~s",
            nticks=4,
            rangemode="tozero",
        ),
    )
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=7, hoverformat="%a %-d %b %Y")
    return figure
