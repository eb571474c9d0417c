"""The surfaces of a sweep over their parameters: each run has the levels of its own surface, computed once a piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import optax
import pytest

from optimizers import OPTIMIZERS, Random, from_optax, plan_sweep, sweep
from optimizers.parameters import learning_rate
from optimizers.summaries import levels_of
from optimizers.variants import Variants
from surfaces import SURFACES, CriticalPoint, Rotated
from tests.optimizers.cases import Testbed, rng

SGD = OPTIMIZERS["sgd"]
CASES = {
    "sharp and flat": (SURFACES["sharp_and_flat"](), {"sharp_curvature": Random(20.0, 90.0), "distance": Random()}),
    "rotated": (Rotated(SURFACES["quadratic_ravine"](), 20.0), {"angle": Random(), "condition_number": Random()}),
    "with data": (SURFACES["linear_regression"](), {"offset": Random(), "scale": Random()}),
    "of curves": (Rotated(SURFACES["matrix_factorization"](), 20.0), {"angle": Random()}),
}


def _variants(surface: Any, over: Any, draws: int) -> tuple[Variants, dict[str, Any], list[Any]]:
    """The variants of a sweep, the values of its axes, and the surface of each run, made by hand."""
    plan = plan_sweep(surface, SGD(), over=over, draws=draws)
    made = [plan.arguments(k)["surface"] for k in range(draws)]
    return Variants(surface, plan.columns), plan.settings(0, draws), made


@pytest.mark.parametrize("case", CASES)
def test_levels_are_those_of_each_surface(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for at_once in (1_000_000, 40):  # all surfaces in one call, and a few in each
        monkeypatch.setattr("optimizers.variants.COORDINATES", at_once)
        variants, rows, made = _variants(*CASES[case], 23)
        levels = variants.levels(rows)
        for k, surface in enumerate(made):
            bottom, start, rounding = levels_of(surface)
            expected = bottom, start, rounding, surface.diagonal
            np.testing.assert_allclose([values[k] for values in levels], expected, rtol=1e-12, atol=1e-14)


def test_groups_have_every_selected_run_once() -> None:
    surface, _ = CASES["rotated"]
    over = {"condition_number": [3.0, 5.0, 3.0, 8.0], "learning_rate": [0.1, 0.2]}
    plan = plan_sweep(surface, SGD(), over=over)
    variants = Variants(surface, plan.columns[:1])
    rows = plan.settings(0, 8)
    selected = rng("selected").random(8) < 0.7
    groups = [(v.surface.surface.condition_number, runs.tolist()) for v, runs in variants.groups(rows, selected)]  # type: ignore[attr-defined]
    expected = {
        kappa: [k for k in range(8) if selected[k] and rows["condition_number"][k] == kappa]
        for kappa in (3.0, 5.0, 8.0)
    }
    assert dict(groups) == {kappa: runs for kappa, runs in expected.items() if runs} and len(groups) == len(
        dict(groups)
    )
    assert list(variants.groups(rows, np.zeros(8, dtype=bool))) == []
    ((variant, runs),) = Variants(surface).groups(rows, selected)
    assert variant.surface is surface and runs.tolist() == np.flatnonzero(selected).tolist()


COUNTS: Counter[float] = Counter()


class Counted(Testbed):
    """A testbed that counts how often its critical points are computed, by its curvature."""

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        COUNTS[float(self.a)] += 1
        return super().critical_points()


@pytest.mark.parametrize("borrowed", [False, True], ids=["planes", "vmap"])
def test_critical_points_are_computed_once_for_each_surface(borrowed: bool) -> None:
    """Also if there are more surfaces than 4,096, and though three things refer to them."""
    COUNTS.clear()
    lent = from_optax("Lent", optax.sgd, parameters={"learning_rate": learning_rate(0.05)})
    rule = lent() if borrowed else SGD(0.05)
    draws = 300 if borrowed else 5000
    result = sweep(Counted(), rule, over={"a": Random(1.0, 2.0)}, draws=draws, steps=3)
    assert len(COUNTS) == draws and max(COUNTS.values()) == 1
    assert (result.reached >= -1).all() and set(result.status) <= {"moving", "converged", "stalled", "growing"}


def test_more_surfaces_compile_nothing(compilations: Callable[[], AbstractContextManager[list[str]]]) -> None:
    surface, over = CASES["sharp and flat"]

    def run(draws: int, seed: int) -> None:
        sweep(surface, SGD(1e-3), over=over, draws=draws, draw_seed=seed, steps=20)

    run(100, 0)
    with compilations() as events:
        run(120, 1)
    assert not events
