"""Pictures and films, read by other programs and measured."""

from __future__ import annotations

import dataclasses
import io
import json
import xml.etree.ElementTree as ET
from typing import Any

import av
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from PIL import Image

from app.common import racers
from app.export import films, look
from app.export.about import About
from app.export.drawing import Drawing
from app.export.films import delays, film, moments
from app.export.options import Cut, Look
from app.export.painter import fit
from app.export.stills import still
from app.figures.marks import Axes, Axis
from app.race import changes, export, link
from app.race import scene as race
from app.race.runs import Race
from tests.app.drawn import positions, start

SETTINGS = racers.set_steps(changes.first(), 60)
SCENE = race.scene(Race(SETTINGS))
ABOUT = About("Ravine", "race", link.query(SETTINGS), "http://localhost:8501/")
SMALL = Look(width=400, height=300, caption=False)
SHORT = Cut(seconds=1.2, rate=10, hold=0.5)


def _pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def _near(pixels: np.ndarray, color: str, within: int = 12) -> np.ndarray:
    wanted = [int(color[k : k + 2], 16) for k in (1, 3, 5)]
    return (np.abs(pixels - wanted) <= within).all(axis=-1)


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
def test_a_png_has_the_requested_size_and_its_metadata(scale: float) -> None:
    image = Image.open(io.BytesIO(still(Drawing(SCENE, Look(width=640, height=360, scale=scale)), "png", ABOUT)))
    assert image.size == (640 * scale, 360 * scale)
    said = json.loads(image.text["Description"])  # type: ignore[attr-defined]
    assert said["query"] == link.query(SETTINGS) and said["link"].startswith("http://localhost:8501/?v=1&")
    assert image.text["Software"].startswith("Optiscope ")  # type: ignore[attr-defined]


def test_a_picture_contains_every_visible_racer_and_no_hidden_one() -> None:
    shown = _pixels(still(Drawing(SCENE, SMALL), "png", ABOUT))
    hidden = race.scene(Race(racers.hide_racer(SETTINGS, "racer-1", True)))
    without = _pixels(still(Drawing(hidden, SMALL), "png", ABOUT))
    for card in SCENE.cards:
        assert _near(shown, card.color).sum() > 60, card.title
    assert _near(without, SCENE.cards[1].color).sum() == 0


@pytest.mark.parametrize("part", ["map", "loss"])
def test_a_single_view_can_be_drawn_in_both_themes(part: Any) -> None:
    light, dark = (
        _pixels(still(Drawing(SCENE, dataclasses.replace(SMALL, part=part, theme=theme)), "png", ABOUT))
        for theme in ("light", "dark")
    )
    assert light[2, 2].tolist() == [255, 255, 255] and dark[2, 2].tolist() == [0x11, 0x15, 0x1C]
    assert _near(light, SCENE.cards[2].color).sum() > 60


def test_the_head_is_at_the_position_of_the_engine() -> None:
    """The last racer is drawn on top: the disc of its head is centred at its position."""
    drawing = Drawing(SCENE, dataclasses.replace(SMALL, part="map", width=800, height=600))
    for step in (0, 7, 60):
        pixels = _pixels(still(drawing, "png", ABOUT, step))
        axes = drawing.figure.axes[0]
        k = len(SCENE.cards) - 1
        x, y = axes.transData.transform(positions(SCENE)[k, step])
        column, row = round(x), round(600 - y)
        around = _near(pixels[row - 2 : row + 3, column - 2 : column + 3], SCENE.cards[k].color)
        assert around.all(), step


@pytest.mark.parametrize("size", [(1280, 720), (900, 900), (528, 480), (600, 1100)])
def test_start_and_minimum_are_on_the_map_at_every_size(size: tuple[int, int]) -> None:
    drawing = Drawing(SCENE, Look(width=size[0], height=size[1], part="map"))
    axes = drawing.figure.axes[0]
    for x, y in (start(SCENE), (0.0, 0.0)):
        assert axes.get_xlim()[0] < x < axes.get_xlim()[1] and axes.get_ylim()[0] < y < axes.get_ylim()[1]
    box = axes.get_window_extent()
    wide, tall = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    assert box.width / wide == pytest.approx(box.height / tall, rel=1e-6)


