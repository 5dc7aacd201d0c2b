"""What engines understand differently: each as Athena's own engine has it, and where the quick one behind the local Athena differs, how."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.types import StringType

from pipelines.errors import LakeUnavailable
from pipelines.stores.catalog import NAMESPACE, arrow_schema, load_or_create
from pipelines.stores.engine import Asked
from pipelines.stores.engine_athena import AthenaEngine
from tests.cloud.lakes import URL, Cloud

BIG = 2**53 + 1
"""A whole number that a double does not hold."""


@pytest.fixture(scope="module")
def athena(cloud: Cloud) -> Iterator[AthenaEngine]:
    """Our own client of the local Athena."""
    engine = AthenaEngine(
        database=NAMESPACE,
        workgroup="primary",
        results=f"{URL}/results/",
        deadline_seconds=120,
        reuse_minutes=0,
        dollars_per_terabyte=5.0,
    )
    yield engine
    engine.close()


def told(athena: AthenaEngine, sql: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of a query."""
    return athena.run(Asked("", sql, values, ()), lambda _: None).to_pylist()


SAME: dict[str, tuple[str, list[Any], Any]] = {
    "whole numbers divide to whole ones": ("7 / 2", [], 3),
    "and towards zero": ("-7 / 2", [], -3),
    "a double divides": ("cast(7 as double) / 2", [], 3.5),
    "a cast that fails under try is null": ("try(cast('x' as bigint))", [], None),
    "a sum of bigint is a bigint": (f"(select sum(n) from (values {BIG}, 1) as t (n))", [], BIG + 1),
    "a sum of nothing is null": ("(select sum(n) from (values 1) as t (n) where n > 1)", [], None),
    "a sum of money keeps its scale": (
        "(select sum(n) from (values cast('0.0001' as decimal(18, 4)), cast('10' as decimal(18, 4))) as t (n))",
        [],
        Decimal("10.0001"),
    ),
    "milliseconds between instants": (
        "date_diff('millisecond', timestamp '2026-03-01 23:59:59.999', timestamp '2026-03-02 00:00:00')",
        [],
        1,
    ),
    "and backwards": (
        "date_diff('millisecond', timestamp '2026-03-02 00:00:00', timestamp '2026-03-01 23:59:59.999')",
        [],
        -1,
    ),
    "seconds added to an instant": (
        "date_add('second', -3600, timestamp '2026-03-01 00:30:00')",
        [],
        datetime(2026, 2, 28, 23, 30),  # noqa: DTZ001
    ),
    "an instant's day": ("cast(timestamp '2026-03-01 23:59:59.999' as date)", [], date(2026, 3, 1)),
    "null is not empty": ("cast(null as varchar)", [], None),
    "empty is not null": ("''", [], ""),
    "quotes, commas and line ends": ("cast(? as varchar)", ['a "b", c\r\nd\n'], 'a "b", c\r\nd\n'),
    "what would end a text": ("cast(? as varchar)", ["'; drop table mentions; --"], "'; drop table mentions; --"),
    "a null parameter has the type it is cast to": ("cast(? as bigint)", [None], None),
    "a small number": ("cast(? as double)", [1.5e-9], 1.5e-9),
    "a great number": ("cast(? as double)", [123456789012.5], 123456789012.5),
    "a list beyond its end": ("element_at(array[1, 2], 3)", [], None),
    "null in a list of values": ("2 in (1, null)", [], None),
    "a separator by its number": ("'a' || chr(31) || 'b'", [], "a\x1fb"),
    "null swallows what it is joined to": ("'a' || cast(null as varchar)", [], None),
    "concat too": ("concat('a', cast(null as varchar))", [], None),
    "the greatest with null": ("greatest(1, cast(null as bigint))", [], None),
    "letters of all alphabets": (
        r"array_join(regexp_extract_all(lower('Größe #Über ЖУК_1 a-b'), '#?[\p{L}\p{M}\p{N}_]+'), '|')",
        [],
        "größe|#über|жук_1|a|b",
    ),
}
"""Expressions with the one answer that every engine gives."""


