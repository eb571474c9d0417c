"""Where a path leaves the map, and that all points drawn before belong to the run."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from jax import Array

from app.figures import map as maps
from app.figures import trails
from optimizers import OPTIMIZERS, trace
from surfaces import CriticalPoint, Surface

BOX = ((-2.0, 4.0), (1.0, 3.0))
CORNERS = np.transpose(BOX)
"""A box that is neither square nor centred at the origin."""


def _inside(point: np.ndarray, by: float = 0.0) -> bool:
    return all(low - by <= v <= high + by for v, (low, high) in zip(point, BOX, strict=True))


def _last_touch(path: np.ndarray) -> int | None:
    """The index of the end of the last segment that meets the box, by exact arithmetic."""
    found = None
    for k, (a, b) in enumerate(itertools.pairwise(path)):
        enter, leave = Fraction(0), Fraction(1)
        for p, q, (low, high) in zip(a, b, BOX, strict=True):
            start, way = Fraction(float(p)), Fraction(float(q)) - Fraction(float(p))
            if way:
                ends = sorted(((Fraction(low) - start) / way, (Fraction(high) - start) / way))
                enter, leave = max(enter, ends[0]), min(leave, ends[1])
            elif not low <= start <= high:
                leave = Fraction(-1)
        found = k + 1 if enter <= leave else found
    return found


def _walk(seed: int, parallel: bool) -> np.ndarray:
    """A random walk of 11 steps that drifts away from inside the map; each step may be parallel to one of the axes."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(rng.normal(0, 0.6, 2), 1.4, (11, 2))
    if parallel:
        steps[np.arange(11), rng.integers(0, 2, 11)] = 0.0
    return np.cumsum(np.vstack([[1.3, 2.2], steps]), axis=0)


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_a_path_is_followed_to_the_last_segment_that_meets_the_map(seed: int, parallel: bool) -> None:
    """Compare with exact arithmetic; the points after the last one are ignored."""
    path = _walk(seed, parallel)
    last, end = trails.followed(np.vstack([path, [[1.0, 2.0], [1.5, 2.5]]]), 11, CORNERS)
    if _inside(path[11]):
        assert last == 11 and (end == path[11]).all()
        return
    assert last == _last_touch(path)
    # The end lies on that segment: at its far end, or three widths of the box beyond where the path left.
    way, gone = path[last] - path[last - 1], end - path[last - 1]
    share = float(gone @ way / (way @ way))
    np.testing.assert_allclose(path[last - 1] + share * way, end, rtol=1e-12, atol=1e-12)
    assert 0 < share <= 1 and not _inside(end)
    assert share == 1 or np.abs(end - np.clip(end, *CORNERS)).max() <= 3 * 6 + 1e-9


@pytest.mark.parametrize("far", [1e3, 1e30, 1e200])
def test_a_step_beyond_all_pictures_ends_three_boxes_outside(far: float) -> None:
    """From (1, 2) along (2, 1) it leaves at the top, at (3, 3), and is followed 18 further: three times the width."""
    path = np.array([[1.0, 2.0], [1.0 + 2 * far, 2.0 + far], [-7.0 * far, 2.0]])
    last, end = trails.followed(path, 2, CORNERS)
    assert last == 1
    np.testing.assert_allclose(end, [3.0 + 18, 3.0 + 9], rtol=1e-9)


@pytest.mark.parametrize(("far", "followed"), [(5e9, 2), (7e9, 1)])
def test_a_path_is_followed_while_one_end_is_within_a_billion_boxes(far: float, followed: int) -> None:
    """The way from −`far` to `far` crosses the map, whose longer side is 6."""
    path = np.array([[1.0, 2.0], [-far, 2.0], [far, 2.0]])
    assert trails.followed(path, 2, CORNERS)[0] == followed
    assert trails.followed(np.roll(path, 1, axis=1), 2, CORNERS[:, ::-1])[0] == followed


def test_a_path_that_never_meets_the_map_ends_within_a_box_of_it() -> None:
    path = np.array([[10.0, 9.0], [900.0, 8.0], [1e6, -1e7]])
    last, end = trails.followed(path, 2, CORNERS)
    assert last == 2
    np.testing.assert_array_equal(end, [4.0 + 6, 1.0 - 2])


