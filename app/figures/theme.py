"""Colours: a quiet surface, loud trails, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.figures.marks import Dash, Symbol

# Okabe & Ito (2008), told apart with any colour vision; their yellow darkened to be read on white, their
# black left out because one of the two pages is dark, and a grey in its place.
PALETTE = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#a89400", "#808891")
DASHES: tuple[Dash, ...] = ("solid", "dash", "dot", "dashdot")
# of a network's classes: none of them is a racer's
CLASSES = (
    *("#5468c4", "#c9623f", "#4f9a57", "#a45bb0", "#b8912b"),
    *("#3c9aa6", "#b54a72", "#7d8590", "#7a5c3e", "#2f6f5f"),
)
SHAPES: tuple[Symbol, ...] = ("circle", "square", "diamond", "triangle-up")


def mark(slot: int) -> tuple[str, Dash, Symbol]:
    """Colour, dash pattern and head shape of a racer's slot: beyond eight, the latter two tell apart."""
    turn = slot // len(PALETTE)
    return PALETTE[slot % len(PALETTE)], DASHES[turn % len(DASHES)], SHAPES[turn % len(SHAPES)]


_QUIET = {
    "light": ("#cfdfea", "#e2ecf3", "#eff5f9", "#fafcfd"),
    "dark": ("#1b2531", "#223040", "#2a3b4f", "#34495f"),
}
# below zero the ground turns from blue to a green of the same lightness, so that the sign can be seen
_BELOW = {"light": ("#bcd9cb", "#d8e9e0"), "dark": ("#16302b", "#1f3d39")}


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
            }
        ),
    }
)
"""The words that stand for a colour, in each theme."""


def scales(zero: float | None = None) -> dict[str, tuple[tuple[float, str], ...]]:
    """The colour scale of the ground in each theme; `zero` is the share of the scale at which its sign changes."""
    return {name: _scale(name, zero) for name in THEMES}


def _scale(theme: str, zero: float | None) -> tuple[tuple[float, str], ...]:
    quiet = _QUIET[theme]
    if zero is None or not 0 < zero < 1:
        return tuple((k / (len(quiet) - 1), color) for k, color in enumerate(quiet))
    low, high = _BELOW[theme]
    above = [(zero + (1 - zero) * (k / (len(quiet) - 1)), color) for k, color in enumerate(quiet)]
    return ((0.0, low), (zero, high), *above)
