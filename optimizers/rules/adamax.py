"""AdaMax, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import beta1, beta2, epsilon, learning_rate

AdaMax = from_optax(
    "AdaMax",
    optax.adamax,
    parameters={"learning_rate": learning_rate(2e-3), "b1": beta1(), "b2": beta2(), "eps": epsilon()},
    rename={"b1": "beta1", "b2": "beta2", "eps": "epsilon"},
    year=2015,
    predecessor="adam",
    idea="Divide by the largest recent gradient instead of a root mean square.",
    source="D. P. Kingma & J. Ba (2015), Adam: a method for stochastic optimization, algorithm 2",
    watch="It divides by the largest recent gradient instead of the root mean square. After a steep place its "
    "effective rate grows by a factor of at most 1/β₂ in each step.",
    rate_unit="length",
    scale_free=True,
    libraries=(
        ("PyTorch", "Adamax(lr=0.002, betas=(0.9, 0.999), eps=1e-08)"),
        ("Keras", "Adamax(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"),
    ),
)
