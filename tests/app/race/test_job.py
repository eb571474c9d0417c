"""The computation of a fair race for a page, and what the page plays of it."""

from __future__ import annotations

import dataclasses

from app.common import racers
from app.race import changes, findings, link, live, scene, tuning, verdict
from app.race.job import Job
from app.race.runs import Race, race_of
from tests.app.race.fair_races import PAIR, STEPS, fair_race


def test_what_is_dragged_in_a_fair_race_starts_from_the_tuned_values() -> None:
    race = race_of(PAIR)
    drawn = live.connected(scene.scene(race), race)
    assert drawn.live == live.address(PAIR)
    packed = live.answer("start", link.query(race.settings), {"x": "1.0", "y": "0.5"})
    moved = Race(changes.set_start(dataclasses.replace(race.settings, source=None, fair=0, beside=None), 1.0, 0.5))
    assert packed == live.pack_runs(live.moved(moved.settings, (1.0, 0.5)))


def test_a_job_shows_racers_as_they_are_ready_and_keeps_them_when_it_is_stopped() -> None:
    settings = racers.set_seed(fair_race("sgd", "momentum", "adam"), 77)
    job = Job(settings)
    job.stop()
    job.wait()
    ready = {*job.fair.entrants}
    assert job.now().is_stopped == (ready < {"racer-0", "racer-1", "racer-2"})
    again = Job(settings, job.known)
    again.wait()
    assert again.fair.is_complete and (again.now().progress, again.now().busy, again.problem) == (1.0, False, "")
    assert all(again.known[key] is entrant for key, entrant in job.known.items())
    assert again.fair.verdicts == tuning.compute(settings).verdicts
    assert again.covers(racers.set_racer(settings, "racer-0", "learning_rate", 0.3))
    assert not again.covers(racers.set_steps(settings, STEPS + 1))


def test_a_fair_race_that_is_not_complete_has_no_race_b_and_says_so() -> None:
    whole = tuning.compute(fair_race("sgd", "momentum", "adam"))
    part = tuning.Fair(whole.settings, {"racer-0": whole.entrants["racer-0"], "racer-1": whole.entrants["racer-1"]})
    assert part.shown.beside is None and part.shown.racers[2] == whole.settings.racers[2]
    assert verdict.sentence(part).endswith("So far, 2 of 3 racers are tuned.")
    assert verdict.sentence(tuning.Fair(whole.settings, {})) == "0 of 3 racers are tuned."
    for fair in (part, tuning.Fair(whole.settings, {})):
        race = Race(fair.shown, fair)
        assert live.connected(scene.scene(race), race).live == ""
        assert isinstance(findings.finding(race), str) and verdict.summary(fair)


def test_a_fair_race_without_visible_racers_waits_for_nothing() -> None:
    hidden = racers.hide_racer(racers.hide_racer(PAIR, "racer-0", True), "racer-1", True)
    job = Job(hidden)
    assert (job.now().progress, job.now().busy, job.now().is_stopped) == (1.0, False, False)
    shown = scene.scene(Race(job.fair.shown, job.fair))
    assert shown.fair is not None and shown.fair.words.startswith("No racers to tune")
    alone = tuning.compute(racers.hide_racer(PAIR, "racer-0", True))
    assert (
        alone.verdicts == []
        and alone.common is None
        and "no verdict on fewer than two racers" in verdict.sentence(alone)
    )
    assert scene.scene(Race(alone.shown, alone)).fair is not None and verdict.remarks(alone)


def test_a_moment_of_a_job_that_says_it_is_done_has_all_racers() -> None:
    """The racers may become ready while a page is drawn, which then has to be drawn once more."""
    job = Job(racers.set_seed(fair_race("sgd", "momentum"), 78))
    moments = []
    while job.is_busy or not moments:
        moments.append(job.now())
    moments.append(job.now())
    assert all(now.fair.is_complete for now in moments if not now.busy)
    assert all((now.progress == 1.0) == now.fair.is_complete for now in moments)
    shares = [now.progress for now in moments]
    assert moments[-1].fair.is_complete and shares == sorted(shares)
