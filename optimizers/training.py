"""Training in pieces: the same rules on a surface with data, its weights kept at a stride, stopped when one likes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers.engine import size_objection
from optimizers.optimizer import Gradient, Optimizer
from optimizers.programs import nodes_of, numbers_of
from optimizers.schedules import Scheduled
from surfaces.compiled import compiled
from surfaces.surface import Surface

Floats = NDArray[np.floating[Any]]
SMALL = 2000
"""Weights below which stacked runs are quicker on a CPU than runs one after the other."""
PIECE = 50
"""Blocks of one piece: what is waited for when a run is stopped."""
PAUSE = 0.04
"""Seconds of a piece of a stepwise run, after which other work gets its turn."""
FEW = 64
"""Steps of a piece of a stepwise run, at most."""


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """A part of a training run, in NumPy arrays.

    Attributes:
        first: the step before which it began; its steps are first + 1 … first + len(losses).
        losses: (k,), the loss of the batch at the point where each step took its gradient, penalty included.
        updates: (k, layers), ‖w_next − w‖ of each layer, or of the whole where the surface has none.
        steps: (blocks,), the steps after which the weights were kept.
        weights: (blocks, n), the weights after them.
        preconditioners: (blocks, n), P's diagonal in the step that led there, for preconditioned rules where asked
            for, else (blocks, 0).
        diverged: the first step whose batch loss or weights are not finite, −1 for none. The arrays end before it.
    """

    first: int
    losses: Floats
    updates: Floats
    steps: NDArray[np.int64]
    weights: Floats
    preconditioners: Floats
    diverged: int

    @property
    def last(self) -> int:
        """The last step that it holds."""
        return self.first + len(self.losses)


def train(
    surface: Surface,
    optimizer: Optimizer,
    start: Any,
    steps: int,
    *,
    batch_size: int | None = None,
    seed: int = 0,
    stride: int = 10,
    record: bool = True,
    preconditioners: bool = False,
    blocks: int = PIECE,
    stepwise: bool = False,
    dtype: str = "float32",
    device: Any = None,
) -> Iterator[Piece]:
    """Train, and yield the run piece by piece; a caller that stops iterating keeps the pieces it has.

    The first piece holds the start alone: no loss, and the weights at step 0. A run that leaves the finite numbers
    ends with the piece in which it does.

    Args:
        surface: with `data`, whose samples lie along axis 0 of every leaf.
        optimizer: the rule; one run, no batches of parameters.
        start: (n,), the weights to begin with.
        steps: how many.
        batch_size: samples of each step, drawn without repetition until all had their turn (an epoch, after which
            they are shuffled anew; see `batches`); None for all, every step. The same seed draws the same batches
            for every rule.
        seed: of the batches.
        stride: the weights are kept after every stride-th step, and after the last.
        record: whether losses and updates are kept of every step; without, they are NaN and a divergence is seen at
            the next weights that are kept.
        preconditioners: whether those of preconditioned rules are kept with the weights.
        blocks: strides of one piece.
        stepwise: whether a piece may be shorter than a stride, for networks whose strides take long: each piece then
            takes about `PAUSE` seconds, or one step where a step takes longer, and only the piece that completes a
            stride holds weights. One program serves pieces of every length.
        dtype: "float32" or "float64".
        device: a JAX device; JAX's default device where None.

    Raises:
        ValueError: on steps, stride or batch_size out of range, a start that does not fit or is not finite, or a
            rule that needs the whole Hessian of too many weights.
    """
    begin = np.asarray(start, dtype=dtype)
    _check(surface, optimizer, begin, steps, batch_size, stride, blocks)
    optimizer = _fitted(optimizer, surface)
    kept = (record, preconditioners and optimizer.preconditioned)
    most = None if stepwise else blocks
    return _pieces(surface, optimizer, begin, steps, batch_size, seed, stride, most, kept, dtype, device)


def _check(
    surface: Surface,
    optimizer: Optimizer,
    begin: Floats,
    steps: int,
    batch_size: int | None,
    stride: int,
    blocks: int = PIECE,
) -> None:
    samples = len(jax.tree.leaves(surface.data)[0])
    if min(steps, stride, blocks) < 1:
        raise ValueError(f"steps, stride and blocks must be positive; got {steps}, {stride} and {blocks}")
    if batch_size is not None and not 1 <= batch_size <= samples:
        raise ValueError(f"batch_size must lie between 1 and the {samples} training samples; got {batch_size}")
    if begin.ndim != 1 or not np.isfinite(begin).all():
        raise ValueError(f"start must be a vector of finite weights; got shape {begin.shape}")
    if reason := size_objection(optimizer, len(begin)):
        raise ValueError(reason)


def _pieces(
    surface: Surface,
    optimizer: Optimizer,
    begin: Floats,
    steps: int,
    batch_size: int | None,
    seed: int,
    stride: int,
    most: int | None,
    record: tuple[bool, bool],
    dtype: str,
    device: Any,
) -> Iterator[Piece]:
    """The pieces of `train`; `most` strides each, or fractions of a stride where it is None."""
    order, first = _beginning(surface, begin, batch_size, seed, record[1])
    yield first
    context = functools.partial(_within, dtype, device)
    with context():
        numbers, arrays, layout = numbers_of((surface, optimizer), dtype)
        numbers, arrays, w = jax.device_put((numbers, arrays, begin))
        state = _init(numbers, arrays, w, layout=layout)
    if most is None:
        rows = functools.partial(_drawn, order)
        layers = first.updates.shape[1]
        yield from _few_at_a_time((numbers, arrays, layout), w, state, rows, (steps, stride), record, layers, context)
        return
    for done, shape in _parts(steps, stride, most):
        with context():
            static = {"layout": layout, "shape": shape, "record": record}
            w, state, kept = _advance(numbers, arrays, w, state, np.int32(done), _drawn(order, shape), **static)
            kept = jax.tree.map(np.asarray, kept)
        piece = _piece(done, shape, kept, record[0], first.updates.shape[1])
        yield piece
        if piece.diverged >= 0:
            return


def _few_at_a_time(
    packed: tuple[Any, Any, Any],
    w: Array,
    state: Any,
    rows: Callable[[tuple[int, int]], Any],
    horizon: tuple[int, int],
    record: tuple[bool, bool],
    layers: int,
    context: Callable[[], Any],
) -> Iterator[Piece]:
    """Pieces of as many steps as take about `PAUSE` seconds, never across the end of a stride.

    The number of steps is a traced argument of one program, so it follows the time that the last piece took without
    another compilation, and without changing a single number of the run.
    """
    numbers, arrays, layout = packed
    steps, stride = horizon
    done, count = 0, 1
    while done < steps:
        count = min(count, FEW, stride - done % stride, steps - done)
        whole = (done + count) % stride == 0 or done + count == steps
        drawn = rows((1, count))
        if drawn is not None:
            drawn = np.pad(drawn[0], ((0, FEW - count), (0, 0)))
        began = time.perf_counter()
        with context():
            w, state, scalars, scale = _advance_few(
                numbers, arrays, w, state, np.int32(done), np.int32(count), drawn, layout=layout, record=record
            )
            w.block_until_ready()
            scalars = jax.tree.map(lambda kept, count=count: np.asarray(kept)[None, :count], scalars)
            ends = [np.asarray(end)[None] if whole else np.zeros((0, *end.shape), end.dtype) for end in (w, scale)]
        piece = _piece(done, (1, count), (scalars, *ends), record[0], layers)
        seconds = time.perf_counter() - began
        yield piece
        if piece.diverged >= 0:
            return
        done += count
        if done > 1:  # the first step waits for the compiler
            count = max(1, min(2 * count, int(PAUSE * count / seconds)))


def _beginning(
    surface: Surface, begin: Floats, batch_size: int | None, seed: int, scaled: bool = False
) -> tuple[Iterator[NDArray[np.int32]] | None, Piece]:
    """The samples of the steps to come, None where each takes all, and the piece that holds the start alone."""
    samples = len(jax.tree.leaves(surface.data)[0])
    order = batches(samples, batch_size, seed) if batch_size is not None and batch_size < samples else None
    none = begin[:0]
    updates = np.zeros((0, len(_bounds(surface, len(begin)))), begin.dtype)
    scales = np.zeros((1, len(begin) if scaled else 0), begin.dtype)
    return order, Piece(0, none, updates, np.zeros(1, int), begin[None], scales, -1)


def _parts(steps: int, stride: int, most: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """(steps before it, (blocks, steps of each)) of every piece: whole ones first, so that two or three programs serve
    a run of any length.
    """
    done = 0
    while done < steps:
        left = steps - done
        shape = (min(most, left // stride), stride) if left >= stride else (1, left)
        yield done, shape
        done += shape[0] * shape[1]


def _drawn(order: Iterator[NDArray[np.int32]] | None, shape: tuple[int, int]) -> Any:
    """The samples of each step, (blocks, steps of each, batch_size)."""
    return None if order is None else np.stack(list(itertools.islice(order, math.prod(shape)))).reshape(*shape, -1)


def _piece(done: int, shape: tuple[int, int], kept: Any, recorded: bool, layers: int) -> Piece:
    """What a program kept, as a piece that ends where it leaves the finite numbers."""
    scalars, weights, scales = kept
    count = math.prod(shape)
    losses, updates = scalars or (
        np.full(count, np.nan, weights.dtype),
        np.full((count, layers), np.nan, weights.dtype),
    )
    after = done + shape[1] * np.arange(1, len(weights) + 1)
    return _cut(Piece(done, losses.reshape(-1), updates.reshape(count, -1), after, weights, scales, -1), recorded)


def train_together(
    surface: Surface,
    optimizers: Sequence[Optimizer],
    start: Any,
    steps: int,
    *,
    batch_size: int | None = None,
    seed: int = 0,
    stride: int = 10,
    record: bool = True,
    dtype: str = "float32",
    vectorised: bool | None = None,
) -> list[Piece]:
    """Several settings of one rule, or several rules, from one start over the same batches: each run whole.

    Run k is what `train` makes of optimizer k. On accelerators, and on CPUs below `SMALL` weights, runs of one rule are
    one program under `vmap`; else they take turns on all devices, since on a CPU matrices that are large enough gain
    nothing from being stacked.

    Args:
        optimizers: the rules.
        vectorised: says which, where one does not want to leave it to the device and the size.
        surface, start, steps, batch_size, seed, stride, record, dtype: as in `train`.

    Raises:
        ValueError: as in `train`.
    """
    options: dict[str, Any] = {
        "batch_size": batch_size,
        "seed": seed,
        "stride": stride,
        "record": record,
        "dtype": dtype,
    }
    begin = np.asarray(start, dtype=dtype)
    for rule in optimizers:
        _check(surface, rule, begin, steps, batch_size, stride)
    devices = jax.devices()
    if vectorised is None:
        vectorised = devices[0].platform != "cpu" or np.size(start) < SMALL
    if vectorised and len({jax.tree.structure(rule) for rule in optimizers}) == 1:
        rules = [_fitted(rule, surface) for rule in optimizers]
        return _side_by_side(surface, rules, begin, steps, batch_size, seed, stride, record, dtype)

    def turn(k: int) -> list[Piece]:
        mine = range(k, len(optimizers), len(devices))
        return [join(train(surface, optimizers[i], start, steps, **options, device=devices[k])) for i in mine]

    with ThreadPoolExecutor(len(devices)) as pool:
        turns = list(pool.map(turn, range(len(devices))))
    return [turns[i % len(devices)][i // len(devices)] for i in range(len(optimizers))]


def _side_by_side(
    surface: Surface,
    rules: Sequence[Optimizer],
    begin: Floats,
    steps: int,
    batch_size: int | None,
    seed: int,
    stride: int,
    record: bool,
    dtype: str,
) -> list[Piece]:
    order, first = _beginning(surface, begin, batch_size, seed)
    runs = [[first] for _ in rules]
    with _within(dtype, None):
        packed = [numbers_of((surface, rule), dtype) for rule in rules]
        numbers, arrays = jax.device_put((np.stack([p[0] for p in packed]), packed[0][1]))
        layout = packed[0][2]
        w = jnp.broadcast_to(jnp.asarray(begin), (len(rules), len(begin)))
        state = _init_all(numbers, arrays, w, layout=layout)
        for done, shape in _parts(steps, stride, PIECE):
            static = {"layout": layout, "shape": shape, "record": (record, False)}
            w, state, kept = _advance_all(numbers, arrays, w, state, np.int32(done), _drawn(order, shape), **static)
            kept = jax.tree.map(np.asarray, kept)
            for k, pieces in enumerate(runs):
                if pieces[-1].diverged < 0:
                    own = jax.tree.map(lambda leaf, k=k: leaf[k], kept)
                    pieces.append(_piece(done, shape, own, record, first.updates.shape[1]))
    return [join(pieces) for pieces in runs]


def _fitted(optimizer: Optimizer, surface: Surface) -> Optimizer:
    """A layered rule is told which network's weights it is handed."""
    if isinstance(optimizer, Scheduled):
        return optimizer.replace(inner=_fitted(optimizer.inner, surface))
    return optimizer.replace(model=getattr(surface, "model", None)) if optimizer.layered else optimizer


