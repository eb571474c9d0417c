"""A polynomial on which networks train at the edge of stability."""

import numpy as np

from surfaces.network.data import SHARE, DataSet, Samples, Source


class Chebyshev(Source):
    """T₄(x) = 8x⁴ − 8x² + 1 at 20 evenly spaced points of [−1, 1].

    The validation and test points lie between them.
    """

    name = "Chebyshev T₄"
    task = "values"
    about = "With full batches and squared error, the sharpness rises to 2/η and stays there, at the edge of stability."
    source = "J. Cohen et al. (2021), Gradient descent on neural networks typically occurs at the edge of stability"
    drawn = False
    widths = (50, 50)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = np.concatenate([np.linspace(-1, 1, 20), np.linspace(-0.95, 0.95, 20), np.linspace(-0.97, 0.93, 20)])
        return x[:, None], (8 * x**4 - 8 * x**2 + 1)[:, None]

    def make(self, seed: int = 0, share: float = SHARE) -> DataSet:
        """The data set, which is the same for every seed and share."""
        x, y = (v.astype(np.float32) for v in self.draw(np.random.default_rng(seed)))
        train, validation, test = (Samples(x[k : k + 20], y[k : k + 20]) for k in (0, 20, 40))
        return DataSet(self.name, self.task, train, validation, test, ("y",))
