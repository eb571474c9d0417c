"""Two half circles, each reaching into the other."""

import numpy as np

from surfaces.network.data import Source, samples
from surfaces.parameter import NON_NEGATIVE, parameter


class Moons(Source):
    """The upper half of a circle, and the lower half of a circle moved by (1, ½), with normal noise."""

    name = "Two moons"
    task = "classes"
    about = (
        "Four tanh neurons draw the bent border. At noise 0.3 the moons mix, and a network of two layers of 64 learns "
        "the noise."
    )
    source = "the two-moons set of scikit-learn"

    samples: int = samples(300)
    noise: float = parameter(
        "σ", default=0.15, low=0.0, high=0.6, legal=NON_NEGATIVE, tuned=False, doc="Noise of each coordinate."
    )

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        label = np.arange(self.samples) % 2
        angle = rng.uniform(0, np.pi, self.samples) + np.pi * label
        x = np.stack([np.cos(angle) + label, np.sin(angle) + 0.5 * label], axis=1)
        return x + self.noise * rng.standard_normal(x.shape), label
