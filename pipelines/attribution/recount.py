"""Credit worked out a second time, journey by journey in NumPy, from the touches that count: what the lake's sums are checked against.

Invariant: nothing here is shared with the statements or the solvers but which touches count and what names are called: order, position,
weights, sums, sets and transitions are found anew.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from pipelines.attribution.model import Journey, Numbers
from pipelines.attribution.registry import MODELS
from pipelines.attribution.rules import DAY_MS

MOST_STATES = 600
"""A chain of more states is not solved a second time: its equations are solved in full, once a name."""

Path = tuple[str, ...]
State = tuple[str, ...]


@dataclass(frozen=True)
class Touches:
    """The touches of all journeys, a row each: journey_number, converted, revenue, age_ms, touchpoint_id, direct, milestone, name (as people
    know it, "" for none), inside (whether it is reported within the period)."""

    rows: pd.DataFrame

    @cached_property
    def ordered(self) -> pd.DataFrame:
        """Rows by journey, the oldest touch first; of two at the same moment the one with the lower id."""
        return self.rows.sort_values(
            ["journey_number", "age_ms", "touchpoint_id"], ascending=[True, False, True], ignore_index=True
        )

    @cached_property
    def journeys(self) -> list[slice]:
        """Where in `ordered` each journey stands."""
        starts = np.flatnonzero(np.diff(self.ordered["journey_number"].to_numpy(), prepend=-1))
        return [slice(int(a), int(b)) for a, b in pairwise([*starts, len(self.ordered)])]

    @cached_property
    def converted(self) -> list[slice]:
        """Of these the ones that converted."""
        flags = self.ordered["converted"].to_numpy(dtype=bool)
        return [place for place in self.journeys if flags[place.start]]

    @cached_property
    def refund(self) -> np.ndarray:
        """Of each row whether it stands before a refund, which is no conversion."""
        return np.asarray(self.ordered["revenue"].fillna(0).astype(float) < 0)

    def conversions(self) -> int:
        """How many conversions have touches."""
        return sum(not self.refund[place.start] for place in self.converted)


def touch_credit(
    touches: Touches, models: Mapping[str, Mapping[str, float]], lookback_days: float
) -> dict[str, Numbers]:
    """Model -> the credit of each row of touches.ordered, 0 where it did not convert. models: those with a reference, and their parameters."""
    credit = {model: np.zeros(len(touches.ordered)) for model in models}
    inside = touches.ordered["inside"].to_numpy(dtype=bool)
    for place, journey in _walked(touches):
        for model, parameters in models.items():
            reference = MODELS[model].reference
            if reference is None:
                raise ValueError(f"{model} has no reference of its own")
            weights = reference(journey, {**parameters, "lookback_days": lookback_days})
            if MODELS[model].additive:
                credit[model][place] = weights / weights.sum() * inside[place]
            else:
                # A set of names has no day of its own but that of the journey's first touch.
                credit[model][place] = weights * inside[place.start]
    return credit


def _walked(touches: Touches) -> Iterator[tuple[slice, Journey]]:
    rows = touches.ordered
    ages = rows["age_ms"].to_numpy(dtype=float) / DAY_MS
    direct = rows["direct"].to_numpy(dtype=bool)
    milestones, names = rows["milestone"].to_numpy(dtype=object), rows["name"].to_numpy(dtype=object)
    for place in touches.converted:
        yield place, Journey(ages[place], direct[place], milestones[place], names[place])


def chain_shares(touches: Touches, order: int, *, without: frozenset[str] = frozenset()) -> dict[str, float] | None:
    """Name -> its part of all removal effects, from the journeys without any of these names; None where the chain is too large or empty.

    Transitions are counted walking along each path; removal cuts every step into a state that holds the name.
    """
    names = touches.ordered["name"].to_numpy(dtype=object)
    flags = touches.ordered["converted"].to_numpy(dtype=bool)
    moves: Counter[tuple[State, State | bool]] = Counter()
    seen = set[str]()
    for place in touches.journeys:
        path = tuple(names[place])
        if without.intersection(path):
            continue
        seen.update(path)
        if not (flags[place.start] and touches.refund[place.start]):
            states = [path[max(0, end - order) : end] for end in range(len(path) + 1)]
            moves.update(pairwise([*states, bool(flags[place.start])]))  # type: ignore[list-item]
    states = sorted({origin for origin, _ in moves})
    if len(states) > MOST_STATES:
        return None
    whole = _converts(moves, states, None)
    effects = {name: 1 - _converts(moves, states, name) / whole for name in seen} if whole else {}
    total = sum(effects.values())
    return {name: effect / total for name, effect in effects.items()} if total else None


def _converts(moves: Mapping[tuple[State, State | bool], int], states: Sequence[State], removed: str | None) -> float:
    """The probability of a conversion from the start, the empty state, without the states that hold a name."""
    number = {state: place for place, state in enumerate(states)}
    steps, converting = np.zeros((len(states), len(states))), np.zeros(len(states))
    for (origin, target), times in moves.items():
        if target is True:
            converting[number[origin]] += times
        elif isinstance(target, tuple) and removed not in target:
            steps[number[origin], number[target]] += times
    left = np.zeros(len(states))
    for (origin, _), times in moves.items():
        left[number[origin]] += times
    solved = np.linalg.solve(np.eye(len(states)) - steps / left[:, None], converting / left)
    return float(solved[number[()]]) if () in number else 0.0
