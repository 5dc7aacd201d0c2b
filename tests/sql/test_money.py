"""Questions about credit and money on the small brand: sums that must meet, and pandas over the very files that were uploaded."""

from decimal import Decimal
from itertools import product
from typing import Any

import pandas as pd
import pytest

from pipelines.attribution import MODELS
from pipelines.identity import fold
from pipelines.questions import Answer, ask
from pipelines.questions.credit import CREDIT_DIMENSIONS, HEADLINE
from pipelines.stores.base import Stores
from tests.sql import brand, events
from tests.sql.events import Conversion, Touch, at

CREDIT = ["attributed_conversions", "attributed_revenue"]
MODES: list[dict[str, Any]] = [
    {},
    {"model": "position_based", "lookback_days": 3.5},
    {"model": "linear", "excluded_channels": ["Paid Search"]},
    {"model": "time_decay", "half_life_days": 2, "conversion_type": "lead"},
    {"model": "first_touch", "start": "2026-03-08", "end": "2026-03-14", "currency": "USD"},
]
money = pytest.mark.parametrize("mode", MODES, ids=lambda mode: ",".join(map(str, mode.values())) or "defaults")


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def rates(days: pd.Series) -> pd.Series:
    """USD to EUR, by the brand's two rates."""
    return pd.Series(0.9, index=days.index).where(days < "2026-03-11", 0.8)


def in_euros(frame: pd.DataFrame, amount: str, days: pd.Series) -> pd.Series:
    """Amounts in EUR; null where they are in CHF, which has no rate."""
    amounts = pd.to_numeric(frame[amount])
    return amounts.where(frame["currency"] == "EUR", amounts * rates(days)).where(frame["currency"] != "CHF")


def spent() -> pd.DataFrame:
    """The brand's spend with its names resolved by hand, in EUR."""
    names = brand.spend.assign(
        channel=brand.spend["channel"]
        .str.casefold()
        .map({"paid search": "Paid Search", "paid social": "Paid Social", "tv": "TV"}),
        campaign=brand.spend["campaign"].str.title(),
        platform=brand.spend["platform"].replace("", None),
    )
    return names.assign(spend=in_euros(names, "amount", names["date"]))


@money
@pytest.mark.parametrize("dimension", CREDIT_DIMENSIONS)
def test_credit_is_the_same_whatever_it_is_cut_by(branded: Stores, dimension: str, mode: dict[str, Any]) -> None:
    cut = ask(branded, "channel_credit", {**mode, "by": dimension})
    days = ask(branded, "credit_by_day", {**mode, "by": dimension})
    assert cut.rows["attributed_conversions"].sum() == near(cut.facts["attributed_conversions"])
    assert cut.rows["attributed_revenue"].sum() == near(cut.facts["attributed_revenue"])
    assert cut.rows["share"].sum() == near(1.0)
    by_name = days.rows.groupby(dimension, dropna=False)[CREDIT].sum().sort_index()
    whole = cut.rows.set_index(dimension)[CREDIT].sort_index()
    assert by_name.index.fillna("-").tolist() == whole.index.fillna("-").tolist()
    assert by_name.to_numpy().tolist() == [near(row) for row in whole.to_numpy().tolist()]


@money
def test_credit_and_unattributed_are_the_conversions(branded: Stores, mode: dict[str, Any]) -> None:
    credited = ask(branded, "channel_credit", mode)
    lost = ask(branded, "unattributed", mode)
    asked = brand.conversions.assign(day=brand.conversions["time"].str[:10])
    asked = asked[(asked["day"] >= mode.get("start", "")) & (asked["day"] <= mode.get("end", "9"))]
    asked = asked[asked["type"] == mode["conversion_type"]] if "conversion_type" in mode else asked
    count = int((pd.to_numeric(asked["revenue"]).fillna(0) >= 0).sum())
    revenue = in_euros(asked, "revenue", asked["day"])
    if mode.get("currency") == "USD":
        revenue = revenue / rates(asked["day"])
    assert credited.facts["conversions"] == lost.facts["conversions"] == count
    assert credited.rows["attributed_conversions"].sum() + lost.rows["conversions"].sum() == near(count)
    assert credited.rows["attributed_revenue"].sum() + lost.rows["revenue"].sum() == near(revenue.sum())
    assert credited.facts["revenue"] == near(revenue.sum())
    assert lost.rows["share"].sum() == near(lost.facts["share"])
    assert lost.facts["share"] == near(lost.rows["conversions"].sum() / count)


