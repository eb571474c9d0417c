"""The modes for a class: presenting, and predicting the ends of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from app.figures.theme import PALETTE
from app.network.presets import PRESETS
from app.race import presets, runs
from app.race.link import parse
from tests.app.driving import Race, near

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

FOLDED = (
    *(".st-key-toolbar", "[data-testid=results]", ".actions", "[data-testid=add-racer]", ".zoom", ".scale", ".strip"),
    *("[data-testid=export]", "[data-testid=copy-link]", "[data-testid=present]", "[data-testid=step-back]"),
    *("[data-testid=to-end]", "[data-testid=loop]", "select.view.more"),
)
KEPT = (
    *("[data-testid=map]", "[data-testid=loss]", "[data-testid=play]", "[data-testid=scrub]", "[data-testid=step]"),
    *(".sliders", "[data-testid=speed]", "[data-testid=preset-next]", "[data-testid=preset-previous]"),
)
SEEN = """(selectors) => selectors.map((one) => [...document.querySelectorAll(one)].some(
  (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: false })))"""
SIZES = """() => Object.fromEntries([
  ['title', '.card h3'], ['status', '.card .status'], ['step', '.steps'],
  ['tick', '.map .xtick text'], ['losses', '.loss .ytick text'],
].map(([name, one]) => [name, document.querySelector('.optiscope-player ' + one)])
 .map(([name, e]) => [name, parseFloat(getComputedStyle(e).fontSize)]))"""
WIDTHS = """() => Object.fromEntries([
  ['trail', '.map .trace[class*="racer-0-line"] path.js-line'],
  ['loss', '.loss .trace[class*="racer-0-line"] path.js-line'],
].map(([name, one]) => [name, parseFloat(document.querySelector('.optiscope-player ' + one).style.strokeWidth)]))"""


def _presenting(race: Race) -> bool:
    return race.root.get_attribute("data-presenting") == "true"


def _present(race: Race) -> None:
    race.at("present").click()
    race.page.mouse.move(500, 20)  # away from the cards, which are highlighted under the pointer
    race.page.wait_for_timeout(300)  # full screen is entered without a message
    race.settle()


def _leave(race: Race) -> None:
    race.page.keyboard.press("Escape")
    race.until("() => !document.querySelector('[data-testid=player]').hasAttribute('data-presenting')")
    race.page.wait_for_timeout(300)
    race.settle()


# Presenting.


def test_presenting_hides_the_controls_and_fills_the_window(fresh: Visit) -> None:
    race = fresh()
    assert all(race.page.evaluate(SEEN, [*FOLDED, *KEPT]))
    _present(race)
    assert not any(race.page.evaluate(SEEN, [*FOLDED]))
    assert all(race.page.evaluate(SEEN, [*KEPT, "[data-testid=leave-presentation]"]))
    box, window = race.root.bounding_box(), race.page.evaluate("[innerWidth, innerHeight]")
    assert [box[k] for k in ("x", "y", "width", "height")] == [0, 0, *window]
    assert race.titles() == ["SGD", "Nesterov", "Adam"] and all(race.statuses())
    assert race.card("racer-2")[2:] == ("0.068", "0.9")
    assert "data:image/svg+xml" in race.page.evaluate("getComputedStyle(document.querySelector('.map')).cursor")
    # no visible element overflows its box
    for testid in ("card-racer-0", "card-racer-2", "step", "loss", "map"):
        inner = race.at(testid).bounding_box()
        assert inner["x"] + inner["width"] <= window[0] and inner["y"] + inner["height"] <= window[1], testid
    _leave(race)
    assert all(race.page.evaluate(SEEN, [*FOLDED, *KEPT]))
    assert race.page.evaluate("document.fullscreenElement") is None


@pytest.mark.long
def test_a_slider_the_speed_and_the_next_preset_are_at_hand_while_presenting(fresh: Visit) -> None:
    race = fresh("preset=overshoot", reduced=True)
    _present(race)
    assert race.at("preset-name").inner_text() == presets.PRESETS["overshoot"].name
    assert race.at("preset-about").inner_text() == presets.PRESETS["overshoot"].about
    race.slide("racer-1", "learning_rate", 0.3)
    race.until("() => new URL(location.href).searchParams.getAll('racer')[1] !== 'momentum:learning_rate=0.02'")
    race.settle()
    assert race.at("preset-about").is_visible() and _presenting(race)
    race.page.emulate_media(reduced_motion="no-preference")
    keys = list(presets.PRESETS)
    race.page.keyboard.press("PageDown")  # a presenter's remote
    race.until("(key) => window.optiscope.scenes()[0].guide.shown === key", keys[keys.index("overshoot") + 1])
    race.until("() => document.querySelector('[data-testid=player]').dataset.playing === 'true'")
    race.at("speed").select_option("4")
    race.settle()
    assert race.step() == 300 and _presenting(race)
    assert race.titles() == ["SGD", "Momentum"]
    race.page.keyboard.press("PageUp")
    race.until("(key) => window.optiscope.scenes()[0].guide.shown === key", "overshoot")
    race.settle()
    assert race.values() == ["0.02", "0.02", "0.9", "0.02", "0.9"]


CUT = """() => [...document.querySelectorAll('.optiscope-player :is(.subject .letter, .card h3, .card .status)')]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""
BOXES = """() => [...document.querySelectorAll('.card')].map((card) =>
  ['h3', '.status', '.foot', '.sliders'].map((one) => card.querySelector(one).getBoundingClientRect().toJSON()))"""


