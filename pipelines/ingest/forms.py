"""Texts by their form: all digits alike, but for a zero that a number begins with. A million amounts have a dozen forms.

Invariant: a pattern that asks of digits only whether they are some, and whether the first one is a zero, holds of a text exactly where it
holds of its form.
"""

import weakref

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import matches

_ALIKE = bytes.maketrans(b"023456789", b"1" * 9)
_ROWS = 1 << 16  # that are looked at together: a large column would take as much memory once more
_FEW = 128  # forms whose numbers take a byte each
_SIGNS, _SPACE, _ZERO = b"+-", ord(" "), ord("0")


class Forms:
    """The distinct forms of texts, and which text has which (`codes`; null for none)."""

    def __init__(self, text: pa.Array) -> None:
        parts = [_alike(text.slice(start, _ROWS)).dictionary_encode() for start in range(0, len(text) or 1, _ROWS)]
        encoded = pa.chunked_array(parts).unify_dictionaries().combine_chunks()
        few = len(encoded.dictionary) < _FEW
        self.codes: pa.Array = encoded.indices.cast(pa.int8()) if few else encoded.indices
        self.distinct: pa.Array = encoded.dictionary

    def matches(self, pattern: str) -> pa.BooleanArray:
        """Whether each text matches the whole pattern; false where there is none."""
        return self.each(matches(self.distinct, pattern)).fill_null(False)

    def each(self, values: pa.Array) -> pa.Array:
        """For each text the value of its form."""
        return pc.take(values, self.codes)


_made: dict[int, Forms] = {}


def forms_of(text: pa.Array) -> Forms:
    """The forms of texts, made once for as long as the texts live: their marks, values and currencies are all told from them."""
    key = id(text)
    if key not in _made:
        _made[key] = Forms(text)
        weakref.finalize(text, _made.pop, key, None)
    return _made[key]


def _alike(text: pa.Array) -> pa.Array:
    """Texts with every digit 1, and with 0 where the number after a sign and a space begins with it."""
    _, ends, data = text.buffers()
    if data is None or not data.size:
        return text
    ends_at = np.frombuffer(ends, np.int32)[text.offset : text.offset + len(text) + 1]
    written = np.frombuffer(data, np.uint8)[ends_at[0] : ends_at[-1]]
    if not len(written):
        return text
    alike = np.frombuffer(bytearray(written.tobytes().translate(_ALIKE)), np.uint8)
    ends_at = ends_at - ends_at[0]
    first, last = ends_at[:-1], ends_at[1:] - 1
    for skipped in (np.frombuffer(_SIGNS, np.uint8), np.array([_SPACE], np.uint8)):
        first = first + ((first < last) & np.isin(written[np.minimum(first, len(written) - 1)], skipped))
    first = first[first <= last]
    alike[first[written[first] == _ZERO]] = _ZERO
    forms = pa.StringArray.from_buffers(len(text), pa.py_buffer(ends_at), pa.py_buffer(alike))
    return pc.if_else(text.is_valid(), forms, None) if text.null_count else forms
