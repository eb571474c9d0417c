"""Windows of all widths: nothing overlaps, nothing is cut off at the side, and the start is in view."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

PLACES = """(selectors) => selectors.map((one) => {
    const { left, top, right, bottom } = document.querySelector(`.optiscope-player ${one}`).getBoundingClientRect();
    return { left, top, right, bottom };
})"""
WIDTHS = "[document.documentElement, document.querySelector('.stMain')].map((one) => one.scrollWidth)"
OUTSIDE = """(width) => [...document.querySelectorAll('.stMain :is(button, input, select, h1, h2, h3, p, canvas)')]
    .filter((one) => one.checkVisibility() && !one.closest('.presets, .results-box, .unseen'))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, { left, right }]) => left < right && (left < -1 || right > width + 1))
    .map(([one, { left, right }]) => `${one.tagName}.${one.className} ${left} ${right}`)"""


def _within(race: Race, width: int) -> None:
    """Nothing of the page is wider than the window."""
    assert race.page.evaluate(WIDTHS) == [width, width]
    assert race.page.evaluate(OUTSIDE, width) == []


def _start_in_view(race: Race, testid: str = "map") -> None:
    handle = race.page.locator(f".map:has([data-testid={testid}]) [data-testid=start-handle]").bounding_box()
    plot = race.at(testid).bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    assert plot["x"] < x < plot["x"] + plot["width"] and plot["y"] < y < plot["y"] + plot["height"]


@pytest.mark.parametrize("width", [360, pytest.param(390, marks=pytest.mark.long), 768])
def test_a_narrow_race_has_the_map_first_then_transport_cards_and_losses(fresh: Visit, width: int) -> None:
    race = fresh("preset=zigzag", width=width, height=780, reduced=True)
    order = [".strip", ".map", ".transport", ".lesson", ".cards", ".adder", ".loss"]
    places = race.page.evaluate(PLACES, order)
    for above, below in itertools.pairwise(places):
        assert above["bottom"] <= below["top"] + 1, order
    for place in places:
        assert place["left"] >= 0 and place["right"] <= width
    assert places[1]["bottom"] < 780  # the whole map is on the first screen
    _start_in_view(race)
    _within(race, width)


@pytest.mark.parametrize("width", [905, pytest.param(1024, marks=pytest.mark.long)])
def test_the_map_never_overlaps_the_cards(fresh: Visit, width: int) -> None:
    race = fresh("preset=zigzag", width=width, height=700, reduced=True)
    stage, transport, plot, side, buttons = race.page.evaluate(
        PLACES, [".stage", ".transport", ".map .plot", ".side", ".takeaway"]
    )
    for left in (stage, transport, plot):
        assert left["right"] <= side["left"]
    assert buttons["right"] <= width and buttons["left"] >= side["left"] - 1
    _start_in_view(race)
    _within(race, width)


@pytest.mark.long
@pytest.mark.parametrize("width", [360, 905])
def test_two_races_stand_below_each_other_where_there_is_no_room_beside(fresh: Visit, width: int) -> None:
    race = fresh("surface=himmelblau&b.surface=rosenbrock&views=distance", width=width, height=740)
    first, second, transport, cards = race.page.evaluate(
        PLACES, [".grounds > .big", ".grounds > .map", ".transport", ".cards"]
    )
    if width < 900:
        assert first["bottom"] <= second["top"] and second["bottom"] <= transport["top"] <= cards["top"]
    else:
        assert first["right"] <= second["left"] and second["right"] <= cards["left"]
    _start_in_view(race)
    _start_in_view(race, "map-beside")
    _within(race, width)


@pytest.mark.long
@pytest.mark.parametrize("surface", ["rosenbrock", "narrow_trap", "linear_regression", "quadratic_ravine"])
@pytest.mark.parametrize(
    "size", [(360, 640), (640, 360), (900, 1400), (1920, 500)], ids=lambda size: "x".join(map(str, size))
)
def test_the_start_is_in_view_whatever_the_shape_of_the_window(
    fresh: Visit, surface: str, size: tuple[int, int]
) -> None:
    race = fresh(f"surface={surface}", width=size[0], height=size[1])
    _start_in_view(race)


@pytest.mark.parametrize("width", [360, pytest.param(768, marks=pytest.mark.long)])
def test_a_narrow_network_page_has_one_column(fresh: Visit, width: int) -> None:
    race = fresh(page="network", width=width, height=780)
    tiles = race.pixels("[data-testid=panel-0]").astype(int)
    filled = (np.abs(tiles - tiles[0, 0]).max(axis=-1) > 12).mean(axis=1) > 0.3
    assert np.flatnonzero(filled).max() > len(tiles) - 40  # no blank space below the boundaries
    assert filled.sum() > 0.7 * len(tiles)
    order = [".board > .slot", ".transport", ".cards", ".pair > :first-child", ".pair > :nth-child(2)"]
    places = race.page.evaluate(PLACES, order)
    table = race.page.locator(".results").first.bounding_box()
    assert table is not None and places[-1]["bottom"] <= table["y"] + 1
    for above, below in itertools.pairwise(places):
        assert above["bottom"] <= below["top"] + 1, order
    _within(race, width)


def test_the_sentence_of_a_narrow_study_stands_above_its_panels(fresh: Visit) -> None:
    race = fresh("study=dimension_saddles&study.largest=3&study.samples=1000", page="studies", width=390, height=780)
    race.until("() => window.optiscope.scenes()[0].panels.length > 1")
    race.settle()
    lesson, panel = race.page.evaluate(PLACES, [".lesson", ".slot"])
    assert 0 < lesson["bottom"] <= panel["top"] + 1
    _within(race, 390)
