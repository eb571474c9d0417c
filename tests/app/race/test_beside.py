"""The second race: the same racers on another surface or with another rotation, on the same clock."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Refused
from app.player import Event, pack, read
from app.race import changes, live, results
from app.race import scene as race
from app.race.link import parse, query
from app.race.runs import Race
from app.race.settings import Settings
from tests.app.drawn import line_of, losses
from tests.app.envelope import opened

TURNED = changes.set_beside(changes.first(), True)
ELSEWHERE = changes.in_second(TURNED, changes.choose_surface, "himmelblau")
APART = changes.in_second(changes.set_linked(ELSEWHERE, False), racers.set_racer, "racer-0", "learning_rate", 0.002)


def second(settings: Settings) -> Settings:
    found = settings.second()
    assert found is not None
    return found


def test_the_second_race_starts_on_the_same_surface_rotated() -> None:
    assert second(TURNED).surface == TURNED.surface and second(TURNED).rotation == 0
    level = changes.set_rotation(changes.first(), 0)
    assert second(changes.set_beside(level, True)).rotation == 45
    assert changes.set_beside(TURNED, False) == changes.first()


def test_linked_races_share_their_values_and_unlinked_ones_do_not() -> None:
    assert second(ELSEWHERE).racers == ELSEWHERE.racers
    moved = racers.set_racer(ELSEWHERE, "racer-2", "learning_rate", 0.3)
    assert second(moved).racers == moved.racers
    assert second(APART).racers[0].rule.get("learning_rate", 0) == 0.002
    assert APART.racers == ELSEWHERE.racers  # the values in race A do not change
    alone = racers.set_racer(APART, "racer-0", "learning_rate", 0.5)
    assert second(alone).racers == second(APART).racers
    again = changes.set_linked(alone, True)
    assert second(again).racers == again.racers


def test_racers_join_leave_and_hide_in_both_races() -> None:
    joined = changes.add_racer(APART, "momentum")
    assert [r.rule.key for r in second(joined).racers] == ["sgd", "nesterov", "adam", "momentum"]
    left = racers.remove_racer(joined, "racer-0")
    assert [r.id for r in second(left).racers] == [r.id for r in left.racers]
    assert second(racers.hide_racer(APART, "racer-1", True)).racers[1].hidden
    # a racer that takes the slot of another has its own values
    other = changes.add_racer(left, "adam")
    assert other.racers[-1].id == "racer-0" and second(other).racers[-1] == other.racers[-1]


def test_the_link_contains_the_second_race() -> None:
    moved = changes.in_second(APART, changes.set_start, 1.0, -2.0)
    for settings in (TURNED, ELSEWHERE, APART, moved, changes.in_second(TURNED, changes.set_rotation, 30)):
        assert parse(query(settings)) == (settings, [])
    kept, notices = parse({**query(TURNED), "b.surface": ["moon"]})
    assert kept.beside is not None and len(notices) == 1 and "Race B" in notices[0] and "moon" in notices[0]


def test_a_scene_has_both_races_on_one_clock() -> None:
    scene = race.scene(Race(APART))
    assert scene.beside is not None and not scene.linked
    alone = race.scene(Race(dataclasses.replace(second(APART), halved=False)))
    np.testing.assert_array_equal(losses(scene.beside), losses(alone))
    assert [c.status for c in scene.beside.cards] == [c.status for c in alone.cards]
    assert scene.beside.cards[0].sliders[0].value == 0.002 != scene.cards[0].sliders[0].value
    header, array = opened(pack(scene))
    other = header["scene"]["beside"]
    curves = [mark for mark in other["panels"][1]["marks"] if mark.get("follows") == "loss"]
    assert [array(curve["y"]).shape for curve in curves] == [(301,)] * 3
    assert other["panels"][0]["ground"] != header["scene"]["panels"][0]["ground"]
    assert header["scene"]["linked"] is False
    assert "Himmelblau" not in scene.caption and "Himmelblau" in scene.beside.caption
    assert [row[0] for row in results.cells(Race(APART))] == [
        f"{n} · {t}" for n in "AB" for t in ("SGD", "Nesterov", "Adam")
    ]


def test_a_map_on_half_a_page_is_taller() -> None:
    (x0, x1), (y0, y1) = race.background_of(TURNED).extent
    (a0, a1), (b0, b1) = race.background_of(changes.first()).extent
    assert (x1 - x0) / (y1 - y0) < (a1 - a0) / (b1 - b0)


def test_mini_batches_are_left_out_on_a_surface_without_data() -> None:
    data = changes.choose_noise(changes.choose_surface(changes.first(), "linear_regression"), "mini_batch")
    beside = changes.in_second(changes.set_beside(data, True), changes.choose_surface, "beale")
    assert second(beside).noise.key == "none" and beside.noise.key == "mini_batch"


def test_a_dense_rule_is_refused_on_a_surface_with_many_coordinates() -> None:
    newton = changes.set_beside(changes.add_racer(changes.first(), "newton"), True)
    many = changes.in_second(newton, changes.choose_surface, "ravine_nd")
    with pytest.raises(Refused, match="whole Hessian"):
        changes.in_second(many, changes.set_parameter, "surface", "dimension", 500)
    with pytest.raises(Refused, match="no race B"):
        changes.in_second(changes.first(), changes.set_rotation, 3)


def test_events_of_the_second_race_need_a_second_race() -> None:
    scene = race.scene(Race(APART))
    start = {"kind": "start", "x": 1, "y": 2, "beside": True}
    assert read(start, scene) == Event("start", point=(1.0, 2.0), beside=True) or "nan" in repr(read(start, scene))
    assert read(start, race.scene(Race(changes.first()))) is None
    assert read({"kind": "remove", "racer": "racer-0", "beside": True}, scene) is None
    slid = read({"kind": "parameter", "racer": "racer-0", "name": "learning_rate", "value": 0.1, "beside": True}, scene)
    assert slid is not None and slid.beside and slid.value == 0.1


def test_live_runs_of_the_second_race_are_those_of_that_race() -> None:
    other = second(APART)
    address = live.address(other)
    assert address.endswith("&live.halved=1")
    body = live.answer("start", query(other), {"x": "1", "y": "1", "halved": "1"})
    header, array = opened(body)
    scene = race.scene(Race(changes.in_second(APART, changes.set_start, 1.0, 1.0))).beside
    assert scene is not None
    np.testing.assert_allclose(array(header["losses"]), losses(scene), rtol=1e-9)
    lengths = [len(line_of(scene, card.id, "path").x) for card in scene.cards]
    assert [one["leaves"] + 1 for one in header["statuses"]] == lengths
