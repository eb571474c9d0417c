"""What can be seen of a training: one function a view, from runs to a panel of marks.

An observer looks at the weights of each piece as it comes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from app.common.digits import short
from app.figures.marks import AnyMark, Axes, Axis, Bars, Dots, Lines, Note, Panel
from app.figures.panels import (
    Shown,
    chart,
    curve,
    facet_axes,
    finite,
    limit_line,
    limits_in_view,
    limits_note,
    linear_axis,
    log_axis,
    message,
    steps_axis,
    thinned,
)
from app.network import diagram, landscape, neurons, outcome, search
from app.network.job import Job
from app.network.observers import MEASURES, lowest_validation, measures, observe_sharpness, seen
from app.network.run import Observer, Run
from app.network.settings import SAMPLES, Training
from optimizers import stability_limits
from surfaces.network import DataSet
from surfaces.network.measures import Measures, edges

SMOOTHED = 100
"""The losses of batches are averaged over this part of a run."""
WORDY = 3
"""The most hidden layers whose histograms have room for their names."""


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


def _unit(job: Job, training: Training) -> tuple[str, float]:
    """The word for what curves are drawn against, and how many steps it has."""
    return ("epoch", training.epoch(job.data)) if training.counts_epochs else ("step", 1.0)


def _clock_axis(job: Job, training: Training) -> Axis:
    """The axis of the steps or epochs of a training."""
    return steps_axis(job.steps, *_unit(job, training))


def _curves(values: Callable[[Measures], Sequence[Any]], log: bool, percent: bool = False) -> Any:
    """A chart of numbers along the recorded steps, of training samples and, dotted, of held-out samples."""

    def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
        marks, ranged = [], []
        for racer in shown:
            time = racer.run.steps()
            for k, (word, y) in enumerate(
                zip(("training", job.data.held_out), values(measures(racer.run)), strict=True)
            ):
                marks.append(curve(racer, time, y, word, dash="dot" if k else None))
                ranged.append(y if racer.run.diverged < 0 else y[:1])
        axis = log_axis(ranged) if log else linear_axis(ranged, percent)
        stops = [mark for racer in shown for mark in _early_stop(racer, values)]
        note = f"training solid, {job.data.held_out} dotted" + ("; diamond: lowest validation loss" if stops else "")
        return chart(Axes(x=_clock_axis(job, training), y=axis), [*marks, *stops], note)

    return panel


def _early_stop(racer: Shown, values: Callable[[Measures], Sequence[Any]]) -> tuple[Dots, ...]:
    """A sign on the validation curve where its loss is lowest, if that is before the last step.

    There, early stopping would end the run.
    """
    lowest = lowest_validation(racer.run)
    if lowest is None or lowest.step == racer.run.last:
        return ()
    time = np.array([lowest.step])
    y = finite(values(measures(racer.run))[1][lowest.record : lowest.record + 1])
    name = f"{racer.title}: lowest validation loss"
    common: Any = {"racer": racer.id, "x": time, "y": y, "time": time, "color": racer.color, "name": name}
    return (Dots(symbol="diamond", size="large", edge="paper", layer="over", hover=(("value", y),), **common),)


def _batch_loss(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    marks, ranged = list[AnyMark](), []
    window = max(1, job.steps // SMOOTHED)
    for racer in shown:
        losses = np.asarray(racer.run.losses(), dtype=float)
        if not len(losses):
            continue
        time, y = thinned(np.arange(len(losses)), losses)
        if window > 1:
            marks.append(Lines(racer=racer.id, x=time, y=finite(y)[None], time=time, color=racer.color, layer="under"))
            time, y = thinned(np.arange(len(losses)), running_mean(losses, window))
        marks.append(curve(racer, time, y, "batch"))
        ranged.append(losses if racer.run.diverged < 0 else losses[:1])
    if not marks:
        return message("The loss of each step's batch appears here once training starts.")
    axes = Axes(x=_clock_axis(job, training), y=log_axis(ranged))
    note = "loss of each step's batch, including the penalty"
    return chart(axes, marks, f"{note}: faint; strong: mean of the last {window:,} steps" if window > 1 else note)


def running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """The mean of each value (k,) and the `window` − 1 before it, or as many as there are."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(0, ends - window)
    return (sums[ends] - sums[begins]) / (ends - begins)


def _by_layer(values: Callable[[Run, Measures], Any], log: bool, percent: bool = False) -> Any:
    """A facet for each run, a line for each layer."""

    def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
        marks, ranged = [], []
        most = 0
        for k, racer in enumerate(shown):
            found = np.asarray(values(racer.run, measures(racer.run)), dtype=float)
            time = racer.run.steps()[-len(found) :] if len(found) else np.zeros(0)
            layers = found.shape[1]
            most = max(most, layers)
            for layer in range(layers):
                word, color = f"layer {layer + 1}", _layer_color(layer, layers)
                marks.append(curve(racer, time, found[:, layer], word, dash="solid", color=color, axes=k))
            ranged.append(found if racer.run.diverged < 0 else found[:1])
        if not most:
            return message("This network has no hidden layer.")
        axis = log_axis(ranged) if log else linear_axis(ranged, percent, most=3)
        key = (Note(text=str(k + 1), color=_layer_color(k, most)) for k in range(most))
        return chart(facet_axes(shown, job.steps, axis, *_unit(job, training)), marks, (Note(text="layer"), *key))

    return panel


