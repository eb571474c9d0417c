"""Files that are brought to the page or named at the start."""

from __future__ import annotations

import dataclasses
import io
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from app.common.racers import Choice, Refused
from app.network import changes, files, link, presets
from app.network.settings import FILE, Training
from optimizers.training import recorded
from surfaces.network.data import DataSet, Samples

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 4, 5), dtype=np.uint8)
LABELS = (np.arange(30) % 3).astype(np.uint8)
RAW = Training(standardised=False)
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
        data = files.bring(order).read(RAW)
        assert data.inputs == 20 and data.outputs == 3
        assert len(data.train) + len(data.validation) + len(data.test) == 30


MNIST = [
    ("t10k-labels-idx1-ubyte", _idx(LABELS[20:])),
    ("train-images-idx3-ubyte", _idx(IMAGES[:20])),
    ("t10k-images-idx3-ubyte", _idx(IMAGES[20:])),
    ("train-labels-idx1-ubyte", _idx(LABELS[:20])),
]


@pytest.mark.parametrize("names", [[name for name, _ in MNIST], ["a", "b", "c", "d"]], ids=["named", "unnamed"])
def test_four_idx_files_are_training_and_test_samples_in_any_order(names: list[str]) -> None:
    """By their names; where these do not tell, the larger pair trains."""
    given = [(name, content) for name, (_, content) in zip(names, MNIST, strict=True)]
    for order in (given, given[::-1], [given[k] for k in (2, 0, 3, 1)]):
        data = files.bring(order).read(RAW)
        assert (len(data.train), len(data.test), data.held_out) == (20, 10, "test")
        np.testing.assert_array_equal(np.rint(data.test.x * 255), IMAGES[20:].reshape(10, -1))
        np.testing.assert_array_equal(data.test.y.argmax(axis=1), LABELS[20:])


def test_test_files_may_be_larger_than_those_for_training_if_their_names_say_so() -> None:
    swapped = [
        (name.replace("train", "test") if "train" in name else name.replace("t10k", "train"), content)
        for name, content in MNIST
    ]
    data = files.bring(swapped).read(RAW)
    assert (len(data.train), len(data.test)) == (10, 20)


def test_four_files_named_at_the_start_are_one_set_or_two(tmp_path: Path) -> None:
    for name, content in MNIST:
        (tmp_path / name).write_bytes(content)
    (found,) = files.read(tmp_path / name for name, _ in MNIST).values()
    assert found.name == "train-images-idx3-ubyte" and len(found.contents) == 4
    paths = [tmp_path / f"{letter}-{kind}" for letter in "ab" for kind in ("images", "labels")]
    for path, content in zip(paths, (_idx(IMAGES), _idx(LABELS)) * 2, strict=True):
        path.write_bytes(content)
    assert list(files.read(paths)) == ["a-images", "b-images"]
    assert [len(one.contents) for one in files.read(paths, together=True).values()] == [4]


def test_an_npz_and_a_csv_are_read() -> None:
    assert files.bring([("m.npz", _npz(x=IMAGES, y=LABELS))]).read(Training()).inputs == 20
    table = files.bring([("t.csv", CSV.encode())])
    assert table.columns == ("a", "b", "kind")
    assert table.read(Training(target="kind")).task == "classes"
    with pytest.raises(Refused, match="'x' in the column 'kind' is not a number"):
        table.read(Training(target="a"))
    assert table.read(Training(target="kind")) is table.read(Training(target="kind"))  # read once


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("images", _idx(IMAGES))], "Provide the images and the labels together"),
        ([("images", _idx(IMAGES)[:-5]), ("labels", _idx(LABELS))], "cut short"),
        ([("images", _idx(IMAGES)), ("labels", _idx(LABELS[:-1]))], "30 samples, but 29 labels"),
        ([("x.npz", b"PK nonsense")], "not an .npz file"),
        ([("t.csv", b"a,b\n1,2\n3\n")], "line 3"),
        ([("a.csv", b"a,b\n1,2\n"), ("b.csv", b"a,b\n1,2\n")], "one .npz file, one .csv file, or two or four"),
        ([(name, _idx(IMAGES)) for name in "abc"], "One of four IDX files is missing"),
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
        table.read(Training(target="b"))


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
    file = files.bring([("m.npz", _npz(x=np.repeat(IMAGES, 20, axis=0), y=np.repeat(LABELS, 20)))])
    training, data = presets.of_file("exercise", file), file.read(RAW)
    assert presets.shown_by(training).endswith("The samples are those of m.npz.")
    assert presets.changes(training, data) == ""
    assert training.widths == (256,) and training.batch_size == 128
    assert (training.steps - 1) * 128 < 10 * len(data.train) <= training.steps * 128
    assert training.of(None, "initialization") == "he_normal" and training.of(None, "activation") == "relu"


