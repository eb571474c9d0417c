"""Two concentric circles."""

import numpy as np

from surfaces.network.data import Source, samples
from surfaces.parameter import NON_NEGATIVE, UNIT, parameter


class Circles(Source):
    """A circle of radius 1 and a smaller one inside it, with Gaussian noise."""

    name = "Circles"
    task = "classes"
    about = "One class surrounds the other: three tanh neurons in a hidden layer separate them, but two cannot."
    source = "the circles set of scikit-learn"
    widths = (8,)

    samples: int = samples(300)
    noise: float = parameter(
        "σ",
        default=0.08,
        low=0.0,
        high=0.5,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the noise in each coordinate.",
    )
    inner: float = parameter(
        "r", default=0.5, low=0.1, high=0.95, legal=UNIT, tuned=False, doc="Radius of the inner circle."
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        label = np.arange(self.samples) % 2
        angle = rng.uniform(0, 2 * np.pi, self.samples)
        radius = np.where(label == 1, self.inner, 1.0)
        x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return x + self.noise * rng.standard_normal(x.shape), label
