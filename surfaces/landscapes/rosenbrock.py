"""Rosenbrock's function: a curved valley."""

from jax import Array

from surfaces.parameter import POSITIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface


class Rosenbrock(Surface):
    r"""A ravine bent into a parabola: along its floor y = x² the loss is only (1 − x)², with the minimum at (1, 1).

    $$ L(x, y) = (1 - x)^2 + b\,(y - x^2)^2 $$

    For b = 100 the curvatures at the minimum are about 0.4 and 1,002, a condition number of 2,508.
    """

    name = "Rosenbrock"
    formula = r"(1 - x)^2 + b\,(y - x^2)^2"
    teaches = "Reaching the valley is easy, but following its bend is hard: the steep direction turns along the way."
    source = "H. H. Rosenbrock (1960), An automatic method for finding the greatest or least value of a function"
    theme = "ravines"

    steepness: float = parameter(
        "b",
        default=100.0,
        low=1.0,
        high=1e3,
        log=True,
        legal=POSITIVE,
        tuned=False,
        doc="Steepness of the walls.",
    )

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (1.0 - x) ** 2 + self.steepness * (y - x**2) ** 2

    @property
    def domain(self) -> Box:
        return (-2.2, 2.2), (-1.0, 3.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.5, 2.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        # L_y = 0 forces y = x², then L_x = -2 (1 - x): the minimum is the only critical point
        return (CriticalPoint((1.0, 1.0), "minimum"),)
