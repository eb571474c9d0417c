"""Rastrigin's function: an egg box in a bowl."""

import itertools
import math

import jax.numpy as jnp
from jax import Array

from surfaces.calculus import bisect
from surfaces.parameter import NON_NEGATIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface

_ENOUGH = 0.75 / math.pi  # above this amplitude there are minima next to the lowest


class Rastrigin(Surface):
    r"""A round bowl with waves of length 1: a minimum near every point with integer coordinates, the lowest at 0.

    $$ L(x, y) = x^2 + y^2 + A \left( 2 - \cos 2\pi x - \cos 2\pi y \right) $$

    Every curvature lies between 2 − 4π²A and 2 + 4π²A; A = 10 is the usual value, and A = 0 leaves only the bowl. The
    listed critical points are the lowest minimum and the eight around it; further minima, saddles and maxima are not
    listed.
    """

    name = "Rastrigin"
    formula = r"x^2 + y^2 + A \left( 2 - \cos 2\pi x - \cos 2\pi y \right)"
    teaches = "The waves hide the bowl: every rule but the Polyak step ends within one wavelength of its start."
    source = "L. A. Rastrigin (1974), Systems of extremal control"
    theme = "many minima"
    complete = False

    amplitude: float = parameter(
        "A", default=10.0, low=0.0, high=20.0, legal=NON_NEGATIVE, tuned=False, doc="Amplitude of the waves."
    )

    def __call__(self, w: Array) -> Array:
        return jnp.sum(w**2, axis=0) + self.amplitude * jnp.sum(1.0 - jnp.cos(math.tau * w), axis=0)

    @property
    def domain(self) -> Box:
        return (-2.8, 2.8), (-1.9, 1.9)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.35, 1.45)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        amplitude, lowest = float(self.amplitude), CriticalPoint((0.0, 0.0), "minimum")
        if amplitude <= _ENOUGH:
            return (lowest,)
        side = bisect(lambda x: x + math.pi * amplitude * math.sin(math.tau * x), 0.75, 1.0)
        positions = itertools.product((-side, 0.0, side), repeat=2)
        return (lowest, *(CriticalPoint(p, "local minimum") for p in positions if p != lowest.position))
