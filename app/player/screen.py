"""The state of the reader's screen, which the player reports when a file is requested, so that the file shows it.

A browser can send anything, so `read_screen` accepts only what can be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float, float]
Window = tuple[tuple[float, float], tuple[float, float]]
"""The visible part of a map: the ranges of x and y."""

MOST = 1000.0
"""The largest coordinate of a camera, in units in which the box has sides of about 1."""
LEAST = 1e-9
"""The smallest width of a window, as a fraction of the map."""
SCALES, THEMES = ("log", "linear"), ("light", "dark")


@dataclass(frozen=True)
class Camera:
    """The camera of a surface in three dimensions, in plotly's coordinates.

    The box of the axes is centred at (0, 0, 0). The camera is at ``eye``, looks at ``center``, and has ``up`` at the
    top. By default it looks down from the corner where both axes begin, so steeply that valleys are visible, and so
    slantwise that hills stand out.

    Raises:
        ValueError: if nothing can be seen from the camera.
    """

    eye: Point = (-0.38, -0.78, 0.92)
    center: Point = (0.02, 0.0, -0.06)
    up: Point = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        numbers = (*self.eye, *self.center, *self.up)
        if len(numbers) != 9 or not all(math.isfinite(v) and abs(v) <= MOST for v in numbers):
            raise ValueError(f"the coordinates of a camera must lie in [-{MOST:g}, {MOST:g}]; got {numbers}")
        offset = tuple(a - b for a, b in zip(self.eye, self.center, strict=True))
        if math.hypot(*offset) < 1e-3:
            raise ValueError("eye and center of a camera must be apart")
        if math.hypot(*_cross(offset, self.up)) < 1e-6 * math.hypot(*offset):
            raise ValueError("a camera cannot look along its up direction")


@dataclass(frozen=True)
class Screen:
    """The state of the reader's screen.

    ``step`` is the position of the clock. ``picture`` says how the first panel is shown, and is empty if it offers no
    choice. ``windows`` belong to the map and to the second race's map, with None for a whole map. ``scale`` is the
    scale of the losses.
    """

    step: int
    picture: str = ""
    windows: tuple[Window | None, ...] = ()
    camera: Camera | None = None
    scale: str = "log"
    theme: str = "light"


def read_screen(message: object, end: int, pictures: Sequence[str], limits: Sequence[Window]) -> Screen | None:
    """Read the screen from a browser's message; return None if the message is not valid.

    Args:
        end: the last position of the clock.
        pictures: the pictures that the first panel offers.
        limits: the limits of each map. Windows are reduced to these limits.
    """
    if not isinstance(message, Mapping):
        return None
    step, picture = finite(message.get("step")), message.get("picture")
    scale, theme = message.get("scale"), message.get("theme")
    if step is None or not 0 <= step <= end or not isinstance(picture, str) or picture not in (pictures or ("",)):
        return None
    if scale not in SCALES or theme not in THEMES:
        return None
    windows = message.get("windows")
    if not isinstance(windows, list) or len(windows) > len(limits):
        return None
    read = [None if sent is None else _window(sent, limit) for sent, limit in zip(windows, limits, strict=False)]
    if any(window is None and sent is not None for window, sent in zip(read, windows, strict=True)):
        return None
    sent_camera = message.get("camera")
    camera = None if sent_camera is None else _camera(sent_camera)
    if sent_camera is not None and camera is None:
        return None
    return Screen(int(step), picture, tuple(read), camera, str(scale), str(theme))


def _window(message: object, limits: Window) -> Window | None:
    """Read a window and reduce it to the limits of its map; return None if it is not valid."""
    if not isinstance(message, list) or len(message) != 2:
        return None
    ranges = []
    for pair, (least, most) in zip(message, limits, strict=True):
        if not isinstance(pair, list) or len(pair) != 2:
            return None
        low, high = map(finite, pair)
        if low is None or high is None:
            return None
        low, high = max(low, least), min(high, most)
        if not high - low >= LEAST * (most - least):
            return None
        ranges.append((low, high))
    return ranges[0], ranges[1]


def _camera(message: object) -> Camera | None:
    if not isinstance(message, Mapping):
        return None
    points = [_point(message.get(name)) for name in ("eye", "center", "up")]
    if any(point is None for point in points):
        return None
    try:
        return Camera(*points)  # type: ignore[arg-type]
    except ValueError:
        return None


def _point(message: object) -> Point | None:
    numbers = [finite(message.get(axis)) for axis in "xyz"] if isinstance(message, Mapping) else []
    return None if not numbers or None in numbers else tuple(numbers)  # type: ignore[return-value]


def finite(value: object) -> float | None:
    """The value as a float if it is a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _cross(a: Sequence[float], b: Sequence[float]) -> Point:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
