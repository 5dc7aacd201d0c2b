"""Stores that the tests of one module fill anew, so that a data set costs a lake write and not a database."""

from collections.abc import Callable, Iterator

import pytest

from pipelines.settings import load_settings
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Stores]:
    """Empty stores that last for a module."""
    settings = load_settings({"TOUCHLINE_HOME": str(tmp_path_factory.mktemp("bench")), "TOUCHLINE_USER": "tester"})
    warehouse = Warehouse(new_database())
    stores = Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))
    yield stores
    stores.close()
