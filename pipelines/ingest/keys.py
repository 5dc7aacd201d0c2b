"""What names a row: keys of warehouse rows, identities of lake rows, and what becomes of rows that are equal in them.

Invariant: names are compared in NFC, trimmed and case-folded, identifiers exactly; the same facts give the same hash in every file. Rows are
compared by codes, one integer a row that is equal where the facts are; only what is stored is hashed.
"""

from binascii import hexlify
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import FileRefused
from pipelines.ingest.cells import Problem, count
from pipelines.ingest.words import shortened
from pipelines.sources import Field, Source

Ints = npt.NDArray[np.int64]

_SEPARATOR = 31  # a character that cannot stand in a cell: rows with control characters are refused
_MOST_CODES = 2**62
_HASH_BYTES = 32
_BATCH = 1 << 16  # rows


@dataclass(frozen=True)
class Keyed:
    """Rows that differ in what names them, which of the given rows were refused, how many were merged, and what to say."""

    rows: pa.Table
    refused: Problem | None = None
    merged: int = 0
    warnings: tuple[str, ...] = ()


def fold_names(names: pa.Array) -> pa.Array:
    """Cleaned names (or a dictionary of such), case-folded."""
    if pa.types.is_dictionary(names.type):
        return pa.DictionaryArray.from_arrays(names.indices, fold_names(names.dictionary))
    if pc.all(pc.string_is_ascii(names)).as_py():
        return pc.utf8_lower(names)
    encoded = names.dictionary_encode()
    folded = [None if name is None else name.casefold() for name in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(folded, pa.string()), encoded.indices)


def key_rows(source: Source, rows: pa.Table) -> Keyed:
    """Settle warehouse rows (columns named by field, and row_number) that are equal in their key.

    Sources that repeat by 'sum' add up; in the others a later row that says the same is merged and one that says otherwise refused.
    """
    codes = codes_of(rows, [source.field(name) for name in source.key])
    if not _repeat(codes):
        return Keyed(rows)
    return _summed(source, rows, codes) if source.repeats == "sum" else _without_repeats(source, rows, codes)


def key_hashes(source: Source, rows: pa.Table) -> pa.Array:
    """The key_hash of warehouse rows, named as they are stored: 32 bytes each."""
    fields = [source.field(name) for name in source.key]
    hashes = _sha256(rows.select([field.stored_as for field in fields]).rename_columns(source.key), fields)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(_HASH_BYTES), len(hashes), [None, pa.py_buffer(hashes)])


def identify_rows(source: Source, rows: pa.Table, id_name: str) -> Keyed:
    """Give lake rows their id: their own if the id column (`id_name` is its header) can be trusted as a whole, else a hash of their facts.

    Rows without an id that are alike in their facts are numbered by occurrence. Rows that repeat an id are merged into the first.
    """
    assert source.id_field is not None
    fields = [field for field in source.fields if field.identity]
    facts = codes_of(rows, fields)
    own, warnings = _trusted_ids(source.field(source.id_field), whole(rows[source.id_field]), facts, id_name)
    ids = pa.chunked_array([plain(own)])
    if own.null_count:
        hashes = _in_hex(_sha256(rows, fields, _occurrences(facts)))
        ids = hashes if own.null_count == len(own) else pc.coalesce(ids, hashes)
    rows = rows.set_column(rows.schema.get_field_index(source.id_field), source.id_field, ids)
    if own.null_count == len(own):  # a hash is of one row alone
        return Keyed(rows, warnings=warnings)
    first = _groups(codes_of(rows, [source.field(source.id_field)]))[1]
    merged = rows.num_rows - len(first)
    if not merged:
        return Keyed(rows, warnings=warnings)
    said = f"Rows that repeat an id of '{id_name}' and its facts: {merged:,}; each is kept once, as it stands first."
    return Keyed(rows.take(pa.array(first)), merged=merged, warnings=(*warnings, said))


