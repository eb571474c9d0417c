"""The three painters draw every kind of mark with the same ink at the same places."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.export.page import html
from app.export.painter import paint
from app.export.sheet import Sheet, rules
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
# The picture of the canvases above plotly's axes and still marks.
CANVAS = """(position) => {
  const { clock, root } = window.sample;
  clock.seek(position);
  window.sample.unsettle();
  root.dataset.settled = 'false';
}"""
# The picture at rest, when plotly draws the lines.
RESTING = """async (position) => {
  const { clock, root, panels } = window.sample;
  clock.seek(position);
  window.sample.unsettle();
  for (const panel of panels) await panel.settle(position);
  root.dataset.settled = 'true';
}"""

ALIKE = {"text": 6, "text replaced": 6, "line that leaves": 6, "handle": 6}
"""The largest distance between the pixels of two painters: three, and more for texts in different engines."""


class Samples:
    """A page that shows panels one after another."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def show(self, panel: Any) -> None:
        self.page.evaluate(SHOW, base64.b64encode(pack(painting.scene(panel))).decode())

    def shot(self) -> NDArray[np.uint8]:
        """The picture of the axes without their surroundings."""
        f = self.page.evaluate(
            "() => { const [p] = window.sample.panels; const { left, top } = p.element.getBoundingClientRect();"
            " const [f] = p.frames(); return { x: left + f.left, y: top + f.top, width: f.width, height: f.height }; }"
        )
        return picture(self.page.screenshot(clip=f))

    def pictures(self, panel: Any) -> dict[str, list[NDArray[np.uint8]]]:
        """The pictures of a panel at each position, while the page plays and at rest."""
        self.show(panel)
        return {
            "canvas": [self.canvas(position) for position in painting.POSITIONS],
            "plotly": [self.plotly(position) for position in painting.POSITIONS],
        }

    def canvas(self, position: int) -> NDArray[np.uint8]:
        self.page.evaluate(CANVAS, position)
        return self.shot()

    def plotly(self, position: int) -> NDArray[np.uint8]:
        self.page.evaluate(RESTING, position)
        return self.shot()


class Printer:
    """Draws the pictures of the matplotlib painter, with axes of a size in pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height

    def pictures(self, panel: Any) -> list[NDArray[np.uint8]]:
        """The pictures of the axes at each position."""
        sheet, (left, top, width, height) = self._paint(panel, self.width + 100, self.height + 100)
        room = (self.width - width, self.height - height)  # the numbers of the axes take the same room at every size
        sheet, (left, top, *size) = self._paint(panel, sheet.width + room[0], sheet.height + room[1])
        assert size == pytest.approx([self.width, self.height], abs=0.01)
        rows, columns = slice(round(top), round(top) + self.height), slice(round(left), round(left) + self.width)
        return [frame[rows, columns, :3] for frame in sheet.frames(painting.POSITIONS)]

    def _paint(self, panel: Any, width: float, height: float) -> tuple[Sheet, tuple[float, float, float, float]]:
        with rules():
            sheet = Sheet(width, height, scale=1, theme_name="light", transparent=False)
            paint(sheet, panel, (0.0, 0.0, width, height))
        box = sheet.figure.axes[0].get_position()
        return sheet, (box.x0 * width, (1 - box.y1) * height, box.width * width, box.height * height)


@pytest.fixture(scope="module")
def samples(profile: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samples]:
    file = Path(tmp_path_factory.mktemp("samples")) / "samples.html"
    file.write_bytes(html(painting.scene(painting.panel("line revealed")), "samples", theme="light"))
    page = profile.new_page()
    page.set_viewport_size({"width": 1280, "height": 700})
    page.goto(file.as_uri())
    page.wait_for_function("() => document.querySelector('[data-testid=player]')?.dataset.settled === 'true'")
    yield Samples(page)
    page.close()


@pytest.mark.parametrize("name", painting.MARKS)
@pytest.mark.thinned(8)
def test_three_painters_draw_the_same(samples: Samples, name: str) -> None:
    bare, panel = painting.panel(name, bare=True), painting.panel(name)
    blank, drawn = (samples.pictures(one) for one in (bare, panel))
    height, width = blank["canvas"][0].shape[:2]
    printer = Printer(width, height)
    blank["matplotlib"], drawn["matplotlib"] = printer.pictures(bare), printer.pictures(panel)
    inks = {
        painter: [painting.ink(*two) for two in zip(drawn[painter], blank[painter], strict=True)] for painter in drawn
    }
    assert any(one.any() for one in inks["canvas"])
    for painter in ("plotly", "matplotlib"):
        for position, one, other in zip(painting.POSITIONS, inks["canvas"], inks[painter], strict=True):
            assert painting.agreement(one, other, ALIKE.get(name, 3)) > 0.9, (painter, position)
            # symbols of the same size differ slightly between the painters
            assert one.sum() == pytest.approx(other.sum(), rel=0.5, abs=3000), (painter, position)
