"""Rows of results made ready for a page: shares of what is measured, and what a conversion costs where rows are shown as one.

Invariant: paid ratios come from rows that have spend; what earned without spend never makes a conversion look cheaper.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import formats, shown, tables
from pipelines.metrics import ratios, with_results

RATIOS = ["cpa", "roas", "roi"]


def with_share(rows: pd.DataFrame, value: str, whole: float | None = None) -> pd.DataFrame:
    """Rows with `share`: each one's fraction of the sum of `value`, or of `whole` where that may not be summed; unknown where it is zero."""
    total = pd.Series(rows[value].astype(float).sum() if whole is None else whole, index=rows.index)
    return rows.assign(share=ratios(rows[value], total))


def picked_spend(rows: pd.DataFrame, by: str, names: Sequence[str], summed: bool = True) -> pd.DataFrame:
    """The rows of the picked names (none picked: all) and one row for the rest, whose CPA, ROAS and ROI are those of its paid rows.

    rows: of the spend_and_cpa question. summed: false where credit may not be summed, so that there is no row for the rest.
    """
    gathered = shown.picked(rows, by, names, summed)
    rest = gathered[by] == shown.rest_of(by)
    if rest.any():
        named = shown.named(rows, by)
        paid = named[~named[by].isin(names) & named[by].ne(shown.nameless(by)) & (named["spend"] > 0)]
        sums = paid[["spend", "attributed_conversions", "attributed_revenue"]].astype(float).sum(min_count=1)
        gathered.loc[rest, RATIOS] = with_results(sums.to_frame().T)[RATIOS].to_numpy()
    return gathered


def show_totals(totals: Mapping[str, Any], currency: str) -> None:
    """The totals of the spend_and_cpa question in a row of their own, which sorting the table cannot move."""
    columns = {
        "total": tables.text("", width=44),
        "spend": tables.money("Spend", currency, 0, width=72),
        "paid_cpa": tables.money(
            "Paid CPA", currency, width=66, help="Spend over the conversions credited to channels that have spend."
        ),
        "blended_cpa": tables.money(
            "Blended", currency, width=66, help="Blended CPA: spend over all conversions, attributed or not."
        ),
        "paid_roas": tables.multiple(
            "Paid ROAS", width=70, help="Revenue credited to channels that have spend, over spend."
        ),
        "roas": tables.multiple("ROAS", width=52, help="All attributed revenue over spend."),
        "roi": tables.share("ROI", width=64, help="All attributed revenue less spend, over spend."),
    }
    row = pd.DataFrame([{"total": "Total", **{name: totals.get(name) for name in columns if name != "total"}}])
    st.dataframe(
        tables.rounded(row.astype({name: float for name in columns if name != "total"}), columns),
        hide_index=True,
        placeholder=formats.DASH,
        column_order=list(columns),
        column_config=columns,
        alt="Total of all spend",
    )
