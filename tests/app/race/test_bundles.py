"""Bundles of seeds and the axis of evaluations: what is drawn of many runs, and what a step costs."""

from __future__ import annotations

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Refused
from app.player import pack
from app.race import bundles, captions, changes, results, runs, scene
from app.race.link import parse, query
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS, trace
from surfaces import SURFACES
from tests.app.envelope import opened

NOISY = changes.choose_noise(racers.set_steps(changes.first(), 150), "isotropic")
THREADS = changes.change(changes.change(NOISY, "bundle", "spaghetti"), "seeds", 5)
BAND = changes.change(THREADS, "bundle", "band")


def alone(racer: str, seed: int) -> scene.Trace:
    """One racer's run under one seed, by itself."""
    settings = racers.set_seed(NOISY, seed)
    return runs.runs(settings)[int(racer[-1])]


def test_threads_are_the_seeds_one_by_one() -> None:
    settings = racers.set_seed(THREADS, 3)
    found = scene.scene(Race(settings)).bundle
    assert found is not None and found["count"] == 5
    np.testing.assert_array_equal(found["steps"], np.arange(151))
    for id in ("racer-0", "racer-2"):
        paths = found["racers"][id]["paths"].reshape(5, 151, 2)
        losses = found["racers"][id]["losses"].reshape(5, 151)
        for k in range(5):
            run = alone(id, 3 + k)
            np.testing.assert_allclose(paths[k], run.positions, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(losses[k], run.losses, rtol=1e-9)


def test_a_band_holds_the_quantiles_of_the_losses() -> None:
    """Of eleven seeds the second is the lowest with a tenth at or below it, the sixth with half, the tenth with nine
    tenths: with 5, 20, 80 or 95 % they would be others.
    """
    found = scene.scene(Race(changes.change(BAND, "seeds", 11))).bundle
    assert found is not None
    lines = found["racers"]["racer-2"]
    losses = np.sort([alone("racer-2", k).losses for k in range(11)], axis=0)
    for name, share in (("low", 0.1), ("middle", 0.5), ("high", 0.9)):
        place = next(k for k in range(11) if (k + 1) / 11 >= share)
        np.testing.assert_allclose(lines[name], losses[place], rtol=1e-9)


def test_medians_speak_of_the_seeds_that_came() -> None:
    """Steps to a share are those of the seeds that reached it, and their count is told beside them."""
    seeds = [alone("racer-2", k) for k in range(7)]
    share = float(np.sort([run.losses.min() / run.losses[0] for run in seeds])[3]) * 1.001
    came = sorted(
        next(k for k, loss in enumerate(run.losses) if loss <= share * run.losses[0])
        for run in seeds
        if run.losses.min() <= share * run.losses[0]
    )
    found = bundles.middle(seeds, share)
    assert (len(came), found.reaching) == (4, 4) and found.reached == came[1]
    assert bundles.middle(seeds, 1e-30).reached is None and bundles.middle(seeds, 1e-30).reaching == 0


def test_an_outcome_names_the_two_commonest_words_and_the_first_seed() -> None:
    quiet, still, wild = (
        trace(SURFACES["quadratic_ravine"](), OPTIMIZERS["sgd"](learning_rate=rate), (0.0, 1.2), steps=200)
        for rate in (0.02, 1e-8, 9.0)
    )
    kinds = [run.status.kind for run in (quiet, still, wild)]
    assert kinds == ["converged", "stalled", "diverged"]
    short, whole = bundles.outcome([quiet, wild, still, wild, wild, quiet])
    assert short == "3/6 diverged, 2/6 converged …"
    assert whole.startswith("Of 6 seeds: 3 diverged, 2 converged, 1 stalled.") and str(quiet.status) in whole
    assert bundles.outcome([quiet, wild])[0] == "1/2 converged, 1/2 diverged"


def test_a_run_that_diverged_lies_above_all_numbers() -> None:
    values = np.array([[1.0, 2.0], [3.0, np.nan], [2.0, np.nan]])
    low, middle, high = bundles.quantiles(values)
    np.testing.assert_array_equal(low, [1.0, 2.0])
    np.testing.assert_array_equal(middle, [2.0, np.nan])
    np.testing.assert_array_equal(high, [3.0, np.nan])


def test_cards_and_table_speak_of_all_seeds() -> None:
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
        and "seeds 0 to 4" in scene.scene(Race(THREADS)).curve["titles"]["log"]
    )


