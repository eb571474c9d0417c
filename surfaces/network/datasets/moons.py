"""Two half circles that reach into each other."""

import numpy as np

from surfaces.network.data import Source, samples
from surfaces.parameter import NON_NEGATIVE, parameter


class Moons(Source):
    """The upper half of a circle and the lower half of a circle shifted by (1, ½), with Gaussian noise."""

    name = "Two moons"
    task = "classes"
    about = (
        "Four tanh neurons are enough for the curved boundary. At a noise of 0.3 the moons overlap, and a network with "
        "two layers of 64 learns the noise."
    )
    source = "the two-moons set of scikit-learn"

    samples: int = samples(300)
    noise: float = parameter(
        "σ",
        default=0.15,
        low=0.0,
        high=0.6,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the noise in each coordinate.",
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        label = np.arange(self.samples) % 2
        angle = rng.uniform(0, np.pi, self.samples) + np.pi * label
        x = np.stack([np.cos(angle) + label, np.sin(angle) + 0.5 * label], axis=1)
        return x + self.noise * rng.standard_normal(x.shape), label
