"""Published numbers, met by the engine itself: paths are expanded into raw touchpoints and conversions of as many people."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.attribution import named
from pipelines.attribution.markov import Removal, removal_effects
from pipelines.calendar import Period
from pipelines.questions import ask
from pipelines.settings import PROJECT
from pipelines.stores.base import Stores
from pipelines.stores.catalog import arrow_schema
from tests.sql import events, plain
from tests.sql.events import Conversion, Touch, at

REFERENCE = PROJECT.parent / "shared" / "reference"
DAY = Period(date(2026, 3, 2), date(2026, 3, 2))
BEGIN = at("2026-03-02", "00:00")

beside_the_repository = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference files are not on this machine")


Paths = Iterable[tuple[str, int, int]]
"""path, conversions, journeys without conversion."""


def walk(stores: Stores, paths: Paths) -> None:
    """Fill the lake with these journeys: a person each, a second between touches, the conversion a second after the last."""
    touches: list[tuple[str, int, str]] = []
    conversions: list[tuple[str, int]] = []
    for number, (path, converting, rest) in enumerate(paths):
        channels = path.split(" > ")
        for one in range(converting + rest):
            person = f"{number}/{one}"
            touches += [(person, step, channel) for step, channel in enumerate(channels)]
            if one < converting:
                conversions.append((person, len(channels)))
    events.fill_rows(
        stores,
        _rows(
            "touchpoints",
            touchpoint_id=[f"{person}/{step:03}" for person, step, _ in touches],
            person=[person for person, _, _ in touches],
            seconds=[step for _, step, _ in touches],
            channel=[channel for _, _, channel in touches],
        ),
        _rows(
            "conversions",
            conversion_id=[person for person, _ in conversions],
            person=[person for person, _ in conversions],
            seconds=[step for _, step in conversions],
        ),
    )


def _rows(table: str, *, seconds: list[int], **columns: list[str]) -> pa.Table:
    """Rows of that many seconds after the day's begin; other columns are null."""
    moments = [BEGIN + timedelta(seconds=step) for step in seconds]
    same = {"dt": BEGIN.date().isoformat(), "upload_id": events.UPLOAD}
    given = {"occurred_at": moments, **columns, **{name: [value] * len(seconds) for name, value in same.items()}}
    return pa.table(
        {
            field.name: pa.array(given.get(field.name, [None] * len(seconds)), field.type)
            for field in arrow_schema(table)
        }
    )


def credited(stores: Stores, model: str, **parameters: float) -> dict[str, float]:
    """Channel -> attributed conversions, as a person asks for them."""
    asked = {"model": model, "lookback_days": 1.0, "start": str(DAY.start), "end": str(DAY.end), **parameters}
    rows = ask(stores, "channel_credit", asked).rows
    return dict(zip(rows["channel"], rows["attributed_conversions"], strict=True))


def removed(stores: Stores, order: int) -> Removal:
    """The removal effects of the journeys in the lake."""
    return removal_effects(grams(stores, order), order)


def grams(stores: Stores, order: int = 1) -> pd.DataFrame:
    """What follows what in the journeys in the lake."""
    return named.transitions(events.asked(stores, DAY), "whole", order).grams


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    """The ten thousand paths: path, total_conversions, total_null."""
    return pd.read_csv(REFERENCE / "paths_10k.csv")


@pytest.fixture(scope="module")
def ten_thousand(bench: Stores, sample: pd.DataFrame) -> Stores:
    """A lake with the journeys of the ten thousand paths."""
    walk(bench, zip(sample["path"], sample["total_conversions"], sample["total_null"], strict=True))
    return bench


@beside_the_repository
def test_ten_thousand_paths(ten_thousand: Stores, sample: pd.DataFrame) -> None:
    """The models that ChannelAttribution computes too, on its own sample, with its journeys that never converted."""
    published = pd.read_csv(REFERENCE / "paths_10k_rule_models.csv").set_index("channel")
    for model, column in {
        "first_touch": "first_touch",
        "last_touch": "last_touch",
        "linear": "linear",
        "position_based": "position_based_40_20_40",
    }.items():
        expected = {channel: value for channel, value in published[column].items() if value}
        found = {channel: value for channel, value in credited(ten_thousand, model).items() if value}
        assert found == pytest.approx(expected, rel=0, abs=1e-6)
    outcomes = events.outcomes(ten_thousand, DAY)
    assert outcomes["reason"].isna().all()
    assert outcomes["conversions"].sum() == sample["total_conversions"].sum()
    journeys = events.stored(ten_thousand, "journeys").drop_duplicates("journey_id")
    assert journeys["converted"].sum() == sample["total_conversions"].sum()
    assert (~journeys["converted"]).sum() == sample["total_null"].sum()


@beside_the_repository
def test_ten_thousand_paths_as_a_chain(ten_thousand: Stores) -> None:
    published = pd.read_csv(REFERENCE / "paths_10k_markov_order1.csv").set_index("channel")
    expected = published["attributed_conversions"].to_dict()
    assert credited(ten_thousand, "markov") == pytest.approx(expected, rel=0, abs=1e-6)
    removal = removed(ten_thousand, 1)
    effects = removal.channels.set_index("channel")["removal_effect"].to_dict()
    assert effects == pytest.approx(published["removal_effect"].to_dict(), rel=0, abs=1e-9)
    assert removal.base == pytest.approx(published["base_conversion_probability"].iloc[0], rel=1e-12)


