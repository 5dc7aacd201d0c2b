"""What the lake tells of whole journeys by the names of their touches, as people know these: which names stand together, and what follows what.

Invariant: a name in a set or in a transition is one name, whatever it is made of: an origin, which may stand for a channel's name, holds the
unit separator, so names are joined by another one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from pipelines.attribution.asked import Asked
from pipelines.identity import KINDS
from pipelines.journeys import of_present_program
from pipelines.name_rules import SEPARATOR
from pipelines.slots import BETWEEN, CONVERSION, END, NULL, REFUND, Slice

UNNAMED = ""
"""How a statement names what names nothing."""


@dataclass(frozen=True)
class Transitions:
    """What follows what, and what it led to.

    grams: as markov.removal_effects reads them, with `slice`. earned: rows that are to be summed, of slice, currency, conversions, revenue.
    """

    grams: pd.DataFrame
    earned: pd.DataFrame


def needs_names(asked: Asked) -> bool:
    """Whether sets and transitions have to be worked out anew: they are stored for channels by their own name only, and as the present program
    joins them."""
    return asked.anew or asked.column != "channel" or not of_present_program(asked.reading)


def called(asked: Asked, names: pd.Series) -> pd.Series:
    """Stored names as people know them, what names nothing as UNNAMED."""
    which, stored = pd.factorize(names.to_numpy(object), use_na_sentinel=False)
    resolved = asked.resolved(pd.DataFrame({"name": stored}, dtype=object))["name"].astype(object)
    return pd.Series(resolved.where(resolved.notna(), UNNAMED).to_numpy()[which], index=names.index)


def named_sets(asked: Asked, sets: pd.Series) -> list[frozenset[str]]:
    """Sets of names, as they are joined in the lake."""
    split = [text.split(BETWEEN) for text in sets.to_numpy(object)]
    resolved = _resolved(asked, (name for names in split for name in names))
    return [frozenset(resolved[name] for name in names) for names in split]


def spellings(asked: Asked, names: Collection[str]) -> list[str]:
    """All stored names that people know as one of these."""
    if asked.dimension not in KINDS:
        return [*names]
    unnamed = [UNNAMED] if UNNAMED in names else []
    return [*unnamed, *asked.names.spellings(asked.dimension, (name for name in names if name != UNNAMED))]


def transitions(asked: Asked, slice_: Slice, order: int, only: Mapping[str, Any] | None = None) -> Transitions:
    """What a chain of this order asks, by slice, of journeys without conversion as well.

    only: parameters that leave some journeys out.
    """
    slots = asked.slots(slice_, anew=needs_names(asked) or bool(only))
    parameters = asked.parameters(with_unconverted=True, **(only or {}))
    rows = asked.lake("grams", replace(slots, order=order), parameters).dropna(subset=["transition"])
    which, texts = pd.factorize(rows["transition"].to_numpy(object))
    told = [_told(text) for text in texts]
    resolved = _resolved(asked, (name for names, _, _ in told for name in names))
    kinds = pd.DataFrame(
        [
            [*(resolved[name] for name in names), *[None] * (order + 1 - len(names)), end, currency]
            for names, end, currency in told
        ],
        columns=[*(f"touch_{place}" for place in range(1, order + 2)), "end", "currency"],
        dtype=object,
    )
    numbers = rows[["slice", "journeys", "begun", "revenue"]].reset_index(drop=True)
    every = pd.concat([kinds.take(which).reset_index(drop=True), numbers], axis=1)
    last = every[every["touch_2"].isna() & (every["end"] != NULL)]
    return Transitions(
        every[every["end"] != REFUND].assign(converted=every["end"] == CONVERSION),
        last.assign(conversions=last["journeys"].where(last["end"] == CONVERSION, 0))[
            ["slice", "currency", "conversions", "revenue"]
        ],
    )


def _told(text: str) -> tuple[list[str], str | None, str | None]:
    """The names in a transition, how the journey ends (None where it goes on), and the currency of what it earned."""
    *names, last = text.split(BETWEEN)
    if not last.startswith(END):
        return [*names, last], None, None
    end, _, currency = last.removeprefix(END).partition(SEPARATOR)
    return names, end, currency or None


def _resolved(asked: Asked, stored: Iterable[str]) -> dict[str, str]:
    """Stored name -> as people know it."""
    distinct = sorted(set(stored))
    return dict(zip(distinct, called(asked, pd.Series(distinct, dtype=object)), strict=True))
