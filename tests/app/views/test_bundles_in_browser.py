"""Bundles and evaluations in a browser: curves, dots and bands are drawn, and the clock counts evaluations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.figures.theme import PALETTE
from app.race import link, runs
from tests.app.driving import Race, near

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]

NOISY = "noise=isotropic&noise.scale=2&seeds=8&racer=sgd&racer=adam"


def ink(race: Race, selector: str, color: str) -> int:
    canvas = race.canvas(selector)
    return int((near(canvas, color, 60) & (canvas[..., 3] > 30)).sum())


@pytest.mark.long
def test_curves_of_seeds_are_drawn_on_map_and_losses(fresh: Visit) -> None:
    race = fresh(f"{NOISY}&bundle=spaghetti")
    calm = fresh(NOISY)
    for where in (".map", ".loss"):
        assert (calm.canvas(f"{where} canvas.strands")[..., 3] > 0).sum() == 0
        assert all(ink(race, f"{where} canvas.strands", color) > 200 for color in PALETTE[:2])
    assert all("/8 " in status for status in race.statuses())
    whole = ink(race, ".map canvas.strands", PALETTE[0])
    race.page.keyboard.press("Home")
    race.settle()
    assert ink(race, ".map canvas.strands", PALETTE[0]) == 0  # at the start, no racer has moved
    race.page.keyboard.press("End")
    race.settle()
    assert ink(race, ".map canvas.strands", PALETTE[0]) == whole
    # at the points of the run of the second seed
    settings, _ = link.parse(race.query())
    seed = runs.bundle(settings, settings.racers[1])[1]
    canvas = race.canvas(".map canvas.strands")
    frame, ratio = race.frame(), race.page.evaluate("devicePixelRatio")
    for k in (3, 8, 20):
        left, top = race.pixel(*seed.positions[k])
        x, y = round((left - frame["left"]) * ratio), round((top - frame["top"]) * ratio)
        assert (canvas[y - 2 : y + 3, x - 2 : x + 3, 3] > 40).any(), k


@pytest.mark.long
def test_a_band_is_drawn_around_the_median(fresh: Visit) -> None:
    race = fresh(f"{NOISY}&bundle=band")
    assert ink(race, ".map canvas.strands", PALETTE[0]) > 20  # the dots of the seeds
    assert ink(race, ".loss canvas.strands", PALETTE[0]) > 200
    title = race.page.evaluate("document.querySelector('[data-testid=loss]').layout.annotations[0].text")
    assert title == "loss: median and 10–90 % of seeds 0 to 7"
    settings, _ = link.parse(race.query())
    drawn = race.page.evaluate(
        "() => Array.from(document.querySelector('[data-testid=loss]').data.find((t) => t.uid === 'racer-1-line').y)"
    )
    seeds = np.sort([run.losses for run in runs.bundle(settings, settings.racers[1])], axis=0)
    np.testing.assert_allclose(drawn, seeds[3], rtol=1e-6)  # of eight seeds, half are at or below the fourth


@pytest.mark.long
def test_bundles_are_chosen_under_more(fresh: Visit) -> None:
    race = fresh("noise=isotropic")
    race.more("Noise")
    race.page.set_viewport_size({"width": 1280, "height": 420})  # the box scrolls, and the list opens all the same
    race.page.locator(".st-key-bundle input").click()
    race.page.get_by_role("option", name="all seeds, one thin line each").click()
    race.wait_query("bundle", "spaghetti")
    race.fill("Number of seeds", "5")
    race.wait_query("seeds", "5")
    race.settle()
    assert race.statuses()[0].count("/5") == 1


@pytest.mark.long
def test_the_clock_counts_evaluations(fresh: Visit) -> None:
    """Of 60 evaluations SAM has made 30 steps, Newton's method 20, SGD 60."""
    race = fresh("v=1&steps=100&racer=sgd&racer=sam&racer=newton")
    assert race.at("step").inner_text() == "100 / 100" and race.at("unit").input_value() == "steps"
    race.at("unit").select_option("evaluations")
    race.wait_query("axis", "evaluations")
    race.until("() => document.querySelector('[data-testid=step]').innerText === '300 / 300'")
    race.settle()
    axis = race.page.evaluate("document.querySelector('[data-testid=loss]').layout.xaxis")
    assert axis["title"]["text"] == "gradient evaluations" and axis["range"] == [0, 300]
    race.at("scrub").evaluate("(e) => { e.value = 60; e.dispatchEvent(new Event('input')); }")
    race.settle()
    counts = race.page.evaluate(
        """() => [0, 1, 2].map((k) => document.querySelector('[data-testid=map]').data
                 .find((t) => t.uid === `racer-${k}-line`).x.length - 1)"""
    )
    assert counts == [60, 30, 20]
    race.at("to-end").click()
    race.settle()
    ends = race.page.evaluate(
        """() => [0, 1, 2].map((k) => document.querySelector('[data-testid=loss]').data
                 .find((t) => t.uid === `racer-${k}-line`).x.at(-1))"""
    )
    assert ends == [100, 200, 300]


@pytest.mark.long
def test_the_choice_of_the_clock_is_hidden_if_all_steps_cost_the_same(shared: Race) -> None:
    assert not shared.at("unit").is_visible() and shared.at("step").inner_text() == "step 300 / 300"
