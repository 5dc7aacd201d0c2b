"""Events in JSON lines: what of them is stored, what is refused, dropped or only counted, and that large files are read in parts."""

import gzip
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glue_jobs import reading
from glue_jobs.event_schema import BOTS, VERSIONS
from glue_jobs.events import read_events, split_lines
from glue_jobs.identifiers import hash_persons
from glue_jobs.raw_files import RawFile
from glue_jobs.reading import Reader, parts_of
from glue_jobs.storage import Folder
from pipelines.ingest import prepare
from pipelines.sources import SOURCES
from tests.glue.conftest import JobLake

pytestmark = pytest.mark.cloud

ARRIVED = datetime(2026, 5, 7, tzinfo=UTC)


def event(id_: Any, **more: Any) -> dict[str, Any]:
    """An event that is all right."""
    return {"event_id": id_, "occurred_at": "2026-05-06T10:00:00Z", "person": "p1", "channel": "Email", **more}


def lines(events: Sequence[dict[str, Any]]) -> bytes:
    """Events as they arrive."""
    return "".join(json.dumps(one) + "\n" for one in events).encode()


def raw_file(path: str = "raw/touchpoints/2026-05-07/a.jsonl", size: int = 0) -> RawFile:
    """A file that arrived on a day in May."""
    return RawFile(path, "touchpoints", "2026-05-07", size, "u1", ARRIVED, "a.jsonl", "UTC", "EUR")


def read(content: bytes) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]], dict[str, Any]]:
    """Rows by table, refused rows, and what was counted."""
    tables: dict[str, list[dict[str, Any]]] = {"touchpoints": [], "conversions": []}
    refused: list[dict[str, Any]] = []
    told: Counter[str] = Counter()
    drift: dict[str, int] = {}
    for found in read_events(content, raw_file(), 3):
        for name, rows in found.tables.items():
            tables[name] += rows.to_pylist()
        refused += found.refused.to_pylist()
        told.update(lines=found.lines, bots=found.bots, late=found.late.total())
        drift |= dict(found.drift)
    return tables, refused, {**told, "drift": drift}


def test_an_event_is_a_touchpoint_and_where_it_says_so_a_conversion() -> None:
    tables, refused, told = read(
        lines(
            [
                event("e1", kind="click", campaign="Spring", consent=False),
                event(
                    "e2", channel=None, source="google", medium="cpc", occurred_at="2026-05-06T12:00:00.123456+02:00"
                ),
                event(
                    "e3", converted=True, revenue=12.5, currency="usd", conversion_type="purchase", transaction_id="o1"
                ),
                event("e4", revenue=3, occurred_at=1778061600000),
            ]
        )
    )
    assert refused == []
    assert told == {"lines": 4, "bots": 0, "late": 0, "drift": {}}
    first, second, _, fourth = tables["touchpoints"]
    assert (first["touchpoint_id"], first["consent"], first["kind"]) == ("e1", False, "click")
    assert (second["channel"], str(second["occurred_at"])) == ("google / cpc", "2026-05-06 10:00:00.123000")
    assert (str(fourth["occurred_at"]), fourth["dt"]) == ("2026-05-06 10:00:00", "2026-05-06")
    (conversion,) = tables["conversions"]
    assert (conversion["conversion_id"], conversion["type"], conversion["currency"]) == ("o1", "purchase", "USD")
    assert conversion["revenue"] == Decimal("12.5")


def test_what_lacks_its_id_or_time_or_is_no_event_is_refused_with_its_reason() -> None:
    content = lines([event("e1"), event(None), event("e3", occurred_at="soon"), event("e4", schema_version=7)])
    content += b'\n[1]\n{"event_id": \n{"event_id":"e\xff"}\n' + lines([event("e\x00")]) + lines([event("e9")])[:-1]
    tables, refused, told = read(content)
    assert [row["touchpoint_id"] for row in tables["touchpoints"]] == ["e1", "e9"]
    assert told["lines"] == 9
    assert len(refused) == 7
    reasons = {line["row"]: (line["column"], line["value"], line["reason"]) for line in refused}
    starts = [place for place, _ in _starts(content)]
    assert reasons[starts[1]] == ("event_id", "", "This must not be blank.")
    assert reasons[starts[2]][:2] == ("occurred_at", "soon")
    assert "schema other than 1" in reasons[starts[3]][2]
    assert {reasons[place][2] for place in starts[4:8]} == {"The line is no object in JSON, in UTF-8."}


def test_bots_are_left_out_and_late_events_and_drift_are_counted() -> None:
    _, refused, told = read(
        lines(
            [
                event("e1", user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)", occurred_at="never"),
                event("e2", user_agent="Mozilla/5.0 (iPhone) Safari"),
                event("e3", occurred_at="2026-05-03T23:59:59Z"),
                event("e4", occurred_at="2026-05-04T00:00:00Z", shop={"id": 1}, person=17),
            ]
        )
    )
    assert refused == []
    assert told == {"lines": 4, "bots": 1, "late": 1, "drift": {"shop: object": 1, "person: number": 1}}


