"""Ratios without a denominator, and money in other currencies."""

import math
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.metrics import Rates, change, ratio, with_results

RATES = [
    ("2026-03-01", "USD", "EUR", 0.90),
    ("2026-03-05", "USD", "EUR", 0.80),
    ("2026-03-03", "GBP", "USD", 1.25),
]
money = st.integers(-(10**8), 10**8).map(lambda cents: cents / 100)
counts = st.integers(0, 10**7).map(lambda thousandths: thousandths / 1000)


def rates(rows: list[tuple[str, str, str, float]] = RATES) -> Rates:
    return Rates(pd.DataFrame(rows, columns=["date", "base", "quote", "rate"]))


def at(base: str, quote: str, *days: str) -> list[float]:
    found: list[float] = rates().at(base, quote, pd.Series(days, dtype=object)).tolist()
    return found


@pytest.mark.parametrize(("top", "bottom"), [(1.0, 0.0), (0.0, 0.0), (None, 1.0), (1.0, None), (float("nan"), 1.0)])
def test_a_ratio_without_a_denominator_is_unknown(top: float | None, bottom: float | None) -> None:
    assert ratio(top, bottom) is None


def test_a_change_is_relative_to_the_size_of_what_was() -> None:
    assert change(15.0, 10.0) == pytest.approx(0.5)
    assert change(-5.0, -10.0) == pytest.approx(0.5)
    assert change(5.0, 0.0) is None
    assert change(None, 1.0) is None
    assert change(1.0, None) is None


@given(st.lists(st.tuples(money, counts, money), min_size=1, max_size=20))
def test_cpa_roas_and_roi_give_back_what_they_were_made_of(rows: list[tuple[float, float, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["spend", "attributed_conversions", "attributed_revenue"])
    found = with_results(frame)
    paid = found["spend"] > 0
    assert found.loc[~paid, ["cpa", "roas", "roi"]].isna().all(axis=None)
    earned = paid & (found["attributed_conversions"] > 0)
    assert (found["cpa"].notna() == earned).all()
    back = found.loc[earned, "cpa"] * found.loc[earned, "attributed_conversions"]
    assert back.tolist() == pytest.approx(found.loc[earned, "spend"].tolist())
    assert found.loc[paid, "roi"].tolist() == pytest.approx((found.loc[paid, "roas"] - 1).tolist(), abs=1e-6, rel=1e-6)


def test_a_rate_holds_until_the_next_one_and_not_before_the_first() -> None:
    found = at("USD", "EUR", "2026-02-28", "2026-03-01", "2026-03-04", "2026-03-05", "2027-01-01")
    assert pd.isna(found[0])
    assert found[1:] == [0.90, 0.90, 0.80, 0.80]


def test_a_rate_may_be_turned_round_or_lead_over_a_third_currency() -> None:
    assert at("EUR", "USD", "2026-03-05") == [pytest.approx(1 / 0.80)]
    assert at("GBP", "EUR", "2026-03-04", "2026-03-05") == [pytest.approx(1.25 * 0.90), pytest.approx(1.25 * 0.80)]
    assert pd.isna(at("GBP", "EUR", "2026-03-02")[0])
    assert pd.isna(at("CHF", "EUR", "2026-03-05")[0])
    assert at("CHF", "CHF", "2026-03-05") == [1.0]


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.01, 100)), min_size=1, max_size=8), st.integers(0, 40))
def test_there_and_back_is_one(known: list[tuple[int, float]], day: int) -> None:
    first = date(2026, 1, 1)
    unique = {(first + timedelta(days=offset)).isoformat(): rate for offset, rate in known}
    made = rates([(when, "AAA", "BBB", rate) for when, rate in unique.items()])
    days = pd.Series([(first + timedelta(days=day)).isoformat()])
    there, back = made.at("AAA", "BBB", days), made.at("BBB", "AAA", days)
    assert (there * back).dropna().tolist() == pytest.approx([1.0] * int(there.notna().sum()))
    assert bool(there.isna().item()) == (day < min(offset for offset, _ in known))


def test_amounts_without_a_rate_are_left_out_and_counted() -> None:
    rows = pd.DataFrame(
        {
            "day": ["2026-03-01", "2026-03-05", "2026-03-05", "2026-03-06", "2026-03-07"],
            "currency": ["USD", "USD", "EUR", "CHF", "CHF"],
            "spend": [100.0, 100.0, 7.0, 50.0, 25.5],
        }
    )
    converted, warnings = rates().convert(rows, "spend", "EUR")
    assert converted["spend"].tolist() == pytest.approx([90.0, 80.0, 7.0, math.nan, math.nan], nan_ok=True)
    assert warnings == [
        "75.50 CHF of spend on 2 days is left out: no rate from CHF to EUR is known for then. Upload fx_rates to include it."
    ]
    assert rows["spend"].tolist() == [100.0, 100.0, 7.0, 50.0, 25.5]
