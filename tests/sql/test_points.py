"""Quadrants on the small brand: six accounts of which one side lacks on some days, and campaigns that two tools spell apart."""

from typing import Any

import pandas as pd
import pytest

from pipelines.quadrants import QUADRANTS
from pipelines.questions import Answer, ask
from pipelines.stores.base import Stores
from tests.sql import brand

BY = ("campaign", "account", "platform", "post")
NINE_DAYS = {"start": "2026-03-01", "end": "2026-03-09"}


def quadrants(stores: Stores, by: str, **given: Any) -> Answer:
    return ask(stores, "quadrants", {"by": by, **given})


def test_coverage_is_counted_in_points_and_in_cells(branded: Stores) -> None:
    facts = quadrants(branded, "account").facts
    assert (facts["points_both"], facts["points_all"]) == (6, 6)
    assert (facts["cells_both"], facts["cells_all"]) == (49, 54)
    assert (facts["only_reach"], facts["only_mentions"]) == ([], [])


def test_one_sided_points_are_shown_and_named(branded: Stores) -> None:
    answer = quadrants(branded, "campaign")
    assert answer.facts["only_reach"] == ["Autumn", "Silent", "Summer Sale"]
    assert answer.facts["only_mentions"] == ["Rumour"]
    assert (answer.facts["points_both"], answer.facts["points_all"]) == (2, 6)
    assert set(answer.rows["campaign"]) == {"Autumn", "Silent", "Summer Sale", "Rumour", "Brand", "Spring Sale"}
    rumour = answer.rows.set_index("campaign").loc["Rumour"]
    assert pd.isna(rumour["reach"])
    assert rumour["quadrant"] is None


def test_reach_and_mentions_are_what_was_uploaded(branded: Stores) -> None:
    rows = quadrants(branded, "account").rows.set_index("account")
    assert rows["reach"].to_dict() == brand.account_reach.groupby("account")["reach"].sum().to_dict()
    said = brand.mentions.pivot_table(
        index="account", columns="sentiment", values="mentions", aggfunc="sum", fill_value=0
    )
    assert rows["mentions"].to_dict() == said.sum(axis=1).to_dict()
    for stored, written in (
        ("positive", "positive"),
        ("neutral", "neutral"),
        ("negative", "negative"),
        ("uncategorized", ""),
    ):
        assert rows[stored].to_dict() == said[written].to_dict()
    rated = said[["positive", "neutral", "negative"]].sum(axis=1)
    assert rows["negative_share"].to_dict() == pytest.approx((said["negative"] / rated).to_dict())


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("threshold", ["median", "mean"])
def test_thresholds_are_those_of_all_points(branded: Stores, by: str, threshold: str) -> None:
    answer = quadrants(branded, by, threshold=threshold)
    for side in ("reach", "mentions"):
        assert answer.facts[f"{side}_threshold"] == pytest.approx(answer.rows[side].agg(threshold), nan_ok=True) or (
            answer.facts[f"{side}_threshold"] is None
        )
    named = answer.rows.dropna(subset=["quadrant"])
    assert set(named["quadrant"]) <= set(QUADRANTS)
    high = named["quadrant"].isin(["High Performers", "Platform Push"])
    assert (high == (named["reach"] > (answer.facts["reach_threshold"] or 0))).all()


def test_two_platforms_are_too_few_to_be_named(branded: Stores) -> None:
    answer = quadrants(branded, "platform")
    assert answer.rows["quadrant"].isna().all()
    assert answer.facts["reach_threshold"] is None


def test_own_thresholds_are_taken(branded: Stores) -> None:
    answer = quadrants(branded, "account", threshold="own", reach_threshold=2000, mentions_threshold=0)
    assert (answer.facts["reach_threshold"], answer.facts["mentions_threshold"]) == (2000.0, 0.0)
    assert answer.rows.set_index("account")["quadrant"].to_dict() == {
        "A": "Underdogs",
        "B": "Underdogs",
        "C": "High Performers",
        "D": "High Performers",
        "E": "High Performers",
        "F": "High Performers",
    }


@pytest.mark.parametrize("by", ["account", "post"])
def test_spend_is_never_spread_over_a_grain_it_does_not_have(branded: Stores, by: str) -> None:
    assert quadrants(branded, by).rows[["spend", "cpa"]].isna().all(axis=None)


def test_cpa_is_that_of_spend_and_cpa(branded: Stores) -> None:
    points = quadrants(branded, "campaign", **NINE_DAYS, model="linear").rows.set_index("campaign")
    beside = ask(branded, "spend_and_cpa", {"by": "campaign", **NINE_DAYS, "model": "linear"}).rows.set_index(
        "campaign"
    )
    for column in ("spend", "attributed_conversions", "cpa"):
        assert points.loc[["Spring Sale", "Brand"], column].tolist() == pytest.approx(
            beside.loc[["Spring Sale", "Brand"], column].tolist()
        )


def test_a_count_is_zero_where_the_feed_covers_the_day_and_unknown_where_not(branded: Stores) -> None:
    """Silent posts have reach on days that the mentions feed covers; nothing is known of days after the feed's last one."""
    campaigns = quadrants(branded, "campaign").rows.set_index("campaign")
    assert campaigns.loc["Silent", "mentions"] == 0
    trend = ask(branded, "point_trend", {"by": "campaign", "point": "Silent"}).rows.set_index("day")
    assert trend["mentions"].tolist() == [0.0] * 9
    assert trend["reach"].notna().sum() == 3


def test_a_trend_sums_to_its_point(branded: Stores) -> None:
    for by, point in (("account", "C"), ("platform", "X"), ("campaign", "Spring Sale"), ("campaign", "spring_sale")):
        [known] = [
            row
            for row in quadrants(branded, by).rows.to_dict("records")
            if row[by] == point.replace("spring_sale", "Spring Sale")
        ]
        trend = ask(branded, "point_trend", {"by": by, "point": point}).rows
        assert trend["reach"].sum() == known["reach"]
        assert trend["mentions"].sum() == known["mentions"]
        assert trend["negative"].sum() == known["negative"]


def test_a_points_mentions_are_its_own_in_all_spellings(branded: Stores) -> None:
    said = brand.mentions[brand.mentions["campaign"].isin(["Spring Sale", "spring_sale"])]
    answer = ask(branded, "point_mentions", {"by": "campaign", "point": "spring sale", "limit": 500})
    assert len(answer.rows) == len(said)
    assert set(answer.rows["campaign"]) == {"Spring Sale", "spring_sale"}
    few = ask(branded, "point_mentions", {"by": "campaign", "point": "Spring Sale", "limit": 3}).rows
    pd.testing.assert_frame_equal(few, answer.rows.head(3))
    assert ask(branded, "point_mentions", {"by": "campaign", "point": "'; drop table mentions --"}).rows.empty
