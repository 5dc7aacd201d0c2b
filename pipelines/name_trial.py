"""What other rules or aliases would change: which rows each rule decides about, and which numbers move.

Invariant: a trial reads and stores nothing; what it says of a change is what all pages show once the change is saved.
"""

from dataclasses import dataclass

import pandas as pd

from pipelines import health, media, mentions
from pipelines.attribution import DEFAULT_MODEL, model_parameters
from pipelines.attribution.asked import Asked, Attribution
from pipelines.attribution.engine import credit
from pipelines.calendar import Period
from pipelines.identity import Names, channel_origins, names_of, names_under, stored_names
from pipelines.name_rules import COLUMNS, NameRules, Rule, parts
from pipelines.stores.base import Reading

DATED = ("account_reach", "first_stream", "spend", "mentions", "touchpoints", "conversions")
MEASURES = ("touchpoints", "spend", "reach", "mentions")
METRICS = {
    "channel": ("attributed_conversions", "spend"),
    "campaign": ("attributed_conversions", "spend", "reach", "mentions"),
}
"""Kind of name -> the numbers that its rules can move."""
EXAMPLES, SAMPLES = 3, 500
"""How many examples a rule has at most, and of how many mentions those of all rules are taken."""
LOOKBACK_DAYS = 30.0


@dataclass(frozen=True)
class Trial:
    """What would change.

    rules: one row a rule in the order in which they are asked: name_rules.COLUMNS, MEASURES (of the rows that it decides about; spend in the
    reporting currency; all zero where no row matches or more exact rules come first) and examples of those rows, in a text.
    moved: kind, name, metric, before, after of every number that is not the same, the largest part of its total first. Numbers are of all days
    there are; conversions are attributed by the default model.
    """

    rules: pd.DataFrame
    moved: pd.DataFrame


def try_names(reading: Reading, rules: pd.DataFrame | None = None, aliases: pd.DataFrame | None = None) -> Trial:
    """What these would change if they were all the rules (name_rules.COLUMNS) or aliases (kind, from_name, to_name); None: those that hold."""
    said = tuple(None if frame is None else frame.to_csv(index=False) for frame in (rules, aliases))

    def work_out() -> Trial:
        tried = NameRules(reading.warehouse("rules") if rules is None else rules)
        then = names_under(reading, tried, aliases)
        period = health.whole(health.freshness(reading), DATED)
        return Trial(_matches(reading, then, period), _moved(reading, then, period))

    return reading.kept(("trial", *said), work_out)


def _moved(reading: Reading, then: Names, period: Period | None) -> pd.DataFrame:
    columns = ["kind", "name", "metric"]
    if period is None:
        return pd.DataFrame(columns=[*columns, "before", "after"])
    before = reading.kept("figures by name", lambda: _figures(reading, names_of(reading), period))
    both = before.merge(_figures(reading, then, period), on=columns, how="outer", suffixes=("_before", "_after"))
    both = both.rename(columns={"value_before": "before", "value_after": "after"}).fillna({"before": 0.0, "after": 0.0})
    total = both.groupby("metric")["after"].transform("sum").abs()
    weight = (both["after"] - both["before"]).abs() / total.where(total > 0, 1.0)
    both = both.assign(weight=weight)[weight > 1e-9]
    return both.sort_values(["weight", *columns], ascending=[False, True, True, True])[[*columns, "before", "after"]]


def _figures(reading: Reading, names: Names, period: Period) -> pd.DataFrame:
    """kind, name, metric, value: what a page shows of all channels and campaigns over a period."""
    currency = reading.settings.reporting_currency
    days = min(LOOKBACK_DAYS, reading.settings.longest_lookback_days)
    how = Attribution(DEFAULT_MODEL, model_parameters(DEFAULT_MODEL, {}), days, None, (), currency)
    found = []
    for kind, metrics in METRICS.items():
        by_day = {
            "attributed_conversions": lambda kind=kind: credit(Asked(reading, names, how, period, kind)),
            "spend": lambda kind=kind: media.spend(reading, names, period, kind, currency)[0],
            "reach": lambda kind=kind: media.reach(reading, names, period, kind),
            "mentions": lambda kind=kind: mentions.by_day(reading, names, period, kind),
        }
        for metric in metrics:
            sums = by_day[metric]().dropna(subset=["name"]).groupby("name", as_index=False)[metric].sum()
            found.append(sums.rename(columns={metric: "value"}).assign(kind=kind, metric=metric))
    return pd.concat(found, ignore_index=True).astype({"value": float})


