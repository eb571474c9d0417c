"""Adan, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import beta1, beta2, epsilon, learning_rate, weight_decay
from surfaces.parameter import NON_NEGATIVE, UNIT, parameter

Adan = from_optax(
    "Adan",
    optax.adan,
    parameters={
        "learning_rate": learning_rate(1e-3),
        "b1": beta1(0.98),
        "b2": beta2(0.92),
        "b3": parameter(
            "β₃",
            default=0.99,
            high=0.9999,
            one_minus_log=True,
            legal=UNIT,
            doc="Decay rate of n, the mean square of g + (1 − β₂)(g − previous g).",
        ),
        "eps": epsilon(),
        "eps_root": parameter(
            "ε̄",
            default=1e-8,
            low=1e-16,
            high=1.0,
            log=True,
            legal=NON_NEGATIVE,
            tuned=False,
            doc="Added to the mean square inside the root.",
        ),
        "weight_decay": weight_decay(0.0),
    },
    rename={"b1": "beta1", "b2": "beta2", "b3": "beta3", "eps": "epsilon", "eps_root": "epsilon_root"},
    year=2022,
    predecessor="nadam",
    idea="Average the changes of the gradient too, to look ahead without a second gradient.",
    source="X. Xie et al. (2022), Adan: adaptive Nesterov momentum algorithm, algorithm 1",
    watch="It steps along m + (1 − β₂) v, the mean gradient plus a share of its mean change, divided by the root of n.",
    rate_unit="length",
    scale_free=True,
)
