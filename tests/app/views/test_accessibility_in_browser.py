"""What axe-core finds on every page, in both themes, and what can be done without a pointer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.views.pages import PAGES
from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
FINDINGS = """async (tags) => {
    const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
    const why = ({ any, all, none }) => [...any, ...all, ...none].map(({ message }) => message).join(' ');
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} (${why(node)})`));
}"""


def findings(race: Race) -> list[str]:
    """What axe-core finds on a page."""
    if not AXE.exists():
        why = f"{AXE.relative_to(AXE.parents[3])} is missing: make test-js installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
    if not race.page.evaluate("'axe' in window"):
        race.page.add_script_tag(path=AXE)
    found: list[str] = race.page.evaluate(FINDINGS, list(RULES))
    return found


@pytest.mark.thinned(6)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", ["", *list(PAGES)[1:]], ids=PAGES)
def test_axe_finds_nothing_on_a_page(fresh: Visit, page: str, dark: bool) -> None:
    race = fresh(None if page else "preset=zigzag", page=page, dark=dark, reduced=True)
    assert findings(race) == []


@pytest.mark.long
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_what_can_be_opened(fresh: Visit, dark: bool) -> None:
    race = fresh("preset=zigzag&racer=sgd&racer=adam&inspect=1&views=distance", dark=dark, reduced=True)
    found = {"inspecting": findings(race)}
    race.at("hide-racer-1").click()
    race.settle()
    found["hidden racer"] = findings(race)
    race.at("present").click()
    race.page.wait_for_timeout(400)
    race.settle()
    found["presenting"] = findings(race)
    race.page.keyboard.press("Escape")
    race.until("() => !document.querySelector('[data-testid=player]').hasAttribute('data-presenting')")
    race.settle()
    race.at("predict").click()
    race.settle()
    found["predicting"] = findings(race)
    race.at("predict").click()
    race.page.set_viewport_size({"width": 390, "height": 844})
    race.settle()
    found["narrow"] = findings(race)
    race.page.set_viewport_size({"width": 1280, "height": 800})
    race.more("Noise")
    race.settle()
    found["More"] = findings(race)
    race.page.keyboard.press("Escape")
    for form in ("3-D", "per racer"):
        race.page.get_by_role("button", name=form).click()
        race.settle()
        found[form] = findings(race)
    race.export()
    found["Export"] = findings(race)
    assert found == {state: [] for state in found}


@pytest.mark.long
def test_the_arrow_keys_move_the_start_and_the_races_follow(fresh: Visit) -> None:
    race = fresh()
    handle = race.at("start-handle")
    before = race.path(0)
    x, y = before[0]
    handle.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown"):
        race.page.keyboard.press(key)
    assert race.step() == 300  # the clock has not moved
    race.until("() => new URL(location.href).searchParams.has('start')")
    race.settle()
    frame = race.frame()
    unit = (frame["x"][1] - frame["x"][0]) / frame["width"]
    start = [float(v) for v in race.query()["start"][0].split(",")]
    # 4 pixels a key, and five times as many with Shift
    assert start == pytest.approx([x + 8 * unit, y - 16 * unit], abs=1e-3)
    assert race.path(0)[0] == pytest.approx(start, abs=1e-6)
    assert handle.get_attribute("aria-label").startswith("Start at ")
    # the same place again: a drag with the mouse leaves the arrow keys to the clock
    place = race.pixel(*start)
    race.page.evaluate("document.activeElement.blur()")
    race.page.mouse.move(*place)
    race.page.mouse.down()
    race.page.mouse.move(place[0] + 30, place[1], steps=3)
    race.page.mouse.up()
    race.settle()
    race.page.keyboard.press("ArrowLeft")
    assert race.step() == 299
