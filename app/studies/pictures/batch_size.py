"""The picture of the study of batch sizes: the loss between the two solutions, their sharpness, and test accuracy."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.digits import percent, short
from app.figures.marks import AnyMark, Axes, Axis, Dash, Dots, Lines, Panel
from app.figures.panels import linear_axis, log_axis
from app.figures.series import around, color, keys, plot, series, spanned
from optimizers.studies.catalogue.batch_size import LINE, OPTIMIZERS, SIZES, TRAINING, BatchSize, Found
from optimizers.studies.intervals import mean_interval

NAMES = [optimizer.name for optimizer in OPTIMIZERS]
HIGHEST = 8.0
"""The line is drawn up to this many times the loss at which the networks are compared, or to the highest test loss."""


def panels(study: BatchSize, found: Found) -> tuple[Panel, ...]:
    """The losses on the line, and the sharpness and the test accuracy of every network."""
    reached = np.isfinite(found.losses)
    lost = int((~reached[reached.any(axis=-1)]).sum())
    seeds = f"{study.seeds} seeds, {TRAINING} training images with {percent(study.label_noise)} wrong labels"
    seeds += f"; {lost} trainings did not reach the loss" if lost else ""
    sharp = f"largest eigenvalue of the Hessian of the training loss; {seeds}"
    return (
        _line(study, found, seeds),
        _pairs(study, found.sharpness, log_axis([found.sharpness]), "sharpness", "Sharpness", sharp),
        _pairs(
            study,
            found.test,
            linear_axis([found.test], percent=True),
            "accuracy",
            "Test accuracy",
            f"test labels are right; {seeds}",
        ),
    )


def _line(study: BatchSize, found: Found, seeds: str) -> Panel:
    """The mean losses on the straight line between the two solutions, with intervals."""
    marks: list[AnyMark] = []
    tops = [HIGHEST * study.loss]
    for k, name in enumerate(NAMES):
        kinds: tuple[tuple[NDArray[Any], str, Dash], ...] = (
            (found.line[k], "training loss", "solid"),
            (found.test_line[k], "test loss", "dash"),
        )
        for values, word, dash in kinds:
            part = mean_interval(values, axis=0)
            marks.append(around(LINE, part.low, part.high, k))
            marks.append(series(LINE, part.mean, k, f"{name}, {word}", word, dash=dash, dots=False))
            between = part.mean[(LINE >= 0) & (LINE <= 1)]
            tops += [1.3 * float(between[[0, -1]].max())] if np.isfinite(between).all() else []
    x = spanned(float(LINE[0]), float(LINE[-1]), "α", ticks=(0.0, 0.5, 1.0), words=("0: small", "0.5", "1: large"))
    y = Axis(low=0.0, high=max(tops), title="loss")
    note = (
        f"at (1 − α) w_small + α w_large, each as soon as its training loss is at most {short(study.loss, 3)}"
        f"{_reached(found)}; solid: training, dashed: test; means and 95 % intervals; {seeds}"
    )
    return plot("line", "Between the two solutions", Axes(x=x, y=y), marks, note, keys(NAMES))


def _reached(found: Found) -> str:
    """The mean losses at which the trainings were stopped, in words, once all optimizers have some."""
    means = mean_interval(found.losses).mean
    if not np.isfinite(means).all():
        return ""
    words = [
        f"{name} {' and '.join(short(float(value), 3) for value in pair)}"
        for name, pair in zip(NAMES, means, strict=True)
    ]
    return f" (means with small and large batches: {', '.join(words)})"


def _pairs(study: BatchSize, values: NDArray[Any], y: Axis, key: str, title: str, note: str) -> Panel:
    """The values of each seed for both sizes, joined by a line, and their means."""
    marks: list[AnyMark] = []
    ticks: list[tuple[float, str]] = []
    for k, name in enumerate(NAMES):
        x = np.array([3.0 * k, 3.0 * k + 1.5])
        heights = values[k].astype(float)
        ticks += [(float(x[0]), f"{name} {study.small}"), (float(x[1]), f"{name} {study.large}")]
        if np.isfinite(heights).any():
            marks.append(Lines(x=x, y=heights.T, color=color(k), layer="under"))
            for size, word in enumerate(SIZES):
                column = np.full(heights.shape[1], x[size])
                hover = ((title.lower(), heights[size]),)
                marks.append(
                    Dots(
                        x=column,
                        y=heights[size],
                        color=color(k),
                        size="small",
                        faint=True,
                        name=f"{name}, {word}",
                        hover=hover,
                    )
                )
            marks.append(series(x, mean_interval(heights).mean, k, f"{name}, mean", title.lower()))
    across = Axis(
        low=-0.9,
        high=5.4,
        title="optimizer and batch size",
        ticks=tuple(at for at, _ in ticks),
        words=tuple(word for _, word in ticks),
    )
    y = dataclasses.replace(y, title=title.lower())
    return plot(key, title, Axes(x=across, y=y), marks, f"thick: means; {note}", keys(NAMES))
