"""Take screenshots of every page in every width and colour scheme, to look at: `python -m docs.screenshots FOLDER`.

They are for the eyes of a developer, and are not part of the repository. Each is also part of a contact sheet, which
shows a state of a page in all widths side by side.
"""

import argparse
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import sync_playwright

from app.views.pages import PAGES
from benchmarks.page import FLAGS
from benchmarks.serving import app
from docs.driving import DRAWN, chromium, computed, counted, opened, studied, trained

WIDTHS = (390, 960, 1280, 1920)
SCHEMES = ("light", "dark")
HEIGHTS = {390: 844, 1920: 1080}
"""The heights of the windows in pixels, 800 where none is named."""
GAP = 16
"""Pixels between the pictures of a contact sheet."""


READY = {"history": ".history"}
"""What shows that a page is drawn, of pages without a player."""


class State(NamedTuple):
    """A state of a page: the page's key, the query string, and what happens before the screenshot."""

    page: str
    query: str = ""
    act: Callable[[Any], None] = lambda page: None


def _present(page: Any) -> None:
    page.get_by_test_id("present").click()
    page.wait_for_timeout(900)


def _tuned(page: Any) -> None:
    page.wait_for_function("() => window.optiscope?.scenes()[0]?.fair?.progress === 1")
    page.wait_for_timeout(900)


def _present_trained(page: Any) -> None:
    trained(page)
    _present(page)


STATES: Mapping[str, State] = {
    "race": State("race", "preset=zigzag"),
    "race-3d": State("race", "picture=surface&surface=himmelblau&racer=sgd&racer=momentum&racer=adam"),
    "race-panels": State("race", "picture=panels&surface=rosenbrock&racer=sgd&racer=momentum&racer=adam"),
    "race-beside": State("race", "b.surface=quadratic_ravine&b.rotation=45"),
    "race-views": State("race", "views=distance,gradient"),
    "race-inspector": State("race", "inspect=1"),
    "race-many": State(
        "race",
        "surface=matrix_factorization&steps=100"
        "&racer=sgd&racer=momentum&racer=nesterov&racer=adagrad&racer=rmsprop&racer=adam&racer=radam&racer=lion",
    ),
    "race-fair": State("race", "surface=rosenbrock&racer=sgd&racer=momentum&racer=adam&fair=16", _tuned),
    "race-present": State("race", "preset=saddle", _present),
    "maps": State("maps"),
    "maps-basins": State("maps", "preset=basins", computed),
    "maps-sensitivity": State("maps", "preset=anywhere", computed),
    "network": State("network"),
    "network-trained": State("network", act=trained),
    "network-neurons": State("network", "preset=neurons", trained),
    "network-present": State("network", act=_present_trained),
    "history": State("history"),
    "studies": State("studies", act=studied),
    "studies-three": State("studies", "study=dimension_saddles", studied),
    "studies-squares": State("studies", "preset=autoencoder", studied),
    "matrix": State("matrix"),
    "matrix-computed": State("matrix", "groups=saddles&rules=sgd,momentum,rmsprop,adam,newton&trials=16", counted),
}
"""The states by file name."""


def main() -> None:
    """Take all screenshots that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--states", nargs="*", default=[*STATES], choices=[*STATES], metavar="STATE")
    parser.add_argument("--widths", nargs="*", type=int, default=WIDTHS, metavar="PIXELS")
    parser.add_argument("--schemes", nargs="*", default=SCHEMES, choices=SCHEMES)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, app() as served:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for name in arguments.states:
            for scheme in arguments.schemes:
                pictures = list(_pictures(browser, served.address, STATES[name], scheme, arguments.widths))
                for width, picture in zip(arguments.widths, pictures, strict=True):
                    picture.save(arguments.folder / f"{name}-{scheme}-{width}.png")
                _sheet(pictures).save(arguments.folder / f"sheet-{name}-{scheme}.png")
                print(f"{name}, {scheme}", flush=True)
        browser.close()


def _pictures(browser: Any, address: str, state: State, scheme: str, widths: tuple[int, ...]) -> Iterator[Image.Image]:
    """Yield a screenshot of a state for each width."""
    first = next(iter(PAGES))
    path = "" if state.page == first else state.page
    for width in widths:
        size = {"width": width, "height": HEIGHTS.get(width, 800)}
        page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        opened(page, f"{address}{path}?{state.query}", READY.get(state.page, DRAWN))
        state.act(page)
        yield Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        page.close()


def _sheet(pictures: list[Image.Image]) -> Image.Image:
    """All pictures side by side."""
    width = sum(picture.width + GAP for picture in pictures) - GAP
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "#888888")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    return sheet


if __name__ == "__main__":
    main()
