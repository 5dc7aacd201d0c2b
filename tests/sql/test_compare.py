"""Models side by side, intervals and parity: held against single answers, against resampling people one by one, and against broken models."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pipelines.attribution import MODELS, engine
from pipelines.attribution.markov import Removal, removal_effects
from pipelines.attribution.rules import DAY_MS
from pipelines.questions import QUESTIONS, ask, parity
from pipelines.questions.compare import IN_WINDOWS, windows
from pipelines.questions.question import Found
from pipelines.stores.base import Memory, Stores
from tests.sql import events
from tests.sql.events import Conversion, Touch, at
from tests.sql.worlds import worlds

SUMS = ["attributed_conversions", "attributed_revenue"]
ADDITIVE = [key for key, model in MODELS.items() if model.additive]
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "a short window": {"lookback_days": 1.5},
    "direct excluded": {"direct": "exclude"},
    "direct redistributed": {"direct": "redistribute"},
    "repeats collapsed": {"collapse": True},
    "journeys that restart": {"restart": True},
    "first conversions": {"first_conversion": True},
    "by the day of the touch": {"by_touch_date": True, "start": "2026-03-03", "end": "2026-03-06"},
    "a channel left out": {"excluded_channels": ["Search"]},
    "a chain of two steps": {"model": "markov", "order": 2},
}

few = settings(
    deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


def asked(stores: Stores, question: str, **given_: Any) -> Found:
    """What a question's own function finds: no kept answer, and nothing kept in memory."""
    fresh = replace(stores, memory=Memory())
    return QUESTIONS[question].answer(fresh.read(), QUESTIONS[question].complete(given_, fresh.settings))


def crowd(people: int, popularity: dict[str, float], touches: int = 3, revenue: str | None = "50") -> Any:
    """People who each met some channels, drawn by popularity, and then converted."""
    draw, start = random.Random(7), at("2026-03-01")
    met: list[list[str]] = [
        draw.choices(list(popularity), list(popularity.values()), k=draw.randint(1, touches)) for _ in range(people)
    ]
    contacts = [
        Touch(f"t{person}.{place}", start + timedelta(hours=person % 90 + place), f"p{person}", channel)
        for person, channels in enumerate(met)
        for place, channel in enumerate(channels)
    ]
    money = Decimal(revenue) if revenue else None
    converted = [
        Conversion(f"c{person}", start + timedelta(hours=person % 90 + 9), f"p{person}", "purchase", money)
        for person in range(people)
    ]
    return met, contacts, converted


@pytest.mark.parametrize("by", ["channel", "campaign"])
def test_each_model_says_what_it_says_alone(branded: Stores, by: str) -> None:
    """Names that are merged by aliases and money of several currencies included."""
    rows = asked(branded, "model_comparison", by=by).rows
    assert set(rows["model"]) == set(MODELS)
    last = ask(branded, "channel_credit", {"by": by, "model": "last_touch"}).rows
    before = last.set_index(last[by].fillna("-"))["attributed_conversions"]
    for model, own in rows.groupby("model"):
        alone = ask(branded, "channel_credit", {"by": by, "model": model}).rows
        alone = alone.set_index(alone[by].fillna("-"))
        own = own.set_index(own[by].fillna("-"))
        for column in (*SUMS, "share"):
            assert own[column].to_dict() == near(alone[column].reindex(own.index, fill_value=0.0).to_dict())
        values = own["attributed_conversions"]
        assert own["rank"].tolist() == [1 + (values > value + 1e-8).sum() for value in values]
        difference = values - before.reindex(values.index, fill_value=0.0)
        assert own["difference_to_last_touch"].to_dict() == near(difference.to_dict())
        assert own["additive"].unique().tolist() == [model != "participation"]
    assert (rows.loc[rows["model"] == "last_touch", "rank_change"] == 0).all()
    ranks = rows.pivot(index=by, columns="model", values="rank")
    flips = rows.pivot(index=by, columns="model", values="rank_change")
    assert (flips.sub(ranks["last_touch"], axis=0) == -ranks).all().all()


def test_credit_and_what_is_unattributed_are_all_conversions(branded: Stores) -> None:
    facts = asked(branded, "model_comparison").facts
    assert set(facts["off"]) == set(ADDITIVE)
    assert facts["reconciled"]
    told = ask(branded, "unattributed").facts
    assert (facts["conversions"], facts["unattributed_conversions"]) == (
        told["conversions"],
        told["unattributed_conversions"],
    )


def test_a_model_that_nothing_carries_says_who_stands_in(bench: Stores) -> None:
    """Of a refund alone no chain can be made: it is no conversion."""
    refund = Conversion("c", at("2026-03-02"), "ann", revenue=Decimal("-5"))
    events.fill(bench, [Touch("t", at("2026-03-01"), "ann", "Search")], [refund])
    found = asked(bench, "model_comparison")
    assert set(found.facts["stands_in"]) == {"markov", "hybrid"}
    assert any("Linear stands in" in warning for warning in found.warnings)
    compared = asked(bench, "parity").rows.set_index("model")
    assert compared.loc[["markov", "hybrid"], "agrees"].isna().all()
    assert compared["note"].notna().sum() == 2


