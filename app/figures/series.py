"""Curves of results of many runs against any number: lines with bands, in colours that a legend explains."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from app.figures import theme
from app.figures.marks import AnyMark, Axes, Axis, Band, Dash, Legend, Line, Note, Panel
from app.figures.panels import finite, linear_axis, log_axis


def color(slot: int) -> str:
    """The colour of a slot."""
    return theme.mark(slot)[0]


def series(
    x: Any,
    y: Any,
    slot: int,
    name: str,
    word: str,
    *,
    dash: Dash = "solid",
    axes: int = 0,
    weight: Literal["trail", "curve", "thin", "hair"] = "curve",
    time: Any = None,
    dots: bool = True,
) -> Line:
    """A curve (k,) in the colour of a slot; `word` says what its height is. There is a gap where it is not finite.

    Args:
        time: when each point appears, (k,); by default all of them are always there.
        dots: whether points that are far enough apart are marked.
    """
    height = finite(y)
    return Line(
        axes=axes,
        x=np.asarray(x, dtype=float),
        y=height,
        color=color(slot),
        time=None if time is None else np.asarray(time),
        dash=dash,
        weight=weight,
        dots=dots,
        name=name,
        hover=((word, height),),
    )


def around(x: Any, low: Any, high: Any, slot: int, *, axes: int = 0, time: Any = None) -> Band:
    """The band between two curves (k,) in the colour of a slot, open above where `high` is not finite."""
    when = None if time is None else np.asarray(time)
    x, low, high = np.asarray(x, dtype=float), finite(low), finite(high)
    return Band(axes=axes, x=x, low=low, high=high, color=color(slot), time=when, layer="under")


def keys(names: Sequence[str], slots: Sequence[int] | None = None) -> Legend:
    """A legend of names in the colours of slots, by default of the first ones."""
    return Legend(keys=tuple((name, color(k)) for k, name in zip(slots or range(len(names)), names, strict=True)))


def plot(
    key: str,
    title: str,
    axes: Axes | Sequence[Axes],
    marks: Sequence[AnyMark],
    note: str,
    legend: Legend | None = None,
) -> Panel:
    """A panel with its key, title, marks, note and legend. Marks with a time follow the clock.

    No line of the note ends between a number and its percent sign.
    """
    pairs = (axes,) if isinstance(axes, Axes) else tuple(axes)
    words = (Note(text=note.replace(" %", "\N{NO-BREAK SPACE}%")),) if note else ()
    return Panel(key=key, title=title, axes=pairs, marks=tuple(marks), note=words, legend=legend)


def log(arrays: Sequence[Any], title: str, **more: Any) -> Axis:
    """A logarithmic axis round all that is positive."""
    return _titled(log_axis(arrays), title, more)


def linear(arrays: Sequence[Any], title: str, **more: Any) -> Axis:
    """A linear axis round all that is finite, with zero in it."""
    return _titled(linear_axis(arrays), title, more)


def spanned(low: float, high: float, title: str, **more: Any) -> Axis:
    """An axis from one number to another."""
    return Axis(low=low, high=high, title=title, **more)


def _titled(axis: Axis, title: str, more: dict[str, Any]) -> Axis:
    return dataclasses.replace(axis, title=title, **more)
