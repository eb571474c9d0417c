"""The axes of a race have room for everything that is drawn on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from app.figures.marks import Band, Dots, Line, Lines, Panel
from app.race import link, scene
from app.race.runs import Race
from app.race.settings import Settings
from app.race.views import VIEWS

NOISY = {
    "surface": ["quadratic_ravine"],
    "start": ["0.011,0.013"],
    "noise": ["isotropic"],
    "noise.scale": ["1"],
    "steps": ["60"],
    "racer": ["sgd:learning_rate=0.05", "adam:learning_rate=0.03"],
}
"""A race that starts so close to the minimum that the noise increases the loss."""
SEEDS = {
    "one": {},
    "spaghetti": {"bundle": ["spaghetti"], "seeds": ["11"]},
    "band": {"bundle": ["band"], "seeds": ["11"]},
}


def _race(seeds: str, *views: str) -> Settings:
    settings, notices = link.parse({**NOISY, **SEEDS[seeds]})
    assert notices == []
    return dataclasses.replace(settings, views=views)


def _heights(panel: Panel) -> Iterator[np.ndarray]:
    """The heights of all curves of a panel, without gaps."""
    for mark in panel.marks:
        values = {Line: ("y",), Lines: ("y",), Dots: ("y",), Band: ("low", "high")}.get(type(mark), ())
        for name in values:
            y = np.asarray(getattr(mark, name), dtype=float)
            yield y[np.isfinite(y)]


def _fits(panel: Panel) -> None:
    axis = panel.axes[0].y
    heights = list(_heights(panel))
    assert len(heights) >= 2 and all(len(y) for y in heights)
    for y in heights:
        shown = y[y > 0] if axis.scale == "log" else y
        assert axis.low < shown.min() and shown.max() < axis.high, (shown.min(), shown.max(), axis)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("view", [key for key, view in VIEWS.items() if not (view.curves or view.trials)])
def test_the_axes_of_a_view_include_its_curves(view: str, seeds: str) -> None:
    (panel,) = (one for one in scene.scene(Race(_race(seeds, view))).panels if one.key == view)
    _fits(panel)


@pytest.mark.parametrize("seeds", SEEDS)
def test_the_axes_of_the_losses_include_all_seeds(seeds: str) -> None:
    (panel,) = (one for one in scene.scene(Race(_race(seeds))).panels if one.key == "loss")
    _fits(panel)
    log = panel.axes[0]
    (linear,) = log.y.alternatives
    _fits(dataclasses.replace(panel, axes=(dataclasses.replace(log, y=linear),)))


def test_the_axis_of_learning_rate_curves_ends_above_the_start_and_below_runs_that_grow() -> None:
    (panel,) = (one for one in scene.scene(Race(_race("one", "sensitivity"))).panels if one.key == "sensitivity")
    axis, heights = panel.axes[0].y, np.concatenate(list(_heights(panel)))
    lowest = heights[np.isfinite(heights) & (heights > 0)].min()
    assert axis.low < lowest and heights[np.isfinite(heights)].max() > 1e100 > axis.high
