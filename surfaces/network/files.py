"""Data sets from uploaded files: IDX (the format of MNIST), NumPy's .npz, and CSV.

Every error is a sentence for the person who uploaded the file.
"""

from __future__ import annotations

import csv
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

from surfaces.network.data import SHARE, DataSet, Samples, one_hot, split
from surfaces.network.losses import Task

MOST_NUMBERS = 2**26
"""The most inputs and targets of all samples together, which take 256 MB. All of MNIST has 56 million."""
MOST_BYTES = 2**30
"""The most bytes of a decompressed file, which is read piece by piece and no further than this."""
MOST_SLOW = 2**26
"""The most bytes of a table that the slow reader takes, which needs half a minute for them."""
MOST_LINE = 2**20
"""The most characters of a line of a table."""
MOST_DIRECTORY = 2**20
"""The most bytes of an archive's directory, which is read as a whole."""
LIMIT = f"up to {MOST_NUMBERS / 1e6:.0f} million numbers and take up {MOST_BYTES / 2**30:g} GB when decompressed"
"""The limits of a file, in words."""
MOST_CLASSES = 100
MOST_WORDS = 10_000
"""How many different words of a column are counted."""
FEWEST = 10
"""The fewest samples of a table that can be split into three parts."""
PART = 2**20
"""How many bytes, cells or numbers are processed at a time."""
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, NotImplementedError)


