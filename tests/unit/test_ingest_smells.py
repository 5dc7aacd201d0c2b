"""What smells is said, what does not is not."""

from datetime import UTC, datetime

import pytest

from pipelines.ingest import Prepared, prepare
from pipelines.ingest.smells import smells
from pipelines.sources import SOURCES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def prepared(source: str, header: str, *rows: str) -> Prepared:
    return prepare(SOURCES[source], "\n".join((header, *rows)).encode(), f"{source}.csv", now=NOW, date_order="day")


def smell(source: str, header: str, *rows: str) -> list[str]:
    file = prepared(source, header, *rows)
    assert not file.refused.num_rows
    return smells(file.source, file.tables, file.mapping)


TOUCHPOINTS = "Timestamp,User ID,Channel,Converted"


def contacts(*marks: str) -> list[str]:
    """Three contacts of each person, marked as given."""
    return [
        f"2026-01-{day + 1:02} 10:00,u{person},Email,{mark}"
        for person, three in enumerate(marks)
        for day, mark in enumerate(three)
    ]


def test_a_mark_on_all_rows_of_a_person() -> None:
    found = smell("touchpoints", TOUCHPOINTS, *contacts("111", "000", "111", "001"))
    assert len(found) == 1
    assert found[0].startswith("'Converted' marks every row of 2 people who have several")


@pytest.mark.parametrize("marks", [("001", "000"), ("011", "111", "100"), ("000",), ("1",)])
def test_marks_of_single_conversions_are_fine(marks: tuple[str, ...]) -> None:
    assert smell("touchpoints", TOUCHPOINTS, *contacts(*marks)) == []


SPEND = "Date,Channel,Campaign,Amount,Currency"


def test_a_currency_that_changes_within_a_campaign() -> None:
    rows = ["2026-01-01,Search,Summer,5,EUR", "2026-01-02,Search,Summer,5,USD", "2026-01-02,Search,Winter,5,EUR"]
    assert smell("spend", SPEND, *rows) == [
        "Campaigns with amounts in more than one currency: 1 ('Summer'). Check the currency of these rows."
    ]


def test_campaigns_in_a_currency_each_are_fine() -> None:
    rows = ["2026-01-01,Search,Summer,5,EUR", "2026-01-02,Search,Winter,5,USD", "2026-01-02,Social,Summer,5,USD"]
    assert smell("spend", SPEND, *rows) == []


def spend_of(*rows_a_day: int) -> list[str]:
    return [
        f"2026-01-{day:02},Search,campaign {row},5,EUR" for day, rows in enumerate(rows_a_day, 1) for row in range(rows)
    ]


def test_a_day_with_a_tenth_of_the_rows() -> None:
    found = smell("spend", SPEND, *spend_of(30, 31, 3, 30, 29, 30))
    assert found == [
        "Days with a tenth of the usual 30 rows or less: 1, such as 2026-01-03 (3). Check that the export is complete."
    ]


@pytest.mark.parametrize("rows", [(30, 31, 4, 30, 29), (9, 9, 1, 9, 9), (30, 30, 1, 30), (1,), (30,) * 6])
def test_days_that_differ_less_are_fine(rows: tuple[int, ...]) -> None:
    assert smell("spend", SPEND, *spend_of(*rows)) == []


def test_plain_addresses_of_people() -> None:
    header = "Conversion time,Customer ID,Revenue,Currency"
    hashed = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    found = smell("conversions", header, "2026-01-01,a@example.org,5,EUR", f"2026-01-02,{hashed},5,EUR")
    assert len(found) == 1
    assert found[0].startswith("'Customer ID' has e-mail addresses in plain text: 1 rows.")
    assert smell("conversions", header, f"2026-01-02,{hashed},5,EUR", "2026-01-03,u@home,5,EUR") == []


def test_no_rows_smell_of_nothing() -> None:
    file = prepared("spend", SPEND, "2026-01-01,Search,Summer,5,EUR")
    empty = {name: table.slice(0, 0) for name, table in file.tables.items()}
    assert smells(file.source, empty, file.mapping) == []
