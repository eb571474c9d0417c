"""matplotlib and plotly in notebooks draw every kind of mark with the same ink at the same places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.export.painter import paint_axes
from app.export.sheet import Sheet, rules
from app.figures.marks import Panel
from app.figures.traces import figure_of
from app.player.routes import PLOTLY
from tests.app import painting
from tests.app.driving import picture

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 640, 400
SHOW = """async (figure) => {
  const { data, layout } = JSON.parse(figure);
  await window.Plotly.newPlot('figure', data, layout, { staticPlot: true });
}"""
NEAR = {"text": 14, "text replaced": 14, "line that leaves": 6}
"""The largest distance between the pixels of two painters: two, and more for texts in different fonts."""
INK = {
    "text": 0.25,
    "text replaced": 0.35,
    "line that leaves": 0.1,
    "handle": 0.2,  # the letters have different shapes
    "dots replaced": 0.1,
    "dots in classes": 0.08,  # one of them aligns small symbols with pixels
    "lines": 0.3,  # Chromium draws lines of a single pixel differently
}
"""The largest difference between the amounts of ink, if it is not `CLOSE`."""
CLOSE = 0.05


def matplotlib(panel: Panel, time: float) -> NDArray[np.uint8]:
    """The axes of a panel in an exported picture."""
    with rules():
        sheet = Sheet(WIDTH, HEIGHT, scale=1, theme_name="light", transparent=False)
        paint_axes(sheet, panel.axes[0], (0, 0, WIDTH, HEIGHT), panel.marks, "")
        sheet.show(time)
        sheet.canvas.draw()
        return np.asarray(sheet.canvas.buffer_rgba())[..., :3].copy()


@pytest.fixture(scope="module")
def page(profile: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An empty page with plotly on it."""
    file = Path(tmp_path_factory.mktemp("plotly")) / "plotly.html"
    style = "body { margin: 0 }"
    file.write_text(f"<style>{style}</style><script src='{PLOTLY.as_uri()}'></script><div id='figure'></div>")
    page = profile.new_page()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(file.as_uri())
    yield page
    page.close()


def plotly(page: Any, panel: Panel, time: float) -> NDArray[np.uint8]:
    """The axes of a panel in a notebook."""
    figure = figure_of(panel, "light", HEIGHT, time)
    figure.update_layout(width=WIDTH, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(showticklabels=False, ticks="")
    figure.update_yaxes(showticklabels=False, ticks="")
    page.evaluate(SHOW, figure.to_json())
    return picture(page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT}))


@pytest.mark.parametrize("name", painting.MARKS)
@pytest.mark.thinned(16)
def test_matplotlib_and_plotly_draw_the_same(page: Any, name: str) -> None:
    bare, whole = painting.panel(name, bare=True), painting.panel(name)
    drawn = False
    for time in painting.POSITIONS:
        one = painting.ink(matplotlib(whole, time), matplotlib(bare, time))
        other = painting.ink(plotly(page, whole, time), plotly(page, bare, time))
        assert painting.agreement(one, other, NEAR.get(name, 2)) > 0.9, time
        assert one.sum() == pytest.approx(other.sum(), rel=INK.get(name, CLOSE)), time
        drawn |= bool(one.any())
    assert drawn
