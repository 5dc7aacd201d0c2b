"""What names a row: keys of warehouse rows, identities of lake rows, and what becomes of rows that are equal in them.

Invariant: names are compared in NFC, trimmed and case-folded, identifiers exactly; the same facts give the same hash in every file.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import FileRefused
from pipelines.ingest.cells import Problem, count
from pipelines.ingest.words import shortened
from pipelines.sources import Field, Source

_SEPARATOR = "\x1f"  # cannot stand in a cell: rows with control characters are refused


@dataclass(frozen=True)
class Keyed:
    """Rows with their `key_hash` (or id), which of the given rows were refused, how many were merged, and what to say."""

    rows: pa.Table
    refused: Problem | None = None
    merged: int = 0
    warnings: tuple[str, ...] = ()


def fold_names(names: pa.Array) -> pa.Array:
    """Cleaned names, case-folded."""
    if pc.all(pc.string_is_ascii(names)).as_py():
        return pc.utf8_lower(names)
    encoded = names.dictionary_encode()
    folded = [None if name is None else name.casefold() for name in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(folded, pa.string()), encoded.indices)


def key_rows(source: Source, rows: pa.Table) -> Keyed:
    """Give warehouse rows (columns named by field, and row_number) their key_hash and settle rows equal in it.

    Sources that repeat by 'sum' add up; in the others a later row that says the same is merged and one that says otherwise refused.
    """
    rows = rows.append_column("key_hash", _sha256(_joined(rows, [source.field(name) for name in source.key])))
    code, first = _groups(rows["key_hash"])
    if len(first) == rows.num_rows:
        return Keyed(rows)
    if source.repeats == "sum":
        merged = rows.num_rows - len(first)
        said = f"Rows equal in {', '.join(source.key)}: {merged:,} beside the first; their amounts were added up."
        return Keyed(_summed(source, rows, first), merged=merged, warnings=(said,))
    return _without_repeats(source, rows, first[code])


def identify_rows(source: Source, rows: pa.Table, id_name: str) -> Keyed:
    """Give lake rows their id: their own if the id column (`id_name` is its header) can be trusted as a whole, else a hash of their facts.

    Rows without an id that are alike in their facts are numbered by occurrence. Rows that repeat an id are merged into the first.
    """
    assert source.id_field is not None
    facts = _joined(rows, [field for field in source.fields if field.identity])
    own, warnings = _trusted_ids(rows[source.id_field].combine_chunks(), facts, id_name)
    code, _ = _groups(facts)
    numbered = pc.binary_join_element_wise(facts, pa.array(_occurrences(code)).cast(pa.string()), _SEPARATOR)
    ids = own if not own.null_count else pc.coalesce(own, _sha256(numbered))
    rows = rows.set_column(rows.schema.get_field_index(source.id_field), source.id_field, ids)
    _, first = _groups(ids)
    merged = rows.num_rows - len(first)
    if not merged:
        return Keyed(rows, warnings=warnings)
    said = f"Rows that repeat an id of '{id_name}' and its facts: {merged:,}; each is kept once, as it stands first."
    return Keyed(rows.take(pa.array(np.sort(first))), merged=merged, warnings=(*warnings, said))


def _trusted_ids(ids: pa.Array, facts: pa.Array, name: str) -> tuple[pa.Array, tuple[str, ...]]:
    """The ids if none is shortened and none stands for differing rows; else all null, and why."""
    none = pa.nulls(len(ids), pa.string())
    instead = "The column is not used; rows are told apart by what they say."
    short = shortened(ids)
    if count(short):
        example = pc.filter(ids, short)[0].as_py()
        return none, (f"Excel shortened the ids in '{name}' ({example}) so that different rows share one. {instead}",)
    both = pc.binary_join_element_wise(ids, facts, _SEPARATOR)  # null where there is no id
    if len(pc.unique(both.drop_null())) != len(pc.unique(ids.drop_null())):
        return none, (f"Ids in '{name}' repeat on rows that differ. {instead}",)
    return ids, ()


def _joined(rows: pa.Table, fields: list[Field]) -> pa.Array:
    """One text a row out of the fields: names folded, days and moments as ISO text, unknown as nothing."""
    parts = []
    for field in fields:
        values = rows[field.name].combine_chunks()
        if field.type in ("name", "choice"):
            values = fold_names(values)
        elif field.type == "instant":
            values = values.cast(pa.int64())
        parts.append(values.cast(pa.string()))
    return pc.binary_join_element_wise(*parts, _SEPARATOR, null_handling="replace", null_replacement="")


def _sha256(texts: pa.Array) -> pa.Array:
    """SHA-256 of each text in UTF-8, in hex."""
    with duckdb.connect() as engine:
        engine.register("facts", pa.table({"text": texts}))
        return engine.sql("SELECT sha256(text) AS hash FROM facts").to_arrow_table()["hash"].combine_chunks()


def _groups(values: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """For each value the number of its group, and for each group the position of its first value."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    code = np.asarray(values.dictionary_encode(null_encoding="encode").indices)
    return code, np.unique(code, return_index=True)[1]


def _occurrences(code: np.ndarray) -> np.ndarray:
    """1 for the first of each group, 2 for the second, ..."""
    order = np.argsort(code, kind="stable")
    ordered = code[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(code) else np.array([], np.int64)
    lengths = np.diff(np.r_[starts, len(code)])
    result = np.empty(len(code), np.int64)
    result[order] = np.arange(len(code)) - np.repeat(starts, lengths) + 1
    return result


def _summed(source: Source, rows: pa.Table, first: np.ndarray) -> pa.Table:
    """One row a key: its first row, with the numbers added up (unknown where all are), and other blanks filled from later rows."""
    ways = []
    widened = rows
    for name in rows.column_names:
        if name in source.sums:
            scale = getattr(rows.schema.field(name).type, "scale", 0)
            position = rows.schema.get_field_index(name)
            widened = widened.set_column(position, name, rows[name].cast(pa.decimal128(38, scale)))
            ways.append((name, "sum"))
        elif name != "key_hash":
            ways.append((name, "first"))
    grouped = widened.group_by("key_hash", use_threads=False).aggregate(ways)
    grouped = grouped.rename_columns(
        [name.removesuffix("_sum").removesuffix("_first") for name in grouped.column_names]
    )
    try:
        return grouped.select(rows.column_names).cast(rows.schema).sort_by("row_number")
    except pa.ArrowInvalid:
        raise FileRefused(
            "Rows of one day and campaign add up to more than can be stored.",
            "Check the numbers of the file for misread cells.",
        ) from None


def _without_repeats(source: Source, rows: pa.Table, first_of: np.ndarray) -> Keyed:
    position = np.arange(rows.num_rows)
    later = position != first_of
    same = np.ones(rows.num_rows, bool)
    for field in source.fields:
        if field.name not in source.key:
            values = rows[field.name].combine_chunks()
            other = values.take(pa.array(first_of))
            equal = pc.or_(pc.fill_null(pc.equal(values, other), False), pc.and_(pc.is_null(values), pc.is_null(other)))
            same &= np.asarray(equal)
    key = ", ".join(source.key)
    refused = Problem(pa.array(later & ~same), f"An earlier row of the file has the same {key} and other values.")
    return Keyed(rows.filter(pa.array(~later)), refused, merged=int((later & same).sum()))
