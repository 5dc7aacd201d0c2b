"""What stands behind the local end point in Athena's place: an engine that really runs the SQL over the lake's tables in the local S3 and Glue.

Invariant: an engine knows nothing of Athena's protocol, and the end point nothing of engines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Result:
    """The rows of a query as Athena writes them. types: Athena's names, with their parameters (`decimal(18,4)`, `timestamp(3)`); a value is its
    text, None where it is null."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[str | None, ...]]
    scanned_bytes: int


class QueryFailed(Exception):
    """The engine's own words for why a query has no result."""


class Engine(Protocol):
    """Runs one query at a time for each caller. Safe to use from many threads."""

    def run(self, query_id: str, sql: str, parameters: Sequence[str], database: str) -> Result:
        """The result of a query in Athena's dialect. parameters: SQL literals in the order of the text's `?`. Raises QueryFailed."""
        ...

    def cancel(self, query_id: str) -> None:
        """End a query that runs: its `run` raises QueryFailed."""
        ...

    def close(self) -> None: ...