@pytest.mark.parametrize("what", SAME)
def test_both_engines_say(athena: AthenaEngine, what: str) -> None:
    expression, values, answer = SAME[what]
    [row] = told(athena, f"select {expression} as answer", *values)
    assert row["answer"] == answer
    assert type(row["answer"]) is type(answer)


DIFFERENT: dict[str, tuple[str, Any, Any]] = {
    "days between instants": (
        "date_diff('day', timestamp '2026-03-01 23:00:00', timestamp '2026-03-02 01:00:00')",
        0,
        1,
    ),
    "a day added to a date": (
        "date_add('day', 1, date '2026-02-28')",
        date(2026, 3, 1),
        datetime(2026, 3, 1),  # noqa: DTZ001
    ),
}
"""Expressions that statements must do without: Athena's answer and DuckDB's."""


@pytest.mark.parametrize("what", DIFFERENT)
def test_the_quick_engine_differs(cloud: Cloud, athena: AthenaEngine, what: str) -> None:
    """test_statements.py keeps these out of the statements."""
    expression, answer, of_duckdb = DIFFERENT[what]
    [row] = told(athena, f"select {expression} as answer")
    assert row["answer"] == (of_duckdb if cloud.engine == "duckdb" else answer)


@pytest.fixture(scope="module")
def before(cloud: Cloud) -> int:
    """The snapshot of a table from before one of its columns was renamed and another one added, with a row from before and one from after."""
    table = load_or_create(cloud.catalog, "conversions")
    table.append(_conversion("before"))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    with table.update_schema() as update:
        update.rename_column("type", "sort")
        update.add_column("added_later", StringType())
    rows = _conversion("after").rename_columns({"type": "sort"})
    table.append(rows.append_column("added_later", pa.array(["x"])))
    return snapshot.snapshot_id


def _conversion(conversion_id: str) -> pa.Table:
    row = {"conversion_id": conversion_id, "dt": "2026-03-01", "type": "purchase", "revenue": Decimal("1.5000")}
    return pa.Table.from_pylist([row], arrow_schema("conversions"))


@pytest.mark.usefixtures("before")
def test_old_files_are_read_under_the_present_names(athena: AthenaEngine) -> None:
    rows = told(athena, "select conversion_id, sort, added_later, revenue from conversions order by conversion_id desc")
    assert rows == [
        {"conversion_id": "before", "sort": "purchase", "added_later": None, "revenue": Decimal("1.5000")},
        {"conversion_id": "after", "sort": "purchase", "added_later": "x", "revenue": Decimal("1.5000")},
    ]


def test_an_old_snapshot_has_the_names_of_its_time(athena: AthenaEngine, before: int) -> None:
    """So that a lake in the cloud names them itself."""
    as_of = f"from conversions for version as of {before}"
    assert told(athena, f"select conversion_id, type {as_of}") == [{"conversion_id": "before", "type": "purchase"}]
    for newer in ("sort", "added_later"):
        with pytest.raises(LakeUnavailable, match=f"lacks the column {newer}"):
            told(athena, f"select {newer} {as_of}")


@pytest.fixture(scope="module")
def zoned(cloud: Cloud) -> str:
    """A table whose instants carry a zone, as Spark writes them where nothing else is said."""
    schema = pa.schema([("occurred_at", pa.timestamp("us", "UTC"))])
    table = cloud.catalog.create_table(f"{NAMESPACE}.zoned", schema)
    table.append(pa.table({"occurred_at": [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]}, schema))
    return "zoned"


def test_instants_with_a_zone_are_compared_and_cast_as_utc(athena: AthenaEngine, zoned: str) -> None:
    within = "occurred_at >= cast(? as timestamp) and occurred_at < cast(? as timestamp)"
    columns = "cast(occurred_at as timestamp(6)) as instant, cast(cast(occurred_at as date) as varchar) as day"
    [row] = told(
        athena, f"select {columns} from {zoned} where {within}", "2026-03-29 01:30:00.000", "2026-03-29 01:30:00.001"
    )
    assert row == {"instant": datetime(2026, 3, 29, 1, 30), "day": "2026-03-29"}  # noqa: DTZ001
