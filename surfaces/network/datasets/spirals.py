"""Two spiral arms wound around each other."""

import numpy as np

from surfaces.network.data import Source, samples
from surfaces.parameter import NON_NEGATIVE, POSITIVE, parameter


class Spirals(Source):
    """Two spirals: the radius at the angle φ is φ/φ_max, and class k is rotated by kπ, with Gaussian noise."""

    name = "Two spirals"
    task = "classes"
    about = (
        "No line separates the two arms, so the network has to bend the plane. To reach an accuracy of 99 %, SGD takes "
        "several times as many steps as momentum at the same learning rate."
    )
    source = "K. J. Lang & M. J. Witbrock (1988), Learning to tell two spirals apart"
    widths = (32, 32)

    samples: int = samples(400)
    turns: float = parameter(
        "k", default=1.25, low=0.25, high=3.0, legal=POSITIVE, tuned=False, doc="Number of turns of each arm."
    )
    noise: float = parameter(
        "σ",
        default=0.02,
        low=0.0,
        high=0.3,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the noise in each coordinate.",
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        label = np.arange(self.samples) % 2
        radius = np.sqrt(rng.uniform(0.01, 1, self.samples))
        angle = 2 * np.pi * self.turns * radius + np.pi * label
        x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return x + self.noise * rng.standard_normal(x.shape), label
