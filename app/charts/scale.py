"""An axis that can show what a plain axis drops: zero on a log axis, and values that are not known.

Positions are computed here and drawn on a linear plotly axis, so that labels, regions and points agree on where things are.
"""

import math
from dataclasses import dataclass

import pandas as pd

from app.formats import tick

LINEAR, LOG, NORMALISED = "Linear", "Log", "Normalised"
SCALES = (LOG, LINEAR, NORMALISED)


@dataclass(frozen=True)
class Scale:
    """How values of one axis become positions; `low` and `high` are the positions at its ends.

    `zero` and `unknown` are the positions of what has no place of its own, None where nothing needs one.
    """

    kind: str
    largest: float
    low: float
    high: float
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
        values = _log_values(self.low, self.high, self.zero) if self.kind == LOG else _even_values(self._span())
        places = [
            (self.position(value), f"{value / self.largest:.1f}" if self.kind == NORMALISED else tick(value))
            for value in values
        ]
        if self.kind == LOG and self.zero is not None:
            places.insert(0, (self.zero, "0"))
        if self.unknown is not None:
            places.insert(0, (self.unknown, "?"))
        return [place for place, _ in places], [text for _, text in places]

    def _span(self) -> float:
        return self.largest if self.kind == NORMALISED else self.high


def scale_for(values: pd.Series, threshold: float | None, kind: str) -> Scale:
    """The scale that shows all values and the threshold, with room at both ends for marks and corner names."""
    known = pd.concat([values.dropna().astype(float), pd.Series([threshold], dtype=float).dropna()])
    largest = max(float(known.max()) if len(known) else 1.0, 1e-9)
    has_unknown = bool(values.isna().any())
    if kind == LOG:
        positive = known[known > 0]
        smallest = float(positive.min()) if len(positive) else 1.0
        low, high = math.log10(smallest), math.log10(max(largest, smallest))
        span = max(high - low, 0.5)
        zero = low - 0.14 * span if (known <= 0).any() else None
        floor = low if zero is None else zero
        unknown = floor - 0.14 * span if has_unknown else None
        return Scale(
            kind, largest, (floor if unknown is None else unknown) - 0.1 * span, high + 0.16 * span, zero, unknown
        )
    top = 1.0 if kind == NORMALISED else largest
    unknown = -0.1 * top if has_unknown else None
    return Scale(kind, largest, (0.0 if unknown is None else unknown) - 0.07 * top, 1.14 * top, None, unknown)


def _log_values(low: float, high: float, zero: float | None) -> list[float]:
    start = low if zero is None else zero + 0.12 * (high - low)
    steps = (1, 2, 5) if high - start < 2.6 else (1, 3) if high - start < 4 else (1,)
    values = [step * 10.0**power for power in range(math.floor(start), math.ceil(high) + 1) for step in steps]
    return [value for value in values if start <= math.log10(value) <= high]


def _even_values(span: float) -> list[float]:
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [i * step for i in range(int(span / step) + 1)]
