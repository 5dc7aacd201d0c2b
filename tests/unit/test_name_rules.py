"""Naming rules: which one decides, what it matches, and which can be none."""

import itertools
import re
import unicodedata
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity import Names, origins
from pipelines.ingest import prepare
from pipelines.name_rules import SEPARATOR, NameRules, _test, parts, post_key
from pipelines.sources import SOURCES
from pipelines.sources.exports import EXPORTS
from pipelines.sources.rules import words_of
from pipelines.usual_rules import usual_rules


def ruled(*rules: dict[str, str]) -> NameRules:
    return NameRules(pd.DataFrame(list(rules)))


def channel(means: str, **conditions: str) -> dict[str, str]:
    return {"kind": "channel", "means": means, **conditions}


def origin(name: str, source: str = "", medium: str = "", platform: str = "") -> str:
    return SEPARATOR.join((name, source, medium, platform))


def meant(rules: NameRules, row: str) -> str | None:
    rule = rules.of_channel(row)
    return rule.means if rule else None


def test_most_conditions_then_fewest_wildcards_then_text_order() -> None:
    said = [
        channel("any paid", medium="*cp*"),
        channel("paid", medium="cpc"),
        channel("social", source="face*", medium="*cp*"),
        channel("Facebook", source="facebook", medium="*cp*"),
    ]
    for rules in itertools.permutations(said):
        decide = ruled(*rules)
        assert meant(decide, origin("x", "facebook", "cpc")) == "Facebook"
        assert meant(decide, origin("x", "FACEBOOK.com", "CPC")) == "social"
        assert meant(decide, origin("x", "bing", "cpc")) == "paid"
        assert meant(decide, origin("x", "bing", "xcpx")) == "any paid"
        assert meant(decide, origin("x", "bing", "organic")) is None


