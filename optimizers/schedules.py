"""Schedules multiply the learning rate; a horizon is a traced number, so none of them recompiles.

Steps count from 1, as in the textbook: the first step uses factor(1). optax counts from 0, so that
`factor(t)` equals its schedule at t − 1. Ours, because optax's builders refuse traced parameters.
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
"""Drops that are named; where there are more, marks of them all would hide the curve."""


def _horizon() -> Any:
    return parameter(
        "T",
        default=200.0,
        low=1.0,
        high=20_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="Steps until its end.",
    )


class Schedule(Declared):
    """A factor on the learning rate as a function of the step t = 1, 2, …"""

    name: ClassVar[str]
    formula: ClassVar[str]

    def factor(self, t: Array) -> Array:
        """The factor at step t, a scalar or the shape of its parameters."""
        raise NotImplementedError

    def drops(self, steps: int) -> tuple[int, ...]:
        """The last steps before sudden drops of the learning rate, within so many steps."""
        return ()


class Constant(Schedule):
    """No schedule: the factor is 1."""

    name = "constant"
    formula = "1"

    def factor(self, t: Array) -> Array:
        return jnp.ones_like(t)


class StepDecay(Schedule):
    r"""A sudden drop every k steps: factor^⌊(t−1)/k⌋ (`optax.exponential_decay(staircase=True)`)."""

    name = "step decay"
    formula = r"d^{\lfloor (t-1)/k \rfloor}"

    drop: float = parameter("d", default=0.1, low=0.01, high=1.0, log=True, legal=POSITIVE, doc="Factor of each drop.")
    every: float = parameter(
        "k",
        default=100.0,
        low=1.0,
        high=10_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="Steps between drops.",
    )

    def factor(self, t: Array) -> Array:
        return self.drop ** jnp.floor((t - 1) / self.every)

    def drops(self, steps: int) -> tuple[int, ...]:
        count = min(MOST_DROPS, int((steps - 1) // self.every)) if self.drop < 1 else 0
        return tuple(math.ceil(k * self.every) for k in range(1, count + 1))


class ListedDecay(Schedule):
    r"""A sudden drop after each listed step: up to three; 0 means none (`optax.piecewise_constant_schedule`)."""

    name = "step decay at listed steps"
    formula = r"d^{\#\{i : t > k_i\}}"

    drop: float = parameter("d", default=0.1, low=0.01, high=1.0, log=True, legal=POSITIVE, doc="Factor of each drop.")
    first: float = parameter(
        "k₁",
        default=100.0,
        high=20_000.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="The last step before the first drop.",
    )
    second: float = parameter(
        "k₂",
        default=0.0,
        high=20_000.0,
        legal=NON_NEGATIVE,
        tuned=False,
        doc="Before the second; 0 for none.",
    )
    third: float = parameter(
        "k₃", default=0.0, high=20_000.0, legal=NON_NEGATIVE, tuned=False, doc="Before the third; 0 for none."
    )

    def factor(self, t: Array) -> Array:
        def dropped(at: Any) -> Array:
            at = jnp.asarray(at, dtype=t.dtype)
            return jnp.where((at > 0) & (t > at), 1.0, 0.0).astype(t.dtype)

        return self.drop ** (dropped(self.first) + dropped(self.second) + dropped(self.third))

    def drops(self, steps: int) -> tuple[int, ...]:
        listed = {math.floor(at) for at in (self.first, self.second, self.third) if 0 < at < steps}
        return tuple(sorted(listed)) if self.drop < 1 else ()


class Exponential(Schedule):
    r"""A constant ratio per step: factor^((t−1)/k) (`optax.exponential_decay`)."""

    name = "exponential"
    formula = r"d^{(t-1)/k}"

    drop: float = parameter("d", default=0.1, low=1e-3, high=1.0, log=True, legal=POSITIVE, doc="Factor over k steps.")
    every: float = parameter(
        "k",
        default=100.0,
        low=1.0,
        high=10_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="Steps per factor.",
    )

    def factor(self, t: Array) -> Array:
        return self.drop ** ((t - 1) / self.every)


class Cosine(Schedule):
    r"""Half a cosine from 1 down to `final` (Loshchilov & Hutter 2017; `optax.cosine_decay_schedule`)."""

    name = "cosine"
    formula = r"c + (1 - c)\,\tfrac12\left(1 + \cos \pi \tfrac{t-1}{T}\right)"

    horizon: float = _horizon()
    final: float = parameter("c", default=0.0, legal=_SHARE, tuned=False, doc="Factor at the end.")

    def factor(self, t: Array) -> Array:
        done = jnp.minimum((t - 1) / self.horizon, 1.0)
        return self.final + (1 - self.final) * 0.5 * (1 + jnp.cos(math.pi * done))


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
        tuned=False,
        doc="Steps of the rise.",
    )
    initial: float = parameter("i", default=0.0, legal=_SHARE, tuned=False, doc="Factor of the first step.")

    def factor(self, t: Array) -> Array:
        return self.initial + (1 - self.initial) * jnp.minimum((t - 1) / self.over, 1.0)


class OneCycle(Schedule):
    r"""Up and down by cosines within one run (Smith & Topin 2018; `optax.cosine_onecycle_schedule`).

    From 1/`start_division` up to 1 over the share `rise` of T, then down to 1/(`start_division` · `end_division`).
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
        doc="Share of T that rises.",
    )
    start_division: float = parameter(
        "d₀",
        default=25.0,
        low=1.0,
        high=1e3,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="1 over the first factor.",
    )
    end_division: float = parameter(
        "d₁",
        default=1e4,
        low=1.0,
        high=1e5,
        log=True,
        legal=AT_LEAST_ONE,
        tuned=False,
        doc="First factor over the last.",
    )

    def factor(self, t: Array) -> Array:
        def between(start: Any, end: Any, share: Array) -> Array:
            return start + (end - start) * 0.5 * (1 - jnp.cos(math.pi * share))

        done = jnp.minimum((t - 1) / self.horizon, 1.0)
        up = between(1 / self.start_division, 1.0, jnp.minimum(done / self.rise, 1.0))
        down = between(
            1.0,
            1 / (self.start_division * self.end_division),
            jnp.maximum((done - self.rise) / (1 - self.rise), 0.0),
        )
        return jnp.where(done < self.rise, up, down)


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
        schedule: f, which is asked for t = 1 at the first step.

    Raises:
        ValueError: if the rule has no learning rate to schedule.
    """

    name = "Scheduled"
    year = 1951
    source = "H. Robbins & S. Monro (1951)"
    watch = "After a drop the loss falls suddenly where it had flattened."

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
        """The inner rule at the learning rate of step t; of many steps (k,) with an array of rates."""
        rate = self.inner.learning_rate * self.schedule.factor(t)  # type: ignore[attr-defined]
        return self.inner.replace(learning_rate=rate)

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        return self.in_step(t).step(gradient, w, state, t)

    def stability_limit(self, t: Any = 1.0) -> Any:
        """The inner rule's limit at the learning rate of step t, the first one unless given; t may be an array."""
        return self.in_step(jnp.asarray(t)).stability_limit()

    def preconditioner(self, state: Any) -> Any:
        return self.inner.preconditioner(state)
