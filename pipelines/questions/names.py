"""Questions about names: which of them meet no other, and what people said about that."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.identity import Names, channel_origins, fold, names_of, stored_names, suggestion
from pipelines.mentions import campaigns
from pipelines.name_rules import COLUMNS as RULE_COLUMNS
from pipelines.questions.question import Found, Parameter, Question
from pipelines.sources.rules import words_of
from pipelines.stores.base import Reading

MEETINGS = {
    "channel": (("spend", ("touchpoints",)), ("touchpoints", ("spend",))),
    "campaign": (
        ("spend", ("touchpoints",)),
        ("mentions", ("first_stream",)),
        ("first_stream", ("mentions",)),
    ),
    "account": (("mentions", ("account_reach", "first_stream")), ("account_reach", ("mentions",))),
    "platform": (("mentions", ("account_reach", "first_stream")), ("spend", ("touchpoints",))),
}
"""Kind of name -> (the source it stands in, the sources of which one should know it)."""

SOURCES = ("spend", "touchpoints", "first_stream", "mentions")
RANKS = ("spend", "reach", "count")
MEASURES = {"spend": "spend", "first_stream": "reach", "account_reach": "reach"}
"""Source -> what its names weigh; those of the others are counted."""
MOST_HASHTAGS = 200
ALIKE = {"channel": 0.8}
"""Kind -> how alike a suggestion must be: Organic Search is not Paid Search."""

COLUMNS = ["kind", "name", "found_in", "missing_from", *RANKS, "weight", "weight_unit", "suggestion"]


def unmatched_names(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Names of one source that none of the sources they should meet knows, with the most alike name there; and the hashtags of mentions
    without a campaign that no rule knows (kind 'hashtag').

    The weightiest stand first, by what is asked for, then by the other measures. weight and weight_unit are a name's own measure: its spend, its
    reach, or how many touchpoints or mentions carry it.
    """
    names = names_of(reading)
    stood = _resolved(reading, names)
    rows = [row for kind, meetings in MEETINGS.items() for row in _lonely(kind, meetings, stood, reading)]
    rows += _hashtags(reading, names)
    found = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(RANKS, float))
    fresh = health.freshness(reading)
    facts = {f"spend_of_{kind}s": _spend(found, kind) for kind in ("channel", "campaign")} | _of_mentions(
        reading, names, fresh
    )
    asked = str(parameters["rank"])
    order = [asked, *(measure for measure in RANKS if measure != asked), "name"]
    found = found.sort_values(order, ascending=[*[False] * len(RANKS), True], na_position="last", kind="stable")
    return Found(found, facts=facts, missing=health.missing(fresh, SOURCES))


def _spend(found: pd.DataFrame, kind: str) -> float:
    """The spend of those names of a kind that touchpoints do not know."""
    return float(found.loc[(found["kind"] == kind) & (found["found_in"] == "spend"), "spend"].sum())


def _of_mentions(reading: Reading, names: Names, fresh: pd.DataFrame) -> dict[str, int]:
    """All mentions there are, and those that reach no campaign."""
    period = health.whole(fresh, ("mentions",))
    if period is None:
        return {"mentions": 0, "mentions_without_campaign": 0}
    rows = campaigns(reading, names, period)
    lost = rows.loc[rows["name"].isna(), "mentions"]
    return {"mentions": int(rows["mentions"].sum()), "mentions_without_campaign": int(lost.sum())}


def _resolved(reading: Reading, names: Names) -> pd.DataFrame:
    """kind, source, name (resolved), spend, reach, count of all names there are."""
    stood = stored_names(reading)
    stood = stood[stood["row_count"] > 0].rename(columns={"counted": "count"})
    if names.rules.need_origin:
        origins = channel_origins(reading)
        counted = origins["row_count"].where(origins["source_name"] == "touchpoints")
        told = origins.assign(kind="channel", name=origins["origin"], source=origins["source_name"], count=counted)
        stood = pd.concat([stood[stood["kind"] != "channel"], told], ignore_index=True)
    resolved = [names.resolve(kind, name) for kind, name in zip(stood["kind"], stood["name"], strict=True)]
    return (
        stood.assign(name=resolved, reach=stood["reach"])
        .groupby(["kind", "source", "name"], as_index=False)[list(RANKS)]
        .sum(min_count=1)
    )


