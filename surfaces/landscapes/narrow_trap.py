"""A narrow, deep hole in the slope of a wide bowl."""

import itertools
import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.calculus import bisect
from surfaces.parameter import POSITIVE, parameter
from surfaces.surface import Box, CriticalPoint, Kind, Surface

_CENTRE = -1.2


class NarrowTrap(Surface):
    r"""A round bowl of curvature 1 with a hole of width s and depth d in its slope, at (−1.2, 0).

    $$ L(x, y) = \tfrac12 \left( x^2 + y^2 \right) - d \exp\!\left( -\frac{(x + 1.2)^2 + y^2}{2 s^2} \right) $$

    The curvature is about d/s² in the hole and 1 at the bottom of the bowl. Hochreiter & Schmidhuber (1997) argue
    that networks in narrow minima generalise worse, so flying over one loses nothing.

    Raises:
        ValueError: if the hole is too shallow to be a minimum, or so wide that it swallows the bottom of the bowl.
    """

    name = "Narrow trap"
    formula = r"\tfrac12 \left( x^2 + y^2 \right) - d \exp\left( -\tfrac{(x + 1.2)^2 + y^2}{2 s^2} \right)"
    teaches = (
        "SGD falls into the narrow, deep hole on its way; with a momentum of 0.9 it flies over the hole into the wide "
        "minimum."
    )
    source = "S. Hochreiter & J. Schmidhuber (1997), Flat minima; the formula is new"
    theme = "several minima"

    width: float = parameter(
        "s", default=0.15, low=0.06, high=0.2, log=True, legal=POSITIVE, tuned=False, doc="Width of the hole."
    )
    depth: float = parameter(
        "d", default=1.0, low=0.3, high=2.0, legal=POSITIVE, tuned=False, doc="Depth of the hole below the bowl."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not hasattr(self.width, "aval") and not hasattr(self.depth, "aval"):
            width, depth = np.asarray(self.width, dtype=float), np.asarray(self.depth, dtype=float)
            if np.any(_slope(_CENTRE + width, width, depth) <= 0):
                raise ValueError("the hole is too shallow to be a minimum: raise depth or lower width")
            if np.any(_slope(_CENTRE / 2, width, depth) >= 0):
                raise ValueError("the hole is so wide that it swallows the bottom of the bowl: lower width or depth")

    def __call__(self, w: Array) -> Array:
        x, y = w
        hole = jnp.exp(-((x - _CENTRE) ** 2 + y**2) / (2.0 * self.width**2))
        return 0.5 * (x**2 + y**2) - self.depth * hole

    @property
    def domain(self) -> Box:
        return (-3.2, 2.0), (-1.6, 1.6)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.8, 0.15)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        width, depth = float(self.width), float(self.depth)

        def slope(x: float) -> float:
            return float(_slope(x, width, depth))

        # along y = 0, from the centre of the hole over its rim to the bottom of the bowl and beyond
        ends = (_CENTRE, _CENTRE + width, _CENTRE / 2, 0.1)
        hole, rim, bottom = (bisect(slope, *pair) for pair in itertools.pairwise(ends))
        losses = [x**2 / 2 - depth * math.exp(-((x - _CENTRE) ** 2) / (2 * width**2)) for x in (hole, bottom)]
        kinds: tuple[Kind, Kind] = ("minimum", "local minimum")
        first, second = kinds if losses[0] <= losses[1] else kinds[::-1]
        return (
            CriticalPoint((hole, 0.0), first),
            CriticalPoint((bottom, 0.0), second),
            CriticalPoint((rim, 0.0), "saddle"),
        )


def _slope(x: Any, width: Any, depth: Any) -> Any:
    """The slope along the line y = 0."""
    gap = x - _CENTRE
    return x + depth * gap / width**2 * np.exp(-(gap**2) / (2 * width**2))
