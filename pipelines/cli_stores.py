"""The stores, opened for one verb."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.settings import load_settings

if TYPE_CHECKING:
    from pipelines.stores import Stores


@contextmanager
def opened(*, recover: bool = True) -> Iterator["Stores"]:
    """The stores that the environment names, closed at the end of the block. recover: put right first what a dead process left."""
    from pipelines.ingest import history
    from pipelines.stores import open_stores

    stores = open_stores(load_settings())
    try:
        if recover:
            history.recover(stores)
        yield stores
    finally:
        stores.close()
