"""Questions about points: reach against mentions, with what they cost and what to do."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines import health, media, mentions, metrics, quadrants
from pipelines.attribution import MODELS
from pipelines.attribution.engine import credit
from pipelines.calendar import Period
from pipelines.identity import fold, kept
from pipelines.mentions import SAMPLE_COLUMNS, SENTIMENTS
from pipelines.questions.question import ATTRIBUTION, ATTRIBUTION_STATEMENTS, PERIOD, Found, Parameter, Question
from pipelines.questions.scope import Scope, scope
from pipelines.stores.base import Reading

DIMENSIONS = ("campaign", "account", "platform", "post")
COLUMNS = [
    "reach",
    "mentions",
    *SENTIMENTS,
    "uncategorized",
    "negative_share",
    "spend",
    "attributed_conversions",
    "cpa",
    "quadrant",
    "advice",
    "pr_warning",
]


def quadrant_points(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Each point's summed reach and mentions, its quadrant and what to do about it, with the coverage of the join."""
    dimension = str(parameters["by"])
    asked = scope(reading, parameters, _sources(dimension))
    missing = health.missing(asked.fresh, _sources(dimension))
    if asked.period is None:
        return Found(pd.DataFrame(columns=[dimension, *COLUMNS]), missing=missing)
    points, coverage = _joined(asked, asked.period, dimension)
    points, warnings = _with_results(asked, asked.period, dimension, points)
    lines = quadrants.thresholds(
        points, parameters["threshold"], parameters["reach_threshold"], parameters["mentions_threshold"]
    )
    points = quadrants.advise(quadrants.place(points, lines), parameters["target_cpa"])
    facts = {
        "reach_threshold": lines.reach,
        "mentions_threshold": lines.mentions,
        **coverage,
    }
    rows = points.rename(columns={"name": dimension}).sort_values(
        ["reach", "mentions", dimension], ascending=[False, False, True], na_position="last"
    )
    warnings = [*asked.how.said, *asked.how.warnings, *warnings, *asked.edges()]
    return Found(rows[[dimension, *COLUMNS]], warnings, {**facts, "said": asked.how.said}, missing)


