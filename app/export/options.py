"""How a picture is to look and a film to run. Plain records: the page has them before anything draws."""

from __future__ import annotations

import dataclasses
from typing import Literal

from app.player.screen import SCALES, THEMES, Camera, Window

DEFAULT_CAMERA = Camera()
MOST_FRAMES = 3000
MOST_GIF_RATE = 50.0
"""Frames per second of a GIF, whose frames stand for whole hundredths of a second: browsers show those of one hundredth
for ten.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """What a picture is to look like.

    Attributes:
        width, height: in pixels at scale 1, a 96th of an inch each.
        scale: 1 to 4, how many times as many pixels a bitmap has.
        theme: "light" or "dark".
        part: "all" as it stands on the page, or the key of one view alone; whoever draws knows which there are.
        axis: of the losses of a race.
        picture: how the first panel is drawn: "map", "surface" in three dimensions, or "panels", a map for each racer;
            empty for how the page shows it.
        windows: the parts in view of the map and of the one beside it; None for a whole one.
        camera: from where a surface is seen.
        transparent: whether the ground stays empty.
        caption: whether surface, racers, numbers, seed and link stand below.
        title: words of the user's own in the caption's place.
        link: whether the permalink stands in the caption, if the app is served anywhere.

    Raises:
        ValueError: on a size, a scale, or a word that cannot be.
    """

    width: int = 1280
    height: int = 720
    scale: float = 1.0
    theme: Literal["light", "dark"] = "light"
    part: str = "all"
    axis: Literal["log", "linear"] = "log"
    picture: Literal["", "map", "surface", "panels"] = ""
    windows: tuple[Window | None, ...] = ()
    camera: Camera = DEFAULT_CAMERA
    transparent: bool = False
    caption: bool = True
    title: str = ""
    link: bool = True

    def __post_init__(self) -> None:
        if not (200 <= self.width <= 4096 and 200 <= self.height <= 4096):
            raise ValueError(f"width and height must lie between 200 and 4,096 pixels; got {self.width}×{self.height}")
        if not 1 <= self.scale <= 4:
            raise ValueError(f"scale must lie between 1 and 4; got {self.scale:g}")
        words = {"theme": THEMES, "axis": SCALES, "picture": ("", "map", "surface", "panels")}
        for name, known in words.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {getattr(self, name)!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cut:
    """How a film runs.

    Attributes:
        seconds: from the start to the last step, to the nearest frame.
        rate: frames per second.
        hold: seconds for which the last frame stands after that; the whole is right to the nearest frame.
        loop: whether a GIF begins anew for ever.
        time: "even", every step as long as the other, or "length", so that the paths grow evenly and a fast
            beginning can be seen.

    Raises:
        ValueError: on numbers out of range, or a film of more than `MOST_FRAMES` frames.
    """

    seconds: float = 6.0
    rate: float = 25.0
    hold: float = 1.5
    loop: bool = True
    time: Literal["even", "length"] = "even"

    def __post_init__(self) -> None:
        if not 0.1 <= self.seconds <= 600:
            raise ValueError(f"a film lasts 0.1 to 600 seconds; got {self.seconds:g}")
        if not 1 <= self.rate <= 60:
            raise ValueError(f"a film has 1 to 60 frames per second; got {self.rate:g}")
        if not 0 <= self.hold <= 60:
            raise ValueError(f"the last frame is held for 0 to 60 seconds; got {self.hold:g}")
        if self.time not in ("even", "length"):
            raise ValueError(f'time must be "even" or "length"; got {self.time!r}')
        if self.frames > MOST_FRAMES:
            raise ValueError(
                f"a film has at most {MOST_FRAMES:,} frames; {self.seconds:g} s and a hold of {self.hold:g} s at "
                f"{self.rate:g} frames per second make {self.frames:,}: shorten the film, or lower the frame rate"
            )

    @property
    def moving(self) -> int:
        """How many frames there are until the last step."""
        return max(2, round(self.seconds * self.rate))

    @property
    def frames(self) -> int:
        """How many frames there are in all."""
        return max(self.moving, round((self.seconds + self.hold) * self.rate))

    @property
    def lasts(self) -> float:
        """Seconds that the whole film lasts, the hold included; of a GIF to a hundredth."""
        return self.frames / self.rate

    def fitting(self, kind: str) -> Cut:
        """The film as a file of this kind can have it: a GIF has at most `MOST_GIF_RATE` frames per second."""
        slower = kind == "gif" and self.rate > MOST_GIF_RATE
        return dataclasses.replace(self, rate=MOST_GIF_RATE) if slower else self
