"""The map: clicks, zoom, and trails at the right positions, on the canvas and by plotly."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.common.digits import short
from app.figures.marks import Field
from app.figures.resample import step_in
from app.figures.theme import PALETTE
from app.race import results, runs, scene
from app.race.link import parse
from surfaces.calculus import values
from tests.app.driving import Race, near

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]


def test_a_click_moves_the_start_to_that_point(fresh: Visit) -> None:
    race = fresh()
    frame = race.frame()
    table = race.table()
    place = (round(frame["left"] + 0.7 * frame["width"]), round(frame["top"] + 0.2 * frame["height"]))
    x, y = race.point(*place)
    race.page.mouse.click(*place)
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()
    start = [float(v) for v in race.query()["start"][0].split(",")]
    pixel = (frame["x"][1] - frame["x"][0]) / frame["width"]
    assert start == pytest.approx([x, y], abs=0.05 * pixel)  # rounded for the link, below what can be seen
    assert race.frame() == frame  # the view stays
    assert race.table().keys() == table.keys() and race.table() != table
    # the ring of the start has a radius of 5.5 pixels, on a canvas that is 9 pixels larger on every side
    heads = race.heads()
    left, top = place[0] - frame["left"] + 9, place[1] - frame["top"] + 9
    for dx, dy in ((5.5, 0), (-5.5, 0), (0, 5.5)):
        around = heads[round(top + dy) - 2 : round(top + dy) + 3, round(left + dx) - 2 : round(left + dx) + 3]
        assert near(around, "#1b2430", 40).any()
    # and the run of every racer begins there
    settings, _ = parse(race.query())
    assert settings.start == tuple(start)
    assert [race.table()[row.title][1] for row in results.table(runs.Race(settings))] == [
        short(row.loss, 4) for row in results.table(runs.Race(settings))
    ]


def _spread(mask: np.ndarray, by: int) -> np.ndarray:
    """A mask, extended by a number of pixels."""
    out = mask.copy()
    for dy in range(-by, by + 1):
        for dx in range(-by, by + 1):
            out |= np.roll(mask, (dy, dx), (0, 1))
    return out


@pytest.mark.parametrize("step", [12, 40])
@pytest.mark.thinned(2)
def test_trails_are_at_the_positions_of_the_engine(shared: Race, step: int) -> None:
    """The engine's positions, converted to pixels by the ranges of the axes, have the colour of the racer."""
    shared.at("scrub").fill(str(step))
    shared.settle()
    settings, _ = parse(shared.query())
    frame, trails = shared.frame(), shared.trails()
    (x0, x1), (y0, y1) = frame["x"], frame["y"]
    last = len(settings.racers) - 1
    for k, run in enumerate(runs.runs(settings)):
        left = frame["width"] * (run.positions[1 : step + 1, 0] - x0) / (x1 - x0)
        top = frame["height"] * (y1 - run.positions[1 : step + 1, 1]) / (y1 - y0)
        ink = _spread(near(trails, PALETTE[k], 60) & (trails[..., 3] > 120), 2)
        on = ink[np.round(top).astype(int), np.round(left).astype(int)]
        # later racers are drawn above earlier ones
        assert on.mean() > (0.999 if k == last else 0.6)


# The lines that plotly has for the labels under the pointer: of each racer points along it, in pixels of the axes.
HOVERED = """(racers) => {
  const plot = document.querySelector('[data-testid=map]');
  const { left, top } = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout;
  return racers.map((racer) => {
    const path = plot.querySelector(`[class*="traceracer-${racer}-line"] path.js-line`);
    const matrix = path.getScreenCTM();
    const length = path.getTotalLength();
    return Array.from({ length: 400 }, (_, k) => {
      const at = path.getPointAtLength((k / 399) * length).matrixTransform(matrix);
      return [at.x - left - xaxis._offset, at.y - top - yaxis._offset];
    });
  });
}"""


