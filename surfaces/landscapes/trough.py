"""A trough."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class Trough(Surface):
    """A trough that is steep on its sides."""

    name = "Trough"
    formula = r"(x - 0.3)^4 + (y - 0.5)^2"
    teaches = "The floor of the trough is flat."
    source = "None"
    theme = "ravines"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (x - 0.3) ** 4 + (y - 0.5) ** 2

    @property
    def domain(self) -> Box:
        return (-2.0, 2.0), (-1.5, 1.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.5, 1.2)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.3, 0.5), "minimum"),)
