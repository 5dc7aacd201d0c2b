"""Rows made ready for a page: shares add up, and what earned without spend never makes a conversion look cheaper."""

import pandas as pd
import pytest

from app import findings, results


def spend_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "channel": ["Search", "Social", "Email", "Organic", None],
            "attributed_conversions": [10.0, 5.0, 4.0, 50.0, 3.0],
            "attributed_revenue": [1000.0, 300.0, 100.0, 4000.0, 10.0],
            "share": [10 / 72, 5 / 72, 4 / 72, 50 / 72, 3 / 72],
            "spend": [200.0, 150.0, 30.0, None, None],
            "cpa": [20.0, 30.0, 7.5, None, None],
            "roas": [5.0, 2.0, 100 / 30, None, None],
            "roi": [4.0, 1.0, 70 / 30, None, None],
        }
    )


def test_the_rest_has_the_price_of_what_was_paid_for() -> None:
    rows = results.picked_spend(spend_rows(), "channel", ["Search"]).set_index("channel")
    rest = rows.loc["Other channels"]
    assert rest["attributed_conversions"] == 62
    assert rest["spend"] == 180
    assert rest["cpa"] == pytest.approx(180 / 9)
    assert rest["roas"] == pytest.approx(400 / 180)


def test_the_rest_has_no_price_where_nothing_was_paid() -> None:
    rows = results.picked_spend(spend_rows(), "channel", ["Search", "Social", "Email"]).set_index("channel")
    assert rows.loc["Other channels", ["cpa", "roas", "roi"]].isna().all()


@pytest.mark.parametrize("value", ["attributed_conversions", "attributed_revenue"])
def test_shares_are_of_what_is_measured(value: str) -> None:
    rows = results.with_share(spend_rows(), value)
    assert rows["share"].sum() == pytest.approx(1)
    assert rows["share"].iloc[0] == pytest.approx(rows[value].iloc[0] / rows[value].sum())


def test_the_finding_names_only_what_is_shown() -> None:
    rows = results.picked_spend(spend_rows(), "channel", ["Search", "Email"])
    said = findings.credit_finding(rows, "channel", "attributed_revenue", "Linear", "") or ""
    assert said.startswith("Of the shown channels, **Search** earns most under Linear: 18% of all attributed revenue")
    said = findings.spend_finding(rows, "channel", {"paid_cpa": 20.0}, "EUR") or ""
    assert "Other channels" not in said


def test_no_price_is_praised_that_is_not_known() -> None:
    rows = pd.DataFrame(
        {
            "campaign": ["A", "B"],
            "reach": [10.0, 5.0],
            "pr_warning": [False, False],
            "quadrant": ["High Performers", "High Performers"],
            "cpa": [float("nan"), 12.0],
            "advice": ["More budget", "More budget"],
        }
    )
    assert "price" not in (findings.quadrants_finding(rows, "campaign") or "")
    assert "lowest" not in (findings.quadrants_finding(rows, "campaign") or "")
    warned = rows.assign(pr_warning=True, negative_share=0.5)
    assert "1 more is like it" in (findings.quadrants_finding(warned, "campaign") or "")
