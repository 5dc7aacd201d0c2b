"""The command line as scripts use it: words, exit statuses, and JSON that can be relied on."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.settings import PROJECT

SPEND = "Day,Channel,Campaign,Cost\n2026-03-02,Search,Spring,10.50\n2026-03-03,Search,Spring,oops\n2026-03-04,Mail,Spring,3\n"
INGESTED = ["source", "encoding", "delimiter", "header_row", "mapping", "rows_read", "new", "replaced", "unchanged"]
INGESTED += ["refused", "warnings", "sample", "export", "container", "accepted", "merged", "doubts", "totals", "removed"]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command on a home of the test's own: exit status, standard output, standard error."""
    monkeypatch.setenv("TOUCHLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOUCHLINE_USER", "mia")

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(str(ended.code))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


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


def test_history_and_undo(run: Callable[..., tuple[int, str, str]], spend: str) -> None:
    assert "Stored spend.csv as spend" in run("ingest", "spend", spend)[1]
    upload = json.loads(run("uploads", "--format", "json")[1])["rows"][0]
    assert (upload["file_name"], upload["uploaded_by"], upload["undone_at"]) == ("spend.csv", "mia", None)
    assert run("undo", upload["upload_id"])[:2] == (0, "Undone: spend.csv (spend).\n")
    status, out, err = run("undo", upload["upload_id"])
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "undone already" in err
    assert "undone_at" in run("uploads")[1]
    assert run("journeys")[1] == "The journeys are up to date.\n"


def test_ask_in_three_forms(run: Callable[..., tuple[int, str, str]], spend: str) -> None:
    run("ingest", "spend", spend)
    status, out, _ = run("ask", "spend_and_cpa", "--format", "json", "--model", "linear", "--lookback-days", "0.5")
    answer = json.loads(out)
    assert status == 0
    assert list(answer) == ["question", "parameters", "data_version", "demo", "warnings", "rows"]
    assert (answer["parameters"]["model"], answer["parameters"]["lookback_days"]) == ("linear", 0.5)
    assert answer["demo"] is False
    spent = {row["channel"]: (row["spend"], row["cpa"]) for row in answer["rows"]}
    assert spent == {"Search": (10.5, None), "Mail": (3.0, None)}
    head, *_ = run("ask", "spend_and_cpa", "--format", "csv")[1].splitlines()
    assert head.startswith("channel,attributed_conversions,attributed_revenue,share,spend,cpa")
    assert "—" in run("ask", "spend_and_cpa")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("ingest", "nonsense", "file.csv"),
        ("ingest", "spend", "file.csv", "--map", "no-equals-sign"),
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
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    for arguments in (
        ("ingest", "spend", str(tmp_path / "none.csv")),
        ("ingest", "spend", str(tmp_path)),
        ("ingest", "spend", str(empty)),
        ("undo", "nonsense"),
    ):
        status, out, err = run(*arguments)
        assert (status, out, err.count("\n")) == (1, "", 1), err


def test_an_unreachable_database_is_one_line(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_DATABASE_URL", "postgresql://mia:hush@127.0.0.1:1/touchline")
    status, out, err = run("ask", "overview")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "does not answer" in err
    assert "hush" not in err


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
