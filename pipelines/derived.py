"""What the journeys tables are made of and by, and what their commits say of it: the same for the build on this machine and the one on Spark.

Invariant: rows of equal snapshots, made by an equal program, are equal but for journey numbers and, between engines, the last digits of sums of
weights.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache

from pipelines import statements
from pipelines.stores.history import MADE_OF, NEXT_NUMBER, PROGRAM

STATEMENTS = {"journeys": "journeys", "conversion_status": "conversion_status"}
"""Derived table -> the statement that fills it."""

RAW = ("touchpoints", "conversions")
"""The tables that derived ones are made of."""

WHOSE = {
    "touchpoints": "person",
    "conversions": "coalesce(person, conversion_id)",
    "journeys": "person",
    "conversion_status": "coalesce(person, conversion_id)",
}
"""Table -> whose a row is, in SQL. Conversions of unknown people are each of a person of their own."""

BOOKKEEPING = ("upload_id", "row_number")
"""Columns of raw tables that say where a row came from and nothing of what it is: rows that differ there alone are the same."""

MOST_CHANGED = 0.3
"""Share of the rows above which everything is built anew: finding whose they are would cost more."""


def longest_ms(days: float) -> int:
    """The longest look-back window in milliseconds."""
    return round(days * 24 * 3_600_000)


@cache
def program(longest_ms: int) -> str:
    """A digest of the statements that fill the tables and of the window they are filled with."""
    texts = "".join((statements.FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in STATEMENTS.values())
    return hashlib.sha256(f"{longest_ms}/{texts}".encode()).hexdigest()[:16]


def commit_properties(program: str, snapshots: Mapping[str, int | None], next_number: int) -> dict[str, str]:
    """What a commit says of its build."""
    return {PROGRAM: program, MADE_OF: json.dumps(dict(snapshots)), NEXT_NUMBER: str(next_number)}
