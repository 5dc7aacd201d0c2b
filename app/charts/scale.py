"""An axis that can show what a plain axis drops: zero on a log axis, and values that are not known.

Positions are computed here and drawn on a linear plotly axis, so that labels, regions and points agree on where things are.
"""

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.formats import tick

LINEAR, LOG, NORMALISED = "Linear", "Log", "Normalised"
SCALES = (LOG, LINEAR, NORMALISED)
MOST_TICKS = 6
NARROWEST = 0.5
"""Powers of ten that a log axis spans at least."""


@dataclass(frozen=True)
class Scale:
    """How values of one axis become positions; `low` and `high` are the positions at its ends, `first` that of the smallest value.

    `zero` and `unknown` are the positions of what has no place of its own, None where nothing needs one.
    """

    kind: str
    largest: float
    low: float
    high: float
    first: float
    zero: float | None
    unknown: float | None

    def position(self, value: float) -> float:
        """Where a value stands; an unknown value stands at the edge kept for it."""
        if pd.isna(value):
            return self.low if self.unknown is None else self.unknown
        if self.kind == LOG:
            return math.log10(value) if value > 0 else (self.low if self.zero is None else self.zero)
        return value / self.largest if self.kind == NORMALISED else value

    def fraction(self, value: float) -> float:
        """The same as a fraction of the axis, 0 at its low end."""
        return (self.position(value) - self.low) / (self.high - self.low)

    def ticks(self) -> tuple[list[float], list[str]]:
        """Positions and texts of the tick labels, the edges for zero and unknown among them."""
        values = (
            _log_values(self.first, self.high)
            if self.kind == LOG
            else _even_values(self.largest if self.kind == NORMALISED else self.high)
        )
        places = [(self.position(value), self._text(value)) for value in values]
        edges = [(self.unknown, "?"), (self.zero, "0")]
        places = [(place, text) for place, text in edges if place is not None] + places
        return [place for place, _ in places], [text for _, text in places]

    def axis(self, title: str) -> dict[str, Any]:
        """The plotly axis that shows this scale."""
        places, texts = self.ticks()
        return {"title": {"text": title}, "range": [self.low, self.high], "tickvals": places, "ticktext": texts}

    def _text(self, value: float) -> str:
        return f"{value / self.largest:.1f}" if self.kind == NORMALISED else tick(value)


def count_ticks(largest: float) -> dict[str, Any]:
    """How a plotly axis of counts writes its ticks, like `formats.tick`: 0.5, 20, 1,500 and, from ten thousand on, 20K.

    plotly places the ticks, so that an axis that is narrowed (a name picked in the legend) keeps some; its small k becomes our K.
    """
    if not largest >= 10_000:
        return {"tickformat": ",~f"}
    return {"tickformat": "~s", "labelalias": _THOUSANDS}


_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
_THOUSANDS = {
    f"{sign}{value}k": f"{sign}{value}K"
    for value in dict.fromkeys(f"{step * times:g}" for step in _STEPS for times in range(1, 13) if step * times < 1000)
    for sign in ("", "\u2212")
}


def scale_for(values: pd.Series, threshold: float | None, kind: str) -> Scale:
    """The scale that shows all values and the threshold, with room at both ends for marks and corner names."""
    known = pd.concat([values.dropna().astype(float), pd.Series([threshold], dtype=float).dropna()])
    largest = max(float(known.max()) if len(known) else 1.0, 1e-9)
    has_unknown = bool(values.isna().any())
    if kind == LOG:
        positive = known[known > 0]
        smallest = float(positive.min()) if len(positive) else 1.0
        first, last = math.log10(smallest), math.log10(max(largest, smallest))
        span = max(last - first, NARROWEST)
        # Points close together stand in the middle of an axis wide enough for some round numbers.
        first, last = (first + last - span) / 2, (first + last + span) / 2
        zero = first - 0.14 * span if (known <= 0).any() else None
        floor = first if zero is None else zero
        unknown = floor - 0.14 * span if has_unknown else None
        low = (floor if unknown is None else unknown) - 0.16 * span
        return Scale(kind, largest, low, last + 0.17 * span, first, zero, unknown)
    top = 1.0 if kind == NORMALISED else largest
    unknown = -0.12 * top if has_unknown else None
    return Scale(kind, largest, (unknown or 0.0) - 0.12 * top, 1.15 * top, 0.0, None, unknown)


def _log_values(first: float, high: float) -> list[float]:
    """Round values from the smallest one on: 1-2-5, or coarser steps where there would be more than a phone has room for."""
    start = first - 0.02
    sparse = max(1, math.ceil((high - start) / MOST_TICKS))
    for steps, stride in (((1, 2, 5), 1), ((1, 3), 1), ((1,), sparse)):
        powers = range(math.floor(start), math.ceil(high) + 1, stride)
        values = [step * 10.0**power for power in powers for step in steps if start <= math.log10(step) + power <= high]
        if len(values) <= MOST_TICKS:
            break
    if len(values) > 1:
        return values
    # Less than a decade, between two round values: even steps.
    return [value for value in _even_values(10.0**high, 10.0**high - 10.0**start) if value >= 10.0**start]


def _even_values(high: float, span: float | None = None) -> list[float]:
    """Multiples from 0 to `high` of a round step, of which no more than MOST_TICKS lie in `span` (by default all of it)."""
    rough = (span or high) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    # Multiples are rounded: 3 * 0.1 is no label.
    return [float(f"{i * step:.12g}") for i in range(int(high / step) + 1)]
