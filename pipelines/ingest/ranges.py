"""Files whose rows speak for a range of days: the day where first and last are one, and a refusal where they are not.

Invariant: what was spent or reached in a range of days is never taken for what was on its first.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import FileRefused
from pipelines.ingest.cells import encoded
from pipelines.ingest.matching import named
from pipelines.ingest.prepared import Raw
from pipelines.ingest.tell import preamble_lines
from pipelines.sources.exports import Export
from pipelines.sources.ranges import BY_DAY, ENDS, STARTS


def date_of_range(raw: Raw, export: Export | None, mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping, with the first day of the rows as their date where it is their last one, too.

    Raises FileRefused where a row speaks for several days, with the setting of the tool that gives days.
    """
    if export and not (export.starts or export.whole_range):
        return dict(mapping)
    starts = named(raw.header, export.starts if export else STARTS)
    ends = named(raw.header, export.ends if export else ENDS)
    day = mapping.get("date")
    if day is not None and day not in starts:
        return dict(mapping)
    if not starts or not (ends or export):
        return _without_days(raw, export, mapping)
    first, last = (starts[0], ends[0]) if ends else (starts[0], starts[0])
    if ends:
        _refuse_ranges(raw, export, mapping, first, last)
    else:
        _refuse_one_start(raw, export, first)
    return {"date": first, **mapping}


def _without_days(raw: Raw, export: Export | None, mapping: Mapping[str, str]) -> dict[str, str]:
    """A file that names no day at all: a known export covers a period then; of another, the person may know the column."""
    if export is None or "date" in mapping:
        return dict(mapping)
    raise FileRefused(
        f"'{raw.file_name}' is an export of {export.title} without days: each row stands for the whole period.",
        _remedy(export),
    )


def _refuse_ranges(raw: Raw, export: Export | None, mapping: Mapping[str, str], first: str, last: str) -> None:
    """Refuse rows that name a campaign (the others are totals) and two different days."""
    columns = [first, last, *([mapping["campaign"]] if "campaign" in mapping else [])]
    cells = {column: pc.utf8_trim_whitespace(raw.table[column].cast(pa.string())) for column in columns}
    differ = pc.not_equal(cells[first], cells[last])
    for text in cells.values():
        differ = pc.and_(differ, pc.not_equal(text, ""))
    if pc.any(differ).as_py():
        row = pc.index(differ, True).as_py()
        raise FileRefused(
            f"'{raw.file_name}' gives its numbers for several days in one row: from {cells[first][row]} to {cells[last][row]}.",
            _remedy(export),
        )


def _refuse_one_start(raw: Raw, export: Export | None, start: str) -> None:
    """Refuse an export whose rows all begin on one day and may end on another."""
    if export is None or len(encoded(raw.table[start]).dictionary) > 1:
        return
    period = re.search(export.period, "\n".join(preamble_lines(raw)), re.IGNORECASE) if export.period else None
    is_day = period["first"] == period["last"] if period else start in named(raw.header, export.columns["date"])
    if not is_day:
        raise FileRefused(
            f"'{raw.file_name}' says in '{start}' when its period begins, but not for which day a row stands.",
            _remedy(export),
        )


def _remedy(export: Export | None) -> str:
    return export.whole_range if export else BY_DAY
