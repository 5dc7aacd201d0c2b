"""A pivot unpivoted: a file whose headers say day, brand and metric becomes one record a row, day and brand.

Invariant: every number of the file stands in exactly one record, beside the cells of its row; a record keeps its row's number.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import clean, is_unknown
from pipelines.ingest.prepared import Raw
from pipelines.sources.exports import Export

DAY, BRAND = "Date", "Brand"


@dataclass(frozen=True)
class _Pivoted:
    """A column whose header says for which day, brand and metric its numbers are."""

    column: str
    day: str
    brand: str
    metric: str


def pivoted(header: Iterable[str], export: Export) -> list[_Pivoted]:
    """The columns whose header is a day, a brand and a metric."""
    found = []
    for column in header:
        if match := re.fullmatch(export.pivot, column, re.IGNORECASE):
            year, month, day = (match["day"][at : at + 2] for at in (0, 2, 4))
            found.append(_Pivoted(column, f"20{year}-{month}-{day}", match["brand"], match["metric"]))
    return found


def unpivot(raw: Raw, export: Export | None) -> Raw:
    """One record a (row, day, brand) with its metrics, records without any number left out; other files as they are."""
    if export is None or not export.pivot:
        return raw
    columns = pivoted(raw.header, export)
    groups = list(dict.fromkeys((column.day, column.brand) for column in columns))
    metrics = list(dict.fromkeys(column.metric for column in columns))
    labels = [name for name in raw.header if name not in {column.column for column in columns}]
    day, brand = (f"{name} (header)" if name in labels else name for name in (DAY, BRAND))
    parts, numbers = [], []
    for group in groups:
        cells = {column.metric: column.column for column in columns if (column.day, column.brand) == group}
        there = _any_filled(raw.table, list(cells.values()))
        rows = raw.table.filter(there)
        blank = pa.repeat("", rows.num_rows)
        part = {label: rows[label].cast(pa.string()) for label in labels}
        part |= {day: pa.repeat(group[0], rows.num_rows), brand: pa.repeat(group[1], rows.num_rows)}
        part |= {metric: rows[cells[metric]].cast(pa.string()) if metric in cells else blank for metric in metrics}
        parts.append(pa.table(part))
        numbers.append(raw.rows.filter(there))
    table = pa.concat_tables(parts)
    rows = pa.concat_arrays([number if isinstance(number, pa.Array) else number.combine_chunks() for number in numbers])
    order = pa.array(np.argsort(np.asarray(rows), kind="stable"))
    said = f"The headers name {len(groups):,} days and brands: {raw.table.num_rows:,} rows became {table.num_rows:,} records."
    return replace(
        raw, header=tuple(table.column_names), table=table.take(order), rows=rows.take(order), notes=(*raw.notes, said)
    )


def _any_filled(table: pa.Table, columns: list[str]) -> pa.ChunkedArray:
    """Whether any of the cells says something."""
    there = pa.chunked_array([pa.repeat(False, table.num_rows)])
    for column in columns:
        texts = clean(table[column].cast(pa.string()).combine_chunks())
        there = pc.or_(there, pc.invert(is_unknown(texts)))
    return there
