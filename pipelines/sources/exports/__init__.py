"""The exports of tools that are read as they are: one declaration a file, and the registry that everything else asks.

Invariant: an export feeds one source, whose fields it names; the order is the one people are shown.
"""

from pipelines.sources.exports.declare import Export
from pipelines.sources.exports.google_ads import GOOGLE_ADS

EXPORTS: dict[str, Export] = {export.name: export for export in (GOOGLE_ADS,)}

__all__ = ["EXPORTS", "Export"]
