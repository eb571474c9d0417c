"""The first screen, and the presets: what plays by itself, and what stays while a race is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.race import link, presets
from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

PRESSED = """() => [...document.querySelectorAll('[data-testid=presets] button')]
    .filter((one) => one.getAttribute('aria-pressed') === 'true').map((one) => one.dataset.testid)"""
COUNTED = """
    window.plays = 0;
    new MutationObserver((changes) => {
      for (const { target } of changes) if (target.dataset.playing === 'true') window.plays += 1;
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-playing'] });
"""
"""Counts how often a clock begins to play."""
SHOWN = "(key) => window.optiscope?.scenes()[0]?.guide.shown === key"


def _preset(race: Race, key: str) -> None:
    """Wait until a preset is shown."""
    race.until(SHOWN, key)


@pytest.fixture
def opened(profile: Any, server: Any) -> Any:
    """Open an address without waiting until all is at rest."""
    tabs = []

    def open_(query: str = "", reduced: bool = False) -> Race:
        tab = profile.new_page()
        tab.set_viewport_size({"width": 1280, "height": 800})
        tab.emulate_media(color_scheme="light", reduced_motion="reduce" if reduced else "no-preference")
        tab.add_init_script(COUNTED)
        tabs.append(Race(tab, server.url))
        tab.goto(server.url + query)
        return tabs[-1]

    yield open_
    for race in tabs:
        complaints = race.complaints()
        race.close()
        assert complaints == []


def test_a_first_visit_plays_the_zigzag_once_from_its_start(opened: Any) -> None:
    race = opened()
    race.until("() => document.querySelector('[data-testid=player]')?.dataset.playing === 'true'")
    assert race.step() < 100
    assert race.at("purpose").inner_text() == "Watch optimizers race down loss surfaces."
    preset = presets.PRESETS[link.OPENING]
    assert race.at("preset-name").inner_text() == preset.name
    assert race.at("preset-about").inner_text() == preset.about
    assert race.page.evaluate(PRESSED) == [f"preset-{link.OPENING}"]
    assert race.at("presets").get_by_role("button").count() == len(presets.PRESETS)
    race.at("speed").select_option("4")
    race.settle()
    assert race.step() == 150 and not race.playing()
    # it plays once: neither a changed value nor another look at the page begins it anew
    race.type_value("racer-0", "learning_rate", "0.018")
    race.wait_query("racer", "0.018")
    assert race.step() == 150
    race.page.get_by_role("link", name="Network").click()
    race.page.locator("[data-kind=board]").wait_for()
    race.page.get_by_role("link", name="Race").click()
    race.page.locator("[data-kind=race]").wait_for()
    race.settle()
    assert race.step() == 150 and race.page.evaluate("plays") == 1


@pytest.mark.long
def test_where_little_motion_is_wanted_the_first_race_is_shown_whole(opened: Any) -> None:
    race = opened(reduced=True).settle()
    assert race.step() == 150 and race.page.evaluate("plays") == 0
    assert race.at("preset-name").inner_text() == presets.PRESETS[link.OPENING].name


@pytest.mark.long
def test_the_presets_are_stepped_through_and_their_sentence_survives_changes(fresh: Visit) -> None:
    race = fresh("surface=himmelblau&racer=sgd:learning_rate=0.01", reduced=True)
    assert race.page.evaluate(PRESSED) == [] and race.at("preset-name").is_hidden()
    keys = list(presets.PRESETS)
    race.at("preset-next").click()
    _preset(race, keys[0])
    race.at("preset-next").click()
    _preset(race, keys[1])
    race.at("preset-previous").click()
    _preset(race, keys[0])
    race.at("preset-previous").click()
    _preset(race, keys[-1])
    race.at(f"preset-{keys[0]}").click()
    _preset(race, keys[0])
    race.settle()
    about = presets.PRESETS[keys[0]].about
    assert race.page.evaluate(PRESSED) == [f"preset-{keys[0]}"] and race.at("preset-reset").is_hidden()
    # the list of surfaces follows
    assert race.page.locator(".st-key-toolbar").get_by_role("combobox").input_value().startswith("Ravine")
    for change in (
        lambda: race.type_value("racer-0", "learning_rate", "0.01"),
        lambda: race.at("remove-racer-1").click(),
    ):
        change()
        race.until("() => window.optiscope.scenes()[0].guide.changes")
        race.settle()
        assert race.at("preset-about").inner_text() == about
    changed = "Changed: SGD: η 0.019 → 0.01; Momentum removed."
    race.until("(words) => window.optiscope.scenes()[0].guide.changes === words", changed)
    race.page.reload()
    race.settle()
    assert race.at("preset-about").inner_text() == about and race.at("preset-changes").inner_text() == changed
    race.at("preset-reset").click()
    race.until("() => !window.optiscope.scenes()[0].guide.changes")
    race.settle()
    assert link.parse(race.query()) == (presets.preset(keys[0]), [])
    race.pick("Rosenbrock")
    _preset(race, "")
    race.settle()
    assert race.at("preset-name").is_hidden() and race.page.evaluate(PRESSED) == []
