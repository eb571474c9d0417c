"""Data out of files that people bring: IDX (MNIST's format), NumPy's .npz, and CSV. What is wrong is said in words."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import io
import math
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surfaces.network.data import DataSet, Samples, one_hot, split
from surfaces.network.losses import Task

MOST_BYTES = 2**30
"""Of a file once unpacked: what is larger is refused before it fills the memory."""
MOST_CLASSES = 100
FEWEST = 10
"""Samples of a table: fewer do not make three parts."""
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(content: bytes, name: str = "The file") -> NDArray[Any]:
    """The array in an IDX file, gzipped or not: 0, 0, type, number of axes, their lengths, then the values, all
    big-endian (Y. LeCun, C. Cortes & C. Burges, The MNIST database).

    Raises:
        ValueError: if it is no IDX file, or its length is not what its head says.
    """
    content = _unzipped(content, name)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or content[3] == 0:
        raise ValueError(f"{name} is no IDX file: it should begin with two zeros, a type and a number of axes")
    dtype, axes = np.dtype(_TYPES[content[2]]), content[3]
    begin = 4 + 4 * axes
    if len(content) < begin:
        raise ValueError(f"{name} ends within its head: {len(content)} bytes, where {axes} axes need {begin}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", axes, 4))
    wanted = begin + math.prod(shape) * dtype.itemsize
    if len(content) != wanted:
        kind = "cut short" if len(content) < wanted else "longer than its head says"
        raise ValueError(
            f"{name} is {kind}: {' × '.join(map(str, shape))} values take {wanted} bytes, it has {len(content)}"
        )
    return np.frombuffer(content, dtype, offset=begin).reshape(shape)


def from_idx(images: bytes, labels: bytes, name: str = "Images", seed: int = 0) -> DataSet:
    """Images (N, …) of bytes and their labels (N,), pixels from 0 to 1, in three parts.

    Raises:
        ValueError: if either is no IDX file, or they do not fit each other.
    """
    x, y = read_idx(images, "The file of images"), read_idx(labels, "The file of labels")
    return from_arrays(name, x, y, seed=seed)


def from_npz(content: bytes, name: str = "Arrays", seed: int = 0) -> DataSet:
    """x_train, y_train, x_test and y_test, as Keras packs MNIST, or x and y alone, or images and labels.

    Raises:
        ValueError: if it is no .npz file, holds Python objects, or has not these arrays.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_BYTES:
            raise ValueError(f"{name} unpacks to {size / 2**30:.1f} GB; at most {MOST_BYTES / 2**30:g} GB are read")
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            arrays = {key: held[key] for key in held.files}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError) as error:
        raise ValueError(f"{name} is no .npz file, or is damaged: {error}") from None
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise ValueError(f"{name} holds Python objects, which are not read: save plain arrays of numbers") from None
        raise
    for x, y in (("x_train", "y_train"), ("x", "y"), ("images", "labels")):
        if x in arrays and y in arrays:
            test = (arrays["x_test"], arrays["y_test"]) if {"x_test", "y_test"} <= set(arrays) else None
            return from_arrays(name, arrays[x], arrays[y], test=test, seed=seed)
    raise ValueError(f"{name} needs arrays x_train and y_train, or x and y; it has {', '.join(arrays) or 'none'}")


