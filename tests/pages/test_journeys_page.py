"""The page Journeys: paths in its first view, single conversions and why each was credited as it was in its second."""

import json
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import behind, journey_words
from app.charts import Theme, path_length_bars, steps_flow, time_lag_bars, touch_timeline
from pipelines.questions import ask
from pipelines.settings import load_settings
from pipelines.stores import open_stores
from tests.conftest import Environment
from tests.pages.conftest import OpenPage
from tests.pages.test_every_page import charts, said

SINGLE = behind.VIEWS[1]
EVIL = '<b>x</b> <img src=x> %{x} & "Q"'
ALL = {"period": "All data", "conversions": "All types"}


@pytest.fixture(scope="module")
def known(demo: Environment) -> dict[str, Any]:
    """Of the demo: a conversion with several touches, one without consent, and all about the first."""
    stores = open_stores(load_settings(demo))
    try:
        listed = ask(stores, "conversions_list", {"most": 2000}).rows
        several = listed[listed["touches"] >= 4].iloc[0]["conversion_id"]
        lost = ask(stores, "conversions_list", {"reason": "no_consent", "most": 1}).rows.iloc[0]["conversion_id"]
        return {"several": several, "lost": lost, "trace": ask(stores, "decision_trace", {"conversion": several})}
    finally:
        stores.close()


def single(open_page: OpenPage, demo: Environment, **query: Any) -> AppTest:
    page = open_page(demo, "journeys.py", view=SINGLE, **ALL, **query)
    assert not page.exception
    assert not page.error
    return page


def test_paths_say_what_they_show(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "journeys.py")
    assert [card.label for card in page.metric] == [
        "Median touches",
        "Median days",
        "One-touch share",
        "Conversion rate",
    ]
    assert charts(page) == 3
    assert "Half of the conversions come within" in said(page)
    assert "more paths brought" in said(page)


def test_a_conversion_opens_with_its_touches_and_every_model(
    demo: Environment, open_page: OpenPage, known: dict[str, Any]
) -> None:
    page = single(open_page, demo, conversion=known["several"])
    assert charts(page) == 1
    counted = known["trace"].rows["excluded"].isna().sum()
    assert f"{counted} touches that count" in said(page)
    models = page.dataframe[-1].value
    assert models["model"].iloc[0] == "Position-based"
    assert {"Markov chain ²", "Participation ¹", "Shapley value"} <= set(models["model"])
    touches = [column for column in models if column.startswith("touch_")]
    assert models.set_index("model").loc["Linear", touches].sum() == pytest.approx(1)


def test_an_unattributed_conversion_says_why(demo: Environment, open_page: OpenPage, known: dict[str, Any]) -> None:
    page = single(open_page, demo, conversion=known["lost"])
    assert "Nobody earned it: no consent" in said(page)
    assert "Recorded without consent" in set(page.dataframe[-1].value["excluded"])


def test_an_unknown_id_is_a_sentence(demo: Environment, open_page: OpenPage) -> None:
    page = single(open_page, demo, conversion="<img src=x>" * 20)
    assert "There is no conversion" in said(page)
    assert charts(page) == 0


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ({}, "All conversions"),
        ({"by": "channel", "name": "Email"}, "Conversions with a touch of Email"),
        ({"by": "campaign", "unnamed": "yes"}, "Conversions with a touch of no campaign"),
        ({"reason": "outside_window"}, "Unattributed: outside the window"),
        ({"by": "channel", "name": EVIL}, "There is none in this period"),
    ],
)
def test_the_list_is_what_the_address_asks_for(
    query: dict[str, str], title: str, demo: Environment, open_page: OpenPage
) -> None:
    assert title in said(single(open_page, demo, **query))


@pytest.mark.parametrize("model", ["Markov chain", "Shapley value", "Participation", "Hybrid"])
def test_a_model_that_weighs_no_touches_is_shown_too(
    model: str, demo: Environment, open_page: OpenPage, known: dict[str, Any]
) -> None:
    page = single(open_page, demo, model=model, conversion=known["several"], by="channel", name="Email")
    assert charts(page) == 1
    shares = "does not share out single conversions" in said(page)
    assert shares == (model in ("Markov chain", "Hybrid"))


