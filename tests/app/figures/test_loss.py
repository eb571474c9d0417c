"""The losses of runs, and the axis that they are drawn on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.figures.loss import loss_line, losses_of
from app.figures.panels import Shown
from optimizers import OPTIMIZERS, trace
from surfaces import SURFACES


def _run(key: str, surface: Any, steps: int = 200, **values: float) -> Any:
    return trace(surface, OPTIMIZERS[key](**values), steps=steps, record=("positions", "losses"))


RAVINE = SURFACES["quadratic_ravine"](condition_number=30.0)


def test_the_curve_is_made_for_those_that_stay() -> None:
    """κ = 30: η = 0.017 converges, 0.08 > 2/30 grows, 8 leaves the numbers."""
    steady = _run("sgd", RAVINE, learning_rate=0.017)
    growing, diverged = _run("sgd", RAVINE, learning_rate=0.068), _run("sgd", RAVINE, 400, learning_rate=8.0)
    assert (growing.status.kind, diverged.status.kind) == ("growing", "diverged")
    assert growing.losses[-1] > 10 * growing.losses[0]
    alone = losses_of([steady], RAVINE).axis
    assert losses_of([steady, growing, _run("sgd", RAVINE, learning_rate=8.0)], RAVINE).axis == alone
    assert alone.scale == "log" and alone.low < steady.losses.min()
    assert steady.losses[0] < alone.high < 10 * steady.losses[0]
    (linear,) = alone.alternatives
    assert linear.scale == "linear" and linear.low < 0 and steady.losses[0] < linear.high < 1.2 * steady.losses[0]


def test_where_all_diverge_the_axis_shows_a_part_of_their_growth() -> None:
    """η = 8, 240 times the inverse curvature: the loss grows by 239² in a step, and by more than 10¹² in three."""
    diverged = _run("sgd", RAVINE, learning_rate=8.0)
    axis = losses_of([diverged], RAVINE).axis
    start = diverged.losses[0]
    assert axis.low < start and diverged.losses[2] < axis.high == pytest.approx(1e12 * start, rel=1.5)
    (linear,) = axis.alternatives
    assert start < 10 * start < linear.high < 12 * start


def test_where_all_grow_slowly_the_axis_shows_all_of_their_growth() -> None:
    growing = _run("sgd", RAVINE, learning_rate=0.068)
    axis = losses_of([growing], RAVINE).axis
    assert growing.status.kind == "growing"
    assert axis.low < growing.losses.min() and growing.losses.max() < axis.high < 3 * growing.losses.max()


def test_values_end_where_the_numbers_end() -> None:
    diverged = _run("sgd", RAVINE, 400, learning_rate=8.0)
    values = losses_of([diverged], RAVINE).values
    assert values.shape == (1, 401)
    assert np.isfinite(values[0, : diverged.last + 1]).all() and np.isnan(values[0, diverged.last + 1 :]).all()


def test_a_minimum_off_zero_is_subtracted_and_the_title_says_so() -> None:
    """The saddle's minima lie at −1/4."""
    surface = SURFACES["saddle"]()
    run = _run("sgd", surface, 30, learning_rate=0.2)
    found = losses_of([run], surface)
    np.testing.assert_allclose(found.values[0], run.losses + 0.25)
    assert found.offset == -0.25
    assert [axis.title for axis in (found.axis, *found.axis.alternatives)] == ["loss above the minimum (−0.25)"] * 2
    plain = losses_of([_run("sgd", RAVINE, learning_rate=0.017)], RAVINE, ": seeds 0 to 4").axis
    assert [axis.title for axis in (plain, *plain.alternatives)] == ["loss: seeds 0 to 4"] * 2


def test_where_the_curve_is_cropped_the_title_says_so() -> None:
    run = _run("momentum", RAVINE, 600, learning_rate=0.03, momentum=0.9)  # losses shrink by about β a step
    assert 0 < run.losses[-1] < 1e-20
    axis = losses_of([run], RAVINE).axis
    bottom = 1e-12 * run.losses[0]
    assert -12 < np.log10(bottom) < -10 and axis.title == "loss, cropped at 10⁻¹¹"
    assert axis.alternatives[0].title == "loss"
    assert np.log10(axis.low) == pytest.approx(np.log10(bottom), abs=0.5)


def test_no_runs_give_an_empty_curve() -> None:
    found = losses_of([], RAVINE)
    assert found.values.shape[0] == 0 and 0 < found.axis.low < found.axis.high


def test_a_line_of_losses_is_drawn_against_what_its_steps_cost() -> None:
    run = _run("sgd", RAVINE, 4, learning_rate=0.017)
    line = loss_line(Shown(run, "a", "A", "#d55e00", "solid", pace=3), run.losses)
    np.testing.assert_array_equal(line.x, [0, 3, 6, 9, 12])
    np.testing.assert_array_equal(line.y, run.losses)
    assert line.time is line.x and line.head and line.head.outside == "upward arrow"