def whole(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece, without a copy where it is."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def plain(values: pa.Array) -> pa.Array:
    """The values themselves where they are encoded by a dictionary."""
    return pc.take(values.dictionary, values.indices) if pa.types.is_dictionary(values.type) else values


def _trusted_ids(field: Field, ids: pa.Array, facts: Ints, name: str) -> tuple[pa.Array, tuple[str, ...]]:
    """The ids if none is shortened and none stands for differing rows; else all null, and why."""
    none = pa.nulls(len(ids), pa.string())
    instead = "The column is not used; rows are told apart by what they say."
    distinct = plain(pc.unique(ids))
    short = shortened(distinct)
    if count(short):
        example = pc.filter(distinct, short)[0].as_py()
        return none, (f"Excel shortened the ids in '{name}' ({example}) so that different rows share one. {instead}",)
    there = np.asarray(pc.is_valid(ids))
    id_codes = _code(field, ids)[0][there]
    if _repeat(id_codes):
        group, first = _groups(id_codes)
        if (facts[there] != facts[there][first][group]).any():
            return none, (f"Ids in '{name}' repeat on rows that differ. {instead}",)
    return ids, ()


def codes_of(rows: pa.Table, fields: list[Field]) -> Ints:
    """One integer a row out of the fields, equal where all of them are; names are compared folded, unknown equals unknown."""
    total, most = np.zeros(rows.num_rows, np.int64), 1
    texts = []
    for field in fields:
        values = whole(rows[field.name])
        if pa.types.is_string(values.type):
            texts.append((field, values))
            continue
        code, size = _code(field, values)
        if most * size > _MOST_CODES:
            total, most = _groups(total)[0], rows.num_rows
        total *= size
        total += code
        most *= size
    for field, values in texts:  # columns that hardly repeat: only rows that are equal so far are looked at
        group = _groups(total)[0]
        equal = np.bincount(group)[group] > 1
        code, size = _code(field, values.filter(pa.array(equal)))
        total = group * size
        total[equal] += code
    return total


def _code(field: Field, values: pa.Array) -> tuple[Ints, int]:
    """One integer a value of the field, 0 where there is none, and how many integers there may be."""
    if field.type in ("name", "choice"):
        values = fold_names(values)
    if pa.types.is_dictionary(values.type):
        distinct = values.dictionary.dictionary_encode()
        numbers = np.asarray(pc.fill_null(distinct.indices, -1)).astype(np.int64) + 1
        codes = np.append(numbers, 0)[np.asarray(pc.fill_null(values.indices, len(numbers)))]
        return codes, len(distinct.dictionary) + 1
    encoded = values.dictionary_encode()
    return np.asarray(pc.fill_null(encoded.indices, -1)).astype(np.int64) + 1, len(encoded.dictionary) + 1


def _repeat(codes: Ints) -> bool:
    """Whether any code stands twice."""
    ordered = np.sort(codes)
    return bool((ordered[1:] == ordered[:-1]).any())


def _groups(codes: Ints) -> tuple[Ints, Ints]:
    """For each code the number of its group, in order of appearance, and for each group the position of its first code."""
    group = np.asarray(pa.array(codes).dictionary_encode().indices).astype(np.int64)
    before = np.r_[np.int64(-1), np.maximum.accumulate(group)[:-1]] if len(group) else group
    return group, np.flatnonzero(group > before)


def _occurrences(codes: Ints) -> Ints:
    """1 for the first of each code, 2 for the second, ..."""
    result = np.ones(len(codes), np.int64)
    if not _repeat(codes):
        return result
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(codes)])
    result[order] = np.arange(len(codes)) - np.repeat(starts, lengths) + 1
    return result


