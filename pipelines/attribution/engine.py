"""Credit and its counterpart: who earned the conversions of a period, and why the rest is unattributed.

Invariant: for every additive model, window and set of options, credit + unattributed = conversions, to 1e-9 relative. Where the data cannot
carry a model, another one stands in and `facts` and a warning say so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pipelines.attribution.asked import Asked, Attribution, weighing
from pipelines.attribution.bootstrap import BUCKETS
from pipelines.attribution.markov import removal_effects
from pipelines.attribution.named import UNNAMED, called, named_sets, needs_names, spellings, transitions
from pipelines.attribution.registry import MODELS, model_parameters
from pipelines.attribution.said import about
from pipelines.attribution.shapley import shapley_values
from pipelines.attribution.spread import spread
from pipelines.errors import CannotCarry
from pipelines.identity import kept
from pipelines.journeys import of_present_program
from pipelines.name_rules import SEPARATOR
from pipelines.slots import TOTALLED, USUAL_WINDOWS, Slice, Slots, by_place_alone

REASONS = ("unknown_person", "no_touchpoint", "no_consent", "excluded_channel", "outside_window")
"""Why a conversion is unattributed, in the order in which they are looked for."""

SUMS = ["attributed_conversions", "attributed_revenue"]
STAND_IN, REST = "linear", "position_based"
"""The rule that stands in for a model which the data cannot carry; the rule of the hybrid model's conversions that are not known."""

_BY_PLACE = tuple(key for key, model in MODELS.items() if model.kind == "rule" and by_place_alone(weighing(key)[1]))


def credit(asked: Asked, by: Sequence[str] = ("day", "name")) -> pd.DataFrame:
    """Credit: what it is summed by, attributed_conversions, attributed_revenue (in the asked currency). What names nothing has a null name."""

    def worked_out(own: Asked) -> pd.DataFrame:
        about(own)
        return credit_under(own, own.how.model, by)

    how = asked.how
    return _once(asked, ("credit", how.model, sorted(how.model_parameters.items()), *by), worked_out)


def credit_under(asked: Asked, model: str, by: Sequence[str] = ("day", "name")) -> pd.DataFrame:
    """The same under any model: the asked one with the parameters it was asked with, others at their defaults."""
    rows = _SOLVERS[MODELS[model].kind](asked, model)
    named = rows["name"].astype(object)
    named = named.where(named.notna() & (named != UNNAMED), None).astype("str")
    return rows.assign(name=named).groupby([*by], dropna=False, as_index=False)[SUMS].sum()


def outcomes(asked: Asked) -> pd.DataFrame:
    """All conversions by day: day, type, reason (null: attributed), conversions, revenue (in the asked currency; a row for each currency that
    it came in, null where that one has no rate)."""

    def worked_out(own: Asked) -> pd.DataFrame:
        rows = own.lake("outcomes", own.slots("day"), told_parameters(own))
        return own.in_currency(rows, "revenue").rename(columns={"slice": "day"})

    return _once(asked, "outcomes", worked_out)


def _once(asked: Asked, what: object, make: Callable[[Asked], pd.DataFrame]) -> pd.DataFrame:
    """What `make` works out of a question about which nothing is said yet, worked out once a data version; what it says is said each time."""

    def worked_out() -> tuple[pd.DataFrame, Attribution]:
        own = replace(asked, how=replace(asked.how, warnings=[], facts={}, said=[]))
        return make(own), own.how

    rows, how = kept(asked.reading, asked.names, (what, asked.key), worked_out)
    asked.how.tell(how)
    return rows.copy()


def parameters_of(asked: Asked, model: str) -> dict[str, float]:
    """A model's parameters: those it was asked with, or its defaults."""
    return asked.how.model_parameters if model == asked.how.model else model_parameters(model, {})


def rules_credit(asked: Asked, models: Sequence[str], **more: Any) -> dict[str, pd.DataFrame]:
    """Rule -> its credit by day (day, name as stored, attributed_conversions, attributed_revenue), in one pass for all.

    A name has a row a day for each currency of what it earned, its revenue null where that one has no rate. more: parameters that go before
    those asked.
    """
    return _rules_credit(asked, models, models, more)


