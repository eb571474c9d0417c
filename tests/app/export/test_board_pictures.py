"""Pictures and films of the Network page, read back and measured."""

from __future__ import annotations

import dataclasses
import io
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from numpy.typing import NDArray
from PIL import Image

from app.common import racers
from app.export.about import About
from app.export.drawing import Drawing
from app.export.films import film, moments
from app.export.options import Cut, Look
from app.export.stills import still
from app.figures.marks import Axes, Axis, Line, Panel, Tiles
from app.network import changes, presets, scene
from app.network.job import Job
from app.network.settings import generated
from app.network.views import VIEWS
from app.player import Card, Clock, Scene
from tests.app.drawn import only

ABOUT = About("Moons", "network", {})
SQUARE = Axes(x=Axis(low=0, high=1, numbers=False, grid=False), y=Axis(low=0, high=1, numbers=False, grid=False))
SMALL = Look(width=480, height=360, caption=False)
CARDS = (Card("a", "One", "#d55e00", status="loss 1"), Card("b", "Two", "#0072b2", status="diverged @ 2", gone=True))


def _pixels(drawing: Drawing, step: int | None = None) -> NDArray[Any]:
    return np.asarray(Image.open(io.BytesIO(still(drawing, "png", ABOUT, step))).convert("RGB")).astype(int)


def _near(pixels: NDArray[Any], color: str, within: int = 12) -> NDArray[Any]:
    wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    found: NDArray[Any] = (np.abs(pixels - wanted) <= within).all(axis=-1)
    return found


def _board(*panels: Panel, steps: int = 4, cards: tuple[Card, ...] = CARDS) -> Scene:
    named = (dataclasses.replace(p, key=f"view-{k}", title=f"Panel {k}") for k, p in enumerate(panels))
    return Scene(panels=tuple(named), cards=cards, clock=Clock(steps), caption="a caption")


@cache
def _trained(source: str, views: tuple[str, str, str]) -> tuple[Any, Job, Scene]:
    chosen = changes.choose_data(presets.first(), source)
    data = generated(chosen)
    training = racers.set_steps(changes.change(changes.fitted(chosen, data), "widths", "4", data), 20)
    training = dataclasses.replace(training, views=views)
    job = scene.job_for(training, data)
    job.begin()
    end = time.monotonic() + 240
    for _ in range(2):  # the contents of the panels are computed on request
        while job.busy and time.monotonic() < end:
            time.sleep(0.02)
        made = scene.scene(training, job)
    return training, job, made


OF_ALL = sorted(set(VIEWS) - {"search", "network"})
"""The views that show all racers: not the settings of a search, and not the neurons of one network."""


@pytest.mark.parametrize("key", OF_ALL)
@pytest.mark.thinned(8)
def test_the_picture_of_every_view_contains_every_racer(key: str) -> None:
    _, _, made = _trained("moons", (key, "loss", "accuracy"))
    assert not made.panels[0].message
    look = dataclasses.replace(SMALL, part=key, width=900, height=500)
    pixels = _pixels(Drawing(made, look))
    for card in made.cards:
        views = pixels[:, : 900 - 24 - round(0.22 * 900) - 20]  # without the legend
        assert _near(views, card.color).sum() > 10, f"{card.title} in {key}"


def test_the_lines_of_a_chart_are_drawn_at_the_numbers_of_the_panel() -> None:
    _, _, made = _trained("moons", ("outcome", "loss", "accuracy"))
    drawing = Drawing(made, dataclasses.replace(SMALL, part="loss"))
    (axes,) = drawing.figure.axes
    collections = [one for one in axes.collections if isinstance(one, LineCollection)]
    pale, strong = sorted(collections, key=lambda one: one.get_zorder())
    panel = made.panel("loss")
    lines = only(panel, Line)
    for line, segment in zip(lines, strong.get_segments(), strict=True):
        np.testing.assert_allclose(segment, np.column_stack([line.x, line.y]))
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.get_ylim(), (panel.axes[0].y.low, panel.axes[0].y.high))
    assert len(pale.get_segments()) == len(lines)
    drawing.show(10)
    for line, segment in zip(lines, strong.get_segments(), strict=True):
        # a curve is interpolated between two moments
        assert segment[-1, 0] == 10 and len(segment) in (np.count_nonzero(line.x <= 10) + np.arange(2))
    early, late = _pixels(drawing, 2), _pixels(drawing, 20)
    assert all(_near(early, card.color).sum() < _near(late, card.color).sum() for card in made.cards)


def test_a_boundary_has_the_colours_of_the_classes_and_its_first_row_at_the_bottom() -> None:
    tiles = Tiles(
        racer="a",
        time=np.array([0, 2]),
        values=np.full((2, 2, 2), 255, np.uint8),
        classes=np.array([[[1, 1], [0, 1]], [[1, 1], [1, 1]]], np.uint8),
        palette=("#000000", "#ffffff"),
        score=np.array([0.5, np.nan]),
    )
    panel = Panel(axes=(SQUARE,), marks=(tiles,), spread="squares")
    drawing = Drawing(_board(panel), dataclasses.replace(SMALL, part="view-0", theme="dark"))
    (picture,) = drawing.figure.axes[0].images
    paper = np.array([0x11, 0x15, 0x1C]) / 255
    drawing.show(1)  # between two recorded moments, the earlier one is shown
    shown = np.asarray(picture.get_array())
    np.testing.assert_allclose(shown[1, 0], 0.4 * paper, atol=1e-6)
    np.testing.assert_allclose(shown[0, 0], 0.4 * paper + 0.6, atol=1e-6)
    drawing.show(2)
    np.testing.assert_allclose(np.asarray(picture.get_array())[1, 0], 0.4 * paper + 0.6, atol=1e-6)
    assert not any("%" in text.get_text() for text in drawing.figure.axes[0].texts)


