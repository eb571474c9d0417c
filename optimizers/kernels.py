"""Two ways to compile the computation of many runs, entry by entry: as a program of XLA, or as one kernel of a GPU.

A third way, without this module, is to let XLA compile the arrays (n, runs) as they stand, which suits CPUs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

from optimizers.entries import MOST, Entries, NotEntrywise, entries, entrywise

Loop = Literal["planes", "lanes", "kernel", "interpreted"]
"""How the loop over the steps is compiled.

* planes: by XLA, over arrays (n, runs), which are read and written in every step.
* lanes: by XLA, each coordinate being an array of its own; several steps are taken in one pass over the memory.
* kernel: by Triton, as one kernel of a GPU that holds the loop; the state of a run stays in registers.
* interpreted: the kernel, interpreted on any device, for tests.
"""

RUNS = 128
"""The runs of a program of the kernel, which a warp of 32 threads shares. On an H100, 32 to 1,024 runs were tried:
this is within 2 % of the fastest for a million runs, and leaves work for all processors if there are few."""

Function = Callable[[Any, Any], Any]


def in_lanes(function: Function, shared: Any, each: Any) -> Any:
    """The result of `function(shared, each)` for many runs, every entry being an array over runs in a program of XLA.

    Args:
        function: a function of pytrees of arrays, which is traced for a single run: the last axis of every leaf of
            `each`, and of its results, has the length 1 then.
        shared: arrays that are the same for all runs.
        each: arrays (…, runs), at least one.

    Raises:
        NotEntrywise: if the function cannot be evaluated entry by entry.
    """
    problem = _Problem(function, shared, each)
    numbers = [entries(list(x.reshape(-1))).reshape(x.shape) for x in problem.shared]
    outputs = problem.evaluate(numbers, [list(x.reshape(-1, problem.runs)) for x in problem.each])
    return problem.results([jnp.broadcast_to(lane, (problem.runs,)) for lane in outputs])


def in_kernel(function: Function, shared: Any, each: Any, *, interpret: bool = False) -> Any:
    """The same result from one kernel.

    Args:
        function, shared, each: as in `in_lanes`; the number of runs is a multiple of `RUNS`.
        interpret: whether the kernel is interpreted, on any device, rather than compiled for a GPU.

    Raises:
        NotEntrywise: if the function cannot be evaluated entry by entry.
        NotImplementedError: if Triton lacks an operation, from the compiler.
    """
    from jax.experimental import pallas  # half of what importing sweeps costs, needed on GPUs only
    from jax.experimental.pallas import triton

    problem = _Problem(function, shared, each)

    def kernel(*refs: Any) -> None:
        rest = iter(refs)
        heads = [next(rest) for _ in problem.shared]
        numbers = [
            entries([ref[k] for k in range(x.size)]).reshape(x.shape)
            for ref, x in zip(heads, problem.shared, strict=True)
        ]
        lanes = [[next(rest)[:] for _ in range(math.prod(x.shape[:-1]))] for x in problem.each]
        for ref, lane in zip(rest, problem.evaluate(numbers, lanes), strict=True):
            ref[:] = jnp.broadcast_to(lane, (RUNS,))

    lane = pallas.BlockSpec((RUNS,), lambda i: (i,))
    whole = [pallas.BlockSpec((max(x.size, 1),), lambda i: (0,)) for x in problem.shared]
    inputs = [row for x in problem.each for row in x.reshape(-1, problem.runs)]
    call = pallas.pallas_call(
        kernel,
        grid=(problem.runs // RUNS,),
        in_specs=[*whole, *[lane] * len(inputs)],
        out_specs=[lane] * len(problem.dtypes),
        out_shape=[jax.ShapeDtypeStruct((problem.runs,), dtype) for dtype in problem.dtypes],  # type: ignore[no-untyped-call]
        interpret=interpret,
        compiler_params=None if interpret else triton.CompilerParams(num_warps=1),
    )
    return problem.results(call(*[x.reshape(-1) for x in problem.shared], *inputs))


class _Problem:
    """A function of many runs, its arguments as lists of arrays, and the shapes of its results for a single run.

    Attributes:
        shared, each: the leaves of the arguments.
        runs: the number of runs.
        dtypes: the dtype of each lane of the results.
    """

    def __init__(self, function: Function, shared: Any, each: Any) -> None:
        self._function = function
        self.shared, self._shared_tree = jax.tree.flatten(shared)
        self.each, self._each_tree = jax.tree.flatten(each)
        self.runs = self.each[0].shape[-1]
        size = sum(x.size for x in self.shared)
        if size > MOST:
            raise NotEntrywise(f"{size:,} numbers are shared by all runs, which is more than {MOST:,}")
        single = [jax.ShapeDtypeStruct((*x.shape[:-1], 1), x.dtype) for x in self.each]  # type: ignore[no-untyped-call]
        results = jax.eval_shape(function, shared, jax.tree.unflatten(self._each_tree, single))
        self._shapes, self._tree = jax.tree.flatten(results)
        self.dtypes = [x.dtype for x in self._shapes for _ in range(x.size)]

    def evaluate(self, numbers: list[Entries], lanes: list[list[Any]]) -> list[Any]:
        """The lanes of the results, from the entries of `shared` and the lanes of `each`."""
        own = [entries(row).reshape(*x.shape[:-1], 1) for row, x in zip(lanes, self.each, strict=True)]
        arguments = jax.tree.unflatten(self._shared_tree, numbers), jax.tree.unflatten(self._each_tree, own)
        return [lane for x in jax.tree.leaves(entrywise(self._function)(*arguments)) for lane in x.flat]

    def results(self, lanes: Any) -> Any:
        """The results from their lanes (runs,): arrays (…, runs)."""
        rest = iter(lanes)
        leaves = [
            jnp.stack([next(rest) for _ in range(x.size)]).reshape(*x.shape[:-1], self.runs) for x in self._shapes
        ]
        return jax.tree.unflatten(self._tree, leaves)
