"""A ledge on a slope: level, but not a minimum."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class DegenerateSaddle(Surface):
    r"""A ledge at the origin, level and without curvature along y, above a minimum at (0, −1).

    $$ L(x, y) = \tfrac12 x^2 + \tfrac13 y^3 + \tfrac14 y^4 $$

    The loss is bounded below. The slope along y is y² (1 + y). From above, gradient descent approaches the ledge as
    y ≈ 1/(η t) and never passes it. A strict saddle traps only the starts on a line; this one traps a whole half-plane.
    """

    name = "Ledge"
    formula = r"\tfrac12 x^2 + \tfrac13 y^3 + \tfrac14 y^4"
    teaches = "From above, SGD never gets past this degenerate saddle; a momentum of 0.9 or noise carries it over."
    source = "A. Anandkumar & R. Ge (2016), Efficient approaches for escaping higher order saddle points"
    theme = "saddles and plateaus"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return 0.5 * x**2 + y**3 / 3.0 + 0.25 * y**4

    @property
    def domain(self) -> Box:
        return (-2.2, 2.2), (-1.7, 1.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.8, 1.2)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return CriticalPoint((0.0, -1.0), "minimum"), CriticalPoint((0.0, 0.0), "degenerate")
