"""The big panel: the surface in three dimensions and its camera, small maps, and the switch of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from app.figures.theme import PALETTE
from app.race import runs as race_runs
from app.race import scene as computed
from app.race.link import parse
from tests.app.driving import Race, near

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

CAMERA = "() => document.querySelector('[data-testid=surface]')._fullLayout.scene._scene.getCamera().eye"
SURFACE = "document.querySelector('[data-testid=surface]')"
# The runs that plotly renders, and whether the canvas of trails is visible.
SEEN = f"""() => {{
  const scene = {SURFACE}._fullLayout.scene._scene;
  const lines = Object.entries(scene.traces).filter(([uid, one]) =>
    uid.startsWith('racer-') && one.linePlot && scene.glplot.objects.includes(one.linePlot));
  const canvas = document.querySelector('.surface canvas.trails');
  return [lines.length, getComputedStyle(canvas).visibility];
}}"""


@pytest.fixture(scope="module")
def _deep(visit: Visit) -> Iterator[Race]:
    race = visit("picture=surface")
    yield race
    race.close()


@pytest.fixture
def deep(_deep: Race) -> Iterator[Race]:
    """A page that was opened with the surface."""
    if _deep.at("picture-surface").get_attribute("aria-pressed") != "true":
        turn(_deep, "surface")
    yield _deep.reset()
    assert _deep.complaints() == []


def turn(race: Race, name: str) -> None:
    race.at(f"picture-{name}").click()
    race.until("(name) => document.querySelector(`.big [data-testid=${name}]`).checkVisibility()", place(name))
    race.settle()


def place(name: str) -> str:
    return {"map": "map", "surface": "surface", "panels": "multiples"}[name]


def eye(race: Race) -> list[float]:
    seen = race.page.evaluate(CAMERA)
    return [seen[k] for k in "xyz"]


def drag(race: Race, dx: int, dy: int) -> None:
    box = race.page.locator(".big").bounding_box()
    x, y = box["x"] + 0.6 * box["width"], box["y"] + 0.75 * box["height"]
    race.page.mouse.move(x, y)
    race.page.mouse.down()
    race.page.mouse.move(x + dx, y + dy, steps=4)
    race.page.mouse.up()
    race.page.mouse.move(640, 5)
    race.settle()


@pytest.mark.long
def test_a_link_opens_on_the_surface_and_the_map_is_a_click_away(deep: Race) -> None:
    assert deep.at("surface").is_visible() and not deep.at("map").is_visible() and not deep.at("multiples").is_visible()
    assert "log₁₀" in deep.at("heights-note").inner_text()
    turn(deep, "map")
    deep.until("() => !new URL(location.href).searchParams.has('picture')")
    assert deep.at("map").is_visible() and not deep.at("surface").is_visible()
    assert (deep.trails()[..., 3] > 200).sum() > 200


def _put(race: Race) -> tuple[Any, Callable[[], None]]:
    """Turn the camera, and return its old position and a function that checks the new one."""
    first = eye(race)
    drag(race, 120, -30)
    put = eye(race)
    assert np.abs(np.subtract(first, put)).max() > 0.05

    def stays() -> None:
        assert eye(race.settle()) == pytest.approx(put, abs=1e-3)

    return first, stays


@pytest.mark.long
def test_the_camera_stays_across_scenes(fresh: Visit) -> None:
    """The camera stays after a new value and on another surface."""
    race = fresh("picture=surface")
    _, stays = _put(race)
    race.type_value("racer-0", "learning_rate", "0.01")
    race.wait_query("racer", "sgd:learning_rate=0.01")
    race.leave()
    stays()
    race.pick("Himmelblau")
    race.wait_query("surface", "himmelblau")
    stays()


@pytest.mark.long
def test_the_camera_stays_when_its_panel_changes_size(fresh: Visit) -> None:
    """Right after the link was opened, when plotly.js has drawn with no other camera yet."""
    race = fresh("picture=surface")
    _, stays = _put(race)
    width = race.page.evaluate(f"() => {SURFACE}.clientWidth")
    race.at("explain-racer-0").click()  # the inspector takes room from it
    race.until(f"(width) => {SURFACE}._fullLayout.width < width - 20", width)
    stays()
    race.page.set_viewport_size({"width": 1440, "height": 900})
    race.until(f"(width) => {SURFACE}._fullLayout.width > width - 20", width)
    stays()


@pytest.mark.long
def test_the_camera_stays_across_themes_sizes_and_pictures(fresh: Visit) -> None:
    race = fresh("picture=surface")
    first, stays = _put(race)
    race.page.emulate_media(color_scheme="dark")
    race.until("() => document.querySelector('[data-testid=player]').dataset.theme === 'dark'")
    stays()
    for name in ("map", "panels", "surface"):
        turn(race, name)
    stays()
    race.page.set_viewport_size({"width": 1440, "height": 900})
    race.until(f"() => {SURFACE}.clientWidth > 900")
    stays()
    race.page.locator(".big").hover()
    race.at("camera-home").click()
    race.until(f"(eye) => Math.abs({SURFACE}._fullLayout.scene._scene.getCamera().eye.x - eye) < 1e-3", first[0])


@pytest.mark.long
def test_heads_are_where_plotly_projects_the_same_point(deep: Race) -> None:
    """Heads are within two pixels of annotations that plotly projects itself."""
    deep.at("scrub").fill("25")
    deep.settle()
    settings, _ = parse(deep.query())
    runs = race_runs.runs(settings)
    drag(deep, 60, 20)
    # the last vertex of each line is the point of the step; plotly's annotation there is its own projection
    places = deep.page.evaluate(
        """async () => {
          const plot = document.querySelector('[data-testid=surface]');
          const scene = plot._fullLayout.scene._scene;
          const out = [];
          for (const trace of plot._fullData.filter((one) => /^racer-.-line$/.test(one.uid))) {
            const at = ['x', 'y', 'z'].map((axis) => trace[axis].at(-1));
            const { projection, view, model } = scene.glplot.cameraParams;
            let p = [...at.map((value, k) => value * scene.dataScale[k]), 1];
            for (const m of [model, view, projection])
              p = [0, 1, 2, 3].map((row) => p.reduce((sum, value, k) => sum + m[4 * k + row] * value, 0));
            const box = scene.container.getBoundingClientRect();
            out.push([...at, (0.5 + p[0] / p[3] / 2) * box.width, (0.5 - p[1] / p[3] / 2) * box.height]);
          }
          return out;
        }"""
    )
    heads = deep.canvas(".surface canvas.heads")
    assert len(places) == len(runs) == 3
    for k, (x, y, _, left, top) in enumerate(places):
        assert (x, y) == pytest.approx(tuple(runs[k].positions[25]), rel=1e-4, abs=1e-5)
        rows, columns = np.nonzero(near(heads, PALETTE[k], 30) & (heads[..., 3] > 200))
        around = (np.abs(columns - 9 - left) < 9) & (np.abs(rows - 9 - top) < 9)
        assert around.sum() > 60
        if k == 2:  # it is on top, so its centre is that of its ink
            assert columns[around].mean() - 9 == pytest.approx(left, abs=2)
            assert rows[around].mean() - 9 == pytest.approx(top, abs=2)


@pytest.mark.long
def test_plotly_renders_its_line_below_the_head(deep: Race) -> None:
    """In plotly's picture without the canvas, the projected trail of Adam has its colour."""
    deep.at("scrub").fill("12")
    deep.settle()
    trails = deep.canvas(".surface canvas.trails")
    deep.page.evaluate("document.querySelectorAll('.surface canvas.layer').forEach((c) => (c.style.opacity = 0))")
    shown = deep.pixels(".surface")
    deep.page.evaluate("document.querySelectorAll('.surface canvas.layer').forEach((c) => (c.style.opacity = ''))")
    ours = near(trails, PALETTE[2], 30) & (trails[..., 3] > 200)
    theirs = near(shown, PALETTE[2], 60)
    assert ours.sum() > 50 and theirs.sum() > 50
    middle = [np.array(np.nonzero(mask)).mean(axis=1) for mask in (ours, theirs)]
    assert np.abs(middle[0] - middle[1]).max() < 4


