"""Data from files that a user uploads, or that were named when the app was started."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from app.common.racers import Refused, sentence
from app.network.settings import FILE, Training, generated
from surfaces.caching import Cache
from surfaces.network import DataSet
from surfaces.network.files import columns, from_csv, from_idx, from_npz, idx_axes

VARIABLE = "OPTISCOPE_DATA"
"""The environment variable with the paths named when the app was started, separated by `os.pathsep`."""


MOST_KEPT = 320 * 2**20
"""The bytes of samples that are cached per file, for one or more target columns."""
_SHORT = "The server does not have enough memory to read {}. Use fewer samples, or try again."


@dataclasses.dataclass(frozen=True, eq=False)
class Brought:
    """The content of one file, or of two (images and labels).

    `columns` are the columns of a table, of which one is the target; empty for arrays.
    """

    name: str
    contents: tuple[bytes, ...]
    columns: tuple[str, ...] = ()
    _read_before: Cache[DataSet] = dataclasses.field(default_factory=lambda: Cache(MOST_KEPT))

    @property
    def target(self) -> str:
        """Return the default target of a table, its last column."""
        return self.columns[-1] if self.columns else ""

    def read(self, target: str, standardised: bool) -> DataSet:
        """Return the samples, the same object for the same arguments. The `target` of a table is one of `columns`.

        Raises:
            Refused: if the file cannot be read.
        """
        return self._read_before.get((target, standardised), lambda: self._read(target, standardised))

    def _read(self, target: str, standardised: bool) -> DataSet:
        try:
            if self.columns:
                data = from_csv(self.contents[0], target or self.target, self.name)
            elif len(self.contents) == 2:
                data = from_idx(*self.contents, self.name)
            else:
                data = from_npz(self.contents[0], self.name)
            return data.standardised() if standardised else data
        except ValueError as error:
            raise Refused(sentence(str(error))) from None
        except MemoryError:
            raise Refused(_SHORT.format(self.name)) from None


def bring(files: Sequence[tuple[str, bytes]]) -> Brought:
    """Return the samples of uploaded files: an .npz file, a .csv file, or two IDX files (images and labels).

    Raises:
        Refused: if a file is missing or invalid.
    """
    kinds = {name: _kind(name, content) for name, content in files}
    if len(files) == 1:
        ((name, content),) = files
        if kinds[name] == "idx":
            raise Refused(f"{name} is one of two IDX files. Provide the images and the labels together.")
        try:
            found = Brought(name, (content,), tuple(columns(content, name)) if kinds[name] == "csv" else ())
        except ValueError as error:
            raise Refused(sentence(str(error))) from None
    elif len(files) == 2 and set(kinds.values()) == {"idx"}:
        # images have more axes than labels
        labels, images = sorted(files, key=lambda file: idx_axes(file[1]))
        found = Brought(images[0], (images[1], labels[1]))
    else:
        raise Refused("Provide one .npz file, one .csv file, or two IDX files together: the images and their labels.")
    if not found.columns:  # a table is read when its target is known
        found.read("", True)
    return found


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


def read(paths: Iterable[Path]) -> dict[str, Brought]:
    """Return the contents of files, by name. Two consecutive IDX files are one data set: images and labels.

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
            if len(waiting) < 2:
                continue
            one = bring(waiting)
            waiting = []
        else:
            one = bring([(path.name, content)])
        found[one.name] = one
    if waiting:
        bring(waiting)
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
    return known[training.file].read(training.target, training.standardised)
