"""A picture as data: frozen records, whose time is an array, and which painters draw.

A `Panel` is one or more pairs of axes, the marks on them and a note. Marks know nothing of optimizers, and painters (the
browser's canvas, plotly, matplotlib) know nothing but marks: a view is a function that returns a panel, and appears on
the page and in every file.

Time is what the clock of a scene counts (steps, or gradient evaluations). A mark without a time stands still. A mark
with a ``time`` array is either *revealed* or *replaced*:

- revealed: there is a time for each point, and what lies after the clock is not there yet (or pale, see `Line.future`);
- replaced: there is a time for each moment, the data have a leading axis of moments, and the last moment at or before
  the clock is drawn, since nothing between two moments is known.

Colours are ``#rrggbb`` or a word of the theme (`Color`). All lengths on the screen come from the table in `app.figures.strokes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]
Color = str
"""``#rrggbb``, ``hsl(h, s%, l%)``, or a word of the theme: ink, muted, paper, grid, contour_line."""

Dash = Literal["solid", "dash", "dot", "dashdot"]
Symbol = Literal[
    "circle", "square", "diamond", "triangle-up",  # heads of racers, filled
    "circle-open", "square-open", "cross", "plus", "asterisk", "triangle-open", "diamond-open", "star-open",
]  # fmt: skip
Scale = Literal["linear", "log"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis: its range in data units, its scale, and what is written at it.

    ``limits`` is how far it can be zoomed out or moved, None where it can not. ``ticks`` are values that get a number,
    None where the painter chooses. ``percent`` writes shares as percentages. ``alternatives`` are axes that the reader
    can switch to in place of this one, by the word on the switch (the losses' "log" and "linear").
    """

    low: float
    high: float
    scale: Scale = "linear"
    title: str = ""
    percent: bool = False
    grid: bool = True
    numbers: bool = True
    ticks: tuple[float, ...] | None = None
    limits: tuple[float, float] | None = None
    alternatives: Mapping[str, Axis] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Axes:
    """A pair of axes and its place in the panel.

    ``place`` is (left, bottom, right, top) in shares of the panel. ``equal`` keeps a unit as long on either axis, widening
    one of the two ranges. ``title`` stands above, in ``color``: the name of a racer over its facet.
    """

    x: Axis
    y: Axis
    place: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    equal: bool = False
    title: str = ""
    color: Color = "ink"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What all marks have in common.

    ``axes`` is the index of the pair of axes in its panel. ``racer`` is the id of the card that it belongs to, empty
    where it belongs to none: it goes when that racer is hidden, and dims when another is pointed at. ``layer`` orders
    marks: ground (below all), under (beside trails), trail, over (above all).
    """

    axes: int = 0
    racer: str = ""
    layer: Literal["ground", "under", "trail", "over"] = "trail"


@dataclass(frozen=True, kw_only=True)
class Line(Mark):
    """A curve through points.

    Shapes: ``x`` and ``y`` (k,), NaN where there is a gap; ``time`` (k,) reveals it, or (m,) with ``y`` (m, k) replaces
    it. ``last`` is the index of the last point that is drawn (-1: the last of all); a path that leaves the axes is followed
    no further.

    ``future`` says how the part after the clock looks: absent, or pale. ``casing`` puts a line of the paper's colour
    under it. ``points`` marks a point with a dot where it is far enough from the one before. ``head`` is the symbol at
    the clock's place; where that lies outside the axes, an arrow at the edge with ``name`` where ``head_leaves`` is set.
    ``hover`` are rows of the label under the pointer: a word and an array (k,) each, below ``name`` and the time.
    ``follows`` says which arrays of a run it shows, so that a run that is dragged can stand in its place.
    """

    x: Floats
    y: Floats
    color: Color
    time: Floats | Integers | None = None
    last: int = -1
    dash: Dash = "solid"
    weight: Literal["trail", "curve", "thin", "hair", "limit"] = "curve"
    opacity: float = 1.0
    future: Literal["absent", "pale"] = "pale"
    casing: bool = False
    points: bool = False
    head: Symbol | None = None
    head_leaves: bool = False
    name: str = ""
    hover: tuple[tuple[str, Floats], ...] = ()
    follows: Literal["", "path", "loss"] = ""


@dataclass(frozen=True, kw_only=True)
class Lines(Mark):
    """Many thin curves that share their time: the seeds of a bundle.

    Shapes: ``x`` and ``y`` (n, k), ``x`` may be (k,) where all share it; ``time`` (k,) reveals them.
    """

    x: Floats
    y: Floats
    color: Color
    time: Floats | Integers | None = None
    future: Literal["absent", "pale"] = "pale"


@dataclass(frozen=True, kw_only=True)
class Band(Mark):
    """The area between two curves. Shapes: ``x``, ``low`` and ``high`` (k,); open above where ``high`` is NaN.

    ``time`` (k,) reveals it; the part after the clock is pale.
    """

    x: Floats
    low: Floats
    high: Floats
    color: Color
    time: Floats | Integers | None = None


@dataclass(frozen=True, kw_only=True)
class Dots(Mark):
    """Points.

    Shapes: ``x`` and ``y`` (k,), or (m, k) where ``time`` (m,) replaces them (either may be (k,) where it stands still);
    ``time`` (k,) reveals them. ``color`` is one for all, or ``colors`` (k,) indices into ``palette``, or ``shares`` (k,)
    of the colour scale of the panel's field. ``edge`` is the colour of their rim.
    """

    x: Floats
    y: Floats
    color: Color = "ink"
    time: Floats | Integers | None = None
    symbol: Symbol = "circle"
    size: Literal["tiny", "small", "normal", "large"] = "normal"
    opacity: float = 1.0
    edge: Color = ""
    colors: Integers | None = None
    palette: tuple[Color, ...] = ()
    shares: Floats | None = None
    name: str = ""
    hover: tuple[tuple[str, Floats], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sign(Mark):
    """Symbols at points with a meaning: critical points, the start. ``labels`` (k) stand beside them on ``sides`` (k).

    ``handle`` makes it the handle of the start, which can be dragged on the page.
    """

    x: Floats
    y: Floats
    symbol: Symbol
    size: float = 9.0
    """In pixels."""
    width: float = 1.2
    color: Color = "ink"
    labels: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    name: str = ""
    handle: bool = False


@dataclass(frozen=True, kw_only=True)
class Text(Mark):
    """Words at a place: (x, y) in data, or in shares of the axes where ``within``.

    Shapes: ``x`` and ``y`` () or, where ``time`` (m,) replaces them, (m,) with ``words`` of m.
    ``anchor`` is the point of the words that stands there, e.g. "bottom right". ``apart`` moves words that would cover
    each other.
    """

    x: Floats
    y: Floats
    words: tuple[str, ...]
    time: Floats | Integers | None = None
    anchor: str = "middle center"
    color: Color = "muted"
    within: bool = False
    italic: bool = False
    ground: bool = False
    apart: bool = False


@dataclass(frozen=True, kw_only=True)
class Field(Mark):
    """A function of the plane, as filled contours in the colours of the theme.

    Shapes: ``x`` (columns,), ``y`` (rows,), ``z`` (rows, columns). Contours run from ``low`` to ``high`` in steps of
    ``step``; ``zero`` draws the contour of 0 alone, strong. ``ticks`` are heights and words of the scale's bar, whose ``title`` says what
    is shown, and which stands in ``corner``.
    """

    x: Floats
    y: Floats
    z: Floats
    low: float
    high: float
    step: float
    zero: bool = False
    ticks: tuple[tuple[float, str], ...] = ()
    title: str = ""
    corner: str = "bottom right"


@dataclass(frozen=True, kw_only=True)
class Tiles(Mark):
    """A picture of cells that fills the axes, replaced at each moment.

    Shapes: ``values`` (m, rows, columns) uint8, 255 for a whole share, first row at the top; ``time`` (m,). With
    ``classes`` (m, rows, columns) a cell has the colour of its class in ``palette``, else ``color``; ``values`` then says how sure.
    ``smooth`` interpolates. ``numbers`` writes the shares in hundredths. ``names`` stand below the columns. ``score`` (m,)
    is the share written in the corner of the title.
    """

    values: NDArray[np.uint8]
    time: Integers
    color: Color = "ink"
    classes: NDArray[np.uint8] | None = None
    palette: tuple[Color, ...] = ()
    smooth: bool = False
    numbers: bool = False
    names: tuple[str, ...] = ()
    score: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class Bars(Mark):
    """A histogram, replaced at each moment; the first moment stays as an outline.

    Shapes: ``heights`` (m, bins), ``time`` (m,), ``captions`` of m, below it.
    """

    heights: Floats
    time: Integers
    color: Color
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule(Mark):
    """A straight line across the axes at ``x`` or at ``y``, or, where ``clock``, at the clock's place."""

    x: float | None = None
    y: float | None = None
    clock: bool = False
    dash: Dash = "solid"
    color: Color = "muted"
    label: str = ""


AnyMark = Line | Lines | Band | Dots | Sign | Text | Field | Tiles | Bars | Rule


@dataclass(frozen=True, kw_only=True)
class Option:
    """A choice that a panel offers beside its title: how the plane of a landscape is chosen."""

    name: str
    value: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """Words of a note, in a colour where it is a key to colours."""

    text: str
    color: Color = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture of a scene.

    ``message`` stands in its place where there is nothing to draw. ``choices`` are the views that its place could show.
    ``spread`` says how pairs of axes are placed: by their ``place``, or as equal squares as large as there is room for.
    """

    key: str
    title: str = ""
    axes: tuple[Axes, ...] = ()
    marks: tuple[AnyMark, ...] = ()
    note: tuple[Note, ...] = ()
    message: str = ""
    option: Option | None = None
    choices: tuple[tuple[str, str], ...] = ()
    spread: Literal["places", "squares"] = "places"
