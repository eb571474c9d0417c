"""`sweep` runs an optimizer at thousands of settings at once and returns what became of each run.

Only numbers of each run are kept, no paths: memory does not grow with the number of steps. Blocks of runs are
independent of each other, so a sweep can be computed piece by piece, in any order and by any scheduler.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

import jax
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from optimizers import axes
from optimizers.axes import Column
from optimizers.borrowed import as_rule
from optimizers.engine import Trace, as_surface, first_step, size_objection, trace
from optimizers.entries import NotEntrywise
from optimizers.kernels import RUNS, Loop
from optimizers.lanes import RECORDS, Block, Inputs, run_blocks
from optimizers.noise import Noise, NoNoise, as_noise
from optimizers.optimizer import Optimizer
from optimizers.programs import NEVER, numbers_of
from optimizers.summaries import WORDS, Ends, Parts, kinds
from optimizers.variants import UNKNOWN, Levels, Variants
from surfaces.parameter import runs_of
from surfaces.surface import Surface

NARROW, FEW = 64, 4
"""The runs of a narrow block, and the most narrow blocks of a sweep. With them, few places of a small sweep stay empty,
and all devices have work."""
MOST_WIDE = 32_768
"""The most runs of the wide blocks of a piece on a CPU; on an accelerator a piece is one block."""
PIECE_WORK = 5e7
"""The steps, over all runs, that a piece has on each core of a CPU: a tenth of a second for a cheap rule."""
DEAR = 32
"""More gradient evaluations than a step of most rules takes."""
WIDEST = 2**20
"""The most runs of a block on an accelerator, all of which it computes at once."""
MOST_BYTES = 4 * 2**30
"""The most bytes of the results of a sweep, which stay in memory."""
MOST_STEPS = 2**31 - 2
"""The most steps of a run, which are counted in int32."""
DTYPES = ("float32", "float64")
REFUSED: set[Any] = set()
"""The kinds of sweeps that need more than a kernel can do; finding out takes half a second each time."""
MOST_REFUSED = 1000


def _wide() -> int:
    """The runs of a wide block, which stays in a core's cache, and in the innermost one if it has 256 runs.

    With this option, which the app sets, XLA compiles the loop over a block into one function. Otherwise it starts a
    kernel for each operation of a step, which takes as long as the operation itself if the block is small.
    """
    return 256 if "xla_cpu_small_while_loop_byte_threshold" in os.environ.get("XLA_FLAGS", "") else 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """The results of the runs from `first` on, in the order of the sweep; plain arrays, which can be sent and stored.

    Attributes:
        first: the number of the first run.
        results: the arrays of `Sweep` for these runs, (k,) or (k, n), by name.
    """

    first: int
    results: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.results["final"])

    @property
    def end(self) -> int:
        """The number of the run after the last one."""
        return self.first + len(self)


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """A sweep before it is computed. Iterating over it computes it piece by piece.

    Attributes:
        surface, optimizer, noise, start, seed, steps: those of every run, where no axis replaces them.
        columns: the values of each name.
        threshold: the share of the initial height that `Sweep.reached` refers to.
        record: what is computed.
        dtype: the precision.
        devices: the devices that share the runs.
        loop: how the loop over the steps is compiled; None for the fastest way on these devices.
    """

    surface: Surface
    optimizer: Optimizer
    noise: Noise
    start: NDArray[Any] | None
    seed: int
    steps: int
    columns: tuple[Column, ...]
    threshold: float
    record: tuple[str, ...]
    dtype: str
    devices: tuple[Any, ...]
    loop: Loop | None

    @functools.cached_property
    def shape(self) -> tuple[int, ...]:
        """The number of values along each axis; all random columns share the first one."""
        return axes.shape_of(self.columns)

    @property
    def runs(self) -> int:
        """The number of runs."""
        return math.prod(self.shape)

    @functools.cached_property
    def cost(self) -> int:
        """The number of gradient evaluations in one step."""
        start = np.zeros(len(self.surface.start), np.float32)
        return int(jax.eval_shape(first_step, self.optimizer, self.surface, start)[1].evaluations)

    def __iter__(self) -> Iterator[Piece]:
        return self.pieces()

    def pieces(self, first: int = 0, end: int | None = None) -> Iterator[Piece]:
        """Compute the runs from `first` to before `end`, and yield each piece when it is ready.

        While a piece is handed on, the next one is being computed. The results of a run do not depend on the piece, the
        block or the device in which it is computed.
        """
        end = self.runs if end is None else end
        if not 0 <= first <= end <= self.runs:
            raise ValueError(f"pieces lie between the runs 0 and {self.runs:,}; got {first:,} to {end:,}")
        size = self._piece_size
        waiting: tuple[int, int, Levels, Block] | None = None
        for begin in range(first, end, size):
            stop = min(begin + size, end)
            levels = self._levels(begin, stop)
            launched = begin, stop, levels, self._launch(begin, stop, levels)
            if waiting:
                yield self._piece(*waiting)
            waiting = launched
        if waiting:
            yield self._piece(*waiting)

    def gather(self, pieces: Iterable[Piece]) -> Sweep:
        """The record of a sweep, from all its pieces or from some of them, in any order.

        Where a piece is missing, losses and points are NaN, steps are −1 and the status is "missing".
        """
        n = len(self.surface.start)
        results: dict[str, NDArray[Any]] = {}
        for piece in pieces:
            for name, values in piece.results.items():
                if name not in results:
                    blank = np.nan if values.dtype.kind == "f" else NEVER
                    results[name] = np.full((self.runs, *values.shape[1:]), blank, dtype=values.dtype)
                results[name][piece.first : piece.end] = values
        shaped = {name: x.reshape(self.shape + ((n,) if name == "end" else ())) for name, x in results.items()}
        return Sweep(self, **shaped)

    # The computation

    @functools.cached_property
    def _loop(self) -> Loop:
        platform = self.devices[0].platform
        if self.loop or platform == "cpu" or not isinstance(self.noise, NoNoise):
            return self.loop or "planes"
        return "kernel" if platform == "gpu" else "lanes"

    @property
    def _in_blocks(self) -> bool:
        """Whether runs are computed in blocks that stay in the cache of a core, rather than all at once."""
        return self.devices[0].platform == "cpu" and self._loop == "planes"

    @functools.cached_property
    def _width(self) -> int:
        if not self._in_blocks:
            share = math.ceil(self.runs / len(self.devices))
            return min(max(1 << (share - 1).bit_length(), RUNS), WIDEST)
        return NARROW if self.runs <= FEW * NARROW else _wide()

    @property
    def _piece_size(self) -> int:
        least = self._width * len(self.devices)
        if self.runs <= least or self.runs * self.steps * DEAR <= PIECE_WORK:
            blocks = math.ceil(self.runs / least)  # without tracing the rule to know what a step costs
        else:
            blocks = max(int(PIECE_WORK / (self._width * self.steps * self.cost)), 1)
        return least * min(blocks, self._most_blocks)

    @property
    def _most_blocks(self) -> int:
        if not self._in_blocks:
            return 1
        return FEW if self._width == NARROW else MOST_WIDE // self._width

    @functools.cached_property
    def _program(self) -> tuple[Any, Any, dict[str, Any]]:
        """The numbers and arrays of surface, optimizer and noise, and the static arguments of the program."""
        nodes = self.surface, self.optimizer, self.noise
        numbers, arrays, layout = numbers_of(nodes, self.dtype)
        static = {
            "layout": layout,
            "places": axes.places_of(nodes, [column.path for column in self._swept]),
            "width": self._width,
            "blocks": self._most_blocks,
            "record": self.record,
            "quiet": isinstance(self.noise, NoNoise),
            "devices": self.devices,
        }
        return numbers, arrays, static

    @functools.cached_property
    def _swept(self) -> tuple[Column, ...]:
        """The columns of parameters of surface, optimizer and noise."""
        return tuple(column for column in self.columns if column.path[0] in axes.COMPONENTS)

    def _launch(self, begin: int, end: int, levels: Levels) -> Block:
        """Start the computation of the runs from `begin` to before `end`, whose levels are known."""
        rows = self.settings(begin, end)
        per = math.ceil((end - begin) / (self._width * len(self.devices)))
        swept = [rows[column.name] for column in self._swept]
        inputs = Inputs(
            rows=self._blocks(np.array(swept, dtype=float).reshape(len(swept), end - begin), per),
            start=self._shared_or_blocks(self._starts(rows).T, per),
            seed=self._blocks(rows["seed"].astype(np.uint32), per) if "seed" in rows else np.uint32(self.seed),
            bottom=self._shared_or_blocks(levels.bottom, per),
            rounding=self._shared_or_blocks(levels.rounding, per),
        )
        parts = Parts(self.steps)
        bounds = (*parts.bounds, parts.tail) if "status" in self.record else (0, self.steps)
        counts = np.full(len(self.devices), per, dtype=np.int32)
        numbers, arrays, static = self._program
        share, place = np.asarray(self.threshold, dtype=self.dtype), self.devices[0] if len(self.devices) == 1 else None
        arguments = numbers, arrays, inputs, counts, np.array(bounds, np.int32), share
        with jax.enable_x64(self.dtype == "float64"), jax.default_device(place):
            if self._loop == "planes" or self.loop:
                return run_blocks(*arguments, loop=self._loop, **static)
            kind = (static["layout"], static["places"], static["record"])
            if kind not in REFUSED:
                if len(REFUSED) >= MOST_REFUSED:
                    REFUSED.clear()
                try:
                    return run_blocks(*arguments, loop=self._loop, **static)
                except (NotEntrywise, NotImplementedError):
                    REFUSED.add(kind)
            return run_blocks(*arguments, loop="planes", **static)

    def _shared_or_blocks(self, values: NDArray[Any], per: int) -> NDArray[Any]:
        """Values (…, k) in blocks; if there is one for all runs, (n, 1) or a number."""
        if values.shape[-1] > 1:
            return self._blocks(values, per)
        return (values if values.ndim > 1 else values[0]).astype(self.dtype)

    def _blocks(self, values: NDArray[Any], per: int) -> NDArray[Any]:
        """Values (…, k) in blocks, (devices, blocks, …, width); empty places repeat the last value."""
        dtype = self.dtype if values.dtype.kind == "f" else values.dtype
        devices, (*rest, k) = len(self.devices), values.shape
        filled = np.empty((*rest, per * devices * self._width), dtype)
        filled[..., :k], filled[..., k:] = values, values[..., -1:]
        filled = np.moveaxis(filled.reshape(*rest, devices, per, self._width), (-3, -2), (0, 1))
        blocks = np.zeros((devices, self._most_blocks, *rest, self._width), dtype)
        blocks[:, :per] = filled
        return blocks

    def _piece(self, begin: int, end: int, levels: Levels, block: Block) -> Piece:
        """The results of a piece, when the devices have computed them."""
        per = math.ceil((end - begin) / (self._width * len(self.devices)))

        def rows(leaf: Any) -> NDArray[Any]:
            shards = sorted(leaf.addressable_shards, key=lambda shard: shard.index[0].start or 0)
            used = np.stack([np.asarray(shard.data)[0, :per] for shard in shards])  # on a CPU, the only copy
            values = np.moveaxis(used, (0, 1), (-3, -2))
            return values.reshape(*values.shape[:-3], -1)[..., : end - begin]

        block = jax.tree.map(rows, block)
        alive = np.isfinite(block.final) if block.lived is None else block.lived > self.steps
        results: dict[str, NDArray[Any]] = {"final": np.where(alive, block.final, np.inf).astype(self.dtype)}
        if block.lived is not None:
            results["diverged"] = np.where(alive, NEVER, block.lived).astype(np.int32)
        if "best" in self.record:
            results["best"] = block.best
        if "area" in self.record:
            results["area"] = np.where(alive, block.total / (self.steps + 1), np.inf).astype(self.dtype)
        if "reached" in self.record:
            known = np.isfinite(levels.bottom) & np.isfinite(block.first)
            reached = known & (block.above <= self.steps)
            results["reached"] = np.where(reached, block.above, NEVER).astype(np.int32)
        if "end" in self.record:
            results["end"] = block.last.T
        if "status" in self.record:
            results["codes"] = self._codes(begin, end, levels, block, results["diverged"])
        return Piece(begin, results)

    def _codes(self, begin: int, end: int, levels: Levels, block: Block, diverged: NDArray[Any]) -> NDArray[np.int8]:
        """The status of each run of a piece."""
        whole = {"first": block.first, "final": block.final, "best": block.best, "highs": block.highs}
        whole = {name: np.asarray(values, dtype=float) for name, values in {**whole, **block.tail._asdict()}.items()}
        ends = Ends(diverged=diverged, point=np.asarray(block.last.T, dtype=float), **whole)
        groups = functools.partial(self._variants.groups, self.settings(begin, end))
        return kinds(levels, groups, ends, self.steps)

    @functools.cached_property
    def _variants(self) -> Variants:
        return Variants(self.surface, [column for column in self._swept if column.path[0] == "surface"])

    def _levels(self, begin: int, end: int) -> Levels:
        """The levels of the runs from `begin` to before `end`, if something is recorded that needs them."""
        needed = {"reached", "status"} & set(self.record)
        return self._variants.levels(self.settings(begin, end)) if needed else UNKNOWN

    # The settings of single runs

    def values(self, name: str) -> NDArray[Any]:
        """The values of an axis for every run, in the shape of the sweep; whole starts have a further axis (n,)."""
        column = next((c for c in self.columns if name in (c.name, ".".join(c.path))), None)
        if column is None:
            raise ValueError(f"{name!r} is no axis of this sweep; they are {', '.join(c.name for c in self.columns)}")
        rest = column.values.shape[1:]
        shape = [len(column.values) if d == column.dimension else 1 for d in range(len(self.shape))]
        return np.broadcast_to(column.values.reshape(*shape, *rest), self.shape + rest)

    def arguments(self, *index: int) -> dict[str, Any]:
        """The arguments with which `trace` computes one run of the sweep.

        Raises:
            IndexError: if the indices are not those of a run.
        """
        if len(index) != len(self.shape) or any(not -n <= k < n for k, n in zip(index, self.shape, strict=False)):
            raise IndexError(f"a run of this sweep has an index in the shape {self.shape}; got {index}")
        run = int(np.ravel_multi_index(np.mod(index, self.shape), self.shape)) if index else 0
        rows = self.settings(run, run + 1)
        parts: dict[str, Any] = {component: getattr(self, component) for component in axes.COMPONENTS}
        for column in self._swept:
            component, *path = column.path
            parts[component] = axes.with_value(parts[component], tuple(path), float(rows[column.name][0]))
        seed = int(rows["seed"][0]) if "seed" in rows else self.seed
        return {**parts, "start": self._starts(rows)[0], "steps": self.steps, "seed": seed, "dtype": self.dtype}

    def settings(self, first: int, end: int) -> dict[str, NDArray[Any]]:
        """The values on each axis for the runs from `first` to before `end`: (k,), or (k, n) for whole starts."""
        if len(self.shape) == 1:
            return {column.name: column.values[first:end] for column in self.columns}  # views
        index = np.unravel_index(np.arange(first, end), self.shape) if self.shape else [np.zeros(1, int)]
        return {column.name: column.values[index[column.dimension]] for column in self.columns}

    def _starts(self, rows: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """The starts (k, n) of the runs of these rows; (1, n) if all have the same."""
        surface = self.surface
        for column in self._swept:
            if column.path[0] == "surface":
                surface = axes.unchecked(surface, column.path[1:], rows[column.name])
        start = rows.get("start", self.start)
        if start is None:  # each run begins at the start of its own surface
            start = np.stack(np.broadcast_arrays(*surface.start), axis=-1)
        coordinates = list(np.atleast_2d(np.asarray(start, dtype=float)).T)
        for column in self.columns:
            if column.path[0] == "start" and len(column.path) == 2:
                coordinates[int(column.path[1])] = rows[column.name]
        return np.stack(np.broadcast_arrays(*coordinates), axis=-1)


@dataclasses.dataclass(frozen=True, eq=False)
class Sweep:
    """The record of a sweep: arrays in its shape, one entry for each run; None for what was not recorded.

    Attributes:
        plan: the settings of all runs.
        final: the loss after the last step; infinite for a run that diverged.
        best: the smallest loss at any step before a divergence.
        area: the mean loss over all steps, exact to the rounding of its precision; infinite for a run that diverged.
        reached: the first step at which the height above the lowest minimum is at most `plan.threshold` of the initial
            height; −1 if there is no such step. It is that of `steps_to`, except where the surface lists no minimum:
            `steps_to` then estimates one from the end of the run, and here it is −1.
        end: the last point, (…, n); before a divergence the last finite one.
        diverged: the first step whose point or loss is not finite, −1 if there is none.
        codes: the status of each run as an index of `optimizers.summaries.WORDS`, −1 where it is missing.
    """

    plan: Plan
    final: Any = None
    best: Any = None
    area: Any = None
    reached: Any = None
    end: Any = None
    diverged: Any = None
    codes: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values along each axis."""
        return self.plan.shape

    @property
    def axes(self) -> dict[str, NDArray[Any]]:
        """The values along each axis, by name."""
        return {column.name: column.values for column in self.plan.columns}

    @functools.cached_property
    def status(self) -> Any:
        """The status of each run: the word of `trace(…).status.kind`, or "missing"."""
        if self.codes is None:
            raise ValueError('the sweep did not record statuses: use sweep(…, record=(…, "status"))')
        return np.asarray(np.array([*WORDS, "missing"])[self.codes])

    @property
    def evaluations(self) -> Any:
        """The number of gradient evaluations of each run, up to its end or its divergence."""
        if self.diverged is None:
            raise ValueError('the sweep did not record divergences: use sweep(…, record=(…, "status"))')
        return self.plan.cost * np.where(self.diverged == NEVER, self.plan.steps, self.diverged)

    def values(self, name: str) -> NDArray[Any]:
        """The values of an axis for every run, in the shape of the sweep; whole starts have a further axis (n,)."""
        return self.plan.values(name)

    def trace(self, *index: int, **changes: Any) -> Trace:
        """The whole path of one run, in the precision of the sweep unless `changes` has another `dtype`."""
        return trace(**self.plan.arguments(*index) | changes)


