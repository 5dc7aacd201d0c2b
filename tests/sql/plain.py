"""What journeys, credit and reasons are, in plain Python over raw events: no SQL, no table, nothing shared with the engine but the weights'
NumPy spelling. The engine is held against it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from pipelines.attribution import DAY_MS, MODELS, Journey, model_parameters
from pipelines.attribution.asked import Options
from tests.sql.events import AS_ALWAYS, CREDIT, DIRECT, Conversion, Touch, millis

RATES = {"EUR": 1.0, "USD": 0.5, None: 1.0}
"""Euros for one unit of a currency; an amount without a currency is in euros."""

LONGEST_DAYS = 90.0

START, CONVERSION, NULL = ("start",), ("conversion",), ("null",)
State = tuple[Any, ...]
Path = tuple[Sequence[str | None], bool, float]
"""The names of a journey, whether it converts, and how many such journeys there are."""


def channel(touch: Touch) -> str | None:
    """What a touch is credited to, where nothing else is said."""
    return touch.channel


@dataclass(frozen=True)
class Way:
    """How credit is asked. lookback_days may be infinite; name: what a touch is credited to."""

    lookback_days: float
    options: Options = AS_ALWAYS
    left_out: tuple[str, ...] = ()
    conversion_type: str | None = None
    zone: str = "UTC"
    name: Callable[[Touch], str | None] = channel

    def reaches(self, touch: Touch, anchor: datetime) -> bool:
        """Whether a touch is within its window."""
        days = self.lookback_days
        if touch.kind == "impression" and self.options.impression_lookback_days is not None:
            days = self.options.impression_lookback_days
        return 0 <= millis(touch.at, anchor) <= days * DAY_MS

    @property
    def without(self) -> set[str | None]:
        """The channels that are no part of the model."""
        return {*self.left_out, *(DIRECT if self.options.direct == "exclude" else ())}

    def day(self, moment: datetime) -> str:
        """The reporting day of a moment."""
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).date().isoformat()


@dataclass(frozen=True)
class Walk:
    """A journey: its conversion (None: it has none), its anchor, and the touches that count, oldest first, with their names."""

    conversion: Conversion | None
    anchor: datetime
    touches: tuple[Touch, ...]
    names: tuple[str | None, ...]

    @property
    def weight(self) -> int:
        """1, or 0 for a refund."""
        return 1 if self.conversion is None else self.conversion.counts


def walks(touches: Sequence[Touch], conversions: Sequence[Conversion], way: Way) -> list[Walk]:
    """The journeys that have a touch which counts."""
    usable = _usable(touches)
    found = [
        _walk(
            usable.get(conversion.person or "", []),
            conversion,
            conversion.at,
            way,
            restarted_at(conversion, conversions),
        )
        for conversion in asked_about(conversions, way)
        if conversion.person is not None
    ]
    for person, own in usable.items():
        rest, anchor = _unconverted(own, [one for one in conversions if one.person == person])
        if anchor is not None:
            found.append(_walk(rest, None, anchor, way, None))
    return [walk for walk in found if walk.touches]


def asked_about(conversions: Sequence[Conversion], way: Way) -> list[Conversion]:
    """The conversions of the type that is asked, only the first ones of each person where that is asked."""
    return [
        conversion
        for conversion in conversions
        if way.conversion_type in (None, conversion.type)
        and (not way.options.first_conversion or number_of(conversion, conversions) in (None, 1))
    ]


def number_of(conversion: Conversion, conversions: Iterable[Conversion]) -> int | None:
    """How many conversions the person has up to this one, refunds not counted; None where nobody knows the person."""
    if conversion.person is None:
        return None
    return sum(one.counts for one in conversions if one.person == conversion.person and _rank(one) <= _rank(conversion))


def credit(
    found: Iterable[Walk], way: Way, model: str, parameters: Mapping[str, float]
) -> dict[tuple[Any, ...], float]:
    """By day, name and sum, under a model whose credit follows from each journey alone."""
    sums: dict[tuple[Any, ...], float] = defaultdict(float)
    chosen = {**model_parameters(model, parameters), "lookback_days": min(way.lookback_days, LONGEST_DAYS)}
    reference = MODELS[model].reference
    assert reference is not None
    for walk in found:
        if walk.conversion is None:
            continue
        weights = reference(_numpy(walk), chosen)
        shares = weights / weights.sum() if MODELS[model].additive else weights
        for touch, name, share in zip(walk.touches, walk.names, shares, strict=True):
            day = way.day(touch.at if way.options.by_touch_date else walk.anchor)
            sums[day, name, CREDIT[0]] += float(share) * walk.weight
            sums[day, name, CREDIT[1]] += float(share) * worth(walk.conversion)
    return sums


def credit_by_name(
    found: Sequence[Walk], way: Way, model: str, parameters: Mapping[str, float]
) -> dict[tuple[Any, ...], float]:
    """By name and sum, under any model."""
    chosen = model_parameters(model, parameters)
    if MODELS[model].kind == "chain":
        return _chain(found, way, int(chosen["order"]))
    if MODELS[model].kind == "hybrid":
        return _hybrid(found, way, chosen["minimum_journeys"])
    return _without_days(credit(found, way, model, parameters))


def _chain(found: Sequence[Walk], way: Way, order: int) -> dict[tuple[Any, ...], float]:
    """The removal effects' parts of all that is attributed; linear where nothing converts."""
    linear = _without_days(credit(found, way, "linear", {}))
    effects = removal_effects([(walk.names, walk.conversion is not None, walk.weight) for walk in found], order)
    whole = sum(effects.values())
    if not whole:
        return linear
    totals = {each: sum(value for (_, name), value in linear.items() if name == each) for each in CREDIT}
    return {(name, each): effect / whole * totals[each] for name, effect in effects.items() for each in CREDIT}


