"""Questions about single conversions: which ones are behind a number, and how the credit of one came about."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution import MODELS
from pipelines.attribution.asked import Asked, weighing
from pipelines.attribution.decisions import credited, excluded, reason
from pipelines.attribution.engine import REASONS, SUMS, credit_under, parameters_of
from pipelines.attribution.rules import DAY_MS
from pipelines.calendar import local_day
from pipelines.identity import KINDS, origins
from pipelines.questions.credit import CREDIT_DIMENSIONS, SOURCES, by
from pipelines.questions.journeys import asked_by_conversion, most, spelled_anew
from pipelines.questions.question import ATTRIBUTION, PERIOD, Found, Parameter, Question
from pipelines.questions.scope import scope
from pipelines.slots import Slots, Weighing
from pipelines.stores.base import Reading

DAYS_AFTER = 30
"""Days after a conversion whose touches a trace still lists."""

MOST_TOUCHES = 5000
"""Touches of a person that a trace reads at most, those nearest to the conversion."""

_OF_SETS = {
    "participation": "1e0 / cast(touches_of_name as double)",
    "shapley": "1e0 / cast(names * touches_of_name as double)",
    "ordered_shapley": "1e0 / cast(names * touches_of_name as double)",
}
"""Model -> the credit of a touch, where the names of its journey tell it."""


def conversions_list(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Single conversions: those that a name earned credit from, most first, or those without credit, or all of them, largest first.

    credit: what the name earned from it; null without a name, and under models that do not share out single conversions. revenue: in the asked
    currency; which ones are listed is decided by the amounts as they are stored. Facts: found and found_credit, of all that there are, refunds
    not counted.
    """
    columns = ["conversion_id", "day", "person", "type", "revenue", "currency", "touches", "credit", "reason"]
    found = scope(reading, parameters, ("conversions",))
    missing = health.missing(found.fresh, SOURCES)
    if found.period is None or "conversions" in missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    asked = asked_by_conversion(found, str(parameters["by"]))
    rows = asked.lake("conversions", _slots(asked), asked.parameters(**_wanted(asked, parameters)))
    zone = reading.settings.reporting_time_zone
    days = [local_day(moment, zone).isoformat() for moment in rows["converted_at"]]
    totals = rows[["found", "found_credit"]].head(1).astype(float)
    of_a_name = parameters["name"] is not None or parameters["unnamed"]
    credit_known = of_a_name and _weighing(asked.how.model) is not None
    facts = {
        "found": float(totals["found"].sum()),
        "found_credit": float(totals["found_credit"].sum()) if credit_known else None,
    }
    rows = asked.in_currency(rows.assign(day=days, slice=days), "revenue").assign(day=days, currency=asked.how.currency)
    rows = rows.astype({"credit": float})
    order = rows.assign(credit=rows["credit"].round(9)).sort_values(
        ["credit", "revenue"], ascending=False, na_position="last", kind="stable"
    )
    rows = rows.loc[order.index]
    return Found(rows[columns], [*asked.how.warnings, *found.edges()], facts, missing)


