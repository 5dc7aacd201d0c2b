"""What the command line prints: tables for people, CSV and JSON for scripts.

Invariant: in JSON, what is unknown is null, an instant is ISO 8601 text and an amount is a number.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.ingest.load import Plan
    from pipelines.ingest.prepared import Prepared
    from pipelines.questions import Answer, Question

UNKNOWN = "—"
SAMPLE_ROWS = 5


def answered(answer: "Answer", form: str, columns: list[str] | None = None) -> str:
    """An answer as one JSON object, as CSV of its rows, or as a table of its rows (of these columns only, where they are named)."""
    if form == "csv":
        return answer.rows.to_csv(index=False)
    if form == "table":
        return _table(answer.rows[columns] if columns else answer.rows) + "\n"
    said = {
        "question": answer.question,
        "parameters": answer.parameters,
        "data_version": answer.data_version,
        "demo": answer.demo,
        "warnings": answer.warnings,
        "rows": answer.rows.to_dict("records"),
    }
    return _json(said) + "\n"


def ingested(prepared: "Prepared", plan: "Plan", upload: Mapping[str, Any] | None, form: str) -> str:
    """What became of a file (`upload`: its status row), or would become of it (None)."""
    said = {
        "source": prepared.source.name,
        "encoding": prepared.encoding,
        "delimiter": prepared.delimiter,
        "header_row": prepared.header_row,
        "mapping": dict(prepared.mapping),
        "rows_read": prepared.rows_read,
        "new": plan.new,
        "replaced": plan.replaced,
        "unchanged": plan.unchanged,
        "refused": prepared.refused.to_pylist(),
        "warnings": [*prepared.warnings, *_about(plan, upload)],
        "sample": prepared.sample(SAMPLE_ROWS),
    }
    if upload is not None:
        said["upload_id"] = upload["upload_id"]
    if form == "json":
        return _json(said)
    return _in_words(prepared, said, stored=upload is not None and not plan.changes_nothing)


def questions(known: Iterable["Question"]) -> str:
    """Every question with its title, grain and parameters."""
    lines: list[str] = []
    for question in known:
        lines += [question.name, f"    {question.title}", f"    Grain: {question.grain}"]
        for parameter in question.parameters:
            choices = f" ({', '.join(parameter.choices)})" if parameter.choices else ""
            default = "" if parameter.default in (None, [], "") else f" Default: {parameter.default}."
            lines.append(f"    {parameter.name}{choices}: {parameter.help}{default}")
        if any(parameter.name == "model" for parameter in question.parameters):
            lines += [f"    {text}" for text in _model_parameters()]
        lines.append("")
    return "\n".join(lines)


def _model_parameters() -> list[str]:
    from pipelines.attribution import MODELS

    return [
        f"{parameter.name} (of {model.key}): {parameter.help} Default: {parameter.default:g}."
        for model in MODELS.values()
        for parameter in model.parameters
    ]


def _about(plan: "Plan", upload: Mapping[str, Any] | None) -> list[str]:
    """What a person should know about a commit beside its counts."""
    said = []
    if plan.already is not None and plan.changes_nothing:
        when = f"{plan.already['committed_at']:%Y-%m-%d %H:%M}"
        said.append(f"This file was loaded by {plan.already['uploaded_by']} on {when} UTC; nothing changed.")
    if len(plan.missing):
        said.append(f"{len(plan.missing)} stored rows of the same days are not in this file; they stay.")
    if upload is not None and upload["clears_demo"]:
        said.append("The demo data were cleared: these are the first data of your own.")
    return said


def _in_words(prepared: "Prepared", said: Mapping[str, Any], stored: bool) -> str:
    verb = "Stored" if stored else "Not stored:"
    counts = {
        "rows read": prepared.rows_read,
        "new": said["new"],
        "replaced": said["replaced"],
        "unchanged": said["unchanged"],
        "merged": prepared.merged,
        "totals left out": prepared.totals_dropped,
        "refused": prepared.refused.num_rows,
    }
    told = ", ".join(
        f"{count:,} {what}" for what, count in counts.items() if count or what not in ("merged", "totals left out")
    )
    lines = [f"{verb} {prepared.file_name} as {prepared.source.name}: {told}."]
    lines += [f"Columns: {', '.join(f'{field} from {column!r}' for field, column in prepared.mapping.items())}."]
    lines += [*prepared.notes, *(f"Note: {warning}" for warning in said["warnings"])]
    for row in said["refused"][:20]:
        lines.append(f"Refused row {row['row']}, column {row['column']}, {row['value']!r}: {row['reason']}")
    if len(said["refused"]) > 20:
        lines.append(f"... and {len(said['refused']) - 20:,} more; --format json lists them all.")
    if "upload_id" in said:
        lines.append(f"Upload {said['upload_id']}.")
    elif prepared.accepted:
        lines.append("This was a dry run.")
    return "\n".join(lines)


def _table(rows: "pd.DataFrame") -> str:
    if rows.empty:
        return "No rows."
    shown = rows.astype(object).map(_cell)
    return shown.to_string(index=False)


def _cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return UNKNOWN
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(plain, float):
        return f"{plain:,.4f}".rstrip("0").rstrip(".")
    if isinstance(plain, int) and not isinstance(plain, bool):
        return f"{plain:,}"
    return str(plain)


def _json(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    """The value in JSON's own types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, (datetime, date)):
        return None if value != value else value.isoformat()  # NaT is a datetime that equals nothing
    if isinstance(value, Decimal):
        value = float(value)
    elif hasattr(value, "item"):  # NumPy's scalars
        return _plain(value.item())
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return None if value != value or type(value).__name__ == "NAType" else str(value)