def _within(dtype: str, device: Any) -> Any:
    stack = contextlib.ExitStack()
    stack.enter_context(jax.enable_x64(dtype == "float64"))
    if device is not None:
        stack.enter_context(jax.default_device(device))
    return stack


def batches(samples: int, batch_size: int, seed: int) -> Iterator[NDArray[np.int32]]:
    """The samples of each step, (batch_size,) int32: shuffles of all samples, one after the other, cut into batches.

    No sample is left out: what is left of a shuffle begins the first batch of the next, and an epoch is
    samples / batch_size steps, whole or not. A batch across two shuffles may hold a sample twice.
    """
    left = np.empty(0, np.int32)
    for epoch in itertools.count():
        order = np.random.default_rng([seed, epoch]).permutation(samples).astype(np.int32)
        order = np.concatenate([left, order])
        whole = len(order) - len(order) % batch_size
        yield from order[:whole].reshape(-1, batch_size)
        left = order[whole:]


def _cut(piece: Piece, recorded: bool) -> Piece:
    """The piece up to where it leaves the finite numbers."""
    broken = ~(np.isfinite(piece.losses) & np.isfinite(piece.updates).all(axis=1)) & recorded
    lost = ~np.isfinite(piece.weights).all(axis=1)
    if not broken.any() and not lost.any():
        return piece
    at = [int(np.argmax(broken)) + 1 + piece.first] if broken.any() else []
    at += [int(piece.steps[np.argmax(lost)])] if lost.any() else []
    diverged = min(at)
    kept = piece.steps < diverged
    count = diverged - 1 - piece.first
    steps, weights, scales = piece.steps[kept], piece.weights[kept], piece.preconditioners[kept]
    return Piece(piece.first, piece.losses[:count], piece.updates[:count], steps, weights, scales, diverged)


