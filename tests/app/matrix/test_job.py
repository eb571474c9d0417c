"""The worker: another process computes the cells, in turns, until it is stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from app.common.child import NICE
from app.matrix import job as jobs
from app.matrix.job import Job
from app.matrix.process import LOST, Process
from optimizers.diagnostics.matrix import cell

PATIENCE = 240.0


@pytest.fixture(scope="module")
def worker() -> Iterator[Process]:
    process = Process()
    yield process
    process.end()


def test_cells_are_computed_in_another_process_of_lower_priority(worker: Process) -> None:
    first, second = Job(4, 101, lambda: worker), Job(4, 101, lambda: worker)
    tests = ["bowl", "ravine_10_0"]
    first.begin(tests, ["sgd"])
    assert first.running and first.wait(PATIENCE) and first.error == ""
    assert os.getpriority(os.PRIO_PROCESS, worker.processes[0]) == os.getpriority(os.PRIO_PROCESS, 0) + NICE
    for test in tests:
        here, there = cell(test, "sgd", 4, 101), first.cells[test, "sgd"]
        assert (here.solved, here.diverged, here.best.values) == (there.solved, there.diverged, there.best.values)
        assert there.best.height == pytest.approx(here.best.height, rel=1e-6, abs=1e-12)
    assert first.done == 2
    second.begin(tests, ["sgd"])  # another page has computed them
    assert not second.running and second.done == 2


def test_a_stopped_matrix_keeps_its_cells_and_goes_on(worker: Process) -> None:
    job = Job(4, 102, lambda: worker)
    rules = ["sgd", "momentum", "nesterov", "rmsprop", "adam", "nadam"]
    job.begin(["bowl"], rules)
    job.stop()
    assert job.wait(PATIENCE)
    there = job.done
    assert there < len(rules)
    job.begin(["bowl"], rules[:2])
    assert job.wait(PATIENCE) and job.done == 2 and len(job.cells) >= max(there, 2)


def test_the_end_of_the_worker_is_said_and_another_one_computes_the_rest() -> None:
    first, second = Process(), None
    job = Job(4, 103, lambda: first)
    try:
        job.begin(["bowl"], ["sgd", "adam"])
        first.end()
        assert job.wait(PATIENCE) and job.error == LOST and not first.alive
        second = Process()
        job._connect = lambda: second  # type: ignore[return-value,assignment]
        job.begin(["bowl"], ["sgd"])
        assert job.wait(PATIENCE) and job.error == "" and ("bowl", "sgd") in job.cells
    finally:
        first.end()
        if second is not None:
            second.end()


def test_the_server_keeps_a_bounded_number_of_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_CELLS", 10)
    for seed in range(200, 205):
        jobs.cells_of(4, seed).update({(str(k), "sgd"): None for k in range(4)})  # type: ignore[misc]
    jobs.cells_of(4, 205)
    kept = [key for key in jobs._store if key[1] >= 200]
    assert (4, 205) in kept and (4, 204) in kept and (4, 200) not in kept
