"""The runs of a map against single runs, theory, and a descent written in NumPy."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.maps import changes, choices, curves, grids, jobs, link, presets, shading, theory
from app.maps.grids import Grid
from app.maps.job import Job
from app.maps.settings import POINTS, Settings
from optimizers import steps_to, trace
from optimizers.summaries import WORDS


def _settings(**query: str) -> Settings:
    settings, notices = link.parse({key.replace("__", "."): word.split("&") for key, word in query.items()})
    assert notices == []
    return settings


RAVINE = {"surface": "quadratic_ravine", "steps": "120", "racer": "momentum&nesterov&sgd&adam", "window": "-3,0,0,2"}


def _grid(settings: Settings, k: int = 0, size: int = 64) -> Grid:
    return list(grids.parts(settings, settings.racers[k], size))[-1]


@pytest.mark.parametrize("k", range(4))
def test_a_cell_is_the_run_that_a_click_plays(k: int) -> None:
    settings = _settings(**RAVINE, color="status", cells="64")
    grid = _grid(settings, k)
    assert grid.complete and grid.results["final"].shape == (64, 64)
    rng = np.random.default_rng(k)
    for row, column in rng.integers(0, 64, (6, 2)):
        place = [
            float(axis.place(v))
            for axis, v in zip(choices.axes_of(settings), (grid.x[column], grid.y[row]), strict=True)
        ]
        chosen = changes.choose_cell(settings, (place[0], place[1]))
        rule = chosen.rule(chosen.racers[k])
        run = trace(chosen.built_surface(), rule, chosen.built_start(), chosen.steps)
        assert (steps_to(run, 0.01) or -1) == grid.results["reached"][row, column]
        assert run.status.kind == WORDS[grid.results["codes"][row, column]]
        if run.diverged < 0:
            np.testing.assert_allclose(run.losses[-1], grid.results["final"][row, column], rtol=1e-3, atol=1e-12)


def test_a_rule_without_the_parameter_has_equal_rows() -> None:
    settings = _settings(**RAVINE)
    reached = _grid(settings, 2).results["reached"]
    assert (reached == reached[0]).all() and len(np.unique(reached[0])) > 10


@pytest.mark.parametrize("racer", ["momentum", "nesterov", "sgd"])
@pytest.mark.parametrize("kappa", ["8", "200"])
def test_the_edge_in_theory_is_where_the_measured_rate_is_one_to_a_cell(racer: str, kappa: str) -> None:
    settings = _settings(
        surface="quadratic_ravine", surface__condition_number=kappa, racer=racer, window="-4,0.3,0,2", color="rate",
        rotation="30",
    )  # fmt: skip
    grid = _grid(settings)
    edge = theory.edge(settings, settings.racers[0])
    assert edge is not None
    (left, right), (bottom, top) = grid.spans
    size = (right - left) / 64
    for row, rates in enumerate(grid.results["rate"]):
        middle = bottom + (row + 0.5) * (top - bottom) / 64
        crossing = np.interp(middle, edge[:, 1], edge[:, 0])
        first = left + int(np.argmax(rates >= 1)) * size  # the left side of the first cell that diverges
        assert abs(crossing - first) <= size
    best = theory.fastest(settings, settings.racers[0])
    if racer != "sgd":  # SGD has one parameter, which is no place on a map of two
        assert best is not None
        row, column = (
            int((at - low) / (high - low) * 64) for at, (low, high) in zip(best[::-1], grid.spans[::-1], strict=True)
        )
        around = grid.results["rate"][max(row - 1, 0) : row + 2, column - 1 : column + 2]
        assert around.min() <= np.quantile(grid.results["rate"], 0.01)


def test_the_edge_follows_a_parameter_of_the_surface_and_a_vertical_learning_rate() -> None:
    settings = _settings(**RAVINE)
    kappas = changes.set_axis(settings, "y", "surface.condition_number")
    edge = theory.edge(kappas, kappas.racers[2])
    assert edge is not None
    np.testing.assert_allclose(10.0 ** edge[:, 0] * 10.0 ** edge[:, 1], 2.0, rtol=1e-9)  # η κ = 2
    turned = changes.set_axis(settings, "x", "momentum")
    turned = changes.set_window(turned, (0.0, 2.0, -3.0, 0.0))
    edge = theory.edge(turned, turned.racers[0])
    assert edge is not None and (turned.x, turned.y) == ("momentum", "learning_rate")
    betas = 1 - 10.0 ** -edge[:, 0]
    np.testing.assert_allclose(10.0 ** edge[:, 1] * 30.0, 2 * (1 + betas), rtol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: changes.change(s, "schedule", "cosine"),
        lambda s: changes.choose_noise(s, "isotropic"),
        lambda s: changes.choose_surface(s, "rosenbrock"),
    ],
    ids=["schedule", "noise", "surface"],
)
def test_there_is_no_theory_where_it_does_not_hold(change: Callable[[Settings], Settings]) -> None:
    settings = change(_settings(**RAVINE))
    assert all(theory.edge(settings, racer) is None for racer in settings.racers)
    adam = _settings(**RAVINE).racers[3]
    assert theory.edge(_settings(**RAVINE), adam) is None, "Adam's limit bounds another curvature"


def _descent(x: Any, y: Any, rate: float, beta: float, steps: int) -> tuple[Any, Any]:
    """Momentum on Himmelblau's function (x² + y − 11)² + (x + y² − 7)², in NumPy."""
    a = b = np.zeros_like(x)
    for _ in range(steps):
        one, other = x * x + y - 11, x + y * y - 7
        a = beta * a + 4 * x * one + 2 * other
        b = beta * b + 2 * one + 4 * y * other
        x, y = x - rate * a, y - rate * b
    return x, y


