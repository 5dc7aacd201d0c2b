"""The warehouse on a real PostgreSQL: migrations, statements, types, and what is said when it does not answer."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from pipelines.errors import WarehouseUnavailable, WrongUsage
from pipelines.settings import Settings
from pipelines.stores import Stores, open_stores
from pipelines.stores.warehouse import FOLDER, Warehouse, bump

PERIOD = {"first_day": "2026-01-01", "last_day": "2026-12-31"}
STATEMENTS = sorted(path.stem for path in FOLDER.glob("*.sql") if not path.stem[0].isdigit())


def parameters_of(statement: str) -> dict[str, object]:
    sql = (FOLDER / f"{statement}.sql").read_text(encoding="utf-8")
    known: dict[str, object] = {"version": 1, "upload_id": "none", "since": "2026-01-01", "most": 1, **PERIOD}
    return {name: value for name, value in known.items() if f":{name}" in sql}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_says_what_it_is_and_runs_on_empty_tables(stores: Stores, statement: str) -> None:
    head = (FOLDER / f"{statement}.sql").read_text(encoding="utf-8").split("\n")
    assert [line.split(":")[0] for line in head[:2]] == ["-- Purpose", "-- Parameters"]
    assert any(line.startswith("-- Grain:") for line in head)
    frame = stores.warehouse.frame(statement, **parameters_of(statement))
    assert len(frame.columns) > 0
    assert frame.empty


def test_types_are_the_ones_promised(stores: Stores) -> None:
    with stores.warehouse.transaction() as connection:
        connection.execute(
            text(
                "insert into uploads (upload_id, source, file_name, sha256, size, mapping, fixed, encoding, delimiter, header_row,"
                " rows_read, rows_accepted, rows_new, rows_replaced, rows_unchanged, rows_refused, status, demo, clears_demo, uploaded_by,"
                " committed_version, raw_path) values ('u', 'account_reach', 'f', '', 0, '{}', '{}', '', '', 1,"
                " 1, 1, 1, 0, 0, 0, 'committed', false, false, 'mia', :version, '')"
            ),
            {"version": bump(connection)},
        )
        connection.execute(
            text(
                "insert into account_reach (date, account, platform, reach, upload_id, key_hash)"
                " values ('2026-02-28', 'A', 'X', 7, 'u', 'a'), ('2026-03-01', 'A', 'X', null, 'u', 'b')"
            )
        )
    rows = stores.warehouse.frame("reach", version=1, **PERIOD)
    assert rows["date"].tolist() == ["2026-02-28", "2026-03-01"]
    assert rows["reach"].dtype == "float64"
    assert rows["reach"].isna().tolist() == [False, True]
    first = stores.warehouse.frame("reach", version=1, first_day="2026-02-01", last_day="2026-02-28")
    assert first["reach"].dtype == "int64"
    uploads = stores.warehouse.frame("uploads", version=1)
    assert uploads["demo"].dtype == "bool"
    assert str(uploads["started_at"].dtype) == "datetime64[us, UTC]"
    assert stores.warehouse.frame("uploads", version=0)["status"].tolist() == ["pending"]


def test_a_statement_that_does_not_exist_is_refused(stores: Stores) -> None:
    for name in ("nonsense", "../lake/journeys", "001_warehouse"):
        with pytest.raises(WrongUsage, match="no warehouse statement"):
            stores.warehouse.frame(name)


def test_a_failed_transaction_leaves_nothing_and_moves_no_counter(stores: Stores) -> None:
    def fail() -> None:
        with stores.warehouse.transaction() as connection:
            bump(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert stores.warehouse.version() == 0


def test_bumps_at_once_count_each(stores: Stores) -> None:
    def move(_: int) -> int:
        with stores.warehouse.transaction() as connection:
            return bump(connection)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(move, range(16))) == list(range(1, 17))


def test_opening_at_once_migrates_once(new_database: Callable[[], str]) -> None:
    url = new_database()
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Warehouse, [url] * 4))
    assert [warehouse.version() for warehouse in opened] == [0] * 4
    for warehouse in opened:
        warehouse.close()


def test_opening_a_new_home_at_once_makes_its_stores_once(settings: Settings) -> None:
    with ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(open_stores, [settings] * 3))
    assert len({stores.data_version() for stores in opened}) == 1
    for stores in opened:
        stores.close()


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "nonsense", "postgresql//host"])
def test_a_url_that_is_none_is_wrong_usage(url: str) -> None:
    with pytest.raises(WrongUsage, match="TOUCHLINE_DATABASE_URL"):
        Warehouse(url)


def test_a_server_that_does_not_answer_is_said_without_the_password() -> None:
    with pytest.raises(WarehouseUnavailable, match=r"does not answer: .*refused") as caught:
        Warehouse("postgresql://mia:hush@127.0.0.1:1/touchline")
    assert "hush" not in str(caught.value)


def test_a_killed_embedded_server_is_started_again(settings: Settings) -> None:
    stores = open_stores(settings)
    pid_file = settings.home / "postgres" / "data" / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while True:
        try:
            assert stores.warehouse.version() == 0
            break
        except WarehouseUnavailable:  # whoever asks in the moment of the kill is told so
            assert time.monotonic() < deadline
    stores.close()


def test_queries_as_of_a_version_use_the_index_on_days(stores: Stores) -> None:
    with stores.warehouse.transaction() as connection:
        connection.execute(text("set local enable_seqscan = off"))
        plan = connection.execute(
            text("explain select * from spend_as_of(1) where date between '2026-01-01' and '2026-01-31'")
        ).scalars()
        assert "spend_date_idx" in "\n".join(plan)
