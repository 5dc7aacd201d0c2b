"""The stores, opened for one verb."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.settings import load_settings

if TYPE_CHECKING:
    from pipelines.stores import Stores


@contextmanager
def opened() -> Iterator["Stores"]:
    """The stores that the environment names, with what a dead process left put right first; closed at the end of the block."""
    from pipelines.ingest import history
    from pipelines.stores import open_stores

    stores = open_stores(load_settings())
    try:
        history.recover(stores)
        yield stores
    finally:
        stores.close()
