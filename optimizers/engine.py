"""A run is data: `trace` is pure, compiles once per rule and surface, and alters nothing on the way."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from optimizers.noise import Noise, NoNoise
from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.status import Status, floor, judge
from surfaces.calculus import cpu
from surfaces.parameter import map_parameters, runs_of
from surfaces.surface import Surface

RECORDS = ("positions", "losses", "states", "step")
SMALLEST_BUCKET = 128
MOST_PROGRAMS = 400
"""Compiled programs kept of each kind, about a megabyte each; beyond, all are dropped and compiled anew."""
NEVER = -1


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """What a run left behind, in NumPy arrays; a batch of runs adds a leading axis to every one.

    After a divergence positions and losses repeat their last finite value, and `states` and `step` hold
    what the rule computed from there on. What was not recorded is None.

    Attributes:
        positions: (k + 1, n), the start and every `stride`-th of the steps, k = steps / stride.
        losses: (k + 1,), the true loss at the positions, without noise.
        states: the rule's state after each recorded step, every leaf (k, …).
        step: `Step`, every leaf (k, n): how the step from each recorded point but the last came about.
        diverged: the first step whose point or loss is not finite, −1 for none; shape () or (runs,).
    """

    surface: Surface
    optimizer: Optimizer
    steps: int
    stride: int
    positions: Any
    losses: Any
    states: Any
    step: Any
    diverged: np.ndarray

    def __len__(self) -> int:
        if self.diverged.ndim == 0:
            raise TypeError("a single run has no length; a batch of runs does")
        return len(self.diverged)

    def __getitem__(self, k: int) -> Trace:
        """Run k of a batch, with its own parameters."""
        runs = len(self)
        if not -runs <= k < runs:
            raise IndexError(f"run must lie in [0, {runs}); got {k}")

        def pick(leaf: Any) -> Any:
            return leaf[k]

        def own(value: Any) -> Any:
            return np.asarray(value).ravel()[k] if np.ndim(value) else value

        kept = {name: jax.tree.map(pick, getattr(self, name)) for name in (*RECORDS, "diverged")}
        surface, optimizer = map_parameters(own, self.surface), map_parameters(own, self.optimizer)
        return dataclasses.replace(self, surface=surface, optimizer=optimizer, **kept)

    @property
    def last(self) -> int:
        """Index of the last step with a finite point: `steps`, or the one before the divergence (single runs)."""
        return self.steps if self.diverged < 0 else max(int(self.diverged) - 1, 0)

    @functools.cached_property
    def evaluations(self) -> int:
        """Gradient evaluations that the finite part of the run cost (single runs)."""

        def once(w: Array) -> Step:
            return self.optimizer.step(Gradient(self.surface), w, self.optimizer.init(w), jnp.ones_like(w[0]))[2]

        # the rule says it with each step; asked of shapes alone, nothing is computed
        return int(jax.eval_shape(once, jnp.zeros(len(self.surface.start))).evaluations) * self.last

    @functools.cached_property
    def floor(self) -> float:
        """The lowest known minimum's loss; else the bottom of the parabola at the last point, if it has one."""
        return floor(self)

    @functools.cached_property
    def status(self) -> Status:
        """What became of the run (single runs recorded at every step)."""
        return judge(self)


def trace(
    surface: Surface,
    optimizer: Optimizer,
    start: Any = None,
    steps: int = 300,
    *,
    noise: Noise | None = None,
    seed: Any = 0,
    record: tuple[str, ...] = RECORDS,
    stride: int = 1,
    dtype: str = "float64",
) -> Trace:
    """Run `optimizer` on `surface` and keep what happened.

    Args:
        surface: what is minimised; float parameters may be batches (runs,).
        optimizer: the rule; float parameters may be batches (runs,).
        start: (n,), or (runs, n) for a batch; the surface's own where None.
        steps: how many; bucketed to powers of two for compilation, so that a moved slider compiles nothing.
        noise: none, `Isotropic`, `Shifted` or `MiniBatch`.
        seed: of the noise; an integer or a batch (runs,). More steps keep the prefix.
        record: what to keep of "positions", "losses", "states", "step".
        stride: keep every stride-th step; it must divide `steps`. Between them a point that is not finite
            is seen at its step, a loss beyond the numbers at the next kept one.
        dtype: "float64" (the plane) or "float32" (sweeps, networks).

    Returns:
        `Trace`, with a leading axis of runs if anything was a batch. Run k of a batch equals run k alone
        to rounding.

    Raises:
        ValueError: on steps < 1, a stride that does not divide them, a start of the wrong size or not
            finite, batches of different lengths, or noise that does not fit the surface.
    """
    run = program(surface, optimizer, start, steps, noise=noise, seed=seed, record=record, stride=stride, dtype=dtype)
    if run.func._cache_size() > MOST_PROGRAMS:  # type: ignore[attr-defined]
        run.func.clear_cache()  # type: ignore[attr-defined]
    with jax.enable_x64(dtype == "float64"), jax.default_device(cpu()):
        kept, first, broken = jax.tree.map(np.asarray, run())
    diverged = _settle(kept, first, broken, stride)
    count = steps // stride
    before = (slice(None),) * diverged.ndim

    def shorten(name: str) -> Any:
        if name not in kept:
            return None
        end = count + (name in ("positions", "losses"))
        return jax.tree.map(lambda leaf: leaf[(*before, slice(0, end))], kept[name])

    positions, losses, states, step = (shorten(name) for name in RECORDS)
    diverged = np.where(diverged > steps, NEVER, diverged)
    return Trace(surface, optimizer, steps, stride, positions, losses, states, step, diverged)


