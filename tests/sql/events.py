"""Raw events made by hand or by chance, the lake filled with them, and the engine asked about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from pipelines import journeys
from pipelines.attribution import engine, model_parameters
from pipelines.attribution.asked import Asked, Attribution, Options
from pipelines.calendar import Period
from pipelines.identity import names_of
from pipelines.stores.base import Stores
from pipelines.stores.catalog import arrow_schema

UPLOAD = "events"
DIRECT = ("direct", "(direct)")
CREDIT = ["attributed_conversions", "attributed_revenue"]
AS_ALWAYS = Options()

Sums = Mapping[tuple[Any, ...], float]
"""The keys of a row and the name of a sum -> that sum."""


@dataclass(frozen=True)
class Touch:
    """A touchpoint. `at` is UTC without a zone; consent None is that of a source that says nothing."""

    id: str
    at: datetime
    person: str | None
    channel: str | None
    consent: bool | None = None
    kind: str | None = None
    milestone: str | None = None
    source: str | None = None
    medium: str | None = None
    platform: str | None = None


@dataclass(frozen=True)
class Conversion:
    """A conversion, or a refund where revenue is below zero."""

    id: str
    at: datetime
    person: str | None
    type: str = "purchase"
    revenue: Decimal | None = None
    currency: str | None = "EUR"

    @property
    def counts(self) -> int:
        """1, or 0 for a refund."""
        return int(self.revenue is None or self.revenue >= 0)


def at(day: str, time: str = "12:00") -> datetime:
    """A UTC instant."""
    return datetime.fromisoformat(f"{day}T{time}")


def millis(since: datetime, until: datetime) -> int:
    """Whole milliseconds from one instant to the other."""
    return round((until - since).total_seconds() * 1000)


def fill(stores: Stores, touches: Sequence[Touch], conversions: Sequence[Conversion]) -> None:
    """Replace all events of the lake and bring the journeys up to date."""
    fill_rows(stores, touch_rows(touches), conversion_rows(conversions))


def fill_rows(stores: Stores, touches: pa.Table, conversions: pa.Table) -> None:
    """The same with rows as they are handed to the lake."""
    for table, rows in (("touchpoints", touches), ("conversions", conversions)):
        stores.own_lake.undo(table, [UPLOAD], [])
        stores.own_lake.write(table, rows, UPLOAD)
    journeys.build(stores)


def stored(stores: Stores, table: str) -> pd.DataFrame:
    """The rows of a lake table as Iceberg reads them, without DuckDB."""
    rows: pd.DataFrame = stores.lake.table(table).scan().to_pandas()  # type: ignore[attr-defined]
    return rows


def asked(
    stores: Stores,
    period: Period,
    model: str = "linear",
    *,
    parameters: Mapping[str, float] | None = None,
    lookback_days: float = 90.0,
    left_out: Sequence[str] = (),
    dimension: str = "channel",
    zone: str = "UTC",
    currency: str = "EUR",
    conversion_type: str | None = None,
    options: Options = AS_ALWAYS,
) -> Asked:
    """What the engine is asked, as a question asks it."""
    how = Attribution(
        model,
        model_parameters(model, parameters or {}),
        lookback_days,
        conversion_type,
        tuple(left_out),
        currency,
        options,
    )
    reading = replace(stores, settings=replace(stores.settings, reporting_time_zone=zone)).read()
    return Asked(reading, names_of(reading), how, period, dimension)


def credit(stores: Stores, period: Period, model: str, **said: Any) -> pd.DataFrame:
    """The engine's credit: day, name, attributed_conversions, attributed_revenue."""
    return engine.credit(asked(stores, period, model, **said))


def outcomes(stores: Stores, period: Period, **said: Any) -> pd.DataFrame:
    """The engine's outcomes: day, type, reason, conversions, revenue."""
    return engine.outcomes(asked(stores, period, **said))


def by(rows: pd.DataFrame, keys: Sequence[str], sums: Sequence[str]) -> dict[tuple[Any, ...], float]:
    """Rows as their keys (null as None) and the name of a sum -> that sum over the rows with these keys."""
    clean = rows.astype(dict.fromkeys(keys, object)).where(rows.notna(), None)
    summed: dict[tuple[Any, ...], float] = {}
    for row in clean.to_dict("records"):
        for name in sums:
            key = (*(row[key] for key in keys), name)
            summed[key] = summed.get(key, 0.0) + float(row[name])
    return summed


def agree(found: Sums, expected: Sums) -> None:
    """Fail where two sums differ by more than 1e-9; what only one has must be nothing."""
    keys: Iterable[tuple[Any, ...]] = {*found, *expected}
    wanted = {key: expected.get(key, 0.0) for key in keys}
    assert {key: found.get(key, 0.0) for key in keys} == near(wanted)


def near(expected: Any) -> Any:
    """What equals a number, or numbers, to 1e-9."""
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


def touch_rows(touches: Sequence[Touch]) -> pa.Table:
    """Touchpoints as they are handed to the lake."""
    return pa.Table.from_pylist([_touchpoint(touch) for touch in touches], schema=arrow_schema("touchpoints"))


def conversion_rows(conversions: Sequence[Conversion]) -> pa.Table:
    """Conversions as they are handed to the lake."""
    return pa.Table.from_pylist(
        [_conversion(conversion) for conversion in conversions], schema=arrow_schema("conversions")
    )


def _touchpoint(touch: Touch) -> dict[str, Any]:
    return {
        "touchpoint_id": touch.id,
        "occurred_at": touch.at,
        "dt": touch.at.date().isoformat(),
        "person": touch.person,
        "channel": touch.channel,
        "source": touch.source,
        "medium": touch.medium,
        "campaign": f"{touch.channel} campaign",
        "platform": touch.platform,
        "kind": touch.kind,
        "milestone": touch.milestone,
        "consent": touch.consent,
        "upload_id": UPLOAD,
    }


def _conversion(conversion: Conversion) -> dict[str, Any]:
    return {
        "conversion_id": conversion.id,
        "occurred_at": conversion.at,
        "dt": conversion.at.date().isoformat(),
        "person": conversion.person,
        "type": conversion.type,
        "revenue": conversion.revenue,
        "currency": conversion.currency,
        "upload_id": UPLOAD,
    }
