"""The inspector in a browser shows the computed numbers of any step, and follows the clock."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.common.digits import parsed
from app.race import changes, link, runs
from optimizers.workings import workings
from tests.app.driving import Race

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

SHOWN = """(letter) => [...document.querySelectorAll(`[data-testid=inspector] [data-result="${letter}"] .numbers math >
mrow:last-child mn`)].map((e) => e.textContent)"""


def shown(race: Race, letter: str) -> list[float]:
    return [parsed(text) for text in race.page.evaluate(SHOWN, letter)]


def test_the_inspector_shows_the_numbers_of_the_step_at_the_playhead(fresh: Visit) -> None:
    race = fresh()
    race.at("explain-racer-2").click()
    race.at("inspector").wait_for()
    race.wait_query("inspect", "3")
    settings = changes.inspect(changes.first(), "racer-2")
    found = workings(runs.runs(settings, runs.whole)[2])
    for moves, step in (((), 300), (("Home",), 0), (("ArrowRight",) * 7, 7), (("ArrowLeft",) * 2, 5)):
        for key in moves:
            race.page.keyboard.press(key)
        k = max(step, 1) - 1  # at the start, the first step is explained
        said = f"Adam, step {k + 1}{' (next)' if step == 0 else ''}"
        race.until("(said) => document.querySelector('[data-testid=inspected-step]').innerText === said", said)
        for letter in ("g", "m", "v", "m_hat", "v_hat", "w"):
            np.testing.assert_allclose(shown(race, f"{letter}′"), found.after[letter][k], rtol=6e-4, err_msg=letter)
        before = race.page.evaluate(
            """() => [...document.querySelectorAll('[data-result="w′"] [data-slot="w"]')].map((e) => e.textContent)"""
        )
        np.testing.assert_allclose([parsed(t) for t in before], found.before["w"][k], rtol=6e-4)
    race.settle()


@pytest.mark.long
def test_a_noisy_gradient_is_shown_as_a_sum(fresh: Visit) -> None:
    race = fresh("inspect=2&noise=isotropic&noise.scale=1&steps=40")
    race.page.keyboard.press("Home")
    for _ in range(5):
        race.page.keyboard.press("ArrowRight")
    race.settle()
    slots = """() => ['[data-slot^="grad("]', '[data-slot="ξ"]'].map((slot) =>
        [...document.querySelectorAll(`[data-result="g′"] ${slot}`)].map((e) => e.textContent))"""
    true, noise = ([parsed(text) for text in column] for column in race.page.evaluate(slots))
    total = shown(race, "g′")
    assert len(true) == len(noise) == len(total) == 2
    size = np.abs([true, noise]).max(axis=0)
    np.testing.assert_allclose(np.add(true, noise), total, atol=2e-3 * size.max())
    settings, _ = link.parse(race.query())
    found = workings(runs.runs(settings, runs.whole)[1])
    np.testing.assert_allclose(noise, found.before["ξ"][4], rtol=6e-4)


@pytest.mark.long
def test_the_inspector_opens_follows_the_sliders_and_closes(fresh: Visit) -> None:
    race = fresh("inspect=2")
    assert race.at("inspector").is_visible() and race.at("slider-racer-1-momentum").is_visible()
    assert not race.at("slider-racer-0-learning_rate").is_visible()
    old = shown(race, "a′")
    race.type_value("racer-1", "momentum", "0.5")
    race.wait_query("racer", "momentum=0.5")
    race.until("() => document.querySelector('[data-result=\"a′\"] .numbers mn').textContent === '0.5'")
    assert shown(race, "a′") != old
    race.at("explain-racer-0").click()  # another racer is inspected
    race.until("() => document.querySelector('[data-testid=inspector]').getAttribute('aria-label').endsWith('SGD')")
    race.at("close-inspector").click()
    race.until("() => !document.querySelector('[data-testid=inspector]').checkVisibility()")
    race.settle()
    assert race.at("slider-racer-0-learning_rate").is_visible() and "inspect" not in race.query()


@pytest.mark.long
def test_the_parts_of_the_step_are_drawn_on_the_map(fresh: Visit) -> None:
    """Nesterov's third step: a ring marks the point at which the gradient was evaluated, and arrows lead there."""
    race = fresh("inspect=1&racer=nesterov&racer=sgd:hidden=1")
    race.page.keyboard.press("Home")
    for _ in range(3):
        race.page.keyboard.press("ArrowRight")
    race.settle()
    settings, _ = link.parse(race.query())
    run = runs.runs(settings, runs.whole)[0]
    frame = race.frame()
    ratio = race.page.evaluate("window.devicePixelRatio")
    heads = race.heads()
    bleed = 9

    def ink(point: np.ndarray, reach: int) -> int:
        left, top = race.pixel(*point)
        x, y = (round((v + bleed) * ratio) for v in (left - frame["left"], top - frame["top"]))
        return int((heads[y - reach : y + reach + 1, x - reach : x + reach + 1, 3] > 100).sum())

    at = run.step.at[2]
    middle = run.positions[2] + 0.5 * run.step.parts["momentum"][2]
    assert ink(at, 7) > 40 and ink(middle, 3) > 8
    race.at("close-inspector").click()
    race.until("() => !document.querySelector('[data-testid=inspector]').checkVisibility()")
    race.settle()
    heads = race.heads()
    assert ink(at, 2) == 0
