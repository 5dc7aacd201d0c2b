"""Mentions by day and name: the lake's side of every join with reach.

Invariant: a mention that names a campaign keeps it; one that names none belongs to the campaign of the own post it is about, else to that of
the first naming rule that holds, else to none.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from pipelines import statements
from pipelines.calendar import Period, starts_at
from pipelines.identity import Names, kept
from pipelines.name_rules import NO_KEY, SEPARATOR, Rule, needle, post_key
from pipelines.slots import Slots
from pipelines.sources.rules import words_of
from pipelines.stores.base import Reading

SENTIMENTS = ["positive", "neutral", "negative"]
SUMS = ["mentions", *SENTIMENTS]
SAMPLE_COLUMNS = [
    "occurred_at",
    "account",
    "platform",
    "campaign",
    "author",
    "text",
    "sentiment",
    "mentions",
    "engagements",
    "url",
]

_FIRST, _LAST = date(1900, 1, 1), date(2200, 1, 1)
"""The days of a rule that says none."""


def by_day(reading: Reading, names: Names, period: Period, dimension: str) -> pd.DataFrame:
    """Mentions by day: day, name (null where a mention names none), and SUMS."""
    key = ("mentions by day", reading.settings.reporting_time_zone, period, dimension)
    return kept(reading, names, key, lambda: _by_day(reading, names, period, dimension)).copy()


def _by_day(reading: Reading, names: Names, period: Period, dimension: str) -> pd.DataFrame:
    bounds = period.bounds(reading.settings.reporting_time_zone)
    if dimension == "campaign":
        rows = campaigns(reading, names, period)
    else:
        rows = reading.lake("mentions", bounds, slots=Slots(dimension))
        if dimension != "post":
            rows = rows.assign(name=names.column(dimension, rows["name"]))
    return rows.groupby(["day", "name"], dropna=False, as_index=False)[SUMS].sum()


def campaigns(reading: Reading, names: Names, period: Period) -> pd.DataFrame:
    """Mentions by day and campaign as `by_day`, with the `rule` that decided (its place in `names.rules.texts`, from 0; null: none did)."""
    zone = reading.settings.reporting_time_zone
    posts = known_posts(reading, names)
    parameters = {
        **period.bounds(zone),
        **_asked(names.rules.texts, zone),
        "known_posts": packed(sorted(posts)),
    }
    rows = reading.lake("campaign_mentions", parameters)
    return _settled(rows.assign(name=names.column("campaign", rows["name"])), names, posts)


def packed(keys: Iterable[str]) -> list[str]:
    """Keys in as few texts as hold them, joined by the separator, each no longer than a parameter may be."""
    texts: list[str] = []
    for key in keys:
        longer = f"{texts[-1]}{SEPARATOR}{key}" if texts else key
        if texts and len(statements.text(longer)) <= statements.LONGEST_PARAMETER:
            texts[-1] = longer
        else:
            texts.append(key)
    return texts


def samples(reading: Reading, names: Names, period: Period, dimension: str, wanted: str, most: int) -> pd.DataFrame:
    """The mentions of one name, the most engaging and newest first: SAMPLE_COLUMNS."""
    spelled = [wanted] if dimension == "post" else names.spellings(dimension, [wanted])
    if dimension != "campaign":
        return _samples(reading, names, period, dimension, {"names": spelled}, most)[SAMPLE_COLUMNS]
    known = known_posts(reading, names)
    posts = [key for key, campaign in known.items() if campaign == wanted]
    places = [place for place, rule in enumerate(names.rules.texts, start=1) if _meant(names, rule) == wanted]
    rows = _samples(reading, names, period, dimension, {"names": spelled, "posts": posts, "places": places}, most)
    rows = rows.assign(name=names.column("campaign", rows["campaign"]))
    return _settled(rows, names, known).query("name == @wanted")[SAMPLE_COLUMNS]


def samples_of_rules(reading: Reading, names: Names, period: Period, most: int) -> pd.DataFrame:
    """Mentions that rules decide about, the most engaging and newest first: SAMPLE_COLUMNS, and `rule`, a place in names.rules.texts, from 0."""
    places = list(range(1, len(names.rules.texts) + 1))
    rows = _samples(reading, names, period, "campaign", {"places": places}, most)
    rows = _settled(rows.assign(name=None), names, known_posts(reading, names)).dropna(subset=["rule"])
    return rows.astype({"rule": int})[[*SAMPLE_COLUMNS, "rule"]]


def known_posts(reading: Reading, names: Names) -> dict[str, str]:
    """Key of an own post, by its id and by its address -> its campaign, as first_stream names it or else a rule on the post alone."""
    posts = reading.warehouse("posts")
    resolved = names.column("campaign", posts["campaign"])
    found = {post: _meant(names, rule) for post, rule in names.rules.posts.items()}
    for column in ("permalink", "post"):
        keys = posts[column].dropna()
        found |= dict(zip(keys.map(post_key), resolved[keys.index], strict=True))
    return found


def campaign_of_posts(names: Names, rows: pd.DataFrame) -> pd.Series:
    """The campaign of first_stream's rows: the one they name, else that of the rule on their id or address."""
    named = names.column("campaign", rows["campaign"])
    means = rule_of_posts(names, rows[named.isna()]).map(lambda rule: _meant(names, rule))
    return named.astype(object).fillna(means).astype("str")


