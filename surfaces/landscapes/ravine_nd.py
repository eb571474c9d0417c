"""A quadratic ravine in many dimensions."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.calculus import Floats
from surfaces.parameter import AT_LEAST_ONE, Interval, parameter
from surfaces.surface import Box, CriticalPoint, Surface


class RavineND(Surface):
    r"""A quadratic bowl in n dimensions whose curvatures run from 1 to κ in equal ratios.

    $$ L(w) = \tfrac12 \sum_{i=0}^{n-1} \lambda_i w_i^2, \qquad \lambda_0 = 1, \quad \lambda_1 = \kappa, \quad
       \lambda_i = \kappa^{(i-1)/(n-1)} \ \text{for } i \ge 2 $$

    The map shows w₀, the softest direction, and w₁, the stiffest, with all other coordinates at zero. Gradient descent
    multiplies wᵢ by 1 − η λᵢ in every step, so w₁ alone forces η to stay below 2/κ.
    """

    name = "Ravine in n dimensions"
    formula = (
        r"\tfrac12 \sum_i \lambda_i w_i^2, \quad \lambda_0 = 1,\ \lambda_1 = \kappa,\ \lambda_i = \kappa^{(i-1)/(n-1)}"
    )
    teaches = "The stiffest direction limits the learning rate; at that rate SGD crawls along the softest."
    source = "B. T. Polyak (1964); Y. Nesterov (2004), Introductory Lectures on Convex Optimization"
    theme = "ravines"
    quadratic = True
    axes = ("w₀, softest", "w₁, stiffest")

    dimension: int = parameter(
        "n",
        default=20,
        low=2,
        high=1000,
        log=True,
        integer=True,
        legal=Interval(2.0, np.inf, True, False),
        tuned=False,
        doc="Number of coordinates.",
    )
    condition_number: float = parameter(
        "κ",
        default=30.0,
        low=1.0,
        high=1e4,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="Condition number: the largest curvature divided by the smallest.",
    )

    def exponents(self) -> Floats:
        """The exponents log λᵢ / log κ of all coordinates, (n,)."""
        n = int(self.dimension)
        return np.concatenate([[0.0, 1.0], np.arange(1, n - 1) / (n - 1)])

    def __call__(self, w: Array) -> Array:
        # axis 0 holds the coordinates and axis 1 the runs; κ is one number or one number per run
        kappa = jnp.reshape(self.condition_number, (1, -1, *[1] * (w.ndim - 2))[: w.ndim])
        powers = jnp.asarray(self.exponents(), dtype=w.dtype).reshape(-1, *[1] * (w.ndim - 1))
        return 0.5 * jnp.sum(kappa**powers * w**2, axis=0)

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-1.9, 1.9)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.8, 1.2, *[1.0] * (int(self.dimension) - 2))

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0,) * int(self.dimension), "minimum"),)
