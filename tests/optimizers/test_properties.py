"""Properties that all rules have, tested over the registry."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, MiniBatch, Optimizer, Trace, trace
from surfaces import SURFACES
from tests.optimizers.cases import PLANE, RULES, STEPS, Testbed, calm, calm_run, rng

every = pytest.mark.parametrize("key", RULES)


def _run(rule: Optimizer, start: Any = (-2.0, 1.5), steps: int = STEPS, **changes: float) -> Trace:
    return trace(Testbed(**changes), rule, start=start, steps=steps)


def _gentle(key: str) -> Optimizer:
    return calm(key, Testbed())


@every
def test_the_class_has_name_year_source_and_texts(key: str) -> None:
    kind = OPTIMIZERS[key]
    assert kind.key == key and kind.year > 1600
    for text in (kind.name, kind.source, kind.watch, kind.__doc__):
        assert text and text.strip()
    assert kind.watch.endswith(".")
    assert kind.rate_unit in ("curvature", "length", "both", "none")


@every
@pytest.mark.thinned(5)
def test_swapping_the_coordinates_swaps_the_path(key: str) -> None:
    straight = _run(_gentle(key), u=0.3, v=-0.2)
    swapped = _run(_gentle(key), start=(1.5, -2.0), a=6.0, b=1.0, p=0.1, q=0.3, u=-0.2, v=0.3)
    np.testing.assert_allclose(swapped.positions[:, ::-1], straight.positions, rtol=1e-9, atol=1e-10)


DECAYS = {key for key, rule in OPTIMIZERS.items() if "weight_decay" in rule.parameters()}


@every
@pytest.mark.thinned(10)
def test_moving_the_surface_moves_the_path(key: str) -> None:
    """Without weight decay, which depends on the origin. Only 50 steps, because near the minimum the direction of SAM's
    climb magnifies rounding.
    """
    rule = _gentle(key).replace(**({"weight_decay": 0.0} if key in DECAYS else {}))
    here = _run(rule, steps=50).positions
    there = _run(rule, start=(-2.0 + 0.7, 1.5 - 0.4), steps=50, u=0.7, v=-0.4).positions
    np.testing.assert_allclose(there - [0.7, -0.4], here, rtol=1e-9, atol=1e-10)


@every
@pytest.mark.thinned(4)
def test_a_rule_is_scale_free_if_and_only_if_it_declares_so(key: str) -> None:
    """The path on 10·f against the path on f, with all parameters that have the unit of a gradient or of its square as
    small as their ranges allow.
    """
    rule = _gentle(key)
    small = ("epsilon", "epsilon_root", "initial_moment")
    rule = rule.replace(**{name: rule.parameters()[name].low for name in small if name in rule.parameters()})
    path, tenfold = (_run(rule, s=s, steps=60).positions for s in (0.1, 1.0))
    gap = np.abs(tenfold - path).max() / np.linalg.norm(path[-1] - path[0])
    assert gap <= 1e-6 if OPTIMIZERS[key].scale_free else gap >= 1e-2, gap


@every
@pytest.mark.thinned(10)
def test_the_move_is_minus_rate_times_direction_plus_the_extras(key: str) -> None:
    for surface in PLANE:
        run = calm_run(key, surface)
        assert run.diverged == -1
        step, moves = run.step, np.diff(run.positions, axis=0)
        followed = -step.rate * step.direction
        extras = sum(step.extras.values(), np.zeros_like(moves))
        rounding = 1e-14 * (1 + np.abs(run.positions).max())
        np.testing.assert_allclose(moves, followed + extras, rtol=1e-11, atol=rounding)
        if step.parts:
            np.testing.assert_allclose(
                sum(step.parts.values()), followed, rtol=1e-11, atol=1e-14 * np.abs(followed).max()
            )
        assert step.rate.shape == step.at.shape == step.gradient.shape == step.direction.shape == (STEPS, 2)


@every
@pytest.mark.thinned(10)
def test_the_recorded_gradient_is_that_of_the_surface_at_the_recorded_point(key: str) -> None:
    with jax.enable_x64(True):
        for surface in PLANE:
            run = calm_run(key, surface)
            expected = np.asarray(jax.vmap(jax.grad(SURFACES[surface]()))(jnp.asarray(run.step.at)))
            np.testing.assert_allclose(run.step.gradient, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@every
@pytest.mark.thinned(10)
def test_the_recorded_losses_are_those_of_the_surface_at_the_positions(key: str) -> None:
    with jax.enable_x64(True):
        for surface in PLANE:
            run = calm_run(key, surface)
            expected = np.asarray(SURFACES[surface]()(jnp.asarray(run.positions.T)))
            np.testing.assert_allclose(run.losses, expected, rtol=1e-12, atol=1e-15 * expected.max())


# Properties of single rules


def test_sams_two_gradients_see_the_same_sample() -> None:
    """With B = 1, h = 2 (x w + b − y)(x, 1) at w identifies the sample; g must be its gradient at u."""
    surface = SURFACES["linear_regression"]()
    run = trace(surface, OPTIMIZERS["sam"](radius=0.5), steps=50, noise=MiniBatch(1))
    z, y = (np.asarray(v) for v in surface.data)
    x = surface.offset + surface.scale * z

    def slopes(w: np.ndarray) -> np.ndarray:
        error = w[0] * x + w[1] - y
        return 2 * error[:, None] * np.stack([x, np.ones_like(x)], axis=1)

    samples = set()
    for k in range(50):
        w, u = run.positions[k], run.step.at[k]
        matches = np.flatnonzero(np.abs(slopes(w) - run.step.values["h"][k]).max(axis=1) < 1e-12)
        assert len(matches) == 1
        np.testing.assert_allclose(run.step.gradient[k], slopes(u)[matches[0]], rtol=1e-11, atol=1e-12)
        assert np.linalg.norm(u - w) == pytest.approx(0.5, rel=1e-12)
        samples.add(int(matches[0]))
    assert len(samples) > 15  # about 28.7 different samples are expected in 50 draws from 40


def test_sam_stays_where_the_gradient_is_zero() -> None:
    """A guard prevents 0/0 in h/‖h‖."""
    run = trace(SURFACES["himmelblau"](), OPTIMIZERS["sam"](), start=(3.0, 2.0), steps=5)
    np.testing.assert_array_equal(run.positions, np.tile([3.0, 2.0], (6, 1)))


@every
@pytest.mark.thinned(5)
def test_evaluations_are_counted(key: str) -> None:
    """SAM takes two gradients in each step, Newton's method one and n columns of the Hessian, all others one."""
    run = trace(Testbed(), OPTIMIZERS[key](), steps=10)
    per_step = {"sam": 2, "newton": 3}.get(key, 1)
    assert run.step.evaluations == per_step and run.evaluations == 10 * per_step


