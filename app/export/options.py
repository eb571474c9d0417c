"""Records of how a picture looks and how a film runs. They import nothing that draws, so that pages may use them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from app.export.sizes import LAYOUTS, Purpose
from app.player.screen import SCALES, THEMES, Camera, Window

DEFAULT_CAMERA = Camera()
MOST_FRAMES = 3000
MOST_GIF_RATE = 50.0
"""The largest number of frames per second of a GIF. Its delays are whole hundredths of a second, and browsers replace a
delay of one hundredth by ten.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """The appearance of an exported picture.

    Attributes:
        width, height: the size in pixels at scale 1, where a pixel is 1/96 of an inch.
        purpose: what the picture is for, which decides on its layout and the size of its letters.
        scale: the factor, 1 to 4, by which a bitmap has more pixels along each side.
        theme: "light" or "dark".
        part: "all" for everything that the page shows, or the key of a single panel of the scene.
        axis: the scale of the losses of a race.
        picture: how the first panel is drawn: "map", "surface" in three dimensions, or "panels", a map for each racer;
            empty for the picture that the page shows.
        windows: the windows of the map and of the second race's map; None for a whole map.
        camera: the camera of the surface in three dimensions.
        transparent: whether the background is transparent.
        heading: the title above the picture.
        caption: whether the picture has a caption with the surface, the racers, their values, the seed and the link.
        title: text that replaces the caption.
        link: whether the caption includes the permalink, if the app is served anywhere.

    Raises:
        ValueError: if a size, the scale or a word is not allowed.
    """

    width: int = 1280
    height: int = 720
    purpose: Purpose = "screen"
    scale: float = 1.0
    theme: Literal["light", "dark"] = "light"
    part: str = "all"
    axis: Literal["log", "linear"] = "log"
    picture: Literal["", "map", "surface", "panels"] = ""
    windows: tuple[Window | None, ...] = ()
    camera: Camera = DEFAULT_CAMERA
    transparent: bool = False
    heading: str = ""
    caption: bool = True
    title: str = ""
    link: bool = True

    def __post_init__(self) -> None:
        if not (200 <= self.width <= 4096 and 200 <= self.height <= 4096):
            raise ValueError(f"width and height must lie between 200 and 4,096 pixels; got {self.width}×{self.height}")
        if not 1 <= self.scale <= 4:
            raise ValueError(f"scale must lie between 1 and 4; got {self.scale:g}")
        words = {
            "purpose": tuple(LAYOUTS),
            "theme": THEMES,
            "axis": SCALES,
            "picture": ("", "map", "surface", "panels"),
        }
        for name, known in words.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {getattr(self, name)!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cut:
    """The timing of a film.

    Attributes:
        seconds: the time from the start to the last step, rounded to a whole number of frames.
        rate: the number of frames per second.
        hold: the number of seconds for which the last frame is shown afterwards.
        loop: whether a GIF repeats forever.
        time: "even" gives each step the same time; "length" lets the paths grow evenly, so that a fast beginning can be
            seen; "zoom" zooms from a whole map into the window that is shown, at the last step.

    Raises:
        ValueError: if a number is out of range, or the film would have more than `MOST_FRAMES` frames.
    """

    seconds: float = 6.0
    rate: float = 25.0
    hold: float = 1.5
    loop: bool = True
    time: Literal["even", "length", "zoom"] = "even"

    def __post_init__(self) -> None:
        if not 0.1 <= self.seconds <= 600:
            raise ValueError(f"a film lasts 0.1 to 600 seconds; got {self.seconds:g}")
        if not 1 <= self.rate <= 60:
            raise ValueError(f"a film has 1 to 60 frames per second; got {self.rate:g}")
        if not 0 <= self.hold <= 60:
            raise ValueError(f"the last frame is held for 0 to 60 seconds; got {self.hold:g}")
        if self.time not in ("even", "length", "zoom"):
            raise ValueError(f'time must be "even", "length" or "zoom"; got {self.time!r}')
        if self.frames > MOST_FRAMES:
            raise ValueError(
                f"a film has at most {MOST_FRAMES:,} frames; {self.seconds:g} s and a hold of {self.hold:g} s at "
                f"{self.rate:g} frames per second make {self.frames:,}: shorten the film, or lower the frame rate"
            )

    @property
    def moving(self) -> int:
        """The number of frames from the start to the last step."""
        return max(2, round(self.seconds * self.rate))

    @property
    def frames(self) -> int:
        """The number of all frames."""
        return max(self.moving, round((self.seconds + self.hold) * self.rate))

    @property
    def duration(self) -> float:
        """The number of seconds that the whole film takes, including the hold."""
        return self.frames / self.rate

    def limited(self, kind: str) -> Cut:
        """The timing with a frame rate that the format allows: a GIF has at most `MOST_GIF_RATE` frames per second."""
        too_fast = kind == "gif" and self.rate > MOST_GIF_RATE
        return dataclasses.replace(self, rate=MOST_GIF_RATE) if too_fast else self


@dataclasses.dataclass(frozen=True)
class Table:
    """A table on a slide of its own, with sentences below it."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