@pytest.mark.parametrize(
    ("agent", "is_bot"),
    [
        ("curl/8.4", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", True),
        ("HeadlessChrome/120", True),
        ("AhrefsBot", True),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605 Safari/605", False),
        ("Mozilla/5.0 (Linux; Android 13; Cubot X30)", False),
    ],
)
def test_bots_are_told_by_their_user_agent(agent: str, is_bot: bool) -> None:
    assert pc.match_substring_regex(pa.array([agent]), BOTS).to_pylist() == [is_bot]


def test_the_schema_fills_fields_of_touchpoints() -> None:
    for fields in VERSIONS.values():
        assert {one.field for one in fields if one.field} <= set(SOURCES["touchpoints"].field_names)
        assert {one.field for one in fields if one.required} == {"id", "time"}


def test_every_line_is_read_once_wherever_a_part_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = lines([event(f"e{number}", campaign="x" * (number % 7)) for number in range(40)])
    storage = Folder(tmp_path)
    file = raw_file(size=len(content))
    storage.write(file.path, content)
    whole = {(row["touchpoint_id"], row["row_number"]) for row in read(content)[0]["touchpoints"]}
    for part_size in (1, 50, 97, len(lines([event("e0", campaign="")])), len(content) - 1):
        monkeypatch.setattr(reading, "PART", part_size)
        parts = parts_of(file)
        assert len(parts) == -(-len(content) // part_size)
        rows = [
            (row["touchpoint_id"], row["row_number"])
            for part in parts
            for batch in Reader(storage, ("touchpoints",), 3).read(part)
            for row in batch.to_pylist()
            if row["into"] == "touchpoints"
        ]
        assert len(rows) == len(whole)
        assert set(rows) == whole


def test_a_packed_file_is_read_in_pieces_and_a_damaged_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 500)
    packed = gzip.compress(lines([event(f"e{number}") for number in range(40)]))
    storage = Folder(tmp_path)
    for name, content in (("good", packed), ("bad", packed[:-20])):
        file = raw_file(f"raw/touchpoints/2026-05-07/{name}.jsonl.gz", len(content))
        storage.write(file.path, content)
        rows = [
            row for batch in Reader(storage, ("touchpoints",), 3).read(parts_of(file)[0]) for row in batch.to_pylist()
        ]
        told = json.loads(rows[-1]["value"])
        if name == "good":
            assert (told["rows_read"], len(rows)) == (40, 41)
        else:
            assert "is damaged" in told["complaint"]


def test_persons_are_hashed_alike_everywhere_and_ids_made_of_them_too() -> None:
    csv = "time,person,channel,converted\n2026-05-01 10:00,mia@example.com,Email,yes\n"
    tables = prepare(SOURCES["touchpoints"], csv.encode(), "a.csv").tables
    hashed = {name: rows.to_pylist()[0] for name, rows in hash_persons(tables, b"pepper").items()}
    expected = hmac.new(b"pepper", b"mia@example.com", hashlib.sha256).hexdigest()
    assert hashed["touchpoints"]["person"] == hashed["conversions"]["person"] == expected
    id_, before = hashed["touchpoints"]["touchpoint_id"], tables["touchpoints"]["touchpoint_id"][0].as_py()
    assert id_ == hmac.new(b"pepper", before.encode(), hashlib.sha256).hexdigest()
    assert hashed["conversions"]["conversion_id"] == f"{id_}:conversion"


def test_a_run_over_events(
    job_lake: JobLake, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    first = [
        event("e1"),
        event("e2", converted=True, revenue=9, transaction_id="o1"),
        event("e1"),
        event("e5", user_agent="bot"),
    ]
    job_lake.put("touchpoints", "a.jsonl", lines(first), "2026-05-07")
    again = [event("e2", converted=True, revenue=9, transaction_id="o1"), event("e3", consent=False), {"person": "p2"}]
    job_lake.put("touchpoints", "b.jsonl.gz", gzip.compress(lines(again)), "2026-05-08")
    record = job_lake.run("touchpoints", secret=b"pepper-and-salt", late_days=2.0)
    rows = {row["touchpoint_id"]: row for row in job_lake.rows("touchpoints")}
    assert list(rows) == ["e1", "e2", "e3"]
    assert {row["person"] for row in rows.values()} == {hmac.new(b"pepper-and-salt", b"p1", hashlib.sha256).hexdigest()}
    assert rows["e3"]["consent"] is False
    assert [row["conversion_id"] for row in job_lake.rows("conversions")] == ["o1"]
    assert (record["rows_in"], record["rows_rejected"], record["bots"], record["late"]) == (7, 1, 1, 2)
    assert record["late_by_day"] == {"2026-05-06": 2}
    assert record["tables"]["touchpoints"]["duplicates"] == 2
    assert [line["reason"] for line in job_lake.rejected("touchpoints")] == [
        "This must not be blank. Also occurred_at '': This must not be blank."
    ]
    assert job_lake.run("touchpoints")["status"] == "nothing new"
    written = [path.read_bytes() for path in job_lake.root.rglob("*") if path.is_file() and "raw" not in path.parts]
    assert not [content for content in written if b"pepper-and-salt" in content]
    assert "pepper-and-salt" not in caplog.text + "".join(capfd.readouterr())


def _starts(content: bytes) -> list[tuple[int, str]]:
    texts, places = split_lines(content)
    return list(zip(places.to_pylist(), texts.to_pylist(), strict=True))
