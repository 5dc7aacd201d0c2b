"""Questions about conversions that nobody earned."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution.engine import REASONS, outcomes
from pipelines.questions.question import ATTRIBUTION, OUTCOME_STATEMENTS, PERIOD, Found, Question
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
)
