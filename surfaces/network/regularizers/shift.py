"""Shifted images, a change of the batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.network.regularizer import Augmentation
from surfaces.parameter import NON_NEGATIVE, parameter


class Shift(Augmentation):
    r"""Each image is shifted by a random number of pixels in both directions, in every step.

    The shifts are uniform between −s and s, and images between pixels are interpolated linearly.
    """

    name = "Shifted images"
    formula = r"x_{ij} \leftarrow x_{i+u,\, j+v}, \quad u, v \sim U(-s, s)"
    about = "Each image is shifted by up to s pixels in both directions, drawn anew in every step."
    source = "P. Y. Simard, D. Steinkraus & J. C. Platt (2003), Best practices for convolutional neural networks"
    strength = "pixels"

    pixels: float = parameter(
        "s",
        default=1.0,
        low=0.0,
        high=3.0,
        legal=NON_NEGATIVE,
        tuned=False,
        title="Shifted images",
        doc="The largest shift of an image, in pixels, in both directions.",
    )

    def moved(self, images: Array, key: Array) -> Array:
        side = images.shape[1]
        shifts = self.pixels * jax.random.uniform(key, (len(images), 2, 1, 1), images.dtype, -1.0, 1.0)
        place = jnp.arange(side, dtype=images.dtype)
        # row i of an image becomes the mean of rows around i + u, weighted by a hat of width 1
        hats = jnp.maximum(1 - jnp.abs(place[None, None, :, None] + shifts - place[None, None, None]), 0.0)
        return jnp.einsum("bij,bjk,blk->bil", hats[:, 0], images, hats[:, 1])
