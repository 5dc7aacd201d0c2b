"""Shapley values of channels, exactly and without walking through the coalitions, and their split by position in the journey.

Invariants: a conversion is shared out whole (efficiency); channels that appear in the same journeys earn the same (symmetry); a channel that
is in no converting journey earns nothing (dummy); the ordered split adds up, channel by channel, to the value without order.

Source: Zhao, Mahboobi, Bagheri, "Shapley Value Methods for Attribution Modeling in Online Advertising" (2018), arXiv:1804.05327. Where a
coalition S is worth the conversions of the journeys whose channels all lie in S, a channel's Shapley value is its even part of each of its
journeys: the sum over journeys with it of conversions / number of distinct channels. The ordered value keeps that part at the positions at
which the channel stands, evenly where it stands at several.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from pipelines.attribution.model import Numbers


def shapley_values(sets: pd.DataFrame) -> pd.DataFrame:
    """What each channel earns: channel, conversions, revenue, by name.

    sets, a row for every kind of converting journey: `channels` (its distinct channels, in any collection), `conversions`, `revenue` (sums;
    refunds lower the revenue). A row without channels is no journey and earns nobody anything.
    """
    journeys: list[Iterable[str]] = sets["channels"].tolist()
    distinct = [frozenset(channels) for channels in journeys]
    sizes = np.fromiter(map(len, distinct), dtype=np.int64, count=len(distinct))
    places, names = pd.factorize(np.array(list(chain.from_iterable(distinct)), dtype=object), sort=True)
    earned = {
        measure: np.bincount(places, np.repeat(sets[measure].to_numpy(np.float64) / np.maximum(sizes, 1), sizes))
        for measure in ("conversions", "revenue")
    }
    return pd.DataFrame({"channel": names, **earned})


def ordered_weights(path: Sequence[str]) -> Numbers:
    """The weight of each touch of a journey, oldest first: 1 / (touches of its channel in the journey).

    The weights of a channel sum to 1 and those of the journey to its number of distinct channels d, so that a touch earns
    1 / (d x touches of its channel) of the conversion.
    """
    _, place, times = np.unique(np.array(path, dtype=object), return_inverse=True, return_counts=True)
    return np.asarray(1.0 / times[place])
