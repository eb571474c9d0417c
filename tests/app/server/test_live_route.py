"""The live route under load: the queue is limited, and requests that fail or are abandoned free their places."""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.applications import Starlette

from app.common import addresses, budget
from app.common.racers import Refused, set_steps
from app.race import changes, live
from app.server import live_route
from tests.apart import run_apart
from tests.app.asking import Answer, ask, run

PATH, _, SETTINGS = live.address(set_steps(changes.first(), 40)).replace(addresses.WHAT, "sweep").partition("?")
QUERY = f"{SETTINGS}&live.racer=racer-0&live.name=learning_rate"


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Coroutine[Any, Any, Answer]]:
    """Requests a sweep from routes with one place and a queue of two."""
    monkeypatch.setattr(live_route, "_queue", live_route.Queue(1, 2))
    return functools.partial(ask, Starlette(routes=live_route.routes()), PATH, QUERY)


class Computation:
    """A long computation, which lasts until it is released, and counts the requests that wait for it."""

    def __init__(self) -> None:
        self.go, self.begun, self.wanted = threading.Event(), 0, True

    def __call__(self, what: str, given: Any, asked: Any, wanted: live.Wanted) -> bytes:
        self.begun += 1
        while not self.go.wait(0.01):
            if not wanted():
                self.wanted = False
                raise live.Abandoned
        return b"runs"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (MemoryError(), 503, "low on memory"),
        (budget.NoRoom("This needs 9 MB."), 503, "needs 9 MB"),
        (RuntimeError("a fault"), 500, "could not be computed"),
        (Refused("There is no such racer."), 400, "no such racer"),
    ],
    ids=["memory", "room", "fault", "refusal"],
)
def test_a_failed_request_frees_its_place_and_gives_the_reason(
    sweep: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, reason: str
) -> None:
    def fail(*_: Any) -> bytes:
        raise error

    async def visit() -> list[Answer]:
        with monkeypatch.context() as broken:
            broken.setattr(live, "answer", fail)
            failed = [await sweep() for _ in range(6)]  # twice the number of places
        return [*failed, await sweep()]

    *failed, (code, _, body) = run(visit())
    for found, headers, words in failed:
        assert found == status and reason in words.decode() and words.endswith(b".")
        assert headers["content-type"].startswith("text/plain")
    assert code == 200 and len(body) > 1000


def test_requests_beyond_the_queue_are_refused_at_once(sweep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Computation()
    monkeypatch.setattr(live, "answer", long)

    async def visit() -> list[Answer]:
        first = [asyncio.ensure_future(sweep()) for _ in range(3)]
        while not long.begun:
            await asyncio.sleep(0.01)
        more = [await sweep() for _ in range(4)]
        assert long.begun == 1 and not any(one.done() for one in first)
        long.go.set()
        return [*more, *await asyncio.gather(*first), await sweep()]

    answers = run(visit())
    assert [status for status, *_ in answers] == [503] * 4 + [200] * 4
    assert b"busy" in answers[0][2] and answers[0][1]["retry-after"] == "1"


def test_a_client_that_disconnects_stops_its_computation(sweep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Computation()
    monkeypatch.setattr(live, "answer", long)

    async def visit() -> int:
        gone = asyncio.Event()
        request = asyncio.ensure_future(sweep(gone=gone))
        while not long.begun:
            await asyncio.sleep(0.01)
        gone.set()
        await request
        while long.wanted:
            await asyncio.sleep(0.01)
        long.go.set()
        status, *_ = await sweep()
        return int(status)

    assert run(visit()) == 200


def test_requests_of_clients_that_disconnect_while_waiting_are_not_computed(
    sweep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Computation()
    monkeypatch.setattr(live, "answer", long)

    async def visit() -> int:
        first = asyncio.ensure_future(sweep())
        while not long.begun:
            await asyncio.sleep(0.01)
        gone = asyncio.Event()
        gone.set()
        for _ in range(3):  # each pair uses the places of the previous pair
            await asyncio.gather(sweep(gone=gone), sweep(gone=gone))
        long.go.set()
        status, *_ = await first
        return int(status)

    assert run(visit()) == 200 and long.begun == 1 and long.wanted


SCARCE = """
import logging, resource, sys
from starlette.applications import Starlette
from app.server import environment
environment.prepare()
from app.server import live_route
from tests.app.asking import get

app = Starlette(routes=live_route.routes())

def ask(query):
    query = f"v=1&{query}&racer=sam&live.racer=racer-0&live.name=learning_rate"
    status, _, body = get("/live/sweep", app, query=query)
    print(status, len(body) if status == 200 else body.decode())

def leave(megabytes):
    taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + megabytes * 2**20, resource.RLIM_INFINITY))

large = "surface=ravine_nd&surface.dimension=1000&steps=20000"
ask("surface=rosenbrock&steps=300")
ask("surface=ravine_nd&surface.dimension=1000&steps=300")
if sys.argv[1] == "with the largest":
    leave(1200)
    ask(large)
leave(200)
ask(large + "&seed=1")
ask("surface=rosenbrock&steps=290")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
@pytest.mark.parametrize(
    ("which", "computed"), [("only others", 2), pytest.param("with the largest", 3, marks=pytest.mark.long)]
)
def test_a_server_low_on_memory_reports_it_and_continues(which: str, computed: int) -> None:
    """The largest sweep that a link can request has 1,000 coordinates and 20,000 steps at every stop."""
    *before, short, after = run_apart(SCARCE, which).splitlines()
    assert len(before) == computed and all(answer.startswith("200 ") for answer in before)
    assert short.startswith("503 The server is low on memory: this computation needs 458 MB, but only ")
    assert after.startswith("200 ")
