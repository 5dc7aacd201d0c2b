"""The stores: PostgreSQL for what people upload, an Iceberg lake for what is large."""

from pipelines.settings import Settings
from pipelines.stores.base import Reading, Stores

__all__ = ["Reading", "Stores", "open_stores"]


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name: the only place where embedded and cloud part ways.

    Raises WarehouseUnavailable or LakeUnavailable where one does not answer.
    """
    # Imported here so that a command that needs no store starts without PostgreSQL, DuckDB and Iceberg.
    from pipelines.stores.embedded_postgres import EmbeddedPostgres
    from pipelines.stores.lake_duckdb import DuckDBLake
    from pipelines.stores.warehouse import OPENING_LOCK, Warehouse, alone

    if settings.database_url is None:
        server = EmbeddedPostgres.start(settings.home)
        warehouse = Warehouse(server.url, on_close=server.close, on_connect=server.ensure_running)
    else:
        warehouse = Warehouse(settings.database_url)
    try:
        with alone(warehouse.engine, OPENING_LOCK):  # two processes that first open a home at once make its tables once
            lake = DuckDBLake(warehouse.url, settings.home)
    except Exception:
        warehouse.close()
        raise
    return Stores(settings, warehouse, lake)
