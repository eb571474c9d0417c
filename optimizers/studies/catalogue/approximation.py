"""Universal approximation: what a network of a certain width can fit, and what training reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from optimizers.rules.adam import Adam
from optimizers.studies import curves, declared
from optimizers.studies.curves import Floats
from optimizers.studies.networks import train_bundle
from optimizers.studies.study import Progress, Study, Table
from surfaces.digits import short
from surfaces.network.activations import ACTIVATIONS
from surfaces.network.network import Network
from surfaces.parameter import parameter

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
SAMPLES = np.linspace(-1, 1, 101)
"""The training samples."""
GRID = np.linspace(-1, 1, 401)
"""The places at which errors are measured, and at which the construction fits the target."""
STEEPNESS = (1.0, 3.0, 10.0, 30.0, 100.0)
"""The slopes that the neurons of the construction have, times the width of the interval between two of them."""
TARGETS: Mapping[str, tuple[str, Callable[[Floats], Floats]]] = MappingProxyType(
    {
        "sine": ("sin 2πx", lambda x: np.sin(2 * np.pi * x)),
        "sines": ("sin 2πx + ½ sin 7πx", lambda x: np.sin(2 * np.pi * x) + 0.5 * np.sin(7 * np.pi * x)),
        "abs": ("|x|", np.abs),
        "step": ("step at 0", lambda x: np.where(x > 0, 1.0, -1.0)),
        "peak": ("1 / (1 + 25x²)", lambda x: 1 / (1 + 25 * x**2)),
        "chirp": ("sin 6πx²", lambda x: np.sin(6 * np.pi * x**2)),
    }
)
"""The functions to approximate: names and values."""


class Found(NamedTuple):
    """The result so far, NaN where it is missing.

    Attributes:
        widths: (k,), the numbers of hidden neurons.
        grid, target: (points,), the places at which errors are measured, and the target there.
        errors: (k, seeds), the root of the mean squared error after training.
        constructed: (k,), the error of a network of this width that is constructed instead of trained.
        best, median: (k, points), the outputs of the network with the lowest and with the median error.
        construction: (k, points), the outputs of the constructed network.
    """

    widths: np.ndarray
    grid: Floats
    target: Floats
    errors: Floats
    constructed: Floats
    best: Floats
    median: Floats
    construction: Floats


class Approximation(Study):
    r"""Error against width for a target function, over several seeds (Cybenko 1989; Hornik 1991).

    Some network with one hidden layer comes as close to a continuous function as one likes, if it is wide enough. The
    theorem does not say that training finds it. For comparison, a network of the same width is constructed: its neurons
    have equal slopes and evenly spaced zeros, its output weights follow by least squares, and the best of a few slopes
    is taken. Where its error is lower than that of the trained networks, training has missed a better network.
    """

    name = "Universal approximation"
    label = "Approximation"
    group = "Architecture"
    rows = ("N16",)
    about = (
        "With 128 neurons, the error of a constructed network falls below a thousandth. 3,000 steps of Adam from 12 "
        "seeds end about 200 times above that error: a better network exists, and training does not find it."
    )
    source = (
        "G. Cybenko (1989), Approximation by superpositions of a sigmoidal function; K. Hornik (1991), Approximation "
        "capabilities of multilayer feedforward networks"
    )
    seconds = 10.0

    target: str = parameter(
        "f",
        default="sines",
        choices={key: name for key, (name, _) in TARGETS.items()},
        tuned=False,
        doc="Target function on [−1, 1].",
    )
    activation: str = parameter(
        "φ",
        default="tanh",
        choices={key: ACTIVATIONS[key].name for key in ("tanh", "relu", "gelu")},
        tuned=False,
        doc="Activation function of the hidden layer.",
    )
    seeds: int = declared.seeds(12)
    steps: int = declared.steps(3000)
    learning_rate: float = declared.learning_rate()

    def run(self, seed: int = 0) -> Iterator[Progress]:
        k, r, points = len(WIDTHS), self.seeds, len(GRID)
        function = TARGETS[self.target][1]
        target = function(GRID)
        shapes = ((k, r), (k,), *[(k, points)] * 3)
        found = Found(np.array(WIDTHS), GRID, target, *[np.full(shape, np.nan) for shape in shapes])
        x, y = (v.astype(np.float32)[:, None] for v in (SAMPLES, function(SAMPLES)))
        for i, width in enumerate(WIDTHS):
            model = curves.with_room(width, self.activation)
            starts = curves.starts_within(model, width, np.random.default_rng([seed, width]), r)
            network = Network(model, x, y, objective="mse")
            stride = curves.stride_of(r, len(x), model.size)
            for part in train_bundle(network, Adam(self.learning_rate), starts, self.steps, stride=stride):
                if part.step < self.steps:
                    yield Progress((i + part.step / self.steps) / k, found)
            found = Found(*map(np.copy, found))
            outputs = curves.values_of(model, part.weights, GRID)
            found.errors[i] = np.sqrt(np.square(outputs - target).mean(axis=1))
            order = np.argsort(found.errors[i])
            found.best[i], found.median[i] = outputs[order[0]], outputs[order[(r - 1) // 2]]
            found.construction[i] = constructed(width, self.activation, GRID, target)
            found.constructed[i] = np.sqrt(np.square(found.construction[i] - target).mean())
            yield Progress((i + 1) / k, found)

    def table(self, found: Found) -> Table:
        columns = ("width", "lowest error", "median error", "highest error", "error of the construction")
        rows = [
            (int(width), float(e.min()), float(np.median(e)), float(e.max()), float(found.constructed[k]))
            for k, (width, e) in enumerate(zip(found.widths, found.errors, strict=True))
            if np.isfinite(e).all()
        ]
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """The errors at the largest width, and the widths at which the construction beats the trained networks."""
        errors, best = found.errors[-1], found.errors.min(axis=1)
        words = (
            f"At width {found.widths[-1]} the lowest error of {self.seeds} seeds is {short(errors.min(), 2)}, the "
            f"median {short(float(np.median(errors)), 2)}, and that of the construction "
            f"{short(found.constructed[-1], 2)}. "
        )
        better = [str(width) for width in found.widths[found.constructed < best]]
        if not better:
            return words + "At no width is the construction better than the best trained network."
        where = f"width {better[0]}" if len(better) == 1 else f"widths {', '.join(better[:-1])} and {better[-1]}"
        return words + f"The construction has a lower error than every trained network at {where}."


def constructed(width: int, activation: str, x: Floats, target: Floats) -> Floats:
    """The outputs of the constructed network: evenly spaced neurons, and output weights by least squares."""
    apart = (x[-1] - x[0]) / width
    zeros = x[0] + apart * np.arange(width)

    def fit(slope: float) -> Floats:
        columns = np.concatenate([_phi(activation, slope / apart * (x[:, None] - zeros)), np.ones((len(x), 1))], axis=1)
        return np.asarray(columns @ np.linalg.lstsq(columns, target, rcond=None)[0])

    return min((fit(slope) for slope in STEEPNESS), key=lambda outputs: float(np.square(outputs - target).mean()))


def _phi(activation: str, z: Any) -> Floats:
    with jax.enable_x64(True):
        return np.asarray(ACTIVATIONS[activation].function(jnp.asarray(z), 0.0))