def test_without_noise_there_is_no_bundle() -> None:
    calm = changes.choose_noise(THREADS, "none")
    assert not calm.bundled and scene.scene(Race(calm)).bundle is None
    assert (
        scene.scene(Race(calm)).cards[0].status
        == scene.scene(Race(changes.choose_noise(NOISY, "none"))).cards[0].status
    )


def test_the_link_keeps_it_and_refuses_what_cannot_be() -> None:
    for settings in (THREADS, BAND, changes.change(THREADS, "axis", "evaluations")):
        assert parse(query(settings)) == (settings, [])
    for bad in ({"bundle": ["wool"]}, {"seeds": ["1"]}, {"seeds": ["65"]}, {"axis": ["hours"]}):
        kept, notices = parse({**query(NOISY), **bad})
        assert kept == NOISY and len(notices) == 1
    with pytest.raises(Refused):
        changes.change(NOISY, "seeds", "many")


def test_the_steps_of_a_bundle_are_thinned_to_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen bytes for each of 3 racers, 7 seeds and 151 steps are 50,736, twice and a half of what is allowed."""
    monkeypatch.setattr(bundles, "MOST_BYTES", 20_000)
    found = scene.scene(Race(changes.change(THREADS, "seeds", 7))).bundle
    assert found is not None
    assert found["steps"].tolist() == [*range(0, 150, 3), 150]
    sent = [one[name] for one in found["racers"].values() for name in ("paths", "losses")]
    assert len(sent) == 6 and sum(values.nbytes for values in sent) <= 20_000 * 51 / 50
    one = alone("racer-2", 6)
    paths = found["racers"]["racer-2"]["paths"].reshape(7, 51, 2)
    np.testing.assert_allclose(paths[6], one.positions[found["steps"]], rtol=1e-5, atol=1e-6)


def test_views_show_the_bundle_or_say_that_they_do_not() -> None:
    settings = changes.set_view(changes.set_view(BAND, 0, "distance"), 1, "rates")
    distance, rates = (slot.panel for slot in scene.scene(Race(settings)).slots)
    assert "median and 10–90 % of 5 seeds" in distance["note"] and "of the seeds the first alone" in rates["note"]
    assert sum(bool(one.get("fill")) for one in distance["data"]) == 3
    threads = scene.scene(Race(changes.set_view(THREADS, 0, "gradient"))).slots[0].panel["data"]
    gaps = [np.isnan(one["x"]).sum() for one in threads if one.get("opacity")]
    assert gaps == [5, 5, 5]


# The axis.


def test_a_step_costs_what_its_rule_says() -> None:
    settings = changes.add_racer(changes.add_racer(racers.set_steps(Settings(), 50), "sam"), "newton")
    settings = changes.add_racer(settings, "sgd")
    steps, evaluations = scene.scene(Race(settings)), scene.scene(Race(changes.change(settings, "axis", "evaluations")))
    assert [card.cost for card in steps.cards] == [2, 3, 1]
    assert [steps.pace(card) for card in steps.cards] == [1, 1, 1] and steps.duration == 50
    assert [evaluations.pace(card) for card in evaluations.cards] == [2, 3, 1] and evaluations.duration == 150
    view = changes.set_view(changes.change(settings, "axis", "evaluations"), 0, "gradient")
    panel = scene.scene(Race(view)).slots[0].panel
    assert panel["layout"]["xaxis"] == {"range": [0, 150], "title": {"text": "gradient evaluations"}}
    ends = {one["name"]: one["x"][-1] for one in panel["data"]}
    assert ends == {"SAM": 100, "Newton": 150, "SGD": 50}


@pytest.mark.parametrize("key", OPTIMIZERS)
@pytest.mark.thinned(4)
def test_costs_are_whole_and_add_up(key: str) -> None:
    run = trace(SURFACES["himmelblau"](), OPTIMIZERS[key](), steps=7)
    assert run.cost >= 1 and run.evaluations == 7 * run.cost


def test_the_axis_travels() -> None:
    header, _ = opened(pack(scene.scene(Race(changes.change(NOISY, "axis", "evaluations")))))
    assert header["axis"] == "evaluations" and header["bundle"] is None
