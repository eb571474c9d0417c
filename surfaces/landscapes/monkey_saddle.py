"""A saddle for a monkey, with room for two legs and a tail."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface

_HALF_ROOT_3 = 0.5 * 3.0**0.5


class MonkeySaddle(Surface):
    r"""Three valleys and three ridges that meet at the origin, where the Hessian is zero.

    $$ L(x, y) = \tfrac13 \left( x^3 - 3 x y^2 \right) + \tfrac14 \left( x^2 + y^2 \right)^2 $$

    The loss is bounded below. In polar coordinates it is ⅓ r³ cos 3θ + ¼ r⁴: three minima of depth 1/12 at r = 1, with
    curvature 1 along r and 3 across. Near the origin the slope is r²: SGD's steps shrink faster than the distance,
    and Newton's method halves the distance in each step.
    """

    name = "Monkey saddle"
    formula = r"\tfrac13 \left( x^3 - 3 x y^2 \right) + \tfrac14 \left( x^2 + y^2 \right)^2"
    teaches = (
        "Even the curvature vanishes here: SGD lingers longer than at an ordinary saddle, and Newton's method is "
        "drawn in."
    )
    source = "D. Hilbert & S. Cohn-Vossen (1932), Anschauliche Geometrie; the quartic term bounds it"
    theme = "saddles and plateaus"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (x**3 - 3.0 * x * y**2) / 3.0 + 0.25 * (x**2 + y**2) ** 2

    @property
    def domain(self) -> Box:
        return (-1.9, 1.9), (-1.4, 1.4)

    @property
    def start(self) -> tuple[float, ...]:
        # slightly off the ridge y = 0, which leads down to the origin
        return (1.5, 0.02)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (
            CriticalPoint((-1.0, 0.0), "minimum"),
            CriticalPoint((0.5, _HALF_ROOT_3), "minimum"),
            CriticalPoint((0.5, -_HALF_ROOT_3), "minimum"),
            CriticalPoint((0.0, 0.0), "degenerate"),
        )
