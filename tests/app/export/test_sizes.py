"""Sizes for screens, slides and papers: what is measured in the files is what the sizes promise."""

from __future__ import annotations

import io
import itertools
import re
from urllib.parse import parse_qs

import pytest
from PIL import Image

from app.export.drawing import Drawing
from app.export.making import make
from app.export.options import Cut, Look
from app.export.sizes import DPI, SIZES, Size, size_of
from app.race import export, link, presets, scene
from app.race.runs import Race

RACE = Race(presets.preset("overshoot"))
SLIDES = [name for name, size in SIZES.items() if size.purpose == "slide"]
PAPERS = [name for name, size in SIZES.items() if size.purpose == "paper"]


def _look(name: str, **more: object) -> Look:
    size = SIZES[name]
    return Look(width=size.width, height=size.height, purpose=size.purpose, **more)  # type: ignore[arg-type]


def _letters(drawing: Drawing) -> list[float]:
    """The heights in points of all letters that a picture shows."""
    drawing.canvas.draw()
    found = [text for text in drawing.figure.texts if text.get_text()]
    # the bar of colours has axes of its own within those of the map
    for axes in (*drawing.figure.axes, *(inner for outer in drawing.figure.axes for inner in outer.child_axes)):
        found += [text for text in axes.texts if text.get_text()]
        for axis in (axes.xaxis, axes.yaxis):
            found += [axis.label, *axis.get_ticklabels()]
        found.append(axes.title)
    return [text.get_fontsize() for text in found if text.get_visible() and text.get_text()]


@pytest.mark.parametrize("name", SLIDES)
@pytest.mark.parametrize("part", ["all", "map", "distance"])
def test_no_letter_on_a_slide_is_below_18_pixels(name: str, part: str) -> None:
    drawing = Drawing(scene.scene(RACE), _look(name, part=part, heading="Momentum overshoots, Nesterov less"))
    letters = _letters(drawing)
    assert len(letters) > 10 and min(letters) * DPI / 72 >= 18 - 1e-9


@pytest.mark.parametrize("name", PAPERS)
def test_text_in_a_paper_has_8_points_and_nothing_is_below_6(name: str) -> None:
    letters = _letters(Drawing(scene.scene(RACE), _look(name, caption=False)))
    assert min(letters) >= 6.5
    assert any(size == pytest.approx(8.0) for size in letters)


@pytest.mark.parametrize("name", [*SLIDES, *PAPERS])
def test_the_width_is_used(name: str) -> None:
    """The axes begin and end at the margins, and the heading stands above them."""
    drawing = Drawing(scene.scene(RACE), _look(name, heading="Momentum overshoots" if name in SLIDES else ""))
    boxes = [axes.get_position() for axes in drawing.figure.axes]
    assert max(box.x1 for box in boxes) >= 0.95 and min(box.x0 for box in boxes) <= 0.16
    headings = [text for text in drawing.figure.texts if text.get_text() == "Momentum overshoots"]
    assert all(text.get_position()[1] > max(box.y1 for box in boxes) for text in headings)
    assert len(headings) == (name in SLIDES)


def test_a_wide_slide_has_the_losses_beside_the_map_and_the_racers_below() -> None:
    drawing = Drawing(scene.scene(RACE), _look("slide"))
    boxes = [axes.get_position() for axes in drawing.figure.axes if axes.get_xlabel() or axes.get_aspect() != "auto"]
    names = {text.get_text(): text.get_position() for text in drawing.figure.texts}
    assert all(names[title][1] < min(box.y0 for box in boxes) for title in ("SGD", "Momentum", "Nesterov"))
    assert names["SGD"][1] == names["Momentum"][1] == names["Nesterov"][1]


def _legend(spelled: str, name: str = "slide") -> tuple[Drawing, dict[str, list[float]]]:
    """A picture of a race, and the left, right, lower and upper ends in pixels of each text outside its axes."""
    settings, _ = link.parse(parse_qs(spelled))
    drawing = Drawing(scene.scene(Race(settings)), _look(name))
    drawing.canvas.draw()
    boxes = {}
    for text in drawing.figure.texts:
        box = text.get_window_extent(drawing.canvas.get_renderer())
        if text.get_text() and text.get_visible():
            boxes[text.get_text()] = [box.x0, box.x1, box.y0, box.y1]
    return drawing, boxes


