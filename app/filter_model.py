"""The filter bar's button of the model: which model, its own numbers, how far back it looks, and which touches and conversions count.

Invariant: every widget is bound to the address and has a constant default, which leaves the address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import formats
from app.addressed import chosen, number, switched_on, within
from app.filters import OWN_WINDOW
from pipelines.attribution import DEFAULT_MODEL, MODELS, Model
from pipelines.attribution.asked import DIRECT, Direct, Options
from pipelines.default_view import DEFAULT_WINDOW, WINDOWS, default_window

_ORDER = {"rule": 0, "chain": 1, "set": 1, "ordered": 1, "hybrid": 1}
_OFFERED = sorted(MODELS.values(), key=lambda model: (not model.additive, _ORDER[model.kind]))
TITLES = {model.title: model.key for model in _OFFERED}
"""Title -> key of the models, rules first, then what is solved from data, last what may not be summed."""
PARAMETERS = {parameter.name: parameter for model in MODELS.values() for parameter in model.parameters}

_DIRECT: dict[str, Direct] = {key.capitalize(): key for key in DIRECT}
_BY_CONVERSION, _BY_TOUCH = "Conversion date", "Touchpoint date"
_REPORTED = (_BY_CONVERSION, _BY_TOUCH)
_IMPRESSIONS = "impression_days"
_TOGGLES = {
    "collapse": ("Collapse repeats", "Touches of one name in a row count as one, the last of them."),
    "restart": ("Restart after a conversion", "A journey begins anew after each conversion of its person."),
    "first_conversion": (
        "First conversion of a person only",
        "Later conversions of a person are left out, attributed or not.",
    ),
}
KEYS = ("model", *PARAMETERS, "window", "window_days", "direct", _IMPRESSIONS, *_TOGGLES, "report_by")


@dataclass(frozen=True)
class Chosen:
    """What the button chooses; parameters are as typed, not checked together."""

    model: str
    parameters: dict[str, float]
    lookback_days: float
    options: Options


def model_button(longest: float) -> Chosen:
    """Draw the button and what it opens. longest: how far back journeys are stored, in days."""
    with st.popover(_label(longest)):
        title = st.selectbox(
            "Model",
            list(TITLES),
            index=list(TITLES).index(MODELS[DEFAULT_MODEL].title),
            key="model",
            bind="query-params",
            help="Type to search. Rules come first, then what is solved from the data of the period, last what may not be summed.",
        )
        model = MODELS[TITLES[title]]
        _explained(model)
        parameters = _numbers(model)
        window = _window(longest)
        if parameters.get("half_life_days") == 0:
            st.caption(f"Half-life: {formats.days(window / 4)}, a quarter of the look-back window.")
        with st.expander("Options", expanded=bool(_set_options(longest))):
            options = _options(longest)
    return Chosen(model.key, parameters, window, options)


def holds(longest: float) -> Mapping[str, tuple[str, Callable[[str], bool]]]:
    """For every query parameter of the button what it is called and whether a value of it holds."""
    return {
        "model": ("model", TITLES.__contains__),
        "window": ("look-back window", _windows(longest).__contains__),
        "window_days": (f"look-back window up to {formats.days(longest)}", within(0.01, longest)),
        **{name: (p.title.lower(), within(p.minimum, p.maximum, p.whole)) for name, p in PARAMETERS.items()},
        "direct": ("direct touches", _DIRECT.__contains__),
        _IMPRESSIONS: (f"window of impressions up to {formats.days(longest)}", within(0.01, longest)),
        **{key: (title.lower(), ("true", "false").__contains__) for key, (title, _) in _TOGGLES.items()},
        "report_by": ("reporting date", _REPORTED.__contains__),
    }


def _label(longest: float) -> str:
    options = _windows(longest)
    window = chosen("window", list(options), _default_window(longest))
    if window == OWN_WINDOW:
        window = formats.days(number("window_days", 0.01, longest) or min(DEFAULT_WINDOW, longest))
    title = chosen("model", list(TITLES), MODELS[DEFAULT_MODEL].title)
    parts = [title, window]
    if count := _set_numbers(MODELS[TITLES[title]]):
        parts.append(formats.counted(count, "own number"))
    if count := _set_options(longest):
        parts.append(formats.counted(count, "option"))
    return " · ".join(parts)


def _set_numbers(model: Model) -> int:
    """How many of a model's own numbers are not at their default, before they are drawn."""
    held = ((number(p.name, p.minimum, p.maximum), p.default) for p in model.parameters)
    return sum(value not in (None, default) for value, default in held)


