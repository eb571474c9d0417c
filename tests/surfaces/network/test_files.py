"""Files that people bring, whole and broken."""

from __future__ import annotations

import gzip
import io
import struct
from typing import Any

import numpy as np
import pytest

from surfaces.network import files

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 4, 5), dtype=np.uint8)
LABELS = np.arange(30, dtype=np.uint8) % 3


def _idx(array: np.ndarray, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _pixels(data: Any) -> set[bytes]:
    parts = (data.train, data.validation, data.test)
    return {np.round(row * 255).astype(np.uint8).tobytes() for part in parts for row in part.x}


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress], ids=["plain", "gzipped"])
def test_idx_files_are_read_whole(pack: Any) -> None:
    data = files.from_idx(pack(_idx(IMAGES)), pack(_idx(LABELS)))
    assert data.inputs == 20 and data.outputs == 3 and data.task == "classes"
    assert _pixels(data) == {row.tobytes() for row in IMAGES.reshape(30, -1)}
    floats = RNG.standard_normal((2, 3)).astype(">f4")
    np.testing.assert_array_equal(files.read_idx(_idx(floats, 0x0D)), floats)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no IDX file"),
        (b"\x89PNG\r\n", "is no IDX file"),
        (_idx(IMAGES)[:9], "ends within its head"),
        (_idx(IMAGES)[:-7], r"cut short: 30 × 4 × 5 values take 616 bytes, it has 609"),
        (_idx(IMAGES) + b"x", "longer than its head says"),
        (gzip.compress(_idx(IMAGES))[:-30], "damaged gzip"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",  # bytes of a gzip hold the time
)
def test_broken_idx_files_are_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        files.read_idx(content)


def test_images_and_labels_must_fit() -> None:
    with pytest.raises(ValueError, match="30 samples, but 20 labels"):
        files.from_idx(_idx(IMAGES), _idx(LABELS[:20]))
    with pytest.raises(ValueError, match="samples must be numbers of shape"):
        files.from_idx(_idx(LABELS), _idx(LABELS))


def test_npz_files_keep_their_test_part() -> None:
    content = _npz(x_train=IMAGES[:20], y_train=LABELS[:20], x_test=IMAGES[20:], y_test=LABELS[20:])
    data = files.from_npz(content)
    np.testing.assert_allclose(data.test.x * 255, IMAGES[20:].reshape(10, -1), atol=1e-4)
    assert len(data.train) + len(data.validation) == 20 and len(data.test) == 10
    assert _pixels(data) == {row.tobytes() for row in IMAGES.reshape(30, -1)}
    alone = files.from_npz(_npz(images=IMAGES / 255.0, labels=LABELS))
    assert sum(len(p) for p in (alone.train, alone.validation, alone.test)) == 30


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK nonsense", "no .npz file, or is damaged"),
        (_npz(a=np.zeros(3)), "needs arrays x_train and y_train, or x and y; it has a"),
        (_npz(x=np.array([{}], dtype=object), y=np.zeros(1)), "Python objects"),
        (_npz(x=IMAGES, y=LABELS - 0.5), "whole numbers from 0"),
        (_npz(x=IMAGES, y=np.zeros(30, int)), "2 to 100 classes"),
        (_npz(x=np.full((30, 2), np.nan), y=LABELS), "inputs of sample 1 hold a value that is not a finite"),
        (_npz(x=IMAGES, y=LABELS)[:-60], "no .npz file, or is damaged"),
    ],
)
def test_broken_npz_files_are_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        files.from_npz(content)


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="unpacks to"):
        files.from_npz(_npz(x=np.zeros((1000, 100)), y=np.zeros(1000)))
    with pytest.raises(ValueError, match="unpacks to more than"):
        files.read_idx(gzip.compress(b"\0" * 5000))


TABLE = "height;width;kind\n" + "\n".join(f"{k};{k * k};{'ab'[k % 2]}" for k in range(10))


def test_tables_are_read_with_their_classes_or_values() -> None:
    data = files.from_csv(TABLE.encode(), "kind")
    assert data.names == ("a", "b") and data.inputs == 2 and data.task == "classes"
    for part in (data.train, data.validation, data.test):
        np.testing.assert_array_equal(part.x[:, 0] ** 2, part.x[:, 1])
        np.testing.assert_array_equal(part.y[:, 1], part.x[:, 0] % 2)
    numbers = "x,y\n" + "\n".join(f"{k},{k / 3}" for k in range(12))
    assert files.from_csv(numbers.encode(), "y").task == "values"
    whole = files.from_csv(("﻿" + numbers).encode(), "x")  # with a byte order mark
    assert whole.task == "classes" and whole.names[:3] == ("0", "1", "2") and len(whole.names) == 12
    assert files.from_csv(numbers.encode(), "x", task="values").task == "values"


@pytest.mark.parametrize(
    ("text", "target", "said"),
    [
        ("", "y", "needs a line of names"),
        ("x,y\n", "y", "needs a line of names"),
        ("x,y\n1,2\n3,4\n5,6", "z", "no column 'z'; it has x, y"),
        ("x,y\n1,2\n,4\n5,6", "y", "line 3: the column 'x' is empty"),
        ("x,y\n1,2\nblue,4\n5,6", "y", "line 3: 'blue' in the column 'x' is no number"),
        ("x,y\n1,2\n2,\n5,6", "y", "line 3: the column 'y' is empty"),
        ("x,y\n1,2\n2,3\ninf,6", "y", "line 4: 'inf' in the column 'x' is not a finite number"),
        ("x,y\n1,2\n2\n5,6", "y", "line 3: 1 cells, where the first line has 2"),
        ("x,x\n1,2", "x", "two columns of one name"),
        ("y\n1\n2\n3", "y", "no column but the target"),
        ("x,y\n1,2.5\n2,3", "y", "2 samples; .* need at least 10"),
    ],
)
def test_broken_tables_are_refused_with_their_line(text: str, target: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        files.from_csv(text.encode(), target)
    with pytest.raises(ValueError, match="not text in UTF-8"):
        files.from_csv(b"\xff\xfe\x00x", "y")
