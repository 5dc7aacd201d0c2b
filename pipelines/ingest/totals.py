"""Which rows of a file sum up others, told by their words and by their figures.

Invariant: a row that could be stored is taken for a total only where its figures are the sum of other rows; one that could not be is left
out for its words or for its figures, and else refused like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.cells import clean, encoded, matches
from pipelines.ingest.normalise import Reading
from pipelines.ingest.prepared import Raw
from pipelines.ingest.subtotals import sums_of_parts
from pipelines.ingest.sums import Ints, Mask, Scope, Sums
from pipelines.sources import NUMBER_TYPES, Field, Source

_DASHES = r"[-−‐–—―]+"
_WORDS = (
    r"(?:(?:grand|sub|over ?all|running|report|account|campaign|daily|monthly)[ -]?)?(?:totals?|sum)|over ?all|"
    r"\(all\)|all(?: (?:campaigns|channels))?|"  # English
    r"(?:gesamt|zwischen|teil|end)?-?(?:summen?|ergebnis|total)|gesamt|gesamtwert|gesamtbetrag|insgesamt|\(alle\)|alle|"  # German
    r"(?:sous-)?(?:total|totaux|somme)|ensemble|"  # French
    r"(?:sub)?tota(?:l|les|le|li|is)|sumas?|somm[ae]|somas?|"  # Spanish, Italian, Portuguese
    r"(?:sub|eind)?tota(?:al|len)|som|"  # Dutch
    r"razem|łącznie|celkem|toplam|genel toplam|yhteensä|összesen|totalt|summa|i alt|итого|всего|сумма|"
    r"합계|총계|小計|合計|総計|总计|合计|小计|總計"
)
_AVERAGES = r"averages?|avg\.?|means?|medians?|durchschnitt|mittelwert|ø|moyennes?|media|promedio|média|gemiddelde|średnia|среднее|平均"
_AFTER = (
    r"(?: (?:g[eé]n[eé]ra(?:l|le)|generale|geral|generaal|complessivo))?"
    r"(?: ?[:\-–—|].*| ?\(.*\)| (?:of|von|de|di|van) \d.*| \d[\d.,]* \p{L}+)?"
)
_RESULTS = r"(?:results|ergebnisse|résultats|resultados|risultati|resultaten) \p{L}+ \d.*"
_AVERAGE = rf"(?:{_AVERAGES})(?: ?[:\-–—|].*| ?\(.*\))?"
_TOTAL = rf"(?:{_WORDS}){_AFTER}|{_RESULTS}|{_AVERAGE}"


@dataclass(frozen=True)
class TotalsRow:
    """A row that sums up others: its position in the file, its words, and which rows it sums up (None: all, or what its words say)."""

    position: int
    label: str
    scope: Scope | None


@dataclass(frozen=True)
class Found:
    """Which rows are no data, those of them that have sums to compare, and what to say of rows that only look so."""

    rows: Mask
    totals: tuple[TotalsRow, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Naming:
    """The cells of a field that names rows: which are blank, dashes, words for totals, or strange (no date); their texts by code."""

    field: Field
    blank: Mask
    dashes: Mask
    words: Mask
    strange: Mask
    texts: pa.Array
    codes: pa.Array

    @property
    def empty(self) -> Mask:
        """Which name nothing."""
        return self.blank | self.dashes | self.words


@dataclass(frozen=True)
class _Guesses:
    """For each of the rows `at`: which of the `scopes` adds up to its figures, of how many rows (0: none does; the scope is then what the row
    names), and whether it has figures.
    """

    at: Ints
    scopes: list[Scope]
    which: Ints
    sizes: Ints
    figures: Mask

    def number(self, scope: Scope) -> int:
        """The number of a scope, new or known."""
        if scope not in self.scopes:
            self.scopes.append(scope)
        return self.scopes.index(scope)

    def forget_single(self, least: int) -> None:
        """Forget the guesses of a scope in which none is the sum of at least so many rows."""
        for scope in np.unique(self.which).tolist():
            those = self.which == scope
            if self.sizes[those].max() < least:
                self.sizes[those] = 0


def find_totals(source: Source, raw: Raw, mapping: Mapping[str, str], reading: Reading, known_tool: bool) -> Found:
    """The totals and averages rows of a file that was read by `mapping` into `reading`.

    A row of a `known_tool` may be the total of a single row; in other files a blank cell and an equal figure are no proof of that. The one
    row of its amounts that names nothing at all is the account's total, whatever its figure.
    """
    found = _without_names(source, raw, mapping, reading, known_tool)
    sums = Sums(source, raw, mapping, reading.columns)
    parts = sums_of_parts(source, mapping, reading.columns, sums, ~found.rows)
    if not parts:
        return found
    found.rows[[position for position, _ in parts]] = True
    totals = (*found.totals, *(TotalsRow(position, "", scope) for position, scope in parts))
    return Found(found.rows, tuple(sorted(totals, key=lambda row: row.position)), found.warnings)


def are_totals(texts: pa.Array) -> pa.BooleanArray:
    """Which texts, cleaned, are words for a total or an average."""
    return matches(texts, _TOTAL, ignore_case=True)


def _without_names(source: Source, raw: Raw, mapping: Mapping[str, str], reading: Reading, known_tool: bool) -> Found:
    """Those that lack something which every row must name."""
    naming = [
        _naming(field, raw.table[mapping[field.name]], reading)
        for field in source.fields
        if field.filled and field.name in mapping and field.type not in NUMBER_TYPES
    ]
    odd = np.zeros(raw.table.num_rows, bool)
    named = np.zeros(raw.table.num_rows, bool)
    for cells in naming:
        odd |= cells.empty
        named |= ~(cells.empty | cells.strange)
    suspects = np.flatnonzero(odd)
    if not len(suspects):
        return Found(odd)

    labels = _labels(raw.table, suspects, [mapping[cells.field.name] for cells in naming])
    sums = Sums(source, raw, mapping, reading.columns)
    stated = np.asarray(pc.is_valid(labels)) & ~named[suspects]
    if known_tool and source.sums and len(naming) > 1:
        nameless = np.logical_and.reduce([cells.blank[suspects] for cells in naming]) & sums.any_figure(suspects)
        stated |= nameless & (nameless.sum() == 1)
    average = np.asarray(matches(labels, _AVERAGE, ignore_case=True))
    others = suspects[~stated]
    words = labels.filter(pa.array(~stated))
    guesses = _guess(source, sums, naming, mapping, others, ~odd, _faulty(reading, raw))
    guesses.forget_single(least=1 if known_tool else 2)
    warnings = _keep_names(naming, mapping, guesses, np.asarray(pc.is_valid(words)))

    scopes = _scopes_of_currency(source, raw, mapping, reading, suspects, ~odd)
    rows = [
        TotalsRow(int(suspects[at]), labels[at].as_py() or "", scopes[at])
        for at in np.flatnonzero(stated & ~average).tolist()
    ]
    rows += [
        TotalsRow(int(others[at]), words[at].as_py() or "", guesses.scopes[guesses.which[at]])
        for at in np.flatnonzero(guesses.sizes).tolist()
    ]
    left_out = np.zeros(raw.table.num_rows, bool)
    left_out[[*suspects[stated].tolist(), *(row.position for row in rows)]] = True
    return Found(left_out, tuple(sorted(rows, key=lambda row: row.position)), tuple(warnings))


def _naming(field: Field, column: pa.ChunkedArray, reading: Reading) -> _Naming:
    cells = encoded(column)
    texts = clean(cells.dictionary)

    def where(which: pa.Array) -> Mask:
        return np.asarray(pc.take(which, cells.indices))

    blank, dashes = pc.is_null(texts), matches(texts, _DASHES)
    words = are_totals(texts)
    strange = np.zeros(len(column), bool)
    if field.type in ("date", "instant"):
        strange = np.asarray(pc.is_null(reading.columns[field.name]))
    return _Naming(field, where(blank), where(dashes), where(words), strange, texts, cells.indices)


def _labels(table: pa.Table, at: Ints, naming: Sequence[str]) -> pa.Array:
    """The words for a total of each row: in its first filled cell, or in one that names rows; null where there are none."""
    result = pa.nulls(len(at), pa.string())
    first = np.ones(len(at), bool)
    for name in table.column_names:
        cells = encoded(table[name].take(pa.array(at)))
        texts = clean(cells.dictionary)
        words = np.asarray(pc.take(are_totals(texts), cells.indices))
        says = pa.array(words & (first | (name in naming)))
        result = pc.if_else(pc.and_(says, pc.is_null(result)), pc.take(texts, cells.indices), result)
        nothing = pc.or_(pc.is_null(texts), matches(texts, _DASHES))
        first &= np.asarray(pc.take(nothing, cells.indices))
    return result


def _scopes_of_currency(
    source: Source, raw: Raw, mapping: Mapping[str, str], reading: Reading, at: Ints, base: Mask
) -> list[Scope | None]:
    """For each row `at` its currency, where it names one and the base has several: amounts of other currencies are not in its total."""
    for field in source.fields:
        if field.type == "currency" and field.name in mapping:
            currencies = pc.unique(reading.columns[field.name].filter(pa.array(base)))
            texts = clean(pc.cast(raw.table[mapping[field.name]].take(pa.array(at)), pa.string()).combine_chunks())
            if len(currencies) > 1:
                return [None if text is None else (field.name,) for text in texts.to_pylist()]
    return [None] * len(at)


def _faulty(reading: Reading, raw: Raw) -> Mask:
    result = np.zeros(raw.table.num_rows, bool)
    for fault in reading.faults:
        result |= np.asarray(fault.problem.where)
    return result


def _guess(
    source: Source,
    sums: Sums,
    naming: Sequence[_Naming],
    mapping: Mapping[str, str],
    at: Ints,
    base: Mask,
    faulty: Mask,
) -> _Guesses:
    """Which rows of the base (without the faulty ones, or with them) add up to each row: those alike in all it names, in less of it, or all."""
    none = np.zeros(len(at), np.int64)
    guesses = _Guesses(at, [], none, none.copy(), sums.any_figure(at))
    named = np.zeros(len(at), np.int64)  # a bit for each field that the row names
    for place, cells in enumerate(naming):
        named |= (~(cells.empty | cells.strange)[at]).astype(np.int64) << place
    bases = [base & ~faulty, base] if (base & faulty).any() else [base]
    for pattern in np.unique(named).tolist():
        fields = [cells.field for place, cells in enumerate(naming) if pattern >> place & 1]
        those = named == pattern
        guesses.which[those] = guesses.number(tuple(field.name for field in fields))
        for counted, scope in product(bases, _possible(source, fields, mapping)):
            rows = np.flatnonzero(those & (guesses.sizes == 0) & guesses.figures)
            rows = rows[sums.add_up(scope, at[rows], counted)]
            guesses.sizes[rows] = sums.sizes(scope, at[rows], counted)
            guesses.which[rows] = guesses.number(scope)
    return guesses


def _possible(source: Source, named: Sequence[Field], mapping: Mapping[str, str]) -> list[Scope]:
    """What a totals row that names these fields may sum up, most alike first; of one currency, where the file has a column for it."""
    days = tuple(field.name for field in named if field.type in ("date", "instant"))
    names = tuple(field.name for field in named)
    alike = dict.fromkeys([names, tuple(name for name in names if name not in days), days, ()])
    currency = tuple(field.name for field in source.fields if field.type == "currency" and field.name in mapping)
    return [scope for base in alike for scope in dict.fromkeys((base, (*base, *currency)))]


def _keep_names(naming: Sequence[_Naming], mapping: Mapping[str, str], guesses: _Guesses, worded: Mask) -> list[str]:
    """Decide about rows whose words or dashes stand beside names, in `guesses`.

    Those that could be stored are totals only if all rows of that name are sums, one of them of several rows; those that could not be, and
    are called totals, are.
    """
    at, warnings = guesses.at, []
    storable = np.logical_and.reduce([~(cells.blank | cells.strange)[at] for cells in naming])
    guesses.sizes[worded & ~storable] |= 1
    for cells in naming:
        codes = np.asarray(cells.codes)[at]
        for code in np.unique(codes[storable & (cells.words | cells.dashes)[at]]).tolist():
            rows = np.flatnonzero(storable & (codes == code))
            sizes = guesses.sizes[rows]
            if (sizes[guesses.figures[rows]] > 0).all() and (sizes > 1).any():
                guesses.sizes[rows] = np.maximum(sizes, 1)  # also those without figures
                continue
            guesses.sizes[rows] = 0
            if cells.words[at[rows[0]]]:
                column = mapping[cells.field.name]
                warnings.append(
                    f"'{cells.texts[code]}' in '{column}' is kept as a name, because its figures are not all sums of the rows beside it. "
                    "If it is a total, delete its rows from the file."
                )
    return warnings
