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

    from pipelines.questions import Answer, Question

UNKNOWN = "—"
MOST_NAMES = 12


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
        "facts": answer.facts,
    }
    return as_json(said) + "\n"


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


def some(names: list[str]) -> str:
    """The first of many names, and how many more there are."""
    more = [f"{len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
    return ", ".join([*names[:MOST_NAMES], *more]) or "none yet"


def _table(rows: "pd.DataFrame") -> str:
    if rows.empty:
        return "No rows."
    shown = rows.astype(object).map(cell)
    return shown.to_string(index=False)


def cell(value: Any) -> str:
    """The value as people read it."""
    known = plain(value)
    if known is None:
        return UNKNOWN
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(known, float):
        return f"{known:,.4f}".rstrip("0").rstrip(".")
    if isinstance(known, int) and not isinstance(known, bool):
        return f"{known:,}"
    return str(known)


def as_json(value: Any) -> str:
    """The value as JSON text; decimals are numbers."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """The value in JSON's own types."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, (datetime, date)):
        return None if value != value else value.isoformat()  # NaT is a datetime that equals nothing
    if isinstance(value, Decimal):
        value = float(value)
    elif hasattr(value, "item"):  # NumPy's scalars
        return plain(value.item())
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return None if type(value).__name__ == "NAType" or value != value else str(value)
