"""Draws scenes as pictures without a browser: the panels, a legend and a caption."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from app.common.digits import short
from app.export.look import color, cut, points, wide, wrap
from app.export.options import Look
from app.export.painter import ROW, TITLE, paint
from app.export.pen import SYMBOLS, dashes
from app.export.relief_painter import paint_relief
from app.export.sheet import Box, Sheet, rules
from app.export.sizes import DPI, LAYOUTS
from app.figures.marks import Axes, Dots, Line, Panel
from app.figures.multiples import multiples
from app.figures.strokes import WORDS
from app.player.scene import Card, Scene
from app.player.screen import Window

NAMES = "AB"
"""The names of two races side by side."""
GAP = 16.0
HEADING, HEADING_ROW, HEADING_GAP = 17.0, 22.0, 8.0
"""The size of the letters of a heading, the height of its lines, and the space below them."""
MOST_HEADING = 2
"""The most lines of a heading."""
CELL = 36.0
"""The space beside a racer's name in a row of racers, for its sample and the distance to the next racer."""
ABOVE_ROW = 6.0
"""The space above a row of racers."""
AXIS = 38.0
"""The indentation of a legend below panels, where the axes begin to the right of their numbers."""
BOLD = 1.1
"""The factor by which bold letters are wider than others."""
LEAST = 100.0
"""The smallest width and height of the panels in pixels."""
LEAP = 0.2
"""The largest length that a step counts with in films, as a fraction of the axes: leaps take no longer to see."""


