"""Curvature, planes and measures, compared with dense algebra and definitions."""

from __future__ import annotations

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces.curvature import hessian_product, top_eigenvalues
from surfaces.network import MLP, Network
from surfaces.network.measures import edges, measure
from surfaces.network.planes import (
    filter_normalised,
    plane_losses,
    plane_of_three,
    principal_plane,
    random_plane,
    random_walk_share,
)

RNG = np.random.default_rng(0)
MODEL = MLP((3, 6, 5, 2), "tanh")
X, Y = RNG.standard_normal((30, 3)), RNG.standard_normal((30, 2))


def _network(dtype: str = "float64") -> Network:
    return Network(MODEL, X.astype(dtype), Y.astype(dtype), objective="mse", decay=0.01)


@functools.cache
def _hessian() -> tuple[Network, jax.Array, np.ndarray]:
    """A network in float64, its weights, and its dense Hessian there."""
    network, w = _network(), MODEL.initial(1, "xavier_normal", dtype="float64")
    return network, w, np.asarray(jax.jit(jax.hessian(network))(w))


@pytest.mark.long
def test_products_and_eigenvalues_equal_those_of_the_dense_hessian(float64: None) -> None:
    network, w, hessian = _hessian()
    v = jnp.asarray(RNG.standard_normal(MODEL.size))
    np.testing.assert_allclose(hessian_product(network, w, v), hessian @ v, atol=1e-12)
    values = np.linalg.eigvalsh(hessian)[::-1]
    np.testing.assert_allclose(top_eigenvalues(network, w, 1), values[:1], rtol=1e-3)
    np.testing.assert_allclose(top_eigenvalues(network, w, 3, vectors=MODEL.size), values[:3], rtol=1e-9)


def test_eigenvalues_with_a_preconditioner(float64: None) -> None:
    network, w, hessian = _hessian()
    scale = jnp.asarray(RNG.uniform(0.5, 2.0, MODEL.size))
    dense = hessian / np.asarray(scale)[:, None]
    expected = np.linalg.eigvals(dense).real.max()
    assert float(top_eigenvalues(network, w, 1, vectors=40, scale=scale)[0]) == pytest.approx(expected, rel=1e-4)


def test_eigenvalues_of_two_coordinates_are_exact(float64: None) -> None:
    """H = [[4, −3], [−3, 1]] has the trace 5 and the determinant −5; P⁻¹H with P = diag(2, ⅕) has 7 and −12.5."""

    @jax.tree_util.Partial
    def bowl(w: jax.Array) -> jax.Array:
        x, y = w
        return 2 * x**2 - 3 * x * y + y**2 / 2

    w = jnp.array([0.3, -0.7])
    np.testing.assert_allclose(top_eigenvalues(bowl, w, 2), (5 + np.sqrt(45) * np.array([1, -1])) / 2, rtol=1e-14)
    largest = (7 + np.sqrt(7**2 + 4 * 12.5)) / 2
    np.testing.assert_allclose(top_eigenvalues(bowl, w, 1, scale=jnp.array([2, 0.2])), [largest], rtol=1e-14)


def test_eigenvalues_where_the_krylov_space_ends_early(float64: None) -> None:
    """The Hessian has the eigenvalues 4 and 2, so the space has two dimensions: nothing is repeated, nothing is 0."""
    bowl = Network(MLP((4, 1)), np.zeros((1, 4)), np.zeros((1, 1)), objective="mse", decay=2.0)
    values = np.asarray(top_eigenvalues(bowl, jnp.ones(5) * 0.1, 2))  # 2 + λ for the bias, λ for the weights
    np.testing.assert_allclose(values, [4.0, 2.0], rtol=1e-6)


@pytest.mark.long
def test_filters_get_the_lengths_of_the_filters_of_the_weights() -> None:
    w = np.asarray(MODEL.initial(2, "he_normal"), dtype=float) + 0.1
    d = filter_normalised(MODEL, RNG.standard_normal(MODEL.size), w)
    for layer, expected in zip(MODEL.unravel(d), MODEL.unravel(w), strict=True):  # type: ignore[arg-type]
        np.testing.assert_allclose(np.linalg.norm(layer.W, axis=0), np.linalg.norm(expected.W, axis=0), rtol=1e-6)
        assert np.abs(layer.b).max() == 0
    np.testing.assert_allclose(filter_normalised(MODEL, 2 * d, w), d, atol=1e-12)


def test_a_principal_plane_agrees_with_the_singular_value_decomposition() -> None:
    points = np.cumsum(RNG.standard_normal((12, 50)), axis=0)
    plane = principal_plane(points)
    left, values, right = np.linalg.svd(points - points.mean(axis=0))
    assert plane.explained == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
    for direction, expected in zip((plane.u, plane.v), right[:2], strict=True):
        assert abs(direction @ expected) == pytest.approx(1.0)
    xy, distance = plane.coordinates(points)
    np.testing.assert_allclose(np.abs(xy), np.abs(left[:, :2] * values[:2]), atol=1e-9)
    residual = points - plane.at(xy[:, 0], xy[:, 1])
    np.testing.assert_allclose(distance, np.linalg.norm(residual, axis=1))
    np.testing.assert_allclose(residual @ np.stack([plane.u, plane.v], axis=1), 0, atol=1e-9)


def test_a_random_walk_has_most_of_its_variance_in_a_plane() -> None:
    """The closed form agrees with walks in 20,000 dimensions; its limit is (1 + 1/4) · 6/π² = 0.76."""
    for points in (20, 60):
        walk = np.cumsum(np.random.default_rng(points).standard_normal((points, 20_000)), axis=0)
        plane = principal_plane(walk)
        assert plane.explained == pytest.approx(random_walk_share(points), rel=0.02)
        assert plane.chance == random_walk_share(points)
    assert random_walk_share(5000) == pytest.approx(1.25 * 6 / np.pi**2, rel=1e-3)


