"""Charts and texts: nothing collides, nothing is dropped, nothing from outside is run, colours stay."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import findings, formats, shown, tables
from app.charts import (
    Theme,
    comparison_bars,
    credit_over_time,
    point_trend_chart,
    quadrant_chart,
    spend_and_return,
    stable_colours,
    unattributed_over_time,
)
from app.charts.days import day_axis, every_day
from app.charts.labels import DESK, PHONE, Dot, _distance, _dot_box, _label_box, _overlap, placed
from app.charts.scale import SCALES, count_ticks, scale_for
from app.filters import comparison_of, period_of
from pipelines.calendar import Period
from pipelines.quadrants import advise, place, thresholds

EVIL = '<b>x</b> <img src=x> %{x} & "Q" | `a` $1$'

dots = st.lists(
    st.builds(
        Dot,
        st.floats(0, 1, allow_nan=False),
        st.floats(0, 1, allow_nan=False),
        st.floats(3, 17),
        st.text(st.characters(categories=["L"]), min_size=1, max_size=22),
    ),
    max_size=30,
)


@given(dots, st.sampled_from([(), ("Underdogs", "Leave It")]))
def test_labels_keep_clear_of_each_other_of_points_and_of_the_edge(marks: list[Dot], corners: tuple[str, ...]) -> None:
    positions = placed(marks, corners)
    assert len(positions) == len(marks)
    for canvas in (DESK, PHONE):
        boxes = [_label_box(mark, p, canvas) for mark, p in zip(marks, positions, strict=True) if p]
        assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= canvas.width and b[3] <= canvas.height for b in boxes)
        assert not any(_overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
        for number, (mark, position) in enumerate(zip(marks, positions, strict=True)):
            if position:
                others = [_dot_box(other, canvas) for i, other in enumerate(marks) if i != number]
                assert all(_distance(_label_box(mark, position, canvas), other) >= 0 for other in others)


values = st.lists(st.one_of(st.none(), st.just(0.0), st.floats(0.01, 1e9)), min_size=1, max_size=20)


@given(values, st.sampled_from(SCALES), st.one_of(st.none(), st.floats(0, 1e9)))
def test_every_value_has_a_place_on_every_axis(numbers: list[float | None], kind: str, line: float | None) -> None:
    series = pd.Series(numbers, dtype=float)
    scale = scale_for(series, line, kind)
    places = [scale.position(value) for value in series]
    assert all(scale.low < position < scale.high for position in places)
    known = series.dropna().sort_values()
    assert list(map(scale.position, known)) == sorted(map(scale.position, known))
    ticks, texts = scale.ticks()
    assert len(ticks) == len(texts) <= 10
    assert all(scale.low <= tick <= scale.high for tick in ticks)


def points(names: list[str]) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    count = len(names)
    rows = pd.DataFrame(
        {"campaign": names, "reach": draw.lognormal(12, 1, count), "mentions": draw.lognormal(5, 1, count)}
    )
    rows = rows.assign(positive=5.0, neutral=10.0, negative=30.0, uncategorized=1.0, spend=100.0)
    rows.loc[0, "mentions"], rows.loc[1, "reach"], rows.loc[2, "mentions"] = 0, np.nan, np.nan
    rows = rows.assign(attributed_conversions=20.0, cpa=5.0)
    return advise(place(rows, thresholds(rows, "median")))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("dark", [False, True])
def test_the_quadrant_chart_draws_every_point(scale: str, dark: bool) -> None:
    rows = points([f"Campaign {i}" for i in range(12)])
    facts = {"reach_threshold": 100_000.0, "mentions_threshold": 100.0}
    figure = quadrant_chart(rows, "campaign", facts, scale, "EUR", Theme(dark))
    assert {row[0] for row in figure.data[0].customdata} == set(rows["campaign"])
    assert len(figure.layout.annotations) == 4
    assert all(x is not None and y is not None for x, y in zip(figure.data[0].x, figure.data[0].y, strict=True))


def test_under_four_points_no_region_is_named() -> None:
    rows = points([f"Campaign {i}" for i in range(5)])
    facts = {"reach_threshold": None, "mentions_threshold": None}
    figure = quadrant_chart(rows, "campaign", facts, "Log", "EUR", Theme())
    assert not figure.layout.annotations
    assert len(figure.data[0].x) == 5
    assert "four are needed" in (findings.quadrants_finding(rows.assign(pr_warning=False), "campaign") or "")


def test_names_from_outside_are_shown_and_not_run() -> None:
    rows = points([EVIL, *(f"Campaign {i}" for i in range(6))])
    figure = quadrant_chart(
        rows, "campaign", {"reach_threshold": 1.0, "mentions_threshold": 1.0}, "Log", "EUR", Theme()
    )
    drawn = json.dumps([*figure.data[0].text, *figure.data[0].hovertext])
    assert "<img" not in drawn
    assert "<b>x" not in drawn
    bars = comparison_bars(
        pd.DataFrame({"channel": [EVIL], "a": [1.0]}), "channel", "a", None, ("A", ""), "Credit", {}, Theme()
    )
    assert "<img" not in json.dumps([*(said for _, said in bars.data[0].customdata), *bars.layout.yaxis.ticktext])
    daily = pd.DataFrame({"day": ["2026-01-01"], "channel": [EVIL], "a": [1.0]})
    area = credit_over_time(daily, "channel", "a", "Credit", {}, Theme(), ("2026-01-01", "2026-01-09")).data[0]
    assert "%{x}" not in area.hovertemplate
    assert "<img" not in area.hovertemplate + area.name
    assert formats.plain("*a* <b> $x$ :smile:") == r"\*a\* \<b\> \$x\$ \:smile\:"


def test_bars_whose_names_shorten_to_the_same_text_stay_apart() -> None:
    names = [f"The very same beginning of a name {i}" for i in range(3)]
    rows = pd.DataFrame({"campaign": names, "a": [3.0, 2.0, 1.0]})
    figure = comparison_bars(rows, "campaign", "a", None, ("A", ""), "Credit", {}, Theme())
    assert list(figure.data[0].y) == [0, 1, 2]


def test_a_colour_depends_on_what_is_known_and_not_on_what_is_shown() -> None:
    known = [f"Channel {i:02}" for i in range(30)]
    assert stable_colours(known) == stable_colours(reversed(known))
    assert len({stable_colours(known)[name] for name in known[:12]}) == 12
    rows = pd.DataFrame({"day": ["2026-01-01"] * 2, "channel": known[:2], "a": [1.0, 2.0]})
    figure = credit_over_time(rows, "channel", "a", "Credit", stable_colours(known), Theme())
    assert [trace.marker.color for trace in figure.data] == [stable_colours(known)[name] for name in known[:2]]


def test_a_day_without_credit_is_drawn_as_none() -> None:
    rows = pd.DataFrame({"day": ["2026-01-01", "2026-01-07"], "channel": ["Email"] * 2, "a": [1.0, 2.0]})
    figure = credit_over_time(rows, "channel", "a", "Credit", {}, Theme())
    assert list(figure.data[0].y) == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
    lost = pd.DataFrame({"day": ["2026-01-01", "2026-01-03"], "conversions": [4, 2], "unattributed": [1, 1]})
    shares = list(unattributed_over_time(lost, None, Theme()).data[0].y)
    assert shares[0] == 0.25
    assert pd.isna(shares[1])


def test_every_day_of_the_period_is_drawn_and_long_periods_by_week() -> None:
    rows = pd.DataFrame({"day": ["2026-01-03"], "channel": ["Email"], "a": [2.0]})
    figure = credit_over_time(rows, "channel", "a", "Credit", {}, Theme(), ("2026-01-01", "2026-01-07"))
    assert list(figure.data[0].y) == [0, 0, 2.0, 0, 0, 0, 0]
    long = credit_over_time(rows, "channel", "a", "Credit", {}, Theme(), ("2026-01-01", "2026-04-01"))
    assert len(long.data[0].x) == 14
    assert "by week" in long.layout.xaxis.title.text
    lost = pd.DataFrame({"day": ["2026-01-03"], "conversions": [4], "unattributed": [1]})
    shares = unattributed_over_time(lost, 0.25, Theme(), ("2026-01-01", "2026-01-07")).data[0]
    assert [pd.isna(share) for share in shares.y] == [True, True, False, True, True, True, True]
    # A line needs two points: a day that stands alone is marked.
    assert list(shares.marker.size) == [0, 0, 6, 0, 0, 0, 0]


def test_one_day_is_a_bar_with_one_label() -> None:
    rows = pd.DataFrame({"day": ["2026-01-03"], "channel": ["Email"], "a": [0.2]})
    lost = pd.DataFrame({"day": ["2026-01-03"], "conversions": [4], "unattributed": [1]})
    trend = pd.DataFrame({"day": ["2026-01-03"], "reach": [10.0], "mentions": [1.0], "negative": [0.0]})
    for figure in (
        credit_over_time(rows, "channel", "a", "Credit", {}, Theme()),
        unattributed_over_time(lost, 0.25, Theme()),
        point_trend_chart(trend, Theme()),
    ):
        assert figure.data[0].type == "bar"
        assert list(figure.layout.xaxis.tickvals) == ["2026-01-03"]
    axis = day_axis(every_day(["2026-01-01", "2026-01-09"]))
    assert len(axis["tickvals"]) <= 5


def test_ticks_have_one_big_letter_and_none_below_one() -> None:
    assert count_ticks(0.4) == {"tickformat": ",~f"}
    assert count_ticks(float("nan")) == {"tickformat": ",~f"}
    assert count_ticks(30_000)["labelalias"]["20k"] == "20K"
    narrow = scale_for(pd.Series([1000.0, 1100.0]), None, "Log").ticks()[1]
    assert len(narrow) == len(set(narrow)) >= 2


def test_the_diagonal_of_spend_is_in_sight_of_two_points_without_conversions() -> None:
    rows = pd.DataFrame(
        {"channel": ["A", "B"], "spend": [900.0, 950.0], "attributed_conversions": [0.0, 0.0], "cpa": [None, None]}
    )
    figure = spend_and_return(rows, "channel", 40.0, "EUR", {}, Theme())
    low, high = figure.layout.yaxis.range
    left, right = figure.data[0].y
    assert left < high
    assert right > low
    assert all(len(axis.ticktext) >= 2 for axis in (figure.layout.xaxis, figure.layout.yaxis))


def test_what_matters_most_is_named_even_in_a_crowd() -> None:
    rows = points([f"Campaign {i}" for i in range(12)]).assign(reach=1000.0, mentions=50.0, pr_warning=False)
    rows.loc[7, "pr_warning"] = True
    figure = quadrant_chart(rows, "campaign", {}, "Log", "EUR", Theme())
    named = {row[0] for row, text in zip(figure.data[0].customdata, figure.data[0].text, strict=True) if text}
    assert "Campaign 7" in named


def test_shares_of_sentiment_add_up() -> None:
    assert formats.whole_percents([1, 1, 1]) == [34, 33, 33]
    assert formats.whole_percents([2.0, 0.0]) == [100, 0]
    assert sum(formats.whole_percents([5, 10, 30, 7, 13])) == 100


def test_addresses_are_cut_from_the_front() -> None:
    assert formats.short("https://example.com/instagram/summer_kickoff/10", 20) == "…m/summer_kickoff/10"
    assert formats.short("https://example.com/") == "https://example.com/"
    assert formats.short("A long name of a campaign that goes on", 10) == "A long na…"


def test_a_file_rounds_fractions_and_defuses_formulas() -> None:
    rows = pd.DataFrame({"campaign": ["=1+1"], "share": [1 / 3], "spend": [1_234_567.89], "cpa": [None]})
    assert tables.as_csv(rows).decode("utf-8-sig").splitlines() == [
        "campaign,share,spend,cpa",
        "'=1+1,0.333333,1234567.89,",
    ]


def test_actions_are_short_beside_the_chart() -> None:
    rows = points([f"Campaign {i}" for i in range(12)])
    assert all(len(tables.in_short(advice)) <= 14 for advice in rows["advice"])
    assert tables.in_short("Double down: people talk about it. More budget.") == "More budget"


amounts = st.lists(st.floats(0, 1e6), min_size=1, max_size=15)


@given(amounts, st.integers(0, 15))
def test_gathering_the_rest_keeps_the_sum(credits: list[float], kept: int) -> None:
    rows = pd.DataFrame({"channel": [f"c{i}" for i in range(len(credits))], "attributed_conversions": credits})
    rows = rows.assign(attributed_revenue=rows["attributed_conversions"] * 2, share=0.1, spend=1.0)
    gathered = shown.picked(rows, "channel", [f"c{i}" for i in range(kept)])
    assert gathered["attributed_conversions"].sum() == pytest.approx(sum(credits))
    assert gathered["spend"].sum() == pytest.approx(len(credits))


def test_unknown_is_a_dash_and_never_zero() -> None:
    for unknown in (None, float("nan")):
        texts = (
            formats.number(unknown),
            formats.compact(unknown),
            formats.money(unknown, "EUR"),
            formats.percent(unknown),
        )
        assert set(texts) == {formats.DASH}
        assert formats.change(unknown) is None
    assert formats.day(None) == formats.moment(None) == formats.DASH


def test_numbers_read_as_people_write_them() -> None:
    assert [formats.compact(n) for n in (950, 1376, 14_640, 999_960, 8_100_000)] == [
        "950",
        "1,376",
        "14.6K",
        "1.0M",
        "8.1M",
    ]
    assert formats.money(-1234.5, "GBP") == "-£ 1,234.50"
    assert formats.money(12, "SEK") == "SEK 12.00"
    assert [formats.change(f) for f in (0.12, -0.042, 0.0, 12.0)] == ["+12%", "-4.2%", "0", "+1,200%"]
    assert formats.period(date(2026, 5, 3), date(2026, 5, 30)) == "3 - 30 May 2026"
    assert formats.period(date(2025, 12, 3), date(2026, 1, 2)) == "3 Dec 2025 - 2 Jan 2026"
    assert formats.listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert formats.ago(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)) == "2 days ago"


def test_periods_end_on_the_last_complete_day() -> None:
    days = Period(date(2026, 1, 2), date(2026, 6, 29))
    assert period_of("Last 7 days", days) == Period(date(2026, 6, 23), date(2026, 6, 29))
    assert period_of("Last full month", days) == Period(date(2026, 5, 1), date(2026, 5, 31))
    assert period_of("Last full month", Period(days.start, date(2026, 6, 30))) == Period(
        date(2026, 6, 1), date(2026, 6, 30)
    )
    assert period_of("All data", days) == days
    assert period_of("Own dates", days, (date(2026, 2, 2), date(2026, 2, 1))) is None
    leap = Period(date(2024, 2, 29), date(2024, 3, 1))
    assert comparison_of("Same period last year", leap) == Period(date(2023, 2, 28), date(2023, 3, 1))
    assert comparison_of("Previous period", leap) == Period(date(2024, 2, 27), date(2024, 2, 28))
    assert comparison_of("Nothing", leap) is None
