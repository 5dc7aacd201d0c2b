"""The command line as scripts use it: words, exit statuses, and JSON that can be relied on."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from pipelines.settings import PROJECT

SPEND = "Day,Channel,Campaign,Cost\n2026-03-02,Search,Spring,10.50\n2026-03-03,Search,Spring,oops\n2026-03-04,Mail,Spring,3\n"
INGESTED = ["source", "encoding", "delimiter", "header_row", "mapping", "rows_read", "new", "replaced", "unchanged"]
INGESTED += [
    "refused",
    "warnings",
    "sample",
    "export",
    "container",
    "accepted",
    "merged",
    "doubts",
    "totals",
    "removed",
]


@pytest.fixture
def spend(tmp_path: Path) -> str:
    """A spend file of three rows, one of them to be refused."""
    path = tmp_path / "spend.csv"
    path.write_text(SPEND)
    return str(path)


def test_ingest_says_the_same_dry_and_wet(run: Callable[..., tuple[int, str, str]], spend: str) -> None:
    status, out, _ = run("ingest", "spend", spend, "--dry-run", "--format", "json")
    dry: dict[str, Any] = json.loads(out)
    assert (status, list(dry)) == (0, INGESTED)
    assert (dry["rows_read"], dry["new"], dry["replaced"], dry["unchanged"]) == (3, 2, 0, 0)
    assert [(row["row"], row["value"]) for row in dry["refused"]] == [(3, "oops")]
    assert list(dry["refused"][0]) == ["row", "column", "value", "reason"]
    assert dry["sample"][0]["amount"] == 10.5
    assert json.loads(run("uploads", "--format", "json")[1])["rows"] == []

    status, out, _ = run("ingest", "spend", spend, "--format", "json")
    wet = json.loads(out)
    assert (status, list(wet)) == (0, [*INGESTED, "upload_id"])
    assert {key: wet[key] for key in INGESTED} == dry

    again = json.loads(run("ingest", "spend", spend, "--format", "json")[1])
    assert (again["new"], again["replaced"], again["unchanged"]) == (0, 0, 2)
    assert again["upload_id"] == wet["upload_id"]
    assert "loaded by mia" in again["warnings"][-1]


def test_columns_and_values_can_be_given(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("when,what,paid\n2026-03-02,Spring,1\n")
    odd = ("ingest", "spend", str(path), "--format", "json")
    assert run(*odd)[0] == 1
    given = ("--map", "date=when", "--map", "campaign=what", "--map", "amount=paid", "--set", "channel=Search = Ads")
    status, out, _ = run(*odd, *given)
    assert (status, json.loads(out)["sample"][0]["channel"]) == (0, "Search = Ads")


def test_every_row_is_accounted_for(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("Day,Channel,Campaign,Cost\n2026-03-02,A,x,10\n2026-03-02,A,x,5\n2026-03-03,A,y,oops\nTotal,,,16\n")
    said = json.loads(run("ingest", "spend", str(path), "--format", "json")[1])
    assert said["rows_read"] == said["accepted"] + len(said["refused"]) + said["totals"]["rows_dropped"]
    assert (said["accepted"], said["merged"]) == (2, 1)
    totals = said["totals"]
    assert (totals["rows_dropped"], totals["file"], totals["ours"]) == (1, 16.0, 15.0)
    figure = {key: totals["figures"][0][key] for key in ("row", "label", "field", "file", "ours", "agrees")}
    assert figure == {"row": 5, "label": "Total", "field": "amount", "file": 16.0, "ours": 15.0, "agrees": False}
    [upload] = json.loads(run("uploads", "--format", "json")[1])["rows"]
    counts = [upload[f"rows_{kind}"] for kind in ("read", "accepted", "merged", "refused", "totals")]
    assert counts == [4, 2, 1, 1, 1]
    assert "differs from the sum of its rows" in run("ingest", "spend", str(path), "--dry-run")[1]


def test_what_a_file_lacks_is_listed_and_removed_only_if_asked(
    run: Callable[..., tuple[int, str, str]], spend: str, tmp_path: Path
) -> None:
    run("ingest", "spend", spend)
    renamed = tmp_path / "renamed.csv"
    renamed.write_text("Day,Channel,Campaign,Cost\n2026-03-02,Search,Spring 2,10.50\n")
    ingest = ("ingest", "spend", str(renamed), "--format", "json")
    dry = json.loads(run(*ingest, "--dry-run")[1])
    assert [(row["date"], row["campaign"], row["amount"]) for row in dry["removed"]] == [("2026-03-02", "Spring", 10.5)]
    kept = json.loads(run(*ingest)[1])
    assert kept["removed"] == []
    assert "they stay" in " ".join(kept["warnings"])
    run("undo", kept["upload_id"])
    gone = json.loads(run(*ingest, "--remove-missing")[1])
    assert gone["removed"] == dry["removed"]
    assert "Spring 2" in run("export", "spend", "--end", "2026-03-02")[1]
    assert "Spring," not in run("export", "spend", "--end", "2026-03-02")[1]
    run("undo", gone["upload_id"])
    assert "Spring," in run("export", "spend", "--end", "2026-03-02")[1]


def test_dates_that_may_be_read_in_two_ways_are_asked_for(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "doubt.csv"
    path.write_text("Day,Channel,Campaign,Cost\n01/02/2026,A,x,10\n03/02/2026,A,x,5\n")
    ingest = ("ingest", "spend", str(path), "--format", "json")
    status, out, _ = run(*ingest, "--dry-run")
    dry = json.loads(out)
    assert (status, [doubt["kind"] for doubt in dry["doubts"]]) == (0, ["date_order"])
    assert any("--date-order" in warning for warning in dry["warnings"])
    status, out, err = run(*ingest)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "--date-order day or --date-order month" in err
    told = json.loads(run(*ingest, "--date-order", "day", "--decimal", "point", "--time-zone", "Europe/Berlin")[1])
    assert (told["doubts"], told["sample"][0]["date"]) == ([], "2026-02-01")


def test_amounts_that_may_be_thousands_are_asked_for(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "thousands.csv"
    path.write_text("Day,Channel,Campaign,Cost\n2026-02-01,A,x,1.234\n")
    ingest = ("ingest", "spend", str(path), "--format", "json")
    status, out, err = run(*ingest)
    assert (status, out) == (1, "")
    assert "may be 1.234 or 1234. Say which of them is meant (--decimal point or --decimal comma)" in err
    told = json.loads(run(*ingest, "--decimal", "comma")[1])
    assert (told["doubts"], float(told["sample"][0]["amount"])) == ([], 1234)


def test_a_remembered_mapping_is_used_and_said(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path, later = tmp_path / "odd.csv", tmp_path / "later.csv"
    path.write_text("when,what,paid,net\n2026-03-02,Spring,2,1\n")
    later.write_text("when,what,paid,net\n2026-03-09,Spring,4,3\n")
    columns = ("--map", "date=when", "--map", "campaign=what", "--map", "amount=paid", "--set", "channel=Search")
    assert run("ingest", "spend", str(path), *columns, "--remember")[0] == 0
    said = json.loads(run("ingest", "spend", str(later), "--dry-run", "--format", "json")[1])
    assert (said["sample"][0]["amount"], said["sample"][0]["channel"]) == (4.0, "Search")
    assert "Read as mia said" in said["warnings"][0]
    against = json.loads(run("ingest", "auto", str(later), "--map", "amount=net", "--dry-run", "--format", "json")[1])
    assert (against["source"], against["sample"][0]["amount"]) == ("spend", 3.0)


def test_what_is_remembered_of_a_pivot_is_found_for_other_days(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    pivot = (PROJECT / "tests" / "corpus" / "listening" / "sprinklr_brand_pivot.csv").read_bytes()
    path, later = tmp_path / "pivot.csv", tmp_path / "later.csv"
    path.write_bytes(pivot)
    later.write_bytes(pivot.replace(b"260107", b"260207"))
    assert later.read_bytes() != pivot
    assert run("ingest", "mentions", str(path), "--set", "platform=Elsewhere", "--remember")[0] == 0
    for source in ("mentions", "auto"):
        said = json.loads(run("ingest", source, str(later), "--dry-run", "--format", "json")[1])
        assert "Read as mia said" in said["warnings"][0]
        assert said["sample"][0]["platform"] == "Elsewhere"


def test_the_source_may_be_found_out(run: Callable[..., tuple[int, str, str]], spend: str, tmp_path: Path) -> None:
    assert json.loads(run("ingest", "auto", spend, "--dry-run", "--format", "json")[1])["source"] == "spend"
    unclear = tmp_path / "unclear.csv"
    unclear.write_text("a,b\n1,2\n")
    status, out, err = run("ingest", "auto", str(unclear), "--dry-run")
    assert (status, out, err.count("\n")) == (1, "", 1)


def test_a_file_is_read_again_in_its_place(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("Day,Channel,Campaign,Net,Gross\n2026-03-02,A,x,10,12\n")
    first = json.loads(run("ingest", "spend", str(path), "--map", "amount=Net", "--format", "json")[1])["upload_id"]
    again = ("reread", first, "--map", "amount=Gross", "--format", "json")
    dry = json.loads(run(*again, "--dry-run")[1])
    assert (dry["replaced"], "upload_id" in dry) == (1, False)
    second = json.loads(run(*again)[1])
    assert (second["sample"][0]["amount"], second["mapping"]["amount"]) == (12.0, "Gross")
    uploads = {row["upload_id"]: row for row in json.loads(run("uploads", "--format", "json")[1])["rows"]}
    assert (uploads[first]["status"], uploads[first]["replaced_by"]) == ("replaced", second["upload_id"])
    assert run("undo", second["upload_id"])[0] == 0
    assert ",10.0000," in run("export", "spend")[1]
    assert run("reread", "nonsense")[0] == 1


def test_an_export_read_back_changes_nothing(
    run: Callable[..., tuple[int, str, str]], spend: str, tmp_path: Path
) -> None:
    run("ingest", "spend", spend)
    out = tmp_path / "out.csv"
    out.write_text(run("export", "spend")[1], newline="")
    said = json.loads(run("ingest", "spend", str(out), "--dry-run", "--format", "json")[1])
    assert (said["new"], said["replaced"], said["unchanged"], said["removed"]) == (0, 0, 2, [])
    assert run("export", "spend", "--start", "2026-03-03")[1].count("\r\n") == 2


def test_history_and_undo(run: Callable[..., tuple[int, str, str]], spend: str) -> None:
    assert "Stored spend.csv as spend" in run("ingest", "spend", spend)[1]
    upload = json.loads(run("uploads", "--format", "json")[1])["rows"][0]
    assert (upload["file_name"], upload["uploaded_by"], upload["undone_at"]) == ("spend.csv", "mia", None)
    assert run("undo", upload["upload_id"])[:2] == (0, "Undone: spend.csv (spend).\n")
    status, out, err = run("undo", upload["upload_id"])
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "undone already" in err
    assert "undone_at" in run("uploads")[1]
    assert re.fullmatch(r"The journeys are up to date: data version w\d+\.l\w{12}\.\n", run("journeys")[1])


def test_ask_in_three_forms(run: Callable[..., tuple[int, str, str]], spend: str) -> None:
    run("ingest", "spend", spend)
    status, out, _ = run("ask", "spend_and_cpa", "--format", "json", "--model", "linear", "--lookback-days", "0.5")
    answer = json.loads(out)
    assert status == 0
    assert list(answer) == ["question", "parameters", "data_version", "demo", "warnings", "rows", "facts"]
    assert (answer["parameters"]["model"], answer["parameters"]["lookback_days"]) == ("linear", 0.5)
    assert answer["demo"] is False
    spent = {row["channel"]: (row["spend"], row["cpa"]) for row in answer["rows"]}
    assert spent == {"Search": (10.5, None), "Mail": (3.0, None)}
    head, *_ = run("ask", "spend_and_cpa", "--format", "csv")[1].splitlines()
    assert head.startswith("channel,attributed_conversions,attributed_revenue,share,spend,cpa")
    assert "—" in run("ask", "spend_and_cpa")[1]


def test_names_that_no_row_has_are_told(run: Callable[..., tuple[int, str, str]], spend: str) -> None:
    run("ingest", "spend", spend)
    ask_for = ("ask", "channel_credit", "--parameter")
    assert "There is no channel 'Telex'. There are: Mail, Search." in run(*ask_for, "excluded_channels=mail,Telex")[2]
    assert "There is no" not in run(*ask_for, "excluded_channels=mail")[2]
    assert "no conversion type 'sale'. There are: none yet." in run("ask", "overview", "--conversion-type", "sale")[2]
    of_one = run("ask", "conversions_list", "--by", "channel", "--parameter", "name=Telex")
    assert "There is no channel 'Telex'." in of_one[2]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("ingest", "nonsense", "file.csv"),
        ("ingest", "spend", "file.csv", "--map", "no-equals-sign"),
        ("ingest", "spend", "file.csv", "--date-order", "year"),
        ("ingest", "spend", "file.csv", "--time-zone", "Middle/Earth"),
        ("export", "nonsense"),
        ("export", "spend", "--start", "yesterday"),
        ("export", "aliases", "--start", "2026-03-02"),
        ("ask", "nonsense"),
        ("ask", "channel_credit", "--model", "nonsense"),
        ("ask", "channel_credit", "--start", "yesterday"),
        ("ask", "channel_credit", "--start", "2026-02-30"),
        ("ask", "channel_credit", "--start", "2026-03-02", "--end", "2026-03-01"),
        ("ask", "channel_credit", "--lookback-days", "-1"),
        ("ask", "channel_credit", "--parameter", "nonsense=1"),
        ("ask", "channel_credit", "--by", "nonsense"),
    ],
)
def test_wrong_usage_is_exit_2(run: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err
    assert "Traceback" not in err


def test_what_cannot_be_done_is_exit_1_and_one_line(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    empty, huge, binary, pipe = (tmp_path / name for name in ("empty.csv", "huge.csv", "binary.csv", "pipe.csv"))
    empty.write_text("")
    with huge.open("wb") as file:
        file.truncate(300 * 2**20)
    binary.write_bytes(bytes(range(256)) * 100)
    pipe.symlink_to("/dev/zero")
    for arguments in (
        ("ingest", "spend", str(tmp_path / "none.csv")),
        ("ingest", "spend", str(tmp_path)),
        ("ingest", "spend", str(empty)),
        ("ingest", "spend", str(huge)),
        ("ingest", "auto", str(huge)),
        ("ingest", "spend", str(binary)),
        ("ingest", "auto", str(binary)),
        ("ingest", "spend", str(pipe)),
        ("ingest", "spend", f"{tmp_path}/{'x' * 300}.csv"),
        ("undo", "nonsense"),
        ("reread", "nonsense"),
    ):
        status, out, err = run(*arguments)
        assert (status, out, err.count("\n")) == (1, "", 1), (arguments, err)
        assert "a fault of ours" not in err
    assert json.loads(run("uploads", "--format", "json")[1])["rows"] == []


def test_a_file_that_may_not_be_read_is_one_line(run: Callable[..., tuple[int, str, str]]) -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        secret = Path(folder, "secret.csv")
        secret.write_text(SPEND)
        secret.chmod(0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root may read anything
        try:
            said = run("ingest", "spend", str(secret))
        finally:
            if root:
                os.seteuid(0)
    remedy = "Name a file that can be read."
    assert said == (1, "", f"touchline: The file secret.csv cannot be read: Permission denied. {remedy}\n")


def test_an_unreachable_database_is_one_line(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_DATABASE_URL", "postgresql://mia:hush@127.0.0.1:1/touchline")
    status, out, err = run("ask", "overview")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "does not answer" in err
    assert "hush" not in err


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of a lake in the cloud, of which nothing answers."""
    for name, value in {
        "TOUCHLINE_LAKE": "athena",
        "TOUCHLINE_LAKE_URL": "s3://lake/touchline",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("cloud")
def test_the_demo_comes_into_no_shared_lake_unless_it_is_asked_for(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("demo", "--if-unused") == (0, "", "")
    assert json.loads(run("uploads", "--format", "json")[1])["rows"] == []
    status, _, reason = run("demo")
    assert status == 1
    assert "s3://lake/touchline/raw/" in reason  # where it would have gone


def test_an_empty_lake_has_nothing_to_maintain(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("maintain") == (0, "There was nothing to do.\n", "")


def test_maintenance_leaves_uploads_to_others(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dead process left is put right by notes in raw/, where the policy of whoever maintains lets nobody write."""
    recovered: list[Any] = []
    monkeypatch.setattr("pipelines.ingest.history.recover", recovered.append)
    assert run("maintain")[0] == 0
    assert recovered == []
    assert run("uploads")[0] == 0
    assert len(recovered) == 1


def test_without_a_lake_in_the_cloud_there_is_nothing_to_provision(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    status, out, said = run("provision", "--check")
    assert (status, out) == (2, "")
    assert said == "touchline: TOUCHLINE_LAKE_URL is not set. Set it to s3://bucket/prefix.\n"


def test_questions_lists_all_and_starts_no_server(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    status, out, _ = run("questions")
    assert status == 0
    for question in ("quadrants", "channel_credit", "spend_and_cpa", "unattributed", "overview", "uploads"):
        assert f"\n{question}\n" in f"\n{out}"
    assert not (tmp_path / "home").exists()


def test_a_reader_that_closes_early_hears_no_complaint(tmp_path: Path) -> None:
    command = f"{sys.executable} -m pipelines questions | head -1"
    done = subprocess.run(command, shell=True, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
