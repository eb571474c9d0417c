"""A strict saddle between two minima."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class Saddle(Surface):
    r"""A saddle at the origin between two minima at (0, ±1).

    $$ L(x, y) = \tfrac12 \left( x^2 - y^2 \right) + \tfrac14 y^4 $$

    The loss is bounded below. Near the saddle, gradient descent multiplies y by 1 + η in every step: from y₀ it takes
    about ln(0.5/y₀)/ln(1 + η) steps to leave.
    """

    name = "Saddle"
    formula = r"\tfrac12 \left( x^2 - y^2 \right) + \tfrac14 y^4"
    teaches = "Near a saddle the gradient is almost zero, so SGD slows down and lingers."
    source = "Y. Dauphin et al. (2014), Identifying and attacking the saddle point problem; C. Jin et al. (2017)"
    theme = "saddles and plateaus"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return 0.5 * (x**2 - y**2) + 0.25 * y**4

    @property
    def domain(self) -> Box:
        return (-2.2, 2.2), (-1.6, 1.6)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.8, 0.001)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (
            CriticalPoint((0.0, -1.0), "minimum"),
            CriticalPoint((0.0, 1.0), "minimum"),
            CriticalPoint((0.0, 0.0), "saddle"),
        )