def test_statuses_are_below_the_names_where_all_racers_fit_into_one_row() -> None:
    _, boxes = _legend("surface=saddle&racer=sgd&racer=momentum&racer=adam&steps=100")
    assert sum(words.startswith("converged @") or words == "moving" for words in boxes) >= 1
    assert boxes["step 100 of 100"][2] > boxes["SGD"][2] - 5, "the clock is in the first row"


@pytest.mark.parametrize("count", [3, 5, 8, 14])
def test_no_text_below_the_panels_covers_another_or_leaves_the_slide(count: int) -> None:
    keys = ("sgd", "momentum", "adam", "rmsprop", "adagrad", "nadam", "radam")
    racers = "&".join(f"racer={keys[k % len(keys)]}:learning_rate={0.01 + k / 1000}" for k in range(count))
    _, boxes = _legend(f"surface=saddle&steps=100&{racers}")
    assert all(box[0] >= 0 and box[1] <= 1281 and box[2] >= 0 and box[3] <= 720 for box in boxes.values()), boxes
    for one, other in itertools.combinations(boxes.values(), 2):
        across = min(one[1], other[1]) - max(one[0], other[0])
        upward = min(one[3], other[3]) - max(one[2], other[2])
        assert across <= 1 or upward <= 4, (one, other)  # boxes of lines have room for descenders


def test_a_link_that_would_be_cut_off_is_not_written_on_a_slide() -> None:
    shown, short, long = scene.scene(RACE), "https://example.org/?v=1", f"https://example.org/?{'v=1&' * 60}"
    texts = [
        [text.get_text() for text in Drawing(shown, _look("slide"), address).figure.texts] for address in (short, long)
    ]
    assert short in texts[0] and not any("example.org" in text for text in texts[1])


def _made(kind: str, look: Look) -> bytes:
    return make(export.order(RACE, kind, look, Cut()))


def test_a_bitmap_for_a_paper_has_300_dots_on_an_inch_of_a_column() -> None:
    with Image.open(io.BytesIO(_made("png", _look("column", caption=False)))) as image:
        assert image.size == (1050, 1200)  # 3.5 in × 4 in
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    with Image.open(io.BytesIO(_made("png", _look("slide")))) as image:
        assert image.size == (1280, 720)


def test_a_vector_file_for_a_paper_is_as_wide_as_a_column() -> None:
    box = re.search(rb"/MediaBox \[ 0 0 (\S+) (\S+) \]", _made("pdf", _look("column", caption=False)))
    assert box and [float(side) for side in box.groups()] == pytest.approx([3.5 * 72, 4 * 72])


def test_every_picture_has_an_alternative_text() -> None:
    shown = scene.scene(RACE)
    with Image.open(io.BytesIO(_made("png", Look(width=400, height=300)))) as image:
        assert image.text["Alt"] == shown.description  # type: ignore[attr-defined]
    svg = _made("svg", Look(width=400, height=300)).decode()
    assert f'role="img" aria-label="{shown.description}"' in svg
    assert "SGD: moving" in shown.description and "Ravine" in shown.description


@pytest.mark.parametrize(
    ("spelled", "size"),
    [
        ("slide", SIZES["slide"]),
        ("1280x720", Size(1280, 720)),
        ("1280×720", Size(1280, 720)),
        ("3.5inx2.5in", Size(336, 240, "paper")),
        ("8.89cmx6.35cm", Size(336, 240, "paper")),
        ("8.89x6.35cm", Size(336, 240, "paper")),
        ("88.9mmx63.5mm", Size(336, 240, "paper")),
        ("252.945ptx180.675pt", Size(336, 240, "paper")),
        ("wide", None),
        ("12.5x10", None),
        ("1280", None),
        ("1x2x3", None),
    ],
)
def test_sizes_are_read_by_name_in_pixels_and_in_lengths(spelled: str, size: Size | None) -> None:
    assert size_of(spelled) == size
