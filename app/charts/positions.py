"""Where in the journey names earned: a heat map of names and positions."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.theme import Theme
from app.formats import compact, plain_html, short

MOST_NAMES, MOST_POSITIONS = 12, 8
ROW_HEIGHT = 34


def position_map(rows: pd.DataFrame, by: str, value: str, theme: Theme) -> go.Figure:
    """A row a name, the one that earns most on top, a column a position in the journey; the positions past MOST_POSITIONS are one.

    rows: `by`, position, `value`. Only the MOST_NAMES that earn most are drawn.
    """
    places = rows["position"].clip(upper=MOST_POSITIONS + 1)
    table = rows.assign(position=places).pivot_table(index=by, columns="position", values=value, aggfunc="sum")
    table = table.loc[table.sum(axis=1).sort_values(ascending=False).index[:MOST_NAMES]].sort_index(axis=1)
    columns = [f"{place}+" if place > MOST_POSITIONS else str(place) for place in table.columns]
    names = [str(name) for name in table.index]
    figure = theme.figure(
        max(180, ROW_HEIGHT * len(table) + 64),
        xaxis={"title": {"text": "Position in the journey, 1 = first touch"}, "showgrid": False, "type": "category"},
        yaxis={
            "range": [len(table) - 0.5, -0.5],
            "tickvals": list(range(len(table))),
            "ticktext": [plain_html(short(name)) for name in names],
            "showgrid": False,
        },
        hovermode="closest",
    )
    known = table.to_numpy(dtype=float)
    figure.add_heatmap(
        x=columns,
        y=list(range(len(table))),
        z=known,
        colorscale=[[0, theme.paper], [1, theme.accent]],
        zmin=0,
        # The strongest cell stays weak enough for its number to be read.
        zmax=1.8 * float(np.nanmax(known, initial=0.1)),
        showscale=False,
        xgap=2,
        ygap=2,
        text=[["" if np.isnan(cell) else compact(cell) for cell in row] for row in known],
        texttemplate="%{text}",
        textfont={"size": 12},
        customdata=[[plain_html(name)] * len(columns) for name in names],
        hovertemplate="%{customdata}, position %{x}: %{z:,.1f}<extra></extra>",
        hoverongaps=False,
    )
    return figure
