"""Pictures to take away: saved by the browser, opened here."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from app.figures.theme import PALETTE, THEMES, scales
from app.race import captions
from app.race.link import parse
from tests.app.driving import Race, near, picture

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"
SIZES = {"wide": (1280, 720), "classic": (1024, 768), "square": (900, 900)}


def _shows(pixels: np.ndarray, theme: str, racers: int, scale: int) -> None:
    """The page's colour at the edge, and every racer's trail and curve."""
    paper = THEMES[theme]["paper"]
    assert near(pixels[:3], paper, 3).all() and near(pixels[:, :3], paper, 3).all()
    for color in PALETTE[:racers]:
        assert near(pixels, color).sum() > 150 * scale
    ground = scales()[theme][-1][1]
    assert near(pixels, ground, 6).mean() > 0.05
    assert near(pixels, THEMES[theme]["ink"], 40).sum() > 50 * scale  # words


@pytest.mark.parametrize(
    ("scale", "size", "theme"),
    [(1, "wide", "light"), (2, "classic", "dark"), (3, "square", "light"), (1, "square", "dark")],
)
@pytest.mark.thinned(3)
def test_a_png_has_the_size_asked_for_and_shows_the_race(shared: Race, scale: int, size: str, theme: str) -> None:
    data = shared.save(format=f"png-{scale}", size=size, theme=theme, caption=True)
    image = Image.open(io.BytesIO(data))
    width, height = SIZES[size]
    assert image.format == "PNG" and image.size == (width * scale, height * scale)
    _shows(picture(data), theme, 3, scale)
    assert shared.at("save-panel").is_hidden()


def _words(svg: ET.Element) -> str:
    return " ".join("".join(text.itertext()) for text in svg.iter(f"{SVG}text"))


@pytest.mark.parametrize(("size", "theme"), [("wide", "light"), ("square", "dark")])
def test_an_svg_is_drawn_in_vectors(shared: Race, size: str, theme: str) -> None:
    svg = ET.fromstring(shared.save(format="svg", size=size, theme=theme, caption=True))
    width, height = SIZES[size]
    assert svg.tag == f"{SVG}svg" and (svg.get("width"), svg.get("height")) == (str(width), str(height))
    assert [e.tag for e in svg.iter() if e.tag.endswith(("image", "foreignObject", "script"))] == []
    paths = [p for p in svg.iter(f"{SVG}path") if p.get("d")]
    styles_of = [p.get("style", "") + p.get("fill", "") for p in paths]
    for color in PALETTE[:3]:
        rgb = f"rgb({', '.join(str(int(color[k : k + 2], 16)) for k in (1, 3, 5))})"
        lines = [p for p, style in zip(paths, styles_of, strict=True) if rgb in style and "stroke" in style]
        assert len(lines) >= 2, f"no trail and curve in {color}"
        assert max(len(p.get("d", "")) for p in lines) > 60
    words = _words(svg)
    assert all(title in words for title in ("SGD", "Nesterov", "Adam", "start", "minimum", "converged"))


def test_the_caption_names_the_race_and_can_be_left_out(shared: Race) -> None:
    settings, _ = parse(shared.query())
    caption = captions.caption(settings)
    assert "κ = 30" in caption and "η = 0.068" in caption
    words = _words(ET.fromstring(shared.save(format="svg", size="wide", theme="light", caption=True)))
    squeezed = words.replace(" ", "").replace("\u00a0", "")
    assert caption.replace(" ", "") in squeezed
    words = _words(ET.fromstring(shared.save(format="svg", size="wide", theme="light", caption=False)))
    assert "κ = 30" not in words and "300 steps" not in words and "SGD" in words


def test_what_is_saved_is_what_is_on_the_screen(shared: Race) -> None:
    """At step 10 trails are shorter, and the view is the one zoomed into."""
    whole = picture(shared.save(format="png-1", size="wide", theme="light", caption=False))
    shared.at("scrub").fill("10")
    shared.settle()
    early = picture(shared.save(format="png-1", size="wide", theme="light", caption=False))
    assert 0 < near(early, PALETTE[2]).sum() < near(whole, PALETTE[2]).sum()
    shared.at("to-end").click()


def test_the_panel_opens_in_the_page_s_theme_and_closes_by_itself(shared: Race) -> None:
    shared.at("save").click()
    assert shared.at("save-theme-light").is_checked()
    shared.page.keyboard.press("Escape")
    assert shared.at("save-panel").is_hidden()
    assert shared.at("save").evaluate("(button) => button === document.activeElement")
    shared.at("save").click()
    shared.page.mouse.click(5, 5)
    assert shared.at("save-panel").is_hidden()


def test_special_racers_are_saved_too(fresh: Callable[..., Race]) -> None:
    """One that diverges, one that is hidden, one whose dashes tell it apart."""
    race = fresh(
        "racer=sgd:learning_rate=5&racer=adam:learning_rate=0.1,hidden=1&racer=momentum:learning_rate=0.01,slot=9&steps=120"
    )
    svg = ET.fromstring(race.save(format="svg", size="wide", theme="light", caption=True))
    words = _words(svg)
    assert "diverged @" in words and "Momentum" in words and "Adam" not in words
    assert any("dasharray" in p.get("style", "") and "9px" in p.get("style", "") for p in svg.iter(f"{SVG}path"))


def test_the_link_is_copied(fresh: Callable[..., Race]) -> None:
    race = fresh()
    race.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    race.at("copy-link").click()
    race.until("() => document.querySelector('[data-testid=copy-link]').textContent === 'Copied'")
    copied = race.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == race.page.url and urlsplit(copied).query
