"""Colours: a quiet surface, loud trails, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from app.figures.marks import Dash, Symbol

PALETTE = ("#c45a09", "#005ba9", "#00854e", "#af1065", "#7e4c00", "#2080b6", "#4e543c", "#7e6c84")
"""The colours of racers, as they are on a light page: vermilion, blue, green, purple, orange, sky blue, olive, mauve.

The hues are those of Okabe & Ito (2008), for black a grey; a yellow and a grey that are dark enough for a light page
look black there, so that olive and mauve replace them. Their lightness is chosen in each theme so that every trail
has a contrast of 3 : 1 to every colour of the ground (WCAG 2.2, 1.4.11), and so that the pair that is hardest to tell
apart is as different as possible for people with protanopia, deuteranopia and tritanopia (Machado et al. 2009).
"""
_ON_DARK = ("#f7762b", "#4f9efe", "#32bd6f", "#d988b7", "#fcc60c", "#5cd0ff", "#eff2a5", "#cfd1cf")
DASHES: tuple[Dash, ...] = ("solid", "dash", "dot", "dashdot")
# of a network's classes: none of them is a racer's
CLASSES = (
    *("#5468c4", "#c9623f", "#4f9a57", "#a45bb0", "#b8912b"),
    *("#3c9aa6", "#b54a72", "#7d8590", "#7a5c3e", "#2f6f5f"),
)
# the stops of viridis (N. Smith & S. van der Walt 2015), whose lightness rises evenly in any colour vision
RAMP = (
    *("#440154", "#482878", "#3e4989", "#31688e", "#26828e"),
    *("#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"),
)
BLANK, LOST = "#c3c9d0", "#f0c8be"
"""The colours of cells outside the ramp, as they are on a light page: for runs that get nowhere, and that diverge."""
KINDS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7d5ba6")
"""The colours of cells of several kinds (Okabe & Ito 2008, with a violet for black)."""
SIGNED = ("#b34d26", "#3f63bd")
"""The colours of negative and of positive numbers, where both are drawn, as they are on a light page."""
_SIGNED_ON_DARK = ("#e0764f", "#6a90ea")
SHAPES: tuple[Symbol, ...] = ("circle", "square", "diamond", "triangle-up")


def mark(slot: int) -> tuple[str, Dash, Symbol]:
    """Colour, dash pattern and head shape of a racer's slot: beyond eight, the latter two tell apart."""
    turn = slot // len(PALETTE)
    return PALETTE[slot % len(PALETTE)], DASHES[turn % len(DASHES)], SHAPES[turn % len(SHAPES)]


# From blue to pale yellow on a light page, and to a green grey on a dark one. Any colour vision has low ground darker.
# The stops of a scale are equally far apart in CIEDE2000.
_GROUND = {
    "light": ("#a8dffa", "#b7e3f5", "#c2e7f1", "#ccebed", "#d5eee9", "#def1e6", "#e9f3e5", "#f3f5e3", "#fcf7e2"),
    "dark": ("#00183a", "#072640", "#173144", "#213c48", "#2a464b", "#32514e"),
}
# Below zero the ground is red: at zero it turns from pale red to deep blue, so that the sign can be seen.
_BELOW = {
    "light": ("#ffccc4", "#ffd4cd", "#ffdcd6", "#ffe4de", "#ffeae6"),
    "dark": ("#240f11", "#311518", "#3f1c1e", "#4e2224", "#5d292b"),
}


THEMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "light": MappingProxyType(
            {
                "contour_line": "rgba(70, 95, 120, 0.28)",
                "ink": "#1b2430",
                "muted": "#677384",
                "paper": "#ffffff",
                "grid": "#e3e8ed",
            }
        ),
        "dark": MappingProxyType(
            {
                "contour_line": "rgba(190, 210, 230, 0.22)",
                "ink": "#e8ecf1",
                "muted": "#9aa5b4",
                "paper": "#11151c",
                "grid": "#262e3a",
                **dict(zip(PALETTE, _ON_DARK, strict=True)),
                **dict(zip(SIGNED, _SIGNED_ON_DARK, strict=True)),
                BLANK: "#454d59",
                LOST: "#6b2f2d",
            }
        ),
    }
)
"""The colours of each theme, by the words that stand for them, and by a racer's colour on a light page."""


def scales(zero: float | None = None) -> dict[str, tuple[tuple[float, str], ...]]:
    """The colour scale of the ground in each theme; `zero` is the share of the scale at which its sign changes."""
    return {name: _scale(name, zero) for name in THEMES}


def ramp(count: int) -> tuple[str, ...]:
    """Colours at equal distances on the ramp of cells, from dark to light."""
    stops = [[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in RAMP]
    colors = []
    for k in range(count):
        place = k * (len(stops) - 1) / max(1, count - 1)
        below = min(int(place), len(stops) - 2)
        mixed = (a + (place - below) * (b - a) for a, b in zip(stops[below], stops[below + 1], strict=True))
        colors.append("#" + "".join(f"{round(channel):02x}" for channel in mixed))
    return tuple(colors)


def _scale(theme: str, zero: float | None) -> tuple[tuple[float, str], ...]:
    if zero is None or not 0 < zero < 1:
        return _stops(_GROUND[theme], 0, 1)
    return (*_stops(_BELOW[theme], 0, zero), *_stops(_GROUND[theme], zero, 1))


def _stops(colors: Sequence[str], low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Colours at equal distances on a part of the scale."""
    last = len(colors) - 1
    return tuple((high if k == last else low + (high - low) * k / last, color) for k, color in enumerate(colors))
