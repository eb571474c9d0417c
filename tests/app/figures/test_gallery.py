"""Columns of small images: each image is where its column and its row are, below the names."""

from __future__ import annotations

import numpy as np
import pytest

from app.figures.gallery import HEAD, gallery, mosaic
from app.figures.marks import Text, Tiles

IMAGES = np.arange(2 * 3 * 16, dtype=np.uint8).reshape(2, 3, 16)
"""Two columns of three images of 4 × 4 pixels."""


def test_images_are_at_their_column_and_row() -> None:
    picture = mosaic(IMAGES)
    assert picture.shape == (1, HEAD + 3 * 6, 2 * 6)
    for column in range(2):
        for row in range(3):
            top, left = HEAD + 6 * row + 1, 6 * column + 1
            np.testing.assert_array_equal(picture[0, top : top + 4, left : left + 4].ravel(), IMAGES[column, row])
    assert picture.sum(dtype=int) == IMAGES.sum(dtype=int), "everything else is empty"


def test_moments_follow_each_other() -> None:
    axes, marks = gallery(np.stack([IMAGES, 255 - IMAGES]), ["a", "b"], ["muted"] * 2, time=[0, 7])
    tiles = marks[0]
    assert isinstance(tiles, Tiles) and list(tiles.time) == [0, 7] and axes.equal
    np.testing.assert_array_equal(tiles.values[1], mosaic(255 - IMAGES)[0])
    assert (axes.x.high, axes.y.high) == tiles.values.shape[:0:-1]


def test_names_stand_above_their_columns_in_their_colors() -> None:
    axes, marks = gallery(IMAGES, ["a", "b"], ["#005ba9", "muted"])
    texts = [mark for mark in marks if isinstance(mark, Text)]
    assert [(text.words, text.x, text.color) for text in texts] == [(("a",), 3, "#005ba9"), (("b",), 9, "muted")]
    assert all(text.y > axes.y.high - HEAD for text in texts)


def test_margins_have_the_colour_of_the_paper_where_pixels_have_classes() -> None:
    _, (tiles, *_) = gallery(IMAGES, ["a", "b"], ["muted"] * 2, classes=IMAGES % 2, palette=("#005ba9", "#c45a09"))
    assert isinstance(tiles, Tiles) and tiles.palette == ("#005ba9", "#c45a09", "paper") and tiles.classes is not None
    assert (tiles.classes[0, :HEAD] == 2).all() and (tiles.classes == 2).sum() == tiles.classes.size - IMAGES.size


def test_images_must_be_square() -> None:
    with pytest.raises(ValueError, match="images must be square; got 15 pixels"):
        mosaic(IMAGES[..., :15])
