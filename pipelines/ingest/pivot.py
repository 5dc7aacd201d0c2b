"""A pivot unpivoted: a file whose headers say day, brand and metric becomes one record a row, day and brand.

Invariant: every number of the file stands in exactly one record, beside the cells of its row; a record keeps its row's number. A row that
sums up others becomes one record with the sum of its cells, which names no day and no brand.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pipelines.ingest.cells import clean, is_unknown
from pipelines.ingest.prepared import Raw
from pipelines.ingest.sums import Mask
from pipelines.ingest.totals import are_totals
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
    metrics = list(dict.fromkeys(column.metric for column in columns))
    labels = [name for name in raw.header if name not in {column.column for column in columns}]
    totals = _totals(raw.table, labels)
    groups = dict.fromkeys((column.day, column.brand) for column in columns)
    parts = [_total(raw, labels, columns, totals)]
    for group in groups:
        cells = {column.metric: column.column for column in columns if (column.day, column.brand) == group}
        there = _any_filled(raw.table, list(cells.values())) & ~totals
        parts.append(_record(raw, labels, metrics, group, cells, there))
    whole = pa.concat_tables(parts)
    whole = whole.take(pa.array(np.argsort(np.asarray(whole.column(0)), kind="stable")))
    table = whole.remove_column(0)
    said = (
        f"The headers name days and brands ({len(groups):,} of them): each row with a number became a record of each."
    )
    return replace(
        raw,
        header=tuple(table.column_names),
        table=table,
        rows=whole.column(0).combine_chunks(),
        notes=(*raw.notes, said),
    )


def _record(
    raw: Raw, labels: list[str], metrics: list[str], group: tuple[str, str], cells: dict[str, str], there: Mask
) -> pa.Table:
    """The records of one day and brand: row number, labels, day, brand and metrics, in the rows that are `there`."""
    rows = raw.table.filter(pa.array(there))
    blank = pa.repeat("", rows.num_rows)
    names = [f"{name} (header)" if name in labels else name for name in (DAY, BRAND)]
    named = {name: pa.repeat(said, rows.num_rows) for name, said in zip(names, group, strict=True)}
    numbers = {metric: rows[cells[metric]].cast(pa.string()) if metric in cells else blank for metric in metrics}
    texts = {label: rows[label].cast(pa.string()) for label in labels} | named | numbers
    return pa.table([raw.rows.filter(pa.array(there)), *texts.values()], names=["", *texts])


def _total(raw: Raw, labels: list[str], columns: list[_Pivoted], there: Mask) -> pa.Table:
    """The rows that sum up others, their counts added up over days and brands; unknown where a cell is no plain count."""
    metrics = list(dict.fromkeys(column.metric for column in columns))
    record = _record(raw, labels, metrics, ("", ""), {}, there)
    rows = raw.table.filter(pa.array(there))
    for metric in metrics:
        cells = [rows[column.column].cast(pa.string()).to_pylist() for column in columns if column.metric == metric]
        sums = pa.array([_sum(row) for row in zip(*cells, strict=True)], pa.string())
        record = record.set_column(record.schema.get_field_index(metric), metric, sums)
    return record


def _sum(cells: Iterable[str]) -> str:
    counts = [re.sub(r"[.,'\s]", "", cell) for cell in cells if cell.strip(" -–—")]
    return str(sum(map(int, counts))) if all(re.fullmatch(r"\d+", count) for count in counts) else ""


def _totals(table: pa.Table, labels: list[str]) -> Mask:
    """Which rows sum up others, by a word in one of their labels."""
    found = np.zeros(table.num_rows, bool)
    for label in labels:
        found |= np.asarray(are_totals(_texts(table, label)))
    return found


def _any_filled(table: pa.Table, columns: list[str]) -> Mask:
    """Whether any of the cells says something."""
    found = np.zeros(table.num_rows, bool)
    for column in columns:
        found |= ~np.asarray(is_unknown(_texts(table, column)))
    return found


def _texts(table: pa.Table, column: str) -> pa.Array:
    return clean(table[column].cast(pa.string()).combine_chunks())
