"""The settings of a map: axes, windows, cells, links, presets, and what is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from app.common.racers import Choice, Refused, accepted
from app.maps import changes, choices, link, presets
from app.maps.axes import MapAxis
from app.maps.effects import PRESETS
from app.maps.settings import MAPPED, Settings
from app.race import link as race_link
from optimizers import OPTIMIZERS
from surfaces import SURFACES

LOG = MapAxis("learning_rate", "η", "learning rate", "log", 1e-6, 10.0, (1e-4, 1.0))
NINES = MapAxis("momentum", "β", "momentum", "one_minus_log", 0.0, 0.999, (0.0, 0.999))
PLAIN = MapAxis("start.0", "x", "start", "linear", -3.0, 5.0, (-2.0, 2.0))


def _settings(**query: Any) -> Settings:
    settings, notices = link.parse(
        {key.replace("__", "."): [str(v)] for key, v in query.items()} or {"view": ["stability"]}
    )
    assert notices == []
    return settings


@pytest.mark.parametrize("axis", [LOG, NINES, PLAIN], ids=lambda axis: axis.name)
def test_places_and_values_are_inverse_and_cells_are_equally_large_in_places(axis: MapAxis) -> None:
    low, high = axis.limits
    assert axis.value([low, high]) == pytest.approx([axis.low, axis.high], rel=1e-12, abs=1e-12)
    values = axis.cells((low, high), 64)
    size = (high - low) / 64
    # rounded by at most a hundredth of a cell, of which the middles lie half a cell within the window
    np.testing.assert_allclose(axis.place(values), low + size * (np.arange(64) + 0.5), atol=0.03 * size)
    assert all(len(f"{value:.15g}") <= 9 for value in values)


def test_the_value_of_a_cell_is_that_of_its_column() -> None:
    values = LOG.cells((-4.0, 0.0), 8)
    assert [LOG.cell((-4.0, 0.0), 8, place) for place in (-4.0, -3.6, -3.4, -0.01, 0.0)] == [
        *(values[0], values[0], values[1], values[7], values[7])
    ]


@pytest.mark.parametrize(
    ("axis", "span", "ticks"),
    [
        (LOG, (-4.0, 0.3), [1e-4, 1e-3, 1e-2, 0.1, 1.0]),
        (LOG, (np.log10(0.02), np.log10(0.05)), [0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05]),
        (NINES, (0.0, 3.0), [0.0, 0.5, 0.9, 0.99, 0.999]),
        (PLAIN, (-2.0, 2.0), [-2.0, -1.0, 0.0, 1.0, 2.0]),
    ],
)
def test_ticks_are_round_values_in_the_window(axis: MapAxis, span: Any, ticks: list[float]) -> None:
    found = axis.ticks(span)
    assert found == pytest.approx(ticks) or len(found) >= 3
    assert set(found) <= {*ticks} or found == pytest.approx(ticks)
    drawn = axis.drawn(span)
    assert len(drawn.ticks) == len(drawn.words) == len(found) and drawn.limits == axis.limits


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_is_restored_by_its_link(key: str) -> None:
    settings, notices = link.parse({"preset": [key]})
    assert notices == [] and settings.preset == key and settings == presets.preset(key)
    assert link.parse(link.query(settings)) == (settings, [])
    assert accepted(settings) is settings and presets.changes(settings) == ""


def test_a_link_restores_axes_window_cell_colours_and_view() -> None:
    settings = _settings(
        surface="quadratic_ravine", racer="momentum:learning_rate=0.03,momentum=0.8", x="surface.condition_number",
        y="learning_rate", window="0,2,-3,0", color="final", cells=128,
    )  # fmt: skip
    assert (settings.x, settings.y, settings.window) == ("surface.condition_number", "learning_rate", (0, 2, -3, 0))
    assert link.parse(link.query(settings)) == (settings, [])
    at = {axis.name: choices.value_of(settings, axis, settings.racers[0]) for axis in choices.axes_of(settings)}
    assert at == {"surface.condition_number": 30.0, "learning_rate": 0.03}


def test_a_click_moves_all_racers_that_have_the_parameter_to_the_value_of_the_cell() -> None:
    settings = changes.set_window(changes.add_racer(changes.first(), "sgd"), (-4.0, 0.0, 0.0, 2.0))
    chosen = changes.choose_cell(settings, (-1.0, 1.0))
    rates = {racer.rule.get("learning_rate", 0.0) for racer in chosen.racers}
    betas = [racer.rule.get("momentum", -1) for racer in chosen.racers]
    x, y = choices.axes_of(settings)
    assert rates == {x.cell((-4.0, 0.0), 256, -1.0)} and betas == [y.cell((0.0, 2.0), 256, 1.0)] * 2 + [-1]
    # the map itself is the same, because it depends on no value that varies along its axes
    assert [
        choices.swept(settings, a)[1] == choices.swept(chosen, b)[1]
        for a, b in zip(settings.racers, chosen.racers, strict=True)
    ] == [True] * 3
    with pytest.raises(Refused, match="Click on a cell"):
        changes.choose_cell(settings, (0.5, 1.0))


def test_a_click_on_basins_moves_the_start_and_one_on_a_parameter_of_the_surface_that() -> None:
    basins = presets.preset("basins")
    moved = changes.choose_cell(basins, (1.0, -2.0))
    assert moved.start == pytest.approx((1.0, -2.0), abs=0.05) and moved.racers == basins.racers
    kappa = changes.set_axis(changes.first(), "y", "surface.condition_number")
    moved = changes.choose_cell(kappa, (-2.0, 1.0))
    assert dict(moved.surface.values)["condition_number"] == pytest.approx(10.0, rel=0.05)


def test_the_other_axis_takes_the_place_of_one_that_is_chosen_twice() -> None:
    turned = changes.set_axis(changes.first(), "x", "momentum")
    assert (turned.x, turned.y) == ("momentum", "learning_rate")


def test_another_surface_keeps_only_axes_and_views_that_it_has() -> None:
    settings = changes.set_axis(presets.preset("fractal"), "y", "surface.ratio")
    assert changes.choose_surface(settings, "booth").y == "momentum"
    assert changes.choose_surface(presets.preset("sharp"), "booth").view == "stability"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("x", "learningrate", "Unknown axis 'learningrate'. Did you mean 'learning_rate'?"),
        ("x", "start.7", "Unknown axis 'start.7'."),
        ("y", "convention", "Unknown axis 'convention'."),
        ("window", "1,2,3", "window must be four numbers"),
        ("window", "1,0,0,1", "window must have its left edge before its right"),
        ("window", "0,1e-17,0,1", "learning rate η cannot be shown any larger"),
        ("cells", "63", "cells must be a whole number from 64 to 1,024; got 63."),
        ("view", "flat", "Only the surface Sharp and flat"),
        ("start", "99,0", "The start must lie on the map"),
        ("color", "loss", "color must be one of"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_dropped_from_links(name: str, value: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        changes.change(changes.first(), name, value)
    assert str(refused.value).startswith(sentence)
    settings, notices = link.parse({"surface": ["quadratic_ravine"], name: [value]})
    assert settings == link.parse({"surface": ["quadratic_ravine"]})[0] and len(notices) == 1 and sentence in notices[0]


def test_a_map_that_would_take_too_long_or_has_too_many_racers_is_refused_before_it_begins() -> None:
    settings = changes.first()
    assert settings.objection() == ""
    large = dataclasses.replace(settings, cells=1024, steps=5000)
    assert "times as long as the limit allows: 2 racers × 1024² cells × 5,000 steps" in large.objection()
    curves = dataclasses.replace(large, view="sensitivity")
    assert curves.objection() == "", "a curve has no cells"
    many = dataclasses.replace(curves, trials=256, surface=Choice("ravine_nd", (("dimension", 1000),)))
    assert "2 racers × 81 values × 256 starts × 5,000 steps" in many.objection()
    four = changes.add_racer(changes.add_racer(settings, "sgd"), "adam")
    for attempt in (lambda: changes.add_racer(four, "lion"), lambda: changes.duplicate_racer(four, "racer-0")):
        with pytest.raises(Refused, match="A map has at most 4 racers"):
            attempt()


@pytest.mark.parametrize("key", ["edge", "basins", "anywhere"])
def test_the_race_of_the_chosen_cell_opens_on_the_race_page(key: str) -> None:
    settings = presets.preset(key)
    race, notices = race_link.parse(link.race(settings))
    assert notices == [] and race.racers == settings.racers and race.steps == settings.steps
    assert race.built_start() == settings.built_start() and race.rotation == settings.rotation
    assert race.surface == settings.surface
    assert link.race(presets.preset("fractal")) == {}


@pytest.mark.parametrize("surface", MAPPED)
def test_every_surface_has_a_map_whose_first_window_lies_within_its_limits(surface: str) -> None:
    settings = changes.choose_surface(changes.first(), surface)
    for name in choices.offered(settings):
        axis = choices.axis_named(settings, name)
        (low, high), (least, most) = axis.first, axis.limits
        assert least - 1e-9 <= low < high <= most + 1e-9, name
    assert {"learning_rate", "momentum", "start.0", "start.1"} <= {*choices.offered(settings)}


def test_all_rules_and_surfaces_of_the_race_are_offered() -> None:
    assert {*MAPPED} == {*SURFACES, "tanh_network"}
    for key in OPTIMIZERS:
        assert changes.add_racer(Settings(), key).racers[0].rule.key == key
    with pytest.raises(Refused, match="It runs on the Network page only"):
        changes.add_racer(Settings(), "muon")
