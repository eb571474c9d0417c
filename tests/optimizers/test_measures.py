"""Measures of runs, against closed forms on the ravine ½(x² + κy²)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    Isotropic,
    Scheduled,
    crossings,
    distances,
    effective_rates,
    gradient_norms,
    overshoot,
    sharpnesses,
    steps_on_flat_ground,
    steps_to,
    trace,
)
from surfaces import SURFACES, Rotated
from surfaces.calculus import expand
from tests.optimizers.cases import Scaled

KAPPA = 30.0
RAVINE = SURFACES["quadratic_ravine"](condition_number=KAPPA)


def _run(key: str = "sgd", surface: Any = RAVINE, steps: int = 30, **values: Any) -> Any:
    return trace(surface, OPTIMIZERS[key](**values), steps=steps)


def test_distance_and_gradient_norm_on_the_ravine() -> None:
    run = trace(RAVINE, OPTIMIZERS["sgd"](learning_rate=0.02), steps=30, noise=Isotropic(0.5), seed=1)
    x, y = run.positions.T
    np.testing.assert_allclose(distances(run), np.hypot(x, y), rtol=1e-12)
    np.testing.assert_allclose(gradient_norms(run), np.hypot(x, KAPPA * y), rtol=1e-12)


def test_the_distance_to_a_curve_of_minima() -> None:
    surface = SURFACES["matrix_factorization"]()
    run = _run(surface=surface, learning_rate=0.01, steps=10)
    gaps = [np.min(np.linalg.norm(np.concatenate(surface.curves()) - p, axis=1)) for p in run.positions]
    np.testing.assert_allclose(distances(run), gaps, atol=0.02)


def test_adagrads_effective_rates_follow_its_formula() -> None:
    run = _run("adagrad", learning_rate=0.5, epsilon=1e-8)
    rates = effective_rates(run)
    assert np.isnan(rates[0]).all() and (np.diff(rates[1:], axis=0) <= 0).all()
    slopes = run.positions[:-1] * [1.0, KAPPA]
    np.testing.assert_allclose(rates[1:], 0.5 / np.sqrt(np.cumsum(slopes**2, axis=0) + 1e-8), rtol=1e-9)


def test_effective_rates_include_the_schedule() -> None:
    plain = OPTIMIZERS["sgd"](learning_rate=0.02)
    run = trace(RAVINE, Scheduled(plain, SCHEDULES["cosine"](horizon=30)), steps=30)
    rates = effective_rates(run)[1:, 0]
    assert rates[0] == pytest.approx(0.02, rel=0.02) and rates[-1] < 0.001


def test_sharpness_is_the_largest_eigenvalue_under_rotation_too() -> None:
    surface = Rotated(SURFACES["rosenbrock"](), angle=25.0)
    run = _run(surface=surface, learning_rate=5e-4, steps=12)
    expected = [np.linalg.eigvalsh(expand(surface, p)[2])[-1] for p in run.positions]
    np.testing.assert_allclose(sharpnesses(run), expected, rtol=1e-9)


def test_the_sharpness_of_a_preconditioned_rule_is_that_of_the_scaled_hessian() -> None:
    run = _run("rmsprop", learning_rate=0.05, decay=0.9)
    values = sharpnesses(run)
    scales = run.optimizer.learning_rate / effective_rates(run)[1:]
    np.testing.assert_allclose(values[:-1], np.max([1.0, KAPPA] / scales, axis=1), rtol=1e-6)
    assert np.isnan(values[-1])


def test_sharpness_in_many_dimensions() -> None:
    surface = SURFACES["ravine_nd"](dimension=40)
    run = _run(surface=surface, learning_rate=0.01, steps=3)
    expected = [np.linalg.eigvalsh(expand(surface, p)[2])[-1] for p in run.positions]
    np.testing.assert_allclose(sharpnesses(run), expected, rtol=1e-3)


def test_measures_are_nan_from_a_divergence_on() -> None:
    run = _run(learning_rate=50.0, steps=400)
    assert run.status.kind == "diverged"
    for measure in (distances, gradient_norms, sharpnesses):
        values = measure(run)
        assert len(values) == 401 and np.isnan(values[run.last + 1 :]).all() and np.isfinite(values[: run.last]).all()


def test_missing_records_are_named_in_the_error() -> None:
    run = trace(RAVINE, OPTIMIZERS["rmsprop"](), steps=3, record=("positions", "losses"))
    with pytest.raises(ValueError, match="did not record its steps"):
        effective_rates(run)
    with pytest.raises(ValueError, match="did not record its states"):
        sharpnesses(run)


@pytest.mark.parametrize(("c", "s"), [(1.0, 1.0), (1e6, 1.0), (1e-6, 1.0), (1.0, 1e-3), (1.0, 1e3)])
@pytest.mark.parametrize("angle", [0.0, 30.0, 77.0])
def test_sgd_crosses_the_valley_in_every_step_or_never(angle: float, c: float, s: float) -> None:
    """A step multiplies the slope across the valley by 1 − ηκ. If ηκ > 1, every step crosses, until the loss has fallen
    to a hundredth or the wall to ε² h; if ηκ < 1, no step does; if ηκ = 1, only rounding remains.
    """
    steps = 60
    start = np.array([1.5, 1.0])
    turned = np.deg2rad(angle)
    turn = np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
    surface = Scaled(Rotated(RAVINE, angle=angle), c, s)
    t = np.arange(steps + 1)
    for stiff in (0.2, 0.9, 0.999, 1.0, 1.001, 1.1, 1.5, 1.9, 1.999, 2.1):
        run = trace(surface, OPTIMIZERS["sgd"](stiff / KAPPA * s**2 / c), tuple(s * turn @ start), steps=steps)
        walls = 0.5 * KAPPA * (1 - stiff) ** (2 * t)
        heights = walls + 0.5 * (1.5 * (1 - stiff / KAPPA) ** t) ** 2
        low = np.flatnonzero(heights <= 0.01 * heights[0])
        clear = walls[: low[0] + 1 if len(low) else None] > 1e-18 * heights[0]
        assert crossings(run) == (int(clear.sum()) - 1 if stiff > 1 else 0), stiff


@pytest.mark.parametrize("angle", [0.0, 25.0])
@pytest.mark.parametrize(("rate", "beyond"), [(1.5, 0.5), (0.5, 0.0), (1.0, 0.0), (1.0004, 0.0)])
def test_the_overshoot_of_a_step_of_known_length(angle: float, rate: float, beyond: float) -> None:
    """Across the valley, the first step multiplies the distance by 1 − ηκ; less than 1/2,000 counts as 0."""
    turned = np.deg2rad(angle)
    start = (-1.7 * np.sin(turned), 1.7 * np.cos(turned))
    run = trace(Rotated(RAVINE, angle=angle), OPTIMIZERS["sgd"](learning_rate=rate / KAPPA), start, steps=40)
    assert overshoot(run) == pytest.approx(beyond, abs=1e-12)


@pytest.mark.parametrize("angle", [0.0, 33.0, -70.0])
def test_a_bent_valley_is_crossed_at_its_floor(angle: float) -> None:
    """Rosenbrock's valley turns by 100°. SGD follows it without crossings; the crossings of momentum are the changes of
    sign of the slope across, from the Hessian in closed form.
    """
    surface = SURFACES["rosenbrock"]()
    for key, rate in (("sgd", 1e-4), ("momentum", 5e-4)):
        run = trace(Rotated(surface, angle), OPTIMIZERS[key](rate), Rotated(surface, angle).rotate((-0.5, 0.25)), 300)
        x, y = (run.positions[: (steps_to(run) or 300) + 1] @ _turn(angle) + _center(angle)).T
        b = surface.steepness
        slopes = np.stack([-2 * (1 - x) - 4 * b * x * (y - x**2), 2 * b * (y - x**2)])
        hessians = np.moveaxis(
            np.array([[2 + 12 * b * x**2 - 4 * b * y, -4 * b * x], [-4 * b * x, 2 * b + 0 * x]]), 2, 0
        )
        across = np.linalg.eigh(hessians)[1][:, :, 1]
        across *= np.sign(across[:, 1:])  # the y component of the normal is never zero
        sides = np.sign(np.sum(across * slopes.T, axis=1))
        assert crossings(run) == (sides[1:] != sides[:-1]).sum()


def _turn(angle: float) -> Any:
    turned = np.deg2rad(angle)
    return np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])


def _center(angle: float) -> Any:
    """c − Rᵀc for the centre c = (0, 1) of Rosenbrock's domain."""
    return np.array([0.0, 1.0]) - np.array([0.0, 1.0]) @ _turn(angle)


