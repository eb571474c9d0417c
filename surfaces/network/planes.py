"""Planes through the space of weights, on which a loss surface of thousands of dimensions can be drawn."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from surfaces.calculus import Floats
from surfaces.compiled import compiled
from surfaces.network.mlp import MLP
from surfaces.surface import Surface


@dataclasses.dataclass(frozen=True, eq=False)
class Plane:
    """The points origin + x u + y v, with u and v of shape (n,).

    Attributes:
        name: how the plane was chosen.
        explained: the share of the runs' variance that lies in a principal plane, or None.
        chance: the share that random walks as long as the runs would have in their principal plane, or None.
    """

    name: str
    origin: Floats
    u: Floats
    v: Floats
    explained: float | None = None
    chance: float | None = None

    def at(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """The weights (…, n) at coordinates (…) in the plane."""
        x, y = np.asarray(x, dtype=float)[..., None], np.asarray(y, dtype=float)[..., None]
        return np.asarray(self.origin + x * self.u + y * self.v)

    def coordinates(self, weights: ArrayLike) -> tuple[Floats, Floats]:
        """The coordinates (…, 2) of the points in the plane nearest to weights (…, n), and their distances (…)."""
        off = np.asarray(weights, dtype=float) - self.origin
        basis = np.stack([self.u, self.v], axis=1)
        xy = np.linalg.lstsq(basis, off.reshape(-1, off.shape[-1]).T, rcond=None)[0].T.reshape(*off.shape[:-1], 2)
        return np.asarray(xy, dtype=float), np.linalg.norm(off - xy @ basis.T, axis=-1).astype(float)


def random_plane(model: MLP, origin: ArrayLike, seed: int = 0) -> Plane:
    """The plane of two random, filter-normalised directions through `origin` (Li et al. 2018)."""
    w = np.asarray(origin, dtype=float)
    rng = np.random.default_rng(seed)
    u, v = (filter_normalised(model, rng.standard_normal(w.shape), w) for _ in range(2))
    return Plane("random directions", w, u, v)


def filter_normalised(model: MLP, direction: ArrayLike, w: ArrayLike) -> Floats:
    """A direction (n,) whose filters are scaled to the lengths of the filters of the weights w (n,).

    A filter is a column of W, the weights that feed one neuron. The scaling makes the picture independent of the scale
    of the layers. The components for biases, learned slopes, gains and shifts are set to zero.
    """
    with jax.enable_x64(True):
        directions, weights = (model.unravel(jnp.asarray(v, float)) for v in (direction, w))
        layers = []
        for layer, reference in zip(directions, weights, strict=True):
            length, target = (jnp.linalg.norm(W, axis=0, keepdims=True) for W in (layer.W, reference.W))
            W = layer.W * (target / jnp.where(length > 0, length, 1.0))
            others = {name: jnp.zeros_like(getattr(layer, name)) for name in ("b", "a", "gain", "shift")}
            layers.append(layer._replace(W=W, **others))
        return np.asarray(model.ravel(layers))


def principal_plane(weights: ArrayLike, origin: ArrayLike | None = None, runs: tuple[int, ...] = ()) -> Plane:
    """The plane of the two directions in which weights (k, n) vary most, through their mean or through `origin`.

    It is computed from the k × k matrix of scalar products, because n is much larger than k. A random walk has most of
    its variance in its first two principal directions, too (Antognini & Sohl-Dickstein 2018): only a share above
    `chance`, that of random walks of the same lengths, says something about the training.

    Args:
        runs: the number of weight vectors that belong to each run, if several runs have the same start.

    Raises:
        ValueError: if there are fewer than three points, or if they do not vary.
    """
    points = np.asarray(weights, dtype=float)
    if len(points) < 3:
        raise ValueError(f"a plane needs at least three points; got {len(points)}")
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    if values[-1] <= 0:
        raise ValueError("the weights do not vary, so they have no principal plane")
    directions = centred.T @ vectors[:, :-3:-1]
    lengths = np.linalg.norm(directions, axis=0)
    u, v = (directions / np.where(lengths > 0, lengths, 1.0)).T
    explained = float(values[-2:].sum() / values.clip(min=0).sum())
    base = points.mean(axis=0) if origin is None else np.asarray(origin, dtype=float)
    return Plane("principal directions", base, u, v, explained, random_walk_share(*(runs or (len(points),))))


def random_walk_share(*points: int) -> float:
    """The expected share of variance in the first two principal directions of random walks from the same start.

    In very many dimensions the scalar products of positions equal their expectations: min(i, j) within a walk and 0
    between two walks. For a single walk the eigenvalues are 1 / (2 − 2 cos(π k / points)) (Antognini & Sohl-Dickstein
    2018).

    Args:
        points: the number of points of each walk.
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
    """The plane through three weight vectors (n,), with the first at (0, 0) and the second on the x axis.

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
        raise ValueError("the three solutions lie on a line and span no plane: choose others")
    return Plane("three solutions", a, u, across / height)


def plane_losses(surface: Surface, plane: Plane, x: ArrayLike, y: ArrayLike) -> Floats:
    """The losses (rows, columns) on a grid of coordinates x (columns,) and y (rows,), computed in float32."""
    columns, rows = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)
    axes = [jnp.asarray(p, dtype=jnp.float32) for p in (plane.origin, plane.u, plane.v)]
    return np.asarray(_grid(surface, *axes, columns, rows), dtype=float)


@compiled(network=True)
def _grid(surface: Any, origin: Array, u: Array, v: Array, x: Array, y: Array) -> Array:
    def row(y: Array) -> Array:
        return jax.lax.map(lambda x: surface(origin + x * u + y * v), x)

    return jax.lax.map(row, y)