def test_no_momentum_is_gradient_descent() -> None:
    plain = _run(OPTIMIZERS["sgd"](learning_rate=0.05)).positions
    for key in ("momentum", "nesterov"):
        rule = OPTIMIZERS[key](learning_rate=0.05, momentum=0.0)
        np.testing.assert_allclose(_run(rule).positions, plain, rtol=1e-13, atol=1e-15)
    tiny = _run(OPTIMIZERS["sam"](learning_rate=0.05, radius=0.0)).positions
    np.testing.assert_allclose(tiny, plain, rtol=1e-13, atol=1e-15)


def test_adam_without_decay_is_adam() -> None:
    generator = rng("adam", "adamw")
    beta1, beta2 = generator.uniform(0.5, 0.95, 2)
    rule = {"learning_rate": 0.03, "beta1": float(beta1), "beta2": float(beta2)}
    adam = _run(OPTIMIZERS["adam"](**rule)).positions
    adamw = _run(OPTIMIZERS["adamw"](**rule, weight_decay=0.0)).positions
    np.testing.assert_allclose(adamw, adam, rtol=1e-13, atol=1e-15)


def test_the_path_of_sgd_turns_with_the_surface_and_that_of_adam_does_not() -> None:
    """Rules that scale each coordinate separately depend on the axes."""
    from surfaces import Rotated

    surface = SURFACES["quadratic_ravine"]()
    rotated = Rotated(surface, 45.0)
    turned: dict[str, float] = {}
    for key in ("sgd", "momentum", "newton", "novograd", "adam"):
        rule = calm(key, surface)
        flat = trace(surface, rule, steps=STEPS, record=("positions",)).positions
        expected = np.array([rotated.rotate(tuple(p)) for p in flat])
        turned[key] = np.abs(trace(rotated, rule, steps=STEPS, record=("positions",)).positions - expected).max()
    assert turned.pop("adam") > 0.1
    assert max(turned.values()) < 1e-9
