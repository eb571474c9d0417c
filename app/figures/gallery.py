"""Columns of small images with a name above each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import AnyMark, Axes, Axis, Text, Tiles

HEAD = 6
"""The height of the row of names, in pixels of the images."""


def gallery(
    images: NDArray[np.uint8],
    names: Sequence[str],
    colors: Sequence[str],
    *,
    time: Any = None,
    classes: NDArray[np.uint8] | None = None,
    palette: tuple[str, ...] = (),
) -> tuple[Axes, list[AnyMark]]:
    """The axes and the marks of a panel of square images.

    Args:
        images: (columns, rows, pixels), shades from 0 to 255, or (moments, columns, rows, pixels).
        names, colors: the name of each column, and its colour.
        time: (moments,), when each moment begins.
        classes: the class of each pixel, which has the colour of that class in `palette`; the shape of `images`.
    """
    shades = mosaic(images)
    _, height, width = shades.shape
    x, y = Axis(low=0, high=width, grid=False, numbers=False), Axis(low=0, high=height, grid=False, numbers=False)
    marks: list[AnyMark] = [
        Tiles(
            values=shades,
            time=np.zeros(1) if time is None else np.asarray(time),
            classes=None if classes is None else mosaic(classes, margin=len(palette)),
            palette=(*palette, "paper") if palette else (),
        )
    ]
    step = width / len(names)
    for k, (name, color) in enumerate(zip(names, colors, strict=True)):
        marks.append(Text(x=(k + 0.5) * step, y=height - HEAD / 2, words=(name,), color=color))
    return Axes(x=x, y=y, equal=True), marks


def mosaic(images: NDArray[np.uint8], margin: int = 0) -> NDArray[np.uint8]:
    """Images (columns, rows, pixels) side by side below an empty row of names, (moments, height, width).

    Args:
        images: as in `gallery`.
        margin: the value between the images, and in the row of names.

    Raises:
        ValueError: if the images are not square.
    """
    images = images if images.ndim == 4 else images[None]
    moments, columns, rows, pixels = images.shape
    side = round(pixels**0.5)
    if side**2 != pixels:
        raise ValueError(f"images must be square; got {pixels} pixels")
    edges: Any = ((0, 0),) * 3 + ((1, 1),) * 2
    framed = np.pad(images.reshape(moments, columns, rows, side, side), edges, constant_values=margin)
    joined = framed.transpose(0, 2, 3, 1, 4).reshape(moments, rows * (side + 2), columns * (side + 2))
    return np.pad(joined, ((0, 0), (HEAD, 0), (0, 0)), constant_values=margin)
