"""The charts of journeys: how long they are and last, which step follows which, and the touches before one conversion."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.scale import count_ticks
from app.charts.theme import OTHER_COLOUR, Theme
from app.formats import known, number, percent, plain_html, short
from pipelines.questions.journeys import EARLIER, LATER

END_COLOURS = {"Conversion": "#0B8A80", "No conversion": "#C9CED6"}
BEYOND_COLOUR = "#5B6472"
"""Of the touches before or after the steps that are looked at."""
LANE_HEIGHT = 36
_LARGEST, _SMALLEST = 26, 8
"""Pixels across the mark of a touch with all the credit, and of one with none."""


def path_length_bars(rows: pd.DataFrame, theme: Theme) -> go.Figure:
    """Conversions by the number of touches, each bar with the conversion rate above it. rows: touches, conversions, journeys, rate.

    The last row stands for that many touches or more.
    """
    names = [str(touches) for touches in rows["touches"]]
    names[-1:] = [f"{name}+" for name in names[-1:]]
    said = [
        f"{name} {'touch' if name == '1' else 'touches'}: {number(row['conversions'])} of {number(row['journeys'])} journeys convert"
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    labels = [percent(rate, 0) if known(rate) else "" for rate in rows["rate"]]
    return _columns(names, rows["conversions"], labels, said, "Touches", theme)


def time_lag_bars(rows: pd.DataFrame, theme: Theme) -> go.Figure:
    """Conversions by the days since the first touch, each bar with the share that has converted by then above it.

    rows: days, conversions, cumulative_share; those after the last conversion are left out.
    """
    rows = rows[rows["conversions"].iloc[::-1].cummax().iloc[::-1] > 0]
    said = [
        f"{row['days']} {'day' if row['days'] in ('under 1', '1') else 'days'}: {number(row['conversions'])} conversions<br>"
        f"{percent(row['cumulative_share'])} by then"
        for row in rows.to_dict("records")
    ]
    names = [days.replace("under 1", "< 1") for days in rows["days"]]
    labels = [percent(share, 0) if known(share) else "" for share in rows["cumulative_share"]]
    return _columns(names, rows["conversions"], labels, said, "Days from the first touch to the conversion", theme)


def _columns(
    names: list[str], values: pd.Series, labels: list[str], said: list[str], title: str, theme: Theme
) -> go.Figure:
    largest = max(float(values.max()), 1.0)
    figure = theme.figure(
        280,
        xaxis={
            "title": {"text": title},
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "showgrid": False,
        },
        yaxis={"title": {"text": "Conversions"}, "range": [0, largest * 1.14], "nticks": 6, **count_ticks(largest)},
        showlegend=False,
        hovermode="closest",
        bargap=0.3,
    )
    figure.add_bar(
        x=list(range(len(names))),
        y=values,
        marker_color=theme.accent,
        text=labels,
        textposition="outside",
        textfont={"size": 11, "color": theme.faint},
        cliponaxis=False,
        hovertext=said,
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def steps_flow(rows: pd.DataFrame, last: bool, colours: Mapping[str, str], theme: Theme) -> go.Figure:
    """A Sankey of steps, left to right; a band is as wide as its journeys are many. rows: step, from, to, journeys.

    last: the steps are the last ones, so that all of them end at the right, however many there are. A legend tells the names, which a phone has
    no room for between the steps; the ends are told by END_COLOURS.
    """
    places: dict[tuple[int, str], int] = {}

    def node(step: int, name: str) -> int:
        return places.setdefault((0, name) if name in END_COLOURS else (step, name), len(places))

    records = rows.sort_values(["step", "journeys"], ascending=[True, False]).to_dict("records")
    sources = [node(row["step"], row["from"]) for row in records]
    targets = [node(row["step"] + 1, row["to"]) for row in records]
    names = [name for _, name in places]
    fixed = {**END_COLOURS, EARLIER: BEYOND_COLOUR, LATER: BEYOND_COLOUR}
    hues = [fixed.get(name) or colours.get(name, OTHER_COLOUR) for name in names]
    hidden = {"visible": False}
    figure = theme.figure(500, xaxis=hidden, yaxis=hidden)
    figure.update_layout(legend={"itemclick": False, "itemdoubleclick": False})
    for name, hue in dict(zip(names, hues, strict=True)).items():
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"symbol": "square", "size": 11, "color": hue},
            name=plain_html(short(name, 24)),
        )
    figure.add_sankey(
        arrangement="snap",
        node={
            "customdata": [plain_html(name) for name in names],
            "color": hues,
            "pad": 9,
            "thickness": 13,
            "line": {"width": 0},
            "align": "right" if last else "justify",
            "hovertemplate": "%{customdata}: %{value:,.0f} journeys<extra></extra>",
        },
        link={
            "source": sources,
            "target": targets,
            "value": [row["journeys"] for row in records],
            "color": [_pale(hues[source]) for source in sources],
            "hovertemplate": "%{source.customdata} → %{target.customdata}: %{value:,.0f} journeys<extra></extra>",
        },
    )
    return figure


def touch_timeline(rows: pd.DataFrame, converted_at: str, colours: Mapping[str, str], theme: Theme) -> go.Figure:
    """The touches of a person over time, a lane a channel: what counts is as large as its credit, what does not is hollow.

    rows: touchpoint_id, occurred_at, name, age_days, credit (null where the model does not share out one conversion), excluded (words or null).
    """
    lanes = list(dict.fromkeys(rows.sort_values("age_days", ascending=False)["name"]))
    figure = theme.figure(
        max(150, LANE_HEIGHT * len(lanes) + 70),
        xaxis={"type": "date", "showgrid": True, "nticks": 6, "hoverformat": "%-d %b %Y, %H:%M"},
        yaxis={
            "range": [len(lanes) - 0.4, -0.6],
            "tickvals": list(range(len(lanes))),
            "ticktext": [plain_html(short(name, 20)) for name in lanes],
            "ticklabelstandoff": 6,
        },
        showlegend=False,
        hovermode="closest",
        shapes=[
            {
                "type": "line",
                "yref": "y domain",
                "y0": 0,
                "y1": 1,
                "x0": converted_at,
                "x1": converted_at,
                "line": {"color": END_COLOURS["Conversion"], "width": 2},
            }
        ],
    )
    records = rows.to_dict("records")
    figure.add_scatter(
        x=rows["occurred_at"],
        y=[lanes.index(name) for name in rows["name"]],
        mode="markers",
        cliponaxis=False,
        marker={
            "size": [_size(row) for row in records],
            "symbol": ["circle-open" if known(row["excluded"]) else "circle" for row in records],
            "color": [
                theme.faint if known(row["excluded"]) else colours.get(row["name"], OTHER_COLOUR) for row in records
            ],
            "line": {"width": [1.5 if known(row["excluded"]) else 0 for row in records]},
        },
        hovertext=[_of_touch(row) for row in records],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def _size(row: Mapping[str, Any]) -> float:
    if known(row["excluded"]):
        return _SMALLEST + 1
    # The area of a mark is what the eye compares.
    share = row["credit"] if known(row["credit"]) else 0.25
    return _SMALLEST + (_LARGEST - _SMALLEST) * float(min(max(share, 0.0), 1.0)) ** 0.5


def _of_touch(row: Mapping[str, Any]) -> str:
    when = pd.Timestamp(row["occurred_at"])
    age = row["age_days"]
    lines = [
        f"<b>{plain_html(row['name'], 42)}</b>",
        f"{when.day} {when:%b %Y, %H:%M}, {abs(age):,.1f} days {'before' if age >= 0 else 'after'} the conversion",
    ]
    if known(row["excluded"]):
        lines.append(f"Does not count: {row['excluded']}")
    elif known(row["credit"]):
        lines.append(f"Credit  <b>{percent(row['credit'])}</b>")
    return "<br>".join(lines)


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.32)"
