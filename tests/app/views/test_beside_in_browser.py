"""The second race in a browser: two maps and two charts on one clock, linked or not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.race import changes, link, runs
from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]


def _ends(race: Race, beside: bool) -> np.ndarray:
    """Where the runs of one of the two races end on the map, (racers, 2)."""
    return np.array([race.path(k, beside)[-1] for k in range(3)])


@pytest.mark.long
def test_the_second_race_is_shown_and_hidden_and_kept_in_the_link(fresh: Visit) -> None:
    race = fresh()
    wide = race.at("map").bounding_box()["width"]
    race.at("beside").click()
    race.at("map-beside").wait_for()
    race.wait_query("b.surface", "quadratic_ravine")
    race.settle()
    first, second = race.at("map").bounding_box(), race.at("map-beside").bounding_box()
    assert first["width"] < 0.55 * wide and abs(first["width"] - second["width"]) < 2
    assert first["y"] == second["y"] and first["x"] + first["width"] <= second["x"]
    settings, notices = link.parse(race.query())
    assert notices == [] and settings == changes.set_beside(changes.first(), True)
    other = settings.second()
    assert other is not None
    for beside, one in ((False, settings), (True, other)):
        shown = _ends(race, beside)
        wanted = [run.positions[run.last] for run in runs.runs(one)]
        np.testing.assert_allclose(shown, wanted, rtol=1e-5, atol=1e-6)
    assert race.statuses()[0].startswith("A converged @") and "\nB converged @" in race.statuses()[0]
    assert next(iter(race.table())) == "A · SGD" and len(race.table()) == 6
    again = fresh(race.page.url.partition("?")[2])
    assert again.statuses() == race.statuses() and again.at("map-beside").is_visible()
    race.at("beside").click()
    race.until("() => !document.querySelector('[data-testid=map-beside]')")
    race.settle()
    assert race.at("map").bounding_box()["width"] == wide and "b.surface" not in race.query()


@pytest.mark.long
def test_both_races_share_one_clock(fresh: Visit) -> None:
    race = fresh("b.surface=himmelblau")
    race.page.keyboard.press("Home")
    race.settle()
    before = [race.canvas(f".{where} canvas.heads") for where in ("big .map", "grounds > .map")]
    for _ in range(20):
        race.page.keyboard.press("ArrowRight")
    race.settle()
    after = [race.canvas(f".{where} canvas.heads") for where in ("big .map", "grounds > .map")]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.long
def test_values_are_unlinked_and_linked(fresh: Visit) -> None:
    race = fresh("b.surface=himmelblau")
    race.type_value("racer-0", "learning_rate", "0.003")  # linked: in both
    race.wait_query("racer", "sgd:learning_rate=0.003")
    assert "b.racer" not in race.query()
    race.at("linked").uncheck()
    race.wait_query("b.racer", "sgd:learning_rate=0.003")
    race.at("cards-of-B").click()
    race.type_value("racer-0", "learning_rate", "0.001")
    race.wait_query("b.racer", "sgd:learning_rate=0.001")
    assert race.query()["racer"][0] == "sgd:learning_rate=0.003"
    race.at("cards-of-A").click()
    assert race.card("racer-0")[2] == "0.003"
    race.at("linked").check()
    race.until("() => !new URL(location.href).searchParams.has('b.racer')")
    race.settle()


@pytest.mark.long
def test_a_dragged_slider_changes_both_races(fresh: Visit) -> None:
    race = fresh("b.surface=quadratic_ravine&b.rotation=45")
    old = [_ends(race, beside) for beside in (False, True)]
    address = race.page.url
    asked: list[str] = []
    race.page.on("requestfinished", lambda r: asked.append(r.url) if "/live/sweep" in r.url else None)
    race.page.mouse.move(*race._knob("racer-2", "learning_rate"))
    while len(asked) < 2:
        race.page.wait_for_timeout(100)
    race.page.wait_for_timeout(200)
    race.page.mouse.down()
    box = race.at("slider-racer-2-learning_rate").bounding_box()
    race.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2, steps=4)
    new = [_ends(race, beside) for beside in (False, True)]
    assert race.page.url == address
    for before, after in zip(old, new, strict=True):
        assert (before[:2] == after[:2]).all() and (before[2] != after[2]).any()
    race.page.mouse.up()
    race.until("() => document.querySelector('[data-testid=player]').dataset.stale === 'false'")
    race.settle()


@pytest.mark.long
def test_the_second_race_has_its_own_start(fresh: Visit) -> None:
    race = fresh("b.surface=himmelblau")
    box = race.at("map-beside").bounding_box()
    race.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.7 * box["height"])
    race.until("() => new URL(location.href).searchParams.has('b.start')")
    race.settle()
    assert "start" not in race.query()
