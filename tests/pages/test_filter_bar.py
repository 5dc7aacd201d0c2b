"""The filter bar: kept in the address, honest about what it cannot do, and without effect on credit."""

from datetime import timedelta

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import formats
from app.filter_model import TITLES
from app.filters import Filters
from pipelines.attribution import MODELS
from pipelines.questions.scope import OPTIONS
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import said


def filters_of(page: AppTest) -> Filters:
    chosen: Filters = page.session_state["filters"]
    return chosen


def labels(page: AppTest) -> list[str]:
    """What the bar's buttons say."""
    return [popover.proto.popover.label for popover in page.get("popover")][:4]


def test_the_address_is_the_choice(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(
        demo,
        "overview.py",
        **{"period": "Last 7 days", "compare": "Nothing", "model": "Time decay", "half_life_days": "3.5"},
        **{"window": "Own number", "window_days": "2.5", "conversions": "All types", "channels": ["Email", "Display"]},
    )
    chosen = filters_of(page)
    assert chosen.period is not None
    assert chosen.period.days == 7
    assert chosen.comparison is None
    assert (chosen.model, dict(chosen.model_parameters)) == ("time_decay", {"half_life_days": 3.5})
    assert (chosen.lookback_days, chosen.conversion_type) == (2.5, None)
    assert chosen.shown["channel"] == ("Email", "Display")
    assert labels(page) == ["Last 7 days", "Time decay · 2.5 days · 1 own number", "All types", "2 channels"]


def test_options_are_in_the_address_in_the_label_and_in_what_is_asked(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(
        demo,
        "credit.py",
        **{"model": "Markov chain", "order": "2", "direct": "Exclude", "collapse": "true", "impression_days": "7"},
        **{"restart": "true", "first_conversion": "true", "report_by": "Touchpoint date"},
    )
    assert not page.exception
    options = {"direct": "exclude", "collapse": True, "impression_lookback_days": 7.0, "restart": True}
    options |= {"first_conversion": True, "by_touch_date": True}
    assert filters_of(page).credit().items() >= {"model": "markov", "order": 2.0, **options}.items()
    assert labels(page)[1] == "Markov chain · 30 days · 1 own number · 6 options"
    assert "direct: exclude · window of impressions 7 days · repeats collapsed · restart after a conversion" in said(
        page
    )


def test_every_option_is_a_parameter_of_credit() -> None:
    assert set(Filters().credit()) >= set(OPTIONS)


@pytest.mark.parametrize("title", TITLES)
def test_every_model_can_be_chosen_and_says_where_it_misleads(
    title: str, demo: Environment, open_page: OpenPage
) -> None:
    page = open_page(demo, "overview.py", model=title)
    model = MODELS[TITLES[title]]
    assert not page.exception
    assert filters_of(page).model == model.key
    assert formats.plain(model.caveat) in said(page)
    assert {parameter.name for parameter in model.parameters} == set(filters_of(page).model_parameters)
    assert all(isinstance(page.number_input(key=p.name).value, int) == p.whole for p in model.parameters)


def test_models_are_offered_rules_first_and_what_is_not_summed_last() -> None:
    kinds = [MODELS[key].kind == "rule" for key in TITLES.values()]
    assert kinds == sorted(kinds, reverse=True)
    assert [key for key in TITLES.values() if not MODELS[key].additive] == list(TITLES.values())[-1:]
    assert set(TITLES.values()) == set(MODELS)


def test_a_half_life_of_none_is_said_to_follow_the_window(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py", model="Time decay", half_life_days="0", window="14 days")
    assert "Half-life: 3.5 days, a quarter of the look-back window." in said(page)


def test_nothing_chosen_leaves_the_address_empty(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py")
    assert dict(page.query_params) == {}
    assert labels(page) == ["Last 28 days · vs previous", "Position-based · 30 days", "Purchase", "All channels"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "astrology"),
        ("period", "Last blue moon"),
        ("from", "31.12.2025"),
        ("window", "400 days"),
        ("window_days", "abc"),
        ("half_life_days", "nan"),
        ("order", "1.5"),
        ("order", "4"),
        ("direct", "Ignore"),
        ("impression_days", "400"),
        ("restart", "maybe"),
        ("report_by", "Moon phase"),
        ("channels", "<script>alert(1)</script>"),
        ("currency", "SHELLS"),
        ("conversions", "miracles"),
    ],
)
def test_an_address_that_does_not_hold_gets_the_default_and_a_sentence(
    key: str, value: str, demo: Environment, open_page: OpenPage
) -> None:
    page = open_page(demo, "overview.py", **{key: value})
    assert not page.exception
    assert not page.error
    assert "The address asks for" in said(page)
    assert filters_of(page) == filters_of(open_page(demo, "overview.py"))


def test_a_crooked_window_of_its_own_number_is_refused_and_leaves_the_address(
    demo: Environment, open_page: OpenPage
) -> None:
    page = open_page(demo, "overview.py", window="Own number", window_days="abc", model="astrology", period="never")
    assert not page.error
    assert filters_of(page).lookback_days == 30
    assert len([caption for caption in page.caption if "The address asks for" in caption.value]) == 1
    assert dict(page.query_params) == {"window": "Own number"}


def test_all_data_is_compared_with_nothing(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py", period="All data")
    assert filters_of(page).comparison is None
    assert all(not card.delta for card in page.metric)
    assert "All data, so nothing to compare with" in said(page)


def test_a_full_month_is_compared_with_the_month_before(demo: Environment, open_page: OpenPage) -> None:
    chosen = filters_of(open_page(demo, "overview.py", period="Last full month"))
    assert chosen.period is not None
    assert chosen.comparison is not None
    assert chosen.comparison.start.day == 1
    assert chosen.comparison.end == chosen.period.start - timedelta(days=1)


def test_nothing_before_the_data_is_compared_with(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py", **{"period": "Own dates", "from": "2026-01-02", "to": "2026-01-20"})
    assert all(not card.delta for card in page.metric)
    assert "No data before 2 Jan 2026, nothing to compare with" in said(page)
    assert "none before" not in said(page)


def test_a_window_longer_than_journeys_are_stored_is_refused(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py", window="Own number", window_days="1000")
    assert "“1000” (look-back window up to 90 days), which cannot be had" in said(page)
    assert filters_of(page).lookback_days == 30


def test_weights_that_leave_nothing_between_are_refused(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py", first_weight="0.9", last_weight="0.9")
    assert not page.error
    assert "together are more than 1" in said(page)
    assert dict(filters_of(page).model_parameters) == {"first_weight": 0.4, "last_weight": 0.4}


def test_choices_survive_a_page_change(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py")
    page.selectbox(key="model").set_value("Linear").run()
    page.multiselect(key="campaigns").set_value(["Big Sky"]).run()
    page.switch_page("../pages/spend.py").run()
    assert filters_of(page).model == "linear"
    assert filters_of(page).shown["campaign"] == ("Big Sky",)
    assert dict(page.query_params) == {"model": "Linear", "campaigns": "Big Sky"}


def test_own_dates_begin_as_the_period_that_was_shown(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "overview.py")
    shown = filters_of(page).period
    page.radio(key="period").set_value("Own dates").run()
    assert filters_of(page).period == shown
    page.date_input(key="from").set_value(None).run()
    assert "Own dates need a first and a last day" in said(page)
    assert filters_of(page).period == shown


@pytest.mark.parametrize("script", ["credit.py", "spend.py"])
def test_display_filters_never_change_totals(script: str, demo: Environment, open_page: OpenPage) -> None:
    whole, part = (
        credit_table(open_page(demo, script, **query)) for query in ({}, {"channels": ["Email", "Paid Search"]})
    )
    assert set(part["channel"]) == {"Email", "Paid Search", "Other channels"}
    assert part["attributed_conversions"].sum() == pytest.approx(whole["attributed_conversions"].sum())
    assert part["attributed_revenue"].sum() == pytest.approx(whole["attributed_revenue"].sum())


def credit_table(page: AppTest) -> pd.DataFrame:
    return next(table.value for table in page.dataframe if "channel" in table.value)


def test_a_left_out_channel_earns_nothing(demo: Environment, open_page: OpenPage) -> None:
    rows = credit_table(open_page(demo, "credit.py", leave_out="Email", second_model="No second model"))
    assert rows.loc[rows["channel"] == "Email", "attributed_conversions"].sum() == 0


def test_refresh_keeps_what_is_chosen(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "quadrants.py", model="Linear")
    next(button for button in page.button if button.label == "Refresh").click().run()
    assert not page.exception
    assert filters_of(page).model == "linear"
