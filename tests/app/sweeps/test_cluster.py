"""Blocks computed by the workers of a real Dask cluster on this machine, some of which are killed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client, LocalCluster

from app.common.racers import Refused
from app.server import environment
from app.sweeps import cluster, dataset
from app.sweeps.cluster import Lost
from app.sweeps.dataset import Block, blocks
from optimizers import OPTIMIZERS, Grid, Isotropic, plan_sweep
from surfaces import SURFACES

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("dask")]
WORK: list[dict[str, Any]] = [
    {
        "surface": SURFACES["rosenbrock"](),
        "optimizer": OPTIMIZERS[key](),
        "over": {"learning_rate": Grid(4, 1e-4, 1e-2), "seed": range(1500)},
        "noise": Isotropic(0.1),
        "steps": 400,
    }
    for key in ("momentum", "adam")
]


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Block]:
    monkeypatch.setattr(dataset, "WORK", 1e5)  # a block has 1,024 runs
    return list(blocks({str(k): plan_sweep(**each) for k, each in enumerate(WORK)}))


@contextlib.contextmanager
def _cluster(workers: int) -> Iterator[Any]:
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options, loop=cluster.event_loop()) as local:  # type: ignore[no-untyped-call]
        yield local


@pytest.fixture
def workers() -> Iterator[Any]:
    with _cluster(2) as local:
        yield local


def _same(ours: dict[Block, Any], theirs: dict[Block, Any]) -> None:
    assert set(ours) == set(theirs)
    for block, results in theirs.items():
        for name, values in results.items():
            np.testing.assert_array_equal(ours[block][name], values, err_msg=f"{block} {name}")


def test_results_are_the_same_to_the_last_bit_also_if_a_worker_is_killed(parts: list[Block], workers: Any) -> None:
    found = {}
    address, loop = workers.scheduler_address, cluster.event_loop()
    with Client(address, loop=loop, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        for block, results in cluster.on_cluster(WORK, parts, scheduler=workers.scheduler_address):
            found[block] = results
            if len(found) == 2:
                victim = next(iter(client.run(os.getpid).values()))  # type: ignore[no-untyped-call]
                os.kill(victim, signal.SIGKILL)
    assert len(parts) == 12
    _same(found, dict(cluster.here(WORK, parts)))


def test_a_block_that_cannot_be_computed_ends_the_sweep_with_its_reason(parts: list[Block], workers: Any) -> None:
    wrong = [Block(0, 0, 10**7)]
    with pytest.raises(Lost, match=r"the runs 0 to 9,999,999 could not be computed: .*between the runs 0 and 6,000"):
        list(cluster.on_cluster(WORK, wrong, scheduler=workers.scheduler_address))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "foo://127.0.0.1:9", "tls://127.0.0.1:9"])
def test_a_scheduler_that_does_not_answer_is_reported(
    address: str, parts: list[Block], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with pytest.raises(Refused, match=rf"The scheduler '{address}' does not answer .* tcp://host:8786"):
        list(cluster.on_cluster(WORK, parts, scheduler=address))


def test_workers_that_join_later_compute_blocks(parts: list[Block]) -> None:
    with _cluster(0) as late:
        results = cluster.on_cluster(WORK, parts, scheduler=late.scheduler_address)
        timer = threading.Timer(1.0, late.scale, [2])
        timer.start()
        found = dict(results)
        timer.join()
    assert set(found) == set(parts)


def test_workers_prepare_themselves_before_they_compute(parts: list[Block], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XLA_FLAGS")
    loop = cluster.event_loop()
    with _cluster(1) as plain, Client(plain, loop=loop, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        before = client.run(_flags)  # type: ignore[no-untyped-call]
        address, prepare = plain.scheduler_address, environment.prepare
        list(cluster.on_cluster(WORK, parts[:1], scheduler=address, prepare=prepare))
        after = client.run(_flags)  # type: ignore[no-untyped-call]
    assert list(before.values()) == [""]
    assert [environment.LOOP in flags for flags in after.values()] == [True]


def _flags() -> str:
    return os.environ.get("XLA_FLAGS", "")


def test_an_event_loop_may_take_any_time_to_start(parts: list[Block], monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a thread starts its event loop after eleven seconds; Dask waits for ten."""
    run = asyncio.run
    monkeypatch.setattr(asyncio, "run", lambda main: (time.sleep(11), run(main))[1])
    monkeypatch.setattr(cluster, "event_loop", functools.cache(cluster.event_loop.__wrapped__))
    with _cluster(1) as slow:
        assert dict(cluster.on_cluster(WORK, parts[:1], scheduler=slow.scheduler_address)).keys() == {parts[0]}


def test_a_lost_scheduler_ends_the_sweep_with_a_sentence(parts: list[Block]) -> None:
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    command += ["--no-dashboard", "--scheduler-file", "scheduler.json"]
    with tempfile.TemporaryDirectory() as folder:
        scheduler = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        path = Path(folder, "scheduler.json")
        while not path.exists() or not path.read_text():
            time.sleep(0.1)
        results = cluster.on_cluster(WORK, parts, scheduler=json.loads(path.read_text())["address"])
        threading.Timer(3.0, scheduler.kill).start()
        with pytest.raises(Lost, match="the scheduler was lost"):
            list(results)
        scheduler.wait()


def test_a_killed_command_continues_and_computes_no_block_twice(tmp_path: Path) -> None:
    folder = tmp_path / "map"
    command = [sys.executable, "-m", "app", "sweep", "--surface", "rosenbrock", "--racer", "sgd", "--steps", "20000"]
    command += ["--over", "learning_rate=1e-5:1e-2:40000", "-o", str(folder)]
    running = subprocess.Popen([*command, "--workers", "2"], cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + 240
    while not (done := sorted(folder.glob("*.parquet"))) and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    finished = {path: path.stat().st_mtime_ns for path in folder.glob("*.parquet")}
    assert done and len(finished) < 3
    assert subprocess.run(command, cwd=ROOT).returncode == 0
    assert len(list(folder.glob("*.parquet"))) == 3
    assert all(path.stat().st_mtime_ns == when for path, when in finished.items())
    assert subprocess.run([*command, "--workers", "1"], cwd=ROOT).returncode == 0  # nothing is left to compute
