"""`train_bundle` trains many networks of one shape, each with its own start, data and seed, as one program."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

from optimizers.engine import size_objection
from optimizers.optimizer import Gradient, Optimizer
from optimizers.training import SMALL, STEPS, batches
from surfaces.compiled import compiled
from surfaces.network.losses import LOSSES
from surfaces.network.mlp import MLP
from surfaces.surface import Surface

Floats = NDArray[np.floating[Any]]
MOST_BYTES = 2**29
"""The most bytes of the data and the weights of a bundle."""
COPIES = 8
"""How many vectors as long as the weights a network takes during its training: weights, gradient, state of the rule."""
NEVER = -1


class Bundle(NamedTuple):
    """The networks of a bundle after some steps.

    Attributes:
        step: the number of steps taken.
        weights: (networks, n), of an `Averaged` rule their moving averages; NaN for a network that diverged.
        diverged: (networks,), the first step after which a weight was not finite, −1 if there is none.
    """

    step: int
    weights: Floats
    diverged: NDArray[np.int32]


def train_bundle(
    surfaces: Surface | Sequence[Surface],
    optimizers: Optimizer | Sequence[Optimizer],
    starts: Any,
    steps: int,
    *,
    batch_size: int | None = None,
    seeds: Sequence[int] = (),
    stride: int = 100,
    dtype: str = "float32",
) -> Iterator[Bundle]:
    """Train networks side by side, and yield their weights at the start, after each stride and at the end.

    On accelerators, and on CPUs below `SMALL` weights, the networks are stacked; otherwise they take turns. They are
    shared by all devices of JAX. Numbers of steps and parameters are traced: a change of them compiles nothing.

    Args:
        surfaces: the networks with their data, or one for all. Data of several networks have the same shape; arrays
            that all of them share are kept once.
        optimizers: the rules, which differ at most in their parameters, or one for all.
        starts: (networks, n), the initial weights.
        steps: the number of steps.
        batch_size: the samples of each step, as in `train`; None for all samples in every step.
        seeds: the seed of each network, for its batches and for losses with random parts; 0, 1, … if empty.
        stride: the number of steps between two parts.
        dtype: "float32" or "float64".

    Raises:
        ValueError: if the networks differ in more than numbers, if shapes or numbers do not fit, if a rule needs the
            matrices of a network or the whole Hessian of too many weights, or if the bundle takes too much memory.
    """
    w = np.array(starts, dtype=dtype)
    if w.ndim != 2 or not len(w) or not np.isfinite(w).all():
        raise ValueError(f"starts must be finite weights of shape (networks, n); got shape {w.shape}")
    count = len(w)
    numbers = tuple(seeds) or tuple(range(count))
    _check_memory(surfaces, w)
    nodes = list(zip(_repeated(surfaces, count), _repeated(optimizers, count), strict=True))
    samples = len(jax.tree.leaves(nodes[0][0].data)[0])
    if len(numbers) != count:
        raise ValueError(f"there must be one seed for each of the {count} networks; got {len(numbers)}")
    if min(steps, stride) < 1:
        raise ValueError(f"steps and stride must be positive; got {steps} and {stride}")
    if batch_size is not None and not 1 <= batch_size <= samples:
        raise ValueError(f"batch_size must lie between 1 and the {samples} training samples; got {batch_size}")
    for _, rule in nodes:
        if rule.layered or (objection := size_objection(rule, w.shape[1])):
            raise ValueError(
                objection if not rule.layered else f"{rule.name} cannot train bundles: choose another rule"
            )
    leaves, tree, shared = _stacked(nodes, dtype)
    orders = None
    if batch_size is not None and batch_size < samples:
        orders = [batches(samples, batch_size, seed) for seed in numbers]
    return _pieces(leaves, tree, shared, nodes[0][1], w, numbers, orders, steps, stride, dtype)


def seeds_of(count: int, seed: int | np.random.Generator) -> list[int]:
    """The seeds of repetitions, the first of them the same whatever their number.

    They are drawn rather than counted from `seed` on, so that studies with different seeds share no repetition.
    """
    return [int(k) for k in np.random.default_rng(seed).integers(2**31, size=count)]


def starts_of(
    model: MLP, seeds: Sequence[int], initialization: str = "he_normal", sigma: float = 0.1, dtype: str = "float32"
) -> Floats:
    """Random initial weights of a model for each seed, (seeds, n); see `MLP.initial`."""
    return np.stack([np.asarray(model.initial(seed, initialization, sigma, dtype)) for seed in seeds])


def outputs_of(model: MLP, weights: Any, x: Any) -> Floats:
    """The outputs (networks, N, outputs) at weights (networks, n), for inputs (N, d) or (networks, N, d)."""
    weights, x = np.asarray(weights), np.asarray(x)
    with jax.enable_x64(weights.dtype == np.float64):
        return np.asarray(_outputs(weights, x.astype(weights.dtype), model=model))


def losses_of(objective: str, outputs: Any, targets: Any) -> Floats:
    """The mean losses (…) of outputs (…, N, k), for targets (N, k) or (…, N, k), in float64.

    Args:
        objective: a key of `LOSSES`.
    """
    with jax.enable_x64(True):
        y, target = np.broadcast_arrays(np.asarray(outputs, float), np.asarray(targets, float))
        return np.asarray(LOSSES[objective].function(jnp.asarray(y), jnp.asarray(target))).mean(axis=-1)


def _check_memory(surfaces: Surface | Sequence[Surface], w: Floats) -> None:
    """Refuse a bundle whose data and weights, as they are stacked, take too much memory."""
    each = surfaces if isinstance(surfaces, Sequence) else [surfaces]
    data = sum(np.asarray(leaf).nbytes for surface in each for leaf in jax.tree.leaves(surface.data))
    if (size := data + COPIES * w.nbytes) > MOST_BYTES:
        raise ValueError(
            f"a bundle takes at most {MOST_BYTES / 2**20:.0f} MB; {len(w):,} networks of {w.shape[1]:,} weights with "
            f"their data take {size / 2**20:,.0f} MB: train fewer networks, or smaller ones"
        )


def _repeated(nodes: Any, count: int) -> list[Any]:
    nodes = list(nodes) if isinstance(nodes, Sequence) else [nodes] * count
    if len(nodes) != count:
        raise ValueError(f"there must be one network and one rule for each of the {count} starts; got {len(nodes)}")
    return nodes


def _stacked(nodes: Sequence[Any], dtype: str) -> tuple[list[NDArray[Any]], Any, tuple[bool, ...]]:
    """The leaves of all nodes, each with an axis of networks unless all of them share it, and their structure."""
    flat, trees = zip(*(jax.tree.flatten(node) for node in nodes), strict=True)
    if len(set(trees)) > 1:
        raise ValueError("the networks and the rules of a bundle must have the same structure, and the same choices")
    leaves, shared = [], []
    for values in zip(*flat, strict=True):
        common = np.ndim(values[0]) > 0 and all(value is values[0] for value in values)
        if len({np.shape(value) for value in values}) > 1:
            raise ValueError("the data of all networks of a bundle must have the same shape")
        leaf = np.asarray(values[0]) if common else np.stack([np.asarray(value) for value in values])
        leaves.append(leaf.astype(dtype) if leaf.dtype.kind == "f" else leaf)
        shared.append(common)
    return leaves, trees[0], tuple(shared)


def _pieces(
    leaves: list[NDArray[Any]],
    tree: Any,
    shared: tuple[bool, ...],
    rule: Optimizer,
    w: Floats,
    seeds: tuple[int, ...],
    orders: list[Iterator[NDArray[np.int32]]] | None,
    steps: int,
    stride: int,
    dtype: str,
) -> Iterator[Bundle]:
    """The parts of `train_bundle`; the last network is repeated until all devices have the same number of them."""
    count, devices = len(w), tuple(jax.devices()[: len(w)])
    more = -count % len(devices)

    def padded(array: Any) -> Any:
        return np.concatenate([array, np.repeat(array[-1:], more, axis=0)]) if more else array

    def placed(array: Any, common: bool = False) -> Any:
        return jax.device_put(array, None if mesh is None else NamedSharding(mesh, _spec(common)))

    mesh = _mesh(devices)
    yield Bundle(0, w.copy(), np.full(count, NEVER, np.int32))
    static = {"tree": tree, "shared": shared}
    with jax.enable_x64(dtype == "float64"):
        everything = [placed(x if common else padded(x), common) for x, common in zip(leaves, shared, strict=True)]
        weights, keys = placed(padded(w)), placed(padded(np.asarray(seeds, np.uint32)))
        state = jax.tree.map(placed, _init(everything, weights, **static))
        diverged = placed(np.full(count + more, NEVER, np.int32))
    for done in range(0, steps, stride):
        taken = min(stride, steps - done)
        drawn = None
        if orders is not None:
            drawn = np.stack([np.stack(list(itertools.islice(order, taken))) for order in orders])
            drawn = padded(np.pad(drawn, ((0, 0), (0, stride - taken), (0, 0))))
        with jax.enable_x64(dtype == "float64"):
            carry = weights, state, diverged
            weights, state, diverged = _advance(
                everything, carry, keys, drawn, np.int32(done), np.int32(taken), devices=devices, **static
            )
            ends, broken = np.asarray(rule.solution(weights, state))[:count], np.asarray(diverged)[:count]
        yield Bundle(done + taken, np.where(broken[:, None] == NEVER, ends, np.nan).astype(dtype), broken.copy())


AXIS = ("networks",)


def _mesh(devices: tuple[Any, ...]) -> Mesh | None:
    return Mesh(np.array(devices), AXIS) if len(devices) > 1 else None


def _spec(common: bool) -> PartitionSpec:
    """How an array is placed on the devices: all of it on each, or split along the networks."""
    return PartitionSpec(*AXIS[: not common])  # type: ignore[no-untyped-call]


def _nodes(each: list[Any], common: list[Any], tree: Any, shared: tuple[bool, ...]) -> Any:
    """The surface and the rule of a network, from its leaves and the shared ones."""
    own, others = iter(each), iter(common)
    return jax.tree.unflatten(tree, [next(others) if flag else next(own) for flag in shared])


def _split(leaves: list[Any], shared: tuple[bool, ...]) -> tuple[list[Any], list[Any]]:
    """The leaves with an axis of networks, and those without."""
    pairs = list(zip(leaves, shared, strict=True))
    return [leaf for leaf, flag in pairs if not flag], [leaf for leaf, flag in pairs if flag]


@compiled(static=("tree", "shared"), network=True)
def _init(leaves: list[Array], w: Array, *, tree: Any, shared: tuple[bool, ...]) -> Any:
    each, common = _split(leaves, shared)
    return jax.vmap(lambda own, w: _nodes(own, common, tree, shared)[1].init(w))(each, w)


@compiled(static=("tree", "shared", "devices"), network=True)
def _advance(
    leaves: list[Array],
    carry: Any,
    keys: Array,
    drawn: Array | None,
    done: Array,
    count: Array,
    *,
    tree: Any,
    shared: tuple[bool, ...],
    devices: tuple[Any, ...],
) -> Any:
    """The weights, the states and the steps of divergence after `count` steps more.

    Args:
        leaves: what all networks share, and what each has, as `_stacked` returns them.
        carry: weights (networks, n), states, and the steps at which networks diverged (networks,).
        keys: the seeds, (networks,).
        drawn: the samples of each step, (networks, most steps, batch_size), or None for all samples.
        done, count: the number of steps before, and that of the steps to take.
    """

    def one(own: Any, common: list[Any], done: Array, count: Array) -> Any:
        leaves, carry, seed, drawn = own
        surface, rule = _nodes(leaves, common, tree, shared)
        root = jax.random.fold_in(jax.random.key(seed), STEPS)  # as in `train`

        def step(k: Array, carry: Any) -> Any:
            w, state, diverged = carry
            t = done + 1 + k
            key = jax.random.fold_in(root, t)
            batch = surface.data if drawn is None else jax.tree.map(lambda data: data[drawn[k]], surface.data)
            following, state, _ = rule.step(
                Gradient(lambda u: surface.loss(u, batch, key, True)), w, state, t.astype(w.dtype)
            )
            broken = (diverged == NEVER) & ~jnp.isfinite(following).all()
            return following, state, jnp.where(broken, t, diverged)

        return jax.lax.fori_loop(0, count, step, carry)

    def all_of(own: Any, common: list[Any], done: Array, count: Array) -> Any:
        stacked = devices[0].platform != "cpu" or own[1][0].shape[1] < SMALL
        loop = jax.vmap(one, in_axes=(0, None, None, None))
        return loop(own, common, done, count) if stacked else jax.lax.map(lambda x: one(x, common, done, count), own)

    each, common = _split(leaves, shared)
    arguments = ((each, carry, keys, drawn), common, done, count)
    if (mesh := _mesh(devices)) is None:
        return all_of(*arguments)
    split, same = _spec(False), _spec(True)
    specs = (split, same, same, same)
    return jax.shard_map(all_of, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)(*arguments)


@compiled(static=("model",), network=True)
def _outputs(weights: Array, x: Array, *, model: MLP) -> Array:
    if x.ndim == 2:
        return jax.lax.map(lambda w: model(w, x), weights)
    return jax.lax.map(lambda pair: model(*pair), (weights, x))
