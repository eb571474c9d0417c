"""Cards: sliders and exact values of a racer, and the buttons to add, duplicate, hide and remove."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.common.digits import parsed, short
from app.figures.theme import PALETTE
from app.race import changes, runs
from tests.app.driving import Race, near

pytestmark = pytest.mark.browser
Visit = Callable[..., Race]


def _ink(race: Race) -> list[int]:
    """The number of pixels of each racer's colour in the trails."""
    trails = race.trails()
    return [int((near(trails, color) & (trails[..., 3] > 200)).sum()) for color in PALETTE]


@pytest.mark.thinned(2)
def test_a_dragged_slider_changes_path_address_and_table_of_one_racer(fresh: Visit) -> None:
    race = fresh()
    table, cards = race.table(), [race.card(f"racer-{k}") for k in range(3)]
    before = race.trails()
    race.slide("racer-0", "learning_rate", 0.5)
    # halfway along [10⁻⁶, 10] in decades: √(10⁻⁶ · 10)
    race.wait_query("racer", "sgd:learning_rate=0.003")
    rate = float(race.query()["racer"][0].split("=")[1])
    assert rate == pytest.approx((1e-6 * 10) ** 0.5, rel=0.1)
    assert float(race.card("racer-0")[2]) == pytest.approx(rate, rel=1e-3)
    assert race.table()["SGD"] != table["SGD"]
    assert {k: v for k, v in race.table().items() if k != "SGD"} == {k: v for k, v in table.items() if k != "SGD"}
    assert [race.card(f"racer-{k}") for k in (1, 2)] == cards[1:]
    assert race.card("racer-0")[1] != cards[0][1] and race.card("racer-0")[1] == race.table()["SGD"][0]
    after = race.leave().trails()
    changed = (before != after).any(axis=-1)
    assert changed.any()
    # the ink of the others has not moved, except where the changed trail covers it or no longer does
    for color in PALETTE[1:3]:
        was, still = near(before, color) & (before[..., 3] > 250), near(after, color) & (after[..., 3] > 250)
        assert (was & still).sum() > 0.9 * max(was.sum(), still.sum())


def test_an_exact_value_is_accepted_and_an_invalid_one_refused_with_a_sentence(fresh: Visit) -> None:
    race = fresh()
    race.type_value("racer-2", "beta1", "0.85")
    race.wait_query("racer", "beta1=0.85")
    kept, table = race.query(), race.table()
    for text in ("fast", "nan", "-1", "", "inf", "0.1.2"):
        race.type_value("racer-2", "learning_rate", text)
        hint = race.at("hint-racer-2-learning_rate")
        assert hint.is_visible() and hint.inner_text() == "η must be a number, at least 0."
        assert race.at("value-racer-2-learning_rate").get_attribute("aria-invalid") == "true"
    race.type_value("racer-2", "learning_rate", "0.0123")
    race.wait_query("racer", "learning_rate=0.0123")
    assert race.at("hint-racer-2-learning_rate").is_hidden()
    assert race.query()["racer"][2] == "adam:learning_rate=0.0123,beta1=0.85"
    assert race.query()["racer"][:2] == kept["racer"][:2] and race.table()["SGD"] == table["SGD"]


@pytest.mark.long
def test_a_typed_value_widens_the_range_of_its_slider(fresh: Visit) -> None:
    race = fresh("racer=momentum:learning_rate=0.01")
    slider = race.at("slider-racer-0-momentum")
    race.type_value("racer-0", "momentum", "1")
    assert race.at("hint-racer-0-momentum").inner_text() == "β must be a number, at least 0 and below 1."
    race.type_value("racer-0", "momentum", "0.9999")
    race.wait_query("racer", "momentum=0.9999")
    assert slider.input_value() == slider.get_attribute("max")  # the widened range ends there
    slider.focus()
    race.page.keyboard.press("ArrowLeft")
    race.until("() => !location.search.includes('0.9999')")
    race.settle()
    assert 0.999 <= parsed(race.card("racer-0")[3]) < 0.9999  # round numbers lie between the declared end and the new
    assert race.notices() == [] and fresh("racer=momentum:learning_rate=0.01,momentum=0.9999").notices() == []


@pytest.mark.long
def test_a_card_suggests_a_rate_and_resets_its_racer(fresh: Visit) -> None:
    race = fresh("racer=sgd:learning_rate=0.0167&racer=nesterov:learning_rate=0.017,momentum=0.5")
    race.type_value("scene", "condition_number", "500")
    race.wait_query("surface.condition_number", "500")
    assert race.at("caution-racer-0").inner_text() == "η > 2/λ = 0.004: no minimum is stable"
    race.at("suggest-racer-0").click()
    race.wait_query("racer", "sgd:learning_rate=0.001")
    assert race.at("suggest-racer-0").is_disabled() and race.at("caution-racer-0").inner_text() == ""
    assert race.card("racer-1")[2:] == ("0.017", "0.5")
    race.at("reset-racer-1").click()
    race.until("() => !location.search.includes('momentum')")
    race.settle()
    assert race.card("racer-1")[2:] == ("0.001", "0.9")


@pytest.mark.long
def test_racers_are_added_duplicated_and_distinguished(fresh: Visit) -> None:
    race = fresh()
    table = race.table()
    race.at("duplicate-racer-2").click()
    race.at("card-racer-3").wait_for()
    race.settle()
    assert race.titles() == ["SGD", "Nesterov", "Adam", "Adam #2"]
    race.type_value("racer-3", "learning_rate", "0.2")
    race.wait_query("racer", "adam:learning_rate=0.2")
    assert race.titles() == ["SGD", "Nesterov", "Adam η = 0.068", "Adam η = 0.2"]
    assert set(race.table()) == set(race.titles())
    assert race.table()["Adam η = 0.068"] == table["Adam"]
    race.at("add-racer").click()
    race.at("add-momentum").click()
    race.at("card-racer-4").wait_for()
    race.leave()
    assert race.titles()[-1] == "Momentum" and len(race.query()["racer"]) == 5
    assert all(count > 0 for count in _ink(race)[:5])


