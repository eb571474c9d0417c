"""The formats of files by their endings. Plain data: the command line reads it before any library is loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class Picture:
    """A format of pictures that matplotlib writes.

    Attributes:
        type: the media type.
        metadata: the attribute of `About` that each entry of the file's metadata holds, by matplotlib's name of the
            entry; an empty string for an entry that is left out.
        vector: whether the file holds lines and letters, so that it has no resolution.
    """

    type: str
    metadata: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    vector: bool = False


@dataclasses.dataclass(frozen=True)
class Film:
    """A format of films.

    Attributes:
        type: the media type.
        codec: FFmpeg's name of the encoder; empty for a GIF, which Pillow writes.
        options: options of the encoder.
        container: options of the container.
    """

    type: str
    codec: str = ""
    options: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    container: Mapping[str, str] = dataclasses.field(default_factory=_empty)


PICTURES: Mapping[str, Picture] = MappingProxyType(
    {
        "png": Picture(
            "image/png", {"Software": "maker", "Title": "title", "Description": "text", "Alt": "description"}
        ),
        "svg": Picture(
            "image/svg+xml", {"Creator": "maker", "Title": "title", "Description": "text", "Date": ""}, vector=True
        ),
        "pdf": Picture(
            "application/pdf",
            {"Creator": "maker", "Title": "title", "Subject": "text", "CreationDate": ""},
            vector=True,
        ),
    }
)
FILMS: Mapping[str, Film] = MappingProxyType(
    {
        "mp4": Film(
            "video/mp4",
            "libx264",
            {"preset": "veryfast", "crf": "18", "tune": "animation"},
            {"movflags": "+faststart+use_metadata_tags"},
        ),
        "gif": Film("image/gif"),
        "webm": Film(
            "video/webm",
            "libvpx-vp9",
            {"deadline": "realtime", "cpu-used": "8", "crf": "24", "b:v": "0", "row-mt": "1"},
        ),
    }
)
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
DRAWN: Mapping[str, str] = MappingProxyType(
    {
        **{ending: picture.type for ending, picture in PICTURES.items()},
        **{ending: film.type for ending, film in FILMS.items()},
        "pptx": SLIDES,
        "html": "text/html",
    }
)
"""The media types of drawn files by their endings."""
DATA: Mapping[str, str] = MappingProxyType(
    {
        "csv": "text/csv",
        "verdict.csv": "text/csv",
        "parquet": "application/vnd.apache.parquet",
        "npz": "application/octet-stream",
        "txt": "text/plain",
        "json": "application/json",
        "py": "text/x-python",
        "optax.py": "text/x-python",
    }
)
"""The media types of numbers, captions, settings and scripts by their endings."""
ENDINGS: Mapping[str, str] = MappingProxyType({**DRAWN, **DATA})


def ending(name: str) -> str:
    """The ending of a file name in lower case: the longest in `ENDINGS`, or what follows the last dot."""
    lower = name.lower()
    known = [known for known in ENDINGS if lower.endswith(f".{known}")]
    return max(known, key=len) if known else lower.rpartition(".")[2]
