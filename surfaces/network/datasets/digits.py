"""Small images of handwritten digits."""

from importlib.resources import files

import numpy as np

from surfaces.network.data import Source


class Digits(Source):
    """1,797 images of 8 × 8 pixels with 17 grey levels, scaled to the range from 0 to 1."""

    name = "Digits"
    task = "classes"
    about = (
        "Ten classes of handwriting: 64 hidden neurons learn every training sample within 800 steps of Adam, and "
        "misclassify 2 to 3 % of the others."
    )
    source = "E. Alpaydin & C. Kaynak (1998), Optical recognition of handwritten digits, UCI (CC BY 4.0), test part"
    widths = (64,)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        with files("surfaces.network").joinpath("digits.npz").open("rb") as file:
            arrays = np.load(file)
            return arrays["images"].reshape(-1, 64) / 16.0, arrays["labels"].astype(int)
