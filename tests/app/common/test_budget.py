"""The limits on memory and time are checked before anything is computed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest

from app.common import budget, racers
from app.common.racers import Choice, Refused, accepted
from app.race import changes, live, runs
from app.race import link as race_link
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS
from surfaces.caching import caches, size_of
from tests.apart import run_apart
from tests.app.drawn import positions

WIDE = "surface=ravine_nd&surface.dimension=1000"
RACERS = "".join(f"&racer={key}" for key in ("sgd", "adam", "nesterov", "momentum", "adagrad", "rmsprop"))


def opened(link: str) -> tuple[Settings, list[str]]:
    return race_link.parse(parse_qs(link))


@pytest.mark.long
@pytest.mark.parametrize(
    ("link", "dropped"),
    [
        (f"{WIDE}&steps=20000{RACERS}", "4 racers × 20,000 steps × 1,000 coordinates"),
        (f"{WIDE}&steps=2000{RACERS}&noise=isotropic&bundle=band&seeds=64", "× 64 seeds"),
        (f"{WIDE}&steps=20000&racer=sgd&racer=adam&b.surface.dimension=1000", "two races"),
        (f"{WIDE}&steps=20000&racer=adam&inspect=1", "too many to explain"),
        (
            "surface=ravine_nd&surface.dimension=100&steps=20000" + 11 * "&racer=newton" + "&b.surface.dimension=100",
            "as long as",
        ),
    ],
    ids=["racers", "seeds", "beside", "explained", "dense"],
)
def test_settings_of_a_link_that_are_too_large_are_dropped(link: str, dropped: str) -> None:
    settings, notices = opened(link)
    assert any(dropped in notice for notice in notices), notices
    assert settings.objection() == "" and settings.surface.key == "ravine_nd" and settings.racers


def test_settings_refused_in_a_link_are_refused_on_the_page() -> None:
    settings, _ = opened(f"{WIDE}&steps=20000&racer=sgd&racer=adam&racer=nesterov")
    with pytest.raises(Refused, match="would need 611 MB of memory, and the limit is 512 MB: 4 racers"):
        accepted(changes.add_racer(settings, "sgd"))
    with pytest.raises(Refused, match="too many to explain"):
        accepted(changes.inspect(settings, "racer-1"))
    assert accepted(racers.set_steps(settings, 15_000)).steps == 15_000


@pytest.mark.long
@pytest.mark.thinned(2)
@pytest.mark.parametrize("seeds", [2, 33])
def test_the_size_of_a_race_is_the_size_of_its_runs(seeds: int) -> None:
    settings, notices = opened(
        f"surface=ravine_nd&surface.dimension=100&steps=600&racer=adam&racer=sgd&noise=shifted&bundle=band&seeds={seeds}"
    )
    assert not notices and settings.bundled
    kept = [*runs.runs(settings), *(runs.bundle(settings, racer) for racer in settings.racers)]
    assert 0.45 * settings._bytes() <= size_of(kept) <= 1.01 * settings._bytes()


def test_the_largest_race_in_the_plane_is_allowed() -> None:
    """The largest numbers of racers, seeds and steps, with a second race, in two coordinates."""
    settings = racers.set_steps(Settings(), 8000)
    for _ in range(racers.MAX_RACERS):
        settings = accepted(changes.add_racer(settings, "adam"))
    bundled = changes.change(changes.choose_noise(settings, "isotropic"), "seeds", 64)
    assert accepted(changes.set_beside(changes.change(bundled, "bundle", "band"), True)).bundled


@pytest.mark.long
def test_a_long_sweep_of_many_coordinates_has_fewer_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST_LIVE", 2e7)
    monkeypatch.setattr(budget, "BLOCK", 0)  # one by one
    settings, _ = opened("surface=ravine_nd&surface.dimension=100&steps=2000&racer=sam")
    sweep = live._runs(settings, "sweep", {"racer": "racer-0", "name": "learning_rate"})
    assert len(sweep.values) == 21 and sweep.positions.shape[0] == 21
    spec = OPTIMIZERS["sam"].parameters()["learning_rate"]
    assert (sweep.values[0], sweep.values[-1]) == (spec.low, spec.high)
    moved = racers.set_racer(settings, "racer-0", "learning_rate", sweep.values[8])
    scene = race.scene(Race(moved))
    np.testing.assert_array_equal(sweep.positions[8].astype(np.float32), positions(scene)[0][sweep.steps])
    assert sweep.statuses[8]["status"] == scene.cards[0].status


def test_a_block_equals_its_single_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = opened("surface=ravine_nd&surface.dimension=5&steps=200&racer=adam&noise=isotropic")
    rule, seeds = settings.rule(settings.racers[0]), np.arange(3)
    (together,) = runs.blocks(settings, rule, seeds)
    monkeypatch.setattr(budget, "BLOCK", 0)
    apart = list(runs.blocks(settings, rule, seeds))
    assert len(together) == len(apart) == 3
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_allclose(one.positions, other.positions, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("what", ["sweep", "start"])
def test_live_runs_that_take_too_long_are_refused_with_a_sentence(what: str) -> None:
    settings, notices = opened("surface=ravine_nd&surface.dimension=100&steps=20000&racer=newton&racer=newton")
    assert not notices
    asked = {"racer": "racer-0", "name": "learning_rate", "x": "1", "y": "1"}
    with pytest.raises(Refused, match=r"20,000 steps in 100 coordinates take .* when you let go"):
        live._runs(settings, what, asked)


@pytest.mark.long
def test_abandoned_runs_are_not_computed_to_the_end() -> None:
    settings, _ = opened(f"{WIDE}&steps=4000&racer=adam")
    left = iter([True, True])
    with pytest.raises(live.Abandoned):
        live._runs(settings, "sweep", {"racer": "racer-0", "name": "learning_rate"}, lambda: next(left, False))


def test_free_memory_is_checked_before_a_computation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "free_memory", lambda: 600 * 2**20)
    with budget.room(400 * 2**20):
        pass
    with pytest.raises(Refused, match="needs 500 MB, but only 472 MB are free"), budget.room(500 * 2**20):
        pass
    monkeypatch.setattr(budget, "free_memory", lambda: 0)
    with budget.room(budget.HEAVY - 1):  # small computations are never refused
        pass
    with budget._heavy, budget.room(budget.HEAVY - 1):  # and do not wait
        pass


def test_only_large_computations_check_the_free_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A race of a few racers takes 30 MB. A computation of 35 MB waits for others, and leaves 128 MB for the page."""
    monkeypatch.setattr(budget, "free_memory", lambda: 0)
    with budget.room(30 * 2**20):
        pass
    with pytest.raises(budget.NoRoom), budget.room(35 * 2**20):
        pass
    for spare, fits in ((127, False), (129, True)):
        monkeypatch.setattr(budget, "free_memory", lambda spare=spare: (35 + spare) * 2**20)
        with contextlib.nullcontext() if fits else pytest.raises(budget.NoRoom), budget.room(35 * 2**20):
            pass


