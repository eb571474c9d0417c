"""Screens from a browser, whose message may be anything."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app.common import racers
from app.player import Event, read
from app.player.screen import Camera, Screen, read_screen
from app.race import changes
from app.race import scene as race
from app.race.runs import Race

LIMITS = (((-4.0, 6.0), (-2.0, 3.0)),)
SEEN: dict[str, Any] = {
    "step": 7,
    "picture": "map",
    "windows": [[[-1.5, 2.5], [0.25, 1.0]]],
    "camera": {
        "eye": {"x": 1.0, "y": -2.0, "z": 0.5},
        "center": {"x": 0.0, "y": 0.1, "z": 0.0},
        "up": {"x": 0.0, "y": 0.0, "z": 1.0},
    },
    "scale": "linear",
    "theme": "dark",
}


def _read(message: object) -> Screen | None:
    return read_screen(message, 9, ("map", "surface"), LIMITS)


def test_a_valid_screen_is_read() -> None:
    camera = Camera((1.0, -2.0, 0.5), (0.0, 0.1, 0.0), (0.0, 0.0, 1.0))
    assert _read(SEEN) == Screen(7, "map", (((-1.5, 2.5), (0.25, 1.0)),), camera, "linear", "dark")
    plain = {**SEEN, "windows": [None], "camera": None}
    assert _read(plain) == Screen(7, "map", (None,), None, "linear", "dark")


def test_a_window_is_reduced_to_the_limits_of_its_map() -> None:
    screen = _read({**SEEN, "windows": [[[-9.0, 2.5], [0.25, 99.0]]]})
    assert screen and screen.windows == (((-4.0, 2.5), (0.25, 3.0)),)


BAD: list[tuple[str, Any]] = [
    *(("step", value) for value in (-1, 10, math.nan, math.inf, "7", None, True, [7], 10**400)),
    *(("picture", value) for value in ("panels", "", None, 3, ["map"])),
    *(("scale", value) for value in ("square", "", None, 1)),
    *(("theme", value) for value in ("grey", None)),
    *(("windows", value) for value in (None, "all", [None, None], [[[0, 1]]], [[[0, 1], [1, 0]]], [[[0, 0], [0, 1]]])),
    *(("windows", [[[low, 1.0], [0.0, 1.0]]]) for low in (math.nan, -math.inf, "0", None, 10**400, {})),
    ("windows", [[[7.0, 8.0], [0.0, 1.0]]]),
    ("windows", [[[0.0, 1e-12], [0.0, 1.0]]]),
    ("windows", [7]),
    *(("camera", value) for value in ("home", [], {}, {"eye": {"x": 0}})),
    *(("eye", value) for value in (math.nan, math.inf, 1e9, "1", None)),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=str)
def test_an_impossible_screen_is_refused(name: str, value: Any) -> None:
    message = copy.deepcopy(SEEN)
    if name == "eye":
        message["camera"]["eye"]["x"] = value
    else:
        message[name] = value
    assert _read(message) is None


def test_a_camera_that_sees_nothing_is_refused() -> None:
    for camera in ({"eye": (0.0, 0.0, 1.0), "center": (0.0, 0.0, 0.0)}, {"eye": (0.1, 0, 0), "center": (0.1, 0, 0)}):
        with pytest.raises(ValueError, match="camera"):
            Camera(**camera)


def test_the_event_is_checked_against_the_scene() -> None:
    settings = racers.set_steps(changes.first(), 9)
    one, two = race.scene(Race(settings)), race.scene(Race(changes.set_beside(settings, True)))
    message = {"kind": "export", **SEEN}
    screen = _read(SEEN)
    assert read(message, one) == Event("export", screen=screen)
    both = {**message, "windows": [None, [[-1.0, 1.0], [-1.0, 1.0]]]}
    assert read(both, one) is None
    event = read(both, two)
    assert event and event.screen and event.screen.windows == (None, ((-1.0, 1.0), (-1.0, 1.0)))
    assert read({**message, "step": 10}, one) is None and read({"kind": "export"}, one) is None


ANY = st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.lists(st.floats(), max_size=3)


@bounded(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.floats(), min_size=4, max_size=4), st.sampled_from(sorted(SEEN)), ANY)
def test_every_screen_that_is_read_can_be_drawn(ends: list[float], name: str, value: Any) -> None:
    message = {**SEEN, "windows": [[ends[:2], ends[2:]]], **({} if name == "windows" else {name: value})}
    screen = _read(message)
    if screen is None:
        return
    assert 0 <= screen.step <= 9 and screen.picture in ("map", "surface")
    for window in filter(None, screen.windows):
        for (low, high), (least, most) in zip(window, LIMITS[0], strict=True):
            assert least <= low < high <= most