def join(pieces: Iterable[Piece]) -> Piece:
    """All that was handed out, as one piece."""
    parts = list(pieces)
    names = ("losses", "updates", "steps", "weights", "preconditioners")
    arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    return Piece(parts[0].first, diverged=parts[-1].diverged, **arrays)


def _bounds(surface: Surface, count: int) -> tuple[tuple[int, int], ...]:
    model = getattr(surface, "model", None)
    return model.bounds if model is not None else ((0, count),)


@compiled(static=("layout",), network=True)
def _init(numbers: Array, arrays: Any, w: Array, *, layout: Any) -> Any:
    return nodes_of(numbers, arrays, layout)[1].init(w)


@compiled(static=("layout",), network=True)
def _init_all(numbers: Array, arrays: Any, w: Array, *, layout: Any) -> Any:
    return jax.vmap(lambda own, w: nodes_of(own, arrays, layout)[1].init(w))(numbers, w)


@compiled(static=("layout", "shape", "record"), network=True)
def _advance_all(
    numbers: Array, arrays: Any, w: Array, state: Any, done: Array, drawn: Any, *, layout: Any, shape: Any, record: Any
) -> Any:
    """`_advance` of several runs over the same batches, along a leading axis of numbers, weights and states."""

    def one(own: Array, w: Array, state: Any) -> Any:
        return _advance(own, arrays, w, state, done, drawn, layout=layout, shape=shape, record=record)

    return jax.vmap(one)(numbers, w, state)


