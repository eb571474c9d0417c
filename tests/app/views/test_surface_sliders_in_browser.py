"""The sliders of the surface: the map and all runs follow while one is dragged, and the page when it is released."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.common.digits import parsed
from app.race import changes, link, runs
from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

GROUND = """() => document.querySelector('.map canvas.ground').toDataURL()"""
FOLLOWS = """(old) => document.querySelector('.map canvas.ground').toDataURL() !== old"""
RETURNS = """(old) => document.querySelector('.map canvas.ground').toDataURL() === old"""


def grab(race: Race, name: str) -> tuple[float, float]:
    """Press a slider's knob; returns where it is."""
    x, y = race._knob("scene", name)
    race.page.mouse.move(x, y)
    race.page.mouse.down()
    return x, y


def test_map_and_runs_follow_a_dragged_slider(fresh: Visit) -> None:
    race = fresh()
    address, ground, table = race.page.url, race.page.evaluate(GROUND), race.table()
    x, y = grab(race, "condition_number")
    race.page.mouse.move(x + 20, y, steps=3)
    race.until(FOLLOWS, ground)
    value = parsed(race.at("value-scene-condition_number").input_value())
    assert value > 30
    followed = changes.slide(changes.first(), "condition_number", value)
    for k, run in enumerate(runs.runs(followed)):
        race.until(
            "([k, said]) => document.querySelector(`[data-testid=status-racer-${k}]`).innerText === said",
            [k, str(run.status)],
        )
        drawn = race.path(k)  # up to where the run leaves the map
        assert len(drawn) > 2
        np.testing.assert_allclose(drawn[:-1], run.positions[: len(drawn) - 1], rtol=1e-5, atol=1e-5)
    assert race.page.url == address and race.table() == table  # the page's script has not run
    assert race.root.get_attribute("data-stale") == "true"
    race.page.mouse.up()
    race.wait_query("surface.condition_number", f"{value:g}")
    assert link.parse(race.query())[0] == followed
    assert race.root.get_attribute("data-stale") == "false" and race.table() != table


@pytest.mark.long
def test_a_slider_released_where_it_was_changes_nothing(fresh: Visit) -> None:
    race = fresh()
    before, ground, statuses = race.trails(), race.page.evaluate(GROUND), race.statuses()
    x, y = grab(race, "rotation")
    race.page.mouse.move(x + 30, y, steps=3)
    race.until(FOLLOWS, ground)
    race.page.mouse.move(x, y, steps=3)
    race.page.mouse.up()
    race.until(RETURNS, ground)
    race.leave()
    np.testing.assert_array_equal(race.trails(), before)
    assert race.statuses() == statuses and race.root.get_attribute("data-stale") == "false"
    assert race.query() == link.query(changes.first())


@pytest.mark.long
def test_the_race_beside_has_sliders_of_its_own(fresh: Visit) -> None:
    race = fresh("b.surface=himmelblau&b.rotation=0")
    assert race.at("slider-scene-b-rotation").is_visible() and race.at("slider-scene-b-condition_number").count() == 0
    race.at("slider-scene-b-rotation").focus()
    for _ in range(3):
        race.page.keyboard.press("ArrowRight")
    race.wait_query("b.rotation", "6")
    assert race.query()["rotation"] == ["18"]


@pytest.mark.long
def test_a_long_race_follows_on_release(fresh: Visit) -> None:
    race = fresh("v=1&steps=20000&racer=sgd&racer=adam&racer=momentum")
    asked: list[str] = []
    race.page.on("request", lambda request: asked.append(request.url) if "/live/scene" in request.url else None)
    x, y = grab(race, "rotation")
    race.page.mouse.move(x + 30, y, steps=3)
    race.page.mouse.up()
    race.until("() => !new URL(location.href).searchParams.getAll('rotation').includes('18')")
    race.settle()
    assert asked == []


@pytest.mark.long
def test_a_slider_that_the_picture_cannot_follow_says_so_while_it_moves(fresh: Visit) -> None:
    """A program is compiled for each number of dimensions, which takes longer than a frame."""
    race = fresh("surface=ravine_nd")
    later = race.at("later-scene-dimension")
    assert later.is_hidden()
    x, y = grab(race, "dimension")
    race.page.mouse.move(x + 20, y, steps=3)
    assert later.inner_text() == "The picture follows when you let go."
    race.page.mouse.up()
    race.until("() => new URL(location.href).searchParams.get('surface.dimension') !== '20'")
    race.settle()
    assert later.is_hidden()
    x, y = grab(race, "rotation")
    race.page.mouse.move(x + 20, y, steps=3)
    assert race.at("later-scene-rotation").is_hidden()
    race.page.mouse.up()
    race.settle()
