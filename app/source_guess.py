"""Which source a file is, where nobody said: found out from its columns, or asked where they leave a doubt.

Invariant: a source is taken unasked only where its columns fit it better than any other source, by what tells that source from the others.
"""

from dataclasses import dataclass

from pipelines.errors import FileRefused
from pipelines.ingest import read_raw, recognise
from pipelines.sources import SOURCES, Source
from pipelines.sources.declare import NUMBER_TYPES

_HEAD = 64 * 1024


@dataclass(frozen=True)
class Guess:
    """The source that a file's columns fit, or (None) the sources that it may be and why that is in doubt."""

    source: Source | None
    candidates: tuple[Source, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, order=True)
class _Fit:
    """How well columns fit a source, the better the greater: required fields lacking (negative), whether it is evident, fields found."""

    lacking: int
    evident: bool
    found: int


def guess_source(content: bytes, name: str) -> Guess:
    """The source of a file by its header. Raises FileRefused where the file cannot be read, or fits no source."""
    head = content[:_HEAD] if len(content) <= _HEAD else content[: content.rfind(b"\n", 0, _HEAD) + 1]
    fits = {source.name: _fit(source, head, name) for source in SOURCES.values()}
    best = max(fits, key=lambda source: fits[source])
    if not fits[best].found:
        raise FileRefused(
            f"The columns of '{name}' fit no source.",
            "Choose above what is in the file, then say which column is which.",
        )
    equal = [source for source in fits if fits[source] == fits[best]]
    if len(equal) > 1:
        return Guess(None, _sources(equal), "Its columns fit them equally well.")
    if not fits[best].evident:
        close = [source for source in fits if fits[source].found >= fits[best].found]
        counted = _uncounted(SOURCES[best], frozenset())
        return Guess(
            None,
            _sources(sorted(close, key=lambda source: fits[source], reverse=True)),
            f"No column is known to hold {counted or 'its numbers'}: it may go by a name that Touchline does not know.",
        )
    return Guess(SOURCES[best])


def _fit(source: Source, head: bytes, name: str) -> _Fit:
    found = frozenset(recognise(source, read_raw(head, name, source)))
    there = {*found, *(field.name for field in source.fields if found & set(field.instead))}
    lacking = sum(field.required and field.name not in there for field in source.fields)
    evident = not _uncounted(source, found) or bool(found & _own_fields(source))
    return _Fit(-lacking, evident, len(found))


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
