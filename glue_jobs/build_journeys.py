"""Journeys: touchpoints and conversions -> the tables journeys and conversion_status.

Invariants: the rows are those of the embedded build, made by the same statements; only journey numbers and the last digits of sums of
weights may differ. Each table changes in one
commit that says what it was made from, so a build that breaks off leaves the last good one; what stays as it is is not written.

    python -m glue_jobs.build_journeys --local --lake FOLDER
"""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

from glue_jobs import program, runs
from glue_jobs.lake import LakeTable
from glue_jobs.session import open_session
from glue_jobs.storage import open_storage
from pipelines import derived, statements
from pipelines.errors import TouchlineError, WrongUsage
from pipelines.settings import load_settings
from pipelines.stores.catalog import TABLES, TEN_DAYS
from pipelines.stores.history import MADE_OF, NEXT_NUMBER, PROGRAM

JOB = "build_journeys"

_PARTITIONS = {"journeys": "ten_days, converted", "conversion_status": "ten_days"}
"""Derived table -> what tells its partitions."""

_ORDER = {"journeys": ("dt", "journey_number", "position_from_last"), "conversion_status": ("dt", "conversion_id")}
_NUMBER = "journey_number"
_AS_LAID_OUT = {"distribution-mode": "none", "fanout-enabled": "true"}
"""Rows come to Iceberg in the order of their partitions and days already: it need not lay them out."""

Snapshots = Mapping[str, int | None]
"""Raw table -> its snapshot, None where it has none."""


@dataclass(frozen=True)
class Built:
    """What a build did to a table. people: how many had their rows made anew (None: everybody); rows_in: those of the raw tables; rows_out and
    rows_replaced: those of the files that came and went, in which also others' are."""

    table: str
    snapshot_id: int
    people: int | None
    rows_in: int
    rows_out: int
    rows_replaced: int
    bytes: int


def transform(raw: Mapping[str, DataFrame], table: str, longest_ms: int, first_number: int = 1) -> DataFrame:
    """The rows of a derived table. raw: the touchpoints and conversions of some people, or of everybody."""
    parameters = {"longest_ms": longest_ms, "first_number": first_number}
    bound = statements.bind(derived.STATEMENTS[table], parameters, dialect="spark", relation=lambda name: f"{{{name}}}")
    return raw["touchpoints"].sparkSession.sql(bound.sql, args=bound.values, **raw)


def build(
    spark: SparkSession, database: str, longest_ms: int, *, full: bool = False, since: date | None = None
) -> list[Built]:
    """Bring both tables up to date with the raw ones; what was done, nothing where all was up to date.

    full: build them for everybody; since: at least for those who were met or converted on that UTC day or later. Raises Overtaken where another
    build was faster.
    """
    raw = {name: LakeTable(spark, database, name) for name in derived.RAW}
    people: dict[str, DataFrame | None] = {}
    built = []
    for name in derived.STATEMENTS:
        table = LakeTable(spark, database, name)
        said = table.said(table.snapshot_id) or {}
        made_of = said[MADE_OF] if said.get(PROGRAM) == derived.program(longest_ms) else "null"
        before: Snapshots | None = json.loads(made_of)
        if before is not None and _same_rows(raw, before) and not full and since is None:
            continue
        if made_of not in people:
            people[made_of] = None if full or before is None else _people(raw, before, since)
        built.append(_replace(table, people[made_of], raw, longest_ms))
    for some in people.values():
        if some is not None:
            some.unpersist()
    return built


@dataclass(frozen=True)
class Arguments:
    """What the job is told."""

    lake_url: str
    database: str
    local: bool
    cores: int
    memory: str
    lookback_days: float
    full: bool
    since: date | None


