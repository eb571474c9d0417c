"""Take the pictures of the README and the documentation in the app itself: `python -m docs.pictures [folder]`."""

import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.page import FLAGS
from benchmarks.serving import app
from docs.driving import chromium, computed, counted, opened, studied, trained
from optimizers import OPTIMIZERS
from surfaces import SURFACES

PAGES = {
    "race-light": ("surface=quadratic_ravine", "light"),
    "race-dark": ("surface=quadratic_ravine", "dark"),
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
"""Screenshots of whole pages by file name: the query string, and the colour scheme."""

SIX = "".join(f"&racer={key}" for key in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"))
VIEWS = {
    "surface": (
        f"surface=himmelblau&picture=surface{SIX}",
        "Six racers in three dimensions; the heights follow the levels of the map.",
    ),
    "panels": (
        f"surface=rosenbrock&picture=panels{SIX}",
        "A map for each racer, with the same axes, levels and clock.",
    ),
    "beside": ("views=distance,gradient", "Beside the losses: the distance to the minimum and the gradient norm."),
    "rates": (
        "surface=quadratic_ravine&rotation=0&views=rates,sharpness&racer=adagrad&racer=rmsprop&racer=momentum",
        "Adagrad's effective learning rates only fall, but RMSprop's rise again; the sharpness and each rule's limit.",
    ),
    "inspector": ("inspect=1&racer=nesterov&racer=adam&racer=sgd", "Nesterov's fourth step, line by line."),
    "curves": (
        "noise=isotropic&noise.scale=2&bundle=spaghetti&seeds=16&racer=sgd&racer=adam",
        "Sixteen seeds of a noisy race, each as a curve.",
    ),
    "band": (
        "noise=isotropic&noise.scale=2&bundle=band&seeds=16&axis=evaluations&racer=sgd&racer=adam&racer=sam",
        "Median and band of sixteen seeds against gradient evaluations: each step of SAM costs two.",
    ),
    "ab": (
        "b.surface=quadratic_ravine&b.rotation=45&rotation=0",
        "The same ravine at two rotations, on the same clock.",
    ),
    "presenting": ("preset=zigzag", "Present mode, with larger type for the back row."),
    "predicting": ("surface=himmelblau", "Predict mode: where does each racer end?"),
}
"""Views of the Race page, each in both colour schemes, by file name: the query string, and the caption."""

NETWORKS = {
    "network-light": ("views=outcome,landscape,sharpness", "light"),
    "edge-dark": (
        "data=chebyshev&standardised=0&widths=50-50&objective=mse&batch_size=0&steps=6000"
        "&views=sharpness,outcome,loss&racer=sgd:learning_rate=0.03&racer=sgd:learning_rate=0.05"
        "&racer=sgd:learning_rate=0.1",
        "dark",
    ),
    "neurons-light": ("preset=neurons", "light"),
}
"""Screenshots of the Network page after training, by file name: the query string, and the colour scheme."""

MAPS = {
    "maps-light": ("preset=edge", "light"),
    "basins-dark": ("preset=basins", "dark"),
}
"""Screenshots of the Maps page, as fine as it gets, by file name: the query string, and the colour scheme."""

STUDIES = {"studies-light": ("preset=bias_variance", "light")}
"""Screenshots of the Studies page with a complete study, by file name: the query string, and the colour scheme."""

TESTS = {"tests-light": ("groups=ravines,saddles&rules=sgd,momentum,adagrad,rmsprop,adam,newton&trials=64", "light")}
"""Screenshots of the Tests page, by file name: the query string, and the colour scheme."""

COMPUTED: tuple[tuple[str, Mapping[str, tuple[str, str]], Callable[[Any], None]], ...] = (
    ("network", NETWORKS, trained),
    ("maps", MAPS, computed),
    ("studies", STUDIES, studied),
    ("matrix", TESTS, counted),
)
"""The pages whose results are computed before the screenshot, and how."""

STAGES = {f"surfaces/{key}": f"surface={key}" for key in SURFACES}
STAGES |= {f"rules/{key}": f"racer=sgd&racer={key}" for key in OPTIMIZERS}
"""Pictures of the map and the cards for the pages of surfaces and rules, by file name: the query string."""
COLORS = 256
HERE = Path(__file__).parent / "pictures"


def main(folder: Path) -> None:
    """Serve the app, open each page, wait until it is drawn, and save a screenshot in a folder."""
    with sync_playwright() as playwright, app() as served:
        address = served.address
        browser: Any = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for name, (query, scheme) in PAGES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            opened(page, f"{address}?{query}")
            _save(page.screenshot(), folder / f"{name}.png")
            page.close()
        for name, (query, _) in VIEWS.items():
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
                opened(page, f"{address}?{query}")
                _act(page, name)
                _save(page.screenshot(), folder / f"{name}-{scheme}.png")
                page.close()
        if folder == HERE:
            (HERE.parent / "views.md").write_text(views_page(), "utf-8")
        for path, shots, compute in COMPUTED:
            for name, (query, scheme) in shots.items():
                page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
                opened(page, f"{address}{path}?{query}")
                compute(page)
                _save(page.screenshot(), folder / f"{name}.png")
                page.close()
        page = browser.new_page(viewport={"width": 1000, "height": 760}, color_scheme="light")
        for name, query in STAGES.items():
            opened(page, f"{address}?{query}")
            _save(page.screenshot(clip=_stage(page)), folder / f"{name}.png")
        browser.close()


def _act(page: Any, name: str) -> None:
    """Bring a view into the state in which its picture is taken."""
    if name == "inspector":
        page.keyboard.press("Home")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
    if name == "presenting":
        page.get_by_test_id("present").click()
    if name == "predicting":
        page.get_by_test_id("predict").click()
        box = page.get_by_test_id("map").bounding_box()
        for across, down in ((0.62, 0.3), (0.63, 0.65)):
            page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.mouse.move(5, 795)
    page.wait_for_timeout(900)


def views_page() -> str:
    """The text of `docs/views.md`, which shows all views."""
    lines = [
        "# The views of the Race page",
        "",
        "`make docs` takes these pictures in the app itself. Each link opens its race.",
        "",
    ]
    for name, (query, caption) in VIEWS.items():
        lines += [f"## {caption}", "", f"`/?{query}`", ""]
        lines += [f"![{caption}](pictures/{name}-{scheme}.png)\n" for scheme in ("light", "dark")]
    return "\n".join(lines).rstrip() + "\n"


def _stage(page: Any) -> dict[str, float]:
    """The rectangle from the top left corner of the map to its bottom and to the right edge of the cards."""
    player = page.get_by_test_id("player").bounding_box()
    plot = page.get_by_test_id("map").bounding_box()
    return {"x": player["x"], "y": plot["y"], "width": player["width"], "height": plot["height"]}


def _save(png: bytes, path: Path) -> None:
    """Save a picture with a palette, which takes a third of the size and looks the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    # keeps colours of few pixels, such as those of the bars of maps, and those of large areas
    method = Image.Quantize.MAXCOVERAGE
    image.quantize(COLORS, method=method, kmeans=1, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
