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
    "runs_at": Setting(
        "TOUCHLINE_RUNS_AT", "05:00", "Time of day, in UTC, at which the jobs of a lake in the cloud run; pages say it."
    ),
    "keep_snapshot_days": Setting(
        "TOUCHLINE_KEEP_SNAPSHOT_DAYS",
        "90",
        "Days for which the lake can be read as it was; `maintain` lets older snapshots go that no undo needs.",
    ),
    "athena_workgroup": Setting(
        "TOUCHLINE_ATHENA_WORKGROUP",
        "touchline",
        "Workgroup of Athena, which limits and bills the dashboard's queries; `provision` makes it.",
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
    "athena_scan_limit_gb": Setting(
        "TOUCHLINE_ATHENA_SCAN_LIMIT_GB", "100", "Gigabytes that one query may scan before Athena cancels it."
    ),
    "kms_key": Setting(
        "TOUCHLINE_KMS_KEY",
        "",
        "ARN of the KMS key that encrypts the bucket and the results of queries; empty encrypts with S3's own keys.",
    ),
    "keep_results_days": Setting(
        "TOUCHLINE_KEEP_RESULTS_DAYS", "7", "Days for which the bucket keeps the results of queries."
    ),
    "keep_rejected_days": Setting(
        "TOUCHLINE_KEEP_REJECTED_DAYS", "365", "Days for which the bucket keeps the rows that jobs refused."
    ),
    "raw_storage": Setting(
        "TOUCHLINE_RAW_STORAGE",
        "standard",
        "Where files as they came in move to: standard (they stay), infrequent (after 30 days) or glacier (after 90 days,"
        " instant retrieval).",
    ),
    "glue_role": Setting(
        "TOUCHLINE_GLUE_ROLE", "", "ARN of the role that the Glue jobs run as; without one `provision` makes no jobs."
    ),
    "person_secret_arn": Setting(
        "TOUCHLINE_PERSON_SECRET_ARN",
        "",
        "ARN of the secret in AWS Secrets Manager by which Glue jobs hash persons; empty stores them as they came.",
    ),
    "glue_worker_type": Setting(
        "TOUCHLINE_GLUE_WORKER_TYPE", "G.1X", "Size of a Glue worker: G.1X (4 processors, 16 GB), G.2X, G.4X or G.8X."
    ),
    "glue_workers": Setting("TOUCHLINE_GLUE_WORKERS", "2", "How many workers a Glue job runs on, 2 or more."),
    "raw_url": Setting(
        "TOUCHLINE_RAW_URL",
        "",
        "Bucket in which the uploaded files are kept, as s3://bucket/prefix; empty keeps them under the home. A lake in the"
        " cloud keeps them in its own folder raw.",
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
        "Secret with which jobs on this machine hash the identifiers of persons; empty leaves them as they are. Glue has its ARN.",
    ),
    "user": Setting(
        "TOUCHLINE_USER", "", "Name written into the upload history; empty takes the operating system's user."
    ),
    "jobs": Setting(
        "TOUCHLINE_JOBS", "glue", "What runs the jobs of a lake in the cloud: glue, or local (Spark on this machine)."
    ),
    "notify_url": Setting(
        "TOUCHLINE_NOTIFY_URL", "", "Where `notify` posts its summary, as Slack's incoming webhooks take it. A secret."
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
    runs_at: str
    keep_snapshot_days: float
    athena_workgroup: str
    athena_reuse_minutes: int
    athena_dollars_per_terabyte: float
    trino_url: str | None = field(repr=False)
    lake_deadline_seconds: float
    athena_scan_limit_gb: float
    kms_key: str | None
    keep_results_days: int
    keep_rejected_days: int
    raw_storage: Literal["standard", "infrequent", "glacier"]
    glue_role: str | None
    person_secret_arn: str | None
    glue_worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"]
    glue_workers: int
    raw_url: str | None
    reporting_time_zone: str
    reporting_currency: str
    longest_lookback_days: float
    direct_channels: tuple[str, ...]
    primary_conversion_type: str | None
    person_secret: str | None = field(repr=False)
    user: str
    jobs: Literal["glue", "local"]
    notify_url: str | None = field(repr=False)


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
    if lake != "duckdb" and raw_url not in (None, f"{lake_url}/raw"):
        raise WrongUsage(
            f"TOUCHLINE_RAW_URL is {raw_url}, but the jobs of the lake read what came in at {lake_url}/raw.",
            "Leave TOUCHLINE_RAW_URL out.",
        )
    return Settings(
        home=_home(text("home")),
        database_url=text("database_url") or None,
        lake=lake,
        lake_url=lake_url,
        glue_database=_identifier(text("glue_database")),
        runs_at=_time_of_day(text("runs_at")),
        keep_snapshot_days=_days("TOUCHLINE_KEEP_SNAPSHOT_DAYS", text("keep_snapshot_days")),
        athena_workgroup=_workgroup(text("athena_workgroup")),
        athena_reuse_minutes=int(_number("TOUCHLINE_ATHENA_REUSE_MINUTES", text("athena_reuse_minutes"), 0, 10_080)),
        athena_dollars_per_terabyte=_number(
            "TOUCHLINE_ATHENA_DOLLARS_PER_TB", text("athena_dollars_per_terabyte"), 0, 1000
        ),
        trino_url=trino_url,
        lake_deadline_seconds=_number("TOUCHLINE_LAKE_DEADLINE_SECONDS", text("lake_deadline_seconds"), 1, 1800),
        athena_scan_limit_gb=_number("TOUCHLINE_ATHENA_SCAN_LIMIT_GB", text("athena_scan_limit_gb"), 0.01, 1e6),
        kms_key=_arn("TOUCHLINE_KMS_KEY", text("kms_key"), "arn:aws:kms:REGION:ACCOUNT:key/ID"),
        keep_results_days=int(_number("TOUCHLINE_KEEP_RESULTS_DAYS", text("keep_results_days"), 1, 3650)),
        keep_rejected_days=int(_number("TOUCHLINE_KEEP_REJECTED_DAYS", text("keep_rejected_days"), 1, 3650)),
        raw_storage=_raw_storage(text("raw_storage")),
        glue_role=_arn("TOUCHLINE_GLUE_ROLE", text("glue_role"), "arn:aws:iam::ACCOUNT:role/NAME"),
        person_secret_arn=_arn(
            "TOUCHLINE_PERSON_SECRET_ARN",
            text("person_secret_arn"),
            "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME",
        ),
        glue_worker_type=_worker_type(text("glue_worker_type")),
        glue_workers=int(_number("TOUCHLINE_GLUE_WORKERS", text("glue_workers"), 2, 299)),
        raw_url=f"{lake_url}/raw" if lake != "duckdb" else raw_url,
        reporting_time_zone=_time_zone(text("reporting_time_zone")),
        reporting_currency=_currency(text("reporting_currency")),
        longest_lookback_days=_days("TOUCHLINE_LONGEST_LOOKBACK_DAYS", text("longest_lookback_days")),
        direct_channels=tuple(name.strip() for name in text("direct_channels").split(",") if name.strip()),
        primary_conversion_type=text("primary_conversion_type") or None,
        person_secret=text("person_secret") or None,
        user=text("user") or _login(),
        jobs=_jobs(text("jobs")),
        notify_url=_web_address(text("notify_url")),
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


def _jobs(value: str) -> Literal["glue", "local"]:
    match value:
        case "glue" | "local":
            return value
    raise WrongUsage(f"TOUCHLINE_JOBS is '{value}'.", "Use glue or local.")


def _web_address(value: str) -> str | None:
    """A web address that is a secret: what is wrong with it is said without it."""
    if value and not re.fullmatch(r"https?://[!-~]+", value):
        raise WrongUsage("TOUCHLINE_NOTIFY_URL is no web address.", "Write it as https://host/path.")
    return value or None


def _identifier(value: str) -> str:
    """The name of a database that needs no quotes in any engine."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,127}", value):
        raise WrongUsage(
            f"TOUCHLINE_GLUE_DATABASE is '{value}'.", "Use small letters, digits and underscores, a letter first."
        )
    return value


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise WrongUsage(f"TOUCHLINE_RUNS_AT is '{value}'.", "Write it as 05:00, in UTC.")
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


def _workgroup(value: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]{1,128}", value):
        raise WrongUsage(
            f"TOUCHLINE_ATHENA_WORKGROUP is '{value}'.", "Use letters, digits, points, underscores and hyphens."
        )
    return value


def _arn(variable: str, value: str, form: str) -> str | None:
    if value and not re.fullmatch(r"arn:aws[a-z-]*:\S+", value):
        raise WrongUsage(f"{variable} is '{value}'.", f"Write it as {form}.")
    return value or None


def _raw_storage(value: str) -> Literal["standard", "infrequent", "glacier"]:
    match value:
        case "standard" | "infrequent" | "glacier":
            return value
    raise WrongUsage(f"TOUCHLINE_RAW_STORAGE is '{value}'.", "Use standard, infrequent or glacier.")


def _worker_type(value: str) -> Literal["G.1X", "G.2X", "G.4X", "G.8X"]:
    match value:
        case "G.1X" | "G.2X" | "G.4X" | "G.8X":
            return value
    raise WrongUsage(f"TOUCHLINE_GLUE_WORKER_TYPE is '{value}'.", "Use G.1X, G.2X, G.4X or G.8X.")


def _days(variable: str, value: str) -> float:
    return _number(variable, value, 1, 3650)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "someone"
