"""Names that meet: one campaign, channel, account or platform, however each tool spells it.

Invariant: names are compared as NFC, trimmed, case-folded text after the rules and then the alias table; nothing is rewritten in storage, so
a changed rule or alias changes the past as well.
"""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

import pandas as pd

from pipelines.metrics import rates_of
from pipelines.name_rules import NO_RULES, ORIGIN, SEPARATOR, NameRules, Rule, fold, parts
from pipelines.stores.base import Reading, Thing

__all__ = [
    "KINDS",
    "Names",
    "channel_origins",
    "fold",
    "kept",
    "names_of",
    "names_under",
    "origins",
    "stored_names",
    "suggestion",
]

KINDS = ("channel", "campaign", "account", "platform")
"""What an alias may be about."""


class Names:
    """The names of one data version: which spellings mean the same, and how each is written.

    Where a rule asks for more than a channel's own name, a channel is given as its origin (see `origins`) wherever rows are resolved.
    """

    def __init__(
        self,
        aliases: pd.DataFrame,
        spellings: pd.DataFrame,
        rules: NameRules = NO_RULES,
        origins: Sequence[str] = (),
    ) -> None:
        """aliases: kind, from_name, to_name. spellings: kind, name, row_count (of one place the name stands in). origins: those of all rows
        that have a channel, needed only where `rules.need_origin`."""
        self.rules = rules
        self._aliases = {
            (alias.kind, fold(alias.from_name)): str(alias.to_name) for alias in aliases.itertuples(index=False)
        }
        self._written = {
            (kind, fold(target)): target for (kind, _), target in sorted(self._aliases.items(), reverse=True)
        }
        for rule in rules.rules:
            self._written.setdefault((rule.kind, fold(rule.means)), rule.means)
        self._raw: dict[str, list[str]] = {kind: [] for kind in KINDS}
        counted = spellings.groupby(["kind", "name"], as_index=False)["row_count"].sum()
        for row in counted.sort_values(["row_count", "name"], ascending=[False, True]).itertuples(index=False):
            self._written.setdefault((row.kind, fold(row.name)), row.name)
            self._raw[row.kind].append(row.name)
        if rules.need_origin:
            self._raw["channel"] = list(origins)
        self._resolved = {kind: {raw: self.resolve(kind, raw) for raw in raws} for kind, raws in self._raw.items()}

    @property
    def channel_column(self) -> str:
        """The column of journeys that tells a touch's channel: its own name, or its origin where rules ask for more."""
        return "origin" if self.rules.need_origin else "channel"

    def resolve(self, kind: str, name: str) -> str:
        """The name by which everyone calls what is stored under this name (or origin): what the rules say of it, then what its alias says,
        spelled as the aliases do, else the rules, else as most rows do. Where no rule is about the name, one may be about its alias."""
        rule = self._rule(kind, name)
        stored = parts(name)[0] if kind == "channel" else name
        name = self.called(kind, rule.means if rule else stored)
        if rule is None and fold(name) != fold(stored) and (rule := self._rule(kind, name)):
            return self.called(kind, rule.means)
        return name

    def _rule(self, kind: str, name: str) -> Rule | None:
        if kind == "channel":
            return self.rules.of_channel(name)
        return self.rules.of_campaign(name) if kind == "campaign" else None

    def called(self, kind: str, name: str) -> str:
        """What a name that no rule is asked about any more is called: the name that people read on the pages stays itself."""
        key, seen = fold(name), set[str]()
        while (kind, key) in self._aliases and key not in seen:
            seen.add(key)
            key = fold(self._aliases[kind, key])
        return self._written.get((kind, key), name)

    def column(self, kind: str, names: pd.Series) -> pd.Series:
        """A column of names (of channels: or origins) resolved; null stays null."""
        resolved = self._resolved.get(kind, {})
        known = {
            name: resolved[name] if name in resolved else self.resolve(kind, name) for name in names.dropna().unique()
        }
        return names.map(known).astype("str") if len(known) else names.astype("str")

    def of_rows(self, dimension: str, rows: pd.DataFrame) -> pd.Series:
        """The resolved names of rows that have a column of the dimension; of channels with what else the rows tell of their origin."""
        if dimension != "channel" or not self.rules.need_origin:
            return self.column(dimension, rows[dimension])
        told = origins(rows)
        return self.column(dimension, told.where(rows["channel"].notna()))

    def one_spelling(self, kind: str) -> dict[str, str]:
        """Stored name (of channels: or origin) -> the stored name that stands for all that are called the same, where that is another one; for a
        kind that has no aliases nothing."""
        standing: dict[str, str] = {}
        found = {}
        for raw, name in self._resolved.get(kind, {}).items():
            if (stands := standing.setdefault(name, raw)) != raw:
                found[raw] = stands
        return found

    def spellings(self, kind: str, wanted: Iterable[str]) -> list[str]:
        """Every stored spelling (of channels: or origin) that resolves to one of the wanted names, or to what that stored name is called."""
        resolved = self._resolved.get(kind, {})
        there = {fold(name) for name in resolved.values()}
        keys = set[str]()
        for name in wanted:
            shown = fold(self.called(kind, name))
            keys.add(shown if shown in there else fold(self.resolve(kind, name)))
        return [raw for raw, name in resolved.items() if fold(name) in keys]

    def all(self, kind: str) -> list[str]:
        """The resolved names there are, sorted."""
        return sorted(set(self._resolved.get(kind, {}).values()), key=fold)


