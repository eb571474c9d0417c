"""The Export panel in a browser: what is downloaded is what is on the page."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pandas as pd
import pytest
from PIL import Image

from app.common import names
from app.race import link, runs
from tests.app.driving import Race

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(visit: Callable[..., Race]) -> Iterator[Race]:
    """A short race with the panel open: one page for the tests below."""
    page = visit("surface=rosenbrock&steps=60&racer=adam:learning_rate=0.05&racer=sgd:learning_rate=0.0005")
    _open(page)
    yield page
    assert page.complaints() == []
    page.close()


def _open(page: Race) -> None:
    page.export()


def _section(page: Race, name: str) -> None:
    page.page.locator(".st-key-export-kind").get_by_text(name, exact=True).click()


def _download(page: Race, name: str) -> tuple[str, bytes]:
    with page.page.expect_download() as found:
        page.page.get_by_role("button", name=name).first.click()
    return found.value.suggested_filename, Path(found.value.path()).read_bytes()


def _seconds(page: Race, typed: str) -> Any:
    field = page.page.get_by_role("spinbutton", name="Motion (seconds)", exact=True)
    field.fill(typed)
    field.press("Enter")
    return field


def test_a_picture_is_what_is_set_now(opened: Race) -> None:
    name, content = _download(opened, "Download PNG")
    with Image.open(io.BytesIO(content)) as image:
        assert name == "rosenbrock-race.png" and image.size == (2560, 1440)
        said = json.loads(image.text["Description"])  # type: ignore[attr-defined]
    assert said["query"] == opened.query() and said["link"].startswith(opened.url)


def test_a_film_is_made_with_its_progress_and_taken_away(opened: Race) -> None:
    _section(opened, "Film")
    opened.page.get_by_role("button", name="Make film").click()
    opened.page.get_by_test_id("stProgress").wait_for()
    opened.page.get_by_role("button", name="Stop").wait_for()
    opened.page.get_by_role("button", name="Download rosenbrock-race.mp4").wait_for()
    name, content = _download(opened, "Download rosenbrock-race.mp4")
    with av.open(io.BytesIO(content)) as film:
        assert name == "rosenbrock-race.mp4" and film.streams.video[0].codec_context.name.startswith("h264")
        assert sum(1 for _ in film.decode(video=0)) == 188


@pytest.mark.long
def test_other_files_can_be_had_while_a_film_is_made_and_it_can_be_stopped(opened: Race) -> None:
    _section(opened, "Film")
    seconds = _seconds(opened, "90")
    opened.said("2,288 frames")
    opened.page.get_by_role("button", name="Make film").click()
    opened.page.get_by_role("button", name="Stop").wait_for()
    _section(opened, "Picture")
    for _ in range(2):
        name, content = _download(opened, "Download PNG")
        assert name == "rosenbrock-race.png" and content.startswith(b"\x89PNG")
    opened.page.get_by_role("button", name="Stop").click()
    opened.said("could not be made: It was stopped.")
    _section(opened, "Film")
    assert seconds.input_value() == "90"  # other sections do not forget it
    _seconds(opened, "6")
    opened.said("188 frames")


def test_a_film_that_cannot_be_is_answered_and_nothing_else_changes(opened: Race) -> None:
    _section(opened, "Film")
    _seconds(opened, "600")
    opened.said("at most 3,000 frames")
    _seconds(opened, "6")
    opened.page.get_by_role("button", name="Make film").wait_for()


def test_numbers_are_the_engine_s(opened: Race) -> None:
    _section(opened, "Data")
    name, content = _download(opened, "CSV")
    table = pd.read_csv(io.BytesIO(content))
    settings, _ = link.parse(opened.query())
    assert name == "rosenbrock-race.csv" and len(table) == 2 * 61
    for title, run in zip(names.titles(settings), runs.runs(settings), strict=True):
        own = table[table["racer"] == title]
        assert own["loss"].tolist() == pytest.approx(run.losses.tolist(), rel=1e-9)


def test_code_is_shown_and_taken_away(opened: Race) -> None:
    _section(opened, "Code")
    opened.said("OPTIMIZERS")
    name, content = _download(opened, "Download rosenbrock-race.optax.py")
    assert name == "rosenbrock-race.optax.py" and b"import optax" in content


def test_settings_are_taken_away_and_opened_again(opened: Race, fresh: Callable[..., Race], tmp_path: Path) -> None:
    _section(opened, "Data")
    _, content = _download(opened, "Settings as JSON")
    other: Any = fresh()
    _open(other)
    _section(other, "Data")
    (tmp_path / "race.json").write_bytes(content)
    other.page.locator("input[type=file]").set_input_files(str(tmp_path / "race.json"))
    other.wait_query("surface", "rosenbrock")
    other.settle()
    assert other.query() == opened.query() and other.titles() == ["Adam", "SGD"]
    (tmp_path / "broken.json").write_bytes(b"{")
    other.page.locator("input[type=file]").set_input_files(str(tmp_path / "broken.json"))
    other.said("JSON")
    assert other.query() == opened.query()
