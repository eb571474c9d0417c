"""Squares of small images, one square for each group of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import Axes, Axis, Tiles


def gallery(
    images: NDArray[np.uint8],
    names: Sequence[str],
    colors: Sequence[str],
    *,
    time: Any = None,
    classes: NDArray[np.uint8] | None = None,
    palette: tuple[str, ...] = (),
) -> tuple[tuple[Axes, ...], tuple[Tiles, ...]]:
    """The axes and the marks of a panel whose axes are squares, one for each group.

    Args:
        images: (groups, images, pixels), shades from 0 to 255, or (moments, groups, images, pixels). The images are
            square.
        names, colors: the name of each group, and its colour.
        time: (moments,), when each moment begins.
        classes: the class of each pixel, which has the colour of that class in `palette`; the shape of `images`.

    Raises:
        ValueError: if the images are not square.
    """
    shades = mosaic(images)
    kinds = None if classes is None else mosaic(classes, margin=len(palette))
    side = Axis(low=0, high=shades.shape[-1], grid=False, numbers=False)
    axes = tuple(Axes(x=side, y=side, title=name, color=color) for name, color in zip(names, colors, strict=True))
    return axes, tuple(
        Tiles(
            axes=k,
            values=shades[:, k],
            time=np.zeros(1) if time is None else np.asarray(time),
            classes=None if kinds is None else kinds[:, k],
            palette=(*palette, "paper") if palette else (),
        )
        for k in range(shades.shape[1])
    )


def mosaic(images: NDArray[np.uint8], margin: int = 0) -> NDArray[np.uint8]:
    """The images of each group row by row in a square with narrow margins, (moments, groups, side, side).

    Args:
        images: as in `gallery`.
        margin: the value between the images, and in the places that are left over.

    Raises:
        ValueError: if the images are not square.
    """
    images = images if images.ndim == 4 else images[None]
    moments, groups, count, pixels = images.shape
    side, across = math.isqrt(pixels), math.isqrt(max(0, count - 1)) + 1
    if side**2 != pixels:
        raise ValueError(f"images must be square; got {pixels} pixels")
    missing: Any = ((0, 0), (0, 0), (0, across**2 - count), (0, 0))
    whole = np.pad(images, missing, constant_values=margin).reshape(moments, groups, across, across, side, side)
    edges: Any = ((0, 0),) * 4 + ((1, 1),) * 2
    framed = np.pad(whole, edges, constant_values=margin)
    return framed.transpose(0, 1, 2, 4, 3, 5).reshape(moments, groups, across * (side + 2), across * (side + 2))
