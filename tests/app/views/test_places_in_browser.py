"""What keeps its place on the pages, and what lies above what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.app.driving import Race, near, picture
from tests.app.views.test_dragging_in_browser import grab

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

LABEL = """() => {
    const label = document.querySelector('.loss .hoverlayer .hovertext path');
    const { x, y, width, height } = label?.getBoundingClientRect() ?? {};
    return width > 20 && { x, y, width, height };
}"""


def _box(race: Race, selector: str) -> dict[str, Any]:
    return dict(race.page.locator(selector).first.bounding_box())


@pytest.mark.long
def test_a_label_under_the_pointer_covers_the_curves(fresh: Visit) -> None:
    """Two curves of constant loss lie one above the other, behind the label of either."""
    race = fresh("v=1&racer=sgd:learning_rate=0.001")
    plot = _box(race, ".loss .nsewdrag")
    color = "#d55e00"
    for share in np.linspace(0.05, 0.95, 19):  # along the curve, until the pointer is on it
        race.page.mouse.move(plot["x"] + 0.4 * plot["width"], plot["y"] + share * plot["height"])
        race.page.wait_for_timeout(60)
        if box := race.page.evaluate(LABEL):
            break
    assert box
    clip = {"x": box["x"] + 3, "y": box["y"] + 3, "width": box["width"] - 6, "height": box["height"] - 6}
    labelled = near(picture(race.page.screenshot(clip=clip)), color).sum()
    race.page.mouse.move(640, 5)
    race.until("() => !document.querySelector('.loss .hoverlayer .hovertext')")
    assert near(picture(race.page.screenshot(clip=clip)), color).sum() > 20 > labelled


@pytest.mark.long
def test_while_a_slider_is_dragged_only_the_new_curve_is_pale(fresh: Visit) -> None:
    race = fresh("v=1&racer=momentum&racer=sgd")
    race.at("to-start").click()
    race.settle()
    move = grab(race, "racer-0", "momentum")
    before = race.canvas(".loss canvas.pale")
    move(0.15)
    race.until("() => document.querySelector('[data-testid=player]').dataset.stale === 'true'")
    shown = race.canvas(".loss canvas.pale")
    assert (before != shown).any()
    race.page.mouse.up()
    race.until("() => document.querySelector('[data-testid=player]').dataset.stale === 'false'")
    race.settle()


@pytest.mark.parametrize("page", ["", "network"])
def test_the_word_changed_moves_nothing(fresh: Visit, page: str) -> None:
    race = fresh("", page=page, reduced=True)
    if not page:
        race.at("preset-zigzag").click()
        race.settle()
    before = race.root.bounding_box()["y"], _box(race, ".map, .slot")["y"]
    field = race.at("cards").locator("input.value").first
    field.click()
    field.fill("0.0123")
    field.press("Enter")
    race.said("Changed:")
    race.settle()
    assert (race.root.bounding_box()["y"], _box(race, ".map, .slot")["y"]) == before


@pytest.mark.long
def test_steps_have_a_separator_of_thousands(fresh: Visit) -> None:
    race = fresh("v=1&steps=1500&racer=sgd")
    race.at("to-end").click()
    assert race.at("step").inner_text() == "step 1,500 / 1,500"
