"""The base class of regularizers: parts of the training loss that keep a network from memorising its samples."""

from __future__ import annotations

import zlib
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.network.mlp import MLP
from surfaces.parameter import Declared

PLACES = ("loss", "targets", "images", "inputs", "layers", "weights")
"""What regularizers change, in the order in which they act."""


class Regularizer(Declared):
    """A frozen record with one parameter, its strength, which changes the loss in one of four places.

    A subclass overrides the method of its place: the batch, the weights, the outputs of the hidden layers, or a term of
    the loss. Dropout and other regularizers with random numbers receive a key, different in every step. Without a key,
    and in evaluation, they are left out of the loss.
    """

    key: ClassVar[str] = ""
    name: ClassVar[str]
    formula: ClassVar[str]
    """What the regularizer does, in LaTeX."""
    about: ClassVar[str]
    """A sentence on what it does, for the page."""
    source: ClassVar[str]
    place: ClassVar[str]
    """What it changes, one of `PLACES`."""
    strength: ClassVar[str]
    """The name of the parameter; at 0 the regularizer does nothing."""
    random: ClassVar[bool] = True
    """Whether it draws random numbers."""
    needs: ClassVar[str] = ""
    """What the data must be: "classes", "images" (square ones), or anything."""

    @classmethod
    def objection(cls, inputs: int, outputs: int) -> str:
        """The reason why the regularizer does not suit data with this many inputs and outputs, or an empty string."""
        if cls.needs == "images" and not side_of(inputs):
            return f"{cls.name} needs square images of at least 4 × 4 pixels; the data have {inputs} inputs"
        if cls.needs == "classes" and outputs < 2:
            return f"{cls.name} needs classes; the data have values as targets"
        return ""

    def key_of(self, key: Array) -> Array:
        """The key of this regularizer in a step, so that another regularizer in the loss does not change its draws."""
        return jax.random.fold_in(key, zlib.crc32(type(self).__name__.encode()))

    def batch(self, x: Array, y: Array, key: Any) -> tuple[Array, Array]:
        """The batch, inputs x (B, inputs) and targets y (B, outputs), on which the loss is taken."""
        return x, y

    def weights(self, model: MLP, w: Array, key: Any) -> Array:
        """The weights (n,) with which the outputs are computed."""
        return w

    def hidden(self, h: Array, key: Any) -> Array:
        """The outputs h (B, neurons) of a hidden layer as the next layer receives them; each layer has its key."""
        return h

    def penalty(self, w: Array) -> Any:
        """The term () that is added to the loss, in evaluation as well."""
        return 0.0


class Augmentation(Regularizer):
    """A regularizer that moves images. Pixels that come in at an edge have the value 0 before standardisation.

    Args:
        mean, deviation: (inputs,), or 0 and 1: those by which the inputs were standardised.
    """

    place = "images"
    needs = "images"

    mean: Any = 0.0
    deviation: Any = 1.0

    def batch(self, x: Array, y: Array, key: Any) -> tuple[Array, Array]:
        side = side_of(x.shape[1])
        mean, deviation = (
            jnp.broadcast_to(jnp.asarray(v, x.dtype), x.shape[1:])[None] for v in (self.mean, self.deviation)
        )
        images = self.moved((x * deviation + mean).reshape(-1, side, side), key)
        return (images.reshape(x.shape) - mean) / deviation, y

    def moved(self, images: Array, key: Array) -> Array:
        """The images (B, side, side), each moved in a random way."""
        raise NotImplementedError


def side_of(inputs: int) -> int:
    """The side of square images with this number of pixels; 0 if there are none of at least 4 × 4."""
    side = round(inputs**0.5)
    return side if side >= 4 and side * side == inputs else 0
