"""Maintenance by a real Trino, Athena's engine: many small files become one, and nobody takes that for a change of rows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from pyiceberg.table.snapshots import Operation

from pipelines.stores.catalog import NAMESPACE, TABLES, arrow_schema, load_or_create
from pipelines.stores.engine_trino import TrinoEngine
from pipelines.stores.history import UPLOAD, held, properties
from pipelines.stores.lake_remote import RemoteLake
from tests.cloud.lakes import Cloud
from tests.cloud.lakes import cloud as local_cloud
from tests.cloud.trino_server import CATALOG

pytestmark = pytest.mark.trino
MONDAY = datetime.fromisoformat("2026-03-02T10:00:00")


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Cloud, RemoteLake]]:
    """A local cloud with a real Trino, and the lake that it reads: every table is there, touchpoints came in five uploads of a day."""
    with local_cloud("trino") as cloud:
        for name in TABLES:
            load_or_create(cloud.catalog, name)
        for number in range(5):
            row = {
                "touchpoint_id": f"t{number}",
                "occurred_at": MONDAY + timedelta(hours=number),
                "dt": "2026-03-02",
                "upload_id": f"u{number}",
            }
            table = cloud.catalog.load_table(f"{NAMESPACE}.touchpoints")
            rows = pa.Table.from_pylist([row], schema=arrow_schema("touchpoints"))
            table.append(rows, snapshot_properties={UPLOAD: f"u{number}"})
        port = cloud.endpoint.engine.port  # type: ignore[attr-defined]
        engine = TrinoEngine(url=f"http://tests@127.0.0.1:{port}/{CATALOG}", database=NAMESPACE, deadline_seconds=60)
        yield cloud, RemoteLake(cloud.catalog, NAMESPACE, engine)
        engine.close()


def test_a_compaction_by_the_engine_changes_no_row(opened: tuple[Cloud, RemoteLake]) -> None:
    cloud, lake = opened
    before = lake.snapshots()
    rows = cloud.catalog.load_table(f"{NAMESPACE}.touchpoints").scan().to_arrow().sort_by("touchpoint_id")
    said = list(lake.maintain(90))
    assert "touchpoints: small files were compacted." in said
    table = cloud.catalog.load_table(f"{NAMESPACE}.touchpoints")
    assert len(list(table.scan().plan_files())) == 1
    assert table.scan().to_arrow().sort_by("touchpoint_id") == rows
    now = lake.snapshots()
    assert now["touchpoints"] != before["touchpoints"]
    current = table.current_snapshot()
    assert current is not None
    assert current.summary is not None
    assert current.summary.operation is Operation.REPLACE
    assert lake.same_rows(before, now)
    assert properties(table, current.snapshot_id)[UPLOAD] == "u4"
    assert held(table) == {f"u{number}" for number in range(5)}
