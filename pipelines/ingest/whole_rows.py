"""Rows whose cells can be read, one by one, but not together.

Invariant: only sources that declare a `check` are looked at row by row.
"""

from collections.abc import Mapping

import pyarrow as pa

from pipelines.ingest.cells import Problem
from pipelines.sources import Source


def problems_of_rows(source: Source, values: Mapping[str, pa.Array]) -> list[tuple[str, Problem]]:
    """What the source's own check finds: the field that shows it, in which rows and why. Rows that lack a filled field are left out."""
    if source.check is None:
        return []
    filled = [field.name for field in source.fields if field.filled]
    rows = pa.table(dict(values)).to_pylist()
    found = [source.check(row) if all(row[name] is not None for name in filled) else None for row in rows]
    return [
        (wrong[0], Problem(pa.array([each == wrong for each in found]), wrong[1]))
        for wrong in dict.fromkeys(found)
        if wrong
    ]
