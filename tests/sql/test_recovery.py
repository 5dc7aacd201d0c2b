"""What would bring credit back, and where and when it was earned: the answers of the questions against plain loops over raw events."""

import random
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pandas as pd
import pytest

from pipelines.attribution.completion import completion
from pipelines.attribution.rules import DAY_MS
from pipelines.questions import Answer, ask
from pipelines.stores.base import Stores
from tests.sql.events import Conversion, Touch, at, fill, millis

FIRST = at("2026-01-01", "00:00")
CHANNELS = ("Search", "Social", "Mail", "direct")
OPTIONS: tuple[dict[str, Any], ...] = ({}, {"excluded_channels": ["Search"]}, {"restart": True}, {"direct": "exclude"})


@cache
def world() -> tuple[list[Touch], list[Conversion]]:
    """Forty people over 120 days, some never met, unconsented, met too early or too late, and some rows that name nobody."""
    draw = random.Random(5)

    def moment() -> Any:
        return FIRST + timedelta(hours=draw.randrange(24 * 120), minutes=draw.randrange(60))

    people = [f"p{number:03}" for number in range(40)]
    touches = [
        Touch(
            f"t{number}", moment(), draw.choice(people), draw.choice(CHANNELS), draw.choice([None, True, None, False])
        )
        for number in range(160)
    ]
    known = [*people, "guest-1", "guest-1", "guest-22", "ann@example.com", None]
    conversions = [
        Conversion(f"c{number}", moment(), draw.choice(known), revenue=draw.choice([None, Decimal(10), Decimal(-5)]))
        for number in range(150)
    ]
    # At the very moment, exactly at the end of a window, and a millisecond outside of it.
    edge = at("2026-03-01")
    touches.append(Touch("edge", edge, "edgy", "Mail"))
    for name, age in (("now", 0), ("inside", 10 * DAY_MS), ("outside", 10 * DAY_MS + 1)):
        conversions.append(Conversion(name, edge + timedelta(milliseconds=age), "edgy", revenue=Decimal(1)))
    return touches, conversions


@pytest.fixture(scope="module")
def filled(bench: Stores) -> Stores:
    fill(bench, *world())
    return bench


def asked(stores: Stores, question: str, **parameters: Any) -> Answer:
    return ask(stores, question, parameters)


@cache
def ages(conversion: Conversion, consented: bool) -> list[int]:
    """The ages in milliseconds of the person's touches, below zero for those after the conversion."""
    touches, _ = world()
    return [
        millis(touch.at, conversion.at)
        for touch in touches
        if conversion.person is not None
        and touch.person == conversion.person
        and not (consented and touch.consent is False)
    ]


def plain_reason(conversion: Conversion, window: float) -> str | None:
    """Why a conversion is unattributed where no option is set; None where it is not."""

    def near(found: list[int]) -> bool:
        return any(0 <= age <= window * DAY_MS for age in found)

    consented, everyone = ages(conversion, consented=True), ages(conversion, consented=False)
    if near(consented):
        return None
    if conversion.person is None:
        return "unknown_person"
    if not everyone:
        return "no_touchpoint"
    return "no_consent" if not consented or near(everyone) else "outside_window"


@pytest.mark.parametrize("window", [2.5, 10, 30])
def test_a_window_attributes_what_the_curve_says(filled: Stores, window: float) -> None:
    answer = asked(filled, "window_curve", lookback_days=window)
    _, conversions = world()
    assert list(answer.rows["window_days"]) == list(range(1, 91))
    for row in answer.rows.to_dict("records"):
        told = Counter(plain_reason(one, row["window_days"]) for one in conversions if one.counts)
        assert (row["attributed"], row["outside_window"]) == (told[None], told["outside_window"])
    assert answer.facts["attributed"] == sum(one.counts for one in conversions if plain_reason(one, window) is None)
    longest = answer.rows.iloc[-1]
    assert answer.facts["beyond_longest"] + answer.facts["after_conversion"] == longest["outside_window"]


def test_the_curve_says_where_options_make_it_another_one(filled: Stores) -> None:
    assert asked(filled, "window_curve").warnings == []
    assert "attribute fewer" in asked(filled, "window_curve", direct="exclude").warnings[0]


@pytest.mark.parametrize("window", [10.0, 30.0])
def test_every_conversion_without_credit_is_listed_with_its_reason(filled: Stores, window: float) -> None:
    _, conversions = world()
    rows = asked(filled, "unattributed_conversions", lookback_days=window).rows.set_index("conversion_id")
    wanted = {one.id: plain_reason(one, window) for one in conversions}
    assert dict(rows["reason"]) == {name: reason for name, reason in wanted.items() if reason}
    for one in conversions:
        if one.id not in rows.index:
            continue
        row = rows.loc[one.id]
        found = ages(one, consented=True) or ages(one, consented=False)
        before = [age for age in found if age >= 0]
        nearest = (min(before) if before else max(found)) / DAY_MS if found else None
        assert row["nearest_age_days"] == pytest.approx(nearest, nan_ok=True) or nearest is None
        outside = nearest is not None and row["reason"] == "outside_window" and nearest > window
        assert pd.notna(row["days_outside"]) == outside
        if outside and nearest is not None:
            assert row["days_outside"] == pytest.approx(nearest - window)
        assert row["day"] == one.at.date().isoformat()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_list_holds_what_the_reasons_count(filled: Stores, options: dict[str, Any]) -> None:
    _, conversions = world()
    counted = asked(filled, "unattributed", **options).rows.set_index("reason")
    for reason, row in counted.iterrows():
        listed = asked(filled, "unattributed_conversions", reason=reason, **options).rows
        refunds = {one.id for one in conversions if not one.counts}
        assert len(set(listed["conversion_id"]) - refunds) == row["conversions"]
        assert listed["revenue"].sum() == pytest.approx(row["revenue"])