@pytest.mark.long
def test_trails_are_on_the_canvas_while_playing_and_real_traces_at_rest(deep: Race) -> None:
    assert deep.page.evaluate(SEEN) == [3, "hidden"]
    deep.at("to-start").click()
    deep.at("speed").select_option("0.25")
    deep.at("play").click()
    deep.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 8")
    assert deep.page.evaluate(SEEN) == [0, "visible"]
    assert (deep.canvas(".surface canvas.trails")[..., 3] > 200).sum() > 30
    deep.at("play").click()
    deep.settle()
    assert deep.page.evaluate(SEEN) == [3, "hidden"]
    # only the canvas can highlight a racer
    deep.at("card-racer-1").hover()
    assert deep.page.evaluate(SEEN) == [0, "visible"]
    deep.page.mouse.move(640, 5)
    deep.until(f"() => ({SEEN})()[0] === 3")


@pytest.mark.long
def test_heights_are_switched_at_once_and_kept_in_the_link(fresh: Visit) -> None:
    race = fresh("picture=surface")
    heights: Any = f"() => {SURFACE}._fullData[0].z[0][0]"
    high = race.page.evaluate(heights)
    race.at("heights-linear").click()
    race.wait_query("heights", "linear")
    assert race.at("heights-note").inner_text() == "height: loss"
    settings, _ = parse(race.query())
    scene = computed.scene(race_runs.Race(settings))
    assert settings.heights == "linear"
    assert scene.relief is not None
    assert race.page.evaluate(heights) == pytest.approx(10**high - scene.relief.unit, rel=1e-4)
    race.at("heights-log").click()
    race.wait_query("heights", "log")
    assert race.page.evaluate(heights) == pytest.approx(high)


