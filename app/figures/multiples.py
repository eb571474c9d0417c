"""Small multiples: a map for each racer out of the map of all."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from app.figures.marks import AnyMark, Axes, Field, Panel

GAP = 10.0
"""Between maps, in pixels."""
NAME = 20.0
"""The room for a name above each map, in pixels."""
MANY = 4
"""How many maps are drawn on the whole grid; more are drawn on every other point of it."""

Racer = tuple[str, str, str]
"""The id, title and colour of a racer."""


def multiples(panel: Panel, racers: Sequence[Racer], size: tuple[float, float]) -> Panel:
    """A panel with a pair of axes for each racer, on which stand its own marks and those of nobody.

    Args:
        panel: a map, whose first pair of axes all racers share.
        size: the room for all of them, in pixels.
    """
    pair = panel.axes[0]
    columns = _columns(pair, len(racers), size)
    rows = -(-len(racers) // columns)
    across, upward = GAP / size[0], GAP / size[1]
    width, height = (1 - across * (columns - 1)) / columns, (1 - upward * (rows - 1)) / rows
    axes: list[Axes] = []
    marks: list[AnyMark] = []
    for k, (id, title, color) in enumerate(racers):
        row, column = divmod(k, columns)
        left, top = column * (width + across), 1 - row * (height + upward)
        x = dataclasses.replace(pair.x, numbers=k + columns >= len(racers))
        y = dataclasses.replace(pair.y, numbers=column == 0)
        place = (left, top - height, left + width, top)
        axes.append(dataclasses.replace(pair, x=x, y=y, place=place, title=title, color=color, racer=id))
        for mark in panel.marks:
            if mark.racer in ("", id):
                one = _thinned(mark, len(racers)) if isinstance(mark, Field) else mark
                marks.append(dataclasses.replace(one, axes=k))
    return dataclasses.replace(panel, axes=tuple(axes), marks=tuple(marks))


def _columns(pair: Axes, count: int, size: tuple[float, float]) -> int:
    """The number of columns with which the maps are largest."""
    wide, tall = pair.x.high - pair.x.low, pair.y.high - pair.y.low

    def unit(columns: int) -> float:
        rows = -(-count // columns)
        across = (size[0] - GAP * (columns - 1)) / columns
        upward = (size[1] - GAP * (rows - 1)) / rows - NAME
        return min(across / wide, upward / tall)

    return max(range(1, max(1, count) + 1), key=unit)


def _thinned(field: Field, count: int) -> Field:
    """A field without the bar of its colours, on a coarser grid where there are many maps."""
    every = 1 if count <= MANY else 2
    return dataclasses.replace(field, x=field.x[::every], y=field.y[::every], z=field.z[::every, ::every], ticks=())
