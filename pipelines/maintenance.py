"""Maintenance of the lake: small files become large ones, old snapshots expire, files that nothing lists go.

Invariant: no number changes by it, and whatever could be taken back before still can be.
"""

from collections.abc import Iterator

from pipelines.journeys import BUILD_LOCK
from pipelines.stores.base import Stores
from pipelines.stores.warehouse import alone


def maintain(stores: Stores) -> Iterator[str]:
    """Keep the lake small and quick, a sentence for each thing done. Uploads go on meanwhile; a build of the journeys waits."""
    with alone(stores.warehouse.workers, BUILD_LOCK):
        yield from stores.lake.maintain(stores.settings.keep_snapshot_days)
