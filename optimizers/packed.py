"""A few short vectors in one array: what a compiled loop carries and returns on the CPU.

A loop over tiny arrays spends its time on their number, not on their length: XLA hands each to a kernel of its
own, and past eight of them wakes other threads for it. One vector takes a quarter of the time.
"""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp

MOST = 64
"""Numbers that are packed; longer vectors are not copied for it."""


@jax.tree_util.register_pytree_node_class
class Packed:
    """A tree of numbers and vectors of one dtype, laid out along the last axis of one array (…, k)."""

    def __init__(self, row: Any, tree: Any, sizes: tuple[int | None, ...]) -> None:
        self.row = row
        self.tree = tree
        self.sizes = sizes

    def tree_flatten(self) -> tuple[Any, Any]:
        return [self.row], (self.tree, self.sizes)

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Packed:
        return cls(*children, *aux)


def pack(node: Any) -> Any:
    """`Packed`, or `node` itself where its leaves are long, of several dtypes, or have more than one axis."""
    leaves, tree = jax.tree.flatten(node)
    short = sum(leaf.size for leaf in leaves) <= MOST
    if not leaves or not short or any(leaf.ndim > 1 or leaf.dtype != leaves[0].dtype for leaf in leaves):
        return node
    sizes = tuple(leaf.size if leaf.ndim else None for leaf in leaves)
    return Packed(jnp.concatenate([jnp.atleast_1d(leaf) for leaf in leaves]), tree, sizes)


def unpack(node: Any) -> Any:
    """What was packed; every leaf a view with the leading axes that the row has gained since."""
    if not isinstance(node, Packed):
        return node
    ends = itertools.accumulate(1 if size is None else size for size in node.sizes)
    parts = (
        node.row[..., end - 1] if size is None else node.row[..., end - size : end]
        for size, end in zip(node.sizes, ends, strict=True)
    )
    return jax.tree.unflatten(node.tree, list(parts))
