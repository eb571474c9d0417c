"""Schedule-free AdamW, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import beta2, epsilon, learning_rate, weight_decay
from surfaces.parameter import Interval, parameter

ScheduleFreeAdamW = from_optax(
    "Schedule-free AdamW",
    optax.contrib.schedule_free_adamw,
    parameters={
        "learning_rate": learning_rate(2.5e-3),
        "b1": parameter(
            "β₁",
            default=0.9,
            low=0.1,
            high=0.999,
            legal=Interval(0.0, 1.0, False, False),
            doc="Share of the average x in the point y where the gradient is taken.",
        ),
        "b2": beta2(),
        "eps": epsilon(),
        "weight_decay": weight_decay(0.0, "Decoupled weight decay: each step also moves z by −η λ y."),
    },
    rename={"b1": "beta1", "b2": "beta2", "eps": "epsilon"},
    evaluate=optax.contrib.schedule_free_eval_params,
    year=2024,
    predecessor="adamw",
    idea="Average the iterates instead of lowering the learning rate.",
    shown_on="surface=quadratic_ravine&noise=isotropic",
    source="A. Defazio et al. (2024), The road less scheduled; optax.contrib.schedule_free_adamw",
    watch="The ball on the map is x, the mean of z over all steps so far. While a schedule raises η, later values of z "
    "have more weight. Under noise and at a constant η it comes ever closer to the minimum, while AdamW stays at a "
    "distance.",
    rate_unit="length",
    scale_free=True,
)
