"""Bundles of seeds, the clock of evaluations, and the costs of steps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Refused
from app.figures.marks import Band, Dots, Line, Lines, Panel
from app.player import pack
from app.race import bundles, captions, changes, results, runs, scene
from app.race.link import parse, query
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS, trace
from tests.app.drawn import M, line_of, note, only
from tests.app.envelope import opened

NOISY = changes.choose_noise(racers.set_steps(changes.first(), 150), "isotropic")
THREADS = changes.change(changes.change(NOISY, "bundle", "spaghetti"), "seeds", 5)
BAND = changes.change(THREADS, "bundle", "band")


def alone(racer: str, seed: int) -> scene.Trace:
    """The run of a racer under a single seed."""
    settings = racers.set_seed(NOISY, seed)
    return runs.runs(settings)[int(racer[-1])]


def of(panel: Panel, kind: type[M], racer: str) -> M:
    """The only mark of a kind that belongs to a racer."""
    (mark,) = (mark for mark in only(panel, kind) if getattr(mark, "racer", "") == racer)
    return mark


def test_the_lines_of_a_bundle_are_the_runs_of_its_seeds() -> None:
    drawn = scene.scene(Race(racers.set_seed(THREADS, 3)))
    for id in ("racer-0", "racer-2"):
        paths, losses = of(drawn.panel("map"), Lines, id), of(drawn.panel("loss"), Lines, id)
        assert paths.x.shape == losses.y.shape == (5, 151)
        np.testing.assert_array_equal(paths.time, np.arange(151))
        for k in range(5):
            run = alone(id, 3 + k)
            found = np.column_stack([paths.x[k], paths.y[k]])
            np.testing.assert_allclose(found, run.positions, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(losses.y[k], run.losses, rtol=1e-9)


def test_a_band_lies_between_quantiles_of_the_losses() -> None:
    drawn = scene.scene(Race(BAND))
    band = of(drawn.panel("loss"), Band, "racer-2")
    losses = np.sort([alone("racer-2", k).losses for k in range(5)], axis=0)
    # of five seeds: the lowest has a fifth at or below it, the third three fifths, the highest all
    for values, place in ((band.low, 0), (line_of(drawn, "racer-2", "loss").y, 2), (band.high, 4)):
        np.testing.assert_allclose(values, losses[place], rtol=1e-9)


def test_the_map_shows_the_point_of_each_seed_of_a_band() -> None:
    cloud = of(scene.scene(Race(BAND)).panel("map"), Dots, "racer-1")
    assert cloud.x.shape == cloud.y.shape == (151, 5)
    np.testing.assert_allclose(cloud.y[40], [alone("racer-1", k).positions[40, 1] for k in range(5)], rtol=1e-5)


def test_a_diverged_run_counts_as_larger_than_all_numbers() -> None:
    values = np.array([[1.0, 2.0], [3.0, np.nan], [2.0, np.nan]])
    low, middle, high = bundles.quantiles(values)
    np.testing.assert_array_equal(low, [1.0, 2.0])
    np.testing.assert_array_equal(middle, [2.0, np.nan])
    np.testing.assert_array_equal(high, [3.0, np.nan])


def test_cards_and_table_summarise_all_seeds() -> None:
    wild = racers.set_racer(THREADS, "racer-0", "learning_rate", 9.0)
    card = scene.scene(Race(wild)).cards[0]
    assert card.status == "5/5 diverged" and "Of 5 seeds: 5 diverged" in card.why
    rows = {row[0]: row for row in results.cells(Race(THREADS))}
    losses = sorted(alone("racer-2", k).losses[-1] for k in range(5))
    found = results.table(Race(THREADS))[2]
    assert found.loss == pytest.approx(losses[2]) and found.band == pytest.approx((losses[0], losses[4]))
    assert rows["Adam"][1].count("/5") >= 1 and "of 5" in rows["Adam"][3]
    assert "median" in results.heads(Race(THREADS))[2] and "median" not in results.heads(Race(NOISY))[2]
    assert (
        "seeds 0 to 4" in captions.caption(THREADS)
        and "seeds 0 to 4" in scene.scene(Race(THREADS)).panel("loss").axes[0].y.title
    )


def test_without_noise_there_is_no_bundle() -> None:
    calm = changes.choose_noise(THREADS, "none")
    assert not calm.bundled and not any(only(panel, Lines) for panel in scene.scene(Race(calm)).panels)
    assert (
        scene.scene(Race(calm)).cards[0].status
        == scene.scene(Race(changes.choose_noise(NOISY, "none"))).cards[0].status
    )


def test_the_link_contains_the_bundle_and_bad_values_are_refused() -> None:
    for settings in (THREADS, BAND, changes.change(THREADS, "axis", "evaluations")):
        assert parse(query(settings)) == (settings, [])
    for bad in ({"bundle": ["wool"]}, {"seeds": ["1"]}, {"seeds": ["65"]}, {"axis": ["hours"]}):
        kept, notices = parse({**query(NOISY), **bad})
        assert kept == NOISY and len(notices) == 1
    with pytest.raises(Refused):
        changes.change(NOISY, "seeds", "many")


def test_a_long_bundle_is_thinned_and_names_its_steps() -> None:
    long = changes.change(racers.set_steps(THREADS, 10_000), "seeds", 16)
    settings = dataclasses.replace(long, racers=long.racers[:1])
    lines = of(scene.scene(Race(settings)).panel("map"), Lines, "racer-0")
    assert lines.time is not None
    assert lines.time[1] - lines.time[0] >= 1 and lines.time[-1] == 10_000
    assert lines.x.nbytes + lines.y.nbytes <= bundles.MOST_BYTES
    assert len(pack(scene.scene(Race(settings)))) < 2 * bundles.MOST_BYTES


def test_views_show_the_bundle_or_name_the_first_seed() -> None:
    settings = changes.set_view(changes.set_view(BAND, 0, "distance"), 1, "rates")
    distance, rates = scene.scene(Race(settings)).slots
    assert "median and 10–90 % of 5 seeds" in note(distance) and "first seed only" in note(rates)
    assert len(only(distance, Band)) == 3
    several = only(scene.scene(Race(changes.set_view(THREADS, 0, "gradient"))).slots[0], Lines)
    assert [lines.y.shape for lines in several] == [(5, 151)] * 3


# The axis.


def test_the_cost_of_a_step_is_that_of_its_rule() -> None:
    settings = changes.add_racer(changes.add_racer(racers.set_steps(Settings(), 50), "sam"), "newton")
    settings = changes.add_racer(settings, "sgd")
    steps, evaluations = scene.scene(Race(settings)), scene.scene(Race(changes.change(settings, "axis", "evaluations")))
    assert [card.cost for card in steps.cards] == [2, 3, 1]
    assert [steps.pace(card) for card in steps.cards] == [1, 1, 1] and steps.clock.end == 50
    assert [evaluations.pace(card) for card in evaluations.cards] == [2, 3, 1] and evaluations.clock.end == 150
    view = changes.set_view(changes.change(settings, "axis", "evaluations"), 0, "gradient")
    panel = scene.scene(Race(view)).slots[0]
    x = panel.axes[0].x
    assert (x.low, x.high, x.title) == (0, 150, "gradient evaluations")
    ends = {line.name: line.time[-1] for line in only(panel, Line) if line.time is not None}
    assert ends == {"SAM": 100, "Newton": 150, "SGD": 50}


@pytest.mark.parametrize("key", OPTIMIZERS)
@pytest.mark.thinned(4)
def test_costs_are_integers_and_add_up(key: str) -> None:
    from surfaces import SURFACES

    run = trace(SURFACES["himmelblau"](), OPTIMIZERS[key](), steps=7)
    assert run.cost >= 1 and run.evaluations == 7 * run.cost


def test_the_axis_is_in_the_link_and_the_scene() -> None:
    header, _ = opened(pack(scene.scene(Race(changes.change(NOISY, "axis", "evaluations")))))
    assert header["scene"]["clock"]["counts"] == "evaluations"