def _agree(race: Race, colors: tuple[str, ...]) -> None:
    """The line under the pointer lies on ink of its racer, and all that ink lies on the line."""
    trails = race.trails()
    lines = race.page.evaluate(HOVERED, [str(k) for k in range(len(colors))])
    for color, line in zip(colors, np.array(lines), strict=True):
        ink = near(trails, color, 40) & (trails[..., 3] > 200)
        assert ink.sum() > 20
        height, width = ink.shape
        if color == colors[-1]:  # which is drawn over the others
            seen = line[(line > 3).all(axis=1) & (line[:, 0] < width - 3) & (line[:, 1] < height - 3)]
            columns, rows = np.round(seen).astype(int).T
            assert _spread(ink, 4)[rows, columns].mean() > 0.97
        on = np.zeros_like(ink)
        for one, other in itertools.pairwise(line):
            count = int(np.abs(other - one).max()) + 2
            between = np.round(one + np.linspace(0, 1, count)[:, None] * (other - one)).astype(int)
            inside = (between >= 0).all(axis=1) & (between < [width, height]).all(axis=1)
            on[between[inside, 1], between[inside, 0]] = True
        assert _spread(on, 4)[ink].mean() > 0.97, f"{color}: ink away from the line under the pointer"


@pytest.mark.long
@pytest.mark.thinned(2)
def test_labels_under_the_pointer_stand_on_the_trails(shared: Race) -> None:
    """This fails if a new version of plotly.js changes the internals that the canvas reads."""
    _agree(shared, PALETTE[:3])
    for step in ("25", "7"):
        shared.at("scrub").fill(step)
        shared.settle()
        _agree(shared, PALETTE[:3])
    shared.at("to-end").click()
    for button in ("zoom-in", "zoom-in", "zoom-home"):
        shared.at(button).evaluate("(button) => button.click()")
        shared.settle()
        _agree(shared, PALETTE[:3])


@pytest.mark.long
def test_labels_stand_on_dashed_and_departing_trails_too(fresh: Visit) -> None:
    racers = "&".join(
        f"racer={rule}"
        for rule in ("adam:learning_rate=0.2,slot=8", "adam:learning_rate=1,slot=1", "sgd:learning_rate=5,slot=2")
    )
    race = fresh(f"v=1&surface=rosenbrock&rotation=-30&steps=80&{racers}")
    _agree(race, PALETTE[:3])


# The points of a panel that have labels under the pointer, racer by racer.
LABELLED = """(panel) => document.querySelector(`[data-testid=${panel}]`).data.filter((trace) => trace.meta)
  .map(({ x, y }) => Array.from(x, (value, k) => [value, y[k]]))"""


@pytest.mark.long
def test_a_long_run_has_no_more_labels_than_can_be_pointed_at(fresh: Visit) -> None:
    """Every label stands on the trail of its racer, also of a run that zigzags for thousands of steps."""
    race = fresh("v=1&steps=8000&racer=rmsprop:slot=0&racer=momentum:slot=1")
    assert all(1000 < len(points) <= 2000 for points in race.page.evaluate(LABELLED, "loss"))
    trails, frame = race.trails(), race.frame()
    labelled = race.page.evaluate(LABELLED, "map")
    for k, (color, points) in enumerate(zip(PALETTE[:2], labelled, strict=True)):
        assert 1000 < len(points) <= 2000 and points[-1] == pytest.approx(race.path(k)[-1])
        ink = _spread(near(trails, color, 40), 2)
        at = np.round([race.pixel(*point) for point in points[1::50]] - np.array([frame["left"], frame["top"]]))
        inside = ((at > 3) & (at < np.array(ink.shape[::-1]) - 3)).all(axis=1)
        columns, rows = at[inside].astype(int).T
        assert ink[rows, columns].mean() > (0.97 if color == PALETTE[1] else 0.6)  # which is drawn over the other
    assert len(race.path(0)) == 8001  # the scene has all of them, for the inspector and the playhead


