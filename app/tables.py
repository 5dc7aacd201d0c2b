"""The tables of the pages: columns with units, sortable, and the same rows as a CSV file.

Invariant: an unknown value is an empty cell, in the table and in the file.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import streamlit as st

from app.charts.theme import QUADRANT_COLOURS
from app.formats import DASH, currency_sign, short
from pipelines.ingest.defuse import defuse

_COLUMN = st.column_config

ROW = 33
"""Height of a table's row in pixels."""


SHARE_STEP = 0.001
"""To what shares are shown: a tenth of a percent."""


def text(title: str, **options: Any) -> Any:
    """A column of names or sentences."""
    return _COLUMN.TextColumn(title, **options)


def count(title: str, digits: int = 0, **options: Any) -> Any:
    """A column of counts with thousands separators."""
    return _COLUMN.NumberColumn(title, format=f"%,.{digits}f", **options)


def money(title: str, currency: str, digits: int = 2, **options: Any) -> Any:
    """A column of amounts in one currency."""
    return _COLUMN.NumberColumn(title, format=f"{currency_sign(currency)} %,.{digits}f", **options)


AT_NEWEST_RATE = "At the newest exchange rate, which is enough to weigh names; elsewhere each day has its own."
"""What is to be known of amounts of a name that no day is asked of."""


def share(title: str, **options: Any) -> Any:
    """A column of fractions, shown as percent."""
    return _COLUMN.NumberColumn(title, format="percent", step=SHARE_STEP, **options)


def multiple(title: str, **options: Any) -> Any:
    """A column of ratios such as ROAS."""
    return _COLUMN.NumberColumn(title, format="%,.2fx", **options)


def width_of(text: str) -> int:
    """The pixels that a column needs so that the text is not cut."""
    return round(len(text) * 6.6) + 17


def table(rows: pd.DataFrame, columns: Mapping[str, Any], name: str, most: int = 12) -> None:
    """A sortable table of the given columns that scrolls beyond `most` rows, and all columns as the download `name`.csv."""
    grid(rows, columns, name, most)
    # A column that holds another model's numbers is called after the model, in the file as on the page.
    titles = {"other": str(columns["other"]["label"]).lower().replace(" ", "_")} if "other" in columns else {}
    download(rows.rename(columns=titles), name)


def grid(rows: pd.DataFrame, columns: Mapping[str, Any], name: str, most: int = 12) -> None:
    """A sortable table of the given columns that scrolls beyond `most` rows; `name` says what it shows."""
    st.dataframe(
        rounded(rows, columns).assign(
            **{column: rows[column].map(_end_of_address) for column in rows.select_dtypes(["object", "string"])}
        ),
        hide_index=True,
        column_order=list(columns),
        column_config=dict(columns),
        height=_height(len(rows), most),
        placeholder=DASH,
        alt=name,
    )


def rounded(rows: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Rows whose shares come out rounded: the browser cuts off what is finer than a column's step."""
    shares = [name for name, column in columns.items() if column["type_config"].get("step") == SHARE_STEP]
    steps = {name: (rows[name].astype(float) / SHARE_STEP).round() for name in shares}
    # Not at the step but a hair beyond it: 0.29 may be held as 0.28999...
    return rows.assign(**{name: (number + np.sign(number) * 1e-6) * SHARE_STEP for name, number in steps.items()})


def quadrants(rows: pd.DataFrame, by: str, currency: str, key: str) -> str | None:
    """The points of the quadrant chart with what to do about each; returns the name of the row that was picked."""
    order = {name: place for place, name in enumerate(QUADRANT_COLOURS)}
    rows = rows.sort_values(
        ["pr_warning", "quadrant", "spend"],
        ascending=[False, True, False],
        key=lambda column: column.map(order).fillna(len(order)) if column.name == "quadrant" else column,
    )
    rows = rows.assign(action=rows["advice"].map(in_short), name=rows[by].map(lambda name: short(name, 32)))
    widest = max(rows["name"], key=len)
    # As wide as the longest name, so that none is cut; with usual names a phone has room for what to do and the CPA beside it.
    columns = {
        "name": text(by.capitalize(), pinned=True, width=min(max(width_of(widest), 90), 230)),
        "action": text("What to do", width=88),
    }
    if rows["cpa"].notna().any():
        columns["cpa"] = money("Paid CPA", currency, 0 if rows["cpa"].max() >= 1000 else 2, width=70)
    columns |= {
        "quadrant": text("Quadrant", width=width_of(max(QUADRANT_COLOURS, key=len))),
        "reach": count("Summed reach"),
        "mentions": count("Mentions"),
        "negative_share": share("Negative"),
        "spend": money("Spend", currency, 0),
    }
    event = st.dataframe(
        rounded(rows, columns),
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height=_height(len(rows), 14),
        key=key,
        on_select="rerun",
        selection_mode="single-cell",
        placeholder=DASH,
        alt=f"Every {by} with its quadrant and what to do",
    )
    download(rows.drop(columns=["name", "action"]), f"quadrants by {by}")
    picked = event.selection.cells
    return str(rows.iloc[picked[0][0]][by]) if picked else None


def in_short(advice: str) -> str:
    """What the advice of a point begins with, in two words; the chart's hover and the file have it in full, with its reason."""
    if advice.endswith("More budget."):
        return "More budget"
    action = advice.partition(":")[0]
    return _IN_SHORT.get(action, action)


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


def _height(rows: int, most: int) -> int | Literal["content"]:
    """Pixels for `most` whole rows under the header, or as many as there are: no row is cut in half, no empty one is drawn."""
    return "content" if rows <= most else ROW * (most + 1) + 2


def _end_of_address(name: object) -> object:
    """What tells posts apart in a narrow column; everything else as it is."""
    return short(name, 13) if isinstance(name, str) and "://" in name else name


def names(title: str, found: Sequence[str], said: str) -> None:
    """Names that found no match, folded away under their count, with a sentence that says what it means."""
    if found:
        with st.expander(f"{title} ({len(found)})"):
            st.caption(said)
            st.text("\n".join(found))


def download(rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """A button that saves the rows as a CSV file named after the table and the period; rows that are many are asked for by the click."""

    def content() -> bytes:
        return as_csv(rows() if callable(rows) else rows)

    st.download_button(
        "Download CSV",
        content,
        file_name=file_name(name),
        mime="text/csv",
        icon=":material/download:",
        key=f"download {name}",
        on_click="ignore",
    )


def as_csv(rows: pd.DataFrame) -> bytes:
    """Rows as a CSV file that spreadsheets read as UTF-8: fractions to six decimals, formulas defused."""
    texts = {name: _defused(rows[name]) for name in rows if pd.api.types.infer_dtype(rows[name]) == "string"}
    return rows.round(6).assign(**texts).to_csv(index=False, float_format="%.15g").encode("utf-8-sig")


def file_name(name: str) -> str:
    """What a download is called: the table and the page's period, where it has one."""
    chosen = st.session_state.get("filters")
    parts = [name]
    if chosen is not None and chosen.period:
        parts += [chosen.period.start.isoformat(), "to", chosen.period.end.isoformat()]
    return f"{' '.join(parts)}.csv".replace(" ", "_")


def _defused(texts: pd.Series) -> pd.Series:
    return pd.Series(defuse(pa.array(texts, pa.string(), from_pandas=True)).to_pylist(), texts.index)
