"""What the sentences of the presets say is true of their maps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.figures.marks import Dots, Rule
from app.maps import choices, curves, grids, presets, scene, shading
from app.maps.job import Job
from app.maps.settings import Settings
from docs import pictures
from optimizers import OPTIMIZERS, trace
from tests.app.captions import captions


def _coarse(key: str, cells: int = 64) -> Settings:
    return dataclasses.replace(presets.preset(key), cells=cells)


def test_the_captions_are_those_that_are_checked_here() -> None:
    """The basins by the test below; the edge by those of `test_grids`."""
    shown = captions()
    assert {name: shown[name] for name in pictures.MAPS} == {
        "maps-light": "Two rules on a ravine: steps to converge against learning rate and momentum, with the edge of "
        "stability in theory.",
        "basins-dark": "Basins of Himmelblau's function: smooth for SGD, torn for momentum.",
    }
    edge = presets.preset("edge")
    assert (edge.surface.key, edge.x, edge.y, edge.color) == (
        "quadratic_ravine",
        "learning_rate",
        "momentum",
        "reached",
    )
    assert len(edge.racers) == 2 and pictures.MAPS["maps-light"][0] == "preset=edge"


def _borders(kinds: np.ndarray) -> int:
    """The number of pairs of neighbours of different kinds."""
    return int((kinds[1:] != kinds[:-1]).sum() + (kinds[:, 1:] != kinds[:, :-1]).sum())


@pytest.mark.long
def test_sgd_has_smooth_basins_and_momentum_torn_ones() -> None:
    settings = _coarse("basins", 128)
    job = Job(settings).begin().join()
    borders = []
    for grid in job.complete:
        assert grid is not None and grid.complete
        borders.append(_borders(shading.basin_kinds(grid.results, settings.built_surface())))
    sgd, momentum, _ = borders
    assert momentum > 5 * sgd
    # a smooth edge between four quarters is about as long as two sides of the map
    assert sgd < 3 * 128


@pytest.mark.long
def test_adam_works_over_more_decades_of_the_learning_rate_than_the_others() -> None:
    settings = presets.preset("anywhere")
    job = Job(settings).begin().join()
    decades = {}
    for racer, curve in zip(settings.racers, job.curves, strict=True):
        assert curve is not None
        step = float(np.diff(np.log10(curve.x[:2]))[0])
        decades[racer.rule.key] = step * np.count_nonzero(curve.quantiles()[1] <= 0.1)
    others = [width for key, width in decades.items() if key != "adam"]
    assert decades["adam"] > 1.3 * max(others) > 1.3 and 3 < decades["adam"] < 3.5
    # the defaults, as single runs
    starts, surface = curves.starts_of(settings), settings.built_surface()
    medians = {}
    for key in decades:
        runs = [trace(surface, OPTIMIZERS[key](), start, settings.steps, record=("losses",)) for start in starts]
        losses = [run.losses[-1] if run.diverged < 0 else np.inf for run in runs]
        medians[key] = np.quantile(losses, 0.5, method="inverted_cdf")
    assert 0.1 < medians["adam"] < 1 and medians["sgd"] == medians["momentum"] == np.inf
    # the diamonds stand at the defaults, where the curves are
    shown = scene.panel(settings, job)
    diamonds = [mark for mark in shown.marks if isinstance(mark, Dots) and mark.symbol == "diamond"]
    assert len(diamonds) == 4 and "diamonds" in shown.note[0].text
    assert diamonds[0].y[0] > 2 * diamonds[1].y[0], "two at the upper edge do not cover each other"
    for mark, racer in zip(diamonds, settings.racers, strict=True):
        key, top = racer.rule.key, shown.axes[0].y.high
        assert 10 ** mark.x[0] == pytest.approx(OPTIMIZERS[key].parameters()["learning_rate"].default)
        lost = np.isinf(medians[key])
        assert top / 30 < mark.y[0] < top if lost else 0.5 < mark.y[0] / medians[key] < 2


@pytest.mark.long
def test_momentum_ends_in_the_flat_minimum_from_more_starts_than_sgd_below_the_edge_of_sgd() -> None:
    settings = presets.preset("sharp")
    job = Job(settings).begin().join()
    sgd, momentum = (curve.share() for curve in job.curves if curve is not None)
    x = job.curves[0].x if job.curves[0] else np.zeros(0)
    between, above = (x > 0.0021) & (x < 0.0185), x > 0.0205  # SGD is stable at the sharp minimum up to 2/h₁ = 0.02
    assert (abs(sgd[between] - 0.65) < 0.01).all() and (sgd[above] == 1).all()
    assert 0.825 < momentum[between].min() < 0.845 and 0.925 < momentum[between].max() < 0.945
    panel = scene.panel(settings, job)
    assert (
        "unstable for SGD;" in panel.note[0].text and len([mark for mark in panel.marks if isinstance(mark, Rule)]) == 1
    )


@pytest.mark.long
def test_the_edge_of_trainability_stays_rough_in_a_window_a_thousand_times_smaller() -> None:
    """On a smooth edge, a window on it shows one line: about as many borders as it has cells along a side."""
    settings = _coarse("fractal", 128)
    first = shading.initial(settings, tuple(choices.span_of(settings, k) for k in range(2)))
    for _ in range(6):
        grid = list(grids.parts(settings, settings.racers[0], 128))[-1]
        lost = ~(grid.results["final"] <= first)
        counts = [(int(lost[r : r + 32, c : c + 32].sum()), r, c) for r in range(0, 97, 16) for c in range(0, 97, 16)]
        _, row, column = min(counts, key=lambda item: abs(item[0] - 512))  # the part that is divided most evenly
        (left, right), (bottom, top) = grid.spans
        wide, tall = (right - left) / 128, (top - bottom) / 128
        window = (left + column * wide, left + (column + 32) * wide, bottom + row * tall, bottom + (row + 32) * tall)
        settings = dataclasses.replace(settings, window=window)
    grid = list(grids.parts(settings, settings.racers[0], 128))[-1]
    assert (grid.spans[0][1] - grid.spans[0][0]) < 2 / 1000
    lost = ~(grid.results["final"] <= first)
    assert 0.05 < lost.mean() < 0.95 and _borders(lost) > 3 * 128


@pytest.mark.long
def test_radam_works_over_fewer_decades_of_the_learning_rate_than_adam_and_about_as_many_as_sgd() -> None:
    settings = presets.preset("radam")
    job = Job(settings).begin().join()
    decades = {}
    for racer, curve in zip(settings.racers, job.curves, strict=True):
        assert curve is not None
        middle = curve.quantiles()[1]
        step = float(np.diff(np.log10(curve.x[:2]))[0])
        decades[racer.rule.key] = step * np.count_nonzero(middle <= 0.1 * middle[0])
    assert decades["adam"] > decades["radam"] + 0.4 and decades["radam"] < decades["sgd"] + 0.2
    # the first steps, while ρ_t ≤ 4, have the length of momentum's with m̂ = m/(1 − β₁ᵗ)
    run = trace(settings.built_surface(), OPTIMIZERS["radam"](learning_rate=0.1), steps=5)
    np.testing.assert_allclose(run.positions[1] - run.positions[0], -0.1 * run.step.gradient[0], rtol=1e-9)
