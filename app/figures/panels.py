"""Builders of panels: axes, curves of runs, and what stands beside them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.figures.marks import AnyMark, Axes, Axis, Band, Color, Dash, Dots, Line, Lines, Note, Panel, Rule, Symbol

CROP = 1e-12
"""Log axes go no further down than this share of their top."""
CROP_LIMITS = 10.0
"""Stability limits further above the largest sharpness than this factor are outside the frame."""
TICKS = 6
"""The most numbers of an axis of epochs besides its zero."""
LARGEST = 1e300
"""Numbers from which on the arithmetic of what draws them overflows."""


class Shown(NamedTuple):
    """A run as it is drawn: its racer's id and title, colour, dash and symbol.

    ``seeds`` are the runs of a bundle, ``pace`` what the clock counts for a step. ``curve`` and ``trials`` are its
    learning-rate curve and its tuning, for views that draw these.
    """

    run: Any
    id: str
    title: str
    color: Color
    dash: Dash
    symbol: Symbol = "circle"
    seeds: tuple[Any, ...] = ()
    pace: int = 1
    curve: Any = None
    trials: Any = None


def message(text: str) -> Panel:
    """A panel with nothing but a sentence."""
    return Panel(message=text)


def chart(axes: Axes | Sequence[Axes], marks: Sequence[AnyMark], note: str | tuple[Note, ...] = "") -> Panel:
    """A panel of curves whose x axes are the clock's, with a rule at its place in each."""
    several = (axes,) if isinstance(axes, Axes) else tuple(axes)
    rules = tuple(Rule(axes=k, racer=one.racer, clock=True) for k, one in enumerate(several))
    words = (Note(text=note),) if isinstance(note, str) and note else note or ()
    return Panel(axes=several, marks=(*marks, *rules), note=words)


def curve(
    shown: Shown, time: Any, y: Any, word: str, *, dash: Dash | None = None, color: Color = "", axes: int = 0
) -> Line | Dots:
    """A curve of a run against the clock; `word` says what its height is. One point makes no line."""
    time, y = np.asarray(time), finite(y)
    common: Any = {"axes": axes, "racer": shown.id, "x": time, "y": y, "time": time, "color": color or shown.color}
    common |= {"name": shown.title, "hover": ((word, y),)}
    if np.count_nonzero(np.isfinite(y)) < 2:
        return Dots(size="large", **common)
    return Line(dash=dash or shown.dash, **common)


def finite(y: Any) -> NDArray[np.float64]:
    """Values with gaps in the place of those that cannot be drawn."""
    y = np.asarray(y, dtype=float)
    with np.errstate(over="ignore"):
        return np.where(np.isfinite(y) & (np.abs(y) < LARGEST), y, np.nan)


def strands(shown: Shown, values: NDArray[Any]) -> Lines:
    """Faint curves of the runs of a bundle, values (runs, steps + 1)."""
    time = shown.pace * np.arange(values.shape[1])
    return Lines(racer=shown.id, x=time, y=finite(values), time=time, color=shown.color, layer="under")


def band(shown: Shown, low: NDArray[Any], high: NDArray[Any]) -> Band:
    """The area between two curves in a racer's colour, (steps + 1,) each, open above where `high` is no number."""
    time = shown.pace * np.arange(len(low))
    return Band(racer=shown.id, x=time, low=finite(low), high=finite(high), time=time, color=shown.color, layer="under")


def limit_line(shown: Shown, limits: NDArray[Any]) -> Line | Dots:
    """The curve of a rule's stability limits (steps + 1,), dotted."""
    time, heights = shown.pace * np.arange(len(limits)), limits
    if (limits == limits[0]).all():
        time, heights = time[[0, -1]], limits[[0, -1]]
    time, heights = thinned(time, heights)
    line = curve(shown, time, heights, "stability limit", dash="dot")
    return dataclasses.replace(line, weight="thin") if isinstance(line, Line) else line


def limits_note(curves: Sequence[NDArray[Any]]) -> str:
    """A note's words on the dotted curves, one for each rule that has a limit."""
    if not curves:
        return ""
    moving = any((limits != limits[0]).any() for limits in curves)
    return f"dotted: stability limit of the rule{' at the learning rate of each step' if moving else ''}; "


