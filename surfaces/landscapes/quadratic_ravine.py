"""A quadratic bowl, which a large condition number makes a ravine."""

from jax import Array

from surfaces.parameter import AT_LEAST_ONE, parameter
from surfaces.surface import Box, CriticalPoint, Surface


class QuadraticRavine(Surface):
    r"""A quadratic bowl with curvature 1 along x and κ along y: κ is its condition number.

    $$ L(x, y) = \tfrac12 \left( x^2 + \kappa\, y^2 \right) $$

    Gradient descent converges for η < 2/κ. It multiplies x by 1 − η in every step, so at η = 1/κ it takes about
    κ steps to shrink x by a factor of e.
    """

    name = "Ravine"
    formula = r"\tfrac12 \left( x^2 + \kappa\, y^2 \right)"
    teaches = (
        "SGD crawls along the ravine, the more slowly the larger the condition number κ. Above η = 1/κ it zigzags "
        "across."
    )
    source = "B. T. Polyak (1964), Some methods of speeding up the convergence of iteration methods"
    theme = "ravines"
    quadratic = True
    default_rotation = 18.0

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

    def __call__(self, w: Array) -> Array:
        x, y = w
        return 0.5 * (x**2 + self.condition_number * y**2)

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-1.9, 1.9)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.8, 1.2)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0, 0.0), "minimum"),)
