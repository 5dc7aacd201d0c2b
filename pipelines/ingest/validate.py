"""Which rows of a file are no data (totals) and which are refused, with the reason.

Invariant: a refused row stands once in the list, with its first faulty cell and every reason.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import clean, matches
from pipelines.ingest.normalise import Fault
from pipelines.ingest.prepared import REFUSED_SCHEMA, Raw
from pipelines.sources import Source

_TOTAL = (
    r"(?:grand[ -]?|sub[ -]?|overall )?(?:totals?|sum|summe|gesamt|gesamtsumme|gesamtergebnis|insgesamt|totaux|totale|totaal|totales|"
    r"somme|suma|soma|razem|итого|всего|合計|总计)(?: general| général| geral| général)?(?: ?[:\-–].*| of \d.*)?"
)
_SHOWN = 200  # characters of a refused cell that are kept


def drop_totals(source: Source, raw: Raw, mapping: Mapping[str, str]) -> tuple[pa.Table, pa.Array, int]:
    """The file's rows without its totals rows, their record numbers, and how many totals rows there were.

    A totals row begins with a word for it, and the cells that name a row of data are blank but for that word.
    """
    total = _begins_with_total(raw.table)
    suspects = np.flatnonzero(total >= 0)
    if not len(suspects):
        return raw.table, raw.rows, 0
    naming = [mapping[field.name] for field in source.fields if field.filled and field.name in mapping]
    blank = np.ones(len(suspects), bool)
    for column in naming:
        cells = raw.table[column].take(pa.array(suspects)).combine_chunks().cast(pa.string())
        has_word = total[suspects] == raw.table.column_names.index(column)
        blank &= has_word | np.asarray(pc.is_null(clean(cells)))
    kept = np.ones(raw.table.num_rows, bool)
    kept[suspects[blank]] = False
    return raw.table.filter(pa.array(kept)), raw.rows.filter(pa.array(kept)), int(blank.sum())


def _begins_with_total(table: pa.Table) -> np.ndarray:
    """For each row the position of its first filled cell if that is a word for totals, else -1."""
    result = np.full(table.num_rows, -1)
    undecided = np.ones(table.num_rows, bool)
    for position, column in enumerate(table.columns):
        encoded = column.combine_chunks().dictionary_encode()
        texts = clean(encoded.dictionary)
        is_word = np.asarray(pc.take(matches(texts, _TOTAL, ignore_case=True), encoded.indices))
        result[undecided & is_word] = position
        undecided &= np.asarray(pc.take(pc.is_null(texts), encoded.indices))
        if not undecided.any():
            break
    return result


def refuse(table: pa.Table, rows: pa.Array, faults: Iterable[Fault]) -> tuple[pa.BooleanArray, pa.Table]:
    """Which rows have no fault, and a line of REFUSED_SCHEMA for each of the others."""
    lines: dict[int, dict[str, object]] = {}
    for fault in faults:
        columns = [name for name in fault.columns if name in table.column_names]
        for position in np.flatnonzero(np.asarray(fault.problem.where)).tolist():
            cells = ", ".join(table[name][position].as_py() for name in columns)
            if position in lines:
                shown = f"{fault.columns[0]} '{cells[:_SHOWN]}': {fault.problem.reason}"
                lines[position]["reason"] = f"{lines[position]['reason']} Also {shown}"
                continue
            lines[position] = {
                "row": rows[position].as_py(),
                "column": ", ".join(fault.columns),
                "value": cells[:_SHOWN],
                "reason": fault.problem.reason,
            }
    kept = np.ones(table.num_rows, bool)
    kept[list(lines)] = False
    refused = pa.Table.from_pylist([lines[position] for position in sorted(lines)], REFUSED_SCHEMA)
    return pa.array(kept), refused
