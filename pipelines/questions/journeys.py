"""Questions about journeys: the paths people took, how long these are, how long they last, and which step follows which.

Invariant: a journey counts once, on the day of its conversion, or, where it has none, of its last touch; its touches are those that may earn
credit.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution.asked import Asked
from pipelines.attribution.named import needs_names
from pipelines.attribution.rules import DAY_MS
from pipelines.metrics import ratio, ratios
from pipelines.questions.question import ATTRIBUTION, PERIOD, Found, Parameter, Question
from pipelines.questions.scope import Scope, scope
from pipelines.slots import BETWEEN, Slice, Slots
from pipelines.stores.base import Reading

SOURCES = ("touchpoints", "conversions")
CONVERSION, NO_CONVERSION = "Conversion", "No conversion"
OTHERS, NAMELESS = "Other channels", "No channel"
EARLIER, LATER = "Earlier touches", "Later touches"
"""Where steps end, or begin, that are no touch of one channel."""

LONGEST_PATH = 11
"""Touches from which on journeys are counted as one length."""

LAGS = {"under 1": 0, "1": 1, "2": 2, "3": 3, "4-7": 4, "8-14": 8, "15-30": 15, "31-60": 31, "61+": 61}
"""How long after the first touch, in whole days -> the first day of it."""


def top_paths(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The paths with most conversions: how many journeys took them, how many of these converted, and how long that took.

    rate: conversions / journeys of the path. average_days: from the first touch to the conversion. The other paths are a fact.
    """
    columns = ["path", "conversions", "journeys", "rate", "revenue", "average_days"]
    asked, missing = _asked(reading, parameters)
    if asked is None:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    more = {"with_unconverted": True, "most": parameters["most"]}
    rows = asked.lake("paths", _slots(asked, "day"), asked.parameters(**more))
    paths = int(rows["paths"].max()) if len(rows) else 0
    rows = asked.in_currency(rows, "revenue")
    sums = rows.groupby(["rank", "path"], dropna=False)[["conversions", "journeys", "revenue", "age_ms"]].sum()
    sums = sums.reset_index()
    sums = sums.assign(
        rate=ratios(sums["conversions"], sums["journeys"]),
        average_days=ratios(sums["age_ms"] / DAY_MS, sums["conversions"]),
    )
    rest = sums[sums["rank"].isna()]
    told = sums.dropna(subset=["rank"]).sort_values("rank")
    told = told.assign(path=[_said(asked, path) for path in told["path"]])
    others = {name: float(rest[name].sum()) for name in ("conversions", "journeys", "revenue")}
    return Found(told[columns], list(asked.how.warnings), {"paths": paths, "others": others})


