"""The build of the journeys: one at a time, from the newest state, and said where it lags behind."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import journeys
from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.questions import ask
from pipelines.settings import load_settings
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse, alone

FIRST = b"person,time,channel,converted\na,2026-01-01 10:00,Email,1\n"
SECOND = b"person,time,channel,converted\nb,2026-01-02 10:00,Search,1\n"
CREDIT_NOTE = b"date,channel,campaign,amount\n2026-01-01,Email,spring,100\n2026-01-01,Search,summer,-20\n"


def load(stores: Stores, source: str, content: bytes, *, build: bool = True) -> None:
    commit(stores, prepare(SOURCES[source], content, f"{source}.csv"), content, "tester", build=build)


def channels(stores: Stores) -> dict[str, float]:
    rows = ask(stores, "channel_credit").rows
    return dict(zip(rows["channel"], rows["attributed_conversions"], strict=True))


def test_a_build_that_had_to_wait_starts_from_what_came_meanwhile(stores: Stores) -> None:
    load(stores, "touchpoints", FIRST)
    waiting = threading.Thread(target=journeys.build, args=(stores,))
    with alone(stores.warehouse.engine, journeys.BUILD_LOCK):
        waiting.start()
        load(stores, "touchpoints", SECOND, build=False)
    waiting.join(timeout=60)
    assert channels(stores) == {"Email": 1.0, "Search": 1.0}


def test_a_second_build_has_nothing_to_do(stores: Stores) -> None:
    load(stores, "touchpoints", FIRST)
    assert journeys.build(stores).written == ()
    assert journeys.build(stores, full=True).written == ("journeys", "conversion_status")


def test_credit_that_lags_behind_the_uploads_says_so(stores: Stores) -> None:
    load(stores, "touchpoints", FIRST)
    assert not any("not in the journeys" in warning for warning in ask(stores, "channel_credit").warnings)
    load(stores, "touchpoints", SECOND, build=False)
    assert any("not in the journeys" in warning for warning in ask(stores, "channel_credit").warnings)


@pytest.mark.parametrize("name", ["with space", "it's", "[1]", "ümlaut", "50%20", "a*b?c"])
def test_a_home_may_have_any_name(name: str, tmp_path: Path, new_database: Callable[[], str]) -> None:
    home = tmp_path / name
    warehouse = Warehouse(new_database())
    settings = load_settings({"TOUCHLINE_HOME": str(home)})
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, home))
    try:
        load(stores, "touchpoints", FIRST)
        load(stores, "touchpoints", SECOND)
        assert channels(stores) == {"Email": 1.0, "Search": 1.0}
        assert {path.name for path in tmp_path.iterdir()} == {name}
        assert list(home.glob("lake/**/*.parquet"))
    finally:
        stores.close()


def test_a_credit_note_lowers_the_total_spend(stores: Stores) -> None:
    load(stores, "touchpoints", FIRST)
    load(stores, "spend", CREDIT_NOTE)
    totals = ask(stores, "spend_and_cpa").facts["totals"]
    assert totals["spend"] == pytest.approx(80.0)
    assert totals["blended_cpa"] == pytest.approx(80.0)


def test_a_short_longest_window_is_the_default_window(tmp_path: Path, new_database: Callable[[], str]) -> None:
    warehouse = Warehouse(new_database())
    settings = load_settings({"TOUCHLINE_HOME": str(tmp_path), "TOUCHLINE_LONGEST_LOOKBACK_DAYS": "14"})
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, tmp_path))
    try:
        assert ask(stores, "channel_credit").parameters["lookback_days"] == 14
    finally:
        stores.close()