@money
def test_days_of_the_unattributed_sum_to_it(branded: Stores, mode: dict[str, Any]) -> None:
    days = ask(branded, "unattributed_by_day", mode)
    lost = ask(branded, "unattributed", mode)
    assert days.rows["unattributed"].sum() == lost.rows["conversions"].sum()
    assert days.rows["conversions"].sum() == lost.facts["conversions"]
    assert (days.rows["unattributed"] <= days.rows["conversions"]).all()


def test_types_of_conversions_sum_to_all(branded: Stores) -> None:
    types = [
        ask(branded, "channel_credit", {"conversion_type": kind, "model": "linear"}) for kind in ("purchase", "lead")
    ]
    whole = ask(branded, "channel_credit", {"model": "linear"})
    parts = pd.concat([answer.rows for answer in types]).groupby("channel")[CREDIT].sum()
    assert parts.loc[whole.rows["channel"]].to_numpy().tolist() == [
        near(row) for row in whole.rows[CREDIT].to_numpy().tolist()
    ]
    assert ask(branded, "channel_credit", {"conversion_type": "' or 1=1 --"}).facts["conversions"] == 0


@pytest.mark.parametrize("dimension", ["channel", "campaign", "platform"])
def test_spend_is_what_was_uploaded(branded: Stores, dimension: str) -> None:
    rows = ask(branded, "spend_and_cpa", {"by": dimension}).rows
    expected = spent().groupby(dimension, dropna=False)["spend"].sum(min_count=1).dropna()
    found = rows.dropna(subset=["spend"]).set_index(dimension)["spend"]
    assert {str(name): amount for name, amount in found.items()} == near(
        {str(name): amount for name, amount in expected.items()}
    )


@money
@pytest.mark.parametrize("dimension", ["channel", "campaign", "platform"])
def test_ratios_give_back_what_they_were_made_of(branded: Stores, dimension: str, mode: dict[str, Any]) -> None:
    answer = ask(branded, "spend_and_cpa", {**mode, "by": dimension})
    rows, totals = answer.rows, answer.facts["totals"]
    paid = rows[(rows["spend"] > 0) & rows[dimension].notna()]
    assert rows["spend"].sum() == near(totals["spend"])
    assert rows["attributed_conversions"].sum() == near(totals["attributed_conversions"])
    assert rows.loc[~rows.index.isin(paid.index), ["cpa", "roas", "roi"]].isna().all(axis=None)
    assert paid.loc[paid["attributed_conversions"] == 0, "cpa"].isna().all()
    earned = paid[paid["attributed_conversions"] > 0]
    assert (earned["cpa"] * earned["attributed_conversions"]).tolist() == near(earned["spend"].tolist())
    assert (paid["roas"] * paid["spend"]).tolist() == near(paid["attributed_revenue"].tolist())
    assert (paid["roi"] + 1).tolist() == near(paid["roas"].tolist())
    if dimension == "channel":
        assert totals["paid_cpa"] * paid["attributed_conversions"].sum() == near(totals["spend"])
        assert totals["paid_roas"] * totals["spend"] == near(paid["attributed_revenue"].sum())
    assert totals["blended_cpa"] * totals["conversions"] == near(totals["spend"])
    assert totals["roas"] * totals["spend"] == near(totals["attributed_revenue"])


