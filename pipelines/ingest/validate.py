"""Which rows of a file are refused, with the reason.

Invariant: a refused row stands once in the list, with its first faulty cell and every reason.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.normalise import Fault
from pipelines.ingest.prepared import REFUSED_SCHEMA

_SHOWN = 200  # characters of a refused cell that are kept


def refuse(
    table: pa.Table, rows: pa.Array, faults: Iterable[Fault], spared: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], pa.Table]:
    """Which rows have a fault, and a line of REFUSED_SCHEMA for each of them; the `spared` rows have none."""
    found = [(fault, np.asarray(fault.problem.where) & ~spared) for fault in faults]
    refused = np.zeros(table.num_rows, bool)
    for _, where in found:
        refused |= where
    positions = np.flatnonzero(refused)
    column, value, reason = (pa.nulls(len(positions), pa.string()) for _ in range(3))
    for fault, where in found:
        here = where[positions]
        if not here.any():
            continue
        cells = _cells(table, fault.columns, positions, here)
        others = pc.binary_join_element_wise(
            reason, f" Also {fault.columns[0]} '", cells, f"': {fault.problem.reason}", ""
        )
        first = pc.and_(pa.array(here), pc.is_null(reason))
        further = pc.and_(pa.array(here), pc.is_valid(reason))
        column = pc.if_else(first, ", ".join(fault.columns), column)
        value = pc.if_else(first, cells, value)
        reason = pc.if_else(first, fault.problem.reason, pc.if_else(further, others, reason))
    lines = [rows.take(pa.array(positions)), column, value, reason]
    return refused, pa.Table.from_arrays(lines, schema=REFUSED_SCHEMA)


def _cells(
    table: pa.Table, columns: tuple[str, ...], positions: npt.NDArray[np.int64], here: npt.NDArray[np.bool_]
) -> pa.Array:
    """What stands in the columns of the rows that are meant `here`, null for the others."""
    rows = pa.array(positions, mask=~here)
    texts = [
        table[name].take(rows).cast(pa.string()).combine_chunks() for name in columns if name in table.column_names
    ]
    if not texts:
        return pc.if_else(pa.array(here), "", pa.scalar(None, pa.string()))
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*texts, ", "), 0, _SHOWN)
