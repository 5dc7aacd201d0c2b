"""Questions about recent days whose credit is not all in, where credit is reported on the day of the touchpoint."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution.asked import Asked
from pipelines.attribution.completion import completion
from pipelines.attribution.engine import STAND_IN, rule_parameters, rule_slots
from pipelines.attribution.registry import MODELS
from pipelines.calendar import Period
from pipelines.questions.credit import SOURCES
from pipelines.questions.question import ATTRIBUTION, PERIOD, Found, Question
from pipelines.questions.scope import Scope, scope
from pipelines.stores.base import Reading

COLUMNS = ["touch_day", "observed", "completion", "expected", "known"]
WHOLE = 0.95
"""A day of at least this completion counts as complete."""


def credit_completion(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """How much of each touch day's credit has come in, and what it is expected to come to, in attributed conversions.

    Read off the lags of the days up to twice the window before the period ends, under the asked rule; other models have no weight a touch,
    so linear credit stands in (fact `model`).
    """
    asked = scope(reading, parameters, SOURCES)
    missing = health.missing(asked.fresh, SOURCES)
    last_day = health.last_complete_day(asked.fresh, SOURCES)
    if asked.period is None or missing or last_day is None:
        return Found(pd.DataFrame(columns=COLUMNS), missing=missing)
    rule = asked.how.model if MODELS[asked.how.model].kind == "rule" else STAND_IN
    rows = completion(_by_lag(asked, asked.period, rule), last_day, asked.how.lookback_days)
    rows = rows[rows["touch_day"].between(asked.period.start.isoformat(), asked.period.end.isoformat())]
    open_ = rows[rows["completion"] < WHOLE]
    expected = float(open_["expected"].sum())
    facts = {
        "model": rule,
        "incomplete_days": len(open_),
        "came_in": float(open_["observed"].sum()) / expected if expected else None,
        "unknown_days": int((~rows["known"].astype(bool)).sum()),
    }
    return Found(rows[COLUMNS], list(asked.how.warnings), facts, missing)


def _by_lag(asked: Scope, period: Period, rule: str) -> pd.DataFrame:
    """touch_day, lag_days, credit, of the touches of the period and of the days before it that tell how credit comes in."""
    earlier = timedelta(days=2 * ceil(asked.how.lookback_days))
    days = Period(min(period.start, period.end - earlier), period.end)
    by_touch = replace(asked.how, options=replace(asked.how.options, by_touch_date=True))
    question = Asked(asked.reading, asked.names, by_touch, days, "kind")
    rows = question.lake("credit", rule_slots(question, [rule], {}, "day_pair"), rule_parameters(question, [rule], {}))
    pair = rows["slice"].astype("str").str.split(" ", expand=True).reindex(columns=[0, 1])
    touched, converted = pd.to_datetime(pair[0]), pd.to_datetime(pair[1])
    return pd.DataFrame(
        {
            "touch_day": touched.dt.strftime("%Y-%m-%d"),
            "lag_days": (converted - touched).dt.days,
            "credit": rows[f"attributed_conversions_{rule}"].astype(float),
        }
    )


QUESTIONS = (
    Question(
        "credit_completion",
        "How much of the credit of recent days has come in?",
        "one row a day of touchpoints",
        (*PERIOD, *ATTRIBUTION),
        SOURCES,
        ("lake/credit",),
        credit_completion,
    ),
)