def test_the_map_zooms_and_resets(shared: Race) -> None:
    home = shared.frame()
    shared.at("zoom-in").evaluate("(button) => button.click()")
    shared.settle()
    near_ = shared.frame()
    for axis in "xy":
        (a, b), (c, d) = home[axis], near_[axis]
        assert (d - c) / (b - a) == pytest.approx(0.6, rel=1e-6)
        assert (c + d) / 2 == pytest.approx((a + b) / 2, abs=1e-6)
    shared.page.mouse.move(home["left"] + 300, home["top"] + 200)
    _x, _y = shared.point(home["left"] + 300, home["top"] + 200)
    shared.page.mouse.wheel(0, 200)
    shared.until(
        """(width) => {
          const [a, b] = document.querySelector('[data-testid=map]')._fullLayout.xaxis.range;
          return b - a > width;
        }""",
        (near_["x"][1] - near_["x"][0]) * 1.01,
    )
    shared.settle()
    f = shared.frame()
    units = [(f[a][1] - f[a][0]) / f[size] for a, size in (("x", "width"), ("y", "height"))]
    assert units[0] == pytest.approx(units[1], rel=1e-3)  # units are equal on both axes
    shared.at("zoom-home").evaluate("(button) => button.click()")
    shared.settle()
    assert shared.frame() == home


@pytest.mark.long
@pytest.mark.parametrize(
    ("surface", "grids"),
    [
        ("surface=quadratic_ravine&surface.condition_number=1000&rotation=18", ["scene", "window", "window"]),
        ("surface=ackley&start=-3,1", ["scene", "window", "window"]),
    ],
    ids=["ravine", "cone"],
)
def test_the_ground_is_the_loss_at_every_pixel_of_any_view(fresh: Visit, surface: str, grids: list[str]) -> None:
    """Colours between the contours, held to the surface itself: a valley narrower than a cell of the grid is whole, and
    the tip of a cone is sharp.
    """
    race = fresh(f"{surface}&racer=adam")
    settings, _ = parse(race.query())
    background = scene.background_of(settings)
    (ground,) = (mark for mark in background.marks if isinstance(mark, Field))
    places, colors = zip(*ground.colors["light"], strict=True)
    stops = np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in colors])
    halvings = []
    for grid in grids:
        race.until("(grid) => document.querySelector('.map').dataset.grid === grid", grid)
        picture, frame = race.canvas(".map canvas.ground")[..., :3].astype(int), race.frame()
        rows, columns = picture.shape[:2]
        x = np.interp((np.arange(columns) + 0.5) / columns, [0, 1], frame["x"])
        y = np.interp((np.arange(rows) + 0.5) / rows, [0, 1], frame["y"][::-1])
        z = background.levels.height(values(settings.built_surface(), np.stack(np.meshgrid(x, y)).reshape(2, -1)))
        step = step_in(dataclasses.replace(ground, z=z.reshape(rows, columns)))
        halvings.append(round(np.log2(ground.step / step)))
        count = round((ground.high - ground.low) / step)
        level = np.floor((z.reshape(rows, columns) - ground.low) / step)
        band = np.clip(level, 0, count - 1)
        wanted = np.stack([np.interp((band + 0.5) / count, places, stops[:, k]) for k in range(3)], axis=-1)
        bar = np.zeros((rows, columns), bool)
        bar[-50:, -240:] = True
        off = (np.abs(picture - wanted).max(axis=-1) > 3) & ~bar
        assert off.mean() < 0.25  # the contours, which are darker
        # no pixel of another band lies further from a contour than its width
        inner = np.ones_like(bar)
        for dy, dx in itertools.product((-2, -1, 0, 1, 2), repeat=2):
            inner &= np.roll(level, (dy, dx), (0, 1)) == level
        assert (off & inner)[3:-3, 3:-3].mean() < 2e-3
        for _ in range(5):
            race.at("zoom-in").evaluate("(button) => button.click()")
            race.settle()
    assert halvings == sorted(halvings) and halvings[-1] > halvings[0] == 0  # more contours where the view is narrow