class Drawing(Sheet):
    """A picture of a scene at any time of its clock.

    `show` sets the time, and `figure` then contains the picture. `frames` draws pictures at many times over the same
    background.

    Args:
        scene: the scene that the page plays.
        look: the appearance of the picture.
        link: the permalink for the caption.
        step: the step of a still; captions name it where the picture has no clock, unless it is the last.

    Raises:
        ValueError: if the look names a part that the scene does not have, or the size leaves no room for the panels.
    """

    def __init__(self, scene: Scene, look: Look | None = None, link: str = "", step: int | None = None) -> None:
        self.scene = scene
        self.look = look = look or Look()
        self.races = [scene, *filter(None, [scene.beside])]
        parts = self.parts(scene)
        if look.part not in parts:
            raise ValueError(f"part must be one of {', '.join(parts)}; got {look.part!r}")
        self.shown = [card for card in scene.cards if not card.hidden]
        self.layout = LAYOUTS[look.purpose]
        self.note = "" if self.layout.clock else scene.clock.note(step)
        self.edge = self.layout.margin
        self.panels = self._panels()
        with rules(self.layout.text):
            super().__init__(
                look.width,
                look.height,
                scale=look.scale * self.layout.dpi / DPI,
                theme_name=look.theme,
                transparent=look.transparent,
                text=self.layout.text,
            )
            words = [look.title] if look.title else [*self._captions(), self._whole(link) if look.link else ""]
            plain = scene.arrangement == "side by side"
            self.beside = self.layout.beside and not plain and self.width / self.height >= 1.2
            self.clocked = self.layout.clock and (scene.clock.end > 0 or not plain)
            box, legend, columns = self._divide(self._head(), self._foot(words) if look.caption else 0.0)
            if min(box[2:]) < LEAST:
                few = f"{look.width}×{look.height} pixels are too few for the legend and the caption"
                raise ValueError(f"{few}: make the picture larger, hide some racers, or leave out the caption")
            for (race, panel), place in zip(self.panels, self._arranged(box), strict=True):
                self._paint(race, panel, place)
            (self._row_of_racers if self.beside else self._legend)(legend, columns)
        self.show(self.steps)

    @staticmethod
    def parts(scene: Scene) -> Mapping[str, str]:
        """The parts of a scene that can be drawn with their titles: "all" of it, or a single panel."""
        names = {"race": "The race", "board": "The training", "maps": "The maps", "row": "The study"}
        return {"all": names[scene.kind], **{panel.key: panel.title for panel in scene.panels}}

    @property
    def picture(self) -> str:
        """How the first panel is drawn, empty if the scene offers no choice. Two races are always drawn as maps."""
        if not self.scene.picture or self.scene.beside:
            return "map" if self.scene.picture else ""
        return self.look.picture or self.scene.picture

    def _panels(self) -> list[tuple[int, Panel]]:
        """The panels to draw, each with the index of its race.

        Of two races, the map and the losses are drawn; of a fair race also the views, which concern both.
        """
        part = self.look.part
        if part != "all":
            return [(k, race.panel(part)) for k, race in enumerate(self.races) if part in self.parts(race)]
        if len(self.races) == 1:
            return [(0, panel) for panel in self.scene.panels]
        two = [(k, race.panel(panel.key)) for panel in self.scene.panels[:2] for k, race in enumerate(self.races)]
        views = self.scene.panels[2:] if self.scene.fair and self.scene.fair.trials else ()
        return [*two, *((0, panel) for panel in views)]

    def _captions(self) -> list[str]:
        """The captions below the panels, one for each race."""
        if len(self.races) == 1:
            return [self.scene.caption + self.note]
        return [f"{name}: {race.caption}{self.note}" for name, race in zip(NAMES, self.races, strict=True)]

    def _paint(self, race: int, panel: Panel, box: Box) -> None:
        scene = self.races[race]
        hidden = frozenset(card.id for card in scene.cards if card.hidden)
        if len(self.races) > 1 and panel.key == self.panels[0][1].key:
            left, top, width, height = box
            self.words(NAMES[race], left, top, WORDS["title"], weight="bold")
            box = (left, top + TITLE, width, height - TITLE)
        if scene.picture and panel is scene.panels[0]:
            if self.picture == "surface" and scene.relief:
                return paint_relief(self, panel, scene.relief, self.look.camera, box, hidden)
            panel = windowed(panel, self.look.windows[race] if race < len(self.look.windows) else None)
            if self.picture == "panels" and self.shown:
                panel = multiples(panel, [(card.id, card.title, card.color) for card in self.shown], box[2:])
        return paint(self, panel, box, hidden, self.look.axis)

    @property
    def steps(self) -> int:
        """The last time of the clock."""
        return self.scene.clock.end

    def _arranged(self, box: Box) -> list[Box]:
        """The boxes of the panels. A single panel fills the whole box."""
        left, top, width, height = box
        count = len(self.panels)
        if count == 1:
            return [box]
        if len(self.races) > 1:
            half = (width - GAP) / 2
            lower = float(round(0.3 * height + 52)) if count > 2 else 0.0
            upper = height - lower - (GAP / 2 if lower else 0.0)
            maps = [(left + k * (half + GAP), top, half, upper) for k in range(2)]
            across = (width - GAP * (count - 3)) / max(count - 2, 1)
            at = top + height - lower
            return [*maps, *((left + k * (across + GAP), at, across, lower) for k in range(count - 2))]
        if self.beside or (self.scene.arrangement == "one beside" and width >= 1.2 * height):
            return self._first_at_the_left(box)
        if self.scene.arrangement == "side by side":
            return self._side_by_side(box)
        # the small panels are in one row, and each has a title and a note
        share = 0.26 if count == 2 else 0.32 if self.scene.arrangement == "one above" else 0.36
        lower = float(round(share * height + 52))
        across = (width - GAP * (count - 2)) / (count - 1)
        below = [(left + k * (across + GAP), top + height - lower, across, lower) for k in range(count - 1)]
        return [(left, top, width, height - lower - GAP / 2), *below]

    def _side_by_side(self, box: Box) -> list[Box]:
        """The boxes of equal panels in a row, or below each other in a picture that is higher than wide."""
        left, top, width, height = box
        count = len(self.panels)
        if width < height:
            tall = (height - GAP * (count - 1)) / count
            return [(left, top + k * (tall + GAP), width, tall) for k in range(count)]
        across = (width - GAP * (count - 1)) / count
        return [(left + k * (across + GAP), top, across, height) for k in range(count)]

    def _first_at_the_left(self, box: Box) -> list[Box]:
        """The box of the first panel at the left, and those of the others at the right; of many in two columns."""
        left, top, width, height = box
        others = len(self.panels) - 1
        columns = 1 if others <= 2 else 2
        rows = -(-others // columns)
        share = 0.56 if columns == 1 else 0.4
        first = round((width - GAP) * share)
        across = (width - first - GAP * columns) / columns
        tall = (height - GAP / 2 * (rows - 1)) / rows
        right = [
            (left + first + GAP + k % columns * (across + GAP), top + k // columns * (tall + GAP / 2), across, tall)
            for k in range(others)
        ]
        return [(left, top, first, height), *right]

    # The timing of films.

    def lengths(self) -> NDArray[np.float64]:
        """The fraction (end + 1,) of the total movement until each time, averaged over the paths.

        If the scene has no paths, the curves in the panels are used.
        """
        even = np.arange(self.steps + 1) / max(1, self.steps)
        fractions = list(self._movements())
        # a tenth of the time is divided evenly, so that the clock also advances while nothing moves visibly
        return 0.9 * np.mean(fractions, axis=0) + 0.1 * even if fractions else even

    def _movements(self) -> Iterator[NDArray[np.float64]]:
        """Yield for each moving mark the fraction (end + 1,) of its movement until each time."""
        ids = {card.id for card in self.shown}
        marks = [
            (mark, panel.axes[mark.axes])
            for race in self.races
            for panel in race.panels
            for mark in panel.marks
            if isinstance(mark, Line | Dots) and mark.time is not None and mark.racer in ids
            if _is_path(mark) or any(panel is shown for _, shown in self.panels)
        ]
        paths = [(mark, axes) for mark, axes in marks if _is_path(mark)]
        for mark, axes in paths or marks:
            way = np.cumsum(np.append(0.0, _moves(mark, axes)))
            if way[-1] > 0:
                times = np.asarray(mark.time, float)[: len(way)]
                yield np.interp(np.arange(self.steps + 1), times, way / way[-1])

    # The caption and the legend.

    def _head(self) -> float:
        """Draw the heading at the top, and return its height including the space below it."""
        room = self.width - 2 * self.edge
        lines = wrap(self.look.heading, room / BOLD, HEADING)
        if len(lines) > MOST_HEADING:
            lines = [*lines[: MOST_HEADING - 1], cut(f"{lines[MOST_HEADING - 1]} …", room, HEADING, bold=True)]
        for k, line in enumerate(lines):
            self.words(line, self.edge, self.edge + k * HEADING_ROW, HEADING, weight="bold")
        return HEADING_ROW * len(lines) + HEADING_GAP if lines else 0.0

    def _foot(self, paragraphs: Sequence[str]) -> float:
        """Draw the caption at the bottom, and return its height including the space above it."""
        room, size = self.width - 2 * self.edge, WORDS["text"]
        lines = [line for paragraph in paragraphs if paragraph for line in wrap(paragraph, room, size)]
        most = max(2, int(self.layout.caption * self.height / ROW))
        if len(lines) > most:  # the metadata of the file are complete
            lines = [*lines[: most - 1], cut(f"{lines[most - 1]} …", room, size)]
        for k, line in enumerate(lines):
            top = self.height - self.edge / 2 - ROW * (len(lines) - k)
            self.words(line, self.edge, top, color=self.style["muted"])
        return ROW * len(lines) + 14 if lines else 0.0

    def _whole(self, link: str) -> str:
        """The link; on slides, where a caption has little room, none that would be cut off."""
        room = self.width - 2 * self.edge
        return link if self.look.purpose != "slide" or wide(link, WORDS["text"]) <= room else ""

    def _divide(self, head: float, foot: float) -> tuple[Box, Box, int]:
        """The box of the panels, the box of the legend beside or below them, and the legend's number of columns."""
        edge = self.edge
        if self.beside:
            return self._divide_wide(head, foot)
        if self.scene.arrangement == "side by side":  # without cards, only the clock stands below the panels
            below, width, top = (ABOVE_ROW + ROW) * self.clocked, self.width - 2 * edge, edge + head
            room = self.height - top - max(foot, edge) - below
            return (edge, top, width, room), (edge, top + room + ABOVE_ROW, width, ROW), 1
        beside = self.width / self.height >= 1.2
        columns = 1 if beside else min(3, max(1, int(self.width // 180)))
        rows = -(-len(self.shown) // columns)
        words = [word for card in self.shown for word in (card.title, *self._lines(card))]
        widest = max((wide(word, WORDS["text"], bold=True) for word in words), default=0.0) + 36
        aside = max(120.0, min(300.0, round(self.width * 0.22), widest)) if beside else 0.0
        below = 0.0 if beside else rows * self._row + 8 + ROW * self.layout.clock
        width = self.width - 2 * edge - (aside + 20 if beside else 0.0)
        top = edge + head
        room = self.height - top - foot - below
        panels = (edge, top, width, room)
        if beside:
            return panels, (edge + width + 20, top, aside, room), columns
        return panels, (edge + AXIS, top + room, (width - AXIS) / columns, below), columns

    def _divide_wide(self, head: float, foot: float) -> tuple[Box, Box, int]:
        """The box of the panels, the box of the first racer in the row below them, and the number of columns there.

        The clock is at the right end of the first row. Statuses are below the names if all racers fit into one row.
        """
        edge, size = self.edge, WORDS["text"]
        names = max((wide(card.title, size, bold=True) for card in self.shown), default=0.0) + CELL
        statuses = max((wide(card.status, size) for card in self.shown), default=0.0) + CELL
        clock = wide(self._clock(self.steps), WORDS["label"]) + GAP if self.layout.clock else 0.0
        width, count = self.width - 2 * edge - clock, max(1, len(self.shown))
        self.statuses = len(self.races) == 1 and count * max(names, statuses) <= width
        columns = max(1, min(count, int(width // names)))
        below = (-(-count // columns) + self.statuses) * ROW
        top = edge + head
        room = self.height - top - max(foot, edge) - below - ABOVE_ROW
        return (edge, top, self.width - 2 * edge, room), (edge, top + room + ABOVE_ROW, width / columns, below), columns

    def _clock(self, time: float) -> str:
        """The place of the clock in words."""
        return self.scene.clock.words(time)

    def _row_of_racers(self, box: Box, columns: int) -> None:
        """Draw the racers side by side, and the clock at the right."""
        left, top, width, _ = box
        size = WORDS["text"]
        for at, card in enumerate(self.shown):
            row, column = divmod(at, columns)
            x, y = left + column * width, top + row * ROW
            self._sample(card, x, y + 8)
            self.words(cut(card.title, width - CELL, size, bold=True), x + 30, y, weight="bold")
            if self.statuses:
                status = self.words(card.status, x + 30, y + ROW, color=self.style["muted"])
                self._reveal(card, status)
        if self.layout.clock:
            self._show_clock(self.width - self.edge, top + 1, ha="right")

    def _show_clock(self, left: float, top: float, **options: Any) -> None:
        """Write which step is shown."""
        here = self.words("", left, top, WORDS["label"], color=self.style["muted"], **options)
        self.moves(self.figure, here, lambda time: here.set_text(self._clock(time)))

    @property
    def _row(self) -> float:
        """The height of a racer in a legend of several columns, with its status unless there are many racers."""
        return (1.2 + len(self.races)) * ROW if len(self.shown) <= 6 else 1.3 * ROW

    def _legend(self, box: Box, columns: int) -> None:
        left, top, width, height = box
        if self.clocked:
            self._show_clock(left, top)
            top, height = top + ROW, height - ROW
        rows = -(-len(self.shown) // columns)
        tall = min(54.0, height / max(1, rows)) if columns == 1 else self._row
        for at, card in enumerate(self.shown):
            row, column = divmod(at, columns)
            x, y = left + column * width, top + row * tall
            self._sample(card, x, y + 8)
            room, size = width - 34, WORDS["text"]
            self.words(cut(card.title, room, size, bold=True), x + 32, y, weight="bold")
            lines = [cut(line, room, size) for line in self._lines(card)]
            for k, line in enumerate(lines[: 2 if tall > 48 else 1 if tall > 30 else 0]):
                text = self.words(line, x + 32, y + (k + 1) * ROW, color=self.style["muted"])
                if k < len(self.races):
                    self._reveal(self._cards(card)[k], text)

    def _cards(self, card: Card) -> list[Card]:
        """The cards of a racer in each race."""
        return [other for race in self.races for other in race.cards if other.id == card.id]

    def _lines(self, card: Card) -> list[str]:
        """The lines under a racer's name in the legend: its status and values, or its status in each race."""
        cards = self._cards(card)
        if len(cards) > 1:
            return [f"{name}: {other.status}" if other.status else "" for name, other in zip(NAMES, cards, strict=True)]
        return [card.status, ", ".join(f"{s.symbol} {short(s.value, 4)}" for s in card.sliders)]

    def _reveal(self, card: Card, text: Text) -> None:
        """Show the status of a racer once the clock has reached the step at which it was decided."""
        settled = card.settled * self.scene.pace(card)
        self.moves(self.figure, text, lambda time: text.set_visible(time >= settled))

    def _sample(self, card: Card, x: float, y: float) -> None:
        """Draw a racer's line and head in the legend."""
        w, h = self.width, self.height
        common: Any = {"transform": self.figure.transFigure, "color": color(card.color, self.style)}
        ends = [x / w, (x + 24) / w]
        line = Line2D(ends, [1 - y / h] * 2, lw=points(3), ls=dashes(card.dash), dash_capstyle="butt", **common)
        head = Line2D([(x + 12) / w], [1 - y / h], ls="", marker=SYMBOLS[card.shape], ms=points(9), **common)
        self.figure.add_artist(line)
        self.figure.add_artist(head)


def windowed(panel: Panel, window: Window | None) -> Panel:
    """The panel of a map with a window in view."""
    if window is None:
        return panel
    first, *rest = panel.axes
    (x0, x1), (y0, y1) = window
    x, y = dataclasses.replace(first.x, low=x0, high=x1), dataclasses.replace(first.y, low=y0, high=y1)
    return dataclasses.replace(panel, axes=(dataclasses.replace(first, x=x, y=y), *rest))


def _is_path(mark: Line | Dots) -> bool:
    return isinstance(mark, Line) and mark.follows == "path"


def _moves(mark: Line | Dots, axes: Axes) -> NDArray[np.float64]:
    """The distances that a mark moves from each moment to the next, as fractions of its axes."""
    x, y = np.asarray(mark.x, float), np.asarray(mark.y, float)
    low, high = axes.y.low, axes.y.high
    if y.ndim > 1:
        y = np.clip(np.nan_to_num(y), low, high)
        return np.abs(np.diff(y, axis=0)).mean(axis=1) / (high - low)
    if axes.y.scale == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            y, low, high = np.log10(np.where(y > 0, y, np.nan)), np.log10(low), np.log10(high)
    with np.errstate(over="ignore", invalid="ignore"):
        up = np.diff(y) / (high - low)
        # of a curve over the clock, only the vertical movement counts
        across = 0.0 if np.array_equal(x, np.asarray(mark.time)) else np.diff(x) / (axes.x.high - axes.x.low)
        return np.minimum(np.nan_to_num(np.hypot(up, across), posinf=LEAP), LEAP)