class _Decompressed(io.RawIOBase):
    """The bytes of a file, gzipped or not, which are decompressed as they are read.

    Args:
        limit: the most bytes that may be read, `MOST_BYTES` if 0.
        objection: the end of the sentence that begins with the file's name, for files beyond the limit.
    """

    def __init__(self, content: bytes, name: str, limit: int = 0, objection: str = "") -> None:
        gzipped = content[:2] == b"\x1f\x8b"
        self._file: Any = gzip.GzipFile(fileobj=io.BytesIO(content)) if gzipped else io.BytesIO(content)
        self._name = name
        self._limit = limit or MOST_BYTES
        self._objection = objection or f"decompresses to more than {MOST_BYTES / 2**30:g} GB, which is the limit"
        self.count = 0
        """How many bytes have been read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = int(self._file.readinto(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{self._name} is a damaged gzip file: {error}") from None
        self.count += count
        if self.count > self._limit:
            raise ValueError(f"{self._name} {self._objection}")
        return count


def read_idx(content: bytes, name: str = "The file") -> NDArray[Any]:
    """The array in an IDX file, gzipped or not.

    The format is two zero bytes, a type code, the number of axes, the lengths of the axes, and the values, all
    big-endian (Y. LeCun, C. Cortes & C. Burges, The MNIST database).

    Raises:
        ValueError: if it is not an IDX file, if its length does not match its header, or if it is too large.
    """
    file = io.BufferedReader(raw := _Decompressed(content, name), PART)
    dtype, shape = _idx_header(file, name)
    count = math.prod(shape)
    _check_size(name, count)
    begin, expected = 4 + 4 * len(shape), 4 + 4 * len(shape) + count * dtype.itemsize
    values = np.empty(count, dtype)
    length = begin + _fill(file, values)
    while extra := len(file.read(PART)):
        length += extra
    if length != expected:
        problem = "cut short" if length < expected else "longer than its header says"
        raise ValueError(
            f"{name} is {problem}: {' × '.join(map(str, shape))} values take {expected} bytes, but it has {raw.count}"
        )
    return values.reshape(shape)


def idx_axes(content: bytes) -> int:
    """The number of axes of the array in an IDX file, or 0 if it is not an IDX file."""
    return len(_idx_shape(content))


def idx_length(content: bytes) -> int:
    """The number of samples in an IDX file, or 0 if it is not an IDX file."""
    return next(iter(_idx_shape(content)), 0)


def _idx_shape(content: bytes) -> tuple[int, ...]:
    try:
        return _idx_header(io.BufferedReader(_Decompressed(content, "The file")), "The file")[1]
    except ValueError:
        return ()


def _idx_header(file: Any, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The type of the values and the lengths of the axes."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not 1 <= start[3] <= 32:
        raise ValueError(f"{name} is not an IDX file: it does not begin with two zeros, a type and a number of axes")
    axes = start[3]
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValueError(
            f"{name} ends within its header: {axes} axes take {4 + 4 * axes} bytes, but it has {4 + len(lengths)}"
        )
    return np.dtype(_TYPES[start[2]]), tuple(int(n) for n in np.frombuffer(lengths, ">u4"))


def _fill(file: Any, values: NDArray[Any]) -> int:
    """Read bytes of a file into an array (k,) until it is full or the file ends, and return how many were read."""
    target = values.view(np.uint8)
    count = 0
    while count < len(target) and (part := file.read(min(PART, len(target) - count))):
        target[count : count + len(part)] = np.frombuffer(part, np.uint8)
        count += len(part)
    return count


def _check_size(name: str, count: int) -> None:
    """Reject more than `MOST_NUMBERS` numbers."""
    if count > MOST_NUMBERS:
        raise ValueError(
            f"{name} has {count / 1e6:,.0f} million numbers; at most {MOST_NUMBERS / 1e6:,.0f} million can be read: "
            "use fewer samples"
        )


def from_idx(
    images: bytes,
    labels: bytes,
    name: str = "Images",
    seed: int = 0,
    test: tuple[bytes, bytes] | None = None,
    share: float | None = None,
) -> DataSet:
    """The data set of an IDX file of images (N, …), scaled to pixels from 0 to 1, and one of their labels (N,).

    Args:
        test: the images and labels of the test part. Without them, a part of the samples tests.
        share: the share of training samples; by default all if there is a test part, and `SHARE` if there is none.

    Raises:
        ValueError: if one of them is not an IDX file, or if they differ in the number of samples.
    """
    pair, test_pair = (
        None
        if part is None
        else (
            _inputs(title, read_idx(part[0], f"The file of {kind}images")),
            _labels(title, read_idx(part[1], f"The file of {kind}labels")),
        )
        for part, title, kind in (((images, labels), name, ""), (test, f"{name}, test", "test "))
    )
    assert pair is not None
    return _parts(name, pair, test_pair, seed, share)


def from_npz(content: bytes, name: str = "Arrays", seed: int = 0, share: float | None = None) -> DataSet:
    """The data set of an .npz file with the arrays x and y, or images and labels.

    Of the arrays x_train, y_train, x_test and y_test, as in Keras's file of MNIST, the first two train and the last two
    test. `share` is as in `from_idx`.

    Raises:
        ValueError: if it is not an .npz file, contains Python objects, lacks these arrays, or is too large.
    """
    try:
        _check_directory(content, name)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [entry.removesuffix(".npy") for entry in archive.namelist()]
            for x, y in (("x_train", "y_train"), ("x", "y"), ("images", "labels")):
                if x in names and y in names:
                    test = ("x_test", "y_test") if {"x_test", "y_test"} <= set(names) else None
                    _check_size(name, sum(math.prod(_npy_header(archive, n, name)[0]) for n in (x, y, *(test or ()))))
                    # each array is freed before the next one is read
                    pair = _inputs(name, _npy(archive, x, name)), _labels(name, _npy(archive, y, name))
                    test_pair = None
                    if test:
                        part = f"{name}, test"
                        test_inputs = _inputs(part, _npy(archive, test[0], name))
                        test_pair = test_inputs, _labels(part, _npy(archive, test[1], name))
                    return _parts(name, pair, test_pair, seed, share)
    except _DAMAGED as error:
        raise ValueError(f"{name} is not an .npz file, or is damaged: {error}") from None
    raise ValueError(
        f"{name} must contain the arrays x_train and y_train, or x and y; it has {', '.join(names[:20]) or 'none'}"
    )


def _check_directory(content: bytes, name: str) -> None:
    """Reject an archive whose directory would fill the memory."""
    end = content.rfind(b"PK\x05\x06")
    if end >= 0 and len(content) >= end + 16 and struct.unpack_from("<I", content, end + 12)[0] > MOST_DIRECTORY:
        raise ValueError(f"{name} has too many entries for an .npz file: its directory is larger than 1 MB")


def _npy_header(archive: zipfile.ZipFile, member: str, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """The shape of an array, whether it is in Fortran order, and its type, from its header alone."""
    entry = archive.getinfo(f"{member}.npy" if f"{member}.npy" in archive.namelist() else member)
    if entry.file_size > MOST_BYTES:
        raise ValueError(
            f"{name}: {member} decompresses to {entry.file_size / 2**30:.1f} GB; the limit is {MOST_BYTES / 2**30:g} GB"
        )
    with archive.open(entry) as file:
        shape, fortran, dtype, begin = _npy_start(file, name, member)
    if entry.file_size != begin + math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} is damaged: the length of {member} does not match its header")
    return shape, fortran, dtype


def _npy_start(file: Any, name: str, member: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """The header of an array, and the byte at which its values begin."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except ValueError as error:
        raise ValueError(f"{name} is not an .npz file, or is damaged: {member}: {error}") from None
    if dtype.hasobject:
        raise ValueError(f"{name} contains Python objects, which cannot be read: save plain arrays of numbers")
    return shape, fortran, dtype, file.tell()


