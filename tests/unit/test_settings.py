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
            "TOUCHLINE_RUNS_AT": "06:30",
            "TOUCHLINE_KEEP_SNAPSHOT_DAYS": "30",
            "TOUCHLINE_ATHENA_WORKGROUP": "analysts",
            "TOUCHLINE_ATHENA_REUSE_MINUTES": "30",
            "TOUCHLINE_ATHENA_DOLLARS_PER_TB": "6.75",
            "TOUCHLINE_TRINO_URL": "http://trino:8080/lake",
            "TOUCHLINE_LAKE_DEADLINE_SECONDS": "90",
            "TOUCHLINE_ATHENA_SCAN_LIMIT_GB": "0.5",
            "TOUCHLINE_KMS_KEY": "arn:aws:kms:eu-west-1:1:key/a",
            "TOUCHLINE_KEEP_RESULTS_DAYS": "3",
            "TOUCHLINE_KEEP_REJECTED_DAYS": "60",
            "TOUCHLINE_RAW_STORAGE": "glacier",
            "TOUCHLINE_GLUE_ROLE": "arn:aws:iam::1:role/jobs",
            "TOUCHLINE_PERSON_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:persons",
            "TOUCHLINE_GLUE_WORKER_TYPE": "G.2X",
            "TOUCHLINE_GLUE_WORKERS": "10",
            "TOUCHLINE_RAW_URL": "s3://lake/touchline/raw/",
            "TOUCHLINE_TIME_ZONE": "Europe/Berlin",
            "TOUCHLINE_CURRENCY": "usd",
            "TOUCHLINE_LONGEST_LOOKBACK_DAYS": "180",
            "TOUCHLINE_DIRECT_CHANNELS": " direct, none ,,",
            "TOUCHLINE_PRIMARY_CONVERSION_TYPE": "purchase",
            "TOUCHLINE_PERSON_SECRET": "pepper",
            "TOUCHLINE_USER": "mia",
            "TOUCHLINE_JOBS": "local",
            "TOUCHLINE_NOTIFY_URL": "https://hooks.example.com/T1/secret",
        }
    )
    assert "pepper" not in repr(settings)
    said = {
        "home": Path("/srv/touchline"),
        "database_url": "postgresql://someone@db/touchline",
        "lake": "athena",
        "lake_url": "s3://lake/touchline",
        "glue_database": "marketing",
        "runs_at": "06:30",
        "keep_snapshot_days": 30.0,
        "athena_workgroup": "analysts",
        "athena_reuse_minutes": 30,
        "athena_dollars_per_terabyte": 6.75,
        "trino_url": "http://trino:8080/lake",
        "lake_deadline_seconds": 90.0,
        "athena_scan_limit_gb": 0.5,
        "kms_key": "arn:aws:kms:eu-west-1:1:key/a",
        "keep_results_days": 3,
        "keep_rejected_days": 60,
        "raw_storage": "glacier",
        "glue_role": "arn:aws:iam::1:role/jobs",
        "person_secret_arn": "arn:aws:secretsmanager:eu-west-1:1:secret:persons",
        "glue_worker_type": "G.2X",
        "glue_workers": 10,
        "raw_url": "s3://lake/touchline/raw",
        "reporting_time_zone": "Europe/Berlin",
        "reporting_currency": "USD",
        "longest_lookback_days": 180.0,
        "direct_channels": ("direct", "none"),
        "primary_conversion_type": "purchase",
        "person_secret": "pepper",
        "user": "mia",
        "jobs": "local",
        "notify_url": "https://hooks.example.com/T1/secret",
    }
    assert {name: getattr(settings, name) for name in said} == said


def test_a_lake_in_the_cloud_keeps_what_came_in_beside_its_tables() -> None:
    settings = load_settings({"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": "s3://lake/touchline"})
    assert settings.raw_url == "s3://lake/touchline/raw"
    elsewhere = {"TOUCHLINE_RAW_URL": "s3://uploads/touchline"}  # no job would find them there
    with pytest.raises(WrongUsage, match="the jobs of the lake read what came in at s3://lake/touchline/raw"):
        load_settings({"TOUCHLINE_LAKE": "athena", "TOUCHLINE_LAKE_URL": "s3://lake/touchline", **elsewhere})
    assert load_settings(elsewhere).raw_url == "s3://uploads/touchline"
    with pytest.raises(WrongUsage, match="TOUCHLINE_LAKE_URL is not set"):
        load_settings({"TOUCHLINE_LAKE": "athena"})
    with pytest.raises(WrongUsage, match="TOUCHLINE_TRINO_URL is not set"):
        load_settings({"TOUCHLINE_LAKE": "trino", "TOUCHLINE_LAKE_URL": "s3://lake/touchline"})


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
        ("TOUCHLINE_RUNS_AT", "25:00"),
        ("TOUCHLINE_JOBS", "yarn"),
        ("TOUCHLINE_LAKE_URL", "/srv/lake"),
        ("TOUCHLINE_GLUE_DATABASE", "a; drop table b"),
        ("TOUCHLINE_KEEP_SNAPSHOT_DAYS", "0"),
        ("TOUCHLINE_ATHENA_WORKGROUP", "a group"),
        ("TOUCHLINE_ATHENA_SCAN_LIMIT_GB", "0.001"),
        ("TOUCHLINE_KMS_KEY", "alias/mine"),
        ("TOUCHLINE_KEEP_RESULTS_DAYS", "never"),
        ("TOUCHLINE_KEEP_REJECTED_DAYS", "0"),
        ("TOUCHLINE_RAW_STORAGE", "tape"),
        ("TOUCHLINE_GLUE_ROLE", "touchline-glue-job"),
        ("TOUCHLINE_PERSON_SECRET_ARN", "persons"),
        ("TOUCHLINE_GLUE_WORKER_TYPE", "G.025X"),
        ("TOUCHLINE_GLUE_WORKERS", "1"),
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


@pytest.mark.parametrize("value", ["hooks.example.com/hidden", "ftp://hooks.example.com/hidden", "https://a/hidden b"])
def test_an_address_that_is_a_secret_is_never_said(value: str) -> None:
    with pytest.raises(WrongUsage, match="TOUCHLINE_NOTIFY_URL is no web address") as refused:
        load_settings({"TOUCHLINE_NOTIFY_URL": value})
    assert "hidden" not in str(refused.value)
    assert "hidden" not in repr(load_settings({"TOUCHLINE_NOTIFY_URL": "https://hooks.example.com/hidden"}))