def _sha256(rows: pa.Table, fields: list[Field], occurrences: Ints | None = None) -> npt.NDArray[np.uint8]:
    """SHA-256 of one text a row in UTF-8: names folded, days as ISO text, moments as milliseconds, unknown as nothing. A line of bytes a row."""
    facts: dict[str, pa.Array] = {}
    for field in fields:
        values = whole(rows[field.name])
        if field.type in ("name", "choice"):
            values = fold_names(values)
        elif field.type == "instant":
            values = values.cast(pa.int64())
        facts[f"fact_{len(facts)}"] = values
    if occurrences is not None:
        facts[f"fact_{len(facts)}"] = pa.array(occurrences)
    text = f"concat({f', chr({_SEPARATOR}), '.join(facts)})"  # it takes nulls for nothing
    hashes = np.empty((rows.num_rows, _HASH_BYTES), np.uint8)
    filled = 0
    with duckdb.connect() as engine:
        engine.register("facts", pa.table(facts))
        for batch in engine.sql(f"SELECT unhex(sha256({text})) AS hash FROM facts").to_arrow_reader(_BATCH):
            of_batch = np.asarray(batch["hash"].cast(pa.binary(_HASH_BYTES)).buffers()[1], np.uint8)
            filled += batch.num_rows
            hashes[filled - batch.num_rows : filled] = of_batch.reshape(-1, _HASH_BYTES)
    return hashes


def _in_hex(hashes: npt.NDArray[np.uint8]) -> pa.Array:
    """The hashes as texts of hexadecimal digits."""
    ends = pa.array(np.arange(len(hashes) + 1, dtype=np.int32) * (2 * _HASH_BYTES)).buffers()[1]
    return pa.StringArray.from_buffers(len(hashes), ends, pa.py_buffer(hexlify(hashes.data)))


def _summed(source: Source, rows: pa.Table, codes: Ints) -> Keyed:
    """One row a key: its first row, with the numbers added up (unknown where all are), and other blanks filled from later rows."""
    group, first = _groups(codes)
    columns = {}
    for name in rows.column_names:
        values = whole(rows[name])
        columns[name] = _sums(values, group) if name in source.sums else _first_known(values, group, first)
    merged = rows.num_rows - len(first)
    said = f"Rows equal in {', '.join(source.key)}: {merged:,} beside the first; their amounts were added up."
    return Keyed(pa.table(columns), merged=merged, warnings=(said,))


def _sums(values: pa.Array, group: Ints) -> pa.Array:
    wide = values.cast(pa.decimal128(38, getattr(values.type, "scale", 0)))
    sums = pa.table({"group": group, "value": wide}).group_by("group").aggregate([("value", "sum")]).sort_by("group")
    try:
        return sums["value_sum"].combine_chunks().cast(values.type)
    except pa.ArrowInvalid:
        raise FileRefused(
            "Rows of one day and campaign add up to more than can be stored.",
            "Check the numbers of the file for misread cells.",
        ) from None


def _first_known(values: pa.Array, group: Ints, first: Ints) -> pa.Array:
    """The first value of each group that is known."""
    if not values.null_count:
        return values.take(pa.array(first))
    known = np.flatnonzero(np.asarray(pc.is_valid(values)))
    position = np.full(len(first), -1)
    position[group[known[::-1]]] = known[::-1]  # where a group has several, the last one written is its first
    return values.take(pa.array(position, mask=position < 0))


def _without_repeats(source: Source, rows: pa.Table, codes: Ints) -> Keyed:
    group, first = _groups(codes)
    later = np.flatnonzero(first[group] != np.arange(len(codes)))
    earlier = first[group[later]]
    same = np.ones(len(later), bool)
    for field in source.fields:
        if field.name not in source.key:
            values = whole(rows[field.name])
            same &= _equal(plain(values.take(pa.array(later))), plain(values.take(pa.array(earlier))))
    refused = np.zeros(rows.num_rows, bool)
    refused[later[~same]] = True
    reason = f"An earlier row of the file has the same {', '.join(source.key)} and other values."
    return Keyed(rows.take(pa.array(first)), Problem(pa.array(refused), reason), merged=int(same.sum()))


def _equal(one: pa.Array, other: pa.Array) -> npt.NDArray[np.bool_]:
    both_unknown = pc.and_(pc.is_null(one), pc.is_null(other))
    return np.asarray(pc.or_(pc.fill_null(pc.equal(one, other), False), both_unknown))
