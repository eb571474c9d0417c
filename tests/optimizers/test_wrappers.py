"""Delayed gradients and drifting minima against plain recurrences and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizers import OPTIMIZERS, Delayed, Drifting, Isotropic, sweep, trace
from surfaces import SURFACES

CURVATURES = np.array([1.0, 10.0])
RAVINE = SURFACES["quadratic_ravine"](10.0)
START = np.array([-2.0, 0.7])


def _path(rule: Any, steps: int = 40, **options: Any) -> np.ndarray:
    return np.asarray(trace(RAVINE, rule, START, steps, **options).positions)


@pytest.mark.parametrize("delay", [1, 3])
def test_sgd_with_delayed_gradients_is_the_plain_recurrence(delay: int) -> None:
    path = [START]
    for t in range(40):
        path.append(path[-1] - 0.03 * CURVATURES * path[max(t - delay, 0)])
    np.testing.assert_allclose(_path(Delayed(OPTIMIZERS["sgd"](0.03), delay=delay)), path, rtol=1e-12)


def test_a_rule_that_looks_ahead_looks_ahead_from_the_old_point() -> None:
    """a ← βa + λ(w_{t−d} − ηβa), w ← w − ηa."""
    eta, beta, delay = 0.01, 0.8, 2
    path, a = [START], np.zeros(2)
    for t in range(40):
        a = beta * a + CURVATURES * (path[max(t - delay, 0)] - eta * beta * a)
        path.append(path[-1] - eta * a)
    np.testing.assert_allclose(_path(Delayed(OPTIMIZERS["nesterov"](eta, beta), delay=delay)), path, rtol=1e-10)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_delayed_sgd_is_stable_up_to_the_limit_of_levin_and_may(delay: int) -> None:
    """w ← w − ηλ w_{t−d} shrinks for ηλ < 2 sin(π/(4d + 2)); d = 0 gives the limit 2 of gradient descent."""
    limit = 2 * np.sin(np.pi / (4 * delay + 2))
    for factor in (0.97, 1.03):
        losses = trace(RAVINE, Delayed(OPTIMIZERS["sgd"](factor * limit / 10.0), delay=delay), START, 1000).losses
        assert (losses[-1] < 1e-3 * losses[0]) == (factor < 1), (factor, losses[-1])


def test_without_delay_and_without_drift_the_rule_is_the_inner_one() -> None:
    adam = OPTIMIZERS["adam"](0.1)
    for wrapped in (Delayed(adam, delay=0), Drifting(adam, velocity=0.0)):
        np.testing.assert_array_equal(_path(wrapped), _path(adam))


def test_a_drifting_minimum_arrives_at_its_place_in_the_last_step() -> None:
    """In step t the minimum is at −v (T − t), and the loss after T steps is that of the surface."""
    path = [START]
    for t in range(1, 41):
        path.append(path[-1] - 0.05 * CURVATURES * (path[-1] + 0.02 * (40 - t)))
    run = trace(RAVINE, Drifting(OPTIMIZERS["sgd"](0.05), velocity=-0.02, horizon=40.0), START, 40)
    np.testing.assert_allclose(run.positions, path, rtol=1e-12)
    np.testing.assert_allclose(run.losses[-1], 0.5 * np.sum(CURVATURES * path[-1] ** 2), rtol=1e-12)


def test_sgd_follows_a_drifting_minimum_at_a_constant_distance() -> None:
    """A step takes the lag e to (1 − ηλ) (e + v), whose fixed point is e = v (1/ηλ − 1)."""
    eta, v, steps = 0.05, 0.01, 400
    run = trace(RAVINE, Drifting(OPTIMIZERS["sgd"](eta), velocity=v, horizon=float(steps)), START, steps)
    np.testing.assert_allclose(run.positions[-1], v * (1 / (eta * CURVATURES) - 1), rtol=1e-4)


@pytest.mark.thinned(4)
@pytest.mark.parametrize("rule", ["adam", "adamax"])  # one works on planes, the other under vmap
@pytest.mark.parametrize("wrap", [lambda r: Delayed(r, delay=2), lambda r: Drifting(r, horizon=60.0)])
def test_a_sweep_of_a_wrapped_rule_is_its_trace(rule: str, wrap: Any) -> None:
    wrapped = wrap(OPTIMIZERS[rule]())
    rates, noise = [0.01, 0.1], Isotropic(0.1)
    result = sweep(RAVINE, wrapped, over={"learning_rate": rates}, start=START, steps=60, noise=noise, dtype="float64")
    for k in range(len(rates)):
        np.testing.assert_allclose(result.end[k], result.trace(k).positions[-1], rtol=1e-9)
    assert result.final[0] != result.final[1]
