"""Two wells of different depth, with a barrier between them."""

import math

from jax import Array

from surfaces.parameter import Interval, parameter
from surfaces.surface import Box, CriticalPoint, Kind, Surface

_FOLD = 2.0 / (3.0 * math.sqrt(3.0))  # at this tilt the upper well disappears


class TiltedWells(Surface):
    r"""A local minimum on the right, the lowest minimum on the left, about 2t deeper, and a saddle between them.

    $$ L(x, y) = \tfrac14 \left( x^2 - 1 \right)^2 + t\,x + \tfrac12 y^2 $$

    The start lies uphill of the upper well and higher than the saddle. Along x the critical points are the roots of
    x³ − x + t, of which there are three for t < 2/(3√3) ≈ 0.385.
    """

    name = "Two depths"
    formula = r"\tfrac14 \left( x^2 - 1 \right)^2 + t\,x + \tfrac12 y^2"
    teaches = "SGD stops in the first minimum on its way; with a momentum of 0.9 it rolls on into the deeper one."
    source = "G. Duffing (1918), Erzwungene Schwingungen; B. T. Polyak (1964) on the heavy ball"
    theme = "several minima"

    tilt: float = parameter(
        "t",
        default=0.12,
        low=0.01,
        high=0.35,
        legal=Interval(0.0, _FOLD, False, False),
        tuned=False,
        doc="About half the difference in depth.",
    )

    def __call__(self, w: Array) -> Array:
        x, y = w
        return 0.25 * (x**2 - 1.0) ** 2 + self.tilt * x + 0.5 * y**2

    @property
    def domain(self) -> Box:
        return (-2.2, 2.2), (-1.5, 1.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (1.9, 1.1)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        # Viète's solution of x³ − x + t = 0 in cosines, from the largest root to the smallest
        angle = math.acos(-float(self.tilt) / _FOLD) / 3.0
        kinds: tuple[tuple[int, Kind], ...] = ((0, "local minimum"), (1, "saddle"), (2, "minimum"))
        roots = sorted((2.0 / math.sqrt(3.0) * math.cos(angle - k * math.tau / 3.0) for k, _ in kinds), reverse=True)
        return tuple(CriticalPoint((x, 0.0), kind) for x, (_, kind) in zip(roots, kinds, strict=True))
