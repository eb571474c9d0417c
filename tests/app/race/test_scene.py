"""The scene and the table of a race, compared with numbers that are derived without the engine."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from app.common import names as common_names
from app.common import racers
from app.common.racers import Refused
from app.player import pack
from app.race import captions, changes, results, runs
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS
from surfaces import SURFACES
from tests.app.drawn import line_of, losses, positions, rules, start

RAVINE = changes.set_rotation(Settings(), 0)  # κ = 30, start (−2.8, 1.2)


def _race(base: Settings, *lineup: tuple[str, dict[str, Any]]) -> Settings:
    for key, values in lineup:
        base = changes.add_racer(base, key)
        for name, value in values.items():
            base = racers.set_racer(base, base.racers[-1].id, name, value)
    return base


MIXED = _race(RAVINE, ("sgd", {"learning_rate": 0.02}), ("sgd", {"learning_rate": 8.0}), ("adam", {}), ("adadelta", {}))


def test_a_scene_contains_panels_cards_and_clock() -> None:
    scene = race.scene(Race(MIXED))
    assert positions(scene).shape == (4, 301, 2)
    assert losses(scene).shape == (4, 301) and line_of(scene, "racer-0", "loss").y.dtype == np.float64
    assert start(scene) == (-2.8, 1.2)
    np.testing.assert_allclose(positions(scene)[:, 0], np.broadcast_to([-2.8, 1.2], (4, 2)), rtol=1e-6)
    np.testing.assert_allclose(losses(scene)[:, 0], 0.5 * (2.8**2 + 30 * 1.2**2))
    assert [c.title for c in scene.cards][2:] == ["Adam", "Adadelta"]
    assert len({c.id for c in scene.cards}) == len({c.color for c in scene.cards}) == 4
    assert {key for key, _ in scene.choices} >= {"sgd", "momentum", "nesterov", "adam", "sam", "newton"}
    assert all(c.title in scene.description and c.status in scene.description for c in scene.cards)


def test_a_path_is_gradient_descent() -> None:
    """w ← w − η H w with H = diag(1, 30): each step multiplies x by 0.98 and y by 0.4."""
    scene = race.scene(Race(MIXED))
    k = np.arange(301)
    path = np.stack([-2.8 * 0.98**k, 1.2 * 0.4**k], axis=1)
    np.testing.assert_allclose(positions(scene)[0], path, rtol=1e-5, atol=1e-30)
    np.testing.assert_allclose(losses(scene)[0], 0.5 * (path[:, 0] ** 2 + 30 * path[:, 1] ** 2), rtol=1e-9)


def test_a_diverged_run_ends_at_its_last_finite_point() -> None:
    """η = 8: each step multiplies y by 1 − 8·30 = −239; its square overflows when 239^k exceeds 1e154."""
    scene = race.scene(Race(MIXED))
    card, last = scene.cards[1], len(line_of(scene, "racer-1", "loss").y) - 1
    assert card.gone and card.status.startswith("diverged @ ")
    assert last == int(card.status.split("@")[1]) - 1
    y = 1.2 * 239.0 ** np.arange(90)
    with np.errstate(over="ignore"):
        finite = np.isfinite(0.5 * 30 * y**2)
    assert abs(last - int(np.flatnonzero(finite)[-1])) <= 1
    assert np.isfinite(line_of(scene, "racer-1", "loss").y).all()


def test_runs_that_stay_end_at_the_last_step() -> None:
    scene = race.scene(Race(MIXED))
    for card in scene.cards[2:]:
        assert line_of(scene, card.id, "loss").time[-1] == 300 and not card.gone  # type: ignore[index]


def test_racers_of_one_rule_are_distinguished_by_the_first_different_value() -> None:
    twice = _race(RAVINE, ("adam", {"learning_rate": 0.1}), ("adam", {"learning_rate": 0.01}), ("sgd", {}))
    assert common_names.titles(twice) == ["Adam η = 0.1", "Adam η = 0.01", "SGD"]
    other = _race(
        RAVINE, ("adam", {"learning_rate": 0.1, "beta2": 0.9}), ("adam", {"learning_rate": 0.1, "beta2": 0.99})
    )
    assert common_names.titles(other) == ["Adam β₂ = 0.9", "Adam β₂ = 0.99"]
    same = _race(RAVINE, ("adam", {}), ("adam", {}))
    assert common_names.titles(same) == ["Adam", "Adam #2"]


def test_a_card_has_only_its_sliders() -> None:
    sliders = {c.title: [s.name for s in c.sliders] for c in race.scene(Race(changes.first())).cards}
    assert sliders == {
        "SGD": ["learning_rate"],
        "Nesterov": ["learning_rate", "momentum"],
        "Adam": ["learning_rate", "beta1"],
    }


def test_the_caption_names_everything_that_determines_the_picture() -> None:
    settings = _race(RAVINE, ("sgd", {"learning_rate": 0.02}), ("adam", {"learning_rate": 0.05}))
    settings = changes.choose_noise(changes.set_rotation(settings, 30), "isotropic")
    settings = racers.set_steps(racers.set_seed(racers.choose_schedule(settings, "cosine"), 41), 120)
    line = captions.caption(changes.set_start(settings, 1.5, -0.5))  # the schedule still ends with the run
    for word in (
        *("Ravine (κ = 30)", "rotated 30°", "from (1.5, −0.5)", "120 steps", "SGD (η = 0.02", "Adam (η = 0.05"),
        *("cosine schedule (T = 120", "isotropic noise (σ = 0.1", "seed 41"),
    ):
        assert word in line
    hidden = racers.hide_racer(settings, "racer-1", True)
    assert "Adam" not in captions.caption(hidden) and "SGD" in captions.caption(hidden)


def test_the_table_contains_loss_steps_and_evaluations() -> None:
    """Gradient descent, η = 0.02: L = ½(2.8²·0.98²ᵏ + 30·1.2²·0.4²ᵏ), so that 1 % of L₀ is first reached at
    the k found by trying; 300 steps are 300 gradients.
    """
    sgd, lost, *_ = results.table(Race(MIXED))
    k = np.arange(301)
    losses = 0.5 * ((2.8 * 0.98**k) ** 2 + 30 * (1.2 * 0.4**k) ** 2)
    assert sgd.loss == pytest.approx(losses[300], rel=1e-9)
    assert sgd.reached == int(np.flatnonzero(losses <= 0.01 * losses[0])[0])
    assert sgd.evaluations == 300
    assert lost.reached is None and np.isfinite(lost.loss)
    assert lost.status == f"diverged @ {lost.evaluations}" and lost.evaluations < 300


def test_sam_takes_two_gradients_per_step() -> None:
    (row,) = results.table(Race(_race(RAVINE, ("sam", {}))))
    assert row.evaluations == 600


def test_the_table_measures_how_the_racers_moved() -> None:
    """Columns that say nothing on a surface are not there; across a valley of κ = 30, η = 0.05 steps to the other side
    each time, by half the way.
    """
    measured = dict(zip(results.heads(Race(MIXED)), results.cells(Race(MIXED))[0], strict=True))
    assert "Steps on flat ground" not in measured
    assert measured["Valley crossings until 1 % of the initial loss"] == "0" and measured["Overshoot"] == "none"
    zigzag = racers.set_racer(MIXED, MIXED.racers[0].id, "learning_rate", 0.05)
    assert results.table(Race(zigzag))[0].measured["crossings"] == results.table(Race(zigzag))[0].reached
    saddle = changes.choose_surface(MIXED, "saddle")
    measured = dict(zip(results.heads(Race(saddle)), results.cells(Race(saddle))[0], strict=True))
    assert not any("Valley" in head for head in measured) and int(measured["Steps on flat ground"]) > 10
    both = changes.set_beside(MIXED, True)
    both = changes.in_second(both, changes.choose_surface, "saddle")
    assert [len(row) for row in results.cells(Race(both))] == [8] * (2 * len(MIXED.racers))
    assert len(results.heads(Race(both))) == 8


def test_statuses_name_steps_when_the_clock_counts_evaluations() -> None:
    settings = changes.change(_race(RAVINE, ("newton", {}), ("sgd", {})), "axis", "evaluations")
    newton, sgd = (card.status for card in race.scene(Race(settings)).cards)
    assert " @ step " in newton and " @ " in sgd and "step" not in sgd


def test_the_table_omits_hidden_racers() -> None:
    hidden = racers.hide_racer(MIXED, MIXED.racers[2].id, True)
    assert [r.title for r in results.table(Race(hidden))] == [
        r.title for r in results.table(Race(MIXED)) if r.title != "Adam"
    ]
    assert race.scene(Race(hidden)).cards[2].hidden


def test_a_remark_says_that_a_schedule_does_not_affect_a_rule_without_learning_rate() -> None:
    cards = race.scene(Race(racers.choose_schedule(MIXED, "cosine"))).cards
    assert ["no learning rate" in c.why for c in cards] == [False, False, False, True]
    np.testing.assert_array_equal(
        positions(race.scene(Race(MIXED)))[3], positions(race.scene(Race(racers.choose_schedule(MIXED, "cosine"))))[3]
    )


def test_a_slider_changes_only_one_path() -> None:
    before = race.scene(Race(MIXED))
    after = race.scene(Race(racers.set_racer(MIXED, "racer-2", "learning_rate", 0.123)))
    same = [np.array_equal(a, b) for a, b in zip(positions(before), positions(after), strict=True)]
    assert same == [True, True, False, True]


def test_noise_follows_the_seed() -> None:
    noisy = changes.choose_noise(MIXED, "isotropic")
    one, again, other = (positions(race.scene(Race(racers.set_seed(noisy, seed)))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize("key", ["sgd", "adam"])
def test_more_steps_do_not_change_the_first_steps(key: str) -> None:
    noisy = _race(changes.choose_noise(RAVINE, "isotropic"), (key, {}))
    short, long = (positions(race.scene(Race(racers.set_steps(noisy, n)))) for n in (50, 400))
    np.testing.assert_array_equal(short[0], long[0, :51])


def test_a_race_without_racers_is_a_map() -> None:
    scene = race.scene(Race(Settings()))
    assert scene.cards == () and scene.clock.end == 300 and results.table(Race(Settings())) == []
    assert pack(scene)


def test_a_race_with_only_hidden_racers_is_drawn() -> None:
    settings = changes.first()
    for racer in settings.racers:
        settings = racers.hide_racer(settings, racer.id, True)
    assert all(c.hidden for c in race.scene(Race(settings)).cards)
    assert results.table(Race(settings)) == []


def test_the_size_of_an_envelope_is_small_and_linear_in_the_steps() -> None:
    """A step of a racer takes two float32 and one float64, 16 bytes."""
    settings = changes.choose_noise(dataclasses.replace(RAVINE, racers=()), "isotropic")  # all runs are different
    for k in range(8):
        settings = changes.add_racer(settings, "sgd")
        settings = racers.set_racer(settings, f"racer-{k}", "learning_rate", 0.01 + 0.001 * k)
    sizes = {n: len(pack(race.scene(Race(racers.set_steps(settings, n))))) for n in (500, 1000, 2000, 4000)}
    assert sizes[2000] < 500_000
    for n in (500, 1000, 2000):
        assert sizes[2 * n] - sizes[n] == pytest.approx(8 * 16 * n, rel=0.02)


# Every pair of rule and surface, from the start of the page

SLOW = {
    ("schedule_free_sgd", "plateau"): "the plateau's slope is a few thousandths, and the average lags behind descent",
    ("radam", "sharp_and_flat"): "the curvature bounds η for the first steps, and the later ones are about η long",
}
"""The pairs that hardly move in 300 steps, each with its reason."""

DIVERGENT = {
    ("newton", "kinked_ravine"): "its two pieces are linear, so the Hessian is singular and the step is not finite",
    ("newton", "cliff"): "beside the cliff the Hessian is nearly zero, so the steps grow from one to the next",
}
"""The pairs that diverge, each with its reason."""


def _pairs() -> list[Any]:
    """All pairs; every rule on every fourth surface and every surface with every fourth rule, others marked `long`."""
    return [
        pytest.param(
            rule,
            surface,
            id=f"{rule}-{surface}",
            marks=[pytest.mark.xdist_group(f"surface {surface}")] + [pytest.mark.long] * ((row + column) % 4 > 0),
        )
        for row, rule in enumerate(OPTIMIZERS)
        for column, surface in enumerate(SURFACES)
    ]


@pytest.mark.parametrize(("rule", "surface"), _pairs())
@pytest.mark.thinned(2)
def test_every_rule_moves_on_every_surface_and_stays(rule: str, surface: str) -> None:
    settings = changes.add_racer(changes.choose_surface(Settings(), surface), rule)
    scene, (run,) = race.scene(Race(settings)), runs.runs(settings)
    assert scene.cards[0].status == str(run.status)
    if (rule, surface) in DIVERGENT:
        assert run.status.kind == "diverged"
        return
    assert run.status.kind not in ("diverged", "growing"), run.status
    assert np.isfinite(positions(scene)).all()
    landscape = settings.built_surface()
    went = np.linalg.norm(run.positions - run.positions[0], axis=1).max() / np.linalg.norm(np.diff(landscape.domain))
    lowest = landscape.lowest()
    assert lowest is not None
    halved = (run.losses - lowest).min() < 0.5 * (run.losses[0] - lowest)
    assert (went > 0.02 or halved) != ((rule, surface) in SLOW), (went, run.losses)


def test_every_rule_runs_in_a_thousand_dimensions_except_dense_ones() -> None:
    settings = changes.choose_surface(Settings(), "ravine_nd")
    with_newton = changes.add_racer(settings, "newton")
    with pytest.raises(Refused, match="at most 100 coordinates; got 1000"):
        changes.set_parameter(with_newton, "surface", "dimension", "1000")
    large = changes.set_parameter(changes.add_racer(settings, "adam"), "surface", "dimension", "1000")
    with pytest.raises(Refused, match="Newton needs the whole Hessian"):
        changes.add_racer(large, "newton")
    (run,) = runs.runs(large)
    assert run.positions.shape == (301, 1000) and run.status.kind == "converged"


# Conventions


def test_titles_contain_the_convention_and_the_first_different_value() -> None:
    settings = _race(
        RAVINE,
        ("rmsprop", {}),
        ("rmsprop", {"convention": "pytorch"}),
        ("rmsprop", {"convention": "optax", "learning_rate": 0.1}),
        ("rmsprop", {"convention": "optax", "learning_rate": 0.2}),
    )
    names = ["RMSprop", "RMSprop (PyTorch)", "RMSprop (optax) η = 0.1", "RMSprop (optax) η = 0.2"]
    assert common_names.titles(settings) == names
    assert "RMSprop (PyTorch) (η = " in captions.caption(settings) and "convention" not in captions.caption(settings)


def test_different_conventions_give_different_paths() -> None:
    settings = _race(
        RAVINE, ("adagrad", {}), ("adagrad", {"convention": "optax"}), ("adagrad", {"convention": "pytorch"})
    )
    plain, optax, torch = (run.positions for run in runs.runs(settings))
    assert np.abs(plain - optax).max() > 1e-4  # G starts at 0.1
    assert 0 < np.abs(plain - torch).max() < 1e-6  # ε inside the root or outside


def test_remarks_explain_apparent_faults_of_visible_racers() -> None:
    settings = _race(RAVINE, ("adadelta", {}), ("sgd", {}), ("adadelta", {"decay": 0.5}))
    (said,) = captions.remarks(settings)
    assert said.startswith("Adadelta: Each coordinate of the first step is at most √(ε/(1 − γ)) long")
    adadelta, sgd, _ = race.scene(Race(settings)).cards
    assert "first step is at most" in adadelta.why and "first step" not in sgd.why
    for racer in (settings.racers[0], settings.racers[2]):
        settings = racers.hide_racer(settings, racer.id, True)
    assert captions.remarks(settings) == []


@pytest.mark.parametrize("surface", ["quadratic_ravine", "linear_regression", "six_hump_camel", "plateau"])
@pytest.mark.thinned(2)
def test_a_scene_determines_the_heights_in_three_dimensions(surface: str) -> None:
    """The formulas, repeated here, give the heights of the map at the start and convert the grid back to losses."""
    settings = changes.choose_surface(changes.first(), surface)
    scene, built = race.scene(Race(settings)), settings.built_surface()
    assert scene.relief
    kind, base, unit = scene.relief.kind, scene.relief.base, scene.relief.unit
    rise = {
        "linear": lambda loss: loss,
        "log": lambda loss: np.log10(max(loss - base, 0) + unit),
        "signed log": lambda loss: np.sign(loss) * np.log10(1 + abs(loss) / unit),
    }[kind]
    loss = losses(scene)[0, 0] + scene.relief.offset
    assert loss == pytest.approx(float(built(np.array(settings.built_start()))), rel=1e-5)
    assert rise(loss) == pytest.approx(float(race.mapped(settings.surface, settings.rotation).levels.height(loss)))


def test_another_picture_recomputes_no_run() -> None:
    settings = changes.first()
    first = runs.runs(settings)
    for other in (changes.change(settings, "picture", "surface"), changes.change(settings, "heights", "linear")):
        assert all(a is b for a, b in zip(runs.runs(other), first, strict=True))


def test_drops_of_the_schedule_are_marked_on_the_losses() -> None:
    decayed = racers.set_schedule(racers.choose_schedule(RAVINE, "step_decay"), "every", 80)
    shown = rules(race.scene(Race(_race(decayed, ("sgd", {})))).panel("loss"))
    assert [rule.x for rule in shown] == [80, 160, 240] and [rule.label for rule in shown] == ["η drops", "", ""]
    assert not rules(race.scene(Race(changes.change(decayed, "axis", "evaluations"))).panel("loss"))
    assert not rules(race.scene(Race(RAVINE)).panel("loss"))
