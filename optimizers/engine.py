"""`trace` runs an optimizer on a surface and returns the run as data.

It is a pure function: the same arguments give the same arrays. It compiles one program for each rule and surface, and
changes nothing that the rule computes: no step is clipped, projected or rescaled.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from optimizers.borrowed import as_rule
from optimizers.noise import Noise, NoNoise, as_noise
from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.packed import unpack
from optimizers.programs import NEVER, batched, draws, mapped, numbers_of, single
from optimizers.status import Status, floor, judge
from surfaces.calculus import cpu
from surfaces.function import from_function
from surfaces.parameter import map_parameters, runs_of
from surfaces.surface import Surface

RECORDS = ("positions", "losses", "states", "step")
SMALLEST_BUCKET = 128
LARGE = 2**16
"""If the unused rest of a bucket takes more bytes than this, a record is copied so that the rest can be freed."""
MOST_DENSE = 100
"""The largest number of coordinates for which a whole Hessian is computed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """The record of a run, in NumPy arrays; in a batch of runs every array has a leading axis.

    From the step of a divergence on, positions and losses repeat their last finite values, while `states` and `step`
    keep what the rule computed. Arrays that were not recorded are None.

    Attributes:
        surface, optimizer, noise: the arguments of the run; run k of a batch has its own parameters.
        steps: the number of steps.
        stride: the number of steps from one record to the next.
        positions: (k + 1, n), the start and the point after every `stride`-th step, k = steps / stride.
        losses: (k + 1,), the true loss at the positions, without noise.
        states: the rule's state after each recorded step, every leaf (k, …).
        step: the `Step` from each recorded point but the last, every leaf (k, n).
        diverged: the first step whose point or loss is not finite, −1 if there is none; shape () or (runs,).
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

        def row(leaf: Any) -> Any:
            return leaf[k]

        def parameter(value: Any) -> Any:
            return np.asarray(value).ravel()[k] if np.ndim(value) else value

        records = {name: jax.tree.map(row, getattr(self, name)) for name in (*RECORDS, "diverged")}
        # a surface without batches of parameters stays the same object, so that caches keyed by it stay valid
        surface = self.surface if runs_of(self.surface) is None else map_parameters(parameter, self.surface)
        nodes = {name: map_parameters(parameter, getattr(self, name)) for name in ("optimizer", "noise")}
        return dataclasses.replace(self, surface=surface, **nodes, **records)

    @property
    def last(self) -> int:
        """The last step with a finite point: `steps`, or the one before the divergence (single runs)."""
        return self.steps if self.diverged < 0 else max(int(self.diverged) - 1, 0)

    @property
    def evaluations(self) -> int:
        """The number of gradient evaluations up to the end or the divergence (single runs)."""
        return self.cost * (self.steps if self.diverged < 0 else int(self.diverged))

    @functools.cached_property
    def cost(self) -> int:
        """The number of gradient evaluations in one step: 1 for most rules, 2 for SAM, 1 + n for Newton's method."""
        start = np.zeros(len(self.surface.start), np.float32)
        return int(jax.eval_shape(first_step, self.optimizer, self.surface, start)[1].evaluations)

    @functools.cached_property
    def floor(self) -> float:
        """The loss at the lowest minimum, as `optimizers.status.floor` finds it."""
        return floor(self)

    @functools.cached_property
    def status(self) -> Status:
        """The status of the run (single runs recorded at every step)."""
        return judge(self)


