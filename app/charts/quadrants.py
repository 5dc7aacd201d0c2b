"""The quadrant chart: reach across, mentions up, one mark a point, four named regions around two stated thresholds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.charts.labels import Dot, placed
from app.charts.scale import NORMALISED, Scale, scale_for
from app.charts.theme import QUADRANT_COLOURS, WARNING_COLOUR, Theme
from app.formats import DASH, compact, known, money, number, plain_html, short, whole_percents

HEIGHT = 470
MOST_URGENT = 8
"""Points that are named even where the name touches another one; with more of them nothing could be read."""
_CORNERS = {
    "Underdogs": ("left", "top"),
    "High Performers": ("right", "top"),
    "Leave It": ("left", "bottom"),
    "Platform Push": ("right", "bottom"),
}


def quadrant_chart(
    rows: pd.DataFrame, by: str, facts: Mapping[str, float | None], scale: str, currency: str, theme: Theme
) -> go.Figure:
    """One mark a row of the quadrants question; the column `by` names the point and comes back as customdata[0] of a click.

    facts: reach_threshold and mentions_threshold, None where no quadrant can be named. Points that have only one side stand hollow
    at the edge of the axis whose value is not known.
    """
    reach, mentions = facts.get("reach_threshold"), facts.get("mentions_threshold")
    across, up = scale_for(rows["reach"], reach, scale), scale_for(rows["mentions"], mentions, scale)
    named = bool(rows["quadrant"].notna().any())
    lines = None if reach is None or mentions is None else (across.position(reach), up.position(mentions))
    largest = " (1 = largest)" if scale == NORMALISED else ""
    figure = theme.figure(
        HEIGHT,
        xaxis=across.axis(f"Summed reach{largest}"),
        yaxis=up.axis(f"Mentions{largest}"),
        shapes=[
            *(_regions(across, up, lines, theme) if lines and named else ()),
            *(_lines(lines, theme) if lines else ()),
        ],
        annotations=[_corner(name, theme) for name in _CORNERS] if lines and named else [],
        showlegend=False,
        hovermode="closest",
        clickmode="event+select",
    )
    _points(figure, _ordered(rows, across, up), by, across, up, named, currency, theme)
    return figure


def _regions(across: Scale, up: Scale, lines: tuple[float, float], theme: Theme) -> list[dict[str, Any]]:
    x, y = lines
    return [
        {
            "type": "rect",
            "x0": across.low if side == "left" else x,
            "x1": x if side == "left" else across.high,
            "y0": up.low if end == "bottom" else y,
            "y1": y if end == "bottom" else up.high,
            "fillcolor": QUADRANT_COLOURS[name],
            "opacity": 0.13 if theme.dark else 0.065,
            "line": {"width": 0},
            "layer": "below",
        }
        for name, (side, end) in _CORNERS.items()
    ]


def _lines(lines: tuple[float, float], theme: Theme) -> list[dict[str, Any]]:
    x, y = lines
    drawn = {"type": "line", "line": {"color": theme.faint, "width": 1, "dash": "dot"}}
    return [
        {**drawn, "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "y domain"},
        {**drawn, "y0": y, "y1": y, "x0": 0, "x1": 1, "xref": "x domain"},
    ]


def _corner(name: str, theme: Theme) -> dict[str, Any]:
    side, end = _CORNERS[name]
    return {
        "text": f"<b>{name}</b>",
        "x": 0 if side == "left" else 1,
        "y": 0 if end == "bottom" else 1,
        "xref": "x domain",
        "yref": "y domain",
        "xanchor": side,
        "yanchor": end,
        "xshift": 8 if side == "left" else -8,
        "yshift": 5 if end == "bottom" else -5,
        "showarrow": False,
        "font": {"size": 13, "color": theme.ink if theme.dark else QUADRANT_COLOURS[name]},
    }


def _ordered(rows: pd.DataFrame, across: Scale, up: Scale) -> pd.DataFrame:
    """Rows with their place on both axes, the ones most worth naming first.

    Those that `must` be named are warnings, the largest of each column and the largest of those with only one side; then comes what lies
    farthest out.
    """
    placed_rows = rows.assign(
        x=[across.fraction(value) for value in rows["reach"]],
        y=[up.fraction(value) for value in rows["mentions"]],
        radius=_radii(rows["spend"]),
        one_sided=rows["reach"].isna() | rows["mentions"].isna(),
    )
    outlying = (placed_rows["x"] - placed_rows["x"].median()).abs() + (
        placed_rows["y"] - placed_rows["y"].median()
    ).abs()
    warned = placed_rows["pr_warning"].fillna(False).astype(bool)
    half = placed_rows[placed_rows["one_sided"]]
    largest = {
        of[column].astype(float).idxmax()
        for of, columns in ((placed_rows, ("reach", "mentions", "spend")), (half, ("reach", "mentions")))
        for column in columns
        if (of[column].astype(float) > 0).any()
    }
    extreme = placed_rows.index.isin(list(largest))
    placed_rows["must"] = warned | extreme
    placed_rows["importance"] = (
        warned.astype(float) * 20 + extreme.astype(float) * 10 + outlying + placed_rows["radius"] / 100
    )
    return placed_rows.sort_values("importance", ascending=False)


def _radii(spend: pd.Series) -> np.ndarray:
    """Marks whose area grows with spend; unknown spend draws the smallest mark, and all are alike where none is known."""
    amounts = spend.astype(float).fillna(0).clip(lower=0).to_numpy()
    largest = amounts.max(initial=0)
    return 5 + 12 * np.sqrt(amounts / largest) if largest > 0 else np.full(len(amounts), 8.0)


def _points(
    figure: go.Figure, rows: pd.DataFrame, by: str, across: Scale, up: Scale, named: bool, currency: str, theme: Theme
) -> None:
    dots = [
        Dot(row.x, row.y, row.radius, short(name, 22))
        for name, row in zip(rows[by], rows.itertuples(index=False), strict=True)
    ]
    urgent = min(int(rows["must"].sum()), MOST_URGENT)
    positions = placed(dots, tuple(_CORNERS) if named else (), urgent=urgent)
    colours = rows["quadrant"].map(QUADRANT_COLOURS).fillna(theme.accent)
    hollow, warned = rows["one_sided"], rows["pr_warning"].fillna(False).astype(bool)
    # The largest marks are drawn first, so that small ones stay on top and can be pointed at.
    order = np.argsort(-rows["radius"].to_numpy(), kind="stable")
    records = rows.to_dict("records")
    figure.add_scatter(
        x=[across.position(value) for value in rows["reach"].iloc[order]],
        y=[up.position(value) for value in rows["mentions"].iloc[order]],
        mode="markers+text",
        text=[plain_html(dots[i].name) if positions[i] else "" for i in order],
        textposition=[positions[i] or "top center" for i in order],
        textfont={"size": 11.5, "color": theme.ink},
        cliponaxis=False,
        marker={
            "size": (2 * rows["radius"]).iloc[order],
            "color": np.where(hollow, theme.paper, colours)[order],
            "opacity": 0.88,
            "line": {
                "color": np.where(warned, WARNING_COLOUR, np.where(hollow, theme.faint, theme.paper))[order],
                "width": np.where(warned, 3, np.where(hollow, 1.8, 1.2))[order],
            },
        },
        selected={"marker": {"opacity": 1}, "textfont": {"color": theme.ink}},
        unselected={"marker": {"opacity": 0.88}, "textfont": {"color": theme.ink}},
        customdata=[[str(records[i][by])] for i in order],
        hovertext=[_hover(records[i], by, currency) for i in order],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hover(row: Mapping[str, Any], by: str, currency: str) -> str:
    known_sides = [
        f"Summed reach  <b>{number(row['reach'])}</b>",
        f"Mentions  <b>{number(row['mentions'])}</b>",
        _sentiment(row),
        f"Spend  <b>{money(row['spend'], currency, 0)}</b>",
        f"Paid CPA  <b>{money(row['cpa'], currency)}</b>",
    ]
    heading = f"<b>{plain_html(row[by], 42)}</b>"
    quadrant = row["quadrant"] if known(row["quadrant"]) else "No quadrant"
    advice = plain_html(row["advice"], 42) if known(row["advice"]) else DASH
    return "<br>".join([heading, f"{quadrant}", advice, "", *(line for line in known_sides if line)])


def _sentiment(row: Mapping[str, Any]) -> str:
    """The split over rated mentions; what nobody rated is counted apart and weighs nothing."""
    counts = {name: float(row[name]) for name in ("positive", "neutral", "negative") if known(row[name])}
    if not sum(counts.values()):
        return "Sentiment  <b>not rated</b>"
    shares = whole_percents(list(counts.values()))
    split = " · ".join(f"{share}% {name}" for name, share in zip(counts, shares, strict=True))
    unrated = float(row["uncategorized"]) if known(row["uncategorized"]) else 0
    return f"Sentiment  <b>{split}</b>" + (f"<br>({compact(unrated)} not rated)" if unrated else "")
