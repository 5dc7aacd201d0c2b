"""Every statement runs, and DuckDB understands it as Athena would."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines import statements
from pipelines.attribution import MODELS, model_parameters
from pipelines.attribution.asked import weighing
from pipelines.calendar import Period
from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT
from pipelines.slots import CHANNELS, DIMENSIONS, SLICES, Members, Slice, Slots
from pipelines.stores.base import Lake, Stores
from tests.sql import events
from tests.sql.events import Conversion, Touch, at

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
SAID: dict[str, Any] = {
    **MARCH.bounds("Europe/Berlin"),
    "anchored_from": "2026-03-01 00:00:00",
    "anchored_to": "2026-04-01 00:00:00",
    "with_unconverted": False,
    "lookback_ms": 86_400_000,
    "impression_lookback_ms": 86_400_000,
    "longest_ms": 86_400_000,
    "first_number": 1,
    "conversion_type": None,
    "first_conversion": False,
    "by_touch_date": False,
    "left_out_channels": [],
    "direct_channels": [],
    "redistribute_direct": False,
    "restart": False,
    "collapse": False,
    "respelled": [""],
    "spelled": [""],
    "rare": [],
    "with_rare": None,
    "buckets": 1_024,
    "name": None,
    "reason": None,
    "conversion": "c",
    "person": "ann",
    "from_last": True,
    "steps": 5,
    "converted_at": "2026-03-02 12:00:00",
    "longest_days": 90,
    "names": [],
    "posts": [],
    "places": [],
    "rule_count": 0,
    "post_pattern": "#.*$",
    "known_posts": [],
    **{f"rule_{part}": [] for part in ("leads", "hashtags", "keywords", "posts", "starts", "ends")},
    "most": 5,
    **{name: value for model in MODELS for name, value in model_parameters(model, {}).items()},
}
MEMBERS: tuple[Members, ...] = ("members", "members_anew")
RULES = [model for model in MODELS if MODELS[model].kind == "rule"]
WAREHOUSE = sorted(path.stem for path in (PROJECT / "sql" / "warehouse").glob("[!0-9]*.sql"))
LAKE = statements.names()


@pytest.fixture(scope="module")
def lake(bench: Stores) -> Lake:
    """A lake with five touches at the hour, a conversion half an hour after the last, and one at each end of a day."""
    touches = [Touch(f"t{hour}", at("2026-03-02", f"{hour:02}:00"), "ann", "Mail") for hour in range(5)]
    conversions = [
        Conversion("A", at("2026-03-02", "04:30"), "ann"),
        Conversion("B", at("2026-03-04", "23:59:59.999"), None),
        Conversion("C", at("2026-03-05", "00:00"), None),
    ]
    events.fill(bench, touches, conversions)
    return bench.lake


def slices(name: str) -> list[Slice]:
    """What the rows of a statement may be summed by: only credit has pairs of days, single people and paths are not told by bucket."""
    if "@slice" not in (statements.FOLDER / f"{name}.sql").read_text(encoding="utf-8"):
        return ["whole"]
    beyond = set[str]() if name == "shares" or name.startswith("credit") else {"day_pair"}
    beyond |= {"bucket"} if name in ("paths", "unmatched_people") else set()
    return [slice_ for slice_ in SLICES if slice_ not in beyond]


@pytest.mark.parametrize(
    ("name", "members", "slice_"),
    [(name, members, slice_) for name in LAKE for members in MEMBERS for slice_ in slices(name)],
)
def test_every_lake_statement_runs(lake: Lake, name: str, members: Members, slice_: Slice) -> None:
    of_it = tuple(weighing(model) for model in RULES) if name.startswith("credit") else ()
    models = (("", weighing("linear")[1]),) if name == "conversions" else of_it  # which asks for one model, whichever
    rows = lake.frame(name, SAID, slots=Slots("campaign", slice=slice_, members=members, models=models, order=2))
    assert len(rows.columns) > 1


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("dimension", [*DIMENSIONS, *CHANNELS])
def test_credit_runs_for_every_dimension(lake: Lake, dimension: str, members: Members, channel: str) -> None:
    rows = lake.frame("credit", SAID, slots=Slots(dimension, channel, members=members, models=(weighing("linear"),)))
    assert rows["attributed_conversions_linear"].tolist() == pytest.approx([1.0])


@pytest.mark.parametrize("members", MEMBERS)
@pytest.mark.parametrize("model", RULES)
def test_credit_runs_for_every_rule_with_empty_lists(lake: Lake, model: str, members: Members) -> None:
    rows = lake.frame("credit", SAID, slots=Slots("channel", members=members, models=(weighing(model),)))
    assert rows[f"attributed_conversions_{model}"].tolist() == pytest.approx([1.0])


@pytest.mark.parametrize("name", WAREHOUSE)
def test_every_warehouse_statement_runs_on_nothing(bench: Stores, name: str) -> None:
    body = (PROJECT / "sql" / "warehouse" / f"{name}.sql").read_text(encoding="utf-8")
    said = {
        "version": 0,
        "first_day": "2026-01-01",
        "last_day": "2026-12-31",
        "upload_id": "none",
        "since": "2026-01-01",
        "most": 1,
    }
    rows = bench.warehouse.frame(name, **{key: value for key, value in said.items() if f":{key}" in body})
    assert rows.empty
    assert len(rows.columns) > 1


def test_a_warehouse_statement_that_is_none(bench: Stores) -> None:
    with pytest.raises(WrongUsage, match="no warehouse statement"):
        bench.warehouse.frame("001_warehouse")


@pytest.fixture
def ask(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Run a statement written on the spot, in Athena's dialect, the way all of them run; returns its only row."""

    def run(sql: str, **parameters: Any) -> dict[str, Any]:
        (tmp_path / "on_the_spot.sql").write_text(sql)
        [row] = lake.frame("on_the_spot", parameters).to_dict("records")
        return dict(row)

    monkeypatch.setattr(statements, "FOLDER", tmp_path)
    return run