def _layer_color(layer: int, count: int) -> str:
    """From blue at the input to orange at the output, at one lightness."""
    share = layer / max(1, count - 1)
    return f"hsl({215 - 190 * share:.0f}, 62%, 50%)"


def _updates(run: Run, found: Measures) -> Any:
    steps, updates = run.steps()[1:], run.updates()
    return updates[steps - 1] / found.weights[1:]


def _sharpness(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    marks, heights = [], []
    limited: list[np.ndarray] = []
    for racer in shown:
        values = np.asarray(seen(racer.run, "sharpness"), dtype=float)
        marks.append(curve(racer, racer.run.steps()[: len(values)], values, "sharpness"))
        heights.append(values[np.isfinite(values) & (values > 0)])
        limits = stability_limits(racer.run.rule, job.steps)
        if np.isfinite(limits).any():
            limited.append(limits)
            marks.append(limit_line(racer, limits))
            heights.append(limits_in_view(limits, heights[-1]))
    found = np.concatenate([h for h in heights if len(h)] or [np.ones(1)])
    wide = found.max() > 20 * np.quantile(found, 0.2)
    axis = log_axis([found]) if wide else Axis(low=0.0, high=1.12 * float(found.max()))
    scaled = [racer.title for racer in shown if racer.run.rule.preconditioned]
    note = limits_note(limited) + "largest eigenvalue of the Hessian"
    note += f"; for {', '.join(scaled)}, of P⁻¹H" if scaled else ""
    return chart(Axes(x=_clock_axis(job, training), y=axis), marks, note + _of_samples(job.data))


def _of_samples(data: DataSet, most: int = SAMPLES) -> str:
    return f"; over the first {most:,} training samples" if len(data.train) > most else ""


def _activations(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    """A histogram for each run and hidden layer: a row for each run."""
    rows = [(racer, measures(racer.run)) for racer in shown]
    rows = [(racer, found) for racer, found in rows if found.histograms.shape[1]]
    if not rows:
        return message("This network has no hidden layer.")
    low, *_, high = (float(edge) for edge in edges())
    axes, marks = [], list[AnyMark]()
    for row, (racer, found) in enumerate(rows):
        layers = found.histograms.shape[1]
        top = 1 - row / len(rows)
        for layer in range(layers):
            # square roots, for the spike of ReLU's zeros would flatten all else
            heights = np.sqrt(np.asarray(found.histograms[:, layer], np.float32))
            name = f"layer {layer + 1}, −4 … 4," if layers <= WORDY else f"{layer + 1}:"
            axes.append(
                Axes(
                    x=Axis(low=low, high=high, grid=False, numbers=False),
                    # the tallest of all moments, so that heights can be compared along the run
                    y=Axis(low=0.0, high=max(float(heights.max()), 1e-9), grid=False, numbers=False),
                    place=(layer / layers, top - 1 / len(rows), (layer + 1) / layers, top),
                    title="" if layer else racer.title,
                    color=racer.color,
                    racer=racer.id,
                )
            )
            spreads = (float(value) for value in found.deviations[:, layer])
            words = (f"{name} σ {short(value if np.isfinite(value) else np.inf, 2)}" for value in spreads)
            marks.append(
                Bars(
                    axes=len(axes) - 1,
                    racer=racer.id,
                    heights=heights,
                    time=racer.run.steps()[: len(heights)],
                    color=racer.color,
                    captions=tuple(words),
                )
            )
    note = "outputs of the hidden units; heights are square roots of shares; outlines: step 0"
    return Panel(axes=tuple(axes), marks=tuple(marks), note=(Note(text=note),))


def _loss_values(found: Measures) -> Sequence[Any]:
    return found.loss, found.validation_loss


def _accuracy_values(found: Measures) -> Sequence[Any]:
    return found.accuracy, found.validation_accuracy


BEFORE = ("loss", "accuracy", "sharpness", "gradients", "dead", "weights", "updates")
"""The views that are charts against the steps, and empty before the first."""


def _plain(text: str) -> Callable[[DataSet], str]:
    return lambda data: text


def _only_measures(data: DataSet) -> Mapping[str, Observer]:
    return MEASURES


VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "outcome": View(outcome.called, outcome.panel, outcome.observers),
        "network": View(_plain("Network"), diagram.panel, diagram.observers, neurons.fits),
        "loss": View(_plain("Loss"), _curves(_loss_values, log=True), _only_measures),
        "accuracy": View(
            lambda data: "Accuracy" if data.task == "classes" else "Accuracy (classes only)",
            lambda job, shown, training: (
                _curves(_accuracy_values, log=False, percent=True)(job, shown, training)
                if job.data.task == "classes"
                else message("Accuracy is defined for classes only, and the targets of these data are numbers.")
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
        "search": View(_plain("Hyperparameter search"), search.panel, _only_measures),
    }
)
"""Every view by its key."""
