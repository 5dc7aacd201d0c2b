"""Kept answers: current at their own data version, stale when a store fails, none where nothing was kept."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipelines.errors import LakeUnavailable, WarehouseUnavailable
from pipelines.ingest import history
from pipelines.ingest.load import commit
from pipelines.questions import Answer, ask
from pipelines.settings import Settings
from pipelines.stores.base import Stores
from pipelines.stores.embedded_postgres import EmbeddedPostgres
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.stores.prepared_files import spend_file, touchpoint_file

TOUCHES = [("t1", "2026-03-02T10:00:00", "ann", "Search"), ("t2", "2026-03-03T10:00:00", "bob", "Social")]
CONVERSIONS = [("c1", "2026-03-03T11:00:00", "bob"), ("c2", "2026-03-03T12:00:00", "eve")]


def fill(stores: Stores) -> str:
    """Two touches and two conversions, one of them by a person nobody saw. Returns the upload's id."""
    upload_id: str = commit(stores, *touchpoint_file(TOUCHES, CONVERSIONS), "tester")["upload_id"]
    return upload_id


def opened_again(stores: Stores) -> Stores:
    """The same stores, as another process opens them: with nothing in its memory."""
    warehouse = Warehouse(stores.warehouse.engine.url.render_as_string(hide_password=False))
    return Stores(stores.settings, warehouse, DuckDBLake(warehouse.url, stores.settings.home))


def alike(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same, whenever they were computed."""
    pd.testing.assert_frame_equal(one.rows, other.rows, check_dtype=False)
    return (one.parameters, one.facts, one.missing) == (other.parameters, other.facts, other.missing)


def test_equal_parameters_at_an_equal_version_are_a_hit(stores: Stores) -> None:
    fill(stores)
    first = ask(stores, "channel_credit", {"model": "linear"})
    assert first.rows["attributed_conversions"].sum() == 1
    assert ask(stores, "channel_credit", {"model": "linear", "lookback_days": "30"}) is first
    assert ask(stores, "channel_credit") is not first
    assert not first.stale


def test_another_process_finds_the_answer_too(stores: Stores) -> None:
    fill(stores)
    first = ask(stores, "unattributed", {"end": "2026-03-03"})
    other = opened_again(stores)
    second = ask(other, "unattributed", {"end": "2026-03-03"})
    assert second.computed_at == first.computed_at
    assert second.data_version == first.data_version
    assert alike(first, second)
    other.close()


def test_a_new_version_is_computed_anew(stores: Stores) -> None:
    upload_id = fill(stores)
    first = ask(stores, "channel_credit")
    commit(stores, *spend_file([("2026-03-02", "Search", "Spring", "10.00")]), "tester")
    second = ask(stores, "channel_credit")
    assert second.data_version != first.data_version
    assert second.computed_at > first.computed_at
    assert alike(first, second)
    history.undo(stores, upload_id, "tester")
    third = ask(stores, "channel_credit")
    assert third.missing == ["touchpoints", "conversions"]
    assert third.rows.empty


@pytest.mark.parametrize(
    "changed",
    [{"reporting_time_zone": "Asia/Tokyo"}, {"direct_channels": ("Search",)}, {"primary_conversion_type": "lead"}],
)
def test_other_settings_are_another_question(stores: Stores, changed: dict[str, object]) -> None:
    """Kept in the warehouse that both read, and yet not mistaken for each other."""
    fill(stores)
    first = ask(stores, "channel_credit")
    other = opened_again(stores)
    other = replace(other, settings=replace(other.settings, **changed))  # type: ignore[arg-type]
    assert ask(other, "channel_credit").computed_at > first.computed_at
    other.close()


def test_live_questions_are_asked_every_time(stores: Stores) -> None:
    fill(stores)
    assert ask(stores, "uploads").computed_at < ask(stores, "uploads").computed_at


def test_the_last_good_answer_is_served_while_the_lake_is_away(stores: Stores) -> None:
    fill(stores)
    first = ask(stores, "channel_credit")
    lake, away = stores.settings.home / "lake", stores.settings.home / "away"
    lake.rename(away)
    served = ask(stores, "channel_credit")
    assert served.stale
    assert served.warnings[0].startswith("The lake cannot be read")
    assert (served.data_version, served.computed_at) == (first.data_version, first.computed_at)
    assert alike(first, served)
    with pytest.raises(LakeUnavailable):
        ask(stores, "channel_credit", {"model": "linear"})
    away.rename(lake)
    assert not ask(stores, "channel_credit").stale
    assert not ask(stores, "channel_credit", {"model": "linear"}).stale


def test_files_that_are_gone_one_by_one_are_noticed_too(stores: Stores) -> None:
    """The catalogue answers, the data do not: what was asked before is still there, what was not fails in words."""
    fill(stores)
    first = ask(stores, "channel_credit")
    for folder in (stores.settings.home / "lake").rglob("data"):
        shutil.rmtree(folder)
    assert ask(stores, "channel_credit") is first
    other = opened_again(stores)
    with pytest.raises(LakeUnavailable, match="The lake cannot be read"):
        ask(other, "channel_credit", {"model": "linear"})
    other.close()


@pytest.fixture
def fragile(tmp_path: Path, settings: Settings) -> Iterator[tuple[Stores, EmbeddedPostgres]]:
    """Stores on a server of the test's own, which nobody starts again."""
    server = EmbeddedPostgres.start(tmp_path / "server")
    warehouse = Warehouse(server.url)
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))
    yield stores, server
    stores.close()
    server.close()


def test_the_last_good_answer_is_served_while_postgresql_is_away(fragile: tuple[Stores, EmbeddedPostgres]) -> None:
    stores, server = fragile
    fill(stores)
    first = ask(stores, "spend_and_cpa")
    server.close()
    served = ask(stores, "spend_and_cpa")
    assert served.stale
    assert served.warnings[0].startswith("The warehouse does not answer")
    assert alike(first, served)
    with pytest.raises(WarehouseUnavailable):
        ask(stores, "spend_and_cpa", {"model": "linear"})
