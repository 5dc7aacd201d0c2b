"""What a person asks of the engine: the model, the window, which conversions and touches count; and the same as parameters of a statement.

Invariant: what changes which touches count is said here and nowhere else, so that every model and the reasons of what is unattributed agree.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any, Literal

import pandas as pd

from pipelines.attribution.bootstrap import BUCKETS
from pipelines.attribution.registry import MODELS
from pipelines.attribution.rules import DAY_MS
from pipelines.calendar import Period
from pipelines.identity import KINDS, Names, fold
from pipelines.metrics import lacking, rates_of
from pipelines.name_rules import parts
from pipelines.slots import USUAL_WINDOWS, Members, Slice, Slots, Weighing
from pipelines.stores.base import Reading

Direct = Literal["keep", "exclude", "redistribute"]
DIRECT: dict[Direct, str] = {
    "keep": "Direct touches count as any other.",
    "exclude": "Direct touches are no part of the model: what has no other touch is unattributed.",
    "redistribute": "Direct touches count only where a journey has no other: their credit goes to the others.",
}
"""What becomes of touches that name no channel."""


_PAIR_APART = len("2026-03-01 ")
"""Where the second day of a pair of days begins."""


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
    """How credit is given. warnings, facts and said gather what has to be told beside the rows; said: of the model itself, in sentences."""

    model: str
    model_parameters: dict[str, float]
    lookback_days: float
    conversion_type: str | None
    excluded_channels: tuple[str, ...]
    currency: str
    options: Options = Options()
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def warn(self, warning: str) -> None:
        """Say something once."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def say(self, sentence: str) -> None:
        """Say something about the model once."""
        if sentence not in self.said:
            self.said.append(sentence)

    def tell(self, other: "Attribution") -> None:
        """Tell here what another one gathered."""
        for warning in other.warnings:
            self.warn(warning)
        for sentence in other.said:
            self.say(sentence)
        self.facts.update(other.facts)


