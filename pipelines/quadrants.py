"""Quadrants: where a point of reach and mentions stands against two thresholds, and what to do about it.

Invariants: thresholds come from all points of the period, before anything is hidden; a tie is low; under four points no quadrant is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.metrics import ratios

HIGH_PERFORMERS, PLATFORM_PUSH, UNDERDOGS, LEAVE_IT = "High Performers", "Platform Push", "Underdogs", "Leave It"
QUADRANTS = (HIGH_PERFORMERS, PLATFORM_PUSH, UNDERDOGS, LEAVE_IT)

FEWEST_POINTS = 4
FEWEST_RATED_MENTIONS = 30
"""Mentions with a sentiment that a PR warning needs."""
ALARMING_NEGATIVE_SHARE = 0.4
"""Share of negative ones among the rated mentions from which a PR warning is given."""
ENOUGH_CONVERSIONS = 10.0
"""Attributed conversions under which a CPA is too thin to give budget on."""


@dataclass(frozen=True)
class Thresholds:
    """The two lines; null where there are too few points to draw one."""

    reach: float | None
    mentions: float | None


def thresholds(
    points: pd.DataFrame, how: str, own_reach: float | None = None, own_mentions: float | None = None
) -> Thresholds:
    """The lines between low and high: the 'median' or 'mean' of the points that have the value, or one's 'own' numbers.

    Where an own number is not given, the median stands in.
    """
    if len(points.dropna(subset=["reach", "mentions"])) < FEWEST_POINTS:
        return Thresholds(own_reach, own_mentions) if how == "own" else Thresholds(None, None)
    lines = points[["reach", "mentions"]].agg("mean" if how == "mean" else "median")
    reach, mentions = float(lines["reach"]), float(lines["mentions"])
    if how != "own":
        return Thresholds(reach, mentions)
    return Thresholds(reach if own_reach is None else own_reach, mentions if own_mentions is None else own_mentions)


def place(points: pd.DataFrame, lines: Thresholds) -> pd.DataFrame:
    """Points with `quadrant` beside them; null where a side is unknown, a line is missing, or there are under four points."""
    both = points["reach"].notna() & points["mentions"].notna()
    if lines.reach is None or lines.mentions is None or int(both.sum()) < FEWEST_POINTS:
        return points.assign(quadrant=None)
    far, loud = points["reach"] > lines.reach, points["mentions"] > lines.mentions
    named = np.select([far & loud, far & ~loud, ~far & loud], [HIGH_PERFORMERS, PLATFORM_PUSH, UNDERDOGS], LEAVE_IT)
    return points.assign(quadrant=pd.Series(named, index=points.index, dtype=object).where(both, None))


def advise(points: pd.DataFrame, target_cpa: float | None = None) -> pd.DataFrame:
    """Points with negative_share, pr_warning and advice (a sentence) beside them.

    points: reach, mentions, positive, neutral, negative, spend, attributed_conversions, cpa, quadrant. target_cpa: what a conversion may
    cost; by default the median CPA of the points that have one.
    """
    rated = points[["positive", "neutral", "negative"]].sum(axis=1)
    points = points.assign(negative_share=ratios(points["negative"], rated))
    warned = (rated >= FEWEST_RATED_MENTIONS) & (points["negative_share"] >= ALARMING_NEGATIVE_SHARE)
    points = points.assign(pr_warning=warned.fillna(False).astype(bool))
    bar = target_cpa if target_cpa is not None else points["cpa"].median()
    return points.assign(advice=[_advice(point, bar, target_cpa is not None) for point in points.to_dict("records")])


def _advice(point: Mapping[str, Any], bar: float, is_target: bool) -> str:
    if point["pr_warning"]:
        return f"PR fix before budget: {point['negative_share']:.0%} of the rated mentions are negative."
    if pd.isna(point["reach"]):
        talked = (
            "people talk about it, but nobody knows how far it went" if point["mentions"] > 0 else "it is not known"
        )
        return f"Upload its reach: {talked}."
    if pd.isna(point["mentions"]):
        return "Connect its mentions: it is seen, but nobody knows whether people talk."
    quadrant = point["quadrant"]
    if quadrant == PLATFORM_PUSH:
        return "Change the content: seen, but not talked about."
    if quadrant == LEAVE_IT:
        return "Fix it or end it: neither seen nor talked about."
    if pd.isna(quadrant):
        return "Too few points to compare with."
    return _on_budget(point, "Double down" if quadrant == HIGH_PERFORMERS else "Amplify", bar, is_target)


def _on_budget(point: Mapping[str, Any], verb: str, bar: float, is_target: bool) -> str:
    """What to do with a point that people talk about: more budget only on enough conversions at no worse a paid CPA."""
    against = "target" if is_target else "median"
    if pd.isna(point["spend"]):
        return f"{verb}: people talk about it. No spend is known for it, so repeat what works before paying for more."
    if pd.isna(point["cpa"]) or point["attributed_conversions"] < ENOUGH_CONVERSIONS:
        return f"{verb} with care: people talk about it, but too few conversions tell what budget would bring."
    if pd.isna(bar) or point["cpa"] <= bar:
        return f"{verb}: people talk about it, and its paid CPA is no worse than the {against}. More budget."
    return f"Make it cheaper before feeding it: people talk about it, but its paid CPA is above the {against}."
