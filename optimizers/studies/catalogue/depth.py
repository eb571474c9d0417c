"""Gradients and activations of deep networks at their initial weights."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers.studies import declared
from optimizers.studies.study import Preset, Progress, Study, Table
from surfaces.compiled import compiled
from surfaces.digits import short
from surfaces.network import ACTIVATIONS, DATASETS, INITIALIZATIONS, LOSSES
from surfaces.network.activations import Activation
from surfaces.network.norms import NORMS
from surfaces.parameter import parameter

SAMPLES = 200
"""The gradient is the mean over this many training samples."""
KINDS = tuple(ACTIVATIONS)
"""The activation functions, in the order of the axis of the result."""
EVEN = 2.0
"""Gradients of two layers whose ratio is within this factor of 1 count as equal."""
SCHEMES = ("zeros", "small", "large", "lecun_normal", "xavier_normal", "he_normal")
"""The initialisations; small and large are normal distributions whose deviations are parameters of the study."""


class Found(NamedTuple):
    """Arrays (activations, initialisations, seeds, hidden layers), NaN where they are not computed yet.

    Attributes:
        gradients: the norm of the gradient with respect to the weight matrix of each hidden layer.
        spreads: the deviation of the activations between samples: the root mean square over the neurons of a layer.
    """

    gradients: NDArray[np.float64]
    spreads: NDArray[np.float64]

    @property
    def ratios(self) -> NDArray[np.float64]:
        """The gradient of the first hidden layer over that of the last, (activations, initialisations, seeds)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.gradients[..., 0] / self.gradients[..., -1]


class Depth(Study):
    """The gradient of each layer's weights, and the spread of activations between samples, at the initial weights.

    A network with hidden layers of equal width classifies the standardised digits. Nothing is trained. Each seed draws
    one set of standard normal numbers, which each initialisation scales, so that all initialisations are compared on
    the same random numbers.
    """

    name = "Gradients against depth"
    label = "Depth"
    seconds = 4.0
    group = "Architecture"
    rows = ("N4", "N5")
    about = (
        "With sigmoid neurons and LeCun's initialisation, the gradient of the first of ten hidden layers is a few "
        "millionths of that of the tenth. ReLU with He's initialisation and tanh with Xavier's keep the two within "
        "a factor of three."
    )
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType(
        {
            "depth_batch_norm": Preset(
                "Depth with batch norm",
                "Depth, batch norm",
                "With batch norm, the gradient of the first of ten hidden layers is 0.9 to 6 times that of the tenth, "
                "for every activation and for initial weights of every scale but zero.",
                {"norm": "batch"},
            )
        }
    )
    source = (
        "X. Glorot & Y. Bengio (2010), Understanding the difficulty of training deep feedforward neural networks; "
        "K. He et al. (2015), Delving deep into rectifiers; S. Ioffe & C. Szegedy (2015), Batch normalization"
    )

    layers: int = declared.whole("L", 10, 2, 30, "Number of hidden layers.", title="Hidden layers")
    width: int = declared.whole("n", 64, 8, 128, "Neurons in each hidden layer.", log=True)
    small: float = declared.number(
        "σ₁", 0.01, 1e-4, 0.1, "Standard deviation of the small initial weights.", log=True,
        title="Small deviation",
    )  # fmt: skip
    large: float = declared.number(
        "σ₂", 1.0, 0.1, 3.0, "Standard deviation of the large initial weights.", log=True,
        title="Large deviation",
    )  # fmt: skip
    norm: str = parameter(
        "N",
        default="none",
        choices={"none": "none", **declared.NORM_NAMES},
        tuned=False,
        title="Normalisation",
        doc=f"Norm of each hidden layer, before the activation; group norm has {declared.NORM_GROUPS} groups.",
    )
    seeds: int = declared.seeds(5, 1, 20)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm == "group":
            declared.check_groups(self.width)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        data = DATASETS["digits"]().make(seed).standardised()
        x, y = data.train.x[:SAMPLES].astype(float), data.train.y[:SAMPLES].astype(float)
        widths = (x.shape[1], *[self.width] * self.layers, y.shape[1])
        shape = (len(KINDS), len(SCHEMES), self.seeds, self.layers)
        gradients, spreads = np.full(shape, np.nan), np.full(shape, np.nan)
        scales = np.array([self._scales(scheme, widths) for scheme in SCHEMES])
        parts = list(itertools.product(range(self.seeds), range(len(KINDS))))
        for done, (draw, row) in enumerate(parts, 1):
            rng = np.random.default_rng([seed, draw])
            first, last = (rng.standard_normal(pair) for pair in (widths[:2], widths[-2:]))
            normals = first, rng.standard_normal((self.layers - 1, self.width, self.width)), last
            with jax.enable_x64(True):
                norms, deviations = _measured(np.int32(row), normals, scales, x, y, norm=self.norm)
            gradients[row, :, draw], spreads[row, :, draw] = np.asarray(norms), np.asarray(deviations)
            yield Progress(done / len(parts), Found(gradients.copy(), spreads.copy()))

    def deviation(self, scheme: str) -> float:
        """The σ of an initialisation that has one."""
        return self.small if scheme == "small" else self.large

    def title_of(self, scheme: str) -> str:
        """The name of an initialisation."""
        if scheme in INITIALIZATIONS:
            return INITIALIZATIONS[scheme].name.removesuffix(" normal")
        return f"σ = {self.deviation(scheme):g}"

    def _scales(self, scheme: str, widths: tuple[int, ...]) -> list[float]:
        """The standard deviation of the weights in every layer."""
        distribution = INITIALIZATIONS[scheme if scheme in INITIALIZATIONS else "normal"]
        return [distribution.scale(shape, self.deviation(scheme)) for shape in itertools.pairwise(widths)]

    def finding(self, found: Found) -> str:
        """How many pairs of activation and initialisation keep the gradient, and those with the ends of the ratios."""
        ratios = medians(found.ratios[..., None])[..., 0]
        if (known := np.isfinite(ratios) & (ratios > 0)).sum() < 2:
            return ""
        even = known & (ratios > 1 / EVEN) & (ratios < EVEN)
        places = np.where(known, ratios, np.inf).argmin(), np.where(known, ratios, 0.0).argmax()
        (smallest, low), (largest, high) = (self._pair(ratios, place) for place in places)
        return (
            f"With {even.sum()} of {ratios.size} pairs of activation and initialisation, the gradients of the first "
            f"and the last hidden layer differ by less than a factor of {EVEN:.0f}. The ratio of the first to the last "
            f"is smallest, {low}, with {smallest}, and largest, {high}, with {largest}."
        )

    def _pair(self, ratios: NDArray[np.float64], place: np.intp) -> tuple[str, str]:
        """An activation and an initialisation, and their ratio, in words."""
        i, j = np.unravel_index(place, ratios.shape)
        return f"{ACTIVATIONS[KINDS[i]].name} and {self.title_of(SCHEMES[j])}", short(float(ratios[i, j]), 2)

    def table(self, found: Found) -> Table:
        columns = (
            "activation",
            "initialisation",
            "hidden layer",
            "gradient norm (median)",
            "spread of activations (median)",
        )
        gradients, spreads = (medians(values) for values in found)
        rows = [
            (ACTIVATIONS[kind].name, self.title_of(scheme), layer + 1, gradients[i, j, layer], spreads[i, j, layer])
            for (i, kind), (j, scheme), layer in itertools.product(
                enumerate(KINDS), enumerate(SCHEMES), range(gradients.shape[-1])
            )
        ]
        return Table(columns, rows)


def medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median over the seeds that are computed; NaN without any."""
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # a median of nothing is NaN
        return np.asarray(np.nanmedian(values, axis=2))


@compiled(static=("norm",), network=True)
def _measured(
    kind: Array, normals: Sequence[Array], scales: Array, x: Array, y: Array, *, norm: str
) -> tuple[Array, Array]:
    """Gradient norms and spreads (initialisations, hidden layers) of the activation with the number `kind`.

    All activations share a program, and all hidden layers but the first share one step of a loop: a program for each
    activation, layer by layer, takes twenty times as long to compile.

    Args:
        normals: standard normal matrices of the first layer (inputs, n), of the other hidden layers
            (hidden layers − 1, n, n) and of the last layer (n, outputs).
        scales: (initialisations, layers), the deviations of the weights in each.
        x, y: (samples, inputs) and (samples, outputs).
        norm: a key of `NORMS`, whose gain is 1 and whose shift is 0, or "none".
    """
    functions = [functools.partial(_activated, phi) for phi in ACTIVATIONS.values()]

    def hidden(h: Array, W: Array) -> tuple[Array, Array]:
        z = h @ W
        h = jax.lax.switch(kind, functions, z if norm == "none" else NORMS[norm](z, declared.NORM_GROUPS))
        return h, jnp.sqrt(jnp.mean(jnp.var(h, axis=0)))

    def loss(matrices: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        first, others, last = matrices
        h, spread = hidden(x, first)
        h, spreads = jax.lax.scan(hidden, h, others)
        each = LOSSES["cross_entropy"].function(h @ last, y)
        return jnp.mean(each), jnp.concatenate([spread[None], spreads])

    def at(deviations: Array) -> tuple[Array, Array]:
        first, others, last = normals
        matrices = deviations[0] * first, deviations[1:-1, None, None] * others, deviations[-1] * last
        (first, others, _), spreads = jax.grad(loss, has_aux=True)(matrices)
        return jnp.concatenate([_norm(first)[None], jax.vmap(_norm)(others)]), spreads

    return jax.lax.map(at, scales)


def _activated(phi: Activation, z: Array) -> Array:
    """φ(z), with the slope that a network learns at its initial value."""
    return phi.function(z, phi.slope or 0.0)


def _norm(W: Array) -> Array:
    return jnp.sqrt(jnp.sum(W**2))