def test_windows_are_the_models_at_each_window(branded: Stores) -> None:
    found = asked(branded, "model_windows", name="Email", measure="revenue")
    assert found.rows["window_days"].unique().tolist() == windows(90.0, 30.0) == [1, 7, 14, 30, 60, 90]
    assert set(found.rows["model"]) == set(IN_WINDOWS)
    for row in found.rows[found.rows["window_days"] == 14].to_dict("records"):
        alone = ask(branded, "channel_credit", {"model": row["model"], "lookback_days": row["window_days"]}).rows
        alone = alone.set_index("channel")[SUMS].astype(float)
        assert [row[name] for name in SUMS] == near(alone.reindex(["Email"], fill_value=0.0).loc["Email"].tolist())
        if MODELS[row["model"]].additive:
            assert row["share"] == near(row["attributed_revenue"] / alone["attributed_revenue"].sum())


def test_the_window_is_that_of_whoever_earns_most_where_nobody_is_named(branded: Stores) -> None:
    first = ask(branded, "channel_credit").rows.dropna(subset=["channel"]).iloc[0]["channel"]
    assert asked(branded, "model_windows").facts["name"] == first
    assert windows(45.0, 11.0) == [1, 7, 11, 14, 30, 45]


SHARED: dict[str, Callable[[list[str]], dict[str, float]]] = {
    "linear": lambda met: {name: met.count(name) / len(met) for name in met},
    "last_touch": lambda met: {met[-1]: 1.0},
    "shapley": lambda met: dict.fromkeys(met, 1 / len(set(met))),
    "participation": lambda met: dict.fromkeys(met, 1.0),
}


@pytest.mark.parametrize("model", SHARED)
def test_intervals_are_those_of_drawing_people_one_by_one(bench: Stores, model: str) -> None:
    """Without buckets and by plain percentiles: another way to the same width. How many people come is up to chance as well."""
    popularity = {"Search": 5.0, "Social": 3.0, "Mail": 2.0}
    met, contacts, converted = crowd(600, popularity)
    events.fill(bench, contacts, converted)
    rows = asked(bench, "credit_intervals", model=model).rows.set_index("channel")
    earned = np.array([[SHARED[model](channels).get(name, 0.0) for name in popularity] for channels in met])
    draws = np.random.default_rng(1).poisson(1.0, (2_000, len(met)))
    low, high = np.percentile(draws @ earned, [2.5, 97.5], axis=0)
    for place, name in enumerate(popularity):
        row = rows.loc[name]
        assert row["attributed_conversions"] == near(earned[:, place].sum())
        slack = 0.2 * (high[place] - low[place])
        assert row["conversions_low"] == pytest.approx(low[place], abs=slack)
        assert row["conversions_high"] == pytest.approx(high[place], abs=slack)
        assert row["revenue_low"] == pytest.approx(50 * row["conversions_low"])
    assert rows["share_low"].notna().all() == MODELS[model].additive


@pytest.mark.parametrize("model", ["markov", "ordered_shapley", "time_decay", "position_based"])
@pytest.mark.parametrize("by", ["channel", "campaign"])
def test_numbers_with_intervals_are_the_engines(branded: Stores, model: str, by: str) -> None:
    rows = asked(branded, "credit_intervals", model=model, by=by).rows
    alone = ask(branded, "channel_credit", {"model": model, "by": by}).rows
    assert rows.set_index(rows[by].fillna("-"))["attributed_conversions"].to_dict() == near(
        alone.set_index(alone[by].fillna("-"))["attributed_conversions"].to_dict()
    )
    for number, low, high in (
        ("attributed_conversions", "conversions_low", "conversions_high"),
        ("share", "share_low", "share_high"),
    ):
        assert (rows[low] <= rows[number] + 1e-9).all()
        assert (rows[number] <= rows[high] + 1e-9).all()
    assert rows["tier"].is_monotonic_increasing


def test_noise_is_no_winner(bench: Stores) -> None:
    _, contacts, converted = crowd(400, {"Search": 5.0, "Social": 5.0, "Mail": 1.0})
    events.fill(bench, contacts, converted)
    for model in ("linear", "markov", "shapley"):
        rows = asked(bench, "credit_intervals", model=model).rows
        assert rows["tier"].tolist() == [1, 1, 2]
        assert rows["distinguishable"].tolist()[1:] == [False, True]
        assert pd.isna(rows["distinguishable"].iloc[0])


