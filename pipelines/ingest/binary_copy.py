"""Arrow rows in the binary format of PostgreSQL's COPY, which takes the server half the work of reading text.

Invariant: every value is written exactly as it is; nothing is rounded, and null is never an empty text. A row is the number of its fields and,
for each, its length in bytes (-1 for null) and its value, all numbers big-endian.
"""

import struct
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)

_NULL = pa.scalar(struct.pack(">i", -1), pa.binary())
_EPOCH = date(2000, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
_DIGIT = 4  # a digit of PostgreSQL's numeric is one of base 10,000
_PRECISION = 18  # decimals of so many places fit an int64


def encode(rows: pa.RecordBatch) -> bytes:
    """The rows of a batch, to stand between HEADER and TRAILER. Columns are text (also coded), whole numbers, decimals, days, booleans or
    bytes of a fixed length."""
    count = pa.repeat(pa.scalar(struct.pack(">h", rows.num_columns), pa.binary()), rows.num_rows)
    written = pc.binary_join_element_wise(count, *map(_field, rows.columns), b"")
    return bytes(written.buffers()[2] or b"")


def _field(column: pa.Array) -> pa.BinaryArray | pa.BinaryScalar:
    """Each value with its length before it; one for all rows where they are alike."""
    if column.null_count == len(column):
        return _NULL
    if pa.types.is_dictionary(column.type) and len(column.dictionary) == 1 and not column.null_count:
        return _fields(column.dictionary)[0]
    return _fields(column)


def _fields(column: pa.Array) -> pa.BinaryArray:
    if pa.types.is_dictionary(column.type):
        fields = pc.take(_fields(column.dictionary), column.indices)
    elif pa.types.is_string(column.type):
        text = column.cast(pa.binary())
        lengths = _records([("length", ">i4")], length=np.asarray(pc.fill_null(pc.binary_length(text), 0)))
        fields = pc.binary_join_element_wise(lengths, text, b"")
    elif pa.types.is_decimal(column.type):
        fields = _numeric(_integers(column)[::2], column.type.scale)  # the lower half of 128 bits
    elif pa.types.is_fixed_size_binary(column.type):
        width = column.type.byte_width
        fields = _fixed(f"V{width}", np.frombuffer(column.buffers()[1], f"V{width}")[column.offset :][: len(column)])
    elif pa.types.is_date(column.type):
        fields = _fixed(">i4", _integers(column) - _EPOCH)
    elif pa.types.is_boolean(column.type):
        fields = _fixed(">i1", np.asarray(column.cast(pa.int8()).fill_null(0)))
    else:
        fields = _fixed(">i8", _integers(column.cast(pa.int64())))
    return pc.if_else(column.is_valid(), fields, _NULL) if column.null_count else fields


def _integers(column: pa.Array) -> npt.NDArray[Any]:
    """The numbers that the values are stored as; anything where there is none."""
    type_ = np.int32 if pa.types.is_date32(column.type) else np.int64
    stride = column.type.bit_width // (8 * np.dtype(type_).itemsize)
    return np.frombuffer(column.buffers()[1], type_)[column.offset * stride : (column.offset + len(column)) * stride]


def _numeric(scaled: npt.NDArray[np.int64], scale: int) -> pa.BinaryArray:
    """Decimals, given as whole numbers of 10 ** -scale, with as many digits before and after the point as any can have."""
    assert scale % _DIGIT == 0
    after, before = scale // _DIGIT, -(-(_PRECISION - scale) // _DIGIT)
    rest = np.abs(scaled)
    digits = np.empty((len(scaled), before + after), np.int64)
    for place in reversed(range(before + after)):
        rest, digits[:, place] = np.divmod(rest, 10**_DIGIT)
    layout = [("length", ">i4"), ("count", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2")]
    return _records(
        [*layout, ("digits", ">i2", (before + after,))],
        length=8 + 2 * (before + after),
        count=before + after,
        weight=before - 1,
        sign=np.where(scaled < 0, 0x4000, 0),
        scale=scale,
        digits=digits,
    )


def _fixed(type_: str, values: npt.NDArray[Any]) -> pa.BinaryArray:
    return _records([("length", ">i4"), ("value", type_)], length=np.dtype(type_).itemsize, value=values)


def _records(layout: list[Any], **values: Any) -> pa.BinaryArray:
    """One record of a fixed layout a row."""
    rows = max(np.shape(value)[0] if np.ndim(value) else 0 for value in values.values())
    records = np.empty(rows, np.dtype(layout))
    for name, value in values.items():
        records[name] = value
    ends = pa.array(np.arange(rows + 1, dtype=np.int32) * records.dtype.itemsize)
    return pa.BinaryArray.from_buffers(pa.binary(), rows, [None, ends.buffers()[1], pa.py_buffer(records)])
