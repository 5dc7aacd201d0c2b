"""What may happen to a file between a tool and the upload page, as strategies of Hypothesis: they shrink to the one change that matters.

Invariant: a change is a function of the bytes alone, so that an example is the same in every run.
"""

import gzip
import io
import zipfile
from collections.abc import Callable

from hypothesis import strategies as st

Change = Callable[[bytes], bytes]

_TOKENS = (
    *(
        "",
        " ",
        ",",
        ";",
        "\t",
        "|",
        '"',
        '""',
        "'",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\x1a",
        "\x1f",
        "\x7f",
        "\ufeff",
        "\u200b",
        "\u202e",
        "\ud7ff",
    ),
    *(
        "0",
        "-1",
        "1E+30",
        "1.20253E+17",
        "9007199254740993",
        "99999999999999999999999999",
        "1,234",
        "1.234",
        "1.234,56",
        "12.3K",
        "4,5 Mio",
    ),
    *(
        "inf",
        "nan",
        "-Infinity",
        "12%",
        "< 10%",
        " --",
        "—",
        "N/A",
        "(5)",
        "€ 5",
        "12,50 €",
        "$5",
        "kr 3",
        "٣٤",
        "１２",
        "½",
        "0x1F",
        "1_000",
    ),
    *(
        "2026-02-30",
        "01/02/2026",
        "31/01/2026",
        "01/31/2026",
        "46023",
        "46023.5",
        "1767610800",
        "9999-12-31",
        "0000-00-00",
        "Lifetime",
        "5. März 26",
    ),
    *("2026-01-05T10:00:00+99:00", "24:00", "12:60 PM", "2026-01-05 25:61", "-271821-04-20", "10000000000000000000"),
    *(
        "Total",
        "Total of 3 results",
        "Summe",
        "Total: Account",
        "sep=;",
        "Date",
        "Reach (SUM)",
        "Amount spent (USD)",
        "260107_ACME_Mentions (SUM)",
    ),
    *(
        "=cmd|'/C calc'!A0",
        "'=1",
        "''",
        "@x",
        "{}",
        "[]",
        "<html>",
        "%s",
        "\\",
        "\\N",
        "NULL",
        "x" * 5_000,
        "1" * 400,
        "," * 300,
    ),
)
_BYTES = (
    b"\xff",
    b"\xfe",
    b"\xc3",
    b"\xc3\x28",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"PK\3\4",
    b"\x1f\x8b",
)
_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "cp1250",
    "cp1251",
    "mac_roman",
    "utf-7",
    "shift_jis",
    "gb18030",
)

_places = st.integers(0, 10_000)


def _at(content: bytes, place: int) -> int:
    return len(content) * place // 10_000


def _insert(place: int, piece: bytes) -> Change:
    return lambda content: content[: _at(content, place)] + piece + content[_at(content, place) :]


def _cut(place: int, length: int) -> Change:
    return lambda content: content[: _at(content, place)] + content[_at(content, place) + length :]


def _repeat(place: int, length: int, times: int) -> Change:
    def repeat(content: bytes) -> bytes:
        start = _at(content, place)
        return content[:start] + content[start : start + length] * times + content[start + length :]

    return repeat


def _flip(place: int, bit: int) -> Change:
    def flip(content: bytes) -> bytes:
        position = min(_at(content, place), len(content) - 1)
        return (
            content[:position] + bytes([content[position] ^ (1 << bit)]) + content[position + 1 :]
            if content
            else content
        )

    return flip


def _cell(line: int, cell: int, text: str) -> Change:
    """Put a text into a cell, as far as lines and delimiters tell."""

    def put(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True) or [b""]
        row = lines[line % len(lines)]
        delimiter = max((b",", b";", b"\t", b"|"), key=row.count)
        body = row.rstrip(b"\r\n")
        cells = body.split(delimiter)
        cells[cell % len(cells)] = text.encode("utf-8", "replace")
        lines[line % len(lines)] = delimiter.join(cells) + row[len(body) :]
        return b"".join(lines)

    return put


def _swap_lines(one: int, other: int) -> Change:
    def swap(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        if lines:
            one_at, other_at = one % len(lines), other % len(lines)
            lines[one_at], lines[other_at] = lines[other_at], lines[one_at]
        return b"".join(lines)

    return swap


def _replace(old: bytes, new: bytes) -> Change:
    return lambda content: content.replace(old, new)


def _encoded(encoding: str) -> Change:
    return lambda content: content.decode("utf-8", "replace").encode(encoding, "replace")


def _zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", content)
    return packed.getvalue()


changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(_cell, st.integers(0, 40), st.integers(0, 30), st.sampled_from(_TOKENS)),
    st.builds(_cell, st.integers(0, 40), st.integers(0, 30), st.text(max_size=12)),
    st.builds(_insert, _places, st.sampled_from(_TOKENS).map(lambda token: token.encode("utf-8", "replace"))),
    st.builds(_insert, _places, st.sampled_from(_BYTES)),
    st.builds(_cut, _places, st.integers(1, 200)),
    st.builds(_repeat, _places, st.integers(1, 200), st.integers(2, 5)),
    st.builds(_flip, _places, st.integers(0, 7)),
    st.builds(_swap_lines, st.integers(0, 40), st.integers(0, 40)),
    st.builds(
        _replace,
        st.sampled_from([b",", b";", b"\t", b'"', b"\r\n", b"\n", b"2026", b"-", b".", b" "]),
        st.sampled_from([b"", b",", b";", b"\t", b"|", b'"', b"\r", b"\n", b"/", b".", b"\xc2\xa0"]),
    ),
    st.builds(_encoded, st.sampled_from(_ENCODINGS)),
    st.sampled_from([gzip.compress, _zipped]),
)
