"""The only @st.cache_data: answers, kept by question, parameters and data version.

Invariant: the data version is read at every rerun, so an upload shows in every open browser at its next interaction.
"""

import json
from datetime import date
from typing import Any

import streamlit as st

from app.filters import Choices
from app.resources import stores
from pipelines.errors import TouchlineError
from pipelines.questions import QUESTIONS, Answer, ask


def look() -> None:
    """Read the present data version for this rerun. To be called by the shell before anything is asked.

    Where a store does not answer there is no version: then only answers that `ask` itself keeps are shown.
    """
    try:
        st.session_state["data_version"] = stores().data_version()
    except TouchlineError:
        st.session_state["data_version"] = None


def answer(question: str, **parameters: Any) -> Answer:
    """The answer to a question at this rerun's data version; where a store fails, the last good one, marked stale.

    Raises TouchlineError where there is no answer and never was one.
    """
    version = st.session_state["data_version"]
    if version is None or QUESTIONS[question].live:
        return ask(stores(), question, parameters)
    asked = json.dumps(parameters, sort_keys=True)
    answered = _kept(question, asked, version)
    if answered.stale:
        _kept.clear(question, asked, version)
    return answered


def refresh() -> None:
    """Forget everything kept here, so that the next rerun reads lake and warehouse anew."""
    _kept.clear()


def choices() -> Choices:
    """What the filter bar may offer, from the `options` question."""
    answered = answer("options")
    facts = answered.facts
    rows = answered.rows
    return Choices(
        names={str(kind): list(group["value"]) for kind, group in rows.groupby("kind", sort=False)},
        first_day=_day(facts.get("first_day")),
        last_complete_days={
            name: day for name, value in (facts.get("last_complete_day") or {}).items() if (day := _day(value))
        },
        reporting_currency=facts.get("reporting_currency") or "EUR",
        primary_conversion_type=facts.get("primary_conversion_type"),
    )


@st.cache_data(show_spinner=False, max_entries=500)
def _kept(question: str, parameters: str, data_version: str) -> Answer:
    return ask(stores(), question, json.loads(parameters))


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
