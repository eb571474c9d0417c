"""Live runs are the runs that the page would show after the drag."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from starlette.applications import Starlette

from app.common import addresses, racers
from app.common.racers import Choice, Refused
from app.common.stops import COUNT, stops
from app.player.scene import Runs, pack
from app.race import changes, link, live
from app.race import scene as race
from app.race.link import query
from app.race.runs import Race
from app.race.settings import Settings
from app.server import live_route
from optimizers import OPTIMIZERS
from surfaces import SURFACES
from surfaces.parameter import runs_of
from tests.app.asking import get
from tests.app.drawn import line_of, losses, positions
from tests.app.envelope import opened

SHORT = racers.set_steps(changes.first(), 120)


def ask(settings: Settings, what: str, **asked: str) -> Runs:
    return live._runs(settings, what, asked)


def same(runs: Runs, k: int, settings: Settings, index: int) -> None:
    """Check that run k of an answer equals the run of a racer in a scene, with the same card."""
    scene = race.scene(Race(settings))
    path, card = positions(scene)[index][runs.steps], scene.cards[index]
    np.testing.assert_allclose(runs.positions[k], path, rtol=1e-6, atol=1e-6 * np.abs(path).max())
    np.testing.assert_allclose(runs.losses[k], losses(scene)[index][runs.steps], rtol=1e-7, atol=1e-12)
    for word in ("status", "gone", "settled"):
        assert runs.statuses[k][word] == getattr(card, word), word
    for word, follows in (("leaves", "path"), ("last", "loss")):
        assert runs.statuses[k][word] + 1 == len(line_of(scene, card.id, follows).x), word
    assert card.why.startswith(runs.statuses[k]["why"])


@pytest.mark.parametrize(
    ("racer", "name"), [("racer-0", "learning_rate"), ("racer-1", "momentum"), ("racer-2", "beta1")]
)
def test_a_sweep_equals_its_single_runs(racer: str, name: str) -> None:
    runs = ask(SHORT, "sweep", racer=racer, name=name)
    spec = OPTIMIZERS[("sgd", "nesterov", "adam")[int(racer[-1])]].parameters()[name]
    np.testing.assert_array_equal(runs.values, stops(spec))
    assert (runs.values[0], runs.values[-1]) == (spec.low, spec.high)
    assert len(runs.values) == len(runs.positions) == len(runs.losses) == len(runs.statuses)
    for k in (0, 17, 50, 83, len(runs.values) - 1):
        same(runs, k, racers.set_racer(SHORT, racer, name, runs.values[k]), int(racer[-1]))


@pytest.mark.parametrize("key", [key for key in OPTIMIZERS if "learning_rate" in OPTIMIZERS[key].parameters()])
@pytest.mark.thinned(10)
def test_every_rule_can_be_swept(key: str) -> None:
    settings = changes.add_racer(racers.set_steps(Settings(), 40), key)
    runs = ask(settings, "sweep", racer="racer-0", name="learning_rate")
    same(runs, 60, racers.set_racer(settings, "racer-0", "learning_rate", runs.values[60]), 0)


def test_noise_and_schedule_are_those_of_the_race() -> None:
    settings = racers.set_seed(changes.choose_noise(racers.choose_schedule(SHORT, "cosine"), "isotropic"), 5)
    runs = ask(settings, "sweep", racer="racer-2", name="learning_rate")
    same(runs, 40, racers.set_racer(settings, "racer-2", "learning_rate", runs.values[40]), 2)


def test_a_sweep_does_not_depend_on_the_swept_value() -> None:
    other = racers.set_racer(SHORT, "racer-0", "learning_rate", 0.5)
    assert ask(SHORT, "sweep", racer="racer-0", name="learning_rate") is ask(
        other, "sweep", racer="racer-0", name="learning_rate"
    )


def test_sweeps_along_all_sliders_of_a_rule_share_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    blocks = live.runs.blocks

    def counted(settings: Settings, rule: Any, *rest: Any, **options: Any) -> Any:
        seen.append(runs_of(rule))
        return blocks(settings, rule, *rest, **options)

    monkeypatch.setattr(live.runs, "blocks", counted)
    short = racers.set_steps(SHORT, 7)
    for name, count in (("learning_rate", 99), ("beta1", 97)):
        assert len(ask(short, "sweep", racer="racer-2", name=name).values) == count
    wide = racers.set_racer(short, "racer-2", "learning_rate", 50.0)
    assert ask(wide, "sweep", racer="racer-2", name="learning_rate").values[-1] == 50
    assert set(seen) == {COUNT}


def test_a_typed_value_beyond_the_range_is_the_last_run_of_the_sweep() -> None:
    wide = racers.set_racer(SHORT, "racer-1", "momentum", 0.9995)
    runs = ask(wide, "sweep", racer="racer-1", name="momentum")
    assert runs.values[-1] == 0.9995
    same(runs, len(runs.values) - 1, wide, 1)


def test_the_name_of_a_sweep_changes_only_with_its_runs() -> None:
    def names(settings: Settings) -> dict[tuple[str, str], str]:
        scene = live.connected(race.scene(Race(settings)), Race(settings))
        assert scene.live == live.address(settings)
        return {(card.id, slider.name): slider.sweep for card in scene.cards for slider in card.sliders}

    plain = names(SHORT)
    assert list(plain) == [
        *(("racer-0", "learning_rate"), ("racer-1", "learning_rate"), ("racer-1", "momentum")),
        *(("racer-2", "learning_rate"), ("racer-2", "beta1")),
    ]
    assert len(set(plain.values())) == 5
    turned = names(racers.set_racer(SHORT, "racer-1", "learning_rate", 0.5))
    assert {key for key in plain if plain[key] != turned[key]} == {("racer-1", "momentum")}
    shown = racers.hide_racer(changes.change(SHORT, "picture", "surface"), "racer-0", True)
    assert names(shown) == plain
    left = names(racers.remove_racer(SHORT, "racer-0"))
    assert left == {key: name for key, name in plain.items() if key[0] != "racer-0"}
    for other in (racers.set_steps(SHORT, 121), changes.set_rotation(SHORT, 0), changes.set_beside(SHORT, True)):
        assert not set(names(other).values()) & set(plain.values())


def test_another_start_moves_all_racers() -> None:
    runs = ask(SHORT, "start", x="1.5", y="−0.5")
    for k in range(3):
        same(runs, k, changes.set_start(SHORT, 1.5, -0.5), k)


@pytest.mark.parametrize(("name", "value"), [("condition_number", "77"), ("rotation", "−40")])
def test_a_scene_is_that_of_the_race_with_the_slider_there(name: str, value: str) -> None:
    header, _ = opened(live.answer("scene", query(SHORT), {"name": name, "value": value}))
    changed = changes.slide(SHORT, name, value)
    assert changed != SHORT and link.parse(query(changed))[0] == changed
    whole, _ = opened(pack(live.connected(race.scene(Race(changed)), Race(changed))))
    assert header == whole and header["scene"]["live"] == live.address(changed)


def test_a_scene_can_change_the_race_beside() -> None:
    both = changes.set_beside(SHORT, True)
    header, _ = opened(live.answer("scene", query(both), {"name": "rotation", "value": "30", "beside": "1"}))
    rotations = [
        next(slider["value"] for slider in scene["sliders"] if slider["name"] == "rotation")
        for scene in (header["scene"], header["scene"]["beside"])
    ]
    assert rotations == [SHORT.rotation, 30]


def test_sliders_of_the_surface_are_live_where_the_race_is_small_and_no_program_is_compiled() -> None:
    def followed(settings: Settings) -> dict[str, bool]:
        return {slider.name: slider.live for slider in race.scene(Race(settings)).sliders}

    assert followed(SHORT) == {"condition_number": True, "rotation": True}
    many = changes.choose_surface(SHORT, "ravine_nd")
    assert followed(many) == {"dimension": False, "condition_number": True, "rotation": True}
    long = racers.set_steps(changes.first(), 20_000)
    assert not any(followed(long).values())
    with pytest.raises(Refused, match="too large to follow"):
        live.answer("scene", query(long), {"name": "rotation", "value": "1"})
    with pytest.raises(Refused, match="Unknown parameter of Ravine 'flavour'"):
        live.answer("scene", query(SHORT), {"name": "flavour", "value": "1"})


@pytest.mark.parametrize("key", SURFACES)
@pytest.mark.thinned(3)
def test_every_parameter_of_a_surface_has_a_slider_with_its_range(key: str) -> None:
    settings = dataclasses.replace(Settings(steps=2), surface=Choice(key))
    sliders = {slider.name: slider for slider in race.scene(Race(settings)).sliders}
    specs = SURFACES[key].parameters()
    assert list(sliders) == [*specs, "rotation"]
    for name, spec in specs.items():
        slider = sliders[name]
        assert (slider.low, slider.high) == (spec.low, spec.high) == (slider.stops[0], slider.stops[-1])
        assert slider.value == spec.default and slider.help == spec.doc
        for end in (spec.low, spec.high):
            changes.slide(settings, name, end)


def test_a_long_sweep_is_thinned_and_names_its_steps() -> None:
    long = racers.set_steps(changes.first(), 4000)
    runs = ask(long, "sweep", racer="racer-0", name="learning_rate")
    every = stops(OPTIMIZERS["sgd"].parameters()["learning_rate"])
    assert len(runs.values) == 41 and set(runs.values) < set(every)
    assert runs.positions.nbytes // 2 + runs.losses.nbytes <= live.MOST_BYTES * 1.01
    stride = runs.steps[1] - runs.steps[0]
    assert stride == 2 and runs.steps[-1] == 4000
    same(runs, 20, racers.set_racer(long, "racer-0", "learning_rate", runs.values[20]), 0)


@pytest.mark.parametrize(
    ("what", "asked", "why"),
    [
        ("ground", {"left": "0", "right": "1", "bottom": "0"}, "top of the window"),
        ("ground", {"left": "1", "right": "1", "bottom": "0", "top": "1"}, "cannot be drawn from 1 to 1"),
        ("sweep", {"racer": "racer-9", "name": "learning_rate"}, "no longer in the race"),
        ("sweep", {"racer": "racer-0", "name": "momentum"}, "no parameter 'momentum'"),
        ("sweep", {"racer": "racer-0"}, "no parameter ''"),
        ("start", {"x": "99", "y": "0"}, "must lie on the map"),
        ("start", {"x": "nan", "y": "0"}, "finite"),
        ("start", {}, "must be a number"),
        ("weather", {}, "There is no request"),
    ],
)
def test_an_impossible_request_for_runs_is_refused_with_a_sentence(what: str, asked: dict[str, str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        live.answer(what, dict(query(SHORT)), asked)


def test_the_ground_of_a_window_has_the_losses_of_the_surface_there() -> None:
    settings = dataclasses.replace(SHORT, surface=Choice("rosenbrock"), rotation=20.0)
    window = {"left": "-0.31", "right": "-0.29", "bottom": "0.04", "top": "0.05"}
    header, array = opened(live.answer("ground", dict(query(settings)), window))
    (x0, dx, columns), (y0, dy, rows) = header["x"]["range"], header["y"]["range"]
    x, y = x0 + dx * np.arange(columns), y0 + dy * np.arange(rows)
    # the window is inside, with a margin of less than its size
    assert -0.33 < x[0] < -0.31 and -0.29 < x[-1] < -0.27 and 0.03 < y[0] < 0.04 and 0.05 < y[-1] < 0.06
    heights, surface = array(header["z"]), settings.built_surface()
    scale = race.background_of(settings).levels
    for j, i in ((0, 0), (7, 300), (rows - 1, columns - 1)):
        assert heights[j, i] == pytest.approx(scale.height(float(surface(np.array([x[i], y[j]])))), rel=1e-4)


def test_the_route_sends_the_same_bytes() -> None:
    app: Any = Starlette(routes=live_route.routes())
    address = live.address(SHORT).replace(addresses.WHAT, "sweep")
    path, _, spelled = address.partition("?")
    assert spelled == urlencode(query(SHORT), doseq=True)
    status, headers, body = get(path, app, query=f"{spelled}&live.racer=racer-0&live.name=learning_rate")
    assert status == 200 and headers["cache-control"] == "no-store"
    header, array = opened(body)
    runs = ask(SHORT, "sweep", racer="racer-0", name="learning_rate")
    np.testing.assert_array_equal(array(header["values"]), runs.values)
    np.testing.assert_allclose(array(header["positions"]), runs.positions, rtol=1e-6, atol=1e-30)
    np.testing.assert_array_equal(array(header["losses"]), runs.losses)
    assert [one["status"] for one in header["statuses"]] == [one["status"] for one in runs.statuses]
    status, _, body = get(path, app, query=f"{spelled}&live.racer=nobody&live.name=learning_rate")
    assert status == 400 and b"no longer in the race" in body


def test_the_route_does_not_import_jax() -> None:
    """The server answers before JAX is imported, so the module of the route must not import it."""
    module = importlib.import_module("app.server.live_route")
    assert not {"jax", "race", "live", "optimizers"} & set(vars(module))
