"""`trace`: pure, compiled once, honest about what left the numbers, and right in batches."""

import dataclasses
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array

from optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    Isotropic,
    MiniBatch,
    Optimizer,
    Scheduled,
    Shifted,
    Trace,
    programs,
    trace,
)
from optimizers.engine import first_step
from surfaces import SURFACES, CriticalPoint, Rotated, Surface
from tests.optimizers.cases import RULES, STEPS, Testbed, calm

every = pytest.mark.parametrize("key", RULES)
SOME = ("sgd", "adam", "radam", "sam", "newton", "novograd", "schedule_free_sgd")
"""A rule of every kind, for what the engine does with any rule alike."""
Counter = Callable[[], AbstractContextManager[list[str]]]
ROOT = Path(__file__).resolve().parents[2]
SGD = OPTIMIZERS["sgd"]
LEAN = ("positions", "losses")  # half the time to compile; the full record is the default elsewhere here


def _same(one: Any, other: Any, **tolerance: float) -> None:
    """Two trees of arrays with equal structure and equal numbers."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, **tolerance or {"rtol": 0, "atol": 0})


def _arrays(run: Trace) -> Any:
    return run.positions, run.losses, run.states, run.step, run.diverged


# What is compiled


@every
@pytest.mark.thinned(4)
def test_a_moved_value_compiles_nothing(key: str, compilations: Counter) -> None:
    """Parameter, start, seed, noise scale, surface parameter, angle, and steps within a bucket."""
    kind = OPTIMIZERS[key]
    surface = Rotated(SURFACES["quadratic_ravine"](), 20.0)
    rule = calm(key, surface)
    trace(surface, rule, steps=STEPS, noise=Isotropic(0.1), record=LEAN)
    with compilations() as events:
        for name in (n for n, p in kind.parameters().items() if not p.static):
            moved = rule.replace(**{name: getattr(rule, name) * 0.9})
            trace(surface, moved, steps=STEPS, noise=Isotropic(0.1), record=LEAN)
        trace(surface, rule, start=(1, -1), steps=STEPS, noise=Isotropic(0.1), record=LEAN)
        trace(
            surface, rule, start=np.array([0.5, 0.25], dtype="float32"), steps=STEPS, noise=Isotropic(0.1), record=LEAN
        )
        trace(surface, rule, steps=STEPS, noise=Isotropic(0.7), seed=3, record=LEAN)
        trace(surface, rule, steps=STEPS, noise=Isotropic(1), seed=np.int64(4), record=LEAN)
        trace(Rotated(SURFACES["quadratic_ravine"](77), -5), rule, steps=STEPS, noise=Isotropic(0.1), record=LEAN)
        for steps in (257, 400, 512):
            trace(surface, rule, steps=steps, noise=Isotropic(0.1), record=LEAN)
    assert not events


@pytest.mark.parametrize("key", SCHEDULES)
def test_a_moved_schedule_compiles_nothing(key: str, compilations: Counter) -> None:
    kind = SCHEDULES[key]
    surface = SURFACES["quadratic_ravine"]()
    trace(surface, Scheduled(SGD(0.01), kind()), steps=STEPS)
    with compilations() as events:
        for name, spec in kind.parameters().items():
            changed = kind(**{name: spec.default * 0.9 if spec.default else 0.5})
            trace(surface, Scheduled(SGD(0.02), changed), steps=STEPS)
        trace(surface, Scheduled(SGD(0.03), kind()), steps=STEPS + 50)
    assert not events


def test_a_status_compiles_nothing_the_second_time(compilations: Counter) -> None:
    surface = SURFACES["sharp_and_flat"]()
    assert trace(surface, SGD(0.001), steps=STEPS).status
    with compilations() as events:
        assert trace(SURFACES["sharp_and_flat"](sharp_curvature=60.0), SGD(0.002), steps=STEPS).status
    assert not events


def test_what_a_step_costs_is_asked_once(compilations: Counter) -> None:
    def cost(kind: str, rate: float, angle: float) -> int:
        return trace(Rotated(SURFACES["saddle"](), angle), OPTIMIZERS[kind](rate), steps=3).cost

    assert [cost(kind, 0.01, 20.0) for kind in ("sgd", "sam")] == [1, 2]
    with compilations() as events:
        assert [cost(kind, 0.02, -5.0) for kind in ("sgd", "sam")] == [1, 2]
    assert not events
    programs.single.clear_cache()
    first_step.clear_cache()
    with compilations() as events:
        assert cost("sgd", 0.01, 20.0) == 1
    assert any("trace" in e for e in events)


def test_the_count_of_compilations_counts(compilations: Counter) -> None:
    """The tests above would say nothing if the listener heard nothing."""
    with compilations() as events:
        trace(Testbed(), SGD(0.01), steps=3, record=("losses", "states"), stride=3)
    assert any("backend_compile" in e for e in events) and any("trace" in e for e in events)


# Batches


def _rows(rule: Optimizer, count: int) -> tuple[Optimizer, list[Optimizer]]:
    """A batch over every traced parameter of a rule, and its runs one by one."""
    names = [n for n, p in rule.parameters().items() if not p.static]
    factors = np.linspace(0.6, 1.0, count)
    batch = rule.replace(**{n: getattr(rule, n) * factors for n in names})
    singles = [rule.replace(**{n: float(getattr(rule, n) * f) for n in names}) for f in factors]
    return batch, singles


def _each_equals(batch: Trace, alone: list[Trace]) -> None:
    assert len(batch) == len(alone)
    for k, single in enumerate(alone):
        assert single.diverged == -1, "a run that leaves says little about rounding"
        _same(_arrays(batch[k]), _arrays(single), rtol=1e-8, atol=1e-9)


@every
@pytest.mark.thinned(10)
def test_a_batch_equals_each_run_alone(key: str) -> None:
    """Every parameter of rule, surface and rotation, start and seed at once."""
    rules, singles = _rows(calm(key, SURFACES["quadratic_ravine"]()), 3)
    kappas, angles = np.array([10.0, 20.0, 30.0]), np.array([0.0, 15.0, -40.0])
    starts, seeds = np.array([[-2.0, 1.5], [1.0, 1.0], [0.5, -1.2]]), np.array([0, 1, 5])
    surfaces = Rotated(SURFACES["quadratic_ravine"](kappas), angles)  # type: ignore[arg-type]
    how: dict[str, Any] = {"steps": 40, "noise": Isotropic(0.01)}
    batch = trace(surfaces, rules, start=starts, seed=seeds, **how)
    alone = [
        trace(Rotated(SURFACES["quadratic_ravine"](float(h)), float(a)), rule, start=w, seed=int(s), **how)
        for h, a, rule, w, s in zip(kappas, angles, singles, starts, seeds, strict=True)
    ]
    _each_equals(batch, alone)
    for k, rule in enumerate(singles):
        for name in rule.parameters():
            assert getattr(batch[k].optimizer, name) == getattr(rule, name)
        assert batch[k].surface.surface.condition_number == kappas[k]  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["sgd", "sam", "novograd"])
@pytest.mark.thinned(3)
def test_a_batch_of_mini_batch_runs_equals_each_run_alone(key: str) -> None:
    surface = SURFACES["linear_regression"]()
    rule = calm(key, surface)
    batch = trace(surface, rule, steps=40, noise=MiniBatch(4), seed=[3, 4, 5])
    _each_equals(batch, [trace(surface, rule, steps=40, noise=MiniBatch(4), seed=s) for s in (3, 4, 5)])


def test_a_batch_of_noise_scales_and_schedules_equals_each_run_alone() -> None:
    surface = SURFACES["quadratic_ravine"]()
    sigmas, drops = np.array([0.01, 0.1, 0.2]), np.array([0.1, 0.5, 0.9])
    decay = SCHEDULES["exponential"]
    batch = trace(surface, Scheduled(SGD(0.02), decay(drops)), steps=40, noise=Shifted(sigmas))  # type: ignore[arg-type]
    alone = [
        trace(surface, Scheduled(SGD(0.02), decay(float(d))), steps=40, noise=Shifted(float(s)))
        for d, s in zip(drops, sigmas, strict=True)
    ]
    _each_equals(batch, alone)


def test_a_batch_over_a_surface_with_data_equals_each_run_alone() -> None:
    offsets = np.array([-1.0, 0.0, 2.0])
    batch = trace(SURFACES["linear_regression"](offset=offsets), SGD(0.01), start=(0.0, 0.0), steps=40)
    alone = [
        trace(SURFACES["linear_regression"](offset=float(o)), SGD(0.01), start=(0.0, 0.0), steps=40) for o in offsets
    ]
    _each_equals(batch, alone)


@pytest.mark.parametrize("key", [k for k, s in SURFACES.items() if s.parameters()])
@pytest.mark.thinned(6)
def test_a_batch_of_surfaces_starts_each_run_where_its_own_surface_starts(key: str) -> None:
    kind = SURFACES[key]
    values = {n: np.array([p.default, p.default * 1.25]) for n, p in kind.parameters().items() if not p.static}
    singles = [kind(**{n: float(v[k]) for n, v in values.items()}) for k in range(2)]
    batch = trace(kind(**values), SGD(1e-4), steps=10)
    for k, surface in enumerate(singles):
        np.testing.assert_allclose(batch[k].positions[0], surface.start, rtol=1e-14)
        np.testing.assert_allclose(batch[k].positions, trace(surface, SGD(1e-4), steps=10).positions, rtol=1e-12)
        assert batch[k].status.kind == trace(surface, SGD(1e-4), steps=10).status.kind


def test_runs_of_a_batch_are_counted_and_indexed() -> None:
    batch = trace(Testbed(), SGD(0.01), start=[[1.0, 1.0], [2.0, 1.0]], steps=5)
    assert len(batch) == 2
    _same(_arrays(batch[-1]), _arrays(batch[1]))
    with pytest.raises(IndexError, match=r"run must lie in \[0, 2\); got 2"):
        batch[2]
    with pytest.raises(TypeError, match="a single run has no length"):
        len(batch[0])
    with pytest.raises(ValueError, match="index a batch first"):
        _ = batch.status


# Steps, strides, records


@pytest.mark.parametrize("key", SOME)
@pytest.mark.thinned(2)
def test_more_steps_keep_the_prefix(key: str) -> None:
    """Across buckets (40 and 300 steps), noise included."""
    surface, noise = Testbed(), Isotropic(0.05)
    rule = calm(key, surface)
    short, long = (trace(surface, rule, steps=n, noise=noise, seed=7, record=LEAN) for n in (40, STEPS))
    np.testing.assert_allclose(long.positions[:41], short.positions, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(long.losses[:41], short.losses, rtol=1e-11)


@pytest.mark.parametrize("key", SOME)
@pytest.mark.thinned(4)
def test_a_stride_keeps_every_so_manyth(key: str) -> None:
    surface = Testbed()
    noise = Isotropic(0.05)
    full = trace(surface, calm(key, surface), steps=120, noise=noise)
    thin = trace(surface, calm(key, surface), steps=120, noise=noise, stride=5)
    assert thin.positions.shape == (25, 2) and thin.losses.shape == (25,)
    tolerance = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(thin.positions, full.positions[::5], **tolerance)
    np.testing.assert_allclose(thin.losses, full.losses[::5], **tolerance)
    # states after each kept step, and how the step from each kept point came about
    _same(thin.states, jax.tree.map(lambda x: x[4::5], full.states), **tolerance)
    _same(thin.step, jax.tree.map(lambda x: x[::5], full.step), **tolerance)


def test_record_chooses_what_is_kept() -> None:
    full = trace(Testbed(), OPTIMIZERS["adam"](0.1), steps=20)
    for record in (("positions",), ("losses", "states"), ("step",), ()):
        run = trace(Testbed(), OPTIMIZERS["adam"](0.1), steps=20, record=record)
        for name in ("positions", "losses", "states", "step"):
            if name in record:
                _same(getattr(run, name), getattr(full, name), rtol=1e-13, atol=1e-15)
            else:
                assert getattr(run, name) is None


def test_shapes_and_dtypes_are_as_documented() -> None:
    run = trace(Testbed(), OPTIMIZERS["adam"](0.1), steps=20)
    assert run.positions.shape == (21, 2) and run.losses.shape == (21,) and run.states.m.shape == (20, 2)
    assert {leaf.dtype for leaf in jax.tree.leaves((run.positions, run.losses, run.states, run.step))} == {
        np.dtype("float64")
    }
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(_arrays(run)))
    single = trace(Testbed(), OPTIMIZERS["adam"](0.1), steps=20, dtype="float32")
    assert single.positions.dtype == "float32"
    np.testing.assert_allclose(single.positions, run.positions, atol=1e-4)


def test_twenty_thousand_steps() -> None:
    """(1 − η)ᵗ along x at every one of them."""
    run = trace(SURFACES["quadratic_ravine"](), SGD(1e-4), steps=20_000)
    assert run.positions.shape == (20_001, 2)
    np.testing.assert_allclose(run.positions[:, 0], -2.8 * (1 - 1e-4) ** np.arange(20_001), rtol=1e-10)


def test_the_same_arguments_give_the_same_arrays() -> None:
    surface = SURFACES["himmelblau"]()
    for noise in (None, Isotropic(0.5), Shifted(0.1)):
        one, other = (trace(surface, OPTIMIZERS["adam"](0.1), steps=50, noise=noise, seed=9) for _ in range(2))
        _same(_arrays(one), _arrays(other))
    apart = trace(surface, OPTIMIZERS["adam"](0.1), steps=50, noise=Isotropic(0.5), seed=10)
    assert np.abs(apart.positions[1:] - one.positions[1:]).min() > 0


def test_the_default_start_is_the_surfaces() -> None:
    for key in SURFACES:
        run = trace(SURFACES[key](), SGD(1e-3), steps=3, record=("positions",))
        np.testing.assert_array_equal(run.positions[0], SURFACES[key]().start)


# Leaving the numbers


def _plain_descent(rate: float, w: np.ndarray, steps: int) -> tuple[int, list[np.ndarray]]:
    """Rosenbrock by hand: the first step whose point or loss is not finite, −1 for none, and the finite points."""
    path = [w]
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            x, y = w
            w = w - rate * np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])
            loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
            if not (np.isfinite(w).all() and np.isfinite(loss)):
                return t, path
            path.append(w)
    return -1, path


@pytest.mark.parametrize("rate", [0.0045, 0.01, 0.1, 1.0, 1e6])
def test_a_run_that_leaves_stops_at_its_last_finite_point(rate: float) -> None:
    run = trace(SURFACES["rosenbrock"](), SGD(rate), steps=STEPS)
    step, path = _plain_descent(rate, np.array([-1.5, 2.0]), STEPS)
    assert step > 0, "this rate must diverge"
    assert run.diverged == step and run.last == step - 1 and run.status.kind == "diverged"
    assert run.status.step == step and str(step) in run.status.why
    np.testing.assert_allclose(run.positions[:step], path, rtol=1e-6)
    np.testing.assert_array_equal(run.positions[step:], np.tile(run.positions[step - 1], (STEPS + 1 - step, 1)))
    np.testing.assert_array_equal(run.losses[step:], run.losses[step - 1])
    assert np.isfinite(run.positions).all() and np.isfinite(run.losses).all()


def test_a_run_that_leaves_later_has_not_left_yet() -> None:
    late = trace(SURFACES["rosenbrock"](), SGD(0.01), steps=STEPS)
    early = trace(SURFACES["rosenbrock"](), SGD(0.01), steps=int(late.diverged) - 1)
    assert early.diverged == -1 and early.last == early.steps
    np.testing.assert_array_equal(early.positions, late.positions[: early.steps + 1])


def test_the_loss_may_leave_before_the_point() -> None:
    """κ = 1, η = 3: w doubles and turns, |w| = 2ᵗ·10¹⁵³; its square passes 1.8·10³⁰⁸ while w is finite.

    L = ½ |w|² ≤ 1.797·10³⁰⁸ as long as |w| ≤ 1.896·10¹⁵⁴, and w² itself as long as |w| ≤ 1.34·10¹⁵⁴:
    10¹⁵³ · 2³ = 8·10¹⁵³ is finite, 10¹⁵³ · 2⁴ = 1.6·10¹⁵⁴ is not.
    """
    run = trace(SURFACES["quadratic_ravine"](1.0), SGD(3.0), start=(1e153, 0.0), steps=20)
    assert run.diverged == 4
    np.testing.assert_allclose(run.positions[3:], np.tile([-8e153, 0.0], (18, 1)))
    thin = trace(SURFACES["quadratic_ravine"](1.0), SGD(3.0), start=(1e153, 0.0), steps=20, stride=10)
    assert thin.diverged == 10, "between kept points a loss beyond the numbers is seen at the next kept one"


def test_a_stride_sees_a_broken_point_at_its_step() -> None:
    step, path = _plain_descent(0.01, np.array([-1.5, 2.0]), 100)
    run = trace(SURFACES["rosenbrock"](), SGD(0.01), steps=100, stride=50)
    # the point breaks at most a few steps after the loss, which between kept points nobody looks at
    assert step <= run.diverged <= step + 2 < 50
    assert np.isfinite(run.positions).all() and len(path) == step


def test_one_run_of_a_batch_leaves_and_the_others_stay() -> None:
    rates = np.array([1e-4, 0.01, 2e-4])
    batch = trace(SURFACES["rosenbrock"](), SGD(rates), steps=60)  # type: ignore[arg-type]
    step, _ = _plain_descent(0.01, np.array([-1.5, 2.0]), 60)
    assert batch.diverged.tolist() == [-1, step, -1]
    for k, rate in enumerate(rates):
        alone = trace(SURFACES["rosenbrock"](), SGD(float(rate)), steps=60)
        np.testing.assert_allclose(batch[k].positions, alone.positions, rtol=1e-9)
        assert batch[k].status == alone.status


def test_a_singular_hessian_is_a_divergence() -> None:
    """On ½x² − ½y² + ¼y⁴ the curvature along y is 3y² − 1: at y = 1/√3 nearly none; at κ = 10⁴ nothing breaks."""
    flat = Testbed(a=0.0, b=1.0, c=0.0, p=0.0, q=0.0)  # no curvature along x at all
    run = trace(flat, OPTIMIZERS["newton"](), start=(1.0, 1.0), steps=5)
    assert run.diverged == 1 and run.last == 0
    np.testing.assert_array_equal(run.positions, np.ones((6, 2)))


# Refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps must be positive and a multiple of stride; got 0 and 1"),
        ({"steps": -5}, "steps must be positive"),
        ({"steps": 10, "stride": 3}, "multiple of stride; got 10 and 3"),
        ({"stride": 0}, "stride; got 300 and 0"),
        ({"start": (1.0,)}, "start must have 2 coordinates"),
        ({"start": (1.0, 2.0, 3.0)}, "start must have 2 coordinates"),
        ({"start": 1.0}, "start must have 2 coordinates"),
        ({"start": (np.nan, 0.0)}, "start must be finite"),
        ({"start": (0.0, np.inf)}, "start must be finite"),
        ({"record": ("positions", "velocity")}, "record must be among positions, .*; got velocity"),
        ({"start": np.zeros((2, 2)), "seed": [1, 2, 3]}, r"batches must be equally long; got \[2, 3\]"),
        ({"noise": MiniBatch(4)}, "This surface has no data"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trace(SURFACES["rosenbrock"](), SGD(), **arguments)


def test_batches_of_surface_and_rule_must_be_equally_long() -> None:
    with pytest.raises(ValueError, match=r"batches must be equally long; got \[2, 3\]"):
        trace(SURFACES["quadratic_ravine"](np.array([1.0, 2.0])), SGD(np.array([0.1, 0.2, 0.3])))  # type: ignore[arg-type]


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size must be at most the 40 samples; got 41"):
        trace(SURFACES["linear_regression"](), SGD(), noise=MiniBatch(41))


# Size


class Wide(Surface):
    """A bowl of 200,000 weights: what a network's engine must carry."""

    name = "Wide"
    theme = "data"
    size = 200_000

    def __call__(self, w: Array) -> Array:
        return 0.5 * jnp.sum(w**2, axis=0)

    @property
    def start(self) -> tuple[float, ...]:
        return (1.0,) * self.size

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.0,) * self.size, "minimum"),)


