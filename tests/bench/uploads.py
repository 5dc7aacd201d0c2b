"""How long an upload takes and how much memory it needs: `make bench-upload`. Figures, not a test.

Everything is compared within one run, on a file of a million rows as people have them: days first, thousands with commas, quoted. The same
rows are stored by a bare COPY into a table like the warehouse's own, indexes included, and by pandas into a table of its own.
"""

import io
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.ingest import prepare
from pipelines.ingest.guess import guess_source
from pipelines.ingest.load import commit
from pipelines.ingest.plan import preview
from pipelines.settings import load_settings
from pipelines.sources import SOURCES
from pipelines.stores import open_stores
from pipelines.stores.base import Stores

ROWS = 1_000_000
ROUNDS = 3
DAYS = 500
CHANNELS = ("Google Ads", "Meta Ads", "LinkedIn Ads", "TikTok Ads")
MEGABYTE = 1 << 20
SPEND = SOURCES["spend"]


@dataclass(frozen=True)
class Figure:
    """What was measured, in seconds, megabytes or times, and the bar it must not exceed (or, if `at_least`, must reach)."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False

    @property
    def missed(self) -> bool:
        """Whether the bar is missed."""
        if self.bar is None:
            return False
        return self.value < self.bar if self.at_least else self.value > self.bar


def spend_file(rows: int, seed: int = 1, first_campaign: int = 0) -> bytes:
    """A spend file of so many rows, each of another day and campaign, in no order."""
    chance = np.random.default_rng(seed)
    key = chance.permutation(rows)
    days = np.array([f"{date(2024, 1, 1) + timedelta(day):%d/%m/%Y}" for day in range(DAYS)])
    campaigns = first_campaign + key // DAYS
    impressions = chance.integers(0, 2_000_000, rows)
    lines = (
        f'{day},{CHANNELS[campaign % 4]},Campaign {campaign:05} Spring,"{amount / 100:,.2f}",EUR,"{seen:,}",{seen // 50}\n'
        for day, campaign, amount, seen in zip(
            days[key % DAYS].tolist(),
            campaigns.tolist(),
            chance.integers(0, 50_000_000, rows).tolist(),
            impressions.tolist(),
            strict=True,
        )
    )
    return "".join(["Day,Channel,Campaign,Amount,Currency,Impressions,Clicks\n", *lines]).encode()


def measure() -> list[Figure]:
    """All figures, one after the other."""
    content = spend_file(ROWS)
    ours, copied = [], []
    for _ in range(ROUNDS):
        with _stores() as stores:
            ours.append(_seconds(partial(_upload, stores, content)))
            copied.append(_bare_copy(stores))
    with _stores() as stores:
        by_pandas = _seconds(lambda: _by_pandas(stores, content))
    with _stores() as stores:
        _upload(stores, content)
        overlapping = spend_file(ROWS, seed=2, first_campaign=4 * ROWS // DAYS // 10)
        again = _seconds(lambda: _upload(stores, overlapping))
    whole, copy = statistics.median(ours), statistics.median(copied)
    return [
        Figure(f"read to committed, {ROWS:,} rows", whole, "s"),
        Figure("bare COPY of the same rows", copy, "s"),
        Figure("pandas read_csv and to_sql", by_pandas, "s"),
        Figure("read to committed / bare COPY", whole / copy, "times", 3),
        Figure("pandas / read to committed", by_pandas / whole, "times", 10, at_least=True),
        Figure("a second file, 600,000 rows overlap", again, "s"),
        Figure("preview of a file of 50 MB", _preview_seconds(), "s", 2),
        Figure("peak memory for a file of 200 MB", _peak_megabytes(), "MB", 1024),
    ]


def report(figures: list[Figure]) -> str:
    """The figures as a table, those that miss their bar marked."""
    return "\n".join(
        f"{figure.name:<40}{figure.value:>9.2f} {figure.unit:<6}"
        + (f"{'at least' if figure.at_least else 'at most':>9} {figure.bar:g}" if figure.bar is not None else "")
        + ("   MISSED" if figure.missed else "")
        for figure in figures
    )


@contextmanager
def _stores() -> Iterator[Stores]:
    """Empty stores of their own, gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({"TOUCHLINE_HOME": f"{folder}/home", "TOUCHLINE_USER": "bench"})
        with closing(open_stores(settings)) as stores:
            yield stores


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _upload(stores: Stores, content: bytes) -> None:
    status = commit(stores, prepare(SPEND, content, "spend.csv"), content, "bench")
    assert status["rows_accepted"] == content.count(b"\n") - 1


def _bare_copy(stores: Stores) -> float:
    """Seconds to COPY what is stored, as it is, into an empty table with the same columns and indexes."""
    connection: Any = stores.warehouse.engine.raw_connection()
    with closing(connection), tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        cursor.copy_expert("copy (select * from spend order by row_number) to stdout with (format csv)", file)
        cursor.execute("create table bare (like spend including all)")
        connection.commit()
        file.seek(0)

        def copy() -> None:
            cursor.copy_expert("copy bare from stdin with (format csv)", file)
            connection.commit()

        return _seconds(copy)


def _by_pandas(stores: Stores, content: bytes) -> None:
    frame = pd.read_csv(io.BytesIO(content), thousands=",", parse_dates=["Day"], date_format="%d/%m/%Y")
    frame.to_sql("by_pandas", stores.warehouse.engine, index=False)


def _preview_seconds() -> float:
    """Seconds until a person sees what a file is, how it is read and what it would do."""
    content = _of_size(50 * MEGABYTE)

    def show(stores: Stores) -> None:
        assert guess_source(content, "spend.csv").source is SPEND
        preview(stores, prepare(SPEND, content, "spend.csv"))

    with _stores() as stores:
        return statistics.median(_seconds(lambda: show(stores)) for _ in range(ROUNDS))


def _peak_megabytes() -> float:
    """The most memory that a process of its own holds while it reads and stores a file."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(_of_size(200 * MEGABYTE))
        file.flush()
        told = subprocess.run(
            [sys.executable, "-m", __spec__.name, file.name], check=True, capture_output=True, text=True
        )
    return float(told.stdout)


def _of_size(size: int) -> bytes:
    content = spend_file(int(size / len(spend_file(ROWS)) * ROWS * 1.02))
    return content[: content.rindex(b"\n", 0, size) + 1]


def _store_one(path: str) -> None:
    with _stores() as stores:
        _upload(stores, Path(path).read_bytes())
    # Not getrusage: what it tells began with the memory of the process that started this one.
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(int(told[1]) / 1024 if told else float("nan"))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _store_one(sys.argv[1])
    else:
        print(report(measure()))
