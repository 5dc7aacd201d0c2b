"""Names that meet, and names that do not."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity import Names, fold, suggestion


def names(aliases: list[tuple[str, str, str]], spellings: list[tuple[str, str, int]]) -> Names:
    """Names of (kind, from, to) and (kind, spelling, rows)."""
    return Names(
        pd.DataFrame(aliases, columns=["kind", "from_name", "to_name"]),
        pd.DataFrame(spellings, columns=["kind", "name", "row_count"]),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paid Search", "  paid   SEARCH "),
        ("Café", unicodedata.normalize("NFD", "café")),
        ("STRASSE", "Straße"),
        ("Spring\u00a0Sale", "spring sale"),
    ],
)
def test_spellings_that_are_the_same_name(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_twice_changes_nothing_for_plain_names(name: str) -> None:
    assert fold(" ".join(name.split())) == fold(name)
    assert fold(name.upper()) == fold(name.upper().lower()) or not name.isascii()


def test_a_name_is_written_as_most_rows_write_it() -> None:
    known = names([], [("channel", "paid search", 3), ("channel", "Paid Search", 2), ("channel", "PAID SEARCH", 2)])
    assert known.resolve("channel", "PAID  search") == "paid search"
    assert known.all("channel") == ["paid search"]
    assert known.resolve("campaign", "PAID  search") == "PAID  search"


def test_rows_of_one_spelling_are_added_up_over_the_places_it_stands_in() -> None:
    known = names([], [("channel", "Search", 3), ("channel", "SEARCH", 2), ("channel", "SEARCH", 2)])
    assert known.resolve("channel", "search") == "SEARCH"


def test_an_alias_says_what_is_meant_and_how_it_is_written() -> None:
    known = names(
        [("channel", "google / cpc", "Paid Search")],
        [("channel", "Google / CPC", 9), ("channel", "paid search", 5), ("channel", "Mail", 1)],
    )
    assert known.resolve("channel", "GOOGLE / cpc") == "Paid Search"
    assert known.resolve("channel", "PAID SEARCH") == "Paid Search"
    assert known.all("channel") == ["Mail", "Paid Search"]
    assert known.spellings("channel", ["paid search"]) == ["Google / CPC", "paid search"]
    assert known.spellings("channel", ["google / cpc"]) == ["Google / CPC", "paid search"]
    assert known.spellings("channel", ["Telegraph"]) == []


def test_aliases_may_lead_to_each_other_and_even_in_a_circle() -> None:
    chain = names([("campaign", "a", "b"), ("campaign", "b", "C")], [("campaign", "a", 1), ("campaign", "c", 1)])
    assert chain.resolve("campaign", "a") == chain.resolve("campaign", "B") == chain.resolve("campaign", "c") == "C"
    circle = names([("campaign", "a", "b"), ("campaign", "b", "a")], [("campaign", "a", 1), ("campaign", "b", 1)])
    assert {circle.resolve("campaign", name) for name in ("a", "b")} <= {"a", "b"}


def test_a_column_keeps_what_is_unknown() -> None:
    known = names([("channel", "fb", "Facebook")], [("channel", "fb", 1)])
    column = known.column("channel", pd.Series(["FB", None, "Mail"], dtype="str"))
    assert column.tolist()[::2] == ["Facebook", "Mail"]
    assert column.isna().tolist() == [False, True, False]
    assert known.column("channel", pd.Series([None, None], dtype=object)).isna().all()


def test_a_suggestion_is_the_most_alike() -> None:
    candidates = ["Spring Sale", "Summer Sale", "Brand"]
    assert suggestion("spring_sale_2026", candidates) == "Spring Sale"
    assert suggestion("SUMMER-SALE", candidates) == "Summer Sale"
    assert suggestion("zzz", candidates) is None
    assert suggestion("anything", []) is None
