"""The stores: PostgreSQL for what people upload, an Iceberg lake for what is large."""

from pipelines.settings import Settings
from pipelines.stores.base import Lake, Reading, Stores, Warehouse
from pipelines.stores.engine import Engine

__all__ = ["Reading", "Stores", "open_stores"]


def open_stores(settings: Settings) -> Stores:
    """Open the stores that the settings name: the only place where embedded and cloud part ways.

    Raises WarehouseUnavailable or LakeUnavailable where one does not answer. A lake in the cloud is not asked yet.
    """
    # Imported here so that a command that needs no store starts without PostgreSQL, DuckDB and Iceberg.
    from pipelines.stores.embedded_postgres import EmbeddedPostgres
    from pipelines.stores.warehouse import OPENING_LOCK, Warehouse, alone

    if settings.database_url is None:
        server = EmbeddedPostgres.start(settings.home)
        warehouse = Warehouse(server.url, on_close=server.close, on_connect=server.ensure_running)
    else:
        warehouse = Warehouse(settings.database_url)
    try:
        if settings.lake != "duckdb":
            return Stores(settings, warehouse, _remote_lake(settings, warehouse))
        from pipelines.stores.lake_duckdb import DuckDBLake

        with alone(warehouse.engine, OPENING_LOCK):  # two processes that first open a home at once make its tables once
            return Stores(settings, warehouse, DuckDBLake(warehouse.url, settings.home))
    except Exception:
        warehouse.close()
        raise


def _remote_lake(settings: Settings, warehouse: Warehouse) -> Lake:
    """The lake in the cloud, read by the engine that the settings name, its queries written down in the warehouse."""
    from pipelines.stores.catalog import open_glue_catalog
    from pipelines.stores.lake_remote import RemoteLake
    from pipelines.stores.query_log import QueryLog

    engine: Engine
    if settings.trino_url is not None and settings.lake == "trino":
        from pipelines.stores.engine_trino import TrinoEngine

        engine = TrinoEngine(
            url=settings.trino_url, database=settings.glue_database, deadline_seconds=settings.lake_deadline_seconds
        )
    else:
        from pipelines.stores.engine_athena import AthenaEngine

        engine = AthenaEngine(
            database=settings.glue_database,
            workgroup=settings.athena_workgroup,
            results=f"{settings.lake_url}/results/",
            deadline_seconds=settings.lake_deadline_seconds,
            reuse_minutes=settings.athena_reuse_minutes,
            dollars_per_terabyte=settings.athena_dollars_per_terabyte,
        )
    catalog = open_glue_catalog(str(settings.lake_url))
    return RemoteLake(catalog, settings.glue_database, engine, QueryLog(warehouse).record)
