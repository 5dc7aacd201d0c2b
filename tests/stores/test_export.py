"""What is written out can be read back: nothing is new, replaced or refused, whatever stands in the cells."""

import csv
import io
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest

from pipelines.errors import WrongUsage
from pipelines.ingest import prepare
from pipelines.ingest.export import export
from pipelines.ingest.load import commit
from pipelines.ingest.plan import preview
from pipelines.settings import load_settings
from pipelines.sources import SOURCES, Field, Source
from pipelines.stores import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse

ROWS = 60
NASTY = [
    "Plain",
    '=HYPERLINK("x")',
    "'=1+1",
    "''@x",
    "-12",
    "+49 30 1234",
    "@brand",
    'He said "hi", twice',
    "a;b\tc",
    "first line\nsecond line\r\nthird",
    "Ünïcödé — 名前 😀",
    "Total Care",
    "Total",
    "NULL",
    "nan",
    "N/A",
    "True",
    "007",
    "1.5",
    "1,234.56",
    "2026-01-02",
    "'",
    '"',
    "`back`",
    "a" * 3000,
    "",
]
VALUES: dict[str, list[str]] = {
    "date": ["2026-03-01", "2026-03-02", "2026-11-12", "2025-02-28"],
    "instant": [
        "2026-03-02T10:00:00.123Z",
        "2026-03-29T01:30:00+02:00",
        "2026-11-12T23:59:59.999Z",
        "2025-01-02 03:04:05Z",
    ],
    "integer": ["0", "1234", "9007199254740993", "", "7"],
    "money": ["0", "10.5", "1234567.8901", "", "0.0001", "12.345", "99999999999.9"],
    "decimal": ["0.5", "1234", "", "0.001"],
    "boolean": ["yes", "no", ""],
    "currency": ["EUR", "USD", ""],
    "sentiment": ["positive", "negative", "neutral", "uncategorized", ""],
    "url": ["https://example.org/?a=1&b=2,3", "https://example.org/=x", ""],
    "person": ["ann@example.org", "=ann", "", "12345678901234567890", "00123"],
}
TABLES: dict[str, list[list[str]]] = {
    "fx_rates": [
        ["date", "base", "quote", "rate"],
        ["2026-03-02", "EUR", "USD", "1.0834"],
        ["2026-03-03", "EUR", "JPY", "162.5"],
        ["2026-03-03", "IDR", "KWD", "0.00000001"],
    ],
    "aliases": [
        ["kind", "from", "to"],
        ["channel", "=cmd", "-Paid Search"],
        ["campaign", '"quoted", Spring', "Spring"],
        ["account", "'@brand", "Brand"],
        ["platform", "Total", "X"],
    ],
    "rules": [
        [
            "kind",
            "source",
            "medium",
            "platform",
            "name",
            "hashtag",
            "keyword",
            "post",
            "first_day",
            "last_day",
            "means",
            "active",
        ],
        ["channel", "google", "cpc", "", "", "", "", "", "", "", "Google Ads", "yes"],
        ["channel", "=goo*", "", "", "", "", "", "", "", "", "-Other", "no"],
        ["campaign", "", "", "", "@spring, 2026", "", "", "", "", "", "Spring", ""],
        ["campaign", "", "", "", "", "sale", "", "", "2026-03-01", "2026-03-31", "Sale", "yes"],
        ["campaign", "", "", "", "", "", "", "https://example.org/p/1", "", "", "Launch", "yes"],
    ],
}


def cells(field: Field) -> Iterator[str]:
    """Values of a field, round and round; where rows are told apart by it, with a number."""
    values = VALUES.get(field.type, NASTY)
    if field.largest:
        values = [value for value in values if len(value) < 10]
    values = [value for value in values if value] if field.filled or field.name == "id" else values
    if field.sign == "any":
        values = [*values, "-42.5"]
    return cycle(values)


def table(source: Source) -> bytes:
    """A CSV of a source whose cells are as nasty as its fields allow."""
    if source.name in TABLES:
        rows = TABLES[source.name]
    else:
        fields = [field for field in source.fields if field.stored]
        columns = [list(islice(cells(field), ROWS)) for field in fields]
        for field, column in zip(fields, columns, strict=True):
            if field.type in ("name", "id") and field.name in source.key:
                column[:] = [f"{value} {number}" if value else "" for number, value in enumerate(column)]
        rows = [[field.name for field in fields], *map(list, zip(*columns, strict=True))]
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def written(stores: Stores, source: Source, start: str | None = None, end: str | None = None) -> bytes:
    return b"".join(export(stores, source, start, end))