def test_the_status_of_a_racer_is_not_shown_before_its_step() -> None:
    scene = race.scene(Race(changes.first()))
    drawing = Drawing(scene, Look())
    statuses = {card.status: card.settled for card in scene.cards}

    def shown_statuses(step: int) -> set[str]:
        drawing.show(step)
        return {t.get_text() for t in drawing.figure.texts if t.get_visible()} & set(statuses)

    assert shown_statuses(0) == set() and shown_statuses(300) == set(statuses)
    first, settled = min(statuses.items(), key=lambda one: one[1])
    assert shown_statuses(settled - 1) == set() and shown_statuses(settled) == {first}
    drawing.show(60)
    assert "step 60 of 300" in {t.get_text() for t in drawing.figure.texts}


def test_a_run_that_has_left_is_an_arrow_above_the_losses() -> None:
    wild = racers.set_racer(SETTINGS, "racer-0", "learning_rate", 0.5)
    drawing = Drawing(race.scene(Race(wild)), dataclasses.replace(SMALL, part="loss"))
    heads = (one for one in drawing.figure.axes[0].collections if isinstance(one, PathCollection))
    here = max(heads, key=lambda one: one.get_zorder())
    drawing.show(60)
    at = np.asarray(here.get_offsets())[-3:]
    top = drawing.figure.axes[0].get_ylim()[1]
    assert (at[:, 1] == top).sum() == 1 and at[at[:, 1] == top][0, 0] < 10


def test_a_size_that_is_too_small_is_refused_and_a_long_caption_is_shortened() -> None:
    with pytest.raises(ValueError, match="200×200 pixels are too few"):
        Drawing(SCENE, Look(width=200, height=200))
    drawing = Drawing(SCENE, Look(width=528, height=480, title="word " * 300))
    foot = [text.get_text() for text in drawing.figure.texts if text.get_text().startswith("word")]
    assert len(foot) <= 7 and foot[-1].endswith("…")


def test_a_transparent_background_is_transparent() -> None:
    image = Image.open(io.BytesIO(still(Drawing(SCENE, dataclasses.replace(SMALL, transparent=True)), "png", ABOUT)))
    assert image.mode == "RGBA" and image.getpixel((2, 2))[3] == 0  # type: ignore[index]


def test_an_svg_has_vectors_outlined_letters_and_metadata() -> None:
    root = ET.fromstring(still(Drawing(SCENE, Look()), "svg", ABOUT))
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert names.count("path") > 50 and names.count("text") == 0
    assert names.count("image") <= 1  # the bar of the colour scale
    text = ET.tostring(root, encoding="unicode")
    assert "quadratic_ravine" in text and all(card.color in text for card in SCENE.cards)


def test_a_pdf_has_vectors_and_embedded_fonts() -> None:
    content = still(Drawing(SCENE, Look()), "pdf", ABOUT)
    assert content.startswith(b"%PDF-") and b"/FontFile2" in content and b"Optiscope" in content
    assert content.count(b"/Subtype /Image") <= 1


def test_the_same_settings_give_the_same_bytes() -> None:
    for kind in ("svg", "pdf"):
        one, two = (still(Drawing(SCENE, SMALL), kind, ABOUT) for _ in range(2))  # type: ignore[arg-type]
        assert one == two, kind


def test_a_run_that_has_left_ends_in_an_arrow_with_its_status() -> None:
    wild = racers.set_racer(SETTINGS, "racer-0", "learning_rate", 0.5)
    drawing = Drawing(race.scene(Race(wild)), dataclasses.replace(SMALL, part="map", width=800, height=600))
    words = [text.get_text() for text in drawing.figure.axes[0].texts if text.get_visible()]
    assert any(word.startswith(("SGD: diverged @", "SGD: growing")) for word in words), words


def test_equal_axes_are_widened_within_their_limits() -> None:
    unit = Axis(low=0, high=1, limits=(-9, 9))
    (x0, x1), (y0, y1) = fit(Axes(x=unit, y=unit, equal=True), (200, 100))
    assert (x1 - x0) / (y1 - y0) == pytest.approx(2) and y1 - y0 == pytest.approx(1)


