"""Sliders and the start while they are dragged: the runs are shown before the release, and stay after it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.common.digits import parsed
from app.common.racers import set_racer
from app.common.stops import stops
from app.race import changes, link, runs
from optimizers import RULES
from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

SWEPT = "/live/sweep"


def grab(race: Race, racer: str, name: str) -> Callable[[float], None]:
    """Press a slider once its sweep has arrived, and return a function that moves it to a share of the range."""
    box = race.at(f"slider-{racer}-{name}").bounding_box()
    race.page.mouse.move(*race._knob(racer, name))
    asked = race.page.expect_response(lambda r: SWEPT in r.url and f"live.racer={racer}" in r.url, timeout=60_000)
    with asked as answer:
        race.page.mouse.down()
    answer.value.finished()
    race.page.wait_for_timeout(100)  # until the page has processed it

    def to(share: float) -> None:
        race.page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2, steps=4)

    return to


def test_a_dragged_slider_shows_computed_runs_before_it_is_released(fresh: Visit) -> None:
    race = fresh("v=1&views=distance")
    race.page.mouse.move(640, 5)
    before, address = race.trails(), race.page.url
    others = [race.card("racer-0"), race.card("racer-1")]
    with race.page.expect_response(lambda r: SWEPT in r.url, timeout=60_000) as answer:
        race.page.mouse.move(*race._knob("racer-2", "learning_rate"))  # requested before the press
    assert answer.value.finished() is None
    race.page.wait_for_timeout(100)
    race.page.mouse.down()
    box = race.at("slider-racer-2-learning_rate").bounding_box()
    seen = set()
    for share in (0.6, 0.45, 0.3, 0.9):
        race.page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2, steps=3)
        value = parsed(race.card("racer-2")[2])
        values = stops(RULES["adam"].parameters()["learning_rate"])
        assert np.isclose(values, value, rtol=1e-3).any(), "a value that was not computed"
        run = runs.runs(set_racer(changes.first(), "racer-2", "learning_rate", value))[2]
        race.until(
            "(said) => document.querySelector('[data-testid=status-racer-2]').innerText === said", str(run.status)
        )
        drawn = race.path(2)
        np.testing.assert_allclose(drawn[300], run.positions[300], rtol=1e-5, atol=1e-6)
        seen.add(race.trails().tobytes())
    assert len(seen) == 4 and before.tobytes() not in seen
    assert race.page.url == address  # the script of the page has not run yet
    assert race.root.get_attribute("data-stale") == "true"
    race.page.mouse.up()
    race.wait_query("racer", f"adam:learning_rate={value:g}")
    race.until("() => document.querySelector('[data-testid=player]').dataset.stale === 'false'")
    race.leave()
    np.testing.assert_allclose(race.path(2), drawn, rtol=1e-6, atol=1e-12)  # what was shown last
    assert [race.card("racer-0"), race.card("racer-1")] == others
    assert race.card("racer-2")[1] == str(run.status)


@pytest.mark.long
def test_an_arrow_key_shows_a_computed_run_at_once(fresh: Visit) -> None:
    race = fresh("v=1&racer=adam&racer=sgd")
    before = race.table()["SGD"]
    with race.page.expect_response(lambda r: SWEPT in r.url and "live.racer=racer-0" in r.url) as answer:
        race.at("slider-racer-0-learning_rate").focus()
    assert answer.value.finished() is None
    race.page.wait_for_timeout(100)
    race.page.evaluate(
        """() => document.addEventListener('keyup', () => {
             const { panels, cards } = window.optiscope.scenes()[0];
             const { x, y } = panels[0].marks.find((mark) => mark.follows === 'path' && mark.racer === cards[0].id);
             const ends = [x.at(-1), y.at(-1)];
             window.seen = { ends, status: cards[0].status, asked: location.search };
           })"""
    )
    race.page.keyboard.press("ArrowRight")
    race.until("() => /adam(:|%3A)/.test(location.search)")
    address = race.settle().query()
    race.page.keyboard.press("ArrowRight")  # from the sweep that came before the first
    seen = race.page.evaluate("window.seen")
    race.until("(old) => location.search !== old", seen["asked"])
    race.settle()
    value = parsed(race.card("racer-0")[2])
    run = runs.runs(link.parse(race.query())[0])[0]
    assert race.query() != address and seen["asked"] != race.page.evaluate("location.search")  # the page followed later
    np.testing.assert_allclose(seen["ends"], run.positions[-1], rtol=1e-5, atol=1e-6)
    assert seen["status"] == str(run.status) == race.card("racer-0")[1]
    assert np.isclose(stops(RULES["adam"].parameters()["learning_rate"]), value, rtol=1e-3).any()
    assert race.table()["SGD"] == before


@pytest.mark.long
def test_a_slider_released_at_its_old_value_changes_nothing(fresh: Visit) -> None:
    race = fresh("v=1&racer=sgd:learning_rate=0.01&racer=adam")
    race.page.mouse.move(640, 5)
    before, card = race.trails(), race.card("racer-0")
    to = grab(race, "racer-0", "learning_rate")
    start = (
        race._knob("racer-0", "learning_rate")[0] - race.at("slider-racer-0-learning_rate").bounding_box()["x"] - 7
    ) / (race.at("slider-racer-0-learning_rate").bounding_box()["width"] - 14)
    to(0.8)
    assert race.card("racer-0")[2] != "0.01"
    to(start)
    race.until("() => document.querySelector('[data-testid=value-racer-0-learning_rate]').value === '0.01'")
    race.page.mouse.up()
    race.leave()
    assert race.root.get_attribute("data-stale") == "false"
    assert race.card("racer-0") == card
    np.testing.assert_array_equal(race.trails(), before)


@pytest.mark.long
def test_the_card_says_when_steps_are_left_out(fresh: Visit) -> None:
    race = fresh("v=1&steps=4000&racer=sgd")
    to = grab(race, "racer-0", "learning_rate")
    to(0.3)
    race.said("While you drag, only every second step is drawn.")
    race.page.mouse.up()
    race.until("() => !document.querySelector('[data-testid=remark-racer-0]').checkVisibility()")
    race.settle()


@pytest.mark.long
def test_all_racers_follow_the_dragged_start(fresh: Visit) -> None:
    race = fresh()
    race.page.mouse.move(640, 5)
    before, address = race.trails(), race.page.url
    box = race.at("start-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert np.allclose(race.point(x, y), changes.first().built_start(), atol=0.02)
    race.page.mouse.move(x, y)
    race.page.mouse.down()
    with race.page.expect_response(lambda r: "/live/start" in r.url, timeout=60_000):
        race.page.mouse.move(x + 150, y - 60, steps=6)
    race.redrawn(before)
    assert race.page.url == address
    race.page.mouse.up()
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()
    place = [float(v) for v in race.query()["start"][0].split(",")]
    np.testing.assert_allclose(place, race.point(x + 150, y - 60), atol=0.02)
    settings, _ = link.parse(race.query())
    for k, run in enumerate(runs.runs(settings)):
        np.testing.assert_allclose(race.path(k)[[0, 300]], run.positions[[0, 300]], rtol=1e-5, atol=1e-6)


@pytest.mark.long
def test_a_click_on_the_start_with_a_small_movement_does_not_move_it(fresh: Visit) -> None:
    race = fresh()
    address = race.page.url
    box = race.at("start-handle").bounding_box()
    race.page.mouse.move(box["x"] + 13, box["y"] + 13)
    race.page.mouse.down()
    race.page.mouse.move(box["x"] + 14, box["y"] + 14)
    race.page.mouse.up()
    race.leave()
    assert race.page.url == address


PRESSES = 30


@pytest.mark.long
def test_no_press_of_an_arrow_key_is_lost(fresh: Visit) -> None:
    """At the pace of a key that is held, of which the page's script answers only some."""
    race = fresh("v=1&racer=sgd:learning_rate=0.0001&racer=adam")
    slider = race.at("slider-racer-0-learning_rate")
    slider.focus()
    first = int(slider.input_value())
    for k in range(PRESSES):
        race.page.keyboard.press("ArrowRight")
        assert int(slider.input_value()) == first + k + 1
        race.page.wait_for_timeout(33)
    value = stops(RULES["sgd"].parameters()["learning_rate"])[first + PRESSES]
    assert parsed(race.card("racer-0")[2]) == value
    race.wait_query("racer", f"sgd:learning_rate={value:g}")
    assert int(slider.input_value()) == first + PRESSES
    run = runs.runs(link.parse(race.query())[0])[0]
    assert race.card("racer-0")[1] == str(run.status) == race.table()["SGD"][0]
    np.testing.assert_allclose(race.path(0)[-1], run.positions[-1], rtol=1e-5, atol=1e-6)


