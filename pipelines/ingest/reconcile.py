"""What the totals of a file say beside the sums of its rows.

Invariant: a total is called wrong only where it stands for all rows, or for rows that it names, and no other total of the file agrees.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import clean, encoded
from pipelines.ingest.keys import fold_names
from pipelines.ingest.prepared import Raw, Total
from pipelines.ingest.sums import Mask, Scope, Sums
from pipelines.ingest.totals import TotalsRow
from pipelines.sources import Field

_ALL: Scope = ()
_Figures = Mapping[str, Sequence[Decimal | None]]  # of each field, in the order of the totals rows
_SHOWN = 3  # totals that are said to differ, and rows that are named for one


@dataclass(frozen=True)
class Reconciled:
    """The figures of the totals rows beside ours, and what is to be said: of those that agree, of the others, of those that are wrong."""

    totals: tuple[Total, ...] = ()
    agreeing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """What became of the file's rows: which are stored (or added to one that is), which are refused, and the list of all refused rows."""

    stored: Mask
    refused: Mask
    lines: pa.Table


@dataclass(frozen=True)
class _Compared:
    """A figure beside the sum of the rows in `scope`; None: of a part of the rows that the file tells otherwise."""

    field: Field
    total: Total
    position: int
    scope: Scope | None


def reconcile(totals: Sequence[TotalsRow], sums: Sums, raw: Raw, rows: Rows) -> Reconciled:
    """Compare every figure of the totals rows with the rows that it stands for."""
    if not totals:
        return Reconciled()
    compared, partial = _of_words(totals, sums, raw, rows)
    compared += _of_scopes(totals, sums, raw, rows)
    compared.sort(key=lambda one: one.position)
    agreeing = [one for one in compared if one.total.agrees]
    differing = [one for one in compared if not one.total.agrees]
    natural = [one for one in differing if not one.field.adds_up and one.total.file < one.total.ours]
    wrong = [one for one in differing if one.field.adds_up or one.total.file > one.total.ours]
    silent = {row.position for row in totals} - {one.position for one in compared} - {row.position for row in partial}
    notes = [*_need_not(natural), *_partial(partial, raw), *_silent(silent, raw)]
    warnings = _differ(wrong, sums, raw, rows)
    return Reconciled(
        tuple(one.total for one in compared), tuple(_agree(agreeing, sums)), tuple(notes), tuple(warnings)
    )


def _of_scopes(totals: Sequence[TotalsRow], sums: Sums, raw: Raw, rows: Rows) -> list[_Compared]:
    """Totals whose figures, or other cells, tell which rows they stand for."""
    result = []
    for scope in {row.scope for row in totals if row.scope is not None}:
        those = [row for row in totals if row.scope == scope]
        at = np.array([row.position for row in those])
        for field in sums.fields:
            ours = sums.beside(field, scope, at, rows.stored).to_pylist()
            for row, file, sum_ in zip(those, sums.figures(field, at).to_pylist(), ours, strict=True):
                if file is not None:
                    result.append(_compare(row, field, file, sum_, scope, sums, raw))
    return result


def _of_words(totals: Sequence[TotalsRow], sums: Sums, raw: Raw, rows: Rows) -> tuple[list[_Compared], list[TotalsRow]]:
    """Totals that name nothing but themselves: of all rows, of those their words name, or of those above or below them.

    Where one agrees with all rows, those that agree with none of these stand for a part that the file does not tell: the second list.
    """
    those = [row for row in totals if row.scope is None]
    at = np.array([row.position for row in those], np.int64)
    figures = {field.name: sums.figures(field, at).to_pylist() for field in sums.fields}
    parts = _Parts(those, sums, raw, rows)
    chosen = [_chosen(number, row, figures, parts, sums) for number, row in enumerate(those)]
    whole = {number for number, place in enumerate(chosen) if place == 0}
    whole |= set() if whole else _likely(those, chosen, figures, parts, sums, rows)
    result, partial = [], []
    for number, row in enumerate(those):
        place = 0 if number in whole else chosen[number]
        if place is None:
            partial.append(row)
            continue
        for field in sums.fields:
            file = figures[field.name][number]
            if file is not None:
                ours = parts.of(field, number, row)[place]
                result.append(_compare(row, field, file, ours, None if place else _ALL, sums, raw))
    return result, partial


