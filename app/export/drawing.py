"""What pictures drawn by matplotlib have in common: the same scenes that the page plays, without a browser."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.typing import NDArray

from app.common.digits import decade, short
from app.export.look import DPI, color, colormap, cut, fonts, points, wide, wrap
from app.export.options import Look
from app.player.scene import Board, Card, Scene

STYLE: Any = {
    "font.size": points(12),
    "axes.unicode_minus": True,
    "axes.linewidth": points(1),
    "path.simplify": False,  # a run that leaps across the frame would be drawn elsewhere
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
}
LINE, CASING, DOT, HEAD = 2.5, 5.5, 4.6, 13.0
SPARSE = 5.0
"""Pixels between two points from which on a step is seen as a dot."""
EDGE, ROW, TEXT = 24.0, 17.0, 12.0
LEAST = 100.0
"""The least width and height of what is drawn, in pixels."""
AXIS = 38.0
"""The room for the numbers of an axis."""
DASHES = {"solid": "-", "dash": (0, (4, 2)), "dot": (0, (1, 1.6)), "dashdot": (0, (4, 1.6, 1, 1.6))}
SHAPES = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^"}
Box = tuple[float, float, float, float]
"""left, top, width and height in pixels."""


def rules() -> Any:
    """A context in which matplotlib draws as we do."""
    return mpl.rc_context({**STYLE, "font.family": fonts()})


class Drawing:
    """A picture of a scene whose ground stands still while what is on the clock moves: views, legend and caption.

    `show` sets the step; `figure` is then that picture. `frames` draws many steps, each over the same ground.

    Args:
        scene: what the page plays.
        look: what the picture is to look like.
        link: the permalink under the caption.

    Raises:
        ValueError: where the look asks for a part that the scene has not, or for a size that leaves it no room.
    """

    def __init__(self, scene: Scene | Board, look: Look | None = None, link: str = "") -> None:
        self.look = look = look or Look()
        self.style = scene.styles[look.theme]
        self.shown = [(k, card) for k, card in enumerate(scene.cards) if not card.hidden]
        # a run that leaves crosses the whole frame, and goes below those that stay
        self.order = sorted(self.shown, key=lambda one: not one[1].gone)
        self.moving: list[tuple[Axes | Figure, Artist]] = []
        self.movers: list[Callable[[int], None]] = []
        parts = self.parts(scene)
        if look.part not in parts:
            raise ValueError(f"part must be one of {', '.join(parts)}; got {look.part!r}")
        with rules():
            self.figure = Figure(figsize=(look.width / DPI, look.height / DPI), dpi=DPI * look.scale)
            self.canvas = FigureCanvasAgg(self.figure)
            self.figure.patch.set_facecolor("none" if look.transparent else self.style["paper"])
            said = [look.title] if look.title else [scene.caption, link if look.link else ""]
            views, legend, columns = self._divide(self._foot(said) if look.caption else 0.0)
            if min(views[2:]) < LEAST:
                few = f"{look.width}×{look.height} pixels leave no room beside legend and caption"
                raise ValueError(f"{few}: make it larger, hide racers, or leave the caption out")
            self.draw(views)
            self._legend(legend, columns)
        self.show(self.steps)

    @staticmethod
    def parts(scene: Any) -> Mapping[str, str]:
        """What can be drawn of a scene, "all" of it or one view alone, with their titles."""
        raise NotImplementedError

    @property
    def steps(self) -> int:
        """The last step that can be shown."""
        raise NotImplementedError

    unit = "step"
    """What the clock counts."""

    def reached(self, card: Card, at: int) -> int:
        """The step at which a racer is when the clock is there."""
        return at

    def draw(self, box: Box) -> None:
        """Draw the views into a box."""
        raise NotImplementedError

    def courses(self) -> Sequence[NDArray[np.float64]]:
        """How far along its way each thing that moves is at each step, (steps + 1,), from 0 to 1."""
        raise NotImplementedError

    def lengths(self) -> NDArray[np.float64]:
        """How far along its way the scene is at each step, (steps + 1,), from 0 to 1: the mean over what moves."""
        even = np.arange(self.steps + 1) / max(1, self.steps)
        courses = self.courses()
        # a tenth of the time goes by steps, for what stands still for the eye still steps
        return 0.9 * np.mean(courses, axis=0) + 0.1 * even if courses else even

    def show(self, step: int) -> None:
        """Set all that moves to a step."""
        for mover in self.movers:
            mover(step)

    def frames(self, steps: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """Pictures of these steps, (height, width, 4) each: the ground is drawn once."""
        with rules():
            for _, artist in self.moving:
                artist.set_animated(True)
            self.canvas.draw()
            ground = self.canvas.copy_from_bbox(self.figure.bbox)
            for step in steps:
                self.show(step)
                self.canvas.restore_region(ground)
                for axes, artist in self.moving:
                    axes.draw_artist(artist)
                yield np.array(self.canvas.buffer_rgba())
            for _, artist in self.moving:
                artist.set_animated(False)

    def axes(self, box: Box) -> Axes:
        """Axes at a place in pixels from the upper left."""
        left, top, width, height = box
        w, h = self.look.width, self.look.height
        axes = self.figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))
        axes.set_facecolor("none")
        axes.spines[:].set_visible(False)
        axes.tick_params(
            colors=self.style["muted"], labelcolor=self.style["ink"], length=points(4), width=points(1), pad=points(4)
        )
        return axes

    def words(self, text: str, left: float, top: float, size: float = TEXT, **options: Any) -> Text:
        """A text at a place in pixels from the upper left."""
        options = {"color": self.style["ink"], "va": "top", "ha": "left", **options}
        return self.figure.text(
            left / self.look.width, 1 - top / self.look.height, text, fontsize=points(size), parse_math=False, **options
        )

    def _foot(self, said: Sequence[str]) -> float:
        """The caption below everything, a paragraph after the other; how high it is with the room above it."""
        room = self.look.width - 2 * EDGE
        lines = [line for one in said if one for line in wrap(one, room, TEXT)]
        most = max(2, int(0.24 * self.look.height / ROW))
        if len(lines) > most:  # the file itself says all of it
            lines = [*lines[: most - 1], cut(f"{lines[most - 1]} …", room, TEXT)]
        for k, line in enumerate(lines):
            top = self.look.height - EDGE / 2 - ROW * (len(lines) - k)
            self.words(line, EDGE, top, color=self.style["muted"])
        return ROW * len(lines) + 14 if lines else 0.0

    def keep(self, axes: Axes | Figure, artist: Any) -> Any:
        """An artist that moves with the clock."""
        if artist.axes is None and isinstance(axes, Axes):
            axes.add_collection(artist, autolim=False)
        self.moving.append((axes, artist))
        return artist

    def ticks(self, axes: Axes, low: float, high: float) -> None:
        """A log axis upwards from 10^low to 10^high, with its numbers."""
        axes.set_yscale("log", nonpositive="mask")
        tall = axes.get_position().height * self.look.height
        many = max(2, min(6, int(tall / 24)))
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high - low > 2 else (1.0, 2.0, 5.0), numticks=many))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: decade(value)))
        axes.yaxis.set_minor_locator(NullLocator())

    def _divide(self, foot: float) -> tuple[Box, Box, int]:
        """The place of the views, that of the legend beside or below them, and how many columns that has."""
        look = self.look
        beside = look.width / look.height >= 1.2
        columns = 1 if beside else min(3, max(1, look.width // 180))
        rows = -(-len(self.shown) // columns)
        said = [word for _, card in self.shown for word in (card.title, *_said(card))]
        widest = max((wide(word, TEXT, bold=True) for word in said), default=0.0) + 36
        aside = max(120.0, min(300.0, round(look.width * 0.22), widest)) if beside else 0.0
        below = 0.0 if beside else rows * self._row + 8 + ROW
        width = look.width - 2 * EDGE - (aside + 20 if beside else 0.0)
        room = look.height - EDGE - foot - below
        views = (EDGE, EDGE, width, room)
        if beside:
            return views, (EDGE + width + 20, EDGE, aside, room), columns
        return views, (EDGE + AXIS, EDGE + room, (width - AXIS) / columns, below), columns

    def contours(self, axes: Axes, trace: Any, box: Box) -> None:
        z = np.ma.masked_invalid(trace["z"])
        start, end, size = (trace["contours"][name] for name in ("start", "end", "size"))
        levels = np.arange(start, end + size / 2, size)
        line = trace.get("line", {})
        width, ink = points(line.get("width", 0.8)), color(line.get("color", "contour_line"), self.style)
        if trace["contours"].get("coloring") != "none":
            axes.contourf(
                trace["x"],
                trace["y"],
                z,
                levels,
                cmap=colormap(self.style),
                vmin=trace["zmin"],
                vmax=trace["zmax"],
                extend="both",
                zorder=0,
            )
        axes.contour(trace["x"], trace["y"], z, levels, colors=[ink], linewidths=width, linestyles="solid", zorder=0.5)
        if trace.get("showscale"):
            self._scale(axes, trace, box)

    def _scale(self, axes: Axes, trace: Any, box: Box) -> None:
        """A thin bar that says which colour is which loss, in the corner that is asked for, or the lower right: on the
        ground, so that paths go over it.
        """
        bar, style = trace["colorbar"], self.style
        wide = min(200.0, 0.5 * box[2])
        left = box[2] - wide - 14 if bar.get("x", 1) else 14
        bottom = box[3] - 28 if bar.get("y", 0) else 20

        def inset(left: float, bottom: float, width: float, height: float, zorder: float) -> Axes:
            bounds = (left / box[2], bottom / box[3], width / box[2], height / box[3])
            found = axes.inset_axes(bounds, zorder=zorder)
            found.spines[:].set_visible(False)
            found.set(xticks=[], yticks=[])
            return found

        inset(left - 10, bottom - 18, wide + 20, 42, 0.7).set_facecolor((style["paper"], 0.6))
        axes = inset(left, bottom, wide, 6, 0.8)
        ends = (trace["zmin"], trace["zmax"], 0, 1)
        axes.imshow(np.linspace(0, 1, 256)[None], aspect="auto", cmap=colormap(style), extent=ends)
        axes.set_xticks(bar["tickvals"], bar["ticktext"])
        axes.tick_params(length=0, labelsize=points(10), labelcolor=style["muted"], pad=points(2))
        axes.set_title(bar["title"]["text"], fontsize=points(10), color=style["muted"], pad=points(3))

    @property
    def _row(self) -> float:
        """How high a racer stands in a legend of several columns: with its status, unless there are many."""
        return 2.2 * ROW if len(self.shown) <= 6 else 1.3 * ROW

    def _legend(self, box: Box, columns: int) -> None:
        left, top, width, height = box
        here = self.keep(self.figure, self.words("", left, top, 11, color=self.style["muted"]))
        self.movers.append(lambda step: here.set_text(f"{self.unit} {step:,} of {self.steps:,}"))
        top, height = top + ROW, height - ROW
        rows = -(-len(self.shown) // columns)
        tall = min(54.0, height / max(1, rows)) if columns == 1 else self._row
        for at, (_, card) in enumerate(self.shown):
            row, column = divmod(at, columns)
            x, y = left + column * width, top + row * tall
            self._sample(card, x, y + 8)
            room = width - 34
            self.words(cut(card.title, room, TEXT, bold=True), x + 32, y, weight="bold")
            status, values = (cut(line, room, TEXT) for line in _said(card))
            if tall > 30:
                self._status(card, self.words(status, x + 32, y + ROW, color=self.style["muted"]))
            if tall > 48:
                self.words(values, x + 32, y + 2 * ROW, color=self.style["muted"])

    def _status(self, card: Card, text: Text) -> None:
        """What became of a racer is not told before the clock is there."""
        self.keep(self.figure, text)
        self.movers.append(lambda step: text.set_visible(self.reached(card, step) >= card.settled))

    def _sample(self, card: Card, x: float, y: float) -> None:
        w, h = self.look.width, self.look.height
        common = {"transform": self.figure.transFigure, "color": card.color}
        ends = [x / w, (x + 24) / w]
        self.figure.add_artist(Line2D(ends, [1 - y / h] * 2, lw=points(3), ls=DASHES[card.dash], **common))  # type: ignore[arg-type]
        marker = SHAPES[card.shape]
        self.figure.add_artist(
            Line2D([(x + 12) / w], [1 - y / h], ls="", marker=marker, ms=points(9), **common)  # type: ignore[arg-type]
        )


def _said(card: Card) -> tuple[str, str]:
    """What a legend says of a racer: its status and its rates."""
    return card.status, ", ".join(f"{s.symbol} {short(s.value, 4)}" for s in card.sliders)


def lines(
    cards: Sequence[tuple[int, Card]], style: dict[str, Any], zorder: float, casing: float = CASING, width: float = LINE
) -> LineCollection:
    """One line a racer, each over a casing of paper's colour where one is asked for: one artist, which is quick."""
    both = (True, False) if casing else (False,)
    inks = [style["paper"] if under else card.color for _, card in cards for under in both]
    widths = [points(casing if under else width) for _ in cards for under in both]
    dashes = [DASHES[card.dash] for _, card in cards for _ in both]
    return LineCollection([], colors=inks, linewidths=widths, linestyles=dashes, capstyle="round", zorder=zorder)


def spots(axes: Axes, count: int, size: float, zorder: float, **options: Any) -> PathCollection:
    """Signs at places of the axes, of so many pixels."""
    areas = [points(size) ** 2] * max(1, count)
    options["transform"] = IdentityTransform()
    return PathCollection(
        [sign("o")], sizes=areas, offsets=[], offset_transform=axes.transData, zorder=zorder, **options
    )


@functools.lru_cache(maxsize=512)
def sign(shape: str, turn: float = 0.0) -> Path:
    """The outline of a marker."""
    style = MarkerStyle(shape)
    return style.get_path().transformed(style.get_transform() + Affine2D().rotate(turn))
