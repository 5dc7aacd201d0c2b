"""The charts of credit, spend and unattributed conversions: bars, areas and one scatter, all from rows of a question."""

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from app.charts.labels import Canvas, Dot, placed
from app.charts.scale import LOG, scale_for
from app.charts.theme import OTHER_COLOUR, WARNING_COLOUR, Theme
from app.formats import currency_sign, known, money, number, percent, plain_html
from pipelines.metrics import ratios

ROW_HEIGHT = 34


def credit_over_time(
    rows: pd.DataFrame, by: str, value: str, title: str, colours: Mapping[str, str], theme: Theme
) -> go.Figure:
    """Stacked areas by day. rows: day, `by`, `value`, with names in the order in which they stack, the first at the bottom."""
    figure = theme.figure(360)
    daily = rows.pivot_table(index="day", columns=by, values=value, aggfunc="sum", sort=False, observed=True).fillna(0)
    for name in daily.columns:
        colour = colours.get(name, OTHER_COLOUR)
        figure.add_scatter(
            x=daily.index,
            y=daily[name],
            name=plain_html(name),
            mode="lines",
            stackgroup="all",
            line={"color": theme.paper, "width": 0.8},
            fillcolor=colour,
            hovertemplate="%{y:,.1f}",
        )
    _days_across(figure)
    figure.update_yaxes(title_text=title, rangemode="tozero", tickformat="~s")
    figure.update_layout(hovermode="x unified", legend_traceorder="normal")
    return figure


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
    """A bar a row for `value`, a tick mark for the same row's `other` (None: no second model).

    names: what the bar and the tick mark stand for. Rows come largest first and are drawn from the top.
    """
    figure = theme.figure(_bars_height(rows))
    labels = [plain_html(_short(name)) for name in rows[by]]
    figure.add_bar(
        y=labels,
        x=rows[value],
        orientation="h",
        name=plain_html(names[0]),
        marker_color=[colours.get(name, theme.accent) for name in rows[by]],
        hovertemplate="%{y}: %{x:,.1f}<extra>" + plain_html(names[0]) + "</extra>",
    )
    if other is not None:
        figure.add_scatter(
            y=labels,
            x=rows[other],
            mode="markers",
            name=plain_html(names[1]),
            marker={"symbol": "line-ns", "size": 20, "line": {"color": theme.ink, "width": 3}},
            hovertemplate="%{y}: %{x:,.1f}<extra>" + plain_html(names[1]) + "</extra>",
        )
    _bars_across(figure, title)
    return figure


