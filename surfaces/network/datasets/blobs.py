"""Clouds of points, one for each class."""

import numpy as np

from surfaces.network.data import Source, samples
from surfaces.parameter import POSITIVE, Interval, parameter


class Blobs(Source):
    """Gaussian clouds, centred at equal angles on a circle of radius 2."""

    name = "Blobs"
    task = "classes"
    about = "One cloud per class: a network without a hidden layer is enough, even where the clouds overlap."
    source = "a mixture of normal distributions"
    widths = (16,)

    samples: int = samples(300)
    classes: int = parameter(
        "K", default=4, low=2, high=10, integer=True, legal=Interval(2, 100), tuned=False, doc="Number of classes."
    )
    spread: float = parameter(
        "σ", default=0.5, low=0.05, high=2.0, legal=POSITIVE, tuned=False, doc="Standard deviation of each cloud."
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        label = np.arange(self.samples) % self.classes
        angle = 2 * np.pi * label / self.classes
        x = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return x + self.spread * rng.standard_normal(x.shape), label