def _matches(reading: Reading, names: Names, period: Period | None) -> pd.DataFrame:
    """The rules with what they decide about."""
    told = pd.concat(
        [_of_channels(reading, names), _of_campaigns(reading, names), _of_mentions(reading, names, period)]
    )
    rows = pd.DataFrame([vars(rule) for rule in names.rules.rules], columns=list(COLUMNS))
    sums = told.groupby("place")[list(MEASURES)].sum()
    examples = (
        told.sort_values("weight", ascending=False)
        .groupby("place")["example"]
        .agg(lambda texts: " · ".join(list(dict.fromkeys(texts.dropna()))[:EXAMPLES]))
    )
    rows = rows.join(sums).join(examples.rename("examples"))
    return rows.fillna({**dict.fromkeys(MEASURES, 0.0), "examples": ""})


def _of_channels(reading: Reading, names: Names) -> pd.DataFrame:
    """place (of the rule), MEASURES, weight, example: one row an origin that a rule decides about."""
    rows = channel_origins(reading)
    touched = rows["source_name"] == "touchpoints"
    rows = rows.assign(
        place=_places(names, [names.rules.of_channel(origin) for origin in rows["origin"]]),
        touchpoints=rows["row_count"].where(touched, 0),
        weight=rows["row_count"],
        example=rows["origin"].map(_told),
    )
    return _measured(rows)


def _of_campaigns(reading: Reading, names: Names) -> pd.DataFrame:
    """The same of campaigns' names."""
    rows = stored_names(reading).query("kind == 'campaign'")
    rows = rows.assign(
        place=_places(names, [names.rules.of_campaign(name) for name in rows["name"]]),
        touchpoints=rows["counted"].where(rows["source"] == "touchpoints"),
        mentions=rows["counted"].where(rows["source"] == "mentions"),
        weight=rows["row_count"],
        example=rows["name"],
    )
    return _measured(rows)


def _of_mentions(reading: Reading, names: Names, period: Period | None) -> pd.DataFrame:
    """The same of mentions without a campaign, with some of their texts, and of the posts that only a rule tells the campaign of."""
    if period is None or not names.rules.texts:
        return _measured(pd.DataFrame({"place": []}))
    texts = names.rules.texts
    rows = mentions.campaigns(reading, names, period).dropna(subset=["rule"])
    talk = rows.assign(place=_places(names, [texts[int(rule)] for rule in rows["rule"]]))
    said = mentions.samples_of_rules(reading, names, period, SAMPLES).groupby("rule").head(EXAMPLES)
    heard = said.assign(place=_places(names, [texts[rule] for rule in said["rule"]]), example=said["text"], mentions=0)
    posts = reading.warehouse("stream", first_day=period.start, last_day=period.end)
    by_post = mentions.rule_of_posts(names, posts[posts["campaign"].isna()])
    reached = posts.loc[by_post.index].assign(place=_places(names, list(by_post)))
    return pd.concat([_measured(rows) for rows in (talk, heard, reached)])


def _places(names: Names, decided: list[Rule | None]) -> list[float | None]:
    """Of each deciding rule its place among all rules; null where none decides."""
    places = {rule: float(place) for place, rule in enumerate(names.rules.rules)}
    return [None if rule is None else places[rule] for rule in decided]


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["place", *MEASURES, "weight", "example"]
    return rows.dropna(subset=["place"]).reindex(columns=columns).fillna(dict.fromkeys([*MEASURES, "weight"], 0.0))


def _told(origin: str) -> str:
    """An origin in words: "google / cpc", "Paid Social on TikTok", "Referral from blog / link"."""
    channel, source, medium, platform = parts(origin)
    way = " / ".join(filter(None, (source, medium)))
    said = channel if way in ("", channel) else f"{channel} from {way}"
    return f"{said} on {platform}" if platform else said