def plan_sweep(
    surface: Surface | Callable[[Array], Any],
    optimizer: Optimizer | optax.GradientTransformation,
    *,
    over: Mapping[Any, Any] | None = None,
    start: Any = None,
    steps: int = 300,
    noise: Noise | None = None,
    seed: int = 0,
    draws: int = 64,
    draw_seed: int = 0,
    threshold: float = 1e-2,
    record: tuple[str, ...] = RECORDS,
    dtype: str = "float32",
    devices: Sequence[Any] | None = None,
    loop: Loop | None = None,
) -> Plan:
    """A sweep that is not computed yet.

    Iterating over the plan yields its pieces one after the other, so that the caller can report progress and stop, and
    `Plan.pieces(first, end)` computes a part, so that it can resume or hand parts to a scheduler. `Plan.gather` makes a
    `Sweep` of the pieces.

    Args:
        surface, optimizer, over, start, steps, noise, seed, draws, draw_seed, threshold, record, dtype, devices, loop:
            as in `sweep`.

    Raises:
        ValueError, TypeError: as `sweep`.
    """
    surface, optimizer = as_surface(surface, start), as_rule(optimizer)
    noise = as_noise(noise)
    if not isinstance(steps, int | np.integer) or not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps must be a whole number from 1 to {MOST_STEPS:,}; got {steps!r}")
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(
            f"seed must be a whole number from 0 to 2³² − 1; got {seed!r}. Pass several as over={{'seed': …}}"
        )
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be {' or '.join(DTYPES)}; got {dtype!r}")
    if loop is not None and loop not in get_args(Loop):
        raise ValueError(f"loop must be one of {', '.join(get_args(Loop))}, or None; got {loop!r}")
    if unknown := set(record) - set(RECORDS) or (set() if record else {"nothing"}):
        raise ValueError(f"record must be among {', '.join(RECORDS)}; got {', '.join(sorted(unknown))}")
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be a share of the initial height between 0 and 1; got {threshold:g}")
    if optimizer.layered:
        raise ValueError(f"{optimizer.name} works on the matrices of a network, and cannot be swept on a surface")
    n = len(surface.start)
    if objection := noise.objection(surface) or size_objection(optimizer, n):
        raise ValueError(objection)
    if any(runs_of(node) is not None for node in (surface, optimizer, noise)):
        raise ValueError("surface, optimizer and noise must have single values: pass lists of values as `over`")
    if start is not None and (np.shape(start) != (n,) or not np.isfinite(np.asarray(start, dtype=float)).all()):
        raise ValueError(f"start must be one point of {n} finite coordinates; pass several as over={{'start': …}}")
    columns = axes.columns_of(over or {}, surface, optimizer, noise, draws, draw_seed)
    point = None if start is None else np.asarray(start, dtype=float)
    record = tuple(name for name in RECORDS if name in record)
    used = tuple(jax.local_devices() if devices is None else devices)
    if not used:
        raise ValueError("devices must have at least one device, or be None for all of this process")
    size = math.prod(axes.shape_of(columns)) * (24 + n * np.dtype(dtype).itemsize * ("end" in record))
    if size > MOST_BYTES:
        raise ValueError(
            f"the results would take {size / 2**30:.1f} GB, and at most {MOST_BYTES / 2**30:.0f} GB are allowed: take "
            'fewer runs, or leave out the last points with record=("final", …)'
        )
    return Plan(surface, optimizer, noise, point, int(seed), steps, columns, threshold, record, dtype, used, loop)


