"""The clock: play, pause, step, scrub, speed, loop and keys."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from tests.app.driving import Race

pytestmark = pytest.mark.browser
STEPS = 300
SECONDS = 8  # the duration of a race at speed 1 in clock.js


@pytest.mark.thinned(2)
def test_play_runs_from_the_start_to_the_end_and_stops(shared: Race) -> None:
    shared.at("speed").select_option("4")
    ended = shared.heads()
    shared.at("play").click()
    shared.until("() => document.querySelector('[data-testid=player]').dataset.playing === 'true'")
    shared.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 5")
    assert shared.at("play").get_attribute("aria-label") == "Pause" or shared.step() == STEPS
    shared.settle()
    assert (shared.playing(), shared.step()) == (False, STEPS)
    assert shared.at("play").get_attribute("aria-label") == "Play"
    np.testing.assert_array_equal(shared.heads(), ended)


def test_heads_and_trails_move_with_the_playhead(shared: Race) -> None:
    """The trails grow with the clock, and heads are at their ends."""
    seen = []
    for step in (0, 15, 40, 300):
        shared.at("scrub").fill(str(step))
        shared.settle()
        assert shared.at("step").inner_text() == f"step {step} / {STEPS}"
        seen.append((shared.heads(), int((shared.trails()[..., 3] > 0).sum())))
    lengths = [length for _, length in seen]
    assert lengths[0] == 0 and lengths == sorted(set(lengths))
    assert not any(np.array_equal(a, b) for (a, _), (b, _) in itertools.pairwise(seen))


@pytest.mark.long
def test_pause_holds_the_playhead(shared: Race) -> None:
    shared.at("speed").select_option("0.5")
    shared.at("to-start").click()
    shared.at("play").click()
    shared.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 3")
    shared.at("play").click()
    assert not shared.playing()
    step = shared.step()
    shared.settle()
    assert 3 < step < STEPS and shared.step() == step
    shared.at("play").click()  # continues from there
    shared.until("(step) => Number(document.querySelector('[data-testid=player]').dataset.step) > step", step)
    shared.at("play").click()


@pytest.mark.long
def test_buttons_step_and_jump(shared: Race) -> None:
    steps = []
    for button in ("step-back", "step-back", "step-forward", "to-start", "step-back", "step-forward", "to-end"):
        shared.at(button).click()
        steps.append(shared.step())
    assert steps == [299, 298, 299, 0, 0, 1, 300]


@pytest.mark.long
def test_the_scrub_bar_follows_the_pointer(shared: Race) -> None:
    box = shared.at("scrub").bounding_box()
    shared.page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    shared.page.mouse.down()
    for share in (0.75, 0.5, 0.25):
        shared.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        assert shared.step() == pytest.approx(share * STEPS, abs=6)
    shared.page.mouse.up()


@pytest.mark.long
def test_dragging_over_the_loss_curve_scrubs(shared: Race) -> None:
    box = shared.page.locator("[data-testid=loss] .nsewdrag").bounding_box()
    shared.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
    shared.page.mouse.down()
    assert shared.step() == pytest.approx(STEPS / 2, abs=1)
    shared.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    assert shared.step() == pytest.approx(STEPS / 5, abs=1)
    shared.page.mouse.up()
    shared.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert shared.step() == pytest.approx(STEPS / 5, abs=1)


def test_keys(shared: Race) -> None:
    steps = []
    for key in ("Home", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "ArrowLeft", "End", "Shift+ArrowLeft"):
        shared.page.keyboard.press(key)
        steps.append(shared.step())
    assert steps == [0, 1, 2, 12, 11, 300, 290]
    shared.page.keyboard.press("Home")
    shared.page.keyboard.press("Space")
    assert shared.playing()
    shared.page.keyboard.press("Space")
    assert not shared.playing() and shared.step() < 290


@pytest.mark.long
def test_keys_are_left_to_a_field_that_uses_them(shared: Race) -> None:
    shared.at("value-racer-0-learning_rate").focus()
    for key in ("Home", "ArrowLeft", "Space", "End"):
        shared.page.keyboard.press(key)
    assert (shared.playing(), shared.step()) == (False, STEPS)
    shared.page.keyboard.press("Escape")


@pytest.mark.long
@pytest.mark.parametrize("speed", ["0.5", "2"])
def test_the_clock_keeps_its_speed(shared: Race, speed: str) -> None:
    """Compare with the frame durations that the browser reports, each of which counts at most 0.1 s."""
    frames = "() => window.optiscope.frames()[0].frames"
    before = len(shared.page.evaluate(frames))
    shared.at("speed").select_option(speed)
    shared.at("to-start").click()
    shared.at("play").click()
    shared.until("() => Number(document.querySelector('[data-testid=player]').dataset.step) > 25")
    shared.at("play").click()
    passed = shared.page.evaluate(frames)[before:]
    assert before + len(passed) < 600  # the number of durations that the player keeps
    seconds = sum(min(duration, 100) for duration in passed) / 1000
    # a frame may be drawn between the two readings
    assert shared.step() == pytest.approx(seconds * float(speed) * STEPS / SECONDS, abs=1 + 0.1 * STEPS / SECONDS)


@pytest.mark.long
def test_loop_starts_over(shared: Race) -> None:
    shared.at("speed").select_option("4")
    shared.at("loop").click()
    shared.at("scrub").fill("280")
    shared.at("play").click()
    shared.until("() => document.querySelector('[data-testid=player]').dataset.step === '300'")
    shared.until(
        """() => { const { step, playing } = document.querySelector('[data-testid=player]').dataset;
                   return playing === 'true' && Number(step) < 200; }"""
    )
    shared.at("play").click()
    assert shared.loops()


@pytest.mark.long
def test_log_and_linear(shared: Race) -> None:
    axis = """() => {
      const { type, range } = document.querySelector('[data-testid=loss]')._fullLayout.yaxis;
      return [type, range.map(Number)];
    }"""
    kind, (low, high) = shared.page.evaluate(axis)
    assert kind == "log" and low < -3 and 1 < high < 3
    logarithmic = shared.canvas(".loss canvas.pale")
    shared.at("scale-linear").click()
    shared.settle()
    kind, (low, high) = shared.page.evaluate(axis)
    # the initial loss ½(2.8² + 30·1.2²) = 25.52 is at the top, and zero is in view
    assert kind == "linear" and low < 0 and 25.52 < high < 30
    assert [shared.at(f"scale-{k}").get_attribute("aria-pressed") for k in ("log", "linear")] == ["false", "true"]
    assert not np.array_equal(shared.canvas(".loss canvas.pale"), logarithmic)
    shared.at("scale-log").click()
    shared.settle()
    np.testing.assert_array_equal(shared.canvas(".loss canvas.pale"), logarithmic)


@pytest.mark.long
def test_with_reduced_motion_the_playhead_jumps(fresh: Callable[..., Race]) -> None:
    """At speed 1, 300 steps take 8 s, so ten jumps per second are 3.75 steps long, and none is shorter than 3."""
    race = fresh(reduced=True)
    steps = race.page.evaluate(
        """() => new Promise((done) => {
          const root = document.querySelector('[data-testid=player]');
          const seen = [];
          document.querySelector('[data-testid=play]').click();
          const look = () => {
            const step = Number(root.dataset.step);
            if (seen.at(-1) !== step) seen.push(step);
            if (step > 60 && step < 300) { document.querySelector('[data-testid=play]').click(); done(seen); }
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        })"""
    )
    steps = [s for s in steps if s < 300]
    assert len(steps) > 3 and all(b - a >= 3 for a, b in itertools.pairwise(steps))