def test_two_hundred_thousand_weights_in_float32() -> None:
    """L = ½ n (1 − η)²ᵗ."""
    for key in ("sgd", "momentum"):
        rule = OPTIMIZERS[key](learning_rate=0.1, **({"momentum": 0.0} if key == "momentum" else {}))
        run = trace(Wide(), rule, steps=6, record=("losses",), dtype="float32")
        assert run.positions is None and run.step is None and run.losses.dtype == "float32"
        np.testing.assert_allclose(run.losses, 1e5 * 0.9 ** (2 * np.arange(7)), rtol=1e-4)


def test_losses_alone_cost_no_memory_per_step() -> None:
    """1,000 steps of 200,000 weights would be 0.8 GB of positions in float32; the losses are 4 kB."""
    script = """
        import resource
        from optimizers import OPTIMIZERS, trace
        from tests.optimizers.test_engine import Wide
        peaks = []
        for steps in (100, 1000):
            trace(Wide(), OPTIMIZERS["sgd"](0.001), steps=steps, record=("losses",), dtype="float32")
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(peaks[1] - peaks[0])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 250, f"{float(done.stdout):.0f} MB more for 900 steps more"


# Threads


def test_eight_threads_get_the_results_of_one() -> None:
    """float64 is thread-local: no thread may see another's precision, nor its program."""
    jobs = [(key, rate) for key in ("sgd", "momentum", "adam", "sam") for rate in (0.003, 0.004, 0.005, 0.006)]

    def work(job: tuple[str, float]) -> Any:
        key, rate = job
        dtype = "float32" if rate == 0.004 else "float64"
        run = trace(Testbed(), OPTIMIZERS[key](learning_rate=rate), steps=50, dtype=dtype)
        assert run.positions.dtype == dtype
        return run.positions

    with ThreadPoolExecutor(8) as pool:
        threaded = list(pool.map(work, jobs))
    for job, positions in zip(jobs, threaded, strict=True):
        np.testing.assert_array_equal(positions, work(job))


def test_a_trace_keeps_what_it_was_made_of() -> None:
    surface, rule = Testbed(), SGD(0.01)
    run = trace(surface, rule, steps=5)
    assert run.surface is surface and run.optimizer is rule and (run.steps, run.stride) == (5, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.steps = 6  # type: ignore[misc]
