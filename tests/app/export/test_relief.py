"""Maps in three dimensions: the projection of points, and runs on the ground."""

from __future__ import annotations

import dataclasses
import io
import math
import re

import numpy as np
import pytest
from PIL import Image

from app.common import racers
from app.export.about import About
from app.export.drawing import Drawing
from app.export.options import Look
from app.export.projection import Projection
from app.export.relief import DEEP, TALL, drape, ground_of
from app.export.relief_painter import projected
from app.export.stills import still
from app.figures.marks import Dots, Line, Sign
from app.player.routes import WEB
from app.player.screen import Camera
from app.race import changes
from app.race import scene as race
from app.race.runs import Race
from tests.app.drawn import line_of, only, positions

SETTINGS = changes.change(racers.set_steps(changes.first(), 60), "picture", "surface")
SCENE = race.scene(Race(SETTINGS))
MAP = SCENE.panels[0]
ABOUT = About("Ravine", "race", {})


def _projection(camera: Camera, size: tuple[float, float] = (800.0, 400.0)) -> Projection:
    return Projection(camera, np.array([-2.0, 0.0, 10.0]), np.array([2.0, 4.0, 30.0]), np.ones(3), size)


def test_the_camera_has_an_angle_of_45_degrees_from_its_lower_edge_to_its_upper() -> None:
    """At a distance of 2, half of the picture's height is 2 tan 22.5°."""
    seen = _projection(Camera((0.0, -2.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    up = 2 * math.tan(math.pi / 8)
    # the box is drawn with sides of 1, so a unit of x or y is 1/4 and a unit of z is 1/20
    points = np.array([[0.0, 2.0, 20.0], [0.0, 2.0, 20 + 20 * up], [4 * up, 2.0, 20.0], [0.0, 6.0, 20 + 20 * up]])
    np.testing.assert_allclose(seen.pixels(points), [[400, 200], [400, 400], [600, 200], [400, 200 + 200 * 2 / 3]])
    assert np.isnan(seen.pixels(np.array([0.0, -7.0, 20.0]))).all()  # behind the camera


def test_files_and_the_page_show_a_surface_from_the_same_place() -> None:
    """The page's camera and the height of its box stand in `drawing/relief.js`."""
    script = (WEB / "drawing" / "relief.js").read_text()
    places = [
        [float(v) for v in re.findall(r"[xyz]: (-?[\d.]+)", line)] for line in script.splitlines() if "x: " in line
    ]
    camera = Camera()
    for point in (camera.eye, camera.center, camera.up):
        assert list(point) in places
    assert float(re.findall(r"const TALL = ([\d.]+);", script)[0]) == TALL
    assert float(re.findall(r"const DEEP = ([\d.]+);", script)[0]) == DEEP


def test_a_narrow_picture_shows_the_full_width() -> None:
    wide, narrow = (_projection(Camera(), size) for size in ((640.0, 400.0), (320.0, 400.0)))
    point = np.array([2.0, 4.0, 10.0])
    (x, y), (nx, ny) = wide.pixels(point), narrow.pixels(point)
    assert (nx - 160) / 320 == pytest.approx((x - 320) / 640) and (ny - 200) == pytest.approx((y - 200) / 2)


@pytest.mark.parametrize("heights", ["log", "linear"])
def test_each_step_lies_at_the_height_of_its_loss(heights: str) -> None:
    relief = dataclasses.replace(SCENE.relief, heights=heights)
    ground = ground_of(MAP, relief)
    surface = SETTINGS.built_surface()
    for card in SCENE.cards:
        line = line_of(SCENE, card.id, "path")
        path = np.column_stack([line.x, line.y]).astype(float)
        lie = drape(ground, path, np.asarray(line.heights), np.asarray(line.time, float))
        losses = np.array([float(surface(w)) for w in path])
        wanted = np.log10(losses - relief.base + relief.unit) if heights == "log" else losses
        assert len(lie.steps) == 61 and (np.diff(lie.time) >= 0).all()
        np.testing.assert_allclose(lie.points[lie.steps, :2], path, atol=1e-6)
        np.testing.assert_allclose(lie.points[lie.steps, 2] - ground.lift, wanted, rtol=1e-3, atol=2e-3)
        np.testing.assert_allclose(lie.time[lie.steps], line.time)


def test_between_steps_a_run_follows_the_ground() -> None:
    """A step over many cells has a point in each cell, and none is below the ground."""
    ground = ground_of(MAP, SCENE.relief)
    (x0, y0), (x1, y1) = ground.low[:2] * 0.9, ground.high[:2] * 0.9
    path = np.array([[x0, y1], [x1, y0]])
    lie = drape(ground, path, np.full(2, np.nan), np.array([3.0, 5.0]))
    assert len(lie.points) > 0.8 * len(ground.x) and lie.steps.tolist() == [0, len(lie.points) - 1]
    under = ground.under(*lie.points[:, :2].T)
    np.testing.assert_allclose(lie.points[:, 2], under + ground.lift, atol=1e-9)
    share = (lie.points[:, 0] - x0) / (x1 - x0)
    np.testing.assert_allclose(lie.time, 3 + 2 * share, atol=1e-9)
    assert np.ptp(under) > 0.5 * np.ptp(ground.z)


def test_a_run_has_a_gap_where_it_is_outside_the_box() -> None:
    ground = ground_of(MAP, SCENE.relief)
    right, middle = ground.high[0], (ground.low[1] + ground.high[1]) / 2
    path = np.array([[right - 1, middle], [right + 1, middle], [right + 3, middle], [right - 1, middle]])
    lie = drape(ground, path, np.zeros(4), np.arange(4.0))
    gap = np.flatnonzero(np.isnan(lie.points[:, 0]))
    assert len(gap) == 1 and lie.steps.tolist() == [0, len(lie.points) - 1]
    assert lie.points[gap[0] - 1, 0] == pytest.approx(right) and lie.time[gap[0]] == pytest.approx(0.5)
    assert lie.points[gap[0] + 1, 0] == pytest.approx(right) and lie.time[gap[0] + 1] == pytest.approx(2.75)


def _pixels(drawing: Drawing, step: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(still(drawing, "png", ABOUT, step)))
    return np.asarray(picture.convert("RGB")).astype(int)


def _near(pixels: np.ndarray, color: str, within: int = 12) -> np.ndarray:
    wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    return (np.abs(pixels - wanted) <= within).all(axis=-1)


@pytest.mark.parametrize("camera", [Camera(), Camera((1.2, -0.9, 0.7), (0.0, 0.0, -0.1))], ids=["home", "turned"])
def test_the_head_of_a_run_is_at_its_projection(camera: Camera) -> None:
    """The last racer is drawn on top: the disc of its head is at the projection of its point."""
    look = Look(width=800, height=500, part="map", caption=False, camera=camera)
    drawing = Drawing(SCENE, look)
    ground, surface = ground_of(MAP, SCENE.relief), SETTINGS.built_surface()
    plot = drawing.figure.axes[-1]
    box = plot.get_window_extent()
    projection = Projection(camera, ground.low, ground.high, ground.sides, (box.width, box.height))
    card = SCENE.cards[-1]
    for step in (0, 9, 60):
        x, y = positions(SCENE)[-1, step]
        height = math.log10(float(surface(np.array([x, y]))) - SCENE.relief.base + SCENE.relief.unit) + ground.lift
        left, up = projection.pixels(np.array([x, y, height]))
        row, column = round(500 - box.y0 - up), round(box.x0 + left)
        around = _near(_pixels(drawing, step)[row - 2 : row + 2, column - 2 : column + 2], card.color)
        assert around.all(), step


def test_the_surface_has_the_colours_of_the_map_and_hides_what_is_behind_it() -> None:
    for theme, dark in (("light", False), ("dark", True)):
        look = Look(width=800, height=500, part="map", caption=False, theme=theme)  # type: ignore[arg-type]
        pixels = _pixels(Drawing(SCENE, look), 60)
        middle = pixels[200:300, 350:450].mean()
        assert bool(middle < 110) is dark and abs(middle - pixels[2, 2].mean()) > 4


def test_landmarks_and_the_start_stand_on_the_ground_and_hidden_racers_do_not() -> None:
    ground = ground_of(MAP, SCENE.relief)
    projection = Projection(Camera(), ground.low, ground.high, ground.sides, (800.0, 400.0))
    panel = projected(MAP, ground, projection)
    signs = {sign.name: (sign.x[0], sign.y[0]) for sign in only(panel, Sign)}
    zero = np.array([0.0, 0.0, ground.under(np.zeros(1), np.zeros(1))[0] + ground.lift])
    np.testing.assert_allclose(signs["minimum"], projection.pixels(zero))
    first = only(panel, Line)[-1]
    np.testing.assert_allclose(signs["start"], (first.x[0], first.y[0]), atol=0.01)
    assert len(only(panel, Dots)) == len(SCENE.cards)
    hidden = race.scene(Race(racers.hide_racer(SETTINGS, "racer-1", True)))
    pixels = _pixels(Drawing(hidden, Look(width=800, height=500, part="map", caption=False)), 60)
    assert not _near(pixels, SCENE.cards[1].color).any() and _near(pixels, SCENE.cards[2].color).any()


def test_a_run_that_diverges_ends_in_an_arrow_with_its_status() -> None:
    wild = race.scene(Race(racers.set_racer(SETTINGS, "racer-0", "learning_rate", 0.5)))
    drawing = Drawing(wild, Look(width=800, height=500, part="map", caption=False))
    words = [text.get_text() for text in drawing.figure.axes[-1].texts if text.get_visible()]
    assert any(word.startswith(("SGD: diverged @", "SGD: growing")) for word in words), words


def test_the_frames_of_a_relief_film_equal_the_stills() -> None:
    drawing = Drawing(SCENE, Look(width=400, height=300, part="map", caption=False))
    early, late = drawing.frames([5, 60])
    assert not np.array_equal(early, late)
    for step, frame in ((5, early), (60, late)):
        apart = np.abs(frame[..., :3].astype(int) - _pixels(drawing, step)).max(axis=-1)
        assert (apart > 40).mean() < 0.002  # a film draws moving artists above still ones


def test_heights_are_plain_losses_where_the_curves_show_the_loss_above_the_minimum() -> None:
    """The lowest loss of this surface is far below zero, and heights of lines are measured from it."""
    settings = changes.choose_surface(changes.change(SETTINGS, "heights", "linear"), "styblinski_tang")
    scene = race.scene(Race(settings))
    assert scene.relief and scene.relief.offset < -1
    ground, surface = ground_of(scene.panels[0], scene.relief), settings.built_surface()
    line = line_of(scene, scene.cards[0].id, "path")
    path = np.column_stack([line.x, line.y]).astype(float)
    lie = drape(ground, path, np.asarray(line.heights), np.asarray(line.time, float))
    losses = [float(surface(w)) for w in path]
    np.testing.assert_allclose(lie.points[lie.steps, 2] - ground.lift, losses, rtol=1e-4, atol=1e-2)
