"""What a model of attribution is: words for people, and for a rule its weight, once in SQL and once in NumPy.

Invariants: a rule's weights are never negative, at least one touch of a journey weighs more than zero, and its credit over a journey's
touches sums to 1. Its two spellings agree to 1e-9 on any journey. What is no rule has no weights: the engine solves it from aggregates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from pipelines.slots import AGED

Numbers = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]

Kind = Literal["rule", "set", "ordered", "chain", "hybrid"]
"""How the engine answers a model: by weights of touches, from the set of channels of each journey, from that and the positions at which they
stand, from the transitions between channels, or by another model where the first one cannot."""


@dataclass(frozen=True)
class ModelParameter:
    """A number that a person may set on a model, with the range in which it makes sense."""

    name: str
    title: str
    default: float
    minimum: float
    maximum: float
    help: str
    whole: bool = False


@dataclass(frozen=True)
class Journey:
    """One journey's touches as the NumPy spelling sees them, oldest first.

    ages_days: days before the conversion; direct: true where no channel; milestones: "lead", "opportunity", another name or None;
    channels: the name that each touch's credit goes to. A rule that does not ask for milestones or channels does without them.
    """

    ages_days: Numbers
    direct: npt.NDArray[np.bool_]
    milestones: Names = field(default_factory=lambda: np.array([], dtype=object))
    channels: Names = field(default_factory=lambda: np.array([], dtype=object))


Reference = Callable[[Journey, Mapping[str, float]], Numbers]


@dataclass(frozen=True)
class Model:
    """A way to share a conversion among its touches.

    summary: what it does; formula: the weight (or the solve) as text; source: who says so; caveat: where it misleads.

    weights: SQL of a touch's weight over touches, position_from_first, position_from_last (both from 1), last_non_direct_position (counted from
    the last; null where all are direct, 1 or null where the last is not), lead_position and opportunity_position (counted from the first; null
    where no touch is marked so). total: SQL of what the weights of a journey are divided by, over touches, lead_position and
    opportunity_position alone. by_age: the weight is one over gap_ms (how much older than the last touch) and last_age_ms (the age of that one),
    and what it is divided by is its sum over the journey. In both a parameter p stands as cast(:p as double), and the window as
    cast(:lookback_ms as double). Both are in Athena's dialect; only rules have weights.

    reference: the same weights in NumPy, not yet divided by their sum. Its parameters are the model's own and lookback_days. None where one
    journey alone does not tell the credit.

    additive: whether credit may be summed over channels.
    """

    key: str
    title: str
    kind: Kind
    summary: str
    formula: str
    source: str
    caveat: str
    weights: str = ""
    total: str = "1e0"
    by_age: bool = False
    reference: Reference | None = None
    parameters: tuple[ModelParameter, ...] = ()
    additive: bool = True

    @property
    def credit(self) -> str:
        """SQL of a touch's credit: over what weights and total may use; by_age also over touches, gap_2_ms to gap_8_ms (those of the journey's
        touches that stand there, counted from the last) and further_weight (what touches beyond them weigh; null without any)."""
        if not self.by_age:
            return f"({self.weights}) / ({self.total})"
        older = "0e0"
        for place in reversed(AGED):
            older = f"case when touches >= {place} then {self._weight_at(f'gap_{place}_ms')} + {older} else 0e0 end"
        return f"({self.weights}) / ({self._weight_at('cast(0 as bigint)')} + {older} + coalesce(further_weight, 0e0))"

    @property
    def credit_by_total(self) -> str:
        """The same where the row tells what the weights of its journey sum to (slots.TOTALLED)."""
        return f"({self.weights}) / {self.key}_total"

    def _weight_at(self, gap: str) -> str:
        return self.weights.replace("gap_ms", gap)
