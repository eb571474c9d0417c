"""The axes of charts have room for their curves, and long curves look the same with fewer points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.figures import panels


def _room(curve: np.ndarray, axis: dict[str, object]) -> tuple[float, float]:
    """How much of the axis is free below and above a curve, in decades on a log axis."""
    low, high = axis["range"]  # type: ignore[misc]
    shown = np.log10(curve) if axis["type"] == "log" else curve
    return float(shown.min() - low), float(high - shown.max())


@pytest.mark.parametrize("seed", range(25))
def test_a_log_axis_has_room_for_all_of_its_curves(seed: int) -> None:
    """A tenth of a decade below the lowest value and a seventh above the highest, whatever their sizes are."""
    rng = np.random.default_rng(seed)
    curves = [10 ** rng.uniform(-4, 4, 30) * 10 ** rng.uniform(-20, 20) for _ in range(2)]
    curves[1] = curves[0].max() * 10 ** -rng.uniform(0, 10, 12)
    axis = panels.log_axis(curves)
    assert axis["type"] == "log"
    below, above = zip(*(_room(curve, axis) for curve in curves), strict=True)
    assert min(below) == pytest.approx(0.1) and min(above) == pytest.approx(0.15)


def test_a_log_axis_leaves_out_what_it_has_no_place_for() -> None:
    """Nothing that is no positive number counts, and nothing below 10⁻¹² of the top."""
    values = np.array([np.nan, -3.0, 0.0, 7e-3, np.inf, 420.0])
    assert panels.log_axis([values])["range"] == panels.log_axis([[7e-3, 420.0]])["range"]
    low, high = panels.log_axis([[3e-17, 42.0]])["range"]
    assert low == pytest.approx(math.log10(42e-12) - 0.1) and high == pytest.approx(math.log10(42) + 0.15)


def test_a_log_axis_of_equal_values_has_them_in_the_middle() -> None:
    low, high = panels.log_axis([[23.0, 23.0]])["range"]
    assert high - low == pytest.approx(0.6) and (low + high) / 2 == pytest.approx(math.log10(23), abs=0.03)


def test_a_linear_axis_has_zero_and_room_for_all_of_its_curves() -> None:
    for values in ([0.3, 7.0], [-2.0, 7.0], [-2.0, -0.7]):
        axis = panels.linear_axis([values, [np.nan, np.inf]], percent=False)
        low, high = axis["range"]
        room = 0.06 * (max(values) - min(values))
        assert high == pytest.approx(max(values) + room)
        assert low == pytest.approx(min(values) - room if min(values) < 0 else 0.0)
    shares = panels.linear_axis([[0.42, 0.97]], percent=True)
    assert shares["range"] == pytest.approx([0.38, 1.02]) and shares["tickformat"] == ".0%"
    assert panels.linear_axis([[0.97, 0.99]], percent=True)["range"] == pytest.approx([0.86, 1.02])
    assert panels.linear_axis([[0.0, 0.9]], percent=True)["range"] == pytest.approx([-0.02, 1.02])


def test_a_limit_far_above_the_sharpness_needs_no_room() -> None:
    sharpness = np.array([3.0, 7.0, np.nan, 5.0])
    limits = np.array([2.0, 69.0, 71.0, np.inf])
    np.testing.assert_array_equal(panels.limits_in_view(limits, sharpness), [2.0, 69.0])
    # the lowest limit is seen, however high it stands
    np.testing.assert_array_equal(panels.limits_in_view(np.array([300.0, 2900.0, 3100.0]), sharpness), [300.0, 2900.0])


@pytest.mark.parametrize("count", [2401, 7000, 100_003])
def test_a_long_curve_keeps_the_extremes_of_every_stretch(count: int) -> None:
    """Each stretch of ⌈count/1200⌉ points has its lowest and its highest among those kept, in their order."""
    rng = np.random.default_rng(3)
    x, y = np.arange(count) * 3.0, np.cumsum(rng.normal(size=count))
    short, heights = panels.thinned(x, y)
    assert len(short) <= 2401 and (np.diff(short) >= 0).all() and short[-1] == x[-1]
    np.testing.assert_array_equal(heights, y[(short / 3).astype(int)])
    width = math.ceil(count / 1200)
    for first in range(0, count - width, width):
        stretch = heights[(short >= x[first]) & (short <= x[first + width - 1])]
        part = y[first : first + width]
        assert (stretch.min(), stretch.max()) == (part.min(), part.max())


def test_a_curve_of_moderate_length_is_left_alone() -> None:
    x, y = np.arange(2400.0), np.arange(2400.0) ** 2
    short, heights = panels.thinned(x, y)
    assert short is x and heights is y


@pytest.mark.parametrize("steps", [3, 37, 60, 300, 777, 1500, 20_000, 100_000])
def test_the_ticks_of_a_facet_are_round_few_and_far_from_its_end(steps: int) -> None:
    ticks = panels._ticks(steps)
    assert ticks[0] == 0 and 1 <= len(ticks) <= 3 and max(ticks) < 0.8 * steps
    step = np.diff(ticks)
    assert len(ticks) >= 2 or steps < 4
    assert all(f"{value:e}"[0] in "125" and float(f"{value:.0e}") == value for value in step)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 11, 16])
def test_facets_fill_the_figure_and_do_not_meet(count: int) -> None:
    places = panels.facets(count)
    assert len(places) == count
    boxes = [(x[0], y[0], x[1], y[1]) for x, y in places]
    for k, (left, low, right, high) in enumerate(boxes):
        assert 0 <= left < right <= 1 + 1e-12 and 0 <= low < high <= 1
        for other in boxes[k + 1 :]:
            assert right <= other[0] or other[2] <= left or high <= other[1] or other[3] <= low
    columns = min(4, count)
    assert [box[0] for box in boxes[:columns]] == pytest.approx([k * boxes[0][2] + k * 0.035 for k in range(columns)])
    assert boxes[columns - 1][2] == pytest.approx(1) and boxes[-1][1] == pytest.approx(0)
