"""What a model's numbers must be read with: stand-ins, splits, what may not be summed, milestones that are not there."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from pipelines.questions import Answer, ask
from pipelines.stores.base import Stores
from tests.sql.events import Conversion, Touch, at, fill

DAY = at("2026-03-10")


@pytest.fixture(scope="module")
def filled(bench: Stores) -> Stores:
    """Thirty people by Search then Mail, three of whom by way of a rare channel."""
    touches, conversions = [], []
    for number in range(30):
        person = f"p{number}"
        touches.append(Touch(f"{person}a", DAY - timedelta(days=2), person, "Search"))
        touches.append(Touch(f"{person}b", DAY - timedelta(days=1), person, "Rare" if number < 3 else "Mail"))
        conversions.append(Conversion(f"c{number}", DAY, person, revenue=Decimal(10)))
    fill(bench, touches, conversions)
    return bench


def credit(stores: Stores, **parameters: Any) -> Answer:
    return ask(stores, "channel_credit", parameters)


def test_the_split_of_the_hybrid_is_told(filled: Stores) -> None:
    answer = credit(filled, model="hybrid", minimum_journeys=10)
    assert answer.facts["split"] == {"data_driven": pytest.approx(27), "rule_based": pytest.approx(3), "rare": 1}
    assert answer.facts["said"] == [
        "Hybrid: only 27 conversions carry this model: under 100 its shares say little.",
        "Hybrid: 27 conversions by the Markov chain, 3 by the rule (position-based): 1 of 3 names stand in fewer than 10 journeys.",
    ]
    assert set(answer.facts["said"]) <= set(answer.warnings)


def test_participation_is_never_summed_and_has_no_price(filled: Stores) -> None:
    answer = credit(filled, model="participation")
    assert answer.rows.set_index("channel")["share"].to_dict() == pytest.approx(
        {"Search": 1.0, "Mail": 0.9, "Rare": 0.1}
    )
    assert "may exceed 100 %" in answer.facts["said"][0]
    spend = ask(filled, "spend_and_cpa", {"model": "participation"})
    assert spend.rows[["cpa", "roas", "roi"]].isna().all().all()
    assert spend.facts["totals"]["paid_cpa"] is None
    assert spend.facts["totals"]["paid_roas"] is None
    assert "no paid CPA" in spend.warnings[0]
    overview = ask(filled, "overview", {"model": "participation"})
    assert pd.isna(overview.rows.set_index("metric").loc["paid_cpa", "value"])
    assert "no paid CPA" in overview.warnings[0]


@pytest.mark.parametrize("model", ["linear", "position_based", "shapley", "custom"])
def test_of_a_model_that_fits_nothing_is_said(filled: Stores, model: str) -> None:
    assert credit(filled, model=model).facts["said"] == []


def test_milestones_that_are_not_there_are_missed(filled: Stores) -> None:
    [said] = credit(filled, model="w_shaped").facts["said"]
    assert "marked as a lead, so" in said
    [said] = credit(filled, model="full_path").facts["said"]
    assert "marked as a lead or an opportunity, so" in said


def test_a_model_that_cannot_be_told_says_what_stands_in(stores: Stores) -> None:
    fill(stores, [Touch("t", DAY, "p", "Search")], [Conversion("r", DAY, "p", revenue=Decimal(-5))])
    answer = credit(stores, model="markov")
    assert answer.facts["stands_in"]["model"] == "linear"
    assert answer.facts["said"][0].startswith("Markov chain cannot be told: ")
    assert answer.facts["said"][0] in answer.warnings


def test_credit_on_the_day_of_the_touch_says_that_it_does_not_sum_to_the_days(filled: Stores) -> None:
    [said] = credit(filled, model="linear", by_touch_date="yes").facts["said"]
    assert "does not sum to the period's conversions" in said
    assert len(credit(filled, model="participation", by_touch_date="yes").facts["said"]) == 3
