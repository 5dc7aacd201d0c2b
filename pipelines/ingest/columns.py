"""The cells of each field of a source: distinct texts, and which row has which.

Invariant: every field has one text a row, from its column, its fixed value or its default; a blank one is null. Nothing is read here. Only a
column that hardly repeats itself is left as it is: to look for its distinct texts would cost more than it spares.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import clean, encoded
from pipelines.ingest.dates import join_clock
from pipelines.sources import Field, Source

One = TypeVar("One")
Other = TypeVar("Other")

_SAMPLE, _MOSTLY = 100_000, 0.9
_WIDEST = 16  # bytes of a value that is no text
_AT_ONCE = 2  # columns


@dataclass(frozen=True)
class Column:
    """A field's distinct texts, as `written` and cleaned (`texts`), the position of each row's one (`codes`; None: one text a row, in order),
    and the `headers` of the columns it is from.
    """

    field: Field
    written: pa.Array
    texts: pa.Array
    codes: pa.Array | None
    headers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call it: its header, or the field where it has none."""
        return self.headers[0] if self.headers else self.field.name

    def over_rows(self, values: pa.Array) -> pa.Array:
        """Values of the distinct texts, laid out over the rows; texts as codes into their distinct values."""
        if self.codes is None:
            return values
        if values.null_count == len(values):
            return _unknown(values.type, len(self.codes))
        if not pa.types.is_string(values.type):
            return pc.take(values, self.codes)
        distinct = values.dictionary_encode()
        if not distinct.indices.null_count and len(distinct.dictionary) == len(values):
            return pa.DictionaryArray.from_arrays(self.codes, values)
        return pa.DictionaryArray.from_arrays(pc.take(distinct.indices, self.codes), distinct.dictionary)

    def text_of(self, row: int) -> str | None:
        """The cleaned text of a row."""
        text: str | None = self.texts[row if self.codes is None else self.codes[row].as_py()].as_py()
        return text


def _unknown(type_: pa.DataType, rows: int) -> pa.Array:
    """A column in which nothing is known. Its zeros are never touched, so that the system has no memory to give for them."""
    if pa.types.is_string(type_):
        return pa.DictionaryArray.from_arrays(_unknown(pa.int32(), rows), pa.array([], type_))
    zeros = pa.py_buffer(np.zeros(rows * _WIDEST, np.uint8))
    return pa.Array.from_buffers(type_, rows, [zeros, zeros], rows)


def columns_of(source: Source, table: pa.Table, mapping: Mapping[str, str], fixed: Mapping[str, str]) -> list[Column]:
    """The cells of every field of the source in a table of texts, by `mapping` (field -> column) and `fixed` (field -> text)."""
    everywhere = pa.repeat(pa.scalar(0, pa.int32()), table.num_rows)
    return at_once(lambda field: _column(source, field, table, mapping, fixed, everywhere), source.fields)


def at_once(work: Callable[[One], Other], columns: Iterable[One]) -> list[Other]:
    """What becomes of each column, two at a time: Arrow works outside Python's lock. More would need the memory of more."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, columns))


def _column(
    source: Source,
    field: Field,
    table: pa.Table,
    mapping: Mapping[str, str],
    fixed: Mapping[str, str],
    everywhere: pa.Array,
) -> Column:
    otherwise = fixed.get(field.name, field.default)
    if field.name not in mapping:
        text = pa.array([otherwise], pa.string())
        return Column(field, text, clean(text), everywhere)
    headers = [mapping[field.name]]
    clocks = [mapping[other.name] for other in source.fields if other.type == "clock" and other.name in mapping]
    if field.name == source.day_field and clocks:
        headers += clocks
        cells = _joined(table[headers[0]], table[headers[1]])
    elif _hardly_repeats(table[headers[0]]):
        written = _without_nulls(table[headers[0]])
        texts = clean(written)
        texts = written if texts.equals(written) else texts  # one copy of a long column is enough
        return Column(field, written, _filled(texts, otherwise), None, tuple(headers))
    else:
        cells = _cells(table[headers[0]])
    return Column(field, cells.dictionary, _filled(clean(cells.dictionary), otherwise), cells.indices, tuple(headers))


def _without_nulls(column: pa.ChunkedArray) -> pa.Array:
    texts = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return pc.fill_null(texts, "") if texts.null_count else texts


def _filled(texts: pa.Array, otherwise: str | None) -> pa.Array:
    return texts if otherwise is None else pc.fill_null(texts, otherwise)


def _hardly_repeats(column: pa.ChunkedArray) -> bool:
    """Whether almost all of the first texts of a plain column are different."""
    if pa.types.is_dictionary(column.type) or len(column) < _SAMPLE:
        return False
    return bool(pc.count_distinct(column.slice(0, _SAMPLE)).as_py() > _MOSTLY * _SAMPLE)


def _cells(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The column encoded, with a text for every row: a cell that is not there is blank."""
    cells = encoded(column)
    if not cells.indices.null_count:
        return cells
    texts = pa.concat_arrays([cells.dictionary, pa.array([""], cells.dictionary.type)])
    return pa.DictionaryArray.from_arrays(pc.fill_null(cells.indices, len(cells.dictionary)), texts)


def _joined(days: pa.ChunkedArray, clocks: pa.ChunkedArray) -> pa.DictionaryArray:
    """Days and times of day that stand in two columns, as one; each pair that occurs is joined once."""
    day, clock = _cells(days), _cells(clocks)
    pairs = pc.add(pc.multiply(day.indices.cast(pa.int64()), len(clock.dictionary)), clock.indices.cast(pa.int64()))
    distinct = pairs.dictionary_encode()
    which = distinct.dictionary.to_numpy()
    texts = join_clock(
        day.dictionary.take(pa.array(which // len(clock.dictionary))),
        clock.dictionary.take(pa.array(which % len(clock.dictionary))),
    )
    return pa.DictionaryArray.from_arrays(distinct.indices, pc.fill_null(texts, ""))
