"""Noise has the stated mean, spread and covariance; mini-batches are gradients of samples."""

import itertools
from typing import Any

import jax
import numpy as np
import pytest

from optimizers import NOISES, OPTIMIZERS, HeavyTailed, Isotropic, MiniBatch, NoNoise, Shifted, Sparse, trace
from surfaces import SURFACES, Rotated

SGD = OPTIMIZERS["sgd"]
DRAWS = 4096  # a bucket of the engine
RAVINE = SURFACES["quadratic_ravine"](3.0)
START = np.array([0.7, -0.4])


def _noise(surface: Any, noise: Any, seed: int = 0, steps: int = DRAWS) -> np.ndarray:
    """The noise of the gradient at START, (steps, 2): with η = 0 the run stays there."""
    run = trace(surface, SGD(0.0), start=START, steps=steps, noise=noise, seed=seed)
    np.testing.assert_array_equal(run.positions, np.tile(START, (steps + 1, 1)))
    still = trace(surface, SGD(0.0), start=START, steps=1).step.gradient[0]
    return run.step.gradient - still


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_isotropic_noise_has_mean_zero_and_the_stated_spread(distribution: str) -> None:
    """n = 4,096 draws: the mean is within 4σ/√n and the variance within 4σ²√(κ − 1)/√n, κ = 3 or 1.8."""
    sigma = 0.3
    xi = _noise(RAVINE, Isotropic(sigma, distribution)) / sigma
    fourth = {"normal": 3.0, "uniform": 1.8}[distribution]
    assert np.abs(xi.mean(axis=0)).max() < 4 / np.sqrt(DRAWS)
    assert np.abs(xi.var(axis=0) - 1).max() < 4 * np.sqrt((fourth - 1) / DRAWS)
    assert np.mean(xi**4) == pytest.approx(fourth, abs=0.4)
    assert abs(np.mean(xi[:, 0] * xi[:, 1])) < 4 / np.sqrt(DRAWS)
    assert abs(np.mean(xi[1:, 0] * xi[:-1, 0])) < 4 / np.sqrt(DRAWS), "steps are independent"
    if distribution == "uniform":
        assert np.abs(xi).max() <= np.sqrt(3) + 1e-12


def test_isotropic_noise_does_not_depend_on_the_surface() -> None:
    bowl, ravine = (_noise(SURFACES["quadratic_ravine"](h), Isotropic(0.3), steps=100) for h in (1.0, 1e3))
    np.testing.assert_allclose(bowl, ravine, atol=1e-10)


@pytest.mark.parametrize("angle", [0.0, 35.0])
def test_shifted_noise_follows_the_curvature(angle: float) -> None:
    """On a quadratic ∇L(w − σξ) − ∇L(w) = −σ H ξ, with covariance σ² H²; here H = R diag(1, 3) Rᵀ."""
    sigma = 0.2
    noise = _noise(Rotated(RAVINE, angle), Shifted(sigma))
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    turn = np.array([[c, -s], [s, c]])
    hessian = turn @ np.diag([1.0, 3.0]) @ turn.T
    covariance = noise.T @ noise / DRAWS
    expected = sigma**2 * hessian @ hessian
    # the standard deviation of an entry of the covariance of n normal draws is √((C_ij² + C_ii C_jj)/n)
    scatter = np.sqrt((expected**2 + np.outer(np.diag(expected), np.diag(expected))) / DRAWS)
    assert (np.abs(covariance - expected) < 4.5 * scatter).all()
    # multiplied by H⁻¹, every draw is the same standard normal ξ on every surface
    xi = noise @ np.linalg.inv(hessian) / -sigma
    np.testing.assert_allclose(xi, _noise(SURFACES["quadratic_ravine"](1.0), Shifted(1.0)) / -1.0, atol=1e-9)


def test_shifted_noise_is_stronger_in_sharp_minima_than_in_flat_ones() -> None:
    """At a minimum the standard deviation of the gradient is σ h: 25 times larger at 25 times the curvature."""
    surface = SURFACES["sharp_and_flat"]()
    spreads = []
    for at in surface.minima():
        run = trace(surface, SGD(0.0), start=at, steps=DRAWS, noise=Shifted(1e-3))
        spreads.append(run.step.gradient[:, 0].std())
    assert spreads[0] / spreads[1] == pytest.approx(25.0, rel=0.1)


@pytest.mark.parametrize("tail", [0.8, 1.5, 3.0])
def test_heavy_tailed_noise_exceeds_each_size_with_the_stated_chance(tail: float) -> None:
    """P(|ξ| > x) = (1 + x/σ)^−α, within 4 standard errors of a share of 8,192 draws; signs are even."""
    sigma = 0.3
    xi = _noise(RAVINE, HeavyTailed(sigma, tail))
    count = xi.size
    for x in (0.03, 0.3, 3.0, 30.0):
        chance = (1 + x / sigma) ** -tail
        assert abs(np.mean(np.abs(xi) > x) - chance) < 4 * np.sqrt(chance * (1 - chance) / count), x
    assert abs(np.mean(xi > 0) - 0.5) < 2 / np.sqrt(count)
    assert abs(np.mean((xi[:, 0] > 0) == (xi[:, 1] > 0)) - 0.5) < 2 / np.sqrt(DRAWS), "coordinates are independent"


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_sparse_gradients_are_seen_with_the_stated_chance_and_unchanged(share: float) -> None:
    slope = START * np.array([1.0, 3.0])
    run = trace(RAVINE, SGD(0.0), start=START, steps=DRAWS, noise=Sparse(share))
    seen = run.step.gradient != 0
    np.testing.assert_allclose(run.step.gradient, np.where(seen, slope, 0.0), rtol=1e-12)
    error = np.sqrt(share * (1 - share) / DRAWS)
    assert np.abs(seen.mean(axis=0) - share).max() < 4 * error
    assert abs(np.mean(seen.all(axis=1)) - share**2) < 4 * np.sqrt(share**2 / DRAWS), "coordinates are independent"


