"""What the command line tells of a file: as JSON for scripts, in words for people.

Invariant: a dry run and a commit tell the same of the same file on the same data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.cli_output import as_json, cell, plain
from pipelines.ingest.lake_rows import next_run
from pipelines.ingest.plan import Plan
from pipelines.ingest.prepared import Prepared, Total

SAMPLE_ROWS = 5
SHOWN = 20  # lines of a list that people are shown


@dataclass(frozen=True)
class Told:
    """A file, what a commit of it does, and notes about how it was read."""

    prepared: Prepared
    plan: Plan
    notes: Sequence[str] = ()

    def text(self, form: str, upload: Mapping[str, Any] | None = None) -> str:
        """What became of the file (`upload`: its status row), or would become of it (None), as `form` json or table."""
        said = self._said(upload)
        return as_json(said) if form == "json" else self._in_words(said, upload)

    def _said(self, upload: Mapping[str, Any] | None) -> dict[str, Any]:
        prepared = self.prepared
        said = {
            "source": prepared.source.name,
            "encoding": prepared.encoding,
            "delimiter": prepared.delimiter,
            "header_row": prepared.header_row,
            "mapping": dict(prepared.mapping),
            "rows_read": prepared.rows_read,
            **self._effects(upload),
            "refused": prepared.refused.to_pylist(),
            "warnings": [*self.notes, *prepared.warnings, *self._about(upload)],
            "sample": prepared.sample(SAMPLE_ROWS),
            "export": prepared.export.name if prepared.export else None,
            "container": prepared.container,
            "accepted": prepared.accepted + prepared.merged,
            "merged": prepared.merged,
            "doubts": [asdict(doubt) for doubt in prepared.doubts],
            "totals": self._totals(),
            "removed": self._removed(upload),
        }
        return said if upload is None else {**said, "upload_id": upload["upload_id"]}

    def _effects(self, upload: Mapping[str, Any] | None) -> dict[str, int]:
        """How many rows are new, replaced and unchanged; after a commit as it was then, for others may have been faster than we."""
        if upload is None:
            return {"new": self.plan.new, "replaced": self.plan.replaced, "unchanged": self.plan.unchanged}
        if not upload["changed"]:
            return {"new": 0, "replaced": 0, "unchanged": self.prepared.accepted}
        return {name: upload[f"rows_{name}"] for name in ("new", "replaced", "unchanged")}

    def _totals(self) -> dict[str, Any]:
        """How many totals rows there were, and their figures beside ours; first the grand total of the source's main number."""
        figures = self.prepared.totals
        named = [name for name in self.prepared.source.sums if any(figure.field == name for figure in figures)]
        of_main = [figure for figure in figures if not named or figure.field == named[0]]
        grand = max(of_main, key=lambda figure: abs(figure.ours), default=None)
        return {
            "rows_dropped": self.prepared.totals_dropped,
            "file": grand.file if grand else None,
            "ours": grand.ours if grand else None,
            "figures": [asdict(figure) for figure in figures],
        }

    def _removed(self, upload: Mapping[str, Any] | None) -> list[Any]:
        """The stored rows that the file lacks: those that may be removed or, after a commit, those that were."""
        if upload is not None and not upload["rows_removed"]:
            return []
        return self.plan.missing.to_dict("records")

    def _about(self, upload: Mapping[str, Any] | None) -> list[str]:
        """What a person should know about a commit beside its counts."""
        said = []
        for doubt in self.prepared.doubts:
            readings = " or ".join(doubt.readings.values())
            said.append(f"'{doubt.example}' in '{doubt.column}' may be {readings}: say {doubt.ways_to_say}.")
        already = self.plan.already if upload is None else upload
        if already is not None and self._nothing_changes(upload):
            when = f"{already['committed_at'].astimezone(UTC):%Y-%m-%d %H:%M}"
            said.append(f"This file was loaded by {already['uploaded_by']} on {when} UTC; nothing changed.")
        if lacking := len(self.plan.missing):
            fate = "were removed" if upload is not None and upload["rows_removed"] else "stay"
            said.append(f"{lacking:,} stored rows of the same days are not in this file; they {fate}.")
        if self.plan.awaits and not self._nothing_changes(upload):
            run = next_run(self.plan.awaits, datetime.now(UTC))
            said.append(
                f"The rows are in the lake after the next run of its jobs, planned for {run:%Y-%m-%d %H:%M} UTC."
            )
        if upload is not None and upload["clears_demo"]:
            said.append("The demo data were taken back: these are the first data of your own.")
        return said

    def _nothing_changes(self, upload: Mapping[str, Any] | None) -> bool:
        """Whether the commit left, or would leave, everything to the earlier upload of the same file."""
        return self.plan.changes_nothing if upload is None else not upload["changed"]

    def _in_words(self, said: Mapping[str, Any], upload: Mapping[str, Any] | None) -> str:
        prepared = self.prepared
        counts = {
            "rows read": prepared.rows_read,
            "accepted": prepared.accepted + prepared.merged,
            "of these merged": prepared.merged,
            "refused": prepared.refused.num_rows,
            "totals left out": prepared.totals_dropped,
        }
        stored = upload is not None and not self._nothing_changes(upload)
        lines = [
            f"{'Stored' if stored else 'Not stored:'} {prepared.file_name} as {prepared.source.name}: {_counted(counts)}.",
            f"Of the accepted rows {_counted(self._effects(upload))}.",
            f"Columns: {', '.join(f'{field} from {column!r}' for field, column in prepared.mapping.items())}.",
            *prepared.notes,
            *(f"Note: {warning}" for warning in said["warnings"]),
            *_listed("Totals", [_total(figure) for figure in prepared.totals]),
            *_listed("Refused", [_refused(row) for row in said["refused"]]),
            *_listed("Removed:" if stored else "Not in the file:", [_row(row) for row in said["removed"]]),
        ]
        if upload is not None:
            lines.append(f"Upload {upload['upload_id']}.")
        elif prepared.accepted:
            lines.append("This was a dry run.")
        return "\n".join(lines)


def _counted(counts: Mapping[str, int]) -> str:
    seldom = ("of these merged", "totals left out")
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count or what not in seldom)


def _total(figure: Total) -> str:
    verb = "equals the sum of its rows" if figure.agrees else f"differs from the sum of its rows, {figure.ours:,}"
    return f"row {figure.row} ('{figure.label}'): {figure.field} {figure.file:,} {verb}."


def _refused(line: Mapping[str, Any]) -> str:
    return f"row {line['row']}, column {line['column']}, {line['value']!r}: {line['reason']}"


def _row(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {cell(value)}" for name, value in values.items() if plain(value) is not None)


def _listed(what: str, lines: list[str]) -> list[str]:
    """The first of many lines, and how many more there are."""
    more = [f"... and {len(lines) - SHOWN:,} more; --format json lists them all."] if len(lines) > SHOWN else []
    return [f"{what} {line}" for line in lines[:SHOWN]] + more
