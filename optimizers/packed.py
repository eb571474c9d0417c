"""`pack` joins a few short vectors to one array, which compiled loops carry and return faster on the CPU.

XLA runs a kernel for each array, and more than eight of them wake other threads. For tiny arrays their number counts,
not their length: one vector takes a quarter of the time.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp

MOST = 64
"""The most numbers that are packed: copying longer vectors would cost more than it saves."""


@jax.tree_util.register_pytree_node_class
class Packed:
    """A tree of numbers and vectors of one dtype, laid out along the last axis of one array (…, k)."""

    def __init__(self, row: Any, tree: Any, places: tuple[tuple[int, int | None], ...]) -> None:
        self.row = row
        self.tree = tree
        self.places = places

    def tree_flatten(self) -> tuple[Any, Any]:
        return [self.row], (self.tree, self.places)

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Packed:
        return cls(*children, *aux)


def pack(node: Any) -> Any:
    """The tree as `Packed`, or unchanged if its leaves are long, differ in dtype, or have more than one axis."""
    leaves, tree = jax.tree.flatten(node)
    short = sum(leaf.size for leaf in leaves) <= MOST
    if not leaves or not short or any(leaf.ndim > 1 or leaf.dtype != leaves[0].dtype for leaf in leaves):
        return node
    ends = list(itertools.accumulate(leaf.size for leaf in leaves))
    places = tuple((end - leaf.size, end if leaf.ndim else None) for leaf, end in zip(leaves, ends, strict=True))
    return Packed(jnp.concatenate([jnp.atleast_1d(leaf) for leaf in leaves]), tree, places)


def unpack(node: Any) -> Any:
    """The tree that was packed; its leaves have the leading axes that the array has gained since."""
    if not isinstance(node, Packed):
        return node
    row = node.row
    return jax.tree.unflatten(node.tree, [row[..., a] if b is None else row[..., a:b] for a, b in node.places])
