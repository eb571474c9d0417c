"""Himmelblau's function: four minima of equal depth."""

import functools

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface, polished

# rounded to two decimals, to be polished by Newton's method
_APPROXIMATE = (
    CriticalPoint((3.0, 2.0), "minimum"),
    CriticalPoint((-2.81, 3.13), "minimum"),
    CriticalPoint((-3.78, -3.28), "minimum"),
    CriticalPoint((3.58, -1.85), "minimum"),
    CriticalPoint((-3.07, -0.08), "saddle"),
    CriticalPoint((-0.13, -1.95), "saddle"),
    CriticalPoint((0.09, 2.88), "saddle"),
    CriticalPoint((3.39, 0.07), "saddle"),
    CriticalPoint((-0.27, -0.92), "maximum"),
)


class Himmelblau(Surface):
    r"""Four minima of equal depth around a hill: start, rule and learning rate decide which one a run reaches.

    $$ L(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2 $$
    """

    name = "Himmelblau"
    formula = r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
    teaches = "Four equally deep minima: from the same start, SGD and momentum end in different ones."
    source = "D. M. Himmelblau (1972), Applied Nonlinear Programming"
    theme = "several minima"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (x**2 + y - 11.0) ** 2 + (x + y**2 - 7.0) ** 2

    @property
    def domain(self) -> Box:
        return (-5.5, 5.5), (-5.0, 5.0)

    @property
    def start(self) -> tuple[float, ...]:
        return (0.5, -0.5)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return _polished()


@functools.cache
def _polished() -> tuple[CriticalPoint, ...]:
    return polished(Himmelblau(), _APPROXIMATE)
