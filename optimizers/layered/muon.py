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
        "weight_decay": weight_decay(0.0),
    },
    rename={"beta": "momentum"},
    layered=True,
    year=2024,
    source="K. Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks",
    watch="Every matrix of weights moves by an orthogonal matrix: all its directions by the same length. Biases go by "
    "Adam at the same learning rate.",
    rate_unit="length",
    scale_free=True,
)