def _npy(archive: zipfile.ZipFile, member: str, name: str) -> NDArray[Any]:
    """An array of an archive, which is read piece by piece."""
    shape, fortran, dtype = _npy_header(archive, member, name)
    values = np.empty(math.prod(shape), dtype)
    with archive.open(f"{member}.npy" if f"{member}.npy" in archive.namelist() else member) as file:
        _npy_start(file, name, member)
        if _fill(file, values) != values.nbytes or file.read(1):
            raise ValueError(f"{name} is damaged: the length of {member} does not match its header")
    return values.reshape(shape, order="F" if fortran else "C")


def from_csv(
    content: bytes,
    target: str,
    name: str = "Table",
    task: Task | None = None,
    seed: int = 0,
    share: float | None = None,
) -> DataSet:
    """The data set of a table whose first line names its columns: one is the target, and all others are inputs.

    The table is read line by line, and only the numbers of a line are kept.

    Args:
        target: the name of the target column.
        task: whether the target holds classes or values. By default, a text or at most twenty different whole numbers
            are classes.
        share: the share of training samples, by default `SHARE`.

    Raises:
        ValueError: if the table has no lines or is too large, if there is no such column, or if a cell is empty or is
            text instead of a number, with its column and line.
    """
    names, separator = _header(content, name)
    if target not in names:
        raise ValueError(f"{name} has no column {target!r}; it has {', '.join(names)}")
    if len(names) < 2:
        raise ValueError(f"{name} has no column besides the target")
    position = names.index(target)
    try:
        x, column = _read_plain(content, name, names, separator, position, numbers=task == "values")
    except _NotPlain:
        x, column = _read_any(content, name, names, position)
    if x.count < FEWEST:
        raise ValueError(f"{name} has {x.count} samples; training, validation and test need at least {FEWEST}")
    if (task or ("classes" if column.classes else "values")) == "values":
        return split(name, "values", x.values, column.values()[:, None], (target,), seed, share or SHARE)
    classes, labels = column.labels()
    _check_size(name, x.count * (len(names) - 1 + len(classes)))
    del column
    return split(name, "classes", x.values, one_hot(labels, len(classes)), classes, seed, share or SHARE)


def columns(content: bytes, name: str = "Table") -> list[str]:
    """The names of a table's columns; the whole table is read to check it, but not kept.

    Raises:
        ValueError: if it is not text, has no lines or lines of different lengths, or is too large.
    """
    names, separator = _header(content, name)
    try:
        count = 0
        for part in _plain(content, name, separator, len(names), None):
            count += part.num_rows
            _check_size(name, count * len(names))
        if count:
            return names
    except _NotPlain:
        pass
    for count, _ in enumerate(_lines(content, name)):
        _check_size(name, count * len(names))
    return names


def _header(content: bytes, name: str) -> tuple[list[str], str]:
    """The names of a table's columns, and the character that separates its cells."""
    lines = _lines(content, name)
    first = next(lines)
    return first[1], max(",;\t", key=_text(content, name).readline(MOST_LINE).count)


class _NotPlain(Exception):
    """Raised for a table that pyarrow cannot read, or reads differently from Python's `float` and `csv`."""