def program(
    surface: Surface,
    optimizer: Optimizer,
    start: Any = None,
    steps: int = 300,
    *,
    noise: Noise | None = None,
    seed: Any = 0,
    record: tuple[str, ...] = RECORDS,
    stride: int = 1,
    dtype: str = "float64",
) -> functools.partial[Any]:
    """The compiled program of a `trace` with its arguments in hand, to be called within the same context.

    It returns what was kept for the whole bucket of steps, as JAX arrays, the first index of it that is not
    finite, and the step at which a point between two kept ones broke (both −1 for never).
    """
    noise = NoNoise() if noise is None else noise
    if steps < 1 or stride < 1 or steps % stride:
        raise ValueError(f"steps must be positive and a multiple of stride; got {steps} and {stride}")
    if unknown := set(record) - set(RECORDS):
        raise ValueError(f"record must be among {', '.join(RECORDS)}; got {', '.join(sorted(unknown))}")
    if why := noise.fits(surface):
        raise ValueError(why)
    if start is None:  # a batch of surfaces starts each run where its own surface does
        start = np.stack(np.broadcast_arrays(*surface.start), axis=-1)
    begin = np.asarray(start, dtype=dtype)
    if begin.ndim not in (1, 2) or begin.shape[-1] != len(surface.start):
        raise ValueError(f"start must have {len(surface.start)} coordinates, or be a batch of such; got {start!r}")
    if not np.isfinite(begin).all():
        raise ValueError(f"start must be finite; got {start!r}")
    seeds = np.asarray(seed).astype(np.uint32)
    batches = (runs_of(surface), runs_of(optimizer), runs_of(noise), *begin.shape[:-1], *seeds.shape)
    sizes = {n for n in batches if n is not None}
    if len(sizes) > 1:
        raise ValueError(f"batches must be equally long; got {sorted(sizes)}")

    def cast(value: Any) -> Any:
        # a Python float is handed to a compiled program sooner than an array without axes
        return np.asarray(value, dtype=dtype) if np.ndim(value) else float(value)

    surface = map_parameters(cast, surface)
    optimizer, noise = map_parameters(cast, optimizer), map_parameters(cast, noise)
    if surface.data is not None:
        surface = jax.tree.map(lambda leaf: _narrow(leaf, dtype), surface)
    compiled: Callable[..., Any] = _single
    if sizes:
        (runs,) = sizes
        begin, seeds = np.broadcast_to(begin, (runs, begin.shape[-1])), np.broadcast_to(seeds, (runs,))
        compiled = _planes if optimizer.elementwise else _mapped
    static = {"blocks": bucket(steps // stride), "stride": stride, "record": tuple(record)}
    return functools.partial(compiled, surface, optimizer, noise, begin, seeds, **static)


def _narrow(leaf: Any, dtype: str) -> Any:
    return np.asarray(leaf, dtype=dtype) if np.ndim(leaf) and np.asarray(leaf).dtype.kind == "f" else leaf


def _settle(kept: dict[str, Any], first: np.ndarray, broken: np.ndarray, stride: int) -> np.ndarray:
    """Hold the last finite point and loss from the divergence on; returns its step, −1 for none."""
    if (first == NEVER).all():
        return first
    for name in ("positions", "losses"):
        if name in kept:
            leaf = kept[name]
            index = np.arange(leaf.shape[first.ndim])
            held = np.where(first[..., None] == NEVER, index, np.minimum(index, np.maximum(first - 1, 0)[..., None]))
            held = held[..., None] if name == "positions" else held
            kept[name] = np.take_along_axis(leaf, held, axis=first.ndim)
    seen = np.where(first == NEVER, NEVER, first * stride)
    return np.where((broken != NEVER) & (broken < seen), broken, seen)


def bucket(steps: int) -> int:
    """The number of steps compiled for: the next power of two, so that few programs serve all lengths."""
    return max(SMALLEST_BUCKET, 1 << (steps - 1).bit_length())


def _run(
    surface: Surface,
    optimizer: Optimizer,
    noise: Noise,
    w: Array,
    draws: Any,
    blocks: int,
    stride: int,
    record: Any,
) -> Any:
    """One program; w (n,) or (n, runs). The scan carries what the next step needs and no more: losses and the
    `Step`s are worked out afterwards from the recorded points, all at once, at a tenth of the time.
    """

    def follow(w: Array, state: Any, t: Array, drawn: Any) -> tuple[Array, Any, Step]:
        return optimizer.step(Gradient(noise.landscape(surface, drawn, w)), w, state, t.astype(w.dtype))

    def one(carry: Any, x: Any) -> Any:
        w, state, broken = carry
        following, state, _ = follow(w, state, *x)
        if stride > 1:  # a point between two kept ones leaves no other trace of where the run broke
            finite = jnp.isfinite(following).all(axis=0)
            broken = jnp.where((broken == NEVER) & ~finite, x[0], broken)
        return (following, state, broken), None

    def block(carry: Any, xs: Any) -> Any:
        carry, _ = one(carry, xs) if stride == 1 else jax.lax.scan(one, carry, xs)
        if forgets:  # points too large to be kept for later
            return carry, (surface(carry[0]), jnp.isfinite(carry[0]).all(axis=0))
        return carry, carry[:2] if remembers else carry[:1]

    remembers = "states" in record or "step" in record
    forgets = not remembers and "positions" not in record
    begin = w, optimizer.init(w)
    xs = (jnp.arange(1, blocks * stride + 1), draws)
    if stride > 1:
        xs = jax.tree.map(lambda x: x.reshape(blocks, stride, *x.shape[1:]), xs)
    never = jnp.full(w.shape[1:], NEVER, dtype=xs[0].dtype)
    (_, _, broken), after = jax.lax.scan(block, (*begin, never), xs)

    if forgets:
        losses = jnp.concatenate([surface(w)[None], after[0]])
        finite = jnp.isfinite(losses) & jnp.concatenate([jnp.isfinite(w).all(axis=0)[None], after[1]])
        return {"losses": losses} if record else {}, _first(~finite), broken

    positions = jnp.concatenate([w[None], after[0]])
    finite = jnp.isfinite(positions).all(axis=1)
    kept: dict[str, Any] = {"positions": positions}
    if "losses" in record:
        # one after the other: a vmap is spread over threads, whose start costs more than the losses
        kept["losses"] = jax.lax.map(surface, positions)
        finite &= jnp.isfinite(kept["losses"])
    if "states" in record:
        kept["states"] = after[1]
    if "step" in record:
        first = xs if stride == 1 else jax.tree.map(lambda x: x[:, 0], xs)
        before = jax.tree.map(lambda initial, rest: jnp.concatenate([initial[None], rest[:-1]]), begin, after)
        kept["step"] = jax.vmap(lambda *now: _broadcast(follow(*now)[2], w))(*before, *first)
    return {name: kept[name] for name in record}, _first(~finite), broken


def _first(bad: Array) -> Array:
    return jnp.where(bad.any(axis=0), jnp.argmax(bad, axis=0), NEVER)


def _broadcast(step: Step, w: Array) -> Step:
    return jax.tree.map(lambda leaf: jnp.broadcast_to(jnp.asarray(leaf, w.dtype), w.shape), step)


def _draws(surface: Surface, noise: Noise, w: Array, seed: Array, count: int) -> Any:
    """ξ of every step of one run, keyed by step: a longer run begins with the same draws."""
    key = jax.random.key(seed)
    return jax.vmap(lambda t: noise.draw(jax.random.fold_in(key, t), surface, w))(jnp.arange(1, count + 1))


@functools.partial(jax.jit, static_argnames=("blocks", "stride", "record"))
def _single(
    surface: Any, optimizer: Any, noise: Any, w: Array, seed: Array, *, blocks: int, stride: int, record: Any
) -> Any:
    draws = _draws(surface, noise, w, seed, blocks * stride)
    return _run(surface, optimizer, noise, w, draws, blocks, stride, record)


@functools.partial(jax.jit, static_argnames=("blocks", "stride", "record"))
def _planes(
    surface: Any, optimizer: Any, noise: Any, w: Array, seed: Array, *, blocks: int, stride: int, record: Any
) -> Any:
    """All runs in planes (n, runs): parameters of rule and noise (1, runs), of the surface (runs,)."""
    draws = jax.vmap(lambda w, seed: _draws(surface, noise, w, seed, blocks * stride), out_axes=-1)(w, seed)

    def row(value: Array) -> Array:
        return value[None, :] if value.ndim else value

    optimizer, noise = map_parameters(row, optimizer), map_parameters(row, noise)
    kept, *breaks = _run(surface, optimizer, noise, w.T, draws, blocks, stride, record)
    return jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), kept), *breaks


@functools.partial(jax.jit, static_argnames=("blocks", "stride", "record"))
def _mapped(
    surface: Any, optimizer: Any, noise: Any, w: Array, seed: Array, *, blocks: int, stride: int, record: Any
) -> Any:
    """Borrowed rules reduce over whole arrays: one run at a time under vmap."""

    def one(batched: list[Any], w: Array, seed: Array) -> Any:
        values = iter(batched)

        def fill(value: Array) -> Array:
            return next(values) if value.ndim else value

        own = [map_parameters(fill, node) for node in (surface, optimizer, noise)]
        draws = _draws(own[0], own[2], w, seed, blocks * stride)
        return _run(own[0], own[1], own[2], w, draws, blocks, stride, record)

    batched: list[Any] = []

    def collect(value: Array) -> Array:
        if value.ndim:
            batched.append(value)
        return value

    for node in (surface, optimizer, noise):
        map_parameters(collect, node)
    return jax.vmap(one)(batched, w, seed)
