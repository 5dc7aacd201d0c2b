"""The charts of credit, spend and unattributed conversions: bars, areas and one scatter, all from rows of a question."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.charts.days import FEW, LONG, Bounds, day_axis, every_day, weeks
from app.charts.labels import Canvas, Dot, placed
from app.charts.scale import LOG, count_ticks, scale_for
from app.charts.theme import OTHER_COLOUR, WARNING_COLOUR, Theme
from app.formats import currency_sign, known, money, number, percent, plain_html, short
from pipelines.metrics import ratios

STILL_TO_COME = "Still expected"
"""What stands in the legend for credit that recent days have not seen yet."""
ROW_HEIGHT = 34
BAR_MS = 0.6 * 86_400_000
"""Width of the bar of a day: of a single one plotly cannot tell."""


def credit_over_time(
    rows: pd.DataFrame,
    by: str,
    value: str,
    title: str,
    colours: Mapping[str, str],
    theme: Theme,
    period: Bounds = None,
    *,
    summed: bool = True,
    to_come: Mapping[str, float] | None = None,
) -> go.Figure:
    """Stacked areas by day. rows: day, `by`, `value`, with names in the order in which they stack, the first at the bottom.

    summed: false where names may not be summed: lines that do not stack. to_come: day -> the completion of its credit (0 to 1); what is
    still expected of it is hatched on top.
    period: its first and last day, by default those of the rows. A day without any row earned nothing: it is drawn as 0. Over more than
    LONG days each week is drawn as the mean of its days, so that a week cut off by the period does not dip. A few days are bars: an
    area needs neighbours.
    """
    daily = rows.pivot_table(index="day", columns=by, values=value, aggfunc="sum", sort=False, observed=True)
    daily = daily.reindex(every_day(daily.index, period)).fillna(0)
    if to_come:
        part = pd.Series(to_come, dtype=float).reindex(daily.index).fillna(1.0)
        daily[STILL_TO_COME] = daily.sum(axis=1) * (1 / part.where(part > 0, 1.0) - 1)
    if long := len(daily) > LONG:
        daily = daily.groupby(weeks(daily.index)).mean()
    few = len(daily) <= FEW
    figure = theme.figure(
        # The legend stands above and takes its room from the top: more names, more height.
        330 + 9 * len(daily.columns),
        xaxis=day_axis(daily.index, by_week=long),
        yaxis={
            "title": {"text": f"{title} a day" if long else title},
            "rangemode": "tozero",
            **count_ticks((daily.sum(axis=1) if summed else daily.max(axis=1)).max()),
        },
        hovermode="x unified",
        legend_traceorder="normal",
        barmode="stack" if summed else "group",
        bargap=0.4,
    )
    for name in daily.columns:
        full = f"%{{y:,.1f}}<extra>{_braced(plain_html(name))}</extra>"
        said = {"x": daily.index, "y": daily[name], "name": plain_html(short(name, 28)), "hovertemplate": full}
        colour = colours.get(name, OTHER_COLOUR)
        if name == STILL_TO_COME:
            _hatch(figure, said, theme, few)
        elif few:
            figure.add_bar(**said, marker_color=colour, **({"width": BAR_MS} if summed else {}))
        elif not summed:
            figure.add_scatter(**said, mode="lines", line={"color": colour, "width": 2})
        else:
            line = {"color": theme.paper, "width": 0.8}
            figure.add_scatter(**said, mode="lines", stackgroup="all", line=line, fillcolor=colour)
    return figure


def _hatch(figure: go.Figure, said: Mapping[str, Any], theme: Theme, few: bool) -> None:
    """What is expected but not there yet, on top of what is."""
    pattern = {"shape": "/", "fgcolor": theme.faint, "bgcolor": theme.paper, "size": 6, "solidity": 0.25}
    line = {"color": theme.faint, "width": 1.4}
    if few:
        figure.add_bar(**said, marker={"color": theme.paper, "pattern": pattern, "line": line}, width=BAR_MS)
    else:
        figure.add_scatter(**said, mode="lines", stackgroup="all", line={**line, "dash": "dash"}, fillpattern=pattern)


def comparison_bars(
    rows: pd.DataFrame,
    by: str,
    value: str,
    other: str | None,
    names: tuple[str, str],
    title: str,
    colours: Mapping[str, str],
    theme: Theme,
) -> go.Figure:
    """A bar a row for `value`, a tick mark for the same row's `other` (None: no second model). customdata[0] is the name, to pick by.

    names: what the bar and the tick mark stand for. Rows come largest first and are drawn from the top.
    """
    largest = rows[[value] if other is None else [value, other]].max().max()
    figure = _bars(rows[by], title, theme, **count_ticks(largest))
    places = list(range(len(rows)))
    full = [[name, plain_html(name)] for name in rows[by]]
    figure.add_bar(
        y=places,
        x=rows[value],
        orientation="h",
        marker_color=[colours.get(name, OTHER_COLOUR) for name in rows[by]],
        customdata=full,
        hovertemplate="%{customdata[1]}: %{x:,.1f}<extra>" + plain_html(names[0]) + "</extra>",
    )
    if other is not None:
        figure.add_scatter(
            y=places,
            x=rows[other],
            mode="markers",
            marker={"symbol": "line-ns", "size": 20, "line": {"color": theme.ink, "width": 3}},
            customdata=full,
            hovertemplate="%{customdata[1]}: %{x:,.1f}<extra>" + plain_html(names[1]) + "</extra>",
        )
    return figure


def spend_and_return(
    rows: pd.DataFrame, by: str, average: float | None, currency: str, colours: Mapping[str, str], theme: Theme
) -> go.Figure:
    """Spend across, attributed conversions up, both on log axes, where equal CPA is a diagonal: the dotted one is `average`.

    What lies above the diagonal costs less than average. customdata[0] is the name, to pick by. rows: `by`, spend, attributed_conversions, cpa.
    """
    # What the median spend would bring at the average keeps the diagonal in sight.
    expected = float(rows["spend"].median()) / average if average else None
    across, up = scale_for(rows["spend"], None, LOG), scale_for(rows["attributed_conversions"], expected, LOG)
    records = rows.to_dict("records")
    dots = [
        Dot(across.fraction(row["spend"]), up.fraction(row["attributed_conversions"]), 8, short(row[by]))
        for row in records
    ]
    positions = placed(dots, most=14, canvases=(Canvas(480, 360), Canvas(262, 360)))
    figure = theme.figure(
        420,
        xaxis=across.axis(f"Spend, {currency_sign(currency)}"),
        yaxis=up.axis("Attributed conversions"),
        showlegend=False,
        hovermode="closest",
    )
    if average:
        # Positions on the axes are powers of ten: dividing by the CPA is a shift down by its logarithm.
        ends = [across.low, across.high]
        figure.add_scatter(
            x=ends,
            y=[end - math.log10(average) for end in ends],
            mode="lines",
            line={"color": theme.faint, "width": 1, "dash": "dot"},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[across.position(row["spend"]) for row in records],
        y=[up.position(row["attributed_conversions"]) for row in records],
        mode="markers+text",
        text=[plain_html(dot.name) if position else "" for dot, position in zip(dots, positions, strict=True)],
        textposition=[position or "top center" for position in positions],
        textfont={"size": 11.5},
        cliponaxis=False,
        customdata=[[row[by]] for row in records],
        marker={
            "size": 16,
            "color": [colours.get(row[by], OTHER_COLOUR) for row in records],
            "line": {"color": theme.paper, "width": 1.2},
        },
        hovertext=[
            f"<b>{plain_html(row[by], 42)}</b><br><br>Spend  <b>{money(row['spend'], currency, 0)}</b>"
            f"<br>Attributed conversions  <b>{number(row['attributed_conversions'], 1)}</b>"
            f"<br>Paid CPA  <b>{money(row['cpa'], currency)}</b>"
            for row in records
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    return figure


def unattributed_over_time(
    rows: pd.DataFrame, typical: float | None, theme: Theme, period: Bounds = None, stale: Iterable[str] = ()
) -> go.Figure:
    """The share of conversions without credit, by day, over more than LONG days by week; a gap where nothing converted.

    rows: day, conversions, unattributed; `typical`: the share to compare with; period: its first and last day, by default the rows'.
    stale: days without any touchpoint, which are shaded.
    """
    daily = rows.set_index("day")[["conversions", "unattributed"]].reindex(every_day(rows["day"], period)).fillna(0)
    if long := len(daily) > LONG:
        daily = daily.groupby(weeks(daily.index)).sum()
    shares = ratios(daily["unattributed"], daily["conversions"])
    few = len(daily) <= FEW
    line = {
        "type": "line",
        "xref": "x domain",
        "x0": 0,
        "x1": 1,
        "line": {"color": theme.faint, "width": 1, "dash": "dot"},
    }
    label = {
        "text": f"period: {percent(typical)}",
        "showarrow": False,
        "xref": "x domain",
        "x": 1,
        "xanchor": "right",
        "yanchor": "bottom",
        "font": {"size": 12, "color": theme.faint},
    }
    level = typical is not None and known(typical)
    figure = theme.figure(
        300,
        xaxis=day_axis(daily.index, by_week=long),
        yaxis={"title": {"text": "Unattributed share"}, "tickformat": "~%", "rangemode": "tozero", "nticks": 6},
        shapes=[*([{**line, "y0": typical, "y1": typical}] if level else []), *(_shade(day, theme) for day in stale)],
        annotations=[{**label, "y": typical}] if level else [],
        showlegend=False,
        hovermode="closest",
    )
    said = {
        "x": daily.index,
        "y": shares,
        "customdata": daily[["unattributed", "conversions"]].to_numpy(),
        "hovertemplate": ("Week from " if long else "")
        + "%{x|%-d %b %Y}<br><b>%{y:.1%}</b>: %{customdata[0]:,.0f} of %{customdata[1]:,.0f}<extra></extra>",
    }
    if few:
        figure.add_bar(**said, marker_color=WARNING_COLOUR, width=0.5 * 86_400_000)
        return figure
    # A day between two days without conversions has no line to either side: it gets a mark of its own.
    alone = shares.notna() & shares.shift().isna() & shares.shift(-1).isna()
    figure.add_scatter(
        **said,
        mode="lines+markers",
        marker={"size": [6 if single else 0 for single in alone], "color": WARNING_COLOUR},
        connectgaps=False,
        line={"color": WARNING_COLOUR, "width": 2.2},
        fill="tozeroy",
        fillcolor="rgba(214,51,108,0.10)",
    )
    return figure


def _shade(day: str, theme: Theme) -> dict[str, Any]:
    """A band over one day of a date axis, from its noon before to its noon."""
    middle, half = pd.Timestamp(day), pd.Timedelta(hours=12)
    return {
        "type": "rect",
        "yref": "y domain",
        "x0": str(middle - half),
        "x1": str(middle + half),
        "y0": 0,
        "y1": 1,
        "line": {"width": 0},
        "fillcolor": theme.faint,
        "opacity": 0.28,
        "layer": "below",
    }


def type_bars(rows: pd.DataFrame, theme: Theme) -> go.Figure:
    """The unattributed share of each conversion type, the largest first. rows: type, conversions, unattributed."""
    rows = rows.assign(share=ratios(rows["unattributed"], rows["conversions"])).sort_values("share", ascending=False)
    longest = max(float(rows["share"].max()), 0.01)
    figure = _bars(rows["type"], "Unattributed share", theme, tickformat="~%", range=[0, longest * 1.3])
    _labelled_bars(
        figure,
        rows["share"],
        [percent(share) for share in rows["share"]],
        [
            f"{plain_html(row['type'])}: {number(row['unattributed'])} of {number(row['conversions'])}"
            for row in rows.to_dict("records")
        ],
    )
    return figure


def reasons_bars(rows: pd.DataFrame, titles: Mapping[str, str], theme: Theme) -> go.Figure:
    """Unattributed conversions by reason. rows: reason, conversions, share; largest first."""
    names = [titles.get(reason, reason) for reason in rows["reason"]]
    longest = max(float(rows["conversions"].max()), 1.0)
    figure = _bars(names, "Unattributed conversions", theme, range=[0, longest * 1.2], **count_ticks(longest))
    said = [
        f"{name}: {number(row['conversions'])} conversions, {percent(row['share'])} of all"
        for name, row in zip(names, rows.to_dict("records"), strict=True)
    ]
    _labelled_bars(figure, rows["conversions"], [number(value) for value in rows["conversions"]], said)
    return figure


def _labelled_bars(figure: go.Figure, values: pd.Series, texts: list[str], said: list[str]) -> None:
    figure.add_bar(
        y=list(range(len(values))),
        x=values,
        orientation="h",
        marker_color=WARNING_COLOUR,
        text=texts,
        textposition="outside",
        cliponaxis=False,
        hovertext=said,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _braced(text: str) -> str:
    """Text that plotly takes as it is inside a hover template, where %{...} is a value."""
    return text.replace("%{", "%&#123;")


def _bars(names: Iterable[object], title: str, theme: Theme, **across: Any) -> go.Figure:
    """A figure for horizontal bars at 0, 1, 2 ... from the top, one a name. across: more about the axis of values.

    Bars stand at numbers and not at their names: two names that are shortened to the same text stay two bars.
    """
    labels = [plain_html(short(name)) for name in names]
    rows = len(labels)
    return theme.figure(
        max(150, ROW_HEIGHT * rows + 60),
        xaxis={"title": {"text": title}, "rangemode": "tozero", "nticks": 6, **across},
        yaxis={
            "range": [rows - 0.5, -0.5],
            "tickvals": list(range(rows)),
            "ticktext": labels,
            "showgrid": False,
            "ticklabelstandoff": 6,
        },
        showlegend=False,
        hovermode="closest",
        bargap=0.34,
    )
