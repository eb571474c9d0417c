"""A ravine with a kink along each axis."""

import jax.numpy as jnp
from jax import Array

from surfaces.parameter import AT_LEAST_ONE, parameter
from surfaces.surface import Box, CriticalPoint, Surface


class KinkedRavine(Surface):
    r"""The sum of the absolute values of the coordinates, one of them κ times as steep.

    $$ L(x, y) = |x| + \kappa\,|y| $$

    The slope does not shrink towards the minimum: with a constant learning rate η, SGD jumps back and forth across
    each kink, by η along x and by κη along y. With a learning rate that decreases to zero, it converges.
    """

    name = "Kinked ravine"
    formula = r"|x| + \kappa\,|y|"
    teaches = "The slope is as large beside the minimum as far away, so SGD never comes to rest at a constant rate."
    source = "N. Z. Shor (1985), Minimization Methods for Non-Differentiable Functions"
    theme = "ravines"

    condition_number: float = parameter(
        "κ",
        default=5.0,
        low=1.0,
        high=1e3,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="The slope along y divided by the slope along x.",
    )

    def __call__(self, w: Array) -> Array:
        x, y = w
        # not |w|, whose derivative at 0 is 1 in JAX: here it is 0, a subgradient that stays in the kink
        return x * jnp.sign(x) + self.condition_number * y * jnp.sign(y)

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-1.9, 1.9)

    @property
    def start(self) -> tuple[float, ...]:
        # at the initial learning rate no step ends on a kink, where rounding would decide on which side it lies
        return (-2.8, 1.25)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0, 0.0), "kink"),)
