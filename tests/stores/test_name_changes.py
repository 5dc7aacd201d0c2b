"""Rules and aliases as people change them: only what changed is stored, what goes is switched off, and undo brings it back."""

import pandas as pd
import pytest

from pipelines.ingest import history
from pipelines.name_changes import assign_hashtag, changes, read_draft, read_file, store
from pipelines.name_trial import try_names
from pipelines.questions import ask
from pipelines.stores.base import Stores

FIRST = {"kind": "channel", "medium": "cpc", "means": "Paid Search"}
SECOND = {"kind": "channel", "medium": "email", "means": "Email"}


def held(stores: Stores, source: str = "rules") -> pd.DataFrame:
    return ask(stores, "naming_rules" if source == "rules" else "aliases").rows


def save(stores: Stores, source: str, rows: list[dict[str, str]]) -> str:
    """Make these the rows that hold, as the page does. Returns the upload's id."""
    before = held(stores, source)
    draft = read_draft(source, pd.DataFrame(rows).reindex(columns=before.columns))
    assert draft.refused.empty
    return str(store(stores, source, changes(draft, before), "names.csv", "tester")["upload_id"])


def told(rules: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(rules["medium"], rules["means"], strict=True))


def test_only_what_changed_is_stored_and_what_goes_comes_back_by_undo(stores: Stores) -> None:
    save(stores, "rules", [FIRST, SECOND])
    assert told(held(stores)) == {("cpc", "Paid Search"), ("email", "Email")}
    upload = save(stores, "rules", [{**FIRST, "means": "Search ads"}])
    assert told(held(stores)) == {("cpc", "Search ads")}
    row = history.get_upload(stores, upload)
    assert (row["rows_replaced"], row["rows_new"], row["rows_unchanged"]) == (2, 0, 0)
    history.undo(stores, upload, "tester")
    assert told(held(stores)) == {("cpc", "Paid Search"), ("email", "Email")}


def test_a_rule_can_go_and_come_and_go_again(stores: Stores) -> None:
    for rows in ([FIRST, SECOND], [FIRST], [FIRST, SECOND], [FIRST]):
        save(stores, "rules", rows)
        assert told(held(stores)) == {(row["medium"], row["means"]) for row in rows}


def test_a_draft_that_says_the_same_changes_nothing(stores: Stores) -> None:
    save(stores, "rules", [FIRST])
    draft = read_draft("rules", pd.DataFrame([FIRST, {"kind": "channel", "means": ""}]))
    assert draft.refused.empty
    assert changes(draft, held(stores)).empty


def test_a_half_written_rule_says_what_is_missing() -> None:
    half = {"kind": "campaign", "hashtag": "#sale", "means": None}
    for rows, place in (([half], 1), ([{**half, "hashtag": "#spring", "means": "Spring"}, half], 2)):
        refused = read_draft("rules", pd.DataFrame(rows)).refused
        assert refused[["row", "column", "reason"]].to_numpy().tolist() == [[place, "means", "This must not be blank."]]


def test_a_draft_says_which_row_cannot_be_a_rule() -> None:
    draft = read_draft("rules", pd.DataFrame([FIRST, {"kind": "channel", "medium": "*", "means": "All"}]))
    assert len(draft.accepted) == 1
    assert draft.refused[["row", "column"]].to_numpy().tolist() == [[2, "medium"]]


@pytest.mark.parametrize("content", [b"", b"kind,means\n"])
def test_a_file_without_rows_is_an_empty_draft(content: bytes) -> None:
    assert read_file("rules", content, "rules.csv").accepted.empty


def test_an_alias_that_goes_means_itself_again(stores: Stores) -> None:
    save(stores, "aliases", [{"kind": "channel", "from": "fb", "to": "Paid Social"}])
    save(stores, "aliases", [{"kind": "channel", "from": "tw", "to": "Paid Social"}])
    assert held(stores, "aliases")["from"].tolist() == ["tw"]


def test_a_hashtag_is_assigned_by_a_rule(stores: Stores) -> None:
    assign_hashtag(stores, "#sale", "Spring Sale", "tester")
    assert held(stores)[["kind", "hashtag", "means"]].to_numpy().tolist() == [["campaign", "#sale", "Spring Sale"]]


def test_a_trial_stores_nothing_and_says_what_saving_then_shows(stores: Stores) -> None:
    spend = pd.DataFrame(
        {"date": "2026-03-01", "channel": ["google / cpc", "TV"], "campaign": "C", "amount": ["7", "3"]}
    )
    store(stores, "spend", spend, "spend.csv", "tester")
    before = stores.data_version()
    rules = pd.DataFrame([{"kind": "channel", "source": "google", "means": "Paid Search"}, FIRST]).fillna("")
    tried = try_names(stores.read(), rules)
    assert stores.data_version() == before
    moved = {
        (row["name"], row["before"], row["after"]) for row in tried.moved.to_dict("records") if row["metric"] == "spend"
    }
    assert moved == {("google / cpc", 7.0, 0.0), ("Paid Search", 0.0, 7.0)}
    decides = tried.rules.set_index("source")
    assert decides.loc["", ["spend", "examples"]].tolist() == [7.0, "google / cpc"]
    assert decides.loc["google", "spend"] == 0.0  # the other stands first in text order
    store(stores, "rules", rules, "rules.csv", "tester")
    rows = ask(stores, "spend_and_cpa").rows
    assert dict(zip(rows["channel"], rows["spend"], strict=True)) == {"Paid Search": 7.0, "TV": 3.0}
    assert try_names(stores.read()).moved.empty