def test_captions_fit_into_the_picture_and_a_title_replaces_them() -> None:
    many = SETTINGS
    for _ in range(5):
        many = changes.add_racer(many, "adamw")
    drawing = Drawing(race.scene(Race(many)), Look(width=640, height=480), ABOUT.link)
    for text in drawing.figure.texts:
        box = text.get_window_extent(drawing.canvas.get_renderer())
        assert box.x0 >= 0 and box.x1 <= 641 and box.y0 >= -1 and box.y1 <= 481, text.get_text()
    own = Drawing(SCENE, Look(title="Figure 1: a ravine"))
    assert "Figure 1: a ravine" in [text.get_text() for text in own.figure.texts]


def test_a_caption_names_the_step_of_a_picture_without_a_clock_unless_it_is_the_last() -> None:
    paper = Look(width=672, height=336, purpose="paper")
    for look_, step, named in ((paper, 3, True), (paper, None, False), (paper, 10**6, False), (Look(), 3, False)):
        drawing = Drawing(SCENE, look_, step=step)
        words = " ".join(text.get_text().replace("\n", " ") for text in drawing.figure.texts)
        assert (f"shown at step 3 of {SCENE.clock.end}" in words) == named
        assert export.caption(Race(SETTINGS), step).endswith("shown at step 3 of 60") == (step == 3)


def test_korean_is_drawn_if_a_font_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look.drawable("η β₁ → −1.5·10⁻⁷") and not look.drawable("\U00020000")
    assert look.drawable("가나다") == bool(look.hangul())
    monkeypatch.setattr(look, "hangul", lambda: "")
    assert not look.drawable("가나다")


@pytest.mark.parametrize(
    "bad",
    [{"width": 0}, {"height": 99_999}, {"scale": 0.5}, {"scale": 9}, {"theme": "pink"}, {"axis": "?"}],
)
def test_an_impossible_look_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Look(**bad)
    with pytest.raises(ValueError, match="part must be one of all, map, loss; got 'x'"):
        Drawing(SCENE, Look(part="x"))


# Two races, and a map for each racer.


# Films


