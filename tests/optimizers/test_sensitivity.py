"""Runs that are sensitive to rounding, such as the logistic map, and runs that are not, such as on a quadratic."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from optimizers import OPTIMIZERS, SCHEDULES, Isotropic, Scheduled, trace
from optimizers.sensitivity import NUDGE, nudged, sensitive
from surfaces import SURFACES, Rotated
from surfaces.surface import Surface

PATHS = ("positions", "losses")


class Logistic(Surface):
    """A cubic on which gradient descent with η = 1 is the logistic map x ← 4 x (1 − x); y stays the same."""

    name, formula, teaches, source, theme = "Logistic", "", "", "R. M. May (1976)", "several minima"
    domain = ((0.0, 1.0), (0.0, 1.0))
    start = (0.3, 0.5)

    def __call__(self, w: Array) -> Array:
        return 4 * w[0] ** 3 / 3 - 3 * w[0] ** 2 / 2

    def critical_points(self) -> tuple[Any, ...]:
        return ()


class Gate(Logistic):
    """y begins to move when x has come below ½."""

    name = "Gate"
    start = (1.0, 0.5)

    def __call__(self, w: Array) -> Array:
        return w[0] ** 2 / 2 + jnp.maximum(0.5 - w[0], 0) ** 2 * w[1]


def _pair(surface: Any, rule: Any, steps: int = 300, **options: Any) -> tuple[Any, Any]:
    begin = np.asarray(options.pop("start", surface.start))
    run = trace(surface, rule, begin, steps, record=PATHS, **options)
    return run, trace(*nudged(surface, rule, begin), steps, record=PATHS, **options)


@pytest.mark.parametrize(("steps", "expected"), [(20, False), (80, True)])
def test_the_logistic_map_doubles_a_difference_in_every_step(steps: int, expected: bool) -> None:
    """Its Lyapunov exponent is ln 2, so 2⁻⁴⁹ becomes 10⁻⁶ after about 29 steps."""
    run, shadow = _pair(Logistic(), OPTIMIZERS["sgd"](learning_rate=1.0), steps)
    x = 0.3
    for point in run.positions[:15, 0]:
        assert point == pytest.approx(x, rel=1e-9)
        x = 4 * x * (1 - x)
    assert bool(sensitive(run, shadow)) is expected
    gaps = np.abs(run.positions - shadow.positions)[:, 0]
    assert gaps[20] < 1e-7
    assert bool(gaps.max() > 0.1) is expected


@pytest.mark.parametrize("rate", [1e-3, 0.02, 2 / 30, 0.07, 0.5, 10.0])
@pytest.mark.parametrize("angle", [0.0, 18.0])
def test_no_run_of_sgd_on_a_ravine_is_sensitive(rate: float, angle: float) -> None:
    """A step is linear in w, so the relative gap stays at 10⁻¹⁵."""
    surface = Rotated(SURFACES["quadratic_ravine"](condition_number=30.0), angle=angle)
    assert not sensitive(*_pair(surface, OPTIMIZERS["sgd"](learning_rate=rate)))


def test_a_start_on_an_axis_stays_there() -> None:
    """On the axis of the saddle zero stays zero under rounding; from the rotated axis rounding leads to a minimum."""
    saddle, sgd = SURFACES["saddle"](), OPTIMIZERS["sgd"](learning_rate=0.05)
    run, shadow = _pair(saddle, sgd, 2000, start=(1.0, 0.0))
    assert (run.positions[:, 1] == 0).all() and (shadow.positions[:, 1] == 0).all()
    assert not sensitive(run, shadow)
    turned = Rotated(saddle, angle=30.0)
    assert sensitive(*_pair(turned, sgd, 2000, start=turned.rotate((1.0, 0.0))))


def test_a_different_status_is_enough() -> None:
    surface = SURFACES["quadratic_ravine"](condition_number=30.0)
    run = trace(surface, OPTIMIZERS["sgd"](learning_rate=0.02), steps=50, record=PATHS)
    other = trace(surface, OPTIMIZERS["sgd"](learning_rate=0.02 * (1 + 1e-7)), steps=50, record=PATHS)
    assert not sensitive(run, other)
    object.__setattr__(other, "status", type(run.status)("stalled", 3, "."))
    assert sensitive(run, other)


def test_a_different_status_of_one_run_of_a_batch_is_enough() -> None:
    """Along x, (1 − η)²ᵗ ≤ 10⁻⁴ from step t on for η = 1 − 10^(−2/t); of 10 steps, t = 8 is the last to converge."""
    surface, sgd = SURFACES["quadratic_ravine"](condition_number=1.0), OPTIMIZERS["sgd"]
    edge = 1 - 10 ** (-2 / 8)
    run, shadow = (
        trace(surface, sgd(edge + np.array(offsets)), (1.0, 0.0), 10, record=PATHS)
        for offsets in ((1e-6, 1e-6), (-1e-6, 2e-6))
    )
    assert [shadow[k].status.kind for k in range(2)] == ["moving", "converged"]
    assert sensitive(run, shadow).tolist() == [True, False]


def test_a_batch_is_judged_run_by_run() -> None:
    rates = np.array([0.01, 1.0, 2.75, 10.0])
    for key in ("adam", "nadam"):
        kind = OPTIMIZERS[key]
        surface = SURFACES["rastrigin"]()
        batch, shadows = _pair(surface, kind(learning_rate=rates))
        verdicts = sensitive(batch, shadows)
        assert verdicts.shape == (4,) and not verdicts[0] and verdicts[3]
        for k in range(4):
            assert bool(sensitive(batch[k], shadows[k])) is bool(verdicts[k])


def test_the_start_and_the_learning_rate_are_nudged() -> None:
    """Also within a schedule; for Adadelta, which has no learning rate, its first parameter is nudged."""
    schedule = SCHEDULES["cosine"]()
    ravine = SURFACES["quadratic_ravine"]()
    _, rule, start = nudged(ravine, Scheduled(OPTIMIZERS["sgd"](learning_rate=0.5), schedule), (2.0, 0.0))
    assert isinstance(rule, Scheduled) and rule.schedule is schedule
    assert rule.inner.learning_rate == 0.5 * NUDGE  # type: ignore[attr-defined]
    assert start.tolist() == [2.0 * NUDGE, 0.0]
    adadelta = OPTIMIZERS["adadelta"]()
    first = next(name for name, spec in adadelta.parameters().items() if not spec.static)
    assert getattr(nudged(ravine, adadelta, (1.0, 1.0))[1], first) == getattr(adadelta, first) * NUDGE


@pytest.mark.parametrize(
    ("angle", "start", "changed"),
    [(18.0, (1.0, 0.0), True), (-90.0, (1.0, 2.0), True), (0.0, (1.0, 2.0), True), (0.0, (1.0, 0.0), False)],
)
def test_the_surface_is_rotated_by_rounding(angle: float, start: tuple[float, float], changed: bool) -> None:
    rotated, _, _ = nudged(Rotated(SURFACES["saddle"](), angle=angle), OPTIMIZERS["sgd"](), start)
    assert isinstance(rotated, Rotated) and abs(rotated.angle - angle) < 2e-13 and (rotated.angle != angle) is changed


def test_the_shadow_has_a_gradient_at_a_minimum_but_none_across_an_axis() -> None:
    """The derivatives of Himmelblau's function at (3, 2) are exactly 0, and so is ∂L/∂y of the saddle on its axis."""
    with jax.enable_x64(True):
        for key, point, still in (("himmelblau", (3.0, 2.0), [False, False]), ("saddle", (0.5, 0.0), [False, True])):
            surface = Rotated(SURFACES[key](), angle=0.0)
            shadow, *_ = nudged(surface, OPTIMIZERS["sgd"](), (1.0, 0.0))  # on an axis, so it is not rotated
            w = jnp.asarray(point)
            gradient, other = jax.grad(surface)(w), jax.grad(shadow)(w)
            assert (np.asarray(other) == 0).tolist() == still
            np.testing.assert_allclose(other, gradient, rtol=1e-14, atol=1e-12)
            assert float(shadow(w)) == pytest.approx(float(surface(w)), rel=1e-14, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "key", "rate"),
    [
        ("six_hump_camel", "rmsprop", 2.75),
        ("six_hump_camel", "nadam", 0.398),
        ("levy", "rmsprop", 0.11),
        ("himmelblau", "rmsprop", 0.07),  # at (3, 2), where a gradient of exactly 0 can hold a run
        ("himmelblau", "nadam", 1.8),
    ],
)
def test_a_run_that_leaves_a_minimum_again_is_sensitive(name: str, key: str, rate: float) -> None:
    """Near the minimum it forgets its start, so its shadow may follow the same path; it leaves by rounding errors."""
    surface, rule = Rotated(SURFACES[name]()), OPTIMIZERS[key](learning_rate=rate)
    assert sensitive(*_pair(surface, rule))


