"""Effects from the lectures, on the surfaces that were made to show them."""

import numpy as np
import pytest

from optimizers import OPTIMIZERS, starting_learning_rate, trace
from surfaces import SURFACES


def test_p2_sgd_stops_in_the_local_minimum_and_large_momentum_does_not() -> None:
    """From the default start with the starting rate, on two surfaces with a lower minimum farther on."""
    for key in ("tilted_wells", "six_hump_camel"):
        surface = SURFACES[key]()
        rate = starting_learning_rate(surface, OPTIMIZERS["sgd"])
        betas = np.array([0.0, 0.3, 0.5, 0.88, 0.9, 0.92])
        runs = trace(
            surface, OPTIMIZERS["momentum"](learning_rate=rate, momentum=betas), steps=600, record=("positions",)
        )
        far = surface.distance_to_minimum(runs.positions[:, -1])
        assert (far[:3] > 1.0).all() and (far[3:] < 1e-3).all(), (key, far)
        local = [p.position for p in surface.critical_points() if p.kind == "local minimum"]
        assert min(np.linalg.norm(runs.positions[0, -1] - p) for p in local) < 1e-3


def test_p2_holds_near_the_default_start_and_rate() -> None:
    surface = SURFACES["tilted_wells"]()
    rng = np.random.default_rng(0)
    starts = np.array(surface.start) + rng.uniform(-0.05, 0.05, (200, 2))
    rates = starting_learning_rate(surface, OPTIMIZERS["sgd"]) * rng.uniform(0.9, 1.1, 200)
    for beta, share in ((0.0, 0.0), (0.9, 1.0)):
        rule = OPTIMIZERS["momentum"](learning_rate=rates, momentum=beta)
        runs = trace(surface, rule, start=starts, steps=600, record=("positions",))
        assert np.mean(surface.distance_to_minimum(runs.positions[:, -1]) < 0.01) == share


@pytest.mark.parametrize(("beta", "least", "most"), [(0.0, 0.9, 1.0), (0.5, 0.5, 1.0), (0.9, 0.0, 0.1)])
def test_p6_momentum_flies_over_a_narrow_minimum(beta: float, least: float, most: float) -> None:
    """The share of runs that end in the trap, from starts uphill of it."""
    surface = SURFACES["narrow_trap"]()
    rng = np.random.default_rng(1)
    starts = np.stack([rng.uniform(-3.1, -2.4, 300), rng.uniform(-0.2, 0.2, 300)], axis=1)
    rate = starting_learning_rate(surface, OPTIMIZERS["sgd"])
    rule = OPTIMIZERS["momentum"](learning_rate=rate, momentum=beta)
    ends = trace(surface, rule, start=starts, steps=600, record=("positions",)).positions[:, -1]
    hole = surface.critical_points()[0].position
    trapped = np.mean(np.linalg.norm(ends - hole, axis=1) < 0.01)
    assert least <= trapped <= most


def test_p3_the_ledge_stops_sgd_and_momentum_passes_it() -> None:
    """From above, dy/dt = −y², so y ≈ 1/(η t) and never falls below 0."""
    surface = SURFACES["degenerate_saddle"]()
    rate = starting_learning_rate(surface, OPTIMIZERS["sgd"])
    sgd = trace(surface, OPTIMIZERS["sgd"](learning_rate=rate), steps=3000)
    assert (sgd.positions[:, 1] > 0).all()
    assert sgd.positions[-1, 1] == pytest.approx(1 / (rate * 3000), rel=0.15)
    heavy = trace(surface, OPTIMIZERS["momentum"](learning_rate=rate, momentum=0.9), steps=300)
    assert heavy.status.kind == "converged"


def test_p3_on_the_plateau_sgd_hardly_moves_and_adam_crosses_it() -> None:
    surface = SURFACES["plateau"]()
    ends = {}
    for key in ("sgd", "momentum", "adam"):
        rule = OPTIMIZERS[key](learning_rate=starting_learning_rate(surface, OPTIMIZERS[key]))
        ends[key] = trace(surface, rule, steps=300)
    start = surface.distance_to_minimum(surface.start)
    assert surface.distance_to_minimum(ends["sgd"].positions[-1]) > 0.8 * start
    assert ends["momentum"].status.kind == ends["adam"].status.kind == "converged"


def test_a_large_rate_catapults_the_run_to_a_flatter_part_of_the_valley() -> None:
    """The sharpness u² + v² at the end of a run from (4, 0.3) must be below 2/η (Lewkowycz et al. 2020)."""
    surface = SURFACES["matrix_factorization"]()
    sharp = {}
    for rate in (0.05, 0.15, 0.2):
        run = trace(surface, OPTIMIZERS["sgd"](learning_rate=rate), start=(4.0, 0.3), steps=1000)
        assert run.losses[-1] < 1e-6
        sharp[rate] = float((run.positions[-1] ** 2).sum())
        assert sharp[rate] <= 2 / rate
    assert sharp[0.05] > 15 and 9 < sharp[0.15] < 11 and 2 <= sharp[0.2] < 3


def test_only_a_large_rate_reaches_levys_flat_lowest_minimum() -> None:
    """The curvature along x is 1/8 at the lowest minimum, and at least 6.3 elsewhere: stable for η < 2/6.3 ≈ 0.32."""
    surface = SURFACES["levy"]()
    rng = np.random.default_rng(2)
    (x0, x1), _ = surface.domain
    starts = np.stack([rng.uniform(x0, x1, 200), rng.uniform(0.5, 1.5, 200)], axis=1)
    share = {}
    for rate in (0.01, 0.4):
        run = trace(
            surface, OPTIMIZERS["sgd"](learning_rate=rate), start=starts, steps=2000, record=("positions", "losses")
        )
        share[rate] = np.mean(surface.distance_to_minimum(run.positions[:, -1]) < 0.05)
    assert share[0.01] < 0.5 < share[0.4]


def test_the_basin_in_which_a_run_ends_depends_on_the_rule() -> None:
    """P2: from the same start SGD stops in the first minimum, and momentum rolls on."""
    wells = SURFACES["tilted_wells"]()
    rules = {"sgd": OPTIMIZERS["sgd"](learning_rate=0.04), "momentum": OPTIMIZERS["momentum"](0.04, 0.9)}
    ends = {key: trace(wells, rule, steps=600, record=("positions",)).positions[-1] for key, rule in rules.items()}
    kinds = {key: wells.critical_points()[wells.nearest_minimum(w)].kind for key, w in ends.items()}
    assert kinds == {"sgd": "local minimum", "momentum": "minimum"}
