"""One small brand twice: in an embedded lake, and in a lake in the local cloud, over the same warehouse."""

from collections.abc import Callable, Iterator
from dataclasses import replace

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

Open = Callable[..., Stores]
"""Opens stores under other settings."""


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


@pytest.fixture
def opened(filled: Cloud, in_cloud: Settings) -> Iterator[Open]:
    """Open stores of the cloud under other settings. All are closed afterwards, and the faults cleared."""
    stores: list[Stores] = []

    def open_(**settings: object) -> Stores:
        stores.append(open_stores(replace(in_cloud, **settings)))  # type: ignore[arg-type]
        return stores[-1]

    yield open_
    for each in stores:
        each.close()
    filled.endpoint.faults.clear()


@pytest.fixture
def database(filled: Cloud, embedded: Stores, request: pytest.FixtureRequest) -> str:
    """A database of the test's own, with the brand's tables."""
    name = f"d{abs(hash(request.node.name))}"
    boto3.client("glue").create_database(DatabaseInput={"Name": name})
    assert isinstance(embedded.lake, DuckDBLake)
    copy_lake(embedded.lake, filled.catalog, name)
    return name
