"""Credit and its counterpart: who earned the conversions of a period, and why the rest is unattributed.

Invariant: for every model, window and set of left-out channels, credit + unattributed = conversions, to 1e-9 relative.
"""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipelines.attribution import DAY_MS, MODELS
from pipelines.calendar import Period
from pipelines.identity import KINDS, Names, fold
from pipelines.metrics import rates_of
from pipelines.name_rules import parts
from pipelines.stores.base import Reading

REASONS = ("unknown_person", "no_touchpoint", "no_consent", "excluded_channel", "outside_window")
"""Why a conversion is unattributed, in the order in which they are looked for."""


@dataclass(frozen=True)
class Attribution:
    """How credit is given: the model and its parameters, the window, which conversions, which channels are no part of the model."""

    model: str
    model_parameters: dict[str, float]
    lookback_days: float
    conversion_type: str | None
    excluded_channels: tuple[str, ...]
    currency: str
    warnings: list[str] = field(default_factory=list)


def credit(reading: Reading, names: Names, how: Attribution, period: Period, dimension: str) -> pd.DataFrame:
    """Credit by day: day, name, attributed_conversions, attributed_revenue (in how.currency). Touches that name nothing have a null name."""
    model = MODELS[how.model]
    rows = reading.lake(
        "credit",
        {**_scope(reading, names, how, period), **how.model_parameters, "direct_channels": _direct(reading, names)},
        dimension=names.channel_column if dimension == "channel" else dimension,
        channel=names.channel_column,
        weights=model.weights,
    )
    rows = _in_currency(reading, rows, "attributed_revenue", how)
    if dimension in KINDS:
        rows = rows.assign(name=names.column(dimension, rows["name"]))
    sums = ["attributed_conversions", "attributed_revenue"]
    return rows.groupby(["day", "name"], dropna=False, as_index=False)[sums].sum()


def outcomes(reading: Reading, names: Names, how: Attribution, period: Period) -> pd.DataFrame:
    """All conversions by day: day, type, reason (null: attributed), conversions, revenue (in how.currency)."""
    rows = reading.lake("outcomes", _scope(reading, names, how, period), channel=names.channel_column)
    rows = _in_currency(reading, rows, "revenue", how)
    return rows.groupby(["day", "type", "reason"], dropna=False, as_index=False)[["conversions", "revenue"]].sum()


def _scope(reading: Reading, names: Names, how: Attribution, period: Period) -> dict[str, Any]:
    return {
        **period.bounds(reading.settings.reporting_time_zone),
        "lookback_ms": round(how.lookback_days * DAY_MS),
        "conversion_type": how.conversion_type,
        "left_out_channels": names.spellings("channel", how.excluded_channels),
    }


def _direct(reading: Reading, names: Names) -> list[str]:
    """The stored channels (or their origins) that mean no channel, by their own name or by what they are called."""
    direct = {fold(name) for name in reading.settings.direct_channels}
    return [
        raw
        for raw in names.spellings("channel", names.all("channel"))
        if fold(parts(raw)[0]) in direct or fold(names.resolve("channel", raw)) in direct
    ]


def _in_currency(reading: Reading, rows: pd.DataFrame, amount: str, how: Attribution) -> pd.DataFrame:
    rows = rows.astype({amount: float})
    if rows.empty or set(rows["currency"].dropna().unique()) <= {how.currency}:
        return rows
    converted, warnings = rates_of(reading).convert(rows, amount, how.currency)
    how.warnings.extend(warning for warning in warnings if warning not in how.warnings)
    return converted