def test_a_run_that_leaves_a_minimum_in_step_with_its_shadow_is_sensitive() -> None:
    """Nadam settles in the valley x = 3.79 of Lévy's function while y still moves, and leaves it by rounding errors.

    One program may round both runs alike on the way out. Here the shadow is the run itself.
    """
    run, _ = _pair(Rotated(SURFACES["levy"]()), OPTIMIZERS["nadam"](learning_rate=7.0))
    moves = np.abs(np.diff(run.positions, axis=0))
    in_valley = np.abs(run.positions[:, 0] - 3.79108219) < 1e-8
    assert moves[in_valley[:-1], 1].min() > 1e-8 and abs(run.positions[-1, 0] - 1) < 1e-3
    assert sensitive(run, run)
    short, _ = _pair(Rotated(SURFACES["levy"]()), OPTIMIZERS["nadam"](learning_rate=7.0), 100)
    assert not sensitive(short, short)


def test_a_coordinate_without_a_gradient_is_no_standstill() -> None:
    """On the parabola y = x² the derivative of Rosenbrock's function along y is exactly 0; from step 2 on, y moves.

    Behind a gate it is 0 for many steps.
    """
    sgd = OPTIMIZERS["sgd"](learning_rate=2e-3)
    run, shadow = _pair(Rotated(SURFACES["rosenbrock"]()), sgd, start=(-1.0, 1.0))
    assert run.positions[1, 1] == 1 and abs(run.positions[2, 1] - 1) > 1e-3
    assert not sensitive(run, shadow)
    run, shadow = _pair(Gate(), OPTIMIZERS["sgd"](learning_rate=0.05))
    assert (run.positions[:10, 1] == 0.5).all() and abs(run.positions[-1, 1] - 0.5) > 0.1
    assert not sensitive(run, shadow)


