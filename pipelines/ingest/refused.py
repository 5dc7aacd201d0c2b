"""Refused rows as the file has them, each with its reason: to be mended and uploaded again.

Invariant: every refused row is there once, in the order of the file, under the file's own header.
"""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.prepared import Raw

REASON = "reason"


def refused_rows(raw: Raw, refused: pa.Table) -> pa.Table:
    """The cells of the rows in `refused` (REFUSED_SCHEMA), and a last column `reason` (`reason_` where the file has one of that name).

    A row that is no row of the table (too many cells, say) has the beginning of its text in the first column.
    """
    lines = refused.sort_by("row").to_pylist()
    reasons: dict[int, str] = {}
    texts: dict[int, str] = {}
    for line in lines:
        said = f"{line['column']}: {line['reason']}" if line["column"] else line["reason"]
        reasons[line["row"]] = f"{reasons[line['row']]} {said}" if line["row"] in reasons else said
        texts.setdefault(line["row"], line["value"] or "")
    places = pc.index_in(pa.array(list(reasons), pa.int64()), value_set=raw.rows)
    cells = [raw.table[name].take(places).cast(pa.string()) for name in raw.header]
    cells[0] = pc.if_else(pc.is_null(places), pa.array(list(texts.values()), pa.string()), cells[0])
    name = REASON
    while name in raw.header:
        name += "_"
    return pa.table([*cells, pa.array(list(reasons.values()), pa.string())], names=[*raw.header, name])
