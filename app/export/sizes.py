"""What can be asked for by name: sizes, parts of the page, endings of files. Plain words, without a library."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"16:9": (1280, 720), "4:3": (1024, 768), "square": (900, 900), "column": (528, 480)}
)
"""Width and height in pixels at scale 1 by name; a paper's column is 5.5 inches wide."""

PICTURES = MappingProxyType({"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"})
FILMS = MappingProxyType({"mp4": "video/mp4", "gif": "image/gif", "webm": "video/webm"})
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
DRAWN: Mapping[str, str] = MappingProxyType({**PICTURES, **FILMS, "pptx": SLIDES, "html": "text/html"})
"""The endings of files that are drawn, with their types."""
DATA: Mapping[str, str] = MappingProxyType(
    {
        "csv": "text/csv",
        "parquet": "application/vnd.apache.parquet",
        "npz": "application/octet-stream",
        "json": "application/json",
        "py": "text/x-python",
        "optax.py": "text/x-python",
    }
)
"""The endings of numbers, settings and scripts, with their types."""
ENDINGS: Mapping[str, str] = MappingProxyType({**DRAWN, **DATA})


def ending(name: str) -> str:
    """The ending of a file's name, in small letters: the longest that is known, or what stands behind the last dot."""
    lower = name.lower()
    known = [one for one in ENDINGS if lower.endswith(f".{one}")]
    return max(known, key=len) if known else lower.rpartition(".")[2]
