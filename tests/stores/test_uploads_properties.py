"""Whatever is committed and undone, in whatever order: what holds is the newest row of each key among the uploads that stand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.ingest import history
from pipelines.ingest.load import commit
from pipelines.ingest.plan import preview
from pipelines.ingest.prepared import Prepared
from pipelines.settings import load_settings
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.stores.prepared_files import spend_file, touchpoint_file
from tests.stores.test_uploads import channels, spend

Rows = dict[str, int]
KEYS = ["a", "b", "c", "d"]
FILES = st.dictionaries(st.sampled_from(KEYS), st.integers(1, 3), min_size=1)
STEPS = st.lists(st.one_of(FILES, st.integers(0, 5), st.tuples(st.integers(0, 3), FILES)), min_size=2, max_size=6)
"""A step commits a file (key -> value), undoes the upload of that number, or reads that upload again with other rows, where it may be."""


@dataclass
class Upload:
    """What the model knows of an upload."""

    rows: Rows
    replaces: str | None = None
    undone: bool = False


def as_spend(rows: Rows) -> tuple[Prepared, bytes]:
    return spend_file([("2026-03-02", "Search", key, f"{value}.00") for key, value in sorted(rows.items())])


def as_touchpoints(rows: Rows) -> tuple[Prepared, bytes]:
    days = {"a": "2026-03-01", "b": "2026-03-01", "c": "2026-03-02", "d": "2026-03-03"}
    return touchpoint_file([(key, f"{days[key]}T10:00:00", "ann", str(value)) for key, value in sorted(rows.items())])


def spent(stores: Stores) -> Rows:
    return {key: int(value) for key, value in spend(stores).items()}


def touched(stores: Stores) -> Rows:
    return {key: int(value) for key, value in channels(stores).items()}


@pytest.mark.parametrize(("write", "read"), [(as_spend, spent), (as_touchpoints, touched)])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_what_holds_is_the_newest_that_stands(
    new_database: Callable[[], str],
    write: Callable[[Rows], tuple[Prepared, bytes]],
    read: Callable[[Stores], Rows],
    steps: list[Rows | int | tuple[int, Rows]],
) -> None:
    with TemporaryDirectory() as home:
        warehouse = Warehouse(new_database())
        stores = Stores(load_settings({"TOUCHLINE_HOME": home}), warehouse, DuckDBLake(warehouse.url, Path(home)))
        uploads: dict[str, Upload] = {}
        for step in steps:
            before = _held(uploads)
            if isinstance(step, dict):
                plan = preview(stores, write(step)[0])
                assert plan.new == len(step.keys() - before.keys())
                assert plan.unchanged == len(step.items() & before.items())
                assert plan.new + plan.replaced + plan.unchanged == len(step)
                upload_id = commit(stores, *write(step), "tester", build=False)["upload_id"]
                uploads.setdefault(upload_id, Upload(step))
            elif isinstance(step, tuple):
                number, rows = step
                if number < len(uploads) and not _covered(uploads, (old := list(uploads)[number])):
                    upload_id = commit(stores, *write(rows), "tester", build=False, replaces=old)["upload_id"]
                    if upload_id != old:
                        uploads[upload_id] = Upload(rows, old)
            elif step < len(uploads):
                upload_id = list(uploads)[step]
                if not uploads[upload_id].undone and not _covered(uploads, upload_id):
                    history.undo(stores, upload_id, "tester")
                    uploads[upload_id].undone = True
            assert read(stores) == _held(uploads)
        stores.close()


def _covered(uploads: dict[str, Upload], upload_id: str) -> bool:
    """Whether an upload that stands reads this one again."""
    return any(other.replaces == upload_id and not other.undone for other in uploads.values())


def _held(uploads: dict[str, Upload]) -> Rows:
    held: Rows = {}
    for upload_id, upload in uploads.items():
        if not upload.undone and not _covered(uploads, upload_id):
            held |= upload.rows
    return held
