"""What can be seen of a training: one function a view, from runs to a panel that the player draws.

A panel is a plain mapping with a `type` (`chart`, `plane`, `fit`, `tiles`, `histograms` or `message`) and what that
type needs; colours may be words of a theme. An observer looks at the weights of each piece as it comes.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from app.figures import levels
from app.figures.numbers import short
from app.network.job import Job, Observer, Run
from app.network.settings import SAMPLES, Training
from optimizers.training import Piece
from surfaces.network import MLP, DataSet, Network
from surfaces.network.curvature import top_eigenvalues
from surfaces.network.measures import Measures, edges, measure
from surfaces.network.planes import Plane, plane_losses, plane_of_three, principal_plane, random_plane

SIDE = 48
"""Points of a decision boundary's grid in each direction."""
POINTS = 200
"""Points of a fitted curve."""
SHOWN = 400
"""Samples drawn as dots, at most."""
PLANE_SIDE = 41
PLANE_WORK = 2e11
"""Multiplications that a plane's picture may take: where a network is large, fewer samples are taken."""
CROP = 1e-12
PLANES: Mapping[str, str] = MappingProxyType(
    {
        "principal": "principal directions of the runs",
        "random": "random directions, filter-normalised",
        "three": "through the ends of three runs",
    }
)
"""How the plane of the loss landscape is chosen."""

Panel = dict[str, Any]


class Shown(NamedTuple):
    """A run as it is drawn: where its card stands, what it is called, and its colour and dash."""

    run: Run
    card: int
    title: str
    color: str
    dash: str


@dataclasses.dataclass(frozen=True)
class View:
    """One thing to see.

    Attributes:
        name: of the data in hand, where that decides what is seen.
        panel: (job, runs shown, training) → the panel.
        observers: what has to be looked at after each piece, by name.
        fits: whether there is something to see with these data.
        scales: whether rules' preconditioners are needed.
    """

    name: Callable[[DataSet], str]
    panel: Callable[[Job, Sequence[Shown], Training], Panel]
    observers: Callable[[DataSet], Mapping[str, Observer]]
    fits: Callable[[DataSet], bool] = lambda data: True
    scales: bool = False


def message(text: str) -> Panel:
    """A panel with nothing but a sentence."""
    return {"type": "message", "text": text}


# Observers: from a piece to arrays with the kept steps along axis 0.


def _filled(run: Run, weights: NDArray[Any]) -> NDArray[Any]:
    """The weights of a piece, the last of them repeated, so that one program serves pieces of any length."""
    missing = run.blocks - len(weights)
    return np.concatenate([weights, np.repeat(weights[-1:], missing, axis=0)]) if missing > 0 else weights


def observe_measures(run: Run, piece: Piece) -> Measures:
    held = (run.data.validation.x, run.data.validation.y)
    found = measure(run.network, _filled(run, piece.weights), held)
    return Measures(*(column[: len(piece.steps)] for column in found))


@jax.jit
def _outputs(model: MLP, weights: Any, x: Any) -> Any:
    return jax.lax.map(lambda w: model(w, x), weights)


def _predicted(run: Run, piece: Piece, x: NDArray[Any]) -> NDArray[np.float32]:
    weights = _filled(run, piece.weights)
    return np.asarray(_outputs(run.network.model, weights, np.asarray(x, np.float32)))[: len(piece.steps)]


