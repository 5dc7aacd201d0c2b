"""How fast the cloud's jobs are on Spark, on this machine: `make bench-cloud`. Figures, not a test.

A month of events in JSON lines goes through the jobs as they are started on Glue, then one more day does. The figures, and what a thousand
million events a month would cost by them, become a section of docs/benchmarks.md.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipelines.settings import PROJECT
from tests.bench.cloud_costs import Measured, estimate
from tests.bench.page import PAGE, machine, write_section

ROWS = 10_000_000
DAYS = 30
FIRST = date(2026, 6, 1)
CORES, MEMORY = 2, "5g"
TOUCHES_A_PERSON = 8
FILES_A_DAY = 4
TITLE = "The cloud path"
GIGABYTE = 1 << 30

_EVENT = """
    'e' || {day} || '-' || i as event_id,
    epoch_ms(date '{date}') + cast(hash(i, {day}, 1) % 86400000 as bigint) as occurred_at,
    'person-' || cast(pow((hash(i, {day}, 2) % 1000003) / 1000003.0, 1.5) * {people} as bigint) as person,
    ['Paid Search', 'Paid Social', 'Email', 'Organic Search', 'Display', 'Direct'][cast(1 + hash(i, {day}, 3) % 6 as bigint)] as channel,
    'Campaign ' || (hash(i, {day}, 4) % 60) as campaign,
    ['google', 'meta', 'newsletter'][cast(1 + hash(i, {day}, 5) % 3 as bigint)] as source,
    ['click', 'impression', 'visit'][cast(1 + hash(i, {day}, 6) % 3 as bigint)] as kind,
    hash(i, {day}, 7) % 20 <> 0 as consent,
    hash(i, {day}, 8) % 50 = 0 as converted,
    case when hash(i, {day}, 8) % 50 = 0 then (hash(i, {day}, 9) % 20000) / 100.0 end as revenue,
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' as user_agent
"""
"""Events of a day: one in twenty without consent, one in fifty a conversion, few people with many touches and many with few."""


@dataclass(frozen=True)
class Figure:
    """A job's run: how many rows it read, its seconds from start to end, and the most memory that its processes held."""

    name: str
    rows: int
    seconds: float
    peak_gb: float

    @property
    def rows_a_second(self) -> float:
        """Rows read a second, Spark's start included."""
        return self.rows / self.seconds


def measure(rows: int, folder: Path) -> tuple[list[Figure], Measured]:
    """The month and the day after it."""
    daily = rows // DAYS
    for day in range(DAYS):
        _write_events(folder, day, daily)
    month = [
        _run("curate_touchpoints", "a month", daily * DAYS, folder),
        _run("build_journeys", "a month", daily * DAYS, folder),
    ]
    raw = _bytes(folder / "raw")
    sizes = {
        name: _bytes(folder / "curated" / "touchline" / name / "data")
        for name in ("touchpoints", "conversions", "journeys")
    }
    _write_events(folder, DAYS, daily)
    after = [
        _run("curate_touchpoints", "the next day", daily, folder),
        _run("build_journeys", "the next day", daily, folder),
    ]
    built = _records(folder, "build_journeys")
    measured = Measured(
        rows=daily * DAYS,
        day_rows=daily,
        cores=CORES,
        month_seconds={"curate": month[0].seconds, "build": month[1].seconds},
        day_seconds={"curate": after[0].seconds, "build": after[1].seconds},
        raw_bytes=raw,
        table_bytes=sizes,
        written_a_day=sum(record["bytes"] for record in built[1:]),
    )
    return [*month, *after], measured


def report(where: str, figures: Sequence[Figure], measured: Measured) -> str:
    """The text of the section. where: on what machine the figures were taken."""
    lines = [
        where,
        "",
        f"`make bench-cloud`: {measured.rows:,} events in JSON lines over {DAYS} days go through the jobs on a local Spark with {CORES}",
        f"cores and {MEMORY} of heap, then those of one more day. Time is that of the whole command, Spark's start included; memory is what its",
        "processes (driver, JVM, Python workers) held together at most.",
        "",
        "| job | events | seconds | events/s | peak memory |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {one.name} | {one.rows:,} | {one.seconds:,.0f} | {one.rows_a_second:,.0f} | {one.peak_gb:.1f} GB |"
            for one in figures
        ),
        "",
        estimate(measured),
    ]
    return "\n".join(lines)


def _write_events(folder: Path, day: int, rows: int) -> None:
    on = FIRST + timedelta(day)
    arrived = folder / "raw" / "touchpoints" / (on + timedelta(1)).isoformat()
    arrived.mkdir(parents=True)
    people = max(1, rows * DAYS // TOUCHES_A_PERSON)
    event = _EVENT.format(day=day, date=on, people=people)
    with duckdb.connect(config={"threads": CORES, "memory_limit": "1GB"}) as connection:
        connection.execute("set timezone = 'UTC'")
        for part in range(FILES_A_DAY):
            within = f"range({part * rows // FILES_A_DAY}, {(part + 1) * rows // FILES_A_DAY})"
            path = arrived / f"events-{part}.jsonl"
            connection.execute(f"copy (select {event} from {within} r(i)) to '{path}' (format json)")


def _run(job: str, what: str, rows: int, folder: Path) -> Figure:
    command = [sys.executable, "-m", f"glue_jobs.{job}", "--local", "--lake", str(folder), "--cores", str(CORES)]
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            [*command, "--memory", MEMORY], cwd=PROJECT, stdout=told, stderr=subprocess.STDOUT, text=True
        )
        watch = _Watch(process.pid)
        failed = process.wait()
        seconds = time.monotonic() - began
        peak = watch.end()
        if failed:
            told.seek(0)
            raise SystemExit(f"{job} failed:\n{told.read()[-4000:]}")
    figure = Figure(f"{job}, {what}", rows, seconds, peak / GIGABYTE)
    print(f"{figure.name}: {rows:,} events, {seconds:.0f} s, {figure.peak_gb:.1f} GB", file=sys.stderr, flush=True)
    return figure


class _Watch:
    """Looks, four times a second, at the memory of a process and of all that descend from it."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def end(self) -> int:
        """The most bytes that they held at once."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(0.25):
            self._peak = max(self._peak, sum(map(_held, _family(self._pid))))


def _family(pid: int) -> list[int]:
    """A process and those that descend from it."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _held(pid: int) -> int:
    """Bytes of memory of a process; of what it shares with others, its share."""
    with suppress(OSError):
        told = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(told[1]) * 1024 if told else 0
    return 0


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _records(folder: Path, job: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((folder / "runs" / job).rglob("*.json"))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--page", type=Path, default=PAGE, help="where the section is written")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        section = report(machine(), *measure(said.rows, Path(place)))
    print(section)
    write_section(TITLE, section, said.page)