def spend_and_return(
    rows: pd.DataFrame, by: str, average: float | None, currency: str, colours: Mapping[str, str], theme: Theme
) -> go.Figure:
    """Spend across, attributed conversions up, both on log axes, where equal CPA is a diagonal: the dotted one is `average`.

    What lies above the diagonal costs less than average. rows: `by`, spend, attributed_conversions, cpa, roas.
    """
    height = 420
    figure = theme.figure(height)
    across, up = scale_for(rows["spend"], None, LOG), scale_for(rows["attributed_conversions"], None, LOG)
    dots = [
        Dot(across.fraction(spend), up.fraction(conversions), 8, _short(str(name)))
        for name, spend, conversions in zip(rows[by], rows["spend"], rows["attributed_conversions"], strict=True)
    ]
    positions = placed(dots, most=14, canvases=(Canvas(520, height - 60), Canvas(262, height - 60)))
    if average:
        # Drawn in the axes' own positions, which are powers of ten: dividing by the CPA is a shift down by its logarithm.
        ends = [across.low, across.high]
        shift = math.log10(average)
        figure.add_scatter(
            x=ends,
            y=[end - shift for end in ends],
            mode="lines",
            line={"color": theme.faint, "width": 1, "dash": "dot"},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[across.position(value) for value in rows["spend"]],
        y=[up.position(value) for value in rows["attributed_conversions"]],
        mode="markers+text",
        text=[plain_html(dot.name) if position else "" for dot, position in zip(dots, positions, strict=True)],
        textposition=[position or "top center" for position in positions],
        textfont={"size": 11.5},
        cliponaxis=False,
        marker={
            "size": 16,
            "color": [colours.get(name, theme.accent) for name in rows[by]],
            "line": {"color": theme.paper, "width": 1.2},
        },
        hovertext=[
            f"<b>{plain_html(row[by], 42)}</b><br><br>Spend  <b>{money(row['spend'], currency, 0)}</b>"
            f"<br>Attributed conversions  <b>{number(row['attributed_conversions'], 1)}</b>"
            f"<br>Paid CPA  <b>{money(row['cpa'], currency)}</b>"
            for _, row in rows.iterrows()
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    for axis, title, update in (
        (across, f"Spend, {currency_sign(currency)}", figure.update_xaxes),
        (up, "Attributed conversions", figure.update_yaxes),
    ):
        places, texts = axis.ticks()
        update(title_text=title, range=[axis.low, axis.high], tickvals=places, ticktext=texts)
    figure.update_layout(showlegend=False, hovermode="closest")
    return figure


def unattributed_over_time(rows: pd.DataFrame, typical: float | None, theme: Theme) -> go.Figure:
    """The share of conversions without credit, by day. rows: day, conversions, unattributed; `typical`: the share to compare with."""
    figure = theme.figure(300)
    share = ratios(rows["unattributed"], rows["conversions"])
    figure.add_scatter(
        x=rows["day"],
        y=share,
        mode="lines",
        line={"color": WARNING_COLOUR, "width": 2.2},
        fill="tozeroy",
        fillcolor="rgba(214,51,108,0.10)",
        customdata=rows[["unattributed", "conversions"]].to_numpy(),
        hovertemplate="%{x|%-d %b %Y}<br><b>%{y:.1%}</b>: %{customdata[0]:,.0f} of %{customdata[1]:,.0f}<extra></extra>",
    )
    if typical is not None and known(typical):
        figure.add_hline(
            y=typical,
            line={"color": theme.faint, "width": 1, "dash": "dot"},
            annotation={
                "text": f"period: {percent(typical)}",
                "font": {"size": 12, "color": theme.faint},
                "xanchor": "right",
                "x": 1,
                "yshift": 2,
            },
        )
    _days_across(figure)
    figure.update_yaxes(title_text="Unattributed share", tickformat=".0%", rangemode="tozero")
    figure.update_layout(showlegend=False, hovermode="closest")
    return figure


def type_bars(rows: pd.DataFrame, theme: Theme) -> go.Figure:
    """The unattributed share of each conversion type, the largest first. rows: type, conversions, unattributed."""
    rows = rows.assign(share=ratios(rows["unattributed"], rows["conversions"])).sort_values("share", ascending=False)
    figure = theme.figure(_bars_height(rows))
    figure.add_bar(
        y=[plain_html(_short(name)) for name in rows["type"]],
        x=rows["share"],
        orientation="h",
        marker_color=WARNING_COLOUR,
        text=[percent(share) for share in rows["share"]],
        textposition="outside",
        cliponaxis=False,
        customdata=rows[["unattributed", "conversions"]].to_numpy(),
        hovertemplate="%{y}: %{customdata[0]:,.0f} of %{customdata[1]:,.0f}<extra></extra>",
    )
    _bars_across(figure, "Unattributed share")
    figure.update_xaxes(tickformat=".0%", range=[0, max(float(rows["share"].max()), 0.01) * 1.3])
    return figure


def reasons_bars(rows: pd.DataFrame, titles: Mapping[str, str], theme: Theme) -> go.Figure:
    """Unattributed conversions by reason. rows: reason, conversions, share; largest first."""
    figure = theme.figure(_bars_height(rows))
    figure.add_bar(
        y=[titles.get(reason, reason) for reason in rows["reason"]],
        x=rows["conversions"],
        orientation="h",
        marker_color=WARNING_COLOUR,
        text=[number(value) for value in rows["conversions"]],
        textposition="outside",
        cliponaxis=False,
        customdata=rows["share"],
        hovertemplate="%{y}: %{x:,.0f} conversions, %{customdata:.1%} of all<extra></extra>",
    )
    _bars_across(figure, "Unattributed conversions")
    figure.update_xaxes(tickformat="~s", range=[0, max(float(rows["conversions"].max()), 1) * 1.2])
    return figure


def _days_across(figure: go.Figure) -> None:
    figure.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=8, hoverformat="%a %-d %b %Y")


def _bars_across(figure: go.Figure, title: str) -> None:
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont={"size": 12.5}, ticklabelstandoff=6)
    figure.update_xaxes(title_text=title, tickformat="~s", rangemode="tozero", nticks=6)
    figure.update_layout(showlegend=False, hovermode="closest", bargap=0.34)


def _bars_height(rows: pd.DataFrame) -> int:
    return max(150, ROW_HEIGHT * len(rows) + 60)


def _short(name: object) -> str:
    text = str(name)
    return text if len(text) <= 24 else f"{text[:23].rstrip()}…"
