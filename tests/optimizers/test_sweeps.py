"""A sweep equals `trace` run by run, closed forms and loops in NumPy, also in parts and on several devices."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from app.server.environment import LOOP
from optimizers import (
    LAYERED,
    OPTIMIZERS,
    SCHEDULES,
    Grid,
    Isotropic,
    MiniBatch,
    NoNoise,
    Random,
    Scheduled,
    Shifted,
    Sweep,
    from_optax,
    plan_sweep,
    steps_to,
    sweep,
    trace,
)
from optimizers.axes import MOST_RUNS
from optimizers.lanes import RECORDS
from optimizers.parameters import learning_rate
from optimizers.summaries import SEGMENTS, Parts
from surfaces import SURFACES, Rotated, from_function
from tests.apart import run_apart
from tests.optimizers.cases import RULES, Testbed

Counter = Callable[[], AbstractContextManager[list[str]]]
SGD, MOMENTUM, ADAM = OPTIMIZERS["sgd"], OPTIMIZERS["momentum"], OPTIMIZERS["adam"]
RAVINE = SURFACES["quadratic_ravine"]
ANYWHERE = {"start.0": Random(), "start.1": Random()}


def _equals_its_traces(result: Sweep, tolerance: float = 1e-9) -> None:
    """Assert that every run of a sweep is the run that `trace` computes, with the same status."""
    for index in np.ndindex(result.shape):
        run = result.trace(*index)
        diverged = run.diverged >= 0
        assert result.diverged[index] == run.diverged
        assert result.status[index] == run.status.kind, run.status.why
        reached = steps_to(run, result.plan.threshold)
        assert result.reached[index] == (-1 if reached is None else reached)
        assert result.evaluations[index] == run.evaluations
        losses = run.losses[: run.last + 1]
        size = np.abs(run.positions).max()
        np.testing.assert_allclose(result.end[index], run.positions[-1], rtol=tolerance, atol=tolerance * size)
        height = np.abs(losses).max()
        np.testing.assert_allclose(result.best[index], losses.min(), rtol=tolerance, atol=tolerance * height)
        if diverged:
            assert result.final[index] == result.area[index] == math.inf
        else:
            np.testing.assert_allclose(result.final[index], losses[-1], rtol=tolerance, atol=tolerance * height)
            np.testing.assert_allclose(result.area[index], losses.mean(), rtol=tolerance)


# The same runs as those of `trace`


@pytest.mark.parametrize("key", RULES)
@pytest.mark.thinned(12)
def test_every_rule_runs_as_in_trace(key: str) -> None:
    """With random starts and a random first parameter over its whole range, so that every status occurs.

    NovoGrad and Newton's method divide by what may be rounding, and such runs are chaotic; theirs begin near a minimum.
    """
    kind = OPTIMIZERS[key]
    over: dict[str, Any] = dict(ANYWHERE)
    if "learning_rate" in kind.parameters():
        over["learning_rate"] = Random(1e-4, 0.05 if key == "novograd" else 1.0)
    if key == "newton":
        over = {"start.0": Random(2.8, 3.2), "start.1": Random(1.8, 2.2)}
    result = sweep(SURFACES["himmelblau"](), kind(), over=over, draws=8, steps=60, dtype="float64")
    _equals_its_traces(result, tolerance=1e-7)


@pytest.mark.parametrize("key", SURFACES)
@pytest.mark.thinned(12)
def test_every_surface_runs_as_in_trace(key: str) -> None:
    most = 0.1 if key == "levy" else 1.0  # beyond, the sine of a huge number magnifies what rounding has changed
    over = {"learning_rate": Grid(4, 1e-4, most)}
    _equals_its_traces(sweep(SURFACES[key](), SGD(), over=over, steps=60, dtype="float64"))


@pytest.mark.thinned(4)
@pytest.mark.parametrize("noise", [Isotropic(0.1), Shifted(0.1)], ids=["isotropic", "shifted"])
@pytest.mark.parametrize("over", [{"seed": [0, 3, 7]}, {"learning_rate": [0.01, 0.02, 0.05]}], ids=["seeds", "rates"])
def test_noise_is_that_of_trace(noise: Any, over: Any) -> None:
    """Of each run its own, or the same for all runs if the seed is no axis."""
    _equals_its_traces(sweep(Testbed(), SGD(0.02), over=over, noise=noise, seed=5, steps=40, dtype="float64"))


@pytest.mark.long
def test_mini_batches_are_those_of_trace() -> None:
    surface = SURFACES["linear_regression"]()
    for over in ({"seed": [1, 2]}, {"learning_rate": [0.001, 0.01]}):
        result = sweep(surface, SGD(0.01), over=over, noise=MiniBatch(4), steps=30, dtype="float64")  # type: ignore[arg-type]
        _equals_its_traces(result)


@pytest.mark.long
def test_parameters_of_all_parts_can_be_axes() -> None:
    surface = Rotated(RAVINE(), 20.0)
    rule = Scheduled(SGD(0.02), SCHEDULES["exponential"](0.5))
    over = {
        "condition_number": [5.0, 40.0],
        "angle": [0.0, 30.0],
        "drop": [0.2, 0.9],
        "noise.scale": [0.01, 0.2],
        "start": [(1.0, 1.0), (-2.0, 0.5)],
        "seed": [1, 2],
    }
    result = sweep(surface, rule, over=over, noise=Isotropic(0.1), steps=20, dtype="float64")
    assert result.shape == (2, 2, 2, 2, 2, 2) and list(result.axes) == list(over)
    _equals_its_traces(result)


@pytest.mark.long
def test_borrowed_rules_run_under_vmap() -> None:
    """NovoGrad divides by a norm over all coordinates; a plain transformation has no parameters."""
    rate = from_optax("Clipped", optax.sgd, parameters={"learning_rate": learning_rate()})
    clipped = optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1))
    cases = (
        (rate(), {"learning_rate": [1e-3, 1e-2], **ANYWHERE}),
        (Scheduled(OPTIMIZERS["novograd"](0.01), SCHEDULES["cosine"](40.0)), {"learning_rate": [1e-3, 1e-2]}),
        (clipped, {"start": [(1.0, 1.0), (-2.0, 0.5)]}),
    )
    for rule, over in cases:
        _equals_its_traces(sweep(Testbed(), rule, over=over, draws=3, steps=30, noise=Isotropic(0.01), dtype="float64"))


def test_runs_start_where_their_surfaces_start() -> None:
    """Sharp and flat minima move with their distance, and the default start with them."""
    surface = SURFACES["sharp_and_flat"]()
    over = {"sharp_curvature": [50.0, 200.0], "start.1": [0.1, 0.2]}
    _equals_its_traces(sweep(surface, SGD(1e-3), over=over, steps=30, dtype="float64"))


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 6, 7, 9, 10, 11, 14, 50, 51, 52, 53, 129])
def test_statuses_agree_for_every_length(steps: int) -> None:
    """Also where quarters, tail and last tenth coincide, or have one point."""
    rates = [0.01, 0.3, 0.499, 0.5, 0.501, 0.6, 1.5, 60.0]  # 2/λ = 0.5; 1.5 grows, and 60 overflows in 100 steps
    result = sweep(RAVINE(4.0), SGD(), over={"learning_rate": rates}, steps=steps, dtype="float64")
    _equals_its_traces(result)


def test_every_status_occurs_and_agrees() -> None:
    """On a surface with saddle and plateau, and on one whose minimum is not known, for chaotic and for noisy runs."""
    unknown = from_function(lambda w: jnp.sum(w**2 + 0.3 * jnp.cos(5.0 * w)), start=(2.0, 1.0))
    seen: set[str] = set()
    for surface in (SURFACES["saddle"](), SURFACES["plateau"](), unknown):
        over = {"learning_rate": Random(1e-3, 10.0), "momentum": Random(), **ANYWHERE}
        result = sweep(surface, MOMENTUM(), over=over, draws=60, steps=120, dtype="float64")
        kinds = [result.trace(k).status.kind for k in range(60)]
        assert result.status.tolist() == kinds
        seen |= set(kinds)
    assert seen == {"converged", "moving", "oscillating", "stalled", "growing", "diverged"}


def test_a_loss_that_overflows_and_returns_has_diverged() -> None:
    """Lion's steps have length η whatever the gradient is: from 1.5·10¹⁵⁴, where w² overflows, it walks back."""
    over = {"start.0": [1.5e154, 1.0]}
    result = sweep(RAVINE(1.0), OPTIMIZERS["lion"](1e153), over=over, start=(0.0, 0.0), steps=8, dtype="float64")
    assert result.diverged.tolist() == [0, -1] and result.final[0] == math.inf
    _equals_its_traces(result)


