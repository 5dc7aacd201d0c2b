"""What would bring credit back, as pages say and draw it."""

import pandas as pd
import pytest

from app import behind, findings, recovery, shown
from app.charts import (
    Theme,
    credit_over_time,
    days_outside_chart,
    position_map,
    unattributed_over_time,
    window_curve_chart,
)
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import said

CURVE = pd.DataFrame(
    {"window_days": range(1, 91), "attributed": [min(day, 60) for day in range(1, 91)], "outside_window": 5}
)
FACTS = {"attributed": 30, "beyond_longest": 4, "after_conversion": 1}


def test_what_another_window_would_bring_is_told_both_ways() -> None:
    told = recovery.window_finding(CURVE, FACTS, 30.0)
    assert told == (
        "14 days would attribute **16 fewer**, 60 days **30 more**, 90 days **30 more**. "
        "4 conversions lie further back than journeys are stored and 1 conversion met their first touchpoint only afterwards."
    )
    assert "as many" in recovery.window_finding(CURVE, {**FACTS, "attributed": 60}, 60.0)


def test_identifiers_that_never_meet_are_told_apart() -> None:
    ours = [{"kind": "sha256", "lead": "", "shortest": 64, "longest": 64, "share": 1.0, "example": "ab" * 32}]
    theirs = [{"kind": "ga_client", "lead": "", "shortest": 20, "longest": 21, "share": 0.99, "example": "1.2"}]
    theirs.append({"kind": "email", "lead": "", "shortest": 9, "longest": 9, "share": 0.01, "example": "a@b.c"})
    told = recovery.shapes_finding({"unmatched": ours, "touchpoints": theirs})
    assert "hashes of 64 hex digits" in told
    assert "Google Analytics client ids" in told
    assert "e-mail" not in told
    assert "The two never meet" in told
    assert "write identifiers alike" in recovery.shapes_finding({"unmatched": ours, "touchpoints": ours})
    assert recovery.shapes_finding({"touchpoints": theirs}) == ""
    assert "no touchpoint of these days" in recovery.shapes_finding({"unmatched": ours})


def test_an_e_mail_address_is_never_shown_in_full() -> None:
    assert recovery.masked("ann.lee@example.com") == "a…@example.com"
    assert recovery.masked("guest-1") == "guest-1"


def test_the_chosen_window_is_marked_on_the_curve() -> None:
    figure = window_curve_chart(CURVE, 30.0, Theme())
    assert figure.layout.shapes[0].x0 == 30
    assert figure.layout.annotations[0].text == "now: 30 days"
    assert list(figure.data[0].y) == list(CURVE["attributed"])


@pytest.mark.parametrize(("window", "bars"), [(60.0, 30), (30.0, 12), (2.5, 18)])
def test_days_outside_sum_to_what_longer_windows_add(window: float, bars: int) -> None:
    gained = CURVE.set_index("window_days")["attributed"].diff()
    gained = gained[gained.index > window].fillna(0) + 1
    figure = days_outside_chart(gained, window, Theme())
    assert sum(figure.data[0].y) == gained.sum()
    assert len(figure.data[0].y) == bars


def daily(days: int = 6) -> pd.DataFrame:
    return pd.DataFrame(
        [(f"2026-06-{day + 1:02}", name, 10.0) for day in range(days) for name in ("Mail", "Search")],
        columns=["day", "channel", "credit"],
    )


def test_what_is_still_expected_is_hatched_on_top() -> None:
    to_come = {"2026-06-05": 0.8, "2026-06-06": 0.5}
    figure = credit_over_time(daily(), "channel", "credit", "Credit", {}, Theme(), to_come=to_come)
    last = figure.data[-1]
    assert last.name == "Still expected"
    assert last.fillpattern.shape == "/"
    assert list(last.y) == pytest.approx([0, 0, 0, 0, 5, 20])
    few = credit_over_time(daily(3), "channel", "credit", "Credit", {}, Theme(), to_come={"2026-06-03": 0.5})
    assert few.data[-1].marker.pattern.shape == "/"
    assert list(few.data[-1].y) == pytest.approx([0, 0, 20])
    plain = credit_over_time(daily(), "channel", "credit", "Credit", {}, Theme())
    assert [trace.name for trace in plain.data] == ["Mail", "Search"]


