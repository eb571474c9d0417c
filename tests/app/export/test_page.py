"""Exported HTML files, opened from disk in a browser without a network connection."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.common.racers import hide_racer
from app.export.options import Cut, Look
from app.export.page import html
from app.figures.theme import PALETTE, THEMES, scales
from app.network import changes
from app.network import scene as made
from app.network.settings import Training, generated
from app.player.scene import Scene
from app.race import export, presets, runs
from app.race import scene as computed
from app.race.link import parse
from tests.app.drawn import positions
from tests.app.driving import Race, near, picture

pytestmark = pytest.mark.browser
STEPS = 60
LINK = 'https://example.org/?steps=60&racer=adam:learning_rate=0.1&note="><i>'
BREAKING = "</script><b>\"Adam\" & 'Eve'<!--<script>"


class File(Race):
    """The page of an HTML file without Streamlit, which records its requests."""

    def __init__(self, page: Any, url: str) -> None:
        super().__init__(page, url)
        self.asked: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))

    def settle(self) -> File:
        self.until("() => document.querySelector('[data-testid=player]')?.dataset.settled === 'true'")
        return self

    def play(self) -> None:
        """Play from the start to the end."""
        self.at("speed").select_option("4")
        self.at("to-start").click()
        self.at("play").click()
        self.until(
            """() => { const { step, playing } = document.querySelector('[data-testid=player]').dataset;
                       return playing === 'false' && Number(step) > 0; }"""
        )
        self.settle()


Open = Callable[..., File]


@pytest.fixture(scope="module")
def open_file(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Write a file and open it offline; errors and requests fail the test in the end."""
    opened: list[File] = []

    def open_(data: bytes, dark: bool = False) -> File:
        path: Path = tmp_path_factory.mktemp("page") / "race.html"
        path.write_bytes(data)
        context = chromium.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        context.set_default_timeout(60_000)
        context.set_offline(True)
        opened.append(File(context.new_page(), path.as_uri()))
        opened[-1].load()
        return opened[-1]

    yield open_
    for file in opened:
        complaints, asked = file.complaints(), file.asked
        file.page.context.close()
        assert complaints == []
        # a saved picture is drawn from a blob
        assert asked[0] == file.url and all(url.startswith("blob:null/") for url in asked[1:])


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Three racers, one of which has a name with markup."""
    found = computed.scene(runs.Race(parse({"steps": [str(STEPS)]})[0]))
    first, *others = found.cards
    return dataclasses.replace(found, cards=(dataclasses.replace(first, title=BREAKING), *others))


@pytest.fixture(scope="module")
def race(open_file: Open, scene: Scene) -> File:
    return open_file(html(scene, BREAKING, LINK))


@pytest.fixture(scope="module")
def training() -> Scene:
    """Three networks, of which the last is hidden."""
    base = changes.choose_data(Training(steps=20), "moons")
    data = generated(base)
    base = dataclasses.replace(base, widths=(4,), racers=(), views=("outcome", "loss", "accuracy"))
    for key in ("sgd", "adam", "momentum"):
        base = changes.add_racer(base, key, data=data)
    job = made.job_for(hide_racer(base, base.racers[2].id, True), data)
    job.begin()
    end = time.monotonic() + 120
    while job.busy:
        assert time.monotonic() < end, "the job does not end"
        time.sleep(0.01)
    return made.scene(job.training, job)


def _trail(race: Race, color: str) -> int:
    pixels = race.trails()
    return int((near(pixels, color) & (pixels[..., 3] > 200)).sum())


@pytest.mark.thinned(2)
def test_the_race_plays_to_its_end_and_can_be_scrubbed(race: File) -> None:
    race.play()
    assert (race.step(), race.playing()) == (STEPS, False)
    whole = [_trail(race, color) for color in PALETTE[:3]]
    race.at("scrub").fill("5")
    race.settle()
    assert race.step() == 5 and race.at("step").inner_text() == f"step 5 / {STEPS}"
    assert all(0 < _trail(race, color) < n for color, n in zip(PALETTE[:3], whole, strict=True))


def test_keys_zoom_and_loss_scale_work_as_in_the_app(race: File) -> None:
    race.reset()
    steps = []
    for key in ("Home", "ArrowRight", "Shift+ArrowRight", "End"):
        race.page.keyboard.press(key)
        steps.append(race.step())
    assert steps == [0, 1, 11, STEPS]
    (x0, x1), (left, top) = race.frame()["x"], race.pixel(0, 0)
    race.page.mouse.move(left, top)
    race.at("zoom-in").click()
    race.settle()
    low, high = race.frame()["x"]
    assert high - low == pytest.approx(0.6 * (x1 - x0))
    race.at("zoom-home").click()
    race.at("scale-linear").click()
    race.settle()
    kind = "() => document.querySelector('[data-testid=loss]')._fullLayout.yaxis.type"
    assert race.page.evaluate(kind) == "linear"


@pytest.mark.long
def test_hovering_names_the_racer(race: File, scene: Scene) -> None:
    race.reset()
    x, y = positions(scene)[2, 8]
    race.page.mouse.move(*race.pixel(x, y))
    race.until("() => document.querySelector('.map .hoverlayer')?.textContent.includes('Adam, step')")
    assert "lit" in race.at("card-racer-2").get_attribute("class")


@pytest.mark.long
def test_controls_that_need_the_app_are_disabled_with_a_reason(race: File) -> None:
    race.reset()
    inputs = race.at("cards").locator("input").all()
    assert len(inputs) == 10 and all(one.is_disabled() for one in inputs)
    for gone in ("add-racer", "explain-racer-0", "duplicate-racer-0", "remove-racer-0"):
        assert race.at(gone).count() == 0
    before = race.pixels("[data-testid=map]")
    race.page.mouse.click(*race.pixel(1, 1))
    race.leave()
    np.testing.assert_array_equal(race.pixels("[data-testid=map]"), before)
    note = race.at("recording")
    assert note.inner_text() == "Playback only: open it in Optiscope to change it."
    assert note.locator("a").get_attribute("href") == LINK


@pytest.mark.long
def test_a_racer_can_be_hidden_and_shown(race: File) -> None:
    race.reset()
    for seen in (False, True):
        race.at("hide-racer-2").click()
        race.leave()
        assert (_trail(race, PALETTE[2]) > 0) is seen


@pytest.mark.long
def test_a_picture_can_be_saved_and_the_link_copied(race: File) -> None:
    race.reset()
    race.at("scrub").fill("12")
    race.settle()
    seen = race.pixels("[data-testid=map]")
    _, data = race.download("Save picture")
    saved = picture(data)
    width, height = race.page.evaluate("() => [document.body.clientWidth, document.body.clientHeight]")
    assert saved.shape[1] == 2 * width and saved.shape[0] <= 2 * height
    for color in PALETTE[:3]:
        here, there = near(seen, color, 30).sum(), near(saved, color, 30).sum()
        assert there > 2 * here > 100
    race.reset()
    race.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    race.at("copy-link").click()
    race.until("() => document.querySelector('[data-testid=copy-link]').textContent === 'Copied'")
    assert race.page.evaluate("() => navigator.clipboard.readText()") == LINK


def test_no_text_becomes_markup(race: File) -> None:
    race.reset()
    assert race.page.title() == BREAKING == race.page.locator("h1").inner_text() == race.titles()[0]
    assert race.page.locator("body b, body i:not(.symbol)").count() == 0
    meta = race.page.locator("meta[name=permalink]").get_attribute("content")
    assert meta == LINK
    assert race.page.locator("meta[name=generator]").get_attribute("content").startswith("Optiscope ")


@pytest.mark.long
def test_its_theme_is_that_of_the_reader_or_of_the_order(open_file: Open, race: File, scene: Scene) -> None:
    """Without a link, there is no way back to the app."""
    ordered = open_file(html(scene, "Dark", theme="dark"))
    assert ordered.at("recording").inner_text() == "Playback only."
    assert ordered.at("copy-link").count() == 0 and ordered.at("export").is_visible()
    _is(ordered, "dark")
    for theme in ("dark", "light"):  # while it is open
        race.page.emulate_media(color_scheme=theme)
        race.until("(theme) => document.querySelector('[data-testid=player]').dataset.theme === theme", theme)
        _is(race.settle(), theme)


def _is(file: File, theme: str) -> None:
    assert near(file.pixels("h1")[:2], THEMES[theme]["paper"], 2).all()
    assert near(file.pixels("[data-testid=map]"), scales()[theme][-1][1], 12).mean() > 0.1


@pytest.mark.long
def test_a_recorded_preset_has_its_sentence_and_what_was_changed(open_file: Open) -> None:
    settings = dataclasses.replace(presets.preset("zigzag"), steps=40)
    order = export.order(runs.Race(settings), "html", Look(), Cut())
    file = open_file(html(order.scene, "Zigzag", LINK))
    assert file.at("preset-name").inner_text() == presets.PRESETS["zigzag"].name
    assert file.at("preset-about").inner_text() == presets.PRESETS["zigzag"].about
    assert file.at("preset-changes").inner_text() == "Changed: steps 150 → 40."
    for testid in ("presets", "preset-reset", "preset-next", "purpose"):
        assert file.at(testid).is_hidden()


@pytest.mark.long
@pytest.mark.thinned(2)
def test_a_training_plays_too(open_file: Open, training: Scene) -> None:
    named = dataclasses.replace(training, caption=f"{BREAKING}.csv")
    file = open_file(html(named, "Two moons", "?data=moons"), dark=True)
    assert file.page.locator(".caption").inner_text() == f"{BREAKING}.csv"
    file.play()
    assert (file.step(), file.playing()) == (20, False)
    for slot in range(3):
        assert file.at(f"view-{slot}").is_disabled()
        assert near(file.pixels(f"[data-testid=panel-{slot}]"), PALETTE[0], 60).sum() > 20
    ended = file.pixels("[data-testid=panel-0]")
    file.at("scrub").fill("0")
    file.settle()
    assert file.step() == 0
    assert not np.array_equal(file.pixels("[data-testid=panel-0]"), ended)
    assert all(one.is_disabled() for one in file.at("cards").locator("input").all())
    hidden = training.cards[2].id
    assert file.at(f"status-{hidden}").inner_text() == "not recorded"
    assert file.at("recording").locator("a").count() == 0