def trace(
    surface: Surface | Callable[[Array], Any],
    optimizer: Optimizer | optax.GradientTransformation,
    start: Any = None,
    steps: int = 300,
    *,
    noise: Noise | None = None,
    seed: Any = 0,
    record: tuple[str, ...] = RECORDS,
    stride: int = 1,
    dtype: str = "float64",
) -> Trace:
    """Run `optimizer` on `surface` and return the record of the run.

    Args:
        surface: the surface to minimise, whose float parameters may be batches (runs,); or any function of w (n,) that
            is written with `jax.numpy`, which needs a start. `surfaces.from_function` adds a domain and known minima.
        optimizer: the rule, whose float parameters may be batches (runs,); or a transformation of optax, whose numbers
            are compiled in. `from_optax` makes a rule out of its factory, with parameters that are not.
        start: (n,), or (runs, n) for a batch; the surface's own start if None.
        steps: the number of steps. Programs are compiled for powers of two, so that moving a slider compiles nothing.
        noise: `Isotropic`, `Shifted`, `MiniBatch`, or None.
        seed: the seed of the noise, an integer or a batch (runs,). A longer run begins with the same noise.
        record: which of "positions", "losses", "states" and "step" to record.
        stride: record every stride-th step only; it must divide `steps`. In between, a point that is not finite is
            noticed at its own step, a loss that is not finite at the next recorded one.
        dtype: "float64" (the plane) or "float32" (sweeps, networks).

    Returns:
        The record, with a leading axis of runs if any argument was a batch. Run k of a batch equals run k alone, up
        to rounding.

    Raises:
        ValueError: if steps < 1, if the stride does not divide them, if the start has the wrong size or is not finite,
            if batches differ in length, if the noise cannot be used on the surface, if a dense rule meets more than a
            hundred coordinates, or if a function of the user has no start or cannot be traced by JAX.
        TypeError: if the surface is no surface and no function, or the optimizer no rule and no transformation.
    """
    surface, optimizer = as_surface(surface, start), as_rule(optimizer)
    run = program(surface, optimizer, start, steps, noise=noise, seed=seed, record=record, stride=stride, dtype=dtype)
    with jax.enable_x64(dtype == "float64"), jax.default_device(cpu()):
        packed, step, broken = jax.tree.map(np.asarray, run())
    records = unpack(packed)
    diverged = _hold(records, broken, stride)
    diverged[diverged > steps] = NEVER  # within the bucket, but after the last step of this run
    runs, count = (slice(None),) * diverged.ndim, steps // stride

    def cut(name: str, leaves: Any, first: int, end: int) -> Any:
        if name in record:
            return jax.tree.map(lambda leaf: _without_rest(leaf[(*runs, slice(first, end))]), leaves)
        return None

    return Trace(
        surface,
        optimizer,
        as_noise(noise),
        steps,
        stride,
        positions=cut("positions", records.get("positions"), 0, count + 1),
        losses=cut("losses", records.get("losses"), 0, count + 1),
        states=cut("states", records.get("states"), 1, count + 1),  # the program records states before each step
        step=cut("step", unpack(step), 0, count),
        diverged=diverged,
    )


