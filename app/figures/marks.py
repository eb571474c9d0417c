"""A picture as data: frozen records whose time is an array, and which painters draw.

A `Panel` is one or more pairs of axes, the marks on them and a note. Marks know nothing of optimizers, and painters
(the browser's canvas, plotly, matplotlib) know nothing but marks: a view is a function that returns a panel, and
appears on the page and in every file.

Time is what the clock of a scene counts (steps, or gradient evaluations). A mark without a time stands still. A mark
with a ``time`` array, which ascends, is either *revealed* or *replaced*:

- revealed: there is a time for each point, and what lies after the clock is absent or pale (see `Line.future`);
- replaced: there is a time for each moment, the data have a leading axis of moments, and the last moment at or before
  the clock is drawn, since nothing between two moments is known.

Colours are ``#rrggbb``, ``hsl(h, s%, l%)``, or a word of a theme. Widths, sizes, dashes and opacities are words too:
the numbers behind them stand in `app.figures.strokes` alone. In the shapes below, k counts points, m moments and n
curves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
Replaced = Annotated[NDArray[Any], "points", "moments, points"]
"""Numbers that a time may replace."""
Curves = Annotated[NDArray[Any], "curves, points"]
Grid = Annotated[NDArray[Any], "rows, columns"]
Pictures = Annotated[NDArray[np.uint8], "moments, rows, columns"]
Color = str
"""``#rrggbb``, ``hsl(h, s%, l%)``, or a word of the theme: ink, muted, paper, grid, contour_line."""