def sweep(
    surface: Surface | Callable[[Array], Any],
    optimizer: Optimizer | optax.GradientTransformation,
    *,
    over: Mapping[Any, Any] | None = None,
    start: Any = None,
    steps: int = 300,
    noise: Noise | None = None,
    seed: int = 0,
    draws: int = 64,
    draw_seed: int = 0,
    threshold: float = 1e-2,
    record: tuple[str, ...] = RECORDS,
    dtype: str = "float32",
    devices: Sequence[Any] | None = None,
    loop: Loop | None = None,
) -> Sweep:
    """Run `optimizer` on `surface` at all combinations of the values in `over`, and return what became of each run.

    The runs are shared among all devices. Changed values compile nothing. A run equals that of `trace` with the same
    `dtype`, up to rounding, which a chaotic run magnifies; `Sweep.trace` computes it.

    Args:
        surface, optimizer, start, steps, noise, seed: as in `trace`, for what `over` does not name; single values only.
        over: what varies: by the name of a parameter (`optimizers.axes`), "start", "start.0", …, or "seed" a `Grid`, a
            `Random`, or a list of values. Each list and each grid is an axis of the result, in this order; all random
            ones share the first axis. Several names in a tuple share one axis: their lists, in a tuple as well, have
            the same length and are taken pair by pair.
        draws: the number of draws of the random axes.
        draw_seed: the seed of the draws. More draws begin with the same ones.
        threshold: the share of the initial height that `Sweep.reached` refers to.
        record: which of "final", "best", "area", "reached", "end" and "status" to compute. If only "final"
            is recorded, it takes a third of the time, and a run whose loss overflows and returns is not noticed.
        dtype: "float32" or "float64", which takes twice as long. A loss overflows at 10³⁸ in float32.
        devices: the JAX devices that share the runs; by default all of this process.
        loop: how the loop over the steps is compiled (`optimizers.kernels`); by default the fastest way on the devices.

    Returns:
        The record, whose arrays have the shape of the axes.

    Raises:
        ValueError: if an axis is unknown, appears twice, has no values or a reversed range, if there are more than ten
            million runs, or for a reason for which `trace` refuses its arguments. The message says what to do.
        TypeError: as `trace`.
    """
    whole = plan_sweep(
        surface,
        optimizer,
        over=over,
        start=start,
        steps=steps,
        noise=noise,
        seed=seed,
        draws=draws,
        draw_seed=draw_seed,
        threshold=threshold,
        record=record,
        dtype=dtype,
        devices=devices,
        loop=loop,
    )
    return whole.gather(whole)