def parse(argv: Sequence[str]) -> Arguments:
    """Read the command line; arguments that Glue adds of its own are let be. Raises WrongUsage where there is no lake, or no day."""
    parser = argparse.ArgumentParser(
        prog=f"python -m glue_jobs.{JOB}", description="Bring the journeys up to date.", allow_abbrev=False
    )
    parser.add_argument("--lake", help="s3://bucket/prefix, or a folder; default: TOUCHLINE_LAKE_URL")
    parser.add_argument("--database", help="database of the catalogue; default: TOUCHLINE_GLUE_DATABASE")
    parser.add_argument("--local", action="store_true", help="start Spark on this machine")
    parser.add_argument("--cores", type=int, default=2, help="of this machine, with --local")
    parser.add_argument("--memory", default="2g", help="of this machine, with --local")
    parser.add_argument(
        "--lookback-days", type=float, help="longest look-back window; default: TOUCHLINE_LONGEST_LOOKBACK_DAYS"
    )
    parser.add_argument("--full", action="store_true", help="build for everybody, even where all is up to date")
    parser.add_argument("--since", help="at least for those who were met or converted on that day or later")
    said, _ = parser.parse_known_args(argv)
    settings = load_settings()
    lake_url = (said.lake or settings.lake_url or "").rstrip("/")
    if not lake_url:
        raise WrongUsage("No lake is named.", "Give --lake, or set TOUCHLINE_LAKE_URL.")
    try:
        since = date.fromisoformat(said.since) if said.since else None
    except ValueError:
        raise WrongUsage(f"--since is '{said.since}', which is no day.", "Write it as 2026-01-31.") from None
    return Arguments(
        lake_url,
        said.database or settings.glue_database,
        said.local,
        said.cores,
        said.memory,
        said.lookback_days or settings.longest_lookback_days,
        said.full,
        since,
    )


def run(spark: SparkSession, arguments: Arguments) -> runs.Record:
    """Build, and write the run's record to runs/. Returns the record; raises what went wrong, after it was written there."""
    started, began = datetime.now(UTC), time.monotonic()
    record: runs.Record = {
        "job": JOB,
        "run_id": f"{started:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started_at": started.isoformat(),
        "program": program.digest(),
        "versions": program.versions() | {"spark": spark.version},
        "lookback_days": arguments.lookback_days,
        "tables": {},
    }
    try:
        record |= _read_of(LakeTable(spark, arguments.database, name) for name in derived.RAW)
        longest_ms = derived.longest_ms(arguments.lookback_days)
        built = build(spark, arguments.database, longest_ms, full=arguments.full, since=arguments.since)
        record["tables"] = {table.table: asdict(table) for table in built}
        record |= {name: sum(getattr(table, name) for table in built) for name in ("rows_out", "bytes")}
        record["status"] = "stored" if built else "nothing new"
    except Exception as problem:
        record |= {"status": "failed", "error": runs.words_of(problem)}
        raise
    finally:
        record["seconds"] = round(time.monotonic() - began, 3)
        record["lies_at"] = runs.write(open_storage(arguments.lake_url), record)
    return record


def main(argv: Sequence[str]) -> int:
    """Run the job. Returns what the process is to exit with."""
    try:
        said = parse(argv)
        with open_session(said.lake_url, local=said.local, cores=said.cores, memory=said.memory) as spark:
            record = run(spark, said)
    except TouchlineError as problem:
        print(problem, file=sys.stderr)
        return 1
    told = ("job", "run_id", "status", "rows_in", "rows_out", "bytes", "seconds", "lies_at")
    print(json.dumps({name: record.get(name) for name in told}))
    return 0


def _read_of(raw: Iterable[LakeTable]) -> dict[str, Any]:
    """What the record of a run tells of the raw tables: their rows, of which none is refused, their columns and types, and those that
    we do not know."""
    told: dict[str, Any] = {"rows_in": 0, "rows_rejected": 0, "seen": {}, "drift": {}}
    for table in raw:
        rows = _count(table)
        told["rows_in"] += rows
        for column in table.rows().schema:
            what = f"{table.name}.{column.name}: {column.dataType.simpleString()}"
            told["seen"][what] = rows
            if column.name not in TABLES[table.name]:
                told["drift"][what] = rows
    return told


def _same_rows(raw: Mapping[str, LakeTable], before: Snapshots) -> bool:
    """Whether the raw tables hold the rows that they held before; their files may be others."""
    return all(
        table.first_with_rows(before[name]) == table.first_with_rows(table.snapshot_id) for name, table in raw.items()
    )


def _people(raw: Mapping[str, LakeTable], before: Snapshots, since: date | None) -> DataFrame | None:
    """Column `who`: whose rows the raw tables had otherwise before, and those of the days since. None: everybody is built anew."""
    found = []
    for name, table in raw.items():
        whose = f.expr(derived.WHOSE[name]).alias("who")
        if table.first_with_rows(before[name]) != table.first_with_rows(table.snapshot_id):
            differing = _rows_that_differ(table, before[name])
            if differing is None:
                return None
            found.append(differing.select(whose))
        if since is not None:
            found.append(table.rows().where(f.col("dt") >= since.isoformat()).select(whose))
    return reduce(DataFrame.unionAll, found).where("who is not null").distinct().persist()


