"""What a derived table was built from, as its snapshots tell, and which snapshots of the derived tables belong together."""

import json
from collections.abc import Mapping

from pyiceberg.table import Table

from pipelines.stores.base import Origin, Snapshots
from pipelines.stores.catalog import DERIVED
from pipelines.stores.history import MADE_OF, PROGRAM, in_order, properties


def origin_of(table: Table, snapshot: int | None) -> Origin | None:
    """What the rows of a derived table were made of in one snapshot; None where it is no build's."""
    said = properties(table, snapshot)
    return Origin(said[PROGRAM], json.loads(said[MADE_OF])) if PROGRAM in said else None


def present(tables: Mapping[str, Table]) -> Snapshots:
    """The present snapshot id of every table, None where nothing was stored yet; of the derived ones, those of one build."""
    newest = {name: table.metadata.current_snapshot_id for name, table in tables.items()}
    return newest | _of_one_build({name: tables[name] for name in DERIVED}, newest)


def _of_one_build(tables: Mapping[str, Table], newest: Snapshots) -> dict[str, int | None]:
    """The newest snapshots of the derived tables that one and the same build left: while another is under way, some are ahead."""
    if len({origin_of(table, newest[name]) for name, table in tables.items()}) <= 1:
        return {}
    builds = [
        {origin_of(table, snapshot.snapshot_id): snapshot.snapshot_id for snapshot in in_order(table)}
        for table in tables.values()
    ]
    common = [origin for origin in builds[0] if origin is not None and all(origin in other for other in builds)]
    return {name: of_it[common[-1]] for name, of_it in zip(tables, builds, strict=True)} if common else {}