@pytest.mark.parametrize(("k", "beta"), [(0, 0.0), (1, 0.9)])
def test_the_basins_of_himmelblau_are_those_of_a_descent_in_numpy(k: int, beta: float) -> None:
    settings = dataclasses.replace(presets.preset("basins"), cells=64)
    grid = _grid(settings, k)
    surface = settings.built_surface()
    kinds = shading.basin_kinds(grid.results, surface)
    with np.errstate(over="ignore", invalid="ignore"):
        x, y = _descent(*np.meshgrid(grid.x, grid.y), 0.01, beta, settings.steps)
    minima = np.array([p.position for p in surface.critical_points() if p.kind == "minimum"])
    assert len(minima) == 4
    distance = np.hypot(x[..., None] - minima[:, 0], y[..., None] - minima[:, 1])
    nearest, near = distance.argmin(axis=-1), distance.min(axis=-1) < 0.05
    assert near.mean() > 0.95
    # a run near the edge of a basin may end on either side of it, in single and in double precision
    assert (kinds[near] == nearest[near]).mean() > 0.99
    assert all((kinds == place).mean() > 0.15 for place in range(4))


def test_a_cell_is_the_same_run_in_every_window() -> None:
    """A loss of 10¹⁷⁸ is finite in float64 only; where the window decided the precision, zooming changed the status."""
    whole = changes.set_window(_settings(**RAVINE | {"steps": "300"}), (-4.0, 0.3, 0.0, 2.0))
    wide, rule = _grid(whole, 1), whole.racers[1].rule.key
    assert rule == "nesterov"
    rows, columns = np.nonzero((wide.results["final"] > 1e50) & (wide.results["final"] < 1e300))
    assert len(rows) > 30
    for k in range(0, len(rows), len(rows) // 4):
        x, y = wide.x[columns[k]], wide.y[rows[k]]
        at = [float(axis.place(v)) for axis, v in zip(choices.axes_of(whole), (x, y), strict=True)]
        # a window whose cells are tiny, and in it the cell with the values of the wide one
        narrow = changes.set_window(whole, (at[0] - 1e-7, at[0] + 1e-7, at[1] - 1e-7, at[1] + 1e-7))
        one = _grid(narrow, 1).results
        final = wide.results["final"][rows[k], columns[k]]
        assert (
            np.isfinite(one["final"]).all()
            and one["final"].min() <= final * 1.001
            and one["final"].max() >= final / 1.001
        )
        rule = whole.rule(whole.racers[1]).replace(learning_rate=float(x), momentum=float(y))
        run = trace(whole.built_surface(), rule, whole.built_start(), 300)
        assert run.status.kind == "growing" == WORDS[wide.results["codes"][rows[k], columns[k]]]
        np.testing.assert_allclose(run.losses[-1], final, rtol=1e-9)


def test_cells_can_be_tiny() -> None:
    narrow = changes.set_window(_settings(**RAVINE), (-2.0, -1.99998, 1.0, 1.00002))
    assert len(np.unique(_grid(narrow).results["final"])) > 1000


def test_a_moved_slider_compiles_nothing(compilations: Any) -> None:
    settings = _settings(**RAVINE)
    _grid(settings, 0, 128)
    racer = settings.racers[0]
    other = changes.set_parameter(
        changes.set_window(settings, (-2.5, -0.5, 0.2, 1.5)), "surface", "condition_number", 77
    )
    with compilations() as events:
        _grid(other, 0, 128)
        assert racer == settings.racers[0]
    assert events == []


# Jobs.


def test_a_job_becomes_finer_and_the_same_map_is_there_at_once() -> None:
    settings = _settings(**RAVINE, cells="128")
    job = Job(settings).begin(60)
    assert job.size >= 64
    job.join()
    assert job.size == 128 and not job.busy and job.progress == 1 and job.cells == 4 * 128**2
    again = Job(settings)
    assert not again.begin().busy and again.size == 128 and again.complete == job.complete
    # the values that vary along the axes do not change the map, and neither do colours that need nothing else
    moved = changes.choose_cell(settings, (-1.0, 1.0))
    assert jobs.job_for(moved, job) is job
    assert jobs.job_for(changes.change(settings, "color", "final"), job) is job
    assert jobs.job_for(changes.change(settings, "color", "status"), job) is job
    assert jobs.job_for(changes.change(settings, "color", "rate"), job) is not job


def test_a_stopped_job_keeps_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(**{**RAVINE, "racer": "momentum", "steps": "60"}, cells="512", seed="77")
    seen = threading.Event()
    parts = grids.parts

    def slow(*arguments: Any) -> Any:
        """The parts of a grid, which for a fine one wait at the first half until the job is stopped."""
        for part in parts(*arguments):
            if len(part.x) > 64 and arguments[0].seed == 77:  # jobs of other tests may still run
                seen.set()
                stopped.wait(60)
                yield dataclasses.replace(part, rows=len(part.y) // 2)
            yield part

    stopped = threading.Event()
    monkeypatch.setattr(grids, "parts", slow)
    job = Job(settings).begin()
    assert seen.wait(120)
    job.stop()
    stopped.set()
    job.join()
    assert job.stopped and not job.busy and job.size >= 64 and job.progress < 1
    partial = job.partial[0]
    assert partial is not None and partial.rows == len(partial.y) // 2


def test_a_value_that_the_surface_refuses_is_an_error_in_a_sentence() -> None:
    settings = changes.choose_view(presets.preset("sharp"), "stability")
    settings = changes.set_axis(changes.set_parameter(settings, "surface", "flat_depth", 2.0), "x", "surface.distance")
    job = Job(settings).begin().join()
    assert "swallows its basin" in job.error and job.size == 0 and not job.busy


# Curves.


def test_the_curve_of_sensitivity_is_that_of_single_runs() -> None:
    settings = _settings(
        view="sensitivity", surface="quadratic_ravine", racer="momentum", steps="50", trials="5", window="-3,0,0,1"
    )
    job = Job(settings).begin().join()
    curve = job.curves[0]
    assert curve is not None and curve.values.shape == (POINTS, 5)
    starts = curves.starts_of(settings)
    assert len(np.unique(starts, axis=0)) == 5
    for k, trial in ((10, 0), (40, 3), (70, 4)):
        rule = settings.rule(settings.racers[0]).replace(learning_rate=float(curve.x[k]))
        run = trace(settings.built_surface(), rule, starts[trial], 50, seed=settings.seed + trial)
        expected = run.losses[-1] if run.diverged < 0 else np.inf
        np.testing.assert_allclose(curve.values[k, trial], expected, rtol=1e-6)
    low, middle, high = curve.quantiles()
    assert ((low <= middle) & (middle <= high)).all() and 1e100 < middle[-1] < np.inf