def test_a_round_bowl_has_no_valley() -> None:
    assert crossings(_run(surface=SURFACES["quadratic_ravine"](condition_number=1.0), learning_rate=1.5)) is None
    assert crossings(_run(surface=SURFACES["linear_regression"](offset=0.0), learning_rate=0.6)) is None


@pytest.mark.parametrize("angle", [0.0, 30.0, 77.0])
def test_the_overshoot_beyond_a_curve_of_minima(angle: float) -> None:
    """The first step from (3.6, 1.6) with η = 0.15 leaps over uv = 1; a search along the curve gives the distances."""
    inner = SURFACES["matrix_factorization"]()
    surface = Rotated(inner, angle)
    run = trace(surface, OPTIMIZERS["sgd"](learning_rate=0.15), surface.rotate((3.6, 1.6)), steps=300)
    flat = trace(inner, OPTIMIZERS["sgd"](learning_rate=0.15), (3.6, 1.6), steps=300)
    u = np.geomspace(0.2, 5, 2_000_001)
    far = [np.hypot(u - p[0], 1 / u - p[1]).min() for p in flat.positions[:2]]
    assert np.prod(flat.positions[0]) > 1 > np.prod(flat.positions[1])
    assert overshoot(run) == pytest.approx(far[1] / far[0], rel=1e-6)
    slow = trace(surface, OPTIMIZERS["sgd"](learning_rate=0.01), surface.rotate((3.6, 1.6)), steps=300)
    assert overshoot(slow) == 0.0


