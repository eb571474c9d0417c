"""Computes the blocks of a sweep, in this process or on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
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
"""The blocks that wait for each worker while it computes one; results that are not written take memory."""
PATIENCE = 10.0
"""Seconds until a scheduler that does not answer is given up."""
ATTEMPTS = 3
"""How often a block is tried again after its worker was lost."""


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
    arguments: Arguments, blocks: Iterable[Block], *, scheduler: str | None = None, workers: int | None = None
) -> Iterator[tuple[Block, Results]]:
    """The results of all blocks in the order in which the workers finish them.

    Args:
        arguments: of each optimizer.
        blocks: the blocks.
        scheduler: the address of the scheduler of a cluster, such as tcp://host:8786. Its workers need this version of
            Optiscope. If None, workers are started on this machine and stopped at the end.
        workers: the number of workers to start.

    Raises:
        Refused: if Dask is not installed, if the scheduler does not answer, or if a block failed on several workers.
    """
    try:
        from distributed import KilledWorker, as_completed
    except ImportError:
        raise Refused(
            "--scheduler and --workers need Dask, which is not installed: pip install 'optiscope[cluster]'."
        ) from None
    with _client(scheduler, workers) as client:
        waiting = iter(blocks)
        queue: Any = as_completed(loop=client.loop, with_results=True, raise_errors=False)  # type: ignore[no-untyped-call]
        known: dict[Any, Block] = {}

        def send() -> None:
            if (block := next(waiting, None)) is not None:
                future = client.submit(_compute_there, arguments, block, pure=False, retries=ATTEMPTS)
                known[future.key] = block
                queue.add(future)

        for _ in range(max(1, len(client.nthreads())) * (1 + AHEAD)):
            send()
        for future, results in queue:
            block = known.pop(future.key)
            if future.status != "finished":
                error = future.exception()
                lost = isinstance(error, KilledWorker)
                reason = "several workers were lost while they computed it" if lost else str(error)
                raise Refused(f"The runs {block.first:,} to {block.end - 1:,} could not be computed: {reason}.")
            send()
            yield block, results


@contextlib.contextmanager
def _client(scheduler: str | None, workers: int | None) -> Iterator[Any]:
    """A client of the scheduler, or of workers on this machine, one for each core unless their number is given."""
    from distributed import Client, LocalCluster

    with contextlib.ExitStack() as stack:
        if scheduler is None:
            cluster = stack.enter_context(
                LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None)  # type: ignore[no-untyped-call]
            )
        try:
            client = Client(scheduler or cluster, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise Refused(f"The scheduler {scheduler} does not answer: {error}. Is the address right?") from None
        yield stack.enter_context(client)


_PLANS: dict[int, Plan] = {}
"""The plan of the last sweep that this worker computed blocks of, by the index of the optimizer."""
_ARGUMENTS: list[Mapping[str, Any]] = []


def _compute_there(arguments: Arguments, block: Block) -> Results:
    """`compute` on a worker, which keeps the plans of one sweep."""
    if repr(arguments) != repr(_ARGUMENTS):
        _PLANS.clear()
        _ARGUMENTS[:] = arguments
    if block.optimizer not in _PLANS:
        _PLANS[block.optimizer] = plan_sweep(**arguments[block.optimizer])
    return compute(_PLANS[block.optimizer], block)
