"""Layers, activations, losses and initialisations, compared with their definitions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces.network import ACTIVATIONS, INITIALIZATIONS, LOSSES, MLP, Network, accuracy

RNG = np.random.default_rng(0)
X = RNG.standard_normal((7, 3))
VALUES, CLASSES = RNG.standard_normal((7, 2)), np.eye(2)[RNG.integers(0, 2, 7)]


def _by_hand(model: MLP, w: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The outputs in plain NumPy, with each layer read from the flat vector."""
    phi: dict[str, Any] = {
        "identity": lambda z, a: z,
        "relu": lambda z, a: z * (z > 0),
        "leaky_relu": lambda z, a: np.where(z > 0, z, 0.01 * z),
        "prelu": lambda z, a: np.where(z > 0, z, a * z),
        "sigmoid": lambda z, a: 1 / (1 + np.exp(-z)),
        "tanh": lambda z, a: np.tanh(z),
        "gelu": lambda z, a: z * 0.5 * (1 + np.vectorize(math.erf)(z / math.sqrt(2))),
    }
    h, begin = x, 0
    last = len(model.widths) - 2
    for k, (i, o) in enumerate(itertools.pairwise(model.widths)):
        W = w[begin : begin + i * o].reshape(i, o)
        begin += i * o
        h = h @ W + w[begin : begin + o]
        begin += o
        if k < last:
            slope = w[begin] if model.activation == "prelu" else None
            begin += model.activation == "prelu"
            h = phi[model.activation](h, slope)
    assert begin == len(w) == model.size
    return h


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("widths", [(3, 2), (3, 4, 2), (3, 5, 4, 1)])
@pytest.mark.thinned(8)
def test_the_outputs_equal_those_of_plain_numpy(activation: str, widths: tuple[int, ...], float64: None) -> None:
    model = MLP(widths, activation)
    w = np.asarray(model.initial(3, "normal", 1.0, "float64")) + 0.1 * np.random.default_rng(1).standard_normal(
        model.size
    )
    np.testing.assert_allclose(model(jnp.asarray(w), jnp.asarray(X)), _by_hand(model, w, X), rtol=1e-12, atol=1e-14)


# all activations and all losses; `make test-long` runs the other pairs
PAIRS = [
    pytest.param(a, loss, marks=() if loss == "cross_entropy" or a == "tanh" else pytest.mark.long)
    for a in ACTIVATIONS
    for loss in LOSSES
]


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
@pytest.mark.thinned(6)
def test_gradients_agree_with_finite_differences(activation: str, loss: str, float64: None) -> None:
    """Central differences with h = 1e-6 err by about 1e-9; weights are such that no neuron is at its kink."""
    model = MLP((3, 5, 4, 2), activation)
    y = CLASSES if "values" not in LOSSES[loss].tasks else VALUES
    network = Network(model, X, y, objective=loss, decay=0.3)
    w = model.initial(5, "normal", 0.7, "float64") + 0.05
    gradient = np.asarray(jax.grad(network)(w))
    value = jax.jit(network)
    for k in range(model.size):
        step = 1e-6 * np.eye(model.size)[k]
        central = (float(value(w + step)) - float(value(w - step))) / 2e-6
        assert gradient[k] == pytest.approx(central, abs=3e-8, rel=1e-6)


def test_losses_equal_their_formulas(float64: None) -> None:
    outputs = RNG.standard_normal((7, 2))
    losses = {key: np.asarray(loss.function(jnp.asarray(outputs), jnp.asarray(VALUES))) for key, loss in LOSSES.items()}
    np.testing.assert_allclose(losses["mse"], np.mean((outputs - VALUES) ** 2, axis=1))
    np.testing.assert_allclose(losses["mae"], np.mean(np.abs(outputs - VALUES), axis=1))
    # −ln of the density of N(ŷ, 1) is K/2 times the mean squared error plus a constant
    np.testing.assert_allclose(losses["likelihood"], losses["mse"] * 2 / 2 + math.log(2 * math.pi))
    entropy = LOSSES["cross_entropy"].function(jnp.asarray(outputs), jnp.asarray(CLASSES))
    share = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(entropy, -np.log(share[CLASSES == 1]))
    huge = LOSSES["cross_entropy"].function(jnp.array([[1e4, 0.0]]), jnp.array([[0.0, 1.0]]))
    assert float(huge[0]) == 1e4  # without an overflow


def test_the_penalty_and_the_mean_over_a_batch(float64: None) -> None:
    model = MLP((3, 4, 2), "tanh")
    plain, penalised = (Network(model, X, VALUES, objective="mse", decay=d) for d in (0.0, 0.8))
    w = model.initial(0, dtype="float64")
    assert float(penalised(w) - plain(w)) == pytest.approx(0.4 * float(w @ w))
    rows = np.array([1, 4, 4])
    batch = plain.loss(w, (X[rows], VALUES[rows]))
    each = [float(plain.loss(w, (X[k : k + 1], VALUES[k : k + 1]))) for k in rows]
    assert float(batch) == pytest.approx(np.mean(each))
    both = jnp.stack([w, 2 * w], axis=1)
    np.testing.assert_allclose(plain(both), [plain(w), plain(2 * w)])


