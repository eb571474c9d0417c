"""Worker processes: they stay alive, they report errors with a sentence, and they can be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.export.worker import Failed, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers("tests.app.export.labour:work", ["json"])
    yield made
    made.end()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _ends(process: int) -> bool:
    """Whether a process ends within 20 seconds."""
    end = time.monotonic() + 20
    while _lives(process) and time.monotonic() < end:
        time.sleep(0.05)
    return not _lives(process)


def test_two_orders_are_carried_out_by_the_same_separate_process(workers: Workers) -> None:
    fractions: list[float] = []
    first = workers.carry_out("", fractions.append)
    assert fractions == [0.25, 0.5, 0.75, 1.0]
    assert first != os.getpid() and workers.carry_out("print") == first


def test_an_idle_process_takes_the_order(workers: Workers) -> None:
    workers.warm()
    (waiting,) = workers.idle
    workers.warm()
    assert workers.idle == [waiting]
    assert workers.carry_out("") == waiting.process


@pytest.mark.parametrize(
    ("order", "said"),
    [("refuse", "ValueError: no such thing"), ("exhaust", "not enough memory"), ("die", "ended with exit status 3")],
)
def test_an_error_is_reported_and_the_next_order_is_carried_out(workers: Workers, order: str, said: str) -> None:
    with pytest.raises(Failed, match=said):
        workers.carry_out(order)
    assert workers.carry_out("") > 0


def test_an_order_can_be_stopped_and_its_process_ends(workers: Workers) -> None:
    workers.warm()
    (waiting,) = workers.idle
    stop = threading.Event()
    with pytest.raises(Failed, match="stopped"):
        workers.carry_out("dawdle", lambda share: stop.set(), stop)
    assert not workers.idle and _ends(waiting.process)


def test_two_simultaneous_orders_use_two_processes_which_both_stay_alive(workers: Workers) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(workers.carry_out("dawdle"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 2 and {worker.process for worker in workers.idle} == set(found)


@pytest.mark.parametrize("order", ["", "x" * 10_000_000], ids=["answers", "takes its order"])
def test_a_process_that_hangs_is_replaced_when_its_order_is_stopped(workers: Workers, order: str) -> None:
    workers.warm()
    hung = workers.idle[0].process
    os.kill(hung, signal.SIGSTOP)  # it neither takes an order nor answers
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Failed, match=r"^It was stopped\.$"):
        workers.carry_out(order, stop=stop)
    assert _ends(hung)
    assert workers.carry_out("") != hung and not workers.busy


def test_a_process_that_hangs_is_replaced_after_the_timeout() -> None:
    workers = Workers("tests.app.export.labour:work", most=1, timeout=0.5)
    with pytest.raises(Failed, match=r"did not finish within 0\.5 seconds"):
        workers.carry_out("sleep")
    assert not workers.idle and not workers.busy
    workers.close()


def test_orders_beyond_the_limit_wait_for_their_turn_and_can_be_stopped() -> None:
    workers = Workers("tests.app.export.labour:work", most=1)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(workers.carry_out("dawdle"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    stop = threading.Event()
    stop.set()
    with pytest.raises(Failed, match="stopped"):
        workers.carry_out("", stop=stop)
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len(set(found)) == 1
    workers.close()
    with pytest.raises(Failed, match="stopped"):
        workers.carry_out("")


# A server that ends while a film is being made.
SERVER = """
import atexit, sys, threading, time
from app.export.worker import Workers
workers = Workers("tests.app.export.labour:work")
atexit.register(workers.close)
workers.warm(2)
waiting = workers.idle[0]
threading.Thread(target=workers.carry_out, args=("toil", lambda share: None), daemon=True).start()
while not workers.busy:
    time.sleep(0.01)
print(workers.busy[0].process, waiting.process if waiting in workers.idle else workers.idle[0].process, flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(0)
"""


@pytest.mark.parametrize(
    ("end", "group"), [("SIGINT", True), ("SIGINT", False), ("SIGTERM", False), ("SIGKILL", False)]
)
def test_processes_end_with_the_server_and_the_log_stays_empty(end: str, group: bool, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=out, text=True, start_new_session=True
        )
    with server:
        assert server.stdout
        processes = [int(word) for word in server.stdout.readline().split()]
        time.sleep(0.5)  # the film is being made
        (os.killpg if group else os.kill)(server.pid, getattr(signal, end))
        server.wait(30)
    assert len(processes) == 2 and all(map(_ends, processes))
    assert log.read_text() == ""
