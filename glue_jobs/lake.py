"""The lake's Iceberg tables as a job changes them: whole days at a time, in one commit.

Invariants: a commit is made on the very state that the job has read: where another writer was faster, none of it holds and `Overtaken` is
raised; what a job was told to write is there entirely or not at all.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from py4j.protocol import Py4JJavaError
from pyiceberg.transforms import TruncateTransform
from pyspark.errors import IllegalArgumentException
from pyspark.sql import Column, DataFrame, SparkSession

from glue_jobs.session import CATALOG
from pipelines.errors import TouchlineError
from pipelines.stores.catalog import PROPERTIES, TABLES, TEN_DAYS, partitions
from pipelines.stores.history import SAME_ROWS_AS

UPLOAD, UNDONE = "touchline.upload", "touchline.undone"
"""Snapshot properties: the uploads that a commit stored, and those that it took back; by commas."""

_TYPES = {"long": "bigint", "timestamp": "timestamp_ntz"}
"""Iceberg's names of types -> Spark's, where they differ."""
_MILLISECONDS_TO_LIVE = 24 * 60 * 60 * 1000
"""How long what a dead job left beside the table is kept: the expiry of snapshots takes it away."""

_TURNED_DOWN = "org.apache.iceberg.exceptions.CommitFailedException"


class Overtaken(TouchlineError):
    """Another writer changed the table since it was read."""


@dataclass(frozen=True)
class Commit:
    """A snapshot of a table's history: when it was made, and its properties."""

    snapshot_id: int
    at: datetime
    properties: Mapping[str, str]


