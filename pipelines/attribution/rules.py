"""The rules: models whose weight of a touch follows from where and when it stands in its journey. See `Model` for what weights may use."""

from collections.abc import Mapping

import numpy as np

from pipelines.attribution.model import Journey, Model, ModelParameter, Numbers, Reference

DAY_MS = 86_400_000


def _only(touches: int, position: int) -> Numbers:
    weights = np.zeros(touches)
    weights[position] = 1.0
    return weights


def _last_non_direct(journey: Journey, _: Mapping[str, float]) -> Numbers:
    named = np.flatnonzero(~journey.direct)
    return _only(len(journey.ages_days), int(named[-1]) if len(named) else -1)


# Aged from the last touch instead of from the conversion: the same credit, but never all zero. No half-life is shorter than a millisecond.
_TIME_DECAY = """exp(cast(gap_ms as double) * (-ln(2e0) / case
    when 86400000e0 * cast(:half_life_days as double) >= 1e0 then 86400000e0 * cast(:half_life_days as double)
    when cast(:half_life_days as double) <= 0e0 and cast(:lookback_ms as double) >= 4e0 then cast(:lookback_ms as double) / 4e0
    else 1e0
end))"""


def _time_decay(journey: Journey, parameters: Mapping[str, float]) -> Numbers:
    half_life = parameters["half_life_days"] or parameters["lookback_days"] / 4
    ages = journey.ages_days - journey.ages_days[-1]
    return np.asarray(np.exp2(-ages / max(half_life, 1 / DAY_MS)))


_HYPERBOLIC_DECAY = "1e0 / (1e0 + cast(last_age_ms + gap_ms as double) / 3600000e0)"


def _ends(first: str, last: str) -> str:
    """The weights of a model that gives the first touch `first` (SQL), the last one `last` and the rest to those between."""
    return f"""case
        when touches = 1 then 1e0
        when touches = 2 and {first} + {last} <= 0 then 5e-1
        when touches = 2 and position_from_first = 1 then {first} / ({first} + {last})
        when touches = 2 then {last} / ({first} + {last})
        when position_from_first = 1 then {first}
        when position_from_last = 1 then {last}
        else (1e0 - ({first} + {last})) / cast(touches - 2 as double)
    end"""


def _ends_reference(touches: int, first: float, last: float) -> Numbers:
    if touches == 1:
        return np.ones(1)
    if touches == 2:
        return np.array([first, last]) if first + last > 0 else np.ones(2)
    between = 1 - (first + last)
    return np.concatenate([[first], np.full(touches - 2, between / (touches - 2)), [last]])


def _position_based(journey: Journey, parameters: Mapping[str, float]) -> Numbers:
    return _ends_reference(len(journey.ages_days), parameters["first_weight"], parameters["last_weight"])


def _one_where(condition: str) -> str:
    return f"case when {condition} then 1e0 else 0e0 end"


class _Peaks:
    """A model with peaks at the first touch, at milestones and at the last touch: nine tenths to them in equal parts, a tenth to the rest.

    Counted in parts of a peak: a touch that is several peaks has several parts; a milestone that is missing has none, so that its share goes
    to the other peaks; the rest has a ninth of what the peaks have, or nothing where there is no rest.
    """

    def __init__(self, *milestones: str) -> None:
        self._milestones = milestones

    def weights(self) -> str:
        """SQL of a touch's parts."""
        places = ["1", "touches", *(f"{name}_position" for name in self._milestones)]
        parts = " + ".join(_one_where(f"position_from_first = {place}") for place in places)
        return f"case when {parts} > 0 then {parts} else ({self._peaks()}) / (9e0 * ({self._rest()})) end"

    def total(self) -> str:
        """SQL of a journey's parts."""
        return f"({self._peaks()}) * case when {self._rest()} > 0 then 10e0 / 9e0 else 1e0 end"

    def _peaks(self) -> str:
        return " + ".join(["2e0", *(_one_where(f"{name}_position is not null") for name in self._milestones)])

    def _rest(self) -> str:
        """How many touches are no peak."""
        inner = []
        for place, name in enumerate(self._milestones):
            new = [f"{name}_position <> coalesce({other}_position, 0)" for other in self._milestones[:place]]
            inner.append(_one_where(" and ".join([f"{name}_position between 2 and touches - 1", *new])))
        return " - ".join(["cast(touches as double) - 1e0", _one_where("touches > 1"), *inner])

    def reference(self, journey: Journey, _: Mapping[str, float]) -> Numbers:
        """The shares as people say them."""
        shares = np.zeros(len(journey.ages_days))
        marked = [np.flatnonzero(journey.milestones == name)[:1] for name in self._milestones]
        for position in (0, len(shares) - 1, *(int(found[0]) for found in marked if len(found))):
            shares[position] += 1
        rest = shares == 0
        shares *= (0.9 if rest.any() else 1.0) / shares.sum()
        shares[rest] = 0.1 / max(rest.sum(), 1)
        return shares


