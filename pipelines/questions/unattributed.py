"""Questions about conversions that nobody earned."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution.engine import REASONS, outcomes, told_parameters
from pipelines.attribution.rules import DAY_MS
from pipelines.questions.question import ATTRIBUTION, OUTCOME_STATEMENTS, PERIOD, Found, Parameter, Question
from pipelines.questions.scope import scope
from pipelines.stores.base import Reading

SOURCES = ("conversions", "touchpoints")


def unattributed(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Unattributed conversions by the reason, with their revenue and their share of all conversions of the period.

    on_stale_days: how many of them fell on days on which no touchpoints arrived at all, whatever the reason says.
    """
    asked = scope(reading, parameters, ("conversions",))
    columns = ["reason", "conversions", "revenue", "share", "on_stale_days"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or "conversions" in missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    all_rows = outcomes(asked.asked(asked.period))
    total = float(all_rows["conversions"].sum())
    fed = set(reading.lake("touchpoint_days", asked.period.bounds(reading.settings.reporting_time_zone))["day"])
    rows = all_rows.dropna(subset=["reason"])
    rows = rows.assign(on_stale_days=rows["conversions"].where(~rows["day"].isin(fed), 0))
    stale_days = sorted(set(rows["day"]) - fed)
    rows = rows.groupby("reason")[["conversions", "revenue", "on_stale_days"]].sum()
    rows = rows.reindex([reason for reason in REASONS if reason in rows.index]).reset_index()
    rows = rows.assign(share=rows["conversions"] / total if total else None)
    without = float(rows["conversions"].sum())
    facts = {
        "conversions": total,
        "unattributed_conversions": without,
        "share": without / total if total else None,
        "stale_days": stale_days,
    }
    return Found(rows[columns], [*asked.how.warnings, *asked.edges()], facts, missing)


def unattributed_by_day(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Conversions and how many of them are unattributed, by day and conversion type."""
    asked = scope(reading, parameters, ("conversions",))
    columns = ["day", "type", "conversions", "unattributed"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or "conversions" in missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    rows = outcomes(asked.asked(asked.period))
    rows = rows.assign(unattributed=rows["conversions"].where(rows["reason"].notna(), 0))
    rows = rows.groupby(["day", "type"], as_index=False)[["conversions", "unattributed"]].sum()
    return Found(rows[columns], missing=missing)


def unattributed_conversions(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The conversions without credit themselves, refunds included, the newest first; revenue in their own currency.

    nearest_age_days: how long before the conversion the nearest touch was, consented ones first; below zero: how long after it. days_outside:
    by how much the look-back window misses it; null where that is not the reason. facts: found, how many there are of which `limit` are rows,
    and how many of them are refunds.
    """
    asked = scope(reading, parameters, ("conversions",))
    columns = ["conversion_id", "day", "type", "revenue", "currency", "reason", "nearest_age_days", "days_outside"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or "conversions" in missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    question = asked.asked(asked.period)
    asked_for = told_parameters(question, reason=parameters["reason"], most=parameters["limit"])
    rows = question.lake("unattributed_conversions", question.slots("day"), asked_for).rename(columns={"slice": "day"})
    ages = rows["nearest_consented_age_ms"].astype(float)
    ages = ages.where(ages.notna(), rows["nearest_age_ms"].astype(float)) / DAY_MS
    beyond = ages - asked.how.lookback_days
    outside = (rows["reason"] == "outside_window") & (beyond > 0)
    rows = rows.assign(nearest_age_days=ages, days_outside=beyond.where(outside), revenue=rows["revenue"].astype(float))
    facts = {name: int(rows[name].max()) if len(rows) else 0 for name in ("found", "refunds")}
    return Found(rows[columns], list(asked.how.warnings), facts, missing)


QUESTIONS = (
    Question(
        "unattributed",
        "Which conversions did nobody earn, and why?",
        "one row a reason",
        (*PERIOD, *ATTRIBUTION),
        SOURCES,
        (*OUTCOME_STATEMENTS, "lake/touchpoint_days"),
        unattributed,
    ),
    Question(
        "unattributed_by_day",
        "When did conversions go unattributed?",
        "one row a (day, conversion type)",
        (*PERIOD, *ATTRIBUTION),
        SOURCES,
        OUTCOME_STATEMENTS,
        unattributed_by_day,
    ),
    Question(
        "unattributed_conversions",
        "Which conversions are they?",
        "one row a conversion, the newest first",
        (
            *PERIOD,
            *ATTRIBUTION,
            Parameter(
                "reason",
                "choice",
                None,
                "Only those without credit for this reason; all, if not said.",
                choices=REASONS,
            ),
            Parameter("limit", "whole", 1000, "How many conversions at most.", minimum=1),
        ),
        SOURCES,
        ("lake/unattributed_conversions",),
        unattributed_conversions,
    ),
)
