"""Files that are brought to the page or named at the start."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.common.racers import Choice, Refused
from app.network import changes, files, link, presets
from app.network.settings import FILE, Training

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 4, 5), dtype=np.uint8)
LABELS = (np.arange(30) % 3).astype(np.uint8)
CSV = "a,b,kind\n" + "\n".join(f"{k},{k * k % 7},{'xyz'[k % 3]}" for k in range(30))


def _idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    files.named.cache_clear()
    yield monkeypatch
    files.named.cache_clear()


def test_two_idx_files_are_one_set_of_samples_in_either_order() -> None:
    pair = [("train-labels", _idx(LABELS)), ("train-images", _idx(IMAGES))]
    for order in (pair, pair[::-1]):
        data = files.bring(order).read("", False)
        assert data.inputs == 20 and data.outputs == 3
        assert len(data.train) + len(data.validation) + len(data.test) == 30


def test_an_npz_and_a_csv_are_read() -> None:
    assert files.bring([("m.npz", _npz(x=IMAGES, y=LABELS))]).read("", True).inputs == 20
    table = files.bring([("t.csv", CSV.encode())])
    assert table.columns == ("a", "b", "kind")
    assert table.read("kind", True).task == "classes"
    with pytest.raises(Refused, match="'x' in the column 'kind' is not a number"):
        table.read("a", True)
    assert table.read("kind", True) is table.read("kind", True)  # read once


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("images", _idx(IMAGES))], "Provide the images and the labels together"),
        ([("images", _idx(IMAGES)[:-5]), ("labels", _idx(LABELS))], "cut short"),
        ([("images", _idx(IMAGES)), ("labels", _idx(LABELS[:-1]))], "30 samples, but 29 labels"),
        ([("x.npz", b"PK nonsense")], "not an .npz file"),
        ([("t.csv", b"a,b\n1,2\n3\n")], "line 3"),
        ([("a.csv", b"a,b\n1,2\n"), ("b.csv", b"a,b\n1,2\n")], "two IDX files together"),
        ([("n.npz", _npz(x=np.full((9, 2), np.nan), y=np.arange(9) % 2))], "not a finite number"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_is_wrong_with_a_file_is_said(given: list[tuple[str, bytes]], said: str) -> None:
    with pytest.raises(Refused, match=said):
        files.bring(given)


def test_holes_of_a_table_are_said_with_their_line() -> None:
    table = files.bring([("t.csv", b"a,b\n1,2\n,4\n5,6\n7,8\n")])
    with pytest.raises(Refused, match="line 3: the column 'a' is empty"):
        table.read("b", True)


def test_files_named_at_the_start_are_there(start: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(_npz(x=IMAGES, y=LABELS))
    (tmp_path / "images").write_bytes(_idx(IMAGES))
    (tmp_path / "labels").write_bytes(_idx(LABELS))
    start.setenv(files.VARIABLE, ":".join(str(tmp_path / name) for name in ("m.npz", "images", "labels")))
    assert set(files.named()) == {"m.npz", "images"}
    training = Training(data=Choice(FILE), file="m.npz")
    assert files.look_up(training, {}).name == "m.npz"
    query = link.query(changes.choose_file(Training(), "m.npz", files.look_up(training, {})))
    again, notices = link.parse(query, lambda t: files.look_up(t, {}))
    assert notices == [] and again.file == "m.npz"


def test_a_file_that_is_not_there_is_refused(start: pytest.MonkeyPatch, tmp_path: Path) -> None:
    start.setenv(files.VARIABLE, str(tmp_path / "none.npz"))
    with pytest.raises(Refused, match="cannot be read"):
        files.named()
    start.setenv(files.VARIABLE, "")
    files.named.cache_clear()
    with pytest.raises(Refused, match="Upload it under Data"):
        files.look_up(Training(data=Choice(FILE), file="m.npz"), {})


def test_the_exercise_takes_ten_epochs_of_the_file() -> None:
    data = files.bring([("m.npz", _npz(x=np.repeat(IMAGES, 20, axis=0), y=np.repeat(LABELS, 20)))]).read("", False)
    training = presets.preset("exercise", data)
    assert training.widths == (256,) and training.batch_size == 128
    assert (training.steps - 1) * 128 < 10 * len(data.train) <= training.steps * 128
    assert training.of(None, "initialization") == "he_normal" and training.of(None, "activation") == "relu"