@pytest.mark.long
def test_racers_are_hidden_and_removed(fresh: Visit) -> None:
    race = fresh()
    before, all_ = race.trails(), _ink(race)
    race.at("hide-racer-1").click()
    race.wait_query("racer", "hidden=1")
    assert race.titles() == ["SGD", "Nesterov", "Adam"] and set(race.table()) == {"SGD", "Adam"}
    assert _ink(race)[1] == 0 and _ink(race)[0] > 0
    assert race.at("hide-racer-1").get_attribute("aria-label") == "Show Nesterov"
    race.at("hide-racer-1").click()
    race.until("() => !location.search.includes('hidden')")
    race.leave()
    np.testing.assert_array_equal(race.trails(), before)
    race.at("remove-racer-0").click()
    race.at("card-racer-0").wait_for(state="detached")
    race.settle()
    assert race.titles() == ["Nesterov", "Adam"] and set(race.table()) == {"Nesterov", "Adam"}
    assert _ink(race)[0] == 0 and _ink(race)[1] >= all_[1]  # still in their colours


@pytest.mark.long
def test_the_last_racer_can_be_removed_and_another_added(fresh: Visit) -> None:
    race = fresh("surface=rosenbrock&racer=adam")
    race.at("remove-racer-0").click()
    race.at("card-racer-0").wait_for(state="detached")
    race.settle()
    assert race.titles() == [] and "racer" not in race.query() and _ink(race) == [0] * len(PALETTE)
    race.at("add-racer").click()
    race.at("add-sgd").click()
    race.at("card-racer-0").wait_for()
    race.settle()
    assert race.titles() == ["SGD"] and _ink(race)[0] > 0


@pytest.mark.long
def test_the_dialog_explains_a_rule(fresh: Visit) -> None:
    race = fresh()
    race.at("explain-racer-2").click()
    race.at("about-rule").click()
    dialog = race.page.get_by_role("dialog", name="Adam")
    dialog.wait_for()
    dialog.locator(".katex").nth(3).wait_for()
    assert "Kingma" in dialog.inner_text()
    race.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    race.settle()


@pytest.mark.long
def test_a_diverging_run_is_drawn_out_of_the_frame_and_labelled(fresh: Visit) -> None:
    race = fresh()
    axis = "() => document.querySelector('[data-testid=loss]')._fullLayout.yaxis.range.map(Number)"
    before = race.page.evaluate(axis)
    ink = _ink(race)
    race.type_value("racer-0", "learning_rate", "5")
    race.wait_query("racer", "sgd:learning_rate=5")
    race.leave()
    assert race.card("racer-0")[1].startswith("diverged @ ") and race.table()["SGD"][0].startswith("diverged @ ")
    assert race.page.evaluate(axis) == before  # the axis is not extended
    trails = race.trails()
    own = near(trails, PALETTE[0]) & (trails[..., 3] > 200)
    edges = [own[:3].any(), own[-3:].any(), own[:, :3].any(), own[:, -3:].any()]
    assert any(edges), "its trail does not reach the frame"
    # the arrow at the edge and its label have the colour of the racer
    heads = race.heads()
    assert (near(heads, PALETTE[0]) & (heads[..., 3] > 200)).sum() > 60
    assert sum(_ink(race)[1:3]) > 0.8 * sum(ink[1:3])


@pytest.mark.long
def test_card_and_trail_are_highlighted_together(fresh: Visit) -> None:
    race = fresh()
    strong = _ink(race)
    race.at("card-racer-2").hover()
    lit = _ink(race)
    assert lit[:2] == [0, 0] and lit[2] >= strong[2] > 0
    trails = race.trails()
    alpha = trails[..., 3][near(trails, PALETTE[1], 60)]
    assert alpha.size > 50 and alpha.max() < 0.4 * 255  # dimmed, and nowhere drawn over itself
    race.at("to-start").evaluate("(button) => button.click()")
    for _ in range(12):  # piece by piece, as while the race plays
        race.at("step-forward").evaluate("(button) => button.click()")
    curves = race.canvas(".loss canvas.trails")
    alpha = curves[..., 3][near(curves, PALETTE[1], 60)]
    assert alpha.size > 20 and alpha.max() < 0.35 * 255  # 0.39 where two pieces lie over each other
    race.at("to-end").evaluate("(button) => button.click()")
    race.page.mouse.move(640, 5)
    assert _ink(race) == strong


@pytest.mark.long
def test_hover_labels_format_numbers_like_the_cards(fresh: Visit) -> None:
    race = fresh()
    labels = race.page.evaluate(
        """() => document.querySelector('[data-testid=map]').data
             .find(({ uid }) => uid === 'racer-2-line').customdata"""
    )
    run = runs.runs(changes.first())[2]
    for step in (0, 7, 300):
        x, y = (short(float(np.float32(value)), 4) for value in run.positions[step])
        assert labels[step] == f", step {step}<br>x {x}<br>y {y}<br>loss {short(run.losses[step], 4)}"
    race.type_value("racer-2", "learning_rate", "4.07e-5")
    race.wait_query("racer", f"adam:learning_rate={4.07e-5!r}")
    assert race.card("racer-2")[2] == short(4.07e-5, 4) == "4.07·10⁻⁵"
