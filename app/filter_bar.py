"""The filter bar: a row of small buttons that each say what is chosen and open to change it.

Everything chosen lives in the address, through widgets bound to query parameters. A widget at its default leaves the address, so every
default here is a constant. Streamlit drops bound parameters from the address on a page change: `keep_in_address` puts them back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import streamlit as st

from app import filter_model, formats
from app.addressed import chosen
from app.filters import (
    ALL_DATA,
    ALL_TYPES,
    COMPARISONS,
    DIMENSIONS,
    LAST_28,
    LAST_YEAR,
    NOTHING,
    OWN_DATES,
    PERIODS,
    PREVIOUS,
    PRIMARY,
    REPORTING,
    Choices,
    Filters,
    comparison_of,
    period_of,
)
from pipelines.attribution import model_parameters
from pipelines.calendar import Period
from pipelines.errors import WrongUsage

_NAMES = {f"{dimension}s": dimension for dimension in DIMENSIONS}
_DAY_KEYS = ("from", "to", "compare_from", "compare_to")

KEYS = (
    *("period", "compare", *_DAY_KEYS),
    *filter_model.KEYS,
    *("leave_out", "conversions", "currency", *_NAMES),
)
"""The query parameters of the filter bar, which are also the keys of its widgets."""


def keep_in_address(page: str) -> None:
    """To be called before the bar is drawn: on the first run of another page, put what was chosen back into the address."""
    if st.session_state.get("page") not in (None, page):
        for key in KEYS:
            if key in st.session_state and key not in st.query_params:
                st.session_state[key] = st.session_state[key]
    st.session_state["page"] = page


def filter_bar(choices: Choices, question: str, longest_window: float) -> tuple[Filters, list[str]]:
    """Draw the bar's buttons; what is chosen on the days of `question`, and a sentence for each thing that could not be had."""
    asked = {key: st.query_params.get_all(key) for key in KEYS if key in st.query_params}
    begins = choices.first_days.get(question, choices.first_day)
    period_name, dated = _period(choices.days(question), begins)
    problems = dated.problems
    asked_model = filter_model.model_button(longest_window)
    model = asked_model.model
    try:
        parameters = model_parameters(model, asked_model.parameters)
    except WrongUsage as error:
        problems.append(f"{error.message} {error.remedy} Using the model's defaults.")
        parameters = model_parameters(model, {})
    conversion_type, currency = _conversions(choices)
    shown, left_out = _names(choices)
    filters = Filters(
        period=dated.period,
        period_name=period_name,
        comparison=dated.comparison,
        uncompared=dated.uncompared,
        conversion_type=conversion_type,
        model=model,
        model_parameters=parameters,
        lookback_days=asked_model.lookback_days,
        options=asked_model.options,
        excluded_channels=tuple(sorted(left_out)),
        currency=currency,
        shown=shown,
    )
    return filters, [*_refused(asked, _holds(choices, longest_window)), *problems]


@dataclass(frozen=True)
class _Dated:
    """The periods that are meant, why one is compared with nothing, and what to say where own dates do not hold."""

    period: Period | None = None
    comparison: Period | None = None
    uncompared: str | None = None
    problems: list[str] = field(default_factory=list)


def _period(days: Period | None, begins: date | None) -> tuple[str, _Dated]:
    name, compare = chosen("period", PERIODS), chosen("compare", COMPARISONS)
    dated = _dated(days, begins, name, compare, _own("from", "to"), _own("compare_from", "compare_to"))
    period, comparison = dated.period, dated.comparison
    label = formats.period(period.start, period.end) if name == OWN_DATES and period else name
    against = {PREVIOUS: " · vs previous", LAST_YEAR: " · vs last year", NOTHING: ""}.get(compare, " · vs own dates")
    if dated.uncompared:
        against = ""
    with st.popover(label + against):
        name = st.radio(
            "Period", PERIODS, key="period", bind="query-params", **_fills_own("period", period, "from", "to")
        )
        own = _own_dates("from", "to", "period")
        compare = st.selectbox(
            "Compared with",
            COMPARISONS,
            key="compare",
            bind="query-params",
            **_fills_own("compare", comparison, "compare_from", "compare_to"),
        )
        own_compared = _own_dates("compare_from", "compare_to", "compare")
    return name, _dated(days, begins, name, compare, own, own_compared)


def _dated(
    days: Period | None,
    begins: date | None,
    name: str,
    compare: str,
    own: tuple[date | None, date | None],
    own_compared: tuple[date | None, date | None],
) -> _Dated:
    """The periods that the choices mean on data of these days. begins: the first day on which there is something to compare with."""
    if days is None or begins is None:
        return _Dated()
    problems = []
    period = period_of(name, days, own)
    if period is None:
        period = period_of(LAST_28, days)
        problems.append(f"Own dates need a first and a last day, in that order: showing the {LAST_28.lower()}.")
    if name == ALL_DATA and compare in (PREVIOUS, LAST_YEAR):
        return _Dated(period, None, "All data, so nothing to compare with", problems)
    comparison = comparison_of(compare, period, own_compared)
    if comparison is None and compare == OWN_DATES:
        problems.append("Own dates to compare with need a first and a last day, in that order: compared with nothing.")
    if comparison and comparison.end < begins:
        return _Dated(period, None, f"No data before {formats.day(begins)}, nothing to compare with", problems)
    if comparison and comparison.start < begins:
        problems.append(
            f"The period compared with begins before the data does ({formats.day(begins)}): changes look larger than they are."
        )
    return _Dated(period, comparison, None, problems)