def _hybrid(found: Sequence[Walk], way: Way, least: float) -> dict[tuple[Any, ...], float]:
    """The chain for journeys of names that stand in many, position-based for the others."""
    seen = Counter(name for walk in found for name in set(walk.names) if walk.weight)
    known = [walk for walk in found if all(seen[name] >= least for name in walk.names)]
    rest = [walk for walk in found if walk not in known]
    sums: dict[tuple[Any, ...], float] = defaultdict(float)
    for part in (_chain(known, way, 1), _without_days(credit(rest, way, "position_based", {}))):
        for key, value in part.items():
            sums[key] += value
    return sums


def removal_effects(paths: Iterable[Path], order: int) -> dict[str | None, float]:
    """What part of the conversions is lost without each name: the chain is walked until nothing changes. Empty where nothing converts."""
    moves: dict[State, dict[State, float]] = defaultdict(lambda: defaultdict(float))
    names: set[str | None] = set()
    for path, converts, journeys_ in paths:
        names |= set(path)
        steps = [path[max(0, place - order + 1) : place + 1] for place in range(len(path))]
        states: list[State] = [START, *(("state", *step) for step in steps), CONVERSION if converts else NULL]
        for origin, target in pairwise(states):
            moves[origin][target] += journeys_
    base = _converts(moves, "\x00")  # no name is called so
    if not base:
        return {}
    return {name: 1 - _converts(moves, name) / base for name in names}


def _converts(moves: Mapping[State, Mapping[State, float]], gone: str | None) -> float:
    """The probability of a conversion from the start, where what leads into a state of the name that is gone leads to nothing."""
    states = {state: number for number, state in enumerate({*moves, *(to for ways in moves.values() for to in ways)})}
    steps = np.zeros((len(states), len(states)))
    for origin, ways in moves.items():
        for target, times in ways.items():
            if times and gone not in target[1:]:
                steps[states[origin], states[target]] = times / sum(ways.values())
    chance = np.zeros(len(states))
    if CONVERSION not in states or START not in states:
        return 0.0
    chance[states[CONVERSION]] = 1.0
    steps[states[CONVERSION], states[CONVERSION]] = 1.0
    further = steps @ chance
    while np.abs(further - chance).max() > 1e-15:
        chance, further = further, steps @ further
    return float(further[states[START]])


def _without_days(sums: Mapping[tuple[Any, ...], float]) -> dict[tuple[Any, ...], float]:
    summed: dict[tuple[Any, ...], float] = defaultdict(float)
    for (_, *key), value in sums.items():
        summed[tuple(key)] += value
    return summed


def worth(conversion: Conversion) -> float:
    """Revenue in euros."""
    return float(conversion.revenue or 0) * RATES[conversion.currency]


