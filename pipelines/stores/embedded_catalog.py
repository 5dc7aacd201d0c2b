"""The embedded Iceberg catalogue: its entries in our PostgreSQL, its files under a folder.

Invariant: a table is what its entry names at this moment. What a metadata file says is read once, since none ever changes; that it is still
there is looked at each time.
"""

from collections.abc import Iterable
from pathlib import Path

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.stores.catalog import NAMESPACE


class EmbeddedCatalog(SqlCatalog):
    """The catalogue of one home. Safe to use from many threads."""

    def __init__(self, database_url: str, warehouse: Path) -> None:
        """Open the catalogue, and make what it needs. Raises SQLAlchemyError or OSError where that fails."""
        warehouse.mkdir(parents=True, exist_ok=True)
        super().__init__("lake", uri=database_url, warehouse=str(warehouse.resolve()), pool_pre_ping="true")
        self.create_namespace_if_not_exists(NAMESPACE)
        self._known: dict[str, Table] = {}

    def tables(self, names: Iterable[str]) -> dict[str, Table]:
        """The tables of these names as they are now, each an object of its own. Raises NoSuchTableError, SQLAlchemyError, OSError."""
        wanted = tuple(names)
        entries = select(IcebergTables.table_name, IcebergTables.metadata_location).where(
            IcebergTables.catalog_name == self.name,
            IcebergTables.table_namespace == NAMESPACE,
            IcebergTables.table_name.in_(wanted),
        )
        with Session(self.engine) as session:
            locations = {entry.table_name: entry.metadata_location for entry in session.execute(entries)}
        return {name: self._table(name, locations.get(name)) for name in wanted}

    def holding(self, name: str, snapshot: int) -> Table:
        """The table as it was when last looked at, where it had this snapshot: what is read as of then needs no look at what it is now. Raises
        as `tables` does."""
        known = self._known.get(name)
        if known is None or known.snapshot_by_id(snapshot) is None:
            return self.tables([name])[name]
        return self._own(known)

    def _table(self, name: str, location: str | None) -> Table:
        if location is None:
            raise NoSuchTableError(f"Table does not exist: {NAMESPACE}.{name}")
        known = self._known.get(name)
        if known is None or known.metadata_location != location or not Path(location.removeprefix("file://")).exists():
            known = self._known[name] = self.load_table((NAMESPACE, name))
        return self._own(known)

    def _own(self, known: Table) -> Table:
        return Table(known.name(), known.metadata, known.metadata_location, known.io, self)
