"""The Compare page: what it says first, that noise is no winner there, and that its charts show what their rows say."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import compared
from app.charts import Theme, interval_chart, models_range, windows_heat
from app.charts.theme import between, readable_on
from pipelines.attribution import MODELS
from tests.conftest import Environment
from tests.pages.conftest import OpenPage

EVIL = '<b>x</b> %{x} & "Q"'
CHOSEN = "position_based"
BOUNDS = ("conversions_low", "conversions_high")


def compared_rows(names: list[str]) -> pd.DataFrame:
    """As model_comparison tells them: the first name the largest, and more or less with the model."""
    rows = pd.DataFrame(
        [
            {"channel": name, "model": model, "attributed_conversions": 100.0 / (place + 1) + number}
            for number, model in enumerate(MODELS)
            for place, name in enumerate(names)
        ]
    )
    rank = rows.groupby("model")["attributed_conversions"].rank(ascending=False).astype(int)
    return rows.assign(
        rank=rank, rank_change=0, difference_to_last_touch=0.0, additive=rows["model"] != "participation"
    )


def sure_rows(tiers: list[int | None]) -> pd.DataFrame:
    value = pd.Series([100.0 - 10 * place for place in range(len(tiers))])
    return pd.DataFrame(
        {
            "channel": [f"Channel {place}" for place in range(len(tiers))],
            "attributed_conversions": value,
            "conversions_low": value - 8,
            "conversions_high": value + 9,
            **dict.fromkeys(("share", "share_low", "share_high", "cpa_low", "cpa_high"), 0.1),
            "tier": pd.Series(tiers, dtype="Int64"),
        }
    )


def said(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.success, *page.error])


def test_the_first_view_says_who_leads_and_that_the_sums_hold(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "compare.py")
    assert not page.exception
    assert len(page.get("plotly_chart")) == 3
    assert "The models disagree most about" in said(page)
    assert "not distinguishable" in said(page) or "clear of chance" in said(page)
    assert "✓ under all 16 models" in said(page)
    assert "Parity" not in said(page)
    assert "places against last touch" not in said(page)  # of which only the ranks have any
    assert "places against last touch" in said(open_page(demo, "compare.py", compare_show="Ranks"))


def test_parity_is_checked_on_demand(demo: Environment, open_page: OpenPage) -> None:
    page = open_page(demo, "compare.py")
    [button] = [button for button in page.button if button.label == "Check parity now"]
    button.click().run()
    assert not page.exception
    assert f"Parity: {len(MODELS)} models agree to 1e-9" in said(page)


@pytest.mark.parametrize("query", [{"model": "Participation"}, {"model": "Hybrid", "compare_measure": "Revenue"}])
def test_the_page_stands_under_models_that_lack_something(
    query: dict[str, str], demo: Environment, open_page: OpenPage
) -> None:
    page = open_page(demo, "compare.py", **query)
    assert not page.exception
    assert not page.error
    assert len(page.get("plotly_chart")) == 3


@pytest.mark.parametrize(
    ("tiers", "sentence"),
    [
        ([1, 2, 3], "**Channel 0** leads under Position\\-based, clear of chance."),
        (
            [1, 1, 2],
            "Nobody leads alone under Position\\-based: **Channel 0** and **Channel 1** are not distinguishable.",
        ),
        ([None, None, None], "**Channel 0** earns most under Position\\-based; how sure that is cannot be told."),
    ],
)
def test_noise_is_no_winner(tiers: list[int | None], sentence: str) -> None:
    rows = compared_rows(["Channel 0", "Channel 1"])
    found = compared.finding(rows, sure_rows(tiers), "channel", "attributed_conversions", CHOSEN)
    assert found is not None
    assert found.startswith(sentence)


def test_amounts_are_told_in_their_currency() -> None:
    rows = compared_rows(["Channel 0", "Channel 1"])
    found = compared.finding(rows, sure_rows([1, 2]), "channel", "attributed_conversions", CHOSEN, "GBP")
    assert found is not None
    assert found.count("£ ") == 2


def test_what_may_not_be_summed_is_no_disagreement() -> None:
    rows = compared_rows(["Search"]).assign(attributed_conversions=lambda rows: 10.0 + 90 * ~rows["additive"])
    found = compared.finding(rows, sure_rows([1]), "channel", "attributed_conversions", CHOSEN)
    assert found is not None
    assert found.endswith("All models say much the same.")


def test_sums_that_do_not_hold_are_said() -> None:
    facts = {
        "attributed_conversions": 7.0,
        "unattributed_conversions": 2.0,
        "conversions": 10.0,
        "off": {"linear": 1.0},
    }
    assert "does not hold under Linear" in compared.reconciled({**facts, "reconciled": False})


@pytest.mark.parametrize("shown", ["Numbers", "Against last touch", "Ranks"])
def test_no_head_of_a_column_is_cut(shown: str) -> None:
    wide = compared.side_by_side(compared_rows(["Search"]), "channel", "attributed_conversions", CHOSEN, shown)
    columns = compared.columns_of(wide, "channel", shown, None)
    assert all(columns[model]["width"] >= 7 * len(columns[model]["label"]) + 8 for model in MODELS)


def test_the_table_tells_ranks_against_last_touch() -> None:
    rows = compared_rows(["Search", "Social"])
    rows.loc[(rows["model"] == "linear") & (rows["channel"] == "Social"), ["rank", "rank_change"]] = (1, 1)
    rows.loc[(rows["model"] == "linear") & (rows["channel"] == "Search"), ["rank", "rank_change"]] = (2, -1)
    wide = compared.side_by_side(rows, "channel", "attributed_conversions", CHOSEN, "Ranks").set_index("channel")
    assert wide.columns[:2].tolist() == [CHOSEN, "last_touch"]
    assert wide["linear"].to_dict() == {"Search": "2 ▼1", "Social": "1 ▲1"}
    assert wide["last_touch"].to_dict() == {"Search": "1", "Social": "2"}


def test_every_model_is_a_dot_on_the_line_of_its_name() -> None:
    rows = compared_rows(["Search", EVIL])
    shown = compared.drawn(rows, "channel", pd.Series(["Search", EVIL]), CHOSEN)
    assert "participation" not in set(shown["model"])
    figure = models_range(
        shown, "channel", "attributed_conversions", compared.kinds(CHOSEN), compared.TITLES, "Conversions", Theme()
    )
    dots = [(x, y) for trace in figure.data[1:] for x, y in zip(trace.x, trace.y, strict=True)]
    assert len(dots) == len(shown)
    assert {trace.name for trace in figure.data[1:]} == {"Other rules", "Data-driven", "Last touch", "Position-based"}
    chosen = next(trace for trace in figure.data if trace.name == "Position-based")
    assert chosen.x[0] == shown.query("model == @CHOSEN")["attributed_conversions"].iloc[0]
    assert "<b>x</b>" not in "".join(chosen.hovertext)
    search = shown.loc[shown["channel"] == "Search", "attributed_conversions"]
    assert figure.data[0].x[:2] == (search.min(), search.max())


@pytest.mark.parametrize(("tiers", "bands"), [([1, 1, 2], 1), ([1, 2, 3], 0), ([1, 1, 2, 2], 2), ([None, None], 0)])
def test_names_that_are_not_distinguishable_share_a_band(tiers: list[int | None], bands: int) -> None:
    rows = sure_rows(tiers)
    figure = interval_chart(rows, "channel", "attributed_conversions", BOUNDS, "Conversions", Theme())
    assert len(figure.layout.shapes) == bands
    assert list(figure.data[0].error_x.array) == [9.0] * len(tiers)
    assert list(figure.data[0].error_x.arrayminus) == [8.0] * len(tiers)


def test_the_heat_map_has_a_cell_a_model_and_window() -> None:
    rows = pd.concat([compared_rows(["Search"]).assign(window_days=days) for days in (1.0, 30.0)])
    figure = windows_heat(rows, "attributed_conversions", CHOSEN, compared.TITLES, Theme(dark=True))
    assert figure.data[0].z.shape == (len(MODELS) - 1, 2)
    assert list(figure.data[0].x) == ["1 d", "30 d"]
    assert "<b>Position-based</b>" in figure.data[0].y
    alone = windows_heat(rows, "attributed_conversions", "participation", compared.TITLES, Theme())
    assert alone.data[0].z.shape == (len(MODELS), 2)


@pytest.mark.parametrize(
    ("dark", "colours"), [(False, ["#000000", "#000000", "#FFFFFF"]), (True, ["#FFFFFF", "#FFFFFF", "#000000"])]
)
def test_numbers_on_the_heat_map_are_read_on_light_cells_and_on_dark_ones(dark: bool, colours: list[str]) -> None:
    only = compared_rows(["Search"]).query("model == @CHOSEN")
    rows = pd.concat([only.assign(window_days=earned, attributed_conversions=earned) for earned in (1.0, 12.0, 30.0)])
    [cells] = windows_heat(rows, "attributed_conversions", CHOSEN, compared.TITLES, Theme(dark=dark)).data[0].text
    numbers = zip(colours, (1, 12, 30), strict=True)
    assert list(cells) == [f'<span style="color:{colour}">{earned}</span>' for colour, earned in numbers]


@pytest.mark.parametrize("share", [step / 20 for step in range(21)])
@pytest.mark.parametrize("theme", [Theme(), Theme(dark=True)])
def test_black_or_white_stands_out_from_every_shade(theme: Theme, share: float) -> None:
    shade = between("#EEF2FC", theme.accent, share)
    light, dark = (_luminance(colour) for colour in sorted([shade, readable_on(shade)], key=_luminance, reverse=True))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
