"""Questions about where in the journey a name earned its credit."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution.engine import SUMS, ordered_credit
from pipelines.questions.credit import CREDIT_DIMENSIONS, SOURCES, by
from pipelines.questions.question import ATTRIBUTION, PERIOD, Found, Question
from pipelines.questions.scope import scope
from pipelines.stores.base import Reading


def credit_by_position(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """Ordered Shapley values by the position at which a name stood, 1 for the oldest touch within the window. Any model may be asked with."""
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    columns = [dimension, "position", *SUMS]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    question = asked.asked(asked.period, dimension)
    rows = question.resolved(ordered_credit(question)).rename(
        columns={"name": dimension, "position_from_first": "position"}
    )
    rows = rows.groupby([dimension, "position"], dropna=False, as_index=False)[SUMS].sum()
    return Found(rows[columns], list(asked.how.warnings), missing=missing)


QUESTIONS = (
    Question(
        "ordered_credit",
        "At which position did each name earn its credit?",
        "one row a (value of `by`, position)",
        (*PERIOD, *ATTRIBUTION, by(CREDIT_DIMENSIONS)),
        SOURCES,
        ("lake/shares",),
        credit_by_position,
    ),
)