RECORD = """() => {
  const root = document.querySelector('[data-testid=player]');
  const seen = (window.seen = []);
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const inked = (canvas) => {
    pen.canvas.width = 64; pen.canvas.height = 36;
    pen.drawImage(canvas, 0, 0, 64, 36);
    return pen.getImageData(0, 0, 64, 36).data.some((value, k) => k % 4 === 3 && value > 0);
  };
  const look = () => {
    if (window.seen !== seen) return;
    const settled = root.dataset.settled === 'true';
    const canvas = root.querySelector('.map canvas.trails');
    seen.push({
      contours: inked(root.querySelector('.map canvas.ground')),
      axes: root.querySelectorAll('.map .xtick').length > 2 && root.querySelectorAll('.loss .xtick').length > 2,
      trails: inked(canvas),
      curves: inked(root.querySelector('.loss canvas.trails')),
      heads: inked(root.querySelector('.map canvas.heads')),
      settled, cards: root.querySelectorAll('.card').length,
    });
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def _frames(race: Race) -> list[dict[str, Any]]:
    return list(race.page.evaluate("() => { const seen = window.seen; window.seen = null; return seen; }"))


def test_no_frame_is_blank_while_data_change(fresh: Visit) -> None:
    race = fresh()
    race.page.evaluate(RECORD)
    race.slide("racer-0", "learning_rate", 0.45)
    race.wait_query("racer", "sgd:learning_rate=0.00")
    race.slide("racer-2", "beta1", 0.3)
    race.wait_query("racer", "beta1=")
    frames = _frames(race)
    assert len(frames) > 10 and {f["settled"] for f in frames} == {True, False}
    for part in ("contours", "axes", "trails", "curves", "heads"):
        assert all(f[part] for f in frames), f"{part} missing in {sum(not f[part] for f in frames)} frames"
    assert {f["cards"] for f in frames} == {3}


@pytest.mark.long
def test_zoom_and_playhead_survive_a_slider(fresh: Visit) -> None:
    race = fresh()
    race.at("zoom-in").evaluate("(button) => button.click()")
    race.at("scrub").fill("40")
    race.settle()
    frame = race.frame()
    node = race.page.evaluate_handle("() => document.querySelector('[data-testid=map]')")
    race.slide("racer-1", "momentum", 0.3)
    race.wait_query("racer", "momentum=")
    assert race.frame() == frame and race.step() == 40 and not race.playing()
    assert node.evaluate("(node) => node === document.querySelector('[data-testid=map]') && node.isConnected")
    # a playing clock continues
    race.at("speed").select_option("0.25")
    race.at("play").click()
    race.type_value("racer-1", "momentum", "0.5")
    race.until("() => location.search.includes('momentum%3D0.5')")
    assert race.playing() and race.step() >= 40


@pytest.mark.parametrize("button", ["More", pytest.param("Add a racer", marks=pytest.mark.long)])
@pytest.mark.thinned(2)
def test_a_click_that_closes_a_panel_does_nothing_else(fresh: Visit, button: str) -> None:
    race = fresh("surface=rosenbrock")
    before = race.query()
    race.page.get_by_role("button", name=button).first.click()
    race.settle()
    left, top = race.pixel(-1.0, 1.0)
    race.page.mouse.click(left, top)
    race.page.wait_for_timeout(600)
    assert race.settle().query() == before and "start" not in before
    race.page.mouse.click(left, top)  # the next click moves it
    race.until("() => new URL(location.href).searchParams.has('start')")


@pytest.mark.long
def test_the_status_of_a_run_is_not_shown_before_the_clock_reaches_it(fresh: Visit) -> None:
    race = fresh("racer=sgd:learning_rate=10")
    race.at("to-start").click()
    for _ in range(3):
        race.at("step-forward").click()
    early = race.settle().heads()
    race.at("to-end").click()
    late = race.settle().heads()
    assert (late[..., 3] > 100).sum() > 1.3 * (early[..., 3] > 100).sum()  # its name alone, then its name and its end
