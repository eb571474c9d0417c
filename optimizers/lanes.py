"""The compiled program of a sweep: many runs side by side in planes (n, runs), in blocks that stay in the cache.

Nothing of a path is stored. The loop carries the point, the state of the rule and a few running values of each run
(`Tracks`), so that memory does not grow with the number of steps. The steps are divided into segments, whose bounds are
traced numbers. From the largest loss of each segment and a second pass over the tail, the status of a run follows
exactly (`optimizers.summaries`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh, PartitionSpec

from optimizers.entries import is_literal
from optimizers.kernels import Loop, in_kernel, in_lanes
from optimizers.optimizer import Gradient
from optimizers.planes import PlaneGradient
from surfaces.compiled import compiled
from surfaces.parameter import map_parameters

SEGMENTS = 7
"""The number of segments of a run, between the eight bounds of `optimizers.summaries.Parts`."""
STEPS_OF_A_PASS = 8
"""The steps that the loop "lanes" takes in one pass: on an H100 that makes 1.6 · 10¹¹ steps of Adam
a second, instead of 3 · 10¹⁰."""
RECORDS = ("final", "best", "area", "reached", "end", "status")
VECTORS = {"xla_cpu_prefer_vector_width": 512}
"""XLA uses half the width of AVX-512 unless asked. Other processors and devices ignore it."""


class Tracks(NamedTuple):
    """The running values of each run, (runs,) or (n, runs); None where they are not needed.

    Attributes:
        poison: 0 as long as point and loss have been finite, NaN afterwards.
        lived: the number of points up to the first one that is not finite.
        last: the last finite point.
        best: the smallest loss.
        high: the largest loss of the segment.
        total: the sum of the losses.
        excess: what rounding has added to the total so far.
        above: the number of points before the first one whose loss is at most the level of the threshold.
    """

    poison: Any = None
    lived: Any = None
    last: Any = None
    best: Any = None
    high: Any = None
    total: Any = None
    excess: Any = None
    above: Any = None


class Tail(NamedTuple):
    """Measures of the tail, which refer to the last point, (runs,).

    Attributes:
        length: the length of the path over the tail.
        reach: the largest distance of its points from the last point.
        change: the largest difference between its losses and the last loss.
        round_trip: the distance of its first point from the last point.
    """

    length: Any
    reach: Any
    change: Any
    round_trip: Any


class Block(NamedTuple):
    """What a program returns for each run, (runs,), for `last` (n, runs), and for `highs` (segments, runs).

    Attributes:
        first, final: the loss at the start and after the last step, which may not be finite.
        lived, last, best, total, above: the tracks after the last step.
        highs: the largest loss of each segment.
        tail: the measures of the tail.
    """

    first: Any = None
    final: Any = None
    lived: Any = None
    last: Any = None
    best: Any = None
    highs: Any = None
    total: Any = None
    above: Any = None
    tail: Any = None


class Inputs(NamedTuple):
    """The arguments that differ from block to block, (blocks, …, width), or without the first axis if they are shared.

    Attributes:
        rows: the values of the swept parameters, (blocks, m, width).
        start: (blocks, n, width) or (n, 1).
        seed: (blocks, width) or ().
        bottom: the loss at the lowest minimum, (blocks, width) or (); NaN if it is unknown.
        rounding: the rounding of losses, of the same shape.
    """

    rows: Any
    start: Any
    seed: Any
    bottom: Any
    rounding: Any

    def block(self, k: Any) -> Inputs:
        """The arguments of block k."""
        ranks = Inputs(3, 3, 2, 2, 2)
        return Inputs(*(x[k] if x.ndim == rank else x for x, rank in zip(self, ranks, strict=True)))


STATIC = ("layout", "places", "width", "blocks", "record", "quiet", "loop", "devices")


@compiled(static=STATIC, options=VECTORS)
def run_blocks(
    numbers: Array,
    arrays: Any,
    inputs: Inputs,
    counts: Array,
    bounds: Array,
    share: Array,
    *,
    layout: Any,
    places: tuple[int, ...],
    width: int,
    blocks: int,
    record: tuple[str, ...],
    quiet: bool,
    loop: Loop,
    devices: tuple[Any, ...],
) -> Block:
    """The results of a piece of a sweep, every leaf (devices, blocks, …, width).

    Args:
        numbers, arrays, layout: surface, optimizer and noise, as `optimizers.programs.numbers_of` takes them apart.
        inputs: what differs between blocks; every array with an axis of blocks has one of devices before it.
        counts: the number of blocks that each device computes, (devices,).
        bounds: the first point of each segment, the last point, and the first point of the tail, (segments + 2,).
        share: the share of the initial height that `above` refers to.
        places: the leaves of surface, optimizer and noise that `inputs.rows` replaces.
        width: the number of runs of a block.
        blocks: the most blocks of a device. It is the size of arrays; how many are used is traced.
        record: which of `RECORDS` to compute.
        quiet: whether there is no noise.
        loop: how the loop over the steps is compiled.
        devices: the devices that share the work.
    """

    def on_device(numbers: Array, arrays: Any, inputs: Inputs, counts: Array, bounds: Array, share: Array) -> Block:
        def runs(shared: Any, values: Inputs, width: int) -> Block:
            numbers, arrays, bounds, share = shared
            lanes = Lanes(numbers, arrays, layout, places, values, width, quiet)
            return _run(lanes, values, bounds, share, width, record, STEPS_OF_A_PASS if loop == "lanes" else 1)

        def block(values: Inputs) -> Block:
            shared = numbers, arrays, bounds, share
            if loop == "planes":
                return runs(shared, values, width)
            each, common = _split(values, sharded)

            def one(shared: Any, each: Inputs) -> Block:
                rest, common = shared
                return runs(rest, Inputs(*[b if a is None else a for a, b in zip(each, common, strict=True)]), 1)

            if loop == "lanes":
                return in_lanes(one, (shared, common), each)
            return in_kernel(one, (shared, common), each, interpret=loop == "interpreted")

        own = Inputs(*(x[0] if split else x for x, split in zip(inputs, sharded, strict=True)))
        if blocks == 1:
            return jax.tree.map(lambda leaf: leaf[None, None], block(own.block(0)))
        traced_once = jax.jit(block, inline=True)
        shapes = jax.eval_shape(traced_once, own.block(0))
        empty = jax.tree.map(lambda leaf: jnp.zeros((blocks, *leaf.shape), leaf.dtype), shapes)

        def put(k: Array, results: Block) -> Block:
            return jax.tree.map(lambda all_, one: all_.at[k].set(one), results, traced_once(own.block(k)))

        results = jax.lax.fori_loop(0, counts[0], put, empty)
        return jax.tree.map(lambda leaf: leaf[None], results)

    sharded = [x.ndim == rank for x, rank in zip(inputs, (4, 4, 3, 3, 3), strict=True)]
    arguments = (numbers, arrays, inputs, counts, bounds, share)
    if len(devices) == 1:
        return on_device(*arguments)
    mesh = Mesh(np.array(devices), ("devices",))
    split, same = PartitionSpec("devices"), PartitionSpec()  # type: ignore[no-untyped-call]
    specs = (same, same, Inputs(*(split if flag else same for flag in sharded)), split, same, same)
    return jax.shard_map(on_device, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)(*arguments)


def _split(values: Inputs, split: list[bool]) -> tuple[Inputs, Inputs]:
    """The inputs that differ from run to run, and those that all runs share, each with None for the others."""
    pairs = [(x, None) if flag else (None, x) for x, flag in zip(values, split, strict=True)]
    return Inputs(*[a for a, _ in pairs]), Inputs(*[b for _, b in pairs])


class Lanes:
    """Surface, rule and noise of a block of runs.

    Rules of ours run on the planes as they are. Borrowed rules reduce over whole arrays, and run under `vmap`.
    """

    def __init__(
        self, numbers: Array, arrays: Any, layout: Any, places: tuple[int, ...], inputs: Inputs, width: int, quiet: bool
    ) -> None:
        self._leaves = numbers, arrays, layout, places
        self._rows = inputs.rows
        self._gradient = Gradient if arrays or width == 1 else PlaneGradient  # data has too many entries
        self.surface, optimizer, noise = self._nodes(inputs.rows)
        self.elementwise = optimizer.elementwise
        self.optimizer = map_parameters(_row, optimizer)
        self.noise = map_parameters(_row, noise)
        self.width = width
        self.quiet = quiet
        self.seed = inputs.seed
        self._step = jax.jit(self._traced_step, inline=True)  # traced once for all arguments of the same shapes

    def _nodes(self, rows: Any) -> Any:
        """Surface, optimizer and noise with these values of the swept parameters."""
        numbers, arrays, (tree, scalar), places = self._leaves
        scalars, others = iter([numbers[k] for k in range(len(numbers))]), iter(arrays)
        leaves = [next(scalars) if flag else next(others) for flag in scalar]
        for place, row in zip(places, rows, strict=True):
            leaves[place] = row
        return jax.tree.unflatten(tree, leaves)

    def losses(self, w: Array) -> Array:
        """The true losses (runs,) at points (n, runs)."""
        if self.elementwise:
            return jnp.broadcast_to(self.surface(w), w.shape[1:])
        return jax.vmap(lambda rows, w: self._nodes(rows)[0](w), in_axes=(0, 1))(list(self._rows), w)

    def init(self, w: Array) -> Any:
        if not self.elementwise:
            return jax.vmap(lambda rows, w: self._nodes(rows)[1].init(w), (0, 1), -1)(list(self._rows), w)
        return _narrowed(self.optimizer.init, w, lambda state: self._step(w, state, jnp.ones((), w.dtype), None)[1])

    def step(self, w: Array, state: Any, t: Array) -> tuple[Array, Any]:
        """The points and states after step t = 1, 2, …"""
        return self._step(w, state, t.astype(w.dtype), None if self.quiet else self._draw(t, w))

    def _traced_step(self, w: Array, state: Any, t: Array, drawn: Any) -> tuple[Array, Any]:
        if self.elementwise:
            surface, rule, noise = self.surface, self.optimizer, self.noise
            gradient = self._gradient(surface) if drawn is None else Gradient(noise.landscape(surface, drawn, w))
            return rule.step(gradient, w, state, t)[:2]

        def one(rows: Any, w: Array, state: Any, drawn: Any) -> tuple[Array, Any]:
            surface, rule, noise = self._nodes(rows)
            landscape = surface if drawn is None else noise.landscape(surface, drawn, w)
            return rule.step(Gradient(landscape), w, state, t)[:2]

        axis = -1 if self.seed.ndim else None
        drawn = drawn if drawn is None or axis is not None else jax.tree.map(lambda x: x[..., 0], drawn)
        return jax.vmap(one, (0, 1, -1, axis), (1, -1))(list(self._rows), w, state, drawn)

    def _draw(self, t: Array, w: Array) -> Any:
        """The noise of step t, (…, runs), or (…, 1) if all runs have the same seed: what `programs.draws` draws."""

        def one(seed: Array) -> Any:
            return self.noise.draw(jax.random.fold_in(jax.random.key(seed), t), w[:, 0], self.surface.data)

        seeds = self.seed if self.seed.ndim else self.seed[None]
        return jax.vmap(one, out_axes=-1)(seeds)


def _row(value: Array) -> Array:
    return value[None, :] if value.ndim else value


def _narrowed(init: Callable[[Array], Any], w: Array, after: Callable[[Any], Any]) -> Any:
    """The initial state, with a single lane where all runs have the same values throughout.

    Adam's βᵗ is the same for all runs unless β is swept. A leaf stays narrow if `init` does not look at w, and if the
    step does not widen it.
    """
    state = init(w)
    leaves, tree = jax.tree.flatten(state)
    jaxpr = jax.make_jaxpr(lambda w: jax.tree.leaves(init(w)))(w).jaxpr
    seen = set(jaxpr.invars)
    for equation in jaxpr.eqns:
        if any(not is_literal(v) and v in seen for v in equation.invars):
            seen.update(equation.outvars)
    fixed = [is_literal(v) or v not in seen for v in jaxpr.outvars]
    narrow = [leaf[..., :1] if same and leaf.ndim else leaf for leaf, same in zip(leaves, fixed, strict=True)]
    while True:
        shapes = [leaf.shape for leaf in narrow]
        widened = jax.tree.leaves(jax.eval_shape(after, jax.tree.unflatten(tree, narrow)))
        narrow = [
            full if next_.shape != leaf.shape else leaf
            for leaf, next_, full in zip(narrow, widened, leaves, strict=True)
        ]
        if [leaf.shape for leaf in narrow] == shapes:
            return jax.tree.unflatten(tree, narrow)


def _run(
    lanes: Lanes, inputs: Inputs, bounds: Array, share: Array, width: int, record: tuple[str, ...], unrolled: int
) -> Block:
    """The results of one block: all steps, and once more those of the tail if the status is wanted."""
    wanted = set(record)
    status = "status" in wanted
    w = jnp.broadcast_to(inputs.start, (inputs.start.shape[0], width))
    zero, count = jnp.zeros((width,), w.dtype), jnp.zeros((width,), jnp.int32)
    first = lanes.losses(w)
    level = inputs.bottom + jnp.maximum(share * (first - inputs.bottom), inputs.rounding)
    tracks = Tracks(
        poison=zero if wanted - {"final"} else None,
        lived=count if wanted - {"final"} else None,
        last=w if wanted & {"end", "status"} else None,
        best=zero + jnp.inf if wanted & {"best", "reached", "status"} else None,
        high=zero - jnp.inf if status else None,
        total=zero if "area" in wanted else None,
        excess=zero if "area" in wanted else None,
        above=count if "reached" in wanted else None,
    )
    highs = jnp.zeros((SEGMENTS, width), w.dtype) if status else None

    def advance(t: Array, carry: Any) -> Any:
        w, state, tracks = carry
        return *lanes.step(w, state, t + 1), _observed(tracks, lanes, w, level)

    def segment(k: Array, carry: Any) -> Any:
        (w, state, tracks), before, highs = carry
        begin, end = _entry(bounds, k), _entry(bounds, k + 1)
        w, state, tracks = _repeated(begin, end, advance, (w, state, tracks), unrolled)
        if status:
            highs = jnp.where((jnp.arange(SEGMENTS, dtype=k.dtype) == k)[:, None], tracks.high[None], highs)
            tracks = tracks._replace(high=zero - jnp.inf)
            at_tail = end == bounds[-1]
            before = jax.tree.map(functools.partial(jnp.where, at_tail), (w, state), before)
        return (w, state, tracks), before, highs

    state = lanes.init(w)
    before = (w, state) if status else None
    segments = SEGMENTS if status else 1
    (w, _, tracks), before, highs = jax.lax.fori_loop(
        np.int32(0), np.int32(segments), segment, ((w, state, tracks), before, highs)
    )
    tracks, final = _observed(tracks, lanes, w, level), lanes.losses(w)
    if status:
        highs = jnp.concatenate([highs[:-1], jnp.maximum(highs[-1:], tracks.high[None])])
    tail = _tail(lanes, before, w, final, bounds) if status else None
    return Block(first, final, tracks.lived, tracks.last, tracks.best, highs, tracks.total, tracks.above, tail)


def _repeated(begin: Array, end: Array, step: Callable[[Array, Any], Any], carry: Any, unrolled: int) -> Any:
    """The state after the steps from `begin` to before `end`, of which a pass of the loop takes `unrolled`."""
    if unrolled == 1:
        return jax.lax.fori_loop(begin, end, step, carry)
    passes = (end - begin) // unrolled

    def several(k: Array, carry: Any) -> Any:
        for j in range(unrolled):
            carry = step(begin + k * unrolled + j, carry)
        return carry

    carry = jax.lax.fori_loop(0, passes, several, carry)
    return jax.lax.fori_loop(begin + passes * unrolled, end, step, carry)


def _entry(values: Array, k: Array) -> Array:
    """values[k], in operations on single entries, for which kernels need no index that they do not know."""
    return jnp.sum(jnp.where(jnp.arange(len(values), dtype=k.dtype) == k, values, 0), dtype=values.dtype)


def _observed(tracks: Tracks, lanes: Lanes, w: Array, level: Array) -> Tracks:
    """The tracks after one more point."""
    if tracks.poison is None:
        return tracks
    loss = lanes.losses(w)
    poison = tracks.poison + 0.0 * loss + jnp.sum(0.0 * w, axis=0)  # 0 · ∞ and 0 · NaN are NaN, which no sum removes
    alive = poison == 0
    after = tracks._replace(poison=poison, lived=tracks.lived + alive.astype(jnp.int32))
    if tracks.last is not None:
        after = after._replace(last=jnp.where(alive[None], w, tracks.last))
    if tracks.best is not None:
        after = after._replace(best=jnp.where(loss + poison < tracks.best, loss, tracks.best))
    if tracks.high is not None:
        after = after._replace(high=jnp.where(loss > tracks.high, loss, tracks.high))
    if tracks.total is not None:
        total, excess = _added(tracks.total, tracks.excess, loss)
        after = after._replace(total=total, excess=excess)
    if tracks.above is not None:
        after = after._replace(above=tracks.above + (after.best > level).astype(jnp.int32))
    return after


def _added(total: Array, excess: Array, loss: Array) -> tuple[Array, Array]:
    """A sum with one more term, and what rounding has added to it (Kahan 1965): the sum is exact to its own rounding.

    Without the compensation, a sum of a million losses in float32 loses half of its digits. A sum that overflows stays
    infinite.
    """
    term = loss - excess
    larger = total + term
    return larger, jnp.where(jnp.abs(larger) < jnp.inf, (larger - total) - term, 0.0)


def _tail(lanes: Lanes, before: Any, end: Array, final: Array, bounds: Array) -> Tail:
    """The measures of the tail, which is run once more now that the last point is known."""

    def length(v: Array) -> Array:
        return jnp.sqrt(jnp.sum(v**2, axis=0))

    def advance(t: Array, carry: Any) -> Any:
        w, state, tail = carry
        following, state = lanes.step(w, state, t + 1)
        tail = tail._replace(
            length=tail.length + length(following - w),
            reach=jnp.maximum(tail.reach, length(w - end)),
            change=jnp.maximum(tail.change, jnp.abs(lanes.losses(w) - final)),
        )
        return following, state, tail

    zero = jnp.zeros_like(final)
    empty = Tail(zero, zero, zero, round_trip=length(before[0] - end))
    return jax.lax.fori_loop(bounds[-1], bounds[-2], advance, (*before, empty))[2]
