"""A million journeys, of which a tenth or all convert: the engine against its peers, on the same journeys in one run."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from pipelines.attribution.bootstrap import REPLICATES
from pipelines.stores.base import Stores
from tests.bench.engine import ours, rivals
from tests.bench.engine.figures import Figure, once, seconds
from tests.bench.engine.homes import empty_home, load, opened
from tests.bench.engine.made import make
from tests.bench.engine.ours import FIVE, LONGEST_DAYS, RULES, ask

JOURNEYS = 1_000_000
WINDOWS = (7.0, 30.0, LONGEST_DAYS)
"""Look-back windows, of which the slowest is told."""

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
        _agree(stores, pd.DataFrame(peers["heuristic_models, revenue"].answer))
        five, every = (
            max(seconds(partial(ours.rules, ask(stores, days), models)) for days in WINDOWS) for models in (FIVE, RULES)
        )
        yield Figure(f"five rule models / heuristic_models, {of}", five, peer["heuristic_models"], five_bar)
        yield Figure(f"five rule models / heuristic_models with revenue, {of}", five, peer["heuristic_models, revenue"])
        yield Figure(f"{len(RULES)} rule models / heuristic_models, {of}", every, peer["heuristic_models"], every_bar)
        chain, longer, values = (
            max(seconds(partial(ours.solved, ask(stores, days, model, **parameters))) for days in WINDOWS)
            for model, parameters in (("markov", {"order": 1}), ("markov", {"order": 2}), ("shapley", {}))
        )
        yield Figure(f"Markov / markov_model, {of}", chain, peer["markov_model"], 0.06)
        yield Figure(f"Markov / markov_model on aggregated paths, {of}", chain, peer["markov_model, aggregated"], 1)
        yield Figure(f"Markov order 2 / markov_model order 2, {of}", longer, peer["markov_model, order 2"], 0.15)
        yield Figure(f"Shapley / run_shapley, {of}", values, peer["shapley"], 0.04)
        plain, rule, chains = (
            seconds(partial(work, ask(stores, LONGEST_DAYS, model)))
            for work, model in ((ours.solved, "linear"), (ours.intervals, "linear"), (ours.intervals, "markov"))
        )
        yield Figure(f"{REPLICATES} replicates of linear / linear alone, {of}", rule, plain, 2)
        yield Figure(f"{REPLICATES} replicates of Markov, {of}", chains, bar=2)


def _agree(stores: Stores, heuristics: pd.DataFrame) -> None:
    """Raises AssertionError where the two sides do not give the same to each channel: then they did not do the same work."""
    for model, peers in (("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")):
        credit = ours.rules(ask(stores, LONGEST_DAYS), [model])[model].set_index("name")
        for column, theirs in (("attributed_conversions", "conversions"), ("attributed_revenue", "value")):
            expected = heuristics[f"{peers}_{theirs}"]
            pd.testing.assert_series_equal(credit[column], expected, check_like=True, check_names=False, rtol=1e-9)