def _set_options(longest: float) -> int:
    """How many options are not at their default, before they are drawn."""
    return sum(
        (
            chosen("direct", list(_DIRECT)) != "Keep",
            number(_IMPRESSIONS, 0.01, longest) is not None,
            *(switched_on(key) for key in _TOGGLES),
            chosen("report_by", _REPORTED) != _BY_CONVERSION,
        )
    )


def _explained(model: Model) -> None:
    kind = "May not be summed" if not model.additive else "Rule" if model.kind == "rule" else "Data-driven"
    colour = {"Rule": "blue", "Data-driven": "violet"}.get(kind, "orange")
    st.caption(f":{colour}-badge[{kind}] {formats.plain(model.summary)}")
    st.caption(f":material/lightbulb: {formats.plain(model.caveat)}")


def _numbers(model: Model) -> dict[str, float]:
    """An input for each of the model's own numbers, two a row."""
    found: dict[str, float] = {}
    for place in range(0, len(model.parameters), 2):
        pair = model.parameters[place : place + 2]
        places = st.columns(len(pair), wrap=False) if len(pair) > 1 else [st.container()]
        for column, parameter in zip(places, pair, strict=True):
            with column:
                found[parameter.name] = _number(parameter.name)
    return found


def _number(name: str) -> float:
    parameter = PARAMETERS[name]
    kind = int if parameter.whole else float
    said: dict[str, Any] = {"step": 1, "format": "%d"} if parameter.whole else {"format": "%g"}
    return float(
        st.number_input(
            parameter.title,
            min_value=kind(parameter.minimum),
            max_value=kind(parameter.maximum),
            value=kind(parameter.default),
            help=parameter.help,
            key=name,
            bind="query-params",
            **said,
        )
    )


def _windows(longest: float) -> dict[str, float | None]:
    """What is offered as a window, in words -> days; None for an own number."""
    return {**{formats.days(days): days for days in WINDOWS if days <= longest}, OWN_WINDOW: None}


def _default_window(longest: float) -> str:
    return formats.days(default_window(longest))


def _window(longest: float) -> float:
    windows = _windows(longest)
    default = _default_window(longest)
    index = list(windows).index(default) if default in windows else 0
    days = windows[st.selectbox("Look-back window", list(windows), index=index, key="window", bind="query-params")]
    if days is not None:
        return days
    return st.number_input(
        "Days before the conversion",
        min_value=0.01,
        max_value=float(longest),
        value=min(DEFAULT_WINDOW, float(longest)),
        step=1.0,
        format="%g",
        key="window_days",
        bind="query-params",
    )


def _options(longest: float) -> Options:
    direct = _either("Direct touches", list(_DIRECT), "direct")
    st.caption(DIRECT[_DIRECT[direct]])
    reported = _either("Report credit by", _REPORTED, "report_by")
    impressions = st.number_input(
        "Window of impressions, days",
        min_value=0.01,
        max_value=float(longest),
        value=None,
        step=1.0,
        format="%g",
        placeholder="as for all touches",
        key=_IMPRESSIONS,
        bind="query-params",
        help="How far back touches of kind impression count; empty: as far as all others.",
    )
    with st.container(gap="xsmall"):
        switched = {
            key: st.toggle(title, key=key, bind="query-params", help=said) for key, (title, said) in _TOGGLES.items()
        }
    return Options(
        direct=_DIRECT[direct],
        impression_lookback_days=impressions,
        by_touch_date=reported == _BY_TOUCH,
        **switched,
    )


def _either(title: str, options: Sequence[str], key: str) -> str:
    chosen_one: str = st.segmented_control(
        title, options, default=options[0], required=True, key=key, bind="query-params", width="content"
    )
    return chosen_one