def test_the_exercise_trains_on_all_training_samples_of_a_file_with_a_test_part() -> None:
    train, test = np.repeat(IMAGES, 20, axis=0), IMAGES
    file = files.bring([("m.npz", _npz(x_train=train, y_train=np.repeat(LABELS, 20), x_test=test, y_test=LABELS))])
    training = presets.of_file("exercise", file)
    data = file.read(training)
    assert training.file == "m.npz" and training.data.key == FILE and not training.standardised
    assert len(data.train) == 600 and data.held_out == "test" and training.batch_size == 128
    assert training.steps == 47  # ten times 600 samples in batches of 128
    again, notices = link.parse(link.query(training), file.read)
    assert again == training and notices == []


def test_records_end_epochs_where_there_are_few() -> None:
    """MNIST's epochs have 468.75 steps of 128 samples."""
    part = Samples(np.broadcast_to(np.float32(0), (60_000, 784)), np.broadcast_to(np.float32(0), (60_000, 10)))
    data = DataSet("MNIST", "classes", part, part, part, tuple("0123456789"))
    racers = presets.first().racers[:2]
    exercise = dataclasses.replace(presets.PRESETS["exercise"].base, racers=racers)
    each = exercise.epoch(data)
    assert each == 468.75
    for epochs in (3, 10, 15, 20, 35):
        training = dataclasses.replace(exercise, steps=changes.steps_of(exercise, epochs, data))
        steps = np.arange(1, training.steps + 1)
        kept = steps[recorded(steps, training.stride(data)) | (steps == training.steps)]
        assert set(np.ceil(each * np.arange(1, epochs + 1)).astype(int)) <= set(kept.tolist()), epochs
        assert epochs <= len(kept) == training.kept(data) - 1 <= 60
    # measuring takes about a third of an epoch: so many records take about as long as the training
    once = dataclasses.replace(exercise, steps=changes.steps_of(exercise, 1, data))
    assert once.stride(data) == Fraction(60_000, 128 * 4) and once.kept(data) == 5


@pytest.mark.parametrize("samples", [129, 600, 3000, 4567])
@pytest.mark.parametrize("epochs", [1, 10, 60, 150])
def test_every_epoch_ends_with_a_record_for_any_number_of_samples(samples: int, epochs: int) -> None:
    """With more epochs than records, every second or third of them, as in a training that is thinned."""
    part = Samples(np.broadcast_to(np.float32(0), (samples, 784)), np.broadcast_to(np.float32(0), (samples, 10)))
    data = DataSet("MNIST", "classes", part, part, part, tuple("0123456789"))
    training = dataclasses.replace(presets.PRESETS["exercise"].base, racers=presets.first().racers[:2])
    training = dataclasses.replace(training, steps=changes.steps_of(training, epochs, data))
    steps, stride = np.arange(training.steps + 1), training.stride(data)
    ends = np.array([-(-number * samples // 128) for number in range(epochs + 1)])
    for every in (1, 2, 4):
        coarse = stride * every
        per_record = max(1, round(float(coarse) / training.epoch(data)))
        kept = steps[recorded(steps, coarse)]
        assert set(ends[::per_record]) <= set(kept.tolist())
    assert training.kept(data) <= 61