def test_the_newest_are_listed_and_the_rest_is_counted(filled: Stores) -> None:
    whole = asked(filled, "unattributed_conversions")
    part = asked(filled, "unattributed_conversions", limit=7)
    assert len(whole.rows) == whole.facts["found"] == part.facts["found"] > 7
    assert (whole.rows["revenue"] < 0).sum() == whole.facts["refunds"] == part.facts["refunds"]
    pd.testing.assert_frame_equal(part.rows, whole.rows.head(7))
    assert list(whole.rows["day"]) == sorted(whole.rows["day"], reverse=True)


def test_people_who_were_never_met_are_listed_by_what_they_converted(filled: Stores) -> None:
    _, conversions = world()
    counts: dict[str, int] = defaultdict(int)
    for one in conversions:
        if plain_reason(one, 30) == "no_touchpoint" and one.person is not None:
            counts[one.person] += one.counts
    answer = asked(filled, "unmatched_people")
    assert dict(zip(answer.rows["person"], answer.rows["conversions"], strict=True)) == counts
    assert list(answer.rows["conversions"]) == sorted(counts.values(), reverse=True)
    assert answer.facts["people"] == len(counts)
    assert len(asked(filled, "unmatched_people", limit=1).rows) == 1


def test_identifiers_are_told_by_their_shape(filled: Stores) -> None:
    shapes = asked(filled, "unmatched_people").facts["shapes"]
    assert {(shape["kind"], shape["lead"]) for shape in shapes["unmatched"]} >= {("lettered", "guest-"), ("email", "")}
    assert shapes["touchpoints"][0] | {"share": 1.0, "example": ""} == {
        **{"kind": "lettered", "lead": "p", "shortest": 4, "longest": 4, "share": 1.0, "example": ""}
    }


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("a" * 64, "sha256"),
        ("0123456789abcdef" * 2, "md5"),
        ("b" * 40, "sha1"),
        ("123456789.1700000000", "ga_client"),
        ("GA1.2.123456789.1700000000", "ga_client"),
        ("123e4567-e89b-12d3-a456-426614174000", "uuid"),
        ("x@example.org", "email"),
        ("0012345", "digits"),
        ("cust_77", "lettered"),
        ("who knows", "other"),
    ],
)
def test_known_shapes(identifier: str, kind: str, stores: Stores) -> None:
    fill(stores, [Touch("t", at("2026-03-01"), "someone", "Mail")], [Conversion("c", at("2026-03-02"), identifier)])
    [shape] = ask(stores, "unmatched_people", {}).facts["shapes"]["unmatched"]
    assert shape["kind"] == kind


def journeys(window: float) -> list[tuple[Conversion, list[Touch]]]:
    """Each conversion with its consented touches within the window, oldest first."""
    touches, conversions = world()
    found = []
    for one in conversions:
        own = [
            touch
            for touch in touches
            if one.person is not None and touch.person == one.person and touch.consent is not False
        ]
        own = [touch for touch in own if 0 <= millis(touch.at, one.at) <= window * DAY_MS]
        found.append((one, sorted(own, key=lambda touch: (touch.at, touch.id))))
    return found


def test_credit_by_position_is_each_channels_part_at_its_places(filled: Stores) -> None:
    wanted: dict[tuple[str, int], float] = defaultdict(float)
    for one, touches in journeys(30):
        names = [touch.channel for touch in touches]
        for place, name in enumerate(names, start=1):
            wanted[str(name), place] += one.counts / len(set(names)) / names.count(name)
    rows = asked(filled, "ordered_credit").rows
    found = dict(zip(zip(rows["channel"], rows["position"], strict=True), rows["attributed_conversions"], strict=True))
    assert found == pytest.approx(dict(wanted))
    whole = asked(filled, "channel_credit", model="ordered_shapley").rows.set_index("channel")
    by_name = rows.groupby("channel")["attributed_conversions"].sum()
    assert dict(by_name) == pytest.approx(dict(whole["attributed_conversions"]))


@pytest.mark.parametrize("model", ["first_touch", "linear", "markov"])
def test_recent_days_come_in_as_the_days_before_them_did(filled: Stores, model: str) -> None:
    window, last = 10, max(one.at for one in world()[1]).date()
    start = last - timedelta(days=14)
    cells = []
    for one, touches in journeys(window):
        for place, touch in enumerate(touches):
            weight = float(place == 0) if model == "first_touch" else 1 / len(touches)
            lag = (one.at.date() - touch.at.date()).days
            cells.append((touch.at.date().isoformat(), lag, weight * one.counts))
    credit = pd.DataFrame(cells, columns=["touch_day", "lag_days", "credit"])
    first = (last - timedelta(days=2 * window)).isoformat()
    wanted = completion(credit[credit["touch_day"] >= first], last.isoformat(), window)
    wanted = wanted[wanted["touch_day"] >= start.isoformat()]
    answer = asked(
        filled, "credit_completion", model=model, lookback_days=window, start=start.isoformat(), end=last.isoformat()
    )
    pd.testing.assert_frame_equal(answer.rows, wanted.reset_index(drop=True), check_dtype=False)
    assert answer.facts["model"] == ("linear" if model == "markov" else model)
    by_day = asked(
        filled,
        "credit_by_day",
        **{"model": answer.facts["model"], "lookback_days": window, "by_touch_date": "yes"},
        **{"start": start.isoformat(), "end": last.isoformat()},
    ).rows
    assert by_day["attributed_conversions"].sum() == pytest.approx(answer.rows["observed"].sum())
