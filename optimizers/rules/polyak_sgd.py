"""SGD with Polyak's step size, borrowed from optax."""

import optax

from optimizers.borrowed import from_optax
from surfaces.parameter import NON_NEGATIVE, POSITIVE, parameter

PolyakSGD = from_optax(
    "Polyak step",
    optax.polyak_sgd,
    parameters={
        "max_learning_rate": parameter(
            "η",
            default=1.0,
            low=1e-6,
            high=10.0,
            log=True,
            legal=POSITIVE,
            doc="The largest learning rate allowed, for c = 1.",
        ),
        "scaling": parameter(
            "c",
            default=1.0,
            high=2.0,
            legal=NON_NEGATIVE,
            doc="Divides Polyak's learning rate, and multiplies its upper bound η.",
        ),
        "f_min": parameter(
            "f*",
            default=0.0,
            low=-1.0,
            high=1.0,
            tuned=False,
            doc="The lowest loss, which must be known.",
        ),
    },
    rename={"max_learning_rate": "learning_rate", "f_min": "lowest"},
    wants_value=True,
    year=1987,
    predecessor="sgd",
    idea="Set the length of the step from the height above the minimum.",
    shown_on="surface=plateau",
    source="B. T. Polyak (1987), Introduction to Optimization, §5.3; optax.polyak_sgd",
    watch="For c = 1 its learning rate is (L − f*)/‖g‖², but at most η. If f* is too high, it stops at the height f*. "
    "If f* is too low, it never settles where the largest curvature is above 2/η. Where ‖g‖² ≤ 2.2·10⁻¹⁶, optax takes "
    "no step.",
    rate_unit="none",
)
