"""`trace` is pure and compiled once, reports divergences, and runs batches as it runs single runs."""

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
"""A rule of every kind, for tests in which the rule does not matter."""
Counter = Callable[[], AbstractContextManager[list[str]]]
ROOT = Path(__file__).resolve().parents[2]
SGD = OPTIMIZERS["sgd"]
LEAN = ("positions", "losses")  # compiles in half the time


def _same(first: Any, second: Any, **tolerance: float) -> None:
    """Assert that two trees of arrays have equal structures and equal numbers."""
    assert jax.tree.structure(first) == jax.tree.structure(second)
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, **tolerance or {"rtol": 0, "atol": 0})


def _arrays(run: Trace) -> Any:
    return run.positions, run.losses, run.states, run.step, run.diverged


# Compilation


@every
@pytest.mark.thinned(4)
def test_a_changed_value_compiles_nothing(key: str, compilations: Counter) -> None:
    """Parameters, start, seed, scale of the noise, parameters of the surface, angle, and steps within a bucket."""
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
def test_a_changed_schedule_compiles_nothing(key: str, compilations: Counter) -> None:
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


def test_the_cost_of_a_step_is_traced_once(compilations: Counter) -> None:
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


def test_compilations_are_counted(compilations: Counter) -> None:
    """Otherwise the tests above would prove nothing."""
    with compilations() as events:
        trace(Testbed(), SGD(0.01), steps=3, record=("losses", "states"), stride=3)
    assert any("backend_compile" in e for e in events) and any("trace" in e for e in events)


# Batches


def _rows(rule: Optimizer, count: int) -> tuple[Optimizer, list[Optimizer]]:
    """A rule with batches of all traced parameters, and the single rules."""
    names = [n for n, p in rule.parameters().items() if not p.static]
    factors = np.linspace(0.6, 1.0, count)
    batch = rule.replace(**{n: getattr(rule, n) * factors for n in names})
    singles = [rule.replace(**{n: float(getattr(rule, n) * f) for n in names}) for f in factors]
    return batch, singles


def _each_equals(batch: Trace, alone: list[Trace]) -> None:
    assert len(batch) == len(alone)
    for k, single in enumerate(alone):
        assert single.diverged == -1, "a run that diverges would prove little"
        _same(_arrays(batch[k]), _arrays(single), rtol=1e-8, atol=1e-9)


