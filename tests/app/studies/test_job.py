"""The worker: another process computes studies part by part, in turns, until it is stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import numpy as np
import pytest

from app.common import workers
from app.common.child import NICE
from app.studies import job as jobs
from app.studies import link, worker
from app.studies.job import Job
from app.studies.process import LOST, Process
from app.studies.settings import Settings
from optimizers.studies import STUDIES, Progress

PATIENCE = 240.0
SMALL = "study=dimension_saddles&study.largest=4&study.samples=1000"


def _settings(text: str) -> Settings:
    settings, notices = link.parse(parse_qs(text))
    assert notices == []
    return settings


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    process = Process()
    yield process
    process.end()


def test_a_study_is_computed_in_another_process_of_lower_priority(process: Process) -> None:
    job = Job(_settings(SMALL), lambda: process)
    assert job.found is None and not job.complete
    job.begin()
    assert job.wait(PATIENCE) and job.error == "" and job.complete and job.seconds > 0
    priority = min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
    assert os.getpriority(os.PRIO_PROCESS, process.processes[0]) == priority
    *_, (share, found) = STUDIES["dimension_saddles"](largest=4, samples=1000).run(0)
    assert share == 1
    for here, there in zip(found, job.found, strict=True):
        np.testing.assert_array_equal(here, there)


def test_a_complete_result_is_there_for_other_pages_and_other_settings_have_another(process: Process) -> None:
    job = Job(_settings(SMALL), lambda: process)
    job.begin()
    assert job.wait(PATIENCE)
    assert Job(_settings(SMALL)).complete and not Job(_settings(f"{SMALL}&seed=1")).complete
    assert not Job(_settings(SMALL.replace("1000", "1001"))).complete
    waiting = Job(_settings(f"{SMALL}&seed=2"))
    jobs.RESULTS.get(waiting.settings.drawn, lambda: "known")
    waiting.begin()  # computed by another page since
    assert waiting.complete and waiting.found == "known" and not waiting.running


def test_a_stopped_study_keeps_what_is_there_and_can_be_computed_again(process: Process) -> None:
    job = Job(_settings("study=dimension_saddles&study.largest=40&study.samples=50000"), lambda: process)
    job.begin()
    with job._changed:
        assert job._changed.wait_for(lambda: job.found is not None, PATIENCE)
    assert not job.stopping
    job.stop()
    assert job.stopping or not job.running
    assert job.wait(PATIENCE) and 0 < job.share < 1 and not job.complete and not job.stopping
    assert np.isfinite(job.found.saddles[0]) and np.isnan(job.found.saddles[-1])
    assert Job(job.settings).found is None, "a part is not kept for other pages"
    small = Job(_settings(SMALL), lambda: process)
    small.begin()
    assert small.wait(PATIENCE) and small.complete, "the worker goes on with other work"


def test_the_end_of_the_worker_is_said() -> None:
    process = Process()
    job = Job(_settings("study=dimension_saddles&study.largest=40&study.samples=50000"), lambda: process)
    try:
        job.begin()
        process.end()
        assert job.wait(PATIENCE) and job.error == LOST and not process.alive
    finally:
        process.end()


def test_an_idle_process_that_has_grown_large_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = workers.Shared(Process)
    first = shared()
    second = first
    try:
        job = Job(_settings(SMALL), lambda: first)
        job.begin()
        monkeypatch.setattr(workers, "MOST_MEMORY", 1)
        assert not first.idle and shared() is first, "it works"
        assert job.wait(PATIENCE) and first.idle and first.memory > 1
        second = shared()
        assert second is not first and not (first.alive and second.processes == first.processes)
    finally:
        first.end()
        second.end()


class Found(NamedTuple):
    number: int


class Stream:
    """A worker of this process, whose messages are kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, parts: Any) -> None:
        monkeypatch.setattr(worker, "parts", parts)
        self.messages: list[tuple[Any, ...]] = []
        self.worker = worker.Worker.__new__(worker.Worker)
        self.worker._send = lambda *message: self.messages.append(message)


def test_the_worker_reports_the_last_part_and_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def parts(key: str, values: dict[str, Any], seed: int) -> Iterator[Progress]:
        yield Progress(0.25, Found(1))
        yield Progress(0.5, Found(2))
        if seed:
            raise ValueError("no more")
        yield Progress(1.0, Found(3))

    monkeypatch.setattr(worker, "PAUSE", 1e9)  # only the first part and the last one are sent
    for seed, last in ((0, (7, "result", 1.0, Found(3))), (1, (7, "result", 0.5, Found(2)))):
        stream = Stream(monkeypatch, parts)
        work = worker.Work(7, parts("", {}, seed))
        while stream.worker._advance(work):
            pass
        results = [message for message in stream.messages if message[1] == "result"]
        assert results[-1] == last
        failures = [message[2] for message in stream.messages if message[1] == "failed"]
        assert failures == (["ValueError: no more"] if seed else [])
