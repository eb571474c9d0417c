"""AdEMAMix, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import beta1, beta2, epsilon, learning_rate, weight_decay
from surfaces.parameter import NON_NEGATIVE, UNIT, parameter

AdEMAMix = from_optax(
    "AdEMAMix",
    optax.contrib.ademamix,
    parameters={
        "learning_rate": learning_rate(1e-3),
        "b1": beta1(),
        "b2": beta2(),
        "b3": parameter(
            "β₃",
            default=0.9999,
            high=0.99999,
            one_minus_log=True,
            legal=UNIT,
            doc="Decay rate of the slow mean of gradients; 0.9999 averages over about ten thousand steps.",
        ),
        "alpha": parameter("α", default=5.0, high=20.0, legal=NON_NEGATIVE, doc="Weight of the slow mean."),
        "eps": epsilon(),
        "weight_decay": weight_decay(0.0),
    },
    rename={"b1": "beta1", "b2": "beta2", "b3": "beta3", "eps": "epsilon"},
    year=2024,
    predecessor="adam",
    idea="Mix in a second mean of the gradients, with a memory of thousands of steps.",
    shown_on="surface=rosenbrock&steps=3000",
    source="M. Pagliardini, P. Ablin & D. Grangier (2024), The AdEMAMix optimizer: better, faster, older",
    watch="On a constant slope g the slow mean adds α (1 − β₃ᵗ) g, which is only 0.15 g after 300 steps. Over "
    "thousands of steps it carries the run past minima at which Adam stops.",
    rate_unit="length",
    scale_free=True,
)
