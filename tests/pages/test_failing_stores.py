"""A store that fails: the last good answer with its age where there is one, else a sentence and a way on; never a stack trace."""

import pytest

from app import queries
from pipelines.errors import LakeUnavailable, WarehouseUnavailable
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import charts, said


def fail(*_: object, **__: object) -> None:
    raise LakeUnavailable("The lake does not answer.", "Try again in a minute.")


def test_a_failing_lake_leaves_the_last_good_result_and_its_age(
    demo: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(demo, "credit.py")
    before = charts(page)
    monkeypatch.setattr(DuckDBLake, "snapshots", fail)
    page.run()
    assert not page.exception
    assert not page.error
    assert charts(page) == before
    assert any("last good result" in warning.value for warning in page.warning)


def test_a_question_never_answered_before_says_what_to_do(
    demo: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(demo, "credit.py")
    monkeypatch.setattr(DuckDBLake, "frame", fail)
    page.selectbox(key="window").set_value("Own number").run()
    page.number_input(key="window_days").set_value(12.345).run()
    assert not page.exception
    assert page.error[0].value == "**The lake does not answer\\.**\n\nTry again in a minute\\."


def test_an_unreachable_database_is_said_on_every_page(
    empty: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**empty, "TOUCHLINE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    page = open_page(environment, "overview.py")
    assert not page.exception
    assert page.error
    assert "Traceback" not in page.error[0].value


def test_a_defect_of_ours_is_calm(demo: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(demo, "credit.py")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(queries, "ask", broken)
    queries.refresh()
    page.run()
    assert not page.exception
    assert "went wrong on our side" in page.error[0].value
    assert "secret" not in said(page)


def test_a_warehouse_that_went_away_keeps_the_page(
    demo: Environment, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(demo, "unattributed.py")

    def gone(*_: object, **__: object) -> None:
        raise WarehouseUnavailable("PostgreSQL does not answer.", "Start it.")

    monkeypatch.setattr("pipelines.stores.warehouse.Warehouse.version", gone)
    page.run()
    assert not page.exception
    assert charts(page) or page.error
