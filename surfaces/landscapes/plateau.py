"""A well in an almost level plain."""

import jax.numpy as jnp
from jax import Array

from surfaces.parameter import NON_NEGATIVE, POSITIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface


class Plateau(Surface):
    r"""A well of width s in a plain that slopes very gently towards it.

    $$ L(x, y) = 1 - \exp\!\left(-\frac{x^2 + y^2}{2 s^2}\right) + \tfrac\varepsilon2 \left( x^2 + y^2 \right) $$

    The slope at distance r is r (exp(−r²/2s²)/s² + ε), of which only ε r is left far out. At the default parameters
    the wall of the well is more than a hundred times as steep as the plain at the start.
    """

    name = "Plateau"
    formula = r"1 - \exp\left(-\tfrac{x^2 + y^2}{2 s^2}\right) + \tfrac\varepsilon2 \left( x^2 + y^2 \right)"
    teaches = "On a plateau SGD's steps are as tiny as the gradient; rules that divide by the gradient's size cross it."
    source = "S. Hochreiter (1998) and Y. Bengio et al. (1994) on vanishing gradients; the well is a Gaussian"
    theme = "saddles and plateaus"

    width: float = parameter(
        "s",
        default=0.65,
        low=0.4,
        high=2.0,
        log=True,
        legal=POSITIVE,
        tuned=False,
        doc="Width of the well: its wall is steepest at about this distance from the centre.",
    )
    tilt: float = parameter(
        "ε",
        default=1e-3,
        low=0.0,
        high=0.05,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Curvature of the plain towards the well.",
    )

    def __call__(self, w: Array) -> Array:
        x, y = w
        square = x**2 + y**2
        return -jnp.expm1(-square / (2.0 * self.width**2)) + 0.5 * self.tilt * square

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-2.2, 2.2)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.4, 1.3)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        # the slope along r is positive for every r > 0
        return (CriticalPoint((0.0, 0.0), "minimum"),)
