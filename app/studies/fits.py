"""What the pictures of one-dimensional fits share: samples, the curve without noise, fits, and their axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.figures.marks import Axes, Axis, Dash, Dots, Line, Lines
from app.figures.panels import Place, finite
from app.figures.series import color, spanned

ROOM = 0.15
"""The room above and below the samples, in shares of their range."""

TITLE = 0.17
"""The room between two pairs of axes, in shares of the panel: for the numbers of the upper, the title of the lower."""


def rows(count: int) -> list[Place]:
    """The places of this many pairs of axes below each other, with room for their titles."""
    height = (1 - TITLE * (count - 1)) / count
    tops = [1 - k * (height + TITLE) for k in range(count)]
    return [(0.0, top - height, 1.0, top) for top in tops]


def upright(values: Any, title: str = "y") -> Axis:
    """An upright axis round some values, with room for fits that overshoot them."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = ROOM * ((high - low) or 1.0)
    return spanned(low - room, high + room, title)


def fit_axes(x: Any, y: Any, **more: Any) -> Axes:
    """The axes of fits over places x, with room round targets y."""
    return Axes(x=spanned(float(np.min(x)), float(np.max(x)), "x"), y=upright(y), **more)


def samples(x: Any, y: Any, *, axes: int = 0, time: Any = None, word: str = "training sample") -> Dots:
    """Training samples; with a time, targets y (moments, k) are replaced."""
    return Dots(axes=axes, x=np.asarray(x), y=finite(y), color="ink", size="small", time=time, name=word, layer="over")


def true_curve(x: Any, y: Any, *, axes: int = 0, name: str = "curve without noise") -> Line:
    """The curve that fits are to find, dotted."""
    return Line(axes=axes, x=np.asarray(x), y=finite(y), color="ink", dash="dot", weight="thin", name=name)


def fit(
    x: Any, y: Any, slot: int, name: str, *, time: Any = None, axes: int = 0, dash: Dash = "solid", thin: bool = False
) -> Line:
    """A fit (points,) in the colour of a slot; with a time (m,), fits (m, points) are replaced."""
    y = finite(y)
    return Line(
        axes=axes,
        x=np.asarray(x),
        y=y,
        color=color(slot),
        time=time,
        dash=dash,
        weight="thin" if thin else "curve",
        name=name,
        hover=() if time is not None else (("y", y),),
    )


def bundle(x: Any, y: Any, slot: int, *, axes: int = 0) -> Lines:
    """Many fits (fits, points), faint."""
    return Lines(axes=axes, x=np.asarray(x), y=finite(y), color=color(slot), layer="under")