def test_what_may_not_be_summed_does_not_stack_and_has_no_rest() -> None:
    figure = credit_over_time(daily(), "channel", "credit", "Credit", {}, Theme(), summed=False)
    assert [trace.stackgroup for trace in figure.data] == [None, None]
    rows = pd.DataFrame({"channel": ["A", "B", "C", "D"], "attributed_conversions": [4.0, 3.0, 2.0, 1.0]})
    assert list(shown.picked(rows, "channel", ["A", "B"], summed=False)["channel"]) == ["A", "B"]
    assert list(shown.heaviest(rows, "channel", "attributed_conversions", 2, summed=False)["channel"]) == ["A", "B"]
    assert set(shown.largest(daily(), "channel", "credit", 8, ["Mail"], summed=False)["channel"]) == {"Mail"}


def test_incomplete_days_are_told_by_how_much_came_in() -> None:
    facts = {"incomplete_days": 12, "came_in": 0.83, "unknown_days": 0}
    told = findings.completion_finding(facts, "Linear", "Linear")
    assert told == (
        "The last 12 days are incomplete: about 83% of their credit has come in; hatched: what is still expected."
    )
    assert "under Linear, since Shapley value" in str(findings.completion_finding(facts, "Linear", "Shapley value"))
    assert "More may come" in str(findings.completion_finding({**facts, "unknown_days": 3}, "Linear", "Linear"))
    assert findings.completion_finding({"incomplete_days": 0, "came_in": None}, "Linear", "Linear") is None


def test_stale_days_are_shaded() -> None:
    rows = pd.DataFrame({"day": ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05"]})
    rows = rows.assign(conversions=10, unattributed=2)
    figure = unattributed_over_time(rows, 0.2, Theme(), stale=["2026-06-03"])
    [band] = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (band.x0, band.x1) == ("2026-06-02 12:00:00", "2026-06-03 12:00:00")


def test_positions_past_the_eighth_are_one_column() -> None:
    rows = pd.DataFrame({"channel": "Mail", "position": range(1, 12), "credit": 1.0})
    rows = pd.concat([rows, pd.DataFrame({"channel": ["<b>x"], "position": [1], "credit": [50.0]})])
    [cells] = position_map(rows, "channel", "credit", Theme()).data
    assert list(cells.x) == ["1", "2", "3", "4", "5", "6", "7", "8", "9+"]
    assert cells.z[0][0] == 50
    assert cells.z[1][8] == 3
    assert "<b>x" not in str(cells.customdata)


def test_the_page_offers_what_would_bring_credit_back(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "unattributed.py", listed_reason="Outside the window")
    assert not page.exception
    for question in (
        "Would another look-back window help?",
        "Why were they never seen?",
        "Which conversions are they?",
    ):
        assert question in said(page)
    listed = next(table.value for table in page.dataframe if "conversion_id" in table.value)
    assert set(listed["reason"]) == {"Outside the window"}
    assert (listed["days_outside"] > 0).all()


def test_ordered_shapley_shows_where_in_the_journey(demo: Environment, open_page: OpenPage) -> None:
    assert "Where in the journey?" in said(open_page(demo, "credit.py", model="Ordered Shapley"))
    assert "Where in the journey?" not in said(open_page(demo, "credit.py"))


def test_by_touchpoint_date_recent_days_are_said_to_be_incomplete(demo: Environment, open_page: OpenPage) -> None:
    assert "days are incomplete" in said(open_page(demo, "credit.py", model="Linear", report_by="Touchpoint date"))
    assert "incomplete" not in said(open_page(demo, "credit.py", model="Linear"))


def test_participation_is_said_not_to_be_summed_once(demo: Environment, open_page: OpenPage) -> None:
    for script in ("overview.py", "credit.py", "spend.py", "quadrants.py"):
        page = open_page(demo, script, model="Participation")
        assert not page.exception
        assert said(page).count("shares together may exceed 100 %") == 1, script


def test_no_field_of_the_page_takes_what_its_links_say_out_of_the_address(
    demo: Environment, open_page: OpenPage
) -> None:
    """A field that is bound to the address takes its key away when its page is left."""
    page = open_page(demo, "unattributed.py")
    assert {field.key for field in page.selectbox} & set(behind.SAID) == set()
