"""`train` runs a rule on a surface with data, piece by piece, and records the weights at a stride."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
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
from optimizers.wrappers import Wrapper
from surfaces.compiled import compiled
from surfaces.surface import Surface

Floats = NDArray[np.floating[Any]]
Stride = int | Fraction
"""Steps between two records. After s steps, counted exactly, follows a record at the next whole step."""
SMALL = 2000
"""Below this number of weights, stacked runs are faster on a CPU than runs one after the other."""
PIECE = 50
"""Strides in one piece, which a run that is stopped still completes."""
PAUSE = 0.04
"""Seconds that a piece of a stepwise run takes, before other work gets its turn."""
STEPS = 1
"""Separates the keys of steps from those of initial weights, which have the same seed."""
FEW = 64
"""The most steps in a piece of a stepwise run."""


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """A part of a training run, in NumPy arrays.

    Attributes:
        first: the last step before the piece; its steps are first + 1 … first + len(losses).
        losses: (k,), the loss of the batch at the point where each step took its gradient, including the penalty.
        updates: (k, layers), ‖w_next − w‖ of each layer; (k, 1), of all weights, if the surface has no layers.
        steps: (blocks,), the steps after which the weights were recorded.
        weights: (blocks, n), the weights after these steps; of an `Averaged` rule, their moving average.
        preconditioners: (blocks, n), the diagonal of P in these steps, if the rule is preconditioned and they were
            requested; (blocks, 0) otherwise.
        diverged: the first step whose batch loss or weights are not finite, −1 if there is none. The arrays end
            before this step.
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
        """The last step of the piece."""
        return self.first + len(self.losses)


def train(
    surface: Surface,
    optimizer: Optimizer,
    start: Any,
    steps: int,
    *,
    batch_size: int | None = None,
    seed: int = 0,
    stride: Stride = 10,
    record: bool = True,
    preconditioners: bool = False,
    blocks: int = PIECE,
    stepwise: bool = False,
    dtype: str = "float32",
    device: Any = None,
) -> Iterator[Piece]:
    """Train, and yield the run piece by piece; a caller may stop iterating at any piece.

    The first piece holds the start alone: the weights at step 0, and no losses. If weights or losses are no longer
    finite, the run ends with that piece.

    Args:
        surface: a surface with `data`, whose samples lie along axis 0 of every leaf.
        optimizer: the rule, without batches of parameters.
        start: (n,), the initial weights.
        steps: the number of steps.
        batch_size: the samples of each step, drawn without repetition until all samples were used (an epoch; see
            `batches`); None for all samples in every step. The same seed gives every rule the same batches.
        seed: the seed of the batches, and of the random parts of the loss, such as dropout. These have a key for each
            step, the same for all rules and for all evaluations within the step.
        stride: the weights are recorded at the first step at or after each multiple of the stride, and after the last
            step. A Fraction is counted exactly: with samples / batch_size, each epoch ends with a record.
        record: whether losses and updates are recorded in every step. If not, they are NaN, and a divergence is
            noticed when weights are recorded.
        preconditioners: whether those of preconditioned rules are recorded together with the weights.
        blocks: the number of strides in a piece.
        stepwise: whether a piece may be shorter than a stride, for networks whose strides take long: each piece then
            takes about `PAUSE` seconds, or one step if a step takes longer, and only the piece that completes a stride
            holds weights. One program serves pieces of every length.
        dtype: "float32" or "float64".
        device: a JAX device; JAX's default device if None.

    Raises:
        ValueError: if steps, stride or batch_size is out of range, if the start has the wrong shape or is not finite,
            or if a rule needs the whole Hessian of too many weights.
    """
    runner = Runner(
        surface,
        optimizer,
        start,
        batch_size=batch_size,
        seed=seed,
        record=record,
        preconditioners=preconditioners,
        dtype=dtype,
        device=device,
    )
    _check_positive(steps, stride, blocks)
    return itertools.chain([runner.first], runner.run(steps, stride=stride, blocks=blocks, stepwise=stepwise))


