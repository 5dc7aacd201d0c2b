"""How far a number could have come out otherwise: intervals, and which names are not distinguishable, by resampling people.

Invariants: whoever is resampled, is resampled with all journeys and for all names at once, so shares of a replicate sum to 1 and differences
between names keep their correlation; the number of buckets drawn is always the number of buckets (multinomial, not Poisson, whose total
would vary too); the same sums give the same intervals (seeded).

People are hashed into buckets and summed by bucket in the lake; a replicate draws as many buckets as there are, with replacement. Source:
Efron, "Better bootstrap confidence intervals", JASA 82 (1987): percentiles corrected for skewness (BCa), the acceleration from the jackknife
over buckets and the bias correction equal to it, as it is for a sum. In simulations the plain percentiles miss the credit of rare names more
often. People are taken to come at random: with another month they would be others, and not as many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, ndtri

from pipelines.attribution.markov import order1_shares
from pipelines.attribution.model import Numbers

BUCKETS = 1_024
"""Into how many buckets people are hashed."""
REPLICATES = 500
LEVEL = 0.95
SEED = 26


@dataclass(frozen=True)
class Resampled:
    """Numbers, and what they are in each replicate: estimate (...), replicates (replicates, ...), acceleration (...: their skewness)."""

    estimate: Numbers
    replicates: Numbers
    acceleration: Numbers

    def interval(self) -> tuple[Numbers, Numbers]:
        """From where to where each number could have come out at LEVEL: low, high."""
        outside = (1 - LEVEL) / 2
        return self._percentile(ndtri(outside)), self._percentile(ndtri(1 - outside))

    def measure(self, place: int) -> "Resampled":
        """The numbers of one measure: the last axis at this place."""
        return Resampled(self.estimate[..., place], self.replicates[..., place], self.acceleration[..., place])

    def scaled(self, factors: Numbers) -> "Resampled":
        """Each number times a factor of its own that is known and not below zero, such as 1 / spend."""
        return Resampled(self.estimate * factors, self.replicates * factors, self.acceleration)

    def _percentile(self, normal: float) -> Numbers:
        skewed = self.acceleration + normal
        below = ndtr(self.acceleration + skewed / (1 - self.acceleration * skewed))
        count = len(self.replicates)
        place = np.clip(below * (count + 1) - 1, 0, count - 1)
        under = np.floor(place).astype(np.int64)
        ordered = np.sort(self.replicates, axis=0)
        low, high = (
            np.take_along_axis(ordered, places[None], axis=0)[0] for places in (under, np.minimum(under + 1, count - 1))
        )
        return low + (place - under) * (high - low)


def bucket_sums(rows: pd.DataFrame, names: Sequence[str], measures: Sequence[str]) -> Numbers:
    """Sums by bucket as an array (BUCKETS, names, measures), 0 where there is no row.

    rows: `bucket` (0 to BUCKETS - 1), `name`, and the measures. Raises ValueError for a name that is none of these.
    """
    name = pd.Index(names).get_indexer(rows["name"])
    if (name < 0).any():
        raise ValueError("A row of a bucket has a name that is not asked for.")
    place = rows["bucket"].to_numpy(dtype=np.int64) * len(names) + name
    sums = np.zeros((BUCKETS * len(names), len(measures)))
    np.add.at(sums, place, rows[list(measures)].to_numpy(dtype=np.float64))
    return sums.reshape(BUCKETS, len(names), len(measures))


def resample_credit(sums: Numbers) -> Resampled:
    """Credit of an additive model (every rule and Shapley), (names, measures), from its sums by bucket (buckets, names, measures)."""
    return Resampled(sums.sum(axis=0), _drawn(sums), _acceleration(sums - sums.mean(axis=0)))


def resample_shares(sums: Numbers) -> Resampled:
    """Shares of the credit of all names, (names, measures), from the same sums; 0 where there is no credit."""
    total = sums.sum(axis=0)
    shares = _shares(total[None])[0]
    return Resampled(shares, _shares(_drawn(sums)), _acceleration(sums - shares * sums.sum(axis=1, keepdims=True)))


def resample_markov(counts: Numbers, totals: Numbers) -> Resampled:
    """Credit in a Markov chain of order 1, (channels, measures): the share of the replicate's chain x the replicate's total.

    counts: (buckets, channels + 1, channels + 2), see markov.transition_counts. totals: (buckets, measures), what there is to share out,
    such as attributed conversions and revenue.
    """

    def credit(transitions: Numbers, amounts: Numbers) -> Numbers:
        return order1_shares(transitions)[:, :, None] * amounts[:, None, :]

    counted, amount = counts.sum(axis=0), totals.sum(axis=0)
    without = credit(counted - counts, amount - totals)
    return Resampled(
        credit(counted[None], amount[None])[0],
        credit(_drawn(counts), _drawn(totals)),
        _acceleration(without.mean(axis=0) - without),
    )


def cpa_interval(credit: Resampled, spend: Numbers) -> tuple[Numbers, Numbers]:
    """CPA of each name given its spend: low, high. Null without spend; high is null where no conversion at all is within the credit's interval.

    credit: attributed conversions, (names).
    """
    paid = np.where(spend > 0, spend, np.nan)
    low, high = credit.scaled(1 / paid).interval()
    return _inverse(high), _inverse(low)


def beats(resampled: Resampled) -> Numbers:
    """How probable it is that the number of one name is above another's, (names, names): the share of replicates, ties as half."""
    values = resampled.replicates
    above = np.empty((values.shape[1], values.shape[1]))
    for name, of_name in enumerate(values.T):
        above[name] = (of_name[:, None] > values).mean(axis=0)
    return np.asarray(0.5 * (1 + above - above.T))


