"""Rotated images, a change of the batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.ndimage import map_coordinates

from surfaces.network.regularizer import Augmentation
from surfaces.parameter import NON_NEGATIVE, parameter


class Rotation(Augmentation):
    r"""Each image is rotated about its centre by a random angle, in every step.

    The angles are uniform between −a and a degrees, and images between pixels are interpolated linearly.
    """

    name = "Rotated images"
    formula = r"x \leftarrow R_\varphi\, x, \quad \varphi \sim U(-a, a)"
    about = "Each image is rotated by up to a degrees, drawn anew in every step."
    source = "P. Y. Simard, D. Steinkraus & J. C. Platt (2003), Best practices for convolutional neural networks"
    strength = "degrees"

    degrees: float = parameter(
        "a",
        default=10.0,
        low=0.0,
        high=45.0,
        legal=NON_NEGATIVE,
        tuned=False,
        title="Rotated images",
        doc="The largest angle by which an image is rotated, in degrees, in both directions.",
    )

    def moved(self, images: Array, key: Array) -> Array:
        side = images.shape[1]
        angles = jnp.deg2rad(self.degrees) * jax.random.uniform(key, (len(images),), images.dtype, -1.0, 1.0)
        offsets = jnp.arange(side, dtype=images.dtype) - (side - 1) / 2
        rows, columns = jnp.meshgrid(offsets, offsets, indexing="ij")

        def rotated(image: Array, angle: Array) -> Array:
            cosine, sine = jnp.cos(angle), jnp.sin(angle)
            places = [cosine * rows + sine * columns, cosine * columns - sine * rows]
            return map_coordinates(image, [place + (side - 1) / 2 for place in places], order=1, mode="constant")

        return jax.vmap(rotated)(images, angles)
