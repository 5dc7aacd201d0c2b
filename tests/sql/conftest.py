"""Stores that many tests share: empty ones to fill anew, and the small brand's, which are only read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from pipelines.settings import load_settings
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from pipelines.stores.warehouse import Warehouse
from tests.sql import brand
from tests.sql.plain import RATES


def _open(home: Path, database_url: str) -> Stores:
    settings = load_settings({"TOUCHLINE_HOME": str(home), "TOUCHLINE_USER": "tester"})
    warehouse = Warehouse(database_url)
    return Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Stores]:
    """Empty stores that last for a module, so that a data set costs a lake write and not a database."""
    stores = _open(tmp_path_factory.mktemp("bench"), new_database())
    yield stores
    stores.close()


@pytest.fixture(scope="session")
def branded(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Stores]:
    """Stores with the small brand's uploads. Tests only read them."""
    stores = _open(tmp_path_factory.mktemp("brand"), new_database())
    brand.load(stores)
    yield stores
    stores.close()


@pytest.fixture(scope="module")
def rated(bench: Stores) -> Stores:
    """Stores that know what a dollar is worth."""
    rates = [("2026-01-01", base, "EUR", str(rate)) for base, rate in RATES.items() if base and base != "EUR"]
    brand.upload(bench, "fx_rates", pd.DataFrame(rates, columns=["date", "base", "quote", "rate"]))
    return bench