def test_a_run_from_a_minimum_has_no_overshoot() -> None:
    camel = SURFACES["himmelblau"]()
    for start in (*camel.minima(), np.round(camel.minima()[1], 9)):
        run = trace(camel, OPTIMIZERS["sgd"](learning_rate=0.01), start, steps=20)
        assert overshoot(run) is None and steps_on_flat_ground(run) is None and steps_to(run) == 0


def test_momentum_overshoots_and_nesterov_less() -> None:
    far = [overshoot(_run(key, steps=200, learning_rate=0.017)) for key in ("sgd", "nesterov", "momentum")]
    assert far[0] == 0.0 and 0.05 < far[1] < far[2] < 1.0


def test_measures_that_do_not_apply_are_none() -> None:
    diverged = _run(steps=4000, learning_rate=2.5 / KAPPA)
    assert diverged.status.kind == "diverged" and overshoot(diverged) is None
    assert overshoot(trace(RAVINE, OPTIMIZERS["sgd"](), (0.0, 0.0), steps=5)) is None
    for several in ("saddle", "himmelblau", "matrix_factorization"):
        assert crossings(_run(surface=SURFACES[several]())) is None
    wide = SURFACES["ravine_nd"](dimension=200)
    assert crossings(_run(surface=wide)) is None


def test_flat_ground_counts_around_the_saddle_and_not_at_the_bottom() -> None:
    surface = SURFACES["saddle"]()
    counts = {}
    for key in ("sgd", "momentum", "adam"):
        run = trace(surface, OPTIMIZERS[key](learning_rate=0.1), steps=300)
        x, y = run.positions[: run.last].T
        slope = np.hypot(x, y**3 - y)
        heights = run.losses[: run.last] + 0.25
        flat = (slope <= 0.2 * heights[0] / np.hypot(4.4, 3.2)) & (heights > 0.01 * heights[0])
        counts[key] = steps_on_flat_ground(run)
        assert counts[key] == flat.sum()
        near = np.hypot(x[flat], y[flat])
        assert (near < 0.3).all()  # all of them near the saddle
    assert counts["sgd"] > 5 * counts["momentum"] > 0 == counts["adam"]