@money
def test_totals_do_not_depend_on_what_a_row_is_about(branded: Stores, mode: dict[str, Any]) -> None:
    channels, campaigns, platforms = (
        ask(branded, "spend_and_cpa", {**mode, "by": dimension}).facts["totals"]
        for dimension in ("channel", "campaign", "platform")
    )
    assert channels == campaigns == platforms


@money
def test_channel_credit_and_spend_tell_of_the_same_credit(branded: Stores, mode: dict[str, Any]) -> None:
    credited = ask(branded, "channel_credit", mode).rows.set_index("channel")[[*CREDIT, "share"]]
    beside = ask(branded, "spend_and_cpa", mode).rows.set_index("channel").loc[credited.index, [*CREDIT, "share"]]
    pd.testing.assert_frame_equal(credited, beside, check_exact=False, rtol=1e-9)


@money
def test_the_overview_says_what_the_other_pages_say(branded: Stores, mode: dict[str, Any]) -> None:
    headline = ask(branded, "overview", mode).rows.set_index("metric")["value"]
    totals = ask(branded, "spend_and_cpa", mode).facts["totals"]
    lost = ask(branded, "unattributed", mode).facts
    assert list(headline.index) == list(HEADLINE)
    shared = [metric for metric in HEADLINE if metric in totals]
    assert headline[shared].tolist() == near([totals[metric] for metric in shared])
    assert headline["attributed_share"] == near(1 - lost["share"])


def test_a_comparison_is_the_other_periods_own_overview(branded: Stores) -> None:
    this, before = {"start": "2026-03-12", "end": "2026-03-18"}, {"start": "2026-03-05", "end": "2026-03-11"}
    both = ask(branded, "overview", {**this, "compare_start": before["start"], "compare_end": before["end"]}).rows
    alone = [ask(branded, "overview", period).rows["value"] for period in (this, before)]
    assert both["value"].tolist() == near(alone[0].tolist())
    assert both["previous"].tolist() == near(alone[1].tolist())
    assert both["change"].tolist() == near(((alone[0] - alone[1]) / alone[1].abs()).tolist())


def test_movers_are_the_differences_of_two_credits(branded: Stores) -> None:
    this, before = {"start": "2026-03-12", "end": "2026-03-18"}, {"start": "2026-03-05", "end": "2026-03-11"}
    rows = ask(branded, "movers", {**this, "compare_start": before["start"], "compare_end": before["end"]}).rows
    now, then = (
        ask(branded, "channel_credit", period).rows.set_index("channel")["attributed_conversions"]
        for period in (this, before)
    )
    moved = now.sub(then, fill_value=0.0)
    assert rows.set_index("channel")["difference"].to_dict() == near(moved[moved.abs() >= 0.5].to_dict())
    assert rows["difference"].abs().is_monotonic_decreasing
    assert len(rows) <= 5
    for row in rows.to_dict("records"):
        assert row["channel"] in row["sentence"]
        assert ("more" if row["difference"] > 0 else "fewer") in row["sentence"]


def warned(answer: Answer, word: str) -> list[str]:
    return [warning for warning in answer.warnings if word in warning]


def test_money_without_a_rate_is_left_out_and_said(branded: Stores) -> None:
    in_euro = ask(branded, "spend_and_cpa", {"by": "campaign"})
    [said] = warned(in_euro, "CHF")
    assert said.startswith("199.80 CHF of spend on 20 days is left out")
    assert in_euro.rows.set_index("campaign")["spend"].isna()["Summer Sale"]
    in_francs = ask(branded, "overview", {"currency": "CHF"})
    assert in_francs.rows.set_index("metric")["value"]["spend"] == near(199.80)
    assert {warning.split(" of ")[1].split(" on ")[0] for warning in warned(in_francs, "left out")} == {
        "spend",
        "revenue",
        "attributed revenue",
    }
    assert warned(ask(branded, "channel_credit"), "left out") == []


def test_both_sides_without_a_match_are_listed(branded: Stores) -> None:
    facts = ask(branded, "spend_and_cpa").facts
    assert facts["spend_without_match"] == ["TV"]
    assert sorted(facts["no_spend"]) == ["(direct)", "Newsletter"]


