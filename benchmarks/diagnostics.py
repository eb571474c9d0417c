"""Benchmark of the matrix of unit tests, computed by the worker of the Tests page with nothing compiled before."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator

from app.matrix.job import Job
from app.matrix.process import Process
from benchmarks.measure import Result, seconds
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS

WHOLE, FIRST = 180.0, 5.0
"""The aims in seconds: for the whole matrix, and for its first cell once the worker has started."""


def run() -> Iterator[Result]:
    """Yield the time until the first cell, and that until the last one."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("JAX_COMPILATION_CACHE_DIR")
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder  # an empty one, so that every program is compiled
        try:
            worker = Process()
        finally:
            if before is None:
                del os.environ["JAX_COMPILATION_CACHE_DIR"]
            else:
                os.environ["JAX_COMPILATION_CACHE_DIR"] = before
        try:
            yield from _measured(worker)
        finally:
            worker.end()


def _measured(worker: Process) -> Iterator[Result]:
    warm = Job(4, 1, lambda: worker)  # the worker imports JAX
    warm.begin(["bowl"], ["sgd"])
    warm.wait(WHOLE)
    job = Job(64, 1, lambda: worker)
    start = time.perf_counter()
    job.begin([*UNIT_TESTS], [*OPTIMIZERS])
    while not job.cells and job.running:
        job.wait(0.02)
    first = time.perf_counter() - start
    yield Result("the matrix of unit tests: first cell", seconds(first), "–", "–", f"≤ {FIRST:g} s", first <= FIRST)
    while not job.wait(60.0):
        pass
    whole = time.perf_counter() - start
    size = f"{len(UNIT_TESTS)} tests × {len(OPTIMIZERS)} rules × 64 settings"
    held = whole <= WHOLE and job.done == len(job.wanted)
    yield Result(f"the matrix of unit tests: {size}", seconds(whole), "–", "–", f"≤ {WHOLE:g} s", held)
