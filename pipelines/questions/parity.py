"""The question whether the numbers hold: the same credit from the lake's statements and from a second implementation in NumPy.

Invariant: both sides see the same people and the same touches. What cannot be compared is never said to agree.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipelines import health
from pipelines.attribution import MODELS
from pipelines.attribution.asked import Asked
from pipelines.attribution.bootstrap import BUCKETS
from pipelines.attribution.engine import REST, STAND_IN, SUMS, parameters_of
from pipelines.attribution.model import Numbers
from pipelines.attribution.named import UNNAMED, called
from pipelines.attribution.recount import Touches, chain_shares, touch_credit
from pipelines.attribution.registry import model_parameters
from pipelines.questions.compare import TOLERANCE, every_model, reconciles, reconciliation
from pipelines.questions.credit import CREDIT_DIMENSIONS, SOURCES, by
from pipelines.questions.question import (
    ATTRIBUTION,
    ATTRIBUTION_STATEMENTS,
    OUTCOME_STATEMENTS,
    PERIOD,
    Found,
    Question,
)
from pipelines.questions.scope import scope
from pipelines.stores.base import Reading

MOST_CONVERSIONS = 20_000
"""About how many conversions are worked out a second time: those of as many buckets of people as hold them."""
MOST_TOUCHES = 400_000
"""Beyond these, half as many people are compared: journeys without conversion weigh as well."""


def parity(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Whether two implementations agree, model by model, and whether credit and what is unattributed are all conversions.

    difference: the largest by name, of conversions or revenue; relative_difference: of the larger number (or of 1, where both are smaller).
    agrees is null where there is nothing to compare, and `note` says why. off: by how much credit + unattributed misses the conversions
    of the whole period, null where they may not be held against each other. of: how many there are; null by the day of the touchpoint.
    """
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    columns = ["model", "difference", "relative_difference", "agrees", "note", "off", "reconciles"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    about = asked.asked(asked.period, dimension)
    sums = reconciliation(about, every_model(about)[0])
    sample, touches = _sample(about, sums["attributed_conversions"])
    recounted = _Recount(sample, touches)
    credits, stand_ins = every_model(sample)
    compared = {
        model: _compared(credit, recounted.credit(model)) for model, credit in credits.items() if model not in stand_ins
    }
    compared |= {model: _not_compared(f"Another model stands in: {reason}") for model, reason in stand_ins.items()}
    rows = pd.DataFrame([{"model": model, **compared[model]} for model in MODELS])
    off = rows["model"].map(sums["off"]).astype(float)
    rows = rows.assign(
        off=off,
        reconciles=off.map(partial(reconciles, sums["conversions"])).astype("boolean").mask(off.isna()),
        agrees=rows["agrees"].astype("boolean"),
    )
    facts = {
        "compared": touches.conversions(),
        "of": None if sums["reconciled"] is None else sums["attributed_conversions"],
        "buckets": sample.buckets,
        "tolerance": TOLERANCE,
        "agree": int(rows["agrees"].sum()),
        "disagree": int((~rows["agrees"].dropna()).sum()),
        **{name: sums[name] for name in ("conversions", "unattributed_conversions", "reconciled")},
    }
    return Found(rows[columns], [*asked.how.warnings, *asked.edges()], facts, missing)


def _sample(asked: Asked, conversions: float) -> tuple[Asked, Touches]:
    """As many people as hold about MOST_CONVERSIONS, and their touches. What is noticed about so few is not said of all."""
    buckets = min(BUCKETS, max(1, int(BUCKETS * MOST_CONVERSIONS / max(conversions, 1.0))))
    while True:
        sample = replace(asked, buckets=buckets, how=replace(asked.how, warnings=[], facts={}, said=[]))
        parameters = sample.parameters(with_unconverted=True, most=MOST_TOUCHES + 1)
        rows = sample.lake("journey_rows", sample.slots("whole"), parameters)
        if len(rows) <= MOST_TOUCHES or buckets == 1:
            break
        buckets //= 2
    moments = pd.to_datetime(rows["reported_at"])
    inside = (moments >= pd.Timestamp(parameters["starts_at"])) & (moments < pd.Timestamp(parameters["ends_at"]))
    converted = moments
    if sample.how.options.by_touch_date:
        converted = moments + pd.to_timedelta(rows["age_ms"], unit="ms")
    zone = asked.reading.settings.reporting_time_zone
    days = converted.dt.tz_localize("UTC").dt.tz_convert(zone).dt.strftime("%Y-%m-%d")
    rows = rows.assign(name=called(sample, rows["name"]), inside=inside, slice=days.astype("str"))
    return sample, Touches(rows)


class _Recount:
    """The second implementation's credit by name: what the engine does for each kind of model, done anew."""

    def __init__(self, asked: Asked, touches: Touches) -> None:
        self._asked, self._touches = asked, touches
        referenced = {key: parameters_of(asked, key) for key, model in MODELS.items() if model.reference is not None}
        self._credit = touch_credit(touches, referenced, asked.how.lookback_days)

    def credit(self, model: str) -> pd.DataFrame | None:
        """attributed_conversions, attributed_revenue by name (index); None where the chain is too large to be solved twice."""
        match MODELS[model].kind:
            case "chain":
                return self._chain(int(parameters_of(self._asked, model)["order"]))
            case "hybrid":
                return self._hybrid(parameters_of(self._asked, model)["minimum_journeys"])
            case _:
                return self._summed(self._credit[model])

    def _summed(self, credit: Numbers) -> pd.DataFrame:
        rows = self._touches.ordered
        revenue = rows["revenue"].astype(float).fillna(0.0)
        rows = rows[["slice", "name", "currency"]].assign(
            **dict(zip(SUMS, (np.where(self._touches.refund, 0.0, credit), credit * revenue), strict=True))
        )
        rows = rows.groupby(["slice", "name", "currency"], dropna=False, as_index=False)[SUMS].sum()
        return self._asked.in_currency(rows, SUMS[1]).groupby("name")[SUMS].sum()

    def _chain(self, order: int, rare: frozenset[str] = frozenset()) -> pd.DataFrame | None:
        shares = chain_shares(self._touches, order, without=rare)
        if shares is None:
            return None
        total = self._summed(np.where(self._has(rare), 0.0, self._credit[STAND_IN])).sum()
        return pd.DataFrame({name: pd.Series(shares, dtype=float) * total[name] for name in SUMS})

    def _hybrid(self, least: float) -> pd.DataFrame | None:
        seen: dict[str, int] = {}
        names, inside = (self._touches.ordered[column].to_numpy() for column in ("name", "inside"))
        for place in self._touches.journeys:
            if inside[place.start] and not self._touches.refund[place.start]:
                for name in set(names[place]):
                    seen[name] = seen.get(name, 0) + 1
        rare = frozenset(name for name in set(names) if seen.get(name, 0) < least)
        known = self._chain(1, rare)
        rule = touch_credit(self._touches, {REST: model_parameters(REST, {})}, self._asked.how.lookback_days)[REST]
        rest = self._summed(np.where(self._has(rare), rule, 0.0))
        return None if known is None else known.add(rest, fill_value=0.0)

    def _has(self, names: frozenset[str]) -> np.ndarray:
        """Of each row whether its journey has one of the names."""
        rows = self._touches.ordered
        return rows["name"].isin(names).groupby(rows["journey_number"]).transform("any").to_numpy(dtype=bool)


def _compared(sql: pd.DataFrame, numpy: pd.DataFrame | None) -> dict[str, Any]:
    if numpy is None:
        return _not_compared("Its chain is too large to be solved a second time.")
    one = sql.assign(name=sql["name"].astype(object).where(sql["name"].notna(), UNNAMED)).set_index("name")[SUMS]
    one, other = one.align(numpy, fill_value=0.0)
    off = (one - other).abs()
    relative = off / np.maximum(np.maximum(one.abs(), other.abs()), 1.0)
    largest = float(relative.max().max()) if len(relative) else 0.0
    difference = float(off.max().max()) if len(off) else 0.0
    return {"difference": difference, "relative_difference": largest, "agrees": largest <= TOLERANCE, "note": None}


def _not_compared(note: str) -> dict[str, Any]:
    return {"difference": None, "relative_difference": None, "agrees": None, "note": note}


QUESTIONS = (
    Question(
        "parity",
        "Do two implementations give the same credit?",
        "one row a model",
        (*PERIOD, *ATTRIBUTION, by(CREDIT_DIMENSIONS)),
        SOURCES,
        (*ATTRIBUTION_STATEMENTS, *OUTCOME_STATEMENTS, "lake/journey_rows"),
        parity,
    ),
)
