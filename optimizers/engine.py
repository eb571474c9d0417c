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
from optimizers.packed import unpack
from optimizers.programs import NEVER, draws, mapped, numbers_of, planes, single
from optimizers.status import Status, floor, judge
from surfaces.calculus import cpu
from surfaces.parameter import map_parameters, runs_of
from surfaces.surface import Surface

RECORDS = ("positions", "losses", "states", "step")
SMALLEST_BUCKET = 128
LARGE = 2**16
"""Bytes beyond which what was computed for the rest of a bucket is given back."""
MOST_DENSE = 100
"""Coordinates up to which a rule that needs the whole Hessian is run."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """What a run left behind, in NumPy arrays; a batch of runs adds a leading axis to every one.

    After a divergence positions and losses repeat their last finite value, and `states` and `step` hold
    what the rule computed from there on. What was not recorded is None.

    Attributes:
        surface, optimizer, noise: what ran on what, under which noise; of run k of a batch its own parameters.
        steps, stride: how many were made, and every how manyth was kept.
        positions: (k + 1, n), the start and every `stride`-th of the steps, k = steps / stride.
        losses: (k + 1,), the true loss at the positions, without noise.
        states: the rule's state after each recorded step, every leaf (k, …).
        step: `Step`, every leaf (k, n): how the step from each recorded point but the last came about.
        diverged: the first step whose point or loss is not finite, −1 for none; shape () or (runs,).
    """

    surface: Surface
    optimizer: Optimizer
    noise: Noise
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
        # a surface whose parameters are no batch stays the same object, and what is cached of it stays valid
        surface = self.surface if runs_of(self.surface) is None else map_parameters(own, self.surface)
        nodes = {name: map_parameters(own, getattr(self, name)) for name in ("optimizer", "noise")}
        return dataclasses.replace(self, surface=surface, **nodes, **kept)

    @property
    def last(self) -> int:
        """Index of the last step with a finite point: `steps`, or the one before the divergence (single runs)."""
        return self.steps if self.diverged < 0 else max(int(self.diverged) - 1, 0)

    @property
    def evaluations(self) -> int:
        """Gradient evaluations that the run cost to its end, or to the step that broke it (single runs)."""
        return self.cost * (self.steps if self.diverged < 0 else int(self.diverged))

    @functools.cached_property
    def cost(self) -> int:
        """Gradient evaluations of one step: 1 for most rules, 2 for SAM, 1 + n for Newton's method."""
        # the rule says it with each step; asked of shapes alone, nothing is computed
        start = np.zeros(len(self.surface.start), np.float32)
        return int(jax.eval_shape(once, self.optimizer, self.surface, start)[1].evaluations)

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
            finite, batches of different lengths, noise that does not fit the surface, or a dense rule on more
            than a hundred coordinates.
    """
    run = program(surface, optimizer, start, steps, noise=noise, seed=seed, record=record, stride=stride, dtype=dtype)
    with jax.enable_x64(dtype == "float64"), jax.default_device(cpu()):
        kept, step, broken = jax.tree.map(np.asarray, run())
    kept = unpack(kept)
    diverged = _settle(kept, broken, stride)
    diverged[diverged > steps] = NEVER  # beyond what was asked for, within the bucket
    lead, count = (slice(None),) * diverged.ndim, steps // stride

    def cut(name: str, leaves: Any, first: int, past: int) -> Any:
        if name in record:
            return jax.tree.map(lambda leaf: _alone(leaf[(*lead, slice(first, past))]), leaves)
        return None

    return Trace(
        surface,
        optimizer,
        NoNoise() if noise is None else noise,
        steps,
        stride,
        positions=cut("positions", kept.get("positions"), 0, count + 1),
        losses=cut("losses", kept.get("losses"), 0, count + 1),
        states=cut("states", kept.get("states"), 1, count + 1),  # kept before each step
        step=cut("step", unpack(step), 0, count),
        diverged=diverged,
    )


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

    It returns JAX arrays for the whole bucket of steps: what was kept of points, losses and states before each
    step and after the last, and the `Step`s, either as `Packed` where they are short; and the step at which a point
    between two kept ones broke (−1 for never, None where every step is kept).
    """
    noise = NoNoise() if noise is None else noise
    if steps < 1 or stride < 1 or steps % stride:
        raise ValueError(f"steps must be positive and a multiple of stride; got {steps} and {stride}")
    if unknown := set(record) - set(RECORDS):
        raise ValueError(f"record must be among {', '.join(RECORDS)}; got {', '.join(sorted(unknown))}")
    if reason := noise.objection(surface):
        raise ValueError(reason)
    if start is None:  # a batch of surfaces starts each run where its own surface does
        start = np.stack(np.broadcast_arrays(*surface.start), axis=-1)
    begin = np.asarray(start, dtype=dtype)
    if begin.ndim not in (1, 2) or begin.shape[-1] != len(surface.start):
        raise ValueError(f"start must have {len(surface.start)} coordinates, or be a batch of such; got {start!r}")
    if reason := size_objection(optimizer, begin.shape[-1]):
        raise ValueError(reason)
    if not np.isfinite(begin).all():
        raise ValueError(f"start must be finite; got {start!r}")
    numbers, arrays, layout = numbers_of((surface, optimizer, noise), dtype)
    batches = [*begin.shape[:-1], *np.shape(seed)]
    if arrays:  # batches of parameters, or data
        batches += [n for node in (surface, optimizer, noise) if (n := runs_of(node)) is not None]
    if len(set(batches)) > 1:
        raise ValueError(f"batches must be equally long; got {sorted(set(batches))}")
    seeds = np.asarray(seed).astype(np.uint32)
    blocks = bucket(steps // stride)
    compiled: Callable[..., Any] = single
    axis = None
    if batches:
        runs = batches[0]
        begin, seeds = np.broadcast_to(begin, (runs, begin.shape[-1])), np.broadcast_to(seeds, (runs,))
        compiled, axis = (planes, -1) if optimizer.elementwise else (mapped, 0)
    drawn: Any = ()
    if not isinstance(noise, NoNoise):
        *given, kinds = numbers_of((noise, surface.data), dtype)
        with jax.enable_x64(dtype == "float64"), jax.default_device(cpu()):
            drawn = draws(*given, begin, seeds, layout=kinds, count=(blocks + 1) * stride, axis=axis)
    static = {"layout": layout, "blocks": blocks, "stride": stride, "record": tuple(record)}
    return functools.partial(compiled, numbers, arrays, begin, drawn, **static)


@jax.jit
def once(optimizer: Optimizer, surface: Surface, w: Array) -> tuple[Any, Step]:
    """The state after one step, and the step. Only shapes are asked for; `jit` keeps them for all parameters."""
    return optimizer.step(Gradient(surface), w, optimizer.init(w), jnp.ones_like(w[0]))[1:]


def size_objection(rule: Optimizer | type[Optimizer], coordinates: int) -> str:
    """The reason why a rule cannot run on this many coordinates; an empty string if it can."""
    if not rule.dense or coordinates <= MOST_DENSE:
        return ""
    return f"{rule.name} needs the whole Hessian, and runs on at most {MOST_DENSE} coordinates; here are {coordinates}"


def _alone(part: np.ndarray) -> np.ndarray:
    """The part of an array without the rest of it, where the rest is large: a view would keep the whole bucket."""
    whole = part
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    return part.copy() if whole.nbytes - part.nbytes > LARGE else part


def _settle(kept: dict[str, Any], broken: np.ndarray | None, stride: int) -> np.ndarray:
    """Hold the last finite point and loss from the divergence on; returns its step, −1 for none."""
    points = kept["finite"][..., None] if "finite" in kept else np.isfinite(kept["positions"])
    losses = np.isfinite(kept["losses"]) if "losses" in kept else np.True_
    if points.all() and losses.all():
        return np.full(points.shape[:-2], NEVER)
    finite = points.all(axis=-1) & losses
    first = np.where(finite.all(axis=-1), NEVER, np.argmin(finite, axis=-1))
    for name in ("positions", "losses"):
        if name in kept:
            leaf = kept[name]
            index = np.arange(leaf.shape[first.ndim])
            held = np.where(first[..., None] == NEVER, index, np.minimum(index, np.maximum(first - 1, 0)[..., None]))
            held = held[..., None] if name == "positions" else held
            kept[name] = np.take_along_axis(leaf, held, axis=first.ndim)
    seen = np.where(first == NEVER, NEVER, first * stride)
    return seen if broken is None else np.where((broken != NEVER) & (broken < seen), broken, seen)


def bucket(steps: int) -> int:
    """The number of steps compiled for: the next power of two, so that few programs serve all lengths."""
    return max(SMALLEST_BUCKET, 1 << (steps - 1).bit_length())
