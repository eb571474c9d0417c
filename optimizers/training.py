"""Training in pieces: the same rules on a surface with data, its weights kept at a stride, stopped when one likes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers.engine import too_dense
from optimizers.optimizer import Gradient, Optimizer
from optimizers.programs import nodes_of, numbers_of
from optimizers.schedules import Scheduled
from surfaces.surface import Surface

Floats = NDArray[np.floating[Any]]
PIECE = 50
"""Blocks of one piece: what is waited for when a run is stopped."""


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
    dtype: str = "float32",
    device: Any = None,
) -> Iterator[Piece]:
    """Train, and hand out what happened piece by piece; who stops asking keeps what was handed out.

    The first piece holds the start alone: no loss, and the weights at step 0. A run that leaves the finite numbers
    ends with the piece in which it does.

    Args:
        surface: with `data`, whose samples lie along axis 0 of every leaf.
        optimizer: the rule; one run, no batches of parameters.
        start: (n,), the weights to begin with.
        steps: how many.
        batch_size: samples of each step, drawn without repetition until all had their turn (an epoch; the samples
            left over at its end sit out); None for all, every step. The same seed draws the same batches for every
            rule.
        seed: of the batches.
        stride: the weights are kept after every stride-th step, and after the last.
        record: whether losses and updates are kept of every step; without, they are NaN and a divergence is seen at
            the next weights that are kept.
        preconditioners: whether those of preconditioned rules are kept with the weights.
        blocks: strides of one piece.
        dtype: "float32" or "float64".
        device: a JAX device; JAX's own choice where None.

    Raises:
        ValueError: on steps, stride or batch_size out of range, a start that does not fit or is not finite, or a
            rule that needs the whole Hessian of too many weights.
    """
    samples = len(jax.tree.leaves(surface.data)[0])
    begin = np.asarray(start, dtype=dtype)
    if min(steps, stride, blocks) < 1:
        raise ValueError(f"steps, stride and blocks must be positive; got {steps}, {stride} and {blocks}")
    if batch_size is not None and not 1 <= batch_size <= samples:
        raise ValueError(f"batch_size must lie between 1 and the {samples} training samples; got {batch_size}")
    if begin.ndim != 1 or not np.isfinite(begin).all():
        raise ValueError(f"start must be a vector of finite weights; got shape {begin.shape}")
    if reason := too_dense(optimizer, len(begin)):
        raise ValueError(reason)
    optimizer = _fitted(optimizer, surface)
    kept = (record, preconditioners and optimizer.preconditioned)
    return _pieces(surface, optimizer, begin, steps, batch_size, seed, stride, blocks, kept, dtype, device)


def _pieces(
    surface: Surface,
    optimizer: Optimizer,
    begin: Floats,
    steps: int,
    batch_size: int | None,
    seed: int,
    stride: int,
    most: int,
    record: tuple[bool, bool],
    dtype: str,
    device: Any,
) -> Iterator[Piece]:
    samples = len(jax.tree.leaves(surface.data)[0])
    order = batches(samples, batch_size, seed) if batch_size is not None and batch_size < samples else None
    layers = len(_bounds(surface, len(begin)))
    nothing = np.zeros((1, len(begin) if record[1] else 0), dtype)
    yield Piece(0, np.zeros(0, dtype), np.zeros((0, layers), dtype), np.zeros(1, int), begin[None], nothing, -1)
    context = functools.partial(_within, dtype, device)
    with context():
        numbers, arrays, layout = numbers_of((surface, optimizer), dtype)
        numbers, arrays, w = jax.device_put((numbers, arrays, begin))
        state = _init(numbers, arrays, w, layout=layout)
    done = 0
    while done < steps:
        # whole pieces first, so that two programs serve a run of any length
        length, blocks = (stride, min(most, (steps - done) // stride)) if steps - done >= stride else (steps - done, 1)
        count = length * blocks
        drawn = None if order is None else np.stack(list(itertools.islice(order, count))).reshape(blocks, length, -1)
        with context():
            static = {"layout": layout, "shape": (blocks, length), "record": record}
            w, state, kept = _advance(numbers, arrays, w, state, np.int32(done), drawn, **static)
            scalars, weights, scales = jax.tree.map(np.asarray, kept)
        losses, updates = scalars or (np.full(count, np.nan, dtype), np.full((count, layers), np.nan, dtype))
        after = done + length * np.arange(1, blocks + 1)
        piece = Piece(done, losses.reshape(-1), updates.reshape(count, -1), after, weights, scales, -1)
        piece = _cut(piece, record[0])
        yield piece
        if piece.diverged >= 0:
            return
        done += count


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
    """The samples of each step, (batch_size,) int32: each epoch is a shuffle of its own, cut into batches."""
    for epoch in itertools.count():
        order = np.random.default_rng([seed, epoch]).permutation(samples).astype(np.int32)
        whole = samples - samples % batch_size
        yield from order[:whole].reshape(-1, batch_size)


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


@functools.partial(jax.jit, static_argnames=("layout",))
def _init(numbers: Array, arrays: Any, w: Array, *, layout: Any) -> Any:
    return nodes_of(numbers, arrays, layout)[1].init(w)


@functools.partial(jax.jit, static_argnames=("layout", "shape", "record"))
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
    bounds = _bounds(surface, len(w))

    def landscape(batch: Any) -> Callable[[Array], Array]:
        if batch is None:
            return surface
        samples = jax.tree.map(lambda data: data[batch], surface.data)
        return lambda u: surface.loss(u, samples)

    def one(carry: Any, x: Any) -> Any:
        w, state = carry
        t, batch = x
        here = landscape(batch)
        following, state, step = optimizer.step(Gradient(here), w, state, t.astype(w.dtype))
        if not record[0]:
            return (following, state), None
        # evaluated by the rule's own gradient at that point: the compiler finds it twice and works it out once
        loss = here(step.at)
        move = following - w
        return (following, state), (loss, jnp.stack([jnp.sqrt(jnp.sum(move[a:b] ** 2)) for a, b in bounds]))

    def block(carry: Any, xs: Any) -> Any:
        carry, scalars = jax.lax.scan(one, carry, xs)
        w, state = carry
        scale = jnp.broadcast_to(optimizer.preconditioner(state), w.shape) if record[1] else w[:0]
        return carry, (scalars, w, scale)

    t = done + 1 + jnp.arange(shape[0] * shape[1], dtype=jnp.int32).reshape(shape)
    (w, state), kept = jax.lax.scan(block, (w, state), (t, drawn))
    return w, state, kept