def test_a_table_has_its_first_row_at_the_top_and_shows_percentages() -> None:
    tiles = Tiles(
        racer="b",
        time=np.array([0]),
        values=np.array([[[255, 0], [128, 127]]], np.uint8),
        color="#0072b2",
        numbers=True,
        names=("no", "yes"),
        score=np.array([0.75]),
    )
    panel = Panel(axes=(SQUARE,), marks=(tiles,), spread="squares")
    drawing = Drawing(_board(panel), dataclasses.replace(SMALL, part="view-0"))
    axes = drawing.figure.axes[0]
    shown = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shown[0, 0], np.array([0x00, 0x72, 0xB2]) / 255, atol=1e-6)
    np.testing.assert_allclose(shown[0, 1], 1.0)
    words = [text.get_text() for text in axes.texts]
    assert words == ["75 %", "100", "", "50", "50", "no", "yes", "no", "yes"]
    rows = axes.texts[-2:]
    assert [text.get_rotation() for text in rows] == [90, 90]  # "yes" has more letters than there is room for
    assert rows[0].get_position()[1] == 0.75 and rows[1].get_position()[1] == 0.25 and rows[0].get_position()[0] < 0


def test_a_curve_with_infinite_values_is_drawn_and_a_hidden_racer_is_not() -> None:
    frames = np.array([[0.0, 1.0], [0.5, np.inf], [-1e38, 0.2]])
    common: Any = {"x": np.array([0.0, 1.0]), "y": frames, "time": np.array([0, 1, 3])}
    lines = tuple(Line(racer=card.id, color=card.color, **common) for card in CARDS)
    axes = Axes(x=Axis(low=0.0, high=1.0), y=Axis(low=-1.0, high=1.0))
    cards = (CARDS[0], dataclasses.replace(CARDS[1], hidden=True))
    panel = Panel(axes=(axes,), marks=lines)
    drawing = Drawing(_board(panel, cards=cards), dataclasses.replace(SMALL, part="view-0"))
    (line,) = (one for one in drawing.figure.axes[0].collections if isinstance(one, LineCollection))
    for step, far in ((0, 1.0), (2, np.inf), (4, 0.2)):
        drawing.show(step)
        (segment,) = line.get_segments()
        assert segment[1, 1] == pytest.approx(min(far, 1.0 + 2e6))
        assert np.isfinite(_pixels(drawing, step)).all()
    assert _near(_pixels(drawing), CARDS[1].color).sum() == 0


@pytest.mark.long
def test_a_film_ends_with_the_still_and_can_follow_the_curves() -> None:
    _, _, made = _trained("chebyshev", ("outcome", "loss", "landscape"))
    drawing = Drawing(made, SMALL)
    cut = Cut(seconds=1.0, rate=10, hold=0.0)
    fractions: list[float] = []
    images = Image.open(io.BytesIO(film(drawing, "gif", cut, ABOUT, fractions.append)))
    assert fractions[-1] == 1.0
    last = _pixels(Drawing(made, SMALL), 20)
    images.seek(images.n_frames - 1)  # type: ignore[attr-defined]
    assert (np.abs(np.asarray(images.convert("RGB")).astype(int) - last).max(axis=-1) > 80).mean() < 0.002
    even, along = moments(drawing, cut), moments(drawing, dataclasses.replace(cut, time="length"))
    assert (even[0], even[-1]) == (along[0], along[-1]) == (0, 20)
    assert along != even and all(np.diff(along) >= 0)


def test_an_empty_view_shows_its_message_and_an_unknown_view_is_refused() -> None:
    made = _board(Panel(message="No racer is shown."))
    drawing = Drawing(made, SMALL)
    assert "No racer is shown." in {text.get_text() for text in drawing.figure.texts}
    with pytest.raises(ValueError, match="part must be one of all, view-0; got 'map'"):
        Drawing(made, dataclasses.replace(SMALL, part="map"))


@pytest.mark.parametrize("size", [(1280, 720), (900, 900), (528, 480)])
def test_three_panels_and_the_legend_do_not_overlap(size: tuple[int, int]) -> None:
    _, _, made = _trained("moons", ("outcome", "loss", "accuracy"))
    drawing = Drawing(made, Look(width=size[0], height=size[1]))
    boxes = [axes.get_position() for axes in drawing.figure.axes]
    apart: Callable[[Any, Any], bool] = lambda a, b: (  # noqa: E731
        a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0
    )
    assert all(apart(a, b) for k, a in enumerate(boxes) for b in boxes[:k])
    renderer = drawing.canvas.get_renderer()
    for text in drawing.figure.texts:
        place = text.get_window_extent(renderer).transformed(drawing.figure.transFigure.inverted())
        assert place.x0 >= -0.001 and place.x1 <= 1.001, text.get_text()
