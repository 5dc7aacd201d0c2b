"""What a lake in the cloud stands on: made, put right, or only looked at.

Invariants: doing it twice does nothing the second time; looking (`check`, `dry_run`) changes nothing. Nothing is ever removed: neither a table,
nor a column, nor a file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pipelines.errors import WrongUsage
from pipelines.provision.bucket import bucket_and_prefix, bucket_parts
from pipelines.provision.catalogue import database_part, table_parts, workgroup_part
from pipelines.provision.jobs import JOBS, code_parts, job_parts
from pipelines.provision.parts import Part, look
from pipelines.provision.refused import told
from pipelines.settings import Settings
from pipelines.stores.catalog import open_glue_catalog

Mode = Literal["apply", "dry_run", "check"]

_WORDS: dict[Mode, tuple[str, str]] = {
    "apply": ("made", "changed"),
    "dry_run": ("would make", "would change"),
    "check": ("missing", "drifted"),
}
"""Mode -> what is said of a part that is missing, and of one that differs."""

_STORED_AS_THEY_CAME = (
    "warning: the Glue jobs store persons as they came: TOUCHLINE_PERSON_SECRET does not reach them,"
    " and TOUCHLINE_PERSON_SECRET_ARN is not set"
)


@dataclass(frozen=True)
class Line:
    """A sentence about one part. differs: it was not, or is not, as it is to be."""

    text: str
    differs: bool = True


def provision(settings: Settings, mode: Mode) -> Iterator[Line]:
    """Make what is missing and put right what differs, or only say so; a line for each.

    Raises WrongUsage where the settings name no lake in the cloud, TouchlineError where AWS refuses: it names the permission that is missing.
    """
    if not settings.lake_url:
        raise WrongUsage("TOUCHLINE_LAKE_URL is not set.", "Set it to s3://bucket/prefix.")
    for service, part in _parts(settings):
        with told(service, part.name):
            state = look(part)
            if state.as_wanted:
                continue
            if mode == "apply":
                part.put(state.missing)
        missing, differs = _WORDS[mode]
        yield Line(
            f"{missing}: {part.name}" if state.missing else f"{differs}: {part.name}: {'; '.join(state.differences)}"
        )
    if settings.glue_role is None:
        yield Line(f"skipped: the Glue jobs ({', '.join(JOBS)}), because TOUCHLINE_GLUE_ROLE is not set", differs=False)
    elif settings.person_secret and not settings.person_secret_arn and settings.jobs == "glue":
        yield Line(_STORED_AS_THEY_CAME, differs=False)


def _parts(settings: Settings) -> Iterator[tuple[str, Part]]:
    """Every part, after those that it needs, with the service that is asked about it."""
    bucket, _ = bucket_and_prefix(str(settings.lake_url))
    with told("s3", f"bucket {bucket}"):
        client, region = _clients()
        s3, glue, athena = (client(service) for service in ("s3", "glue", "athena"))
    catalog = cache(lambda: open_glue_catalog(str(settings.lake_url)))
    for part in bucket_parts(s3, region, settings):
        yield "s3", part
    yield "glue", database_part(glue, settings)
    for part in table_parts(catalog, settings):
        yield "glue", part
    yield "athena", workgroup_part(athena, settings)
    for part in code_parts(s3, settings):
        yield "s3", part
    if settings.glue_role is not None:
        for part in job_parts(glue, settings):
            yield "glue", part


def _clients() -> tuple[Callable[[str], Any], str]:
    """What makes boto3's clients, and the region they are in."""
    import boto3  # a second to import, for those whose lake is in the cloud

    session = boto3.Session()
    return session.client, session.client("s3").meta.region_name
