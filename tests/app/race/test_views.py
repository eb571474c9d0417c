"""The views of the Race page."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from app.common import racers
from app.common.racers import Choice, Refused
from app.export.drawing import Drawing
from app.export.options import Look
from app.figures.marks import Dots, Line, Rule
from app.player import Event, pack, read
from app.race import changes, link, runs, views
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings
from app.race.views import VIEWS
from optimizers import distances, sharpnesses
from tests.app.drawn import curves, note, only

FIRST = racers.set_steps(changes.first(), 40)


def _shown(*keys: str, settings: Settings = FIRST) -> Settings:
    return dataclasses.replace(settings, views=keys)


@pytest.mark.parametrize("key", sorted(key for key, view in VIEWS.items() if not view.curves and not view.trials))
def test_every_view_has_a_line_for_every_visible_racer(key: str) -> None:
    settings = racers.hide_racer(_shown(key), "racer-1", True)
    (slot,) = race.scene(Race(settings)).slots
    assert slot.key == key and slot.title == VIEWS[key].name and len(only(slot, Rule)) == 1
    assert {line.racer for line in curves(slot)} == {"racer-0", "racer-2"}
    y = slot.axes[0].y
    assert np.isfinite([y.low, y.high]).all() and y.low < y.high


def test_lines_are_the_measures() -> None:
    scene = race.scene(Race(_shown("distance")))
    for line, run in zip(curves(scene.panels[2]), runs.runs(FIRST), strict=True):
        np.testing.assert_array_equal(line.y, distances(run))
        np.testing.assert_array_equal(line.x, np.arange(41))
        np.testing.assert_array_equal(line.x, line.time)  # type: ignore[arg-type]


def test_steps_above_the_limit_are_marked_and_counted() -> None:
    """On the ravine, the limit of SGD is 2/η and the sharpness is 30 everywhere, so it is exceeded from η = 2/30 on."""
    settings = changes.set_rotation(_shown("sharpness", settings=dataclasses.replace(FIRST, racers=())), 0)
    for rate in (0.01, 0.0668):
        settings = changes.add_racer(settings, "sgd")
        settings = racers.set_racer(settings, settings.racers[-1].id, "learning_rate", rate)
    panel = race.scene(Race(settings)).slots[0]
    marks = only(panel, Dots)
    limits = [line for line in only(panel, Line) if line.dash == "dot"]
    assert [line.y[0] for line in limits] == pytest.approx([200.0, 2 / 0.0668])
    assert [dots.racer for dots in marks] == ["racer-1"] and len(marks[0].x) == 41
    assert "above the limit (SGD η = 0.0668 on 41 of 41 points)" in note(panel)
    run = runs.runs(settings)[1]
    np.testing.assert_allclose(sharpnesses(run), 30.0)


def test_under_a_schedule_the_limit_is_that_of_each_step() -> None:
    """On the ravine, the sharpness is 30. With η = 0.1 the limit is 20, and 200 after the drop after step 20."""
    settings = changes.set_rotation(_shown("sharpness", settings=dataclasses.replace(FIRST, racers=())), 0)
    settings = changes.add_racer(
        dataclasses.replace(settings, schedule=Choice("step_decay", (("every", 20.0),))), "sgd"
    )
    settings = racers.set_racer(settings, "racer-0", "learning_rate", 0.1)
    settings = changes.add_racer(settings, "adam")
    panel = race.scene(Race(settings)).slots[0]
    limits = {line.racer: line for line in only(panel, Line) if line.dash == "dot"}
    rates = 0.1 * np.where(np.arange(41) < 20, 1.0, np.where(np.arange(41) < 40, 0.1, 0.01))
    np.testing.assert_allclose(limits["racer-0"].y, 2 / rates, rtol=1e-9)
    np.testing.assert_array_equal(limits["racer-0"].x, np.arange(41))
    (marks,) = (dots for dots in only(panel, Dots) if dots.racer == "racer-0")
    np.testing.assert_array_equal(marks.x, np.arange(20))
    for words in ("SGD on 20 of 41 points", "at the learning rate of each step", "for Adam, of P⁻¹H"):
        assert words in note(panel)
    adam = runs.runs(settings, runs.whole)[1]
    (curve,) = (line for line in only(panel, Line) if line.racer == "racer-1" and line.dash != "dot")
    np.testing.assert_array_equal(curve.y, sharpnesses(adam))
    # the picture has the curve of limits too
    drawing = Drawing(race.scene(Race(settings)), Look(width=900, height=600, part="sharpness"))
    collections = [one for one in drawing.figure.axes[0].collections if isinstance(one, LineCollection)]
    paths = [np.asarray(path) for collection in collections for path in collection.get_segments()]
    assert any(len(path) == 41 and np.allclose(path[:, 1], 2 / rates) for path in paths)


def test_limits_that_go_to_infinity_do_not_extend_the_axis() -> None:
    """With a cosine schedule that ends at zero, the limits go to infinity, and the axis still shows the sharpness."""
    settings = racers.choose_schedule(_shown("sharpness", settings=racers.set_steps(FIRST, 200)), "cosine")
    assert race.scene(Race(settings)).slots[0].axes[0].y.high < 1e5


def test_a_note_mentions_limits_only_if_there_are_any() -> None:
    settings = changes.add_racer(_shown("sharpness", settings=dataclasses.replace(FIRST, racers=())), "lion")
    assert "dotted" not in note(race.scene(Race(settings)).slots[0])


def test_a_run_that_leaves_does_not_extend_the_axis() -> None:
    settings = racers.set_racer(_shown("gradient"), "racer-0", "learning_rate", 0.5)
    high = race.scene(Race(settings)).slots[0].axes[0].y.high
    assert high == pytest.approx(race.scene(Race(_shown("gradient"))).slots[0].axes[0].y.high, rel=0.5)


def test_views_are_in_the_link_and_unknown_ones_are_dropped() -> None:
    settings = _shown("sharpness", "distance")
    assert link.query(settings)["views"] == ["sharpness,distance"]
    assert link.parse(link.query(settings)) == (settings, [])
    assert "views" not in link.query(FIRST)
    found, notices = link.parse({"views": ["distance,slope,distance,rates,gradient"]})
    assert found.views == ("distance", "rates")
    assert [notice.partition("link: ")[2] for notice in notices] == [
        "Unknown view 'slope'. Choose from distance, gradient, rates, sharpness, sensitivity, budgets.",
        "Distance to minimum is already shown.",
        "There is room for 2 views beside the losses.",
    ]


def test_a_view_is_added_changed_and_removed() -> None:
    one = changes.set_view(FIRST, 0, "rates")
    two = changes.set_view(one, 1, "distance")
    assert changes.set_view(two, 0, "gradient").views == ("gradient", "distance")
    assert changes.set_view(two, 0, "").views == ("distance",)
    with pytest.raises(Refused, match="Unknown view"):
        changes.set_view(FIRST, 0, "losses")


def test_events_of_views_are_read() -> None:
    scene = race.scene(Race(_shown("rates")))
    assert read({"kind": "view", "slot": 0, "name": "distance"}, scene) == Event("view", name="distance", slot=0)
    assert read({"kind": "view", "slot": 0, "name": ""}, scene) == Event("view", name="", slot=0)
    assert read({"kind": "view", "slot": 1, "name": "distance"}, scene) == Event("view", name="distance", slot=1)
    for bad in ({"slot": 1, "name": "rates"}, {"slot": 1, "name": ""}, {"slot": 2, "name": "distance"}, {"slot": -1}):
        assert read({"kind": "view", **bad}, scene) is None
    assert read({"kind": "option", "slot": 1, "name": "distance"}, scene) is None
    assert len(pack(scene)) > len(pack(race.scene(Race(FIRST))))


def test_a_view_without_visible_racers_shows_a_message() -> None:
    scene = race.scene(Race(_shown("rates", settings=dataclasses.replace(FIRST, racers=()))))
    assert scene.panels[2].message == "No optimizers to show: add one, or show one that is hidden."


def test_views_are_exported_together_and_alone() -> None:
    scene = race.scene(Race(_shown("distance", "sharpness")))
    whole = Drawing(scene, Look(width=900, height=600))
    assert len([axes for axes in whole.figure.axes if axes.get_xlabel() == "step"]) == 3
    alone = Drawing(scene, Look(width=900, height=600, part="sharpness"))
    assert len(alone.figure.axes) == 1
    assert list(Drawing.parts(scene)) == ["all", "map", "loss", "distance", "sharpness"]


def test_a_view_that_needs_too_much_memory_is_not_computed() -> None:
    wide = changes.set_parameter(changes.choose_surface(FIRST, "ravine_nd"), "surface", "dimension", 1000)
    settings = _shown("rates", "distance", settings=racers.set_steps(wide, 300))
    rates, distance = race.scene(Race(settings)).slots
    assert "Choose fewer" in rates.message and not rates.axes
    assert not distance.message and only(distance, Line)


def test_the_view_in_contributing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONTRIBUTING's example: its panel is in the scene, in the envelope and in the picture."""
    guide = (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text("utf-8")
    example = re.search(r"```python\n(def _largest.*?)```", guide, re.DOTALL)
    assert example
    names = dict(vars(views))
    exec(example[1], names)
    monkeypatch.setattr(race, "VIEWS", {**VIEWS, "largest": views.View("Largest coordinate", names["_largest"])})
    scene = race.scene(Race(_shown("largest")))
    for line, run in zip(curves(scene.panels[2]), runs.runs(FIRST), strict=True):
        np.testing.assert_array_equal(line.y, np.abs(run.positions).max(axis=1))
    assert b"Largest coordinate" in pack(scene)
    drawing = Drawing(scene, Look(width=900, height=600))
    assert "Largest coordinate" in {text.get_text() for text in drawing.figure.texts} and len(drawing.figure.axes) >= 3
