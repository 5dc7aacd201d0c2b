"""Deals in a file of conversions: those that are not won are none.

Invariant: a deal is left out only where the file says of others that they are won, or of itself that it is lost; it is listed with the
refused rows.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.matching import named
from pipelines.ingest.prepared import REFUSED_SCHEMA, Raw
from pipelines.sources.exports import Export

_WON = r"\bwon\b|gewonnen|gagné|ganad[oa]|\bvint[oa]\b|ganh[oa]"

_LOST = r"\blost\b|verloren|perdue?|perdid[oa]|\bpers[oa]\b"


def only_won(raw: Raw, export: Export | None) -> Raw:
    """The file with the rows refused whose deal is not won, where it tells stages."""
    for column in named(raw.header, export.won if export else ()):
        stages = raw.table[column].cast(pa.string()).combine_chunks()
        won = pc.match_substring_regex(stages, _WON, ignore_case=True)
        lost = pc.match_substring_regex(stages, _LOST, ignore_case=True)
        left_out = pc.invert(won) if pc.any(won).as_py() else lost
        if pc.any(left_out).as_py():
            return _refuse(raw, column, stages, left_out)
    return raw


def _refuse(raw: Raw, column: str, stages: pa.Array, lost: pa.BooleanArray) -> Raw:
    lines = [
        {"row": row, "column": column, "value": stage, "reason": "The deal is not won, so it is no conversion."}
        for row, stage in zip(raw.rows.filter(lost).to_pylist(), stages.filter(lost).to_pylist(), strict=True)
    ]
    refused = pa.concat_tables([raw.refused, pa.Table.from_pylist(lines, REFUSED_SCHEMA)])
    won = pc.invert(lost)
    return replace(raw, table=raw.table.filter(won), rows=raw.rows.filter(won), refused=refused)
