"""The compiled programs of a run: one per rule, surface, noise and bucket of steps; every parameter is traced."""

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
    """Every single number of `nodes` in one vector (a program is handed one array sooner than ten), their arrays
    (batches, data), and the static layout from which `nodes_of` restores them.
    """
    leaves, tree = jax.tree.flatten(nodes)
    single = tuple([isinstance(leaf, float) or np.ndim(leaf) == 0 for leaf in leaves])
    numbers = np.array([leaf for leaf, one in zip(leaves, single, strict=True) if one], dtype=dtype)
    arrays = [_narrow(leaf, dtype) for leaf, one in zip(leaves, single, strict=True) if not one]
    return numbers, arrays, (tree, single)


def nodes_of(numbers: Array, arrays: list[Array], layout: Any) -> Any:
    """Inverse of `numbers_of`, within a program."""
    tree, single = layout
    ones, many = iter([numbers[k] for k in range(len(numbers))]), iter(arrays)
    return jax.tree.unflatten(tree, [next(ones) if one else next(many) for one in single])


def _narrow(leaf: Any, dtype: str) -> Any:
    return np.asarray(leaf, dtype=dtype) if np.asarray(leaf).dtype.kind == "f" else leaf


def _run(nodes: Callable[[], Any], w: Array, draws: Any, blocks: int, stride: int, record: Any) -> Any:
    """The recorded points and what was known there; the `Step`s taken from them; and where a point broke between
    two of them.

    w (n,) or (n, runs); `nodes()` gives surface, optimizer and noise, asked for within the loop so that it carries
    their one vector of numbers. A point is kept before its step, where the rule's gradient evaluates the loss
    anyway, so one block more is run than is asked for. `Step`s are worked out afterwards, all at once, at a tenth
    of the time that keeping so many arrays within the loop takes.
    """
    remembers = "states" in record or "step" in record
    forgets = not remembers and "positions" not in record  # points too large to be kept for later

    def follow(w: Array, state: Any, t: Array, drawn: Any) -> tuple[Array, Any, Step]:
        surface, optimizer, noise = nodes()
        return optimizer.step(Gradient(noise.landscape(surface, drawn, w)), w, state, t.astype(w.dtype))

    def seen(w: Array, state: Any) -> dict[str, Any]:
        kept = {"losses": nodes()[0](w)} if "losses" in record or forgets else {}
        if forgets:
            return {**kept, "finite": jnp.isfinite(w).all(axis=0)}
        return {**kept, "positions": w, "states": state} if remembers else {**kept, "positions": w}

    def one(carry: Any, x: Any) -> Any:
        packed, broken = carry
        following, state, _ = follow(*unpack(packed), *x)
        if stride > 1:  # a point between two kept ones leaves no other trace of where the run broke
            finite = jnp.isfinite(following).all(axis=0)
            broken = jnp.where((broken == NEVER) & ~finite, x[0], broken)
        return (pack((following, state)), broken), None

    def block(carry: Any, xs: Any) -> Any:
        after, _ = one(carry, xs) if stride == 1 else jax.lax.scan(one, carry, xs)
        return after, pack(seen(*unpack(carry[0])))

    xs = (jnp.arange(1, (blocks + 1) * stride + 1), draws)
    if stride > 1:
        xs = jax.tree.map(lambda x: x.reshape(blocks + 1, stride, *x.shape[1:]), xs)
    never = jnp.full(w.shape[1:], NEVER, dtype=xs[0].dtype) if stride > 1 else None
    (_, broken), kept = jax.lax.scan(block, (pack((w, nodes()[1].init(w))), never), xs)
    if "step" not in record:
        return kept, None, broken

    def how(kept: Any, t: Array, drawn: Any) -> Any:
        before = unpack(kept)
        step = follow(before["positions"], before["states"], t, drawn)[2]
        return pack(jax.tree.map(lambda leaf: jnp.broadcast_to(jnp.asarray(leaf, w.dtype), w.shape), step))

    first = xs if stride == 1 else jax.tree.map(lambda x: x[:, 0], xs)
    return kept, jax.vmap(how)(*jax.tree.map(lambda x: x[:blocks], (kept, *first))), broken


@compiled(static=("layout", "count", "axis"))
def draws(numbers: Array, arrays: Any, w: Array, seed: Array, *, layout: Any, count: int, axis: int | None) -> Any:
    """ξ of `count` steps, keyed by step: a longer run begins with the same draws. A program of its own, since
    generating random numbers takes longer to compile than any rule; batches of runs lie along `axis`.
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
    """One run."""
    return _run(lambda: nodes_of(numbers, arrays, layout), w, drawn, blocks, stride, record)


@compiled(static=STATIC)
def planes(
    numbers: Array, arrays: Any, w: Array, drawn: Any, *, layout: Any, blocks: int, stride: int, record: Any
) -> Any:
    """All runs in planes (n, runs): parameters of rule and noise (1, runs), of the surface (runs,)."""
    surface, optimizer, noise = nodes_of(numbers, arrays, layout)

    def row(value: Array) -> Array:
        return value[None, :] if value.ndim else value

    rows = surface, map_parameters(row, optimizer), map_parameters(row, noise)
    kept = _run(lambda: rows, w.T, drawn, blocks, stride, record)
    return jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), kept)


@compiled(static=STATIC)
def mapped(
    numbers: Array, arrays: Any, w: Array, drawn: Any, *, layout: Any, blocks: int, stride: int, record: Any
) -> Any:
    """Borrowed rules reduce over whole arrays: one run at a time under vmap."""
    nodes = nodes_of(numbers, arrays, layout)
    batched: list[Any] = []

    def collect(value: Array) -> Array:
        if value.ndim:
            batched.append(value)
        return value

    for node in nodes:
        map_parameters(collect, node)

    def one(batched: list[Any], w: Array, drawn: Any) -> Any:
        values = iter(batched)

        def fill(value: Array) -> Array:
            return next(values) if value.ndim else value

        own = [map_parameters(fill, node) for node in nodes]
        return _run(lambda: own, w, drawn, blocks, stride, record)

    return jax.vmap(one)(batched, w, drawn)
