"""The stops of sliders: round values over the whole range, with the default among them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.common.cards import ON_CARD
from app.common.digits import exact
from app.common.stops import COUNT, some, stops
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


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.name} {s.low:g}–{s.high:g}")
def test_the_stops_of_a_slider_span_its_range_and_contain_the_default(spec: Parameter) -> None:
    values = stops(spec)
    assert spec.default in values and not values.flags.writeable
    assert (np.diff(values) > 0).all() and min(5, spec.high - spec.low if spec.integer else 5) <= len(values) < 120
    assert values[0] == min(spec.low, spec.default) and values[-1] == max(spec.high, spec.default)
    assert len({exact(value) for value in values}) == len(values)  # all stops have different texts
    if spec.integer:
        assert (values == np.round(values)).all()


@pytest.mark.parametrize("key", RULES)
def test_sliders_of_cards_have_equally_many_stops_so_that_sweeps_share_a_program(key: str) -> None:
    specs = RULES[key].parameters()
    shared = [specs[name] for name in ON_CARD if name in specs and (specs[name].low == 0 or specs[name].scale == "log")]
    assert {len(stops(spec)) for spec in shared} <= {COUNT}


def _spec(**options: object) -> Parameter:
    field = parameter("x", doc="", **options)  # type: ignore[arg-type]
    spec: Parameter = field.metadata["parameter"]
    return spec


def test_a_logarithmic_slider_has_equal_ratios_between_its_stops() -> None:
    values = stops(_spec(default=1e-3, low=1e-6, high=10.0, log=True))
    assert len(values) == COUNT
    exact_values = 10 ** (-6 + 7 * np.arange(COUNT) / (COUNT - 1))
    away = np.abs(np.log10(values) - np.log10(exact_values))
    default = int(np.flatnonzero(values == 1e-3)[0])
    assert default == 43  # 3/7 of the way is 42.86
    assert np.delete(away, default).max() < math.log10(1.005)  # three digits
    assert away[default] <= 0.035  # half a stop


def test_a_slider_towards_one_has_equal_ratios_between_the_distances_from_one() -> None:
    values = stops(_spec(default=0.999, low=0.0, high=0.9999, one_minus_log=True))
    expected = 1 - 10 ** (-4 * np.arange(COUNT) / (COUNT - 1))
    np.testing.assert_allclose(1 - values, 1 - expected, rtol=0.006)
    assert len(values) == COUNT and values[75] == 0.999


@pytest.mark.parametrize(
    ("low", "high", "default", "first", "count"),
    [
        (0.0, 0.999, 0.9, [0.0, 0.01, 0.02, 0.03], 101),
        (-90.0, 90.0, 18.0, [-90.0, -88.0, -86.0], 91),
        (0.0, 0.1, 0.0, [0.0, 0.001, 0.002], 101),
        (-5.0, 5.0, 0.05, [-5.0, -4.9], 102),
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
    assert many[:4].tolist() == [2, 3, 4, 5] and 100 in many and many[-1] == 1000


def test_some_of_the_stops_are_spread_over_all() -> None:
    values = np.arange(101.0)
    assert some(values, 11).tolist() == [10.0 * k for k in range(11)]
    coarse = some(values, 41)
    assert len(coarse) == 41 and (coarse[0], coarse[-1]) == (0, 100) and set(np.diff(coarse)) == {2, 3}
    np.testing.assert_array_equal(some(values, 500), values)
