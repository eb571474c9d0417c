"""Files show what the page shows: a window of the map, a map for each racer, and two races."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.common import racers
from app.export import making
from app.export.drawing import Drawing
from app.export.options import Cut, Look
from app.export.sizes import SIZES
from app.figures.marks import Field
from app.player.screen import Window
from app.race import changes, export
from app.race import scene as race
from app.race.runs import Race
from tests.app.drawn import only, positions

SETTINGS = racers.set_steps(changes.first(), 60)
SCENE = race.scene(Race(SETTINGS))
WINDOW: Window = ((-1.0, 0.2), (-0.4, 0.3))
LOOK = Look(width=900, height=600, caption=False)
TWO = changes.in_second(changes.set_beside(SETTINGS, True), changes.choose_surface, "rosenbrock")


def _drawing(settings: Any, **options: Any) -> Drawing:
    look = dataclasses.replace(LOOK, **options)
    return Drawing(export.order(Race(settings), "png", look, Cut()).scene, look)


def _pixels(drawing: Drawing, step: int) -> np.ndarray:
    (frame,) = drawing.frames([step])
    return frame[..., :3].astype(int)


def _near(pixels: np.ndarray, color: str, within: int = 12) -> np.ndarray:
    wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    return (np.abs(pixels - wanted) <= within).all(axis=-1)


def _inside(drawing: Drawing, plot: Any, pixels: np.ndarray) -> np.ndarray:
    """The pixels of a pair of axes."""
    box = plot.get_window_extent()
    top = len(pixels) - round(box.y1)
    return pixels[top : top + round(box.height), round(box.x0) : round(box.x1)]


def test_the_window_is_drawn_at_equal_scales_with_heads_where_the_engine_says() -> None:
    drawing = _drawing(SETTINGS, windows=(WINDOW,), part="map")
    plot = drawing.figure.axes[0]
    (x0, x1), (y0, y1) = plot.get_xlim(), plot.get_ylim()
    assert (x0, x1) == pytest.approx(WINDOW[0]) and y0 < WINDOW[1][0] and y1 > WINDOW[1][1]
    box = plot.get_window_extent()
    assert box.width / (x1 - x0) == pytest.approx(box.height / (y1 - y0))
    pixels = _pixels(drawing, 60)
    place = positions(SCENE)[1, 60]
    assert WINDOW[0][0] < place[0] < WINDOW[0][1] and WINDOW[1][0] < place[1] < WINDOW[1][1]
    x, y = plot.transData.transform(place)
    around = pixels[600 - round(y) - 2 : 600 - round(y) + 2, round(x) - 2 : round(x) + 2]
    assert _near(around, SCENE.cards[1].color).all()


def test_the_ground_of_a_window_is_as_fine_as_a_whole_map() -> None:
    (field,) = only(
        export.order(Race(SETTINGS), "png", dataclasses.replace(LOOK, windows=(WINDOW,)), Cut()).scene.panels[0], Field
    )
    (whole,) = only(SCENE.panels[0], Field)
    assert np.diff(field.y).mean() < 0.5 * np.diff(whole.y).mean()
    surface, relief = SETTINGS.built_surface(), SCENE.relief
    assert relief
    row, column = 70, 50
    loss = float(surface(np.array([field.x[column], field.y[row]])))
    assert field.z[row, column] == pytest.approx(np.log10(loss - relief.base + relief.unit), abs=1e-4)
    assert field.low == whole.low and field.high == whole.high


@pytest.mark.parametrize("size", [(900, 600), (900, 900), (600, 1100), (2000, 400)])
def test_a_window_at_the_edge_of_the_map_is_filled(size: tuple[int, int]) -> None:
    limits = SCENE.panels[0].axes[0]
    assert limits.x.limits and limits.y.limits
    corner: Window = ((limits.x.limits[1] - 0.5, limits.x.limits[1]), (limits.y.limits[1] - 0.2, limits.y.limits[1]))
    drawing = _drawing(SETTINGS, windows=(corner,), part="map", width=size[0], height=size[1])
    plot = drawing.figure.axes[0]
    pixels = _inside(drawing, plot, _pixels(drawing, 0))
    assert (pixels[3, 3:-3] != 255).any(axis=-1).all() and (pixels[3:-3, 3] != 255).any(axis=-1).all()


def test_each_small_map_shows_one_racer() -> None:
    drawing = _drawing(changes.change(SETTINGS, "picture", "panels"), part="map")
    plots = drawing.figure.axes
    assert len(plots) == len(SCENE.cards)
    pixels = _pixels(drawing, 60)
    for k, plot in enumerate(plots):
        inked = [_near(_inside(drawing, plot, pixels), card.color).sum() for card in SCENE.cards]
        assert inked[k] > 60 and sum(inked) == inked[k]
    titles = {text.get_text() for text in drawing.figure.texts}
    assert {card.title for card in SCENE.cards} <= titles
    places = {tuple(np.round(plot.get_xlim(), 6)) for plot in plots}
    assert len(places) == 1


def test_small_maps_share_the_window() -> None:
    drawing = _drawing(changes.change(SETTINGS, "picture", "panels"), part="map", windows=(WINDOW,))
    for plot in drawing.figure.axes:
        (x0, x1), (y0, y1) = plot.get_xlim(), plot.get_ylim()
        assert x0 <= WINDOW[0][0] + 1e-9 and x1 >= WINDOW[0][1] - 1e-9
        assert y0 <= WINDOW[1][0] + 1e-9 and y1 >= WINDOW[1][1] - 1e-9 and y1 - y0 < 2


def test_a_chosen_picture_replaces_that_of_the_page() -> None:
    one, each = (len(_drawing(SETTINGS, part="map", picture=key).figure.axes) for key in ("map", "panels"))
    assert (one, each) == (1, len(SCENE.cards))


def test_two_races_are_drawn_side_by_side_on_one_clock() -> None:
    drawing = _drawing(TWO)
    scene = drawing.scene
    assert scene.beside
    first, second, *losses = drawing.figure.axes
    assert len(losses) == 2
    words = [text.get_text() for text in drawing.figure.texts]
    assert "A" in words and "B" in words
    pixels = _pixels(drawing, 20)
    for plot, one in ((first, scene), (second, scene.beside)):
        places = positions(one)[:, 20]
        x, y = plot.transData.transform(places[-1])
        around = pixels[600 - round(y) - 2 : 600 - round(y) + 2, round(x) - 2 : round(x) + 2]
        assert _near(around, one.cards[-1].color).all()
    assert first.get_window_extent().x1 < second.get_window_extent().x0
    assert not np.array_equal(positions(scene)[:, 20], positions(scene.beside)[:, 20])


def test_the_legend_and_the_caption_name_both_races() -> None:
    settings = racers.set_steps(TWO, 300)
    drawing = _drawing(settings, caption=True)
    scene = drawing.scene
    drawing.show(300)
    words = {text.get_text() for text in drawing.figure.texts if text.get_visible()}
    assert (
        scene.beside
        and any(word.startswith("A: ") for word in words)
        and any(word.startswith("B: Rosen") for word in words)
    )
    for name, one in (("A", scene), ("B", scene.beside)):
        assert {f"{name}: {card.status}" for card in one.cards if card.status} <= words


def test_each_race_has_its_window() -> None:
    other: Window = ((0.5, 1.5), (0.5, 1.2))
    plots = _drawing(TWO, windows=(WINDOW, other), part="map").figure.axes
    for plot, window in zip(plots, (WINDOW, other), strict=True):
        assert plot.get_xlim()[0] <= window[0][0] + 1e-9 and plot.get_xlim()[1] >= window[0][1] - 1e-9
        assert np.ptp(plot.get_ylim()) < 1.5


def test_two_races_are_always_maps_and_their_losses_can_be_drawn_alone() -> None:
    assert _drawing(TWO, picture="surface").picture == "map"
    assert len(_drawing(TWO, part="loss").figure.axes) == 2


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "gif"])
@pytest.mark.parametrize("shown", ["surface", "panels", "two"])
@pytest.mark.thinned(2)
def test_every_format_shows_the_screen(kind: str, shown: str) -> None:
    settings = TWO if shown == "two" else changes.change(SETTINGS, "picture", shown)
    look = Look(width=480, height=320, caption=False)
    content = making.make(export.order(Race(settings), kind, look, Cut(seconds=0.3, rate=10, hold=0.1)))
    starts: Mapping[str, bytes] = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "gif": b"GIF8"}
    assert content.startswith(starts[kind]) and len(content) > 5000


def test_slides_have_films_of_the_visible_panels() -> None:
    settings = changes.change(racers.set_steps(SETTINGS, 10), "picture", "surface")
    deck = making.make(export.order(Race(settings), "pptx", Look(), Cut(seconds=0.2, rate=10, hold=0.1)))
    assert deck.startswith(b"PK") and deck.count(b"ppt/media/") >= 6


@pytest.mark.parametrize("name", list(SIZES))
def test_named_sizes_are_those_of_the_table(name: str) -> None:
    width, height, purpose = SIZES[name]
    look = Look(width=width, height=height, purpose=purpose)
    content = making.make(export.order(Race(SETTINGS), "png", look, Cut()))
    dots = round(300 / 96 * width), round(300 / 96 * height)
    assert Image.open(io.BytesIO(content)).size == (dots if purpose == "paper" else (width, height))
