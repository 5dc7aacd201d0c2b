"""Settings: declared once, documented, checked."""

from dataclasses import fields
from pathlib import Path

import pytest

from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT, SETTINGS, Settings, load_settings


def test_every_field_is_declared_once() -> None:
    assert list(SETTINGS) == [field.name for field in fields(Settings)]
    variables = [setting.variable for setting in SETTINGS.values()]
    assert len(set(variables)) == len(variables)
    assert all(variable.startswith("TOUCHLINE_") for variable in variables)
    assert all(setting.help for setting in SETTINGS.values())


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_documented(name: str) -> None:
    pages = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    written = "\n".join(page.read_text(encoding="utf-8") for page in pages if page.exists())
    assert SETTINGS[name].variable in written, f"{SETTINGS[name].variable} stands neither in README.md nor in docs"


def test_no_configuration_is_a_configuration() -> None:
    settings = load_settings({})
    assert settings.home == PROJECT / ".touchline"
    assert settings.database_url is None
    assert (settings.reporting_time_zone, settings.reporting_currency) == ("UTC", "EUR")
    assert settings.longest_lookback_days == 90
    assert "(direct)" in settings.direct_channels
    assert settings.primary_conversion_type is None
    assert settings.user


def test_blank_means_not_said() -> None:
    assert load_settings({setting.variable: "  " for setting in SETTINGS.values()}) == load_settings({})


def test_what_is_said_is_taken() -> None:
    settings = load_settings(
        {
            "TOUCHLINE_HOME": "/srv/touchline",
            "TOUCHLINE_DATABASE_URL": "postgresql://someone@db/touchline",
            "TOUCHLINE_LAKE": "athena",
            "TOUCHLINE_LAKE_URL": "s3://lake/touchline/",
            "TOUCHLINE_GLUE_DATABASE": "marketing",
            "TOUCHLINE_ATHENA_WORKGROUP": "marketers",
            "TOUCHLINE_ATHENA_REUSE_MINUTES": "0",
            "TOUCHLINE_ATHENA_DOLLARS_PER_TB": "6.75",
            "TOUCHLINE_TRINO_URL": "https://mia:secret@trino:8443/lake",
            "TOUCHLINE_LAKE_DEADLINE_SECONDS": "90",
            "TOUCHLINE_RAW_URL": "s3://uploads/touchline",
            "TOUCHLINE_TIME_ZONE": "Europe/Berlin",
            "TOUCHLINE_CURRENCY": "usd",
            "TOUCHLINE_LONGEST_LOOKBACK_DAYS": "180",
            "TOUCHLINE_DIRECT_CHANNELS": " direct, none ,,",
            "TOUCHLINE_PRIMARY_CONVERSION_TYPE": "purchase",
            "TOUCHLINE_PERSON_SECRET": "pepper",
            "TOUCHLINE_USER": "mia",
        }
    )
    assert "pepper" not in repr(settings)
    assert settings == Settings(
        home=Path("/srv/touchline"),
        database_url="postgresql://someone@db/touchline",
        lake="athena",
        lake_url="s3://lake/touchline",
        glue_database="marketing",
        athena_workgroup="marketers",
        athena_reuse_minutes=0,
        athena_dollars_per_terabyte=6.75,
        trino_url="https://mia:secret@trino:8443/lake",
        lake_deadline_seconds=90.0,
        raw_url="s3://uploads/touchline",
        reporting_time_zone="Europe/Berlin",
        reporting_currency="USD",
        longest_lookback_days=180.0,
        direct_channels=("direct", "none"),
        primary_conversion_type="purchase",
        person_secret="pepper",
        user="mia",
    )


def test_a_lake_in_the_cloud_keeps_what_came_in_beside_its_tables() -> None:
    settings = load_settings({"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": "s3://lake/touchline"})
    assert settings.raw_url == "s3://lake/touchline/raw"
    with pytest.raises(WrongUsage, match="TOUCHLINE_LAKE_URL is not set"):
        load_settings({"TOUCHLINE_LAKE": "athena"})


def test_trino_is_named_by_an_address_that_is_never_shown() -> None:
    cloud = {"TOUCHLINE_LAKE": "trino", "TOUCHLINE_LAKE_URL": "s3://lake/touchline"}
    with pytest.raises(WrongUsage, match="TOUCHLINE_TRINO_URL is not set"):
        load_settings(cloud)
    settings = load_settings({**cloud, "TOUCHLINE_TRINO_URL": "https://mia:secret@trino:8443/lake"})
    assert "secret" not in repr(settings)
    with pytest.raises(WrongUsage) as caught:
        load_settings({**cloud, "TOUCHLINE_TRINO_URL": "mia:secret@trino"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOUCHLINE_ATHENA_REUSE_MINUTES", "-1"),
        ("TOUCHLINE_ATHENA_DOLLARS_PER_TB", "five"),
        ("TOUCHLINE_LAKE_DEADLINE_SECONDS", "0"),
    ],
)
def test_a_number_out_of_bounds_is_named(variable: str, value: str) -> None:
    with pytest.raises(WrongUsage, match=f"{variable} is '{value}'"):
        load_settings({variable: value})


def test_secrets_stand_in_for_the_environment_which_overrides_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.settings.PROJECT", tmp_path)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        '[touchline]\nTOUCHLINE_CURRENCY = "USD"\nTOUCHLINE_USER = "mia"\n'
    )
    monkeypatch.setenv("TOUCHLINE_CURRENCY", "GBP")
    monkeypatch.delenv("TOUCHLINE_USER", raising=False)
    settings = load_settings()
    assert (settings.reporting_currency, settings.user) == ("GBP", "mia")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOUCHLINE_RAW_URL", "uploads/touchline"),
        ("TOUCHLINE_RAW_URL", "s3://"),
        ("TOUCHLINE_LAKE", "snowflake"),
        ("TOUCHLINE_LAKE_URL", "/srv/lake"),
        ("TOUCHLINE_GLUE_DATABASE", "a; drop table b"),
        ("TOUCHLINE_TIME_ZONE", "Middle/Earth"),
        ("TOUCHLINE_TIME_ZONE", "../etc/passwd"),
        ("TOUCHLINE_CURRENCY", "euro"),
        ("TOUCHLINE_CURRENCY", "E1R"),
        ("TOUCHLINE_LONGEST_LOOKBACK_DAYS", "0"),
        ("TOUCHLINE_LONGEST_LOOKBACK_DAYS", "ninety"),
        ("TOUCHLINE_LONGEST_LOOKBACK_DAYS", "nan"),
        ("TOUCHLINE_LONGEST_LOOKBACK_DAYS", "inf"),
    ],
)
def test_a_value_that_does_not_hold_is_refused_by_its_variable(variable: str, value: str) -> None:
    with pytest.raises(WrongUsage, match=f"{variable} is '{value}'"):
        load_settings({variable: value})