@pytest.mark.long
def test_each_visible_racer_has_a_small_map_with_the_same_window(fresh: Visit) -> None:
    race = fresh("picture=panels&racer=sgd&racer=adam&racer=nesterov&racer=rmsprop:hidden=1")
    panes = """() => [...document.querySelectorAll('.multiples [data-testid=pane]')]
                       .map((pane) => [pane.querySelector('b').textContent, pane.querySelector('span').textContent])"""
    names = [name for name, _ in race.page.evaluate(panes)]
    assert names == ["SGD", "Adam", "Nesterov"]
    assert [status for _, status in race.page.evaluate(panes)] == race.statuses()[:3]
    ranges = """() => { const { xaxis, xaxis2, xaxis3, yaxis, yaxis2, yaxis3 } =
        document.querySelector('[data-testid=multiples]')._fullLayout;
        return [xaxis, xaxis2, xaxis3, yaxis, yaxis2, yaxis3].map((axis) => [...axis.range]); }"""
    before = race.page.evaluate(ranges)
    box = race.page.locator(".multiples .nsewdrag").nth(1).bounding_box()
    race.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    race.page.mouse.wheel(0, -300)
    race.until(f"(low) => Math.abs(({ranges})()[0][0] - low) > 0.1", before[0][0])
    race.leave()
    after = race.page.evaluate(ranges)
    assert after[0] == pytest.approx(after[1]) and after[0] == pytest.approx(after[2])
    assert after[3] == pytest.approx(after[4]) and after[3] == pytest.approx(after[5])
    assert after[0] != before[0]
    race.at("hide-racer-1").click()
    race.until("() => document.querySelectorAll('.multiples [data-testid=pane]').length === 2")
    race.leave()
    # a click in any of them sets the start of all
    box = race.page.locator(".multiples .nsewdrag").nth(1).bounding_box()
    race.page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()


@pytest.mark.long
def test_runs_that_leave_and_dashes_are_drawn_in_both_pictures(fresh: Visit) -> None:
    """Sixteen racers, one of which diverges, cause no errors in either picture."""
    racers = "&".join(["racer=sgd:learning_rate=1", *(f"racer=adam:learning_rate={k}e-2" for k in range(1, 16))])
    race = fresh(f"picture=panels&steps=60&{racers}")
    assert race.page.locator(".multiples [data-testid=pane]").count() == 16
    turn(race, "surface")
    assert race.page.evaluate(SEEN)[0] == 16
    heads = race.canvas(".surface canvas.heads")
    assert near(heads, PALETTE[0], 30).sum() > 60  # its arrow and its name
