"""A film that zooms from the whole map into the window that is shown."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Callable, Sequence

from app.common.racers import Refused
from app.figures.marks import Cells
from app.maps import scene as scenes
from app.maps.axes import Span
from app.maps.choices import CELLS, axes_of, span_of
from app.maps.grids import Grid, Stopped, grid
from app.maps.job import Results
from app.maps.settings import Settings
from app.player import Scene

CLOSER = 2.0
"""The factor between the windows of two grids. Until the next grid is reached, cells grow by it."""
FINEST = 256
"""The most cells along each side of a grid of the film."""
MOST_SCENES = 240
"""The most different scenes of a film; a longer film shows each of them several times."""
Spans = tuple[Span, ...]


class Moment(Results):
    """A map at one moment of the film: a coarser grid, and a finer one over the part of it that comes next.

    Args:
        settings: those of the map, with the window of the moment.
        coarser, finer: the grids of all racers.
        film: the grids of all racers at all moments, over which the colours range.
    """

    def __init__(self, settings: Settings, coarser: list[Grid], finer: list[Grid], film: list[list[Grid]]) -> None:
        super().__init__(settings)
        self.complete, self.partial = list(coarser), list(finer)
        self._film = film

    def ranged(self, shown: Sequence[int]) -> list[Grid]:
        return [grids[k] for grids in self._film for k in shown]


def whole(settings: Settings) -> Spans:
    """The ends of the axes at the beginning of the film: the usual ones, and what the window shows beyond them."""
    pairs = [(axis.first, span_of(settings, k)) for k, axis in enumerate(axes_of(settings))]
    return tuple((min(first[0], span[0]), max(first[1], span[1])) for first, span in pairs)


def factor(settings: Settings) -> float:
    """How many times larger the whole map is than the window, along the axis where this is most."""
    if settings.view not in CELLS:
        return 1.0
    spans = [span_of(settings, k) for k in range(2)]
    return max(_size(all_) / _size(span) for all_, span in zip(whole(settings), spans, strict=True))


def _size(span: Span) -> float:
    return span[1] - span[0]


def between(first: Span, last: Span, share: float) -> Span:
    """The ends of an axis at a share of the film. Lengths shrink by equal factors in equal times.

    The point of the axis that keeps its place on the picture is the same throughout.
    """
    size = _size(first) * (_size(last) / _size(first)) ** share
    shrunk = _size(first) - _size(last)
    moved = share if shrunk <= 1e-12 * _size(first) else (_size(first) - size) / shrunk
    low = first[0] + (last[0] - first[0]) * moved
    return low, low + size


def at(settings: Settings, share: float) -> Settings:
    """The settings with the window at a share of the film, 0 for the whole map and 1 for the window that is shown."""
    pairs = [between(all_, span_of(settings, k), share) for k, all_ in enumerate(whole(settings))]
    (left, right), (bottom, top) = pairs
    return dataclasses.replace(settings, window=(left, right, bottom, top))


def check(settings: Settings) -> None:
    """Check that the map is zoomed.

    Raises:
        Refused: if the window shows the whole map.
    """
    if not zoomed(settings):
        raise Refused("The map is not zoomed: zoom into a part of it first, then make the film of the zoom.")


def zoomed(settings: Settings) -> bool:
    """Whether the window shows a part of the map only."""
    return factor(settings) > 1.01


def film(
    settings: Settings,
    count: int,
    report: Callable[[float], None] = lambda share: None,
    stop: threading.Event | None = None,
) -> tuple[Scene, ...]:
    """The scenes of the film, which share their grids.

    Args:
        count: the number of scenes.
        report: called with the share of the work that is done.
        stop: an event that stops the work.

    Raises:
        Refused: if the window shows the whole map.
        Stopped: if the work was stopped.
    """
    check(settings)
    keys = 1 + math.ceil(math.log(factor(settings), CLOSER))
    size, racers = min(settings.cells, FINEST), settings.racers
    grids: list[list[Grid]] = []

    def proceed(part: Grid | None = None) -> None:
        if stop is not None and stop.is_set():
            raise Stopped

    for k in range(keys):
        window = at(settings, k / (keys - 1))
        grids.append([grid(window, racer, size, proceed) for racer in racers])
        report((k + 1) / keys)
    cells: dict[tuple[int, object], Cells] = {}
    found = []
    for share in (k / max(count - 1, 1) for k in range(count)):
        proceed()
        key = min(int(share * (keys - 1)), keys - 2)
        moment = Moment(at(settings, share), grids[key], grids[key + 1], grids)
        found.append(_sharing(scenes.scene(moment.settings, moment), cells))
    return tuple(found)


def _sharing(scene: Scene, cells: dict[tuple[int, object], Cells]) -> Scene:
    """The scene, with the cells that an earlier one had already, so that all scenes of a film are sent only once."""
    panel, *rest = scene.panels
    marks = [cells.setdefault((m.axes, m.box), m) if isinstance(m, Cells) else m for m in panel.marks]
    return dataclasses.replace(scene, panels=(dataclasses.replace(panel, marks=tuple(marks)), *rest))
