"""Muon, borrowed from optax."""

import optax.contrib

from optimizers.borrowed import from_optax
from optimizers.parameters import learning_rate, momentum, weight_decay

Muon = from_optax(
    "Muon",
    optax.contrib.muon,
    parameters={
        "learning_rate": learning_rate(0.02),
        "beta": momentum(0.95),
        "weight_decay": weight_decay(0.0, "Decoupled weight decay: each step shrinks the weight matrices by η λ."),
    },
    rename={"beta": "momentum"},
    layered=True,
    year=2024,
    source="K. Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks",
    watch="The step of a weight matrix is its momentum with the singular values evened out, to at most 1.21 η "
    "√max(1, outputs/inputs). Directions that never had a gradient stand still. Biases follow Nadam at the "
    "same η.",
    rate_unit="length",
    scale_free=True,
)
