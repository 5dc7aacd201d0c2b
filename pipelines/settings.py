"""Settings: the only reader of the environment, and of the table [touchline] in .streamlit/secrets.toml, which it overrides.

Invariant: each setting is declared once, here, with its variable, default and help; nothing else calls os.environ.
"""

import getpass
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pipelines.errors import WrongUsage

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, its default as text, and what it does in a sentence."""

    variable: str
    default: str
    help: str


SETTINGS: dict[str, Setting] = {
    "home": Setting("TOUCHLINE_HOME", ".touchline", "Folder that holds all state; deleting it is a clean reset."),
    "database_url": Setting(
        "TOUCHLINE_DATABASE_URL",
        "",
        "PostgreSQL URL of the warehouse; empty starts the embedded server under the home.",
    ),
    "lake": Setting(
        "TOUCHLINE_LAKE", "duckdb", "Engine that queries the lake: duckdb (under the home), athena or trino (over S3)."
    ),
    "lake_url": Setting(
        "TOUCHLINE_LAKE_URL",
        "",
        "Where a lake in the cloud lies, as s3://bucket/prefix; its folders are raw, rejected, curated, runs and results.",
    ),
    "glue_database": Setting(
        "TOUCHLINE_GLUE_DATABASE", "touchline", "Database of the Glue catalogue that holds the lake's tables."
    ),
    "athena_workgroup": Setting(
        "TOUCHLINE_ATHENA_WORKGROUP",
        "touchline",
        "Workgroup of Athena, which limits and bills the dashboard's queries.",
    ),
    "athena_reuse_minutes": Setting(
        "TOUCHLINE_ATHENA_REUSE_MINUTES",
        "60",
        "Minutes for which Athena may give the result of an equal query again, at no price; 0 never does.",
    ),
    "athena_dollars_per_terabyte": Setting(
        "TOUCHLINE_ATHENA_DOLLARS_PER_TB", "5", "What a terabyte scanned by Athena costs in the lake's region."
    ),
    "trino_url": Setting(
        "TOUCHLINE_TRINO_URL", "", "Where a Trino of your own answers, as https://user:password@host:port/catalog."
    ),
    "lake_deadline_seconds": Setting(
        "TOUCHLINE_LAKE_DEADLINE_SECONDS", "60", "Seconds after which a query in the cloud is cancelled where it runs."
    ),
    "raw_url": Setting(
        "TOUCHLINE_RAW_URL",
        "",
        "Bucket in which the uploaded files are kept, as s3://bucket/prefix; empty keeps them in the folder raw of the lake"
        " in the cloud, else under the home.",
    ),
    "reporting_time_zone": Setting(
        "TOUCHLINE_TIME_ZONE", "UTC", "Time zone in which days begin and end, and of times that come without one."
    ),
    "reporting_currency": Setting(
        "TOUCHLINE_CURRENCY", "EUR", "Currency of amounts that come without one, and the default for showing."
    ),
    "longest_lookback_days": Setting(
        "TOUCHLINE_LONGEST_LOOKBACK_DAYS", "90", "Longest look-back window, in days; journeys are stored this far back."
    ),
    "direct_channels": Setting(
        "TOUCHLINE_DIRECT_CHANNELS",
        "direct,(direct),direct traffic,none,(none),(direct) / (none)",
        "Channel names, comma separated, that mean no channel at all.",
    ),
    "primary_conversion_type": Setting(
        "TOUCHLINE_PRIMARY_CONVERSION_TYPE",
        "",
        "Conversion type the pages start with; empty takes the type with the most revenue.",
    ),
    "person_secret": Setting(
        "TOUCHLINE_PERSON_SECRET",
        "",
        "Secret with which the Glue jobs hash the identifiers of persons; empty leaves them as they are.",
    ),
    "user": Setting(
        "TOUCHLINE_USER", "", "Name written into the upload history; empty takes the operating system's user."
    ),
}


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Days are days, the zone and the currency are known to exist."""

    home: Path
    database_url: str | None = field(repr=False)
    lake: Literal["duckdb", "athena", "trino"]
    lake_url: str | None
    glue_database: str
    athena_workgroup: str
    athena_reuse_minutes: int
    athena_dollars_per_terabyte: float
    trino_url: str | None = field(repr=False)
    lake_deadline_seconds: float
    raw_url: str | None
    reporting_time_zone: str
    reporting_currency: str
    longest_lookback_days: float
    direct_channels: tuple[str, ...]
    primary_conversion_type: str | None
    person_secret: str | None = field(repr=False)
    user: str


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check every setting. Raises WrongUsage with the variable's name where a value does not hold."""
    source = {**_secrets(), **os.environ} if environ is None else environ

    def text(name: str) -> str:
        setting = SETTINGS[name]
        return source.get(setting.variable, "").strip() or setting.default

    lake, lake_url = _lake(text("lake")), _bucket("TOUCHLINE_LAKE_URL", text("lake_url"))
    if lake != "duckdb" and not lake_url:
        raise WrongUsage(
            f"TOUCHLINE_LAKE is {lake}, but TOUCHLINE_LAKE_URL is not set.", "Set it to s3://bucket/prefix."
        )
    trino_url = _trino(text("trino_url"))
    if lake == "trino" and not trino_url:
        raise WrongUsage(
            "TOUCHLINE_LAKE is trino, but TOUCHLINE_TRINO_URL is not set.",
            "Set it to https://user:password@host:port/catalog.",
        )
    raw_url = _bucket("TOUCHLINE_RAW_URL", text("raw_url"))
    return Settings(
        home=_home(text("home")),
        database_url=text("database_url") or None,
        lake=lake,
        lake_url=lake_url,
        glue_database=_identifier(text("glue_database")),
        athena_workgroup=text("athena_workgroup"),
        athena_reuse_minutes=int(_number("TOUCHLINE_ATHENA_REUSE_MINUTES", text("athena_reuse_minutes"), 0, 10_080)),
        athena_dollars_per_terabyte=_number(
            "TOUCHLINE_ATHENA_DOLLARS_PER_TB", text("athena_dollars_per_terabyte"), 0, 1000
        ),
        trino_url=trino_url,
        lake_deadline_seconds=_number("TOUCHLINE_LAKE_DEADLINE_SECONDS", text("lake_deadline_seconds"), 1, 1800),
        raw_url=raw_url or (f"{lake_url}/raw" if lake != "duckdb" else None),
        reporting_time_zone=_time_zone(text("reporting_time_zone")),
        reporting_currency=_currency(text("reporting_currency")),
        longest_lookback_days=_days(text("longest_lookback_days")),
        direct_channels=tuple(name.strip() for name in text("direct_channels").split(",") if name.strip()),
        primary_conversion_type=text("primary_conversion_type") or None,
        person_secret=text("person_secret") or None,
        user=text("user") or _login(),
    )


