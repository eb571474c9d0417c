"""Handwritten digits, small and real."""

from importlib.resources import files

import numpy as np

from surfaces.network.data import Source


class Digits(Source):
    """1,797 images of 8 × 8 pixels in 17 grey levels, here from 0 to 1."""

    name = "Digits"
    task = "classes"
    about = (
        "Ten classes of handwriting: 64 hidden neurons learn every training sample within 800 steps of Adam, and "
        "classify 2 to 3 % of the others wrongly."
    )
    source = "E. Alpaydin & C. Kaynak (1998), Optical recognition of handwritten digits, UCI (CC BY 4.0), test part"
    widths = (64,)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        with files("surfaces.network").joinpath("digits.npz").open("rb") as file:
            held = np.load(file)
            return held["images"].reshape(-1, 64) / 16.0, held["labels"].astype(int)
