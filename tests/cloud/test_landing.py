"""Uploads to a lake in the cloud: the file lands beside its note, the page says what awaits the next run, and taking back is a note as well.

The run itself is stood in for by the commit that it makes, but for one test that runs the real job; so do tests/glue and test_cloud_demo.py.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import boto3
import pytest

from glue_jobs.raw_files import RawFile, list_files
from glue_jobs.storage import open_storage
from pipelines import derived
from pipelines.errors import TouchlineError
from pipelines.ingest import bucket, history, lake_rows, prepare, rows, uploads
from pipelines.ingest.load import commit
from pipelines.ingest.plan import preview
from pipelines.ingest.prepared import Prepared
from pipelines.questions import ask, data
from pipelines.settings import PROJECT, Settings
from pipelines.sources import SOURCES
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from pipelines.stores.history import MADE_OF, PROGRAM, UNDONE, UPLOAD
from tests.cloud.lakes import URL, Cloud, append
from tests.conftest import Environment

CONTENT = b"time,account,platform,text\n2026-03-01 10:00,A,X,lovely\n2026-03-02 11:00,B,X,awful\n"


@pytest.fixture(autouse=True)
def s3_of_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of a job has one end point; this one may have had another."""
    monkeypatch.setattr("glue_jobs.storage._s3", lambda: boto3.client("s3"))


def file(content: bytes = CONTENT) -> Prepared:
    return prepare(SOURCES["mentions"], content, "march mentions.csv")


def land(stores: Stores, content: bytes = CONTENT) -> dict[str, Any]:
    return commit(stores, file(content), content, "mia", keep_demo=True)


def status(stores: Stores, upload: Mapping[str, Any]) -> str:
    answer = ask(stores, "uploads", {})
    assert not answer.stale, answer.warnings
    return str(answer.rows.set_index("upload_id").loc[upload["upload_id"], "status"])


def objects(upload: Mapping[str, Any]) -> dict[str, bytes]:
    """What lies beside the file of an upload: what its name ends in -> the bytes. The file's own ending is ''."""
    bucket, _, key = str(upload["raw_path"]).removeprefix("s3://").partition("/")
    client = boto3.client("s3")
    found = client.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])
    return {
        one["Key"].removeprefix(key): client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found
    }


def run_job(cloud: Cloud, stores: Stores, table: str = "mentions", **uploads: str) -> int:
    """Commit to a table as a job does that stored or took out the rows of uploads; the snapshot."""
    made = append(
        cloud, table, {{"stored": UPLOAD, "undone": UNDONE}[done]: upload for done, upload in uploads.items()}
    )
    stores.lake.refresh()
    return made


def test_a_file_lands_beside_the_note_of_how_it_is_read(athena: Stores) -> None:
    plan = preview(athena, file())
    assert (plan.new, plan.replaced, plan.unchanged, plan.awaits) == (2, 0, 0, "05:00")
    upload = land(athena)
    beside = objects(upload)
    assert beside[""] == CONTENT
    note = json.loads(beside[lake_rows.READING])
    assert note["upload_id"] == upload["upload_id"]
    assert (note["source"], note["file_name"], note["time_zone"]) == ("mentions", "march mentions.csv", "UTC")
    assert lake_rows.UNDONE not in beside
    assert [found.undone for found in waiting() if found.upload_id == upload["upload_id"]] == [False]
    assert status(athena, upload) == "landed"
    assert not land(athena)["changed"]


def test_it_is_stored_once_a_run_brought_its_rows_and_undone_once_one_took_them_out(
    filled: Cloud, athena: Stores
) -> None:
    upload = land(athena, CONTENT + b"2026-03-03 10:00,A,X,again\n")
    run_job(filled, athena, stored=upload["upload_id"])
    assert status(athena, upload) == "committed"
    history.undo(athena, upload["upload_id"], "mia")
    assert lake_rows.UNDONE in objects(upload)
    assert status(athena, upload) == "leaving"
    run_job(filled, athena, undone=upload["upload_id"])
    assert status(athena, upload) == "undone"


def holds_demo(stores: Stores) -> bool:
    return ask(stores, "feed_days", {}).demo


def test_numbers_are_the_demos_until_a_run_took_its_rows_out(filled: Cloud, athena: Stores) -> None:
    made_up = CONTENT + b"2026-03-04 10:00,A,X,made up\n"
    demo = commit(athena, file(made_up), made_up, "mia", demo=True)
    run_job(filled, athena, stored=demo["upload_id"])
    assert holds_demo(athena)
    own = CONTENT + b"2026-03-04 10:00,A,X,of our own\n"
    assert commit(athena, file(own), own, "mia")["clears_demo"]
    assert status(athena, demo) == "leaving"
    assert holds_demo(athena)
    before = athena.read()
    run_job(filled, athena, undone=demo["upload_id"])
    assert not holds_demo(athena)
    assert data.holds_demo(before)  # which still shows them