@dataclass(frozen=True)
class Asked:
    """One question to the lake: who earned, by a dimension, in a period.

    buckets: only of people of the buckets below this one. by_day: whether days matter; where they do not, credit stands on the period's first
    day, and is summed in fewer groups.
    """

    reading: Reading
    names: Names
    how: Attribution
    period: Period
    dimension: str = "channel"
    buckets: int = BUCKETS
    by_day: bool = True

    def parameters(self, **more: Any) -> dict[str, Any]:
        """The parameters of the members and of what is made of them; `more` goes before."""
        options, window = self.how.options, self.how.lookback_days
        direct = self._direct()
        left_out = self.names.spellings("channel", self.how.excluded_channels)
        spelled = self.names.one_spelling(self.dimension)
        reported = self.period.bounds(self.reading.settings.reporting_time_zone)
        anchored = self._anchored().bounds(self.reading.settings.reporting_time_zone)
        return {
            **reported,
            "first_dt": anchored["first_dt"],
            "last_dt": anchored["last_dt"],
            **_anchors(anchored),
            "with_unconverted": False,
            "conversion_type": self.how.conversion_type,
            "first_conversion": options.first_conversion,
            "buckets": self.buckets,
            "lookback_ms": round(window * DAY_MS),
            "impression_lookback_ms": round((options.impression_lookback_days or window) * DAY_MS),
            "by_touch_date": options.by_touch_date,
            "direct_channels": direct,
            "left_out_channels": sorted({*left_out, *(direct if options.direct == "exclude" else [])}),
            "redistribute_direct": options.direct == "redistribute",
            "restart": options.restart,
            "collapse": options.collapse,
            "respelled": list(spelled) or [""],
            "spelled": list(spelled.values()) or [""],
            "rare": [],
            "with_rare": None,
            **more,
        }

    @property
    def key(self) -> object:
        """What tells apart two questions to the same reading under the same names, whichever model they ask about."""
        return self.how.currency, self.dimension, self.by_day, sorted(self.parameters().items())

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
        days = self.how.lookback_days
        window = int(days) if days in USUAL_WINDOWS else None
        return Slots(self.column, self.names.channel_column, slice_, members, models, window)

    def resolved(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with `name` as people know it; no name at all is null."""
        names = rows["name"].astype(object).where(rows["name"].notna() & (rows["name"] != ""), None)
        return rows.assign(
            name=self.names.column(self.dimension, names) if self.dimension in KINDS else names.astype("str")
        )

    def in_currency(self, rows: pd.DataFrame, amount: str, *alike: str) -> pd.DataFrame:
        """Rows with an amount in the asked currency, at the rates of their `slice`, the conversion's day; what has none is left out, and said.

        alike: further columns that share out the same money otherwise, which needs no warning of its own.
        """
        amounts = (amount, *alike)
        rows = _as_doubles(rows, amounts)
        if not self.has_other_money(rows):
            return rows
        dated = rows.assign(day=rows["slice"])
        rate = rates_of(self.reading).each(dated, self.how.currency)
        said = (
            "attributed_revenue" if amount.startswith("attributed_revenue") else amount
        )  # whichever model shares it out
        for warning in lacking(dated[rate.isna()].rename(columns={amount: said}), said, self.how.currency):
            self.how.warn(warning)
        return rows.assign(**{name: rows[name] * rate for name in amounts})

    def sums(
        self, statement: str, slots: Callable[[Slice], Slots], parameters: Mapping[str, Any], amount: str, *alike: str
    ) -> pd.DataFrame:
        """Rows of a statement with their `day` and amounts in the asked currency; in one slice where days do not matter.

        Rates are those of the conversion's day: where there is money in another currency, days matter after all, and of what is reported on the
        day of the touch both days.
        """
        if not self.by_day:
            rows = self.lake(statement, slots("whole"), parameters)
            if not self.has_other_money(rows):
                rows = _as_doubles(rows, (amount, *alike))
                return rows.drop(columns="slice").assign(day=self.period.start.isoformat())
        rows = self.lake(statement, slots("day"), parameters)
        if self.how.options.by_touch_date and self.has_other_money(rows):
            rows = self.lake(statement, slots("day_pair"), parameters)
            pair = rows["slice"].astype("str")
            converted = rows.assign(slice=pair.str[_PAIR_APART:])
            return (
                self.in_currency(converted, amount, *alike)
                .drop(columns="slice")
                .assign(day=pair.str[: _PAIR_APART - 1])
            )
        return self.in_currency(rows, amount, *alike).rename(columns={"slice": "day"})

    def has_other_money(self, rows: pd.DataFrame) -> bool:
        """Whether rows hold amounts in another currency than the asked one."""
        return not set(rows["currency"].dropna().unique()) <= {self.how.currency}

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
        furthest = max(self.how.lookback_days, self.how.options.impression_lookback_days or 0.0)
        return Period(self.period.start, self.period.end + timedelta(days=ceil(furthest)))

    def _direct(self) -> list[str]:
        """The stored channels (or their origins) that mean no channel, by their own name or by what they are called."""
        direct = {fold(name) for name in self.reading.settings.direct_channels}
        return [
            raw
            for raw in self.names.spellings("channel", self.names.all("channel"))
            if fold(parts(raw)[0]) in direct or fold(self.names.resolve("channel", raw)) in direct
        ]


def _as_doubles(rows: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    others = [column for column in columns if rows[column].dtype != float]  # to copy those that are is slow
    return rows.astype(dict.fromkeys(others, float)) if others else rows


def _anchors(bounds: Mapping[str, Any]) -> dict[str, Any]:
    """The instants between which anchors count; null where whole UTC days say so: an instant is slower to read than a day."""
    from_, to = bounds["starts_at"], bounds["ends_at"]
    whole = {"anchored_from": from_.endswith(" 00:00:00"), "anchored_to": to.endswith(" 00:00:00")}
    return {name: None if whole[name] else instant for name, instant in (("anchored_from", from_), ("anchored_to", to))}


def weighing(model: str, *, totalled: bool = False) -> tuple[str, Weighing]:
    """A rule as its statement takes it. totalled: the rows tell what its weights sum to."""
    rule = MODELS[model]
    return model, Weighing(rule.credit_by_total if totalled else rule.credit, rule.weights if rule.by_age else "")
