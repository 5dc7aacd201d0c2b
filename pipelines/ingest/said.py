"""What a person says about a file: its columns, values for all rows, and how it writes dates, numbers and times.

Invariant: what is said now goes before what was said earlier, field by field; a column serves one field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.ingest.prepare import prepare
from pipelines.ingest.prepared import Prepared
from pipelines.settings import Settings
from pipelines.sources import Source


@dataclass(frozen=True)
class Said:
    """`mapping` and `fixed` as `prepare` takes them; `options`: its zone, date_order and decimal, those that were said."""

    mapping: Mapping[str, str | None] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def over(self, earlier: "Said") -> "Said":
        """This, and of what was said earlier all that it says nothing against."""
        taken = {column for column in self.mapping.values() if column}
        columns = {
            name: column for name, column in earlier.mapping.items() if column not in taken and name not in self.fixed
        }
        values = {name: value for name, value in earlier.fixed.items() if name not in self.mapping}
        return Said(columns | dict(self.mapping), values | dict(self.fixed), {**earlier.options, **self.options})

    def prepare(self, source: Source, content: bytes, file_name: str, settings: Settings) -> Prepared:
        """The file read as said, and where nothing was said as the settings have it. Raises what `prepare` raises."""
        options: dict[str, Any] = {"zone": settings.reporting_time_zone, **self.options}
        return prepare(
            source, content, file_name, self.mapping, self.fixed, currency=settings.reporting_currency, **options
        )
