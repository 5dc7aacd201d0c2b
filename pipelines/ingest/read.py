"""Read a file as text."""

from collections.abc import Collection

from pipelines.ingest.prepared import Raw
from pipelines.sources import Source


def read_raw(content: bytes, file_name: str, source: Source | None = None, mapped: Collection[str] = ()) -> Raw:
    """Read a file as text. Raises FileRefused."""
    raise NotImplementedError
