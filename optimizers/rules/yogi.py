"""Yogi, borrowed from optax."""

from typing import Any

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import beta1, beta2, epsilon, learning_rate
from surfaces.parameter import POSITIVE, parameter


def yogi(learning_rate: Any, b1: Any, b2: Any, eps: Any, initial_accumulator_value: Any) -> Any:
    """`optax.yogi` with an argument for the initial value of both moments, which optax sets to 10⁻⁶."""
    scaled = optax.scale_by_yogi(b1, b2, eps, initial_accumulator_value=initial_accumulator_value)
    return optax.chain(scaled, optax.scale_by_learning_rate(learning_rate))


Yogi = from_optax(
    "Yogi",
    yogi,
    parameters={
        "learning_rate": learning_rate(1e-2),
        "b1": beta1(),
        "b2": beta2(),
        "eps": epsilon(1e-3),
        "initial_accumulator_value": parameter(
            "v₀",
            default=1e-6,
            low=1e-16,
            high=1.0,
            log=True,
            legal=POSITIVE,
            tuned=False,
            doc="Initial value of both moments. The rule is scale-free only if v₀ and ε are negligible.",
        ),
    },
    rename={"b1": "beta1", "b2": "beta2", "eps": "epsilon", "initial_accumulator_value": "initial_moment"},
    year=2018,
    predecessor="adam",
    idea="Update the second moment by additions, so that it reacts slowly to large gradients.",
    shown_on="surface=rosenbrock",
    source="M. Zaheer et al. (2018), Adaptive methods for nonconvex optimization, algorithm 2",
    watch="Its second moment rises or falls by (1 − β₂) g² in each step, so after a steep place its effective rate "
    "recovers more slowly than Adam's.",
    rate_unit="length",
    scale_free=True,
    libraries=(("optax", "yogi(learning_rate, b1=0.9, b2=0.999, eps=0.001)"),),
)
