"""What lies in raw/: in which order files count, how notes and tombstones are read, and what is told of uploads by earlier runs."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from glue_jobs import runs
from glue_jobs.raw_files import RawFile, feeding, from_json, list_files
from glue_jobs.reading import Reader, parts_of
from glue_jobs.storage import Folder, Listed

DAY = "raw/conversions/2026-05-02"


def listed(storage: Folder) -> list[RawFile]:
    return list_files(storage, ["conversions"], zone="Europe/Berlin", currency="USD")


def test_files_count_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    for name in ("b.csv", "a.csv", "noted.csv", "copied.csv"):
        storage.write(f"{DAY}/{name}", b"x")
    for name, hour in (("b.csv", 8), ("a.csv", 9)):
        moment = datetime(2026, 5, 2, hour, tzinfo=UTC).timestamp()
        os.utime(tmp_path / DAY / name, (moment, moment))
    storage.write(f"{DAY}/noted.csv.reading.json", b'{"upload_id": "u9", "uploaded_at": "2026-05-02T08:30:00Z"}')
    storage.write(f"{DAY}/a.csv.undone.json", b"")
    files = listed(storage)
    assert [file.file_name for file in files] == ["b.csv", "noted.csv", "a.csv", "copied.csv"]
    assert [file.undone for file in files] == [False, False, True, False]
    assert files[1].upload_id == "u9"
    assert files[3].arrived_at.isoformat() == "2026-05-02T23:59:59.999999+00:00"  # when it came is not known any more
    assert len({file.upload_id for file in files}) == 4
    assert all(from_json(file.as_json()) == file for file in files)


def test_a_note_says_how_a_file_is_read_and_one_that_is_none_refuses_it(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    said = {"mapping": {"time": "When"}, "fixed": {"person": "p"}, "options": {"decimal": "comma", "odd": 1}}
    notes = {
        "a.csv": json.dumps(said | {"time_zone": "UTC"}),
        "b.csv": "{",
        "c.csv": '{"time_zone": "Mars"}',
        "d.csv": "[]",
    }
    for name, note in notes.items():
        storage.write(f"{DAY}/{name}", b"When;Value\n2026-05-01;1,5\n")
        storage.write(f"{DAY}/{name}.reading.json", note.encode())
    good, *bad = sorted(listed(storage), key=lambda file: file.path)
    assert (good.mapping, good.fixed, good.options) == ({"time": "When"}, {"person": "p"}, {"decimal": "comma"})
    assert (good.zone, good.currency) == ("UTC", "USD")
    reader = Reader(storage, ("conversions",), 7)
    rows = [row for batch in reader.read(parts_of(good)[0]) for row in batch.to_pylist()]
    assert [(row["person"], str(row["revenue"]), row["currency"]) for row in rows if row["into"] == "conversions"] == [
        ("p", "1.5000", "USD")
    ]
    for file in bad:
        rows = [row for batch in reader.read(parts_of(file)[0]) for row in batch.to_pylist()]
        assert [row["into"] for row in rows] == ["refused", "told"]
        assert "cannot be read" in rows[0]["reason"]


class Marked(Folder):
    """A bucket in which a console made the folder of a day."""

    def listed(self, folder: str) -> list[Listed]:
        return [Listed(f"{DAY}/", 0, datetime(2026, 5, 2, tzinfo=UTC)), *super().listed(folder)]


def test_what_marks_a_folder_is_no_file(tmp_path: Path) -> None:
    storage = Marked(tmp_path)
    storage.write(f"{DAY}/a.csv", b"x")
    assert [file.file_name for file in listed(storage)] == ["a.csv"]


def test_late_rows_are_counted_by_day_of_a_table_as_of_events(tmp_path: Path) -> None:
    storage = Folder(tmp_path)
    rows = ["time,person,channel", *(f"2026-05-0{day} 10:00,p,Email" for day in (1, 1, 2, 9))]
    storage.write("raw/touchpoints/2026-05-10/a.csv", "\n".join(rows).encode())
    events = [f'{{"event_id": "e{day}", "occurred_at": "2026-05-0{day}T10:00:00Z"}}' for day in (2, 9)]
    storage.write("raw/touchpoints/2026-05-10/b.jsonl", "\n".join(events).encode())
    reader = Reader(storage, ("touchpoints",), 7)
    late = {}
    for file in list_files(storage, ["touchpoints"], zone="UTC", currency="EUR"):
        read = [row for batch in reader.read(parts_of(file)[0]) for row in batch.to_pylist()]
        [told] = [json.loads(row["value"]) for row in read if row["into"] == "told"]
        late[file.file_name] = (told["late"], told["late_by_day"])
    assert late == {"a.csv": (3, {"2026-05-01": 2, "2026-05-02": 1}), "b.jsonl": (1, {"2026-05-02": 1})}


def test_tables_are_fed_by_every_source_that_has_rows_for_them() -> None:
    assert feeding("conversions") == ("touchpoints", "conversions")
    assert feeding("mentions") == ("mentions",)


def test_what_an_undone_upload_may_have_hidden_is_told_by_ids_in_common() -> None:
    class Table:
        name, uuid = "mentions", "one"

    def record(stored: list[str], overlaps: list[list[str]], uuid: str = "one") -> runs.Record:
        return {"tables": {"mentions": {"uuid": uuid, "stored": stored, "overlaps": overlaps}}}

    records = [
        record(["a", "b"], [["b", "a"]]),
        record(["c"], [["c", "b"]]),
        record(["d"], []),
        record(["x"], [], "two"),
    ]
    table = Table()
    assert runs.linked(records, table, {"c"}) == {"a", "b", "c"}  # type: ignore[arg-type]
    assert runs.linked(records, table, {"d"}) == {"d"}  # type: ignore[arg-type]
    assert runs.linked(records, table, {"x"}) is None  # type: ignore[arg-type]