# Independent oracles


def test_gradient_descent_in_closed_form() -> None:
    """L = ½ Σ λ (1 − ηλ)²ᵗ w₀²."""
    rates, kappas = np.geomspace(1e-3, 0.19, 7), np.array([1.0, 3.0, 10.0])
    over = {"learning_rate": rates, "condition_number": kappas}
    result = sweep(RAVINE(), SGD(), over=over, start=(-2.0, 1.5), steps=40, dtype="float64")
    eta, kappa = rates[:, None], kappas[None, :]
    expected = 0.5 * (4.0 * (1 - eta) ** 80 + 2.25 * kappa * (1 - eta * kappa) ** 80)
    np.testing.assert_allclose(result.final, expected, rtol=1e-9)


def test_the_edge_of_stability_of_momentum_to_a_grid_cell() -> None:
    """On a parabola of curvature λ momentum is stable for ηλ < 2 (1 + β): after 4,000 steps the loss has fallen."""
    betas, curvature = np.linspace(0.0, 0.95, 24), 7.0
    over = {"momentum": betas, "learning_rate": Grid(80, 0.05, 1.0)}
    result = sweep(RAVINE(curvature), MOMENTUM(), over=over, start=(0.0, 1.0), steps=4000, record=("final",))
    rates = result.axes["learning_rate"]
    unstable = result.final > 0.5 * curvature
    edge = 2 * (1 + betas) / curvature
    first = np.array([rates[row.argmax()] if row.any() else np.inf for row in unstable])
    inside = edge < rates[-1]
    cell = (rates[1] / rates[0]) ** 1.001
    assert inside.sum() == 24
    assert ((first >= edge * 0.9999) & (first <= edge * cell)).all()
    assert (unstable == (rates >= first[:, None])).all(), "no holes on either side"


