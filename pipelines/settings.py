"""Settings: the only reader of the environment.

Invariant: each setting is declared once, here, with its variable, default and help; nothing else calls os.environ.
"""

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
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
    "raw_url": Setting(
        "TOUCHLINE_RAW_URL",
        "",
        "Bucket in which the uploaded files are kept, as s3://bucket/prefix; empty keeps them under the home.",
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
    "user": Setting(
        "TOUCHLINE_USER", "", "Name written into the upload history; empty takes the operating system's user."
    ),
}


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Days are days, the zone and the currency are known to exist."""

    home: Path
    database_url: str | None
    raw_url: str | None
    reporting_time_zone: str
    reporting_currency: str
    longest_lookback_days: float
    direct_channels: tuple[str, ...]
    primary_conversion_type: str | None
    user: str


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check every setting. Raises WrongUsage with the variable's name where a value does not hold."""
    source = os.environ if environ is None else environ

    def text(name: str) -> str:
        setting = SETTINGS[name]
        return source.get(setting.variable, "").strip() or setting.default

    return Settings(
        home=_home(text("home")),
        database_url=text("database_url") or None,
        raw_url=_bucket(text("raw_url")),
        reporting_time_zone=_time_zone(text("reporting_time_zone")),
        reporting_currency=_currency(text("reporting_currency")),
        longest_lookback_days=_days(text("longest_lookback_days")),
        direct_channels=tuple(name.strip() for name in text("direct_channels").split(",") if name.strip()),
        primary_conversion_type=text("primary_conversion_type") or None,
        user=text("user") or _login(),
    )


def _home(value: str) -> Path:
    path = Path(value).expanduser()
    return path if path.is_absolute() else PROJECT / path


def _bucket(value: str) -> str | None:
    if value and not re.fullmatch(r"s3://[^/\s]+(/\S*)?", value):
        raise WrongUsage(f"TOUCHLINE_RAW_URL is '{value}'.", "Write it as s3://bucket/prefix.")
    return value or None


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