_W_SHAPED = _Peaks("lead")
_FULL_PATH = _Peaks("lead", "opportunity")


_CUSTOM_TOTAL = """(
    cast(:weight_first as double)
    + case when touches >= 2 then cast(:weight_last as double) else 0e0 end
    + case when touches >= 3 then cast(:weight_second as double) else 0e0 end
    + case when touches >= 4 then cast(:weight_second_last as double) else 0e0 end
    + case when touches >= 5 then cast(touches - 4 as double) * cast(:weight_middle as double) else 0e0 end
)"""
_CUSTOM_WEIGHT = """case
    when position_from_first = 1 then cast(:weight_first as double)
    when position_from_last = 1 then cast(:weight_last as double)
    when position_from_first = 2 then cast(:weight_second as double)
    when position_from_last = 2 then cast(:weight_second_last as double)
    else cast(:weight_middle as double)
end"""


def _custom(journey: Journey, parameters: Mapping[str, float]) -> Numbers:
    weights = np.full(len(journey.ages_days), parameters["weight_middle"])
    for name, position in (("second_last", -2), ("second", 1), ("last", -1), ("first", 0)):
        if -len(weights) <= position < len(weights):
            weights[position] = parameters[f"weight_{name}"]
    return weights if weights.any() else np.ones_like(weights)


def _position_weight(name: str, title: str, default: float) -> ModelParameter:
    return ModelParameter(
        f"weight_{name}", title, default, 0.0, 100.0, f"Weight of the {title.lower()}, against the other weights."
    )


def _fixed_ends(first: float, last: float) -> Reference:
    return lambda journey, _: _ends_reference(len(journey.ages_days), first, last)


