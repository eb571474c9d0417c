"""The trainer: a process that takes turns with all trainings, gives way to the pages, and ends with its jobs."""

from __future__ import annotations

import dataclasses
import functools
import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.common.child import NICE
from app.network import changes, presets, process, results, scene
from app.network.connection import LOST
from app.network.job import Job
from app.network.settings import Training, generated
from app.network.trainer import Turns

SMALL = dataclasses.replace(changes.choose_data(Training(), "moons"), widths=(6,), steps=60)
LARGE = dataclasses.replace(changes.choose_data(Training(), "digits"), widths=(256, 256), batch_size=256, steps=50_000)


def _with(training: Training, *racers: str) -> Training:
    add = functools.partial(changes.add_racer, data=generated(training))
    return presets.with_racers(training, add, *racers)


def _until(holds: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come to pass"
        time.sleep(0.01)


@pytest.fixture
def connection() -> Iterator[process.Process]:
    connection = process.Process()
    yield connection
    connection.end()


def _begun(training: Training, connection: process.Connection) -> Job:
    job = scene.job_for(training, generated(training), connection=connection)
    job.begin()
    return job


def test_training_happens_in_another_process_of_lower_priority(connection: process.Process) -> None:
    job = _begun(_with(SMALL, "sgd:learning_rate=0.1"), connection)
    _until(lambda: not job.busy)
    assert job.runs[0].last == 60 and connection.process != os.getpid()
    assert os.getpriority(os.PRIO_PROCESS, connection.process) == os.getpriority(os.PRIO_PROCESS, 0) + NICE
    assert all(piece.weights.size == 0 for piece in job.runs[0].pieces)  # they stay where they are needed
    assert job.runs[0].weights().shape == (len(job.runs[0].steps()), job.runs[0].network.model.size)


def test_a_small_training_is_done_long_before_a_large_one(connection: process.Process) -> None:
    large = _begun(_with(LARGE, "adam", "sgd", "momentum"), connection)
    _until(lambda: all(run.last for run in large.runs))
    pieces = [run.pieces[1:] for run in large.runs]
    small = _begun(_with(SMALL, "sgd:learning_rate=0.1", "adam"), connection)
    _until(lambda: not small.busy)
    assert [run.last for run in small.runs] == [60, 60]
    assert large.training_now and large.progress < 0.5
    assert all(len(part.losses) < large.training.stride(large.data) for run in pieces for part in run)
    large.stop()
    _until(lambda: not large.busy)
    for run in large.runs:  # every step taken is in hand, up to the one at which it stopped
        assert len(run.losses()) == run.last > 0 and np.isfinite(run.losses()).all()


def test_a_job_that_nobody_holds_is_closed() -> None:
    local = process.Local()
    jobs = [_begun(_with(LARGE, "sgd"), local)]
    _until(lambda: jobs[0].runs[0].last > 0)
    (task,) = local._trainer._tasks.values()
    jobs.clear()
    gc.collect()
    assert local.open_jobs == 0 and not local._trainer._tasks
    _until(lambda: task.runs[0].finished)
    assert 0 < task.runs[0].last < LARGE.steps


def test_a_trainer_that_dies_says_so_on_every_card_and_is_replaced() -> None:
    job = _begun(_with(LARGE, "sgd"), process.shared())
    _until(lambda: job.runs[0].last > 0)
    process.shared().end()
    _until(lambda: not job.busy)
    words, why, _ = results.status(job.runs[0], job)
    assert words == "failed" and why == LOST
    with pytest.raises(ValueError, match="training process ended"):
        job.runs[0].weights()
    again = _begun(_with(SMALL, "sgd:learning_rate=0.1"), process.shared())
    _until(lambda: not again.busy)
    assert again.runs[0].last == 60


def test_a_trainer_that_grew_is_replaced_when_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_trainer", None)  # one of its own, in which no other test has a job
    job: Any = scene.job_for(_with(SMALL, "sgd"), generated(SMALL))
    first = process.shared()
    try:
        pages = int(Path(f"/proc/{first.process}/statm").read_text().split()[1])
        assert first.memory == pytest.approx(pages * os.sysconf("SC_PAGE_SIZE"), rel=0.1) and first.memory > 50 * 2**20
        monkeypatch.setattr(process, "MOST_MEMORY", first.memory // 2)
        assert process.shared() is first  # the runs of an open job are there
        del job
        gc.collect()
        assert first.open_jobs == 0
        monkeypatch.setattr(process, "MOST_MEMORY", 2 * first.memory)
        assert process.shared() is first
        monkeypatch.setattr(process, "MOST_MEMORY", first.memory // 2)
        assert process.shared() is not first and not first.alive
    finally:
        first.end()
        process.shared().end()


def test_pieces_wait_for_a_compilation_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.network.trainer.PATIENCE", 0.2)
    turns, events = Turns(), []
    device: Any = dataclasses.make_dataclass("Device", ["id"], frozen=True)(0)
    release = False

    def compile_() -> None:
        _until(lambda: release)
        events.append("compiled")

    turns.first(compile_)
    _until(lambda: turns._compiling == 1)
    turns.queue(device, lambda: events.append("piece"))
    _until(lambda: bool(events))
    assert events == ["piece"]  # its patience was over
    monkeypatch.setattr("app.network.trainer.PATIENCE", 60.0)
    turns.queue(device, lambda: events.append("second piece"))
    release = True
    _until(lambda: len(events) == 3)
    assert events == ["piece", "compiled", "second piece"]
