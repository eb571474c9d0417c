"""The sizes of pictures by name. Plain data: the command line reads it before any library is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

DPI = 96.0
"""Pixels of an inch at scale 1, as browsers have them."""
Purpose = Literal["screen", "slide", "paper"]


class Layout(NamedTuple):
    """How pictures for one purpose are laid out.

    Attributes:
        text: the factor on letters, lines and marks: 1 as on the page, where letters are 10 to 14 pixels high.
        margin: the empty margin, in pixels before that factor.
        beside: whether a wide picture has the losses beside the map and the racers in a row below, so that little
            text leaves much room.
        caption: the largest share of the height that a caption takes.
        dpi: the resolution of a bitmap at scale 1.
        clock: whether the picture says which step it shows.
    """

    text: float = 1.0
    margin: float = 24.0
    beside: bool = False
    caption: float = 0.24
    dpi: float = DPI
    clock: bool = True


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        "screen": Layout(),
        # the smallest letters are 18 pixels high
        "slide": Layout(text=1.8, margin=14.0, beside=True, caption=0.13),
        # text of 8 points, and no letters below 6.5
        "paper": Layout(text=8 / 9, margin=3.0, beside=True, dpi=300.0, clock=False),
    }
)
"""The layout for each purpose."""


class Size(NamedTuple):
    """The size of a picture.

    Attributes:
        width, height: in pixels, of which 96 make an inch.
        purpose: what the picture is for, a key of `LAYOUTS`.
    """

    width: int
    height: int
    purpose: Purpose = "screen"

    @property
    def layout(self) -> Layout:
        return LAYOUTS[self.purpose]

    @property
    def words(self) -> str:
        """The width and the height in the unit of the purpose."""
        if self.purpose != "paper":
            return f"{self.width} × {self.height}"
        return f"{self.width / DPI:.3g} × {self.height / DPI:.3g} in"


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "16:9": Size(1280, 720),
        "4:3": Size(1024, 768),
        "square": Size(900, 900),
        "slide": Size(1280, 720, "slide"),
        "slide-4:3": Size(1024, 768, "slide"),
        "column": Size(336, 384, "paper"),
        "text": Size(528, 288, "paper"),
        "page": Size(672, 336, "paper"),
    }
)
"""Sizes by name. A column is 3.5 inches wide, a text without columns 5.5, and a page of two columns 7."""

_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
_LENGTH = re.compile(r"(\d{1,5}(?:\.\d{1,4})?)(in|cm|mm|pt)?")


def size_of(spelled: str) -> Size | None:
    """The size with a name, or one such as 1280x720 in pixels or 8.5cmx6cm for a paper; None if it is neither."""
    if spelled in SIZES:
        return SIZES[spelled]
    sides = [_LENGTH.fullmatch(side.strip()) for side in spelled.lower().replace("×", "x").split("x")]
    if len(sides) != 2 or not all(sides):
        return None
    (width, unit), (height, other) = (side.groups() for side in sides if side)
    unit, other = unit or other, other or unit
    if not unit or not other:
        return Size(int(width), int(height)) if width.isdecimal() and height.isdecimal() else None
    return Size(round(float(width) * _INCHES[unit] * DPI), round(float(height) * _INCHES[other] * DPI), "paper")
