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
    f = np.cbrt(xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _luminance(color: str) -> float:
    return float(np.array([0.2126, 0.7152, 0.0722]) @ _linear(color))


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(PALETTE, 2)])
def test_any_two_colours_differ(one: str, other: str) -> None:
    """A difference of 2.3 is just seen; lines of 2.5 pixels want ten times as much."""
    assert np.linalg.norm(_lab(one) - _lab(other)) > 23


@pytest.mark.parametrize("color", PALETTE)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_trail_stands_out_from_the_page(color: str, theme: str) -> None:
    paper = THEMES[theme]["paper"]
    high, low = sorted([_luminance(color), _luminance(paper)], reverse=True)
    assert (high + 0.05) / (low + 0.05) > 2


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
    assert [place for place, _ in scale].count(zero) == 2  # the colour jumps there
    for color in below:
        red, green, blue = _linear(color)
        assert green > blue
    for color in above:
        red, green, blue = _linear(color)
        assert blue > green > red


def test_low_ground_is_darker_on_a_light_page_and_on_a_dark_one() -> None:
    for theme in ("light", "dark"):
        levels = [_luminance(color) for _, color in scales()[theme]]
        assert levels == sorted(levels)
