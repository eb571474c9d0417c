"""The view of a network as a graph: its neurons layer by layer, and the weights between them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.common.phrases import counted
from app.figures import theme
from app.figures.marks import AnyMark, Axes, Axis, Button, Graph, Note, Option, Panel, Text
from app.figures.panels import Shown
from app.network import neurons
from app.network.job import Job
from app.network.neurons import Neurons, observe_neurons
from app.network.observers import seen
from app.network.run import Observer
from app.network.settings import MAX_LAYERS, Training
from surfaces.network import MLP, DataSet

NAME = "Neurons"
"""The name of the observer."""
CAPTIONS = 0.1
"""The share of the height above the neurons in which captions stand."""
FILL = (0.66, 0.86)
"""The share of a column's width and of a row's height that a picture may take."""
ROOMY = 6
"""The most columns whose captions have room for whole words."""


def observers(data: DataSet) -> Mapping[str, Observer]:
    """The observer of the view."""
    return {NAME: observe_neurons}


def subject(training: Training, shown: Sequence[Shown]) -> Shown:
    """The racer whose network is drawn: the chosen one if it is visible, else the first."""
    return next((one for one in shown if one.id == f"racer-{training.inside}"), shown[0])


def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    """The network of one racer at every recorded step."""
    return drawn(job.data, shown, training)


def drawn(data: DataSet, shown: Sequence[Shown], training: Training) -> Panel:
    """The network of one racer on some data."""
    racer = subject(training, shown)
    model: MLP = racer.run.network.model
    found: Neurons = Neurons(*seen(racer.run, NAME))
    time = racer.run.steps()[: len(found.biases)]
    inputs = neurons.input_names(data) if neurons.has_plane(data) else ()
    counts = (*((len(inputs),) if inputs else ()), *neurons.shown(model))
    graph = _graph(racer, found, time, data, model, inputs, counts)
    words = _captions(model, data, counts, len(inputs))
    captions = [
        Text(x=float(k), y=1 - CAPTIONS / 2, words=(text,), layer="over", racer=racer.id)
        for k, text in enumerate(words)
    ]
    marks: list[AnyMark] = [graph, *captions]
    axes = Axes(
        x=Axis(low=-0.5, high=len(counts) - 0.5, numbers=False, grid=False),
        y=Axis(low=0.0, high=1.0, numbers=False, grid=False),
        racer=racer.id,
    )
    choices = tuple((one.id.removeprefix("racer-"), one.title) for one in shown)
    return Panel(
        axes=(axes,),
        marks=tuple(marks),
        note=_note(racer.title, data),
        option=Option(name="racer", value=racer.id.removeprefix("racer-"), choices=choices),
        buttons=_buttons(model.widths[1:-1], 1 if inputs else 0),
    )


def _graph(
    racer: Shown,
    found: Neurons,
    time: NDArray[np.int_],
    data: DataSet,
    model: MLP,
    inputs: Sequence[str],
    counts: Sequence[int],
) -> Graph:
    pictures = found.pictures
    numbers: list[NDArray[np.float32]] = [found.biases, found.low, found.high]
    if inputs:
        values = neurons.points(data).T
        drawn = neurons.painted(values, data)
        pictures = np.concatenate([np.broadcast_to(drawn, (len(pictures), *drawn.shape)), pictures], axis=1)
        ends = (np.full(len(inputs), np.nan), values.min(axis=1), values.max(axis=1))
        for k, column in enumerate(ends):
            wide = np.broadcast_to(column, (len(pictures), len(inputs)))
            numbers[k] = np.concatenate([wide, numbers[k]], axis=1).astype(np.float32)
    rows = max(counts)
    tall = (1 - CAPTIONS) / rows
    x = np.repeat(np.arange(len(counts), dtype=float), counts)
    y = np.concatenate([(1 - CAPTIONS) / 2 + tall * ((n - 1) / 2 - np.arange(n)) for n in counts])
    ends_of = np.cumsum([0, *counts])
    pairs = [
        (a + np.repeat(np.arange(i), o), b + np.tile(np.arange(o), i))
        for (a, b), (i, o) in zip(itertools.pairwise(ends_of[:-1]), itertools.pairwise(counts), strict=True)
    ]
    source, target = (np.concatenate([pair[k] for pair in pairs] or [np.zeros(0, int)]) for k in (0, 1))
    what = "output" if neurons.has_plane(data) else "pixel"
    return Graph(
        racer=racer.id,
        x=x,
        y=y,
        pictures=np.ascontiguousarray(pictures),
        grid=neurons.grid(data),
        room=(FILL[0], FILL[1] * tall),
        source=source,
        target=target,
        strengths=_strengths(found.weights, counts),
        time=time,
        palette=theme.SIGNED,
        names=_names(model, data, inputs, counts[1:] if inputs else counts),
        hover=(("bias", numbers[0]), (f"smallest {what}", numbers[1]), (f"largest {what}", numbers[2])),
    )


def _strengths(weights: NDArray[np.float32], counts: Sequence[int]) -> NDArray[np.float32]:
    """The weights (k, edges) relative to the largest between the same layers at any time."""
    strengths = np.zeros_like(weights)
    begin = 0
    for i, o in itertools.pairwise(counts):
        part = weights[:, begin : begin + i * o]
        finite = np.abs(part[np.isfinite(part)])
        largest = float(finite.max()) if finite.size else 0.0
        strengths[:, begin : begin + i * o] = np.nan_to_num(part / (largest or 1.0), posinf=0.0, neginf=0.0)
        begin += i * o
    return strengths


def _names(model: MLP, data: DataSet, inputs: Sequence[str], counts: Sequence[int]) -> tuple[str, ...]:
    *hidden, outputs = counts
    named = [f"input {name}" for name in inputs]
    named += [f"layer {k + 1}, neuron {j + 1}" for k, count in enumerate(hidden) for j in range(count)]
    kind = "class" if data.task == "classes" else "output"
    return (*named, *(f"{kind} {name}" for name in data.names[:outputs]))


def _captions(model: MLP, data: DataSet, counts: Sequence[int], inputs: int) -> list[str]:
    """What stands above each column: the number of neurons, and how many of them are shown."""
    brief = len(counts) > ROOMY
    words = [] if not inputs else ["in" if brief else counted(inputs, "input")]
    *hidden, outputs = model.widths[1:]
    shown = counts[1 if inputs else 0 :]
    for width, count in zip(hidden, shown, strict=False):
        part = f"{count} of {width:,}" if count < width else f"{width}"
        words.append(part if brief else f"{part} {'neuron' if width == 1 else 'neurons'}")
    kind = "class" if data.task == "classes" else "output"
    last = f"{shown[-1]} of {outputs:,} {kind}{'es' if kind == 'class' else 's'}"
    whole = ("classes" if outputs > 1 else "class") if kind == "class" else ("outputs" if outputs > 1 else "output")
    return [*words, "out" if brief else last if shown[-1] < outputs else f"{outputs} {whole}"]


def _note(title: str, data: DataSet) -> tuple[Note, ...]:
    """Whose network it is, and what the colours and the edges mean."""
    low, high = theme.SIGNED
    words = "edges: weights; pictures: outputs over the inputs"
    if not neurons.has_plane(data):
        words = "pictures: incoming weights, in later layers covariances of output and input"
    return (
        Note(text=f"{title}; {words}, relative to the largest;"),
        Note(text="negative", color=low),
        Note(text="positive", color=high),
    )


def _buttons(widths: Sequence[int], first: int) -> tuple[Button, ...]:
    """The buttons that add and remove neurons and layers; `first` is the column of the first hidden layer."""
    buttons = []
    for k, width in enumerate(widths):
        layer = k + 1
        buttons.append(Button(name=f"less {k}", text="−", label=f"Remove a neuron from layer {layer}",
                              x=float(first + k), enabled=width > 1))  # fmt: skip
        buttons.append(Button(name=f"more {k}", text="+", label=f"Add a neuron to layer {layer}", x=float(first + k)))
    last = float(first + len(widths))
    buttons.append(
        Button(name="shallower", text="− layer", label="Remove the last hidden layer", x=last, enabled=bool(widths))
    )
    deeper = len(widths) < MAX_LAYERS
    buttons.append(Button(name="deeper", text="+ layer", label="Add a hidden layer", x=last, enabled=deeper))
    return tuple(buttons)
