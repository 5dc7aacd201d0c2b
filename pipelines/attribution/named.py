"""What the lake tells of whole journeys by the names of their touches, as people know these: which names stand together, and what follows what.

Invariant: a name in a set or in a transition is one name, whatever it is made of: an origin, which may stand for a channel's name, holds the
unit separator, so names are joined by another one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipelines.attribution.asked import Asked
from pipelines.journeys import of_present_program
from pipelines.slots import BETWEEN, CONVERSION, NULL, Slice

UNNAMED = ""
"""How a statement names what names nothing."""


def needs_names(asked: Asked) -> bool:
    """Whether sets and transitions have to be worked out anew: they are stored for channels by their own name only, and as the present program
    joins them."""
    return asked.anew or asked.column != "channel" or not of_present_program(asked.reading)


def called(asked: Asked, names: pd.Series) -> pd.Series:
    """Stored names as people know them, what names nothing as UNNAMED."""
    resolved = asked.resolved(names.to_frame("name"))["name"].astype(object)
    return resolved.where(resolved.notna(), UNNAMED)


def named_sets(asked: Asked, sets: pd.Series) -> list[frozenset[str]]:
    """Sets of names, as they are joined in the lake."""
    split = [stored_names(text) for text in sets.to_numpy(object)]
    resolved = _resolved(asked, (name for names in split for name in names))
    return [frozenset(resolved[name] for name in names) for names in split]


def stored_names(text: str) -> list[str]:
    """Names as they are joined in the lake."""
    return text.split(BETWEEN)


def grams(asked: Asked, slice_: Slice, order: int, only: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """What a chain of this order asks (see markov.removal_effects), of each slice, of journeys without conversion as well.

    only: parameters that leave some journeys out.
    """
    slots = asked.slots(slice_, anew=needs_names(asked) or bool(only))
    parameters = asked.parameters(with_unconverted=True, **(only or {}))
    rows = asked.lake("grams", replace(slots, order=order), parameters).dropna(subset=["transition"])
    kinds, texts = pd.factorize(rows["transition"].to_numpy(object))
    told = [stored_names(text) for text in texts]
    resolved = _resolved(asked, (name for names in told for name in names)) | {CONVERSION: None, NULL: None}
    touches = np.full((len(told), order + 1), None, dtype=object)
    for row, names in enumerate(told):
        touches[row, : len(names)] = [resolved[name] for name in names]
    named = {f"touch_{place + 1}": touches[kinds, place] for place in range(order + 1)}
    converted = np.array([names[-1] == CONVERSION for names in told], dtype=bool)[kinds]
    return pd.DataFrame(
        {**named, "converted": converted, **{name: rows[name].to_numpy() for name in ("slice", "journeys", "begun")}}
    )


def _resolved(asked: Asked, stored: Iterable[str]) -> dict[str, Any]:
    """Stored name -> as people know it."""
    distinct = sorted(set(stored) - {CONVERSION, NULL})
    return dict(zip(distinct, called(asked, pd.Series(distinct, dtype=object)), strict=True))
