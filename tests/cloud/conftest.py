"""One small brand twice: in an embedded lake, and in a lake in the local cloud, over the same warehouse."""

from collections.abc import Callable, Iterator

import boto3
import pytest

from pipelines.settings import Settings, load_settings
from pipelines.stores import open_stores
from pipelines.stores.base import Stores
from pipelines.stores.lake_duckdb import DuckDBLake
from tests.cloud.lakes import URL, Cloud, copy_lake
from tests.conftest import Environment, environment
from tests.pages.conftest import open_page
from tests.sql import brand

__all__ = ["open_page"]  # of the pages' own tests


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str]) -> Iterator[Stores]:
    """Embedded stores with the small brand's uploads."""
    stores = open_stores(load_settings(environment(tmp_path_factory.mktemp("brand") / "home", new_database())))
    brand.load(stores)
    yield stores
    stores.close()


@pytest.fixture(scope="module")
def filled(cloud: Cloud, embedded: Stores) -> Cloud:
    """A local cloud with the brand's lake, and a workgroup for the dashboard."""
    assert isinstance(embedded.lake, DuckDBLake)
    copy_lake(embedded.lake, cloud.catalog)
    boto3.client("athena").create_work_group(
        Name="touchline",
        Configuration={
            "ResultConfiguration": {"OutputLocation": f"{URL}/results/"},
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )
    return cloud


@pytest.fixture(scope="module")
def variables(filled: Cloud, embedded: Stores, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The environment in which the brand is read through Athena."""
    database = embedded.warehouse.engine.url.render_as_string(hide_password=False)
    home = environment(tmp_path_factory.mktemp("cloud"), database)
    return {**home, "TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": URL}


@pytest.fixture(scope="module")
def in_cloud(variables: Environment) -> Settings:
    """The settings that it says."""
    return load_settings(variables)


@pytest.fixture
def athena(filled: Cloud, in_cloud: Settings) -> Iterator[Stores]:
    """Stores whose lake is read through Athena, as a process opens them that just started."""
    stores = open_stores(in_cloud)
    yield stores
    stores.close()
    filled.endpoint.faults.clear()