def test_several_walks_have_a_smaller_share_in_their_plane_than_one_walk() -> None:
    rng = np.random.default_rng(3)
    walks = [
        np.cumsum(np.r_[np.zeros((1, 20_000)), rng.standard_normal((k - 1, 20_000))], axis=0) for k in (30, 30, 12)
    ]
    plane = principal_plane(np.concatenate(walks), runs=(30, 30, 12))
    assert plane.explained == pytest.approx(plane.chance, rel=0.02)
    assert plane.chance == random_walk_share(30, 30, 12) < random_walk_share(72)


def test_three_solutions_lie_in_their_plane() -> None:
    a, b, c = RNG.standard_normal((3, 40))
    plane = plane_of_three(a, b, c)
    xy, distance = plane.coordinates(np.stack([a, b, c]))
    np.testing.assert_allclose(distance, 0, atol=1e-12)
    np.testing.assert_allclose(xy[:2], [[0, 0], [np.linalg.norm(b - a), 0]], atol=1e-12)
    assert plane.u @ plane.v == pytest.approx(0, abs=1e-12) and xy[2, 1] > 0
    with pytest.raises(ValueError, match="lie on a line"):
        plane_of_three(a, b, a + 2 * (b - a))
    with pytest.raises(ValueError, match="lie on a line"):
        plane_of_three(a, a, c)


def test_the_losses_on_a_plane_equal_those_of_the_network() -> None:
    network = _network("float32")
    plane = random_plane(MODEL, MODEL.initial(3))
    x, y = np.linspace(-1, 1, 4), np.linspace(-0.5, 0.5, 3)
    losses = plane_losses(network, plane, x, y)
    assert losses.shape == (3, 4)
    for (i, b), (j, a) in itertools.product(enumerate(y), enumerate(x)):
        assert losses[i, j] == pytest.approx(float(network(jnp.asarray(plane.at(a, b), jnp.float32))), rel=1e-5)


def test_points_that_span_no_plane_are_rejected_with_a_reason() -> None:
    with pytest.raises(ValueError, match="at least three points; got 2"):
        principal_plane(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="do not vary"):
        principal_plane(np.ones((4, 5)))


def test_measures_agree_with_their_definitions() -> None:
    model = MLP((3, 4, 2), "relu")
    x, y = X.astype("f"), np.eye(2, dtype="f")[RNG.integers(0, 2, 30)]
    network = Network(model, x[:20], y[:20], decay=0.1)
    w = np.asarray(model.initial(4)).copy()
    first = model.unravel(w)[0]
    hidden = np.array(first.b)
    hidden[1] = -10.0  # a neuron that is inactive for all samples
    w = np.asarray(model.ravel([first._replace(b=hidden), model.unravel(w)[1]]))
    measures = measure(network, np.stack([w, 2 * w]), (x[20:], y[20:]))
    assert (
        measures.loss.shape == (2,)
        and measures.gradients.shape == (2, 2)
        and measures.histograms.shape == (2, 1, len(edges()) - 1)
    )
    assert measures.loss[0] == pytest.approx(float(network(w)) - 0.05 * float(w @ w), rel=1e-4)
    gradient = np.asarray(jax.grad(network)(jnp.asarray(w)))
    np.testing.assert_allclose(
        measures.gradients[0], [np.linalg.norm(gradient[:16]), np.linalg.norm(gradient[16:])], rtol=1e-4
    )
    outputs = np.maximum(x[:20] @ np.asarray(first.W) + hidden, 0)
    assert (
        measures.dead[0, 0] == pytest.approx(np.mean(np.ptp(outputs, axis=0) <= 1e-6)) and measures.dead[0, 0] >= 0.25
    )
    assert measures.means[0, 0] == pytest.approx(outputs.mean(), rel=1e-5)
    counts, _ = np.histogram(np.clip(outputs, -3.99, 3.99), edges())
    np.testing.assert_allclose(measures.histograms[0, 0], counts / outputs.size, atol=1e-6)
    values = measure(Network(MLP((3, 1)), x, x[:, :1], objective="mse"), np.zeros((1, 4), "f"), (x, x[:, :1]))
    assert np.isnan(values.accuracy).all() and values.dead.shape == (1, 0)


@pytest.mark.parametrize("objective", ["cross_entropy", "mse"])
def test_only_classes_have_an_accuracy(objective: str) -> None:
    """Classes are one-hot rows, whatever the loss; for other targets, even with two columns, the accuracy is NaN."""
    x, model = X.astype("f"), MLP((3, 2))
    w = np.asarray(model.initial(1))[None]
    labels = RNG.integers(0, 2, 30)
    classes = np.eye(2, dtype="f")[labels]
    measures = measure(Network(model, x, classes, objective=objective), w, (x[:10], classes[:10]))
    correct = np.argmax(np.asarray(model(w[0], x)), axis=1) == labels
    assert measures.accuracy[0] == pytest.approx(correct.mean())
    assert measures.validation_accuracy[0] == pytest.approx(correct[:10].mean())
    for values in (x[:, :2], 2 * classes, np.abs(x[:, :2]), 1 - 0 * classes):
        measures = measure(Network(model, x, values, objective=objective), w, (x[:10], values[:10]))
        assert np.isnan(measures.accuracy).all() and np.isnan(measures.validation_accuracy).all()
