"""The studies of optimizers, against closed forms and plain NumPy, and what their sentences say."""

from __future__ import annotations

import functools
import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest

from optimizers import OPTIMIZERS, sweeps
from optimizers.studies import STUDIES
from optimizers.studies.catalogue import dimension_saddles, dimension_steps, rotation
from optimizers.studies.tuned_steps import Best, best_steps, in_parts, median, stacked, summary


@functools.cache
def found(key: str, seed: int = 0) -> Any:
    """The complete result of a study at its default parameters."""
    *_, (share, result) = STUDIES[key]().run(seed)
    assert share == 1
    return result


def _whole(search: Any) -> tuple[list[float], Best]:
    """What a search yields, and what it returns."""
    shares = []
    while True:
        try:
            shares.append(next(search))
        except StopIteration as end:
            return shares, end.value


def drawn(n: int, samples: int, rng: np.random.Generator) -> Any:
    """The eigenvalues, heights and weights of Hessians."""
    return _whole(dimension_saddles.hessians(n, samples, rng))[1]


# Steps at the best learning rate


def test_the_best_rate_is_chosen_by_some_starts_and_judged_by_others() -> None:
    rates = np.array([0.1, 0.2, 0.4])
    searched = np.array([[[9.0, 9.0, 9.0]], [[4.0, 5.0, np.inf]], [[1.0, np.inf, np.inf]]])
    fresh = np.array([[[1.0, 1.0, 1.0]], [[7.0, 8.0, np.inf]], [[2.0, 2.0, 2.0]]])
    best = summary(rates, searched, fresh)
    assert (best.rate[0], best.median[0], best.low[0], best.high[0]) == (0.2, 8.0, 7.0, np.inf)
    lost = summary(rates, np.full((3, 1, 3), np.inf), np.full((3, 1, 3), np.inf))
    assert np.isnan(lost.rate[0]) and np.isinf(lost.median[0])


def test_a_median_is_infinite_where_half_of_the_runs_do_not_arrive() -> None:
    assert median(np.array([3.0, 1.0, np.inf])) == 3.0 and median(np.array([1.0, 2.0, np.inf, np.inf])) == np.inf
    assert median(np.array([4.0, 1.0, 2.0, 9.0])) == 3.0
    both = stacked([Best(*np.ones((4, 2))), None], 2)
    assert both.rate.shape == (2, 2) and np.isnan(both.median[1]).all()


def _steps(curvatures: np.ndarray, start: np.ndarray, rate: float, most: int) -> float:
    """Steps of gradient descent on ½ Σ λ w² until the loss is 10⁻⁴ of the first, by w_t = (1 − η λ)ᵗ w₀."""
    shrink = np.abs(1 - rate * curvatures)
    times = np.arange(most + 1)[:, None]
    with np.errstate(over="ignore"):
        losses = 0.5 * np.sum(curvatures * (shrink**times * start) ** 2, axis=1)
    arrived = np.flatnonzero(losses <= 1e-4 * losses[0])
    return float(arrived[0]) if len(arrived) else np.inf


@pytest.mark.parametrize("n", [2, 5, 32])
def test_steps_of_gradient_descent_are_those_of_its_closed_form(n: int) -> None:
    starts, conditions, rates = 3, np.array([4.0, 60.0]), 17
    points = np.zeros((2 * starts, dimension_steps.LARGEST))
    points[:, :n] = np.random.default_rng(n).standard_normal((2 * starts, n))
    places = {"surface.dimension": np.full(2, float(n)), "surface.condition_number": conditions}
    options: Any = {"rates": rates, "steps": 400, "threshold": 1e-4}
    _, here = _whole(best_steps(dimension_steps.Ravines(), OPTIMIZERS["sgd"](), places, points, **options))
    for k, kappa in enumerate(conditions):
        curvatures = kappa ** np.concatenate([[0.0, 1.0], np.arange(1, n - 1) / (n - 1)])
        grid = np.geomspace(1e-4, 10.0, rates)
        steps = np.array([[_steps(curvatures, point[:n], rate, 400) for point in points] for rate in grid])
        expected = summary(grid, steps[:, None, :starts], steps[:, None, starts:])
        # float32: a run may arrive one step earlier or later
        assert here.rate[k] == pytest.approx(expected.rate[0], rel=1e-6)
        assert here.median[k] == pytest.approx(expected.median[0], abs=1)


def test_a_start_of_the_search_is_not_used_for_the_comparison() -> None:
    points = np.zeros((4, dimension_steps.LARGEST))
    # the search starts along the soft direction, and the comparison along the stiff one
    points[:2, 0] = points[2:, 1] = 1.0
    places = {"surface.dimension": np.array([2.0]), "surface.condition_number": np.array([100.0])}
    _, best = _whole(
        best_steps(dimension_steps.Ravines(), OPTIMIZERS["sgd"](), places, points, rates=33, steps=500, threshold=1e-4)
    )
    assert 0.8 < best.rate[0] < 1.2, "1/λ of the soft direction"
    assert np.isinf(best.median[0]), "and with it runs along the stiff direction diverge"


