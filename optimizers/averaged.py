"""A rule whose solution is a moving average of its weights."""

from __future__ import annotations

from typing import Any, NamedTuple

from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.wrappers import Wrapper
from surfaces.parameter import UNIT, parameter


class Averages(NamedTuple):
    """average: that of the weights so far; inner: the state of the inner rule."""

    average: Array
    inner: Any


class Averaged(Wrapper):
    r"""A rule with an exponential moving average of its weights, which is evaluated in their place.

    $$ \bar w_t = \gamma\, \bar w_{t-1} + (1 - \gamma)\, w_t, \qquad \bar w_0 = w_0 $$

    The steps of the inner rule stay as they are; training records $\bar w$ instead of w. As in
    `torch.optim.swa_utils.get_ema_multi_avg_fn(γ)`, the start is not corrected for: after t steps it still has the
    weight γᵗ.
    """

    name = "Averaged"
    year = 1992
    source = "B. T. Polyak & A. B. Juditsky (1992), Acceleration of stochastic approximation by averaging"
    watch = "The average smooths out the noise of the last 1/(1 − γ) steps, and lags behind by as many."

    decay: float = parameter(
        "γ",
        default=0.99,
        low=0.0,
        high=0.9999,
        one_minus_log=True,
        legal=UNIT,
        tuned=False,
        title="Average of weights",
        doc="Decay of the exponential moving average of the weights, which is evaluated in place of the last weights.",
    )

    @property
    def preconditioned(self) -> bool:  # type: ignore[override]
        return self.inner.preconditioned

    def init(self, w: Array) -> Averages:
        return Averages(w, self.inner.init(w))

    def step(self, gradient: Gradient, w: Array, state: Averages, t: Array) -> tuple[Array, Averages, Step]:
        following, inner, step = self.inner.step(gradient, w, state.inner, t)
        average = self.decay * state.average + (1 - self.decay) * following
        return following, Averages(average, inner), step

    def solution(self, w: Array, state: Averages) -> Array:
        return state.average

    def in_step(self, t: Any) -> Optimizer:
        return self.inner.in_step(t)

    def stability_limit(self) -> Any:
        return self.inner.stability_limit()

    def preconditioner(self, state: Averages) -> Any:
        return self.inner.preconditioner(state.inner)
