"""Where a learning rate starts: derived from the surface, and never one that leaves it."""

import numpy as np
import pytest

from optimizers import OPTIMIZERS, starting_learning_rate
from surfaces import SURFACES, Rotated

SGD = OPTIMIZERS["sgd"]


@pytest.mark.parametrize("kappa", [1.0, 3.0, 30.0, 777.0, 1e4])
@pytest.mark.parametrize("angle", [0.0, 33.0])
def test_on_a_quadratic_it_is_half_over_the_largest_curvature(kappa: float, angle: float) -> None:
    surface = Rotated(SURFACES["quadratic_ravine"](kappa), angle)
    for key in ("sgd", "momentum", "nesterov", "sam"):
        assert starting_learning_rate(surface, OPTIMIZERS[key]) == float(f"{0.5 / kappa:.2g}")


def test_the_curvature_is_the_largest_below_the_start() -> None:
    """Rosenbrock from (−1.5, 2): a fine grid by hand with the Hessian on paper, |λ| by `eigvalsh`."""
    x, y = np.meshgrid(np.linspace(-2.2, 2.2, 401), np.linspace(-1.0, 3.0, 401))
    loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    below = loss <= (1 + 1.5) ** 2 + 100 * (2 - 2.25) ** 2
    entries = [[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, np.full_like(x, 200.0)]]
    sizes = np.abs(np.linalg.eigvalsh(np.moveaxis(np.array(entries), (0, 1), (-2, -1))))[..., 1]
    rate = starting_learning_rate(SURFACES["rosenbrock"](), SGD)
    # the library's grid is coarser, so its largest is at most a little smaller
    assert rate == pytest.approx(0.5 / sizes[below].max(), rel=0.1)


def test_for_rules_whose_steps_do_not_scale_it_is_a_hundredth_of_the_width() -> None:
    for key in SURFACES:
        (left, right), _ = SURFACES[key]().domain
        for rule in OPTIMIZERS.values():
            if rule.rate_unit == "length":
                assert starting_learning_rate(SURFACES[key](), rule) == pytest.approx(0.01 * (right - left), rel=0.05)


def test_for_rules_that_find_the_scale_it_is_the_default_and_without_a_rate_there_is_none() -> None:
    surface = SURFACES["rosenbrock"]()
    assert starting_learning_rate(surface, OPTIMIZERS["newton"]) == 1.0
    assert starting_learning_rate(surface, OPTIMIZERS["polyak_sgd"]) == 1.0
    assert starting_learning_rate(surface, OPTIMIZERS["adadelta"]) is None


def test_it_stays_within_the_declared_range() -> None:
    for key in SURFACES:
        for rule in OPTIMIZERS.values():
            rate = starting_learning_rate(SURFACES[key](), rule)
            if rate is not None:
                declared = rule.parameters()["learning_rate"]
                assert declared.low <= rate <= declared.high
