"""The paths of runs: where they leave a box, and the marks that draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import Head, Line
from app.figures.panels import Shown

if TYPE_CHECKING:
    from optimizers import Trace

FAR = 3.0
"""How many boxes outside the map a path is still followed."""
GONE = ("growing", "diverged")
"""The kinds of status of runs that leave."""
Box = NDArray[np.float64]
"""((low x, low y), (high x, high y))."""


def crossings(a: Box, b: Box, box: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At which shares of the way from each point of `a` to that of `b`, (k, 2) both, a straight line through them
    enters the box and leaves it, (k,) each; it misses the box where it would leave before it enters (Liang and Barsky
    1984).
    """
    low, high = box
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        way = b - a
        one, other = (low - a) / way, (high - a) / way
        outside = np.where((a < low) | (a > high), np.inf, -np.inf)
        enter = np.where(way == 0, outside, np.minimum(one, other)).max(axis=1)
        leave = np.where(way == 0, np.inf, np.maximum(one, other)).min(axis=1)
    return enter, leave


def followed(path: NDArray[np.float64], last: int, box: Box) -> tuple[int, NDArray[np.float64]]:
    """The last point of a path (k, 2) that the map has to draw, and that point brought near.

    A run that grows ends further out than any picture, and further than the browser's numbers reach. Behind the last
    segment that meets the box there is nothing to see; that segment's far end is moved along it to a few boxes'
    distance, which changes nothing within the box. Worked out in float64, whose digits tell a hit from a miss only
    while one end is within 10⁹ boxes; beyond that the path is not followed.
    """
    low, high = box
    if ((path[last] >= low) & (path[last] <= high)).all() or last == 0:
        return last, path[last]
    a, b = path[:last], path[1 : last + 1]
    enter, leave = crossings(a, b, box)
    reach = 1e9 * (high - low).max()
    certain = np.minimum(np.abs(a).max(axis=1), np.abs(b).max(axis=1)) < reach
    meets = np.flatnonzero(certain & (enter <= leave) & (enter <= 1) & (leave >= 0))
    if not len(meets):
        return last, np.clip(path[last], low - (high - low), high + (high - low))
    k = int(meets[-1])
    with np.errstate(over="ignore"):
        step = b[k] - a[k]
        away = float(np.abs(step).max() / (high - low).max())
        share = min(1.0, leave[k] + FAR / away)
        return k + 1, a[k] + share * step


def exit_of(path: NDArray[np.float64], box: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Where a path (k, 2) that ends outside leaves a box for the last time, and the way it takes there; None where it
    never was inside.
    """
    a, b = path[:-1], path[1:]
    enter, leave = crossings(a, b, box)
    meets = np.flatnonzero((enter <= leave) & (enter <= 1) & (leave >= 0))
    if not len(meets):
        return None
    k = int(meets[-1])
    return a[k] + min(1.0, leave[k]) * (b[k] - a[k]), b[k] - a[k]


def drawn(runs: Sequence[Trace], steps: int, extent: Any) -> tuple[NDArray[np.float64], list[int]]:
    """The paths (runs, steps + 1, 2) as the map draws them, and of each the last point that is drawn."""
    paths, leaves = np.zeros((len(runs), steps + 1, 2)), []
    for path, run in zip(paths, runs, strict=True):
        path[:] = run.positions[:, :2]
        last, end = followed(path, run.last, np.transpose(extent))
        path[last:] = end
        leaves.append(last)
    return paths, leaves


def kept(steps: int, runs: int, most: int) -> NDArray[np.intp]:
    """The steps at which so many runs are sent: every one, or every second, and so on, and the last, so that paths in
    single and losses in double precision take about `most` bytes at most.
    """
    stride = max(1, -(-runs * (steps + 1) * 16 // most))
    return np.unique(np.append(np.arange(0, steps + 1, stride), steps))


def trail(
    shown: Shown,
    losses: NDArray[np.float64],
    extent: Any,
    *,
    status: str = "",
    settled: int = 0,
    precision: type[np.floating[Any]] = np.float32,
) -> Line:
    """The path of a run over the map, with its head.

    Args:
        losses: above the lowest minimum, (steps + 1,).
        status: what is written beside the head of a run that leaves, once the clock is at the step `settled`.
        precision: of its points; single precision is ample for a picture.
    """
    run = shown.run
    path = np.array(run.positions[:, :2], dtype=float)
    last, end = followed(path, run.last, np.transpose(extent))
    path[last] = end
    with np.errstate(over="ignore"):  # far outside any frame, infinity draws as well as 1e39
        x, y = path[: last + 1].astype(precision).T
    return Line(
        racer=shown.id,
        x=x,
        y=y,
        time=shown.pace * np.arange(last + 1),
        color=shown.color,
        dash=shown.dash,
        weight="trail",
        future="absent",
        casing=True,
        dots=True,
        head=Head(
            symbol=shown.symbol,
            outside="arrow",
            label=shown.title,
            ending=f"{shown.title}: {status}" if status and run.status.kind in GONE else "",
            ended=float(shown.pace * settled),
        ),
        name=shown.title,
        hover=(("x", x), ("y", y), ("loss", losses)),
        heights=losses,
        follows="path",
    )
