"""Multilayer perceptrons whose weights are one flat vector."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.compiled import compiled
from surfaces.network.activations import ACTIVATIONS
from surfaces.network.initial import INITIALIZATIONS
from surfaces.network.norms import NORMS


class Layer(NamedTuple):
    """The weights of a layer.

    W (inputs, outputs) and b (outputs,); a, the learned slope of the activation, (1,), or (0,) if it has none; the gain
    γ and the shift β of the normalisation, (outputs,), or (0,) if there is none.
    """

    W: Array
    b: Array
    a: Array
    gain: Array
    shift: Array


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class MLP:
    r"""Affine maps with an activation function φ between them.

    $$ h_0 = x, \qquad z_l = h_{l-1} W_l + b_l, \qquad h_l = \varphi(z_l), \qquad \hat y = z_L $$

    The weights are one vector, layer by layer: the rows of W, then b, then the slope a if φ learns one, then the gain
    and the shift of the normalisation if there is one. It is between z and φ: see `Norm`. The network keeps no running
    mean or variance.

    Args:
        widths: inputs, width of each hidden layer, outputs.
        activation: a key of `ACTIVATIONS`.
        norm: a key of `NORMS`, or "none".
        groups: the number of groups of group norm.

    Raises:
        ValueError: if there are fewer than two widths, a width is below one, activation or norm is unknown, or a hidden
            layer cannot be normalised in this way.
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    norm: str = "none"
    groups: int = 4

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or any(width < 1 or width != int(width) for width in self.widths):
            raise ValueError(f"widths must be whole numbers from 1: inputs, hidden layers, outputs; got {self.widths}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {self.activation!r}")
        if self.norm != "none" and self.norm not in NORMS:
            raise ValueError(f"norm must be one of none, {', '.join(NORMS)}; got {self.norm!r}")
        for width in self.widths[1:-1] if self.norm != "none" else ():
            if objection := NORMS[self.norm].objection(width, self.groups):
                raise ValueError(objection)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of every layer."""
        return tuple(itertools.pairwise(self.widths))

    @property
    def leaves(self) -> tuple[tuple[int, ...], ...]:
        """The number of weights in each leaf of each layer: W, b, a, gain and shift."""
        slope, norm = int(ACTIVATIONS[self.activation].slope is not None), int(self.norm != "none")
        hidden = [(i * o, o, slope, norm * o, norm * o) for i, o in self.shapes[:-1]]
        inputs, outputs = self.shapes[-1]
        return (*hidden, (inputs * outputs, outputs, 0, 0, 0))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of weights in each layer, including biases, slopes, gains and shifts."""
        return tuple(map(sum, self.leaves))

    @property
    def size(self) -> int:
        """The number of all weights."""
        return sum(self.sizes)

    @property
    def bounds(self) -> tuple[tuple[int, int], ...]:
        """The indices at which the weights of each layer begin and end in the vector."""
        ends = tuple(itertools.accumulate(self.sizes))
        return tuple(zip((0, *ends[:-1]), ends, strict=True))

    def unravel(self, w: Array) -> list[Layer]:
        """The layers of a weight vector (n,)."""
        # one split, because its gradient is one concatenation, while that of each slice would be a padded vector
        parts = iter(jax.lax.split(jnp.asarray(w), [size for layer in self.leaves for size in layer]))
        return [Layer(next(parts).reshape(shape), *itertools.islice(parts, 4)) for shape in self.shapes]

    def ravel(self, layers: list[Layer]) -> Array:
        """The weight vector (n,) of layers; the inverse of `unravel`."""
        return jnp.concatenate([jnp.ravel(leaf) for layer in layers for leaf in layer])

    def initial(
        self, seed: int = 0, initialization: str = "he_normal", sigma: float = 0.1, dtype: str = "float32"
    ) -> Array:
        """Random initial weights (n,), with zero biases; every layer has its own random key.

        Args:
            initialization: a key of `INITIALIZATIONS`.
            sigma: the σ of initialisations that have one.

        Raises:
            ValueError: if the initialisation is unknown.
        """
        if initialization not in INITIALIZATIONS:
            raise ValueError(f"initialization must be one of {', '.join(INITIALIZATIONS)}; got {initialization!r}")
        scheme = INITIALIZATIONS[initialization]
        scales = np.array([scheme.scale(shape, sigma) for shape in self.shapes], dtype)
        normal = scheme.variance is not None and not scheme.uniform
        with jax.enable_x64(dtype == "float64"):
            factors = np.ones_like(scales) if normal else scales
            w = np.array(
                _initial(jax.random.key(seed), factors, model=self, initialization=initialization, dtype=dtype)
            )
            if normal:  # not within the program, where the factor would be fused with others and rounded differently
                for (begin, _), (i, o), scale in zip(self.bounds, self.shapes, scales, strict=True):
                    w[begin : begin + i * o] *= scale
            return jax.device_put(w)  # `jnp.asarray` would compile a program for every length, and keep it

    def __call__(self, w: Array, x: Array) -> Array:
        """The outputs (N, outputs) for inputs x (N, inputs)."""
        return self.signals(w, x)[-1][0]

    def signals(
        self,
        w: Array,
        x: Array,
        reference: Array | None = None,
        between: Callable[[Array, int], Array] = lambda h, layer: h,
    ) -> list[tuple[Array, Array]]:
        """The pairs (z, h) of all layers for inputs x (N, inputs); in the last layer both are the outputs.

        Args:
            reference: (M, inputs), the samples over which batch norm takes mean and variance; those of x if None.
            between: a function of the outputs h of a hidden layer and its number, from 0, to what the next layer
                receives.
        """
        layers, h = self.unravel(w), x
        signals: list[tuple[Array, Array]] = []
        over = reference if self.norm == "batch" else None
        for k, layer in enumerate(layers):
            z = h @ layer.W + layer.b[None]
            if k == len(layers) - 1:
                return [*signals, (z, z)]
            sums = None if over is None else over @ layer.W + layer.b[None]
            z, h = self._activated(layer, z, sums)
            h = between(h, k)
            over = None if sums is None else self._activated(layer, sums)[1]
            signals.append((z, h))
        raise AssertionError("a network has at least one layer")

    def _activated(self, layer: Layer, z: Array, reference: Array | None = None) -> tuple[Array, Array]:
        """z as the activation receives it, normalised if the network has a norm, and its outputs."""
        if self.norm != "none":
            z = NORMS[self.norm](z, self.groups, reference) * layer.gain[None] + layer.shift[None]
        return z, ACTIVATIONS[self.activation].function(z, layer.a[None])

    def norms(self, v: Array) -> Array:
        """The norms (layers,) of the layers' parts of a vector (n,)."""
        return jnp.stack([jnp.sqrt(jnp.sum(v[a:b] ** 2)) for a, b in self.bounds])


@compiled(static=("model", "initialization", "dtype"), network=True)
def _initial(key: Array, scales: Array, *, model: MLP, initialization: str, dtype: str) -> Array:
    """Random weights from one program; a dozen small programs, which JAX keeps, would take ten times the memory."""
    scheme, slope = INITIALIZATIONS[initialization], ACTIVATIONS[model.activation].slope
    layers = []
    for k, (layer_key, shape) in enumerate(zip(jax.random.split(key, len(model.shapes)), model.shapes, strict=True)):
        _, _, learned, normalised, _ = model.leaves[k]
        W, b = scheme.draw(layer_key, shape, scales[k], dtype), jnp.zeros(shape[1], dtype)
        a, gain = jnp.full(learned, slope or 0.0, dtype), jnp.ones(normalised, dtype)
        layers.append(Layer(W, b, a, gain, jnp.zeros_like(gain)))
    return model.ravel(layers)
