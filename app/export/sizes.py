"""The sizes of pictures by name. Plain data: the command line reads it before any library is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"16:9": (1280, 720), "4:3": (1024, 768), "square": (900, 900), "column": (528, 480)}
)
"""The width and height in pixels at scale 1, by name. The column of a paper is 5.5 inches wide."""
