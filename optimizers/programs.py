"""The compiled programs of a run: one for each rule, surface, noise and bucket of steps. All parameters are traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from optimizers.optimizer import Gradient, Step
from optimizers.packed import pack, unpack
from surfaces.compiled import compiled
from surfaces.parameter import map_parameters

NEVER = -1
STATIC = ("layout", "blocks", "stride", "record")


def numbers_of(nodes: Any, dtype: str) -> tuple[np.ndarray, list[Any], Any]:
    """All scalars of `nodes` in one vector, their arrays (batches, data), and the layout for `nodes_of`.

    One vector reaches a program faster than ten scalars. The layout is static.
    """
    leaves, tree = jax.tree.flatten(nodes)
    scalar = tuple([isinstance(leaf, float) or np.ndim(leaf) == 0 for leaf in leaves])
    numbers = np.array([leaf for leaf, flag in zip(leaves, scalar, strict=True) if flag], dtype=dtype)
    arrays = [_cast(leaf, dtype) for leaf, flag in zip(leaves, scalar, strict=True) if not flag]
    return numbers, arrays, (tree, scalar)


def nodes_of(numbers: Array, arrays: list[Array], layout: Any) -> Any:
    """The nodes from which `numbers_of` took its vector, arrays and layout; called within a program."""
    tree, scalar = layout
    scalars, others = iter([numbers[k] for k in range(len(numbers))]), iter(arrays)
    return jax.tree.unflatten(tree, [next(scalars) if flag else next(others) for flag in scalar])


def _cast(leaf: Any, dtype: str) -> Any:
    return np.asarray(leaf, dtype=dtype) if np.asarray(leaf).dtype.kind == "f" else leaf


def _run(nodes: Callable[[], Any], w: Array, draws: Any, blocks: int, stride: int, record: Any) -> Any:
    """The records, the `Step`s from them, and the step at which a point between two records was not finite.

    A point is recorded before its step, where the rule's gradient evaluates the loss anyway; therefore one block more
    is run than is asked for. `Step`s are worked out afterwards, all at once: carrying so many arrays through the loop
    takes ten times as long.

    Args:
        nodes: returns surface, optimizer and noise; called within the loop, so that the loop carries only the vector
            of their numbers.
        w: (n,) or (n, runs).
        draws: the draws of the noise for every step.
        blocks, stride: the number of records, and the steps from one to the next.
        record: as in `trace`.
    """
    needs_states = "states" in record or "step" in record
    losses_alone = not needs_states and "positions" not in record  # points may be too large to be recorded

    def step_from(w: Array, state: Any, t: Array, drawn: Any) -> tuple[Array, Any, Step]:
        surface, optimizer, noise = nodes()
        return optimizer.step(Gradient(noise.landscape(surface, drawn, w)), w, state, t.astype(w.dtype))

    def record_of(w: Array, state: Any) -> dict[str, Any]:
        losses = {"losses": nodes()[0](w)} if "losses" in record or losses_alone else {}
        if losses_alone:
            return {**losses, "finite": jnp.isfinite(w).all(axis=0)}
        return {**losses, "positions": w, "states": state} if needs_states else {**losses, "positions": w}

    def advance(carry: Any, x: Any) -> Any:
        packed, broken = carry
        following, state, _ = step_from(*unpack(packed), *x)
        if stride > 1:  # nothing else shows that a point between two records is not finite
            finite = jnp.isfinite(following).all(axis=0)
            broken = jnp.where((broken == NEVER) & ~finite, x[0], broken)
        return (pack((following, state)), broken), None

    def block(carry: Any, xs: Any) -> Any:
        after, _ = advance(carry, xs) if stride == 1 else jax.lax.scan(advance, carry, xs)
        return after, pack(record_of(*unpack(carry[0])))

    xs = (jnp.arange(1, (blocks + 1) * stride + 1), draws)
    if stride > 1:
        xs = jax.tree.map(lambda x: x.reshape(blocks + 1, stride, *x.shape[1:]), xs)
    never = jnp.full(w.shape[1:], NEVER, dtype=xs[0].dtype) if stride > 1 else None
    (_, broken), records = jax.lax.scan(block, (pack((w, nodes()[1].init(w))), never), xs)
    if "step" not in record:
        return records, None, broken

    def step_of(packed: Any, t: Array, drawn: Any) -> Any:
        before = unpack(packed)
        step = step_from(before["positions"], before["states"], t, drawn)[2]
        return pack(jax.tree.map(lambda leaf: jnp.broadcast_to(jnp.asarray(leaf, w.dtype), w.shape), step))

    first = xs if stride == 1 else jax.tree.map(lambda x: x[:, 0], xs)
    return records, jax.vmap(step_of)(*jax.tree.map(lambda x: x[:blocks], (records, *first))), broken


@compiled(static=("layout", "count", "axis"))
def draws(numbers: Array, arrays: Any, w: Array, seed: Array, *, layout: Any, count: int, axis: int | None) -> Any:
    """What the noise draws for `count` steps; batches of runs lie along `axis`.

    Draws are keyed by step, so a longer run begins with the same ones. They have a program of their own, because
    generating random numbers takes longer to compile than any rule.
    """
    noise, data = nodes_of(numbers, arrays, layout)

    def run(w: Array, seed: Array) -> Any:
        key = jax.random.key(seed)
        return jax.vmap(lambda t: noise.draw(jax.random.fold_in(key, t), w, data))(jnp.arange(1, count + 1))

    return run(w, seed) if axis is None else jax.vmap(run, out_axes=axis)(w, seed)


@compiled(static=STATIC)
def single(
    numbers: Array, arrays: Any, w: Array, drawn: Any, *, layout: Any, blocks: int, stride: int, record: Any
) -> Any:
    """A single run."""
    return _run(lambda: nodes_of(numbers, arrays, layout), w, drawn, blocks, stride, record)


@compiled(static=STATIC)
def batched(
    numbers: Array, arrays: Any, w: Array, drawn: Any, *, layout: Any, blocks: int, stride: int, record: Any
) -> Any:
    """All runs of a batch at once, in arrays (n, runs): parameters of rule and noise (1, runs), of the surface (runs,).

    For elementwise rules.
    """
    surface, optimizer, noise = nodes_of(numbers, arrays, layout)

    def row(value: Array) -> Array:
        return value[None, :] if value.ndim else value

    nodes = surface, map_parameters(row, optimizer), map_parameters(row, noise)
    records = _run(lambda: nodes, w.T, drawn, blocks, stride, record)
    return jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), records)


@compiled(static=STATIC)
def mapped(
    numbers: Array, arrays: Any, w: Array, drawn: Any, *, layout: Any, blocks: int, stride: int, record: Any
) -> Any:
    """The runs of a batch under `vmap`, for borrowed rules, which reduce over whole arrays."""
    nodes = nodes_of(numbers, arrays, layout)
    batches: list[Any] = []

    def collect(value: Array) -> Array:
        if value.ndim:
            batches.append(value)
        return value

    for node in nodes:
        map_parameters(collect, node)

    def run(parameters: list[Any], w: Array, drawn: Any) -> Any:
        values = iter(parameters)

        def fill(value: Array) -> Array:
            return next(values) if value.ndim else value

        nodes_of_run = [map_parameters(fill, node) for node in nodes]
        return _run(lambda: nodes_of_run, w, drawn, blocks, stride, record)

    return jax.vmap(run)(batches, w, drawn)
