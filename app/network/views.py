"""What can be seen of a training: one function a view, from runs to a panel that the player draws.

A panel is a plain mapping with a `type` (`chart`, `plane`, `fit`, `tiles`, `histograms` or `message`) and what that
type needs; colours may be words of a theme. An observer looks at the weights of each piece as it comes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from app.figures.panels import (
    Panel,
    Shown,
    chart,
    facet_axes,
    facet_title,
    facets,
    limit_line,
    limits_in_view,
    limits_note,
    linear_axis,
    log_axis,
    message,
    steps_axis,
    thinned,
    trace,
)
from app.network import landscape, outcome
from app.network.job import Job
from app.network.observers import MEASURES, measures, observe_sharpness, seen
from app.network.run import Observer, Run
from app.network.settings import SAMPLES, Training
from optimizers import stability_limits
from surfaces.network import DataSet
from surfaces.network.measures import Measures, edges


@dataclasses.dataclass(frozen=True)
class View:
    """One thing to see.

    Attributes:
        name: of the data in hand, where that decides what is seen.
        panel: (job, runs shown, training) → the panel.
        observers: what has to be looked at after each piece, by name.
        fits: whether there is something to see with these data.
    """

    name: Callable[[DataSet], str]
    panel: Callable[[Job, Sequence[Shown], Training], Panel]
    observers: Callable[[DataSet], Mapping[str, Observer]]
    fits: Callable[[DataSet], bool] = lambda data: True


def _curves(values: Callable[[Measures], Sequence[tuple[str, Any]]], log: bool, percent: bool = False) -> Any:
    """A chart of numbers along the kept steps: (dash, values) pairs for each run."""

    def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
        lines, ranged = [], []
        for one in shown:
            steps = one.run.steps()
            for k, (dash, y) in enumerate(values(measures(one.run))):
                lines.append(trace(one, k, steps, y, dash or one.dash, ("training", "validation")[k]))
                if one.run.diverged < 0:
                    ranged.append(y)
                ranged.append(y[:1])
        axis = log_axis(ranged) if log else linear_axis(ranged, percent)
        note = "training solid, validation dotted"
        return chart(lines, {"xaxis": steps_axis(job.steps), "yaxis": axis}, note)

    return panel


def _batch_loss(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    lines, ranged = [], []
    for one in shown:
        losses = np.asarray(one.run.losses(), dtype=float)
        if not len(losses):
            continue
        x, y = thinned(np.arange(len(losses)), losses)
        lines.append(trace(one, 0, x, y, one.dash, "batch"))
        ranged += [losses if one.run.diverged < 0 else losses[:1]]
    if not lines:
        return message("The loss of each step's batch, once there are steps.")
    return chart(
        lines, {"xaxis": steps_axis(job.steps), "yaxis": log_axis(ranged)}, "of each step's batch, penalty included"
    )


def _by_layer(values: Callable[[Run, Measures], Any], log: bool, percent: bool = False) -> Any:
    """A facet a run, a line a layer."""

    def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
        data, ranged = [], []
        layout: dict[str, Any] = {"annotations": []}
        most = 0
        for k, (one, place) in enumerate(zip(shown, facets(len(shown)), strict=True)):
            found = np.asarray(values(one.run, measures(one.run)), dtype=float)
            steps = one.run.steps()[-len(found) :] if len(found) else np.zeros(0)
            most = max(most, found.shape[1])
            suffix = "" if k == 0 else str(k + 1)
            for layer in range(found.shape[1]):
                line = trace(one, layer, steps, found[:, layer], "solid", f"layer {layer + 1}")
                line["line"]["color"] = line["marker"]["color"] = _layer_color(layer, found.shape[1])
                line |= {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
                data.append(line)
            if one.run.diverged < 0:
                ranged.append(found)
            ranged.append(found[:1])
            layout |= facet_axes(job.steps, place, suffix, k, len(shown))
            layout["annotations"].append(facet_title(one, suffix))
        axis = log_axis(ranged) if log else linear_axis(ranged, percent)
        for k in range(len(shown)):
            layout[f"yaxis{'' if k == 0 else k + 1}"] |= axis
        if not most:
            return message("There is no hidden layer.")
        named = " ".join(f"<span style='color:{_layer_color(k, most)}'><b>{k + 1}</b></span>" for k in range(most))
        return chart(data, layout, f"layer {named}")

    return panel


def _layer_color(layer: int, count: int) -> str:
    """From blue at the input to orange at the output, at one lightness."""
    share = layer / max(1, count - 1)
    return f"hsl({215 - 190 * share:.0f}, 62%, 50%)"


def _updates(run: Run, found: Measures) -> Any:
    steps, updates = run.steps()[1:], run.updates()
    return updates[steps - 1] / found.weights[1:]


def _sharpness(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    lines, heights = [], []
    limited: list[np.ndarray] = []
    for one in shown:
        values = np.asarray(seen(one.run, "sharpness"), dtype=float)
        lines.append(trace(one, 0, one.run.steps()[: len(values)], values, one.dash, "sharpness"))
        heights.append(values[np.isfinite(values) & (values > 0)])
        limits = stability_limits(one.run.rule, job.steps)
        if np.isfinite(limits).any():
            limited.append(limits)
            lines.append(limit_line(one, limits))
            heights.append(limits_in_view(limits, heights[-1]))
    found = np.concatenate([h for h in heights if len(h)] or [np.ones(1)])
    wide = found.max() > 20 * np.quantile(found, 0.2)
    axis = log_axis([found]) if wide else {"type": "linear", "range": [0.0, 1.12 * float(found.max())]}
    scaled = [one.title for one in shown if one.run.rule.preconditioned]
    note = limits_note(limited) + "largest eigenvalue of the Hessian"
    note += f"; for {', '.join(scaled)} of P⁻¹H" if scaled else ""
    return chart(lines, {"xaxis": steps_axis(job.steps), "yaxis": axis}, note + _of_samples(job.data))


def _of_samples(data: DataSet, most: int = SAMPLES) -> str:
    return f"; of the first {most:,} training samples" if len(data.train) > most else ""


def _activations(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    rows = []
    for one in shown:
        found = measures(one.run)
        layers = found.histograms.shape[1]
        if layers == 0:
            continue
        rows.append(
            {
                "racer": one.card,
                "steps": one.run.steps().astype(np.int32),
                "layers": [np.asarray(found.histograms[:, layer], np.float32) for layer in range(layers)],
                "deviations": [np.asarray(found.deviations[:, layer], np.float32) for layer in range(layers)],
            }
        )
    if not rows:
        return message("There is no hidden layer.")
    return {
        "type": "histograms",
        "rows": rows,
        "edges": edges(),
        "note": "hidden outputs, heights by square roots; outlined: at step 0",
    }


def _loss_values(found: Measures) -> Sequence[tuple[str, Any]]:
    return (("", found.loss), ("dot", found.validation_loss))


def _accuracy_values(found: Measures) -> Sequence[tuple[str, Any]]:
    return (("", found.accuracy), ("dot", found.validation_accuracy))


def _plain(text: str) -> Callable[[DataSet], str]:
    return lambda data: text


def _only_measures(data: DataSet) -> Mapping[str, Observer]:
    return MEASURES


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "outcome": View(outcome.called, outcome.panel, outcome.observers),
        "loss": View(_plain("Loss"), _curves(_loss_values, log=True), _only_measures),
        "accuracy": View(
            lambda data: "Accuracy" if data.task == "classes" else "Accuracy (classes only)",
            lambda job, shown, training: (
                _curves(_accuracy_values, log=False, percent=True)(job, shown, training)
                if job.data.task == "classes"
                else message("Accuracy counts correct classes, and the targets of these data are numbers.")
            ),
            _only_measures,
            fits=lambda data: data.task == "classes",
        ),
        "batch_loss": View(_plain("Batch loss"), _batch_loss, _only_measures),
        "landscape": View(_plain("Loss landscape"), landscape.panel, _only_measures),
        "sharpness": View(_plain("Sharpness"), _sharpness, lambda data: {"sharpness": observe_sharpness, **MEASURES}),
        "gradients": View(
            _plain("Gradient norm per layer"), _by_layer(lambda run, m: m.gradients, log=True), _only_measures
        ),
        "activations": View(_plain("Activations per layer"), _activations, _only_measures),
        "dead": View(_plain("Dead units"), _by_layer(lambda run, m: m.dead, log=False, percent=True), _only_measures),
        "weights": View(
            _plain("Weight norm per layer"), _by_layer(lambda run, m: m.weights, log=False), _only_measures
        ),
        "updates": View(_plain("Update / weight per layer"), _by_layer(_updates, log=True), _only_measures),
    }
)
"""Every view by its key."""
