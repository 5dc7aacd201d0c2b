"""Credit by bucket of people, as the bootstrap resamples it, under each model that can be summed or solved by bucket.

Invariant: summed over the buckets, credit is what the engine gives, name by name (revenue: where it is all in the asked currency).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipelines.attribution.asked import Asked
from pipelines.attribution.bootstrap import (
    BUCKETS,
    Resampled,
    bucket_sums,
    resample_credit,
    resample_markov,
    resample_shares,
)
from pipelines.attribution.engine import (
    STAND_IN,
    SUMS,
    parameters_of,
    rule_parameters,
    rule_slots,
)
from pipelines.attribution.markov import transition_counts
from pipelines.attribution.model import Numbers
from pipelines.attribution.named import called, named_sets, needs_names, transitions
from pipelines.attribution.registry import MODELS
from pipelines.errors import CannotCarry

MOST_IN_CHAIN = 60
"""Names beyond which a chain for every bucket takes more memory than it is worth."""
REST = "\x00rest"
"""What stands for all names that are not asked for: no name has such a character."""


@dataclass(frozen=True)
class Bucketed:
    """Sums by bucket: (buckets, names and the rest, conversions and revenue), and how many names were asked for.

    in_one_currency: whether all revenue is in the asked currency, so that its sums mean something. transitions: of a chain, by bucket.
    """

    sums: Numbers
    names: int
    in_one_currency: bool
    transitions: Numbers | None = None

    def credit(self) -> Resampled:
        """Conversions and revenue of the names asked for: (names, 2)."""
        if self.transitions is None:
            return self._asked_for(resample_credit(self.sums))
        return self._asked_for(resample_markov(self.transitions, self.sums.sum(axis=1)))

    def shares(self) -> Resampled:
        """The same as shares of all credit; of a chain both measures have the same."""
        if self.transitions is None:
            return self._asked_for(resample_shares(self.sums))
        # As many buckets are drawn as there are: a total of 1 stays 1.
        return self._asked_for(resample_markov(self.transitions, np.full((BUCKETS, 2), 1 / BUCKETS)))

    def _asked_for(self, all_: Resampled) -> Resampled:
        names = self.names
        return Resampled(all_.estimate[:names], all_.replicates[:, :names], all_.acceleration[:names])


def in_buckets(asked: Asked, model: str, names: Sequence[str]) -> Bucketed:
    """Credit by bucket of these names (as people know them, UNNAMED for none). Raises CannotCarry for a model that has none by bucket."""
    kind = MODELS[model].kind
    if kind == "chain":
        return _chain(asked, model, names)
    if kind == "hybrid":
        raise CannotCarry("which of its two yardsticks a journey is held against changes with whom one draws.")
    if kind == "set" and asked.how.options.by_touch_date and MODELS[model].additive:
        kind = "ordered"
    return _summed(_BY_BUCKET[kind](asked, model), asked, names)


def _rule(asked: Asked, model: str) -> pd.DataFrame:
    rows = asked.lake("credit_by_bucket", rule_slots(asked, [model], {}, "bucket"), rule_parameters(asked, [model], {}))
    rows = rows.rename(columns={f"{name}_{model}": name for name in SUMS})
    return rows.assign(name=called(asked, rows["name"]))


def _ordered(asked: Asked, _: str) -> pd.DataFrame:
    rows = asked.lake("shares", asked.slots("bucket", anew=True), asked.parameters())
    return rows.assign(name=called(asked, rows["name"]))


def _set(asked: Asked, model: str) -> pd.DataFrame:
    rows = asked.lake("name_sets", asked.slots("bucket", anew=needs_names(asked)), asked.parameters())
    rows = rows.assign(name=named_sets(asked, rows["name_set"]))
    parts = rows["name"].map(len) if MODELS[model].additive else 1
    measured = {name: rows[name.removeprefix("attributed_")].astype(float) / parts for name in SUMS}
    return rows[["slice", "name", "currency"]].assign(**measured).explode("name")


def _chain(asked: Asked, model: str, names: Sequence[str]) -> Bucketed:
    order = int(parameters_of(asked, model)["order"])
    if order > 1:
        raise CannotCarry(
            "a chain that remembers more than one step is too large to be solved for every draw; order 1 has them."
        )
    grams = transitions(asked, "bucket", order).grams
    known = [*names, *sorted(set(grams["touch_1"]) - set(names))]
    if len(known) > MOST_IN_CHAIN:
        raise CannotCarry(
            f"a chain of {len(known):,} names is too large to be solved for every draw; {MOST_IN_CHAIN} are not."
        )
    summed = _summed(_rule(asked, STAND_IN), asked, ())
    return replace(summed, names=len(names), transitions=transition_counts(grams, known, BUCKETS))


def _summed(rows: pd.DataFrame, asked: Asked, names: Sequence[str]) -> Bucketed:
    rows = rows.assign(bucket=rows["slice"], name=rows["name"].where(rows["name"].isin(names), REST))
    in_one = set(rows["currency"].dropna().unique()) <= {asked.how.currency}
    return Bucketed(bucket_sums(rows, [*names, REST], SUMS), len(names), in_one)


_BY_BUCKET: dict[str, Callable[[Asked, str], pd.DataFrame]] = {"rule": _rule, "set": _set, "ordered": _ordered}
"""Kind of a model -> its credit by bucket (slice), name and currency."""
