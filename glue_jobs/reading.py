"""A raw file -> rows, inside Spark: by the functions of pipelines.ingest, as the dashboard reads an upload.

Invariant: for each part of a file there is one row that tells what became of it, whatever happened; a file of which nothing can be taken gives
one refused row that says why.
"""

import gzip
import io
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from glue_jobs.events import Events, late_by_day, read_events
from glue_jobs.identifiers import hash_persons
from glue_jobs.raw_files import RawFile, from_json
from glue_jobs.storage import Storage
from pipelines.errors import FileRefused, TouchlineError
from pipelines.ingest import REFUSED_SCHEMA, Prepared, prepare
from pipelines.sources import SOURCES
from pipelines.stores.catalog import arrow_schema

REFUSED, TOLD = "refused", "told"
"""Beside the names of the tables, what a row may be for (`into`): a refused row, or what is told of a part of a file, as JSON in `value`."""

PART = 32 << 20
"""Bytes of events that are read at a time."""
_BATCH = 50_000  # rows that go to Spark at a time
_OF_REFUSED = ("column", "value", "reason")


@dataclass(frozen=True)
class Part:
    """A file, or of a large file of events the lines that begin from byte `start` up to `end` (None: all)."""

    file: RawFile
    start: int = 0
    end: int | None = None

    @property
    def size(self) -> int:
        """Bytes that are read."""
        return (self.file.size if self.end is None else self.end) - self.start

    def as_json(self) -> str:
        """All of it as text."""
        return json.dumps([self.file.as_json(), self.start, self.end])