@beside_the_repository
@pytest.mark.parametrize("order", [2, 3])
def test_ten_thousand_paths_as_a_chain_with_a_memory(ten_thousand: Stores, sample: pd.DataFrame, order: int) -> None:
    """Against the chain written out state by state and walked until nothing changes."""
    paths: list[plain.Path] = []
    for path, converting, rest in sample[["path", "total_conversions", "total_null"]].itertuples(index=False):
        names = path.split(" > ")
        paths += [(names, True, converting), (names, False, rest)]
    effects = plain.removal_effects(paths, order)
    whole, conversions = sum(effects.values()), sample["total_conversions"].sum()
    expected = {name: effect / whole * conversions for name, effect in effects.items()}
    assert credited(ten_thousand, "markov", order=order) == pytest.approx(expected, rel=0, abs=1e-6)


@beside_the_repository
def test_ten_thousand_paths_by_their_sets(ten_thousand: Stores, sample: pd.DataFrame) -> None:
    """Each conversion in equal parts to its distinct channels; the ordered value sums to the same."""
    expected: dict[str, float] = defaultdict(float)
    for path, converting in sample[["path", "total_conversions"]].itertuples(index=False):
        names = set(path.split(" > "))
        for name in names:
            expected[name] += converting / len(names)
    expected = {name: value for name, value in expected.items() if value}
    for model in ("shapley", "ordered_shapley"):
        assert credited(ten_thousand, model) == pytest.approx(expected, rel=1e-9)


OURS = {
    "first": "first_touch",
    "last": "last_touch",
    "last_touch": "last_touch",
    "linear": "linear",
    "position_40_20_40_two_touch_50_50": "position_based",
    "markov_order1": "markov",
    "shapley_v_subset_sum": "shapley",
}
"""Model as the published examples call it -> ours. A linear ramp by position is no model of ours."""


@beside_the_repository
def test_tiny_published_examples(bench: Stores) -> None:
    published = pd.read_csv(REFERENCE / "tiny_published.csv")
    published = published[published["model"].isin([*OURS, "markov_transition"])]
    published = published[~published["note"].str.contains("WRONG")]
    # Where a peer simulated, its note says what is exact.
    exact = published["note"].str.extract(r"exact = ([\d.]+)")[0].astype(float)
    published = published.assign(value=exact.fillna(published["value"]))
    assert len(published) >= 30
    for example, expected in published.groupby("example"):
        walk(bench, tiny(str(example)))
        found = {
            **{
                (model, "conversions", channel): value
                for model in OURS
                for channel, value in credited(bench, OURS[model]).items()
            },
            **{("markov_transition", "probability", step): value for step, value in steps(bench).items()},
            **{
                ("markov_order1", "removal_effect", channel): value
                for channel, value in removed(bench, 1).channels.set_index("channel")["removal_effect"].items()
            },
        }
        for row in expected.to_dict("records"):
            assert found[row["model"], row["kind"], row["channel"]] == pytest.approx(row["value"], abs=1e-6), row


def tiny(example: str) -> Paths:
    """The paths of one of the tiny examples."""
    paths = pd.read_csv(REFERENCE / "tiny_paths.csv").query("example == @example")
    return list(zip(paths["path"], paths["conversions"], paths["nulls"], strict=True))


def steps(stores: Stores) -> dict[str, float]:
    """The probability of each transition of the chain of order 1, `from -> to`."""
    rows = grams(stores)
    ends = pd.Series(np.where(rows["converted"], "conv", "null"), index=rows.index)
    moves = pd.concat(
        [
            rows.assign(origin=rows["touch_1"], target=rows["touch_2"].fillna(ends)),
            rows.assign(origin="start", target=rows["touch_1"], journeys=rows["begun"]),
        ]
    )
    counts = moves.groupby(["origin", "target"])["journeys"].sum()
    shares = counts / counts.groupby("origin").transform("sum")
    return {f"{origin} -> {target}": float(share) for (origin, target), share in shares.items()}


@beside_the_repository
@pytest.mark.parametrize("example", ["analyzecore_c123", "puzyrov", "pychattr_readme", "mtapy_tests"])
def test_shapley_is_what_every_order_of_arrival_adds_on_average(bench: Stores, example: str) -> None:
    """By its definition: over all orders of the channels, what a channel adds to those before it."""
    paths = list(tiny(example))
    walk(bench, paths)
    channels = sorted({channel for path, _, _ in paths for channel in path.split(" > ")})

    def worth(coalition: set[str]) -> int:
        return sum(converting for path, converting, _ in paths if set(path.split(" > ")) <= coalition)

    orders = list(permutations(channels))
    values = dict.fromkeys(channels, 0.0)
    for order in orders:
        for place, channel in enumerate(order):
            values[channel] += (worth({*order[: place + 1]}) - worth({*order[:place]})) / len(orders)
    expected = {channel: value for channel, value in values.items() if value}
    assert credited(bench, "shapley") == pytest.approx(expected, rel=1e-9)


def test_time_decay_meets_adobes_published_example(bench: Stores) -> None:
    """Touches 0, 0, 6 and 9 days before a conversion of $50, half-life 7 days."""
    end = at("2026-03-02")
    touches = [
        Touch(str(number), end - timedelta(days=days), "ann", channel)
        for number, (channel, days) in enumerate({"email": 9, "paid search": 6, "social": 0, "direct": 0}.items())
    ]
    events.fill(bench, touches, [Conversion("1", end, "ann", revenue=Decimal(50), currency="USD")])
    rows = events.credit(bench, DAY, "time_decay", lookback_days=30.0, currency="USD")
    earned = dict(zip(rows["name"], rows["attributed_revenue"].round(2), strict=True))
    assert earned == {"social": 16.88, "direct": 16.88, "paid search": 9.32, "email": 6.92}
    assert rows["attributed_revenue"].sum() == pytest.approx(50, rel=1e-12)
