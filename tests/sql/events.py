"""Raw events made by hand or by chance, and the lake filled with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from pipelines import journeys
from pipelines.attribution import MODELS, model_parameters
from pipelines.attribution.rules import DAY_MS
from pipelines.calendar import Period
from pipelines.stores.base import Stores
from pipelines.stores.catalog import arrow_schema

UPLOAD = "events"
DIRECT = ("direct", "(direct)")


@dataclass(frozen=True)
class Touch:
    """A touchpoint. `at` is UTC without a zone; consent None is that of a source that says nothing."""

    id: str
    at: datetime
    person: str | None
    channel: str
    consent: bool | None = None


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
    for table, rows in (
        ("touchpoints", [_touchpoint(touch) for touch in touches]),
        ("conversions", [_conversion(conversion) for conversion in conversions]),
    ):
        stores.lake.undo(table, [UPLOAD], [])
        stores.lake.write(table, pa.Table.from_pylist(rows, schema=arrow_schema(table)), UPLOAD)
    journeys.build(stores)


def stored(stores: Stores, table: str) -> pd.DataFrame:
    """The rows of a lake table as Iceberg reads them, without DuckDB."""
    rows: pd.DataFrame = stores.lake.table(table).scan().to_pandas()  # type: ignore[attr-defined]
    return rows


def credit(
    stores: Stores,
    period: Period,
    model: str,
    *,
    parameters: Mapping[str, float] | None = None,
    lookback_days: float = 90.0,
    left_out: Sequence[str] = (),
    dimension: str = "channel",
    zone: str = "UTC",
) -> pd.DataFrame:
    """Rows of the credit statement, as the engine asks for them."""
    return stores.lake.frame(
        "credit",
        {
            **_scope(period, lookback_days, left_out, zone),
            **model_parameters(model, parameters or {}),
            "direct_channels": list(DIRECT),
        },
        dimension=dimension,
        weights=MODELS[model].weights,
    )


def outcomes(
    stores: Stores, period: Period, *, lookback_days: float = 90.0, left_out: Sequence[str] = (), zone: str = "UTC"
) -> pd.DataFrame:
    """Rows of the outcomes statement, as the engine asks for them."""
    return stores.lake.frame("outcomes", _scope(period, lookback_days, left_out, zone))


def by(rows: pd.DataFrame, keys: Sequence[str], sums: Sequence[str]) -> dict[tuple[Any, ...], float]:
    """Rows as their keys (null as None) and the name of a sum -> that sum."""
    clean = rows.astype(dict.fromkeys(keys, object)).where(rows.notna(), None)
    return {(*(row[key] for key in keys), name): float(row[name]) for row in clean.to_dict("records") for name in sums}


def _scope(period: Period, lookback_days: float, left_out: Sequence[str], zone: str) -> dict[str, Any]:
    return {
        **period.bounds(zone),
        "lookback_ms": round(lookback_days * DAY_MS),
        "conversion_type": None,
        "left_out_channels": list(left_out),
    }


def _touchpoint(touch: Touch) -> dict[str, Any]:
    return {
        "touchpoint_id": touch.id,
        "occurred_at": touch.at,
        "dt": touch.at.date().isoformat(),
        "person": touch.person,
        "channel": touch.channel,
        "campaign": f"{touch.channel} campaign",
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
