"""How a function is minimised: rules, schedules and noise, and runs as data."""

from types import MappingProxyType

from optimizers.averaged import Averaged
from optimizers.axes import Grid, Random
from optimizers.borrowed import from_optax
from optimizers.engine import Trace, size_objection, trace
from optimizers.growth import convergence_rates
from optimizers.measures import (
    crossings,
    distances,
    effective_rates,
    gradient_norms,
    overshoot,
    sharpnesses,
    stability_limits,
    steps_on_flat_ground,
)
from optimizers.noise import NOISES, HeavyTailed, Isotropic, MiniBatch, NoNoise, Shifted, Sparse
from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.schedules import SCHEDULES, Scheduled
from optimizers.starting import starting_learning_rate
from optimizers.status import Status, steps_to
from optimizers.sweeps import Piece, Plan, Sweep, plan_sweep, sweep
from optimizers.tuned import Tuned
from optimizers.tuning import Evaluation, Tuning, tune
from optimizers.verdicts import Verdict, verdict, verdicts
from optimizers.wrappers import Delayed, Drifting
from surfaces.registry import discover

OPTIMIZERS = discover("optimizers.rules", Optimizer, order=lambda rule: rule.year)
"""The rules that run on any surface, by their keys, in the order of their years."""

LAYERED = discover("optimizers.layered", Optimizer, order=lambda rule: rule.year)
"""The rules that need a network's matrices, by their keys."""

RULES = MappingProxyType({**OPTIMIZERS, **LAYERED})
"""All rules, by their keys."""

__all__ = [
    "LAYERED",
    "NOISES",
    "OPTIMIZERS",
    "RULES",
    "SCHEDULES",
    "Averaged",
    "Delayed",
    "Drifting",
    "Evaluation",
    "Gradient",
    "Grid",
    "HeavyTailed",
    "Isotropic",
    "MiniBatch",
    "NoNoise",
    "Optimizer",
    "Piece",
    "Plan",
    "Random",
    "Scheduled",
    "Shifted",
    "Sparse",
    "Status",
    "Step",
    "Sweep",
    "Trace",
    "Tuned",
    "Tuning",
    "Verdict",
    "convergence_rates",
    "crossings",
    "distances",
    "effective_rates",
    "from_optax",
    "gradient_norms",
    "overshoot",
    "plan_sweep",
    "sharpnesses",
    "size_objection",
    "stability_limits",
    "starting_learning_rate",
    "steps_on_flat_ground",
    "steps_to",
    "sweep",
    "trace",
    "tune",
    "verdict",
    "verdicts",
]
