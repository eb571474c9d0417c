"""Squares of small images: each image is where its row and its column are."""

from __future__ import annotations

import numpy as np
import pytest

from app.figures.gallery import gallery, mosaic

IMAGES = np.arange(1, 2 * 3 * 16 + 1, dtype=np.uint8).reshape(2, 3, 16)
"""Two groups of three images of 4 × 4 pixels."""


def test_images_are_row_by_row_in_a_square() -> None:
    picture = mosaic(IMAGES)
    assert picture.shape == (1, 2, 12, 12)
    for group in range(2):
        for k, (top, left) in enumerate([(1, 1), (1, 7), (7, 1)]):
            np.testing.assert_array_equal(picture[0, group, top : top + 4, left : left + 4].ravel(), IMAGES[group, k])
    assert picture.sum(dtype=int) == IMAGES.sum(dtype=int), "everything else is empty"


@pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4)])
def test_square_is_as_small_as_it_can_be(count: int, across: int) -> None:
    assert mosaic(np.ones((1, count, 16), np.uint8)).shape[-1] == across * 6


def test_each_group_has_a_square_with_its_name_and_moments() -> None:
    axes, marks = gallery(np.stack([IMAGES, 255 - IMAGES]), ["a", "b"], ["#005ba9", "muted"], time=[0, 7])
    assert [(pair.title, pair.color) for pair in axes] == [("a", "#005ba9"), ("b", "muted")]
    for k, tiles in enumerate(marks):
        assert tiles.axes == k and list(tiles.time) == [0, 7]
        np.testing.assert_array_equal(tiles.values[1], mosaic(255 - IMAGES)[0, k])


def test_margins_have_the_colour_of_the_paper_where_pixels_have_classes() -> None:
    _, marks = gallery(IMAGES, ["a", "b"], ["muted"] * 2, classes=IMAGES % 2, palette=("#005ba9", "#c45a09"))
    for k, tiles in enumerate(marks):
        assert tiles.palette == ("#005ba9", "#c45a09", "paper") and tiles.classes is not None
        assert (tiles.classes == 2).sum() == tiles.classes.size - IMAGES[k].size
        assert (tiles.classes == 1).sum() == (IMAGES[k] % 2 == 1).sum()


def test_images_must_be_square() -> None:
    with pytest.raises(ValueError, match="images must be square; got 15 pixels"):
        mosaic(IMAGES[..., :15])