class _Parts:
    """The sums a totals row may stand for by its place and its words, for each field; the first is that of all rows."""

    def __init__(self, totals: Sequence[TotalsRow], sums: Sums, raw: Raw, rows: Rows) -> None:
        self._fields = sums.fields
        section = np.searchsorted([row.position for row in totals], np.arange(raw.table.num_rows))
        self._sections = {
            field.name: sums.by_part(field, section, len(totals) + 1, rows.stored) for field in self._fields
        }
        self._above = {name: list(accumulate(sections)) for name, sections in self._sections.items()}
        self._named = _sums_of_names({name for row in totals if (name := _name_in(row.label))}, sums, raw, rows)

    def of(self, field: Field, number: int, row: TotalsRow) -> list[Decimal]:
        """Of the totals row of that number the sums of all rows, of those above it to the last total, of all above, of those below to the
        next, and of those in which a column has the name that its words name: of 'Total: Search' those with a cell 'Search'.
        """
        sections, above = self._sections[field.name], self._above[field.name]
        named = self._named.get((_name_in(row.label), field.name), [])
        return [above[-1], sections[number], above[number], sections[number + 1], *named]


def _name_in(label: str) -> str:
    """What the words of a total name, folded: 'search' of 'Total: Search'; '' where they name nothing."""
    return (label.partition(":")[2] or label.partition(" - ")[2]).strip().casefold()


def _sums_of_names(names: Collection[str], sums: Sums, raw: Raw, rows: Rows) -> dict[tuple[str, str], list[Decimal]]:
    """For each name and field the sums over the rows that have the name in a column, for each column in which it stands."""
    wanted = pa.array(sorted(names), pa.string())
    result: dict[tuple[str, str], list[Decimal]] = {}
    for column in raw.table.columns if names else []:
        cells = encoded(column)
        which = pc.index_in(fold_names(clean(cells.dictionary)), value_set=wanted)
        if which.null_count == len(which):
            continue
        part = np.asarray(pc.fill_null(pc.take(which, cells.indices), len(wanted)))
        for field in sums.fields:
            for name, total in zip(
                wanted.to_pylist(), sums.by_part(field, part, len(wanted), rows.stored), strict=True
            ):
                result.setdefault((name, field.name), []).append(total)
    return result


def _chosen(number: int, row: TotalsRow, figures: _Figures, parts: _Parts, sums: Sums) -> int | None:
    """Which of its parts is the row's first figure that is not 0; the first one if it has none."""
    for field in sums.fields:
        figure = figures[field.name][number]
        if figure:
            candidates = enumerate(parts.of(field, number, row))
            return next((place for place, ours in candidates if sums.agree(field, row.position, figure, ours)), None)
    return 0


def _likely(
    totals: Sequence[TotalsRow],
    chosen: Sequence[int | None],
    figures: _Figures,
    parts: _Parts,
    sums: Sums,
    rows: Rows,
) -> set[int]:
    """Where none agrees with all rows, of those that agree with nothing the ones that do with the refused rows, else the largest."""
    for field in sums.fields:
        open_ = {
            number: figure
            for number, figure in enumerate(figures[field.name])
            if chosen[number] is None and figure is not None
        }
        if any(open_.values()):
            refused = sums.total(field, rows.refused) or Decimal(0)
            explained = {
                number
                for number, figure in open_.items()
                if sums.agree(
                    field, totals[number].position, figure, parts.of(field, number, totals[number])[0] + refused
                )
            }
            largest = max(open_.values())
            return explained or {number for number, figure in open_.items() if figure == largest}
    return set()


def _compare(
    row: TotalsRow, field: Field, file: Decimal, ours: Decimal | None, scope: Scope | None, sums: Sums, raw: Raw
) -> _Compared:
    ours = Decimal(0) if ours is None else ours
    agrees = sums.agree(field, row.position, file, ours)
    number = raw.rows[row.position].as_py()
    return _Compared(field, Total(number, row.label, field.name, file, ours, agrees), row.position, scope)