Ask = Callable[..., dict[str, Any]]


def test_whole_numbers_divide_to_whole_numbers(ask: Ask) -> None:
    row = ask("select 7 / 2 as whole, cast(7 as double) / 2 as half, cast(:n as bigint) / 2 as given", n=7)
    assert row == {"whole": 3, "half": 3.5, "given": 3}


def test_the_session_is_in_utc_wherever_the_machine_is(bench: Stores, tmp_path: Path) -> None:
    (tmp_path / "epoch.sql").write_text("select date_format(from_unixtime(0), '%Y-%m-%d %H:%i') as epoch")
    program = f"""
from pathlib import Path
from pipelines import statements
from pipelines.stores.lake_duckdb import DuckDBLake
statements.FOLDER = Path({str(tmp_path)!r})
print(DuckDBLake({bench.warehouse.engine.url.render_as_string(hide_password=False)!r}, Path({str(tmp_path)!r}))
    .frame("epoch", {{}})["epoch"].item())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TZ": "Asia/Tokyo"},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1970-01-01 00:00"


def test_a_millisecond_over_midnight_is_one(ask: Ask) -> None:
    sql = "select date_diff('millisecond', cast(:since as timestamp), cast(:until as timestamp)) as age"
    assert ask(sql, since="2026-03-01 23:59:59.999", until="2026-03-02 00:00:00") == {"age": 1}
    assert ask(sql, since="2026-03-02 00:00:00", until="2026-03-01 23:59:59.999") == {"age": -1}


def test_days_are_text_and_end_where_utc_says(ask: Ask) -> None:
    sql = """select count(*) as rows, max(dt) as newest from conversions
        where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)"""
    assert ask(sql, first_dt="2026-03-03", last_dt="2026-03-04") == {"rows": 1, "newest": "2026-03-04"}
    assert ask(sql, first_dt="2026-03-05", last_dt="2026-03-05") == {"rows": 1, "newest": "2026-03-05"}


def test_nothing_is_in_an_empty_list(ask: Ask) -> None:
    sql = """select count(*) as rows, count_if(coalesce(channel in (cast(:names as varchar)), false)) as found
        from touchpoints"""
    assert ask(sql, names=[]) == {"rows": 5, "found": 0}
    assert ask(sql, names=["Mail", "it's"]) == {"rows": 5, "found": 5}
    assert ask(sql, names=["') or true --"]) == {"rows": 5, "found": 0}


def test_text_sorts_by_its_code_points(ask: Ask) -> None:
    """As on Trino: ties in time are told apart by ids, and must be told apart alike."""
    sql = "select array_join(array_sort(array[cast(:ids as varchar)]), ' ') as sorted"
    assert ask(sql, ids=["b", "B", "a", "10", "9", "é"]) == {"sorted": "10 9 B a b é"}


def test_what_is_not_used_may_be_said(ask: Ask) -> None:
    assert ask("select cast(:one as bigint) as one", one=1, two=2, three=[3]) == {"one": 1}
