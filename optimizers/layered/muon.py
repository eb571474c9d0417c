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
        "weight_decay": weight_decay(
            0.0, "Decoupled weight decay: each step multiplies the weight matrices by 1 − η λ."
        ),
    },
    rename={"beta": "momentum"},
    layered=True,
    year=2024,
    predecessor="momentum",
    idea="Treat a weight matrix as a whole: step with equal strength in all directions of its momentum.",
    source="K. Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks",
    remarks="`torch.optim.Muon(lr=η, weight_decay=λ, momentum=β)` takes weight matrices only. It does not correct the "
    "momentum for its start at zero, so the first steps differ by about 10 %. It also computes in bfloat16, so the "
    "later steps agree to about 2 %.",
    watch="The step of a weight matrix is its momentum with nearly equal singular values, at most "
    "1.21 η √max(1, outputs/inputs). Directions that never had a gradient do not move. Biases follow Nadam with the "
    "same η.",
    rate_unit="length",
    scale_free=True,
    libraries=(("PyTorch", "Muon(lr=0.001, weight_decay=0.1, momentum=0.95)"),),
)
