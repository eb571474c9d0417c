"""What networks make of their inputs, as the data have it: a boundary, a curve, a table, or dots."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.figures import theme
from app.figures.marks import AnyMark, Axes, Axis, Dots, Line, Note, Option, Panel, Symbol, Tiles
from app.figures.panels import Shown
from app.network.job import Job
from app.network.observers import (
    MEASURES,
    SHOWN,
    SIDE,
    along,
    extent,
    measures,
    observe_boundary,
    observe_confusion,
    observe_fit,
    observe_predictions,
    seen,
)
from app.network.run import Observer
from app.network.settings import SHADES, Training
from surfaces.network import DataSet
from surfaces.network.data import Samples

ACROSS, DOWN = 16, 4
"""How many images stand side by side, and in how many rows."""
MANY = 4
"""Racers beyond which samples are drawn smaller."""


def called(data: DataSet) -> str:
    """What the outcome of a network on these data is called."""
    if data.task == "classes":
        return "Decision boundary" if data.dimensions == 2 else "Confusion matrix"
    return "Fitted curve" if data.dimensions == 1 else "Predicted against true"


def observers(data: DataSet) -> Mapping[str, Observer]:
    """What has to be looked at for it."""
    kinds: dict[str, Observer] = {
        "Decision boundary": observe_boundary,
        "Confusion matrix": observe_confusion,
        "Fitted curve": observe_fit,
        "Predicted against true": observe_predictions,
    }
    name = called(data)
    return {name: kinds[name], **MEASURES}


def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    """The outcome at every kept step, racer by racer."""
    draw = {"Confusion matrix": _confusion, "Fitted curve": _fit, "Predicted against true": _predictions}
    name = called(job.data)
    return draw[name](job, shown) if name in draw else _boundary(job, shown, training.shade)


def before(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    """The data, before the first step: images as pictures, other samples as in the outcome."""
    pictures = mosaic(job.data)
    if called(job.data) != "Confusion matrix" or pictures is None:
        return panel(job, shown, training)
    rows, columns = pictures.shape
    axes = Axes(
        x=Axis(low=0, high=columns, numbers=False, grid=False), y=Axis(low=0, high=rows, numbers=False, grid=False)
    )
    note = f"the first {ACROSS * DOWN} training samples; press Train to see how the racers classify them"
    tiles = Tiles(values=pictures[None], time=np.zeros(1))
    return Panel(axes=(axes,), marks=(tiles,), note=(Note(text=note),))


def mosaic(data: DataSet) -> NDArray[np.uint8] | None:
    """The first training samples side by side, (rows, columns), if they are square images; None if they are not."""
    side = round(data.inputs**0.5)
    if side < 4 or side**2 != data.inputs or len(data.train) < ACROSS * DOWN:
        return None
    images = data.train.x[: ACROSS * DOWN] * data.deviation + data.mean
    low, high = float(images.min()), float(images.max())
    shades = np.rint(255 * (images - low) / ((high - low) or 1.0)).astype(np.uint8)
    framed = np.pad(shades.reshape(DOWN, ACROSS, side, side), ((0, 0), (0, 0), (1, 1), (1, 1)))
    return framed.transpose(0, 2, 1, 3).reshape(DOWN * (side + 2), ACROSS * (side + 2))


def _boundary(job: Job, shown: Sequence[Shown], shade: str) -> Panel:
    data = job.data
    (x0, x1), (y0, y1) = extent(data)
    axes, marks = [], list[AnyMark]()
    for k, racer in enumerate(shown):
        classes, sure = (_pictures(values, SIDE) for values in seen(racer.run, "Decision boundary"))
        if shade == "classes":
            sure = np.full_like(sure, 255)
        axes.append(_square(racer, Axis(low=x0, high=x1), Axis(low=y0, high=y1)))
        marks.append(
            Tiles(
                axes=k,
                racer=racer.id,
                # a grid's first row is at the bottom, a picture's at the top
                values=sure[:, ::-1],
                classes=classes[:, ::-1] % len(theme.CLASSES),
                palette=theme.CLASSES,
                smooth=True,
                **_scored(racer, len(sure)),
            )
        )
        parts: tuple[tuple[Samples, Symbol], ...] = ((data.train, "circle"), (data.validation, "square"))
        for samples, symbol in parts:
            marks.append(
                Dots(
                    axes=k,
                    racer=racer.id,
                    x=samples.x[:SHOWN, 0].astype(np.float32),
                    y=samples.x[:SHOWN, 1].astype(np.float32),
                    symbol=symbol,
                    size="tiny" if len(shown) > MANY else "normal",
                    edge="paper",
                    colors=(samples.y[:SHOWN].argmax(axis=1) % len(theme.CLASSES)).astype(np.uint8),
                    palette=theme.CLASSES,
                    layer="over",
                )
            )
    note = f"dots: training samples; squares: {data.held_out}" + (
        f"; the first {SHOWN} of each" if len(data.train) > SHOWN else ""
    )
    option = Option(name="shade", value=shade, choices=tuple(SHADES.items()))
    return Panel(axes=tuple(axes), marks=tuple(marks), note=(Note(text=note),), option=option, spread="squares")


def _confusion(job: Job, shown: Sequence[Shown]) -> Panel:
    axes, marks, side = [], list[AnyMark](), job.data.outputs
    for k, racer in enumerate(shown):
        shares = _pictures(seen(racer.run, "Confusion matrix"), side)
        axes.append(_square(racer, Axis(low=0, high=side), Axis(low=0, high=side)))
        marks.append(
            Tiles(
                axes=k,
                racer=racer.id,
                values=shares,
                color=racer.color,
                numbers=True,
                names=tuple(job.data.names),
                **_scored(racer, len(shares)),
            )
        )
    note = f"{job.data.held_out} samples by true class (rows) and predicted class (columns), in % of each row"
    return Panel(axes=tuple(axes), marks=tuple(marks), note=(Note(text=note),), spread="squares")


def _pictures(values: NDArray[Any], side: int) -> NDArray[Any]:
    """One picture for each moment, (moments, side, side)."""
    return values.reshape(len(values), side, side)


def _square(racer: Shown, x: Axis, y: Axis) -> Axes:
    """The axes of a picture, which have no numbers."""
    x, y = (dataclasses.replace(axis, numbers=False, grid=False) for axis in (x, y))
    return Axes(x=x, y=y, title=racer.title, color=racer.color, racer=racer.id)


def _scored(racer: Shown, count: int) -> dict[str, Any]:
    """The moments of a picture, and the share of held-out samples that are classified correctly at each."""
    accuracy = np.asarray(measures(racer.run).validation_accuracy[:count], np.float32)
    return {"time": racer.run.steps()[:count], "score": accuracy if np.isfinite(accuracy).any() else None}


def _fit(job: Job, shown: Sequence[Shown]) -> Panel:
    data = job.data
    mean, deviation = (np.ravel(v)[0] for v in (data.mean, data.deviation))
    marks: list[AnyMark] = []
    for part, samples, symbol in (("training", data.train, "circle"), (data.held_out, data.validation, "square-open")):
        x, y = samples.x[:SHOWN, 0] * deviation + mean, samples.y[:SHOWN, 0]
        common: Any = {"color": "muted", "symbol": symbol, "faint": True, "layer": "ground"}
        marks.append(Dots(x=x, y=y, name=f"{part} sample", hover=(("x", x), ("y", y)), **common))
    x = along(data) * deviation + mean
    for racer in shown:
        frames = seen(racer.run, "Fitted curve")
        time = racer.run.steps()[: len(frames)]
        marks.append(Line(racer=racer.id, x=x, y=frames, time=time, color=racer.color, dash=racer.dash))
    targets = np.concatenate([data.train.y, data.validation.y])[:, 0]
    room = 0.12 * float(np.ptp(targets) or 1.0)
    axes = Axes(
        x=Axis(low=float(x[0]), high=float(x[-1]), title="x"),
        y=Axis(low=float(targets.min()) - room, high=float(targets.max()) + room),
    )
    note = f"dots: training samples; squares: {data.held_out}"
    return Panel(axes=(axes,), marks=tuple(marks), note=(Note(text=note),))


def _predictions(job: Job, shown: Sequence[Shown]) -> Panel:
    true = job.data.validation.y[:SHOWN, 0]
    low, high = float(true.min()), float(true.max())
    room = 0.08 * ((high - low) or 1.0)
    low, high = low - room, high + room
    ends = np.array([low, high])
    marks: list[AnyMark] = [Line(x=ends, y=ends, color="muted", weight="hair", dash="dot", layer="ground")]
    for racer in shown:
        frames = seen(racer.run, "Predicted against true")
        time = racer.run.steps()[: len(frames)]
        marks.append(Dots(racer=racer.id, x=true, y=frames, time=time, color=racer.color))
    axes = Axes(x=Axis(low=low, high=high, title="true"), y=Axis(low=low, high=high))
    note = f"{job.data.held_out} samples: predicted (vertical) against true (horizontal)"
    return Panel(axes=(axes,), marks=tuple(marks), note=(Note(text=note),))