def test_the_limits_of_containers_are_read_in_both_versions(tmp_path: Path) -> None:
    assert budget._free_in_container(tmp_path) == budget._UNKNOWN
    old = tmp_path / "memory"
    old.mkdir()
    (old / "memory.limit_in_bytes").write_text("1000\n")
    (old / "memory.usage_in_bytes").write_text("700\n")
    (old / "memory.stat").write_text("cache 9\ntotal_inactive_file 50\n")
    assert budget._free_in_container(tmp_path) == 350
    (tmp_path / "memory.max").write_text("2000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 9\ninactive_file 100\n")
    assert budget._free_in_container(tmp_path) == 1400
    (tmp_path / "memory.max").write_text("max\n")
    assert budget._free_in_container(tmp_path) == 350


def test_the_limit_of_the_process_counts() -> None:
    printed = run_apart(
        "import resource; from app.common import budget\n"
        "pages = int(open('/proc/self/statm').read().split()[0])\n"
        "limit = pages * resource.getpagesize() + 100 * 2**20\n"
        "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
        "print(budget.free_memory())"
    )
    assert 90 * 2**20 < int(printed) <= 100 * 2**20


def test_presets_are_within_the_budget() -> None:
    from app.race import presets

    for key in presets.PRESETS:
        assert presets.preset(key).objection() == "", key
    assert Settings(surface=Choice("ravine_nd")).objection() == ""


def test_caches_stay_within_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    runs.RUNS.clear()
    monkeypatch.setattr(runs.RUNS, "limit", 2**20)
    settings, _ = opened("surface=rosenbrock&steps=300&racer=adam&noise=isotropic&bundle=band&seeds=8")
    for seed in range(12):
        one = racers.set_seed(settings, seed)
        runs.runs(one)
        runs.bundle(one, one.racers[0])
        assert runs.RUNS.size <= runs.RUNS.limit
    assert len(runs.RUNS) > 2
    run = runs.runs(one)[0]
    assert runs.runs(one)[0] is run  # the current race stays in the cache
    for cache in caches():
        assert cache.size <= cache.limit or len(cache) == 1
