"""What the lake's queries scanned and cost, written down in the warehouse for whoever pays or is called at night.

Invariant: values are never written down, and a query that cannot be written down is still answered.
"""

import logging
from dataclasses import asdict

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pipelines.errors import TouchlineError
from pipelines.stores.base import LakeQuery, Warehouse

_DAYS_KEPT = 90

log = logging.getLogger(__name__)


class QueryLog:
    """The log of one warehouse. Safe to use from many threads."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._tidied = False

    def record(self, query: LakeQuery) -> None:
        """Write a query down. A process's first one lets those of long ago go."""
        values = asdict(query)
        names = ", ".join(values)
        try:
            with self._warehouse.transaction() as connection:
                connection.execute(
                    text(f"insert into lake_queries ({names}) values ({', '.join(f':{name}' for name in values)})"),
                    values,
                )
                if not self._tidied:
                    old = "delete from lake_queries where ended_at < now() - make_interval(days => :days)"
                    connection.execute(text(old), {"days": _DAYS_KEPT})
            self._tidied = True
        except (TouchlineError, SQLAlchemyError) as error:
            log.warning("a query of the lake was not written down: %s", type(error).__name__)
