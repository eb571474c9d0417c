"""The settings of a race: changes, links, and the treatment of invalid values."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as bounded

from app.common import racers
from app.common.link import VERSION
from app.common.racers import MAX_RACERS, Choice, Refused
from app.figures.map import extent
from app.race import changes, link, presets
from app.race.link import parse, query
from app.race.settings import MOST_STEPS, Settings
from optimizers import NOISES, OPTIMIZERS, SCHEDULES
from surfaces import SURFACES, Parameter

REPEATABLE = bounded(max_examples=40, deadline=None, derandomize=True)
REGISTRIES = {"surface": SURFACES, "schedule": SCHEDULES, "noise": NOISES}


def _value(draw: Any, spec: Parameter) -> Any:
    """Any value that the page allows for a parameter, including the ends of its range."""
    if spec.choices:
        return draw(st.sampled_from(spec.choices))
    if spec.integer:
        return draw(st.integers(int(spec.low), int(spec.high)))
    return draw(st.sampled_from([spec.low, spec.high, spec.default]) | st.floats(spec.low, spec.high))


def _set(settings: Settings, part: str, name: str, value: Any) -> Settings:
    if part == "schedule":
        return racers.set_schedule(settings, name, value)
    return changes.set_parameter(settings, part, name, value)


@st.composite
def races(draw: Any) -> Settings:
    """Settings that result from changes, some of which are refused."""
    settings = changes.choose_surface(Settings(), draw(st.sampled_from(list(SURFACES))))
    if draw(st.booleans()):
        settings = changes.set_rotation(settings, draw(st.floats(-90, 90) | st.sampled_from([0.0, -90.0, 18.0])))
    settings = racers.set_steps(settings, draw(st.integers(1, MOST_STEPS)))
    settings = racers.set_seed(settings, draw(st.integers(0, 2**31 - 1)))
    settings = racers.choose_schedule(settings, draw(st.sampled_from(list(SCHEDULES))))
    with contextlib.suppress(Refused):
        settings = changes.choose_noise(settings, draw(st.sampled_from(list(NOISES))))
    for part, registry in REGISTRIES.items():
        specs = registry[getattr(settings, part).key].parameters()
        for name in draw(st.lists(st.sampled_from(sorted(specs)), max_size=4)) if specs else ():
            with contextlib.suppress(Refused):
                settings = _set(settings, part, name, _value(draw, specs[name]))
    for key in draw(st.lists(st.sampled_from(list(OPTIMIZERS)), max_size=6)):
        settings = changes.add_racer(settings, key)
        racer = settings.racers[-1]
        specs = OPTIMIZERS[key].parameters()
        for name in draw(st.lists(st.sampled_from(sorted(specs)), max_size=3)):
            with contextlib.suppress(Refused):
                settings = racers.set_racer(settings, racer.id, name, _value(draw, specs[name]))
        settings = racers.hide_racer(settings, racer.id, draw(st.booleans()))
        if draw(st.integers(0, 3)) == 0:
            settings = racers.remove_racer(settings, draw(st.sampled_from(settings.racers)).id)
    if draw(st.booleans()):
        (x0, x1), (y0, y1) = extent(settings.built_surface())
        settings = changes.set_start(settings, draw(st.floats(x0, x1)), draw(st.floats(y0, y1)))
    return settings


@REPEATABLE
@given(races())
def test_a_link_restores_every_setting(settings: Settings) -> None:
    spelled = query(settings)
    assert parse(spelled) == (settings, [])
    assert spelled["v"] == [VERSION]
    assert all(isinstance(v, str) and v.isascii() and not set(v) & set(" &#%") for vs in spelled.values() for v in vs)
    assert not any("nan" in v or "inf" in v for vs in spelled.values() for v in vs)


def test_colours_survive_a_link_when_racers_have_changed_places() -> None:
    """Slots 2 and 1: the second racer must keep its slot although it equals its position."""
    settings = changes.first()
    for gone, key in (("racer-0", "sgd"), ("racer-1", "adam")):
        settings = changes.add_racer(racers.remove_racer(settings, gone), key)
    settings = racers.remove_racer(settings, "racer-0")
    assert [r.slot for r in settings.racers] == [2, 1]
    assert parse(query(settings)) == (settings, [])


def test_a_surface_is_restored_whatever_the_order_in_which_it_was_set() -> None:
    """A basin that vanishes while the link is read exists at its end."""
    settings = changes.choose_surface(Settings(), "sharp_and_flat")
    for name, value in (
        *(("distance", 4), ("flat_curvature", 0.1), ("flat_depth", 0.7)),
        *(("sharp_depth", 2), ("flat_depth", 2)),
    ):
        settings = changes.set_parameter(settings, "surface", name, value)
    assert parse(query(settings)) == (settings, [])


def test_a_link_without_surface_and_racers_is_the_plain_race() -> None:
    settings, notices = parse({"v": ["1"]})
    assert notices == [] and settings == changes.first()
    assert [r.rule.key for r in settings.racers] == ["sgd", "nesterov", "adam"]
    assert settings.surface.key == "quadratic_ravine"


# Invalid values: each is dropped with a sentence that names it, and all others are kept.

GOOD = {
    "v": ["1"],
    "surface": ["rosenbrock"],
    "surface.steepness": ["30"],
    "rotation": ["20"],
    "start": ["-1.25,1.5"],
    "steps": ["250"],
    "schedule": ["cosine"],
    "schedule.horizon": ["150"],
    "noise": ["isotropic"],
    "noise.scale": ["0.25"],
    "seed": ["7"],
    "racer": ["adam:learning_rate=0.05,beta1=0.8", "sgd:learning_rate=0.001,hidden=1"],
}
KEPT, _ = parse(GOOD)
PLAIN = Settings()


def _without(**changes: Any) -> Settings:
    return dataclasses.replace(KEPT, **changes)


def test_the_valid_link_is_read_without_notices() -> None:
    settings, notices = parse(GOOD)
    assert notices == []
    assert settings.surface == Choice("rosenbrock", (("steepness", 30.0),))
    assert (settings.rotation, settings.start, settings.steps, settings.seed) == (20.0, (-1.25, 1.5), 250, 7)
    assert settings.schedule == Choice("cosine", (("horizon", 150.0),))
    assert settings.noise == Choice("isotropic", (("scale", 0.25),))
    adam, sgd = settings.racers
    assert dict(adam.rule.values) == {"learning_rate": 0.05, "beta1": 0.8} and not adam.hidden
    assert dict(sgd.rule.values) == {"learning_rate": 0.001} and sgd.hidden


TURNED = SURFACES["rosenbrock"].default_rotation
ENDS = Choice("cosine", (("horizon", 250.0),))  # with the run
NUMBERS = ("nan", "inf", "-Infinity", "1e999", "", "ten", "0.1.2", "0x10", "<script>")
BAD = [
    *[("steps", v, "steps", {"steps": PLAIN.steps}) for v in (*NUMBERS, "1000000", "0", "-5", "2.5", "20001")],
    *[("seed", v, "seed", {"seed": 0}) for v in (*NUMBERS, "-1", "0.5", "2147483648")],
    *[("rotation", v, "rotation", {"rotation": TURNED}) for v in (*NUMBERS, "91", "-1e9")],
    *[("start", v, "start", {"start": None}) for v in ("1", "", "nan,0", "0,inf", "a,b", "1,2,3", "40,0", "0,-1e300")],
    *[("surface.steepness", v, "steepness", {"surface": Choice("rosenbrock")}) for v in (*NUMBERS, "0", "1001", "-3")],
    *[("schedule.horizon", v, "horizon", {"schedule": ENDS}) for v in (*NUMBERS, "0", "1e6")],
    *[("noise.scale", v, "scale", {"noise": Choice("isotropic")}) for v in (*NUMBERS, "-0.1", "11")],
    ("surface.depth", "3", "depth", {}),
    ("schedule.drop", "0.5", "drop", {}),
    ("noise.distribution", "cauchy", "normal, uniform", {}),
    ("colour", "red", "colour", {}),
    ("surface.", "1", "steepness", {}),
]


@pytest.mark.parametrize(("key", "value", "said", "lost"), BAD, ids=[f"{k}={v}" for k, v, *_ in BAD])
def test_an_invalid_value_is_dropped_with_a_sentence_and_the_others_are_kept(
    key: str, value: str, said: str, lost: dict[str, Any]
) -> None:
    settings, notices = parse({**GOOD, key: [value]})
    assert len(notices) == 1
    assert notices[0].startswith("Dropped from the link: ") and said in notices[0] and notices[0].endswith(".")
    assert settings == _without(**lost)


@pytest.mark.parametrize("name", ["himmelblaw", "", "__class__", "Rosenbrock"])
def test_the_notice_on_an_unknown_surface_lists_the_known_ones(name: str) -> None:
    given = {k: v for k, v in GOOD.items() if k not in ("surface.steepness", "start")} | {"surface": [name]}
    settings, notices = parse(given)
    (notice,) = notices
    assert repr(name) in notice and all(key in notice for key in SURFACES)
    assert settings == _without(surface=PLAIN.surface, start=None)


@pytest.mark.parametrize("part", ["schedule", "noise"])
def test_the_notice_on_an_unknown_schedule_or_noise_lists_the_known_ones(part: str) -> None:
    given = {k: v for k, v in GOOD.items() if not k.startswith(f"{part}.")} | {part: ["sawtooth"]}
    settings, notices = parse(given)
    (notice,) = notices
    assert "'sawtooth'" in notice and all(key in notice for key in REGISTRIES[part])
    assert settings == _without(**{part: getattr(PLAIN, part)})


def test_an_unknown_optimizer_is_dropped_and_the_others_race() -> None:
    settings, notices = parse({**GOOD, "racer": ["adma:learning_rate=0.05", *GOOD["racer"]]})
    (notice,) = notices
    assert "'adma'" in notice and "adam" in notice
    assert settings == KEPT


RACER_BAD = [
    ("learning_rate=nan", "learning_rate"),
    ("learning_rate=inf", "learning_rate"),
    ("learning_rate=-0.1", "learning_rate"),
    ("learning_rate=fast", "fast"),
    ("learning_rate", "learning_rate"),
    ("beta1=1", "beta1"),
    ("momentum=0.9", "momentum"),
    ("slot=-1", "slot"),
    ("slot=16", "slot"),
    ("slot=1.5", "slot"),
    ("slot=red", "slot"),
]


@pytest.mark.parametrize(("item", "said"), RACER_BAD, ids=[i for i, _ in RACER_BAD])
def test_a_bad_parameter_of_a_racer_is_dropped_and_the_others_kept(item: str, said: str) -> None:
    settings, notices = parse({**GOOD, "racer": [f"adam:beta2=0.99,{item},epsilon=1e-6"]})
    (notice,) = notices
    assert "racer adam" in notice and said in notice and notice.endswith(".")
    values = dict(settings.racers[0].rule.values)
    assert (
        values.pop("learning_rate") == dict(changes.add_racer(settings, "adam").racers[-1].rule.values)["learning_rate"]
    )
    assert values == {"beta2": 0.99, "epsilon": 1e-6}
    assert dataclasses.replace(settings, racers=()) == dataclasses.replace(KEPT, racers=())


def test_the_second_racer_in_a_slot_gets_another_slot() -> None:
    settings, notices = parse({**GOOD, "racer": ["adam:slot=3", "sgd:slot=3"]})
    assert len(notices) == 1 and "slot" in notices[0]
    assert settings.racers[0].slot == 3 and settings.racers[1].slot != 3


def test_more_racers_than_a_race_has_are_dropped() -> None:
    settings, notices = parse({**GOOD, "racer": ["sgd"] * (MAX_RACERS + 2)})
    assert len(settings.racers) == MAX_RACERS == len({r.slot for r in settings.racers})
    assert len(notices) == 1 and str(MAX_RACERS) in notices[0]  # once for all


def test_a_link_of_another_version_is_read_with_a_notice() -> None:
    settings, notices = parse({**GOOD, "v": ["2"]})
    assert settings == KEPT
    assert len(notices) == 1 and "'2'" in notices[0] and "version 1" in notices[0]


def test_mini_batches_need_data() -> None:
    given = {k: v for k, v in GOOD.items() if not k.startswith("noise")} | {"noise": ["mini_batch"]}
    settings, notices = parse(given)
    assert len(notices) == 1 and "no data" in notices[0]
    assert settings == _without(noise=PLAIN.noise)


def test_parameters_that_remove_a_basin_are_refused() -> None:
    given = {"surface": ["sharp_and_flat"], "surface.distance": ["1"], "surface.flat_curvature": ["0.1"]}
    # the left parabola reaches h₂d²/2 = 0.05 at the right minimum: any greater depth of its own swallows it
    settings, notices = parse({**given, "surface.flat_depth": ["1"]})
    assert len(notices) == 1 and "swallows" in notices[0]
    assert dict(settings.surface.values) == {"distance": 1.0, "flat_curvature": 0.1}


@REPEATABLE
@given(
    st.dictionaries(
        st.sampled_from(sorted(GOOD)) | st.text(max_size=8),
        st.lists(
            st.sampled_from([v for vs in GOOD.values() for v in vs]) | st.text(max_size=12), min_size=1, max_size=3
        ),
        max_size=6,
    )
)
def test_settings_read_from_any_link_can_be_written_again(given_: dict[str, list[str]]) -> None:
    settings, notices = parse(given_)
    assert parse(query(settings)) == (settings, [])
    assert all(notice.endswith((".", "?")) for notice in notices)


# Changes.


def _rates(settings: Settings) -> dict[str, float]:
    return {r.rule.key: float(r.rule.get("learning_rate", math.nan)) for r in settings.racers}


def test_rates_start_at_what_the_surface_suggests() -> None:
    """Ravine, κ = 30: 0.5/30 = 0.01666… to two digits. Adam: 1 % of the width of the unrotated domain, 2 · 3.4."""
    assert changes.first().rotation == 18
    assert _rates(changes.first()) == {"sgd": 0.017, "nesterov": 0.017, "adam": 0.068}


def test_another_surface_resets_learning_rates_and_start() -> None:
    settings = changes.set_start(racers.set_racer(changes.first(), "racer-0", "learning_rate", 0.5), 0.25, 0.5)
    other = changes.choose_surface(settings, "himmelblau")
    assert other.start is None
    # the Hessian at the start is the lower bound of a range that reaches beyond: only that it was recomputed
    assert _rates(other)["sgd"] not in (0.5, 0.017)
    # Himmelblau, domain ±5.5 by ±5.0 under 18°: the box round the turned ellipse is 2·hypot(5.5 cos, 5 sin) wide
    width = 2 * math.hypot(5.5 * math.cos(math.radians(18)), 5.0 * math.sin(math.radians(18)))
    assert _rates(other)["adam"] == pytest.approx(0.01 * width, rel=0.05)
    back = changes.choose_surface(other, "quadratic_ravine")
    assert _rates(back) == _rates(changes.first())
    assert (back.rotation, back.steps, back.seed) == (settings.rotation, settings.steps, settings.seed)


def test_sliders_rotation_and_start_do_not_change_learning_rates() -> None:
    settings = changes.first()
    for moved in (
        changes.set_parameter(settings, "surface", "condition_number", 1000),
        changes.set_rotation(settings, 45),
        changes.set_start(settings, 1, 1),
        racers.set_steps(settings, 17),
        racers.set_seed(settings, 3),
        racers.choose_schedule(settings, "cosine"),
        racers.set_racer(settings, "racer-1", "momentum", 0.5),
    ):
        assert moved != settings
        assert _rates(moved) == _rates(settings)


def test_a_racer_added_later_gets_a_rate_for_the_current_surface() -> None:
    steep = changes.set_parameter(changes.first(), "surface", "condition_number", 1000)
    assert dict(changes.add_racer(steep, "sgd").racers[-1].rule.values)["learning_rate"] == 0.0005  # 0.5/1000


def test_a_duplicate_has_the_same_rule_in_another_slot() -> None:
    settings = racers.set_racer(changes.first(), "racer-2", "learning_rate", 0.01)
    twice = racers.duplicate_racer(settings, "racer-2")
    assert twice.racers[:3] == settings.racers
    assert twice.racers[3].rule == settings.racers[2].rule and twice.racers[3].slot == 3
    apart = racers.set_racer(twice, twice.racers[3].id, "learning_rate", 0.1)
    assert apart.racers[2] == settings.racers[2]


def test_slots_stay_when_a_racer_leaves_and_the_free_one_is_taken_next() -> None:
    settings = racers.remove_racer(changes.first(), "racer-1")
    assert [r.slot for r in settings.racers] == [0, 2]
    assert [r.slot for r in changes.add_racer(settings, "adamw").racers] == [0, 2, 1]


def test_hiding_changes_one_flag() -> None:
    settings = changes.first()
    hidden = racers.hide_racer(settings, "racer-1", True)
    assert [r.hidden for r in hidden.racers] == [False, True, False]
    assert racers.hide_racer(hidden, "racer-1", False) == settings


@pytest.mark.parametrize("act", [racers.remove_racer, racers.duplicate_racer])
def test_a_racer_that_has_left_cannot_be_changed(act: Any) -> None:
    with pytest.raises(Refused, match="no longer in the race"):
        act(changes.first(), "racer-9")


def test_a_race_has_a_largest_number_of_racers() -> None:
    settings = changes.first()
    while len(settings.racers) < MAX_RACERS:
        settings = changes.add_racer(settings, "sgd")
    with pytest.raises(Refused, match=f"at most {MAX_RACERS}"):
        changes.add_racer(settings, "sgd")
    with pytest.raises(Refused, match=f"at most {MAX_RACERS}"):
        racers.duplicate_racer(settings, "racer-0")


def test_a_start_outside_the_changed_surface_is_reset() -> None:
    """The best intercept decreases by slope · offset, and the map moves with it."""
    settings = changes.choose_surface(Settings(), "linear_regression")
    settings = changes.set_parameter(settings, "surface", "offset", 5)
    settings = changes.set_start(settings, *settings.built_start())
    assert changes.set_parameter(settings, "surface", "offset", 4.99).start == settings.start
    assert changes.set_parameter(settings, "surface", "offset", -5).start is None


def test_a_link_restores_a_horizon() -> None:
    """300 is also the default number of steps, with which the horizon changes."""
    settings = racers.choose_schedule(racers.set_steps(Settings(), 200), "cosine")
    settings = racers.set_schedule(settings, "horizon", 300)
    assert parse(query(settings)) == (settings, [])


def test_a_surface_without_data_ends_mini_batches() -> None:
    settings = changes.choose_noise(changes.choose_surface(Settings(), "linear_regression"), "mini_batch")
    assert settings.noise.key == "mini_batch"
    assert changes.choose_surface(settings, "rosenbrock").noise.key == "none"


@pytest.mark.parametrize("key", SURFACES)
def test_the_limits_named_in_a_refusal_are_allowed(key: str) -> None:
    settings = changes.choose_surface(Settings(), key)
    (x0, x1), (y0, _y1) = extent(settings.built_surface())
    assert changes.set_start(settings, x1, y0).start == (x1, y0)
    with pytest.raises(Refused, match="must lie on the map"):
        changes.set_start(settings, x1 + 0.1 * (x1 - x0), y0)
    assert changes.set_start(settings, *settings.built_start()[:2]).built_start() == settings.built_start()
    for spec in SURFACES[key].parameters().values():
        for value in (spec.low, spec.high):
            with contextlib.suppress(Refused):  # a basin that does not exist
                assert changes.set_parameter(settings, "surface", spec.name, value).surface.get(spec.name, 0) == value
        with pytest.raises(Refused, match=spec.name):
            changes.set_parameter(settings, "surface", spec.name, spec.high * 2 + 1)


DECLARED = [
    (registry[key], spec)
    for registry in (SURFACES, OPTIMIZERS, SCHEDULES, NOISES)
    for key in registry
    for spec in registry[key].parameters().values()
]


@pytest.mark.parametrize(("cls", "spec"), DECLARED, ids=[f"{c.__name__}.{p.name}" for c, p in DECLARED])
def test_a_default_can_be_set_again(cls: Any, spec: Parameter) -> None:
    """A slider that was moved away from its default can be moved back."""
    assert racers.checked(cls, spec.name, spec.default) == spec.default


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.05", 0.05),
        (" 1e-3 ", 1e-3),
        ("−2", -2.0),
        ("+3", 3.0),
        ("1_000", 1000.0),
        ("4.07·10⁻⁵", 4.07e-5),
        ("−10⁻⁸", -1e-8),
        ("1,234.5", 1234.5),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float) -> None:
    assert racers.number(text, "x") == value


def test_picture_and_heights_are_in_the_link_only_if_they_are_set() -> None:
    plain = changes.first()
    assert "picture" not in link.query(plain) and "heights" not in link.query(plain)
    set_ = changes.change(changes.change(plain, "picture", "surface"), "heights", "linear")
    assert link.query(set_)["picture"] == ["surface"] and link.query(set_)["heights"] == ["linear"]
    assert link.parse(link.query(set_)) == (set_, [])
    given = {"picture": ["hologram"], "heights": ["square"]}
    settings, notices = link.parse(given)
    assert settings.picture == "map" and settings.heights == ""
    assert len(notices) == 2 and "'hologram'" in notices[0] and "'square'" in notices[1]


def test_a_start_may_be_typed_with_the_minus_sign_of_the_page() -> None:
    """The preset's sentence says: set the start to −1.8, 0."""
    saddle = presets.preset("saddle")
    assert "−1.8, 0" in presets.PRESETS["saddle"].about
    for typed in ("−1.8, 0", "-1.8, 0"):
        assert changes.choose_start(saddle, typed).start == (-1.8, 0.0)
