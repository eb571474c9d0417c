"""The Export panel in a browser: downloads show what is on the page."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from app.common import names
from app.export import making
from app.export.options import Cut, Look
from app.export.projection import Projection
from app.export.relief import ground_of
from app.player.screen import Camera
from app.race import captions, export, link, runs
from app.race import scene as race
from app.race.runs import Race as Contest
from tests.app.driving import RAN, Race, picture

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(visit: Callable[..., Race]) -> Iterator[Race]:
    """A page with a short race and an open panel, for the tests below."""
    page = visit("surface=rosenbrock&steps=60&racer=adam:learning_rate=0.05&racer=sgd:learning_rate=0.0005")
    page.export()
    yield page
    assert page.complaints() == []
    page.close()


def _section(page: Race, name: str) -> None:
    page.page.locator(".st-key-export-kind").get_by_text(name, exact=True).click()


def _seconds(page: Race, typed: str) -> Any:
    field = page.page.get_by_role("spinbutton", name="Motion (seconds)", exact=True)
    field.fill(typed)
    field.press("Enter")
    return field


def test_a_picture_shows_the_current_settings(opened: Race) -> None:
    name, content = opened.download("Download PNG")
    with Image.open(io.BytesIO(content)) as image:
        assert name == "rosenbrock-adam-sgd.png" and image.size == (2560, 1440)
        said = json.loads(image.text["Description"])  # type: ignore[attr-defined]
    assert said["query"] == opened.query() and said["link"].startswith(opened.url)


@pytest.mark.long
def test_a_slide_has_a_title_and_a_paper_its_caption_as_a_text(opened: Race) -> None:
    opened.choose("Size", "Slide 16:9, 1280 × 720")
    title = opened.page.get_by_role("textbox", name="Title", exact=True)
    contest = Contest(link.parse(opened.query())[0])
    assert title.input_value() == export.heading(contest)
    name, content = opened.download("Download PNG")
    top = (slice(0, 80), slice(40, 1200))  # twice the pixels of a heading
    with Image.open(io.BytesIO(content)) as image:
        assert name == "rosenbrock-adam-sgd.png" and image.size == (2560, 1440)
        assert "Rosenbrock" in image.text["Alt"]  # type: ignore[attr-defined]
        assert np.asarray(image.convert("L"))[top].min() < 60
    opened.fill("Title", "")
    opened.until(RAN)
    _, content = opened.download("Download PNG")
    with Image.open(io.BytesIO(content)) as image:
        assert np.asarray(image.convert("L"))[:20].min() > 250, "nothing stands at the very top"
    opened.choose("Size", "Paper, one column, 3.5 × 4 in")
    opened.said("The caption, for your manuscript:")
    opened.said(captions.described(contest))
    opened.fill("Step", "7")
    opened.said(f"{captions.described(contest)} · shown at step 7 of {contest.duration}")
    opened.fill("Step", "")
    opened.until(RAN)
    opened.choose("Content", "Losses only")
    name, content = opened.download("Download PNG")
    with Image.open(io.BytesIO(content)) as image:
        assert name == "rosenbrock-adam-sgd-loss.png" and image.size == (1050, 1200)
    opened.choose("Content", "Everything")
    opened.choose("Size", "16:9, 1280 × 720")


def test_a_film_is_made_with_progress_and_downloaded(opened: Race) -> None:
    _section(opened, "Film")
    opened.page.get_by_role("button", name="Make film").click()
    opened.page.get_by_test_id("stProgress").wait_for()
    opened.page.get_by_role("button", name="Stop").wait_for()
    opened.page.get_by_role("button", name="Download rosenbrock-adam-sgd.mp4").wait_for()
    name, content = opened.download("Download rosenbrock-adam-sgd.mp4")
    with av.open(io.BytesIO(content)) as film:
        assert name == "rosenbrock-adam-sgd.mp4" and film.streams.video[0].codec_context.name.startswith("h264")
        assert sum(1 for _ in film.decode(video=0)) == 188


@pytest.mark.long
def test_other_files_can_be_downloaded_while_a_film_is_made_and_it_can_be_stopped(opened: Race) -> None:
    _section(opened, "Film")
    seconds = _seconds(opened, "90")
    opened.said("2,288 frames")
    opened.page.get_by_role("button", name="Make film").click()
    opened.page.get_by_role("button", name="Stop").wait_for()
    _section(opened, "Picture")
    for _ in range(2):
        name, content = opened.download("Download PNG")
        assert name == "rosenbrock-adam-sgd.png" and content.startswith(b"\x89PNG")
    opened.page.get_by_role("button", name="Stop").click()
    opened.said("could not be made: It was stopped.")
    _section(opened, "Film")
    assert seconds.input_value() == "90"  # it survives a visit to other sections
    _seconds(opened, "6")
    opened.said("188 frames")


@pytest.mark.long
def test_an_impossible_film_is_refused_and_nothing_else_changes(opened: Race) -> None:
    _section(opened, "Film")
    _seconds(opened, "600")
    opened.said("at most 3,000 frames")
    _seconds(opened, "6")
    opened.page.get_by_role("button", name="Make film").wait_for()


def test_exported_numbers_are_those_of_the_engine(opened: Race) -> None:
    _section(opened, "Data")
    name, content = opened.download("CSV")
    table = pd.read_csv(io.BytesIO(content))
    settings, _ = link.parse(opened.query())
    assert name == "rosenbrock-adam-sgd.csv" and len(table) == 2 * 61
    for title, run in zip(names.titles(settings), runs.runs(settings), strict=True):
        own = table[table["racer"] == title]
        assert own["loss"].tolist() == pytest.approx(run.losses.tolist(), rel=1e-9)


@pytest.mark.long
def test_code_is_shown_and_downloaded(opened: Race) -> None:
    _section(opened, "Code")
    opened.said("OPTIMIZERS")
    name, content = opened.download("Download rosenbrock-adam-sgd.optax.py")
    assert name == "rosenbrock-adam-sgd.optax.py" and b"import optax" in content


@pytest.mark.long
def test_settings_are_downloaded_and_opened_again(opened: Race, fresh: Callable[..., Race], tmp_path: Path) -> None:
    _section(opened, "Data")
    _, content = opened.download("Settings as JSON")
    other: Any = fresh()
    other.export()
    _section(other, "Data")
    (tmp_path / "race.json").write_bytes(content)
    other.page.locator("input[type=file]").set_input_files(str(tmp_path / "race.json"))
    other.wait_query("surface", "rosenbrock")
    other.settle()
    assert other.query() == opened.query() and other.titles() == ["Adam", "SGD"]
    other.export()
    _section(other, "Data")
    (tmp_path / "broken.json").write_bytes(b"{")
    other.page.locator("input[type=file]").set_input_files(str(tmp_path / "broken.json"))
    other.said("JSON")
    assert other.query() == opened.query()


STATE = "surface=rosenbrock&steps=60&racer=adam:learning_rate=0.05&racer=sgd:learning_rate=0.0005"


def _same(page: Race, content: bytes, look: Look, step: int) -> None:
    """Check that a file equals the picture of the scene with this look and step."""
    settings, _ = link.parse(page.query())
    wanted = making.make(export.order(Contest(settings), "png", look, Cut(), step))
    one, other = (picture(data).astype(int) for data in (content, wanted))
    assert one.shape == other.shape and (np.abs(one - other).max(axis=-1) > 8).mean() < 1e-3


@pytest.mark.long
def test_a_file_shows_the_step_and_the_window_on_the_screen(fresh: Callable[..., Race]) -> None:
    page = fresh(STATE)
    page.at("scrub").fill("20")
    page.at("zoom-in").click(force=True)
    page.settle()
    page.at("scale-linear").click()
    page.leave()
    frame = page.frame()
    window: Any = (tuple(frame["x"]), tuple(frame["y"]))
    page.export()
    assert page.page.get_by_role("textbox", name="Step", exact=True).input_value() == "20"
    page.choose("Resolution", "1×")
    _, content = page.download("Download PNG")
    _same(page, content, Look(windows=(window,), axis="linear"), 20)
    page.page.keyboard.press("Escape")  # the button had the focus, and lost it while the file was made
    page.page.get_by_test_id("stDialog").wait_for(state="detached")
    page.settle()
    page.at("to-end").click()
    page.at("zoom-home").click(force=True)
    page.leave()
    page.export()
    assert page.page.get_by_role("textbox", name="Step", exact=True).input_value() == "60"
    assert page.page.get_by_text("Zoomed as on the page").count() == 0
    _, content = page.download("Download PNG")
    _same(page, content, Look(axis="linear"), 60)


CAMERA = """() => {
    const plot = document.querySelector('[data-testid=surface]');
    const scene = plot._fullLayout.scene._scene;
    const { projection, view, model } = scene.glplot.cameraParams;
    const { clientWidth, clientHeight } = scene.container;
    const lists = [projection, view, model].map((one) => [...one]);
    return [scene.getCamera(), lists, [...scene.dataScale], [clientWidth, clientHeight]];
}"""


@pytest.mark.long
def test_an_exported_surface_has_the_camera_of_the_page(fresh: Callable[..., Race]) -> None:
    """The page's matrices project a point to the same position as the camera of the file."""
    page = fresh(STATE + "&picture=surface")
    box = page.at("surface").bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] / 2 - 90, box["y"] + box["height"] / 2 + 30, steps=5)
    page.page.mouse.up()
    page.leave()
    camera, (projection, view, model), scale, size = page.page.evaluate(CAMERA)
    eye, center = (tuple(camera[name][axis] for axis in "xyz") for name in ("eye", "center"))
    own = Camera(eye, center, (view[1], view[5], view[9]))  # type: ignore[arg-type]
    assert np.abs(np.subtract(own.eye, Camera().eye)).max() > 0.1
    settings, _ = link.parse(page.query())
    scene = race.scene(Contest(settings))
    assert scene.relief
    ground = ground_of(scene.panels[0], scene.relief)
    points = np.random.default_rng(7).uniform(ground.low, ground.high, (20, 3))
    p, v, m = (np.array(one).reshape(4, 4).T for one in (projection, view, model))
    clip = np.column_stack([points * scale, np.ones(20)]) @ (p @ v @ m).T
    seen = (0.5 + 0.5 * clip[:, :2] / clip[:, 3:]) * size
    here = Projection(own, ground.low, ground.high, ground.sides, tuple(size)).pixels(points)
    np.testing.assert_allclose(here, seen, atol=1.5)
    page.export()
    page.choose("Resolution", "1×")
    _, content = page.download("Download PNG")
    _same(page, content, Look(camera=own), 60)


@pytest.mark.long
def test_a_file_contains_both_races(fresh: Callable[..., Race]) -> None:
    page = fresh(STATE)
    page.at("beside").click()
    page.until("() => new URL(location.href).searchParams.has('b.surface')")
    page.settle()
    page.export()
    page.choose("Resolution", "1×")
    _, content = page.download("Download PNG")
    _same(page, content, Look(), 60)
