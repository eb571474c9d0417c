"""Benchmarks of the pages in a browser: first picture, frame rate and sliders, compared with `st.plotly_chart`."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import serving
from benchmarks.measure import Result, seconds
from benchmarks.serving import app, script

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
RACERS = ("sgd", "momentum", "nesterov", "adam", "adamw", "adadelta", "sam", "novograd")
PRESSES = 12

# Measures the time from each press of a key until the canvases of the player, or the native chart, have changed.
WATCH = """
({ ours, solid }) => {
  const small = document.createElement('canvas');
  small.width = 160; small.height = 90;
  const pen = small.getContext('2d', { willReadFrequently: true });
  // looking at canvases that show nothing would take part of the time that is measured
  const canvases = [...document.querySelectorAll('[data-testid="player"] canvas')];
  const seen = canvases.filter((c) => c.checkVisibility() && c.width > 1);
  const look = () => {
    // the pixels of a native chart in three dimensions cannot be read, so its data stand for the picture
    if (!ours && solid) return JSON.stringify(document.querySelector('.js-plotly-plot')?.data?.[1].y);
    if (!ours) return [...document.querySelectorAll('.scatterlayer .js-line')].map((p) => p.getAttribute('d')).join();
    pen.clearRect(0, 0, 160, 90);
    for (const c of seen) pen.drawImage(c, 0, 0, 160, 90);
    return pen.getImageData(0, 0, 160, 90).data.join();
  };
  window.waits = [];
  document.addEventListener('keydown', ({ key }) => {
    if (key !== 'ArrowRight' && key !== 'Enter') return;
    const began = performance.now();
    const before = look();
    const poll = () => {
      const now = look();
      if (now && now !== before) window.waits.push(performance.now() - began);
      else requestAnimationFrame(poll);
    };
    requestAnimationFrame(poll);
  }, true);
}
"""

# Sweeps on surfaces with different rotations, which use the same compiled programs but no cached answers.
SWEEPS = """
async () => {
  const { live } = window.optiscope.scenes()[0];
  const waits = [];
  let size = 0;
  for (let k = 0; k < 13; k++) {
    const address = live.replace('WHAT', 'sweep').replace(/rotation=[^&]*/, `rotation=${20 + k}`);
    const began = performance.now();
    const response = await fetch(`${address}&live.racer=racer-2&live.name=learning_rate`);
    size = (await response.arrayBuffer()).byteLength;
    waits.push(performance.now() - began);
  }
  return [waits, size];
}
"""

# Counts the frames from each move of the slider until the picture of the map has changed.
FOLLOWED = """
() => {
  const small = document.createElement('canvas');
  small.width = 160; small.height = 90;
  const pen = small.getContext('2d', { willReadFrequently: true });
  const look = () => {
    pen.clearRect(0, 0, 160, 90);
    for (const c of document.querySelectorAll('.map canvas')) pen.drawImage(c, 0, 0, 160, 90);
    return pen.getImageData(0, 0, 160, 90).data.join();
  };
  window.followed = [];
  let before = look();
  document.querySelector('[data-testid=slider-racer-2-learning_rate]').addEventListener('input', () => {
    let frames = 0;
    const poll = () => {
      frames += 1;
      const now = look();
      if (now !== before || frames > 20) { before = now; if (frames <= 20) window.followed.push(frames); }
      else requestAnimationFrame(poll);
    };
    requestAnimationFrame(poll);
  });
}
"""

PLAYED = {
    "map and loss": "",
    "map, loss and two views": "&views=distance,gradient",
    "one map each": "&picture=panels",
    "3-D": "&picture=surface",
}


def run() -> Iterator[Result]:
    """Yield the results of all comparisons. They need Chromium and Playwright."""
    browser = serving.chromium()
    if browser is None:
        yield Result("the page in a browser", "–", "no Chromium found", "–", "–", False)
        return
    from playwright.sync_api import sync_playwright

    yield _payload()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as cache:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        with app(cache) as served:
            address = served.address
            for what, query in PLAYED.items():
                yield _frames(chromium, address, what, query)
            ours, solid = (_slider(chromium, address, True, view) for view in ("", "3d"))
            typed, typed_solid = (_slider(chromium, address, True, view, typed=True) for view in ("", "3d"))
            yield from _dragged(chromium, address)
        yield _first(chromium, "")
        yield _first(chromium, cache)
        yield from _trained(chromium)
        with script("native.py") as served:
            native, native_solid = (_slider(chromium, served.address, False, view) for view in ("", "3d"))
        key, other = "slider moved by a key to pixels changed", "player / slider and `st.plotly_chart`"
        exact = "a number typed, which no sweep has, to pixels changed"
        for words, took, peer, most in (
            (f"{key}, its sweep there: {other}", ours, native, 0.5),
            ("the same in 3-D", solid, native_solid, 0.1),
            (f"{exact}: {other}", typed, native, 0.5),
            ("the same in 3-D", typed_solid, native_solid, 1.0),
        ):
            yield Result(words, seconds(took), seconds(peer), f"{took / peer:.2f}", f"≤ {most:g}", took / peer <= most)
        chromium.close()


def _payload() -> Result:
    from app.common import racers
    from app.player import pack
    from app.race import changes, scene
    from app.race.runs import Race
    from app.race.settings import Settings

    sizes = []
    for steps in (1000, 2000):
        settings = racers.set_steps(Settings(), steps)
        for key in RACERS:
            settings = changes.add_racer(settings, key)
        sizes.append(len(pack(scene.scene(Race(settings)))))
    what = "payload, 8 racers × 2,000 steps / × 1,000 steps"
    half, whole = (f"{size / 1e6:.2f} MB" for size in sizes)
    return Result(what, whole, half, f"{sizes[1] / sizes[0]:.2f}", "< 0.5 MB, linear", sizes[1] < 5e5)


def _first(chromium: Any, known: str) -> Result:
    """The median time of three starts. `known` is a folder of compiled programs, empty for none."""
    waits = []
    for _ in range(3):
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        with tempfile.TemporaryDirectory() as empty:
            began = time.perf_counter()
            with app(known or empty) as served:
                page.goto(served.address)
                page.wait_for_selector('[data-testid="player"][data-step]', timeout=60_000)
                waits.append(time.perf_counter() - began)
        page.close()
    took = statistics.median(waits)
    which = "programs on disk" if known else "programs not yet on disk"
    what = f"from the command to the first picture, {which}"
    return Result(what, seconds(took), "–", "–", "< 5 s", took < 5)


def _trained(chromium: Any) -> Iterator[Result]:
    """The time from pressing Train to the first curve, for the first visitor and for three later ones.

    The first visitor presses Train five seconds after the page was opened, when no program had been compiled before.
    """
    waits = []
    with tempfile.TemporaryDirectory() as empty, app(empty) as served:
        for _ in range(4):
            page = chromium.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{served.address}network")
            page.wait_for_selector('[data-settled="true"]', timeout=120_000)
            page.wait_for_timeout(5000)
            began = time.perf_counter()
            page.get_by_role("button", name="Train", exact=True).click()
            curve = "() => [...document.querySelectorAll('.status')].some((e) => /^step |loss/.test(e.textContent))"
            page.wait_for_function(curve, timeout=120_000)
            waits.append(time.perf_counter() - began)
            page.close()
    for which, took in (("first visit, nothing compiled", waits[0]), ("later visitors", statistics.median(waits[1:]))):
        yield Result(
            f"Train pressed to the first curve, two spirals, {which}", seconds(took), "–", "–", "< 2 s", took < 2
        )


def _frames(chromium: Any, address: str, what: str, query: str) -> Result:
    racers = "".join(f"&racer={key}" for key in RACERS)
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}?v=1&surface=rosenbrock&steps=2000{racers}{query}")
    page.wait_for_selector('[data-settled="true"]', timeout=90_000)
    page.wait_for_timeout(2000)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    count = page.evaluate(
        """() => new Promise((done) => {
          let frames = 0; const began = performance.now();
          const tick = () => {
            frames += 1;
            const ran = performance.now() - began;
            ran < 5000 ? requestAnimationFrame(tick) : done(1000 * frames / ran);
          };
          requestAnimationFrame(tick);
        })"""
    )
    paints = page.evaluate("() => window.optiscope.frames()[0].paints")
    playing = page.get_attribute('[data-testid="player"]', "data-playing")
    page.close()
    ours = f"{count:.1f} frames/s{'' if playing == 'true' else ' (stopped early)'}"
    paint = f"paint {statistics.median(paints):.1f} ms"
    return Result(f"8 racers × 2,000 steps playing: {what}", ours, paint, "–", "60 frames/s", count >= 58)


def _dragged(chromium: Any, address: str) -> Iterator[Result]:
    """The time until all runs along a slider have arrived, and the delay of the picture behind the pointer then."""
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}?steps=500")
    page.wait_for_selector('[data-settled="true"]', timeout=90_000)
    page.wait_for_timeout(3000)
    waits, size = page.evaluate(SWEEPS)
    took = statistics.median(waits[1:]) / 1000
    what = f"all runs along a slider, 101 positions × 500 steps ({size / 1e6:.2f} MB), asked for to received"
    yield Result(what, seconds(took), "–", "–", "≤ 200 ms", took <= 0.2)
    box = page.locator('[data-testid="slider-racer-2-learning_rate"]').bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.7 * box["width"], y)
    page.wait_for_timeout(2000)
    page.evaluate(FOLLOWED)
    page.mouse.down()
    for k in range(40):
        page.mouse.move(box["x"] + (0.7 - 0.012 * k) * box["width"], y)
        page.wait_for_timeout(60)
    page.mouse.up()
    frames = page.evaluate("window.followed")
    page.close()
    late = statistics.median(frames)
    yield Result("a dragged slider's picture, its sweep there", f"{late:g} frame", "–", "–", "1 frame", late <= 1)


def _slider(chromium: Any, address: str, ours: bool, view: str, typed: bool = False) -> float:
    """The median time in seconds from a key that moves a slider to changed pixels.

    Args:
        ours: whether the page is that of Optiscope.
        view: "3d" for the surface, else empty.
        typed: whether to measure from Enter after a typed number instead.
    """
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    asked = {"": "?surface=quadratic_ravine" if ours else "", "3d": "?picture=surface" if ours else "?view=3d"}
    page.goto(address + asked[view])
    slider = '[data-testid^="slider-racer-"]' if ours else 'input[type="range"]'
    page.wait_for_selector('[data-settled="true"]' if ours else ".js-plotly-plot", timeout=90_000)
    page.wait_for_timeout(3000)
    page.locator(slider).first.focus()
    page.wait_for_timeout(3000)
    page.evaluate(WATCH, {"ours": ours, "solid": view == "3d"})
    for k in range(PRESSES):
        before = page.evaluate("window.waits.length")
        if typed:
            page.get_by_test_id("value-racer-0-learning_rate").fill(f"{0.0171 + 0.0003 * k:.4f}")
        page.keyboard.press("Enter" if typed else "ArrowRight")
        page.wait_for_function(f"window.waits.length > {before}", timeout=30_000)
        page.wait_for_timeout(800)
    waits = page.evaluate("window.waits")
    page.close()
    return statistics.median(waits) / 1000
