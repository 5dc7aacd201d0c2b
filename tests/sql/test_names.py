"""Names under rules, in the lake's engine and in the warehouse: what a row is called, what it costs and earns, and that nothing is lost."""

from datetime import date
from typing import Any

import pandas as pd
import pytest
from pyiceberg.types import ListType, LongType

from pipelines.attribution import MODELS
from pipelines.calendar import Period
from pipelines.identity import names_of
from pipelines.mentions import campaigns
from pipelines.questions import ask
from pipelines.stores.base import Stores
from pipelines.stores.catalog import TABLES
from tests.sql import brand

CHANNEL_RULES = [
    {"kind": "channel", "medium": "cpc", "means": "Search ads"},
    {"kind": "channel", "source": "face*", "medium": "cpc", "means": "Social ads"},
    {"kind": "channel", "name": "Shop", "platform": "TikTok", "means": "Live shopping"},
]
CAMPAIGN_RULES = [
    {"kind": "campaign", "name": "spring_*", "means": "Spring Sale"},
    {"kind": "campaign", "hashtag": "#SpringSale", "means": "Spring Sale"},
    {
        "kind": "campaign",
        "keyword": "Summer sale",
        "first_day": "2026-03-02",
        "last_day": "2026-03-02",
        "means": "Summer Sale",
    },
    {"kind": "campaign", "post": "https://www.example.com/p/9/", "means": "Autumn"},
]
TOUCHPOINTS = [
    ("2026-03-01 10:00", "ann", "google", "cpc", "", "", "spring_a"),
    ("2026-03-01 11:00", "ann", "facebook", "cpc", "", "", ""),
    ("2026-03-01 12:00", "bob", "", "", "Shop", "TikTok", ""),
    ("2026-03-01 13:00", "bob", "", "", "Shop", "Web", ""),
    ("2026-03-01 14:00", "cid", "(direct)", "(none)", "", "", ""),
]
MENTIONS = [
    ("2026-03-01 10:00", "", "I love #springsale so much", "", "https://x.example/1"),
    ("2026-03-01 10:00", "", "the #springsale2 is another", "", "https://x.example/2"),
    ("2026-03-01 10:00", "Brand", "a #SpringSale that names a campaign", "", "https://x.example/3"),
    ("2026-03-01 10:00", "", "SUMMER, sale! a day too early", "", "https://x.example/4"),
    ("2026-03-02 10:00", "", "SUMMER, sale!", "", "https://x.example/5"),
    ("2026-03-02 10:00", "", "summers sale is not whole words", "", "https://x.example/6"),
    ("2026-03-02 10:00", "", "under the post", "http://example.com/p/9?utm_source=x", "https://x.example/7"),
    ("2026-03-02 10:00", "", "at the post", "", "https://example.com/p/9"),
    (
        "2026-03-02 10:00",
        "",
        "#springsale under a post of another campaign",
        "https://example.com/p/1",
        "https://x.example/9",
    ),
]
STREAM = [
    ("2026-03-01", "1", "https://example.com/p/1/", "Winter", 100),
    ("2026-03-01", "9", "https://example.com/p/9", "", 900),
]


@pytest.fixture
def ruled(stores: Stores) -> Stores:
    """A home with all of the above but the rules."""
    upload(stores, "touchpoints", TOUCHPOINTS, "time", "person", "source", "medium", "channel", "platform", "campaign")
    conversions = [("2026-03-02 10:00", person, "10.00") for person in ("ann", "bob", "cid")]
    upload(stores, "conversions", conversions, "time", "person", "revenue")
    spend = [("2026-03-01", "google / cpc", "spring_b", "7.00", ""), ("2026-03-01", "Shop", "Other", "3.00", "TikTok")]
    upload(stores, "spend", spend, "date", "channel", "campaign", "amount", "platform")
    mentions = [(time, "A", "X", campaign, text, post, url) for time, campaign, text, post, url in MENTIONS]
    upload(stores, "mentions", mentions, "time", "account", "platform", "campaign", "text", "post", "url")
    stream = [(day, "A", "X", *rest) for day, *rest in STREAM]
    upload(stores, "first_stream", stream, "date", "account", "platform", "post", "permalink", "campaign", "reach")
    return stores


def upload(stores: Stores, source: str, rows: list[Any], *columns: str) -> None:
    brand.upload(stores, source, pd.DataFrame(rows, columns=list(columns)))


def rule(stores: Stores, rules: list[dict[str, str]]) -> None:
    brand.upload(stores, "rules", pd.DataFrame(rules))


def sums(stores: Stores, question: str, value: str, **parameters: Any) -> dict[str, float]:
    """Name -> value of the rows that have one."""
    rows = ask(stores, question, parameters).rows.dropna(subset=[value])
    return {str(name): float(number) for name, number in zip(rows.iloc[:, 0], rows[value], strict=True) if number}