@pytest.mark.parametrize("script", ["unattributed.py", "overview.py"])
def test_numbers_lead_to_their_conversions(script: str, demo: Environment, open_page: OpenPage) -> None:
    links = [link.proto for link in open_page(demo, script).get("page_link")]
    assert any(link.page == "journeys" and "view=Single" in link.query_string for link in links)


def steps() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (1, "Search", EVIL, 5),
            (1, "Search", "Conversion", 2),
            (2, EVIL, "No conversion", 4),
            (2, EVIL, "Conversion", 1),
        ],
        columns=["step", "from", "to", "journeys"],
    )


@pytest.mark.parametrize("last", [True, False])
def test_all_journeys_flow_to_one_end(last: bool) -> None:
    *legend, flow = steps_flow(steps(), last, {"Search": "#0072B2"}, Theme()).data
    assert list(flow.link.value).count(5) == 1
    labels = list(flow.node.customdata)
    assert labels.count("Conversion") == labels.count("No conversion") == 1
    assert sum(flow.link.value) == steps()["journeys"].sum()
    into = [labels[target] for target in flow.link.target]
    assert into.count("Conversion") == 2
    told = {name.name: name.marker.color for name in legend}
    assert len(told) == len(set(labels)) == 4
    assert told["Search"] == "#0072B2"
    assert "<img" not in json.dumps([labels, list(told)])
    assert flow.node.label is None  # a phone has no room for names between the steps


def test_bars_of_lengths_and_lags_say_their_ends() -> None:
    lengths = pd.DataFrame(
        {"touches": [1, 2, 11], "conversions": [5, 0, 1], "journeys": [10, 0, 2], "rate": [0.5, None, 0.5]}
    )
    figure = path_length_bars(lengths, Theme())
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "11+"]
    assert list(figure.data[0].text) == ["50%", "", "50%"]
    lags = pd.DataFrame(
        {"days": ["under 1", "4-7", "61+"], "conversions": [3, 1, 0], "cumulative_share": [0.75, 1.0, 1.0]}
    )
    figure = time_lag_bars(lags, Theme(dark=True))
    assert list(figure.data[0].text) == ["75%", "100%"]


def test_a_touch_is_as_large_as_its_credit() -> None:
    rows = pd.DataFrame(
        {
            "touchpoint_id": ["a", "b", "c", "d"],
            "occurred_at": [f"2026-03-0{day}T10:00:00.000" for day in (1, 2, 3, 4)],
            "name": [EVIL, "Search", EVIL, "Search"],
            "age_days": [3.0, 2.0, 1.0, -0.5],
            "credit": [0.1, 0.6, 0.3, None],
            "excluded": [None, None, None, "After the conversion"],
        }
    )
    figure = touch_timeline(rows, "2026-03-03T12:00:00.000", {}, Theme())
    sizes, symbols = figure.data[0].marker.size, figure.data[0].marker.symbol
    assert sizes[0] < sizes[2] < sizes[1]
    assert list(symbols) == ["circle", "circle", "circle", "circle-open"]
    assert len(figure.layout.yaxis.ticktext) == 2
    assert "<img" not in json.dumps([*figure.layout.yaxis.ticktext, *figure.data[0].hovertext])


def test_a_finding_says_only_what_is_known() -> None:
    paths = pd.DataFrame({"path": ["A > B", "C"], "conversions": [40, 3], "rate": [0.2, 0.9]})
    lengths, lags = {"median_touches": 1.0, "rate": 0.1}, {"median_days": 0.0}
    sentence = journey_words.finding(lengths, lags, paths) or ""
    assert sentence.startswith("Half of the conversions come within **one touch** and about **a day**.")
    assert "A \\> B" in sentence
    assert "20% of its journeys" in sentence
    assert journey_words.finding({**lengths, "median_touches": None}, lags, paths) is None
    assert journey_words.touches(11.0) == "11+"