Dash = Literal["solid", "dash", "dot", "dashdot"]
Symbol = Literal[
    # the heads of racers, filled
    "circle",
    "square",
    "diamond",
    "triangle-up",
    # signs
    "circle-open",
    "square-open",
    "diamond-open",
    "triangle-open",
    "star-open",
    "cross",
    "plus",
    "asterisk",
]
Scale = Literal["linear", "log"]
Layer = Literal["ground", "under", "trail", "over"]
Future = Literal["absent", "pale"]
Corner = Literal["bottom right", "bottom left", "top right", "top left"]
Side = Literal[
    "top left",
    "top center",
    "top right",
    "middle left",
    "middle center",
    "middle right",
    "bottom left",
    "bottom center",
    "bottom right",
]
"""Where words stand, seen from their place: "top right" is above it, to the right."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis: its range in data units, its scale, and what is written at it.

    The title of an upright axis stands above its axes, at the right. ``limits`` is how far the range can be moved or
    widened; where there are none, it is fixed. ``ticks`` are the values that get a number; without any, the painter
    chooses, and where the axis is ``whole`` it chooses whole numbers. They are written as multiples of ``unit``, or as
    ``words``, one for each tick.
    ``percent`` writes shares as percentages. A reader can switch to one of the ``alternatives``, which are called by
    their scales.
    """

    low: float
    high: float
    scale: Scale = "linear"
    title: str = ""
    percent: bool = False
    whole: bool = False
    grid: bool = True
    numbers: bool = True
    ticks: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    unit: float = 1.0
    limits: tuple[float, float] | None = None
    alternatives: tuple[Axis, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Axes:
    """A pair of axes and its place in the panel.

    ``place`` is (left, bottom, right, top) in shares of the panel. ``equal`` makes a unit as long on either axis: the
    painter widens one of the two ranges, within its limits. ``title`` stands above, in ``color``; it is cut where the
    next pair of axes with a title begins. ``racer`` is the id of the card whose facet this is.
    """

    x: Axis
    y: Axis
    place: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    equal: bool = False
    title: str = ""
    color: Color = "ink"
    racer: str = ""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What all marks have in common.

    ``axes`` is the index of the pair of axes in its panel. ``racer`` is the id of the card that the mark belongs to: it
    goes when that racer is hidden, and dims when another is pointed at. Marks are drawn layer by layer and, within a
    layer, in their order: "ground" does not move, "under" lies beneath the trails, "over" above all.
    """

    axes: int = 0
    racer: str = ""
    layer: Layer = "trail"


@dataclass(frozen=True, kw_only=True)
class Head:
    """A symbol that shows where a line is when the clock is at its place, above all marks of its layer.

    ``outside`` says what is drawn where that lies outside the axes: nothing, an arrow at the edge where the line left
    with ``label`` beside it, or an arrow at the upper edge for a curve that left through it. From the time ``ended`` on
    the words are ``ending``, if there is one; these also stand above a head that is inside the axes.
    """

    symbol: Symbol
    outside: Literal["absent", "arrow", "upward arrow"] = "absent"
    label: str = ""
    ending: str = ""
    ended: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Line(Mark):
    """A curve through points.

    Shapes: ``x`` and ``y`` (k,), NaN where there is a gap; ``time`` (k,) reveals it. Or ``x`` (k,) and ``y`` (m, k),
    which ``time`` (m,) replaces.

    A line that is revealed glides: between two points the head is on the straight way from one to the other. One with
    ``jumps`` stays at each point until the time of the next. ``casing`` puts a line of the paper's colour under it.
    ``dots`` marks a point that is far enough from the one before it.

    ``hover`` holds the rows of the label under the pointer, a word and an array (k,) each, below ``name`` and the time;
    without any, the line has no label. ``heights`` (k,) lift the line off the plane where it is drawn in three
    dimensions. Both may be longer than k, and only their first k entries count. ``follows`` says which part of a run
    the line shows, so that a run that is dragged can stand in its place.
    """

    x: Numbers
    y: Replaced
    color: Color
    time: Numbers | None = None
    dash: Dash = "solid"
    weight: Literal["trail", "curve", "thin", "hair"] = "curve"
    future: Future = "pale"
    jumps: bool = False
    casing: bool = False
    dots: bool = False
    head: Head | None = None
    name: str = ""
    hover: tuple[tuple[str, Numbers], ...] = ()
    heights: Numbers | None = None
    follows: Literal["", "path", "loss"] = ""


@dataclass(frozen=True, kw_only=True)
class Lines(Mark):
    """Many faint hairlines that share their time: the seeds of a bundle.

    Shapes: ``y`` (n, k), and ``x`` (n, k) or, where all share it, (k,); ``time`` (k,) reveals them.
    """

    x: Annotated[NDArray[Any], "points", "curves, points"]
    y: Curves
    color: Color
    time: Numbers | None = None
    future: Future = "pale"


@dataclass(frozen=True, kw_only=True)
class Band(Mark):
    """The area between two curves, open above where ``high`` is NaN; it ends where ``low`` is NaN.

    Shapes: ``x``, ``low`` and ``high`` (k,); ``time`` (k,) reveals it, and the part after the clock is pale.
    """

    x: Numbers
    low: Numbers
    high: Numbers
    color: Color
    time: Numbers | None = None


@dataclass(frozen=True, kw_only=True)
class Dots(Mark):
    """Points.

    Shapes: ``x`` and ``y`` (k,), which ``time`` (k,) reveals. Or one or both of them (m, k), which ``time`` (m,)
    replaces.

    Their colours are ``color``, or ``colors`` (k,), indices into ``palette``, or ``shares`` (k,) of the colour scale of
    the panel's `Field`. ``edge`` is the colour of their rim. ``faint`` makes them transparent. ``hover`` is that of a
    `Line`.
    """

    x: Replaced
    y: Replaced
    color: Color = "ink"
    time: Numbers | None = None
    future: Future = "pale"
    symbol: Symbol = "circle"
    size: Literal["tiny", "small", "normal", "large"] = "normal"
    faint: bool = False
    edge: Color = ""
    colors: Numbers | None = None
    palette: tuple[Color, ...] = ()
    shares: Numbers | None = None
    name: str = ""
    hover: tuple[tuple[str, Numbers], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sign(Mark):
    """Symbols with a meaning, ``name``: critical points, the start. Shapes: ``x`` and ``y`` (k,).

    A ``handle`` is one point, has its name above it, and can be dragged on the page.
    """

    x: Numbers
    y: Numbers
    symbol: Symbol
    name: str = ""
    handle: bool = False


@dataclass(frozen=True, kw_only=True)
class Text(Mark):
    """Words at a place, on one side of it.

    The place (x, y) is in data units or, ``within`` the axes, in shares of them. ``words`` are one text. Or, where
    ``time`` (m,) replaces them, there are m, with ``x`` and ``y`` (m,); of words that would cover each other the later
    are moved. ``backing`` is a ground of the paper's colour.
    """

    x: float | Numbers
    y: float | Numbers
    words: tuple[str, ...]
    time: Numbers | None = None
    side: Side = "middle center"
    color: Color = "muted"
    within: bool = False
    italic: bool = False
    bold: bool = False
    backing: bool = False


@dataclass(frozen=True, kw_only=True)
class Field(Mark):
    """A function of the plane, as filled contours.

    Shapes: ``x`` (columns,), ``y`` (rows,), ``z`` (rows, columns). Contours run from ``low`` to ``high`` in steps of
    ``step``; beyond them the ground has the colours of the ends. Where 0 has a meaning of its own, ``zero`` is set, and
    its contour is strong. ``colors`` has for each theme the colour scale, (share, colour) pairs. ``scale`` says how
    heights follow from losses, which painters interpolate between the points of the grid. A height is the loss itself,
    its decimal logarithm ("log"), or the signed logarithm of 1 + |loss| ("signed log"), up to an offset and a unit.

    ``ticks`` are heights and words of the bar that explains the colours. Its ``title`` says what is shown, and it
    stands in ``corner`` where there is room.
    """

    x: Numbers
    y: Numbers
    z: Grid
    low: float
    high: float
    step: float
    colors: Mapping[str, tuple[tuple[float, Color], ...]] = field(default_factory=dict)
    zero: bool = False
    scale: Literal["linear", "log", "signed log"] = "linear"
    ticks: tuple[tuple[float, str], ...] = ()
    title: str = ""
    corner: Corner = "bottom right"
    layer: Layer = "ground"


@dataclass(frozen=True, kw_only=True)
class Tiles(Mark):
    """A picture of cells that fills the axes, replaced at each moment.

    Shapes: ``values`` (m, rows, columns) uint8, 255 for a whole share, the first row at the top; ``time`` (m,). A cell
    has ``color``, as strong as its share. With ``classes`` (m, rows, columns) it has the colour of its class in
    ``palette``, and its value says how sure that is.

    ``smooth`` interpolates. ``numbers`` writes each share in hundredths where there is room. ``names`` stand below the
    columns, and beside the rows if there are as many. ``score`` (m,) is a share that stands above the axes, at the
    right.
    """

    values: Pictures
    time: Numbers
    color: Color = "ink"
    classes: Pictures | None = None
    palette: tuple[Color, ...] = ()
    smooth: bool = False
    numbers: bool = False
    names: tuple[str, ...] = ()
    score: Numbers | None = None


@dataclass(frozen=True, kw_only=True)
class Cells(Mark):
    """A grid of equal cells that fills a box of the axes: the results of many runs.

    Shapes: ``shades`` (rows, columns) uint8, the lowest row first. Shade k has the colour ``colors[k - 1]``, and a cell
    with shade 0 is not drawn. ``box`` is (left, bottom, right, top) in data units.

    The label under the pointer has the names of both axes with ``x`` (columns,) and ``y`` (rows,), and the number of
    the cell in ``values`` (rows, columns) with its ``unit``, or the text of its shade if ``words`` has one.
    """

    shades: Annotated[NDArray[np.uint8], "rows, columns"]
    box: tuple[float, float, float, float]
    colors: tuple[Color, ...]
    x: Numbers
    y: Numbers
    values: Grid
    names: tuple[str, str] = ("x", "y")
    unit: str = ""
    words: tuple[tuple[int, str], ...] = ()
    layer: Layer = "under"


@dataclass(frozen=True, kw_only=True)
class Bars(Mark):
    """A histogram of equal bins across the axes, replaced at each moment; the first moment stays as an outline.

    Shapes: ``heights`` (m, bins), ``time`` (m,); ``captions``, m of them, stand below.
    """

    heights: Annotated[NDArray[Any], "moments, bins"]
    time: Numbers
    color: Color
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule(Mark):
    """An upright line across the axes, at ``x`` or at the place of the clock. ``label`` stands at its top."""

    x: float = 0.0
    clock: bool = False
    dash: Dash = "solid"
    color: Color = "muted"
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Graph(Mark):
    """Nodes that are small square pictures, and edges between them, replaced at each moment.

    Shapes: the centres ``x`` and ``y`` (k,); ``pictures`` (m, k, pixels) uint8, the pixels of ``grid`` (rows, columns)
    row by row from the top; ``time`` (m,). A pixel of 128 is zero and has the colour of the paper. Towards 1 and
    towards 255, the first and the second colour of ``palette`` grow stronger, for negative and for positive numbers. A
    picture is the largest square that fits into a box of the size ``room`` (width, height) in data units.

    Edge e connects the centres of the nodes ``source`` and ``target`` (e,). Its sign and width are those of
    ``strengths`` (m, e), from −1 to 1.

    Under the pointer a node is shown large with its name in ``names`` and, for each of the rows of ``hover``, a word
    and the number of the moment, (m, k), unless that is NaN.
    """

    x: Numbers
    y: Numbers
    pictures: Annotated[NDArray[np.uint8], "moments, nodes, pixels"]
    grid: tuple[int, int]
    room: tuple[float, float]
    source: Numbers
    target: Numbers
    strengths: Annotated[NDArray[np.float32], "moments, edges"]
    time: Numbers
    palette: tuple[Color, Color]
    names: tuple[str, ...]
    hover: tuple[tuple[str, Annotated[NDArray[Any], "moments, nodes"]], ...] = ()


AnyMark = Line | Lines | Band | Dots | Sign | Text | Field | Tiles | Cells | Bars | Rule | Graph
MARKS: tuple[type[AnyMark], ...] = (Line, Lines, Band, Dots, Sign, Text, Field, Tiles, Cells, Bars, Rule, Graph)


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button above the axes of a panel, centred at ``x`` in data units; ``label`` says what it does."""

    name: str
    text: str
    label: str
    x: float
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Option:
    """A choice that a panel offers beside its title: how the plane of a landscape is chosen."""

    name: str
    value: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Legend:
    """What the shades of cells mean.

    A bar of ``colors`` has a ``title`` and, at shares of its length, the words of ``ticks``. ``keys`` are the names and
    the colours of shades outside the bar. Without colours there is no bar.
    """

    title: str = ""
    colors: tuple[Color, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    keys: tuple[tuple[str, Color], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Note:
    """Words of a note, in a colour where they are a key to colours."""

    text: str
    color: Color = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture of a scene.

    ``message`` stands in its place where there is nothing to draw. ``choices`` are the views that could stand there
    instead, by key and name; a panel without any is fixed. ``spread`` says how pairs of axes are placed: each at its
    ``place``, or all as equal squares, as large as there is room for. ``buttons`` are on the page alone.
    """

    key: str = ""
    title: str = ""
    axes: tuple[Axes, ...] = ()
    marks: tuple[AnyMark, ...] = ()
    note: tuple[Note, ...] = ()
    message: str = ""
    legend: Legend | None = None
    option: Option | None = None
    buttons: tuple[Button, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    spread: Literal["places", "squares"] = "places"