@compiled(static=("layout", "shape", "record"), network=True)
def _advance(
    numbers: Array,
    arrays: Any,
    w: Array,
    state: Any,
    done: Array,
    drawn: Any,
    *,
    layout: Any,
    shape: tuple[int, int],
    record: tuple[bool, bool],
) -> Any:
    """`shape` = (blocks, steps of each): the weights and the state after them, and what is kept."""
    surface, optimizer = nodes_of(numbers, arrays, layout)
    step = _stepper(surface, optimizer, len(w), record[0])

    def block(carry: Any, xs: Any) -> Any:
        carry, scalars = jax.lax.scan(step, carry, xs)
        w, state = carry
        return carry, (scalars, w, _scale(optimizer, state, w, record[1]))

    t = done + 1 + jnp.arange(shape[0] * shape[1], dtype=jnp.int32).reshape(shape)
    (w, state), kept = jax.lax.scan(block, (w, state), (t, drawn))
    return w, state, kept


def _stepper(surface: Any, optimizer: Any, count: int, record: bool) -> Callable[[Any, Any], Any]:
    """The step of a scan: (weights, state) and (t, samples) to the next weights and state, and the scalars kept."""
    bounds = _bounds(surface, count)

    def landscape(batch: Any) -> Callable[[Array], Array]:
        if batch is None:
            return surface
        samples = jax.tree.map(lambda data: data[batch], surface.data)
        return lambda u: surface.loss(u, samples)

    def step(carry: Any, x: Any) -> Any:
        w, state = carry
        t, batch = x
        here = landscape(batch)
        following, state, taken = optimizer.step(Gradient(here), w, state, t.astype(w.dtype))
        if not record:
            return (following, state), None
        # the rule's gradient evaluates the loss at that point as well: the compiler computes it once
        loss = here(taken.at)
        move = following - w
        return (following, state), (loss, jnp.stack([jnp.sqrt(jnp.sum(move[a:b] ** 2)) for a, b in bounds]))

    return step


