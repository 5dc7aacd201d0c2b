"""Intervals hold the truth as often as they say, and noise is not told as a winner."""

import numpy as np
import pandas as pd
import pytest

from pipelines.attribution.bootstrap import (
    BUCKETS,
    REPLICATES,
    Resampled,
    beats,
    bucket_sums,
    cpa_interval,
    resample_credit,
    resample_markov,
    resample_shares,
    tiers,
)
from pipelines.attribution.markov import order1_shares
from pipelines.attribution.model import Numbers
from tests.bench import coverage


def linear_sums(seed: int, means: list[float], measures: int = 1) -> Numbers:
    """Sums by bucket of names that earn so much on average."""
    by_bucket = np.array(means)[:, None] / BUCKETS * np.ones(measures)
    return np.random.default_rng(seed).poisson(by_bucket, (BUCKETS, len(means), measures)).astype(np.float64)


def markov_counts(seed: int, channels: int) -> Numbers:
    """Whole journeys by bucket: each enters, may move on once, and ends."""
    random = np.random.default_rng(seed)
    counts = np.zeros((BUCKETS, channels + 1, channels + 2))
    for bucket, one, two, end in zip(
        random.integers(0, BUCKETS, 5_000), *random.integers(0, channels, (2, 5_000)), random.random(5_000), strict=True
    ):
        counts[bucket, 0, one] += 1
        counts[bucket, one + 1, two] += 1
        counts[bucket, two + 1, channels + int(end > 0.2)] += 1
    return counts


def test_intervals_of_linear_credit_hold_the_truth_in_92_to_98_of_100_data_sets() -> None:
    """Each channel behind which there are 10 conversions or more; rarer ones a little less often."""
    for found in coverage.linear(500, people=20_000, rate=0.03):
        enough = found.conversions >= 10
        assert enough.sum() == 9
        assert ((found.held[enough] >= 0.92) & (found.held[enough] <= 0.98)).all(), found.held
        assert found.held.min() >= 0.88
        assert 0.92 <= found.mean <= 0.98


def test_intervals_of_markov_credit_hold_the_truth_in_92_to_98_of_100_data_sets() -> None:
    found = coverage.markov(500, people=2_000, channels=4)
    assert ((found.held >= 0.92) & (found.held <= 0.98)).all(), found.held


def test_an_interval_is_about_the_number_that_is_shown() -> None:
    sums = linear_sums(1, [400, 50, 3], measures=2)
    resampled = resample_credit(sums)
    low, high = resampled.interval()
    assert resampled.estimate.tolist() == sums.sum(axis=0).tolist()
    assert resampled.replicates.shape == (REPLICATES, 3, 2)
    assert (low < resampled.estimate).all()
    assert (resampled.estimate < high).all()
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * np.sqrt(400), rel=0.15)


def test_as_many_buckets_are_drawn_as_there_are() -> None:
    """So a total to which all buckets add the same does not vary: with Poisson weights it would."""
    low, high = resample_credit(np.full((BUCKETS, 2, 1), 0.5)).interval()
    assert low.ravel().tolist() == high.ravel().tolist() == [BUCKETS / 2] * 2


def test_the_same_sums_give_the_same_intervals() -> None:
    sums = linear_sums(2, [90, 60, 30])
    low, high = resample_credit(sums).interval()
    again_low, again_high = resample_credit(sums.copy()).interval()
    assert low.tolist() == again_low.tolist()
    assert high.tolist() == again_high.tolist()
    shuffled_low, _ = resample_credit(sums[:, ::-1]).interval()
    assert shuffled_low[::-1].tolist() == low.tolist()
    tenfold_low, tenfold_high = resample_credit(sums * 10).interval()
    assert tenfold_low == pytest.approx(low * 10)
    assert tenfold_high == pytest.approx(high * 10)


def test_shares_sum_to_1_in_every_replicate() -> None:
    resampled = resample_shares(linear_sums(3, [90, 60, 5], measures=2))
    assert resampled.estimate.sum(axis=0) == pytest.approx([1, 1])
    assert resampled.replicates.sum(axis=1) == pytest.approx(np.ones((REPLICATES, 2)))
    low, high = resample_shares(linear_sums(3, [90])).interval()
    assert low.tolist() == high.tolist() == [[1.0]]