def _wanted(asked: Asked, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The conversions that are wanted, as the statement's parameters: there a name is the stored one that stands for all that are called the
    same (Names.one_spelling)."""
    name = parameters["name"]
    if name is not None and asked.dimension in KINDS:
        name = next(iter(asked.names.spellings(asked.dimension, [name])), name)
    return {
        "name": "" if parameters["unnamed"] else name,
        "reason": parameters["reason"],
        "most": parameters["most"],
        **parameters_of(asked, asked.how.model),
    }


def _weighing(model: str) -> Weighing | None:
    """How a model shares out one conversion; None where one conversion alone does not tell."""
    if MODELS[model].kind == "rule":
        return weighing(model)[1]
    return Weighing(_OF_SETS[model]) if model in _OF_SETS else None


def _slots(asked: Asked) -> Slots:
    unknown = Weighing("cast(null as double)")
    return asked.slots("whole", (("", _weighing(asked.how.model) or unknown),), anew=spelled_anew(asked))


def decision_trace(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Every touch of the person of one conversion, newest first: whether it counts, and the weight and credit that each model gives it.

    name: the value of `by` that earns the credit. excluded: why it does not count. share_markov: the name's share of all credit under the chain
    that is fitted on the period; a chain does not share out single conversions. Facts: the conversion, its reason where it is unattributed, and
    what the models were asked with.
    """
    found = scope(reading, parameters, SOURCES)
    missing = health.missing(found.fresh, SOURCES)
    wanted = parameters["conversion"]
    if found.period is None or missing or wanted is None:
        unsaid = [] if missing else ["Say which conversion: the parameter `conversion` is its id."]
        return Found(pd.DataFrame(columns=_TRACE), unsaid, {"conversion": None}, missing)
    rows = reading.lake("one_conversion", {"conversion": wanted})
    if rows.empty:
        return Found(pd.DataFrame(columns=_TRACE), [f"There is no conversion '{wanted}'."], {"conversion": None})
    conversion = rows.iloc[0].to_dict()
    asked = asked_by_conversion(found, str(parameters["by"]))
    counting = asked.parameters()
    touches = _named(asked, _touches(asked, conversion), counting)
    touches["excluded"] = pd.Series(excluded(touches, counting, _restart_age(conversion)), touches.index, dtype=object)
    touches = credited(touches, lambda model: parameters_of(asked, model), asked.how.lookback_days)
    why = reason(conversion, touches, counting)
    touches["share_markov"] = _chain_shares(asked, touches)
    facts = {"conversion": _told(asked, conversion, why), "models": _asked_models(asked), "dimension": asked.dimension}
    return Found(
        _columns(touches), [*_cautions(asked, conversion, touches), *asked.how.warnings, *found.edges()], facts
    )


def _touches(asked: Asked, conversion: Mapping[str, Any]) -> pd.DataFrame:
    """The person's touchpoints from as far back as journeys reach, or as the nearest one lies, until some days after the conversion."""
    nearest = conversion["nearest_age_ms"]
    # Nobody is met without an identifier: then no day has to be read.
    nearest = 0 if pd.isna(nearest) else int(nearest)
    longest = round(asked.reading.settings.longest_lookback_days * DAY_MS)
    at = conversion["converted_at"]
    first = at - timedelta(milliseconds=max(longest, nearest))
    last = at + timedelta(milliseconds=max(DAYS_AFTER * DAY_MS, -nearest))
    return asked.reading.lake(
        "touchpoints_of_person",
        {
            "person": None if pd.isna(conversion["person"]) else conversion["person"],
            "converted_at": at.isoformat(sep=" ", timespec="milliseconds"),
            "first_dt": first.date().isoformat(),
            "last_dt": last.date().isoformat(),
            "most": MOST_TOUCHES,
        },
    )


def _named(asked: Asked, touches: pd.DataFrame, counting: Mapping[str, Any]) -> pd.DataFrame:
    """Touches with the name that is credited, the resolved channel, what the lake tells the channel by, and whether that is direct."""
    raw = origins(touches) if asked.names.channel_column == "origin" else touches["channel"]
    stored = raw if asked.dimension == "channel" else touches[asked.dimension]
    return touches.assign(
        raw=raw,
        name=asked.resolved(touches.assign(name=stored))["name"],
        stored_channel=touches["channel"],
        channel=asked.names.column("channel", raw.where(touches["channel"].notna())),
        direct=raw.isin(counting["direct_channels"]),
    )


def _restart_age(conversion: Mapping[str, Any]) -> int | None:
    if pd.isna(conversion["restarted_at"]):
        return None
    return round((conversion["converted_at"] - conversion["restarted_at"]) / timedelta(milliseconds=1))


def _chain_shares(asked: Asked, touches: pd.DataFrame) -> pd.Series:
    """Each counting touch's name's share of all credit under the chain."""
    counts = touches["excluded"].isna()
    if not counts.any():
        return pd.Series(float("nan"), touches.index)
    earned = credit_under(asked, "markov").groupby("name", dropna=False)[SUMS[0]].sum()
    shares = earned / earned.sum() if earned.sum() else earned
    nameless = float(shares[shares.index.isna()].sum())
    told = touches["name"].map(shares[shares.index.notna()]).astype(float)
    return told.where(touches["name"].notna(), nameless).where(counts)


def _told(asked: Asked, conversion: Mapping[str, Any], why: str | None) -> dict[str, Any]:
    known: dict[str, Any] = {name: None if pd.isna(value) else value for name, value in conversion.items()}
    revenue = known["revenue"]
    return {
        "conversion_id": known["conversion_id"],
        "converted_at": known["converted_at"].isoformat(timespec="milliseconds"),
        "day": local_day(known["converted_at"], asked.reading.settings.reporting_time_zone).isoformat(),
        "person": known["person"],
        "conversions_of_person": int(known["of_person"]),
        "type": known["type"],
        "revenue": None if revenue is None else float(revenue),
        "currency": known["currency"],
        "refund": revenue is not None and revenue < 0,
        "attributed": why is None,
        "reason": why,
    }


def _asked_models(asked: Asked) -> dict[str, Any]:
    return {key: parameters_of(asked, key) for key in MODELS}


def _cautions(asked: Asked, conversion: Mapping[str, Any], touches: pd.DataFrame) -> list[str]:
    """What sets this conversion apart from those that the period's numbers are made of."""
    said = []
    how, number = asked.how, conversion["person_conversion"]
    day = local_day(conversion["converted_at"], asked.reading.settings.reporting_time_zone)
    if not asked.period.start <= day <= asked.period.end:
        said.append(f"This conversion, of {day}, lies outside the period: no number of the period counts it.")
    if how.conversion_type not in (None, conversion["type"]):
        said.append(f"This conversion is no {how.conversion_type}: the numbers under these filters do not count it.")
    if how.options.first_conversion and not (pd.isna(number) or number == 1):
        said.append("This is not the first conversion of its person: the numbers under these filters do not count it.")
    if len(touches) == MOST_TOUCHES:
        said.append(f"Only the {MOST_TOUCHES:,} touches nearest to the conversion were looked at.")
    return said


_SEEN = [
    *("touchpoint_id", "occurred_at", "name", "channel", "stored_channel", "campaign", "platform", "kind", "consented"),
    *("age_days", "position", "excluded"),
]
_OWN = [key for key, model in MODELS.items() if model.reference]
_TRACE = [*_SEEN, *(f"credit_{key}" for key in _OWN), "share_markov", *(f"weight_{key}" for key in _OWN)]


def _columns(touches: pd.DataFrame) -> pd.DataFrame:
    """The columns of a trace; position counts those that count, from the first one."""
    counts = touches["excluded"].isna()
    position = counts.iloc[::-1].cumsum().iloc[::-1].where(counts).astype("Int64")
    seen = touches.assign(
        age_days=touches["age_ms"] / DAY_MS,
        position=position,
        occurred_at=[moment.isoformat(timespec="milliseconds") for moment in touches["occurred_at"]],
    )
    return seen[_TRACE]


QUESTIONS = (
    Question(
        "conversions_list",
        "Which conversions are behind a number?",
        "one row a conversion, `most` at most",
        (
            *PERIOD,
            *ATTRIBUTION,
            by(CREDIT_DIMENSIONS),
            Parameter("name", "text", None, "Only conversions that a touch of this name, a value of `by`, belongs to."),
            Parameter("unnamed", "flag", False, "Only conversions that a touch without any name belongs to."),
            Parameter("reason", "choice", None, "Only conversions that are unattributed for it.", choices=REASONS),
            most(200, "How many conversions are listed."),
        ),
        SOURCES,
        ("lake/conversions",),
        conversions_list,
    ),
    Question(
        "decision_trace",
        "How did the credit of one conversion come about?",
        "one row a touchpoint of the conversion's person",
        (
            *PERIOD,
            *ATTRIBUTION,
            by(CREDIT_DIMENSIONS),
            Parameter("conversion", "text", None, "The id of the conversion."),
        ),
        SOURCES,
        ("lake/one_conversion", "lake/touchpoints_of_person", "lake/credit", "lake/grams"),
        decision_trace,
    ),
)
