"""What networks make of their inputs, as the data have it: a boundary, a curve, a table, or dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.figures import theme
from app.figures.panels import Panel, Shown
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
from app.network.settings import Training
from surfaces.network import DataSet


def called(data: DataSet) -> str:
    """What the outcome of a network on these data is called."""
    if data.task == "classes":
        return "Decision boundary" if data.inputs == 2 else "Confusion matrix"
    return "Fitted curve" if data.inputs == 1 else "Predicted against true"


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
    name = called(job.data)
    draw = {
        "Decision boundary": _boundary,
        "Confusion matrix": _confusion,
        "Fitted curve": _fit,
        "Predicted against true": _predictions,
    }
    return draw[name](job, shown)


def _tile(one: Shown, frames: Mapping[str, Any]) -> dict[str, Any]:
    found = measures(one.run)
    count = len(next(iter(frames.values())))
    return {
        "racer": one.card,
        "steps": one.run.steps()[:count].astype(np.int32),
        "accuracy": np.asarray(found.validation_accuracy[:count], np.float32),
        **frames,
    }


def _curves(shown: Sequence[Shown], name: str) -> list[dict[str, Any]]:
    """What an observer saw of each racer, kept step by kept step."""
    curves = []
    for one in shown:
        frames = seen(one.run, name)
        curves.append({"racer": one.card, "steps": one.run.steps()[: len(frames)].astype(np.int32), "frames": frames})
    return curves


def _boundary(job: Job, shown: Sequence[Shown]) -> Panel:
    data = job.data
    tiles = []
    for one in shown:
        classes, sure = seen(one.run, "Decision boundary")
        tiles.append(_tile(one, {"classes": classes, "sure": sure}))
    (x0, x1), (y0, y1) = extent(data)
    points = []
    for part, samples in (("training", data.train), ("validation", data.validation)):
        few = samples.x[:SHOWN]
        points.append(
            {
                "part": part,
                "x": ((few[:, 0] - x0) / (x1 - x0)).astype(np.float32),
                "y": ((few[:, 1] - y0) / (y1 - y0)).astype(np.float32),
                "classes": samples.y[:SHOWN].argmax(axis=1).astype(np.uint8),
            }
        )
    note = "dots: training samples; squares: validation" + (
        f"; the first {SHOWN} of each" if len(data.train) > SHOWN else ""
    )
    common = {"type": "tiles", "side": SIDE, "smooth": True, "note": note}
    return {**common, "tiles": tiles, "points": points, "colors": list(theme.CLASSES)}


def _confusion(job: Job, shown: Sequence[Shown]) -> Panel:
    tiles = [_tile(one, {"shares": seen(one.run, "Confusion matrix")}) for one in shown]
    return {
        "type": "tiles",
        "side": job.data.outputs,
        "tiles": tiles,
        "points": [],
        "smooth": False,
        "names": list(job.data.names),
        "note": "validation samples of each true class (row), in % given to each class (column)",
    }


def _fit(job: Job, shown: Sequence[Shown]) -> Panel:
    data = job.data
    mean, deviation = (np.ravel(v)[0] for v in (data.mean, data.deviation))
    dots = []
    for part, samples, symbol in (("training", data.train, "circle"), ("validation", data.validation, "square-open")):
        dots.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": part,
                "cliponaxis": True,
                "x": samples.x[:SHOWN, 0] * deviation + mean,
                "y": samples.y[:SHOWN, 0],
                "marker": {"color": "muted", "size": 6, "symbol": symbol, "opacity": 0.75},
                "hovertemplate": f"{part} sample<br>x %{{x:.4~g}}, y %{{y:.4~g}}<extra></extra>",
            }
        )
    x = along(data) * deviation + mean
    targets = np.concatenate([data.train.y, data.validation.y])[:, 0]
    room = 0.12 * float(np.ptp(targets) or 1.0)
    return {
        "type": "fit",
        "mode": "lines",
        "data": dots,
        "layout": {
            "xaxis": {"range": [float(x[0]), float(x[-1])], "title": {"text": "x"}},
            "yaxis": {"range": [float(targets.min()) - room, float(targets.max()) + room]},
        },
        "x": x,
        "curves": _curves(shown, "Fitted curve"),
        "note": "dots: training samples; squares: validation",
    }


def _predictions(job: Job, shown: Sequence[Shown]) -> Panel:
    true = job.data.validation.y[:SHOWN, 0]
    low, high = float(true.min()), float(true.max())
    room = 0.08 * ((high - low) or 1.0)
    ends = [low - room, high + room]
    return {
        "type": "fit",
        "mode": "dots",
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": ends,
                "y": ends,
                "hoverinfo": "skip",
                "line": {"color": "muted", "width": 1, "dash": "dot"},
            }
        ],
        "layout": {"xaxis": {"range": ends, "title": {"text": "true"}}, "yaxis": {"range": ends}},
        "x": true,
        "curves": _curves(shown, "Predicted against true"),
        "note": "validation samples, predicted (up) against true (right)",
    }