def test_adam_in_a_numpy_loop() -> None:
    """All results of 300 runs in float32, to the error that 200 steps make of its rounding."""
    rates = np.geomspace(1e-3, 0.2, 300)
    result = sweep(SURFACES["rosenbrock"](), ADAM(), over={"learning_rate": rates}, steps=200, threshold=0.1)
    w, m, v = np.tile([[-1.5], [2.0]], 300), np.zeros((2, 300)), np.zeros((2, 300))
    losses = []
    for t in range(1, 202):
        x, y = w
        losses.append((1 - x) ** 2 + 100 * (y - x**2) ** 2)
        if t == 201:
            break
        g = np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - rates * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    history = np.array(losses)
    np.testing.assert_allclose(result.end, w.T, atol=2e-3)
    np.testing.assert_allclose(result.final, history[-1], rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(result.best, history.min(axis=0), rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(result.area, history.mean(axis=0), rtol=1e-3)
    low = history <= 0.1 * history[0]
    reached = np.where(low.any(axis=0), low.argmax(axis=0), -1)
    assert (result.reached == reached).mean() > 0.99  # a few cross the level within rounding
    assert (result.diverged == -1).all()


# Axes


def test_a_grid_is_even_on_the_declared_scale() -> None:
    over = {"learning_rate": Grid(4, 1e-3, 1.0), "momentum": Grid(4), "start.0": Grid(3)}
    drawn = plan_sweep(RAVINE(), MOMENTUM(), over=over)
    values = {column.name: column.values for column in drawn.columns}
    np.testing.assert_allclose(values["learning_rate"], [1e-3, 1e-2, 1e-1, 1.0], rtol=1e-12)
    np.testing.assert_allclose(values["momentum"], [0.0, 0.9, 0.99, 0.999], rtol=1e-12)
    np.testing.assert_array_equal(values["start.0"], [-3.4, 0.0, 3.4])  # the domain's


def test_random_values_are_even_on_the_declared_scale() -> None:
    """Of 4,000 draws a tenth lies in each tenth of the scale, to 4 standard deviations: √(4000 · 0.09) = 19."""
    over = {"learning_rate": Random(1e-4, 1.0), "momentum": Random(0.0, 0.99), "start.1": Random(-1.0, 1.0)}
    columns = plan_sweep(RAVINE(), MOMENTUM(), over=over, draws=4000).columns
    rate, momentum, start = (column.values for column in columns)
    for shares in (np.log10(rate) / 4 + 1, np.log10(1 - momentum) / -2, (start + 1) / 2):
        counts = np.histogram(shares, bins=10, range=(0, 1))[0]
        assert counts.sum() == 4000 and abs(counts - 400).max() < 4 * 19
    correlations = np.corrcoef([np.log(rate), np.log(1 - momentum), start])[np.triu_indices(3, 1)]
    assert np.abs(correlations).max() < 4 / math.sqrt(4000)


def test_more_draws_and_more_axes_keep_the_first_draws() -> None:
    few = plan_sweep(RAVINE(), MOMENTUM(), over={"learning_rate": Random()}, draws=5)
    many = plan_sweep(RAVINE(), MOMENTUM(), over={"momentum": Random(), "learning_rate": Random()}, draws=9)
    other = plan_sweep(RAVINE(), MOMENTUM(), over={"learning_rate": Random()}, draws=5, draw_seed=1)
    np.testing.assert_array_equal(many.columns[1].values[:5], few.columns[0].values)
    assert (other.columns[0].values != few.columns[0].values).all()


def test_values_have_the_shape_of_the_sweep() -> None:
    over = {"learning_rate": Random(), "start": [(0.0, 1.0), (1.0, 0.0)], "momentum": [0.1, 0.2, 0.3]}
    result = sweep(RAVINE(), MOMENTUM(), over=over, draws=4, steps=3, record=("final", "end"))
    assert result.shape == (4, 2, 3) and result.end.shape == (4, 2, 3, 2)
    assert result.values("start").shape == (4, 2, 3, 2)
    np.testing.assert_array_equal(result.values("momentum")[1, 1], [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(result.values("learning_rate")[:, 1, 2], result.axes["learning_rate"])
    assert result.best is None and result.codes is None
    with pytest.raises(ValueError, match="did not record statuses"):
        _ = result.status
    with pytest.raises(ValueError, match="'beta1' is no axis of this sweep; they are learning_rate, start, momentum"):
        result.values("beta1")
    with pytest.raises(IndexError, match=r"shape \(4, 2, 3\); got \(1, 2\)"):
        result.trace(1, 2)


def test_names_in_a_tuple_share_an_axis() -> None:
    over = {("learning_rate", "seed"): ([0.01, 0.02, 0.03], [4, 5, 6]), "momentum": [0.0, 0.9]}
    result = sweep(Testbed(), MOMENTUM(), over=over, steps=20, noise=Isotropic(0.1), dtype="float64")
    assert result.shape == (3, 2) and result.plan.arguments(2, 0)["seed"] == 6
    _equals_its_traces(result)
    with pytest.raises(ValueError, match="share an axis, so their lists must have the same length"):
        sweep(Testbed(), MOMENTUM(), over={("learning_rate", "seed"): ([0.01, 0.02], [4, 5, 6])})


def test_no_axes_are_a_single_run() -> None:
    result = sweep(RAVINE(), SGD(0.01), steps=20, dtype="float64")
    assert result.shape == result.final.shape == () and result.end.shape == (2,)
    _equals_its_traces(result)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"learning_rate": []}, "at least one"),
        ({"learning_rate": Grid(0)}, "the grid of 'learning_rate' must have a whole number of values, .* got 0"),
        ({"learning_rate": Grid(2.5)}, "whole number of values, at least 1; got 2.5"),  # type: ignore[arg-type]
        ({"learning_rate": Grid(1)}, r"one value for a whole range: pass a list such as \[1e-06\]"),
        ({"learning_rate": ["a"]}, "must be numbers, a Grid or a Random; got"),
        ({"start": [(0.0, 0.0), (1.0,)]}, r"must be values of shape \(k, 2\)"),
        (("learning_rate", [0.1]), "over must map names to values, such as"),
        ({("learning_rate", "momentum"): ([0.1], [0.2], [0.3])}, "a list of values for each of them in a tuple"),
        ({("learning_rate", "momentum"): (Random(), [0.1, 0.2])}, "random values need no tuple"),
        ({("learning_rate", "momentum"): ([0.1], [0.1, 0.2])}, "must have the same length"),
        (
            {"learning_rate": Grid(10_000), "momentum": Grid(10_000)},
            r"at most 10,000,000 runs, .* got 10,000 × 10,000 = 100,000,000\. Take fewer values",
        ),
        ({"learning_rate": Grid(10**8)}, "at most 10,000,000 runs; the grid of 'learning_rate' has 100,000,000"),
        ({"learning_rate": Grid(5, 1.0, 0.1)}, "the range of 'learning_rate' is reversed: .* got 1 to 0.1"),
        ({"momentum": Random(0.9, 0.1)}, "the range of 'momentum' is reversed"),
        (
            {"momentum": Grid(3), "optimizer.momentum": Grid(3)},
            "'optimizer.momentum' and 'momentum' are the same axis: leave one of them out",
        ),
        ({"start": [(0.0, 0.0)], "start.1": [1.0]}, "'start.1' and 'start' are the same axis"),
        ({"beta1": [0.9]}, "unknown axis 'beta1'; the choices are condition_number, learning_rate, momentum, scale"),
        ({"noise.momentum": [0.9]}, "unknown axis 'noise.momentum'"),
        ({"distribution": ["normal"]}, "'distribution' is compiled into the program .* once for each value"),
        ({"start.2": [1.0]}, r"coordinates start.0 to start.1; got 'start.2'"),
        ({"start.x": [1.0]}, "got 'start.x'"),
        ({"start": [1.0, 2.0]}, r"'start' must be values of shape \(k, 2\)"),
        ({"start": Grid(3)}, "'start' takes a list of values, such as points"),
        ({"seed": Grid(3)}, r"'seed' takes a list of values, such as range\(20\)"),
        ({"seed": [-1]}, "seeds must be whole numbers from 0"),
        ({"seed": [0.5]}, "seeds must be whole numbers"),
        ({"momentum": [0.5, 1.0]}, r"momentum must lie in \[0, 1\); got 1"),
        ({"momentum": Grid(3, 0.0, 1.0)}, r"momentum must lie in \[0, 1\)"),
        ({"learning_rate": [0.1, math.nan]}, "the values of 'learning_rate' must be finite"),
        ({"learning_rate": Grid(3, 0.1, math.inf)}, "the range of 'learning_rate' must be finite"),
        ({"learning_rate": Grid(3, 0.0, 1.0)}, "'learning_rate' has a log scale, so its range must be positive"),
    ],
)
def test_bad_axes_are_refused_with_a_sentence(over: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep(RAVINE(), MOMENTUM(), over=over, noise=Isotropic(0.1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be a whole number from 1 to 2,147,483,646; got 0"),
        ({"steps": 10.5}, "got 10.5"),
        ({"steps": 3 * 10**9}, "got 3000000000"),
        ({"seed": -1}, "seed must be a whole number from 0 to"),
        ({"seed": 2**33}, "Pass several as over"),
        ({"dtype": "float16"}, "dtype must be float32 or float64; got 'float16'"),
        ({"loop": "loop"}, "loop must be one of planes, lanes, kernel, interpreted, or None; got 'loop'"),
        ({"devices": []}, "devices must have at least one device"),
        ({"over": {"learning_rate": Random()}, "draws": 10**13}, "draws must be a whole number from 1 to 10,000,000"),
        (
            {"over": {"learning_rate": Random()}, "draw_seed": -1},
            "draw_seed must be a whole number that is not negative",
        ),
        ({"record": ("final", "path")}, "record must be among final, best, .*; got path"),
        ({"record": ()}, "record must be among"),
        ({"threshold": 0.0}, "threshold must be a share .* got 0"),
        ({"start": [(0.0, 0.0), (1.0, 1.0)]}, "start must be one point of 2 finite coordinates"),
        ({"start": (math.nan, 0.0)}, "finite coordinates"),
        ({"noise": MiniBatch(4)}, "This surface has no data"),
        ({"over": {"learning_rate": Random()}, "draws": 0}, "draws must be a whole number"),
    ],
)
def test_bad_arguments_are_refused_with_a_sentence(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sweep(RAVINE(), SGD(), **options)


def test_results_that_would_not_fit_into_memory_are_refused() -> None:
    surface = SURFACES["ravine_nd"](dimension=200)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"the results would take 7\.7 GB, .* leave out the last points"):
        plan_sweep(surface, SGD(), over={"learning_rate": Grid(10**7)})
    plan_sweep(surface, SGD(), over={"learning_rate": Grid(10**7)}, record=("final", "status"))


def test_names_that_two_parts_have_need_a_prefix() -> None:
    over = {"angle": [1.0]}
    surface = SURFACES["linear_regression"]()
    assert "scale" in surface.parameters() and "scale" in Isotropic.parameters()
    with pytest.raises(ValueError, match=r"'scale' belongs to several parts: write 'surface.scale' or 'noise.scale'"):
        sweep(surface, SGD(), over={"scale": [1.0]}, noise=Isotropic(0.1))
    with pytest.raises(ValueError, match="unknown axis 'angle'"):
        sweep(surface, SGD(), over=over)


def test_batches_and_rules_of_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="must have single values: pass lists of values as `over`"):
        sweep(RAVINE(), SGD(np.array([0.1, 0.2])))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="works on the matrices of a network"):
        sweep(RAVINE(), next(iter(LAYERED.values()))())