def as_surface(surface: Surface | Callable[[Array], Any], start: Any) -> Surface:
    """A surface as it is, or a function of the user as a surface that begins at `start`, or at the first of a batch.

    Raises:
        ValueError: as `from_function`, or if the function has no start.
        TypeError: if it is neither.
    """
    if isinstance(surface, Surface):
        return surface
    if isinstance(surface, type) and issubclass(surface, Surface):
        raise TypeError(f"surface must be an instance: call {surface.__name__} with its parameters first")
    if not callable(surface):
        raise TypeError(
            "surface must be a surface, such as SURFACES['rosenbrock'](), or a function of w written with jax.numpy; "
            f"got {type(surface).__name__}"
        )
    if start is None:
        raise ValueError("a function of your own needs a start, such as trace(function, rule, start=(-1.5, 2.0))")
    return from_function(surface, np.atleast_2d(start)[0])


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
    """The compiled program of a `trace`, with all its arguments; it must be called in the same precision.

    It returns JAX arrays for the whole bucket of steps: the points, losses and states before each step and after the
    last one; the `Step`s; and the step at which a point between two records was not finite (−1 for never, None if every
    step is recorded). Records and `Step`s are `Packed` if they are short.
    """
    noise = as_noise(noise)
    if steps < 1 or stride < 1 or steps % stride:
        raise ValueError(f"steps must be positive and a multiple of stride; got {steps} and {stride}")
    if unknown := set(record) - set(RECORDS):
        raise ValueError(f"record must be among {', '.join(RECORDS)}; got {', '.join(sorted(unknown))}")
    if objection := noise.objection(surface):
        raise ValueError(objection)
    if start is None:  # each run of a batch of surfaces begins at the start of its own surface
        start = np.stack(np.broadcast_arrays(*surface.start), axis=-1)
    w = np.asarray(start, dtype=dtype)
    if w.ndim not in (1, 2) or w.shape[-1] != len(surface.start):
        raise ValueError(
            f"start must have {len(surface.start)} coordinates, or be a batch of such points; got {start!r}"
        )
    if objection := size_objection(optimizer, w.shape[-1]):
        raise ValueError(objection)
    if not np.isfinite(w).all():
        raise ValueError(f"start must be finite; got {start!r}")
    numbers, arrays, layout = numbers_of((surface, optimizer, noise), dtype)
    lengths = [*w.shape[:-1], *np.shape(seed)]
    if arrays:  # batches of parameters, or data
        lengths += [n for node in (surface, optimizer, noise) if (n := runs_of(node)) is not None]
    if len(set(lengths)) > 1:
        raise ValueError(f"batches must be equally long; got {sorted(set(lengths))}")
    seeds = np.asarray(seed).astype(np.uint32)
    blocks = bucket(steps // stride)
    compiled: Callable[..., Any] = single
    axis = None
    if lengths:
        runs = lengths[0]
        w, seeds = np.broadcast_to(w, (runs, w.shape[-1])), np.broadcast_to(seeds, (runs,))
        compiled, axis = (batched, -1) if optimizer.elementwise else (mapped, 0)
    drawn: Any = ()
    if not isinstance(noise, NoNoise):
        noise_numbers, noise_arrays, noise_layout = numbers_of((noise, surface.data), dtype)
        count = (blocks + 1) * stride
        with jax.enable_x64(dtype == "float64"), jax.default_device(cpu()):
            drawn = draws(noise_numbers, noise_arrays, w, seeds, layout=noise_layout, count=count, axis=axis)
    static = {"layout": layout, "blocks": blocks, "stride": stride, "record": tuple(record)}
    return functools.partial(compiled, numbers, arrays, w, drawn, **static)


@jax.jit
def first_step(optimizer: Optimizer, surface: Surface, w: Array) -> tuple[Any, Step]:
    """The state after the first step, and the step. Callers need shapes only, which `jit` keeps for all parameters."""
    return optimizer.step(Gradient(surface), w, optimizer.init(w), jnp.ones_like(w[0]))[1:]


def size_objection(rule: Optimizer | type[Optimizer], coordinates: int) -> str:
    """The reason why a rule cannot run on this many coordinates; an empty string if it can."""
    if not rule.dense or coordinates <= MOST_DENSE:
        return ""
    return f"{rule.name} needs the whole Hessian, and runs on at most {MOST_DENSE} coordinates; got {coordinates}"


def _without_rest(part: np.ndarray) -> np.ndarray:
    """A part of an array, as a copy if the rest is large: as a view it would keep the whole bucket in memory."""
    whole = part
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    return part.copy() if whole.nbytes - part.nbytes > LARGE else part


def _hold(records: dict[str, Any], broken: np.ndarray | None, stride: int) -> np.ndarray:
    """The step of the divergence, −1 for none; from it on, `records` are made to repeat the last finite values."""
    points = records["finite"][..., None] if "finite" in records else np.isfinite(records["positions"])
    losses = np.isfinite(records["losses"]) if "losses" in records else np.True_
    if points.all() and losses.all():
        return np.full(points.shape[:-2], NEVER)
    finite = points.all(axis=-1) & losses
    first = np.where(finite.all(axis=-1), NEVER, np.argmin(finite, axis=-1))
    for name in ("positions", "losses"):
        if name in records:
            leaf = records[name]
            index = np.arange(leaf.shape[first.ndim])
            source = np.where(first[..., None] == NEVER, index, np.minimum(index, np.maximum(first - 1, 0)[..., None]))
            source = source[..., None] if name == "positions" else source
            records[name] = np.take_along_axis(leaf, source, axis=first.ndim)
    step = np.where(first == NEVER, NEVER, first * stride)
    return step if broken is None else np.where((broken != NEVER) & (broken < step), broken, step)


def bucket(steps: int) -> int:
    """The number of steps that a program is compiled for: the next power of two, so that few programs serve all."""
    return max(SMALLEST_BUCKET, 1 << (steps - 1).bit_length())
