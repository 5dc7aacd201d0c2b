"""The question how sure credit is: intervals, and who is not distinguishable from whom.

Invariants: numbers are the engine's, intervals stand beside them; what has no interval is null and a warning says why. People are resampled
whole, so one person's journeys stay together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines import health, media
from pipelines.attribution import MODELS, said
from pipelines.attribution.asked import Asked
from pipelines.attribution.bootstrap import BUCKETS, LEVEL, REPLICATES, Resampled, beats, cpa_interval, tiers
from pipelines.attribution.bucketed import in_buckets
from pipelines.attribution.engine import SUMS
from pipelines.attribution.named import UNNAMED
from pipelines.errors import CannotCarry
from pipelines.metrics import with_results
from pipelines.questions.compare import MEASURE, MEASURES, credit_of
from pipelines.questions.credit import CREDIT_DIMENSIONS, SOURCES, by
from pipelines.questions.question import (
    ATTRIBUTION,
    ATTRIBUTION_STATEMENTS,
    OUTCOME_STATEMENTS,
    PERIOD,
    Found,
    Question,
)
from pipelines.questions.scope import scope
from pipelines.stores.base import Reading

FEW = 10
"""Conversions under which an interval that is called one of 95 % holds the truth in about 90 %: see tests/bench/coverage.py."""
MOST_NAMES = 200
"""Names beyond these, the largest, have no intervals: each is compared with each."""
PEOPLE = "People are drawn anew with all their journeys; another period would bring other people, and not as many."

BOUNDS = {
    "attributed_conversions": ("conversions_low", "conversions_high"),
    "attributed_revenue": ("revenue_low", "revenue_high"),
    "share": ("share_low", "share_high"),
    "cpa": ("cpa_low", "cpa_high"),
}
"""Number -> the columns of its interval."""
_UNSURE = [*(bound for bounds in BOUNDS.values() for bound in bounds), "tier", "distinguishable"]


def credit_intervals(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Credit under one model with what it could have come out as: low and high of conversions, revenue, share and paid CPA.

    tier: 1 for the best; names of one tier are not distinguishable from its first. distinguishable: whether a name is so from the one above
    it. few: whether it has so few conversions that its interval is somewhat too narrow.
    """
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    columns = [dimension, *SUMS, "share", "spend", "cpa", *_UNSURE, "few"]
    missing = health.missing(asked.fresh, ("spend", *SOURCES))
    if asked.period is None or set(missing) & set(SOURCES):
        return Found(pd.DataFrame(columns=columns), missing=missing)
    about, value = asked.asked(asked.period, dimension), MEASURES[str(parameters["measure"])]
    rows = _rows(about, value)
    try:
        if "stands_in" in asked.how.facts:
            raise CannotCarry("another model stands in for it.")
        rows = _with_intervals(about, rows, value)
        few = rows.loc[rows["few"] & rows["conversions_low"].notna(), "name"].fillna(f"no {dimension}")
        if len(few):
            asked.how.warn(
                f"Under {FEW} conversions an interval holds the truth in about 90 of 100 cases only, not in 95: {_listed(few)}."
            )
    except CannotCarry as reason:
        rows = rows.reindex(columns=[*rows, *_UNSURE])
        asked.how.warn(f"{MODELS[asked.how.model].title} has no intervals here: {reason}")
    facts = {"level": LEVEL, "replicates": REPLICATES, "buckets": BUCKETS, "people": PEOPLE, **asked.how.facts}
    facts["said"] = asked.how.said
    rows = rows.rename(columns={"name": dimension})
    return Found(rows[columns], [*asked.how.said, *asked.how.warnings, *asked.edges()], facts, missing)


def _rows(asked: Asked, value: str) -> pd.DataFrame:
    """Credit with its share, spend and paid CPA, the most first."""
    said.about(asked)
    rows, additive = credit_of(asked, asked.how.model), MODELS[asked.how.model].additive
    total = float(rows[value].sum())
    spend = _spend(asked) if additive else {}
    rows = rows.assign(
        share=rows[value] / total if total and additive else np.nan,
        spend=rows["name"].map(spend).astype(float),
        few=rows["attributed_conversions"] < FEW,
    )
    return with_results(rows).sort_values([value, "name"], ascending=[False, True], ignore_index=True)


def _spend(asked: Asked) -> dict[str, float]:
    """Spend by name, where spend names what is asked about."""
    if asked.dimension not in media.SPEND_DIMENSIONS:
        return {}
    spent, warnings = media.spend(asked.reading, asked.names, asked.period, asked.dimension, asked.how.currency)
    for warning in warnings:
        asked.how.warn(warning)
    by_name: dict[str, float] = spent.dropna(subset=["name"]).groupby("name")["spend"].sum(min_count=1).to_dict()
    return by_name


def _with_intervals(asked: Asked, rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Rows with the columns of BOUNDS, tier and distinguishable. Raises CannotCarry where the model has no intervals."""
    if len(rows) > MOST_NAMES:
        asked.how.warn(f"Only the {MOST_NAMES} largest of {len(rows):,} names have intervals.")
    names = rows["name"].astype(object).where(rows["name"].notna(), UNNAMED)[:MOST_NAMES].tolist()
    found = in_buckets(asked, asked.how.model, names)
    credit, known = found.credit(), found.in_one_currency
    if not known:
        asked.how.warn(
            "Revenue has no intervals: it is in other currencies, whose rates differ from day to day; intervals are made of sums over all days."
        )
    numbers = {SUMS[0]: credit.measure(0).interval()}
    numbers["cpa"] = cpa_interval(credit.measure(0), rows["spend"].to_numpy(dtype=float)[: len(names)])
    if known:
        numbers[SUMS[1]] = credit.measure(1).interval()
    place = SUMS.index(value)
    if known or place == 0:
        if MODELS[asked.how.model].additive:
            numbers["share"] = found.shares().measure(place).interval()
        rows = _told_apart(rows, credit.measure(place))
    for number, bounds in zip(numbers.values(), (BOUNDS[name] for name in numbers), strict=True):
        for bound, values in zip(bounds, number, strict=True):
            rows = rows.assign(**{bound: pd.Series(values)})
    return rows.reindex(columns=list(dict.fromkeys([*rows, *_UNSURE])))


def _told_apart(rows: pd.DataFrame, resampled: Resampled) -> pd.DataFrame:
    """Rows with their tier, and whether each is distinguishable from the one above it."""
    above = np.diagonal(beats(resampled), offset=1) >= 1 - (1 - LEVEL) / 2
    return rows.assign(
        tier=pd.Series(tiers(resampled), dtype="Int64"), distinguishable=pd.Series([None, *above], dtype="boolean")
    )


def _listed(names: pd.Series) -> str:
    shown = names.astype(str).tolist()
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


QUESTIONS = (
    Question(
        "credit_intervals",
        "How sure is credit, and who is not distinguishable from whom?",
        "one row a value of `by`",
        (*PERIOD, *ATTRIBUTION, by(CREDIT_DIMENSIONS), MEASURE),
        ("spend", *SOURCES),
        (*ATTRIBUTION_STATEMENTS, "lake/credit_by_bucket", *OUTCOME_STATEMENTS, "warehouse/spend"),
        credit_intervals,
    ),
)
