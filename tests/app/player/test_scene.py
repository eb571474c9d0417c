"""The envelope of a scene, opened by an independent implementation, and events from a browser."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app.figures.marks import Axes, Axis, Button, Dots, Field, Line, Option, Panel, Rule, Sign, Tiles
from app.player import Card, Clock, Event, FairRace, Guide, Relief, Scene, Slider, pack, read
from app.player.scene import KINDS, RECORDS, number_of
from tests.app.envelope import opened

ETA = Slider("learning_rate", "η", "learning rate", 0.1, np.array([1e-6, 1e-3, 0.3, 5.0]), "abc", 1e-6, 10.0, "some")
STEPS = 5
TIME = np.arange(STEPS + 1)
TILT = Slider("tilt", "t", "tilt", 0.5, np.array([-7.0, 0, 7]), low=-7.0, high=7.0)
CARDS = (Card("one", "One", "#d55e00", sliders=(ETA,)), Card("two", "Zwei ½", "#0072b2", gone=True))


def _map(paths: np.ndarray, z: np.ndarray, start: tuple[float, float] = (0.5, -1.0)) -> Panel:
    ground = Field(x=np.arange(4.0), y=np.arange(3.0), z=z, low=0.0, high=1.0, step=0.1, title="loss")
    lines = [
        Line(racer=card.id, x=path[:, 0], y=path[:, 1], time=TIME, color=card.color, follows="path")
        for card, path in zip(CARDS, paths, strict=True)
    ]
    x, y = (np.array([value]) for value in start)
    sign = Sign(x=x, y=y, symbol="circle-open", name="start", handle=True)
    axes = Axes(x=Axis(low=-1.0, high=1.0, limits=(-2.0, 2.0)), y=Axis(low=-2.0, high=2.0), equal=True)
    return Panel(key="map", title="Paths", axes=(axes,), marks=(ground, *lines, sign))


def _chart(key: str, values: np.ndarray, **options: Any) -> Panel:
    lines = [
        Line(racer=card.id, x=TIME, y=y, time=TIME, color=card.color, follows="loss")
        for card, y in zip(CARDS, values, strict=False)
    ]
    axes = Axes(x=Axis(low=0, high=STEPS), y=Axis(low=1e-3, high=1.0, scale="log"))
    return Panel(key=key, axes=(axes,), marks=(*lines, Rule(clock=True)), **options)


def _grid() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)


def _paths() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(2, STEPS + 1, 2)).astype(np.float32)


LOSSES = np.where(
    np.arange(2 * (STEPS + 1)).reshape(2, -1) == 10, np.nan, np.geomspace(1e300, 1e-300, 12).reshape(2, -1)
)


def _scene(**changes: Any) -> Scene:
    scene = Scene(
        panels=(_map(_paths(), _grid()), _chart("loss", LOSSES)),
        cards=CARDS,
        clock=Clock(STEPS, "steps"),
        arrangement="one above",
        choices=(("adam", "Adam"), ("sgd", "SGD")),
        sliders=(TILT,),
        caption="η = 0.1 · seed 0",
        picture="map",
        relief=Relief(kind="linear", base=0.0, unit=1.0),
        guide=Guide(purpose="Watch.", presets=(("zigzag", "Zigzag", "Zigzag in a ravine"),), shown="zigzag"),
        fair=FairRace(trials=4, budgets=(4, 16), words="A ends lower than B."),
    )
    return dataclasses.replace(scene, **changes)


def _marks(header: dict[str, Any], panel: int, kind: str) -> list[dict[str, Any]]:
    return [mark for mark in header["scene"]["panels"][panel]["marks"] if mark["type"] == kind]


def test_a_clock_is_read_in_what_it_counts() -> None:
    assert Clock(300).words(12) == "step 12 of 300"
    assert Clock(4000, "evaluations").words(1234) == "evaluation 1,234 of 4,000"
    assert Clock(4690, epoch=469.0).words(703.5) == "epoch 1.5 of 10"


def test_an_envelope_restores_its_scene() -> None:
    scene = _scene()
    header, array = opened(pack(scene))
    for line, path, losses in zip(_marks(header, 0, "line"), _paths(), LOSSES, strict=True):
        np.testing.assert_array_equal(array(line["x"]), path[:, 0])
        assert array(line["y"]).dtype == np.float32
        assert line["time"] == {"range": [0, 1, STEPS + 1]} and line["follows"] == "path"
        (curve,) = (one for one in _marks(header, 1, "line") if one["racer"] == line["racer"])
        np.testing.assert_array_equal(array(curve["y"]), losses)
        assert array(curve["y"]).dtype == np.float64
    (ground,) = _marks(header, 0, "field")
    np.testing.assert_array_equal(array(ground["z"]), _grid())
    assert ground["x"] == {"range": [0.0, 1, 4]} and ground["title"] == "loss"
    cards = header["scene"]["cards"]
    assert [card["id"] for card in cards] == ["one", "two"] and cards[1]["title"] == "Zwei ½"
    (slider,) = cards[0]["sliders"]
    np.testing.assert_array_equal(array(slider.pop("stops")), ETA.stops)
    assert slider == {
        "type": "slider",
        "name": "learning_rate",
        "symbol": "η",
        "label": "learning rate",
        "value": 0.1,
        "sweep": "abc",
        "low": 1e-6,
        "high": 10.0,
        "allowed": "some",
    }
    assert header["scene"]["panels"][0]["axes"][0]["x"] == {
        "type": "axis",
        "low": -1.0,
        "high": 1.0,
        "limits": [-2.0, 2.0],
    }
    assert header["scene"]["choices"] == [["adam", "Adam"], ["sgd", "SGD"]]
    assert header["scene"]["caption"] == scene.caption


def test_fields_that_are_left_out_have_the_defaults_of_the_envelope() -> None:
    """With the defaults, every record has all of its fields."""
    header, _ = opened(pack(_scene()))
    records = {record.__name__.lower(): record for record in RECORDS}

    def check(tree: Any) -> int:
        if isinstance(tree, list):
            return sum(map(check, tree))
        if not isinstance(tree, dict):
            return 0
        if "type" in tree:
            whole = {**header["defaults"][tree["type"]], **tree}
            names = {field.name for field in dataclasses.fields(records[tree["type"]])}
            extra = {"type", "id", "ground"} if tree["type"] == "panel" else {"type"}
            assert set(whole) - extra == names
        return ("type" in tree) + sum(map(check, tree.values()))

    assert check(header["scene"]) > 15
    assert header["defaults"]["line"]["weight"] == "curve" and header["defaults"]["field"]["layer"] == "ground"
    assert header["strokes"]["themes"]["dark"]["paper"] == "#11151c" and header["strokes"]["weights"]["trail"] == 2.5


def test_identical_arrays_are_stored_once_and_progressions_as_ranges() -> None:
    same = np.array([3.0, 1.0, 2.0])
    three = Axes(x=Axis(low=0, high=1), y=Axis(low=0, high=1))
    marks = tuple(Line(x=same.copy(), y=same, color="ink", time=2 * np.arange(3) + 1) for _ in range(4))
    marks = (*marks, Line(x=same.astype(np.float32), y=np.array([0.1, 0.1, 0.1]), color="ink"))
    almost = Line(x=np.array([0.0, 1.0, 2.0 + 1e-9]), y=np.array([1.0, np.nan, 3.0]), color="ink")
    header, array = opened(
        pack(Scene(panels=(Panel(axes=(three,), marks=(*marks, almost)),), cards=(), clock=Clock(9)))
    )
    packed = _marks(header, 0, "line")
    assert [one["x"] == one["y"] == {"array": 0} for one in packed[:4]] == [True] * 4
    assert {str(one["time"]) for one in packed[:4]} == {str({"range": [1, 2, 3]})}
    assert packed[4]["x"] == {"array": 1} and packed[4]["y"] == {"range": [0.1, 0, 3]}
    assert array(packed[5]["x"])[2] == 2.0 + 1e-9 and np.isnan(array(packed[5]["y"])[1])
    assert len(header["arrays"]) == 4


def test_a_scene_may_have_no_racers() -> None:
    header, _ = opened(pack(Scene(panels=(_chart("loss", LOSSES[:0]),), cards=(), clock=Clock(STEPS))))
    assert "cards" in header["scene"] and header["scene"]["cards"] == []


def test_integers_of_any_size_are_packed() -> None:
    x = np.array([1, 2, 2**40]), np.array([3, -7, 3])
    axes = Axes(x=Axis(low=0, high=1), y=Axis(low=0, high=1))
    panel = Panel(axes=(axes,), marks=(Dots(x=x[0], y=x[1]),))
    header, array = opened(pack(Scene(panels=(panel,), cards=(), clock=Clock(1))))
    (dots,) = _marks(header, 0, "dots")
    assert array(dots["x"]).dtype == np.float64 and array(dots["y"]).dtype == np.int32
    assert array(dots["x"]).tolist() == x[0].tolist() and array(dots["y"]).tolist() == x[1].tolist()


def test_ids_of_panels_and_grounds_change_with_their_contents() -> None:
    """The browser redraws a panel or its ground only when the id or the name of the ground changes."""

    def names(*panels: Panel) -> list[tuple[str, str]]:
        packed = opened(pack(_scene(panels=panels)))[0]["scene"]["panels"]
        return [(panel["id"], panel["ground"]) for panel in packed]

    chart = _chart("loss", LOSSES)
    before, beside = names(_map(_paths(), _grid()), chart)
    assert names(_map(_paths(), _grid()), chart)[0] == before
    moved, same = names(_map(_paths() + 1, _grid()), chart)
    assert moved[0] != before[0] and moved[1] == before[1] and same == beside
    elsewhere = names(_map(_paths(), _grid(), (2.0, 2.0)), chart)[0]
    assert elsewhere[0] != before[0] and elsewhere[1] == before[1]
    z = _grid()
    z[1, 1] += 1e-3
    other, same = names(_map(_paths(), z), chart)
    assert other[0] != before[0] and other[1] != before[1] and same == beside
    # an additional array of another panel does not change its id
    assert names(_map(_paths(), _grid()), _chart("gradient", LOSSES * 2), chart)[2] == beside
    axes = dataclasses.replace(chart.axes[0], x=Axis(low=0, high=9))
    assert names(dataclasses.replace(chart, axes=(axes,)))[0][1] != beside[1]


def test_an_inconsistent_scene_is_refused() -> None:
    with pytest.raises(ValueError, match="different ids"):
        _scene(cards=(Card("one", "One", "#000"),) * 2)
    with pytest.raises(ValueError, match="belongs to 'two', which has no card"):
        _scene(cards=CARDS[:1])
    stray = Panel(key="stray", axes=(), marks=(Rule(),))
    with pytest.raises(ValueError, match="'stray' has 0 pairs of axes; got 0"):
        _scene(panels=(stray,))
    with pytest.raises(ValueError, match="cards with the same ids"):
        _scene(beside=_scene(cards=(), panels=()))
    with pytest.raises(TypeError, match="got object"):
        pack(_scene(inspected={"racer": object()}))
    with pytest.raises(ValueError, match="counts must be one of steps, evaluations"):
        Clock(3, "hours")  # type: ignore[arg-type]


@pytest.mark.parametrize("stops", [[1.0], [1.0, 1.0], [0.0, 2.0, 1.0], [[0.0, 1.0]], [0.0, math.nan]], ids=str)
def test_a_slider_refuses_stops_that_do_not_ascend(stops: Any) -> None:
    with pytest.raises(ValueError, match="stops of learning_rate must be two or more ascending numbers"):
        dataclasses.replace(ETA, stops=np.array(stops))


@pytest.mark.parametrize("changes", [{"dash": "wavy"}, {"shape": "heart"}])
def test_a_card_refuses_unknown_dashes_and_shapes(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        Card("a", "A", "#000", **changes)


# Events.

GOOD = [
    ({"kind": "start", "x": 1, "y": -2.5}, Event("start", point=(1.0, -2.5))),
    (
        {"kind": "parameter", "racer": "one", "name": "learning_rate", "value": 0.5},
        Event("parameter", racer="one", name="learning_rate", value=0.5),
    ),
    (  # beyond the last stop, and within the limits
        {"kind": "parameter", "racer": "one", "name": "learning_rate", "value": 10},
        Event("parameter", racer="one", name="learning_rate", value=10.0),
    ),
    ({"kind": "slide", "name": "tilt", "value": -3}, Event("slide", name="tilt", value=-3.0)),
    ({"kind": "reset", "racer": "one"}, Event("reset", racer="one")),
    ({"kind": "suggest", "racer": "one"}, Event("suggest", racer="one")),
    ({"kind": "add", "name": "adam"}, Event("add", name="adam")),
    ({"kind": "remove", "racer": "two"}, Event("remove", racer="two")),
    ({"kind": "duplicate", "racer": "one"}, Event("duplicate", racer="one")),
    ({"kind": "explain", "racer": "one"}, Event("explain", racer="one")),
    ({"kind": "axis", "name": "evaluations"}, Event("axis", name="evaluations")),
    ({"kind": "picture", "name": "surface"}, Event("picture", name="surface")),
    ({"kind": "heights", "name": "linear"}, Event("heights", name="linear")),
    ({"kind": "beside", "name": "apart"}, Event("beside", name="apart")),
    ({"kind": "preset", "name": "zigzag"}, Event("preset", name="zigzag")),
    ({"kind": "fair", "name": "16"}, Event("fair", name="16")),
    ({"kind": "inspect", "racer": "two"}, Event("inspect", racer="two")),
    ({"kind": "hide", "racer": "two", "hidden": True}, Event("hide", racer="two", hidden=True)),
]


@pytest.mark.parametrize(("message", "event"), GOOD, ids=[m["kind"] for m, _ in GOOD])
def test_each_kind_of_event_is_read(message: dict[str, Any], event: Event) -> None:
    assert repr(read({**message, "extra": 1}, _scene())) == repr(event)  # compared by repr, in which NaN equals NaN


def test_all_kinds_of_events_are_tested() -> None:
    assert {m["kind"] for m, _ in GOOD} == set(KINDS) - {
        "view",
        "option",
        "press",
        "poll",
        "export",
        "cell",
        "window",
    }  # these have separate tests


WINDOW = {"kind": "window", "left": -4, "right": 0.5, "bottom": 0, "top": 2}
ON_CELLS: list[tuple[Any, Event | None]] = [
    ({"kind": "cell", "x": -1.5, "y": 1}, Event("cell", point=(-1.5, 1.0))),
    ({"kind": "cell", "x": math.inf, "y": 1}, None),
    ({"kind": "cell", "x": 1}, None),
    (WINDOW, Event("window", window=((-4.0, 0.5), (0.0, 2.0)))),
    ({"kind": "window", "whole": True}, Event("window")),
    ({"kind": "window"}, None),
    ({**WINDOW, "right": -4}, None),
    ({**WINDOW, "bottom": 2}, None),
    ({**WINDOW, "top": "2"}, None),
]


@pytest.mark.parametrize(("message", "event"), ON_CELLS, ids=str)
def test_events_on_cells_are_read_where_the_first_panel_has_cells(message: Any, event: Event | None) -> None:
    assert repr(read(message, _scene(arrangement="one beside"))) == repr(event)
    assert read(message, _scene()) is None
    nothing = dataclasses.replace(_scene().panels[0], axes=(), marks=())
    assert read(message, _scene(arrangement="one beside", panels=(nothing,))) is None


MALFORMED: list[Any] = [
    *(None, 3, "start", [], {}, {"kind": None}, {"kind": "boom"}, {"kind": ["start"]}, {"kind": "start"}),
    *({"kind": "start", "x": v, "y": 0} for v in (math.nan, math.inf, -math.inf, "1", True, None, [1], 10**400)),
    *(
        {"kind": k, "racer": r}
        for k in ("remove", "duplicate", "explain", "inspect", "reset", "suggest")
        for r in ("three", None, 0, ["one"])
    ),
    *({"kind": "axis", "name": v} for v in ("hours", None, 1, ["steps"])),
    *({"kind": "preset", "name": v} for v in ("", "saddle", None, 1, ["zigzag"])),
    *({"kind": "fair", "name": v} for v in ("", "5", "on", None, 16, ["16"])),
    *({"kind": "hide", "racer": "one", "hidden": v} for v in (1, "true", None)),
    *({"kind": "add", "name": v} for v in ("adma", None, 1, ["adam"], {"adam": 1})),
    *(
        {"kind": "parameter", "racer": "one", "name": "learning_rate", "value": v}
        for v in (11, -1, 0, math.nan, "0.5", True, None)
    ),
    *({"kind": "slide", "name": "tilt", "value": v} for v in (8, -8, math.nan, "1", None)),
    {"kind": "slide", "name": "learning_rate", "value": 0.5},
    {"kind": "slide", "name": "tilt", "value": 0.5, "beside": True},
    {"kind": "parameter", "racer": "one", "name": "beta1", "value": 0.5},
    {"kind": "parameter", "racer": "two", "name": "learning_rate", "value": 0.5},
]


@pytest.mark.parametrize("message", MALFORMED, ids=str)
def test_a_malformed_event_is_dropped(message: Any) -> None:
    assert read(message, _scene()) is None


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ({"number": 5}, 5),
        ({"number": True}, 0),
        ({"number": "5"}, 0),
        ({"number": -1}, 0),
        ({"number": 2**60}, 0),
        (3, 0),
    ],
)
def test_the_number_of_an_event_is_read_from_whatever_comes(message: Any, number: int) -> None:
    assert number_of(message) == number


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
def test_events_name_only_parts_of_the_scene(message: dict[str, Any]) -> None:
    scene = _scene()
    event = read(message, scene)
    if event is None:
        return
    assert event.kind == message["kind"]
    if event.kind == "start":
        assert all(math.isfinite(v) for v in event.point)
    elif event.kind == "add":
        assert event.name in dict(scene.choices)
    elif event.kind == "slide":
        assert event.name == "tilt" and -7 <= event.value <= 7
    else:
        (card,) = [c for c in scene.cards if c.id == event.racer]
        if event.kind == "parameter":
            (slider,) = [s for s in card.sliders if s.name == event.name]
            assert slider.low <= event.value <= slider.high


def _board() -> Scene:
    option = Option(name="plane", value="a", choices=(("a", "A"), ("b", "B")))
    fixed = Panel(key="fixed", message="no place for others")
    first = _chart("loss", LOSSES[:1], choices=(("loss", "Loss"), ("dead", "Dead units")))
    more = Button(name="more", text="+", label="More", x=0.0)
    less = Button(name="less", text="−", label="Less", x=0.0, enabled=False)
    choices = (("landscape", "Landscape"),)
    second = Panel(key="landscape", message="later", option=option, buttons=(more, less), choices=choices)
    return Scene(panels=(fixed, first, second), cards=CARDS[:1], clock=Clock(9))


def test_shares_are_packed_as_bytes() -> None:
    values = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    axes = Axes(x=Axis(low=0, high=2), y=Axis(low=0, high=2))
    panel = Panel(axes=(axes,), marks=(Tiles(values=values, time=np.array([0, 7]), score=np.array([0.5, math.inf])),))
    header, array = opened(pack(dataclasses.replace(_board(), panels=(panel,)), "No."))
    assert header["scene"]["clock"]["end"] == 9 and header["refusal"] == "No."
    (tiles,) = _marks(header, 0, "tiles")
    entry = header["arrays"][tiles["values"]["array"]]
    assert entry["dtype"] == "u1" and entry["shape"] == [2, 2, 2]
    np.testing.assert_array_equal(array(tiles["values"]), values)
    assert array(tiles["score"])[1] == math.inf


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
        ({"kind": "press", "slot": 1, "name": "more"}, Event("press", name="more", slot=1)),
        ({"kind": "press", "slot": 1, "name": "less"}, None),
        ({"kind": "press", "slot": 0, "name": "more"}, None),
        ({"kind": "hide", "racer": "one", "hidden": True}, Event("hide", racer="one", hidden=True)),
    ],
)
def test_events_of_a_training_are_checked(message: Any, event: Event | None) -> None:
    assert read(message, _board()) == event


def test_panels_without_choices_are_not_slots() -> None:
    assert read({"kind": "view", "slot": 0, "name": "dead"}, _scene()) is None
    more = _scene(addable=(("dead", "Dead units"),))
    assert read({"kind": "view", "slot": 0, "name": "dead"}, more) == Event("view", name="dead", slot=0)
    assert [panel.key for panel in _board().slots] == ["loss", "landscape"]


def test_polls_are_accepted_while_the_scene_grows() -> None:
    grows = dataclasses.replace(_board(), busy=True)
    assert read({"kind": "poll"}, grows) == Event("poll")
    assert read({"kind": "poll"}, _board()) is None and read({"kind": "poll"}, _scene()) is None
    assert opened(pack(grows))[0]["scene"]["busy"] is True and "busy" not in opened(pack(_board()))[0]["scene"]


def test_a_scene_says_whether_another_follows() -> None:
    for thing in (_scene(), _board()):
        assert [opened(pack(thing, "", again))[0]["again"] for again in (False, True)] == [False, True]
        assert opened(pack(thing, answered=7))[0]["answered"] == 7


def test_only_offered_pictures_heights_and_axes_are_accepted() -> None:
    scene = _scene()
    assert read({"kind": "picture", "name": "surface"}, scene) == Event("picture", name="surface")
    assert read({"kind": "heights", "name": "linear"}, scene) == Event("heights", name="linear")
    for bad in ("hologram", "linear", "", None, 3, ["map"]):
        assert read({"kind": "picture", "name": bad}, scene) is None
    assert read({"kind": "heights", "name": "map"}, scene) is None
    for message in ({"kind": "picture", "name": "map"}, {"kind": "heights", "name": "log"}):
        assert read(message, _board()) is None
    for message in ({"kind": "axis", "name": "steps"}, {"kind": "beside", "name": "on"}):
        assert read(message, _board()) is None
    assert read({"kind": "start", "x": 1, "y": 2}, _board()) is None  # it has no start that can be dragged
    with pytest.raises(ValueError, match="picture"):
        _scene(picture="hologram")
    with pytest.raises(ValueError, match="heights"):
        Relief(kind="log", base=0.0, unit=1.0, heights="square")
