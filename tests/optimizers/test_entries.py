"""A function evaluated entry by entry equals the function itself, run by run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from optimizers.entries import NotEntrywise, entries, entrywise

RUNS = 5


def _loop(x: Array, count: Array) -> Array:
    """Halves the first entry and adds it to the others, `count` times; the last two entries stay as they are."""
    return jax.lax.fori_loop(0, count, lambda k, x: x.at[:3].add(jnp.concatenate([-x[:1] / 2, x[:1], x[:1] * k])), x)


def _fixed(x: Array, count: Array) -> Array:
    return jax.lax.fori_loop(0, 3, lambda k, x: jnp.where(k == 1, x + count, jnp.roll(x, 1)), x)


FUNCTIONS: dict[str, Callable[[Array, Array], Any]] = {
    "elementwise": lambda x, c: (
        jnp.exp(-(x**2)) / (1 + jnp.abs(x)) + jnp.where(x > c, jnp.sqrt(jnp.abs(x)), jnp.tanh(x))
    ),
    "slices": lambda x, c: jnp.stack([x[1:3], x[::-1][:2], x[-2:] * c]),
    "unpacked": lambda x, c: sum(k * y for k, y in enumerate(x)) + c,
    "reductions": lambda x, c: {"sum": jnp.sum(x), "max": jnp.max(x), "min": jnp.min(x), "all": jnp.all(x > c)},
    "cumulative": lambda x, c: (jnp.cumsum(x), jax.lax.cummax(x, reverse=True)),
    "product": lambda x, c: jnp.outer(x, x + c) @ x,
    "batched product": lambda x, c: jnp.einsum("ij,ik->ijk", x[:4].reshape(2, 2), jnp.ones((2, 3)) * c),
    "gradient": lambda x, c: jax.grad(lambda y: jnp.mean(jnp.tanh(jnp.outer(y, y)) ** 2) + c * y[2])(x),
    "constants": lambda x, c: x * np.arange(5.0, dtype="float32") + jnp.linspace(0.0, 1.0, 5) * c,
    "division by a shared number": lambda x, c: x / c,
    "narrow loop": lambda x, c: jax.lax.fori_loop(0, 4, lambda k, y: y * c, jnp.ones(2)),
}


@pytest.mark.thinned(2)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_entries_give_what_arrays_give(name: str) -> None:
    x = np.random.default_rng(0).standard_normal((5, RUNS)).astype("float32")
    c = np.linspace(0.5, 1.5, RUNS).astype("float32")
    _compare(FUNCTIONS[name], x, c)


@pytest.mark.parametrize("function", [_fixed])
def test_a_loop_of_known_length(function: Callable[..., Any]) -> None:
    _compare(function, np.arange(5.0 * RUNS, dtype="float32").reshape(5, RUNS), np.ones(RUNS, "float32"))


def _compare(function: Callable[..., Any], x: Any, c: Any) -> None:
    """Compare lanes with runs one after the other; c is a lane, or one number for all runs."""
    for shared in (False, True):
        second = entries(np.float32(0.75)) if shared else entries([jnp.asarray(c)]).reshape(())
        lanes = entrywise(function)(entries([jnp.asarray(row) for row in x]), second)
        for run in range(RUNS):
            expected = function(jnp.asarray(x[:, run]), jnp.float32(0.75) if shared else jnp.asarray(c[run]))
            for entry, values in zip(jax.tree.leaves(lanes), jax.tree.leaves(expected), strict=True):
                assert entry.shape == np.shape(values)
                numbers = [np.broadcast_to(lane, (RUNS,))[run] for lane in entry.flat]
                np.testing.assert_allclose(numbers, np.ravel(values), rtol=1e-5, atol=1e-6)


def test_numbers_that_all_runs_share_stay_single() -> None:
    def powers(x: Array, beta: Array, count: Array) -> tuple[Array, Array]:
        return jax.lax.fori_loop(0, count, lambda k, carry: (carry[0] * beta, carry[1] + carry[0]), (1.0 + 0 * beta, x))

    beta, count = entries(np.float32(0.9)), entries(np.int32(4))
    power, total = entrywise(powers)(entries([jnp.arange(3.0)]).reshape(()), beta, count)
    assert np.shape(power[()]) == ()
    np.testing.assert_allclose(power[()], 0.9**4, rtol=1e-6)
    np.testing.assert_allclose(total[()], np.arange(3) + (1 - 0.9**4) / (1 - 0.9), rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: jnp.linalg.inv(jnp.outer(x, x) + jnp.eye(3)), "cannot be evaluated entry by entry"),
        (lambda x: jax.lax.scan(lambda c, row: (c + row, c), 0.0, x)[1], "rows of arrays"),
        (lambda x: jnp.sum(jnp.tanh(jnp.ones((200, 200)) * x[0])), "more than 10,000 operations"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(function: Callable[[Array], Any], words: str) -> None:
    with pytest.raises(NotEntrywise, match=words):
        entrywise(function)(entries([jnp.ones(RUNS)] * 3))