# Parts, devices, memory, compilation


def test_a_sweep_can_be_stopped_resumed_and_put_together_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizers.sweeps.PIECE_WORK", 1)  # one block a piece
    monkeypatch.delenv("XLA_FLAGS")  # tests of the app may have set the options for which blocks are smaller
    over, devices = {"learning_rate": Grid(3000, 1e-3, 0.1)}, jax.local_devices()[:1]
    whole = plan_sweep(RAVINE(), SGD(), over=over, steps=20, devices=devices)
    pieces = list(whole)
    assert [len(piece) for piece in pieces] == [1024, 1024, 952]
    assert [(p.first, p.end) for p in pieces] == [(0, 1024), (1024, 2048), (2048, 3000)]
    expected = whole.gather(pieces)
    stopped = [next(iter(whole))]
    partial = whole.gather(stopped)
    assert (partial.status[1024:] == "missing").all() and (partial.status[:1024] == expected.status[:1024]).all()
    assert np.isnan(partial.final[1024:]).all() and np.isnan(partial.end[1024:]).all()
    resumed = whole.gather([*whole.pieces(stopped[0].end), *stopped])
    for name in ("final", "best", "area", "reached", "end", "diverged", "codes"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(expected, name))
    (odd,) = whole.pieces(1301, 1310)  # in other blocks
    np.testing.assert_array_equal(odd.results["final"], expected.final[1301:1310])
    with pytest.raises(ValueError, match="between the runs 0 and 3,000; got 5 to 4,000"):
        list(whole.pieces(5, 4000))


