"""How the fields of a file were read, each by an example.

Invariant: an example is a cell of the file and the value stored for it; one that changed on the way is preferred.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.columns import Column
from pipelines.ingest.date_order import Order
from pipelines.ingest.prepared import Conversion
from pipelines.sources import NUMBER_TYPES, Field

_LOOKED_AT = 500  # distinct texts among which an example is looked for
_SHOWN = 80  # characters of an example
_YEAR_LAST = re.compile(r"\D*\d{1,2}(?:[-/ ]|\. ?)\d{1,2}(?:[-/ ]|\. ?)(?:\d{4}|\d{2})\b")
_ZONE = re.compile(r":\d{2}[\d.,]*\s*(?:Z|UTC|GMT|[+\-−]\d|[A-Z]{2,5}$|[A-Z][a-z]+/)")
_MARKS = {".": "point", ",": "comma", "'": "apostrophe", "’": "apostrophe"}


def example(column: Column, values: pa.Array, order: Order, zone: str) -> Conversion | None:
    """How a field's texts became these values (of its distinct texts); None where the file says nothing of the field."""
    known = np.flatnonzero(np.asarray(pc.is_valid(values)))[:_LOOKED_AT].tolist()
    if not known or (not column.headers and column.written[0].as_py() is None):
        return None
    pairs = [(column.written[place].as_py(), values[place].as_py()) for place in known]
    written, value = max(pairs, key=lambda pair: _telling(column.field, *pair))
    if not column.headers:
        how = "the same for all rows"
    elif not written or written == _shown(value):
        how = "as written" if written else "where the cell is blank"
    else:
        how = _how(column.field, written, value, order, zone)
    return Conversion(column.field.name, ", ".join(column.headers), written[:_SHOWN], _shown(value)[:_SHOWN], how)


def _telling(field: Field, written: str, value: Any) -> tuple[bool, int]:
    """How much a pair shows: whether the text changed; of numbers the longest shows most marks."""
    changed = bool(written) and written != _shown(value)
    return changed, len(written) if changed and field.type in NUMBER_TYPES else 0


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return f"{value.isoformat(' ', 'milliseconds' if value.microsecond else 'seconds')} UTC"
    return str(value)


def _how(field: Field, written: str, value: Any, order: Order, zone: str) -> str:
    match field.type:
        case "date":
            return _date(written, order)
        case "instant":
            return f"{_date(written, order)}, {'its own zone' if _ZONE.search(written) else zone} -> UTC"
        case "integer" | "money" | "decimal":
            return _number(written, value)
        case "boolean":
            return "yes or no"
        case "sentiment" | "currency" | "choice":
            return f"read as {'one of its choices' if field.type == 'choice' else f'a {field.type}'}"
    return "trimmed" if written.strip() == value else "white space and signs made uniform"


def _date(written: str, order: Order) -> str:
    if _YEAR_LAST.match(written):
        return f"{order} first"
    if re.fullmatch(r"\d{4,6}(?:[.,]\d+)?", written):
        return "the number of the day in spreadsheets"
    if re.fullmatch(r"\d{10,19}(?:[.,]\d+)?", written):
        return "counted from 1970"
    return "year first" if written[:4].isdigit() else "the month by its name"


def _number(written: str, value: Any) -> str:
    """What the marks of a number mean, and what was done with the rest of its text."""
    body = written.strip()
    digits = int("0" + "".join(character for character in body if character.isdecimal()))
    fraction = re.search(r"([.,])(\d+)\D*$", body)
    after = fraction[2] if fraction else ""
    if abs(value) == digits:
        after = ""  # the marks of a whole number part thousands
    powers = [power for power in (0, 3, 6, 9) if abs(value) == Decimal(digits).scaleb(power - len(after))]
    decimal = fraction[1] if fraction and after and powers else ""
    marks = set(re.findall(r"(?<=\d)[.,'’\s](?=\d)", body)) - {decimal}
    said = [f"thousands {_MARKS.get(mark, 'space')}" for mark in sorted(marks)]
    said += [f"decimal {_MARKS[decimal]}"] if decimal else []
    if powers and powers[0]:
        return ", ".join([*said, f"times {10 ** powers[0]:,}"])
    said += ["brackets as minus"] if "(" in body and value < 0 else []
    said += ["without the currency"] if re.search(r"[^\d.,'’\s+\-−()]", body) else []
    return ", ".join(said) or "the same number"
