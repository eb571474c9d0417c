"""Where paths leave a box, and the marks of a path."""

from __future__ import annotations

import numpy as np
import pytest

from app.figures.panels import Shown
from app.figures.trails import crossings, exit_of, followed, trail
from optimizers import OPTIMIZERS, trace
from surfaces import SURFACES

BOX = np.array([[-1.0, -1.0], [1.0, 1.0]])


def test_a_path_that_stays_is_left_as_it_is() -> None:
    path = np.array([[0.0, 0.0], [0.5, 0.5], [0.9, -0.9]])
    last, end = followed(path, 2, BOX)
    assert last == 2 and (end == path[2]).all()


def test_a_path_that_leaves_ends_on_the_line_on_which_it_left() -> None:
    path = np.array([[0.0, 0.0], [0.5, 0.25], [1e30, 5e29], [-1e60, 2e60], [1e90, 1e90]])
    last, end = followed(path, 4, BOX)
    assert last == 2
    assert end[1] == pytest.approx(end[0] / 2) and 1 < end[0] < 100


def test_a_path_that_comes_back_is_followed_to_its_last_visit() -> None:
    path = np.array([[0.0, 0.0], [50.0, 0.0], [-50.0, 0.5], [0.0, 70.0]])
    last, end = followed(path, 3, BOX)
    assert last == 2  # the segment from (50, 0) to (−50, ½) crosses the box, the next does not
    along, whole = end - path[1], path[2] - path[1]
    assert along[0] * whole[1] == pytest.approx(along[1] * whole[0])
    assert end[0] < -1


def test_where_a_path_leaves_for_the_last_time() -> None:
    box = np.array([[0.0, 0.0], [2.0, 1.0]])
    at, way = exit_of(np.array([[0.5, 0.5], [4.5, 0.5]]), box) or (None, None)
    np.testing.assert_allclose(at, [2.0, 0.5])
    np.testing.assert_allclose(way, [4.0, 0.0])
    assert exit_of(np.array([[3.0, 3.0], [4.0, 4.0]]), box) is None
    # it comes back through the box from the right, leaves at the left, and then passes it by
    at, way = exit_of(np.array([[0.5, 0.5], [4.5, 0.5], [-1.0, 0.5], [1.0, 4.5]]), box) or (None, None)
    np.testing.assert_allclose(at, [0.0, 0.5])
    np.testing.assert_allclose(way, [-5.5, 0.0])


def test_crossings_are_where_a_line_meets_the_sides() -> None:
    """From (−3, 0) to (3, 0) through the square of side 2: in at a third, out at two thirds; a parallel line misses."""
    a, b = np.array([[-3.0, 0.0], [-3.0, 5.0]]), np.array([[3.0, 0.0], [3.0, 5.0]])
    enter, leave = crossings(a, b, BOX)
    assert (enter[0], leave[0]) == pytest.approx((1 / 3, 2 / 3)) and enter[1] > leave[1]


def test_a_trail_is_the_run_and_tells_its_end_when_it_is_known() -> None:
    run = trace(SURFACES["quadratic_ravine"](), OPTIMIZERS["sgd"](learning_rate=0.5), steps=40)
    shown = Shown(run, "a", "SGD", "#d55e00", "dash", "square", pace=2)
    line = trail(shown, run.losses, ((-4.0, 4.0), (-3.0, 3.0)), status="growing @ 7", settled=7)
    count = len(line.x)
    assert 2 < count < 20 and line.x.dtype == np.float32
    np.testing.assert_allclose(np.column_stack([line.x, line.y])[:-1], run.positions[: count - 1], rtol=1e-6)
    np.testing.assert_array_equal(line.time, 2 * np.arange(count))  # type: ignore[arg-type]
    assert line.head and (line.head.symbol, line.head.ending, line.head.ended) == ("square", "SGD: growing @ 7", 14.0)
    calm = trace(SURFACES["quadratic_ravine"](), OPTIMIZERS["sgd"](learning_rate=0.01), steps=40)
    stays = trail(shown._replace(run=calm), calm.losses, ((-4.0, 4.0), (-3.0, 3.0)), status="moving")
    assert stays.head and stays.head.ending == "" and len(stays.x) == 41
