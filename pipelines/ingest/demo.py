"""The demo data set in the stores: loading it, and taking it back.

Invariant: demo uploads are marked as such and never mix with own data unless somebody asks for it.
"""

from collections.abc import Callable

from sqlalchemy import text

from pipelines import journeys
from pipelines.errors import TouchlineError
from pipelines.ingest import prepare, uploads
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from pipelines.stores.base import Stores


def demo_is_wanted(stores: Stores) -> bool:
    """Whether this home was never used, but perhaps for a demo that was not loaded to its end. Never where the demo's files would land in a lake
    that others share: there somebody has to ask for them."""
    if stores.lake.lands_uploads:
        return False
    with stores.warehouse.transaction() as connection:
        used = connection.execute(text("select exists (select 1 from uploads where not demo or undone_at is not null)"))
        if used.scalar_one():
            return False
        loaded = connection.execute(text("select source from standing_uploads")).scalars()
        return not set(SOURCES) <= set(loaded)


def load_demo(stores: Stores, progress: Callable[[str, float], None] = lambda step, done: None) -> None:
    """Load the demo's files, those that are not loaded yet. progress: called with what is being done and the fraction that is done.

    Raises TouchlineError where own data count: demo rows would mix with them.
    """
    with stores.warehouse.transaction() as connection:
        own = text("select exists (select 1 from standing_uploads where not demo)")
        if connection.execute(own).scalar_one():
            raise TouchlineError(
                "There are data of your own here; the demo would mix with them.",
                "Undo your uploads first, or let TOUCHLINE_HOME name another folder.",
            )
    progress("Making the demo's files", 0.0)
    from pipelines.demo import demo_files  # a large package that only this function needs

    files, settings = demo_files(), stores.settings
    for place, file in enumerate(files):
        source = SOURCES[file.source]
        progress(f"Loading {source.title.lower()}", (place + 1) / (len(files) + 2))
        prepared = prepare(
            source,
            file.content,
            file.file_name,
            zone=settings.reporting_time_zone,
            currency=settings.reporting_currency,
        )
        commit(stores, prepared, file.content, settings.user, demo=True, build=False)
    progress("Building journeys", (len(files) + 1) / (len(files) + 2))
    journeys.build(stores)
    progress("Done", 1.0)


def clear_demo(stores: Stores, user: str) -> int:
    """Take back all demo uploads and return how many there were."""
    with uploads.commits_stopped(stores) as connection:
        with connection.begin():
            demo = uploads.demo_uploads(connection)
            uploads.begin_undo(connection, demo, user)
        uploads.finish_undos(stores, connection)
    journeys.build(stores)
    return len(demo)