class Runner:
    """A training run that can be continued: its weights, the state of its rule, and the batches to come.

    Args:
        surface, optimizer, start, batch_size, seed, record, preconditioners, dtype, device: as in `train`.

    Attributes:
        first: the piece that holds the start alone.
        done: the number of steps taken.
        diverged: the first step after which a number was not finite, or −1. The run ends with it.

    Raises:
        ValueError: as in `train`.
    """

    def __init__(
        self,
        surface: Surface,
        optimizer: Optimizer,
        start: Any,
        *,
        batch_size: int | None = None,
        seed: int = 0,
        record: bool = True,
        preconditioners: bool = False,
        dtype: str = "float32",
        device: Any = None,
    ) -> None:
        begin = np.asarray(start, dtype=dtype)
        _check(surface, optimizer, begin, batch_size)
        self._surface, self._optimizer = surface, _with_model(optimizer, surface)
        self._record = (record, preconditioners and optimizer.preconditioned)
        self._order, self.first = _beginning(surface, begin, batch_size, seed, self._record[1])
        self._seed = seed
        self._layers = self.first.updates.shape[1]
        self._context = functools.partial(_precision, dtype, device)
        self._dtype = dtype
        self._w: Any = begin
        self._state: Any = None
        self._packed: Any = None
        self._key: Any = None
        self.done = 0
        self.diverged = -1

    def run(self, until: int, *, stride: Stride = 10, blocks: int = PIECE, stepwise: bool = False) -> Iterator[Piece]:
        """Train up to a step, and yield the run piece by piece.

        The weights are recorded at the first step at or after each multiple of `stride`, and after the last step. A
        caller may stop iterating at any piece, and call `run` again, which goes on from there.

        Args:
            until: the last step; nothing happens if it is not after `done`.
            stride, blocks, stepwise: as in `train`.
        """
        self._prepare()
        pieces = self._few_at_a_time(until, stride) if stepwise else self._whole_strides(until, stride, blocks)
        for piece in pieces:
            self.done, self.diverged = piece.last, piece.diverged
            yield piece
            if piece.diverged >= 0:
                return

    def record(self) -> Piece:
        """The piece that holds the present weights alone."""
        numbers, arrays, layout = self._packed
        with self._context():
            scale = np.asarray(_scales(numbers, arrays, self._w, self._state, layout=layout, record=self._record[1]))
        w = np.asarray(self._optimizer.solution(self._w, self._state))
        updates = np.zeros((0, self._layers), w.dtype)
        return Piece(self.done, w[:0], updates, np.array([self.done]), w[None], scale[None], self.diverged)

    def _prepare(self) -> None:
        """Put the weights on the device, and initialise the state of the rule, before the first step."""
        if self._packed is not None:
            return
        with self._context():
            numbers, arrays, layout = numbers_of((self._surface, self._optimizer), self._dtype)
            numbers, arrays, self._w = jax.device_put((numbers, arrays, self._w))
            self._state = _init(numbers, arrays, self._w, layout=layout)
            self._key = _key(self._surface, self._seed)
        self._packed = numbers, arrays, layout

    def _whole_strides(self, until: int, stride: Stride, blocks: int) -> Iterator[Piece]:
        """Pieces of this many strides each."""
        if self.diverged >= 0:
            return
        numbers, arrays, layout = self._packed
        for done, shape, counts in _parts(self.done, until, stride, blocks):
            with self._context():
                static = {"layout": layout, "shape": shape, "record": self._record}
                drawn = _drawn(self._order, shape, counts)
                self._w, self._state, records = _advance(
                    numbers, arrays, self._w, self._state, np.int32(done), drawn, counts, self._key, **static
                )
                records = jax.tree.map(np.asarray, records)
            yield _piece(done, shape, records, self._record[0], self._layers, counts)

    def _few_at_a_time(self, until: int, stride: Stride) -> Iterator[Piece]:
        """Pieces of as many steps as take about `PAUSE` seconds, never across the end of a stride.

        The number of steps follows the time that the last piece took. It is a traced argument of one program, so
        changing it compiles nothing, and changes no number of the run.
        """
        if self.diverged >= 0:
            return
        numbers, arrays, layout = self._packed
        done, count = self.done, 1
        static = {"layout": layout, "record": self._record}
        while done < until:
            end = min(following_record(done, stride), until)
            count = min(count, FEW, end - done)
            records_weights = done + count == end
            drawn = _drawn(self._order, (1, count))
            if drawn is not None:
                drawn = np.pad(drawn[0], ((0, FEW - count), (0, 0)))
            began = time.perf_counter()
            with self._context():
                self._w, self._state, scalars, scale = _advance_few(
                    numbers, arrays, self._w, self._state, np.int32(done), np.int32(count), drawn, self._key, **static
                )
                self._w.block_until_ready()
                scalars = jax.tree.map(lambda values, count=count: np.asarray(values)[None, :count], scalars)
                ends = [
                    np.asarray(leaf)[None] if records_weights else np.zeros((0, *leaf.shape), leaf.dtype)
                    for leaf in (self._optimizer.solution(self._w, self._state), scale)
                ]
            piece = _piece(done, (1, count), (scalars, *ends), self._record[0], self._layers)
            seconds = time.perf_counter() - began
            yield piece
            done += count
            if done > 1:  # the time of the first step includes compilation
                count = max(1, min(2 * count, int(PAUSE * count / seconds)))


