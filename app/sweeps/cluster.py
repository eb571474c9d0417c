"""Computes the blocks of a sweep, in this process or on the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.racers import Refused
from app.sweeps.dataset import Block
from optimizers import plan_sweep
from optimizers.sweeps import Plan

Results = dict[str, NDArray[Any]]
Arguments = list[dict[str, Any]]
"""The arguments of `plan_sweep` for each optimizer."""
AHEAD = 2
"""The blocks that wait for each thread of a worker while it computes one; results that are not written take memory."""
PATIENCE = 10.0
"""Seconds until a scheduler that does not answer is given up."""
LOOK = 2.0
"""Seconds after which new workers get work, if no block is finished in the meantime."""
ATTEMPTS = 2
"""How often a block that failed is tried again. How many lost workers it survives is a setting of Dask."""


class Lost(Exception):
    """The cluster was lost, or could not compute a block; the message gives the reason."""


def compute(plan: Plan, block: Block) -> Results:
    """The results of a block, by name."""
    pieces = list(plan.pieces(block.first, block.end))
    return {name: np.concatenate([piece.results[name] for piece in pieces]) for name in pieces[0].results}


def here(arguments: Arguments, blocks: Iterable[Block]) -> Iterator[tuple[Block, Results]]:
    """The results of all blocks, one after the other, in this process, which uses all its devices."""
    plans = [plan_sweep(**each) for each in arguments]
    for block in blocks:
        yield block, compute(plans[block.optimizer], block)


def on_cluster(
    arguments: Arguments,
    blocks: Iterable[Block],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    prepare: Callable[[], None] | None = None,
) -> Iterator[tuple[Block, Results]]:
    """The results of all blocks in the order in which the workers finish them. Workers that join later get work, too.

    Args:
        arguments: of each optimizer.
        blocks: the blocks.
        scheduler: the address of the scheduler of a cluster, such as tcp://host:8786. Its workers need this version of
            Optiscope. If None, workers are started on this machine and stopped at the end.
        workers: the number of workers to start.
        prepare: a function of a module, which each worker calls before it computes its first block. It can set the
            compiler options of this process on workers that somebody else has started, so that they round as this
            process does. A worker that has used JAX before keeps its options.

    Raises:
        Refused: if Dask is not installed, or if the scheduler does not answer.
        Lost: if the scheduler is lost, or if a block fails repeatedly.
    """
    waiting = list(blocks)[::-1]
    if not waiting:
        return
    try:
        from distributed import wait
        from distributed.client import FuturesCancelledError
    except ImportError:
        raise Refused(
            "--scheduler and --workers need Dask, which is not installed: pip install 'optiscope[cluster]'."
        ) from None
    content = pickle.dumps(arguments)
    with _client(scheduler, workers) as client:
        running: dict[Any, Block] = {}
        try:
            while waiting or running:
                room = max(1, (1 + AHEAD) * sum(client.nthreads().values()))
                while waiting and len(running) < room:
                    block = waiting.pop()
                    task = client.submit(_compute_there, content, prepare, block, pure=False, retries=ATTEMPTS)
                    running[task] = block
                with contextlib.suppress(TimeoutError, FuturesCancelledError), client.as_current():
                    wait(list(running), timeout=LOOK, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
                for future in [future for future in running if future.done()]:
                    block = running.pop(future)
                    if future.status != "finished":
                        runs = f"the runs {block.first:,} to {block.end - 1:,}"
                        raise Lost(f"{runs} could not be computed: {_reason(future)}")
                    yield block, future.result()
        except OSError:
            raise Lost("the scheduler was lost") from None


def _reason(future: Any) -> str:
    """The reason why a block was not computed."""
    from distributed import KilledWorker

    if future.status != "error":
        return "the scheduler was lost"
    error = future.exception()
    return "several workers were lost while they computed them" if isinstance(error, KilledWorker) else str(error)


@contextlib.contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """A client of the scheduler, or of workers on this machine, one for each core unless their number is given."""
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is reported by sentences
    with contextlib.ExitStack() as stack:
        loop = event_loop()
        address: Any = scheduler
        if address is None:
            options = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
            address = stack.enter_context(LocalCluster(**options, loop=loop))  # type: ignore[no-untyped-call]
        try:
            if scheduler is not None:
                asyncio.run_coroutine_threadsafe(_reach(scheduler), loop.asyncio_loop).result()
            client = Client(address, loop=loop, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, TypeError) as error:
            reason = str(error) or type(error).__name__
            raise Refused(
                f"The scheduler {scheduler!r} does not answer ({reason}). Its address looks like tcp://host:8786."
            ) from None
        yield stack.enter_context(client)


async def _reach(address: str) -> None:
    """Connect to a scheduler once. A client of Dask that fails to connect cannot be closed, and warns of it later.

    Raises:
        OSError, ValueError, TypeError: if nothing answers within `PATIENCE`, or if it is no address.
    """
    from distributed.comm.core import connect
    from distributed.security import Security

    arguments = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
    comm = await connect(address, timeout=PATIENCE, **arguments)  # type: ignore[no-untyped-call]
    await comm.close()


@functools.cache
def event_loop() -> Any:
    """The event loop of all clusters and clients of this process, in a thread that may take any time to start.

    Without it, Dask starts a thread itself and fails if that takes more than ten seconds, as it may on a busy machine.
    """
    from tornado.ioloop import IOLoop

    started: Future[IOLoop] = Future()

    async def run() -> None:
        started.set_result(IOLoop.current())
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(run()), name="Dask", daemon=True).start()
    return started.result()


@functools.lru_cache(maxsize=4)
def _plans(content: bytes, prepare: Callable[[], None] | None) -> list[Plan]:
    """The plans of a sweep, which a worker keeps for its next block; several sweeps may share a worker."""
    if prepare:
        prepare()
    return [plan_sweep(**each) for each in pickle.loads(content)]


def _compute_there(content: bytes, prepare: Callable[[], None] | None, block: Block) -> Results:
    """`compute` on a worker, from the pickled arguments of all optimizers."""
    return compute(_plans(content, prepare)[block.optimizer], block)