def _frames(content: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(content)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_film_has_its_frames_and_length_and_ends_with_the_still(kind: Any) -> None:
    fractions: list[float] = []
    content = film(Drawing(SCENE, SMALL), kind, SHORT, ABOUT, fractions.append)
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (400, 300)
        assert float(stream.average_rate) == pytest.approx(10)
        assert {"mp4": "h264", "webm": "vp9"}[kind] in stream.codec_context.name
        assert container.duration / 1e6 == pytest.approx(1.7, abs=0.11)
        assert "quadratic_ravine" in str(container.metadata)
    frames = _frames(content)
    assert len(frames) == SHORT.frames == 17
    assert fractions[-1] == 1.0 and fractions == sorted(fractions)
    for frame, step in ((frames[0], 0), (frames[-1], 60)):
        picture = _pixels(still(Drawing(SCENE, SMALL), "png", ABOUT, step))
        assert np.abs(frame - picture).mean() < 4
        assert np.abs(frame - picture).mean() < np.abs(frames[8] - picture).mean()


def test_a_gif_stores_only_changes_and_ends_with_the_still() -> None:
    content = film(Drawing(SCENE, SMALL), "gif", SHORT, ABOUT, lambda share: None)
    image = Image.open(io.BytesIO(content))
    assert image.info["loop"] == 0 and b"quadratic_ravine" in content
    lasting, frames = 0, []
    for k in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(k)
        lasting += image.info["duration"]
        frames.append(np.asarray(image.convert("RGB")).astype(int))
    assert lasting == pytest.approx(1700, abs=20) and len(frames) <= 12
    picture = _pixels(still(Drawing(SCENE, SMALL), "png", ABOUT))
    assert np.abs(frames[-1] - picture).mean() < 1 and (frames[-1][2, 2] == 255).all()
    assert len(content) < 12 * len(still(Drawing(SCENE, SMALL), "png", ABOUT)) / 3
    once = film(Drawing(SCENE, SMALL), "gif", dataclasses.replace(SHORT, loop=False), ABOUT, lambda share: None)
    assert "loop" not in Image.open(io.BytesIO(once)).info


SHORTEST = Look(width=400, height=300, caption=False, part="loss")


@pytest.mark.parametrize("rate", [1, 24, 25, 29.97, 30, 40, 50, 60])
def test_the_length_of_a_gif_is_exact_to_a_hundredth_of_a_second(rate: float) -> None:
    """Read by Pillow. No frame is so short that browsers would slow it down, and each begins at its time."""
    cut = Cut(seconds=2.5, rate=rate, hold=0.5).limited("gif")
    assert cut.rate == min(rate, 50)
    image = Image.open(io.BytesIO(film(Drawing(SCENE, SHORTEST), "gif", cut, ABOUT, lambda share: None)))
    stands = []
    for k in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(k)
        stands.append(image.info["duration"])
    assert sum(stands) / 1000 == pytest.approx(cut.duration, abs=0.005 + 1e-9) and min(stands) >= 20
    if rate not in (1, 29.97):
        assert sum(stands) == 3000
    begins = np.cumsum([0, *delays(cut)]) / 1000
    np.testing.assert_allclose(begins, np.arange(cut.moving + 1) / cut.rate, atol=0.005 + 1e-9)


@pytest.mark.thinned(2)
@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize(("rate", "lasts"), [(30, 3.0), (60, 3.0), (25, 3.0), (29.97, 3.003)])
def test_the_length_of_a_film_is_exact(kind: Any, rate: float, lasts: float) -> None:
    """2.5 seconds of motion and 0.5 of the last frame, each to the nearest frame."""
    cut = Cut(seconds=2.5, rate=rate, hold=0.5)
    content = film(Drawing(SCENE, SHORTEST), kind, cut, ABOUT, lambda share: None)
    with av.open(io.BytesIO(content)) as container:
        assert container.duration / 1e6 == pytest.approx(cut.duration, abs=0.002)
    assert cut.duration == pytest.approx(lasts, abs=0.002)
    assert abs(cut.duration - 3.0) <= 0.5 / rate


def test_the_frame_rate_of_a_gif_is_at_most_fifty() -> None:
    fast = Cut(seconds=1, rate=60, hold=0)
    contents = [
        film(Drawing(SCENE, SHORTEST), "gif", cut, ABOUT, lambda share: None) for cut in (fast, fast.limited("gif"))
    ]
    assert contents[0] == contents[1] and fast.limited("mp4") == fast


def test_timing_by_length_gives_a_fast_beginning_more_time() -> None:
    drawing = Drawing(race.scene(Race(racers.set_steps(SETTINGS, 600))), SMALL)
    even, length = (moments(drawing, Cut(time=time)) for time in ("even", "length"))  # type: ignore[arg-type]
    assert even[0] == length[0] == 0 and even[-1] == length[-1] == 600
    assert length == sorted(length) and length[len(length) // 2] < 0.6 * even[len(even) // 2]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"seconds": 0}, "lasts"),
        ({"rate": 1000}, "frames per second"),
        ({"hold": -1}, "held"),
        ({"seconds": 600, "rate": 60}, "at most 3,000 frames"),
        ({"time": "odd"}, "time"),
    ],
)
def test_an_impossible_film_is_refused_with_advice(bad: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Cut(**bad)


def test_odd_sizes_lose_a_row_of_pixels() -> None:
    content = film(Drawing(SCENE, Look(width=401, height=301)), "mp4", SHORT, ABOUT, lambda share: None)
    assert _frames(content)[0].shape == (300, 400, 3)


def test_the_frames_of_a_film_equal_the_stills(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = Drawing(SCENE, SMALL)
    found = list(drawing.frames([5, 40]))
    for frame, step in zip(found, (5, 40), strict=True):
        picture = _pixels(still(Drawing(SCENE, SMALL), "png", ABOUT, step))
        assert np.abs(frame[..., :3].astype(int) - picture).mean() < 0.5
    assert films.COLORS == 255
