"""The only @st.cache_data: answers, kept by question, parameters and data version.

Invariant: the data version is read at every rerun, so an upload shows in every open browser at its next interaction.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import streamlit as st

from app.filters import Choices
from app.resources import stores
from pipelines import journeys
from pipelines.default_view import begins
from pipelines.errors import TouchlineError
from pipelines.questions import QUESTIONS, Answer, ask
from pipelines.stores.base import Reading


def look() -> None:
    """Read both stores as they are now, for this rerun. To be called by the shell before anything is asked.

    Where a store does not answer there is no reading: then only answers that `ask` itself keeps are shown.
    """
    st.session_state.pop("choices", None)
    try:
        st.session_state["reading"] = stores().read()
    except TouchlineError:
        st.session_state["reading"] = None


def version() -> str:
    """This rerun's data version; empty where a store does not answer."""
    looked: Reading | None = st.session_state["reading"]
    return looked.data_version if looked else ""


def moved_on() -> bool:
    """Whether the data changed since this rerun looked: what is on screen by now is old. False where a store does not answer."""
    try:
        return stores().data_version() != version()
    except TouchlineError:
        return False


def journeys_lag_behind() -> bool:
    """Whether what is on screen lacks journeys of the newest uploads that a process on this machine is to build: in the cloud the next run is.
    False where a store does not answer."""
    looked: Reading | None = st.session_state["reading"]
    try:
        return looked is not None and not stores().lake.lands_uploads and not journeys.up_to_date(looked)
    except TouchlineError:
        return False


def answer(question: str, **parameters: Any) -> Answer:
    """The answer to a question at this rerun's data version; where a store fails, the last good one, marked stale.

    Raises TouchlineError where there is no answer and never was one.
    """
    looked: Reading | None = st.session_state["reading"]
    if looked is None or QUESTIONS[question].live:
        return ask(stores(), question, parameters)
    asked = json.dumps(parameters, sort_keys=True)
    answered = _kept(question, asked, looked.data_version, looked)
    if answered.stale:
        _kept.clear(question, asked, looked.data_version, looked)
    return answered


def refresh() -> None:
    """Forget everything kept here, so that the next rerun reads lake and warehouse anew."""
    _kept.clear()
    with suppress(TouchlineError):  # stores that cannot be opened are tried again by the rerun
        stores().lake.refresh()


def choices() -> Choices:
    """What the filter bar may offer, from the questions `options` and `freshness`; worked out once a rerun."""
    if "choices" not in st.session_state:
        st.session_state["choices"] = _choices()
    found: Choices = st.session_state["choices"]
    return found


def _choices() -> Choices:
    answered = answer("options")
    fresh = answer("freshness").rows.dropna(subset=["first_day"])
    facts = answered.facts
    rows = answered.rows
    return Choices(
        names={str(kind): list(group["value"]) for kind, group in rows.groupby("kind", sort=False)},
        first_day=_day(facts.get("first_day")),
        first_days=_first_days(dict(zip(fresh["source"], fresh["first_day"], strict=True))),
        last_complete_days={
            name: day for name, value in (facts.get("last_complete_day") or {}).items() if (day := _day(value))
        },
        reporting_currency=facts.get("reporting_currency") or "EUR",
        primary_conversion_type=facts.get("primary_conversion_type"),
    )


def _first_days(sources: Mapping[str, str]) -> dict[str, date]:
    """Question -> the first day on which it has something to tell."""
    return {question.name: day for question in QUESTIONS.values() if (day := begins(question, sources))}


@st.cache_data(show_spinner=False, max_entries=500)
def _kept(question: str, parameters: str, data_version: str, _looked: Reading) -> Answer:
    return ask(stores(), question, json.loads(parameters), _looked)


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
