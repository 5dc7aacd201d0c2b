"""Questions that lay models side by side: who gains and loses by the choice of a model, and by that of the look-back window.

Invariants: all models see the same conversions and the same touches; the rules are all weighed in one pass. A model whose credit may not be
summed says so, and one that the data cannot carry says which model stands in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from pipelines import health
from pipelines.attribution import MODELS
from pipelines.attribution.asked import Asked
from pipelines.attribution.engine import SUMS, credit_under, outcomes, rules_credit
from pipelines.questions.credit import CREDIT_DIMENSIONS, SOURCES, by
from pipelines.questions.question import (
    ATTRIBUTION,
    ATTRIBUTION_STATEMENTS,
    OUTCOME_STATEMENTS,
    PERIOD,
    Found,
    Parameter,
    Question,
)
from pipelines.questions.scope import scope
from pipelines.stores.base import Reading

YARDSTICK = "last_touch"
"""The model that all others are held against: the one that most reports use."""
TOLERANCE = 1e-9
WINDOWS = (1.0, 7.0, 14.0, 30.0, 60.0, 90.0)
RULES = tuple(key for key, model in MODELS.items() if model.kind == "rule")
IN_WINDOWS = tuple(key for key, model in MODELS.items() if model.kind not in ("ordered", "hybrid"))
"""The models of every window: by name ordered Shapley is Shapley, and the hybrid is made of two others."""

MEASURES = dict(zip(("conversions", "revenue"), SUMS, strict=True))
MEASURE = Parameter(
    "measure", "choice", "conversions", "What shares, ranks and differences are of.", choices=tuple(MEASURES)
)


def model_comparison(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """The credit of every name under every model, its rank there, and what is different from last touch.

    rank_change: by how many places the name stands higher than under last touch. additive: whether the model's credit may be summed;
    share is of all credit, of a model that may not be summed of the attributed conversions (or their revenue).
    """
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    columns = [dimension, "model", *SUMS, "share", "rank", *_AGAINST, "additive"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    about = asked.asked(asked.period, dimension)
    credits, stand_ins = every_model(about)
    value = MEASURES[str(parameters["measure"])]
    names = pd.concat([rows["name"] for rows in credits.values()]).drop_duplicates()
    if names.empty:
        return Found(pd.DataFrame(columns=columns), [*asked.how.warnings, *asked.edges()], missing=missing)
    totals = {name: float(credits[YARDSTICK][name].sum()) for name in SUMS}
    ranked = {model: _ranked(rows, names, model, value, totals[value]) for model, rows in credits.items()}
    rows = pd.concat([_against(rows, ranked[YARDSTICK], value) for rows in ranked.values()])
    rows = rows.rename(columns={"name": dimension})
    facts = {"stands_in": stand_ins, **reconciliation(about, credits), **asked.how.facts}
    return Found(rows[columns], [*asked.how.warnings, *asked.edges()], facts, missing)


def model_windows(reading: Reading, parameters: Mapping[str, Any]) -> Found:
    """What one name earns under every model and window. Where no name is said, it is the one that earns most as the question is asked."""
    asked, dimension = scope(reading, parameters, SOURCES), str(parameters["by"])
    columns = [dimension, "model", "window_days", *SUMS, "share", "additive"]
    missing = health.missing(asked.fresh, SOURCES)
    if asked.period is None or missing:
        return Found(pd.DataFrame(columns=columns), missing=missing)
    about, value = asked.asked(asked.period, dimension), MEASURES[str(parameters["measure"])]
    name = parameters["name"] or _leader(credit_of(about, asked.how.model), value)
    rows = []
    for days in windows(reading.settings.longest_lookback_days, asked.how.lookback_days):
        credits, _ = every_model(replace(about, how=replace(asked.how, lookback_days=days)), IN_WINDOWS)
        total = float(credits[YARDSTICK][value].sum())
        for model, earned in credits.items():
            own = earned.loc[earned["name"] == name, SUMS].sum()
            said = {dimension: name, "model": model, "window_days": days, "additive": MODELS[model].additive}
            rows.append({**said, **own, "share": own[value] / total if total else None})
    found = pd.DataFrame(rows, columns=columns)
    facts = {"name": name, **asked.how.facts}
    return Found(found if name else found.head(0), [*asked.how.warnings, *asked.edges()], facts, missing)


def windows(longest: float, asked: float) -> list[float]:
    """The windows that are compared, the asked one among them, the longest one last."""
    return sorted({*(days for days in WINDOWS if days < longest), asked, longest})


def every_model(asked: Asked, models: Iterable[str] = tuple(MODELS)) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Model -> its credit (name, attributed_conversions, attributed_revenue); and model -> why the data cannot carry it, where they cannot.

    The rules come from one pass over the touches, whichever of them are asked for.
    """
    asked = replace(asked, by_day=False)
    rules, stand_ins = rules_credit(asked, RULES), {}
    credits = {}
    for model in models:
        if model in rules:
            credits[model] = _by_name(asked.resolved(rules[model]))
            continue
        own = replace(asked, how=replace(asked.how, facts={}, said=[]))
        credits[model] = credit_under(own, model, ["name"])
        if "stands_in" in own.how.facts:
            stand_ins[model] = str(own.how.facts["stands_in"]["reason"])
        # How the hybrid splits conversions is its own page's business.
        if model in stand_ins or MODELS[model].kind != "hybrid":
            for sentence in own.how.said:
                title = MODELS[model].title
                asked.how.warn(sentence if sentence.startswith(title) else f"{title}: {sentence}")
    return credits, stand_ins