@pytest.mark.long
def test_a_typed_value_counts_when_the_map_is_clicked(fresh: Visit) -> None:
    race = fresh()
    field = race.at("value-racer-1-momentum")
    field.click()
    field.fill("0.55")
    race.page.mouse.click(*race.pixel(1, 1))
    race.wait_query("racer", "momentum=0.55")
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()
    np.testing.assert_allclose([float(v) for v in race.query()["start"][0].split(",")], (1, 1), atol=0.02)
    assert field.input_value() == "0.55"


@pytest.mark.long
def test_a_click_that_closes_a_list_moves_no_start(fresh: Visit) -> None:
    race = fresh()
    address = race.page.url
    race.page.locator(".st-key-toolbar").get_by_role("combobox").click()
    race.page.get_by_role("listbox").wait_for()
    race.page.mouse.click(*race.pixel(2, -1))
    race.page.get_by_role("listbox").wait_for(state="detached")
    race.page.wait_for_timeout(1000)  # in which a start would have been sent
    race.settle()
    assert race.page.url == address
    race.page.mouse.click(*race.pixel(2, -1))
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()


@pytest.mark.long
def test_a_double_click_resets_the_zoom_and_nothing_else(fresh: Visit) -> None:
    race = fresh()
    address, home, before = race.page.url, race.frame(), race.leave().trails()
    race.at("zoom-in").click()
    race.until(
        "(width) => { const [a, b] = document.querySelector('[data-testid=map]')._fullLayout.xaxis.range;"
        " return b - a < width; }",
        0.9 * (home["x"][1] - home["x"][0]),
    )
    race.settle()
    race.page.mouse.dblclick(*race.pixel(0.5, 0.5))
    race.until(
        "(width) => { const [a, b] = document.querySelector('[data-testid=map]')._fullLayout.xaxis.range;"
        " return b - a > width; }",
        0.9 * (home["x"][1] - home["x"][0]),
    )
    race.page.wait_for_timeout(1000)  # in which a start would have been sent
    race.leave()
    assert race.frame() == home and race.page.url == address
    np.testing.assert_array_equal(race.trails(), before)
    assert race.root.get_attribute("data-stale") == "false"