@pytest.mark.parametrize("name", SOURCES)
def test_reading_an_export_back_changes_nothing(
    stores: Stores, new_database: Callable[[], str], tmp_path: Path, name: str
) -> None:
    source, content = SOURCES[name], table(SOURCES[name])
    prepared = prepare(source, content, f"{name}.csv", date_order="day")
    assert prepared.accepted >= len(TABLES.get(name, [0] * 2)) - 1, prepared.refused.to_pylist()
    assert prepared.refused.num_rows == 0, prepared.refused.to_pylist()[:3]
    commit(stores, prepared, content, "mia", build=False)
    out = written(stores, source)

    back = prepare(source, out, f"{name}.csv")
    plan = preview(stores, back)
    assert (back.refused.to_pylist(), back.doubts, back.merged, back.totals_dropped) == ([], (), 0, 0)
    assert (plan.new, plan.replaced, plan.unchanged, len(plan.missing)) == (0, 0, prepared.accepted, 0)

    warehouse = Warehouse(new_database())
    elsewhere = Stores(load_settings({}), warehouse, DuckDBLake(warehouse.url, tmp_path / "elsewhere"))
    commit(Stores(stores.settings, elsewhere.warehouse, elsewhere.lake), back, out, "mia", build=False)
    assert written(elsewhere, source) == out
    elsewhere.close()


def test_it_is_rfc_4180_with_iso_days_plain_amounts_and_no_formulas(stores: Stores) -> None:
    content = b'date,channel,campaign,amount,currency\n02/03/2026,=Search,"Spring, ""late""","1.234,5",\n'
    prepared = prepare(SOURCES["spend"], content, "x.csv", date_order="day", decimal="comma")
    commit(stores, prepared, content, "mia")
    head, row, end = written(stores, SOURCES["spend"]).decode().split("\r\n")
    assert head == ",".join(SOURCES["spend"].field_names)
    assert (row, end) == ('2026-03-02,\'=Search,"Spring, ""late""",1234.5000,EUR,,,,,,,', "")


def test_days_bound_what_is_written(stores: Stores) -> None:
    spend = b"date,channel,campaign,amount\n2026-03-01,A,x,1\n2026-03-02,A,x,2\n2026-03-03,A,x,3\n"
    commit(stores, prepare(SOURCES["spend"], spend, "x.csv"), spend, "mia")

    def days(**bounds: str) -> list[str]:
        return [line[:10] for line in written(stores, SOURCES["spend"], **bounds).decode().splitlines()[1:]]

    assert days(start="2026-03-02") == ["2026-03-02", "2026-03-03"]
    assert days(end="2026-03-02") == ["2026-03-01", "2026-03-02"]
    assert days(start="2026-03-02", end="2026-03-02") == ["2026-03-02"]
    for start, end in (("yesterday", None), (None, "2026-02-30"), ("2026-03-02", "2026-03-01")):
        with pytest.raises(WrongUsage):
            export(stores, SOURCES["spend"], start, end)
    with pytest.raises(WrongUsage, match="have no days"):
        export(stores, SOURCES["aliases"], "2026-03-02", None)


def test_days_of_instants_are_those_of_the_reporting_zone(stores: Stores) -> None:
    content = b"id,time,person,channel\na,2026-03-01T22:59:59Z,ann,X\nb,2026-03-01T23:00:00Z,ann,X\nc,2026-03-02T23:00:00Z,ann,X\n"
    commit(stores, prepare(SOURCES["touchpoints"], content, "x.csv"), content, "mia")
    berlin = Stores(load_settings({"TOUCHLINE_TIME_ZONE": "Europe/Berlin"}), stores.warehouse, stores.lake)
    [row] = csv.DictReader(io.StringIO(written(berlin, SOURCES["touchpoints"], "2026-03-02", "2026-03-02").decode()))
    assert (row["id"], row["time"]) == ("b", "2026-03-01T23:00:00.000Z")


def test_only_what_holds_is_written(stores: Stores) -> None:
    first = b"date,channel,campaign,amount\n2026-03-01,A,x,1\n2026-03-01,A,y,2\n"
    second = b"date,channel,campaign,amount\n2026-03-01,A,x,5\n"
    for content in (first, second):
        commit(stores, prepare(SOURCES["spend"], content, "x.csv"), content, "mia", remove_missing=True)
    [row] = csv.DictReader(io.StringIO(written(stores, SOURCES["spend"]).decode()))
    assert (row["campaign"], row["amount"]) == ("x", "5.0000")


def test_nothing_stored_is_a_header_alone(stores: Stores) -> None:
    for source in SOURCES.values():
        assert written(stores, source).decode().count("\r\n") == 1
