"""Constants of tables in a statement: what is the same in every row is told, and not grouped by."""

import pytest
import sqlglot

from pipelines.constants import put_constants

CURRENCY = {"journeys": {"currency": sqlglot.exp.Literal.string("EUR"), "refund": sqlglot.exp.false()}}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "select currency, count(*) from journeys group by 1",
            "SELECT 'EUR' AS currency, COUNT(*) FROM journeys GROUP BY 1",
        ),
        (
            "with m as (select name, currency as paid_in, refund from journeys j) "
            "select name, paid_in, sum(case when refund then 0 end) as n from m",
            "WITH m AS (SELECT name, 'EUR' AS paid_in, FALSE AS refund FROM journeys AS j) "
            "SELECT name, 'EUR' AS paid_in, SUM(CASE WHEN FALSE THEN 0 END) AS n FROM m",
        ),
        (
            "with m as (select cast(null as varchar) as slice, name from touches) select slice, name from m",
            "WITH m AS (SELECT CAST(NULL AS VARCHAR) AS slice, name FROM touches) SELECT CAST(NULL AS VARCHAR) AS slice, name FROM m",
        ),
    ],
)
def test_a_constant_stands_for_its_column_wherever_it_is_selected(written: str, expected: str) -> None:
    tree = sqlglot.parse_one(written, read="athena")
    put_constants(tree, CURRENCY)
    assert tree.sql(dialect="athena") == expected


@pytest.mark.parametrize(
    "written",
    [
        "SELECT s.id, j.currency FROM conversion_status AS s LEFT JOIN journeys AS j ON j.id = s.id",
        "SELECT j.currency FROM journeys AS j FULL JOIN conversion_status AS s ON j.id = s.id",
        "SELECT s.currency FROM journeys AS j LEFT JOIN conversion_status AS s ON j.id = s.id",
        "SELECT name FROM journeys WHERE currency = 'USD' ORDER BY currency",
        "SELECT ROW_NUMBER() OVER (ORDER BY currency) AS place FROM journeys",
        "SELECT (SELECT MAX(currency) FROM spend) AS other FROM journeys",
        "SELECT currency FROM (SELECT currency FROM spend) AS s",
    ],
)
def test_what_may_be_another_value_stays(written: str) -> None:
    """Of a table that rows may be missing of, of another table, what is filtered and sorted by."""
    tree = sqlglot.parse_one(written, read="athena")
    put_constants(tree, CURRENCY)
    assert tree.sql(dialect="athena") == written
