"""Refused rows as they stand in the file, with their reasons."""

from pipelines.ingest import prepare, read_raw
from pipelines.ingest.refused import refused_rows
from pipelines.sources import SOURCES

FILE = b"date,channel,campaign,amount,reason\n2026-02-30,Search,A,x,\n2026-02-03,Search,B,2.50,why not\n2026-02-04,Search,C,1,,2\n"


def test_refused_rows_are_those_of_the_file_with_a_reason() -> None:
    prepared = prepare(SOURCES["spend"], FILE, "spend.csv")
    rows = refused_rows(read_raw(FILE, "spend.csv", SOURCES["spend"]), prepared.refused).to_pylist()
    assert prepared.accepted == 1
    assert [list(row.values())[:5] for row in rows] == [
        ["2026-02-30", "Search", "A", "x", ""],
        ["2026-02-04,Search,C,1,,2", None, None, None, None],
    ]
    unreal, ragged = (row["reason_"] for row in rows)
    assert "date" in unreal
    assert "amount" in unreal
    assert "6 cells" in ragged
