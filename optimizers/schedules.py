"""Schedules multiply the learning rate by a factor that depends on the step.

Steps count from 1, as in the textbook: the first step uses factor(1). optax counts from 0, so `factor(t)` equals its
schedule at t − 1. The builders of optax cannot be used, because they refuse traced parameters. A horizon is a traced
number here, so changing it compiles nothing.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from surfaces.parameter import AT_LEAST_ONE, NON_NEGATIVE, POSITIVE, Declared, Interval, parameter

_SHARE = Interval(0.0, 1.0)
MOST_DROPS = 50
"""The most drops that `Schedule.drops` lists: marks of more of them would hide the curve."""


def _horizon() -> Any:
    return parameter(
        "T",
        default=200.0,
        low=1.0,
        high=20_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        counts=True,
        tuned=False,
        doc="Steps until the schedule ends.",
    )


class Schedule(Declared):
    """A factor on the learning rate as a function of the step t = 1, 2, …"""

    name: ClassVar[str]
    formula: ClassVar[str]

    def factor(self, t: Array) -> Array:
        """The factor in step t: a scalar, or an array with the shape of the parameters."""
        raise NotImplementedError

    def drops(self, steps: int) -> tuple[int, ...]:
        """The last step before each sudden drop of the learning rate, in a run of this many steps."""
        return ()


class Constant(Schedule):
    """No schedule: the factor is 1."""

    name = "constant"
    formula = "1"

    def factor(self, t: Array) -> Array:
        return jnp.ones_like(t)


class StepDecay(Schedule):
    r"""The factor drops suddenly every k steps: d^⌊(t−1)/k⌋ (`optax.exponential_decay(staircase=True)`)."""

    name = "step decay"
    formula = r"d^{\lfloor (t-1)/k \rfloor}"

    drop: float = parameter("d", default=0.1, low=0.01, high=1.0, log=True, legal=POSITIVE, doc="Factor at each drop.")
    every: float = parameter(
        "k",
        default=100.0,
        low=1.0,
        high=10_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        counts=True,
        tuned=False,
        doc="Steps between drops.",
    )

    def factor(self, t: Array) -> Array:
        return self.drop ** jnp.floor((t - 1) / self.every)

    def drops(self, steps: int) -> tuple[int, ...]:
        count = min(MOST_DROPS, int((steps - 1) // self.every)) if self.drop < 1 else 0
        return tuple(math.ceil(k * self.every) for k in range(1, count + 1))


class ListedDecay(Schedule):
    r"""The factor drops suddenly after each of up to three listed steps (`optax.piecewise_constant_schedule`)."""

    name = "step decay at listed steps"
    formula = r"d^{\#\{i : t > k_i\}}"

    drop: float = parameter("d", default=0.1, low=0.01, high=1.0, log=True, legal=POSITIVE, doc="Factor at each drop.")
    first: float = parameter(
        "k₁",
        default=100.0,
        high=20_000.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="The last step before the first drop; 0 for none.",
    )
    second: float = parameter(
        "k₂",
        default=0.0,
        high=20_000.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="The last step before the second drop; 0 for none.",
    )
    third: float = parameter(
        "k₃",
        default=0.0,
        high=20_000.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="The last step before the third drop; 0 for none.",
    )

    def factor(self, t: Array) -> Array:
        def past(listed: Any) -> Array:
            listed = jnp.asarray(listed, dtype=t.dtype)
            return jnp.where((listed > 0) & (t > listed), 1.0, 0.0).astype(t.dtype)

        return self.drop ** (past(self.first) + past(self.second) + past(self.third))

    def drops(self, steps: int) -> tuple[int, ...]:
        listed = {math.floor(step) for step in (self.first, self.second, self.third) if 0 < step < steps}
        return tuple(sorted(listed)) if self.drop < 1 else ()


class Exponential(Schedule):
    r"""The factor shrinks by the same ratio in every step: d^((t−1)/k) (`optax.exponential_decay`)."""

    name = "exponential"
    formula = r"d^{(t-1)/k}"

    drop: float = parameter("d", default=0.1, low=1e-3, high=1.0, log=True, legal=POSITIVE, doc="Factor after k steps.")
    every: float = parameter(
        "k",
        default=100.0,
        low=1.0,
        high=10_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        counts=True,
        tuned=False,
        doc="Steps in which the learning rate is multiplied by d.",
    )

    def factor(self, t: Array) -> Array:
        return self.drop ** ((t - 1) / self.every)


class Cosine(Schedule):
    r"""Half a period of a cosine, from 1 to `final` (Loshchilov & Hutter 2017; `optax.cosine_decay_schedule`)."""

    name = "cosine"
    formula = r"c + (1 - c)\,\tfrac12\left(1 + \cos \pi \tfrac{t-1}{T}\right)"

    horizon: float = _horizon()
    final: float = parameter("c", default=0.0, legal=_SHARE, tuned=False, doc="Factor at the end of the schedule.")

    def factor(self, t: Array) -> Array:
        share = jnp.minimum((t - 1) / self.horizon, 1.0)
        return self.final + (1 - self.final) * 0.5 * (1 + jnp.cos(math.pi * share))


class WarmUp(Schedule):
    r"""Linear from `initial` to 1 over k steps, then constant (`optax.linear_schedule(initial, 1, k)`)."""

    name = "linear warm-up"
    formula = r"\min\left(1,\; i + (1 - i)\tfrac{t-1}{k}\right)"

    over: float = parameter(
        "k",
        default=50.0,
        low=1.0,
        high=10_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        counts=True,
        tuned=False,
        doc="Steps of the warm-up.",
    )
    initial: float = parameter("i", default=0.0, legal=_SHARE, tuned=False, doc="Factor in the first step.")

    def factor(self, t: Array) -> Array:
        return self.initial + (1 - self.initial) * jnp.minimum((t - 1) / self.over, 1.0)


class OneCycle(Schedule):
    r"""A cosine up and a cosine down within one run (Smith & Topin 2018; `optax.cosine_onecycle_schedule`).

    The factor rises from 1/`start_division` to 1 in the first `rise` · T steps, then falls to
    1/(`start_division` · `end_division`) at step T.
    """

    name = "one-cycle"
    formula = r"\text{cosine } \tfrac1{d_0} \to 1 \text{ until } rT, \text{ then } \to \tfrac1{d_0 d_1}"

    horizon: float = _horizon()
    rise: float = parameter(
        "r",
        default=0.3,
        low=0.01,
        high=0.99,
        legal=Interval(0.0, 1.0, False, False),
        tuned=False,
        doc="Share of T in which the learning rate rises.",
    )
    start_division: float = parameter(
        "d₀",
        default=25.0,
        low=1.0,
        high=1e3,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="The inverse of the factor in the first step.",
    )
    end_division: float = parameter(
        "d₁",
        default=1e4,
        low=1.0,
        high=1e5,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="The ratio of the factor in the first step to that at the end.",
    )

    def factor(self, t: Array) -> Array:
        def between(start: Any, end: Any, share: Array) -> Array:
            return start + (end - start) * 0.5 * (1 - jnp.cos(math.pi * share))

        progress = jnp.minimum((t - 1) / self.horizon, 1.0)
        up = between(1 / self.start_division, 1.0, jnp.minimum(progress / self.rise, 1.0))
        down = between(
            1.0,
            1 / (self.start_division * self.end_division),
            jnp.maximum((progress - self.rise) / (1 - self.rise), 0.0),
        )
        return jnp.where(progress < self.rise, up, down)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step_decay": StepDecay,
    "listed_decay": ListedDecay,
    "exponential": Exponential,
    "cosine": Cosine,
    "warm_up": WarmUp,
    "one_cycle": OneCycle,
}


class Scheduled(Optimizer):
    r"""A rule whose learning rate is multiplied by a schedule: $\eta_t = \eta \cdot f(t)$.

    Args:
        inner: the rule.
        schedule: f; the first step is t = 1.

    Raises:
        ValueError: if the rule has no learning rate to schedule.
    """

    name = "Scheduled"
    year = 1951
    source = "H. Robbins & S. Monro (1951)"
    watch = "After a drop of the learning rate, a loss that had levelled off falls again."

    inner: Optimizer
    schedule: Schedule

    def __post_init__(self) -> None:
        if "learning_rate" not in self.inner.parameters():
            raise ValueError(f"{self.inner.name} has no learning rate to schedule")

    @property
    def elementwise(self) -> bool:  # type: ignore[override]
        return self.inner.elementwise

    @property
    def dense(self) -> bool:  # type: ignore[override]
        return self.inner.dense

    @property
    def preconditioned(self) -> bool:  # type: ignore[override]
        return self.inner.preconditioned

    def init(self, w: Array) -> Any:
        return self.inner.init(w)

    def in_step(self, t: Any) -> Optimizer:
        """The inner rule with the learning rate of step t; with an array of rates for many steps (k,)."""
        rate = self.inner.learning_rate * self.schedule.factor(t)  # type: ignore[attr-defined]
        return self.inner.replace(learning_rate=rate)

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        return self.in_step(t).step(gradient, w, state, t)

    def stability_limit(self, t: Any = 1.0) -> Any:
        """The inner rule's limit at the learning rate of step t, by default the first; t may be an array."""
        return self.in_step(jnp.asarray(t)).stability_limit()

    def preconditioner(self, state: Any) -> Any:
        return self.inner.preconditioner(state)
