"""Questions about the data itself: what there is, how fresh it is, and who uploaded it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from pipelines import derived, health
from pipelines.errors import TouchlineError
from pipelines.identity import KINDS, names_of
from pipelines.ingest.lake_rows import runs_since
from pipelines.questions import credit, journeys, quadrant, unattributed
from pipelines.questions.question import PERIOD, Found, Parameter, Question
from pipelines.questions.scope import period_of
from pipelines.sources import SOURCES
from pipelines.stores.base import Reading

FEEDS = tuple(source.name for source in SOURCES.values() if source.store == "lake")


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
        "demo_stands": _demo_stands(reading),
    }
    return Found(pd.DataFrame(rows, columns=["kind", "value", "weight"]), facts=facts)


def freshness(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """How far each source reaches and when it was last fed."""
    return Found(health.freshness(reading))


def feed_days(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The rows of each source of the lake, day by day, and how many of them name no person. A day without rows of a source has no row."""
    columns = ["source", "day", "rows", "refunds", "without_person"]
    whole = health.whole(health.freshness(reading), FEEDS)
    period = period_of(parameters.get("start"), parameters.get("end"), whole)
    if period is None:
        return Found(pd.DataFrame(columns=columns))
    rows = reading.lake("feed_days", period.bounds(reading.settings.reporting_time_zone))
    return Found(rows.rename(columns={"row_count": "rows"})[columns])


def uploads(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The upload history, newest first. Uploads that are under way, or that failed, stand in it at every data version."""
    rows = reading.stores.warehouse.frame("uploads", version=reading.warehouse_version)
    warnings: list[str] = []
    if reading.stores.lake.lands_uploads:
        try:
            rows = _after_runs(reading, rows)
        except TouchlineError as problem:
            warnings = [f"Which uploads have reached the lake cannot be told now. {problem.message}"]
    return Found(rows.drop(columns="lake_tables"), warnings)


def _after_runs(reading: Reading, uploads: pd.DataFrame) -> pd.DataFrame:
    """Uploads with the status that the lake shows, where a job's next run changes it: 'landed' where their rows are still to come, 'leaving'
    where they are still to go; 'failed' where a run could take nothing of the file."""
    lake, tables = reading.stores.lake, set(uploads["lake_tables"].explode().dropna())
    held = {table: lake.held_uploads(table) for table in tables}
    told_since = {table: lake.history_begins(table) for table in tables}

    def holding(upload: Mapping[str, Any]) -> list[bool]:
        """Whether each of its tables holds the upload; what is older than a table's history has settled long ago."""
        since = [(table, told_since[table]) for table in upload["lake_tables"]]
        return [
            upload["upload_id"] in held[table]
            for table, begins in since
            if begins is None or begins < upload["started_at"]
        ]

    rows = uploads.to_dict("records")
    absent = [upload for upload in rows if upload["status"] == "committed" and not all(holding(upload))]
    days: dict[str, date] = {}
    for upload in absent:
        day = upload["started_at"].date()
        days[upload["source"]] = min(days.get(upload["source"], day), day)
    runs = {source: runs_since(str(reading.settings.lake_url), source, day) for source, day in days.items()}
    for upload in rows:
        if upload["status"] in ("undone", "replaced") and any(holding(upload)):
            upload["status"] = "leaving"
    for upload in absent:
        of_source = runs[upload["source"]]
        if complaint := of_source.refused.get(upload["upload_id"]):
            upload |= {"status": "failed", "error": complaint}
        elif upload["upload_id"] not in of_source.stored:
            upload["status"] = "landed"
    said = {column: [upload[column] for upload in rows] for column in ("status", "error")}
    typed = {column: pd.Series(words, uploads.index, uploads[column].dtype) for column, words in said.items()}
    return uploads.assign(**typed)


def lake_queries(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """What the queries of the last days scanned and came to, and which of them failed."""
    since = datetime.now(UTC) - timedelta(days=parameters["days"])
    rows = reading.stores.warehouse.frame("lake_queries", since=since, most=parameters["most"])
    totals = ("queries", "total_bytes", "total_dollars")
    facts = {name: 0 if rows.empty else rows[name].iloc[0].item() for name in totals}
    return Found(rows.drop(columns=list(totals)), facts=facts)


def holds_demo(reading: Reading) -> bool:
    """Whether the data is the demo's, in part or in whole; also while what was taken back waits in the lake for the run that takes it out."""
    return _demo_stands(reading) or reading.kept("rows of the demo", lambda: _demo_waits(reading))


def _demo_stands(reading: Reading) -> bool:
    return bool(reading.warehouse("days")["demo"].any())


def _demo_waits(reading: Reading) -> bool:
    """Whether tables that a job writes hold rows of the demo in this reading, or journeys that were made of such rows."""
    lake = reading.stores.lake
    if not lake.lands_uploads:
        return False
    shown = [(table, snapshot) for table, snapshot in reading.snapshots.items() if table not in derived.STATEMENTS]
    for table in derived.STATEMENTS:
        if origin := lake.origin(table, reading.snapshots.get(table)):
            shown += origin.snapshots.items()
    uploads = reading.warehouse("uploads")
    demo = set(uploads.loc[uploads["demo"], "upload_id"])
    return any(
        demo & lake.held_uploads(table, snapshot) for table, snapshot in dict.fromkeys(shown) if snapshot is not None
    )


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
    Question(
        "feed_days",
        "How many rows came in, day by day?",
        "one row a (source, day) that has rows",
        PERIOD,
        (),
        ("lake/feeds", "lake/feed_days", "warehouse/days"),
        feed_days,
    ),
    Question("uploads", "Who uploaded what?", "one row an upload", (), (), ("warehouse/uploads",), uploads, live=True),
)
