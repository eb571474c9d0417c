"""Beale's valley between steep corners."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class Beale(Surface):
    r"""A flat, bent valley with its minimum at (3, ½) and a saddle at (0, 1), between corners that rise steeply.

    $$ L(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2 $$

    At the minimum the curvatures are about 0.30 and 49; further out they are many times as large, and a
    learning rate small enough for there crawls in the valley. Beyond the domain there is a saddle at
    (0.10, −2.64), and for x → −∞ the valley y ≈ 1 − 1/x goes on for ever.
    """

    name = "Beale"
    formula = r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2"
    teaches = "Slopes differ by orders of magnitude: what is safe on the walls crawls in the valley."
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