def test_a_price_is_as_sure_as_the_conversions_that_it_divides_by(branded: Stores) -> None:
    rows = asked(branded, "credit_intervals").rows
    prices = ask(branded, "spend_and_cpa").rows.set_index("channel")["cpa"].dropna()
    paid = rows[rows["cpa"].notna()]
    assert paid.set_index("channel")["cpa"].to_dict() == near(prices.to_dict())
    assert (paid["spend"] / paid["conversions_high"]).tolist() == near(paid["cpa_low"].tolist())
    assert (paid["cpa_high"] >= paid["cpa"]).all()


def test_money_of_several_currencies_has_no_interval_and_says_so(branded: Stores) -> None:
    found = asked(branded, "credit_intervals", measure="revenue")
    assert found.rows[["revenue_low", "revenue_high", "share_low", "tier"]].isna().all().all()
    assert found.rows["conversions_low"].notna().all()
    assert any("Revenue has no intervals" in warning for warning in found.warnings)


@pytest.mark.parametrize(("model", "own"), [("markov", {"order": 2}), ("hybrid", {})])
def test_what_has_no_intervals_says_so(bench: Stores, model: str, own: dict[str, Any]) -> None:
    _, contacts, converted = crowd(120, {"Search": 5.0, "Social": 5.0})
    events.fill(bench, contacts, converted)
    found = asked(bench, "credit_intervals", model=model, **own)
    assert found.rows[["conversions_low", "share_high", "cpa_low", "tier", "distinguishable"]].isna().all().all()
    assert any("has no intervals here" in warning for warning in found.warnings)
    assert found.rows["attributed_conversions"].sum() == near(120)


def test_few_conversions_are_said_to_be_less_sure(bench: Stores) -> None:
    _, contacts, converted = crowd(60, {"Search": 30.0, "Mail": 2.0})
    events.fill(bench, contacts, converted)
    found = asked(bench, "credit_intervals", model="last_touch")
    assert found.rows.set_index("channel")["few"].to_dict() == {"Search": False, "Mail": True}
    assert any("in about 90 of 100 cases" in warning and "Mail" in warning for warning in found.warnings)


@settings(few, max_examples=2)
@given(worlds)
def test_two_implementations_agree_on_any_world(bench: Stores, world: Any) -> None:
    events.fill(bench, *world)
    for option, given_ in OPTIONS.items():
        found = asked(bench, "parity", **given_)
        rows = found.rows.set_index("model")
        uncarried = {"markov", "hybrid"} if rows.loc["markov", "note"] else set()
        assert (option, rows.loc[~rows["agrees"].fillna(True).astype(bool)].to_dict("index")) == (option, {})
        assert set(rows.index[rows["agrees"].isna()]) <= uncarried | {"hybrid"}
        assert rows["reconciles"].dropna().all()
        assert found.facts["of"] in (found.facts["compared"], None)
        assert (found.facts["of"] is None) == bool(given_.get("by_touch_date"))


@pytest.mark.parametrize("by", ["channel", "campaign"])
def test_two_implementations_agree_on_the_brand(branded: Stores, by: str) -> None:
    found = asked(branded, "parity", by=by)
    assert found.rows["agrees"].all()
    assert found.facts["agree"] == len(MODELS)
    assert found.facts["compared"] == found.facts["of"] > 50


def test_a_part_of_the_people_is_compared_where_there_are_many(
    branded: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "MOST_CONVERSIONS", 60)
    found = asked(branded, "parity")
    assert 0 < found.facts["compared"] < found.facts["of"]
    assert found.facts["buckets"] < 1_024
    assert found.rows["agrees"].all()
    monkeypatch.setattr(parity, "MOST_TOUCHES", 40)
    fewer = asked(branded, "parity").facts
    assert fewer["buckets"] < found.facts["buckets"]


def test_a_model_that_is_broken_does_not_agree(branded: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    late = lambda journey, _: np.exp2(-journey.ages_days * DAY_MS / 1e9)  # noqa: E731
    monkeypatch.setitem(MODELS, "time_decay", replace(MODELS["time_decay"], reference=late))
    found = asked(branded, "parity")
    wrong = found.rows[~found.rows["agrees"]]
    assert wrong["model"].tolist() == ["time_decay"]
    assert (wrong["difference"] > 0.01).all()
    assert (found.facts["agree"], found.facts["disagree"]) == (len(MODELS) - 1, 1)


def test_a_chain_that_is_broken_does_not_agree(branded: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    def skewed(grams: pd.DataFrame, order: int) -> Removal:
        found = removal_effects(grams, order)
        shares = found.channels["share"] * (1 + 1e-7 * np.arange(len(found.channels)))
        return replace(found, channels=found.channels.assign(share=shares / shares.sum()))

    monkeypatch.setattr(engine, "removal_effects", skewed)
    rows = asked(branded, "parity").rows
    assert {"markov"} <= set(rows.loc[~rows["agrees"], "model"]) <= {"markov", "hybrid"}