def test_numbers_are_the_demos_while_journeys_are_made_of_its_rows(filled: Cloud, athena: Stores) -> None:
    demo = commit(athena, *touches("made up"), "mia", demo=True)
    made = run_job(filled, athena, "touchpoints", stored=demo["upload_id"])
    own = commit(athena, *touches("own"), "mia")
    taken = run_job(filled, athena, "touchpoints", undone=demo["upload_id"], stored=own["upload_id"])
    build_journeys(filled, athena, made)
    assert holds_demo(athena)
    build_journeys(filled, athena, taken)
    assert not holds_demo(athena)


def touches(person: str) -> tuple[Prepared, bytes]:
    """A file of one touchpoint."""
    content = f"person,time,channel\n{person},2026-03-05 10:00,Email\n".encode()
    return prepare(SOURCES["touchpoints"], content, "touches.csv"), content


def build_journeys(cloud: Cloud, stores: Stores, touchpoints: int) -> None:
    """Commit to the derived tables as a build does that read the touchpoints of a snapshot."""
    for table in derived.STATEMENTS:
        append(cloud, table, {PROGRAM: "any", MADE_OF: json.dumps({"touchpoints": touchpoints, "conversions": None})})
    stores.lake.refresh()


def rows_held(stores: Stores) -> int:
    """How many mentions the pages know of."""
    feeds = stores.read().lake("feeds", {}).set_index("source")
    return int(feeds.loc["mentions", "row_count"])


def last_run() -> str:
    """The record of the newest run of the job."""
    newest = max(bucket.listed(f"{URL}/runs/curate_mentions/"))
    return (bucket.get(newest) or b"").decode()


