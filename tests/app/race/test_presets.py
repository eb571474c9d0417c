"""The presets of the Race page show the effects that their sentences describe."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import parse_qs

import numpy as np
import pytest

from app.common.racers import Refused, remove_racer, set_racer, set_steps
from app.race import changes, link, presets, results, runs
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import steps_to, trace
from surfaces import Rotated


def _table(settings: Settings) -> dict[str, results.Row]:
    return {row.title: row for row in results.table(Race(settings))}


@pytest.mark.parametrize("key", presets.PRESETS)
def test_links_of_presets_are_valid_and_recognised(key: str) -> None:
    settings, notices = link.parse({"preset": [key]})
    assert notices == [] and settings == presets.preset(key)
    assert presets.shown_by(settings) == presets.PRESETS[key].about and not presets.changes(settings)
    plain, notices = link.parse(parse_qs(presets.PRESETS[key].link))
    assert notices == [] and dataclasses.replace(plain, preset=key) == settings
    assert link.parse(link.query(settings)) == (settings, [])


def test_the_sentence_stays_while_a_race_is_changed_and_goes_with_its_surface() -> None:
    settings = presets.preset("zigzag")
    edits = (
        set_racer(settings, settings.racers[0].id, "learning_rate", 0.01),
        changes.set_parameter(settings, "surface", "condition_number", 1000),
        changes.add_racer(settings, "adam"),
        remove_racer(settings, settings.racers[1].id),
        changes.set_start(settings, 1.0, 0.5),
    )
    for edited in edits:
        assert presets.shown_by(edited) == presets.PRESETS["zigzag"].about and presets.changes(edited)
        assert link.parse(link.query(edited)) == (edited, [])
    for looks in (changes.set_view(settings, 0, "distance"), changes.set_beside(settings, True)):
        assert presets.shown_by(looks) and not presets.changes(looks)
    moved_back = set_racer(edits[0], settings.racers[0].id, "learning_rate", 0.019)
    assert not presets.changes(moved_back)
    for other in (changes.choose_surface(settings, "himmelblau"), changes.first()):
        assert presets.shown_by(other) == "" and not presets.changes(other)
    with pytest.raises(Refused, match="Unknown preset"):
        presets.preset("zigzags")


def test_p1_sgd_crosses_at_every_step_and_diverges_where_the_condition_number_rises() -> None:
    settings = presets.preset("zigzag")
    rows = _table(settings)
    sgd, momentum = rows["SGD"], rows["Momentum"]
    assert sgd.reached is not None and momentum.reached is not None
    assert sgd.measured["crossings"] == sgd.reached > 4 * momentum.reached
    steep = changes.set_parameter(settings, "surface", "condition_number", 150.0)
    assert _table(steep)["SGD"].status.startswith(("diverged", "growing"))
    tamed = set_racer(steep, settings.racers[0].id, "learning_rate", 0.0127)
    assert (_table(tamed)["SGD"].reached or 301) > 1.3 * sgd.reached


def test_a_link_of_a_preset_alone_is_the_preset_and_more_settings_are_a_race() -> None:
    assert link.opens({}) and link.opens({"preset": ["saddle"], "v": ["1"]})
    assert not link.opens({"v": ["1"]}) and not link.opens({"preset": ["saddle"], "steps": ["20"]})
    assert link.parse({}) == (presets.preset(link.OPENING), [])
    settings, notices = link.parse({"preset": ["saddle"], "steps": ["20"]})
    assert notices == [] and (settings.preset, settings.steps) == ("saddle", 20)
    assert settings.surface.key == "quadratic_ravine"
    settings, (notice,) = link.parse({"preset": ["sadle"]})
    assert settings == changes.first() and "preset must be one of zigzag" in notice and "'sadle'" in notice


def test_p1_in_the_plain_race_sgd_does_not_cross_and_the_others_do() -> None:
    """η κ = 0.5: each step of SGD halves the distance from the valley floor."""
    rows = _table(changes.first())
    assert rows["SGD"].measured["crossings"] == 0 < (rows["Nesterov"].measured["crossings"] or 0)


@pytest.mark.parametrize("key", [key for key in presets.PRESETS if key not in ("noise", "drop")])
def test_no_number_of_the_table_depends_on_the_rotation(key: str) -> None:
    """For rules without preferred axes and a rotated start. With noise, the draws would have to be rotated, too."""
    settings = presets.preset(key)
    taken, seen = results.measures(Race(settings)), []
    built = settings.built_surface()
    inner = built.surface if isinstance(built, Rotated) else built
    upright = Rotated(inner, -float(built.angle)).rotate(settings.built_start()) if inner is not built else None
    start = settings.built_start() if upright is None else upright
    for angle in (0.0, 30.0, 77.0, -61.0):
        surface = Rotated(inner, angle)
        rows = []
        for racer in settings.racers:
            if racer.rule.key in ("sgd", "momentum", "nesterov"):
                run = trace(surface, settings.rule(racer), surface.rotate(start), settings.steps)
                measured = [one.compute(run) for one in taken]
                said = [None if m is None else one.text(m) for one, m in zip(taken, measured, strict=True)]
                rows.append((str(run.status), steps_to(run), *said))
        seen.append(tuple(rows))
    assert len(set(seen)) == 1, seen


def test_an_overshoot_beyond_all_bounds_is_a_short_number() -> None:
    """The preset suggests a larger κ: with 200, SGD ends 10¹³⁰ times the initial distance beyond the minimum."""
    steep = changes.set_parameter(presets.preset("zigzag"), "surface", "condition_number", 200.0)
    (far,) = (row[-1] for row in results.cells(Race(steep)) if row[0] == "SGD")
    assert re.fullmatch(r"[0-9.]+·10[⁰¹²³⁴⁵⁶⁷⁸⁹]+ %", far), far
    assert all(len(cell) < 30 for row in results.cells(Race(steep)) for cell in row)


@pytest.mark.parametrize(("key", "kind"), [("local", "minimum"), ("trap", "local minimum")])
def test_p2_p6_momentum_ends_elsewhere_until_it_is_slowed(key: str, kind: str) -> None:
    settings = presets.preset(key)
    slowed = set_racer(settings, settings.racers[1].id, "momentum", 0.5)

    def ends(settings: Settings) -> list[str]:
        surface = settings.built_surface()
        points = [run.positions[-1] for run in runs.runs(settings)]
        return [surface.critical_points()[int(surface.nearest_minimum(w))].kind for w in points]

    sgd, momentum = ends(settings)
    assert momentum == kind != sgd and ends(slowed) == [sgd, sgd]


def test_p3_sgd_stays_longest_near_the_saddle_and_for_ever_on_its_ridge() -> None:
    settings = presets.preset("saddle")
    flat = {title: row.measured["steps_on_flat_ground"] or 0 for title, row in _table(settings).items()}
    assert flat["SGD"] > 5 * flat["Momentum"] >= flat["Adam"] == 0
    ridge = {
        run.status.why.partition(".")[0] for run in runs.runs(set_steps(changes.set_start(settings, -1.8, 0.0), 600))
    }
    assert ridge == {"It rests at a saddle"}


def test_p4_larger_batches_draw_the_bundle_together() -> None:
    settings = presets.preset("noise")
    spread = []
    for size in (1, 8):
        sized = changes.set_parameter(settings, "noise", "batch_size", size)
        assert _table(sized)["SGD"].status == "16/16 oscillating"
        ends = np.array([run.positions[-1] for run in runs.bundle(sized, sized.racers[0])])
        spread.append(float(ends.std(axis=0).max()))
    assert spread[0] > 1.5 * spread[1] > 0


def test_p5_nesterov_overshoots_less_and_more_momentum_more() -> None:
    settings = presets.preset("overshoot")
    far = {title: row.measured["overshoot"] or 0.0 for title, row in _table(settings).items()}
    assert far["SGD"] == 0 and 0.1 < far["Nesterov"] < 0.8 * far["Momentum"]
    more = set_racer(settings, settings.racers[1].id, "momentum", 0.97)
    assert (_table(more)["Momentum"].measured["overshoot"] or 0.0) > 1.5 * far["Momentum"]


def test_p7_adagrad_creeps_where_the_others_move() -> None:
    settings = presets.preset("freezing")
    rows = _table(settings)
    assert rows["Adagrad"].reached is None and rows["RMSprop"].reached and rows["Adadelta"].reached
    rates = runs.whole(settings.bare(), settings.racers[0].bare()).step.rate
    assert (np.diff(rates, axis=0) <= 0).all()


def test_p10_the_loss_drops_where_the_rate_does() -> None:
    for run in runs.runs(presets.preset("drop")):
        before, after = run.losses[200:300].mean(), run.losses[400:].mean()
        assert after < 0.25 * before
