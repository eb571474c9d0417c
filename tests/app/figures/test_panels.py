"""The axes of charts have room for their curves, and long curves look the same with fewer points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.figures import panels
from app.figures.marks import Dots, Line


@pytest.mark.parametrize("seed", range(25))
def test_a_log_axis_has_room_for_all_of_its_curves(seed: int) -> None:
    """A tenth of a decade below the lowest value and a seventh above the highest, whatever their sizes are."""
    rng = np.random.default_rng(seed)
    curves = [10 ** rng.uniform(-4, 4, 30) * 10 ** rng.uniform(-20, 20) for _ in range(2)]
    curves[1] = curves[0].max() * 10 ** -rng.uniform(0, 10, 12)
    axis = panels.log_axis(curves)
    values = np.concatenate(curves)
    assert axis.scale == "log"
    assert axis.low == pytest.approx(values.min() * 10**-0.1) and axis.high == pytest.approx(values.max() * 10**0.15)


def test_a_log_axis_leaves_out_what_it_has_no_place_for() -> None:
    """Only positive numbers count, and nothing below 10⁻¹² of the top."""
    values = np.array([np.nan, -3.0, 0.0, 7e-3, np.inf, 420.0])
    assert panels.log_axis([values]) == panels.log_axis([[7e-3, 420.0]])
    axis = panels.log_axis([[3e-17, 42.0]])
    assert axis.low == pytest.approx(42e-12 * 10**-0.1) and axis.high == pytest.approx(42 * 10**0.15)


def test_a_log_axis_of_equal_values_has_them_in_the_middle() -> None:
    axis = panels.log_axis([[23.0, 23.0]])
    assert axis.high / axis.low == pytest.approx(10**0.6)
    assert math.sqrt(axis.low * axis.high) == pytest.approx(23, rel=0.07)


def test_a_linear_axis_has_zero_and_room_for_all_of_its_curves() -> None:
    for values in ([0.3, 7.0], [-2.0, 7.0], [-2.0, -0.7]):
        axis = panels.linear_axis([values, [np.nan, np.inf]])
        room = 0.06 * (max(values) - min(values))
        assert axis.scale == "linear" and axis.high == pytest.approx(max(values) + room)
        assert axis.low == pytest.approx(min(values) - room if min(values) < 0 else 0.0)
    for shares, low, ticks in (
        ([0.42, 0.97], 0.38, (0.4, 0.6, 0.8, 1.0)),
        ([0.97, 0.99], 0.86, (0.9, 0.95, 1.0)),
        ([0.0, 0.9], -0.02, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
    ):
        axis = panels.linear_axis([shares], percent=True)
        assert (axis.low, axis.high) == pytest.approx((low, 1.02)) and axis.percent and axis.ticks == ticks
    assert panels.linear_axis([[0.0, 0.9]], percent=True, most=3).ticks == (0.0, 0.5, 1.0)


SHOWN = panels.Shown(None, "racer-3", "SGD", "#123456", "dash", pace=3)
"""A racer whose steps take three gradient evaluations, by which the clock counts."""


def test_a_constant_limit_is_a_line_from_the_start_to_the_end() -> None:
    line = panels.limit_line(SHOWN, np.full(41, 7.5))
    assert isinstance(line, Line) and line.dash == "dot" and line.racer == "racer-3"
    np.testing.assert_array_equal([line.x, line.y], [[0, 120], [7.5, 7.5]])


def test_a_limit_that_moves_is_drawn_at_every_step() -> None:
    limits = 7.5 + np.arange(41) % 4
    line = panels.limit_line(SHOWN, limits)
    np.testing.assert_array_equal([line.x, line.y, line.time], [3 * np.arange(41), limits, 3 * np.arange(41)])


def test_seeds_and_bands_are_at_the_times_of_the_clock() -> None:
    values = np.arange(12.0).reshape(2, 6) + 0.5
    lines, area = panels.strands(SHOWN, values), panels.band(SHOWN, *values)
    for mark in (lines, area):
        np.testing.assert_array_equal([mark.x, mark.time], [[0, 3, 6, 9, 12, 15]] * 2)
        assert (mark.racer, mark.color, mark.layer) == ("racer-3", "#123456", "under")
    np.testing.assert_array_equal(lines.y, values)
    np.testing.assert_array_equal([area.low, area.high], values)


def test_a_note_says_when_limits_follow_a_schedule() -> None:
    still, moving = np.full(5, 7.5), np.array([7.5, 7.5, 7.5, 2.5, 2.5])
    assert panels.limits_note([]) == ""
    assert "each step" not in panels.limits_note([still]) and panels.limits_note([still])
    assert "each step" in panels.limits_note([still, moving])


def test_the_axis_of_the_clock_has_all_steps() -> None:
    axis = panels.steps_axis(777, "evaluation")
    assert (axis.low, axis.high, axis.title, axis.whole) == (0, 777, "evaluation", True)
    assert panels.steps_axis(0).high == 1


def test_a_curve_of_a_single_value_is_a_dot() -> None:
    values = np.array([np.nan, 1e301, 3.5, np.inf])
    dot = panels.curve(SHOWN, np.arange(4), values, "loss")
    line = panels.curve(SHOWN, np.arange(4), [4.5, *values[1:]], "loss")
    assert isinstance(dot, Dots) and isinstance(line, Line) and line.dash == "dash"
    np.testing.assert_array_equal(dot.y, [np.nan, np.nan, 3.5, np.nan])
    np.testing.assert_array_equal(line.y, [4.5, np.nan, 3.5, np.nan])
    assert panels.curve(SHOWN, np.arange(4), [4.5, *values[1:]], "loss", dash="dot", color="#abcdef").color == "#abcdef"


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
def test_facets_fill_the_panel_and_do_not_meet(count: int) -> None:
    boxes = panels.facets(count)
    assert len(boxes) == count
    for k, (left, low, right, high) in enumerate(boxes):
        assert -1e-12 <= left < right <= 1 + 1e-12 and -1e-12 <= low < high <= 1 + 1e-12
        for other in boxes[k + 1 :]:
            assert right <= other[0] or other[2] <= left or high <= other[1] or other[3] <= low
    columns = min(4, count)
    assert [box[0] for box in boxes[:columns]] == pytest.approx([k * boxes[0][2] + k * 0.035 for k in range(columns)])
    assert boxes[columns - 1][2] == pytest.approx(1) and boxes[-1][1] == pytest.approx(0)
    assert len({round(right - left, 9) for left, _, right, _ in boxes}) == 1
