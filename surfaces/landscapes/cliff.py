"""A cliff above a bowl."""

import jax
import jax.numpy as jnp
from jax import Array

from surfaces.parameter import NON_NEGATIVE, POSITIVE, parameter
from surfaces.surface import Box, CriticalPoint, Surface, polished

_FOOT = -1.4


class Cliff(Surface):
    r"""A bowl whose slope is at most 1, with a cliff of height h and width s along x = −1.4.

    $$ L(x, y) = \sqrt{1 + x^2 + y^2} - 1 + \frac{h}{1 + e^{(x + 1.4)/s}} $$

    The cliff adds up to h/4s to the slope: 10 at the default parameters, where the bowl has less than 1. Recurrent
    networks have such cliffs, and clipping the gradient was invented for them.
    """

    name = "Cliff"
    formula = r"\sqrt{1 + x^2 + y^2} - 1 + \frac{h}{1 + e^{(x + 1.4)/s}}"
    teaches = (
        "A single gradient on the cliff throws SGD far away; a rule that divides by the gradient's size takes a step "
        "of its usual length."
    )
    source = "R. Pascanu, T. Mikolov & Y. Bengio (2013), On the difficulty of training recurrent neural networks"
    theme = "saddles and plateaus"

    height: float = parameter(
        "h", default=2.0, low=0.0, high=10.0, legal=NON_NEGATIVE, tuned=False, doc="Height of the cliff."
    )
    width: float = parameter(
        "s",
        default=0.05,
        low=0.01,
        high=0.2,
        log=True,
        legal=POSITIVE,
        tuned=False,
        doc="Width of the cliff: half of its height lies within 2.2 s.",
    )

    def __call__(self, w: Array) -> Array:
        x, y = w
        bowl = jnp.sqrt(1.0 + x**2 + y**2) - 1.0
        return bowl + self.height * jax.nn.sigmoid((_FOOT - x) / self.width)

    @property
    def domain(self) -> Box:
        return (-3.4, 3.4), (-2.2, 2.2)

    @property
    def start(self) -> tuple[float, ...]:
        return (-2.6, 0.9)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        # the end of the cliff's tail moves the minimum from the origin by less than 0.05
        return polished(self, [CriticalPoint((0.0, 0.0), "minimum")])