def test_a_path_of_a_single_point_ends_there() -> None:
    last, end = trails.followed(np.array([[9.0, 9.0], [0.0, 0.0]]), 0, CORNERS)
    assert last == 0 and end.tolist() == [9.0, 9.0]


class Ridge(Surface):
    """½(x² − y²): gradient descent multiplies x by 1 − η and y by 1 + η."""

    name = "Ridge"
    theme = "saddles"

    def __call__(self, w: Array) -> Array:
        return 0.5 * (w[0] ** 2 - w[1] ** 2)

    @property
    def domain(self) -> Any:
        return (-3.0, 2.0), (-1.5, 2.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.1, 0.3)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0, 0.0), "saddle"),)


def test_the_map_draws_the_points_of_the_run() -> None:
    """Before it leaves, the path has the points of the engine; all later points are its end."""
    surface, rates = Ridge(), (0.01, 0.07, 0.9, 900.0)
    runs = [trace(surface, OPTIMIZERS["sgd"](learning_rate=rate), steps=90) for rate in rates]
    extent = maps.extent(surface)
    top = extent[1][1]
    paths, leaves = trails.drawn(runs, 90, extent)
    # 0.3 (1 + η)ᵗ is above the top for the first time
    wanted = [next((t for t in range(91) if 0.3 * (1 + rate) ** t > top), 90) for rate in rates]
    assert paths.shape == (4, 91, 2) and leaves == wanted and 90 == leaves[0] > leaves[1] > leaves[2] > leaves[3] == 1
    np.testing.assert_array_equal(paths[0], runs[0].positions)
    for path, last, run in list(zip(paths, leaves, runs, strict=True))[1:]:
        np.testing.assert_array_equal(path[:last], run.positions[:last])
        np.testing.assert_array_equal(path[last:], np.broadcast_to(path[last], path[last:].shape))
        way, gone = run.positions[last] - path[last - 1], path[last] - path[last - 1]
        assert way[0] * gone[1] == pytest.approx(way[1] * gone[0], rel=1e-9) and path[last, 1] > top
    # The last of them, whose first step ends at y = 270, is drawn as far as three boxes beyond the edge.
    side = max(high - low for low, high in extent)
    (x0, y0), (x1, y1) = runs[-1].positions[:2]
    assert y1 == pytest.approx(0.3 * 901) and abs(x1) > y1
    exits = [(edge - p) / (q - p) for p, q, edges in ((x0, x1, extent[0]), (y0, y1, extent[1])) for edge in edges]
    share = min(s for s in exits if s > 0) + 3 * side / max(abs(x1 - x0), abs(y1 - y0))
    np.testing.assert_allclose(paths[-1, 1], (x0 + share * (x1 - x0), y0 + share * (y1 - y0)), rtol=1e-9)


@pytest.mark.parametrize(("steps", "runs", "most"), [(300, 3, 10**6), (777, 64, 200_000), (20_000, 16, 4_000_000)])
def test_the_steps_sent_fit_into_the_bytes_and_include_the_last(steps: int, runs: int, most: int) -> None:
    """A step of a run takes 16 bytes. The stride is the smallest that fits, and the last step is always sent."""
    kept = trails.kept(steps, runs, most)
    stride = next(k for k in range(1, steps) if runs * (steps + 1) * 16 <= most * k)
    assert kept.tolist() == [step for step in range(steps + 1) if step % stride == 0 or step == steps]


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_a_path_leaves_where_its_last_segment_crosses_the_edge(seed: int, parallel: bool) -> None:
    """The point is on the edge and on that segment, or it is the segment's end inside the box."""
    path = _walk(seed, parallel)
    found = trails.exit_of(path, CORNERS)
    last = _last_touch(path)
    assert found is not None and last is not None  # it starts inside
    point, way = found
    np.testing.assert_array_equal(way, path[last] - path[last - 1])
    share = float((point - path[last - 1]) @ way / (way @ way))
    assert 0 <= share <= 1 and _inside(point, 1e-9)
    np.testing.assert_allclose(path[last - 1] + share * way, point, atol=1e-12)
    assert share == 1 or not _inside(point + 1e-6 * way)
    outside = path[~np.array([_inside(point) for point in path])] + [100.0, 0.0]
    assert trails.exit_of(outside, CORNERS) is None
