"""Published numbers, met by the engine itself: paths are expanded into raw touchpoints and conversions of as many people."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from pipelines.calendar import Period
from pipelines.settings import PROJECT
from pipelines.stores.base import Stores
from tests.sql import events
from tests.sql.events import Conversion, Touch, at

REFERENCE = PROJECT.parent / "shared" / "reference"
DAY = Period(date(2026, 3, 2), date(2026, 3, 2))
BEGIN = at("2026-03-02", "00:00")

beside_the_repository = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference files are not on this machine")


def expand(paths: Iterable[tuple[str, int, int]]) -> tuple[list[Touch], list[Conversion]]:
    """Events of (path, conversions, journeys without conversion): a person each, a second between touches."""
    touches: list[Touch] = []
    conversions: list[Conversion] = []
    for number, (path, converting, rest) in enumerate(paths):
        channels = path.split(" > ")
        for one in range(converting + rest):
            person = f"{number}/{one}"
            touches += [
                Touch(f"{person}/{step:03}", BEGIN + timedelta(seconds=step), person, channel)
                for step, channel in enumerate(channels)
            ]
            if one < converting:
                conversions.append(Conversion(person, BEGIN + timedelta(seconds=len(channels)), person))
    return touches, conversions


def credited(stores: Stores, model: str, dimension: str = "channel") -> dict[str, float]:
    rows = events.credit(stores, DAY, model, lookback_days=1.0, dimension=dimension)
    return dict(zip(rows["name"], rows["attributed_conversions"], strict=True))


@beside_the_repository
def test_ten_thousand_paths(bench: Stores) -> None:
    """The models that ChannelAttribution computes too, on its own sample, with its journeys that never converted."""
    paths = pd.read_csv(REFERENCE / "paths_10k.csv")
    published = pd.read_csv(REFERENCE / "paths_10k_rule_models.csv").set_index("channel")
    rows = zip(paths["path"], paths["total_conversions"], paths["total_null"], strict=True)
    events.fill(bench, *expand(rows))
    for model, column in {
        "first_touch": "first_touch",
        "last_touch": "last_touch",
        "linear": "linear",
        "position_based": "position_based_40_20_40",
    }.items():
        expected = {channel: value for channel, value in published[column].items() if value}
        assert credited(bench, model) == pytest.approx(expected, rel=0, abs=1e-6)
    outcomes = events.outcomes(bench, DAY)
    assert outcomes["reason"].isna().all()
    assert outcomes["conversions"].sum() == paths["total_conversions"].sum()
    journeys = events.stored(bench, "journeys").drop_duplicates("journey_id")
    assert journeys["converted"].sum() == paths["total_conversions"].sum()
    assert (~journeys["converted"]).sum() == paths["total_null"].sum()


OURS = {
    "first": "first_touch",
    "last": "last_touch",
    "last_touch": "last_touch",
    "linear": "linear",
    "position_40_20_40_two_touch_50_50": "position_based",
}
"""Model as the published examples call it -> ours. The others are not rules of ours."""


@beside_the_repository
def test_tiny_published_examples(bench: Stores) -> None:
    paths = pd.read_csv(REFERENCE / "tiny_paths.csv")
    published = pd.read_csv(REFERENCE / "tiny_published.csv")
    published = published[published["model"].isin(list(OURS)) & ~published["note"].str.contains("WRONG")]
    assert len(published) >= 11
    for example, expected in published.groupby("example"):
        rows = paths[paths["example"] == example]
        events.fill(bench, *expand(zip(rows["path"], rows["conversions"], rows["nulls"], strict=True)))
        for row in expected.to_dict("records"):
            assert credited(bench, OURS[row["model"]])[row["channel"]] == pytest.approx(row["value"], abs=1e-6), row


def test_time_decay_meets_adobes_published_example(bench: Stores) -> None:
    """Touches 0, 0, 6 and 9 days before a conversion of $50, half-life 7 days."""
    end = at("2026-03-02")
    touches = [
        Touch(str(number), end - timedelta(days=days), "ann", channel)
        for number, (channel, days) in enumerate({"email": 9, "paid search": 6, "social": 0, "direct": 0}.items())
    ]
    events.fill(bench, touches, [Conversion("1", end, "ann", revenue=Decimal(50), currency="USD")])
    rows = events.credit(bench, DAY, "time_decay", lookback_days=30.0)
    earned = dict(zip(rows["name"], rows["attributed_revenue"].round(2), strict=True))
    assert earned == {"social": 16.88, "direct": 16.88, "paid search": 9.32, "email": 6.92}
    assert rows["attributed_revenue"].sum() == pytest.approx(50, rel=1e-12)
