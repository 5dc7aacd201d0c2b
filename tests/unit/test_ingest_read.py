"""Reading a file as text: encodings, delimiters, headers, records."""

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import FileRefused
from pipelines.ingest import read_raw
from pipelines.ingest.encodings import decode
from pipelines.ingest.header import known_headers
from pipelines.sources import SOURCES

REACH, SPEND = SOURCES["account_reach"], SOURCES["spend"]
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
    raw = read_raw(b"date,account,,reach,reach,,\n2025-02-10,United,a,1,2,b\n", "reach.csv", REACH)
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
        (b"PK\x03\x04rest", "damaged"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (b"\x1f\x8brest", "damaged"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\xef\xbb\xbf<!-- saved -->\n<HTML lang=en>", "web page"),
        (bytes(range(256)) * 8 + b"\x00" * 512, "not a text file"),
        (b"1,2,3\n4,5,6\n", "no header row"),
    ],
)
def test_refused_with_a_sentence_and_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(FileRefused, match=said) as refusal:
        read_raw(content, "reach.csv", REACH)
    assert refusal.value.remedy


# Names and places with letters that tell the code pages apart.
GERMAN = "München Größe Käse süß Öl Über"
CZECH = "Šťastný Žižkov Ľudský život příliš žluťoučký"
POLISH = "Kampania świąteczna Łódź sprzedaż książek"
RUSSIAN = "Сбербанк России Москва кампания весна"
JAPANESE = "トヨタ自動車の新しいキャンペーン"
CHINESE = "春季促销活动北京上海广州深圳"
FRENCH = "Été à la plage, café crème, où ça"


@pytest.mark.parametrize(
    ("encoding", "campaign"),
    [
        ("cp1252", GERMAN),
        ("cp1252", FRENCH),
        ("cp1250", CZECH),
        ("cp1250", POLISH),
        ("cp1251", RUSSIAN),
        ("shift_jis", JAPANESE),
        ("gb18030", CHINESE),
        ("mac_roman", GERMAN),
        ("utf-16-le", JAPANESE),
        ("utf-16-be", RUSSIAN),
        ("utf-32-le", GERMAN),
        ("utf-32-be", GERMAN),
        ("utf-16", CZECH),
        ("utf-8", CHINESE),
    ],
)
def test_letters_of_many_machines(encoding: str, campaign: str) -> None:
    """Read right, and where the encoding is a guess, it is shown with a word of the file."""
    rows = "".join(f"2025-02-{day:02},{campaign.replace(',', ' ')} {day},X,{day}\n" for day in range(1, 20))
    raw = read_raw(("date,account,platform,reach\n" + rows).encode(encoding), "reach.csv", REACH)
    assert raw.table["account"][4].as_py() == f"{campaign.replace(',', ' ')} 5"
    if encoding.startswith("utf"):
        assert raw.notes == ()
    else:
        shown = next(word for word in campaign.replace(",", "").split() if not word.isascii())
        assert raw.notes[0].startswith(f"The file is not Unicode; read as {raw.encoding} ('{shown[:12]}")


def test_marks_within_the_file_are_no_text() -> None:
    part = "\ufeff" + PLAIN
    raw = read_raw(("\ufeff" + part + part).encode(), "reach.csv", REACH)
    assert raw.header == ("date", "account", "platform", "reach")
    assert raw.rows.to_pylist() == [2, 3, 5, 6]
    assert raw.notes == ("The header stands 2 times; its repetitions are skipped.",)


@pytest.mark.parametrize(
    ("file", "header_row", "preamble"),
    [
        (
            "Campaign report\n1 January 2026 - 31 January 2026\nDay,Campaign,Cost\n",
            3,
            ("Campaign report", "1 January 2026 - 31 January 2026"),
        ),
        (
            'Report\n"Report Start: January 1, 2026"\n"Report End: January 9, 2026"\nDate Generated: 1/10/2026\n\n'
            '"Start Date (in UTC)",Campaign Name,Total Spent\n',
            6,
            None,
        ),
        ("Spend, by day, all accounts\nDate,01.02.2026 - 28.02.2026,\nDate,Campaign,Amount\n", 3, None),
        ("x\n" * 150 + "Date,Campaign,Amount\n", 151, None),
        ('"a\nb","c"\nDate,"Cam\npaign","Amount\r\nspent"\n', 2, ("a b",)),
    ],
)
def test_the_header_wherever_it_begins(file: str, header_row: int, preamble: tuple[str, ...] | None) -> None:
    raw = read_raw((file + "2026-01-02,Brand,1\n2026-01-03,Brand,2\n").encode(), "spend.csv", SPEND)
    assert (raw.header_row, raw.table.num_rows, raw.refused.num_rows) == (header_row, 2, 0)
    if preamble:
        assert tuple(cells[0] for cells in raw.preamble) == preamble


