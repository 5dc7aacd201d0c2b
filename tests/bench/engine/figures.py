"""What was measured, against whom, and the bar it must not exceed; as a table for people."""

import os
import platform
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

ROUNDS = 5
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


def machine() -> str:
    """One line on where and when the figures were taken."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    named = re.search(r"model name\s*:\s*(.+)", told)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores of {named[1] if named else platform.machine()}, {memory:.0f} GB, "
        f"load {os.getloadavg()[0]:.1f} before; Python {platform.python_version()}, DuckDB {duckdb.__version__}."
    )


def write_section(path: Path, title: str, text: str) -> None:
    """Put a section under its title into a Markdown file, in the place of the one that stands there."""
    before = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    kept = re.sub(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", "", before, flags=re.MULTILINE | re.DOTALL)
    path.write_text(f"{kept.rstrip()}\n\n## {title}\n\n{text}\n", encoding="utf-8")


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
