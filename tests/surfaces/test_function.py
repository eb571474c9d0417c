"""Functions of the user as surfaces."""

from __future__ import annotations

import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from surfaces import SURFACES, from_function
from surfaces.calculus import expand, values


def bowl(w: Any) -> Any:
    """(x − 1)² + 4 (y + 2)², with the minimum at (1, −2)."""
    return (w[0] - 1.0) ** 2 + 4.0 * (w[1] + 2.0) ** 2


def test_values_gradient_and_hessian_are_those_of_the_function() -> None:
    surface = from_function(bowl, start=(3.0, 0.0))
    assert values(surface, np.array([[3.0, 1.0], [0.0, -2.0]])).tolist() == [20.0, 0.0]
    loss, gradient, hessian = expand(surface, (3.0, 0.0))
    assert loss == 20.0 and gradient.tolist() == [4.0, 16.0] and hessian.tolist() == [[2.0, 0.0], [0.0, 8.0]]


def test_it_is_the_registered_surface_of_the_same_formula() -> None:
    ours = SURFACES["rosenbrock"]()
    same = from_function(lambda w: (1.0 - w[0]) ** 2 + 100.0 * (w[1] - w[0] ** 2) ** 2, ours.start)
    points = np.random.default_rng(0).uniform(-2, 2, (2, 50))
    np.testing.assert_allclose(values(same, points), values(ours, points), rtol=1e-12)


def test_minima_and_domain_are_those_that_are_named() -> None:
    surface = from_function(bowl, (3.0, 0.0), domain=((-1.0, 4.0), (-3.0, 1.0)), minima=[(1.0, -2.0)])
    assert surface.minima().tolist() == [[1.0, -2.0]] and surface.lowest() == 0.0
    assert surface.domain == ((-1.0, 4.0), (-3.0, 1.0))
    unknown = from_function(bowl, (3.0, 0.0))
    assert unknown.lowest() is None and not unknown.complete
    # twice as far as the origin from the start, in both directions
    assert unknown.domain == ((-3.0, 9.0), (-6.0, 6.0))
    assert from_function(bowl, (0.1, 0.0)).domain == ((-1.9, 2.1), (-2.0, 2.0))


@pytest.mark.parametrize(
    ("function", "options", "sentence"),
    [
        (lambda x, y: x + y, {}, "must take one vector of 2 coordinates"),
        (lambda w: w, {}, "must return one number, as lambda w: jnp.sum(w**2) does; it returns an array of shape (2,)"),
        (lambda w: np.sin(w).sum(), {}, "must be written with jax.numpy"),
        (lambda w: float(w[0]), {}, "must be written with jax.numpy"),
        (bowl, {"start": ()}, "start must be a point of finite coordinates"),
        (bowl, {"start": (1.0, float("nan"))}, "start must be a point of finite coordinates"),
        (bowl, {"minima": [(1.0,)]}, "minima must have 2 coordinates"),
    ],
)
def test_what_is_not_a_function_of_one_vector_is_answered_in_a_sentence(
    function: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        from_function(function, **{"start": (1.0, 2.0), **options})


def test_more_than_two_coordinates_are_cut_at_the_start() -> None:
    surface = from_function(lambda w: jnp.sum(w**2), (1.0, 2.0, 3.0))
    assert surface.embed([[0.0], [0.0]]).ravel().tolist() == [0.0, 0.0, 3.0]
