"""Names that meet: one campaign, channel, account or platform, however each tool spells it.

Invariant: names are compared as NFC, trimmed, case-folded text after the alias table; nothing is rewritten in storage, so a changed alias
changes the past as well.
"""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

import pandas as pd

from pipelines.metrics import rates_of
from pipelines.stores.base import Reading

KINDS = ("channel", "campaign", "account", "platform")
"""What an alias may be about."""


def fold(name: str) -> str:
    """The text by which two names are the same."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


class Names:
    """The names of one data version: which spellings mean the same, and how each is written."""

    def __init__(self, aliases: pd.DataFrame, spellings: pd.DataFrame) -> None:
        """aliases: kind, from_name, to_name. spellings: kind, name, row_count (of one place the name stands in)."""
        self._aliases = {
            (alias.kind, fold(alias.from_name)): str(alias.to_name) for alias in aliases.itertuples(index=False)
        }
        self._written = {
            (kind, fold(target)): target for (kind, _), target in sorted(self._aliases.items(), reverse=True)
        }
        self._raw: dict[str, list[str]] = {kind: [] for kind in KINDS}
        counted = spellings.groupby(["kind", "name"], as_index=False)["row_count"].sum()
        for row in counted.sort_values(["row_count", "name"], ascending=[False, True]).itertuples(index=False):
            self._written.setdefault((row.kind, fold(row.name)), row.name)
            self._raw[row.kind].append(row.name)

    def resolve(self, kind: str, name: str) -> str:
        """The name by which everyone calls this: what its alias says, spelled as the aliases do, else as most rows do."""
        key, seen = fold(name), set[str]()
        while (kind, key) in self._aliases and key not in seen:
            seen.add(key)
            key = fold(self._aliases[kind, key])
        return self._written.get((kind, key), name)

    def column(self, kind: str, names: pd.Series) -> pd.Series:
        """A column of names resolved; null stays null."""
        known = {name: self.resolve(kind, name) for name in names.dropna().unique()}
        return names.map(known).astype("str") if len(known) else names.astype("str")

    def spellings(self, kind: str, wanted: Iterable[str]) -> list[str]:
        """Every stored spelling that resolves to one of the wanted names."""
        keys = {fold(self.resolve(kind, name)) for name in wanted}
        return [raw for raw in self._raw.get(kind, []) if fold(self.resolve(kind, raw)) in keys]

    def all(self, kind: str) -> list[str]:
        """The resolved names there are, sorted."""
        return sorted({self.resolve(kind, raw) for raw in self._raw.get(kind, [])}, key=fold)


def suggestion(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is spelled most alike, if any is alike at all."""
    plain = {_plain(candidate): candidate for candidate in candidates}
    close = get_close_matches(_plain(name), list(plain), n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return "".join(character for character in fold(name) if character.isalnum())


def stored_names(reading: Reading) -> pd.DataFrame:
    """Where which name stands: kind, name, source, row_count, weight (for spend its amount in the reporting currency, else rows)."""
    lake = reading.lake("names", {})
    parts = [_in_reporting_currency(reading, reading.warehouse("names"))]
    for kind in KINDS:
        part = lake[["source", kind, "row_count"]].rename(columns={kind: "name"}).dropna(subset=["name"])
        parts.append(part.assign(kind=kind, weight=part["row_count"].astype(float)))
    names = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return names.groupby(["kind", "name", "source"], as_index=False)[["row_count", "weight"]].sum()


def _in_reporting_currency(reading: Reading, names: pd.DataFrame) -> pd.DataFrame:
    """Names with the weights of spend at the newest rates; an amount without a rate weighs nothing."""
    to, rates = reading.settings.reporting_currency, rates_of(reading)
    newest = pd.Series(rates.newest_day, index=names.index)
    for currency in names["currency"].dropna().unique():
        of_it = names["currency"] == currency
        rate = rates.at(currency, to, newest[of_it]).fillna(0.0)
        names.loc[of_it, "weight"] = names.loc[of_it, "weight"].fillna(0.0) * rate
    return names.drop(columns="currency")


def names_of(reading: Reading) -> Names:
    """The names of a reading, made once a data version."""
    return reading.kept("names", lambda: Names(reading.warehouse("aliases"), stored_names(reading)))
