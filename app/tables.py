"""The tables of the pages: columns with units, sortable, and the same rows as a CSV file.

Invariant: an unknown value is an empty cell, in the table and in the file.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.charts.theme import QUADRANT_COLOURS
from app.formats import DASH, currency_sign, short

_COLUMN = st.column_config


def text(title: str, **options: Any) -> Any:
    """A column of names or sentences."""
    return _COLUMN.TextColumn(title, **options)


def count(title: str, digits: int = 0, **options: Any) -> Any:
    """A column of counts with thousands separators."""
    return _COLUMN.NumberColumn(title, format=f"%,.{digits}f", **options)


def money(title: str, currency: str, digits: int = 2, **options: Any) -> Any:
    """A column of amounts in one currency."""
    return _COLUMN.NumberColumn(title, format=f"{currency_sign(currency)} %,.{digits}f", **options)


def share(title: str, **options: Any) -> Any:
    """A column of fractions, shown as percent."""
    return _COLUMN.NumberColumn(title, format="percent", step=0.001, **options)


def multiple(title: str, **options: Any) -> Any:
    """A column of ratios such as ROAS."""
    return _COLUMN.NumberColumn(title, format="%,.2fx", **options)


def table(rows: pd.DataFrame, columns: Mapping[str, Any], name: str, most: int = 12) -> None:
    """A sortable table of the given columns that scrolls beyond `most` rows, and all columns as the download `name`.csv."""
    st.dataframe(
        rows,
        hide_index=True,
        column_order=list(columns),
        column_config=dict(columns),
        height="content" if len(rows) <= most else 36 * most,
        placeholder=DASH,
        alt=name,
    )
    download(rows, name)


def quadrants(rows: pd.DataFrame, by: str, currency: str, key: str) -> str | None:
    """The points of the quadrant chart with what to do about each; returns the name of the row that was picked."""
    order = {name: place for place, name in enumerate(QUADRANT_COLOURS)}
    rows = rows.sort_values(
        ["pr_warning", "quadrant", "spend"],
        ascending=[False, True, False],
        key=lambda column: column.map(order).fillna(len(order)) if column.name == "quadrant" else column,
    )
    # The action in a word or two; the file and the chart's hover have it in full, with its reason.
    rows = rows.assign(action=rows["advice"].str.partition(":")[0].map(lambda action: _IN_SHORT.get(action, action)))
    rows = rows.assign(name=rows[by].map(lambda name: short(name, 60)))
    priced = rows["cpa"].notna().any()
    columns = {
        "name": text(by.capitalize(), pinned=True, width=112 if priced else 160),
        "action": text("What to do", width=98),
        **({"cpa": money("Paid CPA", currency, width=72)} if priced else {}),
        "quadrant": text("Quadrant", width=110),
        "reach": count("Summed reach"),
        "mentions": count("Mentions"),
        "negative_share": share("Negative"),
        "spend": money("Spend", currency, 0),
    }
    event = st.dataframe(
        rows,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height="content" if len(rows) <= 11 else 424,
        key=key,
        on_select="rerun",
        selection_mode="single-cell",
        placeholder=DASH,
        alt=f"Every {by} with its quadrant and what to do",
    )
    download(rows.drop(columns=["name", "action"]), f"quadrants by {by}")
    picked = event.selection.cells
    return str(rows.iloc[picked[0][0]][by]) if picked else None


_IN_SHORT = {
    "PR fix before budget": "PR fix first",
    "Change the content": "New content",
    "Fix it or end it": "Fix or end",
    "Make it cheaper before feeding it": "Cheaper first",
    "Double down with care": "Test more",
    "Amplify with care": "Test more",
    "Upload its reach": "Add its reach",
    "Connect its mentions": "Add mentions",
    "Too few points to compare with.": "Too few points",
}
"""What the advice of pipelines.quadrants begins with -> the same in two words."""


def names(title: str, found: Sequence[str], said: str) -> None:
    """Names that found no match, folded away under their count, with a sentence that says what it means."""
    if found:
        with st.expander(f"{title} ({len(found)})"):
            st.caption(said)
            st.text("\n".join(found))


def download(rows: pd.DataFrame, name: str) -> None:
    """A button that saves the rows as a CSV file; cells that a spreadsheet would run as a formula are defused."""

    def content() -> bytes:
        return rows.map(_defused).to_csv(index=False, float_format="%.10g").encode("utf-8-sig")

    st.download_button(
        "Download CSV",
        content,
        file_name=f"{name}.csv".replace(" ", "_"),
        mime="text/csv",
        icon=":material/download:",
        key=f"download {name}",
        on_click="ignore",
    )


def _defused(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
