"""Changes of rules and aliases against what holds: what is stored, what holds then, and what somebody else changed meanwhile."""

import pandas as pd
import pytest

from pipelines.name_changes import applied, changes, overtaken, read_draft, without
from pipelines.sources import SOURCES

RULES = [field.name for field in SOURCES["rules"].fields if field.type != "boolean"]


def rules(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Channel rules: source, medium, means."""
    said = [{"kind": "channel", "source": source, "medium": medium, "means": means} for source, medium, means in rows]
    return pd.DataFrame(said, columns=RULES, dtype=object).fillna("")


def told(rows: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(rows[["source", "medium", "means"]].itertuples(index=False, name=None))


GOOGLE, BING, MAIL = ("google", "cpc", "Paid Search"), ("bing", "cpc", "Paid Search"), ("", "email", "Mail")


@pytest.mark.parametrize(
    "wanted", [(GOOGLE,), (GOOGLE, BING), (BING,), (), (("google", "cpc", "Search"), MAIL)], ids=str
)
def test_what_is_stored_makes_exactly_the_draft_hold(wanted: tuple[tuple[str, str, str], ...]) -> None:
    held = rules(GOOGLE, MAIL)
    draft = read_draft("rules", rules(*wanted))
    assert told(applied("rules", held, changes(draft, held))) == set(wanted)


def test_what_others_stored_meanwhile_stays() -> None:
    before, now = rules(GOOGLE), rules(GOOGLE, BING)
    changed = changes(read_draft("rules", rules(GOOGLE, MAIL)), before)
    assert told(applied("rules", now, changed)) == {GOOGLE, BING, MAIL}
    assert overtaken("rules", changed, before, now) == 0


def test_a_row_that_somebody_else_changed_as_well_is_told() -> None:
    before, now = rules(GOOGLE), rules(("google", "cpc", "Search"))
    changed = changes(read_draft("rules", rules(("Google", "CPC", "SEM"))), before)
    assert overtaken("rules", changed, before, now) == 1


def test_an_alias_that_goes_is_gone() -> None:
    held = pd.DataFrame([{"kind": "channel", "from": "Adwords", "to": "Paid Search"}])
    gone = changes(read_draft("aliases", held.iloc[:0]), held)
    assert applied("aliases", held, gone).empty


def test_rows_stay_as_they_stand_beside_others() -> None:
    half_written = rules(("google", "cpc", ""), ("google", "cpc", "Paid Search"), ("", "", "Mail"), ("", "", "Social"))
    assert len(without("rules", half_written, rules(BING))) == 4
    assert told(without("rules", half_written, rules(("GOOGLE", "cpc", "X")))) == {("", "", "Mail"), ("", "", "Social")}
    assert list(without("rules", rules(), rules(BING)).columns) == RULES