@pytest.mark.parametrize("key", INITIALIZATIONS)
def test_initial_weights_have_the_variance_of_their_scheme(key: str) -> None:
    """40,000 weights: the standard error of a variance is σ²√(2/40,000) = 0.7 % for a normal; 4 % is six of them."""
    inputs, outputs, sigma = 400, 100, 0.3
    model = MLP((inputs, outputs, 1), "relu")
    W, b, *_ = model.unravel(model.initial(11, key, sigma))[0]
    expected = {
        "zeros": 0.0,
        "constant": 0.0,
        "normal": sigma**2,
        "lecun": 1 / inputs,
        "xavier": 2 / (inputs + outputs),
        "he": 2 / inputs,
    }[key.split("_")[0] if key != "normal" else key]
    assert float(jnp.var(W)) == pytest.approx(expected, rel=0.04)
    assert float(jnp.abs(b).max()) == 0
    if key.endswith("_uniform"):
        bound = math.sqrt(3 * expected)
        assert 0.99 * bound < float(jnp.abs(W).max()) <= bound * 1.000001
    if key == "constant":
        assert float(W.min()) == float(W.max()) == pytest.approx(sigma)


def test_layers_and_seeds_are_independent_and_reproducible() -> None:
    model = MLP((50, 50, 50), "tanh")
    w = model.initial(1, "normal", 1.0)
    first, second = (layer.W for layer in model.unravel(w))
    assert abs(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1]) < 0.1
    np.testing.assert_array_equal(w, model.initial(1, "normal", 1.0))
    assert np.abs(np.asarray(w - model.initial(2, "normal", 1.0))).max() > 0.1


def test_ravel_inverts_unravel_and_norms_are_by_layer() -> None:
    model = MLP((3, 5, 2), "prelu")
    w = jnp.arange(1.0, model.size + 1)
    np.testing.assert_array_equal(model.ravel(model.unravel(w)), w)
    assert model.sizes == (3 * 5 + 5 + 1, 5 * 2 + 2) and model.bounds == ((0, 21), (21, 33))
    np.testing.assert_allclose(model.norms(w), [np.linalg.norm(w[:21]), np.linalg.norm(w[21:])], rtol=1e-6)


def test_a_stack_of_identities_is_one_linear_map() -> None:
    model = MLP((3, 6, 6, 2), "identity")
    w = model.initial(2)
    x = jnp.asarray(X, jnp.float32)
    slope, offset = model(w, jnp.eye(3)) - model(w, jnp.zeros((1, 3))), model(w, jnp.zeros((1, 3)))
    np.testing.assert_allclose(model(w, x), x @ slope + offset, atol=1e-5)


@pytest.mark.long
def test_zeros_never_break_the_symmetry() -> None:
    """All neurons of a layer have the same gradient, and with zero weights only the last bias has one."""
    model = MLP((3, 8, 2), "tanh")
    network = Network(model, X.astype("f"), CLASSES.astype("f"))
    for key, sigma in (("zeros", 0.0), ("constant", 0.3)):
        w = model.initial(0, key, sigma)
        for _ in range(5):
            w = w - 0.5 * jax.grad(network)(w)
        hidden = model.unravel(w)[0]
        assert float(jnp.ptp(hidden.W, axis=1).max()) < 1e-6 and float(jnp.ptp(hidden.b)) < 1e-6
    assert float(jnp.abs(jax.grad(network)(model.initial(0, "zeros"))[: 3 * 8 + 8]).max()) == 0


def _spread(activation: str, scheme: str, sigma: float = 0.1) -> float:
    """‖∇L‖ of the first of ten hidden layers of 64, divided by that of the tenth; the median over seeds."""
    model = MLP((64, *[64] * 10, 1), activation)
    x = np.random.default_rng(3).standard_normal((256, 64)).astype("f")
    y = np.random.default_rng(4).standard_normal((256, 1)).astype("f")
    network = Network(model, x, y, objective="mse")
    norms = [np.asarray(model.norms(jax.grad(network)(model.initial(s, scheme, sigma)))) for s in range(3)]
    return float(np.median([n[0] / n[9] for n in norms]))


@pytest.mark.long
def test_gradients_vanish_and_explode_with_depth() -> None:
    sigmoid, relu = _spread("sigmoid", "lecun_normal"), _spread("relu", "he_normal")
    assert sigmoid < 1e-4 and 0.1 < relu < 10 and sigmoid < 1e-3 * relu
    assert 0.1 < _spread("tanh", "xavier_normal") < 10
    assert _spread("tanh", "normal", 1.0) > 30  # too large, so gradients explode
    assert _spread("sigmoid", "normal", 0.01) < 1e-12  # too small, so gradients vanish


def test_accuracy_compares_the_largest_output_with_the_class() -> None:
    outputs = jnp.array([[2.0, 1.0], [0.0, 1.0], [3.0, 4.0], [1.0, 0.0]])
    assert float(accuracy(outputs, jnp.array([[1.0, 0], [1, 0], [0, 1], [1, 0]]))) == 0.75


INVALID: list[tuple[Any, str]] = [
    (lambda: MLP((3,)), "inputs, hidden layers, outputs"),
    (lambda: MLP((3, 0, 2)), r"whole numbers from 1.*\(3, 0, 2\)"),
    (lambda: MLP((3, 2), "softplus"), "activation must be one of identity, relu"),
    (lambda: MLP((3, 2)).initial(0, "best"), "initialization must be one of zeros"),
    (lambda: Network(MLP((4, 2)), X, CLASSES), r"x must have shape \(samples, 4\); got \(7, 3\)"),
    (lambda: Network(MLP((3, 5)), X, CLASSES), r"y must have shape \(7, 5\); got \(7, 2\)"),
    (lambda: Network(MLP((3, 2)), X, CLASSES, objective="hinge"), "objective must be one of cross_entropy"),
    (lambda: Network(MLP((3, 2)), X, CLASSES, decay=-1.0), r"decay must lie in \[0, ∞\)"),
]


@pytest.mark.parametrize(("build", "message"), INVALID, ids=[message for _, message in INVALID])
def test_invalid_networks_are_rejected_with_a_reason(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
