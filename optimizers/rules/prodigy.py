"""Prodigy, borrowed from optax."""

from typing import Any

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import beta1, beta2, epsilon, learning_rate
from surfaces.parameter import POSITIVE, parameter


def prodigy(learning_rate: Any, b1: Any, b2: Any, eps: Any, estim_lr0: Any, estim_lr_coef: Any) -> Any:
    """`optax.contrib.prodigy` with a separate argument for each beta."""
    return optax.contrib.prodigy(learning_rate, (b1, b2), eps=eps, estim_lr0=estim_lr0, estim_lr_coef=estim_lr_coef)


Prodigy = from_optax(
    "Prodigy",
    prodigy,
    parameters={
        "learning_rate": learning_rate(1.0),
        "b1": beta1(),
        "b2": beta2(),
        "eps": epsilon(
            doc="Keeps the denominator of the step away from zero. The denominator of d has no such guard: a run that "
            "starts at a stationary point diverges."
        ),
        "estim_lr0": parameter(
            "d₀",
            default=1e-6,
            low=1e-9,
            high=1.0,
            log=True,
            legal=POSITIVE,
            tuned=False,
            doc="The first estimate of d.",
        ),
        "estim_lr_coef": parameter(
            "c", default=1.0, low=0.1, high=10.0, log=True, legal=POSITIVE, doc="Factor on every later estimate of d."
        ),
    },
    rename={
        "b1": "beta1",
        "b2": "beta2",
        "eps": "epsilon",
        "estim_lr0": "first_estimate",
        "estim_lr_coef": "coefficient",
    },
    year=2023,
    predecessor="adam",
    idea="Estimate the distance to the minimum on the way, and set the learning rate from it.",
    source="K. Mishchenko & A. Defazio (2023), Prodigy: an expeditiously adaptive parameter-free learner",
    watch="Its learning rate is η d, where d (estim_lr) estimates the distance from the start to the minimum, not the "
    "remaining distance. The estimate never falls. On a convex surface without noise and for c = 1 it never exceeds "
    "that distance, unless d₀ does.",
    beginning="It hardly moves until d has grown from d₀, which takes a few dozen steps: a slow start is normal.",
    rate_unit="none",
    scale_free=True,
    libraries=(
        (
            "optax",
            "contrib.prodigy(learning_rate=1.0, betas=(0.9, 0.999), eps=1e-08, estim_lr0=1e-06, estim_lr_coef=1.0)",
        ),
    ),
)
