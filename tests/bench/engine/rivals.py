"""The engine's peers: installed by name in an environment of their own, and run there on the paths of made-up journeys.

Invariant: nothing of theirs enters Touchline's environment, and nothing of ours theirs.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tests.bench.engine.made import Journeys, aggregated

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements-peers.txt"
_FOLDER = _HERE.parents[2] / ".cache" / "bench-peers"


@dataclass(frozen=True)
class Rival:
    """What a peer did: seconds, and each of its columns by channel (`linear_touch_conversions`, `total_conversions`, ...)."""

    seconds: float
    answer: dict[str, dict[str, float]]


def run(journeys: Journeys) -> dict[str, Rival]:
    """Every peer on these journeys, by the names of peers.py. Raises ValueError where one gives away more or less than there is."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/paths.parquet", f"{folder}/aggregated.parquet"]
        for file, table in zip(files, (journeys.paths, aggregated(journeys.paths)), strict=True):
            pq.write_table(table, file)
        told = subprocess.run(
            [_python(), _HERE / "peers.py", *files], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    rivals = {name: Rival(**found) for name, found in json.loads(told).items()}
    for name, rival in rivals.items():
        _check(name, rival, journeys)
    return rivals


def versions() -> str:
    """The installed peers and what they calculate with."""
    listed = subprocess.run(
        [_python(), "-m", "pip", "list", "--format=json"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    installed = {package["name"].lower().replace("_", "-"): package["version"] for package in json.loads(listed)}
    told = ("channelattribution", "marketing-attribution-models", "numpy", "pandas", "polars")
    return ", ".join(f"{name} {installed[name]}" for name in told)


def _python() -> Path:
    """The interpreter of their environment, made anew where the requirements changed."""
    python, installed = _FOLDER / "bin" / "python", _FOLDER / "installed.txt"
    wanted = _REQUIREMENTS.read_text(encoding="utf-8")
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        print("Installing the peers (one is compiled; that takes some minutes) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", _FOLDER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", _REQUIREMENTS], check=True)
        installed.write_text(wanted, encoding="utf-8")
    return python


def _check(name: str, rival: Rival, journeys: Journeys) -> None:
    """A peer that loses conversions did something else than we do, and its time says nothing."""
    there_is = {"conversions": journeys.converts.sum(), "value": journeys.revenue.sum() / 10_000}
    for column, by_channel in rival.answer.items():
        total = there_is["value" if column.endswith("value") else "conversions"]
        given = sum(by_channel.values())
        if abs(given - total) > 1e-6 * total:
            raise ValueError(f"{name} gives away {column} of {given:,.2f} where there are {total:,.2f}.")
