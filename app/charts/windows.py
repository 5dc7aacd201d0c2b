"""What another look-back window would change: the curve over windows, and by how much the chosen one misses."""

import pandas as pd
import plotly.graph_objects as go

from app.charts.scale import count_ticks
from app.charts.theme import WARNING_COLOUR, Theme
from app.formats import days as in_days

BIN = 5
"""Days a bar of the histogram spans where more than MOST_BARS would be drawn one by one."""
MOST_BARS = 31


def window_curve_chart(rows: pd.DataFrame, window: float, theme: Theme) -> go.Figure:
    """Attributed conversions by window, with the chosen one marked. rows: window_days, attributed."""
    label = {
        "text": f"now: {in_days(window)}",
        "showarrow": False,
        "x": window,
        "y": 0.04,
        "yref": "y domain",
        "xanchor": "left" if window < rows["window_days"].max() * 0.7 else "right",
        "xshift": 6 if window < rows["window_days"].max() * 0.7 else -6,
        "font": {"size": 12, "color": theme.faint},
    }
    mark = {"type": "line", "yref": "y domain", "x0": window, "x1": window, "y0": 0, "y1": 1}
    figure = theme.figure(
        260,
        xaxis={"title": {"text": "Look-back window, days"}, "showgrid": False, "nticks": 8},
        yaxis={
            "title": {"text": "Attributed conversions"},
            "rangemode": "tozero",
            **count_ticks(rows["attributed"].max()),
        },
        shapes=[{**mark, "line": {"color": theme.faint, "width": 1, "dash": "dot"}}],
        annotations=[label],
        showlegend=False,
        hovermode="x",
    )
    figure.add_scatter(
        x=rows["window_days"],
        y=rows["attributed"],
        mode="lines",
        line={"color": theme.accent, "width": 2.2, "shape": "hv"},
        hovertemplate="%{x} days: %{y:,.0f}<extra></extra>",
    )
    return figure


def days_outside_chart(gained: pd.Series, window: float, theme: Theme) -> go.Figure:
    """By how many days the window misses conversions: a bar a day, or BIN days.

    gained: the conversions that each longer window adds, by its days.
    """
    beyond = pd.Series(gained.to_numpy(), index=(gained.index.to_numpy(dtype=float) - window))
    size = 1 if len(beyond) <= MOST_BARS else BIN
    begins = ((beyond.index.to_numpy() - 1e-9) // size * size).astype(int)
    bars = beyond.groupby(begins).sum()
    figure = theme.figure(
        260,
        xaxis={"title": {"text": "Days outside the window"}, "showgrid": False, "nticks": 8},
        yaxis={"title": {"text": "Conversions"}, "rangemode": "tozero", **count_ticks(bars.max())},
        showlegend=False,
        hovermode="closest",
        bargap=0.12,
    )
    figure.add_bar(
        x=bars.index + size / 2,
        y=bars,
        width=size * 0.88,
        marker_color=WARNING_COLOUR,
        customdata=[f"{begin}–{begin + size}" for begin in bars.index],
        hovertemplate="%{customdata} days outside: %{y:,.0f}<extra></extra>",
    )
    return figure
