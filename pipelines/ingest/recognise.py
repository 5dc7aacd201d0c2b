"""Recognise fields by header."""

from pipelines.ingest.prepared import Raw
from pipelines.sources import Source


def recognise(source: Source, raw: Raw) -> dict[str, str]:
    """Field -> column for every field of the source that a header names."""
    raise NotImplementedError
