"""Legends of cells in exported pictures."""

from __future__ import annotations

import numpy as np

from app.export.legends import KEYS as ROW
from app.export.legends import LEGEND, paint_legend
from app.export.sheet import Sheet, rules
from app.figures.marks import Legend
from tests.app.driving import near

KEYS = (("not in 300", "#c3c9d0"), ("diverged", "#f0c8be"))
RAMP = Legend(title="steps", colors=("#440154", "#fde725"), ticks=((0.0, "300"), (1.0, "1")), keys=KEYS)


def _drawn(legend: Legend, width: float, theme: str = "light") -> tuple[float, np.ndarray]:
    with rules():
        sheet = Sheet(width, 160, scale=1, theme_name=theme, transparent=False)
        height = paint_legend(sheet, legend, (10, 10, width - 20, 140))
        sheet.canvas.draw()
        return height, np.asarray(sheet.canvas.buffer_rgba())[..., :3].copy()


def test_a_legend_has_the_ramp_from_left_to_right_and_its_keys_beside_it() -> None:
    height, pixels = _drawn(RAMP, 600)
    dark, light, blank, lost = (
        np.argwhere(near(pixels, color, 12)) for color in ("#440154", "#fde725", "#c3c9d0", "#f0c8be")
    )
    assert height == LEGEND and len(blank) > 90 and len(lost) > 90
    middles = [np.median(places[:, 1]) for places in (dark, light, blank, lost)]  # letters have greys as well
    assert middles == sorted(middles) and middles[1] - middles[0] > 100


def test_keys_that_do_not_fit_have_another_row_and_dark_pages_their_own_colours() -> None:
    height, pixels = _drawn(RAMP, 260, "dark")
    blank, lost = (np.argwhere(near(pixels, color, 6)) for color in ("#454d59", "#6b2f2d"))
    assert height == LEGEND + ROW and len(blank) > 90 and len(lost) > 90
    assert max(blank[:, 0].max(), lost[:, 0].max()) < 10 + height


def test_a_legend_without_colours_has_keys_alone() -> None:
    height, pixels = _drawn(Legend(keys=KEYS), 600)
    assert height == ROW and np.median(np.argwhere(near(pixels, "#c3c9d0", 4))[:, 1]) < 30
