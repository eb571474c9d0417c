"""Panels as matplotlib draws them, each by its kind: charts, planes, fits, tiles and histograms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import StepPatch
from matplotlib.ticker import MaxNLocator, PercentFormatter
from matplotlib.transforms import Bbox, TransformedBbox
from numpy.typing import NDArray

from app.common.digits import percent, short
from app.export.drawing import AXIS, DASHES, ROW, SHAPES, TEXT, Box, Drawing, lines, sign, spots
from app.export.look import blend, color, colormap, cut, points, wide, wrap
from app.export.options import Look
from app.player.scene import Card, Slot

TITLE = 22.0
FOOT = 36.0
"""The room for the numbers and the name of an upright chart's lower axis."""
_INKED = re.compile(r"<span style='color:([^']*)'><b>([^<]*)</b></span>")
Place = tuple[float, float]
LEAST = (240.0, 120.0)
"""The width and height of a landscape from which on it has room for words."""
FAR = 1e6
"""Spans of an axis beyond which a curve is drawn no further."""


class SlotDrawing(Drawing):
    """Panels of a scene, each by its kind."""

    def __init__(self, scene: Any, look: Look | None = None, link: str = "") -> None:
        self.scene = scene
        self.ways: list[NDArray[np.float64]] = []
        super().__init__(scene, look, link)

    def slot(self, slot: Slot, box: Box) -> None:
        """A panel with its title and its note above it."""
        left, top, width, height = box
        panel = slot.panel
        title = cut(slot.title, width, 14, bold=True)
        self.words(title, left, top, 14, weight="bold")
        room = width - wide(title, 14, bold=True) - 14
        down = TITLE + self._note(
            panel.get("note", ""), (left + width - room, top + 3), room, (left, top + TITLE - 2), width
        )
        draw = {
            "chart": self._chart,
            "plane": self._plane,
            "fit": self._fit,
            "tiles": self._tiles,
            "histograms": self._histograms,
            "message": self._message,
        }[panel["type"]]
        draw(panel, (left, top + down, width, height - down))

    def _note(self, note: str, beside: Place, room: float, below: Place, width: float) -> float:
        """What is said of a panel, beside its title where it fits, else below, for which it takes some height."""
        pieces = [(text, ink) for ink, text in _INKED.findall(note)]  # the key to the colours of layers
        plain = _INKED.sub("", note).strip()
        if wide(plain, 11) + sum(wide(text, 11, bold=True) + 5 for text, _ in pieces) > room:
            told = wrap(plain, width, 11)[:3]
            for k, line in enumerate(told):
                self.words(line, below[0], below[1] + 15 * k, 11, color=self.style["muted"])
            return 15.0 * len(told)
        self.words(plain, *beside, 11, color=self.style["muted"])
        at = beside[0] + wide(plain, 11)
        for text, ink in pieces:
            self.words(text, at + 5, beside[1], 11, color=color(ink, self.style), weight="bold")
            at += wide(text, 11, bold=True) + 5
        return 0.0

    def _message(self, panel: Mapping[str, Any], box: Box) -> None:
        left, top, width, height = box
        for k, line in enumerate(wrap(panel["text"], width, TEXT)):
            self.words(line, left + width / 2, top + height / 2 + k * ROW, ha="center", color=self.style["muted"])

    # Charts, whose future is pale.

    def _chart(self, panel: Mapping[str, Any], box: Box) -> None:
        layout = panel["layout"]
        whole = _inner(box)
        room = {}
        for name in [key for key in layout if key.startswith("xaxis")]:
            suffix = name.removeprefix("xaxis")
            x, y = layout[name], layout[f"yaxis{suffix}"]
            place = _share(whole, x.get("domain", (0, 1)), y.get("domain", (0, 1)))
            axes = self._plot(x, y, place)
            room[f"x{suffix}"] = place
            data = [one for one in panel["data"] if one.get("xaxis", "x") == f"x{suffix}"]
            self._curves(axes, data, y["type"] == "log")
        for one in layout.get("annotations", ()):
            left, top, width, _ = room[one["xref"].removesuffix(" domain")]
            text = cut(one["text"], width, TEXT, bold=True)
            self.words(text, left, top - 3, va="bottom", color=one["font"]["color"], weight="bold")

    def _plot(self, x: Mapping[str, Any], y: Mapping[str, Any], box: Box) -> Axes:
        """Axes with their numbers, as a layout asks for them."""
        axes = self.axes(box)
        low, high = y["range"]
        if y.get("type") == "log":
            self.ticks(axes, low, high)
            low, high = 10.0**low, 10.0**high
        else:
            axes.yaxis.set_major_locator(MaxNLocator(max(2, int(box[3] // 45)), steps=[1, 2, 2.5, 5, 10]))
            if y.get("tickformat") == ".0%":
                axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        if "tickvals" in x:
            axes.set_xticks(x["tickvals"])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(max(2, min(7, int(box[2] // 70))), steps=[1, 2, 5, 10]))
        axes.set(xlim=x["range"], ylim=(low, high), autoscale_on=False)
        if x.get("showgrid", True):
            axes.grid(color=self.style["grid"], lw=points(1))
        axes.set_axisbelow(True)
        axes.tick_params(labelbottom=x.get("showticklabels", True), labelleft=y.get("showticklabels", True))
        axes.tick_params(axis="y", length=0)
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_offset_text().set_visible(False)
        if name := x.get("title", {}).get("text"):
            axes.set_xlabel(name, color=self.style["muted"], fontsize=points(TEXT), labelpad=points(2))
        return axes

    def _curves(self, axes: Axes, data: Sequence[Mapping[str, Any]], log: bool) -> None:
        low, high = axes.get_ylim()
        found = []
        for before, one in zip([None, *data], data, strict=False):
            x, y = np.asarray(one["x"], float), np.asarray(one["y"], float)
            if one.get("fill") and before:
                edges = (np.nan_to_num(np.asarray(v, float), nan=1e30 * high) for v in (before["y"], y))
                axes.fill_between(x, *edges, color=one["line"]["color"], alpha=0.18, lw=0, zorder=2)
            if not one["line"]["width"]:
                continue
            # far above the frame a curve is a vertical line
            y = np.clip(
                y, *((1e-30 * low, 1e30 * high) if log else (low - FAR * (high - low), high + FAR * (high - low)))
            )
            ink = color(one["line"]["color"], self.style)
            if one["mode"] == "markers":
                axes.plot(x, y, ls="", marker="o", ms=points(one["marker"]["size"]), color=ink, zorder=4)
                continue
            ink = blend(self.style["paper"], ink, one.get("opacity", 1.0))
            found.append((np.column_stack([x, y]), ink, one["line"]))
            if "opacity" in one:  # many curves in one: how they get on is not to be told from it
                continue
            self._went(x, np.log10(np.maximum(y, 1e-300)) / np.log10(high / low) if log else y / (high - low))
        paper = self.style["paper"]
        style: Any = {
            "linewidths": [points(line["width"]) for _, _, line in found],
            "linestyles": [DASHES[line["dash"]] for _, _, line in found],
        }
        whole = [path for path, _, _ in found]
        axes.add_collection(
            LineCollection(whole, colors=[blend(paper, ink, 0.3) for _, ink, _ in found], zorder=3, **style),
            autolim=False,
        )
        strong = self.keep(axes, LineCollection(whole, colors=[ink for _, ink, _ in found], zorder=4, **style))
        head = self.keep(axes, axes.axvline(0, color=self.style["muted"], lw=points(1), zorder=7))

        def move(step: int) -> None:
            strong.set_clip_box(TransformedBbox(Bbox.from_extents(0, 0, step, 1), axes.get_xaxis_transform()))
            head.set_xdata([step, step])

        self.movers.append(move)

    def _went(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Remember how a curve gets on, from 0 to 1 at each step."""
        good = np.isfinite(y)
        if np.count_nonzero(good) > 1:
            way = np.append(0.0, np.cumsum(np.abs(np.diff(y[good]))))
            if way[-1] > 0:
                self.ways.append(np.interp(np.arange(self.steps + 1), x[good], way / way[-1]))

    # What is drawn at the last kept moment of each run.

    def _plane(self, panel: Mapping[str, Any], box: Box) -> None:
        left, top, width, height = box
        place = (left + AXIS, top + 6, width - AXIS, height - 32)
        axes = self._plot(panel["layout"]["xaxis"], panel["layout"]["yaxis"], place)
        roomy = place[2] > LEAST[0] and place[3] > LEAST[1]
        for trace in panel["data"]:
            self.contours(axes, {**trace, "showscale": roomy}, place)
        paths = [path for path in panel["paths"] if not self._card(path).hidden]
        cards = [(path["racer"], self._card(path)) for path in paths]
        ways = [np.column_stack([path["x"], path["y"]]).astype(float) for path in paths]
        for path, way in zip(paths, ways, strict=True):
            reach = np.diff(way, axis=0) / [np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())]
            self._went(np.asarray(path["steps"], float), np.append(0.0, np.cumsum(np.hypot(*reach.T))))
        trails = self.keep(axes, lines(cards, self.style, 5, casing=5, width=2.25))
        dots = self.keep(axes, spots(axes, len(paths), 7.2, 6, linewidths=points(1.4)))
        heads = self.keep(axes, spots(axes, len(paths), 12, 7, edgecolors=self.style["paper"], linewidths=points(1.5)))
        heads.set_paths([sign(SHAPES[card.shape]) for _, card in cards])
        heads.set_facecolors([card.color for _, card in cards])
        common: Any = {"textcoords": "offset points", "va": "bottom", "parse_math": False, "zorder": 8}
        names = [self.keep(axes, axes.annotate("", (0, 0), (0, 0), fontsize=points(11), **common)) for _ in cards]
        ground = {"facecolor": self.style["paper"], "edgecolor": "none", "alpha": 0.75, "pad": 1}
        inks, near = colormap(self.style), 1e-3 * np.ptp(axes.get_xlim())

        def move(step: int) -> None:
            lasts = [_moment(path["steps"], step) for path in paths]
            seen = [way[: last + 1] for way, last in zip(ways, lasts, strict=True)]
            trails.set_segments([way for way in seen for _ in (0, 1)])
            dots.set_offsets(np.concatenate(seen) if seen else np.zeros((0, 2)))
            dots.set_facecolors(
                [c for path, way in zip(paths, seen, strict=True) for c in inks(path["shares"][: len(way)])]
            )
            dots.set_edgecolors([card.color for (_, card), way in zip(cards, seen, strict=True) for _ in way])
            heads.set_offsets(np.array([way[-1] for way in seen]).reshape(-1, 2))
            taken: list[Place] = []
            for name, path, way, last in zip(names, paths, seen, lasts, strict=True):
                far = float(path["distance"][last])
                named = far >= near and roomy
                name.set_text(f"{short(far, 2)} off the plane" if named else "")
                name.set(color=self.style["muted"], bbox=ground if named else None)
                name.xy = tuple(way[-1])
                # in pixels of the panel, upwards
                across, up = axes.transAxes.inverted().transform(axes.transData.transform(way[-1])) * place[2:]
                side, level = (-9, "right") if across > 0.6 * place[2] else (9, "left"), up + 3
                while any(abs(across - x) < 120 and abs(level - y) < 15 for x, y in taken):
                    level -= 1  # below what stands there
                if named:
                    taken.append((across, level))
                name.set(ha=side[1], position=(points(side[0]), points(level - up)))

        self.movers.append(move)

    def _fit(self, panel: Mapping[str, Any], box: Box) -> None:
        axes = self._plot(panel["layout"]["xaxis"], panel["layout"]["yaxis"], _inner(box))
        for trace in panel["data"]:
            ink = color(trace.get("marker", trace.get("line"))["color"], self.style)
            if trace["mode"] == "lines":
                line = trace["line"]
                axes.plot(
                    trace["x"], trace["y"], color=ink, lw=points(line["width"]), ls=DASHES[line["dash"]], zorder=2
                )
                continue
            marker = trace["marker"]
            form: Any = {"marker": "s", "mfc": "none"} if marker["symbol"].startswith("square") else {"marker": "o"}
            size, dim = points(marker["size"]), marker["opacity"]
            axes.plot(trace["x"], trace["y"], ls="", ms=size, alpha=dim, color=ink, zorder=2, **form)
        x = np.asarray(panel["x"], float)
        low, high = axes.get_ylim()
        far = FAR * (high - low)
        curves = [curve for curve in panel["curves"] if not self._card(curve).hidden]
        cards = [(curve["racer"], self._card(curve)) for curve in curves]
        dotted = panel["mode"] == "dots"
        for curve in curves:
            frames = np.clip(np.nan_to_num(np.asarray(curve["frames"], float)), low, high)
            moved = np.abs(np.diff(frames, axis=0)).mean(axis=1) / (high - low)
            self._went(np.asarray(curve["steps"], float), np.append(0.0, np.cumsum(moved)))
        one = spots(axes, 1, 6, 5, linewidths=0) if dotted else lines(cards, self.style, 5, casing=0)
        drawn = self.keep(axes, one)

        def move(step: int) -> None:
            found = []
            for curve in curves:
                y = np.asarray(curve["frames"][_moment(curve["steps"], step)], float)
                found.append(np.column_stack([x, np.clip(y, low - far, high + far)]))
            if dotted:
                drawn.set_offsets(np.concatenate(found) if found else np.zeros((0, 2)))
                drawn.set_facecolors([card.color for _, card in cards for _ in x])
            else:
                drawn.set_segments(found)

        self.movers.append(move)

    def _tiles(self, panel: Mapping[str, Any], box: Box) -> None:
        tiles = [tile for tile in panel["tiles"] if not self._card(tile).hidden]
        squares = _squares(box, len(tiles), 20.0 if panel.get("names") else 4.0)
        for tile, square in zip(tiles, squares, strict=True):
            self._tile(panel, tile, square, small=len(tiles) > 4)

    def _tile(self, panel: Mapping[str, Any], tile: Mapping[str, Any], box: Box, small: bool) -> None:
        left, top, size, _ = box
        card, side, style = self._card(tile), panel["side"], self.style
        axes = self.axes(box)
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[], autoscale_on=False)
        axes.spines[:].set(visible=True, color=style["grid"])
        room = wide("100.0 %", TEXT) + 8
        known = bool(np.isfinite(tile["accuracy"]).any())
        name = cut(card.title, size - (room if known else 0), TEXT, bold=True)
        self.words(name, left, top - 4, va="bottom", color=card.color, weight="bold")
        share = self.keep(
            axes, axes.text(1, 1, "", transform=axes.transAxes, ha="right", va="bottom", parse_math=False)
        )
        share.set(color=style["muted"], fontsize=points(TEXT), position=(1, 1 + 4 / size))
        smooth = "bilinear" if panel["smooth"] else "nearest"
        picture = self.keep(axes, axes.imshow(np.zeros((side, side, 3)), extent=(0, 1, 0, 1), interpolation=smooth))
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="auto")
        for samples in panel["points"]:
            marks = spots(axes, 1, 3.6 if small else 5.2, 3, linewidths=points(0.8), edgecolors=style["paper"])
            marks.set_paths([sign("o" if samples["part"] == "training" else "s")])
            marks.set_offsets(np.column_stack([samples["x"], samples["y"]]))
            marks.set_facecolor([panel["colors"][k % len(panel["colors"])] for k in samples["classes"]])
            self.keep(axes, marks)
        counts = self._counts(axes, side, size) if "shares" in tile else []
        cell = size / max(1, len(panel.get("names", ())))
        for k, word in enumerate(panel.get("names", ()) if cell >= 13 else ()):
            middle = left + (k + 0.5) * cell
            self.words(cut(word, cell, 11), middle, top + size + 3, 11, ha="center", color=style["muted"])

        def move(step: int) -> None:
            at = _moment(tile["steps"], step)
            accuracy = tile["accuracy"][at]
            share.set_text(percent(accuracy) if np.isfinite(accuracy) else "")
            picture.set_data(self._picture(panel, tile, at))
            for k, text in enumerate(counts):
                value = round(100 * int(tile["shares"][at][k]) / 255)
                text.set_text(str(value) if value else "")

        self.movers.append(move)

    def _counts(self, axes: Axes, side: int, size: float) -> list[Any]:
        """A text for each cell of a table, where there is room for its hundredths."""
        if size / side < 24:
            return []
        form: Any = {"ha": "center", "va": "center", "fontsize": points(10), "color": self.style["ink"], "zorder": 4}
        places = [((k % side + 0.5) / side, 1 - (k // side + 0.5) / side) for k in range(side * side)]
        return [self.keep(axes, axes.text(x, y, "", parse_math=False, **form)) for x, y in places]

    def _picture(self, panel: Mapping[str, Any], tile: Mapping[str, Any], at: int) -> NDArray[np.float64]:
        """The colours of a moment, (side, side, 3), first row above."""
        paper, side = np.array(to_rgb(self.style["paper"])), panel["side"]
        if "classes" in tile:  # a boundary's first row is at the bottom, a table's at the top
            inks = np.array([to_rgb(one) for one in panel["colors"]])
            kinds = inks[np.asarray(tile["classes"][at]) % len(inks)]
            share = 0.1 + 0.5 * np.asarray(tile["sure"][at], float) / 255
            return (paper + share[:, None] * (kinds - paper)).reshape(side, side, 3)[::-1]
        share = np.asarray(tile["shares"][at], float) / 255
        return (paper + share[:, None] * (np.array(to_rgb(self._card(tile).color)) - paper)).reshape(side, side, 3)

    def _histograms(self, panel: Mapping[str, Any], box: Box) -> None:
        left, top, width, height = box
        rows = [row for row in panel["rows"] if not self._card(row).hidden]
        tall = height / max(1, len(rows))
        for r, row in enumerate(rows):
            card = self._card(row)
            at = top + r * tall
            name = cut(card.title, 0.6 * width, TEXT, bold=True)
            self.words(name, left, at, color=card.color, weight="bold")
            across = width / len(row["layers"])
            for layer in range(len(row["layers"])):
                self._histogram(row, layer, (left + layer * across, at + 18, across - 8, tall - 36))

    def _histogram(self, row: Mapping[str, Any], layer: int, box: Box) -> None:
        if min(box[2:]) < 4:
            return
        card, frames = self._card(row), np.sqrt(np.asarray(row["layers"][layer], float))
        axes = self.axes(box)
        # the tallest of all moments, so that heights can be compared along the run
        axes.set(xlim=(0, frames.shape[1]), ylim=(0, max(float(frames.max()), 1e-9)), xticks=[], yticks=[])
        axes.spines["bottom"].set(visible=True, color=self.style["grid"])
        edges = np.arange(frames.shape[1] + 1)
        bars: StepPatch = axes.stairs(frames[0], edges, fill=True, color=card.color, zorder=2)
        first = axes.stairs(frames[0], edges, color=self.style["ink"], lw=points(1), zorder=3)
        self.keep(axes, bars)
        self.keep(axes, first)
        below: Any = {"transform": axes.transAxes, "ha": "center", "va": "top", "parse_math": False}
        said = self.keep(axes, axes.text(0.5, -3 / box[3], "", color=self.style["muted"], fontsize=points(10), **below))

        def move(step: int) -> None:
            at = _moment(row["steps"], step)
            bars.set_data(frames[at])
            spread = float(row["deviations"][layer][at])
            word = short(spread if np.isfinite(spread) else np.inf, 2)
            long = f"layer {layer + 1}, −4 … 4, σ {word}" if box[2] > 90 else f"{layer + 1}: σ {word}"
            said.set_text(cut(long, box[2] + 6, 10))

        self.movers.append(move)

    def _card(self, one: Mapping[str, Any]) -> Card:
        card: Card = self.scene.cards[one["racer"]]
        return card


def _inner(box: Box) -> Box:
    """A box less the room for the numbers of its axes."""
    left, top, width, height = box
    return (left + AXIS + 6, top + 6, width - AXIS - 16, height - FOOT - 10)


def _share(box: Box, x: Sequence[float], y: Sequence[float]) -> Box:
    """A part of a box, in shares from the lower left."""
    left, top, width, height = box
    return (left + x[0] * width, top + (1 - y[1]) * height, (x[1] - x[0]) * width, (y[1] - y[0]) * height)


def _squares(box: Box, count: int, foot: float) -> list[Box]:
    """The largest equal squares with room for a title above each, and so much below."""
    left, top, width, height = box
    head, gap = 22.0, 14.0
    size, columns = 20.0, 1
    for across in range(1, count + 1):
        rows = -(-count // across)
        fits = min((width - gap * (across - 1)) / across, height / rows - head - foot)
        if fits > size:
            size, columns = fits, across
    between = min(40.0, max(0.0, (width - columns * size) / max(1, columns - 1)))
    indent = (width - columns * size - (columns - 1) * between) / 2
    top += max(0.0, height - -(-count // columns) * (size + head + foot)) / 2
    return [
        (left + indent + k % columns * (size + between), top + head + k // columns * (size + head + foot), size, size)
        for k in range(count)
    ]


def _moment(steps: Any, step: int) -> int:
    """The last kept moment at or before a step: nothing between two of them is known."""
    return max(0, int(np.searchsorted(steps, step, side="right")) - 1)
