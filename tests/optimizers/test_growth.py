"""Convergence rates of linear rules on quadratics, against the eigenvalues of their matrices."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest

from optimizers import OPTIMIZERS, SCHEDULES, Scheduled, convergence_rates, growth, trace
from surfaces import SURFACES, Rotated
from surfaces.calculus import expand

RAVINE = SURFACES["quadratic_ravine"]
KAPPA = 30.0
ETA, BETA = np.geomspace(1e-3, 0.3, 48), np.linspace(0.0, 0.98, 32)


def _radius(key: str, rate: float, beta: float, curvature: float) -> float:
    """The spectral radius of a rule along an eigenvector of the Hessian, from its characteristic polynomial.

    Momentum: w' = w − η a', a' = β a + λ w, so the roots are those of z² − (1 + β − ηλ) z + β. Nesterov takes the
    gradient at w − ηβ a, which gives z² − (1 + β)(1 − ηλ) z + β (1 − ηλ).
    """
    if key == "sgd":
        return abs(1 - rate * curvature)
    shrunk = 1 - rate * curvature
    middle, last = (beta + shrunk, beta) if key == "momentum" else ((1 + beta) * shrunk, beta * shrunk)
    return float(np.abs(np.roots([1, -middle, last])).max())


def _radii(key: str) -> Any:
    return np.array([[max(_radius(key, e, b, c) for c in (1.0, KAPPA)) for e in ETA] for b in BETA])


@pytest.mark.parametrize("key", ["momentum", "nesterov", "nesterov_velocity"])
def test_rates_are_the_spectral_radius_also_of_a_rotated_surface(key: str) -> None:
    surface = Rotated(RAVINE(condition_number=KAPPA), angle=25.0)
    rates = convergence_rates(surface, OPTIMIZERS[key](), {"momentum": BETA, "learning_rate": ETA})
    error = np.abs(rates - _radii("momentum" if key == "momentum" else "nesterov"))
    assert rates.shape == (len(BETA), len(ETA))
    assert error.max() < 1e-5


@pytest.mark.parametrize("key", ["sgd", "momentum", "nesterov"])
def test_the_measured_boundary_is_the_stability_limit_to_a_cell(key: str) -> None:
    surface, rule = RAVINE(condition_number=KAPPA), OPTIMIZERS[key]
    over = {"learning_rate": ETA} if key == "sgd" else {"momentum": BETA, "learning_rate": ETA}
    grows = np.atleast_2d(convergence_rates(surface, rule(), over) > 1)
    for beta, row in zip(BETA, grows, strict=False):
        values = {} if key == "sgd" else {"momentum": beta}
        edge = (
            float(rule(learning_rate=1.0, **values).stability_limit() or 0) / KAPPA
        )  # the limit is proportional to 1/η
        first = int(np.argmax(row))
        assert row[first:].all() and not row[:first].any()
        assert ETA[first - 1] <= edge <= ETA[first]


@pytest.mark.parametrize("kappa", [4.0, 100.0])
@pytest.mark.parametrize("key", ["sgd", "momentum", "nesterov"])
def test_the_fastest_parameters_have_the_rate_of_the_textbook_and_no_others_are_faster(key: str, kappa: float) -> None:
    best = OPTIMIZERS[key].fastest(1.0, kappa)
    assert best is not None
    root = math.sqrt(kappa)
    expected = {
        "sgd": (kappa - 1) / (kappa + 1),
        "momentum": (root - 1) / (root + 1),  # Polyak (1964)
        "nesterov": 1 - 2 / math.sqrt(3 * kappa + 1),  # Lessard, Recht & Packard (2016)
    }[key]
    slower = max(_radius(key, best["learning_rate"], best.get("momentum", 0.0), c) for c in (1.0, kappa))
    assert slower == pytest.approx(expected, rel=1e-6)
    near = {name: value * np.linspace(0.9, 1.1, 9) for name, value in best.items()}
    rates = convergence_rates(RAVINE(condition_number=kappa), OPTIMIZERS[key](), near)
    assert expected - 1e-6 < rates.min() < expected + 2e-2


def test_the_best_cell_at_a_condition_number_of_100_is_polyak_s() -> None:
    over = {"learning_rate": np.geomspace(0.01, 0.1, 60), "momentum": np.linspace(0.4, 0.9, 60)}
    rates = convergence_rates(RAVINE(condition_number=100.0), OPTIMIZERS["momentum"](), over)
    assert rates.min() == pytest.approx(9 / 11, abs=8e-3)


def test_in_many_coordinates_point_and_state_are_followed() -> None:
    surface = SURFACES["ravine_nd"](dimension=12)
    assert growth.FEW < 2 * 12
    rates = convergence_rates(surface, OPTIMIZERS["momentum"](), {"momentum": BETA[:24], "learning_rate": ETA})
    curvatures = np.linalg.eigvalsh(expand(surface, np.asarray(surface.start))[2])
    ends = (curvatures[0], curvatures[-1])
    expected = np.array([[max(_radius("momentum", e, b, c) for c in ends) for e in ETA] for b in BETA[:24]])
    assert np.median(abs(rates - expected)) < 1e-4 and ((rates > 1) == (expected > 1)).mean() > 0.99


def test_a_parameter_of_the_surface_may_vary_and_a_run_that_reaches_the_minimum_has_rate_zero() -> None:
    kappas = np.array([1.0, 4.0, 19.0, 30.0])
    rates = convergence_rates(RAVINE(), OPTIMIZERS["sgd"](learning_rate=0.1), {"condition_number": kappas})
    np.testing.assert_allclose(rates, [0.9, 0.9, 0.9, 2.0], rtol=1e-6)
    assert convergence_rates(RAVINE(condition_number=1.0), OPTIMIZERS["sgd"](learning_rate=1.0)) == 0
    # far beyond what float32 or float64 could hold after so many steps
    assert convergence_rates(RAVINE(), OPTIMIZERS["sgd"](learning_rate=9.0)) == pytest.approx(9 * 30 - 1)


@pytest.mark.parametrize(
    ("surface", "rule"),
    [
        ("rosenbrock", OPTIMIZERS["sgd"]()),
        ("booth", OPTIMIZERS["adam"]()),
        ("booth", Scheduled(OPTIMIZERS["sgd"](), SCHEDULES["cosine"]())),
    ],
)
def test_other_rules_and_surfaces_are_refused(surface: str, rule: Any) -> None:
    with pytest.raises(ValueError, match="has no convergence rate: that needs a linear rule"):
        convergence_rates(SURFACES[surface](), rule)


def test_newton_shrinks_all_curvatures_alike() -> None:
    rates = convergence_rates(RAVINE(), OPTIMIZERS["newton"](), {"learning_rate": [0.25, 1.5]})
    np.testing.assert_allclose(rates, [0.75, 0.5], rtol=1e-6)


@pytest.mark.parametrize("key", [key for key, rule in OPTIMIZERS.items() if rule.elementwise])
def test_rules_that_are_called_linear_are_additive_and_no_others(key: str) -> None:
    rule, surface = OPTIMIZERS[key](), RAVINE(condition_number=3.0)
    a, b = np.array([1.0, -0.5]), np.array([0.4, 2.0])
    first, second, both = (trace(surface, rule, start, steps=12).positions for start in (a, b, a + b))
    additive = np.allclose(first + second, both, rtol=1e-9, atol=1e-12)
    assert additive == rule.linear


@pytest.mark.thinned(3)
@pytest.mark.parametrize("key", SURFACES)
def test_surfaces_that_are_called_quadratic_have_the_same_hessian_everywhere(key: str) -> None:
    surface = SURFACES[key]()
    n = len(surface.start)
    if n > 100:  # a Hessian of a million entries
        surface = surface.replace(dimension=20)
        n = len(surface.start)
    points = np.random.default_rng(0).uniform(-0.8, 0.9, (2, n)) + np.asarray(surface.start)
    points = np.concatenate([points, surface.minima()[:1] + 1e-3])
    with jax.enable_x64(True):
        hessians = [np.asarray(jax.hessian(surface)(point)) for point in points]
    same = all(np.allclose(one, hessians[0], rtol=1e-9, atol=1e-9) for one in hessians)
    flat = not any(one.any() for one in hessians)  # between kinks
    assert (same and not flat) == surface.quadratic
