"""The network in the picture, and how large its panels are, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.app.driving import Race
from tests.app.views.test_accessibility_in_browser import findings

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

LEAST = 240
"""Pixels that the side of a decision boundary measures at least, of three racers in a window of 1440 × 900."""


def _boxes(race: Race, slot: int) -> list[dict[str, float]]:
    """The boxes of the axes of a panel on the page."""
    found: list[dict[str, float]] = race.page.evaluate("(slot) => window.optiscope.boxes()[0][slot]", slot)
    return found


def _place(race: Race, slot: int, node: int) -> tuple[float, float]:
    """Where a node of the graph stands on the page."""
    graph = race.page.evaluate(
        """([slot, node]) => {
            const { axes, marks } = window.optiscope.scenes()[0].panels[slot];
            const { x, y } = marks.find(({ type }) => type === 'graph');
            const share = (axis, value) => (value - axis.low) / (axis.high - axis.low);
            return [share(axes[0].x, x[node]), share(axes[0].y, y[node])];
        }""",
        [slot, node],
    )
    (box,) = _boxes(race, slot)
    return box["left"] + graph[0] * box["width"], box["top"] + (1 - graph[1]) * box["height"]


def _tip(race: Race) -> Any:
    return race.at("node-plot-0")


def test_a_network_is_drawn_neuron_by_neuron_and_buttons_change_it(fresh: Visit) -> None:
    race = fresh(
        "data=moons&widths=3-2&steps=60&views=network,outcome,loss&racer=sgd:learning_rate=0.3&racer=adam",
        page="network",
    )
    names = race.page.evaluate("() => window.optiscope.scenes()[0].panels[0].marks[0].names")
    assert len(names) == 2 + 3 + 2 + 2
    # under the pointer: the third node is the first neuron
    race.page.mouse.move(*_place(race, 0, 2))
    words = _tip(race).inner_text().splitlines()
    assert words[0] == "layer 1, neuron 1" and words[1] == "bias 0"
    before = race.canvas("[data-testid=node-plot-0] canvas")
    race.page.get_by_role("button", name="Train", exact=True).click()
    race.until("() => /trained in/.test(document.querySelector('.progress span')?.textContent)")
    race.settle()
    race.page.mouse.move(640, 5)
    race.page.mouse.move(*_place(race, 0, 2))
    words = _tip(race).inner_text().splitlines()
    assert words[1].startswith("bias ") and words[1] != "bias 0"
    assert (race.canvas("[data-testid=node-plot-0] canvas") != before).any()
    # the tooltip of the button that was pressed has faded
    race.until("() => !document.querySelector('#stFloatingOverlayPortal')?.childElementCount")
    assert findings(race) == []
    race.page.mouse.move(640, 5)
    assert not _tip(race).is_visible()
    # the arrow keys reach the same neurons: from an input down, across, and back
    step = race.step()
    race.at("walker-plot-0").focus()
    seen = []
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        race.page.keyboard.press(key)
        seen.append(_tip(race).inner_text().splitlines()[0])
    assert seen == ["input x₂", "layer 1, neuron 2", "layer 2, neuron 1", "layer 1, neuron 1"]
    assert race.step() == step
    race.at("walker-plot-0").blur()
    assert not _tip(race).is_visible()
    race.page.get_by_role("button", name="Add a neuron to layer 2").click()
    race.wait_query("widths", "3-3")
    race.until("() => window.optiscope.scenes()[0].panels[0].marks[0].names.length === 10")
    race.page.get_by_role("button", name="Remove the last hidden layer").click()
    race.wait_query("widths", "3")
    race.at("option-0").select_option("1")
    race.wait_query("inside", "1")
    assert race.at("note-0").inner_text().startswith("Adam; ")


def test_decision_boundaries_of_three_racers_fill_their_panel(fresh: Visit) -> None:
    race = fresh(page="network", width=1440, height=900)
    boxes = _boxes(race, 0)
    assert len(boxes) == 3 and min(min(box["width"], box["height"]) for box in boxes) >= LEAST
    race.at("option-0").select_option("classes")
    race.wait_query("shade", "classes")
    race.until("() => window.optiscope.scenes()[0].panels[0].marks[0].values[0][0].every((value) => value === 255)")


@pytest.mark.long
def test_a_link_of_the_history_opens_a_race_against_the_predecessor(fresh: Visit) -> None:
    race = fresh()
    race.page.get_by_role("link", name="History").click()
    race.at("history").wait_for()
    assert findings(race) == []
    race.page.emulate_media(color_scheme="dark")
    race.until("() => getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")
    assert findings(race) == []
    link = race.page.get_by_role("link", name="Adam: race against RMSprop")
    link.focus()
    race.page.keyboard.press("Enter")
    race.until("() => document.querySelectorAll('[data-testid=cards] h3').length === 2")
    race.settle()
    assert race.titles() == ["RMSprop", "Adam"]
