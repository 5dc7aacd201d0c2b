"""The charts of the Compare page: what each model says of each name, how sure that is, and what the window changes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.scale import count_ticks
from app.charts.theme import QUADRANT_COLOURS, Theme, between, readable_on
from app.formats import days, known, number, percent, plain_html, short

ROW_HEIGHT = 38
LEGEND = 52
"""Pixels above the plot, the same with and without a legend: so the rows of two charts side by side stand at the same height."""
DATA_DRIVEN_COLOUR = QUADRANT_COLOURS["High Performers"]


def models_range(
    rows: pd.DataFrame,
    by: str,
    value: str,
    kinds: Mapping[str, str],
    titles: Mapping[str, str],
    unit: str,
    theme: Theme,
) -> go.Figure:
    """What every model gives each name: a dot a model on a line from the least to the most, names from the top as they come.

    rows: `by`, model, `value`. kinds: model -> chosen, last, data or rule, which is how its dot looks; titles: model -> how people call it.
    """
    names = list(dict.fromkeys(rows[by]))
    figure = _by_name(names, unit, theme, **count_ticks(rows[value].max()))
    ends = rows.groupby(by)[value].agg(["min", "max"]).loc[names]
    figure.add_scatter(
        x=[x for least, most in ends.itertuples(index=False) for x in (least, most, None)],
        y=[y for place in range(len(names)) for y in (place, place, None)],
        mode="lines",
        line={"color": theme.grid, "width": 7},
        hoverinfo="skip",
        showlegend=False,
    )
    looks = _looks(theme)
    place = {name: at for at, name in enumerate(names)}
    for kind, (legend, marker) in looks.items():
        own = rows[rows["model"].map(kinds) == kind]
        if own.empty:
            continue
        alone = own["model"].nunique() == 1
        figure.add_scatter(
            x=own[value],
            y=own[by].map(place),
            mode="markers",
            name=plain_html(titles[own["model"].iloc[0]]) if alone else legend,
            legendrank=-len(figure.data),
            marker=marker,
            hovertext=[
                f"<b>{plain_html(row[by])}</b><br>{plain_html(titles[row['model']])}  <b>{number(row[value], 1)}</b>"
                for row in own.to_dict("records")
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    return figure


def _looks(theme: Theme) -> dict[str, tuple[str, dict[str, Any]]]:
    """Kind of a dot -> what the legend calls it and its marker; what stands out is drawn last."""
    return {
        "rule": ("Other rules", {"size": 7, "color": theme.faint, "opacity": 0.55}),
        "data": ("Data-driven", {"size": 9, "symbol": "diamond", "color": DATA_DRIVEN_COLOUR, "opacity": 0.85}),
        "last": ("Last touch", {"symbol": "line-ns", "size": 18, "line": {"color": theme.ink, "width": 3}}),
        "chosen": ("Chosen", {"size": 14, "color": theme.accent, "line": {"color": theme.paper, "width": 1.5}}),
    }


def interval_chart(
    rows: pd.DataFrame, by: str, value: str, bounds: tuple[str, str], unit: str, theme: Theme
) -> go.Figure:
    """Each name's number with what it could have come out as; names of one tier lie on one band. Rows come largest first.

    rows: `by`, `value`, the two bounds and tier, null where there are no intervals.
    """
    names, (low, high) = list(rows[by]), bounds
    top = rows[[value, high]].astype(float).max().max()
    figure = _by_name(names, unit, theme, **count_ticks(top))
    figure.update_layout(showlegend=False, shapes=_bands(rows["tier"], theme))
    first = rows["tier"].fillna(0) == 1
    figure.add_scatter(
        x=rows[value],
        y=list(range(len(names))),
        mode="markers",
        marker={"size": 11, "color": [theme.accent if leads else theme.faint for leads in first]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (rows[high] - rows[value]).astype(float),
            "arrayminus": (rows[value] - rows[low]).astype(float),
            "color": theme.ink,
            "thickness": 1.6,
            "width": 5,
        },
        hovertext=[_said(row, by, value, bounds) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def _said(row: Mapping[Any, Any], by: str, value: str, bounds: tuple[str, str]) -> str:
    low, high = (number(row[bound], 1) for bound in bounds)
    return (
        f"<b>{plain_html(row[by])}</b><br>{number(row[value], 1)}, between <b>{low}</b> and <b>{high}</b>"
        f"<br>share {percent(row['share'])}, between {percent(row['share_low'])} and {percent(row['share_high'])}"
    )


def _bands(tiers: pd.Series, theme: Theme) -> list[dict[str, Any]]:
    """A band behind the names of each tier of several."""
    places = pd.Series(range(len(tiers)))
    shapes = []
    for _, own in places.groupby(tiers.reset_index(drop=True)):
        if len(own) > 1:
            edges = {"x0": 0, "x1": 1, "y0": own.min() - 0.42, "y1": own.max() + 0.42}
            shape = {"type": "rect", "xref": "x domain", "layer": "below", "line": {"width": 0}}
            shapes.append({**shape, **edges, "fillcolor": theme.accent, "opacity": 0.09})
    return shapes


def windows_heat(rows: pd.DataFrame, value: str, chosen: str, titles: Mapping[str, str], theme: Theme) -> go.Figure:
    """What one name earns by model (down) and window (across), the chosen model in bold. rows: model, window_days, `value`, additive.

    A model whose credit may not be summed counts the same conversion for several names: it is left out, unless it is the chosen one.
    """
    rows = rows[rows["additive"] | (rows["model"] == chosen)]
    table = rows.pivot_table(index="model", columns="window_days", values=value, sort=False)
    called = [plain_html(titles[model]) for model in table.index]
    labels = [f"<b>{title}</b>" if model == chosen else title for model, title in zip(table.index, called, strict=True)]
    figure = theme.figure(
        24 * len(table) + 60,
        xaxis={"side": "top", "type": "category", "showgrid": False},
        yaxis={"autorange": "reversed", "showgrid": False, "ticklabelstandoff": 6},
        hovermode="closest",
    )
    least, cells = "#1E2430" if theme.dark else "#EEF2FC", table.to_numpy(dtype=float)
    figure.add_heatmap(
        z=cells,
        x=[days(window).replace(" days", " d").replace(" day", " d") for window in table.columns],
        y=labels,
        text=[[_on_cell(value, cells, (least, theme.accent)) for value in row] for row in cells],
        texttemplate="%{text}",
        textfont={"size": 12},
        colorscale=[[0, least], [1, theme.accent]],
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, window %{x}: <b>%{z:,.1f}</b><extra></extra>",
    )
    return figure


def _on_cell(value: float, cells: np.ndarray[Any, np.dtype[np.float64]], ends: tuple[str, str]) -> str:
    """The number in a cell, black or white, whichever is read more easily on its colour. ends: the colours of the least and the most cell."""
    if not known(value):
        return ""
    least, most = np.nanmin(cells), np.nanmax(cells)
    colour = between(*ends, (value - least) / (most - least) if most > least else 0.5)
    return f'<span style="color:{readable_on(colour)}">{number(value)}</span>'


def _by_name(names: list[str], unit: str, theme: Theme, **across: Any) -> go.Figure:
    """A figure with a row a name, at 0, 1, 2 ... from the top: two names that are shortened to the same text stay two rows."""
    return theme.figure(
        max(200, ROW_HEIGHT * len(names) + 60 + LEGEND),
        margin={"l": 4, "r": 8, "t": LEGEND, "b": 4},
        xaxis={"title": {"text": unit}, "rangemode": "tozero", "nticks": 6, **across},
        yaxis={
            "range": [len(names) - 0.4, -0.6],
            "tickvals": list(range(len(names))),
            "ticktext": [plain_html(short(name, 20)) for name in names],
            "showgrid": False,
            "ticklabelstandoff": 6,
        },
        hovermode="closest",
    )