def _plain(content: bytes, name: str, separator: str, width: int, position: int | None) -> Iterator[Any]:
    """The lines of a table in parts, without its header, as read by pyarrow, which is 20 times as fast as Python.

    The column at `position` is read as text, and all others as numbers. If it is None, only the first column is read,
    as text.
    """
    import pyarrow as pa  # type: ignore[import-untyped]  # only for files, because it takes a tenth of a second
    from pyarrow import csv as reader

    keys = [str(k) for k in range(width)]
    types = {key: pa.string() if position is None or key == str(position) else pa.float64() for key in keys}
    convert = reader.ConvertOptions(
        column_types=types,
        include_columns=keys[:1] if position is None else None,
        null_values=[],
        strings_can_be_null=False,
        check_utf8=True,
    )
    read = reader.ReadOptions(use_threads=False, block_size=2 * MOST_LINE, column_names=keys, skip_rows=1)
    file = io.BufferedReader(_Decompressed(content, name), PART)
    try:
        yield from reader.open_csv(file, read, reader.ParseOptions(delimiter=separator), convert)
    except (pa.ArrowException, UnicodeDecodeError, StopIteration):
        raise _NotPlain from None


def _read_plain(
    content: bytes, name: str, names: list[str], separator: str, position: int, numbers: bool
) -> tuple[_Rows, _Column]:
    """The inputs and the target of a table that pyarrow reads as Python does.

    Args:
        position: the index of the target column.
        numbers: whether the target must be numbers.

    Raises:
        _NotPlain: if the table has empty cells or unusual numbers, or must be read slowly to name a line.
    """
    x, column = _Rows(len(names) - 1), _Column(name, names[position])
    for part in _plain(content, name, separator, len(names), position):
        block = np.empty((part.num_rows, len(names) - 1))
        for k, values in enumerate(part.columns[:position] + part.columns[position + 1 :]):
            block[:, k] = values
        coded = part.column(position).dictionary_encode()
        words = coded.dictionary.to_pylist()
        plain = all(word.strip() == word != "" and '"' not in word for word in words)
        if not plain or not np.isfinite(block).all() or not column.add(words, np.asarray(coded.indices), None, numbers):
            raise _NotPlain
        x.add(block)
        _check_size(name, x.count * len(names))
    if not x.count:
        raise _NotPlain
    return x, column