class LakeTable:
    """One table of the lake. What is read and written through one of these belongs to the state that it was opened on (`snapshot_id`; None: it
    never had any row)."""

    def __init__(self, spark: SparkSession, database: str, name: str) -> None:
        """Open the table as it is now; make it if it is not there."""
        self._spark, self.name = spark, name
        self._full_name = f"{CATALOG}.{database}.{name}"
        if not spark.catalog.tableExists(self._full_name):
            _create(spark, database, name)
        self._table = self._load()
        present = self._table.currentSnapshot()
        self.snapshot_id: int | None = None if present is None else present.snapshotId()

    @property
    def uuid(self) -> str:
        """What tells this table from an earlier one of the same name."""
        return str(self._table.uuid().toString())

    def rows(self) -> DataFrame:
        """The rows of the state that this was opened on."""
        reader = self._spark.read
        if self.snapshot_id is not None:
            reader = reader.option("snapshot-id", str(self.snapshot_id))
        return reader.table(self._full_name)

    def said(self, snapshot_id: int | None) -> Mapping[str, str] | None:
        """What the commit of a snapshot says of itself, and the one that first stored its rows of these; None where the table does not keep that
        snapshot."""
        table = self._load()
        found = None if snapshot_id is None else table.snapshot(snapshot_id)
        if found is None:
            return None
        first = table.snapshot(self.first_with_rows(snapshot_id))
        return {**(dict(first.summary()) if first is not None else {}), **dict(found.summary())}

    def first_with_rows(self, snapshot_id: int | None) -> int | None:
        """The snapshot that first held the rows of this one: a compaction changes none. As pipelines.stores.history has it."""
        table = self._load()
        while (found := None if snapshot_id is None else table.snapshot(snapshot_id)) is not None:
            if (same := dict(found.summary()).get(SAME_ROWS_AS)) is not None:
                return int(same)
            if found.operation() != "replace" or found.parentId() is None:
                break
            snapshot_id = int(found.parentId())
        return snapshot_id

    def newest_with_rows(self, snapshot_id: int) -> int:
        """The last compaction of a snapshot, or itself: what was only written anew need not be read for what changed since."""
        first = self.first_with_rows(snapshot_id)
        same = (commit.snapshot_id for commit in self.history() if self.first_with_rows(commit.snapshot_id) == first)
        return next(same, snapshot_id)

    def rows_at(self, snapshot_id: int) -> DataFrame:
        """The rows of another snapshot, in the columns that it had."""
        return self._spark.read.option("snapshot-id", str(snapshot_id)).table(self._full_name)

    def files_at(self, snapshot_id: int) -> DataFrame:
        """The data files of a snapshot of a table that lies by day: dt, file_path, record_count."""
        files = self._spark.read.option("snapshot-id", str(snapshot_id)).table(f"{self._full_name}.files")
        return files.select("partition.dt", "file_path", "record_count")

    def history(self) -> Iterator[Commit]:
        """The commits that led to this state, the newest first."""
        snapshot = self._table.currentSnapshot()
        while snapshot is not None:
            at = datetime.fromtimestamp(snapshot.timestampMillis() / 1000, UTC)
            yield Commit(snapshot.snapshotId(), at, dict(snapshot.summary()))
            parent = snapshot.parentId()
            snapshot = None if parent is None else self._table.snapshot(parent)

    def replace(
        self,
        rows: DataFrame,
        condition: Column,
        properties: Mapping[str, str],
        options: Mapping[str, str] = MappingProxyType({}),
    ) -> int:
        """Put rows in the place of those that meet the condition, whole partitions; the snapshot that did it. Raises Overtaken.

        The commit is made on a branch that begins at this state; then the table moves on to it, which only works from this state. options: how
        Iceberg is to write them.
        """
        branch = f"job_{uuid.uuid4().hex}"
        try:
            self._begin(branch)
            self._write(branch, rows, condition, properties, options)
            return self._publish(branch)
        except Py4JJavaError as problem:
            if not _lost_a_race(problem):
                raise
            raise self._overtaken(branch) from problem

    def _begin(self, branch: str) -> None:
        change = self._table.manageSnapshots()
        change = (
            change.createBranch(branch) if self.snapshot_id is None else change.createBranch(branch, self.snapshot_id)
        )
        change.setMaxRefAgeMs(branch, _MILLISECONDS_TO_LIVE).commit()

    def _write(
        self,
        branch: str,
        rows: DataFrame,
        condition: Column,
        properties: Mapping[str, str],
        options: Mapping[str, str],
    ) -> None:
        writer = rows.select(*TABLES[self.name]).writeTo(f"{self._full_name}.branch_{branch}")
        for name, value in {
            **options,
            **{f"snapshot-property.{name}": value for name, value in properties.items()},
        }.items():
            writer = writer.option(name, value)
        writer.overwrite(condition)

    def _publish(self, branch: str) -> int:
        table = self._load()
        written = int(table.snapshot(branch).snapshotId())
        try:
            table.manageSnapshots().fastForwardBranch("main", branch).removeBranch(branch).commit()
        except IllegalArgumentException as problem:  # the branch does not begin at what the table is by now
            raise self._overtaken(branch) from problem
        return written

    def _overtaken(self, branch: str) -> Overtaken:
        """What is said of a faster writer. The branch goes, if it is there; where a writer is faster once more, at its end."""
        with suppress(IllegalArgumentException, Py4JJavaError):
            self._load().manageSnapshots().removeBranch(branch).commit()
        return Overtaken(
            f"The lake table {self.name} was changed by another writer.", "Nothing was stored; run the job again."
        )

    def _load(self) -> Any:
        """The table as Iceberg's own library has it."""
        java: Any = self._spark._jvm
        return java.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(self._spark._jsparkSession, self._full_name)


def _lost_a_race(problem: Py4JJavaError) -> bool:
    """Whether Iceberg turned a commit down because the table's metadata are not those any more that it began with."""
    cause = problem.java_exception
    while cause is not None:
        if cause.getClass().getName() == _TURNED_DOWN:
            return True
        cause = cause.getCause()
    return False


def _create(spark: SparkSession, database: str, name: str) -> None:
    full_name = f"{CATALOG}.{database}.{name}"
    columns = ", ".join(f"`{column}` {_TYPES.get(str(kind), str(kind))}" for column, kind in TABLES[name].items())
    options = ", ".join(f"'{option}' = '{value}'" for option, value in {**PROPERTIES, "format-version": "2"}.items())
    spark.sql(f"create namespace if not exists {CATALOG}.{database}")
    spark.sql(f"create table if not exists {full_name} ({columns}) using iceberg tblproperties ({options})")
    iceberg: Any = spark._jvm.org.apache.iceberg  # type: ignore[union-attr]
    change = iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, full_name).updateSpec()
    terms = iceberg.expressions.Expressions
    # By Iceberg's own library: Spark's SQL cannot name a partition.
    for field, (column, transform) in partitions(name).items():
        truncated = isinstance(transform, TruncateTransform)
        change = change.addField(field, terms.truncate(column, TEN_DAYS) if truncated else terms.ref(column))
    change.commit()
