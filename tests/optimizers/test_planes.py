"""The gradient on planes, held to JAX's reverse mode on whole vectors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers.engine import as_surface
from optimizers.optimizer import Gradient
from optimizers.planes import MOST_COORDINATES, PlaneGradient
from surfaces import SURFACES

PLANES = [key for key, kind in SURFACES.items() if len(kind().start) <= MOST_COORDINATES]


@pytest.mark.parametrize("key", PLANES)
def test_the_gradient_of_a_surface_is_that_of_the_whole_vector(key: str) -> None:
    surface = SURFACES[key]()
    start = np.asarray(surface.start, np.float32)[:, None]
    w = jnp.asarray(start + np.random.default_rng(0).normal(0, 0.3, (len(start), 5)).astype(np.float32))
    value, gradient = PlaneGradient(surface).value_and_grad(w)
    expected = Gradient(surface).value_and_grad(w)
    assert value.shape == (5,) and gradient.shape == w.shape
    np.testing.assert_allclose(value, expected[0], rtol=1e-5)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-4, atol=1e-5)


def test_each_run_may_have_parameters_of_its_own() -> None:
    steepness = np.array([1.0, 10.0, 100.0], np.float32)
    surface = SURFACES["rosenbrock"](jnp.asarray(steepness))
    x, y = w = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, 3.0]], np.float32)
    value, gradient = PlaneGradient(surface).value_and_grad(jnp.asarray(w))
    np.testing.assert_allclose(value, (1 - x) ** 2 + steepness * (y - x**2) ** 2, rtol=1e-6)
    along_x, along_y = -2 * (1 - x) - 4 * steepness * x * (y - x**2), 2 * steepness * (y - x**2)
    np.testing.assert_allclose(gradient, [along_x, along_y], rtol=1e-6)


def test_no_derivative_is_padded() -> None:
    surface, w = SURFACES["rosenbrock"](), jnp.ones((2, 4))
    operations = {kind: str(jax.make_jaxpr(kind(surface))(w)) for kind in (Gradient, PlaneGradient)}
    assert " pad[" in operations[Gradient]
    assert " pad[" not in operations[PlaneGradient]


def _sorted(w: Any) -> Any:
    return jnp.sort(w, axis=0)[0] ** 2


def _long(w: Any) -> Any:
    return jnp.sum(w**2, axis=0)


@pytest.mark.parametrize(
    ("function", "n"), [(_sorted, 2), (_long, MOST_COORDINATES + 1)], ids=["unknown operation", "many coordinates"]
)
def test_other_surfaces_are_differentiated_as_whole_vectors(function: Any, n: int) -> None:
    surface = as_surface(function, (1.0,) * n)
    w = jnp.asarray(np.random.default_rng(1).normal(size=(n, 3)).astype(np.float32))
    for ours, theirs in zip(PlaneGradient(surface).value_and_grad(w), Gradient(surface).value_and_grad(w), strict=True):
        np.testing.assert_array_equal(ours, theirs)
