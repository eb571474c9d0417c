"""The Maps page in a browser: cells that are named, chosen, zoomed, stopped, restored and exported."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.app.driving import Race, picture

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

SMALL = "surface=quadratic_ravine&steps=60&cells=64&window=-3,0,0,2&racer=momentum:learning_rate=0.05,momentum=0.5"
FRAME = """() => {
    const plot = document.querySelector('[data-testid=plot-0]');
    const box = plot.getBoundingClientRect();
    const { xaxis, yaxis } = plot._fullLayout;
    return [box.left + xaxis._offset, box.top + yaxis._offset, xaxis._length, yaxis._length];
}"""
CELLS = """() => {
    const marks = window.optiscope.scenes()[0].panels[0].marks.filter(({ type }) => type === 'cells');
    return marks.map(({ box, shades, racer }) => ({ box, racer, shades: shades.map((row) => Array.from(row)) }));
}"""
BOX = """(box) => {
    const { panels, busy } = window.optiscope.scenes()[0];
    const cells = panels[0].marks.filter(({ type }) => type === 'cells');
    return !busy && cells.length && cells.every((one) => one.box.every((edge, k) => Math.abs(edge - box[k]) < 1e-9));
}"""


BESIDE = (".scrub", "[data-testid=loop]", ".side")
"""The slider of the time, the button beside it that is at the right, and the column of the cards."""


FITS = """() => {
    const plot = document.querySelector('[data-testid=plot-0]');
    const { height, yaxis2 } = plot._fullLayout;
    const bottom = plot.parentElement.querySelector('canvas.trails').getBoundingClientRect().bottom;
    const axes = plot.getBoundingClientRect().top + yaxis2._offset + yaxis2._length;
    return height === plot.parentElement.clientHeight && Math.abs(bottom - axes) <= 1;
}"""
"""Whether the second map's axes and its canvas end at the same place, and both fill the panel."""


def _place(page: Race, across: float, upward: float) -> tuple[float, float]:
    """The pixel at shares of the first map."""
    left, top, width, height = page.page.evaluate(FRAME)
    return left + across * width, top + (1 - upward) * height


def _cells(page: Race) -> list[dict[str, Any]]:
    return list(page.page.evaluate(CELLS))


def _drawn(page: Race) -> np.ndarray:
    """The colours of the first map on the screen, at 20 × 20 places."""
    left, top, width, height = page.page.evaluate(FRAME)
    clip = {"x": round(left) + 1, "y": round(top) + 1, "width": round(width) - 2, "height": round(height) - 2}
    pixels = picture(page.page.screenshot(clip=clip))
    rows, columns = (np.linspace(0, n - 1, 20).astype(int) for n in pixels.shape[:2])
    return np.asarray(pixels[np.ix_(rows, columns)])


def test_the_page_opens_with_a_map_that_is_drawn_named_and_explained(fresh: Visit) -> None:
    page = fresh("", page="maps")
    assert page.at("preset-name").inner_text() == "Momentum's stability edge"
    (first, second) = _cells(page)
    assert np.shape(first["shades"]) == (256, 256) and first["racer"] != second["racer"]
    assert len(np.unique(_drawn(page).reshape(-1, 3), axis=0)) > 40
    legend = page.at("legend-0")
    assert legend.is_visible() and "steps to 1 %" in legend.inner_text() and "diverged" in legend.inner_text()
    page.page.mouse.move(*_place(page, 0.95, 0.5))
    page.until("() => !document.querySelector('[data-testid=tip-plot-0]').hidden")
    words = page.at("tip-plot-0").inner_text()
    assert words.startswith("η = ") and ", β = " in words and words.endswith(": diverged")
    assert page.at("progress").inner_text().startswith("131,072 runs")
    # a note that needs more lines later moves axes and canvas alike, also once the labels are drawn again
    assert page.page.evaluate(FITS)
    page.page.evaluate("document.querySelector('[data-testid=note-0]').append(' and more'.repeat(60))")
    page.until(FITS)
    page.at("step-back").click()
    page.settle()
    assert page.page.evaluate(FITS)
    # the time has a slider that can be used, and the buttons do not reach under the cards
    scrub, loop, side = (page.page.locator(f".optiscope-player {name}").bounding_box() for name in BESIDE)
    assert scrub and loop and side
    assert scrub["width"] > 250 and loop["x"] + loop["width"] <= side["x"]


def test_a_click_plays_the_run_of_the_cell_and_leaves_the_map_alone(fresh: Visit) -> None:
    page = fresh(SMALL, page="maps")
    before, cells = page.values(), _cells(page)
    page.page.mouse.click(*_place(page, 0.25, 0.75))
    page.until("(before) => document.querySelector('.cards input.value').value !== before", before[0])
    page.settle()
    rate, beta = (float(value) for value in page.values())
    assert -2.3 < np.log10(rate) < -2.2 and 0.96 < beta < 0.98
    assert f"learning_rate={rate:g},momentum={beta:g}" in page.query()["racer"][0]
    assert _cells(page) == cells
    assert len(page.page.evaluate(PATH)) == 61
    page.at("play").click()
    page.until("() => document.querySelector('[data-testid=player]').dataset.playing === 'true'")
    # the same run opens on the Race page
    page.at("open-race").click()
    page.page.wait_for_url("**/?**surface=quadratic_ravine**")
    page.settle()
    assert [float(value) for value in page.values()] == [rate, beta]


PATH = """() => {
    const map = window.optiscope.scenes()[0].panels.find(({ key }) => key === 'map');
    return Array.from(map.marks.find(({ follows }) => follows === 'path').x);
}"""