def _own_dates(start: str, end: str, preset: str) -> tuple[date | None, date | None]:
    """Two date inputs; picking a day in one switches the preset above to own dates."""

    def picked() -> None:
        st.session_state[preset] = OWN_DATES

    limits: dict[str, Any] = {"min_value": date(2000, 1, 1), "max_value": date(2099, 12, 31), "format": "YYYY-MM-DD"}
    left, right = st.columns(2, wrap=False)
    first = left.date_input("From", value=None, key=start, bind="query-params", on_change=picked, **limits)
    last = right.date_input("To", value=None, key=end, bind="query-params", on_change=picked, **limits)
    return first, last


def _fills_own(preset: str, present: Period | None, start: str, end: str) -> dict[str, Any]:
    """The callback of a preset: own dates begin as the period that was shown, and another preset empties them."""

    def changed() -> None:
        own = present if st.session_state[preset] == OWN_DATES else None
        st.session_state[start], st.session_state[end] = (own.start, own.end) if own else (None, None)

    return {"on_change": changed}


def _conversions(choices: Choices) -> tuple[str | None, str]:
    types = [PRIMARY, ALL_TYPES, *choices.of("conversion_type")]
    currencies = [REPORTING, *choices.of("currency")]
    primary = choices.primary_conversion_type
    resolved = {PRIMARY: primary or ALL_TYPES}
    kind = chosen("conversions", types)
    label = formats.plain(formats.sentence_case(resolved.get(kind, kind)))
    if (currency := chosen("currency", currencies)) != REPORTING:
        label = f"{label} · {formats.plain(currency)}"
    with st.popover(label):
        kind = st.selectbox(
            "Conversion type",
            types,
            key="conversions",
            bind="query-params",
            help=f"The primary type is {formats.plain(primary)}." if primary else None,
        )
        currency = st.selectbox(
            "Currency",
            currencies,
            key="currency",
            bind="query-params",
            help=f"Amounts are reported in {choices.reporting_currency}.",
        )
    chosen_type = {PRIMARY: primary, ALL_TYPES: None}.get(kind, kind)
    return chosen_type, choices.reporting_currency if currency == REPORTING else currency


def _names(choices: Choices) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    with st.popover(_names_label(choices)):
        shown = {
            dimension: tuple(
                st.multiselect(
                    key.capitalize(), choices.of(dimension), key=key, bind="query-params", placeholder=f"All {key}"
                )
            )
            for key, dimension in _NAMES.items()
        }
        left_out = st.multiselect(
            "Leave out of the model",
            choices.of("channel"),
            key="leave_out",
            bind="query-params",
            placeholder="No channel",
            help="The lists above only choose what is shown. A channel left out of the model earns no credit: the others share it.",
        )
    return shown, left_out


def _names_label(choices: Choices) -> str:
    counts = {key: len(_chosen_names(key, choices.of(dimension))) for key, dimension in _NAMES.items()}
    parts = [formats.counted(count, key.removesuffix("s")) for key, count in counts.items() if count] or [
        "All channels"
    ]
    if left_out := len(_chosen_names("leave_out", choices.of("channel"))):
        parts.append(f"{left_out} left out")
    return " · ".join(parts)


def _chosen_names(key: str, options: Sequence[str]) -> list[str]:
    return [name for name in st.session_state.get(key, st.query_params.get_all(key)) if name in options]


def _own(start: str, end: str) -> tuple[date | None, date | None]:
    first, last = (st.session_state.get(key, _parsed(st.query_params.get(key, ""))) for key in (start, end))
    return first, last


def _parsed(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _holds(choices: Choices, longest: float) -> Mapping[str, tuple[str, Callable[[str], bool]]]:
    """For every query parameter what it is called and whether a value of it holds."""
    return {
        "period": ("period", PERIODS.__contains__),
        "compare": ("comparison", COMPARISONS.__contains__),
        **{key: ("day", lambda text: _parsed(text) is not None) for key in _DAY_KEYS},
        **filter_model.holds(longest),
        "conversions": ("conversion type", [PRIMARY, ALL_TYPES, *choices.of("conversion_type")].__contains__),
        "currency": ("currency", [REPORTING, *choices.of("currency")].__contains__),
        **{key: (dimension, choices.of(dimension).__contains__) for key, dimension in _NAMES.items()},
        "leave_out": ("channel", choices.of("channel").__contains__),
    }


def _refused(asked: Mapping[str, Sequence[str]], holds: Mapping[str, tuple[str, Callable[[str], bool]]]) -> list[str]:
    """One sentence for all values of the address that do not hold; Streamlit has put the defaults in their place, there, too."""
    refused = [
        f"“{formats.plain(formats.short(value))}” ({holds[key][0]})"
        for key, values in asked.items()
        for value in values
        if value and not holds[key][1](value)
    ]
    return [f"The address asks for {formats.listed(refused, most=2)}, which cannot be had."] if refused else []
