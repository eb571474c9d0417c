"""Every kind of mark as the canvas painter and as the plotly painter draw it: the same ink in the same places."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.export.page import html
from app.player.scene import pack
from tests.app import painting
from tests.app.driving import picture

pytestmark = pytest.mark.browser

SHOW = """async (data) => {
  const root = document.querySelector('.optiscope-player');
  const { Player } = await import('player/web/stage/player.js');
  window.sample ??= new Player(root, window.Plotly);
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  await window.sample.update({ data: bytes, setTriggerValue() {} });
}"""
# What is drawn on the canvases, over what plotly draws of the axes and of what stands still.
CANVAS = """(position) => {
  const { clock, root } = window.sample;
  clock.seek(position);
  window.sample.unsettle();
  root.dataset.settled = 'false';
}"""
# The same panel, at the same place, as one figure of plotly's.
PLOTLY = """async (position) => {
  const { figureOf } = await import('player/web/drawing/figure.js');
  const { baseLayout } = await import('player/web/drawing/layout.js');
  const [panel] = window.sample.panels;
  const { width, height } = panel.size;
  const frames = panel.frames();
  const axes = panel.axes.map((pair, k) => {
    const { left, top, width: wide, height: tall } = frames[k];
    return { ...pair, place: [left / width, 1 - (top + tall) / height, (left + wide) / width, 1 - top / height] };
  });
  const content = { axes, marks: panel.panel.marks, frames, view: null };
  const { data, layout } = figureOf(content, panel.style, 'sans-serif', position);
  document.querySelector('#figure')?.remove();
  const holder = document.createElement('div');
  holder.id = 'figure';
  const box = panel.element.getBoundingClientRect();
  Object.assign(holder.style, { position: 'fixed', left: `${box.left}px`, top: `${box.top}px`, zIndex: 99 });
  holder.style.background = panel.style.paper;
  document.body.append(holder);
  const anchor = { x: [null], y: [null] };
  const margin = { l: 0, r: 0, t: 0, b: 0 };
  await window.Plotly.newPlot(holder, [anchor, ...data],
    { ...baseLayout(panel.style, 'sans-serif', layout), width, height, margin }, { staticPlot: true });
}"""
GONE = "() => document.querySelector('#figure')?.remove()"

ALIKE = {"text": 6, "text replaced": 6, "line that leaves": 6}
"""How many pixels apart two painters may draw: two, and more where letters are set by different engines."""


class Samples:
    """A page that shows one panel after the other."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def show(self, panel: Any) -> None:
        self.page.evaluate(SHOW, base64.b64encode(pack(painting.scene(panel))).decode())

    def shot(self) -> NDArray[np.uint8]:
        """The picture of the axes alone: what stands round them is not compared."""
        f = self.page.evaluate(
            "() => { const [p] = window.sample.panels; const { left, top } = p.element.getBoundingClientRect();"
            " const [f] = p.frames(); return { x: left + f.left, y: top + f.top, width: f.width, height: f.height }; }"
        )
        return picture(self.page.screenshot(clip=f))

    def canvas(self, position: int) -> NDArray[np.uint8]:
        self.page.evaluate(GONE)
        self.page.evaluate(CANVAS, position)
        return self.shot()

    def plotly(self, position: int) -> NDArray[np.uint8]:
        self.page.evaluate(PLOTLY, position)
        return self.shot()


@pytest.fixture(scope="module")
def samples(profile: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    file = Path(tmp_path_factory.mktemp("samples")) / "samples.html"
    file.write_bytes(html(painting.scene(painting.panel("line revealed")), "samples", theme="light"))
    page = profile.new_page()
    page.set_viewport_size({"width": 900, "height": 700})
    page.goto(file.as_uri())
    page.wait_for_function("() => document.querySelector('[data-testid=player]')?.dataset.settled === 'true'")
    yield Samples(page)
    page.close()


@pytest.mark.parametrize("name", painting.MARKS)
@pytest.mark.thinned(4)
def test_canvas_and_plotly_draw_the_same(samples: Samples, name: str) -> None:
    samples.show(painting.panel(name, bare=True))
    # a field is plotly's alone; the rest of the ground it draws on the page too
    pictures: list[tuple[Callable[[int], NDArray[np.uint8]], list[NDArray[np.uint8]]]] = []
    for paint in (samples.canvas, samples.plotly):
        pictures.append((paint, [paint(position) for position in painting.POSITIONS]))
    samples.show(painting.panel(name))
    inks = [
        [painting.ink(paint(position), blank) for position, blank in zip(painting.POSITIONS, empty, strict=True)]
        for paint, empty in pictures
    ]
    moved = False
    for position, one, other in zip(painting.POSITIONS, *inks, strict=True):
        assert painting.agreement(one, other, ALIKE.get(name, 2)) > 0.9, position
        assert one.sum() == pytest.approx(other.sum(), rel=0.3, abs=3000), position
        moved |= bool(one.any())
    assert moved
