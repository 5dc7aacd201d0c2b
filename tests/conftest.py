"""What tests share: one embedded PostgreSQL for the whole run, and on it a clean pair of stores for each test that asks."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url, text

from pipelines.ingest.demo import load_demo
from pipelines.settings import Settings, load_settings
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from pipelines.stores.embedded_postgres import EmbeddedPostgres
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.browser.chromium import chromium as find_chromium

if TYPE_CHECKING:
    from tests.cloud.lakes import Cloud

Environment = dict[str, str]
"""Variables under which the dashboard or the command line is run."""

_numbers = count(1)


def environment(home: Path, database_url: str) -> Environment:
    """The environment of a home of a test's own."""
    return {"TOUCHLINE_HOME": str(home), "TOUCHLINE_DATABASE_URL": database_url, "TOUCHLINE_USER": "tester"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The run's database server."""
    server = EmbeddedPostgres.start(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def new_database(server: EmbeddedPostgres) -> Callable[[], str]:
    """Make an empty database and return its URL."""

    def make() -> str:
        name = f"test_{next(_numbers)}"
        engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"create database {name}"))
        engine.dispose()
        return make_url(server.url).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with a home of the test's own."""
    return load_settings({"TOUCHLINE_HOME": str(tmp_path / "home"), "TOUCHLINE_USER": "tester"})


@pytest.fixture
def stores(settings: Settings, new_database: Callable[[], str]) -> Iterator[Stores]:
    """Empty stores."""
    warehouse = Warehouse(new_database())
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))
    yield stores
    stores.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Environment:
    """The environment of a home with the demo data, loaded once for the whole run. Tests only read it."""
    variables = environment(tmp_path_factory.mktemp("demo") / "home", new_database())
    stores = open_stores(load_settings(variables))
    load_demo(stores)
    stores.close()
    return variables


@pytest.fixture(scope="module", params=["duckdb", pytest.param("trino", marks=pytest.mark.trino)])
def cloud(request: pytest.FixtureRequest) -> Iterator["Cloud"]:
    """A local cloud, once with each engine behind its Athena. It lasts for a module, and no other may be open beside it."""
    from tests.cloud import lakes  # seconds to import, for those who ask for it

    with lakes.cloud(request.param) as opened:
        yield opened


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser that tests drive, installed if need be."""
    return find_chromium()
