"""Runs of functions and of optax transformations that the registries do not know."""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from optimizers import OPTIMIZERS, trace
from surfaces import SURFACES, from_function

START = (-1.5, 2.0)


def rosenbrock(w: Any) -> Any:
    return (1.0 - w[0]) ** 2 + 100.0 * (w[1] - w[0] ** 2) ** 2


def _by_hand(transformation: Any, steps: int, start: tuple[float, ...] = START) -> np.ndarray:
    """The points of a plain loop over optax, in float64."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        transformation = optax.with_extra_args_support(transformation)
        w = jnp.asarray(start, dtype="float64")
        state, points = transformation.init(w), [w]
        for _ in range(steps):
            value, g = jax.value_and_grad(rosenbrock)(w)
            update, state = transformation.update(g, state, w, value=value, grad=g, value_fn=rosenbrock)
            w = optax.apply_updates(w, update)
            points.append(w)
        return np.array(points)


@pytest.mark.parametrize(
    "transformation",
    [
        optax.lamb(0.01),
        optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.05)),
        optax.adam(optax.cosine_decay_schedule(0.1, 50)),
        optax.polyak_sgd(max_learning_rate=0.01),
        pytest.param(optax.lbfgs(), marks=pytest.mark.long),
    ],
    ids=["lamb", "chain", "schedule", "polyak", "lbfgs"],
)
def test_a_transformation_of_optax_runs_as_in_a_loop_over_optax(transformation: Any) -> None:
    run = trace(rosenbrock, transformation, start=START, steps=12)
    np.testing.assert_allclose(run.positions, _by_hand(transformation, 12), rtol=1e-9)
    assert run.optimizer.name == "optax transformation"


def test_it_runs_on_a_registered_surface_and_from_several_starts() -> None:
    surface, starts = SURFACES["rosenbrock"](), np.array([START, (0.5, 0.5)])
    both = trace(surface, optax.adam(0.05), start=starts, steps=20)
    ours = trace(surface, OPTIMIZERS["adam"](learning_rate=0.05), start=starts, steps=20)
    np.testing.assert_allclose(both.positions, ours.positions, rtol=1e-9)
    assert both.states[0].mu.shape == (2, 20, 2)


def test_a_function_is_minimised_like_the_surface_of_the_same_formula() -> None:
    rule = OPTIMIZERS["momentum"](learning_rate=5e-4)
    run = trace(rosenbrock, rule, start=START, steps=200)
    same = trace(SURFACES["rosenbrock"](), rule, start=START, steps=200)
    np.testing.assert_allclose(run.positions, same.positions, rtol=1e-9)
    np.testing.assert_allclose(run.losses, same.losses, rtol=1e-9)


def test_the_status_knows_named_minima_and_does_without_them() -> None:
    rule = OPTIMIZERS["sgd"](learning_rate=0.1)
    named = from_function(lambda w: jnp.sum(w**2), (1.0, 2.0), minima=[(0.0, 0.0)])
    assert trace(named, rule, steps=100).status.kind == "converged"
    assert trace(lambda w: jnp.sum(w**2), rule, start=(1.0, 2.0), steps=100).status.kind == "converged"
    assert trace(lambda w: jnp.sum(w**2), rule, start=(1.0, 2.0, 3.0), steps=100).positions.shape == (101, 3)


def test_the_same_function_compiles_once_for_all_starts() -> None:
    compilations = 0

    def counted(w: Any) -> Any:
        nonlocal compilations
        compilations += 1
        return jnp.sum(w**2)

    rule = OPTIMIZERS["sgd"](learning_rate=0.1)
    trace(counted, rule, start=(1.0, 2.0), steps=10)
    traced = compilations
    trace(counted, rule, start=(3.0, -1.0), steps=10)
    assert compilations - traced <= 1, "the check of the function alone may trace it again"


@pytest.mark.parametrize(
    ("surface", "rule", "error", "sentence"),
    [
        (rosenbrock, optax.adam(0.1), ValueError, "a function of your own needs a start"),
        (SURFACES["rosenbrock"], optax.adam(0.1), TypeError, "surface must be an instance: call Rosenbrock"),
        ("rosenbrock", optax.adam(0.1), TypeError, "surface must be a surface, such as SURFACES['rosenbrock']()"),
        (SURFACES["rosenbrock"](), OPTIMIZERS["adam"], TypeError, "optimizer must be an instance: call Adam"),
        (SURFACES["rosenbrock"](), "adam", TypeError, "or a transformation of optax, such as optax.adam(0.05)"),
    ],
)
def test_what_cannot_be_run_is_answered_in_a_sentence(
    surface: Any, rule: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=re.escape(sentence)):
        trace(surface, rule)
