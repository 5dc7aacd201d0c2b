"""How often a 95 % interval holds the truth, in made-up worlds whose truth is known: `python -m tests.bench.coverage`. Figures, not a test.

Linear credit: people convert at random, their touches are drawn by fixed probabilities, so a channel's true credit is its probability times the
conversions expected. Markov: journeys walk a chain whose transitions are known, so its shares follow without a draw.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.attribution.bootstrap import BUCKETS, Resampled, resample_credit, resample_markov, resample_shares
from pipelines.attribution.markov import order1_shares
from pipelines.attribution.model import Numbers

POPULARITY = np.array([0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01])
"""How probable each channel is at a touch."""
LONGEST = 8


@dataclass(frozen=True)
class Coverage:
    """In what part of the data sets the interval of each number held the truth, and how many conversions stand behind the number."""

    held: Numbers
    conversions: Numbers

    @property
    def mean(self) -> float:
        return float(self.held.mean())


def linear(datasets: int, people: int, rate: float) -> tuple[Coverage, Coverage]:
    """Coverage of linear credit and of its shares. rate: how many people convert."""
    truth = people * rate * POPULARITY
    credit, share = [], []
    for seed in range(datasets):
        random = np.random.default_rng(seed)
        converting = random.binomial(people, rate)
        touches = np.minimum(random.geometric(1 / 2.7, converting), LONGEST)[:, None]
        weights = (np.arange(LONGEST) < touches) / touches
        channels = random.choice(len(POPULARITY), (converting, LONGEST), p=POPULARITY)
        place = random.integers(0, BUCKETS, converting)[:, None] * len(POPULARITY) + channels
        summed = np.bincount(place.ravel(), weights=weights.ravel(), minlength=BUCKETS * len(POPULARITY))
        sums = summed.astype(np.float64).reshape(BUCKETS, -1, 1)
        credit.append(_holds(resample_credit(sums), truth))
        share.append(_holds(resample_shares(sums), POPULARITY))
    return Coverage(np.mean(credit, axis=0), truth), Coverage(np.mean(share, axis=0), truth)


def markov(datasets: int, people: int, channels: int) -> Coverage:
    """Coverage of the credit in a Markov chain of order 1."""
    chain = _chain(np.random.default_rng(5), channels)
    steps, inside = chain.cumsum(axis=1), chain[1:, :channels]
    conversion = chain[0, :channels] @ np.linalg.solve(np.eye(channels) - inside, chain[1:, channels])
    truth = order1_shares(chain[None])[0] * people * conversion
    held = []
    for seed in range(datasets):
        counts = _walk(np.random.default_rng(seed), steps, people)
        held.append(_holds(resample_markov(counts, counts[:, :, channels].sum(axis=1)[:, None]), truth))
    return Coverage(np.mean(held, axis=0), truth)


def _holds(resampled: Resampled, truth: Numbers) -> Numbers:
    low, high = resampled.measure(0).interval()
    return np.asarray((low <= truth) & (truth <= high), dtype=np.float64)


def _chain(random: np.random.Generator, channels: int) -> Numbers:
    """Transition probabilities, laid out as the counts of order 1; a touch converts in 1 to 9 of 100 cases."""
    chain = np.zeros((channels + 1, channels + 2))
    chain[0, :channels] = random.dirichlet(np.full(channels, 2.0))
    for row in chain[1:]:
        goes_on = random.uniform(0.4, 0.7)
        converts = (1 - goes_on) * random.uniform(0.02, 0.15)
        row[:channels] = goes_on * random.dirichlet(np.full(channels, 2.0))
        row[channels:] = converts, 1 - goes_on - converts
    return chain


def _walk(random: np.random.Generator, steps: Numbers, people: int) -> Numbers:
    """Transitions by bucket of a journey for each person. steps: the chain's probabilities, summed up along each row."""
    rows, columns = steps.shape
    counts = np.zeros(BUCKETS * rows * columns)
    bucket, state = random.integers(0, BUCKETS, people), np.zeros(people, dtype=np.int64)
    while len(state):
        target = np.minimum((random.random(len(state))[:, None] > steps[state]).sum(axis=1), columns - 1)
        counts += np.bincount((bucket * rows + state) * columns + target, minlength=len(counts))
        walks = target < rows - 1
        bucket, state = bucket[walks], target[walks] + 1
    return counts.reshape(BUCKETS, rows, columns)


def report() -> str:
    """The figures as text."""
    lines = []
    for people, rate in ((200_000, 0.05), (20_000, 0.03), (6_000, 0.03)):
        for what, found in zip(("credit", "share"), linear(500, people, rate), strict=True):
            lines += _told(f"linear {what}, {people * rate:,.0f} conversions", found)
    for people in (40_000, 4_000):
        found = markov(500, people, 6)
        lines += _told(f"Markov credit, {found.conversions.sum():,.0f} conversions", found)
    return "\n".join(lines)


def _told(what: str, found: Coverage) -> list[str]:
    by_name = ", ".join(
        f"{held:.1%} ({conversions:.0f})" for held, conversions in zip(found.held, found.conversions, strict=True)
    )
    return [f"{what}: {found.mean:.1%}", f"  by channel (conversions behind it): {by_name}"]


if __name__ == "__main__":
    print(report())
