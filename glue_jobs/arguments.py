"""What a curating job is told: its command line, and for what that does not say, the settings.

Invariant: no secret is an argument; arguments that Glue adds of its own are let be.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from glue_jobs.identifiers import find_secret
from pipelines.errors import WrongUsage
from pipelines.settings import load_settings


@dataclass(frozen=True)
class Arguments:
    """`start`, `end`: the arrival days that are looked at, both inclusive; empty for all. `late_days`: an event that arrives more days after it
    happened is late. `secret`: with which persons are hashed; None leaves them as they are."""

    lake_url: str
    database: str
    local: bool
    cores: int
    memory: str
    start: str
    end: str
    zone: str
    currency: str
    late_days: float
    secret: bytes | None

    def __repr__(self) -> str:
        return f"Arguments({self.lake_url})"  # never the secret


def parse(job: str, help_: str, argv: Sequence[str]) -> Arguments:
    """Read a job's command line. Raises WrongUsage where there is no lake, TouchlineError where the secret cannot be had."""
    parser = argparse.ArgumentParser(prog=f"python -m glue_jobs.{job}", description=help_, allow_abbrev=False)
    parser.add_argument("--lake", help="s3://bucket/prefix, or a folder; default: TOUCHLINE_LAKE_URL")
    parser.add_argument("--database", help="database of the catalogue; default: TOUCHLINE_GLUE_DATABASE")
    parser.add_argument("--local", action="store_true", help="start Spark on this machine")
    parser.add_argument("--cores", type=int, default=2, help="of this machine, with --local")
    parser.add_argument("--memory", default="2g", help="of this machine, with --local")
    parser.add_argument("--start", default="", help="first arrival day that is looked at")
    parser.add_argument("--end", default="", help="last arrival day that is looked at")
    parser.add_argument("--zone", help="of times that have none; default: TOUCHLINE_TIME_ZONE")
    parser.add_argument("--currency", help="of amounts that have none; default: TOUCHLINE_CURRENCY")
    parser.add_argument("--late-days", type=float, default=7, help="an event that arrives later than that is counted")
    parser.add_argument(
        "--secret-arn",
        help="secret of AWS Secrets Manager with which persons are hashed; default: TOUCHLINE_PERSON_SECRET_ARN",
    )
    said, _ = parser.parse_known_args(argv)
    settings = load_settings()
    lake_url = (said.lake or settings.lake_url or "").rstrip("/")
    if not lake_url:
        raise WrongUsage("No lake is named.", "Give --lake, or set TOUCHLINE_LAKE_URL.")
    return Arguments(
        lake_url=lake_url,
        database=said.database or settings.glue_database,
        local=said.local,
        cores=said.cores,
        memory=said.memory,
        start=said.start,
        end=said.end,
        zone=said.zone or settings.reporting_time_zone,
        currency=said.currency or settings.reporting_currency,
        late_days=said.late_days,
        secret=find_secret(said.secret_arn or settings.person_secret_arn, settings.person_secret),
    )
