"""How the export of a tool is declared: what tells it, which header is which field, and what the tool leaves unsaid.

Invariant: a declaration holds facts about the tool's files and no code; it never hides a column that says the same better.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Export:
    """A tool's file for one source. All headers are compared as those of sources are: letters and digits alone, with and without what ends in
    brackets.

    `header`: headers that together only this tool writes: one of the sets, or a match of `preamble` (a regular expression, any case) in the
    file's name or in a line above the header, is there in each of its files.
    `columns`: field -> the tool's headers for it, best first, in every language it writes; none where the names that others use for it mean
    something else here. A column that stands under two fields feeds both.
    `fixed`: field -> value for all rows whose cells do not say it. `said`: field -> value -> words of which one stands above the header, in the
    header or in the cells of the columns `said_in` when it is that value; no value is taken where the words leave a doubt.
    `optional`: required fields that the tool never names: its rows are read without them.
    `zone`, `date_order`: how the tool writes times and dates where they do not say it themselves.
    `empty`: words of a cell that says nothing: a column with nothing else is not used.
    `starts`, `ends`: headers of the first and the last day that a row speaks for, where it may be a range; equal, they are its day. A start that
    is named in `columns` is the day where no end is given. `period`: a regular expression for the `first` and the `last` day of the whole file
    above the header. `whole_range`: the setting of the tool that gives days.
    `metric`: a regular expression for the metric's name above the header, where the file has no other name for its number; `metric_named`
    says in a word what it must be.
    `pivot`: a regular expression for headers that say the `day` (yymmdd), the `brand` and the `metric` of their column.
    `won`: headers of a deal's stage; where any stage is won, rows of the other stages are no conversions.
    """

    name: str
    title: str
    source: str
    columns: Mapping[str, tuple[str, ...]]
    header: tuple[tuple[str, ...], ...] = ()
    preamble: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    said_in: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    zone: str | None = None
    date_order: Literal["day", "month"] | None = None
    empty: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    period: str = ""
    whole_range: str = ""
    metric: str = ""
    metric_named: str = ""
    pivot: str = ""
    won: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every header that the declaration knows."""
        told = (name for names in self.header for name in names)
        mapped = (name for names in self.columns.values() for name in names)
        return tuple(dict.fromkeys((*told, *mapped, *self.starts, *self.ends, *self.won)))
