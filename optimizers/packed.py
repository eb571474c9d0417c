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
    """`Packed`, or `node` itself where its leaves are long, of several dtypes, or have more than one axis."""
    leaves, tree = jax.tree.flatten(node)
    short = sum(leaf.size for leaf in leaves) <= MOST
    if not leaves or not short or any(leaf.ndim > 1 or leaf.dtype != leaves[0].dtype for leaf in leaves):
        return node
    ends = list(itertools.accumulate(leaf.size for leaf in leaves))
    places = tuple((end - leaf.size, end if leaf.ndim else None) for leaf, end in zip(leaves, ends, strict=True))
    return Packed(jnp.concatenate([jnp.atleast_1d(leaf) for leaf in leaves]), tree, places)


def unpack(node: Any) -> Any:
    """What was packed; every leaf a view with the leading axes that the row has gained since."""
    if not isinstance(node, Packed):
        return node
    row = node.row
    return jax.tree.unflatten(node.tree, [row[..., a] if b is None else row[..., a:b] for a, b in node.places])
