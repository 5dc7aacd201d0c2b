"""Bringing the lake's tables up to date with raw/: what the curating jobs share.

Invariants: after a run a table holds, of every id, the row of the newest file that stands; a run changes each table in one commit or not at
all, and one that has nothing new to store commits nothing. What is refused is written before anything is stored.
"""

import json
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema

from glue_jobs import merge, program, runs
from glue_jobs.arguments import Arguments
from glue_jobs.lake import UNDONE, UPLOAD, LakeTable, Overtaken
from glue_jobs.raw_files import RawFile, feeding, list_files
from glue_jobs.reading import PART, REFUSED, TOLD, Part, Reader, parts_of, schema_of
from glue_jobs.storage import Storage, open_storage
from pipelines.sources import SOURCES
from pipelines.stores.catalog import TABLES

Transform = Callable[[DataFrame, Reader], DataFrame]
"""(a frame with the column `part`, reader) -> the rows of those parts, in the columns of `reading.schema_of`."""

_ATTEMPTS = 5
_COUNTS = {
    "rows_in": "rows_read",
    "rows_rejected": "rows_refused",
    "rows_merged": "rows_merged",
    "totals_dropped": "totals_dropped",
    "bots": "bots",
    "late": "late",
    "bytes": "bytes",
}
"""What the record of a run counts -> what is told of each file."""


def read_parts(parts: DataFrame, reader: Reader) -> DataFrame:
    """The rows of parts of raw files: those for each table, the refused ones, and what is told of every part."""
    return parts.mapInArrow(reader, from_arrow_schema(schema_of(reader.tables), prefer_timestamp_ntz=True))


def run(spark: SparkSession, job: str, source: str, arguments: Arguments, transform: Transform) -> runs.Record:
    """Bring every table that a source feeds up to date with its raw files. Returns the run's record, which lies in runs/, too.

    Raises what went wrong, after it was written into the record.
    """
    started = datetime.now(UTC)
    storage = open_storage(arguments.lake_url)
    record: runs.Record = {
        "job": job,
        "run_id": f"{started:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:8]}",
        "started_at": started.isoformat(),
        "program": program.digest(),
        "versions": program.versions() | {"spark": spark.version},
        "files": [],
        "tables": {},
    }
    began = time.monotonic()
    try:
        _Run(spark, storage, source, arguments, transform, record).work()
        record["status"] = "stored" if any(told["snapshot_id"] for told in record["tables"].values()) else "nothing new"
    except Exception as problem:
        record |= {"status": "failed", "error": runs.words_of(problem)}
        raise
    finally:
        record["seconds"] = round(time.monotonic() - began, 3)
        record["lies_at"] = runs.write(storage, record)
    return record


