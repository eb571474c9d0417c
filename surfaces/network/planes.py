"""Planes through the space of weights: what can be drawn of a loss surface with thousands of dimensions."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike, NDArray

from surfaces.compiled import compiled
from surfaces.network.mlp import MLP
from surfaces.surface import Surface

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Plane:
    """The points origin + x u + y v, with u and v of shape (n,).

    Attributes:
        name: how it was chosen.
        explained: the share of the runs' variance that lies in it (PCA), or None.
        chance: the share that a random walk as long as the runs would have in its own plane, or None.
    """

    name: str
    origin: Floats
    u: Floats
    v: Floats
    explained: float | None = None
    chance: float | None = None

    def at(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """The weights (…, n) at coordinates (…) of the plane."""
        x, y = np.asarray(x, dtype=float)[..., None], np.asarray(y, dtype=float)[..., None]
        return np.asarray(self.origin + x * self.u + y * self.v)

    def coordinates(self, weights: ArrayLike) -> tuple[Floats, Floats]:
        """The nearest points of the plane to weights (…, n): their coordinates (…, 2), and the distances (…)."""
        off = np.asarray(weights, dtype=float) - self.origin
        basis = np.stack([self.u, self.v], axis=1)
        found = np.linalg.lstsq(basis, off.reshape(-1, off.shape[-1]).T, rcond=None)[0].T.reshape(*off.shape[:-1], 2)
        rest = off - found @ basis.T
        return np.asarray(found, dtype=float), np.linalg.norm(rest, axis=-1).astype(float)


def random_plane(model: MLP, origin: ArrayLike, seed: int = 0) -> Plane:
    """Two random directions through `origin`, each filter-normalised (Li et al. 2018).

    A filter is what feeds one neuron: a column of W. Each column of the direction gets the length of the same
    column of the weights, so that the picture does not hang on the scale of the layers; biases and learned slopes
    stay where they are.
    """
    w = np.asarray(origin, dtype=float)
    rng = np.random.default_rng(seed)
    u, v = (filter_normalised(model, rng.standard_normal(w.shape), w) for _ in range(2))
    return Plane("random directions", w, u, v)


def filter_normalised(model: MLP, direction: ArrayLike, w: ArrayLike) -> Floats:
    """`direction` (n,) with every column of W as long as the same column of w, and zeros for biases and slopes."""
    with jax.enable_x64(True):
        layers = []
        for d, own in zip(
            model.unravel(jnp.asarray(direction, float)), model.unravel(jnp.asarray(w, float)), strict=True
        ):
            length, wanted = (jnp.linalg.norm(W, axis=0, keepdims=True) for W in (d.W, own.W))
            W = d.W * (wanted / jnp.where(length > 0, length, 1.0))
            layers.append(d._replace(W=W, b=jnp.zeros_like(d.b), a=jnp.zeros_like(d.a)))
        return np.asarray(model.ravel(layers))


def principal_plane(weights: ArrayLike, origin: ArrayLike | None = None, runs: tuple[int, ...] = ()) -> Plane:
    """The plane of the two directions in which weights (k, n) vary most, through their mean or through `origin`.

    `runs` says how many of the weights belong to each run, where there are several from one start.

    Found from the k × k matrix of products, since n is much larger than k. `chance` is what a random walk of as
    many steps has in its own first two directions, most of it for any length (Antognini & Sohl-Dickstein 2018): only
    what is above it says anything of the training.

    Raises:
        ValueError: on fewer than three points, or points that do not vary.
    """
    points = np.asarray(weights, dtype=float)
    if len(points) < 3:
        raise ValueError(f"a plane needs three points at least; got {len(points)}")
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    if values[-1] <= 0:
        raise ValueError("the weights do not vary: there is no plane of their variation")
    directions = centred.T @ vectors[:, :-3:-1]
    lengths = np.linalg.norm(directions, axis=0)
    u, v = (directions / np.where(lengths > 0, lengths, 1.0)).T
    explained = float(values[-2:].sum() / values.clip(min=0).sum())
    base = points.mean(axis=0) if origin is None else np.asarray(origin, dtype=float)
    return Plane("principal directions", base, u, v, explained, random_walk_share(*(runs or (len(points),))))


def random_walk_share(*points: int) -> float:
    """The share of variance in the first two principal directions of random walks from one start in very many
    dimensions, of so many points each.

    There the products of positions are what they are on average: min(i, j) within a walk, 0 between two. For one
    walk that makes the eigenvalues 1 / (2 − 2 cos(π k / points)), the cosines of Antognini & Sohl-Dickstein (2018).
    """
    if len(points) == 1:
        k = np.arange(1, points[0])
        values = 1 / (2 - 2 * np.cos(np.pi * k / points[0]))
        return float(values[:2].sum() / values.sum())
    walk = np.repeat(np.arange(len(points)), points)
    time = np.concatenate([np.arange(count) for count in points])
    products = np.where(walk[:, None] == walk, np.minimum(time[:, None], time), 0).astype(float)
    centred = products - products.mean(axis=0) - products.mean(axis=1)[:, None] + products.mean()
    values = np.linalg.eigvalsh(centred)
    return float(values[-2:].sum() / values.sum())


def plane_of_three(first: ArrayLike, second: ArrayLike, third: ArrayLike) -> Plane:
    """The plane through three weight vectors (n,): the first at (0, 0), the second on the x axis.

    Raises:
        ValueError: if the three lie on a line.
    """
    a, b, c = (np.asarray(p, dtype=float) for p in (first, second, third))
    along = b - a
    length = float(np.linalg.norm(along))
    u = along / length if length > 0 else along
    across = (c - a) - ((c - a) @ u) * u
    height = float(np.linalg.norm(across))
    if length == 0 or height <= 1e-9 * max(length, float(np.linalg.norm(c - a)), 1e-300):
        raise ValueError("the three solutions lie on a line: choose three that differ")
    return Plane("three solutions", a, u, across / height)


def plane_losses(surface: Surface, plane: Plane, x: ArrayLike, y: ArrayLike) -> Floats:
    """L on the grid of coordinates x (columns,) and y (rows,), shape (rows, columns), float32 inside."""
    columns, rows = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    axes = [jnp.asarray(p, dtype=jnp.float32) for p in (plane.origin, plane.u, plane.v)]
    return np.asarray(_grid(surface, *axes, columns, rows), dtype=float)


@compiled(network=True)
def _grid(surface: Any, origin: Array, u: Array, v: Array, x: Array, y: Array) -> Array:
    def row(y: Array) -> Array:
        return jax.lax.map(lambda x: surface(origin + x * u + y * v), x)

    return jax.lax.map(row, y)
