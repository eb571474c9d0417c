"""The fair race: racers tuned with equal budgets, compared with the library called directly."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Refused
from app.race import changes, link, paired, scene, tuning
from app.race.runs import Race, race_of
from app.race.settings import PAIRS, RATES_EACH, Settings
from optimizers import OPTIMIZERS, SCHEDULES, Isotropic, trace, tune
from surfaces import SURFACES, Rotated
from tests.app.race.fair_races import BUDGET, NOISY, PAIR, SCHEDULED, STEPS, fair_race


def _direct(settings: Settings) -> Any:
    """The tuning of a race, by a call of the library that names everything."""
    surface = Rotated(SURFACES["quadratic_ravine"](), angle=settings.rotation)
    rules = {"SGD": OPTIMIZERS["sgd"](), "Momentum": OPTIMIZERS["momentum"](), "SAM": OPTIMIZERS["sam"]()}
    names = [OPTIMIZERS[racer.rule.key].name for racer in settings.racers]
    noise = {} if settings.noise.key == "none" else {"noise": Isotropic(), "starts": [settings.start]}
    return tune(
        surface,
        {name: rules[name] for name in names},
        budget=settings.fair,
        steps=settings.steps,
        clock=settings.axis,
        seed=settings.seed + 1,
        dtype="float64",
        **noise,
    )


@pytest.mark.parametrize("settings", [PAIR, NOISY], ids=["starts", "seeds and evaluations"])
def test_the_fair_race_is_what_the_library_computes(settings: Settings) -> None:
    fair, direct = tuning.compute(settings), _direct(settings)
    for name, tuned in direct.tuned.items():
        np.testing.assert_array_equal(fair.tuning[name].scores, tuned.scores)
        assert fair.tuning[name].best == tuned.best
    assert (fair.tuning.evaluations, fair.tuning.budget) == (direct.evaluations, BUDGET)
    np.testing.assert_array_equal(fair.tuning.starts, direct.starts)
    wanted = direct.evaluate(PAIRS)
    np.testing.assert_array_equal(fair.evaluation.seeds, wanted.seeds)
    assert fair.verdicts == wanted.verdicts(0.05)
    assert [str(one) for one in fair.verdicts] == [str(one) for one in wanted.verdicts()]


def test_race_a_has_the_best_settings_and_race_b_one_learning_rate() -> None:
    fair = tuning.compute(PAIR)
    first, second = fair.shown, fair.shown.second()
    assert second is not None and fair.common is not None
    for racer, name in zip(first.racers, ("SGD", "Momentum"), strict=True):
        assert dict(racer.rule.values) == fair.tuning[name].best
    assert {racer.rule.get("learning_rate", 0.0) for racer in second.racers} == {fair.common.rate}
    assert second.racers[1].rule.get("momentum", 0.0) == fair.tuning["Momentum"].best["momentum"]
    assert (second.surface, second.rotation, second.start) == (first.surface, first.rotation, first.start)


def test_the_common_rate_has_the_best_lowest_place() -> None:
    fair = tuning.compute(PAIR)
    medians = [np.median(np.sort(one.curve.heights, axis=1)[:, : PAIRS - 1], axis=1) for one in fair.entrants.values()]
    # the lower of the two middle values; places counted by hand: how many rates are at least as good
    places = [[sum(other <= one for other in row) for one in row] for row in medians]
    lowest = [max(pair) for pair in zip(*places, strict=True)]
    assert fair.common is not None and fair.common.place == min(lowest) and fair.common.among == RATES_EACH
    assert lowest[list(paired.RATES).index(fair.common.rate)] == min(lowest)


def test_a_compromise_sacrifices_no_racer() -> None:
    opposed = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
    assert tuning.compromise(opposed) == (2, 3)
    diverged = np.array([[1.0, 2.0, np.inf, np.inf], [8.0, 4.0, 2.0, 1.0]])  # equal places are the lower one: 4
    assert tuning.compromise(diverged) == (1, 3)


@pytest.mark.long
def test_a_curve_at_the_best_rate_agrees_with_the_comparison() -> None:
    """The curve has the starts and seeds of `Tuning.evaluate`."""
    for settings in (PAIR, NOISY):
        fair = tuning.compute(settings)
        starts, seeds = paired.fresh(paired.base(settings))
        np.testing.assert_array_equal(starts, fair.evaluation.starts)
        np.testing.assert_array_equal(seeds, fair.evaluation.seeds)
        assert not {*seeds.tolist()} & {*fair.tuning.seeds.tolist()}
        assert settings.seed not in {*seeds.tolist(), *fair.tuning.seeds.tolist()}
    racer = racers.set_racer(PAIR, "racer-0", "learning_rate", 0.01).racers[0]
    curve = paired.curve(PAIR, racer)
    assert curve is not None and len(curve.rates) == RATES_EACH
    surface = Rotated(SURFACES["quadratic_ravine"](), angle=PAIR.rotation)
    rate = float(curve.rates[20])
    for k in (0, 7):
        start = paired.fresh(paired.base(PAIR))[0][k]
        run = trace(surface, OPTIMIZERS["sgd"](learning_rate=rate), start=start, steps=STEPS)
        assert curve.heights[20, k] == pytest.approx(float(run.losses[-1]), rel=1e-9)


def test_a_moved_learning_rate_computes_no_new_curve() -> None:
    one, other = (racers.set_racer(PAIR, "racer-0", "learning_rate", rate) for rate in (0.01, 0.02))
    assert paired.curve(one, one.racers[0]) is paired.curve(other, other.racers[0])
    moved = racers.set_racer(PAIR, "racer-1", "momentum", 0.5)
    assert paired.curve(moved, moved.racers[1]) is not paired.curve(PAIR, PAIR.racers[1])


def test_other_values_of_the_racers_are_the_same_fair_race() -> None:
    other = racers.set_racer(racers.set_racer(PAIR, "racer-0", "learning_rate", 0.3), "racer-1", "momentum", 0.5)
    assert tuning.tuned(tuning.key(other, other.racers[0])) is tuning.tuned(tuning.key(PAIR, PAIR.racers[0]))
    assert tuning.compute(other).shown.racers == tuning.compute(PAIR).shown.racers


def test_a_further_fair_race_compiles_nothing(
    compilations: Callable[[], contextlib.AbstractContextManager[list[str]]],
) -> None:
    tuning.compute(fair_race("sgd", "adam"))
    other = changes.set_rotation(racers.set_seed(fair_race("sgd", "adam"), 5), 30.0)
    other = racers.set_racer(other, "racer-1", "epsilon", 1e-4)
    with compilations() as programs:
        assert tuning.compute(racers.set_steps(other, STEPS + 7)).verdicts
    assert programs == []


# Leaving the fair race.


def _shown(settings: Settings = PAIR) -> Settings:
    return tuning.compute(settings).shown


@pytest.mark.parametrize(
    "change",
    [
        lambda s: racers.set_racer(s, "racer-0", "learning_rate", 0.01),
        lambda s: changes.set_rotation(s, 40.0),
        lambda s: changes.set_parameter(s, "surface", "condition_number", 50),
        lambda s: racers.set_steps(s, 80),
        lambda s: changes.set_beside(s, False),
        lambda s: changes.in_second(s, racers.set_racer, "racer-0", "learning_rate", 0.5),
        lambda s: changes.choose_noise(s, "isotropic"),
    ],
    ids=["rate", "rotation", "surface", "steps", "race B", "rate in race B", "noise"],
)
def test_a_change_of_what_the_verdict_depends_on_ends_the_fair_race(change: Any) -> None:
    shown = _shown()
    after, ended = changes.in_fair(shown, change)
    assert ended and after.fair == 0 and after.source is None and "budgets" not in after.views
    assert after.racers[1] == shown.racers[1], "the tuned values stay"
    again, notices = link.parse(link.query(after))
    assert notices == [] and again.racers == after.racers


@pytest.mark.parametrize(
    "change",
    [
        lambda s: changes.set_start(s, 1.0, 0.5),
        lambda s: racers.hide_racer(s, "racer-0", True),
        lambda s: changes.add_racer(s, "adam"),
        lambda s: racers.remove_racer(s, "racer-0"),
        lambda s: changes.set_view(s, 0, "distance"),
        lambda s: changes.change(s, "axis", "evaluations"),
        lambda s: changes.set_fair(s, 4),
    ],
    ids=["start", "hidden", "added", "removed", "view", "clock", "budget"],
)
def test_other_changes_keep_the_fair_race_and_the_racers_own_values(change: Any) -> None:
    after, ended = changes.in_fair(_shown(), change)
    assert not ended and after == change(PAIR) and after.fair and after.source is None


def test_the_button_gives_the_racers_their_own_values_back() -> None:
    after, ended = changes.in_fair(_shown(), lambda s: changes.set_fair(s, 0))
    assert not ended and after.racers == PAIR.racers and after.fair == 0 and after.views == ("sensitivity",)


def test_with_noise_the_start_belongs_to_the_fair_race() -> None:
    _, ended = changes.in_fair(_shown(NOISY), lambda s: changes.set_start(s, 1.0, 0.6))
    assert ended


# Links and limits.


def test_the_link_of_a_fair_race_is_that_of_its_source() -> None:
    query = link.query(_shown())
    assert (
        query["fair"] == [str(BUDGET)] and query == link.query(PAIR) and not any(key.startswith("b.") for key in query)
    )
    assert link.parse(query) == (PAIR, [])
    bare = dataclasses.replace(PAIR, views=())
    assert link.parse(link.query(bare)) == (bare, [])
    assert link.parse({"fair": ["16"]})[0].views == changes.FAIR_VIEWS


@pytest.mark.parametrize("word", ["-1", "257", "many", "2.5"])
def test_a_budget_that_is_none_is_dropped_with_a_sentence(word: str) -> None:
    settings, notices = link.parse({"fair": [word]})
    assert settings.fair == 0 and len(notices) == 1 and notices[0].startswith("Dropped from the link: fair must be a")


def test_a_fair_race_that_takes_too_long_is_refused_before_it_begins() -> None:
    long = fair_race("sgd", "newton", fair=0)
    long = racers.set_steps(
        changes.set_parameter(changes.choose_surface(long, "ravine_nd"), "surface", "dimension", 20), 20_000
    )
    with pytest.raises(Refused, match=r"Tuning with 256 trials would take .* times as long as the limit allows"):
        racers.accepted(changes.set_fair(long, 256))
    assert racers.accepted(changes.set_fair(PAIR, 256)).fair == 256


def test_without_visible_racers_there_is_nothing_to_tune() -> None:
    hidden = racers.hide_racer(fair_race("sgd", fair=0), "racer-0", True)
    with pytest.raises(Refused, match="No optimizers to tune"):
        changes.set_fair(hidden, 16)


def test_the_schedule_is_not_tuned_because_all_racers_share_it() -> None:
    assert SCHEDULES["step_decay"].parameters()["drop"].tuned
    best = tuning.compute(SCHEDULED).shown.racers[1].rule
    assert {name for name, _ in best.values} == {"learning_rate", "momentum"}


# Views.


def test_the_views_draw_curves_and_budgets() -> None:
    shown = scene.scene(race_of(PAIR))
    curves, budgets = shown.panel("sensitivity"), shown.panel("budgets")
    fair = tuning.compute(PAIR)
    entrant = fair.entrants["racer-0"]
    line = next(mark for mark in curves.marks if mark.racer == "racer-0" and type(mark).__name__ == "Line")
    assert entrant.curve is not None
    np.testing.assert_array_equal(line.y, entrant.curve.quantiles[1])
    rules = [mark.x for mark in curves.marks if type(mark).__name__ == "Rule"]
    assert rules == [entrant.tuned.best["learning_rate"], fair.tuning["Momentum"].best["learning_rate"]]
    assert "20 random starts (seed 1)" in curves.note[0].text and f"{BUDGET} trials (seed 1)" in budgets.note[0].text
    line = next(mark for mark in budgets.marks if mark.racer == "racer-1")
    assert line.x[-1] == BUDGET and line.y[-1] == pytest.approx(fair.tuning["Momentum"].best_score)
    assert line.y[list(line.x).index(4)] == pytest.approx(dict(fair.tuning.ranking(4))["Momentum"])
    assert (np.diff(line.y) <= 0).all()


def test_without_a_fair_race_the_view_of_budgets_says_how_to_begin_one() -> None:
    plain = dataclasses.replace(PAIR, fair=0)
    assert "Press Fair race" in scene.scene(Race(plain)).panel("budgets").message
    assert scene.scene(Race(plain)).panel("sensitivity").marks
