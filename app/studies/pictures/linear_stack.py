"""The picture of the study of linear stacks: what networks compute, and their losses against depth."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
from numpy.typing import NDArray

from app.common.digits import short
from app.figures import theme
from app.figures.marks import AnyMark, Axes, Axis, Dots, Line, Panel, Text, Tiles
from app.figures.panels import chart
from app.figures.series import color, keys, log, plot, series
from optimizers.studies.catalogue.linear_stack import KINDS, Found, LinearStack

SHARES = (0.1, 0.25, 0.4)
"""Where the names of the curves stand, in shares of the steps from the end: curves of two depths may cross."""
LEAST_SQUARES = 2
"""The slot of the best affine map; those before it belong to the activation functions."""


def panels(study: LinearStack, found: Found) -> tuple[Panel, ...]:
    """The outputs of the best seed, the lowest losses against depth, and the losses along the training."""
    names = [*KINDS, "least squares"]
    lowest = _lowest(found)
    seeds = f"the seed with the lowest loss of {study.seeds}"
    y = log([lowest[lowest > 0], [found.linear_loss]], "mean squared error")
    return _outputs(study, found, seeds), _depths(study, found, lowest, y, names), _curves(study, found, y, names)


def _lowest(found: Found) -> NDArray[np.float64]:
    """The losses (activations, depths, moments) of the seed that ends with the lowest; NaN if there is none yet."""
    ends = np.where(np.isfinite(found.losses[..., -1]), found.losses[..., -1], np.inf)
    best = ends.argmin(axis=-1)
    return np.take_along_axis(found.losses, best[..., None, None], axis=2)[:, :, 0].astype(float)


def _outputs(study: LinearStack, found: Found, seeds: str) -> Panel:
    """A picture of the outputs for each activation and depth, and the training samples."""
    low, high = found.extent
    side = Axis(low=low, high=high, grid=False, numbers=False)
    axes, marks = list[Axes](), list[AnyMark]()
    for (i, kind), depth in itertools.product(enumerate(KINDS), range(study.depth)):
        shades = found.pictures[i, depth, :, ::-1]  # a grid's first row is at the bottom, a picture's at the top
        k = len(axes)
        axes.append(Axes(x=side, y=side, title=f"{kind}, {_maps(depth)}", color=color(i)))
        if np.isfinite(found.losses[i, depth, :, -1]).any():
            marks.append(
                Tiles(
                    axes=k,
                    values=np.rint(2 * np.abs(shades - 127.5)).astype(np.uint8),
                    time=found.steps,
                    classes=(shades > 127.5).astype(np.uint8),
                    palette=theme.CLASSES,
                    smooth=True,
                )
            )
        marks.append(
            Dots(
                axes=k,
                x=found.x[:, 0].astype(np.float32),
                y=found.x[:, 1].astype(np.float32),
                size="tiny",
                edge="paper",
                colors=found.labels.astype(np.uint8),
                palette=theme.CLASSES,
                layer="over",
            )
        )
    note = f"activation and number of affine maps (layers of weights); dots: training samples; {seeds}"
    return dataclasses.replace(plot("outputs", "Outputs", axes, marks, note), spread="squares")


def _depths(study: LinearStack, found: Found, lowest: NDArray[np.float64], y: Axis, names: list[str]) -> Panel:
    """The loss against depth at each moment, with the losses of all seeds at the end."""
    depths = np.arange(1, study.depth + 1)
    x = Axis(low=0.5, high=study.depth + 0.5, title="affine maps", whole=True, ticks=tuple(map(float, depths)))
    marks: list[AnyMark] = [_reference(found, x)]
    for i, kind in enumerate(KINDS):
        heights = lowest[i].T
        marks.append(Line(x=depths.astype(float), y=heights, time=found.steps, color=color(i), name=kind))
        marks.append(Dots(x=depths.astype(float), y=heights, time=found.steps, color=color(i), size="large", name=kind))
    note = f"lowest of {study.seeds} seeds; no linear stack can get below least squares"
    return plot("depths", "Loss against depth", Axes(x=x, y=y), marks, note, keys(names))


def _curves(study: LinearStack, found: Found, y: Axis, names: list[str]) -> Panel:
    """The losses along the training."""
    x = Axis(low=0, high=float(found.steps[-1]), title="step", whole=True)
    marks: list[AnyMark] = [_reference(found, x)]
    for (i, kind), depth in itertools.product(enumerate(KINDS), range(study.depth)):
        heights = _lowest(found)[i, depth]
        name = f"{kind}, {_maps(depth)}"
        marks.append(series(found.steps, heights, i, name, "loss", time=found.steps, dots=False, weight="thin"))
        if depth and kind != KINDS[0] and np.isfinite(heights[-1]):
            k = round((1 - SHARES[depth % len(SHARES)]) * (len(heights) - 1))
            marks.append(
                Text(x=float(found.steps[k]), y=float(heights[k]), words=(_maps(depth),), color=color(i), backing=True)
            )
    note = (
        f"a curve for each number of affine maps; Adam with η = {short(study.learning_rate)}, all samples in every step"
    )
    panel = chart(Axes(x=x, y=y), marks, note)
    return Panel(key="losses", title="Losses", axes=panel.axes, marks=panel.marks, note=panel.note, legend=keys(names))


def _maps(depth: int) -> str:
    """The number of affine maps in a network of this row, in words."""
    return f"{depth + 1} map{'s' * (depth > 0)}"


def _reference(found: Found, x: Axis) -> Line:
    """The loss of the best affine map."""
    ends = np.array([x.low, x.high])
    return series(
        ends,
        np.full(2, found.linear_loss),
        LEAST_SQUARES,
        "least squares",
        "loss",
        dash="dash",
        dots=False,
    )
