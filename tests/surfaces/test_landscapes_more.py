"""Numbers that the docstrings of landscapes state, and methods of surfaces, compared with independent oracles."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

from surfaces import SURFACES, CriticalPoint, Rotated, Surface
from surfaces.calculus import Floats, bisect, expand, polish, values
from surfaces.surface import LOWEST


def _gradients(surface: Surface, points: np.ndarray) -> np.ndarray:
    with jax.enable_x64(True):
        leaves = jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), surface)
        losses, pull = jax.vjp(leaves, jnp.asarray(points))
        return np.asarray(pull(jnp.ones_like(losses))[0])


def _eigenvalues(surface: Surface, w: object) -> np.ndarray:
    return np.linalg.eigvalsh(expand(surface, w)[2])  # type: ignore[arg-type]


def _kinds(surface: Surface) -> list[str]:
    return sorted(p.kind for p in surface.critical_points())


# Polishing, bisection and kinds


def test_polish_converges_to_the_roots_of_a_polynomial() -> None:
    """The stationary points of ½(w⁴ − 16w² + 5w) are the roots of 2w³ − 16w + 2.5, which NumPy computes otherwise."""
    roots = np.sort(np.roots([2.0, 0.0, -16.0, 2.5]).real)
    surface = SURFACES["styblinski_tang"]()
    polished = polish(surface, [(round(x, 1), round(y, 1)) for x, y in itertools.product(roots, repeat=2)])
    np.testing.assert_allclose(polished, list(itertools.product(roots, repeat=2)), rtol=0, atol=4e-15)


def test_polish_works_in_many_dimensions() -> None:
    surface = SURFACES["ravine_nd"](dimension=7)
    np.testing.assert_allclose(polish(surface, [np.linspace(-1, 1, 7), np.ones(7)]), np.zeros((2, 7)), atol=1e-15)


def test_bisect_works_for_rising_and_falling_functions() -> None:
    assert bisect(lambda x: x**2 - 2, 0.0, 2.0) == pytest.approx(math.sqrt(2), abs=1e-15)
    assert bisect(lambda x: 2 - x**2, 0.0, 2.0) == pytest.approx(math.sqrt(2), abs=1e-15)


def test_kinks_and_curves_count_as_lowest_minima() -> None:
    for key, cls in SURFACES.items():
        surface = cls()
        listed = [p for p in surface.critical_points() if p.kind in LOWEST]
        assert len(listed) == len(surface.minima()) > 0, key
        assert surface.lowest() is not None
        np.testing.assert_allclose(surface.distance_to_minimum(surface.minima()), 0.0, atol=1e-12)


# Ravines


def test_booth_is_a_bowl_at_45_degrees() -> None:
    """(x + 2y)² + (2x + y)² has the Hessian 2 [[5, 4], [4, 5]]: eigenvalues 18 on (1, 1), 2 on (1, −1)."""
    loss, gradient, hessian = expand(SURFACES["booth"](), (1.0, 3.0))
    assert (loss, gradient.tolist()) == (0.0, [0.0, 0.0])
    np.testing.assert_allclose(hessian, [[10, 8], [8, 10]])
    np.testing.assert_allclose(hessian @ [1, 1], [18, 18])


def test_beale_is_zero_at_its_minimum_and_has_a_saddle() -> None:
    """At (3, ½), 1.5 − 3 + 1.5 = 2.25 − 3 + 0.75 = 2.625 − 3 + 0.375 = 0; at (0, 1) the loss is 14.203125."""
    surface = SURFACES["beale"]()
    assert surface.lowest() == 0.0
    np.testing.assert_allclose(_eigenvalues(surface, (3.0, 0.5)), [0.30, 49], rtol=0.01)
    assert values(surface, [[0.0], [1.0]])[0] == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)
    np.testing.assert_allclose(_eigenvalues(surface, (0.0, 1.0)), [-27.75, 27.75])


@pytest.mark.parametrize(("n", "kappa"), [(2, 30.0), (3, 100.0), (20, 30.0), (200, 1e4)])
def test_the_curvatures_of_the_ravine_in_n_dimensions_are_in_equal_ratios(n: int, kappa: float) -> None:
    surface = SURFACES["ravine_nd"](dimension=n, condition_number=kappa)
    hessian = expand(surface, surface.start)[2]
    diagonal = np.diag(hessian)
    np.testing.assert_array_equal(hessian, np.diag(diagonal))
    assert diagonal[0] == pytest.approx(1.0) and diagonal[1] == pytest.approx(kappa)
    np.testing.assert_allclose(np.sort(diagonal), np.geomspace(1.0, kappa, n), rtol=1e-12)


def test_the_ravine_in_two_dimensions_is_the_ravine() -> None:
    points = np.random.default_rng(0).uniform(-3, 3, (2, 50))
    np.testing.assert_allclose(
        values(SURFACES["ravine_nd"](dimension=2), points), values(SURFACES["quadratic_ravine"](), points), rtol=1e-13
    )


def test_the_drawn_plane_of_the_ravine_in_n_dimensions_contains_the_minimum() -> None:
    surface = SURFACES["ravine_nd"](dimension=5)
    plane = np.array([[1.0, -2.0], [0.5, 0.25]])
    points = surface.embed(plane)
    assert points.tolist() == [[1.0, -2.0], [0.5, 0.25], [0, 0], [0, 0], [0, 0]]
    np.testing.assert_allclose(values(surface, points), 0.5 * (plane[0] ** 2 + 30 * plane[1] ** 2))
    assert surface.distance_to_minimum([0.0, 3.0, 0.0, 4.0, 0.0]) == pytest.approx(5.0)


@pytest.mark.parametrize("wrong", [1, 0, 2.5, -3])
def test_the_dimension_is_a_whole_number_of_at_least_two(wrong: float) -> None:
    with pytest.raises(ValueError, match="dimension must"):
        SURFACES["ravine_nd"](dimension=wrong)


def test_ravine_nd_accepts_batches_of_points_and_condition_numbers() -> None:
    kappas, surface = np.array([1.0, 30.0, 500.0]), SURFACES["ravine_nd"](dimension=6)
    points = np.random.default_rng(1).standard_normal((6, 3))
    together = values(surface.replace(condition_number=kappas), points)  # type: ignore[call-arg]
    alone = [values(surface.replace(condition_number=k), w) for k, w in zip(kappas, points.T, strict=True)]  # type: ignore[call-arg]
    np.testing.assert_allclose(together, alone, rtol=1e-13)


# Saddles and plateaus


def test_the_monkey_saddle_in_polar_coordinates() -> None:
    """⅓ r³ cos 3θ + ¼ r⁴ has three minima at r = 1 with depth 1/12 and curvatures 1 along r and 3 across."""
    surface = SURFACES["monkey_saddle"]()
    rng = np.random.default_rng(2)
    r, theta = rng.uniform(0, 2, 40), rng.uniform(0, math.tau, 40)
    losses = values(surface, np.stack([r * np.cos(theta), r * np.sin(theta)]))
    np.testing.assert_allclose(losses, r**3 * np.cos(3 * theta) / 3 + r**4 / 4, rtol=1e-12, atol=1e-14)
    assert surface.lowest() == pytest.approx(-1 / 12)
    for minimum in surface.minima():
        np.testing.assert_allclose(_eigenvalues(surface, minimum), [1, 3], rtol=1e-12)
    assert not expand(surface, (0.0, 0.0))[2].any()


def test_the_ledge_is_level_but_not_a_minimum() -> None:
    """∂L/∂y = y² (1 + y) has the same sign on both sides of 0, and L(0, −1) = −⅓ + ¼ = −1/12."""
    surface = SURFACES["degenerate_saddle"]()
    loss, gradient, hessian = expand(surface, (0.0, 0.0))
    assert loss == 0 and not gradient.any() and hessian.tolist() == [[1, 0], [0, 0]]
    below, above = values(surface, [[0.0, 0.0], [-0.01, 0.01]])
    assert below < 0 < above
    assert surface.lowest() == pytest.approx(-1 / 12)


@pytest.mark.parametrize(("width", "tilt"), [(0.65, 1e-3), (2.0, 0.0), (0.4, 0.05)])
def test_the_slope_of_the_plateau_far_from_its_well(width: float, tilt: float) -> None:
    """The curvature in the well is 1/s² + ε, and the slope at distance r is r (exp(−r²/2s²)/s² + ε)."""
    surface = SURFACES["plateau"](width=width, tilt=tilt)
    np.testing.assert_allclose(expand(surface, (0.0, 0.0))[2], np.eye(2) * (1 / width**2 + tilt))
    for r in (0.5, 1.5, 3.0):
        slope = r * (math.exp(-(r**2) / (2 * width**2)) / width**2 + tilt)
        assert np.linalg.norm(expand(surface, (0.6 * r, -0.8 * r))[1]) == pytest.approx(slope, rel=1e-9)


# Several and many minima


def test_six_hump_camel_has_its_published_minima() -> None:
    surface = SURFACES["six_hump_camel"]()
    assert surface.lowest() == pytest.approx(-1.031628453489877, abs=1e-14)
    assert {tuple(np.round(m, 4).tolist()) for m in surface.minima()} == {(0.0898, -0.7127), (-0.0898, 0.7127)}
    assert _kinds(surface) == ["local minimum"] * 4 + ["maximum"] * 2 + ["minimum"] * 2 + ["saddle"] * 7
    # Morse: if a surface rises on all sides, minima − saddles + maxima = 1
    index = {"minimum": 1, "local minimum": 1, "saddle": -1, "maximum": 1}
    assert sum(index[kind] for kind in _kinds(surface)) == 1


def test_styblinski_tang_has_its_published_minimum() -> None:
    surface = SURFACES["styblinski_tang"]()
    assert surface.lowest() == pytest.approx(-39.16616570377142 * 2, abs=1e-11)
    np.testing.assert_allclose(surface.minima(), [[-2.903534, -2.903534]], atol=1e-6)
    assert _kinds(surface) == ["local minimum"] * 3 + ["maximum", "minimum"] + ["saddle"] * 4
    depths = sorted(values(surface, surface.minima(local=True).T).round(2).tolist())
    assert depths == [-78.33, -64.2, -64.2, -50.06]


@pytest.mark.parametrize("tilt", [0.01, 0.12, 0.35])
def test_the_tilted_wells_lie_at_the_roots_of_their_cubic(tilt: float) -> None:
    surface = SURFACES["tilted_wells"](tilt=tilt)
    places = [p.position[0] for p in surface.critical_points()]
    np.testing.assert_allclose(places, np.sort(np.roots([1, 0, -1, tilt]).real)[::-1], atol=1e-10)
    upper, _, lower = values(surface, np.array([p.position for p in surface.critical_points()]).T)
    assert upper - lower == pytest.approx(2 * tilt, rel=0.2)


@pytest.mark.parametrize("tilt", [0.0, -0.1, 0.385])
def test_a_tilt_that_leaves_only_one_well_is_rejected(tilt: float) -> None:
    with pytest.raises(ValueError, match="tilt must lie in"):
        SURFACES["tilted_wells"](tilt=tilt)


@pytest.mark.parametrize(("width", "depth"), [(0.15, 1.0), (0.06, 0.3), (0.06, 2.0), (0.2, 0.4), (0.2, 2.0)])
def test_the_narrow_trap_is_sharp_and_its_minima_have_the_right_kinds(width: float, depth: float) -> None:
    surface = SURFACES["narrow_trap"](width=width, depth=depth)
    hole, bottom, rim = surface.critical_points()
    assert rim.kind == "saddle" and hole.position[0] < rim.position[0] < bottom.position[0]
    assert _eigenvalues(surface, hole.position)[0] > max(3.0, 0.3 * depth / width**2 if depth >= 1 else 0.0)
    np.testing.assert_allclose(_eigenvalues(surface, bottom.position), [1, 1], atol=0.1)
    low, high = _eigenvalues(surface, rim.position)
    assert low < 0 < high
    in_hole, at_bottom = values(surface, np.array([hole.position, bottom.position]).T)
    assert (hole.kind == "minimum") == (in_hole <= at_bottom)


def test_holes_that_are_too_shallow_or_too_wide_are_rejected() -> None:
    with pytest.raises(ValueError, match="the hole is too shallow to be a minimum"):
        SURFACES["narrow_trap"](depth=0.1, width=0.2)
    with pytest.raises(ValueError, match="swallows the bottom of the bowl"):
        SURFACES["narrow_trap"](depth=2.0, width=0.4)


def _locally_minimal(surface: Surface, low: float, high: float, side: int = 1201) -> np.ndarray:
    """The grid points (k, 2) of a square that are lower than their eight neighbours, as minima without derivatives."""
    x = np.linspace(low, high, side)
    losses = values(surface, np.stack(np.meshgrid(x, x, indexing="ij")).reshape(2, -1)).reshape(side, side)
    middle = losses[1:-1, 1:-1]
    shifts = [s for s in itertools.product((0, 1, 2), repeat=2) if s != (1, 1)]
    lower = np.all([middle < losses[i : side - 2 + i, j : side - 2 + j] for i, j in shifts], axis=0)
    return x[1:-1][np.argwhere(lower)]


@pytest.mark.parametrize(("key", "low", "high"), [("rastrigin", -1.45, 1.45), ("ackley", -1.3, 1.3)])
def test_the_nine_listed_minima_are_those_around_the_lowest(key: str, low: float, high: float) -> None:
    surface = SURFACES[key]()
    expected = _locally_minimal(surface, low, high)
    listed = surface.minima(local=True)
    assert len(expected) == len(listed) == 9
    gaps = np.linalg.norm(expected[:, None] - listed, axis=2)
    assert gaps.min(axis=1).max() < 0.005 and not surface.complete


@pytest.mark.parametrize("key", ["griewank", "levy"])
def test_all_minima_in_the_domain_are_listed(key: str) -> None:
    surface = SURFACES[key]()
    (x0, x1), (y0, y1) = surface.domain
    expected = _locally_minimal(surface, min(x0, y0), max(x1, y1))
    expected = expected[(expected[:, 1] > y0) & (expected[:, 1] < y1)]
    listed = surface.minima(local=True)
    assert len(expected) == len(listed)
    assert np.linalg.norm(expected[:, None] - listed, axis=2).min(axis=1).max() < 0.02


@pytest.mark.parametrize("amplitude", [0.0, 0.2, 0.3, 2.0, 20.0])
def test_the_listed_minima_of_rastrigin_follow_the_waves(amplitude: float) -> None:
    surface = SURFACES["rastrigin"](amplitude=amplitude)
    minima = surface.minima(local=True)
    assert len(minima) == (1 if amplitude <= 0.2 else 9)
    for minimum in minima:
        assert np.abs(expand(surface, minimum)[1]).max() < 1e-12 * (1 + 40 * amplitude)
        assert _eigenvalues(surface, minimum)[0] > 0


@pytest.mark.long
def test_ackley_has_a_gradient_everywhere_and_a_kink_at_zero() -> None:
    """Near 0 the slope is 20 · 0.2/√2 = 2√2 in every direction; at 0 the gradient is zero, and nothing is NaN."""
    surface = SURFACES["ackley"]()
    assert surface.lowest() == 0.0
    assert [p for p in surface.critical_points() if p.kind == "kink"] == [CriticalPoint((0.0, 0.0), "kink")]
    theta = np.linspace(0, math.tau, 9)
    slopes = np.linalg.norm(_gradients(surface, 1e-9 * np.stack([np.cos(theta), np.sin(theta)])), axis=0)
    np.testing.assert_allclose(slopes, 2 * math.sqrt(2), rtol=1e-6)
    assert _gradients(surface, np.zeros((2, 3))).tolist() == [[0.0] * 3] * 2
    assert np.isfinite(expand(surface, (0.0, 0.0))[2]).all()
    # the published form with a = 20, b = 0.2 and c = 2π
    x, y = np.random.default_rng(4).uniform(-3, 3, (2, 30))
    waves = np.exp((np.cos(math.tau * x) + np.cos(math.tau * y)) / 2)
    published = -20 * np.exp(-0.2 * np.sqrt((x**2 + y**2) / 2)) - waves + 20 + math.e
    np.testing.assert_allclose(values(surface, np.stack([x, y])), published, rtol=1e-12)


def test_levy_is_the_published_function_and_flattest_at_its_lowest_minimum() -> None:
    surface = SURFACES["levy"]()
    x, y = np.random.default_rng(5).uniform(-6, 8, (2, 30))
    a, b = 1 + (x - 1) / 4, 1 + (y - 1) / 4
    published = np.sin(np.pi * a) ** 2 + (a - 1) ** 2 * (1 + 10 * np.sin(np.pi * a + 1) ** 2)
    published += (b - 1) ** 2 * (1 + np.sin(2 * np.pi * b) ** 2)
    np.testing.assert_allclose(values(surface, np.stack([x, y])), published, rtol=1e-11)
    (best,) = surface.minima()
    np.testing.assert_allclose(best, [1.0, 1.0], atol=1e-15)
    across = {round(m[0], 2): expand(surface, m)[2][0, 0] for m in surface.minima(local=True)}
    assert sorted(np.round(list(across.values()), 1)) == [2.2, 6.3, 19.4, 34.4]
    assert across[1.0] == min(across.values())


def test_the_minima_of_griewank_are_almost_equally_deep() -> None:
    surface = SURFACES["griewank"]()
    depths = values(surface, surface.minima(local=True).T)
    assert surface.lowest() == 0.0 and depths.max() < 0.01
    np.testing.assert_allclose(np.sort(depths)[1:5], 0.0074, atol=1e-4)


# Models


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (1.0, 1.0), (3.0, 0.5), (0.0, 5.0), (-5.0, 10.0)])
def test_standardising_the_feature_makes_the_bowl_round(offset: float, scale: float) -> None:
    """κ + 1/κ + 2 = (1 + μ² + s²)²/s²: which is the squared trace over the determinant."""
    low, high = _eigenvalues(SURFACES["linear_regression"](offset=offset, scale=scale), (0.0, 0.0))
    kappa = high / low
    assert kappa + 1 / kappa + 2 == pytest.approx((1 + offset**2 + scale**2) ** 2 / scale**2, rel=1e-9)
    assert kappa >= 1 and (kappa == pytest.approx(1.0)) == ((offset, scale) == (0.0, 1.0))


@pytest.mark.parametrize("decay", [0.0, 0.05, 0.5])
def test_logistic_regression_agrees_with_scipy(decay: float) -> None:
    surface = SURFACES["logistic_regression"](decay=decay)
    x, t = (np.asarray(v) for v in surface.data)

    def loss(w: Floats) -> float:
        return float(np.log1p(np.exp(-t * (w[0] * x + w[1]))).mean() + decay / 2 * w[0] ** 2)

    best = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15})
    np.testing.assert_allclose(surface.minima()[0], best.x, atol=1e-6)
    assert surface.lowest() == pytest.approx(best.fun, abs=1e-13)
    assert values(surface, [[2.0], [-1.0]])[0] == pytest.approx(loss(np.array([2.0, -1.0])), rel=1e-13)
    # the classes overlap, or there would be no minimum for λ = 0
    assert x[t < 0].max() > x[t > 0].min()
    for w in itertools.product((-50.0, 0.0, 50.0), repeat=2):
        if decay == 0:
            assert np.linalg.norm(expand(surface, w)[1]) <= math.sqrt(2)


@pytest.mark.parametrize("noise", [0.0, 0.2, 1.0])
def test_the_tiny_network_has_twin_minima(noise: float) -> None:
    """L(−w) = L(w), and H(0) = [[0, −c], [−c, 0]] with c = 2 mean(x y); without noise the truth is a minimum."""
    surface = SURFACES["tiny_network"](noise=noise)
    points = np.random.default_rng(6).uniform(-3, 3, (2, 40))
    np.testing.assert_allclose(values(surface, points), values(surface, -points), rtol=1e-14)
    x, clean, disturbance = (np.asarray(v) for v in surface.data)
    c = 2 * np.mean(x * (clean + noise * disturbance))
    np.testing.assert_allclose(expand(surface, (0.0, 0.0))[2], [[0, -c], [-c, 0]], atol=1e-14)
    minimum, twin = surface.minima()
    np.testing.assert_array_equal(minimum, -twin)
    if not noise:
        np.testing.assert_allclose(minimum, [1.2, 1.5], atol=1e-12)
        assert surface.lowest() == pytest.approx(0.0, abs=1e-28)
    fit = optimize.least_squares(
        lambda w: w[1] * np.tanh(w[0] * x) - clean - noise * disturbance, [1.0, 1.0], xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    np.testing.assert_allclose(minimum, fit.x, atol=1e-6)


def test_the_curves_of_the_factorization_run_from_sharp_to_flat() -> None:
    """At (u, 1/u) the Hessian is [[1/u², 1], [1, u²]], whose eigenvalues are 0 and u² + 1/u²."""
    surface = SURFACES["matrix_factorization"]()
    for u in (0.4, 1.0, -1.0, 2.5, 4.0):
        low, high = _eigenvalues(surface, (u, 1 / u))
        assert low == pytest.approx(0.0, abs=1e-13) and high == pytest.approx(u**2 + 1 / u**2, rel=1e-12)
    assert _eigenvalues(surface, (0.0, 0.0)).tolist() == [-1.0, 1.0]
    assert _kinds(surface) == ["curve", "curve", "saddle"]


def test_the_curves_of_minima_have_the_lowest_loss_and_leave_the_domain() -> None:
    surface = SURFACES["matrix_factorization"]()
    low, high = np.array(surface.domain).T
    lines = surface.curves()
    assert len(lines) == 2
    for line in lines:
        np.testing.assert_allclose(values(surface, line.T), 0.0, atol=1e-28)
        assert ((line > low) & (line < high)).all(axis=1).sum() > 50
        for end in (line[0], line[-1]):
            assert (end < 2 * low).any() or (end > 2 * high).any()


def test_the_distance_to_a_curve_agrees_with_brute_force() -> None:
    """The oracle is 200,000 points of the hyperbola."""
    surface = SURFACES["matrix_factorization"]()
    (x0, x1), (y0, y1) = surface.domain
    arm = np.geomspace(0.05, 20.0, 100_000)
    fine = np.concatenate([arm, -arm])
    curve = np.stack([fine, 1 / fine], axis=1)
    points = np.random.default_rng(8).uniform([x0, y0], [x1, y1], (40, 2))
    brute = [np.linalg.norm(curve - p, axis=1).min() for p in points]
    np.testing.assert_allclose(surface.distance_to_minimum(points), brute, atol=1e-3)
    assert surface.distance_to_minimum(points.reshape(4, 10, 2)).shape == (4, 10)


def test_distances_are_to_the_nearest_of_the_lowest_minima_only() -> None:
    surface = SURFACES["six_hump_camel"]()
    points = np.random.default_rng(9).uniform(-1, 1, (30, 2))
    brute = [min(math.dist(p, m) for m in surface.minima()) for p in points]
    np.testing.assert_allclose(surface.distance_to_minimum(points), brute)
    local = next(p.position for p in surface.critical_points() if p.kind == "local minimum")
    assert surface.distance_to_minimum(local) > 1.0
    ackley = SURFACES["ackley"]()
    assert ackley.distance_to_minimum([3.0, 4.0]) == 5.0  # the kink is a minimum


def test_the_nearest_minimum_can_be_a_point_or_a_curve() -> None:
    camel = SURFACES["six_hump_camel"]()
    critical = camel.critical_points()
    minima = np.array([p.position for p in critical if "minimum" in p.kind])
    nearest = camel.nearest_minimum(minima + 0.01)
    assert [critical[k].position for k in nearest] == [tuple(p) for p in minima]
    assert camel.nearest_minimum(minima[0]).shape == ()
    factors = SURFACES["matrix_factorization"]()
    arms = [factors.critical_points()[k].position for k in factors.nearest_minimum([[3.0, 0.5], [-0.2, -4.0]])]
    assert arms == [(1.0, 1.0), (-1.0, -1.0)]


def test_curves_of_minima_are_rotated_with_the_surface() -> None:
    rotated = Rotated(SURFACES["matrix_factorization"](), 40.0)
    for line in rotated.curves():
        np.testing.assert_allclose(values(rotated, line.T), 0.0, atol=1e-25)
    assert rotated.distance_to_minimum(rotated.curves()[0][17]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("key", list(SURFACES))
def test_the_domain_can_be_computed_while_tracing(key: str) -> None:
    """`Rotated` computes its centre from traced parameters."""
    centre = jax.jit(lambda s: jnp.asarray(s.domain).mean(axis=1))(SURFACES[key]())
    assert np.isfinite(centre).all()


def test_every_theme_has_several_surfaces() -> None:
    themes = [cls.theme for cls in SURFACES.values()]
    assert all(themes.count(theme) >= 4 for theme in themes)


@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_distances_to_a_curve_of_minima_are_exact_and_signed(angle: float) -> None:
    """Points at a distance d along the normal of uv = 1, where |d| is less than the radius of curvature."""
    u = np.concatenate([np.geomspace(0.04, 25, 60), [0.001, 60.0]])  # the last two lie beyond the polyline
    curve, normal = np.stack([u, 1 / u], axis=1), np.stack([1 / u**2, np.ones_like(u)], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    inner = SURFACES["matrix_factorization"]()
    surface = Rotated(inner, angle)
    for d in (1e-9, -1e-9, 1e-4, -1e-4, 0.3, -0.3):
        for k, sign in ((0, 1.0), (1, -1.0)):
            points = np.array([surface.rotate(tuple(sign * p)) for p in curve + d * normal])
            np.testing.assert_allclose(surface.distance_to_minimum(points), abs(d), rtol=1e-9, atol=2e-13)
            np.testing.assert_array_equal(np.sign(surface.signed_distance(points, k)), np.sign(d))


def test_the_nearest_critical_point_has_its_kind_and_distance() -> None:
    ledge, valley = SURFACES["degenerate_saddle"](), SURFACES["matrix_factorization"]()
    nearest = ledge.nearest_critical_point((0.0, 0.02))
    assert nearest is not None and (nearest[0].kind, nearest[1]) == ("degenerate", 0.02)
    nearest = valley.nearest_critical_point((3.0, 1 / 3))
    assert nearest is not None and nearest[0].kind == "curve" and nearest[1] < 1e-14
    np.testing.assert_allclose(nearest[0].position, (3.0, 1 / 3))


@pytest.mark.parametrize("key", SURFACES)
def test_a_rotation_does_not_change_the_diagonal(key: str) -> None:
    surface = SURFACES[key]()
    assert {Rotated(surface, angle).diagonal for angle in (0.0, 30.0, 77.0)} == {surface.diagonal}