def _lonely(
    kind: str, meetings: tuple[tuple[str, tuple[str, ...]], ...], stood: pd.DataFrame, reading: Reading
) -> list[dict[str, Any]]:
    """The names of a kind that meet no other. A direct channel has none to meet."""
    of_kind = stood[stood["kind"] == kind]
    if kind == "channel":
        direct = {fold(name) for name in reading.settings.direct_channels}
        of_kind = of_kind[~of_kind["name"].map(fold).isin(direct)]
    rows = []
    for source, partners in meetings:
        known = set(of_kind.loc[of_kind["source"].isin(partners), "name"])
        if not known:
            continue
        measure = MEASURES.get(source, "count")
        lonely = of_kind[(of_kind["source"] == source) & ~of_kind["name"].isin(known)]
        for row in lonely.to_dict("records"):
            rows.append(
                {
                    **{column: row.get(column) for column in ("kind", "name", *RANKS)},
                    "found_in": source,
                    "missing_from": " and ".join(partners),
                    "weight": row[measure],
                    "weight_unit": source if measure == "count" else measure,
                    "suggestion": suggestion(row["name"], sorted(known), ALIKE.get(kind, 0.6)),
                }
            )
    return rows


def _hashtags(reading: Reading, names: Names) -> list[dict[str, Any]]:
    """The most frequent hashtags of mentions without a campaign that no rule asks for."""
    known = {word for rule in names.rules.texts for word in words_of(rule.hashtag)}
    campaigns = names.all("campaign")
    rows = reading.lake("hashtags", {"most": MOST_HASHTAGS})
    return [
        {
            "kind": "hashtag",
            "name": hashtag,
            "found_in": "mentions",
            "missing_from": "rules",
            "count": count,
            "weight": float(count),
            "weight_unit": "mentions",
            "suggestion": suggestion(hashtag, campaigns),
        }
        for hashtag, count in zip(rows["hashtag"], rows["mentions"], strict=True)
        if not known.intersection(words_of(hashtag))
    ]


def naming_rules(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The rules that hold, in the order in which they are asked: the most exact first. What a rule does not ask for is empty."""
    rules = names_of(reading).rules.rules
    return Found(pd.DataFrame([vars(rule) for rule in rules], columns=list(RULE_COLUMNS)))


def aliases(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The aliases that hold; a name that means itself again is none."""
    rows = reading.warehouse("aliases").rename(columns={"from_name": "from", "to_name": "to"})
    return Found(rows.loc[rows["from"] != rows["to"], ["kind", "from", "to"]])


QUESTIONS = (
    Question(
        "naming_rules",
        "Which rules say what channels and campaigns are called?",
        "one row a kind and its conditions",
        (),
        (),
        ("warehouse/rules",),
        naming_rules,
    ),
    Question(
        "aliases", "Which names mean another one?", "one row a (kind, from)", (), (), ("warehouse/aliases",), aliases
    ),
    Question(
        "unmatched_names",
        "Which names found no match?",
        "one row a (kind, name, source)",
        (Parameter("rank", "choice", "spend", "By what the weightiest come first.", choices=RANKS),),
        SOURCES,
        (
            "lake/campaign_mentions",
            "warehouse/posts",
            "lake/names",
            "lake/origins",
            "lake/hashtags",
            "warehouse/names",
            "warehouse/origins",
            "warehouse/aliases",
            "warehouse/rules",
        ),
        unmatched_names,
    ),
)
