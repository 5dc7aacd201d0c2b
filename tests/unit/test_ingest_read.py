"""Reading a file as text: encodings, delimiters, headers, records."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import FileRefused
from pipelines.ingest import read_raw
from pipelines.sources import SOURCES

REACH = SOURCES["account_reach"]
PLAIN = "date,account,platform,reach\n2025-02-10,United,X,100\n2025-02-11,Delta,X,200\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "windows-1252"),
    ],
)
def test_encodings(encoding: str, shown: str) -> None:
    raw = read_raw(PLAIN.replace("United", "Müller & Söhne €").encode(encoding), "reach.csv", REACH)
    assert raw.encoding == shown
    assert raw.table["account"].to_pylist() == ["Müller & Söhne €", "Delta"]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1251", "Сбербанк России"), ("cp1250", "Šťastný Žižkov a Ľudský život"), ("cp932", "トヨタ自動車")],
)
def test_other_code_pages(encoding: str, name: str) -> None:
    raw = read_raw(PLAIN.replace("United", name).encode(encoding), "reach.csv", REACH)
    assert raw.table["account"][0].as_py() == name


def test_damaged_utf8_stays_utf8_and_refuses_the_damaged_row() -> None:
    text = PLAIN.replace("United", "Müller äöüäöüäöüäöü").encode() + b"2025-02-12,\xff,X,1\n"
    raw = read_raw(text, "reach.csv", REACH)
    assert raw.encoding == "utf-8"
    assert raw.table.num_rows == 2
    assert raw.refused.to_pylist()[0]["row"] == 4
    assert raw.refused.to_pylist()[0]["column"] == "account"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_dialects(delimiter: str, line_end: str) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", line_end)
    raw = read_raw(text.encode(), "reach.csv", REACH)
    assert (raw.delimiter, raw.header_row, raw.header) == (delimiter, 1, ("date", "account", "platform", "reach"))
    assert raw.table["reach"].to_pylist() == ["100", "200"]
    assert raw.rows.to_pylist() == [2, 3]


def test_title_and_blank_rows_are_counted_as_a_spreadsheet_does() -> None:
    text = 'sep=;\n"My\nexport";;;\n\nDate;Account;Network;Reach (SUM)\n\n16/02/2015;United;X;1.234\n;;;\n17/02/2015;Delta;X;2\n'
    raw = read_raw(text.encode(), "reach.csv", REACH)
    assert raw.header_row == 4
    assert raw.rows.to_pylist() == [6, 8]
    assert raw.rows_read == 2


def test_header_of_names_nobody_knows() -> None:
    raw = read_raw(b"Exported today\n\nMarke,Netz,Wert\nUnited,X,5\n", "reach.csv", REACH)
    assert (raw.header_row, raw.header) == (3, ("Marke", "Netz", "Wert"))


def test_mapped_columns_tell_the_header() -> None:
    text = b"date,account\nStichtag,Marke,Netz,Wert\n2025-02-10,United,X,5\n"
    assert read_raw(text, "reach.csv", REACH, ["Stichtag", "Marke", "Netz"]).header_row == 2


def test_header_names_are_made_unique() -> None:
    raw = read_raw(b"date,account,,reach,reach,,\n2025-02-10,United,a,1,2,\n", "reach.csv", REACH)
    assert raw.header == ("date", "account", "column 3", "reach", "reach (2)", "column 6")


def test_ragged_rows_are_refused_one_by_one() -> None:
    raw = read_raw(
        (PLAIN + "2025-02-12,Delta,X\n2025-02-13,Delta,X,1,234\n2025-02-14,Delta,X,5\n").encode(), "r.csv", REACH
    )
    assert raw.rows.to_pylist() == [2, 3, 6]
    assert [(line["row"], line["value"]) for line in raw.refused.to_pylist()] == [
        (4, "2025-02-12,Delta,X"),
        (5, "2025-02-13,Delta,X,1,234"),
    ]
    assert raw.refused.to_pylist()[0]["reason"] == "The row has 3 cells, the header has 4."


def test_quoted_line_breaks_stay_in_their_cell() -> None:
    raw = read_raw((PLAIN + '2025-02-12,"Two\nlines, ""quoted""",X,3\n').encode(), "reach.csv", REACH)
    assert raw.table["account"][2].as_py() == 'Two\nlines, "quoted"'
    assert raw.rows.to_pylist() == [2, 3, 4]


@pytest.mark.parametrize("stray", ['2025-02-12,Delta,"X,3', '2025-02-12,Delta,X,"3'])
def test_unclosed_quotation_mark_swallows_nothing(stray: str) -> None:
    text = PLAIN + stray + '\n2025-02-13,"Delta",X,4\n2025-02-14,Delta,X,5\n'
    with pytest.raises(FileRefused, match="quotation mark of row 4"):
        read_raw(text.encode(), "reach.csv", REACH)


def test_control_characters_are_refused() -> None:
    raw = read_raw((PLAIN + "2025-02-12,De\x00lta,X,3\n2025-02-13,De\x85lta,X,3\n").encode(), "reach.csv", REACH)
    assert raw.rows.to_pylist() == [2, 3]
    assert [(line["row"], line["column"]) for line in raw.refused.to_pylist()] == [(4, "account"), (5, "account")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n\n", "is empty"),
        (b"date,account,platform,reach\n", "no rows"),
        (b"date,account,platform,reach\n\n,,,\n", "no rows"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (b"\x1f\x8brest", "compressed"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (bytes(range(256)) * 8 + b"\x00" * 512, "not a text file"),
        (b"1,2,3\n4,5,6\n", "no header row"),
    ],
)
def test_refused_with_a_sentence_and_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(FileRefused, match=said) as refusal:
        read_raw(content, "reach.csv", REACH)
    assert refusal.value.remedy


CELL = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
LINES = st.text(st.sampled_from('a;,|\t"\n\r é'), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(st.one_of(CELL, LINES), st.one_of(CELL, LINES)), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_table_reads_back_the_same(
    rows: list[tuple[str, str]], delimiter: str, encoding: str, line_end: str, quoting: int
) -> None:
    if any(end in cell for row in rows for cell in row for end in "\r\n"):
        quoting = csv.QUOTE_ALL  # the csv module leaves foreign line ends bare, and bare they end a record
    table = [("date", "account", "platform", "reach")]
    table += [("2025-02-10", first, second, str(number)) for number, (first, second) in enumerate(rows)]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    raw = read_raw(text.getvalue().encode(encoding), "reach.csv", REACH)
    assert raw.delimiter == delimiter
    assert raw.refused.num_rows == 0
    assert raw.table.to_pylist() == [dict(zip(table[0], row, strict=True)) for row in table[1:]]


@settings(max_examples=200, deadline=None)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode), LINES.map(str.encode)))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(FileRefused):
        assert read_raw(content, "reach.csv", REACH).rows_read > 0
