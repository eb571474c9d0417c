"""What a panel is, and how charts are laid out: plain plotly in words of a theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CROP = 1e-12
CROP_LIMITS = 10.0
"""Stability limits further above the largest sharpness than this factor are outside the frame."""

Panel = dict[str, Any]


class Shown(NamedTuple):
    """A run as it is drawn: its racer's id, where its card stands, what it is called, and its colour and dash.

    ``seeds`` are the runs of a bundle, ``pace`` what a step counts for on the axis.
    """

    run: Any
    id: str
    card: int
    title: str
    color: str
    dash: str
    seeds: tuple[Any, ...] = ()
    pace: int = 1


def message(text: str) -> Panel:
    """A panel with nothing but a sentence."""
    return {"type": "message", "text": text}


def chart(data: list[dict[str, Any]], layout: dict[str, Any], note: str) -> Panel:
    """A panel of plotly's own curves, whose x axes are steps."""
    return {"type": "chart", "data": data, "layout": layout, "note": note}


def trace(one: Shown, k: int, x: Any, y: Any, dash: str, what: str) -> dict[str, Any]:
    """A curve of a run; `what` says what its height is."""
    y = np.asarray(y, dtype=float)
    with np.errstate(over="ignore"):
        y = np.where(np.isfinite(y) & (np.abs(y) < 1e300), y, np.nan)
    return {
        "type": "scatter",
        "mode": "lines" if np.count_nonzero(np.isfinite(y)) > 1 else "markers",  # one point makes no line
        "uid": f"racer-{one.card}-{k}",
        "meta": one.id,
        "x": np.asarray(x, dtype=float),
        "y": y,
        "name": one.title,
        "connectgaps": False,
        "line": {"color": one.color, "dash": dash, "width": 2},
        "marker": {"color": one.color, "size": 7},
        "hovertemplate": (
            f"<b>%{{fullData.name}}</b>, {'step' if one.pace == 1 else 'evaluation'} %{{x}}"
            f"<br>{what} %{{y:.4~g}}<extra></extra>"
        ),
    }


def threads(one: Shown, k: int, values: Any, what: str) -> dict[str, Any]:
    """Thin curves of one run each, values (runs, steps + 1), as one trace with gaps between them."""
    steps = np.append(np.arange(values.shape[1]) * one.pace, np.nan)
    y = np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
    line = trace(one, k, np.tile(steps, len(values)), y.ravel(), "solid", what)
    line["line"].update(width=1)
    return {**line, "opacity": 0.4, "hoverinfo": "skip", "hovertemplate": None}


def band(one: Shown, k: int, low: Any, high: Any) -> list[dict[str, Any]]:
    """The ground between two curves in a racer's colour; where the upper one is no number it ends."""
    steps = np.arange(len(low)) * one.pace
    edges = [trace(one, k + j, steps, values, "solid", "") for j, values in enumerate((low, high))]
    for edge in edges:
        edge["line"].update(width=0)
        edge.update(hoverinfo="skip", hovertemplate=None)
    red, green, blue = (int(one.color[i : i + 2], 16) for i in (1, 3, 5))
    edges[1].update(fill="tonexty", fillcolor=f"rgba({red}, {green}, {blue}, 0.18)")
    return edges


def limit_line(one: Shown, limits: NDArray[Any]) -> dict[str, Any]:
    """The curve of a rule's stability limits (steps + 1,), dotted."""
    at, heights = one.pace * np.arange(len(limits)), limits
    if (limits == limits[0]).all():
        at, heights = at[[0, -1]], limits[[0, -1]]
    at, heights = thinned(at, heights)
    line = trace(one, 1, at, heights, "dot", "stable below")
    line["line"]["width"] = 1.5
    return line


def limits_note(curves: Sequence[NDArray[Any]]) -> str:
    """A note's words on the dotted curves, one for each rule that has a limit."""
    if not curves:
        return ""
    moving = any((limits != limits[0]).any() for limits in curves)
    return f"dotted: what the rule is stable below{' at the learning rate of each step' if moving else ''}; "


def limits_in_view(limits: NDArray[Any], sharpness: NDArray[Any]) -> NDArray[Any]:
    """The limits for which an axis needs room: where a learning rate nears zero, its limit leaves the frame."""
    top = max([*sharpness[np.isfinite(sharpness)], float(limits.min())])
    return limits[limits <= CROP_LIMITS * top]


