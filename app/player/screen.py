"""What a reader has on the screen: the player reports it when a file is asked for, and files show it.

A browser can send anything, so `read_screen` takes only what can be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Point = tuple[float, float, float]
Window = tuple[tuple[float, float], tuple[float, float]]
"""The part of a map that is in view: the ranges of x and y."""

MOST = 1000.0
"""The largest coordinate of a camera, whose box has sides of about 1."""
LEAST = 1e-9
"""The least width of a window, as a share of the map."""
SCALES, THEMES = ("log", "linear"), ("light", "dark")


@dataclass(frozen=True)
class Camera:
    """Where a surface in three dimensions is seen from, as plotly has it.

    The box of the axes is centred at (0, 0, 0). The camera is at ``eye``, looks at ``center``, and has ``up`` at the
    top. By default it looks down from the side of the y axis's lower end: valleys lie open, and few trails behind a
    hill.

    Raises:
        ValueError: on a camera from which nothing can be seen.
    """

    eye: Point = (-0.22, -0.66, 0.98)
    center: Point = (0.0, -0.02, -0.08)
    up: Point = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        numbers = (*self.eye, *self.center, *self.up)
        if len(numbers) != 9 or not all(math.isfinite(v) and abs(v) <= MOST for v in numbers):
            raise ValueError(f"the coordinates of a camera must lie in [-{MOST:g}, {MOST:g}]; got {numbers}")
        away = tuple(a - b for a, b in zip(self.eye, self.center, strict=True))
        if math.hypot(*away) < 1e-3:
            raise ValueError("a camera must have a distance from what it looks at")
        if math.hypot(*_cross(away, self.up)) < 1e-6 * math.hypot(*away):
            raise ValueError("a camera cannot look along the direction that is up")


@dataclass(frozen=True)
class Screen:
    """What is on the screen.

    ``step`` is the place of the clock and ``picture`` how the first panel is shown, empty where it is shown as it is.
    ``windows`` are those of the map and of the map beside it, None for a whole one. ``scale`` is that of the losses.
    """

    step: int
    picture: str = ""
    windows: tuple[Window | None, ...] = ()
    camera: Camera | None = None
    scale: str = "log"
    theme: str = "light"


def read_screen(message: object, end: int, pictures: Sequence[str], limits: Sequence[Window]) -> Screen | None:
    """The screen that a browser's message describes, or None where there can be no such screen.

    Args:
        end: the last place of the clock.
        pictures: how the first panel can be shown.
        limits: how far each map reaches. A window that reaches further is cut.
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
    read = [None if one is None else _window(one, most) for one, most in zip(windows, limits, strict=False)]
    if any(one is None and sent is not None for one, sent in zip(read, windows, strict=True)):
        return None
    camera = message.get("camera")
    seen = None if camera is None else _camera(camera)
    if camera is not None and seen is None:
        return None
    return Screen(int(step), picture, tuple(read), seen, str(scale), str(theme))


def _window(message: object, limits: Window) -> Window | None:
    """A window within the limits of its map; None of anything else."""
    if not isinstance(message, list) or len(message) != 2:
        return None
    ranges = []
    for sent, (least, most) in zip(message, limits, strict=True):
        if not isinstance(sent, list) or len(sent) != 2:
            return None
        low, high = map(finite, sent)
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
    places = [_point(message.get(name)) for name in ("eye", "center", "up")]
    if any(place is None for place in places):
        return None
    try:
        return Camera(*places)  # type: ignore[arg-type]
    except ValueError:
        return None


def _point(message: object) -> Point | None:
    numbers = [finite(message.get(axis)) for axis in "xyz"] if isinstance(message, Mapping) else []
    return None if not numbers or None in numbers else tuple(numbers)  # type: ignore[return-value]


def finite(value: object) -> float | None:
    """A finite number; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _cross(a: Sequence[float], b: Sequence[float]) -> Point:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