def test_every_coordinate_of_a_sparse_gradient_is_seen_with_the_chance_1() -> None:
    none, all_ = (trace(RAVINE, SGD(0.05), steps=50, noise=n).positions for n in (NoNoise(), Sparse(1.0)))
    np.testing.assert_allclose(all_, none, rtol=1e-12)


def _slopes(w: np.ndarray) -> np.ndarray:
    """The gradient of each sample's loss (w x + b − y)², (40, 2)."""
    surface = SURFACES["linear_regression"]()
    z, y = (np.asarray(v) for v in surface.data)
    x = surface.offset + surface.scale * z
    error = w[0] * x + w[1] - y
    return 2 * error[:, None] * np.stack([x, np.ones_like(x)], axis=1)


def _mini_batches(batch: int, steps: int, seed: int = 0) -> np.ndarray:
    surface = SURFACES["linear_regression"]()
    return trace(surface, SGD(0.0), start=START, steps=steps, noise=MiniBatch(batch), seed=seed).step.gradient


def test_a_mini_batch_of_two_is_two_different_samples() -> None:
    """Each gradient is the mean of the gradients of exactly one pair of different samples."""
    slopes = _slopes(START)
    pairs = np.array(list(itertools.combinations(range(40), 2)))
    means = slopes[pairs].mean(axis=1)
    apart = np.linalg.norm(_mini_batches(2, 512)[:, None] - means[None], axis=2)
    assert (apart.min(axis=1) < 1e-12).all()
    assert ((apart < 1e-9).sum(axis=1) == 1).all()
    drawn = pairs[apart.argmin(axis=1)]
    counts = np.bincount(drawn.ravel(), minlength=40)
    # 1,024 draws of 40 samples: 25.6 each; χ² with 39 degrees of freedom is below 82 in 9,999 of 10,000 cases
    assert ((counts - 25.6) ** 2 / 25.6).sum() < 82
    assert len({tuple(p) for p in drawn.tolist()}) > 300  # each step draws from all samples


def test_mini_batches_are_unbiased() -> None:
    """The mean over 4,096 batches of 4 is the full gradient, within 4 standard errors."""
    slopes = _slopes(START)
    gradients = _mini_batches(4, DRAWS)
    full = slopes.mean(axis=0)
    # without replacement the variance is s²/B · (N − B)/(N − 1)
    spread = slopes.std(axis=0) / 2 * np.sqrt(36 / 39)
    assert (np.abs(gradients.mean(axis=0) - full) < 4 * spread / np.sqrt(DRAWS)).all()
    np.testing.assert_allclose(gradients.std(axis=0), spread, rtol=0.06)


def test_the_full_batch_has_no_noise() -> None:
    surface = SURFACES["linear_regression"]()
    full, none = (trace(surface, SGD(0.05), steps=50, noise=n) for n in (MiniBatch(40), NoNoise()))
    np.testing.assert_allclose(full.positions, none.positions, rtol=1e-12, atol=1e-13)


def test_a_rotated_surface_draws_the_same_mini_batches() -> None:
    """The path on the rotated surface is the rotated path."""
    surface = SURFACES["linear_regression"]()
    rotated = Rotated(surface, 30.0)
    flat = trace(surface, SGD(0.05), steps=50, noise=MiniBatch(4)).positions
    turned = trace(rotated, SGD(0.05), steps=50, noise=MiniBatch(4)).positions
    np.testing.assert_allclose(turned, [rotated.rotate(tuple(p)) for p in flat], atol=1e-11)


@pytest.mark.parametrize("kind", [Isotropic, Shifted, HeavyTailed])
def test_noise_of_scale_zero_changes_nothing_and_recorded_losses_are_true(kind: Any) -> None:
    none = trace(RAVINE, SGD(0.05), steps=50)
    silent = trace(RAVINE, SGD(0.05), steps=50, noise=kind(0.0))
    np.testing.assert_allclose(silent.positions, none.positions, rtol=1e-14)
    loud = trace(RAVINE, SGD(0.05), steps=50, noise=kind(0.5))
    x, y = loud.positions.T
    np.testing.assert_allclose(loud.losses, 0.5 * (x**2 + 3 * y**2), rtol=1e-13)


@pytest.mark.parametrize("key", NOISES)
@pytest.mark.thinned(2)
def test_noise_does_not_depend_on_the_number_of_steps(key: str) -> None:
    noise = NOISES[key]()
    surface = SURFACES["linear_regression"]()
    rates = dict.fromkeys((10, 300, 600), 0.02)
    paths = [trace(surface, SGD(rate), steps=n, noise=noise, seed=5).positions for n, rate in rates.items()]
    for longer in paths[1:]:
        np.testing.assert_allclose(longer[:11], paths[0], rtol=1e-13, atol=1e-14)


def test_mini_batches_object_to_a_surface_without_data() -> None:
    assert "no data" in MiniBatch(4).objection(SURFACES["rosenbrock"]())
    assert MiniBatch(40).objection(SURFACES["linear_regression"]()) == ""
    for kind in (NoNoise, Isotropic, Shifted, HeavyTailed, Sparse):
        assert kind().objection(SURFACES["rosenbrock"]()) == ""


def test_draws_differ_between_seeds_and_between_steps() -> None:
    first, second = (_noise(RAVINE, Isotropic(1.0), seed=s, steps=100) for s in (0, 1))
    assert np.abs(first - second).min() > 0
    assert len(np.unique(first[:, 0])) == 100
    assert jax.tree.leaves(NoNoise()) == []
