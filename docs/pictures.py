"""Make the pictures of the README with the app itself: `python docs/pictures.py [folder]`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.page import FLAGS, server

PICTURES = {
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
}


def main(folder: Path) -> None:
    """Serve the app, open each race, wait until it is drawn, and save what the page shows."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright, server() as address:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, (query, scheme) in PICTURES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            page.goto(f"{address}?{query}")
            page.wait_for_selector('[data-settled="true"]', timeout=120_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=folder / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