def steps_axis(steps: int, word: str = "step") -> dict[str, Any]:
    """The axis of a chart's steps, all of them from the beginning; or of what else the clock counts."""
    return {"range": [0, max(1, steps)], "title": {"text": word}}


def log_axis(arrays: Sequence[Any]) -> dict[str, Any]:
    """A log axis round what is positive, cropped at 10⁻¹² of the top."""
    found = np.concatenate([np.ravel(a) for a in arrays] or [np.ones(1)]).astype(float)
    found = found[np.isfinite(found) & (found > 0)]
    top = float(found.max()) if len(found) else 1.0
    bottom = max(float(found.min()) if len(found) else 0.1, CROP * top)
    low, high = math.log10(bottom) - 0.1, math.log10(top) + 0.15
    if high - low < 0.6:
        low, high = (low + high) / 2 - 0.3, (low + high) / 2 + 0.3
    return {"type": "log", "range": [low, high]}


def linear_axis(arrays: Sequence[Any], percent: bool) -> dict[str, Any]:
    """A linear axis round all that is finite, with zero in it; shares go up to one."""
    found = np.concatenate([np.ravel(a) for a in arrays] or [np.ones(1)]).astype(float)
    found = found[np.isfinite(found)]
    low, high = (float(found.min()), float(found.max())) if len(found) else (0.0, 1.0)
    if percent:
        return {"type": "linear", "range": [max(-0.02, min(low, 0.9) - 0.04), 1.02], "tickformat": ".0%"}
    room = 0.06 * ((high - low) or 1.0)
    return {"type": "linear", "range": [min(0.0, low) - (room if low < 0 else 0.0), high + room]}


def facets(count: int) -> list[tuple[list[float], list[float]]]:
    """The places of so many charts, as shares of the figure, row by row from the top."""
    columns = min(4, max(1, count))
    rows = -(-count // columns)
    gap, head = 0.035, 0.09 if rows == 1 else 0.12 / rows
    width, height = (1 - gap * (columns - 1)) / columns, 1 / max(1, rows)
    places = []
    for k in range(count):
        row, column = divmod(k, columns)
        left, top = column * (width + gap), 1 - row * height
        places.append(([left, left + width], [top - height + (0.1 / rows if row < rows - 1 else 0.0), top - head]))
    return places


def facet_axes(steps: int, place: Any, suffix: str, k: int, count: int) -> dict[str, Any]:
    """The axes of chart number k of so many; numbers stand at the outer edges alone."""
    (x, y), columns = place, min(4, count)
    under = k + columns >= count
    xaxis = {
        **steps_axis(steps),
        "domain": x,
        "anchor": f"y{suffix}",
        "tickvals": _ticks(steps),
        "tickangle": 0,
        "showticklabels": under,
    }
    if not under:
        xaxis.pop("title")
    yaxis = {"domain": y, "anchor": f"x{suffix}", "showticklabels": k % columns == 0}
    return {f"xaxis{suffix}": xaxis, f"yaxis{suffix}": yaxis}


def _ticks(steps: int) -> list[float]:
    """Zero and a round number or two, none so near the end that its text would meet the next chart's zero."""
    most = 0.8 * max(1, steps)
    step = next(m * 10.0**p for p in range(7) for m in (1, 2, 5) if 3 * m * 10**p > most)
    return list(np.arange(0.0, most, step))


def facet_title(one: Shown, suffix: str) -> dict[str, Any]:
    """The racer's name over its chart, which the player cuts to the room there is."""
    return {
        "text": one.title,
        "name": "facet",
        "x": 0,
        "y": 1,
        "xref": f"x{suffix} domain",
        "yref": f"y{suffix} domain",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"color": one.color, "size": 12},
    }


def thinned(x: NDArray[Any], y: NDArray[Any], most: int = 1200) -> tuple[NDArray[Any], NDArray[Any]]:
    """A curve of many points by the lowest and the highest of each stretch, in their order: what it looks like."""
    if len(x) <= 2 * most:
        return x, y
    width = -(-len(x) // most)
    whole = len(x) - len(x) % width
    rows = y[:whole].reshape(-1, width)
    at = np.sort(np.stack([rows.argmin(axis=1), rows.argmax(axis=1)], axis=1), axis=1)
    picked = (at + np.arange(len(rows))[:, None] * width).ravel()
    picked = np.append(picked, len(x) - 1)
    return x[picked], y[picked]
