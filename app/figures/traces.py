"""Draws any panel of marks as a plotly figure, as it stands at one time of the clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from app.common.digits import percent, short
from app.figures import marks
from app.figures.marks import Axes, Axis, Head, Layer, Panel
from app.figures.resample import resampled
from app.figures.strokes import (
    CASING,
    CONTOURS,
    DASHES,
    DOTS,
    EDGES,
    HEADS,
    OPACITIES,
    PALE,
    SIGNS,
    STEP,
    WEIGHTS,
    WORDS,
)
from app.figures.theme import THEMES
from app.figures.trails import exit_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SYMBOLS = {
    "triangle-open": "triangle-up-open",
    "cross": "x-thin-open",
    "plus": "cross-thin-open",
    "asterisk": "asterisk-open",
}
"""Names of plotly's, where they are others than ours."""
RELATIVE = {"square": 0.9, "triangle-up": 1.17}
"""How much larger plotly must draw a symbol than a circle, to give it about the circle's area."""
FINER = 2
"""How many times finer than a field its contours are drawn, for plotly draws straight lines between the points."""
TYPICAL = (640.0, 400.0)
"""Pixels of a figure, for which it is decided which points of a line are far enough apart for a dot."""
PICTURES = (marks.Tiles, marks.Cells, marks.Graph)
"""The marks that plotly draws as images."""
THICKNESSES = 16
"""The number of widths to which edges are rounded, because a trace has a single width."""
BAR: Mapping[str, Any] = {
    "orientation": "h",
    "lenmode": "pixels",
    "len": 200,
    "thickness": 6,
    "xpad": 14,
    "ypad": 4,
    "ticks": "",
    "outlinewidth": 0.5,
}
Trace = dict[str, Any]
Way = NDArray[np.float64]


def figure_of(
    panel: Panel, theme: str, height: int, time: float | None = None, legend: Mapping[str, str] | None = None
) -> Figure:
    """A panel as a plotly figure.

    Args:
        theme: "light" or "dark".
        height: in pixels.
        time: of the clock; None for its end.
        legend: what the legend says of each racer, by its id; without it there is none.
    """
    from plotly.graph_objects import Figure  # slow to import, and needed for nothing else

    painter = _Painter(panel, theme, np.inf if time is None else time, legend or {})
    return Figure({"data": list(painter.traces()), "layout": painter.layout(height)})


