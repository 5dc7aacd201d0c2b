"""A million journeys, of which a tenth or all convert: the engine against its peers, on the same journeys in one run."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from pipelines.stores.base import Stores
from tests.bench.engine import ours, rivals
from tests.bench.engine.figures import Figure, once, seconds
from tests.bench.engine.homes import empty_home, load, opened
from tests.bench.engine.made import make
from tests.bench.engine.ours import LONGEST_DAYS

JOURNEYS = 1_000_000
WINDOWS = (7.0, 30.0, LONGEST_DAYS)
"""Look-back windows, of which the slowest is told."""

REPLICATES = 500
RULE_BARS = {0.1: (0.04, 0.1), 1.0: (0.16, 0.4)}
"""Share of journeys that convert -> how long five and all rule models may take, against the peer's three."""


def measure() -> Iterator[Figure]:
    """Every figure, as soon as it is taken."""
    for share, bars in RULE_BARS.items():
        yield from _of_share(share, *bars)


def _of_share(share: float, five_bar: float, every_bar: float) -> Iterator[Figure]:
    made = make(JOURNEYS, share)
    peers = rivals.run(made)
    peer = {name: rival.seconds for name, rival in peers.items()}
    of = f"{share:.0%} convert"
    with empty_home() as home, opened(home) as stores:
        load(stores, made.touchpoints, made.conversions)
        yield Figure(f"build of {JOURNEYS:,} journeys, {of}", once(partial(ours.build_full, stores)))
        _agree(ours.five_rules(stores, LONGEST_DAYS), pd.DataFrame(peers["heuristic_models, revenue"].answer))
        five = max(seconds(partial(ours.five_rules, stores, days)) for days in WINDOWS)
        every = max(seconds(partial(ours.all_rules, stores, days)) for days in WINDOWS)
        yield Figure(f"five rule models / heuristic_models, {of}", five, peer["heuristic_models"], five_bar)
        yield Figure(f"five rule models / heuristic_models with revenue, {of}", five, peer["heuristic_models, revenue"])
        yield Figure(f"all rule models / heuristic_models, {of}", every, peer["heuristic_models"], every_bar)
        first = seconds(partial(ours.markov, stores, LONGEST_DAYS, 1))
        second = seconds(partial(ours.markov, stores, LONGEST_DAYS, 2))
        yield Figure(f"Markov / markov_model, {of}", first, peer["markov_model"], 0.06)
        yield Figure(f"Markov / markov_model on aggregated paths, {of}", first, peer["markov_model, aggregated"], 1)
        yield Figure(f"Markov order 2 / markov_model, order 2, {of}", second, peer["markov_model, order 2"], 0.15)
        values = seconds(partial(ours.shapley, stores, LONGEST_DAYS))
        yield Figure(f"Shapley / run_shapley, {of}", values, peer["shapley"], 0.04)
        yield from _intervals(stores, of)


def _intervals(stores: Stores, of: str) -> Iterator[Figure]:
    plain = seconds(partial(ours.one_rule, stores, LONGEST_DAYS))
    rule = seconds(partial(ours.intervals_rule, stores, LONGEST_DAYS, REPLICATES))
    chain = seconds(partial(ours.intervals_markov, stores, LONGEST_DAYS, REPLICATES))
    yield Figure(f"{REPLICATES} replicates of linear / linear alone, {of}", rule, plain, 2)
    yield Figure(f"{REPLICATES} replicates of Markov, {of}", chain, bar=2)


def _agree(credit: ours.Credit, heuristics: pd.DataFrame) -> None:
    """The three models that both sides have must give the same: else they did not do the same work. Raises AssertionError."""
    for model, peers in (("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")):
        for column, theirs in (("attributed_conversions", "conversions"), ("attributed_revenue", "value")):
            expected = heuristics[f"{peers}_{theirs}"].rename(column)
            pd.testing.assert_series_equal(
                credit[model][column], expected, check_like=True, check_names=False, rtol=1e-9
            )