@pytest.mark.parametrize(("runs", "sizes"), [(600, [256, 256, 88]), (256, [64] * 4)])
def test_blocks_are_small_where_a_loop_is_one_function(
    runs: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizers.sweeps.PIECE_WORK", 1)  # one block a piece
    monkeypatch.setenv("XLA_FLAGS", f"--xla_backend_extra_options={LOOP}")
    over, devices = {"learning_rate": Grid(runs, 1e-3, 0.1)}, jax.local_devices()[:1]
    assert [len(piece) for piece in plan_sweep(RAVINE(), SGD(), over=over, steps=5, devices=devices)] == sizes


def test_a_small_sweep_is_one_piece_and_traces_no_rule() -> None:
    small = plan_sweep(RAVINE(), ADAM(), over={"learning_rate": Grid(64)}, steps=5, devices=jax.local_devices()[:1])
    assert len(list(small)) == 1 and "cost" not in vars(small)
    assert small.cost == 1 and "cost" in vars(small)


def test_changed_values_compile_nothing(compilations: Counter) -> None:
    def run(rates: Any, kappa: float, steps: int, seed: int) -> None:
        over = {"learning_rate": rates, "start.0": Grid(9)}
        sweep(RAVINE(kappa), ADAM(), over=over, steps=steps, noise=Isotropic(0.1 * seed), seed=seed)

    run(Grid(8), 10.0, 30, 1)
    with compilations() as events:
        run(Grid(8, 1e-3, 0.5), 20.0, 47, 2)
        run(np.linspace(0.01, 0.02, 20), 3.0, 5, 3)
    assert not events


@pytest.mark.long
def test_each_result_can_be_recorded_alone() -> None:
    over = {"learning_rate": [0.01, 0.02], "condition_number": [2.0, 3.0]}
    whole = sweep(RAVINE(), SGD(), over=over, start=(1.0, 1.0), steps=5)
    for record, name in zip(RECORDS, ("final", "best", "area", "reached", "end", "codes"), strict=True):
        alone = sweep(RAVINE(), SGD(), over=over, start=(1.0, 1.0), steps=5, record=(record,))
        np.testing.assert_allclose(getattr(alone, name), getattr(whole, name), rtol=1e-6)


@pytest.mark.long
def test_devices_share_a_sweep_and_change_no_bit_and_the_flags_of_the_app_change_the_rounding() -> None:
    script = """
        import hashlib, jax, sys
        import numpy as np
        from optimizers import OPTIMIZERS, Grid, Isotropic, sweep
        from surfaces import SURFACES
        over = {"learning_rate": Grid(300, 1e-3, 1.0), "condition_number": [3.0, 30.0], "seed": [1, 2]}
        result = sweep(SURFACES["quadratic_ravine"](), OPTIMIZERS["adam"](), over=over, noise=Isotropic(0.1), steps=50)
        names = ("final", "best", "area", "reached", "end", "diverged", "codes")
        digest = hashlib.sha256(b"".join(getattr(result, n).tobytes() for n in names)).hexdigest()
        print(len(jax.devices()), digest, *result.final.ravel()[::7])
    """
    three, app = "--xla_force_host_platform_device_count=3", f"--xla_backend_extra_options={LOOP}"
    runs = [run_apart(textwrap.dedent(script), XLA_FLAGS=f).split() for f in ("", three, app, f"{app} {three}")]
    assert [run[0] for run in runs] == ["1", "3", "1", "3"]
    plain, plain_of_three, fused, fused_of_three = (run[1] for run in runs)
    assert plain == plain_of_three and fused == fused_of_three
    np.testing.assert_allclose(np.array(runs[0][2:], float), np.array(runs[2][2:], float), rtol=1e-3)


@pytest.mark.long
def test_memory_does_not_grow_with_the_steps() -> None:
    """The noise of 20,000 steps of 1,024 runs would take 160 MB, and so would their paths."""
    script = """
        from optimizers import OPTIMIZERS, Isotropic, sweep
        from surfaces import SURFACES
        from tests.apart import memory
        peaks = []
        for steps in (200, 20_000):
            over = {"seed": range(1024)}
            sweep(SURFACES["quadratic_ravine"](), OPTIMIZERS["sgd"](0.01), over=over, noise=Isotropic(0.1), steps=steps)
            peaks.append(memory("VmHWM") / 2**20)
        print(peaks[1] - peaks[0])
    """
    assert float(run_apart(textwrap.dedent(script))) < 20


def test_the_parts_of_a_run_are_those_of_its_status() -> None:
    """For every length: the segments make up the quarters of the second half and the last tenth, point by point."""
    for steps in (*range(1, 60), 300, 1001):
        losses = np.random.default_rng(steps).random(steps + 1)
        parts = Parts(steps)
        assert len(parts.bounds) == SEGMENTS + 1
        highs = np.array(
            [
                [losses[a : b + (k == SEGMENTS - 1)].max(initial=-np.inf)]
                for k, (a, b) in enumerate(zip(parts.bounds, parts.bounds[1:], strict=False))
            ]
        )
        quarters = [q.max() for q in np.array_split(losses[steps // 2 :], 4) if len(q)]
        peaks = parts.peaks(highs)
        assert (peaks is None) == (len(quarters) < 4)
        if peaks is not None:
            np.testing.assert_array_equal(peaks[:, 0], quarters)
        tenth = min(max(math.ceil(steps / 10), 2), steps)
        assert parts.peak_of_the_last_tenth(highs)[0] == losses[steps - tenth :].max()


@pytest.mark.long
def test_the_arguments_of_a_run_are_those_of_trace() -> None:
    over = {"learning_rate": [0.01, 0.02], "seed": [4, 5]}
    result = sweep(Testbed(), SGD(), over=over, noise=Isotropic(0.1), steps=5)
    arguments = result.plan.arguments(1, 0)
    assert arguments["optimizer"].learning_rate == 0.02 and arguments["seed"] == 4
    assert trace(**arguments).losses.dtype == "float32"
    assert result.trace(1, 0, dtype="float64").losses.dtype == "float64"
    assert isinstance(sweep(Testbed(), SGD(), steps=5).plan.noise, NoNoise) and MOST_RUNS == 10**7