def test_channels_are_what_rules_say_of_source_medium_and_platform(ruled: Stores) -> None:
    before = sums(ruled, "channel_credit", "attributed_conversions", model="linear")
    assert before == {"google / cpc": 0.5, "facebook / cpc": 0.5, "Shop": 1.0, "(direct) / (none)": 1.0}
    rule(ruled, CHANNEL_RULES)
    assert sums(ruled, "channel_credit", "attributed_conversions", model="linear") == {
        "Search ads": 0.5,
        "Social ads": 0.5,
        "Live shopping": 0.5,
        "Shop": 0.5,
        "(direct) / (none)": 1.0,
    }
    assert sums(ruled, "spend_and_cpa", "spend") == {"Search ads": 7.0, "Live shopping": 3.0}
    assert sums(ruled, "spend_and_cpa", "cpa", model="linear") == {"Search ads": 14.0, "Live shopping": 6.0}
    offered = ask(ruled, "options").rows.query("kind == 'channel'")["value"]
    assert set(offered) == {"Search ads", "Social ads", "Live shopping", "Shop", "(direct) / (none)"}


def test_channels_left_out_and_direct_ones_are_found_by_what_they_are_called(ruled: Stores) -> None:
    rule(ruled, [*CHANNEL_RULES, {"kind": "channel", "source": "facebook", "medium": "cpc", "means": "Direct"}])
    without = {"excluded_channels": ["Search ads", "Live shopping", "Shop"], "model": "linear"}
    assert sums(ruled, "channel_credit", "attributed_conversions", **without) == {
        "Direct": 1.0,
        "(direct) / (none)": 1.0,
    }
    assert sums(ruled, "unattributed", "conversions", **without) == {"excluded_channel": 1.0}
    last = sums(ruled, "channel_credit", "attributed_conversions", model="last_non_direct")
    assert last["Search ads"] == 1.0  # the direct touch after it is passed over


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("shapley", [0.5, 0.5, 0.5, 0.5, 1.0]),
        ("ordered_shapley", [0.5, 0.5, 0.5, 0.5, 1.0]),
        ("participation", [1.0, 1.0, 1.0, 1.0, 1.0]),
        ("markov", [0.6] * 5),  # without any of the five one journey of three is lost
        ("hybrid", [0.5, 0.5, 0.5, 0.5, 1.0]),
    ],
)
def test_what_rules_call_a_channel_is_one_name_in_sets_and_transitions(
    ruled: Stores, model: str, expected: list[float]
) -> None:
    rule(ruled, CHANNEL_RULES)
    found = sums(ruled, "channel_credit", "attributed_conversions", model=model)
    names = ["Search ads", "Social ads", "Live shopping", "Shop", "(direct) / (none)"]
    assert found == pytest.approx(dict(zip(names, expected, strict=True)))


@pytest.mark.parametrize("model", [key for key, model in MODELS.items() if model.additive])
def test_rules_lose_no_conversion_and_no_money(ruled: Stores, model: str) -> None:
    before = ask(ruled, "spend_and_cpa", {"model": model})
    rule(ruled, [*CHANNEL_RULES, *CAMPAIGN_RULES])
    for by in ("channel", "campaign"):
        after = ask(ruled, "spend_and_cpa", {"model": model, "by": by})
        for column in ("spend", "attributed_conversions", "attributed_revenue"):
            assert after.rows[column].sum() == pytest.approx(before.rows[column].sum(), rel=1e-9)
        assert after.facts["totals"]["conversions"] == before.facts["totals"]["conversions"]


def test_mentions_find_their_campaign_in_their_words_and_posts(ruled: Stores) -> None:
    before = ask(ruled, "quadrants", {"by": "campaign"})
    assert sums(ruled, "quadrants", "mentions") == {
        "Brand": 1.0,
        "Winter": 1.0,
    }  # an own post tells its campaign without any rule
    rule(ruled, CAMPAIGN_RULES)
    after = ask(ruled, "quadrants", {"by": "campaign"})
    assert sums(ruled, "quadrants", "mentions") == {
        "Brand": 1.0,
        "Winter": 1.0,
        "Spring Sale": 1.0,
        "Summer Sale": 1.0,
        "Autumn": 2.0,
    }
    assert sums(ruled, "quadrants", "reach") == {"Winter": 100.0, "Autumn": 900.0}
    told = [answer.rows["mentions"].sum() + answer.facts["mentions_without_name"] for answer in (before, after)]
    assert told == [len(MENTIONS)] * 2
    assert before.facts["reach_without_name"] == 900.0


def test_posts_that_nobody_asks_about_make_no_rows(ruled: Stores) -> None:
    others = [
        (
            "2026-03-01 10:00",
            "A",
            "X",
            "so nice",
            f"https://example.com/other/{number}",
            f"https://x.example/other/{number}",
        )
        for number in range(50)
    ]
    upload(ruled, "mentions", others, "time", "account", "platform", "text", "post", "url")
    reading = ruled.read()
    rows = campaigns(reading, names_of(reading), Period(date(2026, 3, 1), date(2026, 3, 2)))
    assert rows["mentions"].sum() == len(MENTIONS) + len(others)
    assert set(rows["post"].dropna()) == {"example.com/p/1"}
    assert len(rows) == 4  # a day with none, Brand's, and a day with none and with Winter's post


