"""The decision trace of one conversion: its touches over time, which of them count, and what each model gives them.

Invariant: every number is the trace's own; nothing is computed here.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from app import components, findings, formats, tables
from app.charts import touch_timeline
from app.filters import Filters
from app.shown import nameless
from pipelines.attribution import MODELS
from pipelines.attribution.decisions import EXCLUSIONS
from pipelines.cli_output import answered
from pipelines.questions import Answer

MOST_COLUMNS = 12
"""Touches that stand side by side at most: the last ones."""


def trace(answer: Answer, filters: Filters) -> None:
    """Draw the trace of a conversion that there is."""
    conversion, rows = answer.facts["conversion"], answer.rows
    st.markdown(_headline(conversion))
    by = answer.facts["dimension"]
    rows = rows.assign(name=_names(rows, by), excluded=rows["excluded"].map(EXCLUSIONS))
    if len(rows):
        _timeline(rows, conversion, by, filters)
        _touches(rows, filters)
    else:
        st.caption("No touchpoint of this person is on record.")
    if conversion["attributed"]:
        _models(rows, filters)
    _download(answer)


def _headline(conversion: Mapping[str, Any]) -> str:
    """What was converted, and whether anybody earned it."""
    amount = (
        formats.money(conversion["revenue"], conversion["currency"] or "")
        if conversion["revenue"] is not None
        else "no revenue"
    )
    kind = "Refund" if conversion["refund"] else formats.sentence_case(str(conversion["type"] or "conversion"))
    others = conversion["conversions_of_person"] - 1
    person = (
        f"person {formats.plain(formats.short(conversion['person'], 16))}" if conversion["person"] else "person unknown"
    )
    said = (
        f"**{formats.plain(kind)}** {formats.plain(formats.short(conversion['conversion_id'], 40))} of {formats.day(conversion['day'])}, "
        f"{formats.plain(amount)}, {person}" + (f" ({formats.counted(others, 'other conversion')})" if others else "")
    )
    if conversion["attributed"]:
        return said
    title, remedy = findings.REASONS[conversion["reason"]]
    return f"{said}  \n:material/help: **Nobody earned it: {title.lower()}.** {remedy}"


def _names(rows: pd.DataFrame, by: str) -> pd.Series:
    """What each touch is called in the dimension that is credited."""
    return rows["name"].astype(object).where(rows["name"].notna(), nameless(by))


def _timeline(rows: pd.DataFrame, conversion: Mapping[str, Any], by: str, filters: Filters) -> None:
    column = f"credit_{filters.model}"
    credit = rows[column] if column in rows else pd.Series(float("nan"), rows.index)
    figure = touch_timeline(
        rows.assign(credit=credit),
        conversion["converted_at"],
        components.colours(by, rows.assign(**{by: rows["name"]})),
        components.theme(),
    )
    model = MODELS[filters.model].title
    sized = (
        f"as large as its credit under {model}"
        if column in rows
        else f"of one size: {model} does not share out single conversions"
    )
    st.caption(f"Each mark is a touch, {sized}; hollow ones do not count. The line is the conversion.")
    components.chart(figure, "touches over time", "The touches of the person over time, by channel")


def _touches(rows: pd.DataFrame, filters: Filters) -> None:
    counted, left_out = rows[rows["excluded"].isna()], rows[rows["excluded"].notna()]
    columns = {
        "name": tables.text("Touch", pinned=True, width=100),
        "occurred_at": st.column_config.DatetimeColumn("When, UTC", format="D MMM YYYY, HH:mm", width=122),
        "age_days": tables.count("Days before", 1, width=76),
        "campaign": tables.text("Campaign", width=96),
        "kind": tables.text("Kind", width=56),
    }
    own = {
        f"credit_{filters.model}": tables.share("Credit", width=58),
        f"weight_{filters.model}": st.column_config.NumberColumn(
            "Weight", format="%.4g", width=60, help="As the model weighs it, before all are divided by their sum."
        ),
    }
    if filters.model == "markov":
        own = {"share_markov": tables.share("Share in the period", width=110)}
    own = {name: column for name, column in own.items() if name in rows}
    position = {"position": tables.count("#", pinned=True, width=34)}
    head, *rest = columns.items()
    if len(counted):
        st.markdown(f"**{formats.counted(len(counted), 'touch that counts', 'touches that count')}**")
        tables.grid(_timed(counted), position | dict([head]) | own | dict(rest), "touches that count", most=8)
    if len(left_out):
        with st.expander(
            formats.counted(len(left_out), "touch does not count", "touches do not count"), expanded=len(counted) == 0
        ):
            why = {"excluded": tables.text("Why not", width=250)}
            tables.grid(_timed(left_out), dict([head]) | why | dict(rest), "touches that do not count", most=8)


def _timed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(occurred_at=pd.to_datetime(rows["occurred_at"]))


def _models(rows: pd.DataFrame, filters: Filters) -> None:
    """A row a model, a column a touch, the first touch at the left."""
    counted = rows[rows["excluded"].isna()].sort_values("position")
    shown = counted.tail(MOST_COLUMNS)
    titles = {f"touch_{row['position']}": f"{row['position']} {row['name']}" for row in shown.to_dict("records")}
    table = []
    for key, model in MODELS.items():
        column = "share_markov" if key == "markov" else f"credit_{key}"
        if column in shown:
            values = dict(zip(titles, shown[column], strict=True))
            table.append({"model": f"{model.title}{_MARKS.get(key, '')}", "key": key, **values})
    frame = pd.DataFrame(table).sort_values("key", key=lambda keys: keys != filters.model, kind="stable")
    columns = {"model": tables.text("Model", pinned=True, width=140)}
    columns |= {name: tables.share(formats.short(title, 13), width=80, help=title) for name, title in titles.items()}
    st.markdown("**What each model gives them**, the chosen model first")
    tables.grid(frame, columns, "credit of each touch under each model", most=len(table))
    cut = (
        f" Only the last {MOST_COLUMNS} of {len(counted)} touches are shown; the file has all."
        if len(counted) > MOST_COLUMNS
        else ""
    )
    st.caption(
        "¹ A whole conversion to each channel that took part: do not sum it. ² The channel's share of all credit of the period: "
        f"the chain is fitted on all journeys and does not share out one.{cut}"
    )


_MARKS = {"participation": " ¹", "markov": " ²"}


def _download(answer: Answer) -> None:
    name = "".join(
        character if character.isalnum() else "_" for character in answer.facts["conversion"]["conversion_id"]
    )
    st.download_button(
        "Download JSON",
        lambda: answered(answer, "json").encode(),
        file_name=f"trace_{name[:60]}.json",
        mime="application/json",
        icon=":material/download:",
        key="download trace",
        on_click="ignore",
    )
