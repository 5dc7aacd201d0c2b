"""The same raw files through the embedded pipeline and through the jobs on real Spark: the same rows, and the same refused ones."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession
from sqlalchemy import text

from pipelines.errors import FileRefused
from pipelines.ingest import load, prepare
from pipelines.ingest.guess import guess_source
from pipelines.settings import load_settings
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.corpus.cases import NOW, cases
from tests.glue.conftest import JobLake

pytestmark = pytest.mark.cloud

LAKE_SOURCES = tuple(name for name, source in SOURCES.items() if source.store == "lake")
ONE = "time,person,channel,kind,converted,revenue,order id,event id\n"
GENERATED: dict[str, list[str | bytes]] = {
    "touchpoints": [
        ONE + "2026-05-01 10:00,p1,Email,click,,,,t1\n2026-05-01 11:00,p2,Social,click,yes,12.50,o1,t2\n",
        ONE
        + "2026-05-01 10:30,p1,Email,visit,,,,t1\n2026-05-02 11:00,p2,Social,click,yes,13.50,o1,t3\nnever,p3,Email,click,,,,t4\n",
    ],
    "conversions": [
        "time;person;type;revenue;id\n03.05.2026 09:00;p2;purchase;1.013,50;o1\n13.05.2026 09:00;p4;purchase;x;o2\n",
    ],
    "mentions": [
        "date,account,platform,sentiment,text\n2026-05-01,Acme,X,positive,Fine\n2026-05-01,Acme,X,positive,Fine\n2026-05-02,Acme,X,negative,Bad\n",
        "date,account,platform,sentiment,text\n2026-05-01,acme,x,negative,Fine\n2026-05-03,Acme,X,neutral,So so\n".encode(
            "utf-16"
        ),
    ],
}
"""Files that replace rows of each other, and mark conversions that another source has, too."""


@dataclass(frozen=True)
class File:
    """A file, and what a person says about it."""

    source: str
    name: str
    content: bytes
    said: dict[str, Any]


@dataclass
class Both:
    """The same files in an embedded home and in a lake of the jobs, and what the embedded one said of those that it refused."""

    stores: Stores
    lake: JobLake
    complaints: dict[str, str]
    records: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def both(
    spark: SparkSession, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    """Every lake file of the corpus and the generated ones, uploaded and curated."""
    root = tmp_path_factory.mktemp("both")
    warehouse = Warehouse(new_database())
    settings = load_settings({"TOUCHLINE_HOME": str(root / "home"), "TOUCHLINE_USER": "tester"})
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))
    lake = JobLake(spark, root / "lake")
    complaints = {}
    for number, file in enumerate(_files()):
        if complaint := _upload(stores, lake, file, number):
            complaints[f"u{number:03}"] = complaint
    records = {source: lake.run(source) for source in LAKE_SOURCES}
    yield Both(stores, lake, complaints, records)
    stores.close()


def _files() -> Iterator[File]:
    for case in cases():
        source = case.words["source"]
        if source == "auto":
            with suppress(FileRefused):
                guessed = guess_source(case.content, case.file.name).source
                source = guessed.name if guessed else ""
        if source in LAKE_SOURCES:
            yield File(source, case.file.name, case.content, dict(case.words.get("said", {})))
    for source, contents in GENERATED.items():
        for content in contents:
            yield File(source, "generated.csv", content if isinstance(content, bytes) else content.encode(), {})


def _upload(stores: Stores, lake: JobLake, file: File, number: int) -> str:
    """Store a file embedded and let it arrive in the lake; why it was refused, if it was."""
    upload_id, complaint, said = f"u{number:03}", "", file.said
    try:
        prepared = prepare(SOURCES[file.source], file.content, file.name, **{"now": NOW, **said})
        done = load.commit(stores, prepared, file.content, "tester", keep_demo=True, build=False)
        upload_id = done["upload_id"]
    except FileRefused as problem:
        complaint = str(problem)
    lake.upload(
        file.source,
        upload_id,
        file.content,
        (NOW + timedelta(seconds=number)).isoformat(),
        file_name=file.name,
        mapping=said.get("mapping", {}),
        fixed=said.get("fixed", {}),
        options={name: said[name] for name in ("zone", "date_order", "decimal") if name in said},
        currency=said.get("currency", "EUR"),
    )
    return complaint


@pytest.mark.parametrize("table", LAKE_SOURCES)
def test_the_jobs_store_the_rows_that_an_upload_stores(both: Both, table: str) -> None:
    lake: Any = both.stores.lake
    embedded = lake.table(table).scan().to_arrow().to_pylist()
    assert len(embedded) > 10
    assert both.lake.rows(table) == sorted(embedded, key=lambda row: str(next(iter(row.values()))))


def test_the_jobs_refuse_the_rows_that_an_upload_refuses(both: Both) -> None:
    with both.stores.warehouse.transaction() as connection:
        found = connection.execute(text('select upload_id, "row", "column", value, reason from refused_rows'))
        embedded = [dict(row) for row in found.mappings()]
    assert len(embedded) > 3
    rejected = [
        {name: value for name, value in line.items() if name != "file"}
        for source in LAKE_SOURCES
        for line in both.lake.rejected(source)
        if line["upload_id"] not in both.complaints
    ]
    assert sorted(rejected, key=_place) == sorted(embedded, key=_place)


def test_the_jobs_refuse_the_files_that_an_upload_refuses(both: Both) -> None:
    told = {file["upload_id"]: file for record in both.records.values() for file in record["files"]}
    assert {name for name, file in told.items() if "complaint" in file} == set(both.complaints)
    rejected = {line["upload_id"]: line for source in LAKE_SOURCES for line in both.lake.rejected(source)}
    for name, complaint in both.complaints.items():
        assert told[name]["complaint"].split(".")[0] == complaint.split(".")[0]
        assert rejected[name]["file"] == told[name]["path"]


def test_a_second_run_finds_nothing_new(both: Both) -> None:
    before = {table: both.lake.snapshots(table) for table in LAKE_SOURCES}
    for source in LAKE_SOURCES:
        record = both.lake.run(source)
        assert (record["status"], record["files"], record["rows_in"]) == ("nothing new", [], 0)
    assert {table: both.lake.snapshots(table) for table in LAKE_SOURCES} == before


def test_a_run_says_what_it_did(both: Both) -> None:
    record = both.records["touchpoints"]
    assert record["status"] == "stored"
    stored = [file["upload_id"] for file in record["files"] if "complaint" not in file]
    assert record["tables"]["touchpoints"]["stored"] == stored
    assert both.lake.snapshots("touchpoints")[-1]["touchline.upload"] == ",".join(stored)
    assert record["rows_in"] == sum(file["rows_read"] for file in record["files"])
    assert record["tables"]["touchpoints"]["rows_out"] == len(both.lake.rows("touchpoints"))
    assert record["bytes"] > 0
    assert record["versions"]["spark"].startswith("3.5")
    assert {"time", "person"} <= {what.rpartition(": ")[2] for what in record["seen"]}


def _place(line: dict[str, Any]) -> tuple[str, int]:
    return line["upload_id"], line["row"]
