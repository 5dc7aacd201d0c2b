"""The engine, as the benchmark calls it: all it knows of our own side stands here.

Every answer is worked out anew: nothing is read from what a page or a question kept.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

from pipelines import journeys
from pipelines.attribution.rules import DAY_MS, MODELS, model_parameters
from pipelines.calendar import Period
from pipelines.stores.base import Stores

Credit = dict[str, pd.DataFrame]
"""Model -> attributed_conversions and attributed_revenue by channel."""

FIVE = ("first_touch", "last_touch", "linear", "time_decay", "position_based")
LONGEST_DAYS = 90.0

_ALWAYS = Period(date(2025, 1, 1), date(2026, 12, 31))


def build_full(stores: Stores) -> None:
    """Build all journeys."""
    journeys.build(stores, full=True)


def build_changed(stores: Stores) -> None:
    """Build the journeys of what changed since the last build."""
    journeys.build(stores)


def five_rules(stores: Stores, lookback_days: float) -> Credit:
    """First, last, linear, decay and position at once, with revenue."""
    return _rules(stores, FIVE, lookback_days)


def all_rules(stores: Stores, lookback_days: float) -> Credit:
    """Every rule-based model of the registry at once, with revenue."""
    return _rules(stores, MODELS, lookback_days)


def one_rule(stores: Stores, lookback_days: float) -> Credit:
    """A single rule-based model, for what its intervals cost beside it."""
    return _rules(stores, ("linear",), lookback_days)


def markov(stores: Stores, lookback_days: float, order: int) -> pd.DataFrame:
    """Attributed conversions by channel under an exact chain of this order, its solve included."""
    raise NotImplementedError


def shapley(stores: Stores, lookback_days: float) -> pd.DataFrame:
    """Attributed conversions by channel under exact Shapley values."""
    raise NotImplementedError


def intervals_rule(stores: Stores, lookback_days: float, replicates: int) -> pd.DataFrame:
    """A single rule-based model with bootstrap intervals for all channels."""
    raise NotImplementedError


def intervals_markov(stores: Stores, lookback_days: float, replicates: int) -> pd.DataFrame:
    """Markov of order 1 with bootstrap intervals for all channels."""
    raise NotImplementedError


def _rules(stores: Stores, models: Iterable[str], lookback_days: float) -> Credit:
    return {key: _rule(stores, key, lookback_days, {}) for key in models}


def _rule(stores: Stores, model: str, lookback_days: float, given: Mapping[str, float]) -> pd.DataFrame:
    rows = stores.lake.frame(
        "credit",
        {
            **_ALWAYS.bounds("UTC"),
            "lookback_ms": round(lookback_days * DAY_MS),
            "conversion_type": None,
            "left_out_channels": [],
            "direct_channels": ["direct"],
            **model_parameters(model, given),
        },
        dimension="channel",
        weights=MODELS[model].weights,
    )
    sums = ["attributed_conversions", "attributed_revenue"]
    return rows.astype(dict.fromkeys(sums, float)).groupby("name")[sums].sum()
