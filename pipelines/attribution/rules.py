"""Rule-based models: each a weight of a touch, once in SQL and once in NumPy.

Invariants: weights are never negative, at least one touch of a journey weighs more than zero, and the engine divides them by their sum, so
that the credit of every conversion is exactly 1. The two spellings of a model agree to 1e-9 on any journey.

Columns a weight may use (SQL, after window and left-out channels): touches, position_from_first, position_from_last (both from 1), age_ms,
last_age_ms (the age of the last touch), last_non_direct_position (counted from the last; null where all are direct). A parameter p of the
model is :p.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.errors import WrongUsage

Numbers = npt.NDArray[np.float64]

DAY_MS = 86_400_000


@dataclass(frozen=True)
class ModelParameter:
    """A number that a person may set on a model, with the range in which it makes sense."""

    name: str
    title: str
    default: float
    minimum: float
    maximum: float
    help: str


@dataclass(frozen=True)
class Journey:
    """One journey's touches as the NumPy spelling sees them, oldest first. ages_days: days before the conversion; direct: 1 where no channel."""

    ages_days: Numbers
    direct: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Model:
    """A way to share a conversion among its touches."""

    key: str
    title: str
    summary: str
    formula: str
    source: str
    weights: str
    reference: Callable[[Journey, Mapping[str, float]], Numbers]
    parameters: tuple[ModelParameter, ...] = ()


def model_parameters(model: str, given: Mapping[str, float]) -> dict[str, float]:
    """All parameters of a model, the given ones checked, the rest at their defaults.

    Raises WrongUsage for an unknown model or parameter, and for a value outside its range.
    """
    if model not in MODELS:
        raise WrongUsage(f"'{model}' is no attribution model.", f"Use one of {', '.join(MODELS)}.")
    known = {parameter.name: parameter for parameter in MODELS[model].parameters}
    for name, value in given.items():
        if name not in known:
            allowed = f"It has {', '.join(known)}." if known else "It has none."
            raise WrongUsage(f"The model {model} has no parameter '{name}'.", allowed)
        low, high = known[name].minimum, known[name].maximum
        if not low <= value <= high:
            raise WrongUsage(f"{name} is {value:g}.", f"Use a number from {low:g} to {high:g}.")
    chosen = {name: float(given.get(name, parameter.default)) for name, parameter in known.items()}
    if chosen.get("first_weight", 0.0) + chosen.get("last_weight", 0.0) > 1 + 1e-9:
        raise WrongUsage(
            "first_weight and last_weight together are more than 1.", "Leave something for the touches between."
        )
    return chosen


def _only(touches: int, position: int) -> Numbers:
    weights = np.zeros(touches)
    weights[position] = 1.0
    return weights


def _last_non_direct(journey: Journey, _: Mapping[str, float]) -> Numbers:
    named = np.flatnonzero(~journey.direct)
    return _only(len(journey.ages_days), int(named[-1]) if len(named) else -1)


def _time_decay(journey: Journey, parameters: Mapping[str, float]) -> Numbers:
    # Aged from the last touch instead of from the conversion: the same credit, but never all zero.
    ages = journey.ages_days - journey.ages_days[-1]
    return np.asarray(np.exp2(-ages / parameters["half_life_days"]))


def _position_based(journey: Journey, parameters: Mapping[str, float]) -> Numbers:
    touches = len(journey.ages_days)
    first, last = parameters["first_weight"], parameters["last_weight"]
    if touches == 1:
        return np.ones(1)
    if touches == 2:
        return np.array([first, last]) if first + last > 0 else np.ones(2)
    between = 1 - first - last
    return np.concatenate([[first], np.full(touches - 2, between / (touches - 2)), [last]])


MODELS: dict[str, Model] = {
    model.key: model
    for model in (
        Model(
            "first_touch",
            "First touch",
            "All credit to the touch that began the journey. Flatters what makes people aware.",
            "w = 1 for the first touch, else 0",
            "Industry standard; equals `first_touch` of the R package ChannelAttribution",
            "case when position_from_first = 1 then 1 else 0 end",
            lambda journey, _: _only(len(journey.ages_days), 0),
        ),
        Model(
            "last_touch",
            "Last touch",
            "All credit to the touch right before the conversion. Flatters what closes.",
            "w = 1 for the last touch, else 0",
            "Industry standard; equals `last_touch` of the R package ChannelAttribution",
            "case when position_from_last = 1 then 1 else 0 end",
            lambda journey, _: _only(len(journey.ages_days), -1),
        ),
        Model(
            "last_non_direct",
            "Last non-direct touch",
            "All credit to the last touch that names a channel; to direct only where every touch was direct.",
            "w = 1 for the last touch whose channel is not direct (the last touch if all are), else 0",
            "Google Analytics' long-standing default (\u201clast non-direct click\u201d)",
            "case when position_from_last = coalesce(last_non_direct_position, 1) then 1 else 0 end",
            _last_non_direct,
        ),
        Model(
            "linear",
            "Linear",
            "Equal credit to every touch.",
            "w = 1",
            "Industry standard; equals `linear_touch` of the R package ChannelAttribution",
            "1",
            lambda journey, _: np.ones(len(journey.ages_days)),
        ),
        Model(
            "time_decay",
            "Time decay",
            "The closer to the conversion, the more credit: a touch one half-life earlier earns half.",
            "w = 2^(-age in days / half_life_days)",
            "Adobe Analytics' time decay; its published example is a test",
            "power(2e0, cast(last_age_ms - age_ms as double) / (86400000e0 * cast(:half_life_days as double)))",
            _time_decay,
            (
                ModelParameter(
                    "half_life_days", "Half-life, days", 7.0, 0.01, 3650.0, "Days after which a touch is worth half."
                ),
            ),
        ),
        Model(
            "position_based",
            "Position-based",
            "Most credit to the first and the last touch, the rest shared by those between (40/20/40 by default).",
            "w = first_weight, last_weight at the ends; the rest in equal parts between; two touches in the ratio of the ends; one touch all",
            "The \u201cU-shaped\u201d model of Google Analytics and Adobe Analytics",
            """case
                when touches = 1 then 1e0
                when touches = 2 and cast(:first_weight as double) + cast(:last_weight as double) <= 0 then 1e0
                when position_from_first = 1 then cast(:first_weight as double)
                when position_from_last = 1 then cast(:last_weight as double)
                else (1e0 - cast(:first_weight as double) - cast(:last_weight as double)) / (touches - 2)
            end""",
            _position_based,
            (
                ModelParameter("first_weight", "First touch", 0.4, 0.0, 1.0, "Share of the first touch, 0 to 1."),
                ModelParameter("last_weight", "Last touch", 0.4, 0.0, 1.0, "Share of the last touch, 0 to 1."),
            ),
        ),
    )
}
"""Key -> model: read by the selectbox, the README's table and the tests alike."""

DEFAULT_MODEL = "position_based"
"""The model where none is said, on the pages and on the command line."""
