"""What a person asks of the engine: the model, the window, which conversions and touches count; and the same as parameters of a statement.

Invariant: what changes which touches count is said here and nowhere else, so that every model and the reasons of what is unattributed agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any, Literal

import pandas as pd

from pipelines.attribution.registry import MODELS
from pipelines.attribution.rules import DAY_MS
from pipelines.calendar import Period
from pipelines.identity import KINDS, Names, fold
from pipelines.metrics import rates_of
from pipelines.name_rules import parts
from pipelines.statements import Members, Slice, Slots, Weighing
from pipelines.stores.base import Reading

Direct = Literal["keep", "exclude", "redistribute"]
DIRECT: dict[Direct, str] = {
    "keep": "Direct touches count as any other.",
    "exclude": "Direct touches are no part of the model: what has no other touch is unattributed.",
    "redistribute": "Direct touches count only where a journey has no other: their credit goes to the others.",
}
"""What becomes of touches that name no channel."""


@dataclass(frozen=True)
class Options:
    """What changes which touches and conversions count. impression_lookback_days: None for the window of all other touches."""

    direct: Direct = "keep"
    collapse: bool = False
    impression_lookback_days: float | None = None
    restart: bool = False
    first_conversion: bool = False
    by_touch_date: bool = False


@dataclass(frozen=True)
class Attribution:
    """How credit is given. warnings and facts gather what has to be said beside the rows."""

    model: str
    model_parameters: dict[str, float]
    lookback_days: float
    conversion_type: str | None
    excluded_channels: tuple[str, ...]
    currency: str
    options: Options = Options()
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def warn(self, warning: str) -> None:
        """Say something once."""
        if warning not in self.warnings:
            self.warnings.append(warning)


@dataclass(frozen=True)
class Asked:
    """One question to the lake: who earned, by a dimension, in a period."""

    reading: Reading
    names: Names
    how: Attribution
    period: Period
    dimension: str = "channel"

    def parameters(self, **more: Any) -> dict[str, Any]:
        """The parameters of the members and of what is made of them; `more` goes before."""
        options, window = self.how.options, self.how.lookback_days
        direct = self._direct()
        left_out = self.names.spellings("channel", self.how.excluded_channels)
        renamed = self.names.renamed(self.dimension)
        reported = self.period.bounds(self.reading.settings.reporting_time_zone)
        anchored = self._anchored().bounds(self.reading.settings.reporting_time_zone)
        return {
            **reported,
            "first_dt": anchored["first_dt"],
            "last_dt": anchored["last_dt"],
            "anchored_from": anchored["starts_at"],
            "anchored_to": anchored["ends_at"],
            "with_unconverted": False,
            "conversion_type": self.how.conversion_type,
            "first_conversion": options.first_conversion,
            "lookback_ms": round(window * DAY_MS),
            "impression_lookback_ms": round((options.impression_lookback_days or window) * DAY_MS),
            "by_touch_date": options.by_touch_date,
            "direct_channels": direct,
            "left_out_channels": sorted({*left_out, *(direct if options.direct == "exclude" else [])}),
            "redistribute_direct": options.direct == "redistribute",
            "restart": options.restart,
            "collapse": options.collapse,
            "renamed": list(renamed) or [""],
            "called": list(renamed.values()) or [""],
            "rare": [],
            "with_rare": None,
            **more,
        }

    @property
    def column(self) -> str:
        """The column that names what is credited."""
        return self.names.channel_column if self.dimension == "channel" else self.dimension

    @property
    def anew(self) -> bool:
        """Whether options change which touches count, so that stored positions do not hold."""
        options = self.how.options
        separate = options.impression_lookback_days not in (None, self.how.lookback_days)
        changed = options.direct != "keep" or options.collapse or separate or options.restart
        return changed or bool(self.how.excluded_channels)

    def slots(self, slice_: Slice, models: tuple[tuple[str, Weighing], ...] = (), *, anew: bool | None = None) -> Slots:
        """The slots of a statement. anew: whether positions are worked out anew (by default where options ask for it)."""
        members: Members = "members_anew" if (self.anew if anew is None else anew) else "members"
        return Slots(self.column, self.names.channel_column, slice_, members, models)

    def resolved(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with `name` as people know it; no name at all is null."""
        names = rows["name"].astype(object).where(rows["name"].notna() & (rows["name"] != ""), None)
        return rows.assign(name=self.names.column(self.dimension, names) if self.dimension in KINDS else names)

    def in_currency(self, rows: pd.DataFrame, amount: str) -> pd.DataFrame:
        """Rows with an amount in the asked currency, at the rates of their `slice`, a day; what has no rate is left out, with a warning."""
        rows = rows.astype({amount: float})
        if rows.empty or set(rows["currency"].dropna().unique()) <= {self.how.currency}:
            return rows
        converted, warnings = rates_of(self.reading).convert(rows.assign(day=rows["slice"]), amount, self.how.currency)
        for warning in warnings:
            self.how.warn(warning)
        return converted.drop(columns="day")

    def lake(self, statement: str, slots: Slots, parameters: Mapping[str, Any]) -> pd.DataFrame:
        """Rows of a lake statement; a slice by day as YYYY-MM-DD."""
        rows = self.reading.lake(statement, parameters, slots=slots)
        if slots.slice == "day":
            days = pd.to_datetime(rows["slice"])
            rows = rows.assign(slice=days.dt.strftime("%Y-%m-%d").astype("str"))
        return rows

    def _anchored(self) -> Period:
        """The days of the conversions that touches of the period may earn credit from."""
        if not self.how.options.by_touch_date:
            return self.period
        return Period(self.period.start, self.period.end + timedelta(days=ceil(self.how.lookback_days)))

    def _direct(self) -> list[str]:
        """The stored channels (or their origins) that mean no channel, by their own name or by what they are called."""
        direct = {fold(name) for name in self.reading.settings.direct_channels}
        return [
            raw
            for raw in self.names.spellings("channel", self.names.all("channel"))
            if fold(parts(raw)[0]) in direct or fold(self.names.resolve("channel", raw)) in direct
        ]


def weighing(model: str) -> tuple[str, Weighing]:
    """A rule as a statement takes it."""
    rule = MODELS[model]
    if rule.total_is_aggregate:
        return model, Weighing(rule.weights, rule.total)
    return model, Weighing(f"({rule.weights}) / ({rule.total})")