RULES = (
    Model(
        "first_touch",
        "First touch",
        "rule",
        "All credit to the touch that began the journey.",
        "1 for the first touch, else 0",
        "Industry standard; equals `first_touch` of the R package ChannelAttribution",
        "Flatters what makes people aware, and “first” only means first within the look-back window.",
        weights="case when position_from_first = 1 then 1e0 else 0e0 end",
        reference=lambda journey, _: _only(len(journey.ages_days), 0),
    ),
    Model(
        "last_touch",
        "Last touch",
        "rule",
        "All credit to the touch right before the conversion.",
        "1 for the last touch, else 0",
        "Industry standard; equals `last_touch` of the R package ChannelAttribution",
        "Flatters what closes, such as brand search and direct visits, and is blind to what created the demand.",
        weights="case when position_from_last = 1 then 1e0 else 0e0 end",
        reference=lambda journey, _: _only(len(journey.ages_days), -1),
    ),
    Model(
        "last_non_direct",
        "Last non-direct touch",
        "rule",
        "All credit to the last touch that names a channel; to direct only where every touch was direct.",
        "1 for the last touch whose channel is not direct (the last touch if all are), else 0",
        "Google Analytics' long-standing default (“last non-direct click”)",
        "Still sees one touch alone, and hands visits that came back by themselves to a channel that may be weeks old.",
        weights="case when position_from_last = coalesce(last_non_direct_position, 1) then 1e0 else 0e0 end",
        reference=_last_non_direct,
    ),
    Model(
        "linear",
        "Linear",
        "rule",
        "Equal credit to every touch.",
        "1",
        "Industry standard; equals `linear_touch` of the R package ChannelAttribution",
        "Whoever touches often earns much: frequent cheap contacts such as impressions crowd out rare decisive ones.",
        weights="1e0",
        total="cast(touches as double)",
        reference=lambda journey, _: np.ones(len(journey.ages_days)),
    ),
    Model(
        "time_decay",
        "Time decay",
        "rule",
        "The closer to the conversion, the more credit: a touch one half-life earlier earns half.",
        "2^(−age in days / half-life); a half-life of 0 means a quarter of the look-back window",
        "Adobe Analytics' time decay, whose published example is a test",
        "Assumes that memory fades at one pace for everybody: with a short half-life it is nearly last touch, with a long one linear.",
        weights=_TIME_DECAY,
        by_age=True,
        reference=_time_decay,
        parameters=(
            ModelParameter(
                "half_life_days",
                "Half-life, days",
                7.0,
                0.0,
                3650.0,
                "Days after which a touch is worth half. 0: a quarter of the look-back window.",
            ),
        ),
    ),
    Model(
        "hyperbolic_decay",
        "Hyperbolic decay",
        "rule",
        "The closer to the conversion, the more credit: steep in the first hours, nearly flat after some days.",
        "1 / (1 + age in hours)",
        "Hyperbolic discounting (Mazur 1987), with k = 1 an hour",
        "A touch in the last minutes takes nearly all: use it where people decide within hours, not weeks.",
        weights=_HYPERBOLIC_DECAY,
        by_age=True,
        reference=lambda journey, _: np.asarray(1 / (1 + journey.ages_days * 24)),
    ),
    Model(
        "position_based",
        "Position-based",
        "rule",
        "Most credit to the first and the last touch, the rest shared by those between (40/20/40 by default).",
        "the ends as set, the rest in equal parts between; two touches in the ratio of the ends; one touch all",
        "The “U-shaped” model of Google Analytics and Adobe Analytics",
        "The shares are a convention, not a finding: what stands in the middle of long journeys earns little whatever it did.",
        weights=_ends("cast(:first_weight as double)", "cast(:last_weight as double)"),
        reference=_position_based,
        parameters=(
            ModelParameter("first_weight", "First touch", 0.4, 0.0, 1.0, "Share of the first touch, 0 to 1."),
            ModelParameter("last_weight", "Last touch", 0.4, 0.0, 1.0, "Share of the last touch, 0 to 1."),
        ),
    ),
    Model(
        "j_shaped",
        "J-shaped",
        "rule",
        "Most credit to the touch that closed, some to the one that began (20/20/60).",
        "20 % the first, 60 % the last, 20 % in equal parts between; two touches 25/75; one touch all",
        "Adobe Analytics' “J-shaped” model",
        "Leans to what closes by decree: do not read it as proof that closing channels work.",
        weights=_ends("2e-1", "6e-1"),
        reference=_fixed_ends(0.2, 0.6),
    ),
    Model(
        "inverse_j",
        "Inverse J",
        "rule",
        "Most credit to the touch that began, some to the one that closed (60/20/20).",
        "60 % the first, 20 % the last, 20 % in equal parts between; two touches 75/25; one touch all",
        "Adobe Analytics' “inverse J” model",
        "Leans to what makes people aware by decree, and changes with the look-back window, which decides what is first.",
        weights=_ends("6e-1", "2e-1"),
        reference=_fixed_ends(0.6, 0.2),
    ),
    Model(
        "w_shaped",
        "W-shaped",
        "rule",
        "30 % each to the first touch, the one that made the lead and the last; 10 % to the rest.",
        "30 % each for first, lead and last, 10 % in equal parts for the others; shares on one touch add up, "
        "a missing peak's share goes to the other peaks, and so do the 10 % where there are no others",
        "Known from Adobe Marketo Measure and HubSpot, where the last touch is the one that made the deal",
        "Needs touchpoints marked `lead`: without them it is a 45/10/45 position-based model.",
        weights=_W_SHAPED.weights(),
        total=_W_SHAPED.total(),
        reference=_W_SHAPED.reference,
    ),
    Model(
        "full_path",
        "Full path",
        "rule",
        "22.5 % each to the first touch, those that made the lead and the opportunity, and the last; 10 % to the rest.",
        "22.5 % each for first, lead, opportunity and last, 10 % in equal parts for the others; the rest as in `w_shaped`",
        "Known from Adobe Marketo Measure and HubSpot",
        "Needs touchpoints marked `lead` and `opportunity`: what sales did not record moves credit to the ends.",
        weights=_FULL_PATH.weights(),
        total=_FULL_PATH.total(),
        reference=_FULL_PATH.reference,
    ),
    Model(
        "custom",
        "Custom weights",
        "rule",
        "Weights of your own for the first, second, last but one and last touch and for each one between.",
        "the weight of its position; where a touch has two positions the first of first, last, second, last but one, middle counts; "
        "all of them 0: equal",
        "As Adobe Analytics' custom model, with the second touch and the last but one told apart",
        "Shows what you put in: weights that were set to please a channel will please it.",
        weights=f"case when {_CUSTOM_TOTAL} <= 0 then 1e0 else {_CUSTOM_WEIGHT} end",
        total=f"case when {_CUSTOM_TOTAL} <= 0 then cast(touches as double) else {_CUSTOM_TOTAL} end",
        reference=_custom,
        parameters=(
            _position_weight("first", "First touch", 30.0),
            _position_weight("second", "Second touch", 15.0),
            _position_weight("middle", "Touches between, each", 10.0),
            _position_weight("second_last", "Last touch but one", 15.0),
            _position_weight("last", "Last touch", 30.0),
        ),
    ),
)
"""In the order in which they are offered."""