def observe_boundary(run: Run, piece: Piece) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The class and how sure it is (0 for chance, 255 for certain) on the grid, (k, SIDE²) each."""
    (x0, x1), (y0, y1) = _extent(run.data)
    grid = np.stack(np.meshgrid(np.linspace(x0, x1, SIDE), np.linspace(y0, y1, SIDE)), axis=-1).reshape(-1, 2)
    return _sure(_predicted(run, piece, grid))


def _sure(outputs: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    shifted = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    share = (shifted / shifted.sum(axis=-1, keepdims=True)).max(axis=-1)
    chance = 1 / outputs.shape[-1]
    sure = np.nan_to_num((share - chance) / (1 - chance))
    return outputs.argmax(axis=-1).astype(np.uint8), np.rint(255 * np.clip(sure, 0, 1)).astype(np.uint8)


def observe_fit(run: Run, piece: Piece) -> NDArray[np.float32]:
    """The outputs along the input, (k, POINTS)."""
    return _predicted(run, piece, _along(run.data)[:, None])[..., 0]


def _along(data: DataSet) -> NDArray[np.float64]:
    low, high = float(data.train.x.min()), float(data.train.x.max())
    room = 0.05 * (high - low)
    return np.linspace(low - room, high + room, POINTS)


def observe_confusion(run: Run, piece: Piece) -> NDArray[np.uint8]:
    """Of the validation samples of each class (rows) the share given to each (columns), 0 to 255: (k, classes²)."""
    held, classes = run.data.validation, run.data.outputs
    given, true = _predicted(run, piece, held.x).argmax(axis=-1), held.y.argmax(axis=-1)
    counts = np.zeros((len(given), classes, classes))
    for k, row in enumerate(given):
        np.add.at(counts[k], (true, row), 1)
    share = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    return np.rint(255 * share).astype(np.uint8).reshape(len(given), -1)


def observe_predictions(run: Run, piece: Piece) -> NDArray[np.float32]:
    """The first output for validation samples, (k, samples)."""
    return _predicted(run, piece, run.data.validation.x[:SHOWN])[..., 0]


def observe_sharpness(run: Run, piece: Piece) -> NDArray[np.float64]:
    """λmax of the loss's Hessian, or of P⁻¹H for preconditioned rules, (k,)."""
    network = run.network.replace(x=run.network.x[:SAMPLES], y=run.network.y[:SAMPLES])
    scaled = bool(piece.preconditioners.shape[-1])
    if scaled and piece.steps[0] == 0:
        return np.array([math.nan])  # before the first step there is no P
    scales = _filled(run, piece.preconditioners) if scaled else None
    found = np.asarray(_largest(network, _filled(run, piece.weights), scales), dtype=float)
    return found[: len(piece.steps)]


@jax.jit
def _largest(network: Network, weights: Any, scales: Any) -> Any:
    return jax.lax.map(lambda at: top_eigenvalues(network, at[0], scale=at[1])[0], (weights, scales))


MEASURES: Mapping[str, Observer] = MappingProxyType({"measures": observe_measures})


def measures(run: Run) -> Measures:
    """What was measured of a run so far, along its kept steps."""
    return Measures(*(np.concatenate(column) for column in zip(*run.looks("measures"), strict=True)))


def _seen(run: Run, name: str) -> Any:
    found = run.looks(name)
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))
    return np.concatenate(found)


# Views.


def _curves(values: Callable[[Measures], Sequence[tuple[str, Any]]], log: bool, percent: bool = False) -> Any:
    """A chart of numbers along the kept steps: (dash, values) pairs for each run."""

    def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
        lines, ranged = [], []
        for one in shown:
            steps = one.run.steps()
            for k, (dash, y) in enumerate(values(measures(one.run))):
                lines.append(_line(one, k, steps, y, dash or one.dash, ("training", "validation")[k]))
                if one.run.diverged < 0:
                    ranged.append(y)
                ranged.append(y[:1])
        axis = _log_axis(ranged) if log else _linear_axis(ranged, percent)
        note = "training solid, validation dotted"
        return _chart(lines, {"xaxis": _steps(job), "yaxis": axis}, note)

    return panel


