"""The widths, sizes, dashes, opacities and colours of all marks: the only place where these numbers stand.

Painters read them here, and the browser gets them with every scene. Lengths are pixels, of which 96 make an inch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.figures import theme

WEIGHTS: Mapping[str, float] = MappingProxyType({"trail": 2.5, "curve": 2.25, "thin": 1.5, "hair": 1.0})
"""The widths of lines."""
CASING = 5.5
"""The width of the casing under a line."""
DASHES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {"solid": (), "dash": (9.0, 9.0), "dot": (3.0, 3.0), "dashdot": (9.0, 3.0, 3.0, 3.0)}
)
"""The lengths of ink and gaps, whatever the width of the line; their ends are straight."""
PALE: Mapping[str, float] = MappingProxyType({"width": 1.5, "light": 0.28, "dark": 0.42})
"""What lies after the clock: the most that its lines are wide, and its opacity. On a dark ground faint colours sink."""
STEP: Mapping[str, float] = MappingProxyType({"size": 4.6, "apart": 5.0})
"""The dot at a point of a line, and how far from the point before it must be."""
HEADS: Mapping[str, tuple[float, float]] = MappingProxyType({"trail": (13.0, 2.0), "curve": (9.0, 1.5)})
"""The diameter of a line's head, and the ring of the paper's colour round it, by the line's weight."""
DOTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"tiny": (3.6, 0.8), "small": (4.6, 0.8), "normal": (5.6, 0.8), "large": (7.2, 1.4)}
)
"""The diameter of dots, and the width of their rims."""
SIGNS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "cross": (9.0, 2.2),
        "plus": (9.0, 1.6),
        "asterisk": (8.0, 1.2),
        "triangle-open": (7.0, 1.2),
        "diamond-open": (7.0, 1.2),
        "star-open": (9.0, 1.2),
        "circle-open": (11.0, 2.0),
    }
)
"""The diameter of signs, and the width of their strokes."""
EDGES: Mapping[str, float] = MappingProxyType({"width": 5.0, "opacity": 0.7, "aside": 0.12})
"""The width of the strongest edge of a graph, the opacity of edges, and that of the others while a node is pointed at.
"""
CONTOURS: Mapping[str, float] = MappingProxyType({"line": 0.8, "zero": 1.6})
OPACITIES: Mapping[str, float] = MappingProxyType(
    {"faint": 0.75, "lines": 0.4, "band": 0.2, "dimmed": 0.22, "backing": 0.75, "sure": 0.5, "unsure": 0.1}
)
"""Of faint dots, bundles of lines, bands, racers that are not pointed at, and grounds of words. A cell of classes goes
from "unsure" to the sum of that and "sure"."""
WORDS: Mapping[str, float] = MappingProxyType({"title": 14.0, "text": 12.0, "label": 11.0, "small": 10.0, "gap": 9.0})
"""The sizes of letters: of panels' titles, axes, labels, and bars of colours; and how far words stand from their place.
"""

TABLE: Mapping[str, Any] = MappingProxyType(
    {
        "weights": WEIGHTS,
        "casing": CASING,
        "dashes": DASHES,
        "pale": PALE,
        "step": STEP,
        "heads": HEADS,
        "dots": DOTS,
        "signs": SIGNS,
        "edges": EDGES,
        "contours": CONTOURS,
        "opacities": OPACITIES,
        "words": WORDS,
        "themes": theme.THEMES,
    }
)
"""All of it, as it travels to the browser."""
