"""Griewank's function: many minima of almost equal depth."""

import functools
import math

import jax.numpy as jnp
from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface, polished

_APPROXIMATE = (
    CriticalPoint((0.0, 0.0), "minimum"),
    *(CriticalPoint((x * 3.14, y * 4.44), "local minimum") for x in (1, -1) for y in (1, -1)),
    CriticalPoint((6.28, 0.0), "local minimum"),
    CriticalPoint((-6.28, 0.0), "local minimum"),
)


class Griewank(Surface):
    r"""Waves in a bowl so wide that neighbouring minima are almost equally deep.

    $$ L(x, y) = 1 + \tfrac{1}{4000} \left( x^2 + y^2 \right) - \cos x \, \cos \tfrac{y}{\sqrt2} $$

    The lowest minimum, 0, lies at the origin; the minima next to it have a loss of 0.0074, behind saddles of 1.00. On a
    large scale (the usual domain is ±600) the waves are negligible and only the bowl remains. The listed critical
    points are the seven minima in the domain; its saddles and maxima are not listed.
    """

    name = "Griewank"
    formula = r"1 + \tfrac{1}{4000} \left( x^2 + y^2 \right) - \cos x \, \cos \tfrac{y}{\sqrt2}"
    teaches = "Many minima of almost equal depth: missing the lowest costs next to nothing."
    source = "A. O. Griewank (1981), Generalized descent for global optimization"
    theme = "many minima"
    complete = False

    def __call__(self, w: Array) -> Array:
        x, y = w
        return 1.0 + (x**2 + y**2) / 4000.0 - jnp.cos(x) * jnp.cos(y / math.sqrt(2.0))

    @property
    def domain(self) -> Box:
        return (-8.5, 8.5), (-5.8, 5.8)

    @property
    def start(self) -> tuple[float, ...]:
        return (-4.3, 2.6)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return _polished()


@functools.cache
def _polished() -> tuple[CriticalPoint, ...]:
    return polished(Griewank(), _APPROXIMATE)
