"""Make the pictures of README and docs with the app itself: `python -m docs.pictures [folder]`."""

import io
import shutil
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.page import FLAGS, server
from optimizers import OPTIMIZERS
from surfaces import SURFACES

PAGES = {
    "race-light": ("", "light"),
    "race-dark": ("", "dark"),
    "diverged-dark": (
        "v=1&surface=rosenbrock&rotation=18&steps=300&racer=sgd:learning_rate=0.5"
        "&racer=nesterov:learning_rate=0.0015&racer=adam:learning_rate=0.044&racer=momentum:learning_rate=0.0009",
        "dark",
    ),
    "saddle-light": (
        "v=1&surface=saddle&rotation=18&racer=sgd&racer=momentum:learning_rate=0.05&racer=adam&racer=newton",
        "light",
    ),
    "valley-light": (
        "v=1&surface=matrix_factorization&racer=sgd&racer=nesterov&racer=rmsprop:learning_rate=0.072"
        "&racer=rmsprop:learning_rate=0.072,convention=pytorch&racer=lion:learning_rate=0.03",
        "light",
    ),
}
"""Whole pages by the name of their file: the address, and light or dark."""

NETWORKS = {
    "network-light": ("views=outcome,landscape,sharpness", "light"),
    "edge-dark": (
        "data=chebyshev&standardised=0&widths=50-50&objective=mse&batch_size=0&steps=6000"
        "&views=sharpness,outcome,loss&racer=sgd:learning_rate=0.02&racer=sgd:learning_rate=0.05"
        "&racer=sgd:learning_rate=0.1",
        "dark",
    ),
}
"""Pages of networks, which are trained first."""

STAGES = {f"surfaces/{key}": f"surface={key}" for key in SURFACES}
STAGES |= {f"rules/{key}": f"racer=sgd&racer={key}" for key in OPTIMIZERS}
"""Map and cards alone, for the pages of surfaces and rules."""
COLORS = 256


def main(folder: Path) -> None:
    """Serve the app, open each race, wait until it is drawn, and save what the page shows."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright, server() as address:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (query, scheme) in PAGES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            _open(page, f"{address}?{query}")
            _save(page.screenshot(), folder / f"{name}.png")
            page.close()
        for name, (query, scheme) in NETWORKS.items():
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            _open(page, f"{address}network?{query}")
            _train(page)
            _save(page.screenshot(), folder / f"{name}.png")
            page.close()
        page = browser.new_page(viewport={"width": 1000, "height": 760}, color_scheme="light")
        for name, query in STAGES.items():
            _open(page, f"{address}?{query}")
            _save(page.screenshot(clip=_stage(page)), folder / f"{name}.png")
        browser.close()


def _train(page: Any) -> None:
    """Train what the page shows, until nothing is left to be worked out."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("() => /trained in/.test(document.querySelector('.progress span')?.textContent)")
    page.wait_for_function(
        """() => ![...document.querySelectorAll('.slot .body')].some((body) => body.dataset.type === 'message')"""
    )
    page.mouse.move(640, 790)
    page.wait_for_timeout(2500)


def _open(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector('[data-settled="true"]', timeout=120_000)
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)


def _stage(page: Any) -> dict[str, float]:
    """From the map's top left corner to its bottom and the cards' right edge."""
    player = page.get_by_test_id("player").bounding_box()
    plot = page.get_by_test_id("map").bounding_box()
    return {"x": player["x"], "y": plot["y"], "width": player["width"], "height": plot["height"]}


def _save(png: bytes, path: Path) -> None:
    """With a palette: a third of the size, and no difference to be seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
