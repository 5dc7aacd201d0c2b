"""Questions about what would bring credit back: another look-back window, or identifiers that meet."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines import health
from pipelines.attribution.engine import told_parameters
from pipelines.questions.question import ATTRIBUTION, PERIOD, Found, Parameter, Question
from pipelines.questions.scope import scope
from pipelines.questions.unattributed import SOURCES
from pipelines.stores.base import Reading

CURVE = ["window_days", "attributed", "outside_window"]
PEOPLE = ["person", "conversions", "revenue", "first_day", "last_day"]
MOST_SHAPES = 3


def window_curve(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """How many conversions each look-back window from 1 day to the longest attributes, and how many stay outside of it.

    The curve is that of all consented touches: exact where no option changes which touches count, and said not to be where one does.
    facts: attributed, by the asked window; beyond_longest and after_conversion, those that no window reaches.
    """
    asked = scope(reading, parameters, ("conversions",))
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or "conversions" in missing:
        return Found(pd.DataFrame(columns=CURVE), missing=missing)
    question = asked.asked(asked.period)
    longest = int(reading.settings.longest_lookback_days)
    rows = question.lake(
        "nearest_ages", question.slots("whole", anew=False), told_parameters(question, longest_days=longest)
    )
    met = rows[rows["consented_days"].notna()]
    consented = _reached(met["consented_days"], met["conversions"], longest)
    # Whom any touch reaches is attributed, or lacks consent: neither is outside of the window.
    touched = _reached(met["any_days"], met["conversions"], longest)
    everyone = int(met["conversions"].sum())
    curve = pd.DataFrame(
        {
            "window_days": np.arange(1, longest + 1),
            "attributed": consented,
            "outside_window": everyone - touched,
        }
    )
    facts = {
        "attributed": int(rows["attributed"].sum()),
        "beyond_longest": int(met.loc[met["any_days"] > longest, "conversions"].sum()),
        "after_conversion": int(met.loc[met["any_days"] < 0, "conversions"].sum()),
    }
    warnings = list(asked.how.warnings)
    if question.anew:
        warnings.append(
            "The curve over windows counts every consented touchpoint; the options and left-out channels that are set attribute fewer."
        )
    return Found(curve[CURVE], warnings, facts, missing)


def _reached(days: pd.Series, conversions: pd.Series, longest: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many conversions windows of 1, 2, ... longest days reach. days: the window that each needs, below 0 for none."""
    kept = (days >= 0) & (days <= longest)
    # A touch at the very moment of the conversion needs no window at all: the shortest reaches it.
    needed = np.maximum(days[kept].to_numpy(dtype=np.int64), 1)
    counts = np.zeros(longest + 1, dtype=np.int64)
    np.add.at(counts, needed, conversions[kept].to_numpy(dtype=np.int64))
    return counts.cumsum()[1:]


def unmatched_people(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The people who converted without any touchpoint, most conversions first, and what identifiers look like on both sides.

    facts: people (how many there are); shapes: side (unmatched, touchpoints) -> a list of kind, lead, shortest, longest, share, example.
    """
    asked = scope(reading, parameters, ("conversions",))
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or "conversions" in missing:
        return Found(pd.DataFrame(columns=PEOPLE), missing=missing)
    question = asked.asked(asked.period)
    found = question.lake(
        "unmatched_people", question.slots("day"), told_parameters(question, most=parameters["limit"])
    )
    people = int(found["people"].max()) if len(found) else 0
    found = question.in_currency(found, "revenue")
    days = found.groupby("person")["slice"].agg(["min", "max"])
    rows = found.groupby(["place", "person"], as_index=False)[["conversions", "revenue"]].sum()
    rows = rows.assign(first_day=rows["person"].map(days["min"]), last_day=rows["person"].map(days["max"]))
    shapes = question.lake("key_shapes", question.slots("whole"), told_parameters(question))
    facts = {"people": people, "shapes": {str(side): _shapes(group) for side, group in shapes.groupby("side")}}
    return Found(rows.sort_values("place")[PEOPLE], list(asked.how.warnings), facts, missing)


def _shapes(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The most frequent shapes of one side's identifiers."""
    shapes = rows.assign(lead=rows["lead"].fillna("")).groupby(["kind", "lead"], as_index=False)
    summed = shapes.agg(
        shortest=("length", "min"),
        longest=("length", "max"),
        row_count=("row_count", "sum"),
        example=("example", "first"),
    )
    summed = summed.assign(share=summed["row_count"] / summed["row_count"].sum())
    summed = summed.sort_values(["row_count", "kind", "lead"], ascending=[False, True, True]).head(MOST_SHAPES)
    records: list[dict[str, Any]] = summed[["kind", "lead", "shortest", "longest", "share", "example"]].to_dict(
        "records"
    )
    return [
        {key: value.item() if isinstance(value, np.generic) else value for key, value in row.items()} for row in records
    ]


QUESTIONS = (
    Question(
        "window_curve",
        "How many conversions would another look-back window attribute?",
        "one row a look-back window, in days",
        (*PERIOD, *ATTRIBUTION),
        SOURCES,
        ("lake/nearest_ages",),
        window_curve,
    ),
    Question(
        "unmatched_people",
        "Who converted without ever having been met?",
        "one row a person, those with most conversions first",
        (*PERIOD, *ATTRIBUTION, Parameter("limit", "whole", 20, "How many people at most.", minimum=1)),
        SOURCES,
        ("lake/unmatched_people", "lake/key_shapes"),
        unmatched_people,
    ),
)
