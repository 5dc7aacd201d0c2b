"""The cards of the metrics, defined once so that a number has the same name, help and direction on every page."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from app import formats
from app.components import Kpi

METRICS: dict[str, tuple[str, Literal["more", "less", "neither"], str]] = {
    "conversions": ("Conversions", "more", "All conversions of the period, attributed or not."),
    "revenue": ("Revenue", "more", "Revenue of all conversions; refunds lower it."),
    "spend": ("Spend", "neither", "Money paid for media in the period."),
    "attributed_share": ("Attributed", "more", "Share of the conversions that a touchpoint earned."),
    "paid_cpa": ("Paid CPA", "less", "Spend over the conversions credited to what has spend."),
    "blended_cpa": ("Blended CPA", "less", "Spend over all conversions."),
    "roas": ("ROAS", "more", "All attributed revenue over spend."),
}
"""Metric of the overview question -> title, which direction is good, help."""


def metric_cards(
    overview: pd.DataFrame,
    names: Sequence[str],
    currency: str,
    explained: bool = True,
    more: Mapping[str, str] | None = None,
) -> list[Kpi]:
    """Cards of the named metrics, each against the period before. overview: the rows of the overview question.

    explained: with each metric's help, for which narrow cards have no room. more: metric -> a sentence to add to its help.
    """
    added = more or {}
    rows = {row["metric"]: row for row in overview.to_dict("records")}
    cards = []
    for name in names:
        title, better, meaning = METRICS[name]
        row = rows.get(name, {"value": None, "previous": None, "unit": "count"})
        change = formats.points_between if row["unit"] == "share" else formats.change_between
        text = formats.in_unit(row["value"], row["unit"], currency)
        told = f"{meaning} {added.get(name, '')}".strip() if explained else None
        cards.append(Kpi(title, text, change(row["value"], row["previous"]), better, told))
    return cards


def sum_card(title: str, values: pd.Series, before: pd.Series, explained: str) -> Kpi:
    """A card of a sum over rows, against the same sum before; unknown where no row knows a value."""
    now, then = (float(series.astype(float).sum(min_count=1)) for series in (values, before))
    return Kpi(title, formats.compact(now), formats.change_between(now, then), "more", explained)
