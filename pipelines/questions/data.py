"""Questions about the data itself: what there is, how fresh it is, and who uploaded it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.identity import KINDS, names_of
from pipelines.questions import credit, journeys, quadrant, unattributed
from pipelines.questions.question import Found, Parameter, Question
from pipelines.stores.base import Reading


def options(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The values that filters offer, the weightiest first, and the days they may start from."""
    names, fresh = names_of(reading), health.freshness(reading)
    rows: list[dict[str, Any]] = [
        {"kind": kind, "value": name, "weight": None} for kind in KINDS for name in names.all(kind)
    ]
    types = reading.lake("conversion_types", {})
    by_type = types.groupby("type", as_index=False)[["conversions", "revenue"]].sum()
    by_type = by_type.sort_values(["revenue", "conversions"], ascending=False)
    rows += [
        {"kind": "conversion_type", "value": row["type"], "weight": float(row["conversions"])}
        for row in by_type.to_dict("records")
    ]
    rates = reading.warehouse("fx_rates")
    spent = reading.warehouse("names")["currency"].dropna()
    currencies = {
        *types["currency"].dropna(),
        *spent,
        *rates["base"],
        *rates["quote"],
        reading.settings.reporting_currency,
    }
    rows += [{"kind": "currency", "value": currency, "weight": None} for currency in sorted(currencies)]
    asked = (*credit.QUESTIONS, *unattributed.QUESTIONS, *journeys.QUESTIONS, *quadrant.QUESTIONS)
    facts = {
        "first_day": _first_day(fresh),
        "last_complete_day": {question.name: health.last_complete_day(fresh, question.sources) for question in asked},
        "reporting_currency": reading.settings.reporting_currency,
        "reporting_time_zone": reading.settings.reporting_time_zone,
        "longest_lookback_days": reading.settings.longest_lookback_days,
        "primary_conversion_type": reading.settings.primary_conversion_type
        or (None if by_type.empty else str(by_type["type"].iloc[0])),
    }
    return Found(pd.DataFrame(rows, columns=["kind", "value", "weight"]), facts=facts)


def freshness(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """How far each source reaches and when it was last fed."""
    return Found(health.freshness(reading))


def uploads(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The upload history, newest first. Uploads that are under way, or that failed, stand in it at every data version."""
    return Found(reading.stores.warehouse.frame("uploads", version=reading.warehouse_version))


def lake_queries(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """What the queries of the last days scanned and came to, and which of them failed."""
    since = datetime.now(UTC) - timedelta(days=parameters["days"])
    rows = reading.stores.warehouse.frame("lake_queries", since=since, most=parameters["most"])
    totals = ("queries", "total_bytes", "total_dollars")
    facts = {name: 0 if rows.empty else rows[name].iloc[0].item() for name in totals}
    return Found(rows.drop(columns=list(totals)), facts=facts)


def holds_demo(reading: Reading) -> bool:
    """Whether the data is the demo's, in part or in whole."""
    return bool(reading.warehouse("days")["demo"].any())


def _first_day(fresh: pd.DataFrame) -> str | None:
    days = fresh["first_day"].dropna()
    return None if days.empty else str(days.min())


QUESTIONS = (
    Question(
        "options",
        "What can be filtered by?",
        "one row a (kind, value)",
        (),
        (),
        (
            "lake/names",
            "lake/conversion_types",
            "lake/feeds",
            "warehouse/names",
            "warehouse/aliases",
            "warehouse/rules",
            "warehouse/days",
        ),
        options,
    ),
    Question(
        "freshness",
        "How fresh is each source?",
        "one row a source",
        (),
        (),
        ("lake/feeds", "warehouse/days"),
        freshness,
    ),
    Question(
        "lake_queries",
        "What did queries in the cloud scan, and what did that cost?",
        "one row a query",
        (
            Parameter("days", "number", 1.0, "Those of so many days.", minimum=0),
            Parameter("most", "whole", 200, "List at most so many, the newest first.", minimum=1),
        ),
        (),
        ("warehouse/lake_queries",),
        lake_queries,
        live=True,
    ),
    Question("uploads", "Who uploaded what?", "one row an upload", (), (), ("warehouse/uploads",), uploads, live=True),
)
