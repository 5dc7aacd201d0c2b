"""Totals rows: which are left out, what stays, and what is said of their figures."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest import Prepared, prepare
from pipelines.sources import SOURCES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADER = "date,channel,campaign,amount,clicks\n"
ROWS = "2026-01-05,Search,A,10.00,1\n2026-01-05,Search,B,20.00,2\n2026-01-06,Search,A,30.00,3\n2026-01-06,Social,C,40.00,4\n"


def prepared(text: str, source: str = "spend", **said: Any) -> Prepared:
    result = prepare(SOURCES[source], text.encode(), f"{source}.csv", now=NOW, **said)
    assert result.accepted + result.refused.num_rows + result.totals_dropped + result.merged == result.rows_read
    return result


def figures(result: Prepared, field: str = "amount") -> list[tuple[int, Any, Any, bool]]:
    return [(total.row, total.file, total.ours, total.agrees) for total in result.totals if total.field == field]


def outcome(result: Prepared) -> tuple[int, int, int]:
    return result.accepted, result.totals_dropped, result.refused.num_rows


@pytest.mark.parametrize(
    "row",
    [
        "Total,,,100.00,10",
        "Grand total:,,,100.00,10",
        ",,Gesamtsumme,100.00,10",
        "--,Total of 4 results, --,100.00,10",
        "Total: Campaigns, --, --,100.00,10",
        "Totals (4 rows),,,100.00,10",
        "Report total,,,100.00,10",
        "Total général,,,100.00,10",
        "Sous-total,,,100.00,10",
        "Résultats de 4 campagnes,,,100.00,10",
        "Zwischensumme,,,100.00,10",
        "Totale complessivo,,,100.00,10",
        "Eindtotaal,,,100.00,10",
        "Total geral,,,100.00,10",
        "合計,,,100.00,10",
        ",,,100.00,10",
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_total_of_all_rows(row: str, place: int) -> None:
    lines = ROWS.splitlines()
    lines.insert(place, row)
    result = prepared(HEADER + "\n".join(lines))
    assert outcome(result) == (4, 1, 0)
    assert figures(result) == [(place + 2, 100, 100, True)]
    assert figures(result, "clicks") == [(place + 2, 10, 10, True)]
    assert result.reconciliation == (
        "The file's total 100.00 = the sum of its rows.",
        "Its total of clicks agrees, too.",
    )
    assert not [warning for warning in result.warnings if "total" in warning]


@pytest.mark.parametrize("row", ["Average,,,25.00,2.5", "Ø,,,25.00,2.5", ",,Durchschnitt:,25.00,2.5"])
def test_averages_are_left_out_and_not_compared(row: str) -> None:
    result = prepared(f"{HEADER}{ROWS}{row}\n")
    assert (outcome(result), result.totals) == ((4, 1, 0), ())


@pytest.mark.parametrize(
    "row",
    [
        "2026-01-07,Search,Total Care,5,1",
        "2026-01-07,Search,Total,5,1",
        "2026-01-07,Summe,Summe 2026,5,1",
        "2026-01-07,Search,--,5,1",
    ],
)
def test_names_that_sound_like_totals_stay(row: str) -> None:
    result = prepared(f"{HEADER}{ROWS}{row}\nTotal,,,105.00,11\n")
    assert outcome(result) == (5, 1, 0)
    assert figures(result) == [(7, 105, 105, True)]


@pytest.mark.parametrize("name", ["", "Total", "--"])
def test_totals_of_days(name: str) -> None:
    days = (
        f"2026-01-05,Search,A,10,1\n2026-01-05,Search,B,20,2\n2026-01-05,Search,{name},30,3\n"
        f"2026-01-06,Search,A,40,4\n2026-01-06,Search,{name},40,4\n"
    )
    result = prepared(HEADER + days)
    assert outcome(result) == (3, 2, 0)
    assert figures(result) == [(4, 30, 30, True), (6, 40, 40, True)]
    assert result.reconciliation == ("Subtotals that are the sums of their rows: 2.",)


def test_a_name_whose_figures_are_not_all_sums_stays_and_is_said() -> None:
    days = (
        "2026-01-05,Search,A,10,1\n2026-01-05,Search,B,20,2\n2026-01-05,Search,Total,30,3\n"
        "2026-01-06,Search,A,1,1\n2026-01-06,Search,Total,9,9\n"
    )
    result = prepared(HEADER + days)
    assert outcome(result) == (5, 0, 0)
    assert any(warning.startswith("'Total' in 'campaign' is kept as a name") for warning in result.warnings)


@pytest.mark.parametrize(("row", "rows"), [(",,,7.00,1", 4), ("2026-01-05,Search,,10.00,1", 4)])
def test_a_row_without_a_name_that_is_no_sum_is_refused(row: str, rows: int) -> None:
    result = prepared(f"{HEADER}{ROWS}{row}\n")
    assert outcome(result) == (rows, 0, 1)
    assert "must not be blank" in result.refused["reason"][0].as_py()


def test_a_row_that_is_refused_for_its_day_is_no_total_of_the_only_other_row() -> None:
    result = prepared(HEADER + "2026-01-05,Search,A,10,1\n2026-13-45,Search,A,10,1\n,Search,A,10,1\n")
    assert outcome(result) == (1, 0, 2)


def test_several_totals_as_google_writes_them() -> None:
    totals = "Total: Campaigns,--,--,100.00,10\nTotal: Account,--,--,100.00,10\nTotal: Search,--,--,60.00,6\nTotal: Display,--,--,7.00,6\n"
    result = prepared(HEADER + ROWS + totals)
    assert outcome(result) == (4, 4, 0)
    assert figures(result) == [(6, 100, 100, True), (7, 100, 100, True), (8, 60, 60, True)]
    assert any("not compared: 'Total: Display' (row 9)" in note for note in result.notes)
    assert not [warning for warning in result.warnings if "total" in warning]


def test_totals_of_sections() -> None:
    sections = "2026-01-05,Search,A,10,1\n2026-01-05,Search,B,20,2\nTotal,,,30,3\n2026-01-06,Social,A,40,4\nTotal,,,40,4\nGrand total,,,70,7\n"
    result = prepared(HEADER + sections)
    assert figures(result) == [(4, 30, 30, True), (6, 40, 40, True), (7, 70, 70, True)]


def test_totals_of_currencies() -> None:
    text = "date,channel,campaign,amount,currency\n2026-01-05,Search,A,10,EUR\n2026-01-05,Search,B,20,USD\n2026-01-06,Search,B,20,USD\n"
    result = prepared(f"{text}Total,,,11,EUR\nTotal,,,40,USD\n")
    assert figures(result) == [(5, 11, 10, False), (6, 40, 40, True)]


def test_a_total_that_is_wrong_is_said_with_the_difference() -> None:
    result = prepared(f'{HEADER}{ROWS}Total,,,"48,210.50",10\n')
    assert figures(result) == [(6, Decimal("48210.50"), 100, False)]
    assert any(
        "48,210.50 (row 6) is 48,110.50 more than the sum of its rows, 100.00" in said for said in result.warnings
    )
    assert figures(result, "clicks") == [(6, 10, 10, True)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-13-07,Search,A,5.50,", "That is what the refused row 6 would add."),
        ("2026-01-07,Search,A,five,", "It may be the refused row 6."),
        ("2026-01-07,Search,A", "It may be the refused row 6."),
    ],
)
def test_refused_rows_are_named_as_the_reason(row: str, said: str) -> None:
    result = prepared(f"{HEADER}{ROWS}{row}\nTotal,,,105.50,10\n")
    assert figures(result) == [(7, Decimal("105.50"), 100, False)]
    assert any(warning.endswith(said) for warning in result.warnings)


@pytest.mark.parametrize(
    ("written", "agrees"), [("20.01", True), ("20", True), ("20.008", True), ("20.02", False), ("21", False)]
)
def test_a_total_agrees_as_it_is_rounded(written: str, agrees: bool) -> None:
    result = prepared(f"{HEADER}2026-01-05,Search,A,10.004,1\n2026-01-06,Search,A,10.004,1\nTotal,,,{written},2\n")
    assert [total.agrees for total in result.totals if total.field == "amount"] == [agrees]


def test_sums_are_exact() -> None:
    rows = "".join(f"2026-01-05,Search,A{number},0.1,1\n" for number in range(30))
    result = prepared(f"{HEADER}{rows}Total,,,3.0000,30\n")
    assert figures(result) == [(32, 3, 3, True)]


def test_totals_without_figures_are_counted() -> None:
    result = prepared(f"{HEADER}{ROWS}Total,,,--,\n")
    assert (outcome(result), result.totals) == ((4, 1, 0), ())
    assert "Totals without a figure to compare: row 6." in result.notes


def test_reach_need_not_add_up() -> None:
    result = prepared("date,account,platform,reach\n2026-01-05,A,X,5\n2026-01-06,A,X,6\nTotal,,,9\n", "account_reach")
    assert figures(result, "reach") == [(4, 9, 11, False)]
    assert any("reach need not add up" in note for note in result.notes)
    assert not result.warnings


def test_a_fixed_name_does_not_make_a_total_a_row() -> None:
    text = "date,channel,campaign,amount\n2026-01-05,Search,A,5\n2026-01-06,Search,B,6\n,,,11\n"
    said: dict[str, Any] = {
        "mapping": {"campaign": "campaign", "date": "date"},
        "fixed": {"campaign": "Other", "date": "2026-01-07"},
    }
    assert outcome(prepared(text, **said)) == (2, 1, 0)


def test_rows_added_up_still_agree() -> None:
    result = prepared(HEADER + "2026-01-05,Search,A,10,1\n2026-01-05,Search,a,20,2\nTotal,,,30,3\n")
    assert (result.accepted, result.merged, result.totals_dropped) == (1, 1, 1)
    assert figures(result) == [(4, 30, 30, True)]


AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=10**6, places=2)
SPENT = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ABC"), AMOUNTS), min_size=2, max_size=12)
WORDS = st.sampled_from(["Total,,", "Summe,--,--", ",,Gesamt", ",,", "Total: Account,,", "合計,,"])


def line(day: int, campaign: str, amount: Decimal) -> str:
    return f"{date(2026, 1, 5) + timedelta(days=day)},Search,{campaign},{amount},1"


@settings(max_examples=60, deadline=None)
@given(spent=SPENT, words=WORDS, data=st.data())
def test_a_total_is_left_out_wherever_it_stands_and_is_never_stored(
    spent: list[tuple[int, str, Decimal]], words: str, data: st.DataObject
) -> None:
    total = sum((amount for *_, amount in spent), Decimal(0))
    lines = [line(*row) for row in spent]
    place = data.draw(st.integers(0, len(lines)))
    lines.insert(place, f"{words},{total},{len(spent)}")
    result = prepared(HEADER + "\n".join(lines))
    assert (result.totals_dropped, result.refused.num_rows) == (1, 0)
    assert figures(result) == [(place + 2, total, total, True)]
    assert sum(result.tables["spend"]["amount"].to_pylist()) == total


@settings(max_examples=60, deadline=None)
@given(spent=SPENT, off=AMOUNTS)
def test_a_wrong_total_is_told_by_its_difference(spent: list[tuple[int, str, Decimal]], off: Decimal) -> None:
    total = sum((amount for *_, amount in spent), Decimal(0))
    result = prepared(HEADER + "\n".join([*(line(*row) for row in spent), f"Total,,,{total + off},{len(spent)}"]))
    assert figures(result) == [(len(spent) + 2, total + off, total, False)]
    assert any(f"is {off:,.2f} more than the sum of its rows, {total:,.2f}." in warning for warning in result.warnings)


@pytest.mark.parametrize("name", ["(all)", "All", "All campaigns", "(Alle)"])
def test_a_row_of_all_is_a_total_where_it_is_the_sum(name: str) -> None:
    rows = f"date,channel,campaign,spend,currency\n2026-01-05,Search,{name},30,EUR\n2026-01-05,Search,A,10,EUR\n2026-01-05,Search,B,20,EUR\n"
    result = prepare(SOURCES["spend"], rows.encode(), "spend.csv")
    assert (result.accepted, result.totals_dropped) == (2, 1)
    other = prepare(SOURCES["spend"], rows.replace("30", "31").encode(), "spend.csv")
    assert (other.accepted, other.totals_dropped) == (3, 0)
    assert any(name in warning for warning in other.warnings)
