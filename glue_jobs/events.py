"""Events in JSON lines -> rows of touchpoints and of the conversions that they mark.

Invariants: lines = stored + refused + bots; what an event says of its values' types, or beside its schema, is counted and never stops it.
Rows are handled as columns: nothing here runs once a line but for lines that are no UTF-8.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.event_schema import BOTS, FLAG, NUMBER, TEXT, USER_AGENT, VERSION, VERSIONS, EventField
from glue_jobs.raw_files import RawFile
from pipelines.ingest.cells import Problem
from pipelines.ingest.keys import plain
from pipelines.ingest.normalise import Conventions, Fault, read_fields
from pipelines.ingest.prepare import stored_tables
from pipelines.ingest.prepared import REFUSED_SCHEMA
from pipelines.ingest.validate import refuse
from pipelines.sources import SOURCES, Source

_SHOWN = 200  # characters of a refused line that are kept
_TYPES = {"VARCHAR": TEXT, "BOOLEAN": FLAG, "NULL": "null"}
"""DuckDB's types of JSON values -> ours; all others are numbers."""
_CONTROLS = r"\\u00(0[0-8bcefBCEF]|1[0-9a-fA-F]|7[fF])"
_MISSING = "This must not be blank."


@dataclass
class Events:
    """What became of some lines: table -> rows, the refused ones (REFUSED_SCHEMA), and what was counted.

    `late`: day -> rows of it that arrived late; `seen`: "key: type" -> events; `drift`: those of them that the schema does not have.
    """

    tables: dict[str, pa.Table]
    refused: pa.Table
    lines: int = 0
    bots: int = 0
    late: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    drift: Counter[str] = field(default_factory=Counter)


def read_events(content: bytes, file: RawFile, late_days: float, first_byte: int = 0) -> Iterator[Events]:
    """Read whole lines, version by version. A row's number is that of the byte at which its line begins, in the unpacked file."""
    lines, numbers = split_lines(content, first_byte)
    told = _told(lines)
    refused = [_not_read(lines, numbers, told["usable"], "The line is no object in JSON, in UTF-8.")]
    known = pc.is_in(told["version"], value_set=pa.array(list(VERSIONS)))
    unknown = pc.and_(told["usable"], pc.invert(known))
    reason = f"The event names a schema other than {', '.join(VERSIONS)} in '{VERSION}'."
    refused.append(_not_read(lines, numbers, pc.invert(unknown), reason))
    yield Events({}, pa.concat_tables(refused), sum(part.num_rows for part in refused))
    for version, fields in VERSIONS.items():
        of_version = pc.and_(told["usable"], pc.equal(told["version"], version))
        if pc.any(of_version).as_py():
            yield _of_version(lines.filter(of_version), numbers.filter(of_version), fields, _source(), file, late_days)


def split_lines(content: bytes, first_byte: int = 0) -> tuple[pa.Array, pa.Array]:
    """The lines that are not blank, as text, and the byte at which each begins. A line that is no UTF-8 begins with the mark of a lost byte."""
    bytes_ = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(bytes_ == ord("\n")) + 1
    if not len(ends) or ends[-1] != len(bytes_):
        ends = np.append(ends, len(bytes_))
    edges = np.concatenate([[0], ends]).astype(np.int64)
    lines = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(ends), [None, pa.py_buffer(edges), pa.py_buffer(content)]
    )
    try:
        texts = lines.cast(pa.large_string())
    except pa.ArrowInvalid:
        texts = pa.array([_decoded(line) for line in lines.to_pylist()], pa.large_string())
    texts = pc.utf8_trim_whitespace(texts)
    filled = pc.greater(pc.utf8_length(texts), 0)
    return texts.filter(filled), pa.array(edges[:-1] + first_byte).filter(filled)


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return "\ufffd" + line.decode("utf-8", "replace")


def _source() -> Source:
    """Touchpoints, of which the schema of an event says what must be there."""
    source = SOURCES["touchpoints"]
    return replace(source, fields=tuple(replace(one, filled=False) for one in source.fields))


def _told(lines: pa.Array) -> pa.Table:
    """Of each line whether it is an object in JSON, and the version that it names."""
    return _ask(
        "select usable, case when usable then coalesce(json_extract_string(line, $version), '1') end as version from ("
        " select line, case when not json_valid(line) or regexp_matches(line, $controls) then false"
        " else json_type(line) = 'OBJECT' end as usable from lines)",
        lines,
        {"version": f"$.{VERSION}", "controls": _CONTROLS},
    )


