"""Forms of number texts: patterns hold of a text exactly where they hold of its form."""

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.cells import matches
from pipelines.ingest.forms import Forms
from pipelines.ingest.frames import _BARE
from pipelines.ingest.numbers import MARKS, _number, _only_decimal

TEXTS = st.lists(
    st.none() | st.text("0123459.,-+ '’€kM(", max_size=12) | st.from_regex(re.compile(_BARE), fullmatch=True)
)


def test_a_million_amounts_have_a_few_forms() -> None:
    forms = Forms(pa.array([f"{number / 100:,.2f}" for number in range(10_000)]))
    assert forms.distinct.to_pylist() == ["0.11", "1.11", "11.11"]
    assert forms.each(pa.array([1, 2, 3]))[1_000].as_py() == 3


@given(TEXTS, st.integers(0, 3))
def test_patterns_hold_of_a_text_where_they_hold_of_its_form(texts: list[str | None], offset: int) -> None:
    text = pa.array(texts, pa.string())[offset:]
    for pattern in (_BARE, *map(_number, MARKS), *map(_only_decimal, MARKS)):
        assert Forms(text).matches(pattern).to_pylist() == matches(text, pattern).to_pylist()