def outcomes(touches: Sequence[Touch], conversions: Sequence[Conversion], way: Way) -> dict[tuple[Any, ...], float]:
    """By day, type and reason: conversions and revenue."""
    sums: dict[tuple[Any, ...], float] = defaultdict(float)
    attributed = {walk.conversion.id for walk in walks(touches, conversions, way) if walk.conversion}
    for conversion in asked_about(conversions, way):
        told = None if conversion.id in attributed else reason(touches, conversion, way)
        key = (way.day(conversion.at), conversion.type, told)
        sums[*key, "conversions"] += conversion.counts
        sums[*key, "revenue"] += worth(conversion)
    return sums


def reason(touches: Sequence[Touch], conversion: Conversion, way: Way) -> str:
    """Why a conversion is unattributed."""
    if conversion.person is None:
        return "unknown_person"
    own = [touch for touch in touches if touch.person == conversion.person]
    inside = [touch for touch in own if 0 <= millis(touch.at, conversion.at) <= way.lookback_days * DAY_MS]
    near = [touch for touch in inside if touch.consent is not False]
    if not own:
        return "no_touchpoint"
    if all(touch.consent is False for touch in own) or (inside and not near):
        return "no_consent"
    return "excluded_channel" if any(touch.channel in way.without for touch in near) else "outside_window"


def journeys(
    touches: Sequence[Touch], conversions: Sequence[Conversion], longest_days: float
) -> dict[str, list[tuple[Touch, datetime]]]:
    """Journey id -> its touches, the last one first, each with the journey's anchor."""
    found = walks(touches, conversions, Way(longest_days))
    return {
        walk.conversion.id if walk.conversion else f"none:{walk.touches[0].person}": [
            (touch, walk.anchor) for touch in reversed(walk.touches)
        ]
        for walk in found
    }


def restarted_at(conversion: Conversion, conversions: Iterable[Conversion]) -> datetime | None:
    """The moment of the person's conversion before this one, refunds not counted."""
    earlier = [
        one.at
        for one in conversions
        if one.counts and one.person == conversion.person and _rank(one) < _rank(conversion)
    ]
    return max(earlier, default=None)


def _walk(
    own: Sequence[Touch], conversion: Conversion | None, anchor: datetime, way: Way, restarted: datetime | None
) -> Walk:
    inside = [touch for touch in own if way.reaches(touch, anchor) and touch.channel not in way.without]
    if way.options.restart and restarted is not None:
        inside = [touch for touch in inside if touch.at > restarted]
    if way.options.direct == "redistribute" and any(touch.channel not in DIRECT for touch in inside):
        inside = [touch for touch in inside if touch.channel not in DIRECT]
    if way.options.collapse:
        following = [way.name(touch) for touch in inside[1:]]
        inside = [
            touch
            for place, touch in enumerate(inside)
            if place == len(following) or way.name(touch) != following[place]
        ]
    return Walk(conversion, anchor, tuple(inside), tuple(way.name(touch) for touch in inside))


def _usable(touches: Iterable[Touch]) -> dict[str, list[Touch]]:
    """Person -> consented touches, oldest first."""
    own: dict[str, list[Touch]] = defaultdict(list)
    for touch in sorted(touches, key=lambda touch: (touch.at, touch.id)):
        if touch.person is not None and touch.consent is not False:
            own[touch.person].append(touch)
    return own


def _unconverted(own: Sequence[Touch], conversions: Iterable[Conversion]) -> tuple[list[Touch], datetime | None]:
    """The touches after the last conversion, and the moment of the last of them."""
    converted = [conversion.at for conversion in conversions if conversion.counts]
    rest = [touch for touch in own if all(touch.at > moment for moment in converted)]
    return rest, rest[-1].at if rest else None


def _rank(conversion: Conversion) -> tuple[datetime, str]:
    return conversion.at, conversion.id


def _numpy(walk: Walk) -> Journey:
    return Journey(
        np.array([millis(touch.at, walk.anchor) / DAY_MS for touch in walk.touches]),
        np.array([touch.channel in DIRECT for touch in walk.touches]),
        np.array([touch.milestone for touch in walk.touches], dtype=object),
        np.array([name or "" for name in walk.names], dtype=object),
    )
