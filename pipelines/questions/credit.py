"""Questions about credit and money: who earned the conversions, and what they cost."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from pipelines import health, media, metrics
from pipelines.attribution import MODELS
from pipelines.attribution.engine import credit, outcomes
from pipelines.calendar import Period
from pipelines.questions.question import (
    ATTRIBUTION,
    ATTRIBUTION_STATEMENTS,
    COMPARISON,
    OUTCOME_STATEMENTS,
    PERIOD,
    Found,
    Parameter,
    Question,
)
from pipelines.questions.scope import Scope, scope
from pipelines.stores.base import Reading

SOURCES = ("touchpoints", "conversions")
CREDIT_DIMENSIONS = ("channel", "campaign", "platform", "account", "creative", "post", "kind")
SUMS = ["attributed_conversions", "attributed_revenue"]
MOVERS = 5


def by(choices: tuple[str, ...], default: str = "channel") -> Parameter:
    """The parameter that says what a row is about."""
    return Parameter("by", "choice", default, "What a row is about.", choices=choices)


def channel_credit(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Attributed conversions and revenue, and each one's share of the attributed conversions."""
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    columns = [dimension, *SUMS, "share"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    rows = _credit_by_name(asked, asked.period, dimension)
    facts = {**_totals(asked, asked.period), **asked.how.facts, "said": asked.how.said}
    total = _total(asked, rows, facts)
    rows = rows.assign(share=rows["attributed_conversions"] / total if total else None)
    rows = rows.rename(columns={"name": dimension})[columns]
    return Found(rows, [*asked.how.said, *asked.how.warnings, *asked.edges()], facts, missing)


def credit_by_day(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Attributed conversions and revenue by the day of the conversion."""
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or missing:
        return Found(pd.DataFrame(columns=["day", dimension, *SUMS]), missing=missing)
    rows = credit(asked.asked(asked.period, dimension)).rename(columns={"name": dimension})
    return Found(rows, [*asked.how.said, *asked.how.warnings], {"said": asked.how.said}, missing)


def spend_and_cpa(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Spend beside the credit it earned: CPA, ROAS and ROI of what has spend, and the two sides that found no other."""
    asked, dimension = scope(reading, parameters, ("spend", "conversions")), str(parameters["by"])
    columns = [dimension, *SUMS, "share", "spend", "cpa", "roas", "roi"]
    missing = health.missing(asked.fresh, ("spend", *SOURCES))
    if asked.period is None:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    rows, warnings = _spend_and_credit(asked, asked.period, dimension)
    total = _total(asked, rows, _totals(asked, asked.period))
    rows = metrics.with_results(rows.assign(share=rows["attributed_conversions"] / total if total else None))
    # What spends without a name and what earns without one need not be the same thing; what may not be summed has no price.
    unpriced = rows["name"].isna() | (not MODELS[asked.how.model].additive)
    rows.loc[unpriced, ["cpa", "roas", "roi"]] = float("nan")
    named = rows.dropna(subset=["name"])
    earned = named["attributed_conversions"] > 0
    facts = {
        "totals": _headline(_unsaid(asked), asked.period)[0],
        "said": asked.how.said,
        "spend_without_match": named.loc[(named["spend"] > 0) & ~earned, "name"].tolist(),
        "spend_without_name": float(rows.loc[rows["name"].isna(), "spend"].sum()),
        "no_spend": named.loc[named["spend"].isna() & earned, "name"].tolist(),
    }
    rows = rows.sort_values(["spend", "attributed_conversions"], ascending=False, na_position="last")
    warnings = [*asked.how.said, *asked.how.warnings, *warnings, *asked.edges()]
    return Found(rows.rename(columns={"name": dimension})[columns], warnings, facts, missing)


def overview(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The period in seven numbers, each against the period it is compared with."""
    asked = scope(reading, parameters, ("spend", "conversions"))
    missing = health.missing(asked.fresh, ("spend", *SOURCES))
    columns = ["metric", "value", "previous", "change", "unit"]
    if asked.period is None:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    value, warnings = _headline(asked, asked.period)
    previous, before = _before(asked)
    rows = [
        {
            "metric": name,
            "value": value[name],
            "previous": previous.get(name),
            "change": metrics.change(value[name], previous.get(name)),
            "unit": unit,
        }
        for name, unit in HEADLINE.items()
    ]
    warnings = [*asked.how.said, *asked.how.warnings, *warnings, *before, *asked.edges()]
    return Found(pd.DataFrame(rows, columns=columns), warnings, {"said": asked.how.said}, missing)


def movers(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The five whose attributed conversions moved most against the compared period, each in a sentence."""
    asked, dimension = scope(reading, parameters, ("spend", "conversions")), str(parameters["by"])
    columns = [dimension, "metric", "value", "previous", "difference", "sentence"]
    missing = health.missing(asked.fresh, SOURCES)
    previous, before = _before(asked)
    if asked.period is None or asked.previous is None or missing or not previous:
        return Found(pd.DataFrame(columns=columns), before, missing=missing)
    now, _ = _spend_and_credit(asked, asked.period, dimension)
    then, _ = _spend_and_credit(asked, asked.previous, dimension)
    both = now.merge(then, on="name", how="outer", suffixes=("", "_before")).dropna(subset=["name"])
    both = both.fillna({"attributed_conversions": 0.0, "attributed_conversions_before": 0.0})
    both = both.assign(difference=both["attributed_conversions"] - both["attributed_conversions_before"])
    both = both[both["difference"].abs() >= 0.5]
    biggest = both.reindex(both["difference"].abs().sort_values(ascending=False, kind="stable").index).head(MOVERS)
    rows = [
        {
            dimension: row["name"],
            "metric": "attributed_conversions",
            "value": row["attributed_conversions"],
            "previous": row["attributed_conversions_before"],
            "difference": row["difference"],
            "sentence": _sentence(row),
        }
        for row in biggest.to_dict("records")
    ]
    return Found(pd.DataFrame(rows, columns=columns), missing=missing)


HEADLINE = {
    "spend": "money",
    "conversions": "count",
    "revenue": "money",
    "attributed_share": "share",
    "paid_cpa": "money",
    "blended_cpa": "money",
    "roas": "ratio",
}
"""Metric of the overview -> its unit."""


def _headline(asked: Scope, period: Period) -> tuple[dict[str, float | None], list[str]]:
    rows, warnings = _spend_and_credit(asked, period, "channel")
    totals = _totals(asked, period)
    money = _money(rows, totals, MODELS[asked.how.model].additive)
    share = metrics.ratio(totals["attributed_conversions"], totals["conversions"])
    return {**totals, **money, "attributed_share": share}, warnings


def _before(asked: Scope) -> tuple[dict[str, float | None], list[str]]:
    """The headline of the compared period; nothing, and a sentence, where it has no data: growth from there would mean nothing."""
    if asked.previous is None:
        return {}, []
    earlier = _unsaid(asked)
    headline, _ = _headline(earlier, asked.previous)
    if headline["conversions"] or headline["spend"] is not None:
        own = [sentence for sentence in earlier.how.said if sentence not in asked.how.said]
        return headline, [f"In the period compared with: {sentence}" for sentence in own]
    start, end = asked.previous.start, asked.previous.end
    return {}, [f"There are no conversions and no spend from {start} to {end}: nothing to compare with."]


def _unsaid(asked: Scope) -> Scope:
    """The same scope with nothing said and noticed yet: what is asked on other days, or of other names, is not told as that of this question."""
    return replace(asked, how=replace(asked.how, warnings=[], facts={}, said=[]))


def _credit_by_name(asked: Scope, period: Period, dimension: str) -> pd.DataFrame:
    """name, attributed_conversions, attributed_revenue of a period, the most first."""
    rows = credit(asked.asked(period, dimension), ["name"])
    return rows.sort_values(["attributed_conversions", "name"], ascending=[False, True])


def _spend_and_credit(asked: Scope, period: Period, dimension: str) -> tuple[pd.DataFrame, list[str]]:
    """name, spend (null: none known), attributed_conversions, attributed_revenue; and warnings about spend left out."""
    earned = _credit_by_name(asked, period, dimension)
    spent, warnings = media.spend(asked.reading, asked.names, period, dimension, asked.how.currency)
    spent = spent.groupby("name", dropna=False, as_index=False)["spend"].sum(min_count=1)
    rows = earned.merge(spent, on="name", how="outer")
    return rows.fillna(dict.fromkeys(SUMS, 0.0)), warnings


def _total(asked: Scope, rows: pd.DataFrame, totals: Mapping[str, Any]) -> float:
    """What shares are parts of: all credit; of a model whose credit may not be summed, the attributed conversions."""
    if MODELS[asked.how.model].additive:
        return float(rows["attributed_conversions"].sum())
    return float(totals["attributed_conversions"])


def _totals(asked: Scope, period: Period) -> dict[str, float]:
    """Conversions and revenue of a period, attributed and not."""
    rows = outcomes(asked.asked(period))
    credited = rows[rows["reason"].isna()]
    conversions, attributed = float(rows["conversions"].sum()), float(credited["conversions"].sum())
    return {
        "conversions": conversions,
        "attributed_conversions": attributed,
        "unattributed_conversions": conversions - attributed,
        "revenue": float(rows["revenue"].sum()),
        "attributed_revenue": float(credited["revenue"].sum()),
    }


def _money(rows: pd.DataFrame, totals: Mapping[str, float], additive: bool) -> dict[str, float | None]:
    """Total spend; paid CPA and ROAS, by what is credited to channels that have spend; blended CPA, ROAS and ROI, by everything.

    additive: whether credit may be summed; there is no paid price where it may not.

    rows: of channels, the one thing that every row of spend names, so that these totals do not depend on what a page groups by.
    """
    paid = rows[rows["spend"] > 0] if additive else rows.iloc[:0]
    spend = float(rows["spend"].sum()) if len(rows["spend"].dropna()) else None
    return {
        "spend": spend,
        "paid_cpa": metrics.ratio(spend or None, float(paid["attributed_conversions"].sum())),
        "blended_cpa": metrics.ratio(spend or None, totals["conversions"]),
        "roas": metrics.ratio(totals["attributed_revenue"], spend),
        "paid_roas": metrics.ratio(float(paid["attributed_revenue"].sum()), spend),
        "roi": metrics.ratio(totals["attributed_revenue"] - (spend or 0.0), spend),
    }


def _sentence(row: Mapping[str, Any]) -> str:
    more = "more" if row["difference"] > 0 else "fewer"
    count = f"{abs(row['difference']):,.0f} {more} conversions"
    fraction = metrics.change(row["attributed_conversions"], row["attributed_conversions_before"])
    relative = f" ({fraction:+.0%})" if fraction is not None else ", none before"
    return f"{row['name']} earned {count}{relative}{_on_spend(row)}."


def _on_spend(row: Mapping[str, Any]) -> str:
    fraction = metrics.change(row["spend"], row["spend_before"])
    if fraction is None or pd.isna(fraction):
        return ""
    if abs(fraction) < 0.02:
        return " on about the same spend"
    return f" on {abs(fraction):.0%} {'more' if fraction > 0 else 'less'} spend"


_MONEY_STATEMENTS = (*ATTRIBUTION_STATEMENTS, *OUTCOME_STATEMENTS, "warehouse/spend", "warehouse/fx_rates")

QUESTIONS = (
    Question(
        "overview",
        "How did the period go?",
        "one row a metric",
        (*PERIOD, *COMPARISON, *ATTRIBUTION),
        ("spend", *SOURCES),
        _MONEY_STATEMENTS,
        overview,
    ),
    Question(
        "movers",
        "What moved most?",
        "one row a name, five at most, the biggest first",
        (*PERIOD, *COMPARISON, *ATTRIBUTION, by(media.SPEND_DIMENSIONS)),
        SOURCES,
        _MONEY_STATEMENTS,
        movers,
    ),
    Question(
        "channel_credit",
        "Who earned the conversions?",
        "one row a value of `by`",
        (*PERIOD, *ATTRIBUTION, by(CREDIT_DIMENSIONS)),
        SOURCES,
        (*ATTRIBUTION_STATEMENTS, *OUTCOME_STATEMENTS),
        channel_credit,
    ),
    Question(
        "credit_by_day",
        "Who earned the conversions of each day?",
        "one row a (day, value of `by`)",
        (*PERIOD, *ATTRIBUTION, by(CREDIT_DIMENSIONS)),
        SOURCES,
        ATTRIBUTION_STATEMENTS,
        credit_by_day,
    ),
    Question(
        "spend_and_cpa",
        "What did each conversion cost?",
        "one row a value of `by`",
        (*PERIOD, *ATTRIBUTION, by(media.SPEND_DIMENSIONS)),
        ("spend", *SOURCES),
        _MONEY_STATEMENTS,
        spend_and_cpa,
    ),
)
