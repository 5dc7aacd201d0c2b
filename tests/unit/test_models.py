"""The models as NumPy spells them: weights that can be divided by their sum, and the published shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.attribution import MODELS, model_parameters
from pipelines.attribution.rules import Journey, Numbers
from pipelines.errors import WrongUsage

ages = st.lists(st.floats(0, 90), min_size=1, max_size=12).map(lambda days: sorted(days, reverse=True))


def shares(
    model: str, ages_days: list[float], direct: list[bool] | None = None, given: dict[str, float] | None = None
) -> Numbers:
    """The credit of each touch, oldest first."""
    journey = Journey(np.array(ages_days), np.array(direct or [False] * len(ages_days)))
    weights = MODELS[model].reference(journey, model_parameters(model, given or {}))
    return weights / weights.sum()


def test_the_models_are_those_that_scripts_rely_on() -> None:
    assert set(MODELS) >= {
        "first_touch",
        "last_touch",
        "last_non_direct",
        "linear",
        "time_decay",
        "position_based",
    }


@pytest.mark.parametrize("key", MODELS)
def test_a_model_says_what_it_is(key: str) -> None:
    model = MODELS[key]
    assert model.key == key
    assert all([model.title, model.summary, model.formula, model.source, model.weights])
    for parameter in model.parameters:
        assert parameter.minimum <= parameter.default <= parameter.maximum
        assert f":{parameter.name}" in model.weights
        assert parameter.help


@pytest.mark.parametrize("key", MODELS)
@given(days=ages, data=st.data())
def test_weights_are_no_less_than_zero_and_never_all_zero(key: str, days: list[float], data: st.DataObject) -> None:
    """Also at the ends of what the parameters may be."""
    parameters = {
        parameter.name: data.draw(st.sampled_from([parameter.minimum, parameter.default, parameter.maximum]))
        for parameter in MODELS[key].parameters
    }
    direct = data.draw(st.lists(st.booleans(), min_size=len(days), max_size=len(days)))
    if parameters.get("first_weight", 0.0) + parameters.get("last_weight", 0.0) > 1:
        parameters["last_weight"] = 0.0
    weights = MODELS[key].reference(Journey(np.array(days), np.array(direct)), parameters)
    assert weights.shape == (len(days),)
    assert (weights >= 0).all()
    assert 0 < weights.sum() < np.inf


def test_time_decay_meets_the_published_example() -> None:
    """Adobe: touches 0, 0, 6 and 9 days before a conversion of $50, half-life 7 days."""
    earned = 50 * shares("time_decay", [9, 6, 0, 0])
    assert np.round(earned, 2).tolist() == [6.92, 9.32, 16.88, 16.88]


@given(ages, st.floats(0, 90))
def test_time_decay_is_blind_to_how_long_ago_all_of_it_was(days: list[float], later: float) -> None:
    assert shares("time_decay", [day + later for day in days]) == pytest.approx(shares("time_decay", days))


@given(ages)
def test_a_very_long_half_life_is_linear(days: list[float]) -> None:
    assert shares("time_decay", days, given={"half_life_days": 3650.0}) == pytest.approx(
        shares("linear", days), abs=0.02
    )


@pytest.mark.parametrize(
    ("touches", "given", "expected"),
    [
        (1, {}, [1.0]),
        (2, {}, [0.5, 0.5]),
        (3, {}, [0.4, 0.2, 0.4]),
        (6, {}, [0.4, 0.05, 0.05, 0.05, 0.05, 0.4]),
        (2, {"first_weight": 0.6, "last_weight": 0.2}, [0.75, 0.25]),
        (3, {"first_weight": 0.6, "last_weight": 0.2}, [0.6, 0.2, 0.2]),
        (2, {"first_weight": 0.0, "last_weight": 0.0}, [0.5, 0.5]),
        (3, {"first_weight": 0.0, "last_weight": 0.0}, [0.0, 1.0, 0.0]),
        (3, {"first_weight": 0.5, "last_weight": 0.5}, [0.5, 0.0, 0.5]),
    ],
)
def test_position_based(touches: int, given: dict[str, float], expected: list[float]) -> None:
    days = [float(day) for day in range(touches, 0, -1)]
    assert shares("position_based", days, given=given) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        ([False, False, True], [0, 1, 0]),
        ([False, True, False], [0, 0, 1]),
        ([True, True, True], [0, 0, 1]),
        ([False, True, True], [1, 0, 0]),
    ],
)
def test_last_non_direct(direct: list[bool], expected: list[float]) -> None:
    assert shares("last_non_direct", [3, 2, 1], direct).tolist() == expected


def test_parameters_are_filled_in_and_checked() -> None:
    assert model_parameters("linear", {}) == {}
    assert model_parameters("time_decay", {}) == {"half_life_days": 7.0}
    assert model_parameters("position_based", {"first_weight": 0}) == {"first_weight": 0.0, "last_weight": 0.4}


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        ("shapely", {}, "'shapely' is no attribution model"),
        ("linear", {"half_life_days": 3}, "linear has no parameter 'half_life_days'"),
        ("time_decay", {"half_life_days": 0}, "half_life_days is 0"),
        ("time_decay", {"half_life_days": float("nan")}, "half_life_days is nan"),
        ("position_based", {"first_weight": 1.01}, "first_weight is 1.01"),
        ("position_based", {"first_weight": 0.7, "last_weight": 0.4}, "together are more than 1"),
    ],
)
def test_wrong_parameters_are_named(model: str, given: dict[str, float], said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        model_parameters(model, given)