def from_csv(content: bytes, target: str, name: str = "Table", task: Task | None = None, seed: int = 0) -> DataSet:
    """A table with a line of names at its head; `target` names the column to be learned, all others are inputs.

    The target is a class where it is text, or holds at most twenty different whole numbers; `task` says otherwise.

    Raises:
        ValueError: on a table without lines, an unknown target, a hole, or text where a number should be, each with
            its column and line.
    """
    heads, rows = table(content, name)
    if target not in heads:
        raise ValueError(f"{name} has no column {target!r}; it has {', '.join(heads)}")
    where = heads.index(target)
    inputs = [k for k in range(len(heads)) if k != where]
    if not inputs:
        raise ValueError(f"{name} has no column but the target")
    x = np.array([[_number(row[k], name, heads[k], line) for k in inputs] for line, row in enumerate(rows, 2)])
    values = [row[where].strip() for row in rows]
    for line, value in enumerate(values, 2):
        if not value:
            raise ValueError(f"{name}, line {line}: the column {target!r} is empty")
    if len(rows) < FEWEST:
        raise ValueError(f"{name} has {len(rows)} samples; training, validation and test need at least {FEWEST}")
    kind = task or ("classes" if _classes(values) else "values")
    if kind == "values":
        y = np.array([[_number(value, name, target, line)] for line, value in enumerate(values, 2)], dtype=np.float32)
        return split(name, "values", x, y, (target,), seed)
    names = sorted(set(values), key=lambda v: (_float(v) is None, _float(v) or 0.0, v))
    if not 2 <= len(names) <= MOST_CLASSES:
        raise ValueError(f"{name}: the column {target!r} has {len(names)} classes; there must be 2 to {MOST_CLASSES}")
    return split(name, "classes", x, one_hot([names.index(v) for v in values], len(names)), tuple(names), seed)


def table(content: bytes, name: str = "Table") -> tuple[list[str], list[list[str]]]:
    """The names and the lines of a CSV, separated by commas, semicolons or tabs.

    Raises:
        ValueError: if it is not text, has no line, or lines of different lengths.
    """
    try:
        text = _unzipped(content, name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not text in UTF-8") from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        lines = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{name} is no table: {error}") from None
    if len(lines) < 2:
        raise ValueError(f"{name} needs a line of names and at least one line of numbers")
    heads = [cell.strip() for cell in lines[0]]
    if len(set(heads)) < len(heads):
        raise ValueError(f"{name} has two columns of one name: {', '.join(heads)}")
    for line, row in enumerate(lines[1:], 2):
        if len(row) != len(heads):
            raise ValueError(f"{name}, line {line}: {len(row)} cells, where the first line has {len(heads)}")
    return heads, lines[1:]


def from_arrays(
    name: str, x: NDArray[Any], y: NDArray[Any], test: tuple[NDArray[Any], NDArray[Any]] | None = None, seed: int = 0
) -> DataSet:
    """Samples x (N, …) with class labels y (N,) from 0, in three parts; a `test` pair is kept as it is.

    Whole numbers from 0 to 255 are taken for pixels, and divided by 255.

    Raises:
        ValueError: if lengths differ, labels are no whole numbers from 0, or a value is not finite.
    """
    x, y = _inputs(name, x), _labels(name, y)
    _fit(name, x, y)
    pairs = [(x, y)]
    if test is not None:
        held = _inputs(f"{name}, test", test[0]), _labels(f"{name}, test", test[1])
        _fit(f"{name}, test", *held)
        if held[0].shape[1] != x.shape[1]:
            raise ValueError(f"{name}: test samples have {held[0].shape[1]} inputs, training samples {x.shape[1]}")
        pairs.append(held)
    classes = max(int(labels.max()) for _, labels in pairs) + 1
    if not 2 <= classes <= MOST_CLASSES:
        raise ValueError(f"{name} has labels up to {classes - 1}; there must be 2 to {MOST_CLASSES} classes from 0")
    data = split(name, "classes", x, one_hot(y, classes), tuple(map(str, range(classes))), seed)
    if test is None:
        return data
    # what `split` held back for the test joins the training part: the test part is given
    train = Samples(np.concatenate([data.train.x, data.test.x]), np.concatenate([data.train.y, data.test.y]))
    given = Samples(held[0], one_hot(held[1], classes))
    return dataclasses.replace(data, train=train, test=given)


def _unzipped(content: bytes, name: str) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        with gzip.open(io.BytesIO(content)) as file:
            found = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name} is a damaged gzip file: {error}") from None
    if len(found) > MOST_BYTES:
        raise ValueError(f"{name} unpacks to more than {MOST_BYTES / 2**30:g} GB, the most that is read")
    return found


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


def _classes(values: list[str]) -> bool:
    numbers = [_float(v) for v in values]
    if any(n is None for n in numbers):
        return True
    return len(set(numbers)) <= 20 and all(n is not None and n.is_integer() for n in numbers)