@pytest.mark.long
def test_no_label_is_cut_while_presenting_and_the_status_follows_the_name(fresh: Visit) -> None:
    race = fresh("surface=sharp_and_flat")
    _present(race)
    for width, query in ((1280, ""), (1920, ""), (1280, "surface=quadratic_ravine")):
        if query:
            _leave(race)
            race.load(query)
            _present(race)
        race.page.set_viewport_size({"width": width, "height": 900})
        race.settle()
        assert race.page.evaluate(CUT) == []
        for name, status, foot, sliders in race.page.evaluate(BOXES):
            assert name["right"] < status["left"] and abs(name["bottom"] - status["bottom"]) < 8
            assert status["right"] < foot["left"] or status["bottom"] <= foot["top"] + 1
            assert foot["bottom"] <= sliders["top"] + 1
    letters = race.page.locator(".subject .letter").all_inner_texts()
    assert letters == ["κ condition number", "θ rotation, degrees"]


@pytest.mark.long
def test_presenting_enlarges_text_by_half_and_lines_by_a_third(fresh: Visit) -> None:
    race = fresh().leave()
    sizes, widths, inked = race.page.evaluate(SIZES), race.page.evaluate(WIDTHS), _thickness(race)
    _present(race)
    assert race.page.evaluate(SIZES) == pytest.approx({name: 1.5 * size for name, size in sizes.items()}, rel=1e-3)
    assert race.page.evaluate(WIDTHS) == pytest.approx({name: 4 / 3 * wide for name, wide in widths.items()}, rel=1e-3)
    # and on the canvases: a head of radius 6.5 covers (4/3)² the area
    assert _thickness(race) / inked == pytest.approx(16 / 9, rel=0.08)
    _leave(race)
    assert race.page.evaluate(SIZES) == sizes and race.page.evaluate(WIDTHS) == widths
    assert _thickness(race) == inked


def _thickness(race: Race) -> int:
    """How many pixels of the canvas are in the first racer's head, which nothing covers half way."""
    race.at("scrub").fill("30")
    race.settle()
    heads = race.heads()
    return int((near(heads, PALETTE[0], 8) & (heads[..., 3] > 240)).sum())


@pytest.mark.long
def test_presenting_keeps_the_state_of_the_player(fresh: Visit) -> None:
    race = fresh()
    race.at("scrub").fill("60")
    race.page.mouse.move(400, 300)
    race.at("zoom-in").click()
    race.leave()
    frame, card, query = race.frame(), race.card("racer-2"), race.query()
    _present(race)
    assert race.step() == 60 and race.card("racer-2")[2:] == card[2:]
    race.page.keyboard.press("ArrowRight")
    assert race.step() == 61
    race.page.keyboard.press("ArrowLeft")
    race.page.keyboard.press("Space")
    assert race.playing()
    race.page.keyboard.press("Escape")  # and the clock continues
    race.until("() => !document.querySelector('[data-testid=player]').hasAttribute('data-presenting')")
    assert race.playing()
    race.page.keyboard.press("Space")
    race.at("scrub").fill("60")
    race.leave()
    after = race.frame()
    assert after["x"] == pytest.approx(frame["x"]) and after["y"] == pytest.approx(frame["y"])
    assert race.card("racer-2") == card and race.query() == query


@pytest.mark.long
def test_a_click_sets_the_start_while_presenting_and_nothing_jumps(fresh: Visit) -> None:
    race = fresh()
    _present(race)
    frame, sizes = race.frame(), race.page.evaluate(SIZES)
    place = (round(frame["left"] + 0.7 * frame["width"]), round(frame["top"] + 0.2 * frame["height"]))
    x, y = race.point(*place)
    race.page.mouse.click(*place)
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()
    assert [float(v) for v in race.query()["start"][0].split(",")] == pytest.approx([x, y], abs=1e-3)
    assert _presenting(race) and race.frame() == frame and race.page.evaluate(SIZES) == sizes