def test_nothing_has_no_interval() -> None:
    for resampled in (resample_credit(np.zeros((BUCKETS, 2, 1))), resample_shares(np.zeros((BUCKETS, 2, 1)))):
        low, high = resampled.interval()
        assert low.tolist() == high.tolist() == [[0], [0]]


def test_markov_credit_is_the_share_of_the_chain_of_what_there_is() -> None:
    counts = markov_counts(4, 5)
    totals = np.stack([counts[:, :, 5].sum(axis=1), counts[:, :, 5].sum(axis=1) * 20], axis=1)
    resampled = resample_markov(counts, totals)
    share = order1_shares(counts.sum(axis=0)[None])[0]
    assert resampled.estimate == pytest.approx(share[:, None] * totals.sum(axis=0))
    low, high = resampled.interval()
    assert (low < resampled.estimate).all()
    assert (resampled.estimate < high).all()
    assert resampled.replicates[:, :, 1] == pytest.approx(resampled.replicates[:, :, 0] * 20)
    assert resampled.replicates[:, :, 0].sum(axis=1).std() == pytest.approx(np.sqrt(totals[:, 0].sum()), rel=0.15)


def test_cpa_is_spend_by_the_credit() -> None:
    credit = resample_credit(linear_sums(5, [400, 100, 50, 1])).measure(0)
    low, high = cpa_interval(credit, np.array([1000.0, 0.0, np.nan, 100.0]))
    least, most = credit.interval()
    assert low[0] == pytest.approx(1000 / most[0])
    assert high[0] == pytest.approx(1000 / least[0])
    assert low[0] < 1000 / credit.estimate[0] < high[0]
    assert np.isnan([low[1], high[1], low[2], high[2]]).all()
    assert least[3] == 0
    assert low[3] == pytest.approx(100 / most[3])
    assert np.isnan(high[3])


def test_who_beats_whom() -> None:
    probability = beats(resample_credit(linear_sums(6, [400, 380, 40])).measure(0))
    assert probability + probability.T == pytest.approx(np.ones((3, 3)))
    assert np.diag(probability).tolist() == [0.5] * 3
    assert probability[0, 2] == probability[1, 2] == 1
    assert 0.025 < probability[0, 1] < 0.975


def test_names_that_differ_by_noise_share_a_tier() -> None:
    credit = resample_credit(linear_sums(7, [1000, 40, 500, 990, 45])).measure(0)
    assert tiers(credit).tolist() == [1, 3, 2, 1, 3]


def test_tiers_follow_the_order_of_the_numbers() -> None:
    """A name that is too uncertain to be told from the leader joins the tier that is open when its turn comes."""
    replicates = np.column_stack([np.full(100, 10.0), np.full(100, 8.0), np.tile([0.0, 14.0], 50)])
    resampled = Resampled(np.array([10.0, 8.0, 7.0]), replicates, np.zeros(3))
    assert tiers(resampled).tolist() == [1, 2, 2]
    assert tiers(Resampled(np.zeros(0), np.zeros((100, 0)), np.zeros(0))).tolist() == []


def test_equals_are_told_apart_in_one_of_twenty_data_sets() -> None:
    apart = [tiers(resample_credit(linear_sums(seed, [60, 60])).measure(0)).max() == 2 for seed in range(300)]
    assert 0.02 <= np.mean(apart) <= 0.08


def test_bucket_sums() -> None:
    rows = pd.DataFrame(
        {"bucket": [0, 999, 999], "name": ["b", "a", "b"], "conversions": [0.5, 1.0, 2.0], "revenue": [5.0, 1.0, -2.0]}
    )
    sums = bucket_sums(rows, ["a", "b"], ["conversions", "revenue"])
    assert sums.shape == (BUCKETS, 2, 2)
    assert sums[0].tolist() == [[0, 0], [0.5, 5]]
    assert sums[999].tolist() == [[1, 1], [2, -2]]
    assert sums.sum() == pytest.approx(7.5)
    with pytest.raises(ValueError, match="a name that is not asked for"):
        bucket_sums(rows, ["a"], ["conversions"])
