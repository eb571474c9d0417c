"""Ackley's funnel in a plain of dimples."""

import functools
import itertools
import math

import jax.numpy as jnp
from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface, polished

# a dimple in the first octant; the others are its mirror images
_NEAR = ((0.9522, 0.0), (0.9685, 0.9685))


class Ackley(Surface):
    r"""A plain with a dimple near every pair of integers, and a funnel whose tip is the lowest minimum.

    $$ L(x, y) = -20 \exp\!\left( -0.2 \sqrt{\tfrac12 (x^2 + y^2)} \right)
       - \exp\!\left( \tfrac12 (\cos 2\pi x + \cos 2\pi y) \right) + 20 + e $$

    The tip is a kink: next to it the slope is about 2√2 ≈ 2.83 on every side. At the tip itself the gradient is
    returned as zero, which is a subgradient. A small gradient step next to the tip jumps across it by about 2.83 η.
    Listed are the kink and the eight dimples round it; further dimples, saddles and maxima are not.
    """

    name = "Ackley"
    formula = (
        r"-20 \exp\left( -0.2 \sqrt{\tfrac12 (x^2 + y^2)} \right)"
        r" - \exp\left( \tfrac12 (\cos 2\pi x + \cos 2\pi y) \right) + 20 + e"
    )
    teaches = (
        "The gradient does not vanish towards the tip: SGD jumps across it for ever unless the learning rate falls."
    )
    source = "D. H. Ackley (1987), A Connectionist Machine for Genetic Hillclimbing"
    theme = "many minima"
    complete = False

    def __call__(self, w: Array) -> Array:
        square = jnp.sum(w**2, axis=0)
        # the root has no derivative at 0, and both branches of a `where` are differentiated: keep it off 0 there
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
    near = [CriticalPoint(p, "local minimum") for p in _NEAR]
    (axis, _), (corner, _) = (p.position for p in polished(Ackley(), near))
    sides = [(axis, 0.0), (-axis, 0.0), (0.0, axis), (0.0, -axis), *itertools.product((corner, -corner), repeat=2)]
    return CriticalPoint((0.0, 0.0), "kink"), *(CriticalPoint(p, "local minimum") for p in sides)
