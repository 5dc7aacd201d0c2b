"""Rows in COPY's binary format: what PostgreSQL has afterwards is what Arrow had."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from pipelines.ingest import rows
from pipelines.stores.base import Stores

SCHEMA = pa.schema(
    [
        ("day", pa.date32()),
        ("name", pa.string()),
        ("code", pa.dictionary(pa.int32(), pa.string())),
        ("amount", pa.decimal128(18, 4)),
        ("rate", pa.decimal128(18, 8)),
        ("number", pa.int64()),
        ("yes", pa.bool_()),
        ("hash", pa.binary(3)),
    ]
)
TEXT = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"))
ROW = st.tuples(
    st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
    TEXT,
    st.none() | st.sampled_from(["", "a", "ü€", "b" * 300]),
    *(
        st.none() | st.decimals(-limit, limit, allow_nan=False, places=places)
        for limit, places in ((10**14 - 1, 4), (10**10 - 1, 8))
    ),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.booleans(),
    st.none() | st.binary(min_size=3, max_size=3),
)
EDGES: list[tuple[Any, ...]] = [
    (None,) * 8,
    (date(2000, 1, 1), "", "", Decimal("0.0000"), Decimal("0.00000000"), 0, False, b"\0\0\0"),
    (date(1999, 12, 31), "\\N", "a\tb\n", Decimal("-0.0001"), Decimal("0.00000001"), -1, True, b"\n\xff\\"),
    (date(1, 1, 1), '"', None, Decimal("99999999999999.9999"), Decimal("-9999999999.99999999"), 2**63 - 1, None, None),
    (date(9999, 12, 31), "x" * 100_000, "ü", Decimal("10000.0001"), Decimal("10000.00010001"), -(2**63), True, b"abc"),
]


def stored(stores: Stores, table: pa.Table) -> Sequence[tuple[Any, ...]]:
    """The rows of the table after their way into PostgreSQL."""
    with stores.warehouse.engine.begin() as connection:
        connection.execute(text("drop table if exists copied"))
        connection.execute(
            text(
                "create table copied (day date, name text, code text, amount numeric(18, 4), rate numeric(18, 8),"
                " number bigint, yes boolean, hash bytea)"
            )
        )
        rows.copy(connection, "copied", table)
        return [
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
            for row in connection.execute(text("select * from copied"))
        ]


def table_of(lines: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*lines, strict=True)) or [()] * len(SCHEMA)
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, SCHEMA.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


@pytest.mark.parametrize("lines", [[], EDGES, EDGES[:1], EDGES[1:2] * 50_000])
def test_edges(stores: Stores, lines: list[tuple[Any, ...]]) -> None:
    assert stored(stores, table_of(lines)) == lines


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(ROW, max_size=8), cut=st.integers(0, 3))
def test_any_rows(stores: Stores, lines: list[tuple[Any, ...]], cut: int) -> None:
    """Also from the middle of a larger table."""
    assert stored(stores, table_of(lines).slice(cut)) == lines[cut:]


def test_codes_may_stand_for_nothing(stores: Stores) -> None:
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 0, None], pa.int32()), pa.array([None], pa.string()))
    table = table_of(EDGES[:3]).set_column(2, "code", codes)
    assert [row[2] for row in stored(stores, table)] == [None] * 3


def test_rows_go_in_the_order_of_their_days(stores: Stores) -> None:
    table = pa.table({"day": pa.array([date(2026, 1, day) for day in (3, 1, 2, 1)]), "number": [0, 1, 2, 3]})
    with stores.warehouse.engine.begin() as connection:
        connection.execute(text("create table days (date date, number bigint)"))
        rows.copy(connection, "days", table.rename_columns(["date", "number"]))
        assert [row.date.day for row in connection.execute(text("select date from days order by ctid"))] == [1, 1, 2, 3]
