"""Fields between the points of their grid, held to the functions that they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.figures.marks import Field
from app.figures.resample import heights, resampled, step_in

X, Y = np.linspace(-2, 3, 30), np.linspace(-1, 1, 20)
FINE_X, FINE_Y = np.linspace(-2, 3, 403), np.linspace(-1, 1, 201)
HEIGHTS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda loss: loss,
    "log": np.log10,
    "signed log": lambda loss: np.sign(loss) * np.log10(1 + np.abs(loss)),
}


def _ravine(x: Any, y: Any) -> Any:
    """A valley of curvature 300 across and 1 along, which is narrower than a cell and turned against the grid."""
    return 0.5 * (x**2 + 300 * (y - 0.3 * x) ** 2) + 0.1


def _field(scale: Any, z: NDArray[np.float64], step: float = 0.25) -> Field:
    return Field(x=X, y=Y, z=z, low=float(np.nanmin(z)) - 9, high=float(np.nanmax(z)), step=step, scale=scale)


@pytest.mark.parametrize("scale", HEIGHTS)
def test_a_parabola_is_exact_between_the_points_whatever_its_scale(scale: str) -> None:
    rise, shift = HEIGHTS[scale], 20.0 if scale == "signed log" else 0.0
    fine = heights(_field(scale, rise(_ravine(*np.meshgrid(X, Y)) - shift)), FINE_X, FINE_Y)
    np.testing.assert_allclose(fine, rise(_ravine(*np.meshgrid(FINE_X, FINE_Y)) - shift), atol=1e-9)


def _islands(z: NDArray[np.float64], level: float) -> int:
    """How many pieces of a grid lie below a level, counted by flooding each from one of its points."""
    below, count = z < level, 0
    while below.any():
        count += 1
        edge = [tuple(np.argwhere(below)[0])]
        below[edge[0]] = False
        while edge:
            row, column = edge.pop()
            for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                inside = 0 <= near[0] < z.shape[0] and 0 <= near[1] < z.shape[1]
                if inside and below[near]:
                    below[near] = False
                    edge.append(near)
    return count


@pytest.mark.long
def test_a_valley_narrower_than_a_cell_is_one_piece_at_every_level() -> None:
    z = np.log10(_ravine(*np.meshgrid(X, Y)))
    fine = heights(_field("log", z), FINE_X, FINE_Y)
    levels = np.linspace(fine.min() + 0.3, fine.max(), 40)
    assert {_islands(fine, level) for level in levels} == {1}
    straight = np.array([np.interp(FINE_X, X, row) for row in z])  # what contours of straight lines would be
    straight = np.array([np.interp(FINE_Y, Y, column) for column in straight.T]).T
    assert max(_islands(straight, level) for level in levels) > 3


def test_what_is_not_a_number_spreads_no_further_than_its_cells() -> None:
    z = _ravine(*np.meshgrid(X, Y))
    z[7, 11] = np.nan
    fine = heights(_field("linear", z), FINE_X, FINE_Y)
    hole = (np.abs(FINE_X - X[11]) < X[1] - X[0])[None] & (np.abs(FINE_Y - Y[7]) < Y[1] - Y[0])[:, None]
    np.testing.assert_array_equal(np.isnan(fine), hole)


def test_a_part_of_a_field_has_at_least_the_points_that_it_had() -> None:
    field = _field("linear", _ravine(*np.meshgrid(X, Y)))
    part = resampled(field, (-1.0, 0.0), (-5.0, 0.0), 4, 50)
    assert (part.x[0], part.x[-1], part.y[0], part.y[-1]) == (-1.0, 0.0, -1.0, 0.0)
    assert part.z.shape == (50, len(part.x)) and len(part.x) == np.count_nonzero((X >= -1) & (X <= 0))


@pytest.mark.parametrize(("span", "step"), [(10.0, 0.25), (1.5, 0.25), (1.4, 0.125), (0.3, 0.03125), (1e-9, 0.25 / 64)])
def test_there_are_six_contours_in_a_view_or_their_step_is_halved(span: float, step: float) -> None:
    z = np.linspace(0, span, 600).reshape(20, 30)
    field = Field(x=X, y=Y, z=z, low=0.0, high=16.0, step=0.25)
    assert step_in(field) == step