def _batch_loss(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    lines, ranged = [], []
    for one in shown:
        losses = np.asarray(one.run.losses(), dtype=float)
        if not len(losses):
            continue
        x, y = thinned(np.arange(len(losses)), losses)
        lines.append(_line(one, 0, x, y, one.dash, "batch"))
        ranged += [losses if one.run.diverged < 0 else losses[:1]]
    if not lines:
        return message("The loss of each step's batch, once there are steps.")
    return _chart(lines, {"xaxis": _steps(job), "yaxis": _log_axis(ranged)}, "of each step's batch, penalty included")


def thinned(x: NDArray[Any], y: NDArray[Any], most: int = 1200) -> tuple[NDArray[Any], NDArray[Any]]:
    """A curve of many points by the lowest and the highest of each stretch, in their order: what it looks like."""
    if len(x) <= 2 * most:
        return x, y
    width = -(-len(x) // most)
    whole = len(x) - len(x) % width
    rows = y[:whole].reshape(-1, width)
    at = np.sort(np.stack([rows.argmin(axis=1), rows.argmax(axis=1)], axis=1), axis=1)
    picked = (at + np.arange(len(rows))[:, None] * width).ravel()
    picked = np.append(picked, len(x) - 1)
    return x[picked], y[picked]


def _by_layer(values: Callable[[Run, Measures], Any], log: bool, hidden: bool, percent: bool = False) -> Any:
    """A facet a run, a line a layer; `hidden` says that the last layer has none."""

    def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
        data, ranged = [], []
        layout: dict[str, Any] = {"annotations": []}
        facets = _facets(len(shown))
        most = 0
        for k, (one, place) in enumerate(zip(shown, facets, strict=True)):
            found = np.asarray(values(one.run, measures(one.run)), dtype=float)
            steps = one.run.steps()[-len(found) :] if len(found) else np.zeros(0)
            most = max(most, found.shape[1])
            suffix = "" if k == 0 else str(k + 1)
            for layer in range(found.shape[1]):
                line = _line(one, layer, steps, found[:, layer], "solid", f"layer {layer + 1}")
                line["line"]["color"] = _layer_color(layer, found.shape[1])
                line |= {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
                data.append(line)
            if one.run.diverged < 0:
                ranged.append(found)
            ranged.append(found[:1])
            layout |= _facet_axes(job, place, suffix, k, len(shown))
            layout["annotations"].append(_facet_title(one, suffix))
        axis = _log_axis(ranged) if log else _linear_axis(ranged, percent)
        for k in range(len(shown)):
            layout[f"yaxis{'' if k == 0 else k + 1}"] |= axis
        if not most:
            return message("There is no hidden layer.")
        named = " ".join(f"<span style='color:{_layer_color(k, most)}'><b>{k + 1}</b></span>" for k in range(most))
        return _chart(data, layout, f"layer {named}")

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
    for one in shown:
        values = np.asarray(_seen(one.run, "sharpness"), dtype=float)
        lines.append(_line(one, 0, one.run.steps()[: len(values)], values, one.dash, "sharpness"))
        heights.append(values[np.isfinite(values) & (values > 0)])
        limit = one.run.rule.stability_limit()
        if limit is not None and math.isfinite(limit):
            ends = np.array([0, job.steps])
            line = _line(one, 1, ends, np.full(2, limit), "dot", "stable below")
            line["line"]["width"] = 1.5
            lines.append(line)
            heights.append(np.array([limit]))
    found = np.concatenate([h for h in heights if len(h)] or [np.ones(1)])
    wide = found.max() > 20 * np.quantile(found, 0.2)
    axis = _log_axis([found]) if wide else {"type": "linear", "range": [0.0, 1.12 * float(found.max())]}
    scaled = [one.title for one in shown if one.run.rule.preconditioned]
    note = "largest eigenvalue of the Hessian; dotted: stable below, 2/η for SGD"
    note += f"; for {', '.join(scaled)} of P⁻¹H" if scaled else ""
    return _chart(lines, {"xaxis": _steps(job), "yaxis": axis}, note + _of_samples(job.data))


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
    return {"type": "histograms", "rows": rows, "edges": edges(), "note": "hidden outputs, heights by square roots; outlined: at step 0"}


def _outcome_name(data: DataSet) -> str:
    if data.task == "classes":
        return "Decision boundary" if data.inputs == 2 else "Confusion matrix"
    return "Fitted curve" if data.inputs == 1 else "Predicted against true"


def _outcome_observers(data: DataSet) -> Mapping[str, Observer]:
    kinds: dict[str, Observer] = {
        "Decision boundary": observe_boundary,
        "Confusion matrix": observe_confusion,
        "Fitted curve": observe_fit,
        "Predicted against true": observe_predictions,
    }
    name = _outcome_name(data)
    return {name: kinds[name], **MEASURES}


def _outcome(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    name = _outcome_name(job.data)
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


def _boundary(job: Job, shown: Sequence[Shown]) -> Panel:
    data = job.data
    tiles = []
    for one in shown:
        classes, sure = _seen(one.run, "Decision boundary")
        tiles.append(_tile(one, {"classes": classes, "sure": sure}))
    (x0, x1), (y0, y1) = _extent(data)
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
    return {"type": "tiles", "side": SIDE, "tiles": tiles, "points": points, "smooth": True, "note": note}


def _confusion(job: Job, shown: Sequence[Shown]) -> Panel:
    tiles = [_tile(one, {"shares": _seen(one.run, "Confusion matrix")}) for one in shown]
    return {
        "type": "tiles",
        "side": job.data.outputs,
        "tiles": tiles,
        "points": [],
        "smooth": False,
        "names": list(job.data.names),
        "note": "validation samples: rows are true, columns predicted",
    }


def _extent(data: DataSet) -> tuple[tuple[float, float], tuple[float, float]]:
    """A square round all training and validation samples of two inputs."""
    both = np.concatenate([data.train.x, data.validation.x])
    low, high = both.min(axis=0), both.max(axis=0)
    middle, half = (low + high) / 2, 0.56 * float((high - low).max())
    return (float(middle[0] - half), float(middle[0] + half)), (float(middle[1] - half), float(middle[1] + half))


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
    x = _along(data) * deviation + mean
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
        "curves": [
            {
                "racer": one.card,
                "steps": one.run.steps()[: len(_seen(one.run, "Fitted curve"))].astype(np.int32),
                "frames": _seen(one.run, "Fitted curve"),
            }
            for one in shown
        ],
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
        "curves": [
            {
                "racer": one.card,
                "steps": one.run.steps()[: len(_seen(one.run, "Predicted against true"))].astype(np.int32),
                "frames": _seen(one.run, "Predicted against true"),
            }
            for one in shown
        ],
        "note": "validation samples, predicted (up) against true (right)",
    }


@dataclasses.dataclass(frozen=True, eq=False)
class Landscape:
    """The loss on a plane, and the runs' nearest points on it."""

    plane: Plane
    x: NDArray[Any]
    y: NDArray[Any]
    losses: NDArray[Any]
    paths: Sequence[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]
    """Coordinates (k, 2), distances off the plane (k,), and the true losses there (k,), run by run."""
    samples: int


def _landscape(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    if job.training_now or not any(one.run.last for one in shown):
        return message("The landscape round the runs, once they are trained.")
    first = shown[0].run.network
    alike = [
        one
        for one in shown
        if (one.run.network.model, one.run.network.objective) == (first.model, first.objective)
        and float(one.run.network.decay) == float(first.decay)
    ]
    key = f"landscape-{training.plane}-{training.seed}-{','.join(one.run.racer.id for one in alike)}"
    runs = [one.run for one in alike]
    found = job.later(key, functools.partial(landscape, runs, training.plane, training.seed), runs[0].device)
    if found is None:
        return message("Drawing the landscape …")
    if isinstance(found, Exception):
        return message(str(found))
    apart = len(shown) - len(alike)
    return _plane_panel(found, alike, apart, training.plane)


@jax.jit
def _all_losses(network: Any, weights: Any) -> Any:
    return jax.lax.map(network, weights)


def landscape(runs: Sequence[Run], kind: str, seed: int) -> Landscape:
    """The plane of a kind, the losses on it, and the runs against it.

    Raises:
        ValueError: where the runs span no plane.
    """
    weights = [run.weights() for run in runs]
    network = runs[0].network
    count = min(len(network.x), max(100, int(PLANE_WORK / (2 * network.model.size * PLANE_SIDE**2))))
    network = network.replace(x=network.x[:count], y=network.y[:count])
    if kind == "random":
        plane = random_plane(network.model, weights[0][-1], seed)
    elif kind == "three":
        if len(runs) < 3:
            raise ValueError("A plane through three solutions needs three racers of one network and loss.")
        plane = plane_of_three(*(w[-1] for w in weights[:3]))
    else:
        plane = principal_plane(np.concatenate(weights), runs=tuple(len(w) for w in weights))
    paths = []
    for w in weights:
        coordinates, distances = plane.coordinates(w)
        paths.append((coordinates, distances, np.asarray(_all_losses(network, jnp.asarray(w)), dtype=float)))
    points = np.concatenate([p[0] for p in paths])
    if kind == "random":
        low, high = np.full(2, -1.2), np.full(2, 1.2)
    else:
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.maximum(0.2 * (high - low), 0.05 * (high - low).max())
        low, high = low - room, high + room
    x, y = (np.linspace(low[k], high[k], PLANE_SIDE) for k in (0, 1))
    return Landscape(plane, x, y, plane_losses(network, plane, x, y), paths, count)


def _plane_panel(found: Landscape, shown: Sequence[Shown], apart: int, kind: str) -> Panel:
    true = np.concatenate([loss for _, _, loss in found.paths])
    finite = np.concatenate([found.losses[np.isfinite(found.losses)], true[np.isfinite(true)]])
    if not len(finite):
        return message("No loss on this plane is a finite number.")
    lowest = float(finite.min())
    scale = levels.Levels("log", lowest, max((float(np.median(finite)) - lowest) * 1e-2, 1e-9), 0.0, 1.0)
    ground = found.losses[np.isfinite(found.losses)]
    top = float(np.quantile(ground, 0.98)) if len(ground) else float(finite.max())
    scale = dataclasses.replace(scale, low=float(scale.height(lowest)), high=float(scale.height(max(top, lowest))))
    if not scale.high > scale.low:
        scale = dataclasses.replace(scale, high=scale.low + 1.0)
    tickvals, ticktext = scale.ticks()
    contour = {
        "type": "contour",
        "x": found.x,
        "y": found.y,
        "z": scale.height(found.losses).astype(np.float32),
        "zmin": scale.low,
        "zmax": scale.high,
        "hoverinfo": "skip",
        "showscale": True,
        "contours": {"start": scale.low, "end": scale.high, "size": (scale.high - scale.low) / levels.COUNT},
        "colorbar": {"tickvals": tickvals, "ticktext": ticktext, "title": {"text": scale.title}},
    }
    paths = []
    for one, (at, distance, loss) in zip(shown, found.paths, strict=True):
        shares = np.clip((scale.height(loss) - scale.low) / (scale.high - scale.low), 0, 1)
        paths.append(
            {
                "racer": one.card,
                "steps": one.run.steps().astype(np.int32),
                "x": at[:, 0],
                "y": at[:, 1],
                "distance": distance,
                "loss": loss,
                "shares": np.nan_to_num(shares, nan=1.0).astype(np.float32),
            }
        )
    return {
        "type": "plane",
        "data": [contour],
        "layout": {
            "xaxis": {"range": [float(found.x[0]), float(found.x[-1])], "showgrid": False},
            "yaxis": {"range": [float(found.y[0]), float(found.y[-1])], "showgrid": False},
        },
        "paths": paths,
        "note": _plane_note(found, apart, len(shown[0].run.data.train)),
        "options": {"name": "plane", "value": kind, "choices": list(PLANES.items())},
    }


def _plane_note(found: Landscape, apart: int, samples: int) -> str:
    said = []
    plane = found.plane
    if plane.explained is not None and plane.chance is not None:
        said.append(
            f"holds {plane.explained:.0%} of the runs' variance (random walks of this length: {plane.chance:.0%})"
        )
        if plane.explained < plane.chance:
            said.append("it says little of these runs")
    far = max(float(d.max()) for _, d, _ in found.paths)
    said.append(f"dots in the colour of their true loss, up to {short(far, 2)} off the plane")
    if found.samples < samples:
        said.append(f"losses of the first {found.samples:,} training samples")
    if apart:
        said.append(f"{apart} of another network or loss left out")
    return "; ".join(said)


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
        "outcome": View(_outcome_name, _outcome, _outcome_observers),
        "loss": View(_plain("Loss"), _curves(_loss_values, log=True), _only_measures),
        "accuracy": View(
            lambda data: "Accuracy" if data.task == "classes" else "Accuracy (classes only)",
            lambda job, shown, training: (
                _curves(_accuracy_values, log=False, percent=True)(job, shown, training)
                if job.data.task == "classes"
                else message("Accuracy is a share of classes, and these data have values to learn.")
            ),
            _only_measures,
            fits=lambda data: data.task == "classes",
        ),
        "batch_loss": View(_plain("Batch loss"), _batch_loss, _only_measures),
        "landscape": View(_plain("Loss landscape"), _landscape, _only_measures),
        "sharpness": View(
            _plain("Sharpness"), _sharpness, lambda data: {"sharpness": observe_sharpness, **MEASURES}, scales=True
        ),
        "gradients": View(
            _plain("Gradient norm per layer"), _by_layer(lambda run, m: m.gradients, True, False), _only_measures
        ),
        "activations": View(_plain("Activations per layer"), _activations, _only_measures),
        "dead": View(_plain("Dead units"), _by_layer(lambda run, m: m.dead, False, True, percent=True), _only_measures),
        "weights": View(
            _plain("Weight norm per layer"), _by_layer(lambda run, m: m.weights, False, False), _only_measures
        ),
        "updates": View(_plain("Update / weight per layer"), _by_layer(_updates, True, False), _only_measures),
    }
)
"""Every view by its key."""


# Charts.


def _line(one: Shown, k: int, x: Any, y: Any, dash: str, what: str) -> dict[str, Any]:
    y = np.asarray(y, dtype=float)
    with np.errstate(over="ignore"):
        y = np.where(np.isfinite(y) & (np.abs(y) < 1e300), y, np.nan)
    return {
        "type": "scatter",
        "mode": "lines",
        "uid": f"racer-{one.card}-{k}",
        "meta": one.run.racer.id,
        "x": np.asarray(x, dtype=float),
        "y": y,
        "name": one.title,
        "connectgaps": False,
        "line": {"color": one.color, "dash": dash, "width": 2},
        "hovertemplate": f"<b>%{{fullData.name}}</b>, step %{{x}}<br>{what} %{{y:.4~g}}<extra></extra>",
    }


def _chart(data: list[dict[str, Any]], layout: dict[str, Any], note: str) -> Panel:
    return {"type": "chart", "data": data, "layout": layout, "note": note}


def _steps(job: Job) -> dict[str, Any]:
    return {"range": [0, max(1, job.steps)], "title": {"text": "step"}}


def _log_axis(arrays: Sequence[Any]) -> dict[str, Any]:
    """A log axis round what is positive, cropped at 10⁻¹² of the top."""
    found = np.concatenate([np.ravel(a) for a in arrays] or [np.ones(1)]).astype(float)
    found = found[np.isfinite(found) & (found > 0)]
    top = float(found.max()) if len(found) else 1.0
    bottom = max(float(found.min()) if len(found) else 0.1, CROP * top)
    low, high = math.log10(bottom) - 0.1, math.log10(top) + 0.15
    if high - low < 0.6:
        low, high = (low + high) / 2 - 0.3, (low + high) / 2 + 0.3
    return {"type": "log", "range": [low, high]}


def _linear_axis(arrays: Sequence[Any], percent: bool) -> dict[str, Any]:
    found = np.concatenate([np.ravel(a) for a in arrays] or [np.ones(1)]).astype(float)
    found = found[np.isfinite(found)]
    low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
    if percent:
        return {"type": "linear", "range": [max(-0.02, min(low, 0.9) - 0.04), 1.02], "tickformat": ".0%"}
    room = 0.06 * ((high - low) or 1.0)
    return {"type": "linear", "range": [min(0.0, low) - (room if low < 0 else 0.0), high + room]}


def _facets(count: int) -> list[tuple[list[float], list[float]]]:
    """The places of so many charts, as shares of the figure, row by row from the top."""
    columns = min(4, max(1, count))
    rows = -(-count // columns)
    gap, head = 0.035, 0.09 if rows == 1 else 0.12 / rows
    width, height = (1 - gap * (columns - 1)) / columns, 1 / max(1, rows)
    places = []
    for k in range(count):
        row, column = divmod(k, columns)
        left, top = column * (width + gap), 1 - row * height
        places.append(([left, left + width], [top - height + (0.1 / rows if row < rows - 1 else 0.0), top - head]))
    return places


def _facet_axes(job: Job, place: Any, suffix: str, k: int, count: int) -> dict[str, Any]:
    (x, y), columns = place, min(4, count)
    under = k + columns >= count
    xaxis = {**_steps(job), "domain": x, "anchor": f"y{suffix}", "nticks": 3, "tickangle": 0, "showticklabels": under}
    if not under:
        xaxis.pop("title")
    yaxis = {"domain": y, "anchor": f"x{suffix}", "showticklabels": k % columns == 0}
    return {f"xaxis{suffix}": xaxis, f"yaxis{suffix}": yaxis}


def _facet_title(one: Shown, suffix: str) -> dict[str, Any]:
    return {
        "text": one.title,
        "name": "facet",
        "x": 0,
        "y": 1,
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": one.color, "size": 12},
    }
