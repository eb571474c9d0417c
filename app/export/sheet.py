"""A matplotlib figure with a still background and moving artists."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from app.export.look import fonts, magnified, points
from app.export.sizes import DPI
from app.figures import theme
from app.figures.strokes import WORDS

STYLE: Any = {
    "axes.unicode_minus": True,
    "lines.scale_dashes": False,
    "path.simplify": False,  # simplification would move runs that leap across the frame
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
}
Box = tuple[float, float, float, float]
"""left, top, width and height in pixels."""
Mover = Callable[[float], None]
"""A function that updates artists to a time of the clock."""


@contextlib.contextmanager
def rules(text: float = 1.0) -> Iterator[None]:
    """A context with our style of matplotlib, in which letters, lines and marks are larger by a factor."""
    with magnified(text):
        lengths: Any = {"font.size": points(12), "axes.linewidth": points(1)}
        with mpl.rc_context({**STYLE, **lengths, "font.family": fonts()}):
            yield


class Sheet:
    """An empty figure in the colours of a theme. Positions are pixels from the upper left corner.

    Args:
        width, height: the size in pixels at scale 1, where a pixel is 1/96 of an inch.
        scale: the factor by which a bitmap has more pixels along each side.
        transparent: whether the background is transparent.
        text: the factor by which letters, lines and marks are larger. The pixels of positions are larger by it too, so
            that a figure is `self.width` of them wide.
    """

    def __init__(
        self, width: float, height: float, *, scale: float, theme_name: str, transparent: bool, text: float = 1.0
    ) -> None:
        self.width, self.height, self.theme, self.text = width / text, height / text, theme_name, text
        self.style: Mapping[str, str] = theme.THEMES[theme_name]
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI * scale)
        self.canvas = FigureCanvasAgg(self.figure)
        self.figure.patch.set_facecolor("none" if transparent else self.style["paper"])
        self._moving: list[tuple[Axes | Figure, Artist]] = []
        self._movers: list[Mover] = []

    def moves(self, axes: Axes | Figure, artist: Any, mover: Mover | None = None) -> Any:
        """Add an artist that is drawn again in each frame, and return it; `mover` updates it to a time of the clock."""
        if artist.axes is None and isinstance(axes, Axes):
            axes.add_collection(artist, autolim=False)
        self._moving.append((axes, artist))
        if mover:
            self._movers.append(mover)
        return artist

    def moves_by(self, mover: Mover) -> None:
        """Add a function that is called for each time of the clock."""
        self._movers.append(mover)

    def show(self, time: float) -> None:
        """Update all moving artists to a time of the clock."""
        with magnified(self.text):
            for mover in self._movers:
                mover(time)

    def frames(self, times: Sequence[float]) -> Iterator[NDArray[np.uint8]]:
        """Yield the pictures (height, width, 4) at these times. The background is drawn only once."""
        with rules(self.text):
            for _, artist in self._moving:
                artist.set_animated(True)
            self.canvas.draw()
            background = self.canvas.copy_from_bbox(self.figure.bbox)
            moving = sorted(self._moving, key=lambda pair: pair[1].get_zorder())
            for time in times:
                self.show(time)
                self.canvas.restore_region(background)
                for axes, artist in moving:
                    axes.draw_artist(artist)
                yield np.array(self.canvas.buffer_rgba())
            for _, artist in self._moving:
                artist.set_animated(False)

    def axes(self, box: Box) -> Axes:
        """Add axes without a frame in a box."""
        left, top, width, height = box
        w, h = self.width, self.height
        axes = self.figure.add_axes((left / w, 1 - (top + height) / h, width / w, height / h))
        axes.set_facecolor("none")
        axes.spines[:].set_visible(False)
        axes.tick_params(
            colors=self.style["muted"], labelcolor=self.style["ink"], length=points(4), width=points(1), pad=points(4)
        )
        return axes

    def words(self, text: str, left: float, top: float, size: float = WORDS["text"], **options: Any) -> Text:
        """Add a text at a position."""
        options = {"color": self.style["ink"], "va": "top", "ha": "left", **options}
        return self.figure.text(
            left / self.width, 1 - top / self.height, text, fontsize=points(size), parse_math=False, **options
        )