def limits_in_view(limits: NDArray[Any], sharpness: NDArray[Any]) -> NDArray[Any]:
    """The limits for which an axis needs room: where a learning rate nears zero, its limit leaves the frame."""
    top = max([*sharpness[np.isfinite(sharpness)], float(limits.min())])
    return limits[limits <= CROP_LIMITS * top]


def steps_axis(steps: int, word: str = "step", unit: float = 1.0) -> Axis:
    """The axis of a chart's steps, all of them from the beginning; or of what else the clock counts.

    With a `unit` of several steps, such as an epoch, its whole multiples are the ticks.
    """
    axis = Axis(low=0, high=max(1, steps), title=word, whole=True)
    if unit == 1.0:
        return axis
    ticks = tuple(unit * tick for tick in _round_numbers(steps / unit, TICKS))
    return dataclasses.replace(axis, ticks=ticks, unit=unit)


def log_axis(arrays: Sequence[Any]) -> Axis:
    """A log axis round what is positive, cropped at 10⁻¹² of the top."""
    values = np.concatenate([np.ravel(a) for a in arrays] or [np.ones(1)]).astype(float)
    values = values[np.isfinite(values) & (values > 0)]
    top = float(values.max()) if len(values) else 1.0
    bottom = max(float(values.min()) if len(values) else 0.1, CROP * top)
    low, high = math.log10(bottom) - 0.1, math.log10(top) + 0.15
    if high - low < 0.6:
        low, high = (low + high) / 2 - 0.3, (low + high) / 2 + 0.3
    return Axis(scale="log", low=10.0**low, high=10.0 ** min(high, 308))


_PERCENTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""The steps between ticks of an axis of percentages."""


def linear_axis(arrays: Sequence[Any], percent: bool = False, most: int = 6) -> Axis:
    """A linear axis round all that is finite, with zero in it; shares go up to one, with at most `most` ticks."""
    values = np.concatenate([np.ravel(a) for a in arrays] or [np.ones(1)]).astype(float)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if percent:
        low = max(-0.02, min(low, 0.9) - 0.04)
        step = next(step for step in _PERCENTS if int((1.0 - low) / step) < most or step == _PERCENTS[-1])
        ticks = (round(1.0 - k * step, 4) for k in range(int((1.0 - low) / step), -1, -1))
        return Axis(low=low, high=1.02, percent=True, ticks=tuple(ticks))
    room = 0.06 * ((high - low) or 1.0)
    return Axis(low=min(0.0, low) - (room if low < 0 else 0.0), high=high + room)


Place = tuple[float, float, float, float]
"""Left, bottom, right and top, in shares of a panel."""


def facets(count: int) -> list[Place]:
    """The places of so many charts, row by row from the top."""
    columns = min(4, max(1, count))
    rows = -(-count // columns)
    across, upward = 0.035, 0.1 / rows
    width, height = (1 - across * (columns - 1)) / columns, (1 - upward * (rows - 1)) / rows
    corners = [(k % columns * (width + across), 1 - k // columns * (height + upward) - height) for k in range(count)]
    return [(left, bottom, left + width, bottom + height) for left, bottom in corners]


def facet_axes(shown: Sequence[Shown], steps: int, y: Axis, word: str = "step", unit: float = 1.0) -> tuple[Axes, ...]:
    """A pair of axes for each run, with its title; numbers stand at the outer edges alone.

    `word` and `unit` are those of `steps_axis`.
    """
    count = len(shown)
    columns = min(4, count)
    pairs = []
    for k, (racer, place) in enumerate(zip(shown, facets(count), strict=True)):
        lowest = k + columns >= count
        ticks = tuple(unit * tick for tick in _ticks(steps / unit))
        x = dataclasses.replace(steps_axis(steps, word if lowest else ""), ticks=ticks, unit=unit, numbers=lowest)
        upright = dataclasses.replace(y, numbers=k % columns == 0)
        pairs.append(Axes(x=x, y=upright, place=place, title=racer.title, color=racer.color, racer=racer.id))
    return tuple(pairs)


def _ticks(end: float) -> list[float]:
    """Zero and a round number or two, none so near the end that its text would meet the next chart's zero."""
    return _round_numbers(0.8 * end, 2)


def _round_numbers(end: float, most: int) -> list[float]:
    """Zero and at most so many round numbers up to the end, evenly spaced."""
    step = next((m * 10**p for p in range(9) for m in (1, 2, 5) if (most + 1) * m * 10**p > end), end)
    return [float(tick) for tick in np.arange(0, end * (1 + 1e-9), step)]


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
