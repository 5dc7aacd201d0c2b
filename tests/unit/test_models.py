"""The registry of models, and the rules in both spellings: weights that can be divided by their sum, and the published shares."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from pipelines.attribution import DAY_MS, DEFAULT_MODEL, MODELS, Journey, Model, model_parameters
from pipelines.attribution.model import Numbers
from pipelines.errors import WrongUsage
from pipelines.settings import PROJECT
from pipelines.slots import AGED

RULES = {key: model for key, model in MODELS.items() if model.kind == "rule"}

OF_A_JOURNEY = {"touches", "last_non_direct_position", "lead_position", "opportunity_position"}
OF_A_TOUCH = {"position_from_first", "position_from_last"}
OF_AGES = {"gap_ms", "last_age_ms"}
"""Columns that the engine has for a weight by place, and those for one by age."""

touch = st.tuples(
    st.one_of(st.integers(0, 90 * DAY_MS), st.sampled_from([0, 1, 3_600_000, 90 * DAY_MS])),
    st.booleans(),
    st.sampled_from([None, None, "lead", "opportunity", "demo"]),
    st.sampled_from(["Paid Search", "Email", "Direct"]),
)
journeys = st.lists(touch, min_size=1, max_size=12).map(lambda touches: sorted(touches, key=lambda one: -one[0]))
"""A journey: its touches, oldest first, each with age_ms, direct, milestone and channel."""

ages = st.lists(st.floats(0, 90), min_size=1, max_size=12).map(lambda days: sorted(days, reverse=True))


def weighed(key: str, journey: Journey, parameters: Mapping[str, float]) -> Numbers:
    reference = MODELS[key].reference
    assert reference is not None
    return reference(journey, parameters)


def shares(
    model: str,
    ages_days: Sequence[float],
    direct: Sequence[bool] | None = None,
    given: Mapping[str, float] | None = None,
    milestones: Sequence[str | None] = (),
    lookback_days: float = 90.0,
) -> Numbers:
    """The credit of each touch, oldest first."""
    journey = Journey(
        np.array(ages_days), np.array(direct or [False] * len(ages_days)), np.array(milestones, dtype=object)
    )
    weights = weighed(model, journey, {**model_parameters(model, given or {}), "lookback_days": lookback_days})
    return weights / weights.sum()


def of(
    touches: int, model: str, given: Mapping[str, float] | None = None, marked: Mapping[str, int] | None = None
) -> list[float]:
    """The credit in percent of each of some touches, one a day; marked: milestone -> its position, from 1."""
    milestones: list[str | None] = [None] * touches
    for name, position in (marked or {}).items():
        milestones[position - 1] = name
    return list(100 * shares(model, range(touches, 0, -1), given=given, milestones=milestones))


def numpy_journey(touches: Sequence[tuple[int, bool, str | None, str]]) -> Journey:
    age_ms, direct, milestones, channels = zip(*touches, strict=True)
    return Journey(
        np.array(age_ms) / DAY_MS,
        np.array(direct),
        np.array(milestones, dtype=object),
        np.array(channels, dtype=object),
    )


def chosen(data: st.DataObject, model: Model) -> dict[str, float]:
    """Parameters of a model, often at the ends of what they may be."""
    values = {
        one.name: data.draw(
            st.one_of(st.sampled_from([one.minimum, one.default, one.maximum]), st.floats(one.minimum, one.maximum))
        )
        for one in model.parameters
        if not one.whole
    }
    if values.get("first_weight", 0.0) + values.get("last_weight", 0.0) > 1:
        values["last_weight"] = 1 - values["first_weight"]
    return model_parameters(model.key, values)


def placed(touches: Sequence[tuple[int, bool, str | None, str]], journey_id: int) -> list[tuple[Any, ...]]:
    """The touches as rows: journey_id, position_from_last, age_ms, last_age_ms, direct, milestone."""
    return [
        (journey_id, len(touches) - index, age_ms, touches[-1][0], direct, milestone)
        for index, (age_ms, direct, milestone, _) in enumerate(touches)
    ]


def statement(model: Model) -> str:
    """The credit of each touch, in Athena's dialect, over the rows of `placed`."""
    ages = ", ".join(f"max(case when position_from_last = {place} then gap_ms end) as gap_{place}_ms" for place in AGED)
    return f"""
        with journeys as (
            select
                journey_id, count(*) as touches, {ages},
                sum(case when position_from_last > {AGED[-1]} then {model.weights if model.by_age else "0e0"} end) as further_weight,
                min(case when not direct then position_from_last end) as last_non_direct_position,
                count(*) + 1 - max(case when milestone = 'lead' then position_from_last end) as lead_position,
                count(*) + 1 - max(case when milestone = 'opportunity' then position_from_last end) as opportunity_position
            from (select *, age_ms - last_age_ms as gap_ms from placed)
            group by journey_id
        ),
        faced as (
            select *, touches - position_from_last + 1 as position_from_first, age_ms - last_age_ms as gap_ms
            from placed join journeys using (journey_id)
        )
        select cast({model.credit} as double) as credit
        from faced
        order by journey_id, position_from_first
    """


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as opened:
        opened.execute("set integer_division = true")
        opened.execute(
            "create table placed (journey_id bigint, position_from_last bigint, age_ms bigint, last_age_ms bigint, "
            "direct boolean, milestone varchar)"
        )
        yield opened


