"""Colours that can be told apart, on either page."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from app.common.racers import MAX_RACERS
from app.figures.theme import PALETTE, THEMES, mark, scales


def _linear(color: str) -> np.ndarray:
    srgb = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _lab(color: str) -> np.ndarray:
    """CIE L*a*b* under D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ _linear(color)
    share = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(share > (6 / 29) ** 3, np.cbrt(share), share * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


Lab = tuple[float, float, float]
VISIONS: dict[str, list[list[float]]] = {
    "all cones": [],
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def _luminance(color: str) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(color))


def _seen(color: str, vision: str) -> str:
    """A colour as it looks to somebody with a vision (Machado, Oliveira & Fernandes 2009, severity 1)."""
    if vision == "all cones":
        return color
    linear = np.clip(np.array(VISIONS[vision]) @ _linear(color), 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in srgb)


def _difference(one: str, other: str) -> float:
    return _apart(_lab(one), _lab(other))


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    """CIEDE2000 (Sharma, Wu & Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = np.arctan2(b1, stretch * a1), np.arctan2(b2, stretch * a2)
    turn = (h2 - h1 + np.pi) % (2 * np.pi) - np.pi
    hue, mean, lightness = h1 + turn / 2, (c1 + c2) / 2, (l1 + l2) / 2
    t = 1 - 0.17 * np.cos(hue - np.pi / 6) + 0.24 * np.cos(2 * hue)
    t += 0.32 * np.cos(3 * hue + np.pi / 30) - 0.2 * np.cos(4 * hue - 63 * np.pi / 180)
    away = (lightness - 50) ** 2
    dl = (l2 - l1) / (1 + 0.015 * away / np.sqrt(20 + away))
    dc = (c2 - c1) / (1 + 0.045 * mean)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * mean * t)
    angle = np.exp(-((((np.degrees(hue) % 360) - 275) / 25) ** 2)) * np.pi / 3
    rotation = -2 * np.sqrt(mean**7 / (mean**7 + 25.0**7)) * np.sin(angle)
    return float(np.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh))


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2."""
    high, low = sorted([_luminance(one), _luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


def _grounds(theme: str, zero: float | None, count: int = 64) -> list[str]:
    """So many colours of the ground, evenly along its scale, between its stops as painters have them."""
    places, colors = zip(*scales(zero)[theme], strict=True)
    rgb = np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in colors])
    shares = np.linspace(0, 1, count)
    channels = np.stack([np.interp(shares, places, rgb[:, k]) for k in range(3)], axis=1)
    return ["#" + "".join(f"{round(c):02x}" for c in row) for row in channels]


def _inks(theme: str) -> list[str]:
    """The racers' colours in a theme."""
    return [THEMES[theme].get(color, color) for color in PALETTE]


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ],
)
def test_the_difference_of_colours_is_that_of_its_paper(one: Lab, other: Lab, difference: float) -> None:
    """Pairs 1, 17 and 25 of Sharma, Wu & Dalal (2005)."""
    assert _apart(np.array(one), np.array(other)) == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_any_two_racers_differ_with_any_colour_vision(theme: str, vision: str) -> None:
    """A difference of 1 is just seen where two colours touch; thin lines that are apart need several times it."""
    seen = [_seen(color, vision) for color in _inks(theme)]
    least = min(_difference(one, other) for one, other in itertools.combinations(seen, 2))
    assert least > (14 if vision == "all cones" else 8)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_seventh_and_the_eighth_colour_are_far_from_all_others(theme: str, vision: str) -> None:
    *others, seventh, eighth = (_seen(color, vision) for color in _inks(theme))
    pairs = [(seventh, eighth), *itertools.product((seventh, eighth), others)]
    assert min(_difference(one, other) for one, other in pairs) > (19 if vision == "all cones" else 10)
    for color in (seventh, eighth):  # on a light page, dark colours look black in thin lines
        assert _lab(color)[0] > 30


@pytest.mark.parametrize("zero", [None, 0.2, 0.75])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_trail_stands_out_from_the_page_and_from_all_of_the_ground(theme: str, zero: float | None) -> None:
    behind = [THEMES[theme]["paper"], *_grounds(theme, zero)]
    for color in _inks(theme):
        assert not (low := [ground for ground in behind if _contrast(color, ground) < 3]), f"{color} on {low}"


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ground_is_even_and_worth_looking_at(theme: str, vision: str) -> None:
    """Equal shares of the scale look equally far apart, and its ends look different, with any colour vision."""
    colors = [_seen(color, vision) for color in _grounds(theme, None, 9)]
    steps = [_difference(one, other) for one, other in itertools.pairwise(colors)]
    whole = _difference(colors[0], colors[-1])
    assert whole > 12
    if vision == "all cones":
        assert max(steps) < 1.4 * min(steps) and sum(steps) > 25


def test_beyond_eight_racers_dash_and_shape_repeat_the_distinction() -> None:
    marks = [mark(slot) for slot in range(MAX_RACERS)]
    assert len(set(marks)) == MAX_RACERS
    assert {(dash, shape) for _, dash, shape in marks[:8]} == {("solid", "circle")}
    for slot in range(8, MAX_RACERS):
        assert marks[slot][0] == marks[slot - 8][0]
        assert marks[slot][1] != marks[slot - 8][1] and marks[slot][2] != marks[slot - 8][2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("zero", [None, 0.2, 0.75])
def test_a_colour_scale_is_whole_and_turns_at_zero(theme: str, zero: float | None) -> None:
    scale = scales(zero)[theme]
    places = [place for place, _ in scale]
    assert places[0] == 0 and places[-1] == 1 and places == sorted(places)
    if zero is None:
        return
    below = [color for place, color in scale if place < zero]
    above = [color for place, color in scale if place > zero]
    (_, last), (_, first) = (stop for stop in scale if stop[0] == zero)  # the colour jumps there
    for vision in VISIONS:
        assert _difference(_seen(last, vision), _seen(first, vision)) > 8
    for color in below:
        red, green, blue = _linear(color)
        assert red > green and red > blue
    for color in above:
        red, green, blue = _linear(color)
        assert green > 0.8 * red


def test_low_ground_is_darker_on_a_light_page_and_on_a_dark_one() -> None:
    for theme in ("light", "dark"):
        levels = [_luminance(color) for _, color in scales()[theme]]
        assert levels == sorted(levels)
