"""The cost of a run is known before it is computed."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from optimizers import NOISES, OPTIMIZERS, trace
from optimizers.cost import estimate
from optimizers.engine import RECORDS
from surfaces import SURFACES
from surfaces.caching import size_of
from tests.apart import run_apart

PATHS = ("positions", "losses")


@pytest.mark.parametrize("key", ["sgd", "adam", "sam", "amsgrad", "schedule_free_adamw"])
@pytest.mark.parametrize("record", [PATHS, RECORDS], ids=["paths", "whole"])
def test_the_size_of_a_run_is_the_estimated_one(key: str, record: tuple[str, ...]) -> None:
    surface, rule = SURFACES["ravine_nd"](dimension=200), OPTIMIZERS[key](0.001)
    run = trace(surface, rule, steps=900, record=record)
    expected = estimate(surface, rule, 900, record=record).result
    assert 0.85 * size_of(run) <= expected <= 1.35 * size_of(run)


def test_a_run_does_not_keep_the_unused_rest_of_its_bucket() -> None:
    """1,100 steps are computed as 2,048, all of which a view would keep in memory."""
    run = trace(SURFACES["ravine_nd"](dimension=500), OPTIMIZERS["sgd"](0.001), steps=1100, record=PATHS)
    assert size_of(run) <= 1.01 * 8 * 1101 * 501


@pytest.mark.parametrize(("key", "evaluations"), [("sgd", 1), ("sam", 2), ("newton", 31)])
def test_work_counts_all_gradients(key: str, evaluations: int) -> None:
    surface = SURFACES["ravine_nd"](dimension=30)
    cost = estimate(surface, OPTIMIZERS[key](0.001), 99, runs=4, record=PATHS)
    assert cost.work == 4 * 100 * 30 * evaluations


def test_noise_and_batches_cost_more() -> None:
    surface, rule = SURFACES["ravine_nd"](dimension=30), OPTIMIZERS["sgd"](0.001)
    plain = estimate(surface, rule, 300, record=PATHS)
    assert estimate(surface, rule, 300, noise=NOISES["isotropic"](), record=PATHS).peak > plain.peak
    assert estimate(surface, rule, 300, runs=8, record=PATHS).result == 8 * plain.result


def test_estimating_compiles_nothing(compilations: Any) -> None:
    surface, rule = SURFACES["ravine_nd"](dimension=37), OPTIMIZERS["adam"](0.001)
    estimate(surface, rule, 300)
    with compilations() as events:
        estimate(surface, rule.replace(learning_rate=0.1), 20_000, runs=101)
    assert not events


PEAK = """
import numpy as np
from optimizers import NOISES, OPTIMIZERS, trace
from optimizers.cost import estimate
from surfaces import SURFACES
from tests.apart import memory

surface, rule, noise = SURFACES["ravine_nd"](dimension=1000), OPTIMIZERS["adam"](0.001), NOISES[{noise!r}]()
options = dict(noise=noise, record=("positions", "losses"))
seed = 0 if {runs} is None else np.arange({runs})
trace(surface, rule, steps=8, seed=seed, **options)
before = memory("VmRSS")
run = trace(surface, rule, steps={steps}, seed=seed, **options)
[run.status] if {runs} is None else None
taken = memory("VmHWM") - before
print(taken / estimate(surface, rule, {steps}, runs={runs}, **options).peak)
"""


@pytest.mark.thinned(3)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("noise", "runs", "steps"), [("none", None, 16_000), ("isotropic", None, 4000), ("none", 8, 1000)]
)
def test_the_peak_is_at_most_the_estimated_one(noise: str, runs: int | None, steps: int) -> None:
    share = float(run_apart(PEAK.format(noise=noise, runs=runs, steps=steps)))
    assert 0.25 < share < 1.15