def following_record(done: int, stride: Stride) -> int:
    """The first step after `done` at which weights are recorded: the next k · stride, rounded up to a whole step."""
    return math.ceil((done // stride + 1) * stride)


def recorded(steps: NDArray[np.int64], stride: Stride) -> NDArray[np.bool_]:
    """Whether weights are recorded at each of these steps, besides the last step of a run; all at step 0."""
    return np.array([step == 0 or following_record(int(step) - 1, stride) == step for step in steps], bool)


def _check_positive(*numbers: Stride) -> None:
    if min(numbers) < 1:
        raise ValueError(f"steps, stride and blocks must be positive; got {', '.join(map(str, numbers))}")


def _check(surface: Surface, optimizer: Optimizer, begin: Floats, batch_size: int | None) -> None:
    samples = len(jax.tree.leaves(surface.data)[0])
    if batch_size is not None and not 1 <= batch_size <= samples:
        raise ValueError(f"batch_size must lie between 1 and the {samples} training samples; got {batch_size}")
    if begin.ndim != 1 or not np.isfinite(begin).all():
        raise ValueError(f"start must be a vector of finite weights; got shape {begin.shape}")
    if objection := size_objection(optimizer, len(begin)):
        raise ValueError(objection)


def _beginning(
    surface: Surface, begin: Floats, batch_size: int | None, seed: int, preconditioners: bool = False
) -> tuple[Iterator[NDArray[np.int32]] | None, Piece]:
    """The samples of each step (None if every step takes all of them), and the piece that holds the start alone."""
    samples = len(jax.tree.leaves(surface.data)[0])
    order = batches(samples, batch_size, seed) if batch_size is not None and batch_size < samples else None
    none = begin[:0]
    updates = np.zeros((0, len(_bounds(surface, len(begin)))), begin.dtype)
    scales = np.zeros((1, len(begin) if preconditioners else 0), begin.dtype)
    return order, Piece(0, none, updates, np.zeros(1, int), begin[None], scales, -1)


def _parts(
    done: int, until: int, stride: Stride, strides: int
) -> Iterator[tuple[int, tuple[int, int], NDArray[np.int32] | None]]:
    """The number of steps before each piece, its shape (blocks, steps of a block), and the steps of each block if they
    differ.

    From a multiple of a whole stride on, all pieces but the last two have the same shape, so that two or three programs
    serve a run of any length. Where the blocks differ, all pieces have the shape of the longest block.
    """
    whole = stride.denominator == 1
    shape = (min(strides, math.ceil((until - done) / stride)), math.ceil(stride))
    while done < until:
        if whole:
            left, rest = until - done, int(stride - done % stride)
            even = (min(strides, int(left // stride)), int(stride)) if left >= stride == rest else (1, min(left, rest))
            yield done, even, None
            done += even[0] * even[1]
        else:
            counts = np.zeros(shape[0], np.int32)
            for k in range(shape[0]):
                counts[k] = min(following_record(done + int(counts.sum()), stride), until) - done - counts.sum()
            yield done, shape, counts
            done += int(counts.sum())


def _drawn(
    order: Iterator[NDArray[np.int32]] | None, shape: tuple[int, int], counts: NDArray[np.int32] | None = None
) -> Any:
    """The samples of the next steps, (blocks, steps of a block, batch_size); None if every step takes all samples.
    A block with fewer steps ends with zeros.
    """
    if order is None:
        return None
    if counts is None:
        return np.stack(list(itertools.islice(order, math.prod(shape)))).reshape(*shape, -1)
    samples = np.stack(list(itertools.islice(order, int(counts.sum()))))
    drawn = np.zeros((*shape, samples.shape[1]), samples.dtype)
    drawn[_taken(shape, counts)] = samples
    return drawn


def _taken(shape: tuple[int, int], counts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which steps of blocks with different numbers of steps are taken, of the shape of the blocks."""
    return np.arange(shape[1]) < counts[:, None]


def _piece(
    done: int,
    shape: tuple[int, int],
    records: Any,
    recorded: bool,
    layers: int,
    counts: NDArray[np.int32] | None = None,
) -> Piece:
    """The records of a program as a piece, which ends before the first value that is not finite."""
    scalars, weights, scales = records
    counts = np.full(shape[0], shape[1], np.int32) if counts is None else counts
    if scalars:
        losses, updates = (leaf[_taken(shape, counts)] for leaf in scalars)
    else:
        losses = np.full(counts.sum(), np.nan, weights.dtype)
        updates = np.full((counts.sum(), layers), np.nan, weights.dtype)
    ends, used = done + np.cumsum(counts, dtype=np.int64), (counts > 0)[: len(weights)]
    piece = Piece(done, losses, updates, ends[: len(weights)][used], weights[used], scales[used], -1)
    return _cut(piece, recorded)


def train_together(
    surface: Surface | Sequence[Surface],
    optimizers: Sequence[Optimizer],
    start: Any,
    steps: int,
    *,
    batch_size: int | None = None,
    seed: int = 0,
    stride: Stride = 10,
    record: bool = True,
    dtype: str = "float32",
    vectorised: bool | None = None,
) -> list[Piece]:
    """Train several rules, or one rule and one network with several settings, from one start over the same batches.

    On accelerators, and on CPUs below `SMALL` weights, runs of one rule are one program under `vmap`. Otherwise the
    runs take turns on all devices, because large matrices gain nothing from being stacked on a CPU.

    Args:
        surface: the surface, or one for each rule, with the same data and other parameters.
        optimizers: the rules.
        vectorised: whether to stack the runs; None to decide by device and size.
        start, steps, batch_size, seed, stride, record, dtype: as in `train`.

    Returns:
        The whole run of each rule, equal to the joined pieces of `train`.

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
    surfaces = [surface] * len(optimizers) if isinstance(surface, Surface) else list(surface)
    if len({tuple(map(id, jax.tree.leaves(each.data))) for each in surfaces}) > 1:
        raise ValueError("surfaces that are trained together must have the same data: train others one by one")
    for each, rule in zip(surfaces, optimizers, strict=True):
        _check(each, rule, begin, batch_size)
    _check_positive(steps, stride)
    devices = jax.devices()
    if vectorised is None:
        vectorised = devices[0].platform != "cpu" or np.size(start) < SMALL
    if vectorised and len({jax.tree.structure(pair) for pair in zip(surfaces, optimizers, strict=True)}) == 1:
        rules = [_with_model(rule, each) for each, rule in zip(surfaces, optimizers, strict=True)]
        return _side_by_side(surfaces, rules, begin, steps, batch_size, seed, stride, record, dtype)

    def turn(k: int) -> list[Piece]:
        indices = range(k, len(optimizers), len(devices))
        return [join(train(surfaces[i], optimizers[i], start, steps, **options, device=devices[k])) for i in indices]

    with ThreadPoolExecutor(len(devices)) as pool:
        turns = list(pool.map(turn, range(len(devices))))
    return [turns[i % len(devices)][i // len(devices)] for i in range(len(optimizers))]


def _side_by_side(
    surfaces: Sequence[Surface],
    rules: Sequence[Optimizer],
    begin: Floats,
    steps: int,
    batch_size: int | None,
    seed: int,
    stride: Stride,
    record: bool,
    dtype: str,
) -> list[Piece]:
    """`train_together` for runs of one rule, as one program."""
    order, first = _beginning(surfaces[0], begin, batch_size, seed)
    runs = [[first] for _ in rules]
    with _precision(dtype, None):
        packed = [numbers_of(pair, dtype) for pair in zip(surfaces, rules, strict=True)]
        numbers, arrays = jax.device_put((np.stack([p[0] for p in packed]), packed[0][1]))
        layout = packed[0][2]
        w = jnp.broadcast_to(jnp.asarray(begin), (len(rules), len(begin)))
        state = _init_all(numbers, arrays, w, layout=layout)
        key = _key(surfaces[0], seed)
        for done, shape, counts in _parts(0, steps, stride, PIECE):
            static = {"layout": layout, "shape": shape, "record": (record, False)}
            drawn = _drawn(order, shape, counts)
            w, state, records = _advance_all(numbers, arrays, w, state, np.int32(done), drawn, counts, key, **static)
            records = jax.tree.map(np.asarray, records)
            for k, pieces in enumerate(runs):
                if pieces[-1].diverged < 0:
                    records_of_run = jax.tree.map(lambda leaf, k=k: leaf[k], records)
                    pieces.append(_piece(done, shape, records_of_run, record, first.updates.shape[1], counts))
    return [join(pieces) for pieces in runs]


def _with_model(optimizer: Optimizer, surface: Surface) -> Optimizer:
    """The rule; a layered one with the network whose weights it will receive."""
    if isinstance(optimizer, Scheduled | Wrapper):
        return optimizer.replace(inner=_with_model(optimizer.inner, surface))
    return optimizer.replace(model=getattr(surface, "model", None)) if optimizer.layered else optimizer


def _precision(dtype: str, device: Any) -> Any:
    """The context in which JAX computes in a dtype on a device."""
    stack = contextlib.ExitStack()
    stack.enter_context(jax.enable_x64(dtype == "float64"))
    if device is not None:
        stack.enter_context(jax.default_device(device))
    return stack


def batches(samples: int, batch_size: int, seed: int) -> Iterator[NDArray[np.int32]]:
    """The samples of each step, (batch_size,) int32: shuffles of all samples, one after another, cut into batches.

    No sample is left out: the rest of a shuffle begins the first batch of the next one, so an epoch has
    samples / batch_size steps, which need not be a whole number. A batch across two shuffles may hold a sample twice.
    """
    rest = np.empty(0, np.int32)
    for epoch in itertools.count():
        shuffle = np.random.default_rng([seed, epoch]).permutation(samples).astype(np.int32)
        order = np.concatenate([rest, shuffle])
        end = len(order) - len(order) % batch_size
        yield from order[:end].reshape(-1, batch_size)
        rest = order[end:]


def _cut(piece: Piece, recorded: bool) -> Piece:
    """The piece up to its first value that is not finite."""
    bad_steps = ~(np.isfinite(piece.losses) & np.isfinite(piece.updates).all(axis=1)) & recorded
    bad_weights = ~np.isfinite(piece.weights).all(axis=1)
    if not bad_steps.any() and not bad_weights.any():
        return piece
    candidates = [int(np.argmax(bad_steps)) + 1 + piece.first] if bad_steps.any() else []
    candidates += [int(piece.steps[np.argmax(bad_weights)])] if bad_weights.any() else []
    diverged = min(candidates)
    before = piece.steps < diverged
    count = diverged - 1 - piece.first
    steps, weights, scales = piece.steps[before], piece.weights[before], piece.preconditioners[before]
    return Piece(piece.first, piece.losses[:count], piece.updates[:count], steps, weights, scales, diverged)


def join(pieces: Iterable[Piece]) -> Piece:
    """The pieces of a run joined to one."""
    parts = list(pieces)
    names = ("losses", "updates", "steps", "weights", "preconditioners")
    arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    return Piece(parts[0].first, diverged=parts[-1].diverged, **arrays)


def _key(surface: Surface, seed: int) -> Array | None:
    """The key from which those of the steps are derived, or None if the loss has no random parts."""
    return jax.random.fold_in(jax.random.key(seed), STEPS) if surface.random else None


def _bounds(surface: Surface, count: int) -> tuple[tuple[int, int], ...]:
    """The first index and the end of each layer's weights."""
    model = getattr(surface, "model", None)
    return model.bounds if model is not None else ((0, count),)


@compiled(static=("layout",), network=True)
def _init(numbers: Array, arrays: Any, w: Array, *, layout: Any) -> Any:
    return nodes_of(numbers, arrays, layout)[1].init(w)


@compiled(static=("layout",), network=True)
def _init_all(numbers: Array, arrays: Any, w: Array, *, layout: Any) -> Any:
    return jax.vmap(lambda row, w: nodes_of(row, arrays, layout)[1].init(w))(numbers, w)


@compiled(static=("layout", "shape", "record"), network=True)
def _advance_all(
    numbers: Array,
    arrays: Any,
    w: Array,
    state: Any,
    done: Array,
    drawn: Any,
    counts: Array | None,
    key: Array | None,
    *,
    layout: Any,
    shape: Any,
    record: Any,
) -> Any:
    """`_advance` for several runs over the same batches, along a leading axis of numbers, weights and states."""

    def run(row: Array, w: Array, state: Any) -> Any:
        return _advance(row, arrays, w, state, done, drawn, counts, key, layout=layout, shape=shape, record=record)

    return jax.vmap(run)(numbers, w, state)


@compiled(static=("layout", "shape", "record"), network=True)
def _advance(
    numbers: Array,
    arrays: Any,
    w: Array,
    state: Any,
    done: Array,
    drawn: Any,
    counts: Array | None,
    key: Array | None,
    *,
    layout: Any,
    shape: tuple[int, int],
    record: tuple[bool, bool],
) -> Any:
    """The weights and the state after `shape` = (blocks, steps of a block), and the records.

    With `counts`, (blocks,), each block has that number of steps, and its scalars end with zeros.
    """
    surface, optimizer = nodes_of(numbers, arrays, layout)
    step = _stepper(surface, optimizer, len(w), record[0], key)

    def block(carry: Any, xs: Any) -> Any:
        carry, scalars = jax.lax.scan(step, carry, xs)
        w, state = carry
        return carry, (scalars, optimizer.solution(w, state), _scale(optimizer, state, w, record[1]))

    if counts is not None:

        def uneven(carry: Any, xs: Any) -> Any:
            done, count, samples = xs
            carry, scalars = _several(step, carry, done, count, samples, shape[1], _layers(surface, len(w), record[0]))
            return carry, (scalars, optimizer.solution(*carry), _scale(optimizer, carry[1], carry[0], record[1]))

        before = done + jnp.cumsum(counts) - counts
        (w, state), records = jax.lax.scan(uneven, (w, state), (before, counts, drawn))
        return w, state, records

    t = done + 1 + jnp.arange(shape[0] * shape[1], dtype=jnp.int32).reshape(shape)
    (w, state), records = jax.lax.scan(block, (w, state), (t, drawn))
    return w, state, records


def _stepper(surface: Any, optimizer: Any, count: int, record: bool, key: Array | None) -> Callable[[Any, Any], Any]:
    """The step of a scan, from (weights, state) and (t, samples) to the next (weights, state) and the scalars.

    With a key, the random parts of the loss have a key of their step.
    """
    bounds = _bounds(surface, count)

    def landscape(batch: Any, t: Array) -> Callable[[Array], Array]:
        if batch is None and key is None:
            return surface
        samples = surface.data if batch is None else jax.tree.map(lambda data: data[batch], surface.data)
        step_key = None if key is None else jax.random.fold_in(key, t)
        return lambda u: surface.loss(u, samples, step_key)

    def step(carry: Any, x: Any) -> Any:
        w, state = carry
        t, batch = x
        loss_of = landscape(batch, t)
        following, state, details = optimizer.step(Gradient(loss_of), w, state, t.astype(w.dtype))
        if not record:
            return (following, state), None
        # the rule's gradient evaluates the loss at this point, too; the compiler computes it once
        loss = loss_of(details.at)
        move = following - w
        return (following, state), (loss, jnp.stack([jnp.sqrt(jnp.sum(move[a:b] ** 2)) for a, b in bounds]))

    return step


def _scale(optimizer: Any, state: Any, w: Array, record: bool) -> Array:
    """The diagonal of the preconditioner, (n,), or an empty array, (0,), if it is not recorded."""
    return jnp.broadcast_to(optimizer.preconditioner(state), w.shape) if record else w[:0]


@compiled(static=("layout", "record"), network=True)
def _scales(numbers: Array, arrays: Any, w: Array, state: Any, *, layout: Any, record: bool) -> Any:
    return _scale(nodes_of(numbers, arrays, layout)[1], state, w, record)


@compiled(static=("layout", "record"), network=True)
def _advance_few(
    numbers: Array,
    arrays: Any,
    w: Array,
    state: Any,
    done: Array,
    count: Array,
    drawn: Any,
    key: Array | None,
    *,
    layout: Any,
    record: tuple[bool, bool],
) -> Any:
    """The weights and the state after `count` ≤ `FEW` steps, the scalars of these steps, and the preconditioner."""
    surface, optimizer = nodes_of(numbers, arrays, layout)
    step = _stepper(surface, optimizer, len(w), record[0], key)
    (w, state), scalars = _several(step, (w, state), done, count, drawn, FEW, _layers(surface, len(w), record[0]))
    return w, state, scalars, _scale(optimizer, state, w, record[1])


def _layers(surface: Any, count: int, record: bool) -> int:
    """How many norms are recorded of each step; none if no scalars are."""
    return len(_bounds(surface, count)) if record else 0


def _several(
    step: Callable[[Any, Any], Any], carry: Any, done: Array, count: Array, drawn: Any, most: int, layers: int
) -> Any:
    """(weights, state) after `count` ≤ `most` steps, and the scalars of these steps, filled up with zeros."""
    w = carry[0]
    scalars = (jnp.zeros(most, w.dtype), jnp.zeros((most, layers), w.dtype)) if layers else None

    def body(k: Array, carry: Any) -> Any:
        weights_and_state, scalars = carry
        batch = None if drawn is None else drawn[k]
        weights_and_state, row = step(weights_and_state, (done + 1 + k, batch))
        return weights_and_state, jax.tree.map(lambda column, value: column.at[k].set(value), scalars, row)

    return jax.lax.fori_loop(0, count, body, (carry, scalars))