@dataclass(frozen=True)
class Reader:
    """Reads parts of files on Spark's workers. `secret`: that with which persons are hashed, if they are."""

    storage: Storage
    tables: tuple[str, ...]
    late_days: float
    secret: bytes | None = None

    def __repr__(self) -> str:
        return f"Reader({self.tables})"  # never the secret

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What `mapInArrow` runs: a column `part` in, rows of `schema_of(tables)` out."""
        for batch in batches:
            for text in batch.column("part").to_pylist():
                file, start, end = json.loads(text)
                yield from self.read(Part(from_json(file), start, end))

    def read(self, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of a part of a file."""
        began, told = time.monotonic(), _nothing_told(part)
        try:
            if part.file.fault:
                raise FileRefused(part.file.fault, "Mend it, or remove it.")
            pieces = self._events(part, told) if part.file.has_events else self._table(part, told)
            for tables, refused in pieces:
                yield from self._batches(part.file, tables, refused)
        except TouchlineError as problem:
            told["complaint"] = str(problem)
            missing = ", ".join(problem.missing) if isinstance(problem, FileRefused) else ""
            line = [[None], [missing or None], [None], [str(problem)]]
            yield from self._batches(part.file, {}, pa.table(line, schema=REFUSED_SCHEMA))
        told["seconds"] = round(time.monotonic() - began, 3)
        line = [[None], [None], [json.dumps(told)], [None]]
        yield from self._batches(part.file, {}, pa.table(line, schema=REFUSED_SCHEMA), TOLD)

    def _table(self, part: Part, told: dict[str, Any]) -> Iterator[tuple[dict[str, pa.Table], pa.Table]]:
        content = self.storage.read(part.file.path)
        told["bytes"] = len(content)
        prepared = prepare_raw(part.file, content)
        told |= _told_of(prepared)
        if prepared.accepted:
            _add_late(told, late_by_day(prepared.tables[SOURCES[part.file.source].table], part.file, self.late_days))
            yield dict(prepared.tables), prepared.refused
        else:
            yield {}, prepared.refused
            raise FileRefused(
                f"{part.file.file_name} has no row that could be stored.", "Look at the reasons of the refused rows."
            )

    def _events(self, part: Part, told: dict[str, Any]) -> Iterator[tuple[dict[str, pa.Table], pa.Table]]:
        for first_byte, content in self._lines(part, told):
            for events in read_events(content, part.file, self.late_days, first_byte):
                _add(told, events)
                yield events.tables, events.refused

    def _lines(self, part: Part, told: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
        """Pieces of whole lines, and the byte at which each begins."""
        if part.file.path.lower().endswith(".gz"):
            content = self.storage.read(part.file.path)
            told["bytes"] = len(content)
            yield from _pieces(gzip.GzipFile(fileobj=io.BytesIO(content)), part.file)
            return
        start, content = _lines_from(self.storage, part)
        told["bytes"] = len(content)
        if content:
            yield start, content

    def _batches(
        self, file: RawFile, tables: dict[str, pa.Table], refused: pa.Table, refused_into: str = REFUSED
    ) -> Iterator[pa.RecordBatch]:
        """Rows of tables, and refused ones, in the columns of `schema_of`."""
        schema = schema_of(self.tables)
        wanted = {name: rows for name, rows in tables.items() if name in self.tables}
        for name, rows in (hash_persons(wanted, self.secret) if self.secret else wanted).items():
            yield from _laid_out(rows, name, file.upload_id, schema)
        named = refused.rename_columns(["row_number", *_OF_REFUSED])
        yield from _laid_out(named, refused_into, file.upload_id, schema)


def schema_of(tables: tuple[str, ...]) -> pa.Schema:
    """The columns of what is read for these tables: what a row is for, then those of all of them, then those of a refused row."""
    fields = {"into": pa.field("into", pa.string())}
    for table in tables:
        fields |= {field.name: field for field in arrow_schema(table)}
    fields |= {name: pa.field(name, pa.string()) for name in _OF_REFUSED}
    return pa.schema(list(fields.values()))


def prepare_raw(file: RawFile, content: bytes) -> Prepared:
    """The rows of a file as its note says it is to be read. What lies in the future is told as of its arrival, so that it is always read alike.

    Raises FileRefused as an upload of it would be refused.
    """
    options: dict[str, Any] = {"zone": file.zone, **file.options}
    prepared = prepare(
        SOURCES[file.source],
        content,
        file.file_name,
        file.mapping,
        file.fixed,
        currency=file.currency,
        now=file.arrived_at,
        **options,
    )
    for doubt in prepared.doubts:
        either = " or ".join(doubt.readings.values())
        raise FileRefused(
            f"'{doubt.example}' in column '{doubt.column}' of {file.file_name} may be {either}.",
            f"Say which of them is meant ({doubt.kind}) in the options of its note.",
        )
    return prepared


def _laid_out(rows: pa.Table, into: str, upload_id: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    fixed = {"into": into, "upload_id": upload_id}
    columns = []
    for field in schema:
        if field.name in fixed:
            columns.append(pa.repeat(pa.scalar(fixed[field.name]), rows.num_rows))
        elif field.name in rows.column_names:
            columns.append(rows[field.name].cast(field.type))
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    yield from pa.Table.from_arrays(columns, schema=schema).combine_chunks().to_batches(_BATCH)


def _nothing_told(part: Part) -> dict[str, Any]:
    counts = dict.fromkeys(("bytes", "rows_read", "rows_refused", "rows_merged", "totals_dropped", "bots", "late"), 0)
    return {
        "path": part.file.path,
        "upload_id": part.file.upload_id,
        **counts,
        "late_by_day": {},
        "seen": {},
        "drift": {},
    }


def _told_of(prepared: Prepared) -> dict[str, Any]:
    fields = {column: field for field, column in prepared.mapping.items()}
    unused = [column for column in prepared.header if column not in fields]
    return {
        "rows_read": prepared.rows_read,
        "rows_refused": prepared.refused.num_rows,
        "rows_merged": prepared.merged,
        "totals_dropped": prepared.totals_dropped,
        "encoding": prepared.encoding,
        "export": prepared.export.name if prepared.export else "",
        "seen": {f"{column}: {fields.get(column, '')}".rstrip(": "): prepared.rows_read for column in prepared.header},
        "drift": dict.fromkeys(unused, prepared.rows_read),
        "warnings": list(prepared.warnings),
    }


def _add(told: dict[str, Any], events: Events) -> None:
    told["rows_read"] += events.lines
    told["rows_refused"] += events.refused.num_rows
    told["bots"] += events.bots
    _add_late(told, events.late)
    for name in ("seen", "drift"):
        for what, count in getattr(events, name).items():
            told[name][what] = told[name].get(what, 0) + count


def _add_late(told: dict[str, Any], late: Counter[str]) -> None:
    told["late"] += late.total()
    told["late_by_day"] = dict(Counter(told["late_by_day"]) + late)


def _pieces(file: gzip.GzipFile, of: RawFile) -> Iterator[tuple[int, bytes]]:
    """The lines of a packed file, in pieces of about PART bytes."""
    start, rest = 0, b""
    try:
        while content := file.read(PART):
            lines, rest = _cut(rest + content)
            if lines:
                yield start, lines
                start += len(lines)
    except (OSError, EOFError, ValueError) as problem:
        raise FileRefused(f"{of.file_name} is damaged: {problem}.", "Send it again.") from problem
    if rest:
        yield start, rest


def _cut(content: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and what follows them."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _lines_from(storage: Storage, part: Part) -> tuple[int, bytes]:
    """The lines that begin in a part of a file: the line that it cuts off at its start is another's, the one at its end is read on."""
    if part.end is None:
        return 0, storage.read(part.file.path)
    before = max(part.start - 1, 0)
    content = storage.read(part.file.path, before, part.end)
    start = content.find(b"\n") + 1 if part.start else 0
    if part.start and not start:
        return part.start, b""
    end = part.end
    while not content.endswith(b"\n") and end < part.file.size:
        more = storage.read(part.file.path, end, end + (1 << 16))
        content += more[: more.find(b"\n") + 1] or more
        end += len(more)
    return before + start, content[start:]


def parts_of(file: RawFile) -> list[Part]:
    """A file in parts that can be read apart: one, or of a large file of events in plain text several."""
    if not file.has_events or file.path.lower().endswith(".gz") or file.size <= PART:
        return [Part(file)]
    edges = [*range(0, file.size, PART), file.size]
    return [replace(Part(file), start=start, end=end) for start, end in itertools.pairwise(edges)]