@every
@pytest.mark.thinned(10)
def test_a_batch_equals_each_run_alone(key: str) -> None:
    """With batches of all parameters of rule, surface and rotation, of starts and of seeds."""
    rules, singles = _rows(calm(key, SURFACES["quadratic_ravine"]()), 3)
    kappas, angles = np.array([10.0, 20.0, 30.0]), np.array([0.0, 15.0, -40.0])
    starts, seeds = np.array([[-2.0, 1.5], [1.0, 1.0], [0.5, -1.2]]), np.array([0, 1, 5])
    surfaces = Rotated(SURFACES["quadratic_ravine"](kappas), angles)  # type: ignore[arg-type]
    options: dict[str, Any] = {"steps": 40, "noise": Isotropic(0.01)}
    batch = trace(surfaces, rules, start=starts, seed=seeds, **options)
    alone = [
        trace(Rotated(SURFACES["quadratic_ravine"](float(h)), float(a)), rule, start=w, seed=int(s), **options)
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
def test_a_batch_of_surfaces_starts_each_run_at_the_start_of_its_surface(key: str) -> None:
    kind = SURFACES[key]
    values = {n: np.array([p.default, p.default * 1.25]) for n, p in kind.parameters().items() if not p.static}
    singles = [kind(**{n: float(v[k]) for n, v in values.items()}) for k in range(2)]
    batch = trace(kind(**values), SGD(1e-4), steps=10)
    for k, surface in enumerate(singles):
        np.testing.assert_allclose(batch[k].positions[0], surface.start, rtol=1e-14)
        np.testing.assert_allclose(batch[k].positions, trace(surface, SGD(1e-4), steps=10).positions, rtol=1e-12)
        assert batch[k].status.kind == trace(surface, SGD(1e-4), steps=10).status.kind


def test_a_batch_has_a_length_and_an_index() -> None:
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
def test_more_steps_do_not_change_the_first_steps(key: str) -> None:
    """In different buckets (40 and 300 steps), and with noise."""
    surface, noise = Testbed(), Isotropic(0.05)
    rule = calm(key, surface)
    short, long = (trace(surface, rule, steps=n, noise=noise, seed=7, record=LEAN) for n in (40, STEPS))
    np.testing.assert_allclose(long.positions[:41], short.positions, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(long.losses[:41], short.losses, rtol=1e-11)


@pytest.mark.parametrize("key", SOME)
@pytest.mark.thinned(4)
def test_a_stride_keeps_every_fifth_step(key: str) -> None:
    surface = Testbed()
    noise = Isotropic(0.05)
    full = trace(surface, calm(key, surface), steps=120, noise=noise)
    thin = trace(surface, calm(key, surface), steps=120, noise=noise, stride=5)
    assert thin.positions.shape == (25, 2) and thin.losses.shape == (25,)
    tolerance = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(thin.positions, full.positions[::5], **tolerance)
    np.testing.assert_allclose(thin.losses, full.losses[::5], **tolerance)
    # the states after each recorded step, and the steps from each recorded point
    _same(thin.states, jax.tree.map(lambda x: x[4::5], full.states), **tolerance)
    _same(thin.step, jax.tree.map(lambda x: x[::5], full.step), **tolerance)


def test_record_chooses_what_is_recorded() -> None:
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
    """(1 − η)ᵗ along x in every step."""
    run = trace(SURFACES["quadratic_ravine"](), SGD(1e-4), steps=20_000)
    assert run.positions.shape == (20_001, 2)
    np.testing.assert_allclose(run.positions[:, 0], -2.8 * (1 - 1e-4) ** np.arange(20_001), rtol=1e-10)


def test_the_same_arguments_give_the_same_arrays() -> None:
    surface = SURFACES["himmelblau"]()
    for noise in (None, Isotropic(0.5), Shifted(0.1)):
        first, second = (trace(surface, OPTIMIZERS["adam"](0.1), steps=50, noise=noise, seed=9) for _ in range(2))
        _same(_arrays(first), _arrays(second))
    reseeded = trace(surface, OPTIMIZERS["adam"](0.1), steps=50, noise=Isotropic(0.5), seed=10)
    assert np.abs(reseeded.positions[1:] - first.positions[1:]).min() > 0


def test_the_default_start_is_that_of_the_surface() -> None:
    for key in SURFACES:
        run = trace(SURFACES[key](), SGD(1e-3), steps=3, record=("positions",))
        np.testing.assert_array_equal(run.positions[0], SURFACES[key]().start)


# Divergence


def _plain_descent(rate: float, w: np.ndarray, steps: int) -> tuple[int, list[np.ndarray]]:
    """Gradient descent on Rosenbrock's function by hand: the first step that is not finite, or −1, and the path."""
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
def test_a_run_that_diverges_keeps_its_last_finite_point(rate: float) -> None:
    run = trace(SURFACES["rosenbrock"](), SGD(rate), steps=STEPS)
    step, path = _plain_descent(rate, np.array([-1.5, 2.0]), STEPS)
    assert step > 0, "this rate must diverge"
    assert run.diverged == step and run.last == step - 1 and run.status.kind == "diverged"
    assert run.status.step == step and str(step) in run.status.why
    np.testing.assert_allclose(run.positions[:step], path, rtol=1e-6)
    np.testing.assert_array_equal(run.positions[step:], np.tile(run.positions[step - 1], (STEPS + 1 - step, 1)))
    np.testing.assert_array_equal(run.losses[step:], run.losses[step - 1])
    assert np.isfinite(run.positions).all() and np.isfinite(run.losses).all()


def test_a_run_has_not_diverged_before_its_divergence() -> None:
    late = trace(SURFACES["rosenbrock"](), SGD(0.01), steps=STEPS)
    early = trace(SURFACES["rosenbrock"](), SGD(0.01), steps=int(late.diverged) - 1)
    assert early.diverged == -1 and early.last == early.steps
    np.testing.assert_array_equal(early.positions, late.positions[: early.steps + 1])


def test_the_loss_may_overflow_before_the_point() -> None:
    """κ = 1, η = 3: w doubles and changes its sign, |w| = 2ᵗ·10¹⁵³, and its square overflows while w is finite.

    L = ½ |w|² ≤ 1.797·10³⁰⁸ as long as |w| ≤ 1.896·10¹⁵⁴, and w² itself as long as |w| ≤ 1.34·10¹⁵⁴:
    10¹⁵³ · 2³ = 8·10¹⁵³ is finite, 10¹⁵³ · 2⁴ = 1.6·10¹⁵⁴ is not.
    """
    run = trace(SURFACES["quadratic_ravine"](1.0), SGD(3.0), start=(1e153, 0.0), steps=20)
    assert run.diverged == 4
    np.testing.assert_allclose(run.positions[3:], np.tile([-8e153, 0.0], (18, 1)))
    thin = trace(SURFACES["quadratic_ravine"](1.0), SGD(3.0), start=(1e153, 0.0), steps=20, stride=10)
    assert thin.diverged == 10, "a loss that overflows between two records is noticed at the next record"


def test_a_point_that_overflows_between_records_is_noticed_at_its_step() -> None:
    step, path = _plain_descent(0.01, np.array([-1.5, 2.0]), 100)
    run = trace(SURFACES["rosenbrock"](), SGD(0.01), steps=100, stride=50)
    # between records only the point is checked, which overflows a few steps after the loss
    assert step <= run.diverged <= step + 2 < 50
    assert np.isfinite(run.positions).all() and len(path) == step


def test_one_run_of_a_batch_diverges_and_the_others_do_not() -> None:
    rates = np.array([1e-4, 0.01, 2e-4])
    batch = trace(SURFACES["rosenbrock"](), SGD(rates), steps=60)  # type: ignore[arg-type]
    step, _ = _plain_descent(0.01, np.array([-1.5, 2.0]), 60)
    assert batch.diverged.tolist() == [-1, step, -1]
    for k, rate in enumerate(rates):
        alone = trace(SURFACES["rosenbrock"](), SGD(float(rate)), steps=60)
        np.testing.assert_allclose(batch[k].positions, alone.positions, rtol=1e-9)
        assert batch[k].status == alone.status


def test_a_singular_hessian_is_a_divergence() -> None:
    """This bowl has no curvature along x."""
    flat = Testbed(a=0.0, b=1.0, c=0.0, p=0.0, q=0.0)
    run = trace(flat, OPTIMIZERS["newton"](), start=(1.0, 1.0), steps=5)
    assert run.diverged == 1 and run.last == 0
    np.testing.assert_array_equal(run.positions, np.ones((6, 2)))


# Errors


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
def test_bad_arguments_are_named_in_the_error(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trace(SURFACES["rosenbrock"](), SGD(), **arguments)


def test_batches_of_surface_and_rule_must_be_equally_long() -> None:
    with pytest.raises(ValueError, match=r"batches must be equally long; got \[2, 3\]"):
        trace(SURFACES["quadratic_ravine"](np.array([1.0, 2.0])), SGD(np.array([0.1, 0.2, 0.3])))  # type: ignore[arg-type]


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size must be at most the 40 samples; got 41"):
        trace(SURFACES["linear_regression"](), SGD(), noise=MiniBatch(41))


# Memory


class Wide(Surface):
    """A bowl with 200,000 coordinates, as many as a network's weights."""

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


@pytest.mark.long
def test_recording_losses_only_takes_no_memory_for_points() -> None:
    """The positions of 1,000 steps of 200,000 coordinates would take 0.8 GB in float32; the losses take 4 kB."""
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
    assert float(done.stdout) < 250, f"{float(done.stdout):.0f} MB more for 900 more steps"


# Threads


def test_eight_threads_get_the_results_of_one() -> None:
    """float64 is thread-local: no thread may use the precision or the program of another one."""
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


def test_a_trace_holds_its_arguments() -> None:
    surface, rule = Testbed(), SGD(0.01)
    run = trace(surface, rule, steps=5)
    assert run.surface is surface and run.optimizer is rule and (run.steps, run.stride) == (5, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.steps = 6  # type: ignore[misc]