def _rows_that_differ(table: LakeTable, before: int | None) -> DataFrame | None:
    """The rows that a raw table has now and had not before, or had and has not. None where that cannot be told, or they are many."""
    if before is None or table.snapshot_id is None or table.said(before) is None:
        return None
    before = table.newest_with_rows(before)
    files = _differing(table.files_at(before), table.files_at(table.snapshot_id))
    days: dict[str, int] = dict(files.groupBy("dt").agg(f.sum("record_count")).collect())
    if sum(days.values()) > derived.MOST_CHANGED * max(1, _count(table)):
        return None
    now = table.rows()
    states = (
        _typed(rows, now.schema).where(f.col("dt").isin(list(days))).drop(*derived.BOOKKEEPING)
        for rows in (table.rows_at(before), now)
    )
    return _differing(*states)


def _differing(one: DataFrame, other: DataFrame) -> DataFrame:
    """The rows that one frame has more often than the other, each once."""
    both = one.withColumn("times", f.lit(1)).unionByName(other.withColumn("times", f.lit(-1)))
    return both.groupBy(*one.columns).agg(f.sum("times").alias("times")).where("times <> 0").drop("times")


def _replace(table: LakeTable, people: DataFrame | None, raw: Mapping[str, LakeTable], longest_ms: int) -> Built:
    """Put the rows of these people (None: of everybody) in the place of theirs, in one commit."""
    said = table.said(table.snapshot_id) or {}
    first = 1 if people is None else int(said[NEXT_NUMBER])
    theirs = {name: _of(people, one.rows(), name) for name, one in raw.items()}
    made = _typed(transform(theirs, table.name, longest_ms, first), table.rows().schema)
    place, rows = f.lit(True), made
    if people is not None:
        made.persist()
        place = _where_they_differ(table, made, people)
        rows = made.where(place).unionByName(_of(people, table.rows().where(place), table.name, "left_anti"))
    now = {name: one.snapshot_id for name, one in raw.items()}
    rows_in = sum(map(_count, raw.values()))
    next_number = (
        first + rows_in
    )  # no more journeys than rows can have been numbered; counting them would be another build
    properties = derived.commit_properties(derived.program(longest_ms), now, next_number)
    snapshot_id = table.replace(_laid_out(table.name, rows), place, properties, _AS_LAID_OUT)
    made.unpersist()
    written = table.said(snapshot_id) or {}
    sizes = (int(written.get(name, 0)) for name in ("added-records", "deleted-records", "added-files-size"))
    return Built(table.name, snapshot_id, None if people is None else people.count(), rows_in, *sizes)


def _where_they_differ(table: LakeTable, made: DataFrame, people: DataFrame) -> Column:
    """Where rows of these people are no longer those that the table has, in steps of ten days: whole files lie there, of the converted and of
    the others. (Spark does not hand a condition on `converted` to Iceberg.)"""
    differing = _differing(made.drop(_NUMBER), _of(people, table.rows(), table.name).drop(_NUMBER))
    place = f.lit(False)
    for step in differing.select(_ten_days()).distinct().collect():
        place |= f.col("dt").startswith(step.ten_days)
    return place


def _of(people: DataFrame | None, rows: DataFrame, table: str, how: str = "left_semi") -> DataFrame:
    """The rows of these people (None: of everybody); with left_anti those of all others."""
    return rows if people is None else rows.join(people, f.expr(derived.WHOSE[table]) == f.col("who"), how)


def _laid_out(table: str, rows: DataFrame) -> DataFrame:
    """The rows of a partition together and in order, those of a large one in several parts."""
    together = f"select /*+ rebalance({_PARTITIONS[table]}) */ * from {{rows}}"
    spread = rows.sparkSession.sql(together, rows=rows.withColumn("ten_days", _ten_days()))
    return spread.sortWithinPartitions(*_PARTITIONS[table].split(", "), *_ORDER[table]).drop("ten_days")


def _ten_days() -> Column:
    return f.substring("dt", 1, TEN_DAYS).alias("ten_days")


def _typed(rows: DataFrame, schema: StructType) -> DataFrame:
    """Rows in these columns and types; a column that they lack is null."""
    columns = {name: f.col(name) for name in rows.columns}
    return rows.select(*(columns.get(one.name, f.lit(None)).cast(one.dataType).alias(one.name) for one in schema))


def _count(table: LakeTable) -> int:
    return int((table.said(table.snapshot_id) or {}).get("total-records", 0))


if __name__ == "__main__" and (failed := main(sys.argv[1:])):
    sys.exit(failed)  # Glue takes any exit for a failure, also one with 0
