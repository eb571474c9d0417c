"""The stops of sliders: round values over the whole range, with the default among them."""

from __future__ import annotations

import numpy as np
import pytest

from app.common.digits import exact
from app.common.stops import COUNT, some, stops
from app.network.settings import Setup
from optimizers import NOISES, RULES, SCHEDULES
from surfaces import SURFACES, Parameter
from surfaces.network import DATASETS
from surfaces.parameter import parameter

SPECS = [
    spec
    for registry in (SURFACES, RULES, SCHEDULES, NOISES, DATASETS)
    for cls in registry.values()
    for spec in cls.parameters().values()
    if not spec.choices
]


@pytest.mark.parametrize("spec", [*SPECS, *Setup.parameters().values()], ids=lambda s: f"{s.name} {s.symbol}")
def test_a_declared_default_lies_within_its_declared_range(spec: Parameter) -> None:
    if spec.choices:
        assert spec.default in spec.choices
    else:
        assert spec.low <= spec.default <= spec.high and spec.low < spec.high
        spec.check(spec.default)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.name} {s.low:g}–{s.high:g}")
def test_the_stops_of_a_slider_span_its_range_and_contain_the_default(spec: Parameter) -> None:
    values = stops(spec)
    assert spec.default in values and not values.flags.writeable
    assert (np.diff(values) > 0).all() and min(5, spec.high - spec.low if spec.integer else 5) <= len(values) <= COUNT
    assert values[0] == min(spec.low, spec.default) and values[-1] == max(spec.high, spec.default)
    assert len({exact(value) for value in values}) == len(values)  # all stops have different texts
    if spec.integer:
        assert (values == np.round(values)).all()


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.name} {s.low:g}–{s.high:g}")
def test_stops_are_round_numbers(spec: Parameter) -> None:
    """Of values close to one it is the distance from one that is round."""
    for value in stops(spec)[1:-1]:
        digits = min(_digits(value), _digits(round(1 - value, 12)) if spec.scale == "one_minus_log" else 17)
        assert digits <= (3 if spec.scale == "linear" else 2) or value == spec.default, value


def _digits(value: float) -> int:
    """How many significant digits a number has."""
    mantissa = f"{abs(value):.12e}".partition("e")[0].replace(".", "")
    return len(mantissa.rstrip("0"))


def _spec(**options: object) -> Parameter:
    field = parameter("x", doc="", **options)  # type: ignore[arg-type]
    spec: Parameter = field.metadata["parameter"]
    return spec


def test_a_logarithmic_slider_has_about_equal_ratios_between_its_stops() -> None:
    values = stops(_spec(default=1e-3, low=1e-6, high=10.0, log=True))
    ratios = values[1:] / values[:-1]
    assert 95 <= len(values) <= COUNT  # seven decades with fourteen stops each
    assert ratios.min() > 1.09 and ratios.max() < 1.26
    assert {1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 1, 10} <= set(values)


@pytest.mark.parametrize("name", ["momentum", "beta1"])
def test_a_decay_rate_has_the_values_that_are_taught_and_ever_denser_stops_towards_one(name: str) -> None:
    rule = RULES["momentum" if name == "momentum" else "adam"]
    values = stops(rule.parameters()[name])
    assert {0, 0.5, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999} <= set(values)
    distances = 1 - values
    shrinking = distances[:-1] / distances[1:]
    assert 90 <= len(values) <= COUNT and shrinking.min() > 1.04 and shrinking.max() < 1.13


def test_a_typed_value_widens_the_range_and_stays_its_end() -> None:
    rate = _spec(default=1e-3, low=1e-6, high=10.0, log=True)
    assert stops(rate, 0.3) is stops(rate, 10.0) is stops(rate)
    wide = stops(rate, 25.0)
    assert (wide[0], wide[-1]) == (1e-6, 25) and {10, 20} <= set(wide) and len(wide) <= COUNT
    assert stops(rate, 0.0)[:2].tolist() == [0, 1e-6]
    near_one = stops(_spec(default=0.9, low=0.0, high=0.999, one_minus_log=True), 0.99995)
    assert near_one[-1] == 0.99995 and {0.99, 0.999, 0.9999} <= set(near_one) and len(near_one) <= COUNT
    linear = stops(_spec(default=1.0, low=0.0, high=2.0), 7.3)
    assert linear[-1] == 7.3 and {0, 1, 2, 5, 7} <= set(linear) and len(linear) <= COUNT


@pytest.mark.parametrize(
    ("low", "high", "default", "first", "count"),
    [
        (0.0, 0.999, 0.9, [0.0, 0.01, 0.02, 0.03], 101),
        (-90.0, 90.0, 18.0, [-90.0, -88.0, -86.0], 91),
        (0.0, 0.1, 0.0, [0.0, 0.001, 0.002], 101),
        (-5.0, 5.0, 0.05, [-5.0, -4.8], 52),
    ],
)
def test_a_linear_slider_has_round_steps(
    low: float, high: float, default: float, first: list[float], count: int
) -> None:
    values = stops(_spec(default=default, low=low, high=high))
    assert values[: len(first)].tolist() == first and len(values) == count and default in values


def test_whole_numbers_have_whole_stops() -> None:
    assert stops(_spec(default=2, low=1, high=5, integer=True)).tolist() == [1, 2, 3, 4, 5]
    many = stops(_spec(default=100, low=2, high=1000, integer=True, log=True))
    assert many[:4].tolist() == [2, 3, 4, 5] and {10, 100} <= set(many) and many[-1] == 1000


def test_a_number_of_steps_has_whole_stops() -> None:
    for schedule, name in (
        ("step_decay", "every"),
        ("cosine", "horizon"),
        ("warm_up", "over"),
        ("one_cycle", "horizon"),
    ):
        spec = SCHEDULES[schedule].parameters()[name]
        values = stops(spec)
        assert (values == np.round(values)).all() and {1.0, 2.0, 3.0, 10.0, 100.0, 1000.0, spec.high} <= {*values}
        assert SCHEDULES[schedule](**{name: 2.5}).parameters()  # typed values need not be whole


def test_some_of_the_stops_are_spread_over_all() -> None:
    values = np.arange(101.0)
    assert some(values, 11).tolist() == [10.0 * k for k in range(11)]
    coarse = some(values, 41)
    assert len(coarse) == 41 and (coarse[0], coarse[-1]) == (0, 100) and set(np.diff(coarse)) == {2, 3}
    np.testing.assert_array_equal(some(values, 500), values)