def daily_run(stores: Stores, variables: Environment, day: date) -> None:
    """Curate the mentions as the run of a day does, on this machine's Spark; then look anew, as the button Refresh does."""
    command = [sys.executable, "-m", "pipelines", "curate", "mentions", "--end", day.isoformat()]
    local = {**os.environ, **variables, "TOUCHLINE_JOBS": "local"}
    ended = subprocess.run(command, cwd=PROJECT, env=local, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    stores.lake.refresh()


@pytest.mark.cloud
@pytest.mark.parametrize("cloud", ["duckdb"], indirect=True, scope="module")  # whichever: it is Spark that works here
def test_what_lands_after_a_days_run_shows_after_the_next(athena: Stores, variables: Environment) -> None:
    today = datetime.now(UTC).date()
    daily_run(athena, variables, today)  # takes what landed before this test
    before = rows_held(athena)
    header = b"time,account,platform,text\n"
    first = land(athena, header + b"2026-03-03 10:00,A,X,before the run\n2026-03-03 11:00,A,X,and again\n")
    daily_run(athena, variables, today)
    assert (status(athena, first), rows_held(athena)) == ("committed", before + 2)
    second = land(athena, header + b"2026-03-04 10:00,A,X,after the run\n")
    assert (status(athena, second), rows_held(athena)) == ("landed", before + 2)
    history.undo(athena, first["upload_id"], "mia")
    daily_run(athena, variables, today + timedelta(days=1))
    assert (status(athena, second), status(athena, first)) == ("committed", "undone"), last_run()
    assert rows_held(athena) == before + 1


def test_it_stays_stored_when_the_snapshot_that_stored_it_is_let_go(filled: Cloud, athena: Stores) -> None:
    upload = land(athena, CONTENT + b"2026-03-03 10:00,A,X,long ago\n")
    run_job(filled, athena, stored=upload["upload_id"])
    run_job(filled, athena)
    table = filled.catalog.load_table("touchline.mentions")
    newest = table.metadata.current_snapshot_id
    table.maintenance.expire_snapshots().by_ids(
        [s.snapshot_id for s in table.snapshots() if s.snapshot_id != newest]
    ).commit()
    athena.lake.refresh()
    assert upload["upload_id"] not in athena.lake.held_uploads("mentions")
    assert status(athena, upload) == "committed"


def test_a_run_that_changed_no_row_has_brought_it_all_the_same(athena: Stores) -> None:
    upload = land(athena, CONTENT + b"2026-03-03 10:00,A,X,nothing new\n")
    record = {"tables": {"mentions": {"stored": [upload["upload_id"]]}}, "files": [{"upload_id": upload["upload_id"]}]}
    put_record(record)
    assert status(athena, upload) == "committed"


def test_a_file_of_which_a_run_could_take_nothing_is_said(athena: Stores) -> None:
    upload = land(athena, CONTENT + b"2026-03-03 10:00,A,X,odd\n")
    put_record({"tables": {}, "files": [{"upload_id": upload["upload_id"], "complaint": "It holds nothing."}]})
    newest = ask(athena, "uploads", {}).rows.set_index("upload_id").loc[upload["upload_id"]]
    assert (newest["status"], newest["error"]) == ("failed", "It holds nothing.")


def put_record(record: Mapping[str, Any]) -> None:
    """Write the record of a run that was over just now."""
    day = datetime.now(UTC).date()
    url = f"{URL}/runs/curate_mentions/{day}/{uuid.uuid4().hex}.json"
    bucket.put(url, json.dumps(record).encode())


def test_what_is_undone_before_the_run_is_left_out_by_it(athena: Stores) -> None:
    upload = land(athena, CONTENT + b"2026-03-03 10:00,A,X,never\n")
    history.undo(athena, upload["upload_id"], "mia")
    assert lake_rows.UNDONE in objects(upload)
    assert status(athena, upload) == "undone"


def test_a_file_that_is_read_again_lands_again_in_place_of_the_first_reading(athena: Stores) -> None:
    first = land(athena, CONTENT + b"2026-03-03 10:00,A,X,twice\n")
    second = history.reread(athena, first["upload_id"], "mia", {"text": None}, {}, {})
    assert json.loads(objects(second)[lake_rows.READING])["mapping"] == {"text": None}
    assert lake_rows.UNDONE in objects(first)
    history.undo(athena, second["upload_id"], "mia")
    assert lake_rows.UNDONE not in objects(first)
    assert lake_rows.UNDONE in objects(second)
    assert status(athena, first) == "landed"


def test_an_upload_whose_worker_died_is_left_out_by_the_next_run(
    athena: Stores, in_cloud: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "mark_committed", dies)
        with pytest.raises(KeyboardInterrupt):
            land(athena, CONTENT + b"2026-03-03 10:00,A,X,dead\n")
    athena.close()
    again = open_stores(in_cloud)
    try:
        history.recover(again)
        newest = ask(again, "uploads", {}).rows.iloc[0].to_dict()
        assert newest["status"] == "failed"
        assert lake_rows.UNDONE in objects(newest)
    finally:
        again.close()


@pytest.mark.parametrize("step", ["insert", "store"])
@pytest.mark.parametrize("fault", [OSError, KeyboardInterrupt])  # what is told, and a process that dies there
def test_a_file_that_is_not_stored_is_never_read(
    athena: Stores, monkeypatch: pytest.MonkeyPatch, step: str, fault: type[BaseException]
) -> None:
    """Also by a run that comes before anybody opens the stores again."""

    def fails(*_: object) -> None:
        raise fault

    before = {found.path for found in waiting()}
    with monkeypatch.context() as patched:
        patched.setattr(*{"insert": (rows, "copy"), "store": (lake_rows, "store")}[step], fails)
        with pytest.raises(fault):
            land(athena, CONTENT + f"2026-03-03 10:00,A,X,{step} {fault.__name__}\n".encode())
    [left] = [found for found in waiting() if found.path not in before]
    assert left.undone
    history.recover(athena)
    assert [found.undone for found in waiting() if found.path == left.path] == [True]
    assert land(athena, CONTENT + f"2026-03-03 10:00,A,X,{step} {fault.__name__}\n".encode())["changed"]


def test_what_was_stored_before_the_lake_moved_to_the_cloud_can_be_taken_back(athena: Stores, embedded: Stores) -> None:
    content = CONTENT + b"2026-03-03 10:00,A,X,at home\n"
    upload = commit(embedded, file(content), content, "mia", keep_demo=True, build=False)
    try:
        assert history.undo(athena, upload["upload_id"], "mia")["undone_version"] is not None
    finally:
        embedded.own_lake.undo("mentions", [upload["upload_id"]], [])


def waiting() -> list[RawFile]:
    """What a job finds in raw/."""
    return list_files(open_storage(URL), ["mentions"], zone="UTC", currency="EUR")


def test_a_bucket_that_takes_no_file_is_said_and_nothing_is_stored(athena: Stores) -> None:
    before = len(ask(athena, "uploads", {}).rows)
    elsewhere = replace(athena, settings=replace(athena.settings, raw_url="s3://a-bucket-that-is-gone/raw"))
    with pytest.raises(TouchlineError, match="could not be kept"):
        land(elsewhere, CONTENT + b"2026-03-03 10:00,A,X,refused\n")
    assert len(ask(athena, "uploads", {}).rows) == before
