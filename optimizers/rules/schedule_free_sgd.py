"""Schedule-free SGD, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import learning_rate
from surfaces.parameter import Interval, parameter

ScheduleFreeSGD = from_optax(
    "Schedule-free SGD",
    optax.contrib.schedule_free_sgd,
    parameters={
        "learning_rate": learning_rate(1e-2),
        "b1": parameter(
            "β",
            default=0.9,
            low=0.1,
            high=0.999,
            legal=Interval(0.0, 1.0, False, False),
            doc="Share of the average x in the point y where the gradient is taken.",
        ),
    },
    rename={"b1": "momentum"},
    evaluate=optax.contrib.schedule_free_eval_params,
    year=2024,
    predecessor="sgd",
    idea="Average the iterates instead of lowering the learning rate.",
    shown_on="surface=quadratic_ravine&noise=isotropic",
    source="A. Defazio et al. (2024), The road less scheduled; optax.contrib.schedule_free_sgd",
    watch="The ball on the map is x, the mean of z over all steps so far. While a schedule raises η, later values of z "
    "have more weight. The gradients that move z are taken at y = (1 − β) z + β x.",
)