def _scale(optimizer: Any, state: Any, w: Array, kept: bool) -> Array:
    """The diagonal of the preconditioner, (n,), or nothing where it is not kept, (0,)."""
    return jnp.broadcast_to(optimizer.preconditioner(state), w.shape) if kept else w[:0]


@compiled(static=("layout", "record"), network=True)
def _advance_few(
    numbers: Array,
    arrays: Any,
    w: Array,
    state: Any,
    done: Array,
    count: Array,
    drawn: Any,
    *,
    layout: Any,
    record: tuple[bool, bool],
) -> Any:
    """The weights and the state `count` steps later, at most `FEW`, and the scalars of these steps."""
    surface, optimizer = nodes_of(numbers, arrays, layout)
    step = _stepper(surface, optimizer, len(w), record[0])
    layers = len(_bounds(surface, len(w)))
    scalars = (jnp.zeros(FEW, w.dtype), jnp.zeros((FEW, layers), w.dtype)) if record[0] else None

    def body(k: Array, carry: Any) -> Any:
        weights_and_state, scalars = carry
        batch = None if drawn is None else drawn[k]
        weights_and_state, row = step(weights_and_state, (done + 1 + k, batch))
        return weights_and_state, jax.tree.map(lambda kept, value: kept.at[k].set(value), scalars, row)

    (w, state), scalars = jax.lax.fori_loop(0, count, body, ((w, state), scalars))
    return w, state, scalars, _scale(optimizer, state, w, record[1])
