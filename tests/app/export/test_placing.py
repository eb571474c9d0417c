"""Words of exported pictures: they stand where nothing is in their way."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.placing import SIDES, Places, box_on, shared
from app.figures.marks import Side

SIZE = (50.0, 11.0)
POINT = np.array([200.0, 100.0])


def _places(*ways: list[list[float]]) -> Places:
    return Places((400.0, 200.0), [np.array(way, float) for way in ways])


@pytest.mark.parametrize("side", SIDES)
def test_with_nothing_in_the_way_words_stand_where_they_are_wanted(side: Side) -> None:
    assert _places().place(side, POINT, SIZE, 8) == side


def test_a_box_lies_on_its_side_of_the_point_the_gap_away() -> None:
    assert box_on("top right", 200, 100, SIZE, 8) == (208, 108, 258, 119)
    assert box_on("bottom left", 200, 100, SIZE, 8) == (142, 81, 192, 92)
    assert box_on("middle left", 200, 100, SIZE, 8) == (142, 94.5, 192, 105.5)


def test_words_step_aside_for_a_line_whose_points_are_far_away() -> None:
    above, below = [[-900, 114], [1300, 114]], [[-900, 86], [1300, 86]]
    assert _places(above).place("top center", POINT, SIZE, 8) == "bottom right"
    assert _places(above, below).place("top center", POINT, SIZE, 8) == "middle right"
    gap = [[np.nan, np.nan], [200, 114], [np.nan, np.nan]]
    assert _places(gap).place("top center", POINT, SIZE, 8) == "top center"


def test_words_stay_within_the_axes() -> None:
    assert _places().place("top center", np.array([200.0, 196.0]), SIZE, 8).startswith("bottom")
    assert _places().place("top center", np.array([398.0, 100.0]), SIZE, 8).endswith("left")


def test_words_cover_neither_marks_nor_other_words() -> None:
    places = _places()
    places.keep(200, 115, 6)
    for _ in range(3):
        places.place("top center", POINT, SIZE, 8)
    mark, *boxes = places.taken
    for k, box in enumerate(boxes):
        assert all(shared(box, other) == 0 for other in [mark, *boxes[:k]])
