"""The exclusive or of two signs."""

import numpy as np

from surfaces.network.data import Source, samples
from surfaces.parameter import NON_NEGATIVE, parameter


class Xor(Source):
    """Gaussian clouds around the corners of a square; opposite corners belong to the same class."""

    name = "XOR"
    task = "classes"
    about = (
        "No line separates the classes: without an activation function the network does no better than tossing a coin."
    )
    source = "M. Minsky & S. Papert (1969), Perceptrons"
    widths = (4,)

    samples: int = samples(200)
    noise: float = parameter(
        "σ",
        default=0.25,
        low=0.0,
        high=1.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the noise in each coordinate.",
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        corner = np.arange(self.samples) % 4
        side = np.stack([corner % 2, corner // 2], axis=1)
        x = 2.0 * side - 1.0 + self.noise * rng.standard_normal((self.samples, 2))
        return x, side.sum(axis=1) % 2