def rule_of_posts(names: Names, rows: pd.DataFrame) -> pd.Series:
    """The rule on the id or address alone of first_stream's rows, where there is one: by the rows' index."""
    found = pd.Series(None, index=rows.index, dtype=object)
    for column in ("post", "permalink"):
        found = found.fillna(rows[column].dropna().map(post_key).map(names.rules.posts))
    return found.dropna()


def _settled(rows: pd.DataFrame, names: Names, posts: Mapping[str, str]) -> pd.DataFrame:
    """Rows of a statement with their campaign filled in where they name none: by the own post (`posts`: as `known_posts`),
    then by the rule, whose place is from 0."""
    nameless = rows["name"].isna()
    if not nameless.any():
        return rows.assign(rule=float("nan"))
    by_post = rows["post"].dropna().map(post_key).map(posts).reindex(rows.index)
    rule = (rows["rule"].astype(float) - 1).where(nameless & by_post.isna())
    means = {float(place): _meant(names, found) for place, found in enumerate(names.rules.texts)}
    return rows.assign(name=rows["name"].astype(object).fillna(by_post).fillna(rule.map(means)), rule=rule)


def _meant(names: Names, rule: Rule) -> str:
    return names.called("campaign", rule.means)


def _samples(
    reading: Reading, names: Names, period: Period, dimension: str, wanted: dict[str, Any], most: int
) -> pd.DataFrame:
    zone = reading.settings.reporting_time_zone
    rules = names.rules.texts if dimension == "campaign" else []
    parameters = {
        "names": [],
        "posts": [],
        "places": [],
        **wanted,
        **period.bounds(zone),
        **_asked(rules, zone),
        "most": most,
    }
    return reading.lake("mention_samples", parameters, slots=Slots(dimension))


def _asked(rules: list[Rule], zone: str) -> dict[str, Any]:
    """The rules as parameters of the lake's statements: what each looks for among the words of a mention, and between which instants."""
    lists: dict[str, list[Any]] = {
        f"rule_{part}": [] for part in ("leads", "hashtags", "keywords", "posts", "starts", "ends")
    }
    for rule in rules:
        hashtag = [f"#{word}" for word in words_of(rule.hashtag)]
        keyword = words_of(rule.keyword)
        post = [SEPARATOR + post_key(rule.post)] if rule.post else []
        first = date.fromisoformat(rule.first_day) if rule.first_day else _FIRST
        last = date.fromisoformat(rule.last_day) if rule.last_day else _LAST
        lead = hashtag or post or [max(keyword, key=len)]
        parts = (lead[0], needle(hashtag), needle(keyword), needle(post))
        days = (starts_at(first, zone), starts_at(last + timedelta(days=1), zone))
        for values, part in zip(lists.values(), (*parts, *days), strict=True):
            values.append(part)
    return {"rule_count": len(rules), "post_pattern": NO_KEY.pattern, **lists}