@pytest.mark.long
def test_presenting_works_without_full_screen(fresh: Visit) -> None:
    race = fresh()
    race.page.evaluate("() => { Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('no')); }")
    _present(race)
    assert _presenting(race) and race.page.evaluate("document.fullscreenElement") is None
    race.at("leave-presentation").click()
    race.settle()
    assert not _presenting(race) and all(race.page.evaluate(SEEN, [*FOLDED]))


@pytest.mark.long
def test_presenting_ends_when_the_browser_leaves_full_screen(fresh: Visit) -> None:
    race = fresh()
    _present(race)
    if not race.page.evaluate("Boolean(document.fullscreenElement)"):
        pytest.skip("this browser lets no page have the full screen")
    race.page.evaluate("document.exitFullscreen()")
    race.until("() => !document.querySelector('[data-testid=player]').hasAttribute('data-presenting')")
    race.settle()


@pytest.mark.long
def test_the_network_can_be_presented(fresh: Visit) -> None:
    race = fresh(page="network")
    assert race.at("preset-about").is_hidden()  # the page shows the sentence itself
    race.page.get_by_role("button", name="Train", exact=True).click()
    race.until("() => document.querySelector('.progress')?.innerText.includes('trained in')")
    race.until("() => document.querySelector('.slot .xtick text')")
    race.settle()
    sizes = "() => ['.card h3', '.steps', '.slot .xtick text'].map((one) => " + (
        "parseFloat(getComputedStyle(document.querySelector('.optiscope-player ' + one)).fontSize))"
    )
    before = race.page.evaluate(sizes)
    _present(race)
    assert race.page.evaluate(sizes) == pytest.approx([1.5 * size for size in before], rel=1e-3)
    assert not any(
        race.page.evaluate(SEEN, [".st-key-toolbar", "[data-testid=add-racer]", "[data-testid=preset-next]"])
    )
    assert all(race.page.evaluate(SEEN, [".sliders", "[data-testid=speed]"]))
    assert race.at("preset-about").inner_text() == PRESETS["spirals"].about
    _leave(race)
    assert race.page.evaluate(sizes) == before


# Predicting.


def _phase(race: Race) -> Any:
    return race.root.get_attribute("data-predicting")


def _predict(race: Race) -> None:
    race.at("predict").click()
    race.page.mouse.move(640, 5)
    race.settle()


def _guess(race: Race, x: float, y: float) -> tuple[float, float]:
    """Click on the map near a point; returns the point clicked. Two clicks close together would be a double one."""
    race.page.wait_for_timeout(400)
    place = tuple(round(value) for value in race.pixel(x, y))
    race.page.mouse.click(*place)
    return race.point(*place)


def _reveal(race: Race) -> None:
    race.at("speed").select_option("4")
    race.at("reveal").click()
    race.until("() => document.querySelector('[data-testid=player]').dataset.predicting === 'end'")
    race.settle()


def _ends(race: Race) -> list[np.ndarray]:
    settings, _ = parse(race.query())
    return [run.positions[run.last] for run in runs.runs(settings)]


@pytest.fixture
def guessing(fresh: Visit) -> Iterator[Race]:
    race = fresh()
    race.at("scrub").fill("200")
    race.settle()
    _predict(race)
    yield race


def test_predicting_hides_everything_that_reveals_the_ends(guessing: Race) -> None:
    race = guessing
    assert race.step() == 0 and _phase(race) == "guess"
    ground = race.pixels(".map")
    left, top = (v - o for v, o in zip(race.pixel(0, 0), (race.frame()["left"], race.frame()["top"]), strict=True))
    # no racer's color is on the map, not even at the start
    for color in PALETTE[:3]:
        assert not near(ground, color, 40).any()
    assert left > 0 and top > 0
    assert not (race.trails()[..., 3] > 0).any()
    hidden = [".loss", "[data-testid=loss]", ".card .status", "[data-testid=results]"]
    assert not any(race.page.evaluate(SEEN, hidden))
    assert race.at("export").is_disabled()
    words = race.at("map").get_attribute("aria-label")
    assert "converged" not in words and "SGD" in words
    # neither keys nor the scrub bar reveal the ends
    for key in ("End", "ArrowRight"):
        race.page.keyboard.press(key)
    race.at("scrub").fill("150")
    assert race.step() == 0 and _phase(race) == "guess"
    assert race.at("question").inner_text() == "Where does SGD end? Click on the map."
    race.page.keyboard.press("Escape")  # there is no guess to undo
    assert _phase(race) is None and race.settle().step() == 200