@dataclass
class _Run:
    """One run: what it works on, and the record that it fills."""

    spark: SparkSession
    storage: Storage
    source: str
    arguments: Arguments
    transform: Transform
    record: runs.Record

    def __post_init__(self) -> None:
        source = SOURCES[self.source]
        self.tables = (source.table, *source.also)
        sources = dict.fromkeys(name for table in self.tables for name in feeding(table))
        said = {"zone": self.arguments.zone, "currency": self.arguments.currency}
        self.files = list_files(self.storage, list(sources), **said)
        self.ranks = {file.upload_id: rank for rank, file in enumerate(self.files)}
        self.earlier = runs.earlier(self.storage, [f"curate_{name}" for name in sources])

    def work(self) -> None:
        """Read what is new, write what of it is refused, and change the tables."""
        held = {table: runs.held(self._open(table), self.earlier) for table in self.tables}
        refused = runs.refused(self.earlier, self.record["job"], self.record["program"])
        new = [file for file in self._looked_at() if any(file.upload_id not in held[table] for table in self.tables)]
        new = [file for file in new if not file.undone and file.upload_id not in refused]
        incoming = self._read(new, self.tables).persist() if new else self._nothing()
        try:
            stored = self._tell(incoming, new)
            self._reject(incoming, new)
            for table in self.tables:
                self._bring_up(table, incoming, stored)
        finally:
            incoming.unpersist()

    def _open(self, table: str) -> LakeTable:
        return LakeTable(self.spark, self.arguments.database, table)

    def _looked_at(self) -> Iterator[RawFile]:
        """The files of this job's source of the days that are asked for."""
        first, last = self.arguments.start, self.arguments.end or "9999-12-31"
        yield from (file for file in self.files if file.source == self.source and first <= file.day <= last)

    def _read(self, files: Sequence[RawFile], tables: tuple[str, ...]) -> DataFrame:
        parts = [part for file in files for part in parts_of(file)]
        context = self.spark.sparkContext
        slices = _shared_out(parts, context.defaultParallelism)
        rows = context.parallelize(slices, len(slices)).flatMap(lambda texts: [Row(part=text) for text in texts])
        frame = self.spark.createDataFrame(rows, "part string")
        reader = Reader(self.storage, tables, self.arguments.late_days, self.arguments.secret)
        return self.transform(frame, reader)

    def _nothing(self) -> DataFrame:
        schema = from_arrow_schema(schema_of(self.tables), prefer_timestamp_ntz=True)
        return self.spark.createDataFrame([], schema)

    def _tell(self, incoming: DataFrame, new: Sequence[RawFile]) -> list[RawFile]:
        """Put what became of each file into the record. Returns those that can be stored."""
        told: dict[str, dict[str, Any]] = {}
        for row in incoming.where(f.col("into") == TOLD).select("value").collect():
            part = json.loads(row["value"])
            told[part["upload_id"]] = _together(told[part["upload_id"]], part) if part["upload_id"] in told else part
        self.record["files"] = [told[file.upload_id] for file in new]
        for name, counted in _COUNTS.items():
            self.record[name] = sum(one[counted] for one in told.values())
        for name in ("seen", "drift", "late_by_day"):
            found = {what for one in told.values() for what in one[name]}
            self.record[name] = {what: sum(one[name].get(what, 0) for one in told.values()) for what in sorted(found)}
        return [file for file in new if "complaint" not in told[file.upload_id]]

    def _reject(self, incoming: DataFrame, new: Sequence[RawFile]) -> None:
        """Write the refused rows to rejected/<source>/<run day>/."""
        storage, folder = self.storage, f"rejected/{self.source}/{self.record['started_at'][:10]}"
        paths = {file.upload_id: file.path for file in new}

        def write(rows: Iterator[Row]) -> None:
            lines: dict[str, list[str]] = {}
            for row in rows:
                line = {"file": paths[row["upload_id"]], "row": row["row_number"], **row.asDict()}
                del line["row_number"]
                lines.setdefault(row["upload_id"], []).append(json.dumps(line, ensure_ascii=False))
            for upload_id, of_it in lines.items():
                storage.write(f"{folder}/{upload_id}.jsonl", "\n".join([*of_it, ""]).encode())

        refused = incoming.where(f.col("into") == REFUSED)
        if new and (self.record["rows_rejected"] or any("complaint" in file for file in self.record["files"])):
            in_order = refused.repartition("upload_id").sortWithinPartitions("upload_id", "row_number")
            in_order.select("upload_id", "row_number", "column", "value", "reason").foreachPartition(write)

    def _bring_up(self, table: str, incoming: DataFrame, files: Sequence[RawFile]) -> None:
        """Change one table, on the newest state that it has."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self.record["tables"][table] = self._change(self._open(table), incoming, files)
                return
            except Overtaken:
                if attempt == _ATTEMPTS:
                    raise

    def _change(self, table: LakeTable, incoming: DataFrame, files: Sequence[RawFile]) -> dict[str, Any]:
        key = next(iter(TABLES[table.name]))
        held = runs.held(table, self.earlier)
        coming = [file for file in files if file.upload_id not in held]
        undone = {file.upload_id for file in self.files if file.undone and file.source == self.source} & held
        told: dict[str, Any] = {"uuid": table.uuid, "snapshot_id": None, "stored": [file.upload_id for file in coming]}
        told |= {"undone": sorted(undone), "overlaps": [], "at": datetime.now(UTC).isoformat()}
        if not coming and not undone:
            return told
        stored = merge.ranked(table.rows(), self.ranks)
        rows = incoming.where(f.col("into") == table.name).select(*TABLES[table.name])
        rows = rows.where(f.col("upload_id").isin([file.upload_id for file in coming]))
        if undone:
            rows = rows.unionByName(self._restored(table, stored, undone, held, key))
        claimed = merge.claims(merge.ranked(rows, self.ranks), key).persist()
        winners = claimed.where("place = 1").drop("place", "won_by")
        searched = stored if undone or not all(file.has_events for file in coming) else self._near(stored, winners)
        met = merge.meetings(searched, winners, key).persist()
        changed = merge.change(searched, winners, met, key, undone)
        entering, leaving = changed.entering.persist(), changed.leaving.persist()
        try:
            came = {row["dt"]: row["count"] for row in entering.groupBy("dt").count().collect()}
            went = {
                (row["dt"], row["taken_back"]): row["count"]
                for row in leaving.groupBy("dt", "taken_back").count().collect()
            }
            told["rows_out"] = sum(came.values())
            told["rows_replaced"] = sum(count for (_, taken_back), count in went.items() if not taken_back)
            told["rows_taken_back"] = sum(count for (_, taken_back), count in went.items() if taken_back)
            told["duplicates"] = claimed.where("place > 1").count()
            told["days"] = sorted({*came, *(day for day, _ in went)})
            told["overlaps"] = [list(pair) for pair in merge.overlaps(claimed, met).collect()]
            if told["days"]:
                after = merge.after(table.rows(), merge.Change(entering, leaving), key, told["days"])
                properties = {UPLOAD: ",".join(told["stored"]), UNDONE: ",".join(told["undone"])}
                told["snapshot_id"] = table.replace(
                    after, f.col("dt").isin(told["days"]), {name: value for name, value in properties.items() if value}
                )
                told["at"] = datetime.now(UTC).isoformat()
        finally:
            for frame in (claimed, met, entering, leaving):
                frame.unpersist()
        return told

    def _near(self, stored: DataFrame, winners: DataFrame) -> DataFrame:
        """The stored rows among which an event may have a copy: those of days about as far from its own as an event may be late."""
        around = int(self.arguments.late_days) + 1
        bounds = winners.agg(
            f.date_sub(f.min("dt"), around).alias("first"), f.date_add(f.max("dt"), around).alias("last")
        )
        found = bounds.collect()[0]
        if found["first"] is None:
            return stored.limit(0)
        return stored.where(f.col("dt").between(found["first"].isoformat(), found["last"].isoformat()))

    def _restored(
        self, table: LakeTable, stored: DataFrame, undone: Collection[str], held: set[str], key: str
    ) -> DataFrame:
        """What the uploads that stand have for the ids of those that are taken back, read again from their files."""
        candidates = runs.linked(self.earlier, table, set(undone))
        files = [
            file
            for file in self.files
            if file.upload_id in held and not file.undone and (candidates is None or file.upload_id in candidates)
        ]
        nothing = table.rows().limit(0)
        if not files:
            return nothing
        ids = stored.where(f.col("upload_id").isin(list(undone))).select(key)
        again = nothing
        for source in dict.fromkeys(file.source for file in files):
            of_source = [file for file in files if file.source == source]
            read = self._read(of_source, (table.name,)).where(f.col("into") == table.name)
            again = again.unionByName(read.select(*TABLES[table.name]))
        return again.join(ids, key, "left_semi").select(*TABLES[table.name])


def _shared_out(parts: Sequence[Part], cores: int) -> list[list[str]]:
    """The parts in slices that take about as long: one for each core or, where they are large, for each PART bytes."""
    sized = sorted(((part.size, part.as_json()) for part in parts), reverse=True)
    count = max(1, min(len(parts), max(cores, sum(size for size, _ in sized) // PART)))
    slices: list[list[str]] = [[] for _ in range(count)]
    filled = [0] * count
    for size, text in sized:
        least = filled.index(min(filled))
        slices[least].append(text)
        filled[least] += size + 1
    return slices


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of two parts of one file, as of one."""
    both = {**one, **other}
    for name, value in one.items():
        if isinstance(value, int | float):
            both[name] = value + other[name]
        elif isinstance(value, dict):
            both[name] = {what: value.get(what, 0) + other[name].get(what, 0) for what in {*value, *other[name]}}
    return both
