"""The session of a job on Glue: what the job's definition says of the catalogue, and what the job says once it runs, are one thing."""

import pytest

from glue_jobs import session
from pipelines.provision.jobs import arguments
from pipelines.settings import load_settings

LAKE = "s3://lake/touchline"
CATALOG = "spark.sql.catalog.lake"


def of_the_definition() -> dict[str, str]:
    """The options of Spark that a job is started with."""
    settings = load_settings({"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": LAKE})
    return dict(option.split("=", 1) for option in arguments(settings)["--conf"].split(" --conf "))


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """An AWS of which only the region is known."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def test_iceberg_is_told_one_kind_of_catalogue() -> None:
    defined, own = of_the_definition(), session._catalog(LAKE)
    assert {name: (value, own[name]) for name, value in defined.items() if own.get(name, value) != value} == {}
    merged = defined | own
    assert merged[CATALOG] == "org.apache.iceberg.spark.SparkCatalog"
    kinds = {f"{CATALOG}.type", f"{CATALOG}.catalog-impl"} & set(merged)  # Iceberg refuses a catalogue with both
    assert {name: merged[name] for name in kinds} == {f"{CATALOG}.type": "glue"}
    assert merged[f"{CATALOG}.warehouse"] == f"{LAKE}/curated"
    assert merged[f"{CATALOG}.client.region"] == "eu-west-1"


def test_where_no_region_is_set_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    own = session._catalog(LAKE)
    assert own[f"{CATALOG}.type"] == "glue"
    assert f"{CATALOG}.client.region" not in own
