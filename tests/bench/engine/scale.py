"""Ten and a hundred million touchpoints: how time grows, and how much memory a process needs that builds the journeys and asks every model.

Each size is loaded by one process and measured by another one, which holds nothing else.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from pipelines.stores.base import Stores
from tests.bench.engine import ours
from tests.bench.engine.figures import Figure, once, seconds
from tests.bench.engine.homes import empty_home, load, opened
from tests.bench.engine.made import TOUCHES_A_JOURNEY, make_in_parts
from tests.bench.engine.ours import FIVE, LONGEST_DAYS, RULES, ask

SIZES = (10_000_000, 100_000_000)
SHARE = 1.0
"""All journeys convert: the most work there can be."""

PART = 1_000_000
LINEAR = 1.3
MEMORY_GB = 4

ASKED: dict[str, Callable[[Stores], Callable[[], object]]] = {
    "five rule models": lambda stores: partial(ours.rules, ask(stores, LONGEST_DAYS), FIVE),
    f"{len(RULES)} rule models": lambda stores: partial(ours.rules, ask(stores, LONGEST_DAYS), RULES),
    "Markov": lambda stores: partial(ours.solved, ask(stores, LONGEST_DAYS, "markov", order=1)),
    "Markov order 2": lambda stores: partial(ours.solved, ask(stores, LONGEST_DAYS, "markov", order=2)),
    "Shapley": lambda stores: partial(ours.solved, ask(stores, LONGEST_DAYS, "shapley")),
}


def measure() -> Iterator[Figure]:
    """Each size's seconds beside those of the smaller one, scaled up, and its peak of memory."""
    smaller: dict[str, float] = {}
    for size in SIZES:
        told = _told(size)
        peak = told.pop("peak_gb")
        for name, taken in told.items():
            expected = smaller[name] * size / SIZES[0] if smaller else None
            yield Figure(f"{name}, {size:,} touchpoints", taken, expected, LINEAR if smaller else None)
        yield Figure(f"peak memory, {size:,} touchpoints", peak, None, MEMORY_GB, "GB")
        smaller = smaller or told


def _told(size: int) -> dict[str, float]:
    with empty_home() as home:
        command = [sys.executable, "-m", __name__]
        subprocess.run([*command, "load", str(home), str(size)], check=True)
        told = subprocess.run([*command, "ask", str(home)], check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


def _load(home: Path, touchpoints: int) -> None:
    journeys = round(touchpoints / TOUCHES_A_JOURNEY)
    with opened(home) as stores:
        for made in make_in_parts(journeys, SHARE, parts=max(1, round(journeys / PART))):
            load(stores, made.touchpoints, made.conversions)


def _measured(home: Path) -> dict[str, float]:
    with opened(home) as stores:
        told = {"build": once(partial(ours.build_full, stores))}
        for name, work in ASKED.items():
            told[name] = seconds(work(stores))
    return {**told, "peak_gb": _peak_gb()}


def _peak_gb() -> float:
    """The most memory that this process held."""
    # Not getrusage: what it tells began with the memory of the process that started this one.
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(told[1]) / (1 << 20) if told else float("nan")


if __name__ == "__main__":
    if sys.argv[1] == "load":
        _load(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(json.dumps(_measured(Path(sys.argv[2]))))