def _read_any(content: bytes, name: str, names: list[str], position: int) -> tuple[_Rows, _Column]:
    """The inputs and the target of any table, read slowly; errors name the line."""
    x, column = _Rows(len(names) - 1), _Column(name, names[position])
    lines = itertools.islice(_lines(content, name), 1, None)
    while part := list(itertools.islice(lines, max(1, PART // len(names)))):
        codes: dict[str, int] = {}
        indices = np.array([codes.setdefault(row[position].strip(), len(codes)) for _, row in part])
        if "" in codes:
            line = part[int(np.argmax(indices == codes[""]))][0]
            raise ValueError(f"{name}, line {line}: the column {names[position]!r} is empty")
        column.add(list(codes), indices, [line for line, _ in part])
        x.add(_numbers(part, position, name, names))
        _check_size(name, x.count * len(names))
    return x, column


def _text(content: bytes, name: str) -> io.TextIOWrapper:
    """The text of a table for the slow reader."""
    objection = (
        f"has cells that are neither plain numbers nor words of the target column, and is larger than the "
        f"{MOST_SLOW >> 20} MB up to which such tables are read"
    )
    file = _Decompressed(content, name, MOST_SLOW, objection)
    return io.TextIOWrapper(io.BufferedReader(file, PART), "utf-8-sig", newline="")


def _lines(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """The numbers and cells of the lines of a table, beginning with the names of its columns; empty lines are skipped.

    Cells are separated by commas, semicolons or tabs.
    """
    text = _text(content, name)
    try:
        first = _next_line(text, name, 1)
        separator = max(",;\t", key=first.count)
        others = itertools.takewhile(bool, (_next_line(text, name, number) for number in itertools.count(2)))
        reader = csv.reader(itertools.chain([first], others), delimiter=separator)
        rows = ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
        names = [cell.strip() for cell in next(rows, (1, []))[1]]
        row = next(rows, None)
        if row is None:
            raise ValueError(f"{name} needs a line with the names of its columns and at least one line of data")
        if len(set(names)) < len(names):
            raise ValueError(f"{name} has two columns with the same name: {', '.join(names)}")
        yield 1, names
        for line, cells in itertools.chain([row], rows):
            if len(cells) != len(names):
                raise ValueError(
                    f"{name}, line {line}: there must be {len(names)} cells, as in line 1, not {len(cells)}"
                )
            yield line, cells
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8 text") from None
    except csv.Error as error:
        raise ValueError(f"{name} is not a table: {error}") from None


def _next_line(text: io.TextIOWrapper, name: str, number: int) -> str:
    """The next line of a text, or "" at its end; `number` is its number in errors."""
    line = text.readline(MOST_LINE + 1)
    if len(line) > MOST_LINE:
        raise ValueError(f"{name} is not a table: line {number} is longer than {MOST_LINE:,} characters")
    return line


class _Rows:
    """A float32 array of rows that grows as rows are added."""

    def __init__(self, width: int) -> None:
        self._array = np.empty((0, width), np.float32)
        self.count = 0
        """The number of rows."""

    def add(self, rows: NDArray[np.float64]) -> None:
        count = self.count + len(rows)
        if count > len(self._array):  # grows by half, in place where the system can do it
            self._array.resize((count + count // 2, self._array.shape[1]), refcheck=False)
        with np.errstate(over="ignore"):  # `split` rejects numbers too large for float32
            self._array[self.count : count] = rows
        self.count = count

    @property
    def values(self) -> NDArray[np.float32]:
        return self._array[: self.count]


def _numbers(part: list[tuple[int, list[str]]], position: int, name: str, names: list[str]) -> NDArray[np.float64]:
    """The numbers in some lines, without the target column, (lines, inputs)."""
    cells = [row[:position] + row[position + 1 :] for _, row in part]
    try:
        values = np.array([list(map(float, row)) for row in cells])
        if np.isfinite(values).all():
            return values
    except ValueError:
        pass
    others = names[:position] + names[position + 1 :]
    for (line, _), row in zip(part, cells, strict=True):
        for column, cell in zip(others, row, strict=True):
            _number(cell, name, column, line)
    raise AssertionError("one of the cells is not a finite number")


class _Column:
    """The target column of a table, to which lines are added as they are read."""

    def __init__(self, name: str, target: str) -> None:
        self._name, self._target = name, target
        self._codes: dict[str, int] = {}
        """The different words, numbered as they appear."""
        self._words: list[NDArray[np.int16]] = []
        """The code of the word in each line."""
        self._numbers: list[NDArray[np.float32]] = []
        self._has_text = False
        self._not_finite: tuple[str, int] | None = None
        """The first word that is not a finite number, and its line."""

    def add(
        self, words: list[str], indices: NDArray[Any], lines: Sequence[int] | None = None, strict: bool = False
    ) -> bool:
        """Add some lines, and return whether that was possible.

        It is impossible if a word must be a finite number but is not, and its line is unknown.

        Args:
            words: the different words in these lines.
            indices: (lines,), the index of each line's word.
            lines: the numbers of the lines, if they are known.
            strict: whether all words must be numbers.
        """
        numbers = [_float(word) for word in words]
        values = np.array([math.nan if number is None else number for number in numbers])
        not_finite = np.flatnonzero(~np.isfinite(values))
        self._has_text = self._has_text or None in numbers
        if len(not_finite) and self._not_finite is None:
            if lines is None and (strict or not self._has_text):
                return False
            first = int(np.argmax(np.isin(indices, not_finite)))
            self._not_finite = words[int(indices[first])], lines[first] if lines else 0
        if len(self._codes) < MOST_WORDS:  # more words cannot be classes, so further ones need no codes
            codes = [self._codes.setdefault(word, len(self._codes)) for word in words]
            self._words.append(np.array(codes).clip(max=MOST_WORDS).astype(np.int16)[indices])
        with np.errstate(over="ignore"):
            self._numbers.append(values.astype(np.float32)[indices])
        return True

    @property
    def classes(self) -> bool:
        """Whether the words are classes rather than values."""
        numbers = {_float(word) for word in self._codes}
        return self._has_text or (len(numbers) <= 20 and all(n is not None and n.is_integer() for n in numbers))

    def values(self) -> NDArray[np.float32]:
        """The numbers in all lines, (lines,)."""
        if self._not_finite is not None:
            _number(self._not_finite[0], self._name, self._target, self._not_finite[1])
        return np.concatenate(self._numbers)

    def labels(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """The names of the classes in order, and the index of the class in each line, (lines,)."""
        names = sorted(self._codes, key=lambda word: (_float(word) is None, _float(word) or 0.0, word))
        count = f"at least {len(names):,}" if len(names) >= MOST_WORDS else str(len(names))
        if not 2 <= len(names) <= MOST_CLASSES:
            raise ValueError(
                f"{self._name}: the column {self._target!r} has {count} classes; there must be 2 to {MOST_CLASSES}"
            )
        ranks = np.empty(len(names), np.int64)
        ranks[[self._codes[word] for word in names]] = np.arange(len(names))
        return tuple(names), ranks[np.concatenate(self._words)]


_Pair = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Inputs (N, d) and labels (N,)."""


def _parts(name: str, pair: _Pair, test: _Pair | None, seed: int, share: float | None) -> DataSet:
    """The data set of inputs and labels in three parts, of which `test`, if there is one, is the test part."""
    x, y = pair
    _check_lengths(name, x, y)
    if test is not None:
        _check_lengths(f"{name}, test", *test)
        if test[0].shape[1] != x.shape[1]:
            raise ValueError(f"{name}: test samples have {test[0].shape[1]} inputs, but training samples {x.shape[1]}")
        if not np.isfinite(test[0]).all():
            raise ValueError(f"{name}, test: the inputs contain a value that is not a finite number")
    classes = max(int(labels.max()) for labels in (y, *([test[1]] if test else []))) + 1
    if not 2 <= classes <= MOST_CLASSES:
        raise ValueError(f"{name} has labels up to {classes - 1}; there must be 2 to {MOST_CLASSES} classes from 0 on")
    _check_size(name, (len(y) + (len(test[1]) if test else 0)) * (x.shape[1] + classes))
    names = tuple(map(str, range(classes)))
    held = None if test is None else Samples(test[0], one_hot(test[1], classes))
    share = share or (SHARE if test is None else 1.0)
    return split(name, "classes", x, one_hot(y, classes), names, seed, share, held)


def _inputs(name: str, x: NDArray[Any]) -> NDArray[np.float32]:
    """Samples (N, …) as inputs (N, d); whole numbers from 0 to 255 are taken to be pixels and divided by 255."""
    if x.ndim < 2 or x.dtype.kind not in "fiub":
        raise ValueError(f"{name}: samples must be numbers of shape (N, …); got {x.dtype} of shape {x.shape}")
    flat = x.reshape(len(x), -1)
    pixels = x.dtype.kind in "iu" and x.size and x.min() >= 0 and 1 < x.max() <= 255
    return np.divide(flat, 255 if pixels else 1, dtype=np.float32, casting="unsafe")


def _labels(name: str, y: NDArray[Any]) -> NDArray[np.int64]:
    """Labels (N,) or (N, 1) as whole numbers (N,)."""
    flat = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    if flat.ndim != 1 or flat.dtype.kind not in "iuf" or not len(flat):
        raise ValueError(f"{name}: labels must be whole numbers of shape (N,); got {y.dtype} of shape {y.shape}")
    if not np.isfinite(flat).all() or (flat != np.floor(flat)).any() or flat.min() < 0:
        raise ValueError(f"{name}: labels must be whole numbers from 0 on")
    return flat.astype(np.int64)


def _check_lengths(name: str, x: NDArray[Any], y: NDArray[Any]) -> None:
    """Reject different numbers of samples and labels."""
    if len(x) != len(y):
        raise ValueError(f"{name}: {len(x)} samples, but {len(y)} labels")


def _float(text: str) -> float | None:
    """The number that a text stands for, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def _number(text: str, name: str, column: str, line: int) -> float:
    """The finite number in a cell; an error names its column and line."""
    if not text.strip():
        raise ValueError(f"{name}, line {line}: the column {column!r} is empty; fill it in, or delete the line")
    value = _float(text)
    if value is None:
        raise ValueError(f"{name}, line {line}: {text.strip()!r} in the column {column!r} is not a number")
    if not math.isfinite(value):
        raise ValueError(f"{name}, line {line}: {text.strip()!r} in the column {column!r} is not a finite number")
    return value
