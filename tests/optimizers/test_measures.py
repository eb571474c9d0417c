"""What runs looked like from their landscapes, held to closed forms on the ravine ½(x² + κy²)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    Isotropic,
    Scheduled,
    distances,
    effective_rates,
    gradient_norms,
    sharpnesses,
    trace,
)
from surfaces import SURFACES, Rotated
from surfaces.calculus import expand

KAPPA = 30.0
RAVINE = SURFACES["quadratic_ravine"](condition_number=KAPPA)


def _run(key: str = "sgd", surface: Any = RAVINE, steps: int = 30, **values: Any) -> Any:
    return trace(surface, OPTIMIZERS[key](**values), steps=steps)


def test_distance_and_slope_on_the_ravine() -> None:
    run = trace(RAVINE, OPTIMIZERS["sgd"](learning_rate=0.02), steps=30, noise=Isotropic(0.5), seed=1)
    x, y = run.positions.T
    np.testing.assert_allclose(distances(run), np.hypot(x, y), rtol=1e-12)
    np.testing.assert_allclose(gradient_norms(run), np.hypot(x, KAPPA * y), rtol=1e-12)


def test_the_distance_to_a_valley_of_minima_is_that_to_its_curve() -> None:
    surface = SURFACES["matrix_factorization"]()
    run = _run(surface=surface, learning_rate=0.01, steps=10)
    gaps = [np.min(np.linalg.norm(np.concatenate(surface.curves()) - p, axis=1)) for p in run.positions]
    np.testing.assert_allclose(distances(run), gaps, atol=0.02)


def test_adagrad_s_rates_only_fall_and_are_those_of_its_formula() -> None:
    run = _run("adagrad", learning_rate=0.5, epsilon=1e-8)
    rates = effective_rates(run)
    assert np.isnan(rates[0]).all() and (np.diff(rates[1:], axis=0) <= 0).all()
    slopes = run.positions[:-1] * [1.0, KAPPA]
    np.testing.assert_allclose(rates[1:], 0.5 / np.sqrt(np.cumsum(slopes**2, axis=0) + 1e-8), rtol=1e-9)


def test_a_schedule_is_in_the_rates() -> None:
    plain = OPTIMIZERS["sgd"](learning_rate=0.02)
    run = trace(RAVINE, Scheduled(plain, SCHEDULES["cosine"](horizon=30)), steps=30)
    rates = effective_rates(run)[1:, 0]
    assert rates[0] == pytest.approx(0.02, rel=0.02) and rates[-1] < 0.001


def test_sharpness_is_the_largest_eigenvalue_also_under_rotation() -> None:
    surface = Rotated(SURFACES["rosenbrock"](), angle=25.0)
    run = _run(surface=surface, learning_rate=5e-4, steps=12)
    wanted = [np.linalg.eigvalsh(expand(surface, p)[2])[-1] for p in run.positions]
    np.testing.assert_allclose(sharpnesses(run), wanted, rtol=1e-9)


def test_a_preconditioned_rule_s_sharpness_is_of_the_scaled_hessian_where_the_step_was_taken() -> None:
    run = _run("rmsprop", learning_rate=0.05, decay=0.9)
    found = sharpnesses(run)
    scales = run.optimizer.learning_rate / effective_rates(run)[1:]
    np.testing.assert_allclose(found[:-1], np.max([1.0, KAPPA] / scales, axis=1), rtol=1e-6)
    assert np.isnan(found[-1])


def test_many_dimensions_too() -> None:
    surface = SURFACES["ravine_nd"](dimension=40)
    run = _run(surface=surface, learning_rate=0.01, steps=3)
    wanted = [np.linalg.eigvalsh(expand(surface, p)[2])[-1] for p in run.positions]
    np.testing.assert_allclose(sharpnesses(run), wanted, rtol=1e-3)


def test_nothing_is_measured_of_a_run_that_diverged() -> None:
    run = _run(learning_rate=50.0, steps=400)
    assert run.status.kind == "diverged"
    for measure in (distances, gradient_norms, sharpnesses):
        values = measure(run)
        assert len(values) == 401 and np.isnan(values[run.last + 1 :]).all() and np.isfinite(values[: run.last]).all()


def test_what_was_not_recorded_is_said() -> None:
    bare = trace(RAVINE, OPTIMIZERS["rmsprop"](), steps=3, record=("positions", "losses"))
    with pytest.raises(ValueError, match="recording its steps"):
        effective_rates(bare)
    with pytest.raises(ValueError, match="recording its states"):
        sharpnesses(bare)