@pytest.mark.long
def test_predicting_does_not_show_the_sentence_that_tells_the_answer(fresh: Visit) -> None:
    race = fresh("preset=trap", reduced=True)
    telling = ["[data-testid=preset-about]", "[data-testid=preset-name]", "[data-testid=presets] button"]
    assert all(race.page.evaluate(SEEN, telling))
    _predict(race)
    assert not any(race.page.evaluate(SEEN, telling))
    race.at("preset-next").click()  # another race may be asked about, and does not begin by itself
    race.until("() => window.optiscope.scenes()[0].guide.shown === 'freezing'")
    race.settle()
    assert (_phase(race), race.step(), race.playing()) == ("guess", 0, False)
    assert not any(race.page.evaluate(SEEN, telling))
    race.at("reveal").click()
    race.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 0")
    assert not any(race.page.evaluate(SEEN, telling))
    race.page.keyboard.press("End")
    race.until("() => document.querySelector('[data-testid=player]').dataset.predicting === 'end'")
    assert all(race.page.evaluate(SEEN, telling))


@pytest.mark.long
def test_future_losses_are_hidden_during_a_prediction(guessing: Race) -> None:
    race = guessing
    race.at("play").click()
    race.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 40")
    race.at("play").click()
    race.settle()
    assert _phase(race) == "run" and 40 < race.step() < 300
    losses = race.pixels(".loss")
    box, step = race.page.locator(".loss").bounding_box(), race.step()
    after = round(46 + (box["width"] - 56) * step / 300) + 12
    assert any(near(losses[:, 46:after], color, 40).sum() > 20 for color in PALETTE[:3])
    saturation = losses.max(axis=-1).astype(int) - losses.min(axis=-1)
    assert saturation[: round(box["height"]) - 40, after:].max() < 30
    assert not race.page.evaluate(SEEN, ["[data-testid=results]"])[0]
    race.at("to-end").click()
    race.until("() => document.querySelector('[data-testid=player]').dataset.predicting === 'end'")
    race.settle()
    assert all(race.page.evaluate(SEEN, ["[data-testid=results]", ".loss"]))
    assert race.statuses() == ["converged @ 214", "converged @ 60", "converged @ 180"]


@pytest.mark.long
def test_views_hide_the_future_during_a_prediction(fresh: Visit) -> None:
    race = fresh("views=distance")
    _predict(race)
    assert not race.page.evaluate(SEEN, ["[data-testid=panel-0]"])[0]
    race.at("play").click()
    race.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 60")
    race.at("play").click()
    race.settle()
    assert _to_come(race) == 0 and not race.page.evaluate(SEEN, [".slot .note"])[0]
    race.at("to-end").click()
    race.until("() => document.querySelector('[data-testid=player]').dataset.predicting === 'end'")
    race.settle()
    race.at("scrub").fill("100")
    race.settle()
    assert _to_come(race) > 100 and race.page.evaluate(SEEN, [".slot .note"])[0]


def _to_come(race: Race) -> int:
    """How many pixels of a chart show what is to come."""
    return int((race.canvas(".slot .pale")[..., 3] > 0).sum())


@pytest.mark.long
def test_a_guess_is_measured_to_the_last_position_of_the_engine(guessing: Race) -> None:
    race = guessing
    first = [_guess(race, -1.0, 0.5), _guess(race, 1.0, -0.5), _guess(race, 0.4, 1.0)]
    marks = race.canvas(".map canvas.guesses")
    frame = race.frame()
    for (x, y), color in zip(first, PALETTE, strict=False):
        px, py = race.pixel(x, y)
        at = round(py - frame["top"] + 18), round(px - frame["left"] + 18)
        around = near(marks, color, 60) & (marks[..., 3] > 120)
        assert around[at[0] - 10 : at[0] + 11, at[1] - 10 : at[1] + 11].sum() > 40
        assert not around[at[0] - 3 : at[0] + 4, at[1] - 3 : at[1] + 4].any()  # hollow
    assert "start" not in race.query()
    # Nesterov's guess is moved after a click on its card
    race.at("card-racer-1").locator("h3").click()
    first[1] = _guess(race, 0.5, -0.2)
    race.at("next-person").click()
    second = [_guess(race, -0.5, -0.5), _guess(race, -2.0, 1.0), _guess(race, 2.0, 0.3)]
    race.page.keyboard.press("Escape")  # undoes only the last guess
    assert race.at("question").inner_text() == "Person 2: Where does Adam end? Click on the map."
    second[2] = _guess(race, 0.1, 0.3)
    _reveal(race)
    sums = [0.0, 0.0]
    for k, (racer, end) in enumerate(zip(("SGD", "Nesterov", "Adam"), _ends(race), strict=True)):
        far = [math.dist(guesses[k], end) for guesses in (first, second)]
        sums = [one + d for one, d in zip(sums, far, strict=True)]
        said = race.at(f"guessed-racer-{k}").inner_text()
        winner = int(np.argmin(far))
        assert said.startswith(f"Person {winner + 1} was nearest for {racer} (")
        # three digits
        assert float(said.split("(")[1].rstrip(")")) == pytest.approx(min(far), rel=5.1e-3)
    best = int(np.argmin(sums))
    said = race.at("guess-sum").inner_text()
    assert said.startswith(f"Person {best + 1} did best: sum of distances ")
    assert float(said.split("distances ")[1].split("\n")[0].rstrip(".")) == pytest.approx(min(sums), rel=5.1e-3)