def _rules_credit(
    asked: Asked, models: Sequence[str], read: Sequence[str], more: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """The same, of a statement that answers the rules `read`."""
    columns = {model: [f"{name}_{model}" for name in SUMS] for model in models}
    rows = asked.sums(
        "credit",
        partial(rule_slots, asked, read, more),
        rule_parameters(asked, read, more),
        *(own[1] for own in columns.values()),
    )
    return {
        model: rows[["day", "name", *own]].set_axis(["day", "name", *SUMS], axis=1) for model, own in columns.items()
    }


def rule_slots(asked: Asked, models: Iterable[str], more: Mapping[str, Any], slice_: Slice) -> Slots:
    """The slots of the statement that answers these rules."""
    anew = asked.anew or "with_rare" in more
    weighed = tuple(weighing(model, totalled=not anew and _is_totalled(asked, model)) for model in models)
    return asked.slots(slice_, weighed, anew=anew)


def _is_totalled(asked: Asked, model: str) -> bool:
    """Whether the journeys' rows tell what the weights of this rule sum to."""
    usual = asked.how.lookback_days in USUAL_WINDOWS and parameters_of(asked, model) == model_parameters(model, {})
    return model in TOTALLED and usual and of_present_program(asked.reading)


def rule_parameters(asked: Asked, models: Iterable[str], more: Mapping[str, Any]) -> dict[str, Any]:
    """Its parameters."""
    numbers = {name: value for model in models for name, value in parameters_of(asked, model).items()}
    return asked.parameters(**numbers, **more)


def _rule(asked: Asked, model: str) -> pd.DataFrame:
    return asked.resolved(_rule_credit(asked, model, {}))


def _rule_credit(asked: Asked, model: str, more: Mapping[str, Any]) -> pd.DataFrame:
    """One rule's credit, of a statement that answers those by place alone together: people hold one against the other."""
    together = _BY_PLACE if model in _BY_PLACE else (model,)
    return _rules_credit(asked, [model], together, more)[model]


def _set(asked: Asked, model: str) -> pd.DataFrame:
    """Shapley values in closed form, or participation: by the names in each journey.

    A set of names has no day of its own but the conversion's: by the day of the touch, Shapley's value is what the ordered one sums to.
    """
    if asked.how.options.by_touch_date and MODELS[model].additive:
        return _ordered(asked, model)
    slots = partial(asked.slots, anew=needs_names(asked))
    rows = asked.sums("name_sets", slots, asked.parameters(), "revenue")
    rows = rows.assign(channels=named_sets(asked, rows["name_set"]))
    earned = _shared_out(rows) if MODELS[model].additive else rows.rename(columns={"channels": "name"}).explode("name")
    return earned.rename(columns={"conversions": SUMS[0], "revenue": SUMS[1]})[["day", "name", *SUMS]]


def _shared_out(sets: pd.DataFrame) -> pd.DataFrame:
    """Shapley values by day and name. No journey has two days: with the names of each day as players of its own, all days are one game."""
    players = [
        [day + SEPARATOR + name for name in names]
        for day, names in zip(sets["day"].to_numpy(object), sets["channels"], strict=True)
    ]
    # Money without a rate is left out: it must not take with it what else the name earned that day.
    earned = shapley_values(sets.assign(channels=players, revenue=sets["revenue"].fillna(0.0)))
    told = [player.split(SEPARATOR, 1) for player in earned["channel"]]
    return earned.assign(day=[day for day, _ in told], name=[name for _, name in told])


def ordered_credit(asked: Asked) -> pd.DataFrame:
    """Ordered Shapley values by day, name (as stored), position_from_first: attributed_conversions, attributed_revenue."""
    rows = asked.sums("shares", partial(asked.slots, anew=True), asked.parameters(), "attributed_revenue")
    return rows.groupby(["day", "name", "position_from_first"], dropna=False, as_index=False)[SUMS].sum()


def _ordered(asked: Asked, _: str) -> pd.DataFrame:
    return asked.resolved(ordered_credit(asked)).groupby(["day", "name"], dropna=False, as_index=False)[SUMS].sum()


def _chain(asked: Asked, model: str) -> pd.DataFrame:
    return chain_credit(asked, model, int(parameters_of(asked, model)["order"]))


def chain_credit(asked: Asked, model: str, order: int, *, rare: Iterable[str] | None = None) -> pd.DataFrame:
    """What the chain of the whole period gives each name, laid over its days as the linear credit lies.

    rare: only journeys without these names count.
    """
    only = {} if rare is None else {"rare": list(rare), "with_rare": False}
    told = transitions(asked, "whole", order, only)
    try:
        removal = removal_effects(told.grams, order)
    except CannotCarry as problem:
        return _stand_in(asked, model, problem, only)
    if removal.caveat:
        asked.how.say(f"{MODELS[model].title}: {removal.caveat[0].lower()}{removal.caveat[1:]}")
    asked.how.facts["chain"] = {"states": removal.states, "base": removal.base}
    shares = removal.channels.set_index("channel")["share"]
    of_other_journeys = asked.how.options.by_touch_date or bool(only) or asked.buckets < BUCKETS
    if asked.by_day or of_other_journeys:
        return _laid_over_days(_linear(asked, only), shares)
    earned = told.earned
    if asked.has_other_money(earned):
        earned = outcomes(asked).query("reason.isna()")
    attributed = earned[["conversions", "revenue"]].astype(float).sum().to_numpy()
    sums = pd.DataFrame(np.outer(shares, attributed), columns=SUMS)
    return sums.assign(day=asked.period.start.isoformat(), name=shares.index.to_numpy())


def _linear(asked: Asked, only: Mapping[str, Any]) -> pd.DataFrame:
    rows = _rule_credit(asked, STAND_IN, only)
    return rows.assign(name=called(asked, rows["name"])).groupby(["day", "name"], as_index=False)[SUMS].sum()


def _laid_over_days(linear: pd.DataFrame, shares: pd.Series) -> pd.DataFrame:
    """Each name's share of all credit, by day: both the names' and the days' sums hold."""
    # A name of refunds alone is in no chain, but it is in the days' sums.
    shares = shares.reindex(shares.index.union(linear["name"].unique()), fill_value=0.0)
    measured = []
    for measure in SUMS:
        pattern = linear.pivot_table(index="day", columns="name", values=measure, aggfunc="sum", fill_value=0.0)
        pattern = pattern.reindex(columns=shares.index, fill_value=0.0).astype(float)
        rows = linear.groupby("day")[measure].sum().reindex(pattern.index).to_numpy(dtype=float)
        columns = shares.to_numpy() * rows.sum()
        if rows.min(initial=0.0) < 0 or rows.sum() <= 0 or pattern.to_numpy().min(initial=0.0) < 0:
            cells = rows[:, None] * shares.to_numpy()  # refunds above revenue: no pattern to keep, only the sums
        else:
            cells = spread(pattern.to_numpy(), rows, columns).cells
        measured.append(pd.DataFrame(cells, pattern.index, pattern.columns).stack().rename(measure))
    return pd.concat(measured, axis=1).rename_axis(["day", "name"]).reset_index()


def _hybrid(asked: Asked, model: str) -> pd.DataFrame:
    """The chain where a journey's names are all known well, a rule for the rest; the split is a fact beside the rows."""
    least = parameters_of(asked, model)["minimum_journeys"]
    slots = asked.slots("whole", anew=needs_names(asked))
    sets = asked.lake("name_sets", slots, asked.parameters(with_unconverted=True))
    seen = sets.assign(name=named_sets(asked, sets["name_set"])).explode("name").groupby("name")["journeys"].sum()
    rare = [str(name) for name in seen[seen < least].index]
    stored = spellings(asked, rare)
    known = chain_credit(asked, model, 1, rare=stored or None)
    rest = known.head(0)
    if stored:
        rest = asked.resolved(_rule_credit(asked, REST, {"rare": stored, "with_rare": True}))
    split = {"data_driven": float(known[SUMS[0]].sum()), "rule_based": float(rest[SUMS[0]].sum()), "rare": len(rare)}
    asked.how.facts["split"] = split
    asked.how.say(
        f"{MODELS[model].title}: {split['data_driven']:,.0f} conversions by the Markov chain, {split['rule_based']:,.0f} by the rule "
        f"({MODELS[REST].title.lower()}): {len(rare)} of {len(seen)} names stand in fewer than {least:,.0f} journeys."
    )
    return pd.concat([known, rest], ignore_index=True)


def _stand_in(asked: Asked, model: str, problem: CannotCarry, only: Mapping[str, Any]) -> pd.DataFrame:
    asked.how.facts["stands_in"] = {"model": STAND_IN, "for": model, "reason": problem.message}
    asked.how.say(
        f"{MODELS[model].title} cannot be told: {problem.message} {MODELS[STAND_IN].title} stands in. {problem.remedy}"
    )
    return _linear(asked, only)


def told_parameters(asked: Asked, **more: object) -> dict[str, Any]:
    """The parameters of what is told about conversions (parts/told.sql): of those on the period's days, whatever day credit is reported on."""
    bounds = asked.period.bounds(asked.reading.settings.reporting_time_zone)
    own = {name: bounds[name] for name in ("first_dt", "last_dt")}
    anchored = {"anchored_from": bounds["starts_at"], "anchored_to": bounds["ends_at"]}
    return asked.parameters(by_touch_date=False, **own, **anchored, **more)


_SOLVERS: dict[str, Callable[[Asked, str], pd.DataFrame]] = {
    "rule": _rule,
    "set": _set,
    "ordered": _ordered,
    "chain": _chain,
    "hybrid": _hybrid,
}
"""Kind of a model -> how its credit by day and name (as people know it; UNNAMED or null for none) is found."""