def point_trend(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """One point by day: summed reach (null: unknown), mentions (0 on a covered day without any, null on one not covered), negative ones."""
    dimension = str(parameters["by"])
    asked = scope(reading, parameters, _sources(dimension))
    missing = health.missing(asked.fresh, _sources(dimension))
    if asked.period is None:
        return Found(pd.DataFrame(columns=["day", "reach", "mentions", "negative"]), missing=missing)
    name = _called(asked, dimension, parameters["point"])
    reach = media.reach(reading, asked.names, asked.period, dimension)
    talk = mentions.by_day(reading, asked.names, asked.period, dimension)
    days = pd.DataFrame({"day": sorted({*reach["day"], *talk["day"]})}, dtype="str")
    rows = days.merge(reach[reach["name"] == name][["day", "reach"]], on="day", how="left")
    rows = rows.merge(talk[talk["name"] == name][["day", "mentions", "negative"]], on="day", how="left")
    covered = rows["day"].isin(set(talk["day"]))
    for column in ("mentions", "negative"):
        rows[column] = rows[column].astype(float).where(rows[column].notna() | ~covered, 0.0)
    return Found(rows, missing=missing)


def point_mentions(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """What people said about one point: the most engaging and newest mentions."""
    dimension = str(parameters["by"])
    asked = scope(reading, parameters, ("mentions",))
    missing = health.missing(asked.fresh, ("mentions",))
    if asked.period is None:
        return Found(pd.DataFrame(columns=SAMPLE_COLUMNS), missing=missing)
    wanted = _called(asked, dimension, str(parameters["point"]))
    rows = mentions.samples(reading, asked.names, asked.period, dimension, wanted, parameters["limit"])
    return Found(rows, missing=missing)


def _sources(dimension: str) -> tuple[str, str]:
    return media.REACH_SOURCES[dimension], "mentions"


def _called(asked: Scope, dimension: str, name: str) -> str:
    """The name that a point goes by, given that or a stored spelling of it."""
    if dimension == "post" or name in asked.names.all(dimension):
        return name
    return asked.names.resolve(dimension, name)


def _joined(asked: Scope, period: Period, dimension: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Reach and mentions of each point, and how much of the join has both sides: the same under every model."""

    def worked_out() -> tuple[pd.DataFrame, dict[str, Any]]:
        all_reach = media.reach(asked.reading, asked.names, period, dimension)
        reach = all_reach.dropna(subset=["name"])
        talk = mentions.by_day(asked.reading, asked.names, period, dimension)
        points = _points(reach, talk)
        return points, {
            **_coverage(points, reach, talk),
            "reach_without_name": float(all_reach.loc[all_reach["name"].isna(), "reach"].sum()),
            "mentions_without_name": int(talk.loc[talk["name"].isna(), "mentions"].sum()),
        }

    key = ("points", asked.reading.settings.reporting_time_zone, period, dimension)
    return kept(asked.reading, asked.names, key, worked_out)


def _points(reach: pd.DataFrame, talk: pd.DataFrame) -> pd.DataFrame:
    """Both sides summed and joined by name; mentions are 0, not unknown, where the feed covers days of the point's reach."""
    # Where no row has a name, the column comes without a type that names could be joined on.
    reach, talk = reach.astype({"name": object}), talk.astype({"name": object})
    near = reach.groupby("name", as_index=False)["reach"].sum(min_count=1)
    loud = talk.dropna(subset=["name"]).groupby("name", as_index=False)[["mentions", *SENTIMENTS]].sum()
    points = near.merge(loud, on="name", how="outer")
    covered = set(reach.loc[reach["day"].isin(set(talk["day"])), "name"])
    quiet = points["mentions"].isna() & points["name"].isin(covered)
    sums = ["mentions", *SENTIMENTS]
    points[sums] = points[sums].astype(float).mask(quiet, 0.0)
    return points.assign(uncategorized=points["mentions"] - points[SENTIMENTS].sum(axis=1, min_count=1))


def _with_results(asked: Scope, period: Period, dimension: str, points: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Points with spend, attributed_conversions and paid cpa; null where spend does not name such things."""
    earned = credit(asked.asked(period, dimension), ["name"]).dropna(subset=["name"])
    points = points.merge(earned[["name", "attributed_conversions"]], on="name", how="left")
    if dimension not in media.SPEND_DIMENSIONS:
        return points.assign(spend=float("nan"), cpa=float("nan")), []
    spent, warnings = media.spend(asked.reading, asked.names, period, dimension, asked.how.currency)
    points = points.merge(
        spent.dropna(subset=["name"]).groupby("name", as_index=False)["spend"].sum(min_count=1), on="name", how="left"
    )
    paid = points["spend"].where((points["spend"] > 0) & MODELS[asked.how.model].additive)
    return points.assign(cpa=metrics.ratios(paid, points["attributed_conversions"])), warnings


def _coverage(points: pd.DataFrame, reach: pd.DataFrame, talk: pd.DataFrame) -> dict[str, Any]:
    """How much of the join has both sides: in points, and in cells (a point on a day that has a row of either side)."""
    reached_cells = _cells(reach.dropna(subset=["reach"]))
    mentioned_cells = _cells(talk.dropna(subset=["name"]))
    reached, mentioned = points["reach"].notna(), points["mentions"] > 0
    return {
        "points_both": int((reached & mentioned).sum()),
        "points_all": len(points),
        "cells_both": len(reached_cells & mentioned_cells),
        "cells_all": len(reached_cells | mentioned_cells),
        "only_reach": sorted(points.loc[reached & ~mentioned, "name"], key=fold),
        "only_mentions": sorted(points.loc[~reached, "name"], key=fold),
    }


def _cells(rows: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(rows["day"], rows["name"], strict=True))


_MENTIONS = ("lake/mentions", "lake/campaign_mentions", "warehouse/posts", "warehouse/rules")
_BY = Parameter("by", "choice", "campaign", "What a point is.", choices=DIMENSIONS)

QUESTIONS = (
    Question(
        "quadrants",
        "Who is seen, who is talked about, and what to do?",
        "one row a value of `by`",
        (
            *PERIOD,
            *ATTRIBUTION,
            _BY,
            Parameter(
                "threshold", "choice", "median", "Where low ends and high begins.", choices=("median", "mean", "own")
            ),
            Parameter(
                "reach_threshold", "number", None, "Own threshold of summed reach, for threshold=own.", minimum=0
            ),
            Parameter("mentions_threshold", "number", None, "Own threshold of mentions, for threshold=own.", minimum=0),
            Parameter(
                "target_cpa",
                "number",
                None,
                "What a conversion may cost; the points' median CPA, if not said.",
                minimum=0,
            ),
        ),
        ("account_reach", "first_stream", "mentions"),
        ("warehouse/reach", "warehouse/stream", "warehouse/spend", *_MENTIONS, *ATTRIBUTION_STATEMENTS),
        quadrant_points,
    ),
    Question(
        "point_trend",
        "How did one point go, day by day?",
        "one row a day",
        (*PERIOD, _BY, Parameter("point", "text", "", "Name of the point.")),
        ("account_reach", "first_stream", "mentions"),
        ("warehouse/reach", "warehouse/stream", *_MENTIONS),
        point_trend,
    ),
    Question(
        "point_mentions",
        "What do people say about one point?",
        "one row a mention",
        (
            *PERIOD,
            _BY,
            Parameter("point", "text", "", "Name of the point."),
            Parameter("limit", "whole", 50, "How many mentions at most.", minimum=1),
        ),
        ("mentions",),
        ("lake/mention_samples", "warehouse/posts"),
        point_mentions,
    ),
)
