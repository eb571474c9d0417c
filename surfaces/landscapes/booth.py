"""Booth's function: a ravine at 45° to the axes."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class Booth(Surface):
    r"""A quadratic bowl with its axes at 45° and its minimum at (1, 3).

    $$ L(x, y) = (x + 2y - 7)^2 + (2x + y - 5)^2 $$

    The Hessian is [[10, 8], [8, 10]]: curvature 18 along (1, 1) and 2 along (1, −1), a condition number of 9.
    Both diagonal entries are 10, so separate learning rates for the two coordinates, as in Adagrad, gain nothing. On
    the surface rotated by 45°, Adagrad needs about a quarter of the steps if both runs go from the default start at
    their best learning rates; at the learning rate that a page suggests, the rotation saves less than a fifth.
    """

    name = "Booth"
    formula = r"(x + 2y - 7)^2 + (2x + y - 5)^2"
    teaches = "The ravine runs at 45° to the axes, where a separate learning rate for each coordinate does not help."
    source = "M. Jamil & X.-S. Yang (2013), A literature survey of benchmark functions for global optimization"
    theme = "ravines"
    quadratic = True

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (x + 2.0 * y - 7.0) ** 2 + (2.0 * x + y - 5.0) ** 2

    @property
    def domain(self) -> Box:
        return (-6.0, 8.0), (-1.5, 7.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (-4.5, 6.0)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((1.0, 3.0), "minimum"),)