def test_names_that_exports_use_tell_the_header() -> None:
    """A header that only a tool's declaration knows wins over a line that has a known word."""
    raw = read_raw(
        "Date,Berlin,x\nJour;Nom de la campagne;Montant dépensé (EUR)\n2026-01-02;Brand;1,5\n".encode(), "m.csv", SPEND
    )
    assert (raw.delimiter, raw.header_row) == (";", 2)
    assert known_headers(SPEND) < known_headers(None)


@pytest.mark.parametrize("said", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;"])
def test_the_delimiter_that_the_file_says(said: str) -> None:
    text = f"{said}\r\nName, first;Sum, net;Date\r\na, b;1,5;x\r\n"
    raw = read_raw(text.encode("utf-16"), "x.csv", REACH)
    assert (raw.delimiter, raw.header_row, raw.header, raw.preamble) == (
        ";",
        2,
        ("Name, first", "Sum, net", "Date"),
        (),
    )


def test_a_delimiter_said_wrongly_is_not_believed() -> None:
    raw = read_raw(b"sep=;\ndate,account,platform,reach\n2025-02-10,United,X,1\n", "reach.csv", REACH)
    assert (raw.delimiter, raw.header_row) == (",", 2)


def test_carets() -> None:
    assert read_raw(PLAIN.replace(",", "^").encode(), "reach.csv", REACH).delimiter == "^"


def test_one_column() -> None:
    raw = read_raw(b"reach\n1,5\n\n2;6\n", "reach.csv", REACH)
    assert (raw.header, raw.table["reach"].to_pylist(), raw.rows.to_pylist()) == (("reach",), ["1,5", "2;6"], [2, 4])


def test_blank_ends_of_the_header_or_of_all_rows_are_no_difference() -> None:
    for text in ("date,account,reach,,\n2025-02-10,United,1\n", "date,account,reach\n2025-02-10,United,1,,\n"):
        raw = read_raw((text + text.split("\n")[1] + "\n").encode(), "reach.csv", REACH)
        assert (raw.header, raw.table.num_rows, raw.refused.num_rows) == (("date", "account", "reach"), 2, 0)


SECTION = '"Date","Primary"\n"2026-01-01T00:00:00","{0}"\n"2026-01-02T00:00:00","{1}"\n'


@pytest.mark.parametrize("title", ['"Instagram reach"\n', '\n"Instagram reach"\n\n', '"Instagram reach",\n'])
def test_a_section_of_another_title_is_left_out_and_said(title: str) -> None:
    text = 'sep=,\n"Facebook reach"\n' + SECTION.format(1, 2) + title + SECTION.format(3, 4)
    raw = read_raw(text.encode("utf-16"), "Reach.csv", REACH)
    assert raw.table["Primary"].to_pylist() == ["1", "2"]
    assert raw.preamble == (("Facebook reach",),)
    assert raw.rows_read == 2
    assert raw.notes == (
        "The file has 2 sections with titles or headers of their own; only the first is read. Left out: 'Instagram reach' (2 rows).",
    )


def test_a_section_with_another_header_is_left_out() -> None:
    text = '"Reach"\n' + SECTION.format(1, 2) + '"Reach"\n' + SECTION.replace("Primary", "Followers").format(3, 4)
    raw = read_raw(text.encode(), "Reach.csv", REACH)
    assert raw.table["Primary"].to_pylist() == ["1", "2"]
    assert "'Reach' (2 rows)" in raw.notes[0]


def test_sections_of_the_same_title_are_one_table() -> None:
    text = ('"Reach"\n' + SECTION.format(1, 2) + "\n") * 3
    raw = read_raw(text.encode(), "Reach.csv", REACH)
    assert raw.table["Primary"].to_pylist() == ["1", "2"] * 3
    assert raw.rows.to_pylist() == [3, 4, 8, 9, 13, 14]
    assert raw.refused.num_rows == 0
    assert raw.notes == ("The header stands 3 times; its repetitions are skipped.",)


def test_a_single_cell_without_a_header_after_it_is_refused_as_a_row() -> None:
    raw = read_raw((PLAIN + "Generated by a tool\n2025-02-12,Delta,X,3\n").encode(), "reach.csv", REACH)
    assert raw.rows.to_pylist() == [2, 3, 5]
    assert raw.refused["row"].to_pylist() == [4]


def test_a_cell_that_swallowed_rows_is_refused_and_prose_is_not() -> None:
    swallowed = '2025-02-12,"Delta,X,3\n2025-02-13,Delta,X,4\n2025-02-14,Delta",X,5\n'
    prose = '2025-02-15,"Hello,\nworld, and,\nall, of, you",X,6\n'
    raw = read_raw((PLAIN + swallowed + prose).encode(), "reach.csv", REACH)
    assert raw.rows.to_pylist() == [2, 3, 5]
    assert [(line["row"], line["column"]) for line in raw.refused.to_pylist()] == [(4, "account")]
    assert "quotation mark" in raw.refused["reason"][0].as_py()


def test_a_cell_may_be_longer_than_a_block_but_not_endless() -> None:
    raw = read_raw(
        (PLAIN + f"2025-02-12,{'x' * 99_000},X,3\n2025-02-13,{'x' * 5_000_000},X,4\n").encode(), "r.csv", REACH
    )
    assert raw.rows.to_pylist() == [2, 3, 4]
    assert [(line["row"], len(line["value"])) for line in raw.refused.to_pylist()] == [(5, 200)]


def test_a_row_is_refused_once_with_its_first_fault() -> None:
    raw = read_raw((PLAIN + f"2025-02-12,{'x' * 100_001},\x01,\x02\n").encode(), "reach.csv", REACH)
    assert [(line["row"], line["column"]) for line in raw.refused.to_pylist()] == [(4, "account")]


@pytest.mark.parametrize("rows", [50, 60_000])
def test_columns_that_repeat_their_texts_are_held_as_codes(rows: int) -> None:
    """Also where the parts a file is read in have different texts."""
    text = "date,account,platform,reach\n" + "".join(
        f"{'NA' if number % 2 else ''},Account {number // (rows // 5)} {'x' * 100},null,{number}\n"
        for number in range(rows)
    )
    raw = read_raw(text.encode(), "reach.csv", REACH)
    types = {name: str(column.type) for name, column in zip(raw.header, raw.table.columns, strict=True)}
    assert types["date"] == types["account"] == types["platform"] != types["reach"] == "string"
    assert [column.num_chunks for column in raw.table.columns] == [1] * 4
    assert raw.table["date"].to_pylist() == ["", "NA"] * (rows // 2)
    assert raw.table["account"].to_pylist() == [
        f"Account {number // (rows // 5)} {'x' * 100}" for number in range(rows)
    ]
    assert raw.table["reach"].to_pylist() == [str(number) for number in range(rows)]


def test_ragged_rows_keep_their_number_beyond_the_first_block() -> None:
    line = "2025-02-10,United,X,100\n"
    before = 5_000_000 // len(line)
    raw = read_raw((PLAIN + line * before + "short,row\n" + line).encode(), "reach.csv", REACH)
    assert raw.refused["row"].to_pylist() == [before + 4]
    assert raw.rows.to_pylist()[-2:] == [before + 3, before + 5]


def test_plain_text_is_not_copied() -> None:
    """UTF-8 is read where it lies."""
    content = memoryview(PLAIN.encode())
    text, encoding = decode(content, "reach.csv")
    assert (text.obj, encoding) == (content.obj, "utf-8")


CELL = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
LINES = st.text(st.sampled_from('a;,|\t"\n\r é'), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(st.one_of(CELL, LINES), st.one_of(CELL, LINES)), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|", "^"]),
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


def test_hostile_beginnings_and_cells_are_read_at_once() -> None:
    """At these lengths a pattern that tries every way to match would not end."""
    with pytest.raises(FileRefused):
        read_raw(b"<?xml>" * 10_000, "page.csv")
    cell = "(k" * 10_000
    assert read_raw(f'date,channel,campaign,amount\n2026-01-05,"{cell}",A,1\n'.encode(), "long.csv").rows_read == 1
    cells = ",".join(f"{place} {'(k)' * 60}x" for place in range(400))
    assert read_raw(f"{cells}\n{'1,' * 399}1\n".encode(), "wide.csv").rows_read == 1