@pytest.mark.long
def test_a_run_that_leaves_the_map_is_judged_by_leaving(fresh: Visit) -> None:
    race = fresh("surface=quadratic_ravine&surface.condition_number=30&racer=sgd:learning_rate=0.2&racer=adam")
    _predict(race)
    race.at("leaves").click()  # SGD
    race.page.wait_for_timeout(100)
    race.at("leaves").click()  # Adam
    race.at("next-person").click()
    _guess(race, 0.0, 0.5)
    near_end = _guess(race, 0.3, 0.2)
    _reveal(race)
    assert race.statuses()[0] != race.statuses()[1] and "converged" not in race.statuses()[0]
    assert race.at("guessed-racer-0").inner_text() == "SGD left the map: Person 1 guessed it"
    adam = race.at("guessed-racer-1").inner_text()
    assert adam.startswith("Person 2 was nearest for Adam (") and "it stayed on the map, so Person 1 was wrong" in adam
    # with one miss each, the sum of distances decides
    assert math.dist(near_end, _ends(race)[1]) > 0
    assert "1 miss" in race.at("guess-sum").inner_text()


@pytest.mark.long
def test_a_changed_slider_clears_only_the_guesses_of_its_racer(guessing: Race) -> None:
    race = guessing
    for x in (-1.0, 0.5, 1.0):
        _guess(race, x, 0.5)
    marks = race.canvas(".map canvas.guesses")
    race.type_value("racer-2", "learning_rate", "0.3")
    race.wait_query("racer", "adam:learning_rate=0.3")
    race.leave()
    assert _phase(race) == "guess" and race.step() == 0
    assert race.at("guess-note").inner_text() == "Adam changed: the guesses for it were cleared."
    assert race.at("question").inner_text() == "Where does Adam end? Click on the map."
    now = race.canvas(".map canvas.guesses")
    before, after = (
        [int((near(canvas, color, 30) & (canvas[..., 3] > 200)).sum()) for color in PALETTE[:3]]
        for canvas in (marks, now)
    )
    assert after[:2] == before[:2] and before[2] > 40 and after[2] == 0


@pytest.mark.long
def test_escape_ends_predicting_and_restores_the_page(guessing: Race) -> None:
    race = guessing
    _guess(race, 0.5, 0.5)
    race.page.keyboard.press("Escape")
    assert _phase(race) == "guess" and race.at("guess-note").inner_text() == "The last guess was undone."
    race.page.keyboard.press("Escape")
    race.settle()
    assert _phase(race) is None and race.step() == 200
    assert all(race.page.evaluate(SEEN, [".loss", ".card .status", "[data-testid=results]"]))
    assert race.at("asking").is_hidden() and race.at("guess-results").is_hidden()
    assert not (race.canvas(".map canvas.guesses")[..., 3] > 0).any() and race.at("export").is_enabled()
    assert "converged" in race.at("map").get_attribute("aria-label")
    # the map's click sets the start again
    _guess(race, 1.0, 1.0)
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()


@pytest.mark.long
def test_several_people_can_predict(guessing: Race) -> None:
    race = guessing
    _present(race)
    assert _phase(race) == "guess" and race.at("asking").is_visible()
    for x in (-1.0, 0.5, 1.0):
        _guess(race, x, 0.5)
    race.at("reveal").click()
    race.page.keyboard.press("End")
    race.until("() => document.querySelector('[data-testid=player]').dataset.predicting === 'end'")
    race.settle()
    _leave(race)
    assert _phase(race) == "end" and race.at("guess-results").is_visible()
    race.page.wait_for_timeout(600)
    race.page.keyboard.press("Escape")
    race.settle()
    assert _phase(race) is None
