"""The dashboard over Athena: pages do not know it but for what they cost, and where it fails the rest goes on."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from app.components import _scanned
from pipelines.answers import Answer
from pipelines.ingest import prepare
from pipelines.ingest.load import commit
from pipelines.sources import SOURCES
from pipelines.stores.base import Scan, Stores
from pipelines.stores.catalog import TABLES, load_or_create
from pipelines.stores.history import UNDONE, UPLOAD
from tests.cloud.endpoint import Refusal
from tests.cloud.lakes import Cloud, append
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import charts, said
from tests.pages.test_upload_page import badges, dropped, stored


@pytest.mark.parametrize("script", ["overview.py", "credit.py", "journeys.py", "quadrants.py", "unattributed.py"])
def test_a_page_is_drawn_and_says_what_it_scanned(variables: Environment, open_page: OpenPage, script: str) -> None:
    page = open_page(variables, script)
    assert not page.exception
    assert not page.error
    assert charts(page)
    assert re.search(r"Athena scanned \d+ KB in .* when the answers of this page were computed, just now", said(page))


def test_athena_fails_and_the_page_stays(filled: Cloud, variables: Environment, open_page: OpenPage) -> None:
    page = open_page(variables, "credit.py")
    before = charts(page)
    for operation in ("GetTable", "StartQueryExecution"):
        filled.endpoint.faults.refusals.append(Refusal(operation, "ExpiredTokenException", "expired"))
    try:
        next(button for button in page.button if button.label == "Refresh").click().run()
        assert not page.exception
        assert not page.error
        assert charts(page) == before
        [told] = {warning.value for warning in page.warning}
        assert "last good result, from" in told
        assert "the AWS credentials have expired" in told
        page.selectbox(key="window").set_value("Own number").run()
        page.number_input(key="window_days").set_value(12.345).run()  # nobody asked for this before
        assert not page.exception
        assert "the AWS credentials have expired" in page.error[0].value
        upload = open_page(variables, "upload.py")
        assert not upload.exception
        assert [error.value for error in upload.error] == []
        assert upload.get("file_uploader")
    finally:
        filled.endpoint.faults.clear()


def test_files_can_be_stored_where_athena_never_answered(
    filled: Cloud, variables: Environment, new_database: Callable[[], str], open_page: OpenPage
) -> None:
    filled.endpoint.faults.refusals.append(Refusal("GetTable", "AccessDeniedException", "no"))
    try:
        page = open_page({**variables, "TOUCHLINE_DATABASE_URL": new_database()}, "upload.py")
        assert not page.exception
        assert page.get("file_uploader")
        [told] = page.error
        assert "the dashboard is not allowed to read it" in told.value
    finally:
        filled.endpoint.faults.clear()


def test_what_landed_is_said_to_show_after_the_next_run(
    athena: Stores, variables: Environment, open_page: OpenPage
) -> None:
    content = b"time,account,platform,text\n2026-03-02 10:00,A,X,landed by hand\n"
    upload = commit(athena, prepare(SOURCES["mentions"], content, "march.csv"), content, "mia")
    page = open_page(variables, "overview.py")
    page.session_state["following"] = [upload["upload_id"]]
    page.switch_page("../pages/upload.py").run()
    assert not page.exception
    [told] = page.success
    assert told.value.replace("\\", "").startswith("**march.csv has landed:** 1 new.")
    assert "See it on" not in told.value
    assert "What landed shows on the pages after the next run, planned for" in page.info[0].value


def test_where_nothing_was_scanned_nothing_is_said_to_be() -> None:
    earlier = datetime.now(UTC) - timedelta(minutes=10)
    answers = [
        Answer("feed_days", {}, pd.DataFrame(), "w1.l1", computed_at=computed, scan=Scan("Athena", 1, 0, 0.0))
        for computed in (datetime.now(UTC), earlier)
    ]
    assert _scanned(answers) == (
        "Athena scanned nothing in 2 queries, when the answers of this page were computed, 10 minutes ago."
    )


def test_an_empty_page_says_that_the_next_run_fills_it(
    filled: Cloud, variables: Environment, new_database: Callable[[], str], open_page: OpenPage
) -> None:
    filled.catalog.create_namespace("nothing")
    for table in TABLES:
        load_or_create(filled.catalog, table, "nothing")
    nothing = {**variables, "TOUCHLINE_DATABASE_URL": new_database(), "TOUCHLINE_GLUE_DATABASE": "nothing"}
    page = open_page(nothing, "credit.py")
    assert not page.exception
    assert "Bring a CSV file and it fills with the next run of the lake's jobs." in said(page)


def test_a_file_that_landed_is_badged_alike_in_the_list_and_in_the_history(
    variables: Environment, new_database: Callable[[], str], open_page: OpenPage
) -> None:
    page = open_page({**variables, "TOUCHLINE_DATABASE_URL": new_database()}, "upload.py")
    page = stored(dropped(page, "landed.csv", b"time,account,platform,text\n2026-03-02 10:00,A,X,dropped here\n"))
    assert badges(page) == {"awaits the next run": 2}


def test_a_cleared_demo_is_marked_until_the_next_run(
    filled: Cloud, athena: Stores, variables: Environment, open_page: OpenPage
) -> None:
    made_up = b"time,account,platform,text\n2026-03-02 10:00,A,X,made up\n"
    demo = commit(athena, prepare(SOURCES["mentions"], made_up, "demo.csv"), made_up, "mia", demo=True)
    append(filled, "mentions", {UPLOAD: demo["upload_id"]})
    page = open_page(variables, "upload.py")
    assert "All numbers are made up." in said(page)
    own = b"time,account,platform,text\n2026-03-02 10:00,A,X,first of our own\n"
    upload = commit(athena, prepare(SOURCES["mentions"], own, "own.csv"), own, "mia")
    page.session_state["following"] = [upload["upload_id"]]
    page.run()
    assert "The demo data goes with the next run, planned for" in page.success[0].value
    page.switch_page("../pages/overview.py").run()
    assert "Demo data] Rows of it are in the numbers until the next run takes them out" in said(page)
    assert "Clear it now" not in [button.label for button in page.button]
    append(filled, "mentions", {UNDONE: demo["upload_id"]})
    next(button for button in page.button if button.label == "Refresh").click().run()
    assert "Demo data]" not in said(page)
