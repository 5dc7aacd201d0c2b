"""Cells that a spreadsheet would run are harmless in what we write and come back as they were."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.cells import clean
from pipelines.ingest.defuse import defuse, restore

RISKY = st.text(alphabet="'=+-@\t\r a1\n\0é", max_size=6) | st.text(max_size=6)


@pytest.mark.parametrize("text", ["=1+1", "+49 30 123", "-5", "@handle", "\t=1", "\r=1", "'=1", "''-5", "='", "=\n1"])
def test_formulas_are_defused(text: str) -> None:
    assert defuse(pa.array([text])).to_pylist() == ["'" + text]


@pytest.mark.parametrize("text", ["", "a", "1", "a=1", "'", "'a'", "''", " =1", "it's", "#=1", "a\n=1"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert defuse(pa.array([text])).to_pylist() == [text]
    assert restore(pa.array([text])).to_pylist() == [text]


def test_unknown_stays_unknown() -> None:
    assert defuse(pa.array([None], pa.string())).to_pylist() == [None]
    assert restore(pa.array([None], pa.string())).to_pylist() == [None]


@settings(max_examples=300, deadline=None)
@given(st.lists(RISKY, max_size=10))
def test_what_is_defused_comes_back(written: list[str]) -> None:
    texts = pa.array(written, pa.string())
    defused = defuse(texts)
    assert restore(defused).to_pylist() == written
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in defused.to_pylist())


@settings(max_examples=300, deadline=None)
@given(st.lists(RISKY, max_size=10))
def test_what_is_stored_is_read_again_the_same(written: list[str]) -> None:
    stored = clean(pa.array(written, pa.string()))
    assert clean(defuse(stored)).to_pylist() == stored.to_pylist()
