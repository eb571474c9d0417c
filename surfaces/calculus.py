"""Values and derivatives of a surface outside any run: in float64, on the CPU, one compiled program each.

The surface's parameters are traced, so a moved one compiles nothing.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from surfaces.compiled import compiled

Floats = NDArray[np.float64]

_NEWTON_STEPS = 40  # six are plenty near a strict point; the others serve parameters that moved it far
_DIFFERENCE = 1e-5  # the cube root of float64's resolution, about: truncation and rounding are equal there
_BISECTIONS = 100  # more than the bits of a float64


@functools.cache
def cpu() -> Any:
    """The first CPU device of this process, where single runs of the plane go."""
    return jax.local_devices(backend="cpu")[0]


@contextlib.contextmanager
def double() -> Iterator[None]:
    """Float64 on the CPU for this thread and this block alone."""
    with jax.enable_x64(True), jax.default_device(cpu()):
        yield


def values(surface: Any, points: ArrayLike) -> Floats:
    """Losses (k,) at points (n, k)."""
    with double():
        return np.asarray(_values(_leaves(surface), np.asarray(points, dtype="float64")))


def expand(surface: Any, w: ArrayLike) -> tuple[float, Floats, Floats]:
    """Loss, gradient (n,) and Hessian (n, n) at one point w (n,)."""
    with double():
        loss, gradient, hessian = _expand(_leaves(surface), np.asarray(w, dtype="float64"))
        return float(loss), np.asarray(gradient), np.asarray(hessian)


def gradients(surface: Any, points: ArrayLike) -> Floats:
    """Gradients (n, k) at points (n, k).

    The points are filled up to a power of two, so that few programs serve all numbers of them.
    """
    places = np.asarray(points, dtype="float64")
    count = places.shape[1]
    filled = np.concatenate([places, np.repeat(places[:, -1:], _bucket(count) - count, axis=1)], axis=1)
    with double():
        return np.asarray(_gradient(_leaves(surface), filled))[:, :count]


def polish(surface: Any, near: ArrayLike) -> Floats:
    """Critical points (k, n) from places (k, n) close to them, to float64's resolution.

    Newton's method; the error of its Hessian costs a step more.
    """
    points = np.array(near, dtype="float64")
    width = _DIFFERENCE * np.maximum(1.0, np.abs(points))
    size = np.inf
    for _ in range(_NEWTON_STEPS):
        slopes, hessian = _differenced(surface, points, width)
        step = np.linalg.solve(hessian, slopes[..., None])[..., 0]
        points = points - step
        before, size = size, float(np.max(np.abs(step) / np.maximum(1.0, np.abs(points))))
        if size <= 1e-16 or before <= size < 1e-10:  # from here on it is rounding that moves them
            break
    return points


def valleys(surface: Any, points: ArrayLike, size: float) -> tuple[Floats, Floats, Floats]:
    r"""Slope and curvature across the valley at points (k, n).

    q is the eigenvector of the Hessian with the largest eigenvalue λ, the direction across the valley, and g · q the
    slope along it. Across the floor of the valley g · q changes its sign.

    Args:
        points: finite ones.
        size: a length over which the surface changes, to which differences of gradients are scaled.

    Returns:
        q (k, n), g · q (k,) and all eigenvalues (k, n) in ascending order; NaN where the Hessian is not finite.
    """
    places = np.asarray(points, dtype=float)
    slopes, hessians = _differenced(surface, places, _DIFFERENCE * np.maximum(size / 8, np.abs(places)))
    finite = np.asarray(np.isfinite(hessians).all(axis=(1, 2), keepdims=True))
    values, vectors = np.linalg.eigh(np.where(finite, hessians, 0.0))
    across = np.where(finite[:, 0], vectors[:, :, -1], np.nan)
    return across, np.sum(slopes * across, axis=1), np.where(finite[:, 0], values, np.nan)


def _differenced(surface: Any, points: Floats, width: Floats) -> tuple[Floats, Floats]:
    """Gradients (k, n) and Hessians (k, n, n) at points (k, n), the latter from differences of gradients over `width`
    (k, n) to both sides: that spares the compilation of second derivatives.
    """
    count, n = points.shape
    aside = width[:, None] * np.eye(n)  # (k, n, n)
    around = np.concatenate([points[:, None], points[:, None] + aside, points[:, None] - aside], axis=1)
    slopes = gradients(surface, around.reshape(-1, n).T).T.reshape(count, 2 * n + 1, n)
    hessian = (slopes[:, 1 : n + 1] - slopes[:, n + 1 :]) / (2 * width[:, :, None])
    return slopes[:, 0], (hessian + hessian.swapaxes(1, 2)) / 2


def bisect(slope: Callable[[float], float], low: float, high: float) -> float:
    """Where `slope` changes its sign between two numbers at which the signs differ."""
    rising = slope(low) < 0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if (slope(middle) < 0) == rising else (low, middle)
    return (low + high) / 2


def curvatures(surface: Any, points: ArrayLike) -> tuple[Floats, Floats]:
    """Losses (k,) and the largest |eigenvalue| of the Hessian (k,) at points (n, k)."""
    with double():
        losses, sizes = _curvatures(_leaves(surface), np.asarray(points, dtype="float64"))
        return np.asarray(losses), np.asarray(sizes)


def eigenvalues(a: Any, b: Any, c: Any) -> Any:
    """The eigenvalues of the matrix [[a, b], [b, c]], the larger one first, (2,).

    In closed form, because LAPACK takes longer to load than a program of the plane takes to compile.
    """
    mean, radius = (a + c) / 2, jnp.hypot((a - c) / 2, b)
    return jnp.stack([mean + radius, mean - radius])


def _bucket(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def _leaves(surface: Any) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), surface)


@compiled
def _values(surface: Any, points: Any) -> Any:
    return surface(points)


@compiled
def _expand(surface: Any, w: Any) -> Any:
    return surface(w), jax.grad(surface)(w), jax.hessian(surface)(w)


@compiled
def _gradient(surface: Any, points: Any) -> Any:
    losses, pull = jax.vjp(surface, points)
    return pull(jnp.ones_like(losses))[0]


@compiled
def _curvatures(surface: Any, points: Any) -> Any:
    def size(w: Any) -> Any:
        hessian = jax.hessian(surface)(w)
        if len(w) > 2:
            return jnp.max(jnp.abs(jnp.linalg.eigvalsh(hessian)))
        (a, b), (_, c) = hessian
        return jnp.max(jnp.abs(eigenvalues(a, b, c)))

    return surface(points), jax.vmap(size, in_axes=1)(points)
