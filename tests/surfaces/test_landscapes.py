"""Numbers that the docstrings of some landscapes state, each compared with an independent oracle."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces import SURFACES, Surface
from tests.surfaces.cases import KEYS, arrays, facts, gradients, values, variants


@pytest.mark.parametrize("kappa", [1.0, 30.0, 1e4])
def test_ravine_curvatures_are_one_and_kappa(kappa: float) -> None:
    np.testing.assert_allclose(
        facts(SURFACES["quadratic_ravine"](kappa)).hessians[0], np.diag([1.0, kappa]), rtol=1e-14
    )


def test_rosenbrock_curvatures_at_the_minimum() -> None:
    """H = [[2 + 8b, −4b], [−4b, 2b]] at (1, 1): trace 2 + 10b, determinant 4b; the docstring states 0.4 and 1,002."""
    low, high = np.linalg.eigvalsh(facts(SURFACES["rosenbrock"]()).hessians[0])
    b, root = 100.0, np.sqrt((2 + 1000.0) ** 2 - 4 * 400.0)
    np.testing.assert_allclose([low, high], [(2 + 10 * b - root) / 2, (2 + 10 * b + root) / 2], rtol=1e-9)
    assert (round(low, 1), round(high)) == (0.4, 1002)
    assert high / low == pytest.approx(2508, abs=1)


def test_himmelblau_minima_are_the_published_ones() -> None:
    """(3, 2) is exact; the others are printed in textbooks with six digits."""
    published = {(3.0, 2.0), (-2.805118, 3.131313), (-3.77931, -3.283186), (3.584428, -1.848127)}
    minima = {tuple(np.round(m, 6).tolist()) for m in SURFACES["himmelblau"]().minima()}
    assert minima == published
    assert SURFACES["himmelblau"]().lowest() == pytest.approx(0.0, abs=1e-20)


def test_the_saddle_is_bounded_below() -> None:
    """The loss at (0, ±1) is −½ + ¼ = −¼, and the curvatures at the saddle are 1 and −1."""
    surface = SURFACES["saddle"]()
    assert surface.lowest() == -0.25
    assert surface.minima().tolist() == [[0.0, -1.0], [0.0, 1.0]]
    assert surface.saddles().tolist() == [[0.0, 0.0]]
    np.testing.assert_array_equal(facts(surface).hessians[2], np.diag([1.0, -1.0]))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sharp_curvature": 200.0},
        {"sharp_curvature": 400.0, "flat_curvature": 0.5, "distance": 4.0},
        {"sharp_curvature": 5.0, "flat_curvature": 5.0, "distance": 1.0},
        {"flat_depth": 1.0, "sharp_depth": 0.5, "distance": 3.0},
    ],
)
def test_the_parameters_of_sharp_and_flat_are_its_curvatures_and_depths(changes: dict[str, float]) -> None:
    """The curvatures are h₁ and h₂ along x and 2 along y, to 10⁻⁹, and the losses are −d₁ and −d₂."""
    surface = SURFACES["sharp_and_flat"](**changes)
    known = facts(surface)
    for k, (h, depth) in enumerate(
        [(surface.sharp_curvature, surface.sharp_depth), (surface.flat_curvature, surface.flat_depth)]
    ):
        np.testing.assert_allclose(known.hessians[k], np.diag([h, 2.0]), rtol=1e-9, atol=1e-9)
        assert known.values[k] == pytest.approx(-depth, abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "parabola"),
    [
        # at the right minimum the left parabola is at h₂ d²/2 − d₂ = ½·0.1·1 − 2 < 0: it lies below
        ({"flat_curvature": 0.1, "distance": 1.0, "flat_depth": 2.0}, "left parabola"),
        ({"sharp_curvature": 1.0, "distance": 1.0, "sharp_depth": 2.0}, "right parabola"),
    ],
)
def test_sharp_and_flat_rejects_parameters_that_swallow_a_basin(changes: dict[str, float], parabola: str) -> None:
    with pytest.raises(ValueError, match=f"the {parabola} lies below .* swallows its basin: raise the distance"):
        SURFACES["sharp_and_flat"](**changes)


@pytest.mark.parametrize(("offset", "scale"), [(1.0, 1.0), (0.0, 1.0), (-4.0, 0.3), (2.0, 8.0)])
def test_linear_regression_agrees_with_least_squares(offset: float, scale: float) -> None:
    """The minimum and its loss equal those of `numpy.linalg.lstsq`; the Hessian is 2 [[μ² + s², μ], [μ, 1]]."""
    surface = SURFACES["linear_regression"](offset=offset, scale=scale)
    z, y = (np.asarray(v) for v in surface.data)
    np.testing.assert_allclose([z.mean(), z.std()], [0, 1], atol=1e-12)
    design = np.stack([offset + scale * z, np.ones_like(z)], axis=1)
    best, residual, _, _ = np.linalg.lstsq(design, y)
    np.testing.assert_allclose(surface.minima()[0], best, rtol=1e-10)
    assert surface.lowest() == pytest.approx(residual[0] / len(y), rel=1e-12)
    expected = 2 * np.array([[offset**2 + scale**2, offset], [offset, 1.0]])
    np.testing.assert_allclose(facts(surface).hessians[0], expected, rtol=1e-12, atol=1e-12)
    assert np.linalg.cond(expected) == pytest.approx(np.linalg.cond(design) ** 2, rel=1e-9)
    # at any point, the loss is the mean of the squared errors
    w = np.array([0.7, -1.3])
    assert values(surface, w) == pytest.approx(np.mean((design @ w - y) ** 2), rel=1e-13)


WITH_DATA = [p for p in KEYS if SURFACES[p.values[0]]().data is not None]


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", WITH_DATA)
def test_the_gradients_of_batches_average_to_the_full_gradient(key: str) -> None:
    """In the N(N−1)/2 pairs each sample appears N−1 times, so the mean of their gradients is the full gradient."""
    for surface in variants(key):
        samples = len(jax.tree.leaves(surface.data)[0])
        pairs = np.array(list(itertools.combinations(range(samples), 2))).T
        batches = jax.tree.map(lambda data, pairs=pairs: np.asarray(data)[pairs], surface.data)
        w = np.array([0.4, -0.9]) + np.array(surface.start)
        mean = _mean_over_batches(surface, w, batches)
        full = gradients(surface, w)
        np.testing.assert_allclose(mean, full, rtol=1e-11, atol=1e-11 * np.abs(full).max())


def _mean_over_batches(surface: Surface, w: np.ndarray, batches: object) -> np.ndarray:
    with jax.enable_x64(True):
        inner = arrays(surface)
        each = jax.jit(jax.vmap(lambda b: jax.grad(lambda u: inner.loss(u, b))(jnp.asarray(w)), in_axes=1))
        return np.asarray(each(batches)).mean(axis=0)


def test_without_data_the_loss_of_a_batch_is_the_call() -> None:
    surface = SURFACES["rosenbrock"]()
    assert surface.data is None
    assert surface.loss(jnp.asarray([0.5, 0.5]), None) == surface(jnp.asarray([0.5, 0.5]))
