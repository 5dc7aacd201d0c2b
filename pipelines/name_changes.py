"""Changes of rules and aliases: read as any file is, then stored as one upload that holds only what changed.

Invariant: nothing is taken out of storage. A rule that goes is stored anew as one that is not active, an alias that goes as a name that means
itself; undoing the upload brings either back.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from pipelines.identity import fold
from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores


@dataclass(frozen=True)
class Draft:
    """Rows of a source as a person wrote them. accepted: those that can be stored, by field, empty where nothing is said; refused: row (from 1),
    column, value and reason of the others."""

    source: str
    accepted: pd.DataFrame
    refused: pd.DataFrame


def read_draft(source: str, rows: pd.DataFrame) -> Draft:
    """Read rows (columns: fields of the source) as an upload of them would be. Rows without any text are left out."""
    texts = rows.astype(object).where(rows.notna(), "").astype(str).apply(lambda column: column.str.strip())
    said = texts[[column for column in texts if column != "kind"]].ne("").any(axis=1)
    return read_file(source, texts[said].to_csv(index=False).encode(), f"{source}.csv")


def read_file(source: str, content: bytes, file_name: str) -> Draft:
    """Read a file of the source. Raises FileRefused where it is none."""
    if not content.strip().count(b"\n"):
        return Draft(
            source, pd.DataFrame(columns=_fields(source)), pd.DataFrame(columns=["row", "column", "value", "reason"])
        )
    prepared = prepare(SOURCES[source], content, file_name)
    fields = {field.stored_as: field.name for field in SOURCES[source].fields}
    accepted = _texts(prepared.tables[source].select(list(fields)).rename_columns(list(fields.values())))
    refused = prepared.refused.to_pandas()
    return Draft(source, accepted[_fields(source)], refused.assign(row=refused["row"] - prepared.header_row))


def changes(draft: Draft, held: pd.DataFrame) -> pd.DataFrame:
    """The rows to store so that exactly the draft's hold instead of `held` (same fields): the new and the changed ones, and those that go."""
    key = list(SOURCES[draft.source].key)
    now = {_key(row, key): row for row in held.to_dict("records")}
    then = {_key(row, key): row for row in draft.accepted.to_dict("records")}
    changed = [row for found, row in then.items() if now.get(found) != row]
    gone = [_without(draft.source, row) for found, row in now.items() if found not in then]
    return pd.DataFrame(changed + gone, columns=[*held.columns, *(["active"] if draft.source == "rules" else [])])


def applied(source: str, held: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """The rows that hold once `changed` is stored: those of `held`, with the changed ones in the place of their like."""
    stay = changed[changed["active"] != "no"] if source == "rules" else changed[changed["to"] != changed["from"]]
    return pd.concat([without(source, held, changed), stay[held.columns]], ignore_index=True)


def without(source: str, rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The rows that ask for something else than all of the others do, as they stand."""
    key = list(SOURCES[source].key)
    taken = {_key(row, key) for row in others.to_dict("records")}
    apart = [_key(row, key) not in taken for row in rows.to_dict("records")]
    return rows[pd.Series(apart, index=rows.index, dtype=bool)]


def overtaken(source: str, changed: pd.DataFrame, before: pd.DataFrame, now: pd.DataFrame) -> int:
    """How many of the changed rows no longer hold as they did before."""
    key = list(SOURCES[source].key)
    held = [{_key(row, key): row for row in rows.to_dict("records")} for rows in (before, now)]
    return sum(
        held[0].get(found) != held[1].get(found) for found in {_key(row, key) for row in changed.to_dict("records")}
    )


def store(stores: Stores, source: str, rows: pd.DataFrame, file_name: str, user: str) -> dict[str, Any]:
    """Store rows as one upload, which is undone like any other. Raises what keeps it from being stored."""
    content = rows.to_csv(index=False).encode()
    return commit(stores, prepare(SOURCES[source], content, file_name), content, user, keep_demo=True)


def assign_hashtag(stores: Stores, hashtag: str, means: str, user: str) -> dict[str, Any]:
    """Say that mentions with a hashtag that name no campaign are of one: a rule."""
    rows = pd.DataFrame([{"kind": "campaign", "hashtag": hashtag, "means": means}])
    return store(stores, "rules", rows, "hashtag-rule.csv", user)


def _fields(source: str) -> list[str]:
    """The fields of a rule or alias that a person writes."""
    return [field.name for field in SOURCES[source].fields if field.type != "boolean"]


def _texts(rows: pa.Table) -> pd.DataFrame:
    return pd.DataFrame(
        {name: ["" if cell is None else str(cell) for cell in rows[name].to_pylist()] for name in rows.column_names}
    )


def _key(row: dict[str, str], fields: list[str]) -> tuple[str, ...]:
    return tuple(fold(row.get(field, "")) for field in fields)


def _without(source: str, row: dict[str, str]) -> dict[str, str]:
    return {**row, "active": "no"} if source == "rules" else {**row, "to": row["from"]}