def _of_version(
    lines: pa.Array,
    numbers: pa.Array,
    fields: tuple[EventField, ...],
    source: Source,
    file: RawFile,
    late_days: float,
) -> Events:
    texts = _texts(lines, fields)
    mapping = {one.field: one.key for one in fields if one.field}
    said = Conventions("UTC", file.currency, file.arrived_at, date_order="month", decimal="point")
    reading = read_fields(source, texts, mapping, {}, said)
    bots = np.asarray(pc.match_substring_regex(texts[USER_AGENT].combine_chunks(), BOTS))
    required = {one.key for one in fields if one.required}
    faults = [*_blank(texts, required), *reading.faults]
    refused, lines_refused = refuse(texts, numbers, faults, spared=bots)
    kept = ~(refused | bots)
    tables = _tables(source, reading.columns, numbers, kept)
    seen = _seen(lines)
    return Events(
        tables,
        lines_refused,
        len(lines),
        int(bots.sum()),
        late_by_day(tables[source.table], file, late_days),
        seen,
        _drift(seen, fields),
    )


def _texts(lines: pa.Array, fields: tuple[EventField, ...]) -> pa.Table:
    """The values of the keys as text, a column a key; what is not there is blank."""
    paths = ", ".join(f"'$.{one.key}'" for one in fields)
    columns = ", ".join(f"coalesce(found[{number}], '') as \"{one.key}\"" for number, one in enumerate(fields, start=1))
    return _ask(f"select {columns} from (select json_extract_string(line, [{paths}]) as found from lines)", lines, {})


def _tables(
    source: Source, columns: Mapping[str, pa.Array], numbers: pa.Array, kept: npt.NDArray[np.bool_]
) -> dict[str, pa.Table]:
    """The rows that are kept, of every table. Only what says so itself is a conversion: one line tells nothing about another."""
    rows = {**columns, "converted": pc.fill_null(columns["converted"], False), "row_number": numbers}
    chosen = {name: plain(column).filter(pa.array(kept)) for name, column in rows.items()}
    return stored_tables(source, pa.table(chosen))[0]


def _blank(texts: pa.Table, required: set[str]) -> list[Fault]:
    """A fault for each required key, of the events that lack it."""
    columns = {key: texts[key].combine_chunks() for key in texts.column_names if key in required}
    return [
        Fault((key,), Problem(pc.equal(pc.utf8_trim_whitespace(column), ""), _MISSING))
        for key, column in columns.items()
    ]


def late_by_day(rows: pa.Table, file: RawFile, late_days: float) -> Counter[str]:
    """Day -> rows of what happened on it, more than so many days before it arrived."""
    earliest = file.arrived_at.astimezone(UTC).replace(tzinfo=None) - timedelta(days=late_days)
    late = rows.filter(pc.less(rows["occurred_at"], pa.scalar(earliest, rows["occurred_at"].type)))
    days = late["dt"].value_counts()
    return Counter(dict(zip(days.field("values").to_pylist(), days.field("counts").to_pylist(), strict=True)))


def _seen(lines: pa.Array) -> Counter[str]:
    """The keys of the lines with the types of their values, and how many lines have them so."""
    shapes = _ask("select json_structure(line) as shape, count(*) as n from lines group by all order by all", lines, {})
    seen: Counter[str] = Counter()
    for shape, count in zip(shapes["shape"].to_pylist(), shapes["n"].to_pylist(), strict=True):
        for key, type_ in json.loads(shape).items():
            seen[f"{key}: {_type(type_)}"] += count
    return seen


def _type(structure: str | dict[str, object] | list[object]) -> str:
    if isinstance(structure, str):
        return _TYPES.get(structure, NUMBER)
    return "object" if isinstance(structure, dict) else "array"


def _drift(seen: Counter[str], fields: tuple[EventField, ...]) -> Counter[str]:
    """What the schema does not have: keys that it does not know, types that it does not expect."""
    expected = {f"{one.key}: {type_}" for one in fields for type_ in (*one.types, "null")}
    ours = {f"{VERSION}: {type_}" for type_ in (TEXT, NUMBER)}
    return Counter({what: count for what, count in seen.items() if what not in expected | ours})


def _not_read(lines: pa.Array, numbers: pa.Array, fine: pa.Array, reason: str) -> pa.Table:
    """Lines of which nothing could be read, as refused ones: all that are not `fine`."""
    wrong = pc.invert(fine)
    shown = pc.utf8_slice_codeunits(lines.filter(wrong), 0, _SHOWN).cast(pa.string())
    count = len(shown)
    columns = [numbers.filter(wrong), pa.nulls(count, pa.string()), shown, pa.repeat(pa.scalar(reason), count)]
    return pa.Table.from_arrays(columns, schema=REFUSED_SCHEMA)


def _ask(query: str, lines: pa.Array, values: Mapping[str, str]) -> pa.Table:
    with duckdb.connect(config={"threads": 1}) as engine:  # Spark runs one of us on each core
        engine.register("lines", pa.table({"line": lines}))
        return engine.sql(query, params=dict(values)).to_arrow_table()