def credit_of(asked: Asked, model: str) -> pd.DataFrame:
    """name, attributed_conversions, attributed_revenue under one model."""
    return credit_under(replace(asked, by_day=False), model, ["name"])


def _by_name(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby("name", dropna=False, as_index=False)[SUMS].sum()


def reconciliation(asked: Asked, credits: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """All conversions, those that are unattributed, and by how much each additive model's credit misses their difference.

    Counted on the day of the touchpoint, credit is that of other conversions than the period's: nothing is held against them then, and
    reconciled is null.
    """
    rows = outcomes(asked)
    conversions = float(rows["conversions"].sum())
    unattributed = float(rows.loc[rows["reason"].notna(), "conversions"].sum())
    comparable = not asked.how.options.by_touch_date
    off = {
        model: abs(float(credit["attributed_conversions"].sum()) + unattributed - conversions)
        for model, credit in credits.items()
        if MODELS[model].additive and comparable
    }
    return {
        "conversions": conversions,
        "unattributed_conversions": unattributed,
        "attributed_conversions": conversions - unattributed,
        "off": off,
        "reconciled": all(map(partial(reconciles, conversions), off.values())) if comparable else None,
    }


def reconciles(conversions: float, off: float) -> bool:
    """Whether what credit misses is rounding."""
    return off <= TOLERANCE * max(conversions, 1.0)


_AGAINST = ["difference_to_last_touch", "change_to_last_touch", "rank_change"]


def _ranked(rows: pd.DataFrame, names: pd.Series, model: str, value: str, attributed: float) -> pd.DataFrame:
    """A model's credit of every name with its share and rank, the most first."""
    rows = pd.DataFrame({"name": names}).merge(rows, on="name", how="left").fillna(dict.fromkeys(SUMS, 0.0))
    total = float(rows[value].sum()) if MODELS[model].additive else attributed
    rank = rows[value].round(9).rank(method="min", ascending=False).astype(int)
    rows = rows.assign(
        model=model, additive=MODELS[model].additive, rank=rank, share=rows[value] / total if total else None
    )
    return rows.sort_values(["rank", "name"], kind="stable")


def _against(rows: pd.DataFrame, yardstick: pd.DataFrame, value: str) -> pd.DataFrame:
    """Rows with their differences to the yardstick's; the relative one is null where that is zero."""
    other = rows[["name"]].merge(yardstick, on="name", how="left")
    before = other[value].to_numpy(dtype=float)
    difference = rows[value].to_numpy(dtype=float) - before
    relative = pd.Series(difference / pd.Series(before).where(before != 0).to_numpy(), index=rows.index)
    change = other["rank"].to_numpy() - rows["rank"].to_numpy()
    return rows.assign(**dict(zip(_AGAINST, (difference, relative, change), strict=True)))


def _leader(rows: pd.DataFrame, value: str) -> str | None:
    named = rows.dropna(subset=["name"])
    return None if named.empty else str(named.loc[named[value].idxmax(), "name"])


QUESTIONS = (
    Question(
        "model_comparison",
        "What would each model say?",
        "one row a (model, value of `by`)",
        (*PERIOD, *ATTRIBUTION, by(CREDIT_DIMENSIONS), MEASURE),
        SOURCES,
        (*ATTRIBUTION_STATEMENTS, *OUTCOME_STATEMENTS),
        model_comparison,
    ),
    Question(
        "model_windows",
        "What would each model say under each look-back window?",
        "one row a (model, window)",
        (
            *PERIOD,
            *ATTRIBUTION,
            by(CREDIT_DIMENSIONS),
            MEASURE,
            Parameter("name", "text", None, "Whom it is about; the one that earns most, if not said."),
        ),
        SOURCES,
        (*ATTRIBUTION_STATEMENTS, *OUTCOME_STATEMENTS),
        model_windows,
    ),
)
