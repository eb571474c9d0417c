"""The table of results of a training, computed from known measurements."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from app.common.racers import hide_racer
from app.network import changes, observers, presets, results
from app.network.connection import Connection
from app.network.job import Job
from app.network.settings import Training, generated
from optimizers.training import Piece, recorded
from surfaces.network.data import Samples
from surfaces.network.measures import Measures

STEPS = 1400


class Silent(Connection):
    """A connection to a trainer that never answers."""

    def send(self, kind: str, *content: Any) -> None:
        pass


def _training(key: str = "moons", *rules: str) -> Training:
    base = changes.choose_data(Training(steps=STEPS), key)
    add = functools.partial(changes.add_racer, data=generated(base))
    return presets.with_racers(dataclasses.replace(base, widths=(7,)), add, *(rules or ("sgd", "sgd:batch_size=24")))


def _job(training: Training) -> Job:
    return Job(training, generated(training), dict(observers.MEASURES), Silent())


def _piece(first: int, last: int, weights: int, diverged: int = -1) -> Piece:
    count = last - first
    kept = np.zeros((1, weights), np.float32)
    return Piece(first, np.ones(count), np.ones((count, 2)), np.array([last]), kept, kept[:, :0], diverged)


def _measures(*rows: tuple[float, float, float, float]) -> Measures:
    """Training loss, validation loss, training accuracy and validation accuracy, one row for each vector of weights."""
    fields = [np.array(column) for column in zip(*rows, strict=True)]
    return Measures(*fields, *(np.zeros((len(rows), 2)) for _ in range(6)))  # type: ignore[arg-type]


def _trained(job: Job, k: int, last: int, *seen: tuple[float, float, float, float], finished: bool = True) -> None:
    """Give a run pieces that end at step `last`, and a measurement of the start and of each piece that has weights.

    The first of the pieces has none.
    """
    run = job.runs[k]
    size = run.network.model.size
    ends = np.linspace(0, last, len(seen)).astype(int)
    bare = dataclasses.replace(_piece(0, 2, size), steps=np.zeros(0, int), weights=np.zeros((0, size), np.float32))
    run.pieces += [bare, *(_piece(max(first, 2), end, size) for first, end in itertools.pairwise(ends))]
    run.seen["measures"] = [_measures(seen[0]), None, *(_measures(one) for one in seen[1:])]
    run.finished = finished


START, MIDDLE, END = (0.71, 0.73, 0.42, 0.43), (0.3, 0.31, 0.8, 0.79), (0.123456, 0.234567, 0.964, 0.9375)


def test_a_row_has_the_last_measurements_of_its_run() -> None:
    """Samples seen are steps times batch size, which is 24 for the second racer and that of the page for the first."""
    training = _training()
    job = _job(training)
    _trained(job, 0, STEPS, START, MIDDLE, END)
    _trained(job, 1, 900, START, END, MIDDLE)
    one, other = results.table(training, job)
    assert (one.loss, one.validation_loss, one.accuracy, one.validation_accuracy) == END
    assert (other.loss, other.validation_loss, other.accuracy, other.validation_accuracy) == MIDDLE
    assert (one.steps, other.steps) == (STEPS, 900)
    assert (one.samples, other.samples) == (STEPS * training.batch_size, 900 * 24)
    assert one.weights == 2 * 7 + 7 + 7 * 2 + 2
    cells = results.cells(one, job.data)
    lowest = "0.2346 at step 1,400"
    assert cells[2:] == ["0.1235", "0.2346", "96.4 %", "93.8 %", lowest, "1,400", f"{one.samples:,}", "37"]
    assert len(cells) == len(results.heads(job.data))


def test_the_lowest_validation_loss_is_where_early_stopping_ends_a_run() -> None:
    """Of the losses 0.73, 0.23 and 0.31 at steps 0, 450 and 900, the second is the lowest. Test samples never count."""
    training = _training()
    job = _job(training)
    _trained(job, 0, 900, START, END, MIDDLE)
    _trained(job, 1, 900, START, (0.1, np.nan, 0.5, 0.5), MIDDLE)
    one, other = results.table(training, job)
    assert (one.lowest_validation_loss, one.lowest_at) == (END[1], 450)
    assert (other.lowest_validation_loss, other.lowest_at) == (MIDDLE[1], 900)
    (untrained,) = _job(_training("moons", "sgd")).runs
    assert observers.lowest_validation(untrained) is None
    data = dataclasses.replace(job.data, validation=job.data.test)
    assert data.held_out == "test"
    for run in job.runs:
        run.data = data
    job.data = data
    row = results.table(training, job)[0]
    assert np.isnan(row.lowest_validation_loss) and "Lowest validation loss" not in results.heads(data)
    assert len(results.cells(row, data)) == len(results.heads(data))


def test_a_full_batch_counts_all_samples() -> None:
    training = _training("moons", "sgd:batch_size=all")
    job = _job(training)
    _trained(job, 0, 300, START, END)
    assert results.table(training, job)[0].samples == 300 * len(job.data.train)


def test_values_have_no_accuracy() -> None:
    training = _training("chebyshev", "sgd")
    job = _job(training)
    _trained(job, 0, STEPS, (3.7, 3.9, np.nan, np.nan), (0.25, 0.5, np.nan, np.nan))
    (row,) = results.table(training, job)
    assert np.isnan(row.accuracy) and len(results.cells(row, job.data)) == len(results.heads(job.data)) == 8
    words, why, _ = results.status(job.runs[0], job)
    assert words == "loss 0.25" and why == "The training loss is 0.25 after 1,400 steps."
    assert results.share(row.accuracy) == results.finite(np.inf) == results.finite(np.nan) == "–"


@pytest.mark.parametrize(
    ("last", "finished", "stopped", "seen", "begins", "since"),
    [
        (STEPS, True, False, (START, END), "loss 0.123 · val. 93.8 %", STEPS),
        (900, False, False, (START, END), "step 900 · val. 93.8 %", 0),
        (900, True, True, (START, END), "stopped @ 900 · val. 93.8 %", 900),
        (STEPS, True, True, (START, END), "loss 0.123", STEPS),  # it was stopped after its last step
        (STEPS, True, False, (MIDDLE, END, START), "ended above its start: loss 0.71", STEPS),
        (STEPS, True, False, (START, END, MIDDLE), "loss 0.3", STEPS),  # higher than before, lower than at the start
    ],
)
def test_a_status_says_how_far_a_run_has_come(
    last: int, finished: bool, stopped: bool, seen: tuple[Any, ...], begins: str, since: int
) -> None:
    job = _job(_training())
    job.begin()
    _trained(job, 0, last, *seen, finished=finished)
    if stopped:
        job.stop()
    words, why, step = results.status(job.runs[0], job)
    assert words.startswith(begins) and step == since and f"after {last:,} steps" in why


@pytest.mark.parametrize(
    ("lasts", "words"),
    [
        ((900, 900), "stopped at step 900 of 1,400: press Train to continue"),
        ((900, 1150), "stopped between steps 900 and 1,150 of 1,400: press Train to continue"),
        ((1400, 1150), "stopped between steps 1,150 and 1,400 of 1,400: press Train to continue"),
    ],
)
def test_where_a_training_was_stopped_is_said_of_all_racers(lasts: tuple[int, int], words: str) -> None:
    job = _job(_training())
    job.begin()
    for k, last in enumerate(lasts):
        _trained(job, k, last, START, END)
    assert results.standing(job) == words


def test_a_run_waits_for_its_turn_after_train_was_pressed() -> None:
    job = _job(_training())
    assert [results.status(run, job)[::2] for run in job.runs] == [("untrained", 0)] * 2
    job.begin()
    assert [results.status(run, job)[0] for run in job.runs] == ["waiting"] * 2
    _trained(job, 0, 900, START, END)
    job.runs[1].pieces.append(_piece(0, 3, 37))  # nothing was measured yet
    assert results.status(job.runs[1], job) == ("training", "", 0)
    assert [row.racer for row in results.table(job.training, job)] == [job.runs[0].racer.id]


def test_a_run_that_diverged_has_no_numbers_and_says_at_which_step() -> None:
    training = _training()
    job = _job(training)
    _trained(job, 0, STEPS, START, END)
    _trained(job, 1, 1207, START, END)
    job.runs[1].pieces.append(_piece(1207, 1233, 37, diverged=1234))
    _, lost = results.table(training, job)
    assert np.isnan([lost.loss, lost.validation_loss, lost.accuracy, lost.validation_accuracy]).all()
    words, why, since = results.status(job.runs[1], job)
    assert words == lost.status == "diverged @ 1,234" and since == 1234 and "1234" in why.replace(",", "")
    assert results.cells(lost, job.data)[2:6] == ["–"] * 4 and lost.steps == 1233


@pytest.mark.parametrize(
    ("strides", "rows", "note"),
    [
        (Fraction(75, 16), [0, 1, 2, 3, 4], "An epoch takes 4.6875 steps"),
        (Fraction(75, 8), [0, 2, 4], "The table has 2 of 4 epochs"),
    ],
)
def test_the_table_by_epoch_has_every_epoch_that_ends_with_a_record(
    strides: Fraction, rows: list[int], note: str
) -> None:
    """Of 75 training samples in batches of 16, an epoch has 4.6875 steps; epochs end at 5, 10, 15 and 19."""
    training = dataclasses.replace(_training("moons", "sgd"), batch_size=16)
    job = _job(training)
    part = Samples(job.data.train.x[:75], job.data.train.y[:75])
    job.data = dataclasses.replace(job.data, train=part)
    (run,) = job.runs
    ends = [step for step in range(20) if recorded(np.array([step]), strides)[0]][1:]
    run.pieces += [_piece(first, end, 37) for first, end in itertools.pairwise([0, *ends])]
    run.seen["measures"] = [_measures((0.7, 0.7, 0.01 * end, 0.5)) for end in [0, *ends]]
    found = results.epochs(training, job)
    assert [row.epoch for row in found] == rows
    assert [row.step for row in found] == [{0: 0, 1: 5, 2: 10, 3: 15, 4: 19}[row] for row in rows]
    assert all(next(iter(row.results.values()))[0] == pytest.approx(0.01 * row.step) for row in found)
    assert note in results.epoch_note(training, job)


def test_a_run_that_failed_says_why_and_a_hidden_one_has_no_row() -> None:
    training = _training()
    job = _job(training)
    for k in range(2):
        _trained(job, k, 900, START, END)
    job.runs[0].error = "RuntimeError: out of memory"
    assert results.status(job.runs[0], job) == ("failed", "RuntimeError: out of memory", 900)
    hidden = hide_racer(training, job.runs[0].racer.id, True)
    assert [row.racer for row in results.table(hidden, job)] == [job.runs[1].racer.id]
