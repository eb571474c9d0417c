"""Data from files that a user uploads, or that were named when the app was started."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.common.racers import Refused, sentence
from app.network.settings import FILE, Training, generated, prepared
from surfaces.caching import Cache
from surfaces.network import DataSet
from surfaces.network.files import columns, from_csv, from_idx, from_npz, idx_axes, idx_length

VARIABLE = "OPTISCOPE_DATA"
"""The environment variable with the paths named when the app was started, separated by `os.pathsep`."""


MOST_KEPT = 320 * 2**20
"""The bytes of samples that are cached per file, for one or more target columns."""
PARTS = ("train", "test")
FILES = "one .npz file, one .csv file, or two or four IDX files (images and labels)"
"""What can be brought, in words."""
_SHORT = "The server does not have enough memory to read {}. Use fewer samples, or try again."


@dataclasses.dataclass(frozen=True, eq=False)
class Brought:
    """The content of one file, or of two or four IDX files: images and labels, and those of the test part.

    `columns` are the columns of a table, of which one is the target; empty for arrays. `files` are the names of IDX
    files, in the order of their contents.
    """

    name: str
    contents: tuple[bytes, ...]
    columns: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    _read_before: Cache[DataSet] = dataclasses.field(default_factory=lambda: Cache(MOST_KEPT))

    @property
    def target(self) -> str:
        """Return the default target of a table, its last column."""
        return self.columns[-1] if self.columns else ""

    def read(self, training: Training) -> DataSet:
        """Return the samples as a training uses them, the same object for the same settings.

        Its `target` is one of `columns`, or empty for the default.

        Raises:
            Refused: if the file cannot be read.
        """
        key = (training.target, training.sample, training.share, training.features, training.standardised)
        return self._read_before.get(key, lambda: self._read(training))

    def _read(self, training: Training) -> DataSet:
        options: dict[str, Any] = {"seed": training.sample, "share": training.share / 100 or None}
        try:
            if self.columns:
                data = from_csv(self.contents[0], training.target or self.target, self.name, **options)
            elif len(self.contents) > 1:
                images, labels, *test = self.contents
                data = from_idx(images, labels, self.name, test=(test[0], test[1]) if test else None, **options)
            else:
                data = from_npz(self.contents[0], self.name, **options)
            data = dataclasses.replace(data, files=self.files)
            return prepared(data, training.features, training.standardised)
        except ValueError as error:
            raise Refused(sentence(str(error))) from None
        except MemoryError:
            raise Refused(_SHORT.format(self.name)) from None


def bring(files: Sequence[tuple[str, bytes]]) -> Brought:
    """Return the samples of uploaded files: an .npz file, a .csv file, or IDX files, which are the images and labels,
    or the images and labels of a training and a test part.

    Raises:
        Refused: if a file is missing or invalid.
    """
    kinds = {_kind(name, content) for name, content in files}
    if len(files) == 1 and kinds != {"idx"}:
        ((name, content),) = files
        try:
            found = Brought(name, (content,), tuple(columns(content, name)) if kinds == {"csv"} else ())
        except ValueError as error:
            raise Refused(sentence(str(error))) from None
    elif kinds == {"idx"}:
        found = _of_idx(files)
    else:
        raise Refused(f"Provide {FILES} at a time.")
    if not found.columns:  # a table is read when its target is known
        found.read(Training())
    return found


def _of_idx(files: Sequence[tuple[str, bytes]]) -> Brought:
    """Return the samples of IDX files, in any order."""
    if len(files) == 1:
        raise Refused(f"{files[0][0]} is one of two IDX files. Provide the images and the labels together.")
    if len(files) == 3:
        raise Refused("One of four IDX files is missing: provide the images and labels of training and test samples.")
    if len(files) not in (2, 4):
        raise Refused("Provide two IDX files (images and labels) or four (those of training and test samples).")
    parts: list[Sequence[tuple[str, bytes]]] = [files]
    if len(files) == 4:
        if is_whole(files):
            parts = [[file for file in files if role(file[0]) == part] for part in PARTS]
        else:  # there are more training samples than test samples
            ordered = sorted(files, key=lambda file: idx_length(file[1]), reverse=True)
            parts = [ordered[:2], ordered[2:]]
    # images have more axes than labels
    pairs = [sorted(part, key=lambda file: idx_axes(file[1]), reverse=True) for part in parts]
    names, contents = zip(*(file for pair in pairs for file in pair), strict=True)
    return Brought(names[0], contents, files=names)


def is_whole(files: Sequence[tuple[str, bytes]]) -> bool:
    """Return whether the names of four IDX files say which two train and which two test."""
    return sorted(role(name) for name, _ in files) == ["test", "test", "train", "train"]


def role(name: str) -> str:
    """Return the part to which an IDX file belongs by its name, "train" or "test", or an empty string."""
    word = name.lower()
    if "test" in word or word.startswith("t10k"):
        return PARTS[1]
    return PARTS[0] if "train" in word else ""


def is_idx(name: str, content: bytes) -> bool:
    """Return whether a file is an IDX file, which holds either images or labels."""
    return _kind(name, content) == "idx"


def _kind(name: str, content: bytes) -> str:
    if content[:4] == b"PK\x03\x04" or name.endswith(".npz"):
        return "npz"
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        return "csv"
    return "idx"


@functools.cache
def named() -> Mapping[str, Brought]:
    """Return the files named when the app was started, by name.

    Raises:
        Refused: if one cannot be read. The command that starts the app checks this before it serves.
    """
    return read([Path(spelled) for spelled in os.environ.get(VARIABLE, "").split(os.pathsep) if spelled])


def read(paths: Iterable[Path], together: bool = False) -> dict[str, Brought]:
    """Return the contents of files, by name.

    Two consecutive IDX files are one data set, images and labels; four are one if their names contain "train" and
    "test" (or "t10k").

    Args:
        together: whether all IDX files are one data set, whatever they are called.

    Raises:
        Refused: if one cannot be read.
    """
    found: dict[str, Brought] = {}
    waiting: list[tuple[str, bytes]] = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}.") from None
        if _kind(path.name, content) == "idx":
            waiting.append((path.name, content))
        else:
            one = bring([(path.name, content)])
            found[one.name] = one
    while waiting:
        count = len(waiting) if together else 4 if is_whole(waiting[:4]) else 2
        one = bring(waiting[:count])
        found[one.name] = one
        waiting = waiting[count:]
    return found


def find(training: Training, session: Mapping[str, Brought]) -> DataSet:
    """Return the data of a training, generated or from a file.

    Raises:
        Refused: as `look_up`, or if the source cannot generate such data.
    """
    return look_up(training, session) if training.data.key == FILE else generated(training)


def look_up(training: Training, session: Mapping[str, Brought]) -> DataSet:
    """Return the data from the file that a training names.

    Raises:
        Refused: if this session has no such file, or the file is invalid.
    """
    known = {**named(), **session}
    if training.file not in known:
        raise Refused(f"The file {training.file!r} is not available. Upload it under Data.")
    return known[training.file].read(training)