@given(pattern=st.text("ab*", min_size=1), text=st.text("ab\n", max_size=12))
def test_wildcards_match_as_an_expression_would(pattern: str, text: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    found = _test(pattern)(text)
    assert found == bool(re.fullmatch(expression, text, re.DOTALL))


def test_many_wildcards_take_no_time_on_a_long_name() -> None:
    rules = ruled(channel("X", name="*" + "a*" * 1000 + "b"))
    assert meant(rules, "a" * 100_000) is None


@pytest.mark.parametrize("name", [SEPARATOR, SEPARATOR * 9, f"a{SEPARATOR}b"])
def test_a_name_with_the_sign_between_the_parts_of_an_origin_is_a_name(name: str) -> None:
    assert len(parts(name)) == 4


def test_days_make_a_rule_more_exact() -> None:
    rules = ruled(
        {"kind": "campaign", "hashtag": "#sale", "means": "Sale"},
        {
            "kind": "campaign",
            "hashtag": "#sale",
            "first_day": "2026-05-01",
            "last_day": "2026-05-31",
            "means": "May Sale",
        },
    )
    assert [rule.means for rule in rules.texts] == ["May Sale", "Sale"]


def test_a_channels_bare_name_tells_its_source_and_medium() -> None:
    rules = ruled(channel("Search", source="google", medium="cpc"))
    assert meant(rules, "Google / CPC") == "Search"
    assert meant(rules, origin("google / cpc")) == "Search"
    assert meant(rules, origin("google / cpc", "google", "organic")) is None
    assert meant(rules, "google") is None


def test_wildcards_stand_for_any_text_and_everything_else_for_itself() -> None:
    rules = ruled(channel("A", name="a.c*[x]"))
    assert meant(rules, "A.C something [X]") == "A"
    assert meant(rules, "abc[x]") is None


def test_a_name_that_rules_gave_is_not_ruled_again() -> None:
    names = Names(
        pd.DataFrame(columns=["kind", "from_name", "to_name"]),
        pd.DataFrame([("channel", "ads", 3)], columns=["kind", "name", "row_count"]),
        ruled(channel("Paid Search", medium="cpc"), channel("Paid", name="paid*")),
        (origin("ads", "", "cpc"), origin("paid mail")),
    )
    assert names.all("channel") == ["Paid", "Paid Search"]
    assert names.spellings("channel", ["Paid Search"]) == [origin("ads", "", "cpc")]
    assert names.called("channel", "paid search") == "Paid Search"


def test_aliases_are_looked_up_on_what_rules_say() -> None:
    names = Names(
        pd.DataFrame([("campaign", "spring sale", "Spring 26")], columns=["kind", "from_name", "to_name"]),
        pd.DataFrame([("campaign", "spring_a", 1)], columns=["kind", "name", "row_count"]),
        ruled({"kind": "campaign", "name": "spring_*", "means": "Spring Sale"}),
    )
    assert names.resolve("campaign", "SPRING_a") == "Spring 26"
    assert names.resolve("campaign", "spring sale") == "Spring 26"


def test_origins_are_as_long_as_the_rows_and_blank_where_nothing_is_known() -> None:
    rows = pd.DataFrame({"channel": ["A", None], "platform": [None, "X"]})
    assert origins(rows).tolist() == [origin("A"), origin("", platform="X")]


@pytest.mark.parametrize(
    "post",
    [
        "https://www.example.com/p/Ab1/",
        "http://example.com/p/Ab1",
        "https://m.example.com/p/Ab1/?utm_source=x&y=1",
        "https://example.com/p/Ab1#comments",
        "example.com/p/Ab1?igsh=abc",
    ],
)
def test_a_post_is_the_same_however_its_address_is_shared(post: str) -> None:
    assert post_key(post) == "example.com/p/Ab1"


def test_what_tells_posts_apart_is_kept() -> None:
    assert post_key("https://www.youtube.com/watch?v=Ab1") == "youtube.com/watch?v=Ab1"
    assert post_key("178_900") == "178_900"


@given(st.text())
def test_words_are_letters_digits_and_underscores(text: str) -> None:
    for word in words_of(text):
        assert all(letter == "_" or unicodedata.category(letter)[0] in "LMN" for letter in word)


GOOD = [
    channel("Search", source="google", medium="*cp*"),
    channel("Search", name="Google*"),
    {"kind": "campaign", "name": "spring_*", "means": "Spring"},
    {"kind": "campaign", "hashtag": "#Spring", "first_day": "2026-05-01", "last_day": "2027-05-01", "means": "Spring"},
    {"kind": "campaign", "keyword": "spring sale", "post": "https://example.com/1", "means": "Spring"},
]
BAD = [
    (channel("X"), "means", "asks for nothing"),
    (channel("X", medium="*"), "medium", "every row"),
    (channel("X", name="x"), "name", "means itself"),
    (channel("X*", name="y"), "means", "without"),
    (channel("X", source="a", hashtag="#b"), "hashtag", "leave this blank"),
    (channel("X", source="a", first_day="2026-01-01"), "first_day", "leave this blank"),
    ({"kind": "campaign", "source": "a", "name": "b", "means": "X"}, "source", "leave this blank"),
    ({"kind": "campaign", "name": "b", "hashtag": "#c", "means": "X"}, "name", "names a campaign keeps it"),
    ({"kind": "campaign", "hashtag": "#two words", "means": "X"}, "hashtag", "one word"),
    ({"kind": "campaign", "hashtag": "#", "means": "X"}, "hashtag", "one word"),
    ({"kind": "campaign", "keyword": "!!", "means": "X"}, "keyword", "one word or more"),
    ({"kind": "campaign", "keyword": "sal*", "means": "X"}, "keyword", "Whole words"),
    ({"kind": "campaign", "post": "p1", "first_day": "2026-01-01", "means": "X"}, "first_day", "Days go with"),
    (
        {"kind": "campaign", "hashtag": "#x", "first_day": "2026-02-01", "last_day": "2026-01-01", "means": "X"},
        "last_day",
        "ends before it begins",
    ),
    ({"kind": "market", "name": "b", "means": "X"}, "kind", ""),
    ({"kind": "campaign", "name": "b", "means": ""}, "means", "must not be blank"),
]


def read(rules: list[dict[str, str]]) -> Any:
    return prepare(SOURCES["rules"], pd.DataFrame(rules).to_csv(index=False).encode(), "rules.csv")


def test_good_rules_are_taken() -> None:
    prepared = read(GOOD)
    assert prepared.refused.to_pylist() == []
    assert prepared.accepted == len(GOOD)


@pytest.mark.parametrize(("rule", "column", "reason"), BAD)
def test_a_rule_that_says_nothing_or_never_matches_is_refused(rule: dict[str, str], column: str, reason: str) -> None:
    prepared = read([GOOD[0], rule])
    assert prepared.accepted == 1
    [refused] = prepared.refused.to_pylist()
    assert (refused["row"], refused["column"]) == (3, column)
    assert reason in refused["reason"]


def test_a_rule_is_asked_about_what_an_alias_leads_to() -> None:
    aliases = pd.DataFrame([("channel", "Google Ads", "google / cpc")], columns=["kind", "from_name", "to_name"])
    spellings = pd.DataFrame(
        [("channel", "Google Ads", 1), ("channel", "google / cpc", 1)], columns=["kind", "name", "row_count"]
    )
    names = Names(aliases, spellings, ruled(channel("Paid Search", source="google", medium="cpc")))
    assert [names.resolve("channel", name) for name in ("Google Ads", "google / cpc")] == ["Paid Search"] * 2
    unruled = Names(aliases, spellings)
    assert unruled.resolve("channel", "Google Ads") == "google / cpc"


@pytest.mark.parametrize("tool", [export.fixed["channel"] for export in EXPORTS.values() if "channel" in export.fixed])
def test_the_usual_rules_know_the_tools_whose_spend_is_read(tool: str) -> None:
    assert str(meant(NameRules(usual_rules()), tool)).startswith("Paid")


def test_the_usual_rules_are_good_ones_and_differ() -> None:
    usual = usual_rules()
    prepared = read(usual.astype(object).fillna("").to_dict("records"))
    assert prepared.refused.to_pylist() == []
    assert prepared.accepted == len(usual)


@pytest.mark.parametrize(
    ("source", "medium", "expected"),
    [
        ("google", "cpc", "Paid Search"),
        ("facebook", "cpc", "Paid Social"),
        ("facebook", "referral", "Organic Social"),
        ("google", "organic", "Organic Search"),
        ("youtube", "cpv", "Paid Video"),
        ("youtube", "cpm", "Paid Video"),
        ("blog", "guest post", None),
        ("news.example", "referral", "Referral"),
        ("(direct)", "(none)", "Direct"),
        ("newsletter", "email", "Email"),
    ],
)
def test_the_usual_rules_group_as_people_expect(source: str, medium: str, expected: str | None) -> None:
    assert meant(NameRules(usual_rules()), origin("", source, medium)) == expected
