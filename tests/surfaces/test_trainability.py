"""The tanh network is the network of its formula, with a learning rate for each layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, Grid, sweep, trace
from surfaces.trainability import TanhNetwork


@pytest.mark.parametrize("ratio", [1.0, 7.0])
def test_gradient_descent_has_a_learning_rate_for_each_layer(ratio: float) -> None:
    n, eta = 3, 0.4
    surface = TanhNetwork(ratio=ratio, width=n)
    hidden, output, x, y = surface._drawn()
    W, v = hidden.copy(), output.copy()
    for _ in range(25):
        h = np.tanh(x @ W.T)
        error = 2 * (h @ v / n - y) / len(y)
        slope_v = h.T @ error / n
        slope_W = ((error[:, None] * v / n) * (1 - h**2)).T @ x
        W, v = W - ratio * eta * slope_W, v - eta * slope_v
    end = trace(surface, OPTIMIZERS["sgd"](learning_rate=eta), steps=25).positions[-1]
    np.testing.assert_allclose(hidden + np.sqrt(ratio) * end[: n * n].reshape(n, n), W, rtol=1e-10)
    np.testing.assert_allclose(end[n * n :], v, rtol=1e-10)


def test_runs_lie_along_the_last_axis() -> None:
    surface = TanhNetwork(width=4)
    w = np.random.default_rng(1).standard_normal((20, 6))
    with jax.enable_x64(True):
        together = surface(jnp.asarray(w))
        np.testing.assert_allclose(together, [surface(jnp.asarray(w[:, k])) for k in range(6)], rtol=1e-12)


def test_the_edge_separates_small_rates_from_large_ones() -> None:
    over = {"ratio": Grid(5, 0.1, 10.0), "learning_rate": Grid(12, 0.1, 1e3)}
    result = sweep(TanhNetwork(), OPTIMIZERS["sgd"](), over=over, steps=200, record=("final", "best", "end"))
    finite = np.isfinite(result.final)
    assert finite[:, 0].all() and not finite[:, -1].any()
    assert (result.final[:, 0] < TanhNetwork()(np.array(TanhNetwork().start, np.float32))).all()