def test_zooming_computes_the_window_and_a_reset_shows_the_whole_map(fresh: Visit) -> None:
    page = fresh(SMALL, page="maps")
    whole = _cells(page)[0]
    page.page.mouse.move(*_place(page, 0.6, 0.5))
    for _ in range(4):
        page.page.mouse.wheel(0, -240)
    page.until("() => new URLSearchParams(location.search).get('window') !== '-3,0,0,2'")
    left, right, bottom, top = (float(edge) for edge in page.query()["window"][0].split(","))
    assert -3 < left < right < 0 and 0 <= bottom < top <= 2 and right - left < 2.5
    page.until(BOX, [left, bottom, right, top])
    page.settle()
    assert _cells(page)[0]["shades"] != whole["shades"]
    ranges = page.page.evaluate(
        "() => { const { xaxis, yaxis } = document.querySelector('[data-testid=plot-0]')._fullLayout;"
        " return [...xaxis.range, ...yaxis.range]; }"
    )
    assert ranges == pytest.approx([left, right, bottom, top])
    # the buttons are inside the axes, whose title stands above them
    tools = page.at("panel-0").get_by_test_id("zoom-home")
    box, top = tools.bounding_box(), page.page.evaluate(FRAME)[1]
    assert box and top <= box["y"] < top + 20
    tools.click()
    page.until("() => !new URLSearchParams(location.search).has('window')")
    page.settle()


@pytest.mark.long
def test_a_link_restores_the_map_with_its_window_cell_colours_and_view(fresh: Visit) -> None:
    query = f"{SMALL}&color=status&x=learning_rate&y=surface.condition_number".replace("0,2&", "0.5,3&")
    page = fresh(query, page="maps")
    first, link = _cells(page), page.page.url
    assert page.page.get_by_test_id("option-0").input_value() == "status"
    again = fresh(link.partition("?")[2], page="maps")
    assert _cells(again) == first and again.values() == page.values()
    assert (_drawn(again) == _drawn(page)).mean() > 0.99


@pytest.mark.long
def test_a_slider_that_is_no_axis_computes_the_map_anew(fresh: Visit) -> None:
    page = fresh(f"{SMALL}&x=learning_rate&y=surface.condition_number".replace("0,2&", "0.5,3&"), page="maps")
    before, text = _cells(page), page.page.evaluate(f"JSON.stringify(({CELLS})())")
    page.type_value("racer-0", "momentum", "0.9")
    page.wait_query("racer", "momentum=0.9")
    page.until(f"(before) => JSON.stringify(({CELLS})()) !== before", text)
    page.settle()
    assert [one["box"] for one in _cells(page)] == [one["box"] for one in before]


@pytest.mark.long
def test_a_stopped_computation_keeps_what_it_had_and_goes_on_later(fresh: Visit) -> None:
    page = fresh(SMALL.replace("steps=60", "steps=600"), page="maps")
    page.page.locator(".st-key-map-more button").first.click()
    page.fill("Finest cells", "1024")
    page.page.keyboard.press("Escape")
    page.page.get_by_role("button", name="Stop").click()
    page.said("stopped; what was computed is shown")
    page.until("() => !window.optiscope.scenes()[0].busy")
    assert len(_cells(page)[0]["shades"]) >= 64
    page.page.get_by_role("button", name="Continue").wait_for()


@pytest.mark.long
def test_basins_and_curves_are_chosen_in_the_panel(fresh: Visit) -> None:
    page = fresh("surface=himmelblau&steps=60&cells=64&racer=sgd:learning_rate=0.01&trials=4", page="maps")
    page.at("view-0").select_option("basins")
    page.until("() => window.optiscope.scenes()[0].panels[0].key === 'basins'")
    page.settle()
    assert page.query()["view"] == ["basins"] and "(3, 2)" in page.at("legend-0").inner_text()
    assert page.page.evaluate(PATH)[0] == 0.5
    page.page.mouse.click(*_place(page, 0.2, 0.8))
    page.until("() => new URLSearchParams(location.search).has('start')")
    page.settle()
    assert -4 < page.page.evaluate(PATH)[0] < -3
    page.at("view-0").select_option("sensitivity")
    page.until("() => window.optiscope.scenes()[0].panels[0].marks.some(({ type }) => type === 'band')")
    page.settle()
    assert not page.at("legend-0").is_visible() and "of 4 starts" in page.at("note-0").inner_text()


@pytest.mark.long
def test_a_map_is_exported_as_picture_numbers_and_script(fresh: Visit) -> None:
    page = fresh(SMALL, page="maps")
    page.export()
    name, png = page.download("Download PNG")
    assert name == "stability-quadratic-ravine-momentum.png" and picture(png).shape[1] > 1000
    # the colours of the cells are in the picture
    assert len(np.unique(picture(png).reshape(-1, 3), axis=0)) > 100
    page.page.get_by_text("Data", exact=True).click()
    name, csv = page.download("CSV")
    lines = csv.decode().splitlines()
    assert name.endswith(".csv") and len(lines) == 1 + 64**2
    assert lines[0] == '"racer","learning_rate","momentum","final","reached","status"'
    table = np.genfromtxt(io.BytesIO(csv), delimiter=",", skip_header=1, usecols=(1, 2, 4))
    assert table[:, 2].max() > 40 and len(np.unique(table[:, 0])) == 64
    page.page.get_by_text("Code", exact=True).click()
    name, script = page.download("Download stability-quadratic-ravine-momentum.py")
    assert b"sweep(surface" in script