def answered(
    engine: duckdb.DuckDBPyConnection, sql: str, rows: list[tuple[Any, ...]], parameters: Mapping[str, float]
) -> Numbers:
    """The credit of each of the rows of `placed`, journey by journey, oldest touch first."""
    written, names = transpiled(sql)
    engine.execute("delete from placed")
    places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
    engine.execute(f"insert into placed values {places}", [value for row in rows for value in row])
    found = engine.execute(written, {name: parameters[name] for name in names}).fetchnumpy()
    return np.array(found["credit"], dtype=float)


@cache
def transpiled(sql: str) -> tuple[str, set[str]]:
    """A statement in DuckDB's dialect, and the names of its parameters."""
    tree = sqlglot.parse_one(sql, read="athena")
    return tree.sql("duckdb"), {one.name for one in tree.find_all(exp.Placeholder)}


def columns(sql: str) -> set[str]:
    return {column.name for column in sqlglot.parse_one(sql, read="athena").find_all(exp.Column)}


class TestRegistry:
    def test_the_models_are_those_that_scripts_rely_on(self) -> None:
        assert list(MODELS) == [
            *("first_touch", "last_touch", "last_non_direct", "linear", "time_decay", "hyperbolic_decay"),
            *("position_based", "j_shaped", "inverse_j", "w_shaped", "full_path", "custom"),
            *("participation", "markov", "shapley", "ordered_shapley", "hybrid"),
        ]
        assert len(RULES) == 12
        assert DEFAULT_MODEL in MODELS

    @pytest.mark.parametrize("key", MODELS)
    def test_a_model_says_what_it_is(self, key: str) -> None:
        model = MODELS[key]
        assert model.key == key
        assert all([model.title, model.summary, model.formula, model.source, model.caveat])
        assert model.caveat.endswith(".")
        for parameter in model.parameters:
            assert parameter.minimum <= parameter.default <= parameter.maximum
            assert parameter.help

    def test_titles_and_parameters_are_told_apart_by_their_names(self) -> None:
        """The pages choose a model by its title and have one input a parameter name."""
        parameters = [parameter.name for model in MODELS.values() for parameter in model.parameters]
        assert len(set(parameters)) == len(parameters)
        assert len({model.title for model in MODELS.values()}) == len(MODELS)

    @pytest.mark.parametrize("key", MODELS)
    def test_rules_alone_have_weights(self, key: str) -> None:
        model = MODELS[key]
        assert bool(model.weights) == (model.kind == "rule")
        assert (model.total, model.by_age) == ("1e0", False) or model.kind == "rule"
        assert model.reference or model.kind in {"chain", "hybrid"}
        assert model.additive == (key != "participation")

    @pytest.mark.parametrize("key", RULES)
    def test_a_rule_uses_what_the_engine_has(self, key: str) -> None:
        model = RULES[key]
        both = [sqlglot.parse_one(sql, read="athena") for sql in (model.weights, model.total)]
        values = [value for tree in both for value in tree.find_all(exp.Placeholder)]
        assert all(isinstance(value.parent, exp.Cast) for value in values)
        assert {value.name for value in values} - {"lookback_ms"} == {one.name for one in model.parameters}
        assert columns(model.weights) <= (OF_AGES if model.by_age else OF_A_JOURNEY | OF_A_TOUCH)
        assert columns(model.total) <= (set() if model.by_age else OF_A_JOURNEY)
        assert not any(tree.find(exp.AggFunc, exp.Window) for tree in both)

    def test_the_readme_lists_them_all(self) -> None:
        rows = [
            f"| `{model.key}` {model.title} | {model.formula} | "
            f"{', '.join(f'`{one.name}` ({one.default:g})' for one in model.parameters) or '—'} | {model.source} |"
            for model in MODELS.values()
        ]
        readme = (PROJECT / "README.md").read_text(encoding="utf-8")
        section = readme.partition("## The models")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `.*$", section, re.MULTILINE) == rows


@pytest.mark.parametrize("key", RULES)
class TestBothSpellings:
    @settings(max_examples=40, deadline=None)
    @given(some=st.lists(journeys, min_size=1, max_size=8), data=st.data())
    def test_they_give_the_same_credit_and_all_of_it(
        self, engine: duckdb.DuckDBPyConnection, key: str, some: list[Any], data: st.DataObject
    ) -> None:
        parameters = chosen(data, RULES[key])
        lookback_ms = data.draw(st.sampled_from([0, 1, 864_000, 30 * DAY_MS, 90 * DAY_MS]))
        rows = [row for index, touches in enumerate(some) for row in placed(touches, index)]
        found = answered(engine, statement(RULES[key]), rows, {**parameters, "lookback_ms": lookback_ms})
        expected = []
        for touches in some:
            weights = weighed(key, numpy_journey(touches), {**parameters, "lookback_days": lookback_ms / DAY_MS})
            assert (weights >= 0).all()
            assert 0 < weights.sum() < np.inf
            expected.append(weights / weights.sum())
        assert found == pytest.approx(np.concatenate(expected), rel=1e-9, abs=1e-9)
        assert (found >= 0).all()
        ends = np.cumsum([len(touches) for touches in some])[:-1]
        assert [part.sum() for part in np.split(found, ends)] == pytest.approx(np.ones(len(some)), rel=1e-9)


class TestDecay:
    def test_time_decay_meets_the_published_example(self) -> None:
        """Adobe: touches 0, 0, 6 and 9 days before a conversion of $50, half-life 7 days."""
        earned = 50 * shares("time_decay", [9, 6, 0, 0])
        assert np.round(earned, 2).tolist() == [6.92, 9.32, 16.88, 16.88]

    @given(ages, st.floats(0, 90))
    def test_time_decay_is_blind_to_how_long_ago_all_of_it_was(self, days: list[float], later: float) -> None:
        assert shares("time_decay", [day + later for day in days]) == pytest.approx(shares("time_decay", days))

    @given(ages)
    def test_a_very_long_half_life_is_linear(self, days: list[float]) -> None:
        assert shares("time_decay", days, given={"half_life_days": 3650.0}) == pytest.approx(
            shares("linear", days), abs=0.02
        )

    @given(ages)
    def test_a_half_life_of_0_is_a_quarter_of_the_window(self, days: list[float]) -> None:
        assert shares("time_decay", days, given={"half_life_days": 0}, lookback_days=28) == pytest.approx(
            shares("time_decay", days, given={"half_life_days": 7})
        )

    def test_hyperbolic_decay_counts_hours(self) -> None:
        """Three hours, one hour and no time before: 1/4, 1/2 and 1."""
        assert shares("hyperbolic_decay", [3 / 24, 1 / 24, 0]) == pytest.approx([1 / 7, 2 / 7, 4 / 7])


class TestPositions:
    @pytest.mark.parametrize(
        ("touches", "given", "expected"),
        [
            (1, {}, [100]),
            (2, {}, [50, 50]),
            (3, {}, [40, 20, 40]),
            (6, {}, [40, 5, 5, 5, 5, 40]),
            (2, {"first_weight": 0.6, "last_weight": 0.2}, [75, 25]),
            (3, {"first_weight": 0.6, "last_weight": 0.2}, [60, 20, 20]),
            (2, {"first_weight": 0.0, "last_weight": 0.0}, [50, 50]),
            (3, {"first_weight": 0.0, "last_weight": 0.0}, [0, 100, 0]),
            (3, {"first_weight": 0.5, "last_weight": 0.5}, [50, 0, 50]),
            (4, {"first_weight": 0.9, "last_weight": 0.1}, [90, 0, 0, 10]),
        ],
    )
    def test_position_based(self, touches: int, given: dict[str, float], expected: list[float]) -> None:
        assert of(touches, "position_based", given) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "expected", [[100], [25, 75], [20, 20, 60], [20, 10, 10, 60], [20, *[20 / 3] * 3, 60]], ids=len
    )
    def test_j_shaped_and_its_inverse(self, expected: list[float]) -> None:
        assert of(len(expected), "j_shaped") == pytest.approx(expected)
        assert of(len(expected), "inverse_j") == pytest.approx(expected[::-1])

    @pytest.mark.parametrize(
        ("touches", "marked", "expected"),
        [
            (5, {"lead": 3}, [30, 5, 30, 5, 30]),
            (4, {"lead": 2}, [30, 30, 10, 30]),
            (3, {"lead": 2}, [100 / 3] * 3),
            (5, {"lead": 1}, [60, 10 / 3, 10 / 3, 10 / 3, 30]),
            (3, {"lead": 3}, [30, 10, 60]),
            (4, {}, [45, 5, 5, 45]),
            (4, {"opportunity": 2}, [45, 5, 5, 45]),
            (2, {}, [50, 50]),
            (2, {"lead": 1}, [200 / 3, 100 / 3]),
            (1, {"lead": 1}, [100]),
            (1, {}, [100]),
        ],
    )
    def test_w_shaped(self, touches: int, marked: dict[str, int], expected: list[float]) -> None:
        assert of(touches, "w_shaped", marked=marked) == pytest.approx(expected)

    def test_the_first_of_several_leads_counts(self) -> None:
        milestones = [None, "lead", "lead", None]
        assert 100 * shares("w_shaped", [4, 3, 2, 1], milestones=milestones) == pytest.approx([30, 30, 10, 30])

    @pytest.mark.parametrize(
        ("touches", "marked", "expected"),
        [
            (6, {"lead": 2, "opportunity": 4}, [22.5, 22.5, 5, 22.5, 5, 22.5]),
            (6, {"lead": 4, "opportunity": 2}, [22.5, 22.5, 5, 22.5, 5, 22.5]),
            (4, {"lead": 2, "opportunity": 3}, [25, 25, 25, 25]),
            (5, {"lead": 3}, [30, 5, 30, 5, 30]),
            (5, {"opportunity": 3}, [30, 5, 30, 5, 30]),
            (4, {"lead": 1, "opportunity": 4}, [45, 5, 5, 45]),
            (3, {"lead": 1, "opportunity": 2}, [50, 25, 25]),
            (4, {}, [45, 5, 5, 45]),
            (1, {}, [100]),
        ],
    )
    def test_full_path(self, touches: int, marked: dict[str, int], expected: list[float]) -> None:
        assert of(touches, "full_path", marked=marked) == pytest.approx(expected)

    def test_lead_and_opportunity_on_one_touch_add_up(self, engine: duckdb.DuckDBPyConnection) -> None:
        """No row says so, as a touch has one milestone: here the opportunity's position is looked for where the lead's is."""
        rows = placed([(4 - index, False, "lead" if index == 1 else None, "") for index in range(4)], 0)
        model = RULES["full_path"]
        same = statement(model).replace("'opportunity'", "'lead'")
        assert same != statement(model)
        assert 100 * answered(engine, same, rows, {}) == pytest.approx([22.5, 45, 10, 22.5])

    @pytest.mark.parametrize(
        ("touches", "given", "expected"),
        [
            (1, {}, [100]),
            (2, {}, [50, 50]),
            (3, {}, [40, 20, 40]),
            (4, {}, [100 / 3, 50 / 3, 50 / 3, 100 / 3]),
            (5, {}, [30, 15, 10, 15, 30]),
            (6, {"weight_middle": 5}, [30, 15, 5, 5, 15, 30]),
            (2, {"weight_last": 90}, [25, 75]),
            (1, {"weight_first": 0}, [100]),
            (2, {"weight_first": 0, "weight_last": 0}, [50, 50]),
            (3, {"weight_first": 0, "weight_last": 0, "weight_second_last": 0}, [0, 100, 0]),
            (3, {"weight_first": 0, "weight_last": 0, "weight_second": 0}, [100 / 3] * 3),
        ],
    )
    def test_custom(self, touches: int, given: dict[str, float], expected: list[float]) -> None:
        assert of(touches, "custom", given) == pytest.approx(expected)

    @pytest.mark.parametrize(
        ("direct", "expected"),
        [
            ([False, False, True], [0, 1, 0]),
            ([False, True, False], [0, 0, 1]),
            ([True, True, True], [0, 0, 1]),
            ([False, True, True], [1, 0, 0]),
        ],
    )
    def test_last_non_direct(self, direct: list[bool], expected: list[float]) -> None:
        assert shares("last_non_direct", [3, 2, 1], direct).tolist() == expected


class TestChannels:
    @pytest.mark.parametrize("key", ["participation", "shapley", "ordered_shapley"])
    @given(touches=journeys)
    def test_a_channel_of_a_journey_gets_one_however_often_it_stands_there(self, key: str, touches: list[Any]) -> None:
        journey = numpy_journey(touches)
        weights = weighed(key, journey, {})
        for channel in set(journey.channels):
            own = weights[journey.channels == channel]
            assert own.sum() == pytest.approx(1)
            assert own == pytest.approx(own[0])


class TestParameters:
    def test_they_are_filled_in_and_checked(self) -> None:
        assert model_parameters("linear", {}) == {}
        assert model_parameters("time_decay", {}) == {"half_life_days": 7.0}
        assert model_parameters("position_based", {"first_weight": 0}) == {"first_weight": 0.0, "last_weight": 0.4}
        assert model_parameters("markov", {"order": 2}) == {"order": 2}
        assert model_parameters("hybrid", {}) == {"minimum_journeys": 30}

    @pytest.mark.parametrize("hundredths", range(101))
    def test_shares_that_add_up_to_1_hold(self, hundredths: int) -> None:
        both = {"first_weight": hundredths / 100, "last_weight": (100 - hundredths) / 100}
        assert model_parameters("position_based", both) == both

    @pytest.mark.parametrize(
        ("model", "given", "said"),
        [
            ("shapely", {}, "'shapely' is no attribution model"),
            ("linear", {"half_life_days": 3}, "linear has no parameter 'half_life_days'"),
            ("time_decay", {"half_life_days": -1}, "half_life_days is -1"),
            ("time_decay", {"half_life_days": float("nan")}, "half_life_days is nan"),
            ("position_based", {"first_weight": 1.01}, "first_weight is 1.01"),
            ("position_based", {"first_weight": 0.7, "last_weight": 0.4}, "together are more than 1"),
            ("markov", {"order": 1.5}, r"order is 1.5\. Use a whole number from 1 to 3"),
            ("markov", {"order": 4}, "order is 4"),
            ("markov", {"order": float("nan")}, "order is nan"),
            ("hybrid", {"minimum_journeys": 0}, "minimum_journeys is 0"),
            ("custom", {"first_weight": 0.5}, "custom has no parameter 'first_weight'"),
        ],
    )
    def test_wrong_ones_are_named(self, model: str, given: dict[str, float], said: str) -> None:
        with pytest.raises(WrongUsage, match=said):
            model_parameters(model, given)
