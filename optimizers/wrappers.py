"""Rules under harder conditions: gradients that come late, and a minimum that moves.

A wrapper changes the landscape that its inner rule sees. The losses and positions of a run stay those of the surface.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from surfaces.parameter import AT_LEAST_ONE, Interval, parameter


class Wrapper(Optimizer):
    """A rule that takes the steps of an inner rule; subclasses change what that sees."""

    inner: Optimizer

    @property
    def elementwise(self) -> bool:  # type: ignore[override]
        return self.inner.elementwise

    @property
    def dense(self) -> bool:  # type: ignore[override]
        return self.inner.dense

    @property
    def layered(self) -> bool:  # type: ignore[override]
        return self.inner.layered

    def init(self, w: Array) -> Any:
        return self.inner.init(w)


class Delays(NamedTuple):
    """past: the points of the last d steps, oldest first; inner: the state of the inner rule."""

    past: tuple[Array, ...]
    inner: Any


class Delayed(Wrapper):
    r"""A rule whose gradients are d steps old, as in asynchronous training.

    $$ \nabla L(w_{t-d}) \quad \text{in the place of} \quad \nabla L(w_t) $$

    The inner rule sees the landscape shifted by w_t − w_{t−d}, so a rule that looks ahead looks ahead from the old
    point. In the first d steps it sees the gradient at the start. On a parabola of curvature λ, SGD is stable for
    ηλ < 2 sin(π/(4d + 2)) (Levin & May 1976), instead of 2.
    """

    name = "Delayed"
    year = 1976
    source = "S. A. Levin & R. M. May (1976); J. Langford, A. Smola & M. Zinkevich (2009), Slow learners are fast"
    watch = "The later the gradients come, the smaller is the largest learning rate that converges."

    delay: int = parameter(
        "d",
        default=4,
        low=0,
        high=20,
        integer=True,
        legal=Interval(0.0, 100.0),
        tuned=False,
        doc="The age of gradients in steps.",
    )

    def init(self, w: Array) -> Delays:
        return Delays((w,) * self.delay, self.inner.init(w))

    def step(self, gradient: Gradient, w: Array, state: Delays, t: Array) -> tuple[Array, Delays, Step]:
        past = (*state.past, w)
        shift = past[0] - w
        late = Gradient(lambda u: gradient.value(u + shift))
        following, inner, step = self.inner.step(late, w, state.inner, t)
        return following, Delays(past[1:], inner), step


class Drifting(Wrapper):
    r"""A rule whose landscape moves at a constant speed, and arrives at its place in step T.

    $$ L_t(w) = L\bigl(w - v\,(T - t)\bigr) $$

    The inner rule takes its gradients there; v is the same in each coordinate. Since the landscape of step T is the
    surface itself, the loss after T steps is that of a rule that has followed the minimum. A rule whose steps shrink to
    zero is left behind.
    """

    name = "Drifting"
    year = 1960
    source = "B. Widrow & M. E. Hoff (1960), Adaptive switching circuits; T. Schaul, S. Zhang & Y. LeCun (2013)"
    watch = "To follow a minimum that moves, a rule needs steps of the length of its move."

    velocity: float = parameter(
        "v", default=0.01, low=0.0, high=0.1, tuned=False, doc="How far the landscape moves in a step, per coordinate."
    )
    horizon: float = parameter(
        "T",
        default=300.0,
        low=1.0,
        high=20_000.0,
        log=True,
        legal=AT_LEAST_ONE,
        counts=True,
        tuned=False,
        doc="The step in which the landscape is the surface itself.",
    )

    def step(self, gradient: Gradient, w: Array, state: Any, t: Array) -> tuple[Array, Any, Step]:
        offset = self.velocity * (self.horizon - t)
        return self.inner.step(Gradient(lambda u: gradient.value(u - offset)), w, state, t)
