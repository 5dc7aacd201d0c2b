"""The names that found no match, each with one step to join it to another."""

from typing import Any

import pandas as pd
import streamlit as st

from app import formats, queries, tables
from app.components import error_panel
from app.resources import settings, stores
from pipelines.errors import TouchlineError
from pipelines.ingest.load import assign_alias

MOST_NAMES = 6


def show_unmatched() -> None:
    """Names that no other source knows, the weightiest first, each with an alias to assign; of many, any can be picked."""
    names = queries.answer("unmatched_names").rows
    if names.empty:
        return
    st.subheader("Names that match nothing", anchor=False)
    st.caption("They are counted, but not joined. Say which name they mean, and all pages join them.")
    records = names.to_dict("records")
    for name in records[:MOST_NAMES]:
        _name(name)
    if further := records[MOST_NAMES:]:
        with st.expander(f"{formats.counted(len(further), 'further name')}"):
            labels = {
                f"{formats.sentence_case(name['kind'])} {name['name']} ({name['found_in']})": name for name in further
            }
            picked = st.selectbox("Name", list(labels), index=None, key="further name", placeholder="Choose a name")
            if picked:
                _name(labels[picked])
            columns = {
                "kind": tables.text("Kind"),
                "name": tables.text("Name"),
                "found_in": tables.text("Found in"),
                "missing_from": tables.text("Unknown to"),
                "weight": tables.count("Weight"),
                "weight_unit": tables.text("Weight is"),
                "suggestion": tables.text("Looks like"),
            }
            tables.table(pd.DataFrame(further), columns, "names without a match")


def _name(name: dict[str, Any]) -> None:
    suggestion = name["suggestion"] if formats.known(name["suggestion"]) else None
    known = [other for other in queries.choices().of(name["kind"]) if other not in (name["name"], suggestion)]
    weight = (
        formats.money(name["weight"], settings().reporting_currency, 0)
        if name["weight_unit"] == "spend"
        else formats.counted(name["weight"], "row")
    )
    key = f"{name['kind']} {name['name']} {name['found_in']}"
    with st.container(border=True, gap="xsmall"):
        asked = f" · Did you mean **{formats.plain(suggestion)}**?" if suggestion else ""
        st.markdown(
            f"{formats.sentence_case(name['kind'])} **{formats.plain(name['name'])}**{asked}  \n:small[:gray[{weight} in "
            f"{formats.plain(name['found_in'].replace('_', ' '))}, unknown to {formats.plain(name['missing_from'].replace('_', ' '))}]]"
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            # Nothing is chosen beforehand: an alias changes every page, so that it takes a choice and a click.
            means = st.selectbox(
                f"{name['name']} means",
                [suggestion, *known] if suggestion else known,
                index=None,
                key=f"alias {key}",
                placeholder="It means …",
                accept_new_options=True,
                label_visibility="collapsed",
            )
            st.button(
                "Assign",
                key=f"assign {key}",
                disabled=not means,
                on_click=_assign,
                args=(name["kind"], name["name"], means),
            )


def _assign(kind: str, name: str, means: str) -> None:
    try:
        assign_alias(stores(), kind, name, means, settings().user)
        st.session_state["done"] = f"{formats.plain(name)} now means {formats.plain(means)}."
    except TouchlineError as error:
        error_panel(error)
