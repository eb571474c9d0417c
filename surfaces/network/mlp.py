"""Multilayer perceptrons whose weights are one flat vector."""

from __future__ import annotations

import dataclasses
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.compiled import compiled
from surfaces.network.activations import ACTIVATIONS
from surfaces.network.initial import INITIALIZATIONS


class Layer(NamedTuple):
    """W (inputs, outputs), b (outputs,) and a, the learned slope of the activation, (1,), or (0,) if it has none."""

    W: Array
    b: Array
    a: Array


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class MLP:
    r"""Affine maps with an activation function φ between them.

    $$ h_0 = x, \qquad z_l = h_{l-1} W_l + b_l, \qquad h_l = \varphi(z_l), \qquad \hat y = z_L $$

    The weights are one vector, layer by layer: the rows of W, then b, then the slope a if φ learns one.

    Args:
        widths: inputs, width of each hidden layer, outputs.
        activation: a key of `ACTIVATIONS`.

    Raises:
        ValueError: if there are fewer than two widths, a width is below one, or the activation is unknown.
    """

    widths: tuple[int, ...]
    activation: str = "relu"

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or any(width < 1 or width != int(width) for width in self.widths):
            raise ValueError(f"widths must be whole numbers from 1: inputs, hidden layers, outputs; got {self.widths}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {self.activation!r}")

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of every layer."""
        return tuple(itertools.pairwise(self.widths))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of weights in each layer, including biases and slopes."""
        learned = ACTIVATIONS[self.activation].slope is not None
        last = len(self.shapes) - 1
        return tuple(i * o + o + (learned and k < last) for k, (i, o) in enumerate(self.shapes))

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
        leaves = [(i * o, o, size - i * o - o) for (i, o), size in zip(self.shapes, self.sizes, strict=True)]
        # one split, because its gradient is one concatenation, while that of each slice would be a padded vector
        parts = iter(jax.lax.split(jnp.asarray(w), [size for layer in leaves for size in layer]))
        return [Layer(next(parts).reshape(shape), next(parts), next(parts)) for shape in self.shapes]

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

    def signals(self, w: Array, x: Array) -> list[tuple[Array, Array]]:
        """The pairs (z, h) of all layers for inputs x (N, inputs); in the last layer both are the outputs."""
        phi = ACTIVATIONS[self.activation].function
        layers, h, signals = self.unravel(w), x, []
        for k, (W, b, a) in enumerate(layers):
            z = h @ W + b[None]
            h = z if k == len(layers) - 1 else phi(z, a[None])
            signals.append((z, h))
        return signals

    def norms(self, v: Array) -> Array:
        """The norms (layers,) of the layers' parts of a vector (n,)."""
        return jnp.stack([jnp.sqrt(jnp.sum(v[a:b] ** 2)) for a, b in self.bounds])


@compiled(static=("model", "initialization", "dtype"), network=True)
def _initial(key: Array, scales: Array, *, model: MLP, initialization: str, dtype: str) -> Array:
    """Random weights from one program; a dozen small programs, which JAX keeps, would take ten times the memory."""
    scheme, slope = INITIALIZATIONS[initialization], ACTIVATIONS[model.activation].slope
    layers = []
    for k, (layer_key, shape) in enumerate(zip(jax.random.split(key, len(model.shapes)), model.shapes, strict=True)):
        learned = 0 if slope is None else int(k < len(model.shapes) - 1)
        a = jnp.full(learned, slope or 0.0, dtype)
        layers.append(Layer(scheme.draw(layer_key, shape, scales[k], dtype), jnp.zeros(shape[1], dtype), a))
    return model.ravel(layers)