def test_a_long_search_is_a_part_of_the_study_after_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,640 runs, in several pieces: the same steps as in a single piece."""
    points = np.zeros((4, dimension_steps.LARGEST))
    points[:, :2] = np.random.default_rng(0).standard_normal((4, 2))
    places = {"surface.dimension": np.full(20, 2.0), "surface.condition_number": np.geomspace(2.0, 50.0, 20)}
    options: Any = {"rates": 33, "steps": 500, "threshold": 1e-4}
    once, whole = _whole(best_steps(dimension_steps.Ravines(), OPTIMIZERS["sgd"](), places, points, **options))
    monkeypatch.setattr(sweeps, "PIECE_WORK", 1.0)
    search = best_steps(dimension_steps.Ravines(), OPTIMIZERS["sgd"](), places, points, **options)
    shares, parts = [], in_parts(search, "before", 0.5, 0.25)
    while True:
        try:
            part = next(parts)
        except StopIteration as end:
            pieces = end.value
            break
        assert part.found == "before"
        shares.append(part.share)
    assert once == [1.0] and len(shares) > 1 and shares == sorted(shares)
    assert shares[0] > 0.5 and shares[-1] < 0.75
    for a, b in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("key", ["rotation", "dimension_steps"])
def test_the_work_of_a_search_is_bounded(key: str) -> None:
    with pytest.raises(ValueError, match="starts must lie in"):
        STUDIES[key](starts=10_000_000)
    with pytest.raises(ValueError, match="steps must lie in"):
        STUDIES[key](steps=1_000_000)


# Rotation


@pytest.mark.long
def test_rotation_changes_nothing_for_sgd_and_takes_adagrads_advantage_away() -> None:
    """A small study: the median over few starts changes with the angle only as the starts do."""
    parts = STUDIES["rotation"](starts=5, steps=300, condition_number=30.0).run(1)
    *_, (_, result) = itertools.islice(parts, 3)  # SGD, momentum and Adagrad; a study can be left at any part
    assert np.isnan(result.median[rotation.RULES.index("adam")]).all()
    sgd, adagrad = (rotation.RULES.index(key) for key in ("sgd", "adagrad"))
    assert np.ptp(np.log(result.median[sgd])) < np.log(1.5)
    assert result.median[adagrad, 0] < 10 and result.median[adagrad, -1] > 5 * result.median[adagrad, 0]
    round_bowl = result.condition_median[sgd, :, 0]
    assert round_bowl[0] == round_bowl[1] == 3.0


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 2])
def test_what_the_study_of_rotation_says(seed: int) -> None:
    result = found("rotation", seed)
    steps = dict(zip(rotation.RULES, result.median, strict=True))
    turned = result.angles >= 22.5
    for rule, least in (("adagrad", 100), ("rmsprop", 200)):
        assert steps[rule][0] == pytest.approx(5, abs=1) and (steps[rule][turned] > least).all(), rule
    assert np.isinf(steps["rmsprop"][turned]).any() and STUDIES["rotation"]().steps == 2000
    for rule, most in (("sgd", 1.4), ("momentum", 1.1), ("adam", 1.5)):
        assert np.ptp(np.log(steps[rule])) < np.log(most), rule
    against = dict(zip(rotation.RULES, result.condition_median, strict=True))
    assert (result.conditions[0], result.conditions[-1]) == pytest.approx((1, 1000))
    assert 3.5 < against["adam"][1, -1] / against["adam"][0, -1] < 4.5
    assert against["sgd"][0, 0] == 3 and 800 < against["sgd"][0, -1] < 1000
    assert (against["momentum"] < 100).all()


# Dimension


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 2])
def test_what_the_study_of_dimension_says(seed: int) -> None:
    result = found("dimension_steps", seed)
    place = {rule: k for k, rule in enumerate(dimension_steps.RULES)}
    assert (result.dimensions[0], result.dimensions[-1]) == (2, 32)
    fixed, grown = result.fixed_median[place["sgd"]], result.grown_median[place["sgd"]]
    assert STUDIES["dimension_steps"]().condition_number == 100 and fixed.min() > 85 and fixed.max() < 175
    assert grown[0] == 9 and grown[-1] > 450 and (np.diff(grown) > 0).all()
    for rule in ("momentum", "adam"):
        k = place[rule]
        assert max(result.fixed_median[k].max(), result.grown_median[k].max(), result.condition_median[k].max()) < 100
    adagrad = [result[j][place["adagrad"]] for j in (2, 6, 11)]
    assert {*np.concatenate(adagrad)} <= {5.0, 5.5, 6.0}


# Saddles


def test_half_of_the_critical_points_in_the_plane_are_saddles_and_in_space_as_many_as_bardeen_found() -> None:
    """In the plane by the theorem of Euler and Poincaré; in space (29 + 6 √6)/58 (Bardeen et al. 1986, eq. 4.11)."""
    result = found("dimension_saddles")
    exact = {1: 0.0, 2: 0.5, 3: (29 + 6 * np.sqrt(6)) / 58}
    for n, share in exact.items():
        (k,) = np.flatnonzero(result.dimension == n)
        assert abs(result.saddles[k] - share) <= 1.5 * max(result.high[k] - share, share - result.low[k], 1e-12)
        assert result.saddles[k] == pytest.approx(share, abs=0.02)


def test_the_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """In the plane, for many seeds: 95 % of 200 intervals, of which 90 to 99 % leave room for chance."""
    inside = 0
    for seed in range(200):
        values, _, weights = drawn(2, 1000, np.random.default_rng(seed))
        extremal = (values < 0).sum(axis=1) != 1
        _, low, high = dimension_saddles.estimate(extremal, weights)
        inside += low <= 0.5 <= high
    assert 0.9 <= inside / 200 <= 0.99


def test_the_share_of_minima_at_a_height_is_that_of_the_normal_distribution_in_one_variable() -> None:
    """H = M − f with M normal of variance 2: minima have the weight E[max(H, 0)], and maxima E[max(−H, 0)]."""
    from math import erf, exp, pi, sqrt

    values, heights, weights = drawn(1, 400_000, np.random.default_rng(0))
    for low, high in ((-1.2, -0.8), (-0.2, 0.2), (0.6, 1.0)):
        inside = (heights > low) & (heights < high)
        share = np.sum(weights[inside] * (values[inside, 0] > 0)) / np.sum(weights[inside])

        def part(f: float, sign: float) -> float:
            mean, spread = -f * sign, sqrt(2)
            z = mean / spread
            return spread * exp(-z * z / 2) / sqrt(2 * pi) + mean * (1 + erf(z / sqrt(2))) / 2

        f = np.linspace(low, high, 201)
        density = np.exp(-(f**2) / 2)
        up, down = (np.array([part(v, sign) for v in f]) @ density for sign in (1.0, -1.0))
        assert share == pytest.approx(up / (up + down), abs=0.01)


def test_matrices_are_drawn_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, 2,000 matrices of 40 × 40 and their transposes take 77 MB; in pieces, 24 MB and their eigenvalues."""
    tracemalloc.start()
    values, *_ = drawn(40, 2000, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6
    monkeypatch.setattr(dimension_saddles, "PIECE", 2000 * 40**2)
    np.testing.assert_array_equal(values, drawn(40, 2000, np.random.default_rng(0))[0])


def test_the_critical_points_of_drawn_functions_are_distributed_like_the_weighted_hessians() -> None:
    """Critical points of random sums of waves in the plane, found on a grid of triangles, where they can be counted.

    A point of the grid is an extremum if none, and a saddle if four, of the differences to its six neighbours in turn
    have another sign than the one before.
    """
    rng = np.random.default_rng(0)
    waves, cells = 300, 300
    x = np.linspace(0, 20.0, cells)
    counts = np.zeros((2, 2), int)  # all and low ones, extrema and saddles
    for _ in range(15):
        k, phase = rng.standard_normal((waves, 2)), rng.uniform(0, 2 * np.pi, waves)
        left, right = np.exp(1j * (np.outer(x, k[:, 0]) + phase)), np.exp(1j * np.outer(k[:, 1], x))
        f = np.sqrt(2 / waves) * (left @ right).real  # variance 1, covariance exp(-r²/2) for many waves
        middle, last = f[1:-1, 1:-1], cells - 1
        ring = ((-1, 0), (-1, 1), (0, 1), (1, 0), (1, -1), (0, -1))
        above = np.stack([f[1 + i : last + i, 1 + j : last + j] > middle for i, j in ring])
        changes = (above != np.roll(above, 1, axis=0)).sum(axis=0)
        for row, where in enumerate((np.ones_like(middle, dtype=bool), middle < -1)):
            counts[row] += (changes[where] == 0).sum(), (changes[where] == 4).sum()
    assert counts.sum() > 1000 and counts[0, 1] / counts[0].sum() == pytest.approx(0.5, abs=0.02)
    values, heights, weights = drawn(2, 200_000, np.random.default_rng(1))
    low = heights < -1
    expected = np.sum(weights[low] * ((values[low] < 0).sum(axis=1) == 1)) / np.sum(weights[low])
    assert counts[1, 1] / counts[1].sum() == pytest.approx(expected, abs=0.04) and expected < 0.3


def test_what_the_study_of_saddles_says() -> None:
    result = found("dimension_saddles")
    share = dict(zip(result.dimension, result.saddles, strict=True))
    rare = dict(zip(result.dimension, result.extrema_high, strict=True))
    assert share[2] == pytest.approx(0.5, abs=0.02) and share[10] > 0.99
    assert rare[20] < 1e-6
    for row in result.descending:
        known = row[np.isfinite(row)]
        assert (np.diff(known) > -0.02).all() and known[0] < 0.05 < 0.95 < known[-1]


@pytest.mark.parametrize("key", ["rotation", "dimension_steps", "dimension_saddles"])
def test_tables_of_first_parts_have_a_row_for_each_number(key: str) -> None:
    study = STUDIES[key](**({} if key == "dimension_saddles" else {"starts": 5, "steps": 100}))
    share, first = next(study.run())
    columns, rows = study.table(first)
    assert 0 < share < 1 and rows and {len(row) for row in rows} == {len(columns)} and len(set(columns)) == len(columns)