def _home(value: str) -> Path:
    path = Path(value).expanduser()
    return path if path.is_absolute() else PROJECT / path


def _secrets() -> dict[str, str]:
    """The variables that .streamlit/secrets.toml sets in its table [touchline]; none where there is no such file."""
    path = PROJECT / ".streamlit" / "secrets.toml"
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("touchline", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise WrongUsage(f"{path.relative_to(PROJECT)} cannot be read: {problem}.", "Mend it, or remove it.") from None
    return {name: str(value) for name, value in dict(table).items()}


def _lake(value: str) -> Literal["duckdb", "athena", "trino"]:
    match value:
        case "duckdb" | "athena" | "trino":
            return value
    raise WrongUsage(f"TOUCHLINE_LAKE is '{value}'.", "Use duckdb, athena or trino.")


def _identifier(value: str) -> str:
    """The name of a database that needs no quotes in any engine."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,127}", value):
        raise WrongUsage(
            f"TOUCHLINE_GLUE_DATABASE is '{value}'.", "Use small letters, digits and underscores, a letter first."
        )
    return value


def _trino(value: str) -> str | None:
    """The value is not repeated where it is wrong: it may hold a password."""
    if value and not re.fullmatch(r"https?://([^/@\s]+@)?[^/@:\s]+(:\d+)?/[a-z][a-z0-9_]*", value):
        raise WrongUsage("TOUCHLINE_TRINO_URL is no address.", "Write it as https://user:password@host:port/catalog.")
    return value or None


def _number(variable: str, value: str, least: float, most: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise WrongUsage(f"{variable} is '{value}'.", f"Use a number between {least:g} and {most:g}.")
    return number


def _bucket(variable: str, value: str) -> str | None:
    if value and not re.fullmatch(r"s3://[^/\s]+(/\S*)?", value):
        raise WrongUsage(f"{variable} is '{value}'.", "Write it as s3://bucket/prefix.")
    return value.rstrip("/") or None


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise WrongUsage(
            f"TOUCHLINE_TIME_ZONE is '{value}', which is no time zone.", "Use a name such as Europe/Berlin or UTC."
        ) from None
    return value


def _currency(value: str) -> str:
    if len(value) != 3 or not value.isalpha():
        raise WrongUsage(
            f"TOUCHLINE_CURRENCY is '{value}', which is no currency code.", "Use three letters such as EUR."
        )
    return value.upper()


def _days(value: str) -> float:
    try:
        days = float(value)
    except ValueError:
        days = 0.0
    if not 1 <= days <= 3650:
        raise WrongUsage(f"TOUCHLINE_LONGEST_LOOKBACK_DAYS is '{value}'.", "Use a number of days between 1 and 3650.")
    return days


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "someone"
