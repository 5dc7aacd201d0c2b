"""Headers that stand again within a file, and the sections that they begin.

Invariant: rows of two tables are never read as one. A section with another title or another header than the first is left out, and said;
the same header under the same title, or under none, goes on with the same table.
"""

from collections.abc import Collection
from dataclasses import dataclass

from pipelines.ingest.header import Layout, count_names, fold_header, looks_like_names
from pipelines.ingest.records import Filled, Records

_MOST_NAMED = 5
_SURELY_NAMES = 3  # known names of a record that make it a header, whatever stands above it


@dataclass(frozen=True)
class _Section:
    """The numbers of a section's header and of the lines right above it, its title, and whether it goes on with the first section."""

    head: int
    lines: tuple[int, ...]
    title: str
    goes_on: bool

    @property
    def start(self) -> int:
        return min(self.head, *self.lines, self.head)


def settle_sections(records: Records, layout: Layout, known: Collection[str]) -> tuple[Records, tuple[str, ...]]:
    """The records of the first section and of those that go on with it, without titles and headers; and what is to be said.

    `known` are folded names of headers, by which another table is told that has no title.
    """
    sections = _sections(records, layout, known)
    if not sections:
        return records, ()
    notes = []
    first_other = next((place for place, section in enumerate(sections) if not section.goes_on), len(sections))
    going_on, others = sections[:first_other], sections[first_other:]
    if going_on:
        notes.append(f"The header stands {len(going_on) + 1} times; its repetitions are skipped.")
    if others:
        ends = [*(section.start for section in others[1:]), None]
        counts = [records.between(section.head, end) for section, end in zip(others, ends, strict=True)]
        named = [f"'{section.title}' ({count:,} rows)" for section, count in zip(others, counts, strict=True)]
        shown = ", ".join(named[:_MOST_NAMED]) + (", ..." if named[_MOST_NAMED:] else "")
        notes.append(
            f"The file has {len(others) + 1} sections with titles or headers of their own; only the first is read. Left out: {shown}."
        )
        records = records.before(others[0].start)
    return records.without(number for section in going_on for number in (section.head, *section.lines)), tuple(notes)


def _sections(records: Records, layout: Layout, known: Collection[str]) -> list[_Section]:
    column = next((place for place, name in enumerate(layout.written) if name), 0)
    header = tuple(name for name in layout.written if name)
    sections = []
    for number in sorted({*records.led_by(layout.header[column], column), *records.led_by_any(known, column)}):
        cells = records.filled(number)
        above = _lines_above(records, number, layout)
        titles = [records.filled(line) for line in above]
        if cells == header:
            repeated = tuple(line for line, cells in zip(above, titles, strict=True) if cells in layout.preamble)
            goes_on = not layout.preamble or len(repeated) == len(above)
            lines = repeated if goes_on else tuple(above)
        elif len(header) > 1 and _begins_another(cells, header, bool(titles), known):
            goes_on, lines = False, tuple(above)
        else:
            continue
        title = " / ".join(" ".join(title) for title in titles) or ", ".join(cells)
        sections.append(_Section(number, lines, title, goes_on))
    return sections


def _begins_another(cells: Filled, header: Filled, titled: bool, known: Collection[str]) -> bool:
    """Whether a record is the header of another table: names only, and led like the first header under a title, or by known names."""
    if len(cells) < 2 or not looks_like_names(cells):
        return False
    return (titled and fold_header(cells[0]) == fold_header(header[0])) or count_names(
        [*cells], known, ()
    ) >= _SURELY_NAMES


def _lines_above(records: Records, number: int, layout: Layout) -> list[int]:
    """The numbers, in order, of the lines right above a header: of one cell each, or such as stand above the first header."""
    lines: list[int] = []
    while (above := records.preceding(lines[0] if lines else number)) is not None:
        cells = records.filled(above)
        if cells not in layout.preamble and (len(cells) > 1 or len(layout.header) == 1):
            break
        lines.insert(0, above)
    return lines
