"""A network on data as a surface: its loss as a function of one flat vector of weights."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.network.losses import LOSSES
from surfaces.network.mlp import MLP
from surfaces.network.regularizer import Regularizer
from surfaces.parameter import NON_NEGATIVE, parameter
from surfaces.surface import CriticalPoint, Surface


class Network(Surface):
    r"""The mean loss of a model over training data, with a penalty on its weights.

    $$ L(w) = \tfrac1N \sum_i \ell\bigl(\hat y(x_i; w), y_i\bigr) + \tfrac\lambda2 \lVert w \rVert^2 $$

    The training data are `x` (N, inputs) and `y` (N, outputs), both traced leaves; classes are one-hot rows. The method
    `loss(w, batch)` is the same loss over a batch of samples. The penalty includes all weights, also biases, like
    `weight_decay` of PyTorch's SGD.

    With `regularizers`, the loss of training uses the batch, the weights, the hidden outputs and the terms that they
    return; each regularizer receives its key. Without a key, and in a call of the network, random parts are left out:
    this is the loss that is evaluated and drawn.

    Args:
        regularizers: a tuple of different regularizers, which act in this order. Their kinds are compiled in; their
            strengths are traced.

    Raises:
        ValueError: if the shapes of the data and the model do not match, if the loss is unknown, or if a regularizer
            occurs twice or does not suit the data.
    """

    name = "Network"
    formula = r"\tfrac1N \sum_i \ell\bigl(\hat y(x_i; w), y_i\bigr) + \tfrac\lambda2 \lVert w \rVert^2"
    teaches = "A loss surface of many dimensions, shaped by data."
    source = "D. Rumelhart, G. Hinton & R. Williams (1986), Learning representations by back-propagating errors"
    theme = "network"

    model: MLP
    x: Any
    y: Any
    objective: str = parameter(
        "ℓ",
        default="cross_entropy",
        choices={k: loss.name for k, loss in LOSSES.items()},
        tuned=False,
        doc="Loss function.",
    )
    decay: float = parameter(
        "λ",
        default=0.0,
        low=0.0,
        high=1.0,
        legal=NON_NEGATIVE,
        tuned=False,
        title="L2 penalty",
        doc="L2 penalty λ/2 ‖w‖² in the loss.",
    )
    regularizers: tuple[Regularizer, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.x.ndim != 2 or self.x.shape[1] != self.model.widths[0]:
            raise ValueError(f"x must have shape (samples, {self.model.widths[0]}); got {self.x.shape}")
        if self.y.shape != (len(self.x), self.model.widths[-1]):
            raise ValueError(f"y must have shape {(len(self.x), self.model.widths[-1])}; got {self.y.shape}")
        kinds = [type(part) for part in self.regularizers]
        for part in self.regularizers:
            if kinds.count(type(part)) > 1:
                raise ValueError(f"{part.name} may occur only once; got it {kinds.count(type(part))} times")
            if objection := part.objection(self.x.shape[1], self.y.shape[1]):
                raise ValueError(objection)

    @property
    def random(self) -> bool:
        return any(part.random for part in self.regularizers)

    @property
    def evaluated(self) -> Network:
        """The network without random parts, which evaluates to the same.

        Networks that differ in random parts alone share the programs that work on it.
        """
        return self.replace(regularizers=tuple(part for part in self.regularizers if not part.random))

    @property
    def data(self) -> tuple[Array, Array]:
        return self.x, self.y

    def first(self, count: int) -> Network:
        """The network on the first `count` samples only."""
        return self.replace(x=self.x[:count], y=self.y[:count])

    def loss(self, w: Array, batch: tuple[Array, Array], key: Array | None = None, train: bool = True) -> Array:
        if w.ndim > 1:
            return jax.vmap(self.loss, in_axes=(-1, None, None, None))(w, batch, key, train)
        parts = [
            (part, None if key is None else part.key_of(key))
            for part in self.regularizers
            if not part.random or (train and key is not None)
        ]
        (x, y), u = batch, w
        for part, part_key in parts:
            x, y = part.batch(x, y, part_key)
            u = part.weights(self.model, u, part_key)

        def between(h: Array, layer: int) -> Array:
            for part, part_key in parts:
                h = part.hidden(h, None if part_key is None else jax.random.fold_in(part_key, layer))
            return h

        outputs = self.model.signals(u, x, self._reference(x, train), between)[-1][0]
        each = LOSSES[self.objective].function(outputs, y)
        loss = jnp.mean(each) + 0.5 * self.decay * jnp.sum(w * w)
        for part, _ in parts:
            loss = loss + part.penalty(w)
        return loss

    def __call__(self, w: Array) -> Array:
        return self.loss(w, self.data, train=False)

    def outputs(self, w: Array, x: Array) -> Array:
        """The outputs (N, outputs) in evaluation, for inputs x (N, inputs).

        Random parts are left out, and batch norm takes mean and variance over the training samples.
        """
        return self.model.signals(w, x, self._reference(x, False))[-1][0]

    def _reference(self, x: Array, train: bool) -> Array | None:
        """The samples over which batch norm takes mean and variance, or None for those that it is applied to."""
        return None if train or x is self.x else self.x

    @property
    def start(self) -> Any:
        """Initial weights by He's normal initialisation with seed 0."""
        return self.model.initial()

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return ()


def accuracy(outputs: Array, targets: Array) -> Array:
    """The share of samples (N, k) whose largest output is that of the target class."""
    return jnp.mean(jnp.argmax(outputs, axis=-1) == jnp.argmax(targets, axis=-1))
