"""The engine, as the benchmark calls it: all that it knows of our own side stands here.

Every answer is worked out from the lake's rows anew, as after a change of model; only the names are known already, as on a page.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date

import pandas as pd

from pipelines import journeys
from pipelines.attribution.asked import Asked, Attribution
from pipelines.attribution.bucketed import in_buckets
from pipelines.attribution.engine import credit, rules_credit
from pipelines.attribution.model import Numbers
from pipelines.attribution.registry import MODELS, model_parameters
from pipelines.calendar import Period
from pipelines.identity import names_of
from pipelines.slots import NO_SLOTS, Slots
from pipelines.stores.base import Reading, Stores
from tests.bench.engine.made import CHANNELS, CURRENCY

FIVE = ("first_touch", "last_touch", "linear", "time_decay", "position_based")
RULES = tuple(key for key, model in MODELS.items() if model.kind == "rule")
LONGEST_DAYS = 90.0

_ALWAYS = Period(date(2025, 1, 1), date(2026, 12, 31))


class _Anew(Reading):
    """A reading that keeps no rows."""

    def lake(self, statement: str, parameters: Mapping[str, object], slots: Slots = NO_SLOTS) -> pd.DataFrame:
        """Rows of a lake statement, asked for again each time."""
        return self.stores.lake.frame(statement, parameters, slots=slots, snapshots=self.snapshots)


def ask(stores: Stores, lookback_days: float, model: str = "linear", **parameters: float) -> Asked:
    """Everything there is by channel, under a model and a window."""
    reading = stores.read()
    how = Attribution(model, model_parameters(model, parameters), lookback_days, None, (), CURRENCY)
    anew = _Anew(stores, reading.warehouse_version, reading.snapshots)
    # Under names that are not the reading's own nothing that follows from them is kept either.
    return Asked(anew, copy(names_of(reading)), how, _ALWAYS, by_day=False)


def build_full(stores: Stores) -> None:
    """Build all journeys."""
    journeys.build(stores, full=True)


def build_changed(stores: Stores) -> None:
    """Build the journeys of what changed since the last build."""
    journeys.build(stores)


def rules(asked: Asked, models: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Rule-based models at once, with revenue: model -> name, attributed_conversions and attributed_revenue, a row a channel."""
    return rules_credit(asked, models)


def solved(asked: Asked) -> pd.DataFrame:
    """The asked model, its solve included, with revenue: name, attributed_conversions and attributed_revenue, a row a channel."""
    return credit(asked)


def intervals(asked: Asked) -> tuple[Numbers, Numbers]:
    """Bootstrap intervals of the conversions and the revenue of every channel under the asked model."""
    return in_buckets(asked, asked.how.model, CHANNELS).credit().interval()
