"""NovoGrad, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from optimizers.parameters import epsilon, learning_rate, weight_decay
from surfaces.parameter import UNIT, parameter

NovoGrad = from_optax(
    "NovoGrad",
    optax.novograd,
    parameters={
        "learning_rate": learning_rate(1e-3),
        "b1": parameter("β₁", default=0.9, high=0.999, legal=UNIT, doc="Decay rate of the first moment."),
        "b2": parameter("β₂", default=0.25, high=0.999, legal=UNIT, doc="Decay rate of the squared norm."),
        "eps": epsilon(1e-6),
        "weight_decay": weight_decay(
            0.0, "Weight decay: λ w is added to the normalised gradient, before the momentum."
        ),
    },
    rename={"b1": "beta1", "b2": "beta2", "eps": "epsilon"},
    year=2019,
    predecessor="adam",
    idea="Divide by the norm of the whole gradient, with one second moment for each layer.",
    source="B. Ginsburg et al. (2019), Stochastic gradient methods with layer-wise adaptive moments",
    watch="It divides by the norm of the whole gradient, not by that of each coordinate, so a rotation of the surface "
    "rotates the path.",
    rate_unit="length",
    scale_free=True,
)