def test_a_coordinate_that_turns_round_is_no_standstill() -> None:
    """From a velocity of 0, heavy ball with ηλ = 1 + β stands still in step 2: x₁ = −βx₀, v₂ = −ηλ(β + 1 − ηλ)x₀."""
    surface = Rotated(SURFACES["quadratic_ravine"](condition_number=30.0))
    stiff = int(np.argmax(np.abs(jax.grad(surface)(np.ones(2)))))
    curvature = float(jax.grad(surface)(np.ones(2))[stiff])
    rule = OPTIMIZERS["momentum"](learning_rate=1.9 * (1 + 1e-12) / curvature, momentum=0.9)
    run, shadow = _pair(surface, rule, start=(1.0, 1.0))
    assert 0 < abs(run.positions[2, stiff] - run.positions[1, stiff]) < 1e-11
    assert not sensitive(run, shadow)


@pytest.mark.parametrize("schedule", ["warm_up", "cosine", "one_cycle"])
def test_a_schedule_is_no_standstill(schedule: str) -> None:
    """Its learning rate is zero, or nearly so, at some step."""
    rule = Scheduled(OPTIMIZERS["sgd"](learning_rate=0.02), SCHEDULES[schedule]())
    run, shadow = _pair(Rotated(SURFACES["booth"](), angle=18.0), rule)
    assert not sensitive(run, shadow)


def test_the_shadow_compiles_nothing(compilations: Any) -> None:
    surface, rule = Rotated(SURFACES["beale"](), angle=18.0), OPTIMIZERS["nesterov"](learning_rate=1e-3)
    trace(surface, rule, steps=60, record=PATHS, noise=Isotropic(0.1))
    changed = nudged(surface, rule, surface.start)
    with compilations() as events:
        trace(*changed, steps=60, record=PATHS, noise=Isotropic(0.1))
    assert not [event for event in events if "backend_compile" in event]


def test_sensitivity_agrees_with_the_growth_of_a_difference_by_the_tangent_map() -> None:
    """Without a shadow run: the nudge times the product of the Jacobians I − ηH along the path."""
    surface = SURFACES["rastrigin"]()
    for rate, expected in ((2e-3, False), (0.05, True)):
        run, shadow = _pair(surface, OPTIMIZERS["sgd"](learning_rate=rate))
        with jax.enable_x64(True):
            hessians = np.asarray(jax.vmap(jax.hessian(surface))(run.positions[:-1]))
        gap, largest = np.asarray(surface.start) * (1 - NUDGE), 0.0
        for hessian in hessians:
            gap = gap - rate * hessian @ gap
            largest = max(largest, float(np.linalg.norm(gap)))
            if largest > 1:
                break
        (x0, x1), (y0, y1) = surface.domain
        predicted = largest > 1e-6 * float(np.hypot(x1 - x0, y1 - y0))
        assert predicted is expected
        assert bool(sensitive(run, shadow)) is expected
