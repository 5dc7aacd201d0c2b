"""One thing in the cloud: how it is to be, how it is, and how it is put right.

Invariant: looking changes nothing; what is as it is to be is not touched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Features = Mapping[str, Any]
"""What is compared, by the name that people are told."""


@dataclass(frozen=True)
class Part:
    """`found` tells the features as they are (None: the thing is missing), `put` makes the thing or puts it right (it is told whether the thing
    is missing)."""

    name: str
    wanted: Features
    found: Callable[[], Features | None]
    put: Callable[[bool], None]


@dataclass(frozen=True)
class State:
    """How a part stands: missing, or with features that differ (a sentence each)."""

    missing: bool
    differences: tuple[str, ...] = ()

    @property
    def as_wanted(self) -> bool:
        return not self.missing and not self.differences


def look(part: Part) -> State:
    """How the part stands now."""
    found = part.found()
    if found is None:
        return State(missing=True)
    return State(
        False,
        tuple(
            f"{feature} is {_shown(found.get(feature))}, should be {_shown(wanted)}"
            for feature, wanted in part.wanted.items()
            if found.get(feature) != wanted
        ),
    )


def _shown(value: Any) -> str:
    text = "nothing" if value in (None, "", {}, []) else str(value)
    return text if len(text) <= 300 else f"{text[:300]}..."
