"""Files of the corpus, damaged: read, or refused in a sentence; never a crash, a lost row or an invented number."""

import csv
import io
import re
import unicodedata
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import TouchlineError
from pipelines.ingest import Prepared
from pipelines.sources import NUMBER_TYPES
from tests.corpus.cases import Case, cases
from tests.fuzz.mutations import Change, changes

CASES = [case for case in cases() if len(case.content) < 10_000]
MANY = settings().max_examples * 2
_LEFT_OUT = ("repetitions are skipped", "sections")
"""What the notes say where records are left out on purpose."""
_BETWEEN_DIGITS = re.compile(r"[\s.,'’\u00a0\u202f\u2009\u200b]+")


@settings(max_examples=MANY, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(case=st.sampled_from(CASES), made=st.lists(changes, min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused(case: Case, made: list[Change]) -> None:
    content = case.content
    for change in made:
        content = change(content)
    check(case, content)


@settings(deadline=None)
@given(case=st.sampled_from(CASES), content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(case: Case, content: bytes) -> None:
    check(case, content)


def check(case: Case, content: bytes) -> None:
    """Read the content in place of the case's file, and hold it to what holds for every file."""
    result = _read(case, content)
    if isinstance(result, TouchlineError):
        assert result.message
        assert result.remedy
        return
    assert result.rows_read == result.accepted + result.merged + result.refused.num_rows + result.totals_dropped
    if not _is_pivot(result):  # of a pivot's row several records may be refused
        assert len(set(result.refused["row"].to_pylist())) == result.refused.num_rows
    text = _text(content, result)
    if text is not None:
        _nothing_is_invented(text, result)
        _nothing_is_lost(text, result)


def _read(case: Case, content: bytes) -> Prepared | TouchlineError:
    try:
        return case.prepare(content)
    except TouchlineError as refusal:
        return refusal


def _is_pivot(result: Prepared) -> bool:
    return result.export is not None and bool(result.export.pivot)


def _text(content: bytes, result: Prepared) -> str | None:
    """The file's text, if it is one."""
    if result.container:
        return None
    return content.decode(result.encoding, "replace").removeprefix("\ufeff")


def _nothing_is_invented(text: str, result: Prepared) -> None:
    """The digits of a stored number stand in the file, one after the other (rows that were added up have new ones)."""
    if result.merged:
        return
    plain = "".join(str(digit) if (digit := unicodedata.digit(sign, -1)) >= 0 else sign for sign in text)
    digits = _BETWEEN_DIGITS.sub("", plain)
    for field in result.source.fields:
        if field.type in NUMBER_TYPES and field.stored and field.name in result.mapping:
            for value in result.tables[result.source.table][field.stored_as].to_pylist():
                if value is not None and str(value) != field.default:
                    assert _significant(value) in digits, (field.name, value)


def _significant(value: Any) -> str:
    """The digits of a number without zeros at its ends; of one that may have been rounded, all but the last."""
    shown = f"{abs(Decimal(value)):f}"
    exact = len(shown.partition(".")[2].rstrip("0")) < 4
    digits = shown.replace(".", "").strip("0")
    return digits if exact else digits[:-1]


def _nothing_is_lost(text: str, result: Prepared) -> None:
    """Every filled record below the header is accounted for. Only where nothing is quoted does a plain reading count them."""
    if '"' in text or _is_pivot(result) or any(word in note for note in result.notes for word in _LEFT_OUT):
        return
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=result.delimiter))[result.header_row :]
    filled = [record for record in records if any(cell.strip() for cell in record)]
    assert result.rows_read == len(filled)
