"""Data out of files: those that a user brings to the page, and those named when the app was started."""

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
"""Holds the paths named when the app was started, separated as the system separates paths."""


MOST_KEPT = 320 * 2**20
"""Bytes of the samples read from one file that are kept, for one or more columns to learn."""
_SHORT = "There is too little memory on the server to read {}: take fewer samples, or try again."


@dataclasses.dataclass(frozen=True, eq=False)
class Brought:
    """One set of samples out of a file, or out of two: images and their labels.

    `columns` are those of a table, whose target has to be chosen; none for arrays.
    """

    name: str
    contents: tuple[bytes, ...]
    columns: tuple[str, ...] = ()
    _read_before: Cache[DataSet] = dataclasses.field(default_factory=lambda: Cache(MOST_KEPT))

    @property
    def target(self) -> str:
        """The column of a table that is learned unless another is chosen: the last."""
        return self.columns[-1] if self.columns else ""

    def read(self, target: str, standardised: bool) -> DataSet:
        """The samples; a table's `target` is one of `columns`. The same each time that it is asked for.

        Raises:
            Refused: with a sentence on what is wrong with the file.
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
    """What a user brought: an .npz, a .csv, or two IDX files, images and labels.

    Raises:
        Refused: with a sentence on what is missing or wrong.
    """
    kinds = {name: _kind(name, content) for name, content in files}
    if len(files) == 1:
        ((name, content),) = files
        if kinds[name] == "idx":
            raise Refused(f"{name} is one IDX file: bring the images and the labels together, both at once.")
        try:
            found = Brought(name, (content,), tuple(columns(content, name)) if kinds[name] == "csv" else ())
        except ValueError as error:
            raise Refused(sentence(str(error))) from None
    elif len(files) == 2 and set(kinds.values()) == {"idx"}:
        # images have more axes than labels
        labels, images = sorted(files, key=lambda file: idx_axes(file[1]))
        found = Brought(images[0], (images[1], labels[1]))
    else:
        raise Refused("Bring one .npz, one .csv, or two IDX files at once: the images and their labels.")
    if not found.columns:  # a table is read once its target is chosen
        found.read("", True)
    return found


def is_idx(name: str, content: bytes) -> bool:
    """Whether a file is one of two, images or labels."""
    return _kind(name, content) == "idx"


def _kind(name: str, content: bytes) -> str:
    if content[:4] == b"PK\x03\x04" or name.endswith(".npz"):
        return "npz"
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        return "csv"
    return "idx"


@functools.cache
def named() -> Mapping[str, Brought]:
    """The files named when the app was started, by name.

    Raises:
        Refused: if one cannot be read; the command that starts the app asks before it serves.
    """
    return read([Path(spelled) for spelled in os.environ.get(VARIABLE, "").split(os.pathsep) if spelled])


def read(paths: Iterable[Path]) -> dict[str, Brought]:
    """What stands in these files, by name. Two IDX files of one folder and stem are one set of samples:
    train-images-idx3-ubyte and train-labels-idx1-ubyte.

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
    """The data of a training, generated or out of a file.

    Raises:
        Refused: as `look_up`, or where its source cannot make such data.
    """
    return look_up(training, session) if training.data.key == FILE else generated(training)


def look_up(training: Training, session: Mapping[str, Brought]) -> DataSet:
    """The data out of the file that a training names.

    Raises:
        Refused: if this session has no such file, or the file is bad.
    """
    known = {**named(), **session}
    if training.file not in known:
        raise Refused(f"The file {training.file!r} is not here: bring it to the page, under Data.")
    return known[training.file].read(training.target, training.standardised)
