"""Processes that make files: they are kept, they fail with a sentence, and they can be stopped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

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


def test_an_order_is_carried_out_elsewhere_and_the_next_by_the_same_process(workers: Workers) -> None:
    told: list[float] = []
    first = workers.carry_out("", told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert first != os.getpid() and workers.carry_out("print") == first


def test_one_that_waits_takes_the_order(workers: Workers) -> None:
    workers.warm()
    (waiting,) = workers.idle
    workers.warm()
    assert workers.idle == [waiting]
    assert workers.carry_out("") == waiting.process


@pytest.mark.parametrize(
    ("order", "said"),
    [("refuse", "ValueError: no such thing"), ("exhaust", "not enough memory"), ("die", "ended with 3")],
)
def test_what_goes_wrong_is_said_and_the_next_order_is_carried_out(workers: Workers, order: str, said: str) -> None:
    with pytest.raises(Failed, match=said):
        workers.carry_out(order)
    assert workers.carry_out("") > 0


def test_an_order_can_be_stopped_and_its_process_goes(workers: Workers) -> None:
    workers.warm()
    (waiting,) = workers.idle
    stop = threading.Event()
    with pytest.raises(Failed, match="stopped"):
        workers.carry_out("dawdle", lambda share: stop.set(), stop)
    assert not workers.idle
    end = time.monotonic() + 10
    while _lives(waiting.process) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(waiting.process)


def test_two_orders_at_once_have_two_processes_and_both_are_kept(workers: Workers) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(workers.carry_out("dawdle"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 2 and {worker.process for worker in workers.idle} == set(found)
