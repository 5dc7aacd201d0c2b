"""Which numbers a change of names moves, in a table and in a sentence; and what was saved, said once on the next run."""

from typing import Any

import pandas as pd
import streamlit as st

from app import formats, tables
from app.resources import settings

MOST_SAID = 3
_METRICS = {
    "attributed_conversions": "attributed conversions",
    "spend": "spend",
    "reach": "summed reach",
    "mentions": "mentions",
}


def show_moves(moved: pd.DataFrame) -> None:
    """Every number that moves, the largest part of its total first."""
    if moved.empty:
        st.caption("No number moves: the data says the same with and without this.")
        return
    records = moved.to_dict("records")
    rows = pd.DataFrame(
        {
            "name": moved["name"].to_list(),
            "metric": [formats.sentence_case(_METRICS[move["metric"]]) for move in records],
            "before": [_value(move, "before") for move in records],
            "after": [_value(move, "after") for move in records],
            "kind": [formats.sentence_case(move["kind"]) for move in records],
        }
    )
    columns = {
        "name": tables.text("Name", pinned=True),
        "metric": tables.text("Number"),
        "before": tables.text("Now", alignment="right"),
        "after": tables.text("Then", alignment="right"),
        "kind": tables.text("Of"),
    }
    tables.table(rows, columns, "numbers that move", most=8)
    st.caption("Over all days there are; conversions under the default model.")


def keep_saved(what: str, moved: pd.DataFrame) -> None:
    """Remember what was saved and which numbers it moved, for the next run of the page."""
    st.session_state["names saved"] = (what, moved)


def show_saved() -> None:
    """What was saved last, until something else is done on the page."""
    if saved := st.session_state.pop("names saved", None):
        what, moved = saved
        st.success(f"**{formats.plain(what)}** {_sentence(moved)}", icon=":material/check_circle:")


def _sentence(moved: pd.DataFrame) -> str:
    """What moved most: "Paid Search: spend € 10 → € 12, ..."."""
    if moved.empty:
        return "No number moved."
    said = [
        f"{formats.plain(move['name'])}: {_METRICS[move['metric']]} {formats.plain(_value(move, 'before'))} → "
        f"{formats.plain(_value(move, 'after'))}"
        for move in moved.head(MOST_SAID).to_dict("records")
    ]
    further = len(moved) - MOST_SAID
    rest = f"; and {formats.counted(further, 'further number')}" if further > 0 else ""
    return f"{'; '.join(said)}{rest}. Undo it on the Upload page."


def _value(move: dict[str, Any], when: str) -> str:
    if move["metric"] == "spend":
        return formats.money(move[when], settings().reporting_currency, 0)
    return formats.number(move[when], 1 if move["metric"] == "attributed_conversions" else 0)
