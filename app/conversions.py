"""The conversions behind a number as a list to pick from, and what is said above it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import behind, components, findings, formats, queries, tables
from app.filters import Filters
from app.shown import nameless
from pipelines.attribution import MODELS
from pipelines.questions import Answer

CONVERSION = "conversion"
"""The key of the input, and in the address, that holds the id of the conversion whose trace is shown."""


def conversions(filters: Filters) -> Answer:
    """Draw the list; a picked row opens the conversion's trace."""
    wanted = behind.wanted()
    answer = queries.answer("conversions_list", **filters.credit(), **wanted)
    st.markdown(f"**{_title(wanted)}**")
    if wanted:
        st.button("Show all conversions", type="tertiary", icon=":material/close:", on_click=behind.forget)
    if answer.rows.empty:
        st.caption("There is none in this period with these filters.")
        return answer
    st.caption(_counted(answer, wanted, filters))
    _table(answer, filters)
    tables.download(answer.rows, "conversions")
    return answer


def _title(wanted: Mapping[str, Any]) -> str:
    by = str(wanted.get("by", "channel"))
    if "reason" in wanted:
        title, _ = findings.REASONS.get(wanted["reason"], (wanted["reason"], ""))
        return f"Unattributed: {formats.plain(title.lower())}"
    if "name" in wanted:
        return f"Conversions with a touch of {formats.plain(wanted['name'])} ({formats.plain(by)})"
    return f"Conversions with a touch of {nameless(by).lower()}" if "unnamed" in wanted else "All conversions"


def _counted(answer: Answer, wanted: Mapping[str, Any], filters: Filters) -> str:
    """How many there are, what they sum to, and which of them are listed."""
    facts, listed = answer.facts, len(answer.rows)
    said = formats.counted(facts["found"], "conversion")
    model = MODELS[filters.model].title
    if facts["found_credit"] is not None:
        said += f", of which it earns {formats.number(facts['found_credit'], 1)} under {model}"
    elif "name" in wanted or "unnamed" in wanted:
        said += f" that it took part in; {model} does not share out single conversions"
    order = "most credit" if facts["found_credit"] is not None else "most revenue"
    return (
        f"{said}."
        + (f" Listed: the {listed} with {order}." if listed < facts["found"] else "")
        + " Pick one to see why."
    )


def _table(answer: Answer, filters: Filters) -> None:
    rows = answer.rows
    columns = {
        "conversion_id": tables.text("Conversion", pinned=True, width=78),
        "day": tables.text("Day", width=80),
        "revenue": tables.money("Revenue", filters.currency, width=78),
        "touches": tables.count("Touches", width=60),
    }
    if answer.facts["found_credit"] is not None:
        columns["credit"] = tables.share("Credit", width=58)
    columns |= {"type": tables.text("Type", width=80), "person": tables.text("Person", width=90)}
    ids = list(rows["conversion_id"])

    def picked() -> None:
        cells = st.session_state["picked conversion"].selection.rows
        if cells:
            st.session_state[CONVERSION] = ids[cells[0]]

    people = [formats.short(person, 12) if formats.known(person) else None for person in rows["person"]]
    st.dataframe(
        tables.rounded(rows, columns).assign(person=people),
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height=tables.ROW * (min(len(rows), 14) + 1) + 2,
        key="picked conversion",
        on_select=picked,
        selection_mode="single-row",
        placeholder=formats.DASH,
        alt="Conversions with their revenue and touches",
    )


def asked_conversion() -> str:
    """The id that is typed, picked or in the address; drawn as the input it can be typed into."""
    typed = st.text_input(
        "Conversion",
        key=CONVERSION,
        bind="query-params",
        placeholder="id of a conversion",
        help="Type an id, or pick a row of the list.",
    )
    return (typed or "").strip()


def trace_of(filters: Filters, conversion: str) -> Answer:
    """The trace of a conversion, by the dimension that the list is about."""
    by = behind.wanted().get("by", "channel")
    answer = queries.answer("decision_trace", **filters.credit(), by=by, conversion=conversion)
    components.mark_stale(answer)
    return answer
