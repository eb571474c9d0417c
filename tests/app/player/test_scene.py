"""The envelope that a scene travels in, opened by other means, and what comes back from a browser."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app.player import Board, Card, Event, Scene, Slider, Slot, pack, pack_board, read
from app.player.scene import KINDS
from tests.app.envelope import opened

ETA = Slider("learning_rate", "η", "learning rate", 0.1, np.array([1e-6, 1e-3, 0.3, 10.0]), "abc")
STEPS = 5


def _scene(**changes: Any) -> Scene:
    rng = np.random.default_rng(0)
    scene = Scene(
        map={"data": [{"type": "contour", "z": rng.normal(size=(3, 4)), "x": np.arange(4)}], "layout": {"a": math.nan}},
        curve={"data": [], "ranges": {"log": [np.float64(-1.5), 2.0]}, "title": "loss"},
        styles={"light": {"ink": "#000"}, "dark": {"ink": "#fff"}},
        cards=(Card("one", "One", "#d55e00", sliders=(ETA,)), Card("two", "Zwei ½", "#0072b2", gone=True, last=2)),
        positions=rng.normal(size=(2, STEPS + 1, 2)),
        losses=np.where(np.arange(2 * (STEPS + 1)).reshape(2, -1) == 10, np.nan, 1e300),
        start=(0.5, -1.0),
        window=((-1.0, 1.0), (-2.0, 2.0)),
        choices=(("adam", "Adam"), ("sgd", "SGD")),
        caption="η = 0.1 · seed 0",
    )
    return dataclasses.replace(scene, **changes)


def test_a_scene_comes_out_of_its_envelope_as_it_went_in() -> None:
    scene = _scene()
    header, array = opened(pack(scene))
    np.testing.assert_array_equal(array(header["positions"]), scene.positions.astype(np.float32))
    np.testing.assert_array_equal(array(header["losses"]), scene.losses)
    assert array(header["losses"]).dtype == np.float64 and array(header["positions"]).dtype == np.float32
    contour = header["map"]["data"][0]
    np.testing.assert_array_equal(array(contour["z"]), scene.map["data"][0]["z"].astype(np.float32))
    np.testing.assert_array_equal(array(contour["x"]), [0, 1, 2, 3])
    assert header["map"]["layout"] == {"a": None}  # what JSON cannot carry
    assert header["curve"]["ranges"] == {"log": [-1.5, 2.0]}
    assert [c["id"] for c in header["cards"]] == ["one", "two"] and header["cards"][1]["title"] == "Zwei ½"
    (slider,) = header["cards"][0]["sliders"]
    np.testing.assert_array_equal(array(slider.pop("stops")), ETA.stops)
    names = {"name": "learning_rate", "symbol": "η", "label": "learning rate"}
    assert slider == {**names, "value": 0.1, "sweep": "abc"}
    assert header["start"] == [0.5, -1.0] and header["window"] == [[-1.0, 1.0], [-2.0, 2.0]]
    assert header["choices"] == [["adam", "Adam"], ["sgd", "SGD"]] and header["caption"] == scene.caption


def test_no_racers_is_a_scene_too() -> None:
    header, array = opened(pack(_scene(cards=(), positions=np.zeros((0, 6, 2)), losses=np.zeros((0, 6)))))
    assert array(header["positions"]).shape == (0, 6, 2)


def test_positions_beyond_float32_become_infinite_and_not_wrong() -> None:
    far = np.zeros((2, STEPS + 1, 2))
    far[1, 3] = [1e200, -1e200]
    header, array = opened(pack(_scene(positions=far)))
    np.testing.assert_array_equal(array(header["positions"])[1, 3], [np.inf, -np.inf])


def test_the_figures_are_named_by_what_they_show() -> None:
    """The browser draws a figure anew when its name changes, and only then."""
    name = {k: opened(pack(v))[0] for k, v in {"one": _scene(), "same": _scene()}.items()}
    assert name["one"]["map_id"] == name["same"]["map_id"]
    moved, _ = opened(pack(_scene(positions=np.ones((2, STEPS + 1, 2)), losses=np.ones((2, STEPS + 1)))))
    assert (moved["map_id"], moved["curve_id"]) == (name["one"]["map_id"], name["one"]["curve_id"])
    z = np.random.default_rng(0).normal(size=(3, 4))
    z[1, 1] += 1e-3
    other, _ = opened(pack(_scene(map={**_scene().map, "data": [{"type": "contour", "z": z, "x": np.arange(4)}]})))
    assert other["map_id"] != name["one"]["map_id"] and other["curve_id"] == name["one"]["curve_id"]
    longer, _ = opened(pack(_scene(curve={**_scene().curve, "ranges": {"log": [-2.0, 2.0]}})))
    assert longer["curve_id"] != name["one"]["curve_id"] and longer["map_id"] == name["one"]["map_id"]


def test_a_scene_refuses_what_does_not_fit_together() -> None:
    with pytest.raises(ValueError, match="positions must have shape"):
        _scene(positions=np.zeros((3, 6, 2)))
    with pytest.raises(ValueError, match="losses must have shape"):
        _scene(losses=np.zeros((2, 5)))
    with pytest.raises(ValueError, match="ids of their own"):
        _scene(cards=(Card("one", "One", "#000"),) * 2)
    with pytest.raises(TypeError, match="got object"):
        pack(_scene(map={"data": [object()]}))


@pytest.mark.parametrize("stops", [[1.0], [1.0, 1.0], [0.0, 2.0, 1.0], [[0.0, 1.0]], [0.0, math.nan]], ids=str)
def test_a_slider_refuses_stops_that_do_not_ascend(stops: Any) -> None:
    with pytest.raises(ValueError, match="stops of learning_rate must be two numbers or more, ascending"):
        dataclasses.replace(ETA, stops=np.array(stops))


@pytest.mark.parametrize("changes", [{"dash": "wavy"}, {"shape": "heart"}])
def test_a_card_refuses_marks_that_the_player_cannot_draw(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        Card("a", "A", "#000", **changes)


# What comes back.

GOOD = [
    ({"kind": "start", "x": 1, "y": -2.5}, Event("start", point=(1.0, -2.5))),
    (
        {"kind": "parameter", "racer": "one", "name": "learning_rate", "value": 0.5},
        Event("parameter", racer="one", name="learning_rate", value=0.5),
    ),
    ({"kind": "add", "name": "adam"}, Event("add", name="adam")),
    ({"kind": "remove", "racer": "two"}, Event("remove", racer="two")),
    ({"kind": "duplicate", "racer": "one"}, Event("duplicate", racer="one")),
    ({"kind": "explain", "racer": "one"}, Event("explain", racer="one")),
    ({"kind": "axis", "name": "evaluations"}, Event("axis", name="evaluations")),
    ({"kind": "picture", "name": "surface"}, Event("picture", name="surface")),
    ({"kind": "heights", "name": "linear"}, Event("heights", name="linear")),
    ({"kind": "beside", "name": "apart"}, Event("beside", name="apart")),
    ({"kind": "inspect", "racer": "two"}, Event("inspect", racer="two")),
    ({"kind": "hide", "racer": "two", "hidden": True}, Event("hide", racer="two", hidden=True)),
]


@pytest.mark.parametrize(("message", "event"), GOOD, ids=[m["kind"] for m, _ in GOOD])
def test_each_kind_of_event_is_read(message: dict[str, Any], event: Event) -> None:
    assert repr(read({**message, "extra": 1}, _scene())) == repr(event)  # by repr: NaN fields equal each other there


def test_every_kind_is_tried_above() -> None:
    assert {m["kind"] for m, _ in GOOD} == set(KINDS) - {"view", "option", "poll"}  # those are a board's


MALFORMED: list[Any] = [
    *(None, 3, "start", [], {}, {"kind": None}, {"kind": "boom"}, {"kind": ["start"]}, {"kind": "start"}),
    *({"kind": "start", "x": v, "y": 0} for v in (math.nan, math.inf, -math.inf, "1", True, None, [1], 10**400)),
    *(
        {"kind": k, "racer": r}
        for k in ("remove", "duplicate", "explain", "inspect")
        for r in ("three", None, 0, ["one"])
    ),
    *({"kind": "axis", "name": v} for v in ("hours", None, 1, ["steps"])),
    *({"kind": "hide", "racer": "one", "hidden": v} for v in (1, "true", None)),
    *({"kind": "add", "name": v} for v in ("adma", None, 1, ["adam"], {"adam": 1})),
    *(
        {"kind": "parameter", "racer": "one", "name": "learning_rate", "value": v}
        for v in (11, -1, 0, math.nan, "0.5", True, None)
    ),
    {"kind": "parameter", "racer": "one", "name": "beta1", "value": 0.5},
    {"kind": "parameter", "racer": "two", "name": "learning_rate", "value": 0.5},
]


@pytest.mark.parametrize("message", MALFORMED, ids=str)
def test_a_malformed_event_is_dropped(message: Any) -> None:
    assert read(message, _scene()) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
WORDS = st.sampled_from(["one", "two", "learning_rate", "adam", *KINDS])


@bounded(max_examples=300, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(KINDS) | JSON,
            "racer": WORDS | JSON,
            "name": WORDS | JSON,
            "value": st.floats(0, 20) | JSON,
            "x": st.floats() | JSON,
            "y": st.floats() | JSON,
            "hidden": st.booleans() | JSON,
        },
    )
)
def test_whatever_a_browser_sends_an_event_names_only_what_the_scene_has(message: dict[str, Any]) -> None:
    scene = _scene()
    event = read(message, scene)
    if event is None:
        return
    assert event.kind == message["kind"]
    if event.kind == "start":
        assert all(math.isfinite(v) for v in event.point)
    elif event.kind == "add":
        assert event.name in dict(scene.choices)
    else:
        (card,) = [c for c in scene.cards if c.id == event.racer]
        if event.kind == "parameter":
            (slider,) = [s for s in card.sliders if s.name == event.name]
            assert slider.low <= event.value <= slider.high


def _board(**panel: Any) -> Board:
    options = {"name": "plane", "value": "a", "choices": [("a", "A"), ("b", "B")]}
    first = Slot("loss", (("loss", "Loss"), ("dead", "Dead units")), {"type": "chart", **panel})
    second = Slot("landscape", (("landscape", "Landscape"),), {"type": "plane", "options": options})
    return Board((first, second), {"light": {}, "dark": {}}, (Card("one", "One", "#d55e00"),), steps=9)


def test_a_board_travels_with_bytes_as_bytes() -> None:
    frames = np.arange(24, dtype=np.uint8).reshape(2, 12)
    header, array = opened(pack_board(_board(frames=frames, y=np.array([1.0, math.inf])), "No."))
    assert header["steps"] == 9 and header["refusal"] == "No."
    slot = header["slots"][0]
    entry = header["arrays"][slot["panel"]["frames"]["array"]]
    assert entry["dtype"] == "u1" and entry["shape"] == [2, 12]
    np.testing.assert_array_equal(array(slot["panel"]["frames"]), frames)
    assert array(slot["panel"]["y"])[1] == math.inf


def test_a_slot_changes_its_name_with_its_panel_alone() -> None:
    one, other = (opened(pack_board(_board(y=np.ones(3) * k)))[0]["slots"] for k in (1, 2))
    assert one[0]["id"] != other[0]["id"] and one[1]["id"] == other[1]["id"]


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"kind": "view", "slot": 0, "name": "dead"}, Event("view", name="dead", slot=0)),
        ({"kind": "view", "slot": 1, "name": "dead"}, None),
        ({"kind": "view", "slot": 2, "name": "dead"}, None),
        ({"kind": "view", "slot": True, "name": "dead"}, None),
        ({"kind": "view", "slot": 0}, None),
        ({"kind": "option", "slot": 1, "name": "b"}, Event("option", name="b", slot=1)),
        ({"kind": "option", "slot": 0, "name": "b"}, None),
        ({"kind": "hide", "racer": "one", "hidden": True}, Event("hide", racer="one", hidden=True)),
    ],
)
def test_what_a_browser_says_of_a_board_is_checked(message: Any, event: Event | None) -> None:
    assert read(message, _board()) == event


def test_a_race_has_no_slots() -> None:
    assert read({"kind": "view", "slot": 0, "name": "dead"}, _scene()) is None


def test_news_are_asked_for_while_there_may_be_any() -> None:
    grows = dataclasses.replace(_board(), busy=True)
    assert read({"kind": "poll"}, grows) == Event("poll")
    assert read({"kind": "poll"}, _board()) is None and read({"kind": "poll"}, _scene()) is None
    assert opened(pack_board(grows))[0]["busy"] is True and opened(pack_board(_board()))[0]["busy"] is False


def test_a_scene_says_whether_another_follows() -> None:
    for packed, thing in ((pack, _scene()), (pack_board, _board())):
        assert [opened(packed(thing, "", again))[0]["again"] for again in (False, True)] == [False, True]


def test_a_board_names_each_card_once() -> None:
    with pytest.raises(ValueError, match="ids of their own"):
        dataclasses.replace(_board(), cards=(Card("a", "A", "#000"), Card("a", "B", "#000")))


def test_pictures_and_heights_are_those_there_are_and_a_board_has_none() -> None:
    scene = _scene()
    assert read({"kind": "picture", "name": "surface"}, scene) == Event("picture", name="surface")
    assert read({"kind": "heights", "name": "linear"}, scene) == Event("heights", name="linear")
    for bad in ("hologram", "linear", "", None, 3, ["map"]):
        assert read({"kind": "picture", "name": bad}, scene) is None
    assert read({"kind": "heights", "name": "map"}, scene) is None
    board = Board(slots=(), styles={}, cards=scene.cards, steps=STEPS)
    assert read({"kind": "picture", "name": "map"}, board) is None
    for change in ({"picture": "hologram"}, {"heights": "square"}):
        with pytest.raises(ValueError, match=next(iter(change))):
            _scene(**change)