@pytest.mark.parametrize(
    ("campaign", "urls"),
    [
        ("Spring Sale", {"1"}),
        ("Summer Sale", {"5"}),
        ("Autumn", {"7", "9"}),
        ("Winter", {"9"}),
        ("Brand", {"3"}),
    ],
)
def test_the_mentions_of_a_point_are_those_that_are_counted(ruled: Stores, campaign: str, urls: set[str]) -> None:
    rule(ruled, CAMPAIGN_RULES)
    rows = ask(ruled, "point_mentions", {"by": "campaign", "point": campaign}).rows
    assert {url.rsplit("/", 1)[1] for url in rows["url"]} == urls
    days = ask(ruled, "point_trend", {"by": "campaign", "point": campaign}).rows
    assert days["mentions"].sum() == len(rows)


def test_names_that_meet_nothing_are_ranked_and_hashtags_are_candidates(ruled: Stores) -> None:
    rows = ask(ruled, "unmatched_names", {"rank": "count"}).rows.set_index(["kind", "name"])
    assert rows.loc[("hashtag", "#springsale"), "weight"] == 2.0
    assert ("channel", "(direct) / (none)") not in rows.index
    assert rows.loc[("channel", "facebook / cpc"), "missing_from"] == "spend"
    by_spend = ask(ruled, "unmatched_names").rows
    assert by_spend["spend"].dropna().is_monotonic_decreasing
    rule(ruled, [*CHANNEL_RULES, *CAMPAIGN_RULES])
    after = ask(ruled, "unmatched_names").rows.set_index(["kind", "name"])
    assert ("hashtag", "#springsale") not in after.index
    assert ("hashtag", "#springsale2") in after.index
    assert ("channel", "Search ads") not in after.index
    assert ("channel", "Social ads") in after.index


def test_a_rule_that_is_switched_off_is_as_none(ruled: Stores) -> None:
    before = sums(ruled, "channel_credit", "attributed_conversions", model="linear")
    rule(ruled, CHANNEL_RULES)
    rule(ruled, [{**one, "active": "no"} for one in CHANNEL_RULES])
    assert sums(ruled, "channel_credit", "attributed_conversions", model="linear") == before


def test_a_home_of_an_earlier_version_gets_the_columns_of_this_one(stores: Stores) -> None:
    """Opening adds to its journeys what they lack, takes what they have too much, and they are built anew."""
    from pipelines import journeys
    from pipelines.stores.lake_duckdb import DuckDBLake

    upload(stores, "touchpoints", TOUCHPOINTS, "time", "person", "source", "medium", "channel", "platform", "campaign")
    lake = stores.lake
    assert isinstance(lake, DuckDBLake)
    with lake.table("journeys").update_schema() as update:
        update.delete_column("origin")
        update.add_column("other_gaps_ms", ListType(0, LongType(), element_required=False))
    opened = DuckDBLake(stores.warehouse.engine.url.render_as_string(hide_password=False), stores.settings.home)
    assert {field.name for field in opened.table("journeys").schema().fields} == set(TABLES["journeys"])
    reopened = Stores(stores.settings, stores.warehouse, opened)
    upload(reopened, "conversions", [("2026-03-02 10:00", "ann", "10.00")], "time", "person", "revenue")
    assert journeys.up_to_date(reopened.read())
    rule(reopened, CHANNEL_RULES)
    assert sums(reopened, "channel_credit", "attributed_conversions", model="linear") == {
        "Search ads": 0.5,
        "Social ads": 0.5,
    }
    opened.close()


@pytest.mark.parametrize("options", [{}, {"collapse": True}], ids=["plain", "collapsed"])
@pytest.mark.parametrize("model", ["linear", "shapley", "ordered_shapley", "markov", "hybrid", "participation"])
def test_a_name_that_another_was_given_is_not_taken_for_it(ruled: Stores, model: str, options: dict[str, Any]) -> None:
    rule(
        ruled,
        [
            {"kind": "channel", "name": "google / cpc", "means": "Shop"},
            {"kind": "channel", "name": "Shop", "means": "Live shopping"},
        ],
    )
    credited = sums(ruled, "channel_credit", "attributed_conversions", model=model, **options)
    assert set(credited) == {"Shop", "facebook / cpc", "Live shopping", "(direct) / (none)"}


@pytest.mark.parametrize("model", ["shapley", "markov", "markov2", "hybrid", "linear", "last_touch"])
def test_names_called_the_same_are_one_name_in_every_model(ruled: Stores, model: str) -> None:
    asked: dict[str, Any] = {"model": "markov", "order": 2} if model == "markov2" else {"model": model}
    rule(ruled, [{"kind": "channel", "name": "facebook / cpc", "means": "google / cpc"}])
    merged = sums(ruled, "channel_credit", "attributed_conversions", **asked, collapse=True)
    # ann met both, bob the shop twice, cid nothing but direct: three people of one name each.
    assert merged == {"google / cpc": pytest.approx(1), "Shop": pytest.approx(1), "(direct) / (none)": pytest.approx(1)}
