"""The starting learning rate, against curvatures and gradients that are derived by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from optimizers import OPTIMIZERS, starting_learning_rate
from optimizers.starting import largest_curvature, starting_reason
from surfaces import SURFACES, Rotated
from surfaces.calculus import double

SGD = OPTIMIZERS["sgd"]


@pytest.mark.parametrize("kappa", [1.0, 3.0, 30.0, 777.0, 1e4])
@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_on_a_quadratic_it_is_half_the_inverse_of_the_largest_curvature(kappa: float, angle: float) -> None:
    surface = Rotated(SURFACES["quadratic_ravine"](kappa), angle)
    for key in ("sgd", "momentum", "nesterov", "sam"):
        assert starting_learning_rate(surface, OPTIMIZERS[key]) == float(f"{0.5 / kappa:.2g}")


def test_the_curvature_is_the_largest_no_higher_than_the_start() -> None:
    """Rosenbrock from (−1.5, 2): |λ| on a fine grid, from the Hessian in closed form."""
    x, y = np.meshgrid(np.linspace(-2.2, 2.2, 1601), np.linspace(-1.0, 3.0, 1601))
    loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    below = loss <= (1 + 1.5) ** 2 + 100 * (2 - 2.25) ** 2
    x, y = x[below], y[below]
    entries = [[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, np.full_like(x, 200.0)]]
    largest = np.abs(np.linalg.eigvalsh(np.moveaxis(np.array(entries), (0, 1), (-2, -1)))).max()
    curvature = largest_curvature(SURFACES["rosenbrock"]())
    assert largest <= curvature * (1 + 1e-9) and curvature == pytest.approx(largest, rel=5e-3)


@pytest.mark.parametrize(
    "values", [{}, {"sharp_curvature": 400.0, "flat_curvature": 0.5}, {"flat_depth": 0.4, "distance": 3.7}], ids=str
)
def test_a_ridge_narrower_than_the_grid_is_not_missed(values: dict[str, float]) -> None:
    """Along x, L'' = Σ p_i h_i − p₁ p₂ (L₁' − L₂')²/τ, where p are the shares of the softmin."""
    surface = SURFACES["sharp_and_flat"](**values)
    h1, h2, d1, d2, distance = (
        float(getattr(surface, name))
        for name in ("sharp_curvature", "flat_curvature", "sharp_depth", "flat_depth", "distance")
    )
    tau = min(h2 * distance**2 / 2 - d2 + d1, h1 * distance**2 / 2 - d1 + d2) / 40
    x = np.linspace(*surface.domain[0], 2_000_001)
    sharp, flat = h1 / 2 * (x - distance / 2) ** 2 - d1, h2 / 2 * (x + distance / 2) ** 2 - d2
    share = 0.5 * (1 + np.tanh((flat - sharp) / (2 * tau)))
    slopes = h1 * (x - distance / 2) - h2 * (x + distance / 2)
    second = share * h1 + (1 - share) * h2 - share * (1 - share) * slopes**2 / tau
    height = np.minimum(sharp, flat) - tau * np.log1p(np.exp(-np.abs(sharp - flat) / tau))
    start = np.interp(surface.start[0], x, height) + surface.start[1] ** 2
    largest = max(2.0, np.abs(second[height <= start]).max())
    assert largest_curvature(surface) == pytest.approx(largest, rel=2e-3)


@pytest.mark.long
@pytest.mark.parametrize("key", ["himmelblau", "six_hump_camel", "levy", "narrow_trap", "beale", "tilted_wells"])
@pytest.mark.thinned(6)
def test_no_point_of_a_fine_grid_has_a_larger_curvature(key: str) -> None:
    """By NumPy's eigenvalues of `jax.hessian` on 401 × 401 points, of which the largest is close."""
    surface = SURFACES[key]()
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, 401), np.linspace(y0, y1, 401))
    with double():
        points = jnp.asarray(np.stack([x.ravel(), y.ravel()], axis=1))
        below = np.asarray(jax.vmap(surface)(points) <= surface(jnp.asarray(surface.start)))
        hessians = np.asarray(jax.vmap(jax.hessian(surface))(points))
    largest = np.abs(np.linalg.eigvalsh(hessians[below])).max()
    curvature = largest_curvature(surface)
    assert largest <= curvature * (1 + 2e-3) and curvature == pytest.approx(largest, rel=0.02)


