"""Lévy's function: the lowest of many minima is the flattest."""

import functools
import itertools
import math

import jax.numpy as jnp
from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface, polished

_APPROXIMATE = tuple(
    CriticalPoint((x, y), "minimum" if x == y == 1.0 else "local minimum")
    for x, y in itertools.product((-4.205, 1.0, 3.791, 7.723), (-2.891, 1.0, 4.891))
)


class Levy(Surface):
    r"""Waves along both axes that grow outwards; the lowest minimum, 0 at (1, 1), is the flattest.

    $$ L(x, y) = \sin^2 \pi a + a^2 \left( 1 + 10 \sin^2(\pi a + 1) \right) + b^2 \left( 1 + \sin^2 2\pi b \right),
       \qquad a = \tfrac{x - 1}{4}, \quad b = \tfrac{y - 1}{4} $$

    Its curvatures are ⅛ and about 2.24. The other two minima at x = 1 have a curvature of 4.01 along y, and all the
    rest have at least 6.26 along x. Gradient descent is therefore unstable at every other minimum above
    η = 2/4.01 ≈ 0.50, but stable at the lowest up to 2/2.24 ≈ 0.89. From random starts in the domain it reaches the
    lowest more than twice as often at η = 0.6 as at 0.1. The listed critical points are the twelve minima in the
    domain; its saddles and maxima are not listed.
    """

    name = "Lévy"
    formula = (
        r"\sin^2 \pi a + a^2 \left( 1 + 10 \sin^2(\pi a + 1) \right) + b^2 \left( 1 + \sin^2 2\pi b \right),"
        r"\quad a = \tfrac{x - 1}{4},\ b = \tfrac{y - 1}{4}"
    )
    teaches = "The lowest minimum is the flattest: above η = 0.5 it is the only one in which SGD can settle."
    source = "A. V. Lévy & A. Montalvo (1985), The tunneling algorithm; form of M. Laguna & R. Martí (2005)"
    theme = "many minima"
    complete = False

    def __call__(self, w: Array) -> Array:
        a, b = (w - 1.0) / 4.0
        waves = jnp.sin(math.pi * a) ** 2 + 10.0 * a**2 * jnp.sin(math.pi * a + 1.0) ** 2
        return waves + a**2 + b**2 * (1.0 + jnp.sin(math.tau * b) ** 2)

    @property
    def domain(self) -> Box:
        return (-6.2, 9.0), (-4.0, 6.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (-5.6, 3.6)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return _polished()


@functools.cache
def _polished() -> tuple[CriticalPoint, ...]:
    return polished(Levy(), _APPROXIMATE)
