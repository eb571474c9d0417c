"""Ackley's function: a funnel in a plain of dimples."""

import functools
import itertools
import math

import jax.numpy as jnp
from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface, polished

# approximate dimples in the first octant; the other dimples around the origin are their mirror images
_APPROXIMATE = ((0.9522, 0.0), (0.9685, 0.9685))


class Ackley(Surface):
    r"""A plain with a dimple near every point with integer coordinates and a funnel whose tip is the lowest minimum.

    $$ L(x, y) = -20 \exp\!\left( -0.2 \sqrt{\tfrac12 (x^2 + y^2)} \right)
       - \exp\!\left( \tfrac12 (\cos 2\pi x + \cos 2\pi y) \right) + 20 + e $$

    The tip is a kink: close to it the slope is about 2√2 ≈ 2.83 in every direction. At the tip itself the computed
    gradient is zero, which is a subgradient. Close to the tip, a small gradient step has a length of about 2.83 η and
    jumps across the tip. The listed critical points are the kink and the eight dimples around it; further dimples,
    saddles and maxima are not listed.
    """

    name = "Ackley"
    formula = (
        r"-20 \exp\left( -0.2 \sqrt{\tfrac12 (x^2 + y^2)} \right)"
        r" - \exp\left( \tfrac12 (\cos 2\pi x + \cos 2\pi y) \right) + 20 + e"
    )
    teaches = (
        "The gradient does not vanish near the tip: SGD jumps across it forever unless the learning rate decreases."
    )
    source = "D. H. Ackley (1987), A Connectionist Machine for Genetic Hillclimbing"
    theme = "many minima"
    complete = False

    def __call__(self, w: Array) -> Array:
        square = jnp.sum(w**2, axis=0)
        # the root has no derivative at 0, and both branches of a `where` are differentiated: its argument is not 0
        root = jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0) / 2.0), 0.0)
        waves = jnp.mean(jnp.cos(math.tau * w), axis=0)
        # expm1 makes the loss at 0 zero to the last bit
        return -20.0 * jnp.expm1(-0.2 * root) - math.e * jnp.expm1(waves - 1.0)

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-2.3, 2.3)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.4, 0.45)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return _polished()


@functools.cache
def _polished() -> tuple[CriticalPoint, ...]:
    approximate = [CriticalPoint(p, "local minimum") for p in _APPROXIMATE]
    (axis, _), (corner, _) = (p.position for p in polished(Ackley(), approximate))
    sides = [(axis, 0.0), (-axis, 0.0), (0.0, axis), (0.0, -axis), *itertools.product((corner, -corner), repeat=2)]
    return CriticalPoint((0.0, 0.0), "kink"), *(CriticalPoint(p, "local minimum") for p in sides)
