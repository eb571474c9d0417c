"""Words of exported pictures: they stand where nothing is in their way."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.painter import paint_axes
from app.export.placing import SIDES, Places, box_on, shared
from app.export.sheet import Sheet, rules
from app.figures.marks import Axes, Axis, Head, Line, Side

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


def test_the_words_of_runs_that_leave_at_the_same_place_stand_apart() -> None:
    """Five runs leave through nearly the same point; each has its name and its end beside its arrow."""
    time = np.arange(3.0)
    lines = [
        Line(
            x=np.array([5.0, 5.0 + 0.1 * k, 5.0 + 0.2 * k]),
            y=np.array([5.0, 8.0, 30.0]),
            time=time,
            color="ink",
            weight="trail",
            future="absent",
            head=Head(symbol="circle", outside="arrow", label="run", ending=f"run {k}: diverged @ 2", ended=2.0),
        )
        for k in range(5)
    ]
    with rules():
        sheet = Sheet(640, 400, scale=1, theme_name="light", transparent=False)
        axes = Axes(x=Axis(low=0, high=10), y=Axis(low=0, high=10))
        paint_axes(sheet, axes, (0, 0, 640, 400), lines, "")
        sheet.show(2.0)
        sheet.canvas.draw()
        texts = [text for text in sheet.figure.axes[0].texts if text.get_visible() and text.get_text()]
        boxes = [text.get_window_extent().extents for text in texts]
    assert {text.get_text() for text in texts} == {f"run {k}: diverged @ 2" for k in range(5)}
    for k, box in enumerate(boxes):
        assert all(shared(tuple(box), tuple(other)) == 0 for other in boxes[:k])