def origins(rows: pd.DataFrame) -> pd.Series:
    """The origin of each row: its channel, source, medium and platform, as far as it has such columns, in one text."""
    columns = [rows[column].fillna("").astype("str") if column in rows else "" for column in ORIGIN]
    first, *rest = (column if isinstance(column, pd.Series) else pd.Series("", index=rows.index) for column in columns)
    for column in rest:
        first = first + SEPARATOR + column
    return first


def suggestion(name: str, candidates: Iterable[str], alike: float = 0.6) -> str | None:
    """The candidate that is spelled most alike, if any is alike at all (`alike`: 1 for the same letters and digits)."""
    plain = {_plain(candidate): candidate for candidate in candidates}
    close = get_close_matches(_plain(name), list(plain), n=1, cutoff=alike)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return "".join(character for character in fold(name) if character.isalnum())


def stored_names(reading: Reading) -> pd.DataFrame:
    """Where which name stands: kind, name, source, row_count, spend (in the reporting currency), reach and counted (touchpoints or mentions);
    null where the source tells no such thing."""
    lake = reading.lake("names", {})
    parts_ = [_in_reporting_currency(reading, reading.warehouse("names"))]
    for kind in KINDS:
        part = lake[["source", kind, "row_count", "counted"]].rename(columns={kind: "name"}).dropna(subset=["name"])
        parts_.append(part.assign(kind=kind))
    names = pd.concat([part for part in parts_ if len(part)] or parts_[:1], ignore_index=True)
    sums = {"spend": 0.0, "reach": 0.0, "counted": 0.0}
    names = names.reindex(columns=["kind", "name", "source", "row_count", *sums])
    return names.groupby(["kind", "name", "source"], as_index=False).sum(min_count=1).astype(dict.fromkeys(sums, float))


def _in_reporting_currency(reading: Reading, names: pd.DataFrame) -> pd.DataFrame:
    """Names with the amounts of spend at the newest rates; an amount without a rate is none."""
    to, rates = reading.settings.reporting_currency, rates_of(reading)
    newest = pd.Series(rates.newest_day, index=names.index)
    for currency in names["currency"].dropna().unique():
        of_it = names["currency"] == currency
        rate = rates.at(currency, to, newest[of_it]).fillna(0.0)
        names.loc[of_it, "spend"] = names.loc[of_it, "spend"].fillna(0.0) * rate
    return names.drop(columns="currency")


def channel_origins(reading: Reading) -> pd.DataFrame:
    """The origins of rows that have a channel: source, the columns of ORIGIN, row_count, spend (in the reporting currency)."""
    paid = _in_reporting_currency(reading, reading.warehouse("origins")).assign(source_name="spend")
    touched = reading.lake("origins", {}).assign(source_name="touchpoints")
    rows = pd.concat([touched, paid], ignore_index=True).dropna(subset=["channel"])
    return rows.assign(origin=origins(rows))


def names_of(reading: Reading) -> Names:
    """The names of a reading, made once a data version."""
    return reading.kept("names", lambda: names_under(reading, NameRules(reading.warehouse("rules"))))


def kept(reading: Reading, names: Names, key: object, make: Callable[[], Thing]) -> Thing:
    """What `make` works out of a reading under its own names, made once a data version; under others each time anew. Nobody may change it."""
    return reading.kept(key, make) if names is names_of(reading) else make()


def names_under(reading: Reading, rules: NameRules, aliases: pd.DataFrame | None = None) -> Names:
    """The names of a reading as they would be under other rules or aliases."""
    there = channel_origins(reading)["origin"].unique() if rules.need_origin else ()
    said = reading.warehouse("aliases") if aliases is None else aliases
    return Names(said, reading.kept("stored names", lambda: stored_names(reading)), rules, tuple(there))
