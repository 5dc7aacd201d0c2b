"""A lake in a local cloud: a bucket, a catalogue, and in it the tables of an embedded lake, the same files byte for byte.

Invariant: each copied table is one snapshot, and the derived ones say that they are built from the raw ones beside them.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.table import Table

from pipelines.derived import RAW
from pipelines.stores.catalog import DERIVED, NAMESPACE, TABLES, arrow_schema, load_or_create, open_glue_catalog
from pipelines.stores.history import MADE_OF, NEXT_NUMBER, PROGRAM, UPLOAD, held
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.cloud.endpoint import REGION, Endpoint, environment
from tests.cloud.trino_engine import TrinoEngine
from tests.cloud.trino_server import CATALOG

URL = "s3://lake/touchline"


@dataclass(frozen=True)
class Cloud:
    """An end point that boto3 and its like find by themselves, with the lake's bucket and an empty catalogue."""

    engine: str
    endpoint: Endpoint
    catalog: Catalog

    @property
    def trino_url(self) -> str | None:
        """Where the Trino behind it answers, if it is one."""
        engine = self.endpoint.engine
        return f"http://touchline@127.0.0.1:{engine.port}/{CATALOG}" if isinstance(engine, TrinoEngine) else None


@contextmanager
def cloud(engine: str) -> Iterator[Cloud]:
    """A local cloud whose Athena is answered by an engine (duckdb, trino)."""
    with pytest.MonkeyPatch.context() as patch, Endpoint(engine) as endpoint:
        for name, value in environment(endpoint.url).items():
            patch.setenv(name, value)
        bucket = URL.removeprefix("s3://").split("/")[0]
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        catalog = open_glue_catalog(URL)
        catalog.create_namespace(NAMESPACE)
        yield Cloud(engine, endpoint, catalog)


def append(cloud: Cloud, table: str, properties: dict[str, str]) -> int:
    """Commit no rows to a table, and what a job says of its commit; the snapshot."""
    stored = cloud.catalog.load_table(f"{NAMESPACE}.{table}")
    stored.append(pa.Table.from_pylist([], schema=arrow_schema(table)), snapshot_properties=properties)
    made = stored.metadata.current_snapshot_id
    assert made is not None
    return made


def copy_lake(lake: DuckDBLake, catalog: Catalog, database: str = NAMESPACE) -> dict[str, int | None]:
    """Fill empty tables of a catalogue with the rows that an embedded lake has now; the snapshots that they have then."""
    catalog.create_namespace_if_not_exists(database)
    snapshots: dict[str, int | None] = {}
    for name in TABLES:  # raw tables stand before those that are made of them
        target = load_or_create(catalog, name, database)
        source = lake.table(name)
        _copy(source, target, _origin(source, snapshots) if name in DERIVED else {UPLOAD: ",".join(held(source))})
        current = catalog.load_table(f"{database}.{name}").current_snapshot()
        snapshots[name] = current.snapshot_id if current is not None else None
    return snapshots


def _origin(source: Table, snapshots: dict[str, int | None]) -> dict[str, str]:
    built = source.current_snapshot()
    if built is None or built.summary is None:
        return {}
    told = built.summary.additional_properties
    made_of = {raw: snapshots[raw] for raw in RAW}
    return {PROGRAM: told[PROGRAM], NEXT_NUMBER: told[NEXT_NUMBER], MADE_OF: json.dumps(made_of)}


def _copy(source: Table, target: Table, properties: dict[str, str]) -> None:
    files = [Path(task.file.file_path.removeprefix("file://")) for task in source.scan().plan_files()]
    if not files:
        return
    with (
        target.transaction() as transaction,
        transaction.update_snapshot(snapshot_properties=properties).fast_append() as update,
    ):
        for file in files:
            path = f"{target.location()}/data/{uuid.uuid4().hex}.parquet"
            with target.io.new_output(path).create() as written:
                written.write(file.read_bytes())
            update.append_data_file(parquet_file_to_data_file(target.io, transaction.table_metadata, path))
