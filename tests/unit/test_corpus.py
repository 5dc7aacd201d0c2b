"""Every file of the corpus, read by the function that the upload page calls, against what a careful person reads in it."""

from decimal import Decimal
from typing import Any

import pytest

from pipelines.errors import FileRefused, TouchlineError
from pipelines.ingest import Prepared
from tests.corpus.cases import Case, cases

CASES = cases()
KEYS = {
    *("source", "tool", "encoding", "delimiter", "header_row", "container", "columns", "rows", "accepted", "sums", "also"),
    *("merged", "totals_dropped", "refused", "totals", "doubts", "warnings", "notes", "complaint"),
}  # fmt: skip


@pytest.mark.parametrize("case", [case for case in CASES if "complaint" in case.expected], ids=lambda case: case.name)
def test_refused_file(case: Case) -> None:
    with pytest.raises(TouchlineError) as refusal:
        case.prepare()
    assert isinstance(refusal.value, FileRefused)
    said = str(refusal.value)
    assert case.file.name in refusal.value.message
    assert refusal.value.remedy
    for part in case.expected["complaint"]:
        assert part.casefold() in said.casefold()


@pytest.mark.parametrize(
    "case", [case for case in CASES if "complaint" not in case.expected], ids=lambda case: case.name
)
def test_file(case: Case) -> None:
    expected = case.expected
    result = case.prepare()
    assert result.rows_read == result.accepted + result.merged + result.refused.num_rows + result.totals_dropped
    assert _refusals(result, expected.get("refused", [])) == expected.get("refused", [])
    assert (result.merged, result.totals_dropped) == (expected.get("merged", 0), expected.get("totals_dropped", 0))
    assert result.accepted == expected.get("accepted", len(expected.get("rows", [])))
    _compare(result, result.source.table, expected)
    for table, words in expected.get("also", {}).items():
        assert result.tables[table].num_rows == len(words["rows"])
        _compare(result, table, words)
    for column, figure in expected.get("sums", {}).items():
        values = [value for value in result.tables[result.source.table][column].to_pylist() if value is not None]
        assert sum(values) == Decimal(figure)
    _compare_totals(result, expected.get("totals", []))
    doubts = [
        {"column": doubt.column, **{order: str(day) for order, day in doubt.readings.items()}}
        for doubt in result.doubts
    ]
    assert doubts == expected.get("doubts", [])
    for key, sentences in (("warnings", result.warnings), ("notes", result.notes)):
        for part in expected.get(key, []):
            assert any(part.casefold() in sentence.casefold() for sentence in sentences), (part, sentences)
    _compare_reading(result, expected)


def test_cases_say_what_they_are() -> None:
    assert len(CASES) >= 80
    for case in CASES:
        assert set(case.words) <= {"about", "source", "said", "expect"}, case.name
        assert case.words["about"], case.name
        assert set(case.expected) <= KEYS, case.name
        assert set(case.words.get("said", {})) <= {"mapping", "fixed", "zone", "currency", "date_order", "decimal"}, (
            case.name
        )


def _compare(result: Prepared, table: str, expected: dict[str, Any]) -> None:
    """The first rows in the columns that the case names; an empty text in the case is unknown."""
    columns, rows = expected.get("columns", []), expected.get("rows", [])
    stored = result.tables[table].slice(0, len(rows)).select(columns).to_pylist()
    for row, found in zip(rows, stored, strict=True):
        wanted = [None if value == "" else value for value in row]
        got = [found[column] for column in columns]
        assert [_like(value, other) for value, other in zip(wanted, got, strict=True)] == got


def _like(wanted: Any, got: Any) -> Any:
    """A figure written as text, as the decimal it is compared with."""
    return Decimal(wanted) if isinstance(got, Decimal) and isinstance(wanted, str) else wanted


def _refusals(result: Prepared, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The refused rows, with the expected part of the reason in place of a reason that has it."""
    lines = result.refused.to_pylist()
    found = [{"row": line["row"], "column": line["column"], "reason": line["reason"]} for line in lines]
    for line, wanted in zip(found, expected, strict=False):
        if wanted["reason"].casefold() in line["reason"].casefold():
            line["reason"] = wanted["reason"]
    return found


def _compare_totals(result: Prepared, expected: list[dict[str, Any]]) -> None:
    for wanted in expected:
        found = [total for total in result.totals if (total.row, total.field) == (wanted["row"], wanted["field"])]
        assert len(found) == 1, (wanted, result.totals)
        total = found[0]
        assert (total.file, total.ours) == (Decimal(wanted["file"]), Decimal(wanted["ours"]))
        assert total.agrees == wanted["agrees"]


def _compare_reading(result: Prepared, expected: dict[str, Any]) -> None:
    for key in ("encoding", "delimiter", "header_row"):
        if key in expected:
            assert getattr(result, key) == expected[key]
    assert expected.get("container", "") in result.container
    if "source" in expected:
        assert result.source.name == expected["source"]
    if "tool" in expected:
        assert result.export is not None
        assert expected["tool"].casefold() in result.export.title.casefold()
