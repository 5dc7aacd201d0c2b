"""Prepare a file for a source."""

from collections.abc import Mapping
from datetime import datetime

from pipelines.ingest.prepared import Prepared
from pipelines.sources import Source


def prepare(
    source: Source,
    content: bytes,
    file_name: str,
    mapping: Mapping[str, str | None] | None = None,
    fixed: Mapping[str, str] | None = None,
    *,
    zone: str = "UTC",
    currency: str = "EUR",
    now: datetime | None = None,
) -> Prepared:
    """Read a file and make its rows ready to be stored. Raises FileRefused (MappingNeeded where fields are missing) and WrongUsage."""
    raise NotImplementedError
