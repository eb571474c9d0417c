"""The Styblinski–Tang function: four minima of three depths."""

import functools
import itertools

import jax.numpy as jnp
from jax import Array

from surfaces.surface import Box, CriticalPoint, Kind, Surface, polished

# the roots of 4x³ − 32x + 5: the deep minimum along a coordinate, the hill and the shallow minimum
_DEEP, _HILL, _SHALLOW = -2.9035, 0.1567, 2.7468


class StyblinskiTang(Surface):
    r"""The sum of a double well in each coordinate: four minima, four saddles and a maximum.

    $$ L(x, y) = \tfrac12 \sum_{w \in \{x, y\}} \left( w^4 - 16 w^2 + 5 w \right) $$

    The lowest minimum, −78.33, lies at (−2.90, −2.90); with one coordinate in the wrong well the loss is −64.20, and
    with both it is −50.06. In n dimensions there are 2ⁿ minima, of which one is the lowest.
    """

    name = "Styblinski–Tang"
    formula = r"\tfrac12 \sum_{w \in \{x, y\}} \left( w^4 - 16 w^2 + 5 w \right)"
    teaches = "The side of the hill on which each coordinate starts decides which of the four minima SGD reaches."
    source = "M. A. Styblinski & T.-S. Tang (1990), Experiments in nonconvex optimization"
    theme = "several minima"

    def __call__(self, w: Array) -> Array:
        return 0.5 * jnp.sum(w**4 - 16.0 * w**2 + 5.0 * w, axis=0)

    @property
    def domain(self) -> Box:
        return (-4.4, 4.4), (-3.8, 3.8)

    @property
    def start(self) -> tuple[float, ...]:
        return (0.5, 1.6)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return _polished()


def _kind(x: float, y: float) -> Kind:
    hills = (x, y).count(_HILL)
    if hills:
        return "maximum" if hills == 2 else "saddle"
    return "minimum" if x == y == _DEEP else "local minimum"


@functools.cache
def _polished() -> tuple[CriticalPoint, ...]:
    places = itertools.product((_DEEP, _HILL, _SHALLOW), repeat=2)
    return polished(StyblinskiTang(), [CriticalPoint((x, y), _kind(x, y)) for x, y in places])
