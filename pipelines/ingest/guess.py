"""Which source a file is, where nobody said: found out from its columns, or asked where they leave a doubt.

Invariant: a source is taken unasked only where an export tells it, or its columns fit it better than any other source, by what tells that
source from the others.
"""

from dataclasses import dataclass

from pipelines.errors import FileRefused
from pipelines.ingest.matching import assign
from pipelines.ingest.pivot import unpivot
from pipelines.ingest.prepared import Raw
from pipelines.ingest.read import read_raw
from pipelines.ingest.tell import find_export
from pipelines.sources import NUMBER_TYPES, SOURCES, Source
from pipelines.sources.exports import Export

_HEAD = 64 * 1024
_PACKED = (b"PK", b"\x1f\x8b")  # zip (a spreadsheet is one) and gzip: only whole files can be read
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Guess:
    """The source that a file's columns fit and the export it is (None: none that is known), or the sources that it may be and the doubt."""

    source: Source | None
    export: Export | None = None
    candidates: tuple[Source, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, order=True)
class _Fit:
    """How well columns fit a source, the better the greater: whether an export tells it, required fields lacking (negative), whether it is
    evident, fields found."""

    told: bool
    lacking: int
    evident: bool
    found: int


def guess_source(content: bytes | memoryview, name: str) -> Guess:
    """The source of a file by its header. Raises FileRefused where the file cannot be read, or fits no source."""
    raw = _read_top(content, name)
    exports = {source.name: find_export(source, raw) for source in SOURCES.values()}
    fits = {source.name: _fit(source, raw, exports[source.name]) for source in SOURCES.values()}
    best = max(fits, key=lambda source: fits[source])
    if not fits[best].found:
        raise FileRefused(
            f"The columns of '{name}' fit no source.",
            "Say what is in the file (its source), then which column is which.",
        )
    equal = [source for source in fits if fits[source] == fits[best]]
    if len(equal) > 1:
        return Guess(None, None, _sources(equal), "Its columns fit them equally well.")
    if not fits[best].told and not fits[best].evident:
        close = [source for source in fits if fits[source].found >= fits[best].found]
        counted = _uncounted(SOURCES[best], frozenset())
        return Guess(
            None,
            None,
            _sources(sorted(close, key=lambda source: fits[source], reverse=True)),
            f"No column is known to hold {counted or 'its numbers'}: it may go by a name that Touchline does not know.",
        )
    return Guess(SOURCES[best], exports[best])


def _read_top(content: bytes | memoryview, name: str) -> Raw:
    """The first rows of a text, or all of a packed file or of one that does not read well where it is cut."""
    head = bytes(content[:_HEAD])
    if len(content) <= _HEAD or head.startswith(_PACKED):
        return read_raw(content, name)
    if head.startswith(_UTF16):
        text = head.decode("utf-16", "ignore")
        head = text[: text.rfind("\n") + 1].encode("utf-16")
    else:
        head = head[: head.rfind(b"\n") + 1]
    try:
        return read_raw(head, name)
    except FileRefused:
        return read_raw(content, name)


def _fit(source: Source, raw: Raw, export: Export | None) -> _Fit:
    found = frozenset(assign(source, unpivot(raw, export), export)[0])
    known = {*export.fixed, *export.said, *export.optional} if export else set()
    there = {*found, *known, *(field.name for field in source.fields if found & set(field.instead))}
    lacking = sum(field.required and field.name not in there for field in source.fields)
    evident = not _uncounted(source, found) or bool(found & _own_fields(source))
    return _Fit(export is not None, -lacking, evident, len(found))


def _uncounted(source: Source, found: frozenset[str]) -> str:
    """The number that the source would fill with its default because no column holds it; empty where there is none."""
    names = (f.name for f in source.fields if f.type in NUMBER_TYPES and f.default is not None and f.name not in found)
    return next(names, "")


def _own_fields(source: Source) -> set[str]:
    """Fields that only this source has; an id says nothing, any file may have one."""
    others = {name for other in SOURCES.values() if other is not source for name in other.field_names}
    return set(source.field_names) - others - {source.id_field or ""}


def _sources(names: list[str]) -> tuple[Source, ...]:
    return tuple(SOURCES[name] for name in names)
