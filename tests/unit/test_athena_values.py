"""Values as Athena's parameters, and what AWS and the engines say as people are told it."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT
from pipelines.statements import LONGEST_PARAMETER
from pipelines.stores import lake_errors
from pipelines.stores.engine import arrow_type
from pipelines.stores.engine_athena import _Patience, literal


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "NULL"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-12, "-12"),
        (2**53 + 1, "9007199254740993"),
        (0.5, "0.5e0"),
        (1e-9, "1e-09"),
        (1e300, "1e+300"),
        ("", "''"),
        ("it's", "'it''s'"),
        ("'; drop table mentions; --", "'''; drop table mentions; --'"),
        ("ЖУК ?\n\\", "'ЖУК ?\n\\'"),
        (datetime(2026, 3, 1, 4, 5, 6, 789000), "'2026-03-01 04:05:06.789'"),  # noqa: DTZ001
    ],
)
def test_a_value_is_a_literal(value: Any, written: str) -> None:
    assert literal(value) == written


@settings(deadline=None)
@given(st.text(max_size=300))
def test_a_text_is_one_literal_whatever_it_holds(value: str) -> None:
    tree = sqlglot.parse_one(f"select {literal(value)} as x", read="athena")
    [column] = tree.expressions
    assert isinstance(column.this, exp.Literal)
    assert column.this.this == value


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_the_same_number(value: float) -> None:
    assert float(literal(value)) == value
    assert "e" in literal(value)  # without it would be a decimal


@pytest.mark.parametrize("value", [math.nan, math.inf, b"x", [1], object(), datetime(2026, 3, 1, tzinfo=UTC)])
def test_what_has_no_literal_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        literal(value)


def test_the_longest_text() -> None:
    assert len(literal("x" * (LONGEST_PARAMETER - 2))) == LONGEST_PARAMETER
    with pytest.raises(WrongUsage, match="1,023 characters; Athena takes 1,024"):
        literal("x" * (LONGEST_PARAMETER - 1))


def test_retries_wait_for_so_long_in_all() -> None:
    patience = _Patience(0.02)
    assert not patience.wait(0.01)
    assert patience.wait(60)
    assert patience.is_set()


@pytest.mark.parametrize(
    ("kind", "arrow"),
    [
        ("bigint", "int64"),
        ("integer", "int32"),
        ("double", "double"),
        ("varchar(7)", "string"),
        ("timestamp(6)", "timestamp[us]"),
        ("timestamp", "timestamp[us]"),
        ("decimal(18,4)", "decimal128(18, 4)"),
        ("decimal(18, 4)", "decimal128(18, 4)"),
        ("boolean", "bool"),
        ("date", "date32[day]"),
        ("array(varchar)", "string"),
    ],
)
def test_a_type_of_the_engine_has_its_arrow_type(kind: str, arrow: str) -> None:
    assert str(arrow_type(kind)) == arrow


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("OSError: AWS Error EXPIRED_TOKEN during GetObject operation", "the AWS credentials have expired"),
        ("OSError: AWS Error ACCESS_DENIED during GetObject operation", "the dashboard is not allowed to read it"),
        ("NoSuchBucket: The specified bucket does not exist", "a bucket of the lake is gone"),
        ("AccessDeniedException: not authorized to perform: glue:GetTable", "the dashboard is not allowed to read it"),
        ("TABLE_NOT_FOUND: line 1:1: Table 'a.b.c' does not exist", "the table is missing in the catalogue"),
        ("COLUMN_NOT_FOUND: line 1:8: Column 'post' cannot be resolved", "its table lacks the column post"),
        ("TYPE_MISMATCH: line 1:8: Cannot apply operator: varchar < integer", "a column of its table has another type"),
        ("Query exhausted resources at this scale factor", "it needs more than Athena has to give"),
        ("EndpointConnectionError: Could not connect to the endpoint URL", "Athena cannot be reached"),
        ("ReadTimeoutError: Read timeout on endpoint URL", "Athena cannot be reached"),
        ("Bytes scanned limit was exceeded", "it would read more bytes than the workgroup allows"),
        ("INSUFFICIENT_HUMOUR: nobody laughed.\n  at io.trino", "INSUFFICIENT_HUMOUR: nobody laughed"),
        ("", "it did not say why"),
    ],
)
def test_what_was_said_becomes_a_sentence(words: str, what: str) -> None:
    error = lake_errors.unavailable("Athena", ("touchpoints", "conversions"), words, "q-1")
    assert error.message.startswith(f"Touchpoints and conversions cannot be read: {what}")
    assert error.message.endswith(" (Athena query q-1).")
    assert error.remedy.endswith(".")
    assert "{" not in str(error)
    assert (
        "ress Refresh" not in error.remedy or "ress Refresh or run it again" in error.remedy
    )  # a command line has none


@pytest.mark.parametrize("words", ["Bytes scanned limit was exceeded", "Snapshot ID does not exist: 7"])
def test_what_the_guide_explains_is_quoted_as_it_is_said(words: str) -> None:
    said = lake_errors.unavailable("Athena", ("touchpoints",), words).message
    guide = (PROJECT / "docs" / "aws.md").read_text(encoding="utf-8").partition("## What to do when")[2]
    assert f"| `{said.partition(': ')[2].rstrip('.')}` |" in guide


@pytest.mark.parametrize(
    ("engine", "place"),
    [("Athena", "AWS_DEFAULT_REGION"), ("AWS Glue", "AWS_DEFAULT_REGION"), ("Trino", "TOUCHLINE_TRINO_URL")],
)
def test_who_cannot_be_reached_is_looked_for_where_it_is_set(engine: str, place: str) -> None:
    error = lake_errors.unavailable(engine, (), "EndpointConnectionError: Could not connect to the endpoint URL")
    assert error.remedy.startswith(f"Check the network, and {place}; then ")
