"""Keys of posts on their way to the lake: however many, none of their texts is longer than Athena takes."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.mentions import packed
from pipelines.name_rules import SEPARATOR
from pipelines.statements import LONGEST_PARAMETER, text

keys = st.lists(st.text(st.characters(exclude_characters=SEPARATOR), min_size=1, max_size=500), max_size=60)


@given(keys)
def test_every_key_is_there_once_and_in_order(given_keys: list[str]) -> None:
    texts = packed(given_keys)
    assert [key for each in texts for key in each.split(SEPARATOR)] == given_keys
    assert all(len(text(each)) <= LONGEST_PARAMETER for each in texts)


def test_short_keys_share_a_text() -> None:
    assert len(packed(f"example.com/p/{number}" for number in range(50))) == 1
