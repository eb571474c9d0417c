"""The six-hump camel function."""

import functools

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface, polished

# one of each pair of critical points (x, y) and (−x, −y): the surface is even
_APPROXIMATE = (
    CriticalPoint((0.0898, -0.7127), "minimum"),
    CriticalPoint((1.7036, -0.7961), "local minimum"),
    CriticalPoint((1.6071, 0.5687), "local minimum"),
    CriticalPoint((1.1092, -0.7683), "saddle"),
    CriticalPoint((1.6381, 0.2287), "saddle"),
    CriticalPoint((1.2961, 0.6051), "saddle"),
    CriticalPoint((1.2302, 0.1623), "maximum"),
)


class SixHumpCamel(Surface):
    r"""Six minima in three pairs of different depth, seven saddles and two maxima.

    $$ L(x, y) = \left( 4 - 2.1 x^2 + \tfrac13 x^4 \right) x^2 + xy + \left( -4 + 4 y^2 \right) y^2 $$

    The two lowest, with a loss of −1.0316, lie in the middle: gradient descent reaches them from about a third of the
    starts on the edge of the domain, and from more than half of those inside it.
    """

    name = "Six-hump camel"
    formula = r"\left( 4 - 2.1 x^2 + \tfrac13 x^4 \right) x^2 + xy + \left( -4 + 4 y^2 \right) y^2"
    teaches = (
        "Minima of three depths: SGD stops in the nearest, but momentum rolls on over a saddle to one of the lowest."
    )
    source = "L. C. W. Dixon & G. P. Szegő (1978), Towards Global Optimisation 2"
    theme = "several minima"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (4.0 - 2.1 * x**2 + x**4 / 3.0) * x**2 + x * y + (-4.0 + 4.0 * y**2) * y**2

    @property
    def domain(self) -> Box:
        return (-2.1, 2.1), (-1.2, 1.2)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.95, -0.6)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return _polished()


@functools.cache
def _polished() -> tuple[CriticalPoint, ...]:
    half = polished(SixHumpCamel(), _APPROXIMATE)
    mirrored = [p._replace(position=tuple(-x for x in p.position)) for p in half]
    return (*half, *mirrored, CriticalPoint((0.0, 0.0), "saddle"))
