"""Which tool a file was exported from, and what its words tell beside its columns.

Invariant: an export is told by what only its tool writes, and never against a column that says more than the export knows.
"""

import re
from zoneinfo import available_timezones

from pipelines.ingest import contents
from pipelines.ingest.header import fold_header
from pipelines.ingest.matching import named
from pipelines.ingest.pivot import pivoted
from pipelines.ingest.prepared import Raw
from pipelines.sources import NUMBER_TYPES, Field, Source
from pipelines.sources.exports import EXPORTS, Export

_ZONE = re.compile(r"\bTime ?Zone\s*=\s*([^\s;,]+)", re.IGNORECASE)
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):?([0-5]\d)")


def find_export(source: Source, raw: Raw) -> Export | None:
    """The export for this source that the file is, None if it is none or if two fit equally well."""
    fitting = [export for export in EXPORTS.values() if export.source == source.name and _fits(export, source, raw)]
    scores = {export.name: _score(export, raw) for export in fitting}
    best = [export for export in fitting if scores[export.name] == max(scores.values())]
    return best[0] if len(best) == 1 else None


def preamble_lines(raw: Raw) -> list[str]:
    """The lines above the header, their cells joined."""
    return [", ".join(cells) for cells in raw.preamble]


def said_values(raw: Raw, export: Export) -> dict[str, str]:
    """Field -> value for the fields of which the file's words tell exactly one value."""
    texts = [*preamble_lines(raw), *raw.header]
    for column in named(raw.header, export.said_in):
        texts += contents.head(raw, column)
    text = "\n".join(texts).casefold()
    found = {
        field: [value for value, words in values.items() if any(word.casefold() in text for word in words)]
        for field, values in export.said.items()
    }
    return {field: values[0] for field, values in found.items() if len(values) == 1}


def said_zone(raw: Raw) -> str:
    """The zone of the file's times as a line above its header says it, such as 'Parameters:TimeZone=+0200'; '' where none says a known one."""
    for line in preamble_lines(raw):
        if said := _ZONE.search(line):
            zone, offset = said[1], _OFFSET.fullmatch(said[1])
            if offset:
                return f"{offset[1]}{offset[2]}:{offset[3]}"
            if zone in available_timezones():
                return zone
    return ""


def _score(export: Export, raw: Raw) -> tuple[bool, int, int]:
    """How much of the file the declaration knows: whether it is its pivot, headers that tell the tool, then all."""
    told = sum(_are_there(raw, names) for names in export.header)
    return bool(export.pivot), told, len(named(raw.header, export.names))


def _fits(export: Export, source: Source, raw: Raw) -> bool:
    if export.pivot:
        return bool(pivoted(raw.header, export))
    if not any(_are_there(raw, names) for names in export.header) and not _is_said(raw, export):
        return False
    if export.metric and not raw.preamble:
        return False
    numbers = [field.name for field in source.fields if field.required and field.type in NUMBER_TYPES]
    needed = numbers or [source.day_field or ""]
    return all(named(raw.header, export.columns.get(name, ())) for name in needed) and not any(
        _says_more(field, export, raw) for field in source.fields
    )


def _are_there(raw: Raw, names: tuple[str, ...]) -> bool:
    return all(named(raw.header, (name,)) for name in names)


def _is_said(raw: Raw, export: Export) -> bool:
    """Whether the file's name or a line above its header names the tool, and its columns are those that the tool must write."""
    texts = [raw.file_name, *preamble_lines(raw)]
    return bool(export.preamble) and any(re.search(export.preamble, text, re.IGNORECASE) for text in texts)


def _says_more(field: Field, export: Export, raw: Raw) -> bool:
    """Whether a column goes by a name of the field that the tool does not use, and says what the export only assumes or lacks."""
    own = export.columns.get(field.name, ())
    if named(raw.header, (*own, *export.starts)) or field.name in (*export.said, *export.optional):
        return False
    if field.name in export.fixed:
        return bool(
            named(
                raw.header,
                [name for name in (field.name, *field.aliases) if fold_header(field.name) in fold_header(name)],
            )
        )
    return field.required and bool(named(raw.header, (field.name, *field.aliases)))
