"""Data out of files that people bring: IDX (MNIST's format), NumPy's .npz, and CSV. What is wrong is said in words."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import itertools
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surfaces.network.data import DataSet, Samples, one_hot, split
from surfaces.network.losses import Task

MOST_NUMBERS = 2**26
"""Inputs and targets of all samples together: 256 MB as they are kept. All of MNIST has 56 million."""
MOST_BYTES = 2**30
"""Of a file once it is unpacked, piece by piece; what is larger is read no further."""
MOST_ODD = 2**26
"""Bytes of a table that Python reads cell by cell, in half a minute of a core: one with oddly spelled numbers."""
MOST_LINE = 2**20
"""Characters of a line of a table."""
MOST_DIRECTORY = 2**20
"""Bytes of an archive's table of contents, which is read whole."""
LIMIT = f"up to {MOST_NUMBERS / 1e6:.0f} million numbers and {MOST_BYTES / 2**30:g} GB once unpacked"
"""What is read of a file, in words."""
MOST_CLASSES = 100
MOST_NAMES = 10_000
"""Different words of a column that are counted."""
FEWEST = 10
"""Samples of a table: fewer do not make three parts."""
PART = 2**20
"""Bytes, cells or numbers that are worked on at a time."""
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, NotImplementedError)


class _Unpacked(io.RawIOBase):
    """The bytes of a file, gzipped or not, unpacked as they are read and no further than `most`; `why` is then said."""

    def __init__(self, content: bytes, name: str, most: int = 0, why: str = "") -> None:
        packed = content[:2] == b"\x1f\x8b"
        self._file: Any = gzip.GzipFile(fileobj=io.BytesIO(content)) if packed else io.BytesIO(content)
        self._name = name
        self._most = most or MOST_BYTES
        self._why = why or f"unpacks to more than {MOST_BYTES / 2**30:g} GB, the most that is read"
        self.count = 0
        """Bytes read so far."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = int(self._file.readinto(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{self._name} is a damaged gzip file: {error}") from None
        self.count += count
        if self.count > self._most:
            raise ValueError(f"{self._name} {self._why}")
        return count


def read_idx(content: bytes, name: str = "The file") -> NDArray[Any]:
    """The array in an IDX file, gzipped or not: 0, 0, type, number of axes, their lengths, then the values, all
    big-endian (Y. LeCun, C. Cortes & C. Burges, The MNIST database).

    Raises:
        ValueError: if it is no IDX file, its length is not what its head says, or it is too large.
    """
    file = io.BufferedReader(raw := _Unpacked(content, name), PART)
    dtype, shape = _idx_head(file, name)
    count = math.prod(shape)
    _fits(name, count)
    begin, wanted = 4 + 4 * len(shape), 4 + 4 * len(shape) + count * dtype.itemsize
    values = np.empty(count, dtype)
    found = begin + _fill(file, values)
    while extra := len(file.read(PART)):
        found += extra
    if found != wanted:
        kind = "cut short" if found < wanted else "longer than its head says"
        raise ValueError(
            f"{name} is {kind}: {' × '.join(map(str, shape))} values take {wanted} bytes, it has {raw.count}"
        )
    return values.reshape(shape)


def idx_axes(content: bytes) -> int:
    """How many axes the array in an IDX file has; 0 of what is none."""
    try:
        return len(_idx_head(io.BufferedReader(_Unpacked(content, "The file")), "The file")[1])
    except ValueError:
        return 0


def _idx_head(file: Any, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Type and lengths of the axes."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not 1 <= start[3] <= 32:
        raise ValueError(f"{name} is no IDX file: it should begin with two zeros, a type and a number of axes")
    axes = start[3]
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValueError(
            f"{name} ends within its head: {4 + len(lengths)} bytes, where {axes} axes need {4 + 4 * axes}"
        )
    return np.dtype(_TYPES[start[2]]), tuple(int(n) for n in np.frombuffer(lengths, ">u4"))


def _fill(file: Any, values: NDArray[Any]) -> int:
    """Fill an array (k,) with bytes as they are read; returns how many there were, at most as many as fit."""
    target = values.view(np.uint8)
    done = 0
    while done < len(target) and (part := file.read(min(PART, len(target) - done))):
        target[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    return done


def _fits(name: str, count: int) -> None:
    """Refuse more numbers than are kept."""
    if count > MOST_NUMBERS:
        raise ValueError(
            f"{name} has {count / 1e6:,.0f} million numbers; at most {MOST_NUMBERS / 1e6:,.0f} million are read: "
            "take fewer samples"
        )


def from_idx(images: bytes, labels: bytes, name: str = "Images", seed: int = 0) -> DataSet:
    """Images (N, …) of bytes and their labels (N,), pixels from 0 to 1, in three parts.

    Raises:
        ValueError: if either is no IDX file, or they do not fit each other.
    """
    x = _inputs(name, read_idx(images, "The file of images"))
    return _parts(name, (x, _labels(name, read_idx(labels, "The file of labels"))), None, seed)


def from_npz(content: bytes, name: str = "Arrays", seed: int = 0) -> DataSet:
    """x_train, y_train, x_test and y_test, as Keras packs MNIST, or x and y alone, or images and labels.

    Raises:
        ValueError: if it is no .npz file, holds Python objects, has not these arrays, or is too large.
    """
    try:
        _check_directory(content, name)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [entry.removesuffix(".npy") for entry in archive.namelist()]
            for x, y in (("x_train", "y_train"), ("x", "y"), ("images", "labels")):
                if x in names and y in names:
                    test = ("x_test", "y_test") if {"x_test", "y_test"} <= set(names) else None
                    _fits(name, sum(math.prod(_npy_head(archive, n, name)[0]) for n in (x, y, *(test or ()))))
                    # each array is let go before the next is read
                    pair = _inputs(name, _npy(archive, x, name)), _labels(name, _npy(archive, y, name))
                    held = None
                    if test:
                        part = f"{name}, test"
                        held = _inputs(part, _npy(archive, test[0], name)), _labels(part, _npy(archive, test[1], name))
                    return _parts(name, pair, held, seed)
    except _DAMAGED as error:
        raise ValueError(f"{name} is no .npz file, or is damaged: {error}") from None
    raise ValueError(f"{name} needs arrays x_train and y_train, or x and y; it has {', '.join(names[:20]) or 'none'}")


def _check_directory(content: bytes, name: str) -> None:
    """Refuse an archive whose table of contents would fill the memory."""
    end = content.rfind(b"PK\x05\x06")
    if end >= 0 and len(content) >= end + 16 and struct.unpack_from("<I", content, end + 12)[0] > MOST_DIRECTORY:
        raise ValueError(f"{name} holds more files than an .npz has arrays: its table of contents is over 1 MB")


def _npy_head(archive: zipfile.ZipFile, member: str, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an array, read off its head alone."""
    entry = archive.getinfo(f"{member}.npy" if f"{member}.npy" in archive.namelist() else member)
    if entry.file_size > MOST_BYTES:
        raise ValueError(
            f"{name}: {member} unpacks to {entry.file_size / 2**30:.1f} GB; at most {MOST_BYTES / 2**30:g} GB are read"
        )
    with archive.open(entry) as file:
        shape, fortran, dtype, begin = _npy_start(file, name, member)
    if entry.file_size != begin + math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} is damaged: {member} is not as long as its head says")
    return shape, fortran, dtype