def _agree(agreeing: Iterable[_Compared], sums: Sums) -> list[str]:
    """The sentences about figures that agree: the grand total first."""
    whole = {one.field: one for one in agreeing if one.scope == _ALL}
    notes = []
    if whole:
        first, *others = whole.values()
        exact = first.total.file == first.total.ours
        ours = "" if exact else f", {_figure(first.field, first.total.ours)}, rounded"
        notes.append(f"The file's total {_named(first, sums)} = the sum of its rows{ours}.")
        if others:
            plural = "totals" if len(others) > 1 else "total"
            notes.append(
                f"Its {plural} of {_listed(one.field.name for one in others)} agree{'s' * (len(others) == 1)}, too."
            )
    parts = len({one.position for one in agreeing if one.scope != _ALL})
    if parts:
        notes.append(f"Subtotals that are the sums of their rows: {parts:,}.")
    return notes


def _need_not(differing: Sequence[_Compared]) -> list[str]:
    notes = []
    for one in differing[:_SHOWN]:
        name, total = one.field.name, one.total
        file, ours = _figure(one.field, total.file), _figure(one.field, total.ours)
        notes.append(
            f"The file's total of {name} {file} (row {total.row}) is not the sum of its rows, {ours}; {name} need not add up."
        )
    return notes


def _partial(rows: Sequence[TotalsRow], raw: Raw) -> list[str]:
    if not rows:
        return []
    shown = _listed(f"'{row.label}' (row {raw.rows[row.position].as_py()})" for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else ""
    return [f"Totals of a part of the rows that the file does not tell, not compared: {shown}{more}."]


def _silent(positions: Collection[int], raw: Raw) -> list[str]:
    if not positions:
        return []
    return [f"Totals without a figure to compare: {_rows(raw.rows.take(pa.array(sorted(positions))).to_pylist())}."]


def _differ(differing: Sequence[_Compared], sums: Sums, raw: Raw, rows: Rows) -> list[str]:
    """A sentence for each figure that differs, the same figure once."""
    distinct = list({(one.field.name, one.total.file, one.total.ours): one for one in reversed(differing)}.values())[
        ::-1
    ]
    warnings = []
    for one in distinct[:_SHOWN]:
        total, of = one.total, "" if one.field == sums.fields[0] else f"of {one.field.name} "
        kind = "total" if one.scope == _ALL else "subtotal"
        more = "more" if total.file > total.ours else "less"
        warnings.append(
            f"The file's {kind} {of}{_figure(one.field, total.file)} (row {total.row}) is "
            f"{_figure(one.field, abs(total.file - total.ours))} {more} than the sum of its rows, {_figure(one.field, total.ours)}. "
            + _reason(one, sums, raw, rows)
        )
    if len(distinct) > _SHOWN:
        warnings.append(f"Further totals that differ from the sums of their rows: {len(distinct) - _SHOWN:,}.")
    return warnings


def _reason(one: _Compared, sums: Sums, raw: Raw, rows: Rows) -> str:
    """Why a figure differs, as far as the refused rows explain it."""
    refused = rows.refused & sums.alike(one.scope or _ALL, one.position)
    missing = sums.total(one.field, refused) or Decimal(0)
    if missing and sums.agree(one.field, one.position, one.total.file, one.total.ours + missing):
        at = np.flatnonzero(refused & sums.known(one.field))
        return f"That is what the refused {_rows(raw.rows.take(pa.array(at)).to_pylist())} would add."
    if rows.lines.num_rows:
        return f"It may be the refused {_rows(rows.lines['row'].to_pylist())}."
    return "Rows may be missing from the file, or were changed in it: compare it with the tool."


def _rows(numbers: list[int]) -> str:
    shown = _listed(f"{number:,}" for number in numbers[:_SHOWN])
    more = f" and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
    return f"row{'s' * (len(numbers) > 1)} {shown}{more}"


def _named(one: _Compared, sums: Sums) -> str:
    """The figure, with the name of its field unless that is the one that matters most."""
    figure = _figure(one.field, one.total.file)
    return figure if one.field == sums.fields[0] else f"of {one.field.name} {figure}"


def _figure(field: Field, value: Decimal) -> str:
    """48,210.50 of an amount, 1,234 of a count."""
    places = 0 if field.type == "integer" else max(2, -int(value.normalize().as_tuple().exponent))
    return f"{value:,.{places}f}"


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
