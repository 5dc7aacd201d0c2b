"""Subtotals that no word tells: rows whose ad group (or another part of what names a row) is blank beside rows that fill it.

Invariant: blank rows are taken for subtotals only where every one that has parts beside it is their sum, and one of them of several parts.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.ingest.sums import Mask, Scope, Sums
from pipelines.sources import Field, Source


def sums_of_parts(
    source: Source, mapping: Mapping[str, str], columns: Mapping[str, pa.Array], sums: Sums, base: Mask
) -> list[tuple[int, Scope]]:
    """Position and scope (the fields in which its parts are equal to it) of each row of the base that sums up others of the base.

    The finest part first: ads make up an ad group, and ad groups a campaign.
    """
    if not source.sums:
        return []
    names = [name for name in source.key if name in mapping]
    found: list[tuple[int, Scope]] = []
    counted = base.copy()
    for name in reversed(names):
        if source.field(name).filled or source.field(name).type != "name" or not columns[name].null_count:
            continue
        blank = np.asarray(pc.is_null(columns[name]))
        scope = tuple(names[: names.index(name)])
        parts = counted & ~blank
        at = np.flatnonzero(counted & blank & _blank_below(source.field(name), names, columns))
        at = at[sums.sizes(scope, at, parts) > 0]
        figures = sums.any_figure(at)
        if figures.any() and sums.add_up(scope, at[figures], parts).all() and sums.sizes(scope, at, parts).max() > 1:
            found += [(position, scope) for position in at.tolist()]
            counted[at] = False
    return found


def _blank_below(field: Field, names: list[str], columns: Mapping[str, pa.Array]) -> Mask:
    """Which rows also leave blank what is a part of the field."""
    below = names[names.index(field.name) + 1 :]
    blank = np.ones(len(columns[field.name]), bool)
    for name in below:
        blank &= np.asarray(pc.is_null(columns[name]))
    return blank