class _Painter:
    """The traces and the layout of a panel at a time."""

    def __init__(self, panel: Panel, theme: str, time: float, legend: Mapping[str, str]) -> None:
        self.panel, self.theme, self.time, self.legend = panel, theme, time, legend
        self.style = THEMES[theme]
        self.annotations: list[dict[str, Any]] = []
        self.shapes: list[dict[str, Any]] = []
        self.named: set[str] = set()

    def traces(self) -> Iterator[Trace]:
        """Those of all marks, layer by layer, and of the heads above them."""
        paint = {
            marks.Line: self._line,
            marks.Lines: self._lines,
            marks.Band: self._band,
            marks.Dots: self._dots,
            marks.Sign: self._sign,
            marks.Text: self._text,
            marks.Field: self._field,
            marks.Tiles: self._tiles,
            marks.Cells: self._cells,
            marks.Bars: self._bars,
            marks.Graph: self._graph,
            marks.Rule: self._rule,
        }
        for layer in get_args(Layer):
            here = [mark for mark in self.panel.marks if mark.layer == layer]
            for mark in here:
                for trace in paint[type(mark)](mark):  # type: ignore[operator]
                    yield self._placed(mark, trace)
            for mark in here:
                if isinstance(mark, marks.Line) and mark.head:
                    for trace in self._head(mark, mark.head):
                        yield self._placed(mark, trace)

    def layout(self, height: int) -> dict[str, Any]:
        """Axes and colours; to be asked for after the traces."""
        axes: dict[str, Any] = {}
        for k, pair in enumerate(self.panel.axes):
            x, y = self._axis(pair.x), self._axis(pair.y)
            x0, y0, x1, y1 = pair.place
            x |= {"domain": [x0, x1], "anchor": f"y{_nth(k)}"}
            y |= {"domain": [y0, y1], "anchor": f"x{_nth(k)}"}
            if pair.equal:
                x |= {"constrain": "range"}
                y |= {"constrain": "range", "scaleanchor": f"x{_nth(k)}"}
            elif any(isinstance(mark, PICTURES) and mark.axes == k for mark in self.panel.marks):
                y["scaleanchor"] = False  # plotly gives axes with an image equal scales
            axes |= {f"xaxis{_nth(k)}": x, f"yaxis{_nth(k)}": y}
            if pair.title:
                words = {"text": f"<b>{_plain(pair.title)}</b>", "font": {"color": self._color(pair.color), "size": 12}}
                self.annotations.append({**words, **self._within(k, 0, 1, "left", "bottom")})
        return {
            "height": height,
            "paper_bgcolor": self.style["paper"],
            "plot_bgcolor": self.style["paper"],
            "font": {"size": WORDS["text"], "color": self.style["ink"]},
            "hovermode": "closest",
            "template": "none",
            "margin": {"l": 56, "r": 16, "t": 24, "b": 44},
            "annotations": self.annotations,
            "shapes": self.shapes,
            **axes,
        }

    def _axis(self, axis: Axis) -> dict[str, Any]:
        log = axis.scale == "log"
        ends = [float(np.log10(end)) if log else end for end in (axis.low, axis.high)]
        plain: dict[str, Any] = {
            "type": axis.scale,
            "range": ends,
            "showgrid": axis.grid,
            "gridcolor": self.style["grid"],
            "linecolor": self.style["grid"],
            "zeroline": False,
            "showticklabels": axis.numbers,
        }
        if axis.title:
            plain["title"] = {"text": axis.title}
        if axis.limits:
            plain |= {"minallowed": axis.limits[0], "maxallowed": axis.limits[1]}
        if axis.ticks:
            plain |= {"tickvals": list(axis.ticks), "ticktext": [_tick(axis, tick) for tick in axis.ticks]}
        return {**plain, "exponentformat": "power"} if log else plain

    def _placed(self, mark: marks.AnyMark, trace: Trace) -> Trace:
        """A trace on the axes of its mark, in the legend's group of its racer."""
        k = _nth(mark.axes)
        trace = {"xaxis": f"x{k}", "yaxis": f"y{k}", **trace}
        if trace["type"] != "scatter":  # others have no place in a legend
            return trace
        return {"showlegend": False, **trace, **({"legendgroup": mark.racer} if mark.racer else {})}

    def _within(self, k: int, x: float, y: float, across: str, upward: str) -> dict[str, Any]:
        """Where an annotation stands, in shares of a pair of axes."""
        place = {"xref": f"x{_nth(k)} domain", "yref": f"y{_nth(k)} domain", "x": x, "y": y, "showarrow": False}
        return {**place, "xanchor": across, "yanchor": upward}

    def _color(self, word: str, opacity: float = 1.0) -> str:
        color = self.style.get(word, word)
        if opacity == 1.0 or not color.startswith("#"):
            return color
        red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
        return f"rgba({red}, {green}, {blue}, {opacity:g})"

    def _pair(self, mark: marks.Mark) -> Axes:
        return self.panel.axes[mark.axes]

    # Lines.

    def _way(self, line: marks.Line) -> Way:
        """The points of a line that are seen now."""
        x, y = np.asarray(line.x, float), np.asarray(line.y, float)
        if y.ndim > 1:
            return np.column_stack([x, y[_moment(line.time, self.time)]])
        way = np.column_stack([x, y])
        if line.time is None:
            return way
        k = _reached(line.time, self.time)
        if line.jumps or not 0 < k < len(way) or line.time[k - 1] == self.time:
            return way[:k]
        share = (self.time - line.time[k - 1]) / (line.time[k] - line.time[k - 1])
        a, b = self._scaled(line, way[k - 1 : k + 1])
        return np.vstack([way[:k], self._unscaled(line, (a + share * (b - a))[None])])

    def _scaled(self, mark: marks.Mark, places: Way) -> Way:
        with np.errstate(divide="ignore", invalid="ignore"):
            columns = [
                np.where(values > 0, np.log10(values), np.nan) if log else values
                for values, log in zip(places.T, self._logs(mark), strict=True)
            ]
        return np.column_stack(columns)

    def _unscaled(self, mark: marks.Mark, places: Way) -> Way:
        columns = [10.0**values if log else values for values, log in zip(places.T, self._logs(mark), strict=True)]
        return np.column_stack(columns)

    def _logs(self, mark: marks.Mark) -> tuple[bool, bool]:
        """Whether each axis of a mark is logarithmic."""
        pair = self._pair(mark)
        return pair.x.scale == "log", pair.y.scale == "log"

    def _frame(self, mark: marks.Mark) -> Way:
        pair = self._pair(mark)
        return np.array([[pair.x.low, pair.y.low], [pair.x.high, pair.y.high]])

    def _line(self, line: marks.Line) -> Iterator[Trace]:
        way, width, dash = self._way(line), WEIGHTS[line.weight], _dash(line.dash)
        common: Trace = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
        if line.time is not None and line.future == "pale" and np.ndim(line.y) == 1 and self.time < line.time[-1]:
            pale = {
                "width": min(PALE["width"], width),
                "color": self._color(line.color, PALE[self.theme]),
                "dash": dash,
            }
            yield {**common, "x": line.x, "y": line.y, "line": pale}
        if not len(way):
            return
        x, y = way.T
        if line.casing:
            casing = {"width": CASING, "color": self.style["paper"], "dash": dash}
            yield {**common, "x": x, "y": y, "line": casing}
        strong = {**common, "x": x, "y": y, "line": {"width": width, "color": self._color(line.color), "dash": dash}}
        if line.dots:
            pixels = np.hypot(*(np.diff(way, axis=0) / np.diff(self._frame(line), axis=0) * TYPICAL).T)
            sizes = np.append(0.0, np.where(pixels >= STEP["apart"], STEP["size"], 0.0))
            marker = {"size": sizes, "color": self._color(line.color), "line": {"width": 0}}
            strong |= {"mode": "lines+markers", "marker": marker}
        yield {**strong, **self._label(line, len(way)), **self._in_legend(line)}

    def _in_legend(self, line: marks.Line) -> Trace:
        """The name of a racer in the legend, at the first of its lines."""
        if line.racer not in self.legend or not line.hover:
            return {}
        first = line.racer not in self.named
        self.named.add(line.racer)
        return {"name": self.legend[line.racer], "showlegend": first}

    def _label(self, mark: marks.Line | marks.Dots, count: int) -> Trace:
        """The label under the pointer: name and step, and a row for each word."""
        if not mark.hover:
            return {}
        rows = [
            "<br>".join(f"{word} {short(float(values[k]), 4)}" for word, values in mark.hover)
            for k in range(min(count, *(len(values) for _, values in mark.hover)))
        ]
        times = mark.time if mark.time is not None and np.ndim(mark.y) == 1 else None
        if times is not None:
            rows = [f"step {times[k]:,}<br>{row}" for k, row in enumerate(rows)]
        template = "<b>%{fullData.name}</b>, %{text}<extra></extra>"
        return {"name": mark.name, "text": rows, "hovertemplate": template, "hoverinfo": "all"}

    def _head(self, line: marks.Line, head: Head) -> Iterator[Trace]:
        way = self._way(line)
        if not len(way):
            return
        size, ring = HEADS[line.weight]
        frame = self._frame(line)
        at, symbol, turn = way[-1], head.symbol, 0.0
        if not ((at >= frame[0]) & (at <= frame[1])).all():
            edge = exit_of(self._scaled(line, way), self._scaled(line, frame))
            above = head.outside == "upward arrow"
            if edge is None or head.outside == "absent" or (above and not at[1] > frame[1, 1]):
                return
            at, symbol = self._unscaled(line, edge[0][None])[0], "triangle-up"
            if not above:
                across, up = edge[1] / np.diff(self._scaled(line, frame), axis=0)[0] * TYPICAL
                turn = 90 - float(np.degrees(np.arctan2(up, across)))
                ended = head.ending and self.time >= head.ended
                self._words(line, at, head.ending if ended else head.label, "middle center", line.color)
        marker: Trace = {
            "symbol": symbol,
            "size": size * RELATIVE.get(symbol, 1.0),
            "angle": turn,
            "color": self._color(line.color),
        }
        marker["line"] = {"width": ring, "color": self.style["paper"]}
        yield {"type": "scatter", "mode": "markers", "x": at[:1], "y": at[1:], "marker": marker, "hoverinfo": "skip"}

    def _lines(self, lines: marks.Lines) -> Iterator[Trace]:
        y = np.asarray(lines.y, float)
        x = np.broadcast_to(np.asarray(lines.x, float), y.shape)
        reached = y.shape[1] if lines.time is None else _reached(lines.time, self.time)
        faint = OPACITIES["lines"]
        parts = [(reached, faint)]
        if reached < y.shape[1] and lines.future == "pale":
            parts = [(y.shape[1], faint * PALE[self.theme]), *parts]
        for end, opacity in parts:
            gap = np.full((len(y), 1), np.nan)
            flat = (np.concatenate([values[:, :end], gap], axis=1).ravel() for values in (x, y))
            style = {"width": WEIGHTS["hair"], "color": self._color(lines.color, opacity)}
            across, upward = flat
            yield {
                "type": "scatter",
                "mode": "lines",
                "hoverinfo": "skip",
                "connectgaps": False,
                "x": across,
                "y": upward,
                "line": style,
            }

    def _band(self, band: marks.Band) -> Iterator[Trace]:
        known = np.isfinite(band.low)
        x, low = np.asarray(band.x, float)[known], np.asarray(band.low, float)[known]
        top = self._pair(band).y.high
        high = np.nan_to_num(np.asarray(band.high, float)[known], nan=1e3 * top)
        parts = [(slice(None), 1.0)]
        if band.time is not None and self.time < band.time[-1]:
            k = _reached(band.time[known], self.time)
            parts = [(slice(0, k), 1.0), (slice(max(0, k - 1), None), PALE[self.theme])]
        for part, opacity in parts:
            outline = {"x": np.append(x[part], x[part][::-1]), "y": np.append(low[part], high[part][::-1])}
            fill = {"fill": "toself", "fillcolor": self._color(band.color, OPACITIES["band"] * opacity)}
            yield {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", **outline, **fill}

    # Points and words.

    def _dots(self, dots: marks.Dots) -> Iterator[Trace]:
        x, y = np.asarray(dots.x, float), np.asarray(dots.y, float)
        end = count = max(x.shape[-1], y.shape[-1])
        if dots.time is not None and max(x.ndim, y.ndim) > 1:
            x, y = (values[_moment(dots.time, self.time)] if values.ndim > 1 else values for values in (x, y))
        elif dots.time is not None:
            end = _reached(dots.time, self.time)
        parts = [(slice(0, end), 1.0)]
        if end < count and dots.future == "pale":
            parts.append((slice(end, None), PALE[self.theme]))
        diameter, rim = DOTS[dots.size]
        hollow = dots.symbol.endswith("-open")
        for part, opacity in parts:
            marker: Trace = {
                "symbol": SYMBOLS.get(dots.symbol, dots.symbol),
                "size": diameter * RELATIVE.get(dots.symbol, 1.0),
            }
            marker |= {"color": self._inks(dots, part), "opacity": opacity * (OPACITIES["faint"] if dots.faint else 1)}
            edge = self._color(dots.edge) if dots.edge else None
            marker["line"] = {
                "width": max(rim, 1.0) if hollow else rim if edge else 0,
                **({"color": edge} if edge else {}),
            }
            label = self._label(dots, len(x)) if part.start == 0 else {}
            hover = {"hoverinfo": "skip", **label}
            yield {"type": "scatter", "mode": "markers", "x": x[part], "y": y[part], "marker": marker, **hover}

    def _inks(self, dots: marks.Dots, part: slice) -> Any:
        if dots.colors is not None:
            return [self._color(dots.palette[k]) for k in dots.colors[part]]
        field = next((mark for mark in self.panel.marks if isinstance(mark, marks.Field)), None)
        if dots.shares is None or field is None:
            return self._color(dots.color)
        places, inks = zip(*field.colors[self.theme], strict=True)
        channels = np.array([[int(ink[k : k + 2], 16) for k in (1, 3, 5)] for ink in inks])
        mixed = (np.interp(dots.shares[part], places, channel) for channel in channels.T)
        return [f"rgb({r:.0f}, {g:.0f}, {b:.0f})" for r, g, b in zip(*mixed, strict=True)]

    def _sign(self, sign: marks.Sign) -> Iterator[Trace]:
        diameter, width = SIGNS[sign.symbol]
        ink = self.style["ink"]
        marker = {"symbol": SYMBOLS.get(sign.symbol, sign.symbol), "size": diameter, "color": ink}
        marker["line"] = {"width": width, "color": ink}
        here = {"type": "scatter", "x": sign.x, "y": sign.y, "marker": marker, "name": sign.name}
        if sign.symbol == "circle-open":  # a start, which has its name above it
            words = {"text": [sign.name] * len(sign.x), "textposition": "top center", "hoverinfo": "skip"}
            yield {**here, **words, "mode": "markers+text", "textfont": self._font("muted")}
        else:
            yield {
                **here,
                "mode": "markers",
                "hovertemplate": f"{sign.name}<br>x %{{x:.4~g}}, y %{{y:.4~g}}<extra></extra>",
            }

    def _font(self, color: str, size: float = WORDS["label"]) -> dict[str, Any]:
        return {"size": size, "color": self._color(color)}

    def _text(self, text: marks.Text) -> Iterator[Trace]:
        k = 0 if text.time is None else _moment(text.time, self.time)
        words = text.words[k]
        if not words:
            return
        x, y = (float(np.ravel(values)[k] if text.time is not None else values) for values in (text.x, text.y))
        if not text.within:
            yield self._words_at(np.array([x, y]), words, text.side, text.color)
            return
        words = f"<i>{_plain(words)}</i>" if text.italic else _plain(words)
        up, across = text.side.split()
        opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
        anchors = opposite.get(across, across), opposite.get(up, up)
        self.annotations.append(
            {"text": words, "font": self._font(text.color), **self._within(text.axes, x, y, *anchors)}
        )

    def _words_at(self, at: Way, words: str, side: str, color: str) -> Trace:
        place = {"type": "scatter", "mode": "text", "x": at[:1], "y": at[1:], "hoverinfo": "skip"}
        return {**place, "text": [_plain(words)], "textposition": side, "textfont": self._font(color)}

    def _words(self, mark: marks.Mark, at: Way, words: str, side: str, color: str) -> None:
        if not words:
            return
        x, y = self._scaled(mark, at[None])[0]
        k = _nth(mark.axes)
        place = {"x": float(x), "y": float(y), "xref": f"x{k}", "yref": f"y{k}", "showarrow": False}
        low, high = self._scaled(mark, self._frame(mark))
        ends = ["left", "right"], ["bottom", "top"]
        share = (np.array([x, y]) - low) / (high - low)
        anchors = [names[0] if s < 0.1 else names[1] if s > 0.9 else ("center", "middle")[i]
                   for i, (names, s) in enumerate(zip(ends, share, strict=True))]  # fmt: skip
        form = {"font": self._font(color), "bgcolor": self._color("paper", 0.9), "xanchor": anchors[0]}
        self.annotations.append({"text": _plain(words), **place, **form, "yanchor": anchors[1]})

    # Grounds.

    def _field(self, field: marks.Field) -> Iterator[Trace]:
        columns, rows = FINER * len(field.x), FINER * len(field.y)
        fine = resampled(field, (field.x[0], field.x[-1]), (field.y[0], field.y[-1]), columns, rows)
        ground: Trace = {"type": "contour", "x": fine.x, "y": fine.y, "z": fine.z, "hoverinfo": "skip"}
        ground |= {"zmin": field.low, "zmax": field.high}
        ground["colorscale"] = [[share, color] for share, color in field.colors[self.theme]]
        up, across = field.corner.split()
        x0, y0, x1, y1 = self._pair(field).place
        place = {"x": x1 if across == "right" else x0, "y": y1 if up == "top" else y0, "xanchor": across, "yanchor": up}
        ticks = {"tickvals": [at for at, _ in field.ticks], "ticktext": [words for _, words in field.ticks]}
        small = {"size": WORDS["small"]}
        bar = {**BAR, **place, **ticks, "tickfont": small, "title": {"text": field.title, "side": "top", "font": small}}
        yield {
            **ground,
            "contours": {"start": field.low, "end": field.high, "size": field.step},
            "line": {"width": CONTOURS["line"], "color": self.style["contour_line"]},
            "showscale": bool(field.ticks),
            "colorbar": bar,
        }
        if field.zero:
            strong = {"width": CONTOURS["zero"], "color": self.style["muted"]}
            zero = {"start": 0.0, "end": 0.0, "size": 1.0, "coloring": "none"}
            yield {**ground, "contours": zero, "line": strong, "showscale": False}

    def _tiles(self, tiles: marks.Tiles) -> Iterator[Trace]:
        k = _moment(tiles.time, self.time)
        share = np.asarray(tiles.values[k], float)[..., None] / 255
        paper = _channels(self.style["paper"])
        if tiles.classes is not None:
            inks = np.array([_channels(self._color(ink)) for ink in tiles.palette])[tiles.classes[k]]
            share = OPACITIES["unsure"] + OPACITIES["sure"] * share
        else:
            inks = _channels(self._color(tiles.color))
        pair = self._pair(tiles)
        rows, columns = share.shape[:2]
        wide, tall = (pair.x.high - pair.x.low) / columns, (pair.y.high - pair.y.low) / rows
        place = {"x0": pair.x.low + wide / 2, "dx": wide, "y0": pair.y.low + tall / 2, "dy": tall}
        smooth = {"zsmooth": "fast"} if tiles.smooth else {}
        picture = np.rint(paper + share * (inks - paper)).astype(np.uint8)
        yield {"type": "image", "z": picture[::-1], "hoverinfo": "skip", **place, **smooth}
        if tiles.numbers:
            hundredths = np.rint(100 * share[..., 0]).astype(int)
            across, up = np.meshgrid(np.arange(columns), np.arange(rows))
            yield {
                "type": "scatter",
                "mode": "text",
                "hoverinfo": "skip",
                "textfont": self._font("ink", WORDS["small"]),
                "x": (place["x0"] + wide * across).ravel(),
                "y": (pair.y.high - tall * (up + 0.5)).ravel(),
                "text": [str(value) if value else "" for value in hundredths.ravel()],
            }
        for column, name in enumerate(tiles.names):
            middle = self._within(tiles.axes, (column + 0.5) / len(tiles.names), 0, "center", "top")
            self.annotations.append({"text": _plain(name), "font": self._font("muted"), **middle})
        for row, name in enumerate(tiles.names if rows == len(tiles.names) else ()):
            middle = self._within(tiles.axes, 0, 1 - (row + 0.5) / rows, "right", "middle")
            turned = {} if len(name) < 3 else {"textangle": -90}
            self.annotations.append({"text": _plain(name), "font": self._font("muted"), **turned, **middle})
        if tiles.score is not None and np.isfinite(tiles.score[k]):
            corner = self._within(tiles.axes, 1, 1, "right", "bottom")
            self.annotations.append({"text": percent(tiles.score[k]), "font": self._font("muted", 12), **corner})

    def _cells(self, cells: marks.Cells) -> Iterator[Trace]:
        inks = np.array([[0, 0, 0, 0], *([*_channels(self._color(ink)), 1] for ink in cells.colors)])
        rows, columns = cells.shades.shape
        left, bottom, right, top = cells.box
        wide, tall = (right - left) / columns, (top - bottom) / rows
        place = {"x0": left + wide / 2, "dx": wide, "y0": bottom + tall / 2, "dy": tall}
        yield {"type": "image", "z": inks[cells.shades], "colormodel": "rgba", "hoverinfo": "skip", **place}

    def _bars(self, bars: marks.Bars) -> Iterator[Trace]:
        k = _moment(bars.time, self.time)
        axis = self._pair(bars).x
        edges = np.repeat(np.linspace(axis.low, axis.high, bars.heights.shape[1] + 1), 2)
        common: Trace = {"type": "scatter", "mode": "lines", "x": edges, "hoverinfo": "skip"}
        steps = [np.concatenate([[0.0], np.repeat(bars.heights[one], 2), [0.0]]) for one in (k, 0)]
        fill = {"fill": "tozeroy", "fillcolor": self._color(bars.color), "line": {"width": 0}}
        yield {**common, "y": steps[0], **fill}
        yield {**common, "y": steps[1], "line": {"width": WEIGHTS["hair"], "color": self.style["ink"]}}
        if bars.captions:
            below = self._within(bars.axes, 0.5, 0, "center", "top")
            self.annotations.append(
                {"text": _plain(bars.captions[k]), "font": self._font("muted", WORDS["small"]), **below}
            )

    def _graph(self, graph: marks.Graph) -> Iterator[Trace]:
        k = _moment(graph.time, self.time)
        places = np.column_stack([graph.x, graph.y]).astype(float)
        ends = np.stack([places[graph.source], places[graph.target]], axis=1)
        levels = np.rint(THICKNESSES * graph.strengths[k]).astype(int)
        for level in sorted({*levels.tolist()} - {0}, key=abs):
            gaps = np.full((int((levels == level).sum()), 1, 2), np.nan)
            x, y = np.concatenate([ends[levels == level], gaps], axis=1).reshape(-1, 2).T
            ink = self._color(graph.palette[int(level > 0)], EDGES["opacity"])
            line = {"width": EDGES["width"] * abs(level) / THICKNESSES, "color": ink}
            yield {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"}
        inks = [_channels(self._color(ink)) for ink in graph.palette]
        paper = _channels(self.style["paper"])
        frame = self._frame(graph)
        unit = (frame[1] - frame[0]) / TYPICAL
        side = min(np.asarray(graph.room) / unit) * unit
        rows, columns = graph.grid
        for place, name, picture in zip(places, graph.names, graph.pictures[k], strict=True):
            share = ((picture.astype(float) - 128) / 127).reshape(rows, columns, 1)
            mixed = paper + np.clip(np.abs(share), 0, 1) * (np.where(share < 0, *inks) - paper)
            (x0, y0), (dx, dy) = place - side / 2, side / (columns, rows)
            pixels = {"z": np.rint(mixed).astype(np.uint8)[::-1], "zsmooth": "fast"}
            at = {"x0": x0 + dx / 2, "dx": dx, "y0": y0 + dy / 2, "dy": dy}
            yield {"type": "image", **pixels, **at, "hovertemplate": f"{_plain(name)}<extra></extra>"}
            corners = place + side / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
            edge = {"width": WEIGHTS["hair"], "color": self.style["muted"]}
            x, y = corners.T
            yield {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": edge, "hoverinfo": "skip"}

    def _rule(self, rule: marks.Rule) -> Iterator[Trace]:
        at = self.time if rule.clock else rule.x
        if np.isfinite(at):
            k = _nth(rule.axes)
            line = {"width": WEIGHTS["hair"], "color": self._color(rule.color), "dash": _dash(rule.dash)}
            ends = {"x0": at, "x1": at, "y0": 0, "y1": 1, "xref": f"x{k}", "yref": f"y{k} domain"}
            self.shapes.append({"type": "line", "line": line, **ends})
            if rule.label:
                across = self._scaled(rule, np.array([[at, 1.0]]))[0, 0]  # annotations are placed in decades
                place = {
                    "x": float(across),
                    "y": 1,
                    "xref": f"x{k}",
                    "yref": f"y{k} domain",
                    "xanchor": "left",
                    "yanchor": "top",
                }
                words = {"text": f" {_plain(rule.label)}", "font": self._font(rule.color, WORDS["small"])}
                self.annotations.append({**words, **place, "showarrow": False})
        return iter(())


def _tick(axis: Axis, tick: float) -> str:
    if axis.words:
        return axis.words[axis.ticks.index(tick)]
    return percent(tick) if axis.percent else short(tick / axis.unit)


def _nth(k: int) -> str:
    """The number of a pair of axes, as plotly's names have it."""
    return "" if k == 0 else str(k + 1)


def _dash(name: str) -> str:
    return ",".join(f"{length:g}px" for length in DASHES[name]) or "solid"


def _plain(text: str) -> str:
    """A text in which plotly sees no markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _channels(color: str) -> NDArray[np.float64]:
    return np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)], dtype=float)


def _reached(times: Any, time: float) -> int:
    return int(np.searchsorted(times, time, side="right"))


def _moment(times: Any, time: float) -> int:
    return max(0, _reached(times, time) - 1)