@pytest.mark.thinned(3)
@pytest.mark.parametrize("key", sorted(SURFACES))
def test_all_rotations_start_with_the_same_rate(key: str) -> None:
    surface = SURFACES[key]()
    for rule in (SGD, OPTIMIZERS["adam"], OPTIMIZERS["radam"]):
        expected = starting_learning_rate(surface, rule)
        for angle in (-90.0, -33.0, 0.0, 5.0, 18.0, 45.0, 77.0):
            assert starting_learning_rate(Rotated(surface, angle), rule) == expected


@pytest.mark.long
def test_at_a_kink_the_steepest_gradient_makes_a_step_of_1_percent_of_the_width() -> None:
    """Ackley's transverse curvature near the tip is 2√2/r, which is unbounded; gradients by hand on a fine grid."""
    surface = SURFACES["ackley"]()
    assert largest_curvature(surface) == np.inf
    assert all(np.isfinite(largest_curvature(SURFACES[key]())) for key in SURFACES if key != "ackley")
    x, y = np.meshgrid(np.linspace(-3.4, 3.4, 1202), np.linspace(-2.3, 2.3, 1202))
    root = np.sqrt((x**2 + y**2) / 2)
    waves = np.exp((np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2)
    loss = -20 * np.exp(-0.2 * root) - waves + 20 + np.e
    slope = np.hypot(*(2 * np.exp(-0.2 * root) * v / root + np.pi * np.sin(2 * np.pi * v) * waves for v in (x, y)))
    at_start = loss[np.argmin(np.abs(y[:, 0] - 0.45)), np.argmin(np.abs(x[0] + 1.4))]
    expected = 0.01 * 6.8 / slope[loss <= at_start].max()
    assert starting_learning_rate(surface, SGD) == pytest.approx(expected, rel=0.03)


def test_the_reason_matches_the_rate() -> None:
    bowl, kink = SURFACES["booth"](), Rotated(SURFACES["ackley"](), 20.0)
    assert "half the inverse of the largest curvature" in starting_reason(bowl, SGD)
    assert "the curvature is unbounded here" in starting_reason(kink, SGD)
    assert "1 % of the width" in starting_reason(kink, OPTIMIZERS["adam"])
    assert "smaller of two" in starting_reason(bowl, OPTIMIZERS["radam"])
    assert "default" in starting_reason(bowl, OPTIMIZERS["newton"])
    assert starting_reason(bowl, OPTIMIZERS["adadelta"]) == ""


def test_for_rules_whose_steps_do_not_scale_it_is_1_percent_of_the_width() -> None:
    for key in SURFACES:
        (left, right), _ = SURFACES[key]().domain
        for rule in OPTIMIZERS.values():
            if rule.rate_unit == "length":
                assert starting_learning_rate(SURFACES[key](), rule) == pytest.approx(0.01 * (right - left), rel=0.05)


def test_for_rules_that_find_the_scale_it_is_the_default() -> None:
    surface = SURFACES["rosenbrock"]()
    assert starting_learning_rate(surface, OPTIMIZERS["newton"]) == 1.0
    assert starting_learning_rate(surface, OPTIMIZERS["polyak_sgd"]) == 1.0
    assert starting_learning_rate(surface, OPTIMIZERS["adadelta"]) is None


@pytest.mark.long
def test_it_stays_within_the_declared_range() -> None:
    for key in SURFACES:
        for rule in OPTIMIZERS.values():
            rate = starting_learning_rate(SURFACES[key](), rule)
            if rate is not None:
                declared = rule.parameters()["learning_rate"]
                assert declared.low <= rate <= declared.high
