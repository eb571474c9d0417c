"""The contents of the inspector: lines with slots, values and arrows of the inspected racer."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from app.common import racers
from app.player import pack
from app.race import changes
from app.race import scene as race
from app.race.inspector import inspected
from app.race.link import parse, query
from app.race.runs import Race
from optimizers import OPTIMIZERS, trace
from surfaces import SURFACES


def test_only_the_inspected_racer_is_in_the_scene() -> None:
    settings = changes.first()
    plain = len(pack(race.scene(Race(settings))))
    scene = race.scene(Race(changes.inspect(settings, "racer-1")))
    assert scene.inspected is not None and scene.inspected["racer"] == "racer-1"
    # Nesterov: w and a before; g, a, w after; step; at and two parts; 300 steps, 8 bytes. t, η, β and the rate are
    # progressions, which are not stored, and the slope equals g, which is stored once
    numbers = 2 * 9
    assert len(pack(scene)) - plain == pytest.approx(300 * 8 * numbers, rel=0.1)
    assert race.scene(Race(settings)).inspected is None


@pytest.mark.parametrize("key", OPTIMIZERS)
@pytest.mark.thinned(2)
def test_every_rule_has_its_inspector(key: str) -> None:
    run = trace(SURFACES["himmelblau"](), OPTIMIZERS[key](), steps=30)
    found = inspected(run, "racer-0", "X")
    for line in found["lines"]:
        for slot in (*re.findall(r'data-slot="([^"]*)"', line["numbers"]), line["result"]):
            entry = found["values"][slot]
            assert len(entry["flat"]) == 30 * entry["columns"], slot
    # the drawn parts add up to the step
    total = sum(np.asarray(flat) for _, flat in found["parts"]).reshape(-1, 2)  # type: ignore[union-attr]
    np.testing.assert_allclose(total, np.diff(run.positions, axis=0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["values"]["step"]["flat"], np.diff(run.positions, axis=0).ravel(), atol=1e-12)


def test_nesterovs_momentum_part_ends_where_the_gradient_is_evaluated() -> None:
    run = trace(SURFACES["rosenbrock"](), OPTIMIZERS["nesterov"](learning_rate=1e-4), steps=30)
    found = inspected(run, "racer-0", "Nesterov")
    (first, momentum), (second, _) = found["parts"]
    assert (first, second) == ("momentum part", "gradient part")
    np.testing.assert_allclose(found["at"], found["values"]["w"]["flat"] + momentum, rtol=1e-12)


def test_the_link_names_the_racer_by_its_place() -> None:
    settings = changes.inspect(racers.remove_racer(changes.first(), "racer-0"), "racer-2")
    assert query(settings)["inspect"] == ["2"]
    assert parse(query(settings)) == (settings, [])
    gone = racers.remove_racer(settings, "racer-2")  # the inspected racer is removed
    assert "inspect" not in query(gone) and race.scene(Race(gone)).inspected is None
    assert racers.duplicate_racer(gone, "racer-1").inspected == ""  # a new racer in its slot is not inspected
    for spelled in ("4", "0", "x", "1.5"):
        kept, notices = parse({**query(changes.first()), "inspect": [spelled]})
        assert kept == changes.first() and "inspect must be a" in notices[0]


def test_inspecting_recomputes_no_run() -> None:
    settings = changes.set_view(changes.inspect(changes.first(), "racer-1"), 0, "distance")
    assert settings.bare() == changes.first().bare() != dataclasses.replace(changes.first(), steps=7).bare()


def test_the_note_explains_borrowed_scheduled_and_noisy_steps() -> None:
    alone = dataclasses.replace(changes.first(), racers=changes.first().racers[:1])
    settings = changes.choose_noise(racers.choose_schedule(alone, "cosine"), "isotropic")
    found = race.scene(Race(changes.inspect(settings, "racer-0"))).inspected
    assert found is not None
    assert "schedule" in found["note"] and "ξ is the noise drawn for this step" in found["note"]
    many = race.scene(Race(changes.inspect(changes.choose_surface(alone, "ravine_nd"), "racer-0"))).inspected
    assert many is not None and "The first two of" in many["note"]


@pytest.mark.parametrize(("noise", "word"), [("isotropic", "standard deviation σ"), ("shifted", "random shift")])
@pytest.mark.parametrize("key", ["nesterov", "sam", "polyak_sgd"])
@pytest.mark.thinned(2)
def test_noisy_gradients_are_printed_with_both_summands(noise: str, word: str, key: str) -> None:
    """The true gradient and the noise have a slot each, and add up to the gradient that the rule used."""
    settings = changes.choose_noise(changes.add_racer(dataclasses.replace(changes.first(), racers=()), key), noise)
    found = race.scene(Race(changes.inspect(settings, "racer-0"))).inspected
    assert found is not None and word in found["note"]
    assert ("loss value that the rule uses" in found["note"]) is (key == "polyak_sgd" and noise == "shifted")
    sums = [line for line in found["lines"] if "ξ" in line["numbers"]]
    assert len(sums) == (2 if key == "sam" else 1)
    for line in sums:
        true, xi = re.findall(r'data-slot="([^"]*)"', line["numbers"])
        total = np.asarray(found["values"][true]["flat"]) + found["values"][xi]["flat"]
        np.testing.assert_allclose(total, found["values"][line["result"]]["flat"], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(found["slope"], found["values"]["g′"]["flat"])