@pytest.mark.parametrize("model", MODELS)
def test_a_channel_left_out_earns_nothing_and_the_rest_no_less(branded: Stores, model: str) -> None:
    """Left out by any of its names, in all of its spellings."""
    for name in ("Paid Search", "google / cpc"):
        rest = ask(branded, "channel_credit", {"model": model, "excluded_channels": [name]})
        assert "Paid Search" not in set(rest.rows["channel"])
        whole = ask(branded, "channel_credit", {"model": model}).facts
        assert rest.facts["conversions"] == whole["conversions"]
        assert rest.facts["attributed_conversions"] <= whole["attributed_conversions"]
    reasons = ask(branded, "unattributed", {"model": model, "excluded_channels": ["Paid Search"]}).rows
    assert "excluded_channel" in set(reasons["reason"])


def test_names_meet_whatever_each_tool_calls_them(branded: Stores) -> None:
    for dimension, question in product(("channel", "campaign"), ("channel_credit", "spend_and_cpa", "credit_by_day")):
        rows = ask(branded, question, {"by": dimension}).rows
        names = set(rows[dimension].dropna())
        assert len({fold(name) for name in names}) == len(names)
        assert names & {"google / cpc", "fb", "FB", "PAID SEARCH", "spring_sale", "spring sale"} == set()


@pytest.mark.parametrize("model", ["linear", "time_decay", "w_shaped", "shapley", "markov"])
def test_revenue_on_the_day_of_the_touch_has_the_rate_of_the_conversion(bench: Stores, model: str) -> None:
    rates = [("2026-03-01", "USD", "EUR", "0.5"), ("2026-03-05", "USD", "EUR", "0.9")]
    brand.upload(bench, "fx_rates", pd.DataFrame(rates, columns=["date", "base", "quote", "rate"]))
    touches = [Touch("t1", at("2026-03-02"), "ann", "Mail"), Touch("t2", at("2026-03-06", "09:00"), "ann", "Search")]
    events.fill(bench, touches, [Conversion("c", at("2026-03-06"), "ann", revenue=Decimal(100), currency="USD")])
    asked = {"model": model, "by_touch_date": True, "start": "2026-03-01", "end": "2026-03-07"}
    days = ask(bench, "credit_by_day", asked).rows.set_index("day")["attributed_revenue"]
    assert set(days[days > 0].index) <= {"2026-03-02", "2026-03-06"}
    assert days.sum() == near(90.0)
    assert ask(bench, "channel_credit", asked).rows["attributed_revenue"].sum() == near(90.0)
    assert ask(bench, "parity", asked).rows["agrees"].all()


@pytest.mark.parametrize("model", [key for key, model in MODELS.items() if model.additive])
def test_a_name_of_refunds_alone_takes_no_money_with_it(bench: Stores, model: str) -> None:
    """Its touch is before the period, where its journey without conversion is counted, and the refund is within it."""
    moments = {"X": "2026-02-20", "A": "2026-03-01", "B": "2026-03-02"}
    touches = [Touch(name, at(day, "10:00"), name, name) for name, day in moments.items()]
    amounts = {"A": ("2026-03-01", 100), "B": ("2026-03-02", 30), "X": ("2026-03-02", -30)}
    conversions = [
        Conversion(name, at(day, "11:00"), name, revenue=Decimal(amount)) for name, (day, amount) in amounts.items()
    ]
    events.fill(bench, touches, conversions)
    asked = {"model": model, "start": "2026-03-01", "end": "2026-03-10"}
    rows = ask(bench, "channel_credit", asked).rows
    assert rows["attributed_revenue"].sum() == near(100)
    assert rows["attributed_conversions"].sum() == near(2)
    days = ask(bench, "credit_by_day", asked).rows.groupby("day")["attributed_revenue"].sum()
    assert days.to_dict() == {"2026-03-01": near(100), **{day: near(0) for day in days.index if day != "2026-03-01"}}
