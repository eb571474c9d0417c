"""Uploaded files, valid and broken."""

from __future__ import annotations

import gzip
import io
import struct
import sys
import zipfile
from typing import Any

import numpy as np
import pytest

from surfaces.network import files
from tests.apart import run_apart

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
def test_idx_files_are_read_completely(pack: Any) -> None:
    data = files.from_idx(pack(_idx(IMAGES)), pack(_idx(LABELS)))
    assert data.inputs == 20 and data.outputs == 3 and data.task == "classes"
    assert _pixels(data) == {row.tobytes() for row in IMAGES.reshape(30, -1)}
    floats = RNG.standard_normal((2, 3)).astype(">f4")
    np.testing.assert_array_equal(files.read_idx(_idx(floats, 0x0D)), floats)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an IDX file"),
        (b"\x89PNG\r\n", "is not an IDX file"),
        (_idx(IMAGES)[:9], "ends within its header: 3 axes take 16 bytes, but it has 9"),
        (_idx(IMAGES)[:-7], r"cut short: 30 × 4 × 5 values take 616 bytes, but it has 609"),
        (_idx(IMAGES) + b"x", "longer than its header says"),
        (gzip.compress(_idx(IMAGES))[:-30], "damaged gzip"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",  # a gzip file contains the time
)
def test_broken_idx_files_are_rejected_with_a_reason(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        files.read_idx(content)


def test_images_and_labels_must_have_the_same_length() -> None:
    with pytest.raises(ValueError, match="30 samples, but 20 labels"):
        files.from_idx(_idx(IMAGES), _idx(LABELS[:20]))
    with pytest.raises(ValueError, match="samples must be numbers of shape"):
        files.from_idx(_idx(LABELS), _idx(LABELS))


def test_npz_files_keep_their_test_part() -> None:
    content = _npz(x_train=IMAGES[:20], y_train=LABELS[:20], x_test=IMAGES[20:], y_test=LABELS[20:])
    data = files.from_npz(content)
    np.testing.assert_allclose(data.test.x * 255, IMAGES[20:].reshape(10, -1), atol=1e-4)
    assert len(data.train) == 20 and data.validation is data.test and data.held_out == "test"
    assert _pixels(data) == {row.tobytes() for row in IMAGES.reshape(30, -1)}
    alone = files.from_npz(_npz(images=IMAGES / 255.0, labels=LABELS))
    assert sum(len(p) for p in (alone.train, alone.validation, alone.test)) == 30


def test_four_idx_files_are_training_and_test_samples_as_they_are() -> None:
    test = _idx(IMAGES[20:]), _idx(LABELS[20:])
    data = files.from_idx(_idx(IMAGES[:20]), _idx(LABELS[:20]), test=test)
    assert len(data.train) == 20 and data.held_out == "test"
    np.testing.assert_array_equal(np.rint(data.test.x * 255), IMAGES[20:].reshape(10, -1))
    np.testing.assert_array_equal(data.test.y.argmax(axis=1), LABELS[20:])
    scaled = data.standardised()
    assert scaled.held_out == "test"
    np.testing.assert_allclose(scaled.train.x.mean(axis=0), 0, atol=1e-5)
    held = files.from_idx(_idx(IMAGES[:20]), _idx(LABELS[:20]), test=test, share=0.75)
    assert [len(part) for part in (held.train, held.validation, held.test)] == [15, 5, 10]
    assert held.held_out == "validation"
    with pytest.raises(ValueError, match="10 samples, but 20 labels"):
        files.from_idx(_idx(IMAGES[:20]), _idx(LABELS[:20]), test=(test[0], _idx(LABELS[:20])))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK nonsense", "is not an .npz file, or is damaged"),
        (_npz(a=np.zeros(3)), "must contain the arrays x_train and y_train, or x and y; it has a"),
        (_npz(x=np.array([{}], dtype=object), y=np.zeros(1)), "Python objects"),
        (_npz(x=IMAGES, y=LABELS - 0.5), "whole numbers from 0"),
        (_npz(x=IMAGES, y=np.zeros(30, int)), "2 to 100 classes"),
        (_npz(x=np.full((30, 2), np.nan), y=LABELS), "inputs of sample 1 contain a value that is not a finite"),
        (_npz(x=IMAGES, y=LABELS)[:-60], "is not an .npz file, or is damaged"),
    ],
)
def test_broken_npz_files_are_rejected_with_a_reason(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        files.from_npz(content)


@pytest.mark.parametrize("kind", ["csv", "idx", "npz"])
def test_files_that_decompress_to_too_much_are_read_no_further(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10_000)
    monkeypatch.setattr(files, "PART", 100)
    with pytest.raises(ValueError, match=r"decompresses to .* GB"):
        if kind == "npz":
            files.from_npz(_npz(x=np.zeros((1000, 100)), y=np.zeros(1000)))
        elif kind == "idx":
            files.read_idx(gzip.compress(_idx(IMAGES) + b"x" * 10_000))
        else:
            files.columns(gzip.compress(b"x,y\n" + b"1,2\n" * 10_000))


@pytest.mark.parametrize("kind", ["csv", "idx", "npz"])
def test_files_with_too_many_numbers_are_rejected(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_NUMBERS", 1000)
    with pytest.raises(ValueError, match=r"numbers; at most .* use fewer samples"):
        if kind == "npz":
            files.from_npz(_npz(x=np.zeros((300, 4)), y=np.zeros(300)))
        elif kind == "idx":
            files.from_idx(_idx(np.zeros((300, 4), np.uint8)), _idx(np.zeros(300, np.uint8)))
        else:
            files.from_csv(b"a,b,c\n" + b"1,2,3\n" * 400, "a")


def test_the_numbers_of_a_file_include_its_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sample has one input, but a hundred outputs."""
    monkeypatch.setattr(files, "MOST_NUMBERS", 10_000)
    labels = np.arange(300) % 100
    with pytest.raises(ValueError, match="numbers; at most"):
        files.from_npz(_npz(x=np.zeros((300, 1)), y=labels))
    with pytest.raises(ValueError, match="numbers; at most"):
        files.from_csv(("a,b\n" + "".join(f"1,{k}\n" for k in labels)).encode(), "b", task="classes")


def _with_wrong_headers(shape: tuple[int, ...], values: bytes) -> bytes:
    """An archive whose arrays have other values than their headers say."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x", "y"):
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
            archive.writestr(f"{name}.npy", header.getvalue() + values)
    return packed.getvalue()


@pytest.mark.parametrize("shape", [(2**20, 2**5), (10, 2)], ids=["more", "fewer"])
def test_arrays_with_wrong_headers_are_rejected_before_they_are_read(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"(the length of x does not match its header|million numbers)"):
        files.from_npz(_with_wrong_headers(shape, b"\0" * 100))


def test_an_archive_with_a_wrong_size_in_its_directory_is_rejected() -> None:
    """The directory says 208 bytes although there are a million; no more than 208 are decompressed."""
    content = bytearray(_npz(x=np.zeros((1000, 125)), y=np.zeros(1000)))
    entry = content.find(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 208)
    with pytest.raises(ValueError, match=r"the length of x does not match its header|damaged"):
        files.from_npz(bytes(content))


def test_an_archive_of_very_many_files_is_rejected() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for k in range(20_000):
            archive.writestr(f"{k}.npy", b"")
    with pytest.raises(ValueError, match=r"too many entries for an \.npz file"):
        files.from_npz(packed.getvalue())


def test_arrays_in_fortran_order_are_read_correctly() -> None:
    x = RNG.standard_normal((30, 4, 5))
    columns, rows = (files.from_npz(_npz(x=order(x), y=LABELS)) for order in (np.asfortranarray, np.ascontiguousarray))
    np.testing.assert_array_equal(columns.train.x, rows.train.x)


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


SPELLINGS = {
    "plain": "x,y,z\n1.5,2,a\n-3e2,4,b\n",
    "quotes": 'x,y,z\n"1.5","2","a"\n"-3e2",4,b\n',
    "spaces": "x, y ,z\n 1.5,2 ,a \n-3e2,  4,b\n",
    "spellings": "x,y,z\n+1.5,2,a\n-3_00,4.,b\n",
    "lines": "x;y;z\r\n1.5;2;a\r\n\r\n;;\r\n-3e2;4;b",
    "byte order mark": "\ufeffx\ty\tz\n1.5\t2\ta\n-3e2\t4\tb\n",
    "text in quotes": 'x,y,z\n1.5,2,"a"\n-3e2,4,"b"\n',
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_both_readers_of_tables_read_the_same(spelling: str, pack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    header, _, lines = SPELLINGS[spelling].partition("\n")
    lines = lines if lines.endswith("\n") else f"{lines}\n"
    content = pack(f"{header}\n{lines * 10}".encode())

    def fail(*_: Any, **__: Any) -> Any:
        raise files._NotPlain

    fast = files.from_csv(content, "z")
    with monkeypatch.context() as without_pyarrow:
        without_pyarrow.setattr(files, "_read_plain", fail)
        without_pyarrow.setattr(files, "_plain", fail)
        slow = files.from_csv(content, "z")
        assert files.columns(content) == ["x", "y", "z"]
    assert files.columns(content) == ["x", "y", "z"] and fast.names == slow.names == ("a", "b")
    for name in ("train", "validation", "test"):
        part, expected = getattr(fast, name), getattr(slow, name)
        np.testing.assert_array_equal(part.x, expected.x)
        np.testing.assert_array_equal(part.y, expected.y)
        np.testing.assert_array_equal(part.x[:, 0] == 1.5, part.y[:, 0] == 1)


@pytest.mark.parametrize(
    ("cell", "target", "reason"),
    [
        ("1,", "y", "line 5002: the column 'y' is empty"),
        (",1", "y", "line 5002: the column 'x' is empty"),
        ("1,blue", "x", "line 5002: 'blue' in the column 'y' is not a number"),
        ("nan,1", "y", "line 5002: 'nan' in the column 'x' is not a finite number"),
        ("1,inf", "y", "line 5002: 'inf' in the column 'y' is not a finite number"),
        ("1", "y", "line 5002: there must be 2 cells, as in line 1, not 1"),
        ("1,2,3", "y", "line 5002: there must be 2 cells, as in line 1, not 3"),
    ],
)
def test_an_error_far_down_in_a_table_is_reported_with_its_line(cell: str, target: str, reason: str) -> None:
    good = "".join(f"{k},{k / 7}\n" for k in range(5000))
    with pytest.raises(ValueError, match=reason):
        files.from_csv(f"x,y\n{good}{cell}\n{good}".encode(), target)


def test_text_among_values_is_reported_with_its_line() -> None:
    text = "x,y\n" + "1,2\n" * 20 + "1,blue\n"
    with pytest.raises(ValueError, match="line 22: 'blue' in the column 'y' is not a number"):
        files.from_csv(text.encode(), "y", task="values")


def test_very_long_lines_and_unusual_tables_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="line 1 is longer than 1,048,576 characters"):
        files.columns(gzip.compress(b"x," * 2**20))
    with pytest.raises(ValueError, match="line 2 is longer than 1,048,576 characters"):
        files.columns(gzip.compress(b"x,y\n" + b"1" * 2**22))
    monkeypatch.setattr(files, "MOST_SLOW", 2000)
    monkeypatch.setattr(files, "PART", 100)
    with pytest.raises(ValueError, match="neither plain numbers nor words"):
        files.from_csv(b"x,y\n" + b"1,2\n" * 1000 + b",\n3", "y")


PEAK = """
import gzip, io, sys, numpy as np
from app.network import files
from app.network.settings import Training
from surfaces.caching import size_of
from tests.apart import memory

def pack(**arrays):
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return "a.npz", packed.getvalue()

rows = "".join(f"{k % 7},{k},{k / 3:.3f},{k % 3}\\n" for k in range(1000))
kinds = {
    "csv": lambda: [("a.csv", gzip.compress(b"a,b,c,d\\n" + rows.encode() * 1500))],
    "text": lambda: [("a.csv", gzip.compress(b"a,b\\n" + b"1,yes\\n2,no\\n" * 1_500_000))],
    "doubles": lambda: [pack(x=np.zeros((2**14, 2**10)), y=np.arange(2**14) % 3)],
    "test": lambda: [pack(x_train=np.zeros((30_000, 784), np.uint8), y_train=np.arange(30_000) % 10,
                          x_test=np.zeros((9_000, 784), np.uint8), y_test=np.arange(9_000) % 10)],
    "idx": lambda: [(n, gzip.compress(bytes([0, 0, 8, a.ndim]) + np.array(a.shape, ">u4").tobytes() + a.tobytes()))
                    for n, a in (("x", np.zeros((30_000, 28, 28), np.uint8)), ("y", np.arange(30_000) % 10))
                    for a in [a.astype(np.uint8)]],
}
small = gzip.compress(b"a,b\\n" + b"1,yes\\n2,no\\n" * 50)
files.bring([("small.csv", small)]).read(Training(target="b"))  # imports all modules
content = kinds[sys.argv[1]]()
before = memory("VmRSS")
upload = files.bring(content)
data = upload.read(Training(target=upload.target))
print(size_of(data), memory("VmHWM") - before)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["csv", "text", "doubles", "test", "idx"])
@pytest.mark.thinned(6)
def test_reading_takes_a_few_times_the_memory_of_the_result(kind: str) -> None:
    size, peak = map(int, run_apart(PEAK, kind).split())
    assert size > 30 * 2**20 and peak <= 5 * size + 32 * 2**20


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("", "y", "needs a line with the names of its columns"),
        ("x,y\n", "y", "needs a line with the names of its columns"),
        ("x,y\n1,2\n3,4\n5,6", "z", "no column 'z'; it has x, y"),
        ("x,y\n1,2\n,4\n5,6", "y", "line 3: the column 'x' is empty"),
        ("x,y\n1,2\nblue,4\n5,6", "y", "line 3: 'blue' in the column 'x' is not a number"),
        ("x,y\n1,2\n2,\n5,6", "y", "line 3: the column 'y' is empty"),
        ("x,y\n1,2\n2,3\ninf,6", "y", "line 4: 'inf' in the column 'x' is not a finite number"),
        ("x,y\n1,2\n2\n5,6", "y", "line 3: there must be 2 cells, as in line 1, not 1"),
        ("x,x\n1,2", "x", "two columns with the same name"),
        ("y\n1\n2\n3", "y", "no column besides the target"),
        ("x,y\n1,2.5\n2,3", "y", "2 samples; .* need at least 10"),
    ],
)
def test_broken_tables_are_rejected_with_a_reason(text: str, target: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        files.from_csv(text.encode(), target)
    with pytest.raises(ValueError, match="not UTF-8 text"):
        files.from_csv(b"\xff\xfe\x00x", "y")
