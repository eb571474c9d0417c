"""A noisy curve, with outliers if wanted."""

import dataclasses

import numpy as np

from surfaces.network.data import SHARE, DataSet, Samples, Source, samples
from surfaces.parameter import NON_NEGATIVE, Interval, parameter


class Curve(Source):
    """y = sin 3x + x/2 on [−2, 2] with Gaussian noise; the outliers lie about 6 above it, the first near x = 0."""

    name = "Curve"
    task = "values"
    about = "A fit by mean squared error follows a single outlier; a fit by mean absolute error hardly does."
    source = "a sine with a slope"
    widths = (32, 32)

    samples: int = samples(120)
    noise: float = parameter(
        "σ",
        default=0.15,
        low=0.0,
        high=1.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Standard deviation of the noise in the targets.",
    )
    outliers: int = parameter(
        "o",
        default=0,
        low=0,
        high=5,
        integer=True,
        legal=Interval(0, np.inf, True, False),
        tuned=False,
        doc="Number of outliers among the training samples.",
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(-2, 2, (self.samples, 1))
        return x, np.sin(3 * x) + x / 2 + self.noise * rng.standard_normal(x.shape)

    def make(self, seed: int = 0, share: float = SHARE) -> DataSet:
        """The data set for a seed; outliers replace the training samples nearest to x = 0, 1, −1, 1.5 and −1.5."""
        clean = super().make(seed, share)
        x, y = clean.train.x, clean.train.y.copy()
        for place in (0.0, 1.0, -1.0, 1.5, -1.5)[: self.outliers]:
            y[np.argmin(np.abs(x[:, 0] - place))] = np.sin(3 * place) + place / 2 + 6
        return dataclasses.replace(clean, train=Samples(x, y))
