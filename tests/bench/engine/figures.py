"""What was measured, against whom, and the bar it must not exceed; as a table for people."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROUNDS = 9
SLOW_S = 10.0


@dataclass(frozen=True)
class Figure:
    """What we took (in seconds, or what `unit` says) and what it is held against. The bar holds for their ratio, or else for ours alone."""

    name: str
    ours: float
    peer: float | None = None
    bar: float | None = None
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return None if self.peer is None else self.ours / self.peer

    @property
    def missed(self) -> bool:
        """Whether the bar is missed."""
        return self.bar is not None and (self.ours if self.ratio is None else self.ratio) > self.bar


def seconds(work: Callable[[], Any]) -> float:
    """The median of some rounds, or one round where it takes long."""
    taken: list[float] = []
    while not taken or (len(taken) < ROUNDS and taken[0] < SLOW_S):
        taken.append(once(work))
    return statistics.median(taken)


def once(work: Callable[[], Any]) -> float:
    """The seconds of one round."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def markdown(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    return "\n".join(
        [
            "| what | ours | against | ratio | bar | |",
            "|---|--:|--:|--:|--:|---|",
            *(f"| {' | '.join(_cells(figure))} |" for figure in figures),
        ]
    )


def line(figure: Figure) -> str:
    """The figure as a line of text."""
    return "  ".join(cell for cell in _cells(figure) if cell)


def _cells(figure: Figure) -> tuple[str, ...]:
    bar = "" if figure.bar is None else f"{figure.bar:g}{'' if figure.peer else ' ' + figure.unit}"
    return (
        figure.name,
        f"{figure.ours:.3g} {figure.unit}",
        "" if figure.peer is None else f"{figure.peer:.3g} {figure.unit}",
        "" if figure.ratio is None else f"{figure.ratio:.3f}",
        bar and f"≤ {bar}",
        "" if figure.bar is None else "MISSED" if figure.missed else "met",
    )
