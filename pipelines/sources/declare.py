"""How a source is declared: its fields, its key, where its rows go.

Invariant: every quirk of a source stands in its declaration; code that reads files never asks for a source by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

FieldType = Literal[
    "date",  # a calendar day, never shifted; date32
    "instant",  # a moment, UTC milliseconds
    "clock",  # the time of day of a moment whose day stands in a column of its own
    "name",  # a name that meets other names: white space folded, compared case-folded
    "text",  # free text
    "url",  # a web address, compared exactly
    "id",  # an identifier, compared exactly
    "person",  # an identifier of a person; words such as "(not set)" mean nobody known
    "integer",  # a count, exact, int64
    "money",  # an amount, decimal128(18, 4)
    "decimal",  # another number, decimal128(18, scale)
    "boolean",  # yes or no
    "currency",  # three letters, upper case
    "sentiment",  # positive, neutral, negative or uncategorized
    "choice",  # one of `choices`
]
NUMBER_TYPES: tuple[FieldType, ...] = ("integer", "money", "decimal")

Sign = Literal["any", "warned", "not_negative", "positive"]

Fill = Callable[[Mapping[str, pa.Array]], pa.Array]


@dataclass(frozen=True)
class Field:
    """One field of a source.

    `required`: a file without it (no column, no fixed value) cannot be read, unless it has one of the fields named in `instead`.
    `filled`: a blank cell refuses its row; otherwise blank means unknown, or `default`, or what `fill` makes of the row's other cells.
    `aliases`: headers people use for it, best first, compared by letters and digits alone. `suffix`: a header that ends in the field's name
    is taken for it when only one does ("airline_sentiment").
    `identity`: part of the identity of a lake row that has no id of its own: facts that no later export of the same row changes.
    `largest`: a number above it is absurd and refuses its row.
    `ahead`: a day that may lie in the future.
    `adds_up`: a number whose total is the sum of its rows; a level is not, nor are people, who are counted once.
    `stored`: kept as a column of the source's own table, under the name `column`.
    """

    name: str
    type: FieldType
    help: str
    required: bool = False
    filled: bool = False
    aliases: tuple[str, ...] = ()
    suffix: bool = False
    column: str = ""
    default: str | None = None
    fill: Fill | None = None
    instead: tuple[str, ...] = ()
    sign: Sign = "not_negative"
    scale: int = 4
    choices: tuple[str, ...] = ()
    identity: bool = False
    largest: int | None = None
    ahead: bool = False
    adds_up: bool = True
    stored: bool = True

    @property
    def stored_as(self) -> str:
        """The column of the stored table."""
        return self.column or self.name


@dataclass(frozen=True)
class Source:
    """A kind of file or feed.

    `key`: the fields that name a row; `repeats`: what becomes of rows equal in it within one file: 'sum' adds the fields in `sums`, 'refuse'
    keeps the first, 'number' (lake) tells rows without an id apart by counting their occurrences.
    `day_field`: the field that dates a row (None: undated). `id_field`: the field with the row's own id.
    `speaks_for`: the fields (the day first) of which a file is the whole truth: a stored key that shares them and is not in the file may have
    to go. Empty where a file never says that.
    `check`: what is wrong with a row whose cells can all be read: the field that shows it and a sentence, or None. For sources of few rows.
    `also`: further tables fed by the same rows: table name -> function from the accepted rows (every field, stored or not) to its rows.
    """

    name: str
    title: str
    help: str
    store: Literal["warehouse", "lake"]
    table: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    repeats: Literal["sum", "refuse", "number"]
    day_field: str | None = "date"
    id_field: str | None = None
    sums: tuple[str, ...] = ()
    speaks_for: tuple[str, ...] = ()
    check: Callable[[Mapping[str, Any]], tuple[str, str] | None] | None = None
    also: Mapping[str, Callable[[pa.Table], pa.Table]] = field(default_factory=dict)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of all fields, in order."""
        return tuple(candidate.name for candidate in self.fields)