def tiers(resampled: Resampled) -> npt.NDArray[np.int64]:
    """The tier of each name, 1 for the best: down the order of the numbers, a name that is distinguishable from its tier's leader opens a tier.

    Distinguishable: the interval of their difference at LEVEL, by plain percentiles, is above zero. Each pair is judged by itself: among
    very many names some stand apart by chance.
    """
    probability, needed = beats(resampled), 1 - (1 - LEVEL) / 2
    found = np.empty(len(resampled.estimate), dtype=np.int64)
    leader, tier = -1, 0
    for name in np.argsort(-resampled.estimate, kind="stable").tolist():
        if tier == 0 or probability[leader, name] >= needed:
            leader, tier = name, tier + 1
        found[name] = tier
    return found


@lru_cache(maxsize=4)
def _draws(buckets: int) -> Numbers:
    """How often each bucket is drawn in each replicate: (REPLICATES, buckets)."""
    random = np.random.default_rng(SEED)
    draws = random.multinomial(buckets, np.full(buckets, 1 / buckets), size=REPLICATES).astype(np.float64)
    draws.setflags(write=False)
    return draws


def _drawn(sums: Numbers) -> Numbers:
    """Totals of each replicate: (REPLICATES, ...) of (buckets, ...)."""
    return (_draws(len(sums)) @ sums.reshape(len(sums), -1)).reshape(REPLICATES, *sums.shape[1:])


def _acceleration(influence: Numbers) -> Numbers:
    """A sixth of the skewness of what each bucket adds, (buckets, ...); 0 where no bucket adds anything."""
    spread = (influence**2).sum(axis=0)
    return np.asarray((influence**3).sum(axis=0) / (6 * np.where(spread > 0, spread, 1.0) ** 1.5))


def _shares(credit: Numbers) -> Numbers:
    total = credit.sum(axis=1, keepdims=True)
    return np.divide(credit, total, out=np.zeros_like(credit), where=total != 0)


def _inverse(values: Numbers) -> Numbers:
    return np.divide(1.0, values, out=np.full_like(values, np.nan), where=values > 0)
