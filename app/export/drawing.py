"""A race as matplotlib draws it: the same scene that the page plays, without a browser."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
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
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.typing import NDArray

from app.export.look import DPI, blend, color, colormap, cut, fonts, points, wrap
from app.export.options import Look
from app.figures.numbers import short
from app.player.scene import Card, Scene

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
DASHES = {"solid": "-", "dash": (0, (4, 2)), "dot": (0, (1, 1.6)), "dashdot": (0, (4, 1.6, 1, 1.6))}
SHAPES = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^"}
MARKS: dict[str, tuple[Any, bool]] = {
    "x-thin": ("x", False),
    "cross-thin": ("+", False),
    "asterisk-open": ((8, 2, 0), False),
    "triangle-up-open": ("^", True),
    "diamond-open": ("D", True),
    "star-triangle-up-open": ("*", True),
}
Box = tuple[float, float, float, float]
"""left, top, width and height in pixels."""


class Drawing:
    """A picture whose ground stands still while what is on the clock moves.

    `show` sets the step; `figure` is then that picture. `frames` draws many steps, each over the same ground.
    """

    def __init__(self, look: Look, style: dict[str, Any]) -> None:
        self.look = look
        self.style = style
        with mpl.rc_context({**STYLE, "font.family": fonts()}):
            self.figure = Figure(figsize=(look.width / DPI, look.height / DPI), dpi=DPI * look.scale)
            self.canvas = FigureCanvasAgg(self.figure)
            self.figure.patch.set_facecolor("none" if look.transparent else style["paper"])
            self.moving: list[tuple[Axes, Artist]] = []

    @property
    def steps(self) -> int:
        """The last step that can be shown."""
        raise NotImplementedError

    def show(self, step: int) -> None:
        """Set all that moves to a step."""
        raise NotImplementedError

    def lengths(self) -> NDArray[np.float64]:
        """How far along its path the race is at each step, (steps + 1,), from 0 to 1: the mean over the racers."""
        raise NotImplementedError

    def frames(self, steps: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        """Pictures of these steps, (height, width, 4) each: the ground is drawn once."""
        with mpl.rc_context({**STYLE, "font.family": fonts()}):
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

    def words(self, text: str, left: float, top: float, size: float = TEXT, **options: Any) -> None:
        """A text at a place in pixels from the upper left."""
        options = {"color": self.style["ink"], "va": "top", "ha": "left", **options}
        self.figure.text(
            left / self.look.width, 1 - top / self.look.height, text, fontsize=points(size), parse_math=False, **options
        )

    def foot(self, text: str) -> float:
        """The caption below everything; how high it is with the room above it."""
        lines = wrap(text, self.look.width - 2 * EDGE, TEXT) if text else []
        for k, line in enumerate(lines):
            top = self.look.height - EDGE / 2 - ROW * (len(lines) - k)
            self.words(line, EDGE, top, color=self.style["muted"])
        return ROW * len(lines) + 14 if lines else 0.0

    def keep(self, axes: Axes, artist: Any) -> Any:
        """An artist that moves with the clock."""
        if artist.axes is None:
            axes.add_collection(artist, autolim=False)
        self.moving.append((axes, artist))
        return artist


@dataclasses.dataclass(frozen=True)
class _Places:
    map: Box | None
    loss: Box | None
    legend: Box
    columns: int


class RaceDrawing(Drawing):
    """Map, losses, legend and caption of a race.

    Args:
        scene: what the page plays.
        look: what the picture is to look like.
        link: the permalink under the caption.
    """

    def __init__(self, scene: Scene, look: Look | None = None, link: str = "") -> None:
        look = look or Look()
        super().__init__(look, scene.styles[look.theme])
        self.scene = scene
        self.shown = [(k, card) for k, card in enumerate(scene.cards) if not card.hidden]
        # a run that leaves crosses the whole frame, and goes below those that stay
        self.order = sorted(self.shown, key=lambda one: not one[1].gone)
        self._movers: list[Any] = []
        with mpl.rc_context({**STYLE, "font.family": fonts()}):
            said = look.title or " · ".join(filter(None, [scene.caption, link]))
            places = self._arrange(self.foot(said) if look.caption else 0.0)
            if places.map:
                self._map(places.map)
            if places.loss:
                self._losses(places.loss)
            self._legend(places)
        self.show(self.steps)

    @property
    def steps(self) -> int:
        return self.scene.positions.shape[1] - 1

    def show(self, step: int) -> None:
        for mover in self._movers:
            mover(step)

    def lengths(self) -> NDArray[np.float64]:
        even = np.arange(self.steps + 1) / max(1, self.steps)
        (x0, x1), (y0, y1) = self.scene.window
        paths = []
        for k, card in self.shown:
            stretch = np.hypot(*(np.diff(self.scene.positions[k], axis=0) / [x1 - x0, y1 - y0]).T)
            stretch = np.minimum(np.nan_to_num(stretch[: card.leaves]), 0.2)  # a leap across the frame is a leap
            length = np.concatenate([[0.0], np.cumsum(stretch)])
            length = np.append(length, np.full(self.steps + 1 - len(length), length[-1]))
            if length[-1] > 0:
                paths.append(length / length[-1])
        # a tenth of the time goes by steps, for what stands still for the eye still steps
        return 0.9 * np.mean(paths, axis=0) + 0.1 * even if paths else even

    def _arrange(self, foot: float) -> _Places:
        look = self.look
        beside = look.width / look.height >= 1.2
        columns = 1 if beside else min(3, max(1, look.width // 180))
        rows = -(-len(self.shown) // columns)
        aside = min(300.0, round(look.width * 0.22)) if beside else 0.0
        below = 0.0 if beside else rows * 2.2 * ROW + 8
        left = 62.0
        width = look.width - left - EDGE - (aside + 20 if beside else 0.0)
        room = look.height - EDGE - foot - below
        if look.part == "all":
            small = round(0.24 * room)
            map_ = (left, EDGE, width, room - small - 74)
            loss = (left, EDGE + map_[3] + 30, width, float(small))
        else:
            whole = (left, EDGE, width, room - 44)
            map_, loss = (whole, None) if look.part == "map" else (None, whole)  # type: ignore[assignment]
        end = max(box[1] + box[3] for box in (map_, loss) if box)
        legend = (left + width + 20, EDGE, aside, room) if beside else (left, end + 44, width / columns, below)
        return _Places(map_, loss, legend, columns)

    # The map.

    def _map(self, box: Box) -> None:
        axes = self.axes(box)
        figure = self.scene.map
        limits = [(figure["layout"][a]["minallowed"], figure["layout"][a]["maxallowed"]) for a in ("xaxis", "yaxis")]
        (x0, x1), (y0, y1) = fit(self.scene.window, (box[2], box[3]), limits)
        axes.set(xlim=(x0, x1), ylim=(y0, y1), autoscale_on=False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(9, steps=[1, 2, 5, 10]))
        for trace in figure["data"]:
            if trace["type"] == "contour":
                self._contours(axes, trace, box)
            else:
                self._marks(axes, trace)
        for note in figure["layout"].get("annotations", ()):
            self._note(axes, note)
        self._start(axes)
        pixels = np.array([box[2] / (x1 - x0), box[3] / (y1 - y0)])
        self._trails(axes, pixels)

    def _contours(self, axes: Axes, trace: Any, box: Box) -> None:
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
            self._scale(trace, box)

    def _scale(self, trace: Any, box: Box) -> None:
        """A thin bar that says which colour is which loss, in the lower right corner."""
        bar, style = trace["colorbar"], self.style
        wide = min(200.0, 0.5 * box[2])
        left, top = box[0] + box[2] - wide - 14, box[1] + box[3] - 26
        ground = self.figure.add_axes(
            (
                (left - 10) / self.look.width,
                1 - (top + 24) / self.look.height,
                (wide + 20) / self.look.width,
                42 / self.look.height,
            )
        )
        ground.set_facecolor((style["paper"], 0.6))
        ground.set(xticks=[], yticks=[])
        ground.spines[:].set_visible(False)
        axes = self.axes((left, top, wide, 6))
        axes.imshow(
            np.linspace(0, 1, 256)[None],
            aspect="auto",
            cmap=colormap(style),
            extent=(trace["zmin"], trace["zmax"], 0, 1),
        )
        axes.set_yticks([])
        axes.set_xticks(bar["tickvals"], bar["ticktext"])
        axes.tick_params(length=0, labelsize=points(10), labelcolor=style["muted"], pad=points(2))
        axes.set_title(bar["title"]["text"], fontsize=points(10), color=style["muted"], pad=points(3))

    def _marks(self, axes: Axes, trace: Any) -> None:
        x, y = np.asarray(trace["x"], float), np.asarray(trace["y"], float)
        line = trace.get("line", {})
        if "lines" in trace["mode"]:
            ink = color(line.get("color", "ink"), self.style)
            axes.plot(x, y, color=ink, lw=points(line.get("width", 1)), ls=DASHES[line.get("dash", "solid")], zorder=1)
        if "markers" in trace["mode"]:
            marker = trace["marker"]
            shape, closed = MARKS[marker["symbol"]]
            axes.plot(
                x,
                y,
                ls="",
                marker=shape,
                ms=points(marker["size"]),
                mew=points(marker["line"]["width"]),
                mec=self.style["ink"],
                mfc="none" if closed else self.style["ink"],
                zorder=2,
            )
        for text, a, b in zip(trace.get("text", ()), x, y, strict=False):
            if text:
                self._label(axes, text, (a, b), (7, -7), "left", "top")

    def _label(
        self, axes: Axes, text: str, at: tuple[float, float], off: tuple[float, float], across: str, up: str
    ) -> None:
        axes.annotate(
            text,
            at,
            (points(off[0]), points(off[1])),
            textcoords="offset points",
            ha=across,
            va=up,
            color=self.style["muted"],
            fontsize=points(11),
            annotation_clip=True,
            parse_math=False,
            zorder=3,
        )

    def _note(self, axes: Axes, note: Any) -> None:
        """Names of the axes, and what the map is a slice of."""
        plain = re.sub(r"<[^>]+>", "", note["text"])
        axes.text(
            note["x"],
            note["y"],
            plain,
            transform=axes.transAxes,
            ha=note["xanchor"],
            va={"middle": "center"}.get(note["yanchor"], note["yanchor"]),
            style="italic" if "<i>" in note["text"] else "normal",
            color=color(note["font"]["color"], self.style),
            fontsize=points(TEXT),
            parse_math=False,
        )

    def _start(self, axes: Axes) -> None:
        x, y = self.scene.start
        ink = self.style["ink"]
        axes.plot([x], [y], "o", ms=points(11), mew=points(2), mec=ink, mfc=self.style["paper"], zorder=20)
        self._label(axes, "start", (x, y), (0, 10), "center", "bottom")

    def _trails(self, axes: Axes, pixels: NDArray[np.float64]) -> None:
        """All trails with their casings, the steps on them, the heads, and the names of those that left."""
        style = self.style
        box = np.array([axes.get_xlim(), axes.get_ylim()]).T
        paths = [self.scene.positions[k].astype(float) for k, _ in self.order]
        away = [np.append(0.0, np.hypot(*(np.diff(path, axis=0) * pixels).T)) for path in paths]
        inks = [card.color for _, card in self.order]
        trails = self.keep(axes, lines(self.order, style, 5))
        dots = self.keep(axes, spots(axes, len(paths), DOT, 6, linewidths=0))
        heads = self.keep(axes, spots(axes, len(paths), HEAD, 21, edgecolors=style["paper"], linewidths=points(2)))
        names = [self._name(axes, card) for _, card in self.order]

        def move(step: int) -> None:
            segments, steps, colors, shapes, at = [], [], [], [], []
            for path, far, (_, card), name in zip(paths, away, self.order, names, strict=True):
                last = min(step, card.leaves)
                seen = path[: last + 1]
                segments += [seen, seen]
                apart = seen[far[: last + 1] >= SPARSE]
                steps.append(apart)
                colors += [card.color] * len(apart)
                shape, place = self._head(card, seen, box, pixels, name, step)
                shapes.append(shape)
                at.append(place)
            trails.set_segments(segments)
            dots.set_offsets(np.concatenate(steps) if steps else np.zeros((0, 2)))
            dots.set_facecolors(colors)
            heads.set_paths(shapes)
            heads.set_offsets(np.array(at).reshape(-1, 2))
            heads.set_facecolors(inks)

        self._movers.append(move)

    def _name(self, axes: Axes, card: Card) -> Any:
        """The name of a racer that has left, at the edge."""
        ground = {"facecolor": self.style["paper"], "edgecolor": "none", "alpha": 0.9, "pad": 1.5}
        common: Any = {"ha": "center", "va": "center", "parse_math": False, "clip_on": True, "zorder": 22}
        return self.keep(axes, axes.text(0, 0, "", color=card.color, fontsize=points(11), bbox=ground, **common))

    def _head(
        self, card: Card, seen: NDArray[np.float64], box: Any, pixels: NDArray[np.float64], name: Any, step: int
    ) -> tuple[Path, NDArray[np.float64]]:
        """The sign of a racer and its place: where it has left the map, an arrow at the edge, and its name beside."""
        inside = bool(((seen[-1] >= box[0]) & (seen[-1] <= box[1])).all())
        edge = None if inside else exit_of(seen, box)
        name.set_visible(edge is not None)
        if edge is None:
            return sign(SHAPES[card.shape]), seen[-1] if inside else np.full(2, np.nan)
        at, way = edge
        unit = way * pixels / np.hypot(*(way * pixels))
        gone = card.gone and card.status and step >= card.settled
        name.set_text(f"{card.title}: {card.status}" if gone else card.title)
        room = np.array([3.4 * len(name.get_text()) + 8, 12]) / pixels
        name.set_position(np.clip(at - unit * 26 / pixels, box[0] + room, box[1] - room))
        return sign(">", float(np.arctan2(unit[1], unit[0]))), at - unit * 7 / pixels

    # The losses.

    def _losses(self, box: Box) -> None:
        axes, curve, look = self.axes(box), self.scene.curve, self.look
        low, high = curve["ranges"][look.axis]
        if look.axis == "log":
            axes.set_yscale("log", nonpositive="mask")
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high - low > 2 else (1.0, 2.0, 5.0), numticks=6))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value, 3)))
            axes.yaxis.set_minor_locator(mpl.ticker.NullLocator())
            low, high = 10.0**low, 10.0**high
        else:
            axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        axes.set(xlim=(0, max(1, self.steps)), ylim=(low, high), autoscale_on=False)
        axes.grid(color=self.style["grid"], lw=points(1))
        axes.set_axisbelow(True)
        axes.set_xlabel("step", color=self.style["muted"], fontsize=points(TEXT), labelpad=points(2))
        title = re.sub(r"<sup>(.*?)</sup>", lambda found: found[1].translate(RAISED), curve["titles"][look.axis])
        ground = {"facecolor": self.style["paper"], "edgecolor": "none", "alpha": 0.7, "pad": 2}
        axes.text(
            1,
            1,
            title,
            transform=axes.transAxes,
            ha="right",
            va="top",
            color=self.style["muted"],
            bbox=ground,
            parse_math=False,
            zorder=8,
        )
        self._curves(axes)
        head = self.keep(axes, axes.axvline(0, color=self.style["muted"], lw=points(1), zorder=7))
        self._movers.append(lambda step: head.set_xdata([step, step]))

    def _curves(self, axes: Axes) -> None:
        """The whole curves pale, over them what has been, and where each run is."""
        low, top = axes.get_ylim()
        losses = []
        for k, card in self.order:
            # far above the frame a curve is a vertical line
            losses.append(np.minimum(np.array(self.scene.losses[k][: card.last + 1], dtype=float), 1e30 * top))
            pale = blend(self.style["paper"], card.color, 0.3)
            axes.plot(losses[-1], color=pale, lw=points(1.5), ls=DASHES[card.dash], zorder=3)
        whole = [np.column_stack([np.arange(len(one)), one]) for one in losses]
        strong = self.keep(axes, lines(self.order, self.style, 4, casing=0, width=2.25))
        paper = self.style["paper"]
        here = self.keep(axes, spots(axes, len(whole), 9, 9, edgecolors=paper, linewidths=points(1.5), clip_on=False))
        here.set_paths([sign(SHAPES[card.shape]) for _, card in self.order])
        here.set_facecolors([card.color for _, card in self.order])

        def move(step: int) -> None:
            strong.set_segments([one[: step + 1] for one in whole])
            at = np.array([one[min(step, len(one) - 1)] for one in whole]).reshape(-1, 2)
            outside = ~((at[:, 1] >= low) & (at[:, 1] <= top))
            here.set_offsets(np.where(outside[:, None], np.nan, at))

        self._movers.append(move)

    # Beside them.

    def _legend(self, places: _Places) -> None:
        left, top, width, height = places.legend
        rows = -(-len(self.shown) // places.columns)
        tall = min(54.0, height / max(1, rows)) if places.columns == 1 else 2.2 * ROW
        for at, (_, card) in enumerate(self.shown):
            row, column = divmod(at, places.columns)
            x, y = left + column * width, top + row * tall
            self._sample(card, x, y + 8)
            room = width - 34
            self.words(cut(card.title, room, TEXT, bold=True), x + 32, y, weight="bold")
            said = [card.status] if tall > 30 else []
            if tall > 48:
                said.append(", ".join(f"{s.symbol} {short(s.value, 4)}" for s in card.sliders))
            for k, line in enumerate(filter(None, said)):
                self.words(cut(line, room, TEXT), x + 32, y + ROW * (k + 1), color=self.style["muted"])

    def _sample(self, card: Card, x: float, y: float) -> None:
        w, h = self.look.width, self.look.height
        common = {"transform": self.figure.transFigure, "color": card.color}
        ends = [x / w, (x + 24) / w]
        self.figure.add_artist(Line2D(ends, [1 - y / h] * 2, lw=points(3), ls=DASHES[card.dash], **common))  # type: ignore[arg-type]
        marker = SHAPES[card.shape]
        self.figure.add_artist(
            Line2D([(x + 12) / w], [1 - y / h], ls="", marker=marker, ms=points(9), **common)  # type: ignore[arg-type]
        )


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


def sign(shape: str, turn: float = 0.0) -> Path:
    """The outline of a marker."""
    style = MarkerStyle(shape)
    return style.get_path().transformed(style.get_transform() + Affine2D().rotate(turn))


RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fit(window: Any, size: tuple[float, float], limits: Any) -> list[tuple[float, float]]:
    """The window widened on one axis so that a unit is as long on either axis, within what the figure covers."""
    wanted = max((high - low) / pixels for (low, high), pixels in zip(window, size, strict=True))
    unit = min(wanted, *((high - low) / pixels for (low, high), pixels in zip(limits, size, strict=True)))
    out = []
    for (low, high), pixels, (least, most) in zip(window, size, limits, strict=True):
        half = unit * pixels / 2
        middle = min(most - half, max(least + half, (low + high) / 2))
        out.append((middle - half, middle + half))
    return out


def exit_of(
    path: NDArray[np.float64], box: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Where a path (k, 2) that ends outside leaves a box ((low, low), (high, high)) for the last time, and its way."""
    for k in range(len(path) - 1, 0, -1):
        a, way = path[k - 1], path[k] - path[k - 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (box - a) / way
        moves = way != 0
        still = ~moves & ((a < box[0]) | (a > box[1]))
        enter = max(0.0, *np.where(moves, shares.min(axis=0), 0.0))
        leave = min(1.0, *np.where(moves, shares.max(axis=0), 1.0))
        if not still.any() and enter <= leave:
            return a + leave * way, way
    return None