def path_lengths(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """How many touches journeys have, and how many of each length convert; LONGEST_PATH stands for that many or more.

    Facts: conversions, journeys and rate of all; median_touches of the converting ones; one_touch_share, the part of these with one touch.
    """
    columns = ["touches", "conversions", "journeys", "rate", "revenue"]
    asked, missing = _asked(reading, parameters)
    if asked is None:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    more = {"with_unconverted": True, "most": LONGEST_PATH}
    rows = asked.lake("path_lengths", _slots(asked, "day"), asked.parameters(**more))
    rows = asked.in_currency(rows, "revenue")
    rows = rows.groupby("touches")[["conversions", "journeys", "revenue"]].sum()
    conversions, journeys = float(rows["conversions"].sum()), float(rows["journeys"].sum())
    facts = {
        "conversions": conversions,
        "journeys": journeys,
        "rate": ratio(conversions, journeys),
        "median_touches": _median(rows["conversions"]),
        "one_touch_share": ratio(float(rows["conversions"].get(1, 0.0)), conversions),
    }
    if len(rows):
        rows = rows.reindex(range(1, LONGEST_PATH + 1), fill_value=0)
    rows = (
        rows.rename_axis("touches").reset_index().assign(rate=ratios(rows["conversions"], rows["journeys"]).to_numpy())
    )
    return Found(rows[columns], list(asked.how.warnings), facts)


def time_lags(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """How many days of 24 hours lie between the first touch and the conversion; cumulative_share: of all conversions, up to there.

    Facts: median_days, whole ones.
    """
    columns = ["days", "conversions", "revenue", "cumulative_share"]
    asked, missing = _asked(reading, parameters)
    if asked is None:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    rows = asked.lake("time_lags", _slots(asked, "day"), asked.parameters())
    rows = asked.in_currency(rows, "revenue").groupby("days")[["conversions", "revenue"]].sum()
    facts = {"median_days": _median(rows["conversions"])}
    if rows.empty:
        return Found(pd.DataFrame(columns=columns), list(asked.how.warnings), facts)
    bounds = [*LAGS.values(), float("inf")]
    lag = pd.cut(rows.index.to_series(), bounds, right=False, labels=list(LAGS))
    rows = rows.groupby(lag, observed=False).sum().rename_axis("days").reset_index().astype({"days": "str"})
    shares = ratios(rows["conversions"].cumsum(), pd.Series(rows["conversions"].sum(), rows.index))
    return Found(rows.assign(cumulative_share=shares)[columns], list(asked.how.warnings), facts)


def steps(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Which channel follows which in the first or the last touches of journeys, those without conversion included.

    step: counts from left to right; a step 0 leads from earlier touches into the steps that are looked at. Channels beyond the `most` with most
    touches are one, OTHERS.
    """
    columns = ["step", "from", "to", "journeys"]
    asked, missing = _asked(reading, parameters)
    if asked is None:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    last, looked_at = parameters["side"] == "last", parameters["steps"]
    more = {"with_unconverted": True, "from_last": last, "steps": looked_at, "most": parameters["most"]}
    rows = asked.lake("steps", _slots(asked, "whole"), asked.parameters(**more))
    rows = rows.assign(step=looked_at - rows["step"] + 1 if last else rows["step"])
    names = [_step_name(asked, name) for name in rows["name"]]
    ends = rows["converted"].map({True: CONVERSION, False: NO_CONVERSION})
    following = pd.Series([_step_name(asked, name) for name in rows["next_name"]], rows.index, dtype=object)
    following = following.where(~rows["is_last"].astype(bool), ends)
    if not last:
        following = following.where((rows["step"] < looked_at) | rows["is_last"].astype(bool), LATER)
    links = rows.assign(**{"from": names, "to": following})
    earlier = links[(links["step"] == 1) & ~links["is_first"].astype(bool)] if last else links.head(0)
    links = pd.concat([links, earlier.assign(**{"step": 0, "to": earlier["from"], "from": EARLIER})])
    links = links.groupby(["step", "from", "to"], as_index=False)["journeys"].sum()
    return Found(links[columns].astype({"step": int, "journeys": int}), list(asked.how.warnings))


def asked_by_conversion(asked: Scope, dimension: str = "channel") -> Asked:
    """What is asked of whole journeys: those of the period's conversions, on whatever day credit is reported."""
    assert asked.period is not None
    options = replace(asked.how.options, by_touch_date=False)
    return Asked(asked.reading, asked.names, replace(asked.how, options=options), asked.period, dimension)


def spelled_anew(asked: Asked) -> bool:
    """Whether touches have to be worked out anew, so that in the statement names that are called the same are one."""
    return needs_names(asked) or bool(asked.names.one_spelling(asked.dimension))


def _asked(reading: Reading, parameters: Mapping[str, Any]) -> tuple[Asked | None, list[str]]:
    """What to ask for, None where there is nothing to ask; the sources that are missing."""
    found = scope(reading, parameters, SOURCES)
    missing = health.missing(found.fresh, SOURCES)
    if found.period is None or missing:
        return None, missing
    asked = asked_by_conversion(found)
    for edge in found.edges():
        asked.how.warn(edge)
    return asked, []


def _slots(asked: Asked, slice_: Slice) -> Slots:
    return asked.slots(slice_, anew=spelled_anew(asked))


def _median(counts: pd.Series) -> float | None:
    """The median of numbers (the index) that occur so many times; the lower one of two in the middle. None where nothing occurs."""
    ordered = counts[counts > 0].sort_index()
    if ordered.empty:
        return None
    reached = ordered.cumsum() * 2 >= ordered.sum()
    return float(ordered.index[reached.to_numpy().argmax()])


def _said(asked: Asked, path: str) -> str:
    return " > ".join(_step_name(asked, name) for name in path.split(BETWEEN))


def _step_name(asked: Asked, name: object) -> str:
    """A channel as people know it; null stands for the others."""
    if not isinstance(name, str):
        return OTHERS
    return asked.names.resolve("channel", name) or NAMELESS if name else NAMELESS


def most(default: int, help_: str) -> Parameter:
    """The parameter that says how many rows there are at most."""
    return Parameter("most", "whole", default, help_, minimum=1)


QUESTIONS = (
    Question(
        "top_paths",
        "Which paths led to conversions?",
        "one row a path, `most` at most",
        (*PERIOD, *ATTRIBUTION, most(20, "How many paths are told apart.")),
        SOURCES,
        ("lake/paths",),
        top_paths,
    ),
    Question(
        "path_lengths",
        "How many touches does a conversion take?",
        "one row a number of touches",
        (*PERIOD, *ATTRIBUTION),
        SOURCES,
        ("lake/path_lengths",),
        path_lengths,
    ),
    Question(
        "time_lags",
        "How long does a conversion take?",
        "one row a range of days",
        (*PERIOD, *ATTRIBUTION),
        SOURCES,
        ("lake/time_lags",),
        time_lags,
    ),
    Question(
        "steps",
        "Which step follows which?",
        "one row a (step, channel, what follows)",
        (
            *PERIOD,
            *ATTRIBUTION,
            Parameter("side", "choice", "last", "Which touches of a journey are looked at.", choices=("first", "last")),
            Parameter("steps", "whole", 5, "How many touches are looked at.", minimum=1),
            most(8, "How many channels are told apart, those with most touches."),
        ),
        SOURCES,
        ("lake/steps",),
        steps,
    ),
)
