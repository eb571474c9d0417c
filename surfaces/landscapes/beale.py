"""Beale's function: a flat, curved valley between steep corners."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class Beale(Surface):
    r"""A flat, curved valley with its minimum at (3, ½) and a saddle at (0, 1); the corners on the right are steep.

    $$ L(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2 $$

    The curvatures are about 0.30 and 49 at the minimum and up to 5,478 in the upper right corner: a learning rate that
    is small enough for the corner is far too small for the valley. Another saddle, at (0.10, −2.64), lies outside the
    domain. As x → −∞ the valley continues forever, along y ≈ 1 − 1/x.
    """

    name = "Beale"
    formula = r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2"
    teaches = (
        "Gradients differ by orders of magnitude: a learning rate that is safe on the walls is far too small in the "
        "valley."
    )
    source = "E. M. L. Beale (1958), On an iterative method for finding a local minimum of a function"
    theme = "ravines"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    @property
    def domain(self) -> Box:
        return (-0.6, 4.4), (-1.3, 1.7)

    @property
    def start(self) -> tuple[float, ...]:
        return (0.9, 1.3)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return CriticalPoint((3.0, 0.5), "minimum"), CriticalPoint((0.0, 1.0), "saddle")