def _npy_start(file: Any, name: str, member: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """The head of an array, and the byte at which its values begin."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except ValueError as error:
        raise ValueError(f"{name} is no .npz file, or is damaged: {member}: {error}") from None
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which are not read: save plain arrays of numbers")
    return shape, fortran, dtype, file.tell()


def _npy(archive: zipfile.ZipFile, member: str, name: str) -> NDArray[Any]:
    """An array of an archive, read piece by piece."""
    shape, fortran, dtype = _npy_head(archive, member, name)
    values = np.empty(math.prod(shape), dtype)
    with archive.open(f"{member}.npy" if f"{member}.npy" in archive.namelist() else member) as file:
        _npy_start(file, name, member)
        if _fill(file, values) != values.nbytes or file.read(1):
            raise ValueError(f"{name} is damaged: {member} is not as long as its head says")
    return values.reshape(shape, order="F" if fortran else "C")


def from_csv(content: bytes, target: str, name: str = "Table", task: Task | None = None, seed: int = 0) -> DataSet:
    """A table with a line of names at its head; `target` names the column to be learned, all others are inputs.

    The target is a class where it is text, or holds at most twenty different whole numbers; `task` says otherwise.
    The table is read line by line: what is kept of a line are its numbers.

    Raises:
        ValueError: on a table without lines, an unknown target, a hole, or text where a number should be, each with
            its column and line; or if it is too large.
    """
    heads, separator = _heads(content, name)
    if target not in heads:
        raise ValueError(f"{name} has no column {target!r}; it has {', '.join(heads)}")
    if len(heads) < 2:
        raise ValueError(f"{name} has no column but the target")
    where = heads.index(target)
    try:
        x, column = _read_plain(content, name, heads, separator, where, numbers=task == "values")
    except _NotPlain:  # the reader that takes every table, and says what is wrong with it
        x, column = _read_any(content, name, heads, where)
    if x.count < FEWEST:
        raise ValueError(f"{name} has {x.count} samples; training, validation and test need at least {FEWEST}")
    if (task or ("classes" if column.classes else "values")) == "values":
        return split(name, "values", x.values, column.values()[:, None], (target,), seed)
    names, labels = column.labels()
    _fits(name, x.count * (len(heads) - 1 + len(names)))
    del column
    return split(name, "classes", x.values, one_hot(labels, len(names)), names, seed)


def columns(content: bytes, name: str = "Table") -> list[str]:
    """The names of a table's columns; the whole table is read, and nothing of it kept.

    Raises:
        ValueError: if it is not text, has no line, lines of different lengths, or is too large.
    """
    heads, separator = _heads(content, name)
    try:
        count = 0
        for part in _plain(content, name, separator, len(heads), None):
            count += part.num_rows
            _fits(name, count * len(heads))
        if count:
            return heads
    except _NotPlain:
        pass
    for count, _ in enumerate(_lines(content, name)):
        _fits(name, count * len(heads))
    return heads


def _heads(content: bytes, name: str) -> tuple[list[str], str]:
    """The names of a table's columns, and what separates its cells."""
    lines = _lines(content, name)
    first = next(lines)
    return first[1], max(",;\t", key=_text(content, name).readline(MOST_LINE).count)


class _NotPlain(Exception):
    """A table that pyarrow does not read as `float` and `csv` of Python do, or not at all."""


def _plain(content: bytes, name: str, separator: str, width: int, where: int | None) -> Iterator[Any]:
    """The lines of a table below its names in parts, as pyarrow reads them, 20 times as fast as Python: numbers, but
    for the text of the column `where`; without one, the text of the first column alone.
    """
    import pyarrow as pa  # type: ignore[import-untyped]  # takes a tenth of a second, and is needed for files alone
    from pyarrow import csv as reader

    names = [str(k) for k in range(width)]
    kinds = {key: pa.string() if where is None or key == str(where) else pa.float64() for key in names}
    convert = reader.ConvertOptions(
        column_types=kinds,
        include_columns=names[:1] if where is None else None,
        null_values=[],
        strings_can_be_null=False,
        check_utf8=True,
    )
    read = reader.ReadOptions(use_threads=False, block_size=2 * MOST_LINE, column_names=names, skip_rows=1)
    file = io.BufferedReader(_Unpacked(content, name), PART)
    try:
        yield from reader.open_csv(file, read, reader.ParseOptions(delimiter=separator), convert)
    except (pa.ArrowException, UnicodeDecodeError, StopIteration):
        raise _NotPlain from None


def _read_plain(
    content: bytes, name: str, heads: list[str], separator: str, where: int, numbers: bool
) -> tuple[_Rows, _Column]:
    """The inputs and the target, which may have to be `numbers`, of a table without holes and oddly spelled numbers."""
    x, column = _Rows(len(heads) - 1), _Column(name, heads[where])
    for part in _plain(content, name, separator, len(heads), where):
        block = np.empty((part.num_rows, len(heads) - 1))
        for k, values in enumerate(part.columns[:where] + part.columns[where + 1 :]):
            block[:, k] = values
        coded = part.column(where).dictionary_encode()
        words = coded.dictionary.to_pylist()
        plain = all(word.strip() == word != "" and '"' not in word for word in words)
        if (
            not plain
            or not np.isfinite(block).all()
            or not column.take(words, np.asarray(coded.indices), None, numbers)
        ):
            raise _NotPlain
        x.take(block)
        _fits(name, x.count * len(heads))
    if not x.count:
        raise _NotPlain
    return x, column


def _read_any(content: bytes, name: str, heads: list[str], where: int) -> tuple[_Rows, _Column]:
    """The inputs and the target of any table."""
    x, column = _Rows(len(heads) - 1), _Column(name, heads[where])
    lines = itertools.islice(_lines(content, name), 1, None)
    while part := list(itertools.islice(lines, max(1, PART // len(heads)))):
        seen: dict[str, int] = {}
        which = np.array([seen.setdefault(row[where].strip(), len(seen)) for _, row in part])
        if "" in seen:
            line = part[int(np.argmax(which == seen[""]))][0]
            raise ValueError(f"{name}, line {line}: the column {heads[where]!r} is empty")
        column.take(list(seen), which, [line for line, _ in part])
        x.take(_numbers(part, where, name, heads))
        _fits(name, x.count * len(heads))
    return x, column


def _text(content: bytes, name: str) -> io.TextIOWrapper:
    """The text of a table for the slow reader."""
    why = (
        f"is larger than {MOST_ODD >> 20} MB, up to which cells are read that are neither plain numbers nor words of "
        "the column to learn"
    )
    file = _Unpacked(content, name, MOST_ODD, why)
    return io.TextIOWrapper(io.BufferedReader(file, PART), "utf-8-sig", newline="")


def _lines(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV, separated by commas, semicolons or tabs, each with its number: first the names, then as many
    cells in each; what is empty is left out.
    """
    text = _text(content, name)
    try:
        first = _bounded(text, name, 1)
        separator = max(",;\t", key=first.count)
        rest = itertools.takewhile(bool, (_bounded(text, name, line) for line in itertools.count(2)))
        reader = csv.reader(itertools.chain([first], rest), delimiter=separator)
        rows = ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
        heads = [cell.strip() for cell in next(rows, (1, []))[1]]
        row = next(rows, None)
        if row is None:
            raise ValueError(f"{name} needs a line of names and at least one line of numbers")
        if len(set(heads)) < len(heads):
            raise ValueError(f"{name} has two columns of one name: {', '.join(heads)}")
        yield 1, heads
        for line, cells in itertools.chain([row], rows):
            if len(cells) != len(heads):
                raise ValueError(f"{name}, line {line}: {len(cells)} cells, where the first line has {len(heads)}")
            yield line, cells
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not text in UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"{name} is no table: {error}") from None


def _bounded(text: io.TextIOWrapper, name: str, line: int) -> str:
    """The next line of a text, empty at its end."""
    found = text.readline(MOST_LINE + 1)
    if len(found) > MOST_LINE:
        raise ValueError(f"{name} is no table: line {line} is longer than {MOST_LINE:,} characters")
    return found


class _Rows:
    """Numbers in rows of one length, float32, whose memory grows with them."""

    def __init__(self, width: int) -> None:
        self._held = np.empty((0, width), np.float32)
        self.count = 0

    def take(self, rows: NDArray[np.float64]) -> None:
        count = self.count + len(rows)
        if count > len(self._held):  # by half: in place where the system can, and never twice as much
            self._held.resize((count + count // 2, self._held.shape[1]), refcheck=False)
        with np.errstate(over="ignore"):  # what float32 cannot hold is refused by `split`
            self._held[self.count : count] = rows
        self.count = count

    @property
    def values(self) -> NDArray[np.float32]:
        return self._held[: self.count]


def _numbers(part: list[tuple[int, list[str]]], where: int, name: str, heads: list[str]) -> NDArray[np.float64]:
    """The cells of some lines but for the target, (lines, inputs)."""
    cells = [row[:where] + row[where + 1 :] for _, row in part]
    try:
        values = np.array([list(map(float, row)) for row in cells])
        if np.isfinite(values).all():
            return values
    except ValueError:
        pass
    rest = heads[:where] + heads[where + 1 :]
    for (line, _), row in zip(part, cells, strict=True):
        for head, cell in zip(rest, row, strict=True):
            _number(cell, name, head, line)
    raise ValueError(f"{name} holds what is no number")  # not reached: one of the cells is at fault


class _Column:
    """The column that is learned, as it is read: which word stands in each line, and the number that it spells."""

    def __init__(self, name: str, target: str) -> None:
        self._name, self._target = name, target
        self._codes: dict[str, int] = {}
        self._words: list[NDArray[np.int16]] = []
        self._numbers: list[NDArray[np.float32]] = []
        self._texts = False
        self._odd: tuple[str, int] | None = None
        """The first word that is no finite number, and its line."""

    def take(
        self, words: list[str], which: NDArray[Any], lines: Sequence[int] | None = None, strict: bool = False
    ) -> bool:
        """Take some lines, of which each has one of these words; False where one is no number, though it has to be, and
        its line is not known.
        """
        numbers = [_float(word) for word in words]
        values = np.array([math.nan if number is None else number for number in numbers])
        odd = np.flatnonzero(~np.isfinite(values))
        self._texts = self._texts or None in numbers
        if len(odd) and self._odd is None:
            if lines is None and (strict or not self._texts):
                return False
            at = int(np.argmax(np.isin(which, odd)))
            self._odd = words[int(which[at])], lines[at] if lines else 0
        if len(self._codes) < MOST_NAMES:  # beyond, they are no classes, and are not told apart
            codes = [self._codes.setdefault(word, len(self._codes)) for word in words]
            self._words.append(np.array(codes).clip(max=MOST_NAMES).astype(np.int16)[which])
        with np.errstate(over="ignore"):
            self._numbers.append(values.astype(np.float32)[which])
        return True

    @property
    def classes(self) -> bool:
        """Whether its words are classes."""
        numbers = {_float(word) for word in self._codes}
        return self._texts or (len(numbers) <= 20 and all(n is not None and n.is_integer() for n in numbers))

    def values(self) -> NDArray[np.float32]:
        """Its numbers, (lines,)."""
        if self._odd is not None:
            _number(self._odd[0], self._name, self._target, self._odd[1])
        return np.concatenate(self._numbers)

    def labels(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """The names of its classes in order, and the class of each line."""
        names = sorted(self._codes, key=lambda word: (_float(word) is None, _float(word) or 0.0, word))
        count = f"at least {len(names):,}" if len(names) >= MOST_NAMES else str(len(names))
        if not 2 <= len(names) <= MOST_CLASSES:
            raise ValueError(
                f"{self._name}: the column {self._target!r} has {count} classes; there must be 2 to {MOST_CLASSES}"
            )
        place = np.empty(len(names), np.int64)
        place[[self._codes[word] for word in names]] = np.arange(len(names))
        return tuple(names), place[np.concatenate(self._words)]


def from_arrays(
    name: str, x: NDArray[Any], y: NDArray[Any], test: tuple[NDArray[Any], NDArray[Any]] | None = None, seed: int = 0
) -> DataSet:
    """Samples x (N, …) with class labels y (N,) from 0, in three parts; a `test` pair is kept as it is.

    Whole numbers from 0 to 255 are taken for pixels, and divided by 255.

    Raises:
        ValueError: if lengths differ, labels are no whole numbers from 0, or a value is not finite.
    """
    held = None
    if test is not None:
        held = _inputs(f"{name}, test", test[0]), _labels(f"{name}, test", test[1])
    return _parts(name, (_inputs(name, x), _labels(name, y)), held, seed)


_Pair = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Inputs (N, d) and labels (N,)."""


def _parts(name: str, pair: _Pair, test: _Pair | None, seed: int) -> DataSet:
    """Inputs and labels in three parts; a `test` pair is kept as it is."""
    x, y = pair
    _fit(name, x, y)
    if test is not None:
        _fit(f"{name}, test", *test)
        if test[0].shape[1] != x.shape[1]:
            raise ValueError(f"{name}: test samples have {test[0].shape[1]} inputs, training samples {x.shape[1]}")
    classes = max(int(labels.max()) for labels in (y, *([test[1]] if test else []))) + 1
    if not 2 <= classes <= MOST_CLASSES:
        raise ValueError(f"{name} has labels up to {classes - 1}; there must be 2 to {MOST_CLASSES} classes from 0")
    _fits(name, (len(y) + (len(test[1]) if test else 0)) * (x.shape[1] + classes))
    data = split(name, "classes", x, one_hot(y, classes), tuple(map(str, range(classes))), seed)
    if test is None:
        return data
    # what `split` held back for the test joins the training part: the test part is given
    train = Samples(np.concatenate([data.train.x, data.test.x]), np.concatenate([data.train.y, data.test.y]))
    return dataclasses.replace(data, train=train, test=Samples(test[0], one_hot(test[1], classes)))


def _inputs(name: str, x: NDArray[Any]) -> NDArray[np.float32]:
    if x.ndim < 2 or x.dtype.kind not in "fiub":
        raise ValueError(f"{name}: samples must be numbers of shape (N, …); got {x.dtype} of shape {x.shape}")
    flat = x.reshape(len(x), -1)
    pixels = x.dtype.kind in "iu" and x.size and x.min() >= 0 and 1 < x.max() <= 255
    return np.divide(flat, 255 if pixels else 1, dtype=np.float32, casting="unsafe")


def _labels(name: str, y: NDArray[Any]) -> NDArray[np.int64]:
    flat = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    if flat.ndim != 1 or flat.dtype.kind not in "iuf" or not len(flat):
        raise ValueError(f"{name}: labels must be whole numbers of shape (N,); got {y.dtype} of shape {y.shape}")
    if not np.isfinite(flat).all() or (flat != np.floor(flat)).any() or flat.min() < 0:
        raise ValueError(f"{name}: labels must be whole numbers from 0")
    return flat.astype(np.int64)


def _fit(name: str, x: NDArray[Any], y: NDArray[Any]) -> None:
    if len(x) != len(y):
        raise ValueError(f"{name}: {len(x)} samples, but {len(y)} labels")


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _number(text: str, name: str, column: str, line: int) -> float:
    if not text.strip():
        raise ValueError(f"{name}, line {line}: the column {column!r} is empty; fill it, or leave the line out")
    value = _float(text)
    if value is None:
        raise ValueError(f"{name}, line {line}: {text.strip()!r} in the column {column!r} is no number")
    if not math.isfinite(value):
        raise ValueError(f"{name}, line {line}: {text.strip()!r} in the column {column!r} is not a finite number")
    return value
