"""A race as matplotlib draws it: the map with its trails, and the losses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba_array
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from app.common.digits import raised
from app.export.drawing import AXIS, DASHES, DOT, HEAD, SHAPES, SPARSE, TEXT, Box, lines, sign, spots
from app.export.drawing_slots import SlotDrawing
from app.export.look import blend, color, points
from app.player.scene import Card

GAP = 14.0
SCALED = (260.0, 160.0)
"""The width and height of a map from which on it has room for the scale of its colours."""
MARKS: dict[str, tuple[Any, bool]] = {
    "x-thin": ("x", False),
    "cross-thin": ("+", False),
    "asterisk-open": ((8, 2, 0), False),
    "triangle-up-open": ("^", True),
    "diamond-open": ("D", True),
    "star-triangle-up-open": ("*", True),
}
ANCHORS = {"right": (7, "left"), "left": (-7, "right"), "top": (7, "bottom"), "bottom": (-7, "top")}
"""On which side of a mark its name stands: how far away, and which end of it is there."""


class RaceDrawing(SlotDrawing):
    """Map and losses of a race, and what else is shown beside these."""

    @staticmethod
    def parts(scene: Any) -> Mapping[str, str]:
        return {"all": "The race", "map": "Paths", "loss": "Losses", **{slot.key: slot.title for slot in scene.slots}}

    @property
    def steps(self) -> int:
        return int(self.scene.duration)

    @property
    def unit(self) -> str:  # type: ignore[override]
        return "evaluation" if self.scene.axis == "evaluations" else "step"

    def reached(self, card: Card, at: int) -> int:
        return at // int(self.scene.pace(card))

    def courses(self) -> Sequence[NDArray[np.float64]]:
        (x0, x1), (y0, y1) = self.scene.window
        paths = []
        last = self.scene.positions.shape[1] - 1
        for k, card in self.shown:
            stretch = np.hypot(*(np.diff(self.scene.positions[k], axis=0) / [x1 - x0, y1 - y0]).T)
            stretch = np.minimum(np.nan_to_num(stretch[: card.leaves]), 0.2)  # a leap across the frame is a leap
            length = np.concatenate([[0.0], np.cumsum(stretch)])
            length = np.append(length, np.full(last + 1 - len(length), length[-1]))
            if length[-1] > 0:
                at = np.minimum(np.arange(self.steps + 1) // self.scene.pace(card), last)
                paths.append(length[at] / length[-1])
        return paths

    def draw(self, box: Box) -> None:
        left, top, width, height = box
        slots = self.scene.slots
        alone = [slot for slot in slots if slot.key == self.look.part]
        if alone:
            self.slot(alone[0], box)
            return
        small = round((0.32 if slots else 0.24) * height)
        tall = height - 44 if self.look.part != "all" else height - small - 74
        if self.look.part != "loss":
            self._map((left + AXIS, top, width - AXIS, tall))
        if self.look.part == "all":
            top, tall = top + tall + 30, float(small)
        if self.look.part == "map":
            return
        beside = slots if self.look.part == "all" else ()
        across = (width - GAP * len(beside)) / (len(beside) + 1)
        self._losses((left + AXIS, top, across - AXIS, tall))
        for k, slot in enumerate(beside, 1):
            self.slot(slot, (left + k * (across + GAP), top - 6, across, tall + 50))

    # The map.

    def _map(self, box: Box) -> None:
        figure = self.scene.map
        limits = [(figure["layout"][a]["minallowed"], figure["layout"][a]["maxallowed"]) for a in ("xaxis", "yaxis")]
        box = shrunk(box, self.scene.window, limits)
        axes = self.axes(box)
        (x0, x1), (y0, y1) = fit(self.scene.window, (box[2], box[3]), limits)
        axes.set(xlim=(x0, x1), ylim=(y0, y1), autoscale_on=False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(9, steps=[1, 2, 5, 10]))
        for trace in figure["data"]:
            if trace["type"] == "contour":
                roomy = box[2] > SCALED[0] and box[3] > SCALED[1]
                self.contours(axes, {**trace, "showscale": trace["showscale"] and roomy}, box)
            else:
                self._marks(axes, trace)
        for note in figure["layout"].get("annotations", ()):
            self._written(axes, note)
        self._start(axes)
        pixels = np.array([box[2] / (x1 - x0), box[3] / (y1 - y0)])
        self._strands(axes)
        self._trails(axes, pixels)

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
                (dy, up), (dx, across) = (ANCHORS[word] for word in trace["textposition"].split())
                self._label(axes, text, (a, b), (dx, dy), across, up)

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

    def _written(self, axes: Axes, note: Any) -> None:
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
        inks = to_rgba_array([card.color for _, card in self.order])
        trails = self.keep(axes, lines(self.order, style, 5))
        dots = self.keep(axes, spots(axes, len(paths), DOT, 6, linewidths=0))
        heads = self.keep(axes, spots(axes, len(paths), HEAD, 21, edgecolors=style["paper"], linewidths=points(2)))
        heads.set_facecolor(inks)
        names = [self._name(axes, card) for _, card in self.order]

        def move(at_clock: int) -> None:
            segments, steps, shapes, at = [], [], [], []
            for path, far, (_, card), name in zip(paths, away, self.order, names, strict=True):
                step = self.reached(card, at_clock)
                last = min(step, card.leaves)
                seen = path[: last + 1]
                segments += [seen, seen]
                apart = seen[far[: last + 1] >= SPARSE]
                steps.append(apart)
                shape, place = self._head(card, seen, box, pixels, name, step)
                shapes.append(shape)
                at.append(place)
            trails.set_segments(segments)
            dots.set_offsets(np.concatenate(steps) if steps else np.zeros((0, 2)))
            dots.set_facecolor(np.repeat(inks, [len(one) for one in steps], axis=0))
            heads.set_paths(shapes)
            heads.set_offsets(np.array(at).reshape(-1, 2))

        self.movers.append(move)

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
            self.ticks(axes, low, high)
            low, high = 10.0**low, 10.0**high
        else:
            axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True, steps=[1, 2, 5, 10]))
        axes.set(xlim=(0, max(1, self.steps)), ylim=(low, high), autoscale_on=False)
        axes.grid(color=self.style["grid"], lw=points(1))
        axes.set_axisbelow(True)
        word = "gradient evaluations" if self.scene.axis == "evaluations" else "step"
        axes.set_xlabel(word, color=self.style["muted"], fontsize=points(TEXT), labelpad=points(2))
        title = re.sub(r"<sup>(.*?)</sup>", lambda found: raised(found[1]), curve["titles"][look.axis])
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
        for mark in curve["layout"].get("shapes", ()):
            axes.axvline(mark["x0"], color=self.style["muted"], lw=points(1), ls=":", zorder=2)
        self._runs(axes)
        head = self.keep(axes, axes.axvline(0, color=self.style["muted"], lw=points(1), zorder=7))
        self.movers.append(lambda step: head.set_xdata([step, step]))

    def _runs(self, axes: Axes) -> None:
        """The whole curves pale, over them what has been, and where each run is."""
        low, top = axes.get_ylim()
        whole = []
        for k, card in self.order:
            # far above the frame a curve is a vertical line
            losses = np.minimum(self.curve_of(k, card), 1e30 * top)
            whole.append(np.column_stack([self.scene.pace(card) * np.arange(len(losses)), losses]))
            pale = blend(self.style["paper"], card.color, 0.3)
            axes.plot(*whole[-1].T, color=pale, lw=points(1.5), ls=DASHES[card.dash], zorder=3)
        self.around(axes, top)
        signs = [sign(SHAPES[card.shape]) for _, card in self.order]
        strong = self.keep(axes, lines(self.order, self.style, 4, casing=0, width=2.25))
        paper = self.style["paper"]
        here = self.keep(axes, spots(axes, len(whole), 9, 9, edgecolors=paper, linewidths=points(1.5), clip_on=False))
        here.set_facecolors([card.color for _, card in self.order])

        def move(step: int) -> None:
            here_at = [self.reached(card, step) for _, card in self.order]
            strong.set_segments([one[: k + 1] for one, k in zip(whole, here_at, strict=True)])
            at = np.array([one[min(k, len(one) - 1)] for one, k in zip(whole, here_at, strict=True)]).reshape(-1, 2)
            # one that has left through the top is an arrow where it did
            gone = at[:, 1] > top
            for k in np.flatnonzero(gone):
                at[k] = np.argmax(whole[k][:, 1] > top), top
            here.set_paths([sign("^") if left else own for left, own in zip(gone, signs, strict=True)])
            here.set_offsets(np.where((at[:, 1] >= low)[:, None], at, np.nan))

        self.movers.append(move)

    # Bundles.

    def curve_of(self, k: int, card: Card) -> NDArray[np.float64]:
        """The losses of one racer, or of a bundle with a band their median."""
        bundle = self.scene.bundle
        if bundle and bundle["kind"] == "band":
            middle = np.asarray(bundle["racers"][card.id]["middle"])
            return middle[: np.count_nonzero(np.isfinite(middle))]
        return np.array(self.scene.losses[k][: card.last + 1], dtype=float)

    def threads(self, card: Card) -> NDArray[np.float64]:
        """The paths of all seeds of a racer, (seeds, kept, 2)."""
        bundle = self.scene.bundle
        return np.asarray(bundle["racers"][card.id]["paths"], float).reshape(bundle["count"], -1, 2)

    def _strands(self, axes: Axes) -> None:
        """Under the trails the other seeds: their threads, or where each of them is."""
        bundle = self.scene.bundle
        if not bundle:
            return
        kept, inks = np.asarray(bundle["steps"]), to_rgba_array([card.color for _, card in self.order], 0.45)
        paths = [self.threads(card) for _, card in self.order]
        if bundle["kind"] == "band":
            cloud = self.keep(axes, spots(axes, len(paths) * bundle["count"], 4, 5, linewidths=0))
            cloud.set_facecolor(np.repeat(inks, bundle["count"], axis=0))
        else:
            cloud = self.keep(axes, LineCollection([], linewidths=points(1), zorder=4))
            cloud.set_color(np.repeat(inks, bundle["count"], axis=0))

        def move(step: int) -> None:
            last = [int(np.searchsorted(kept, self.reached(card, step), side="right")) for _, card in self.order]
            if bundle["kind"] == "band":
                cloud.set_offsets(np.concatenate([seeds[:, k - 1] for seeds, k in zip(paths, last, strict=True)]))
            else:
                cloud.set_segments([one[:k] for seeds, k in zip(paths, last, strict=True) for one in seeds])

        self.movers.append(move)

    def around(self, axes: Axes, top: float) -> None:
        """Round the curves the other seeds: their threads, or a band."""
        bundle = self.scene.bundle
        for _, card in self.order if bundle else ():
            lines, pace = bundle["racers"][card.id], self.scene.pace(card)
            if bundle["kind"] == "band":
                low, high = (np.minimum(np.nan_to_num(lines[k], nan=1e30 * top), 1e30 * top) for k in ("low", "high"))
                axes.fill_between(pace * np.arange(len(low)), low, high, color=card.color, alpha=0.18, lw=0, zorder=2)
                continue
            for one in np.asarray(lines["losses"]).reshape(bundle["count"], -1):
                axes.plot(pace * np.asarray(bundle["steps"]), one, color=card.color, alpha=0.4, lw=points(1), zorder=3)


def shrunk(box: Box, window: Any, limits: Any) -> Box:
    """The middle of a box in which the whole window can be seen at equal scales, within what the figure covers."""
    left, top, width, height = box
    unit = max((high - low) / pixels for (low, high), pixels in zip(window, (width, height), strict=True))
    across, tall = (min(p, (high - low) / unit) for p, (low, high) in zip((width, height), limits, strict=True))
    return (left + (width - across) / 2, top + (height - tall) / 2, across, tall)


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
