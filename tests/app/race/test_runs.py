"""The record `Race`, with everything that follows from its settings, computed once."""

from __future__ import annotations

import numpy as np
import pytest

from app.common import racers
from app.common.names import titles
from app.race import changes, results, runs, scene
from app.race.captions import described
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import Trace

SETTINGS = racers.set_steps(changes.add_racer(changes.first(), "sam", 0.01), 37)


def test_the_parts_of_a_race_are_in_the_order_of_its_racers() -> None:
    race = Race(racers.hide_racer(SETTINGS, "racer-1", True))
    assert race.titles == titles(SETTINGS) and race.shown == [0, 2, 3]
    assert race.start == SETTINGS.built_start() and race.surface.angle == SETTINGS.rotation
    for points, whole, racer in zip(race.runs, race.whole_runs, race.settings.racers, strict=True):
        assert points.steps == 37 and points.step is None and whole.step is not None
        np.testing.assert_allclose(points.positions, whole.positions, rtol=1e-12)
        assert points.optimizer.key == racer.rule.key
    assert race.sensitive == [False] * 4 and race.seeds == [()] * 4 and race.second is None


def test_the_clock_ends_with_the_most_expensive_racer() -> None:
    """SAM evaluates two gradients per step."""
    assert (Race(SETTINGS).paces, Race(SETTINGS).duration) == ([1, 1, 1, 1], 37)
    race = Race(changes.change(SETTINGS, "axis", "evaluations"))
    assert (race.paces, race.duration) == ([1, 1, 1, 2], 74)
    assert Race(Settings(steps=5)).duration == 5


def test_a_bundle_contains_all_seeds_of_every_racer() -> None:
    noisy = changes.change(changes.choose_noise(SETTINGS, "isotropic"), "seeds", 3)
    race = Race(changes.change(noisy, "bundle", "band"))
    assert [len(seeds) for seeds in race.seeds] == [3] * 4
    np.testing.assert_array_equal(race.seeds[0][0].positions, race.runs[0].positions)
    other = Race(racers.set_seed(noisy, 2)).runs[0]
    np.testing.assert_allclose(race.seeds[0][2].positions, other.positions, rtol=1e-12)


def test_the_second_race_is_a_race() -> None:
    race = Race(changes.set_beside(SETTINGS, True))
    assert race.second is not None and race.second.settings == race.settings.second()
    assert race.second is race.second and len(results.heads(race)) == len(results.cells(race)[0])
    assert [row[0][0] for row in results.cells(race)] == ["A"] * 4 + ["B"] * 4


def test_scene_table_and_caption_request_each_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    computed = runs.run

    def counted(settings: Settings, racer: racers.Racer) -> Trace:
        calls.append(racer.rule.key)
        return computed(settings, racer)

    race = Race(SETTINGS)
    assert race.sensitive  # which requests the runs itself
    monkeypatch.setattr(runs, "runs", lambda settings: [counted(settings.bare(), r.bare()) for r in settings.racers])
    scene.scene(race)
    results.heads(race), results.cells(race), described(race)
    assert calls == [racer.rule.key for racer in SETTINGS.racers]
