"""Values and derivatives of surfaces outside runs, in float64 on the CPU.

Each function is one compiled program, in which the parameters of the surface are traced.
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

_NEWTON_STEPS = 40  # near a strict critical point six are plenty; parameters may have moved it far away
_DIFFERENCE = 1e-5  # about the cube root of float64's resolution, where truncation and rounding errors are equal
_BISECTIONS = 100  # more than a float64 has bits


@functools.cache
def cpu() -> Any:
    """The first CPU device of this process, on which single runs on landscapes are computed."""
    return jax.local_devices(backend="cpu")[0]


@contextlib.contextmanager
def double() -> Iterator[None]:
    """Compute in float64 on the CPU, in this thread and within this block."""
    with jax.enable_x64(True), jax.default_device(cpu()):
        yield


def values(surface: Any, points: ArrayLike) -> Floats:
    """The losses (k,) at points (n, k)."""
    with double():
        return np.asarray(_values(_in_float64(surface), np.asarray(points, dtype="float64")))


def expand(surface: Any, w: ArrayLike) -> tuple[float, Floats, Floats]:
    """The loss, the gradient (n,) and the Hessian (n, n) at a point w (n,)."""
    with double():
        loss, gradient, hessian = _expand(_in_float64(surface), np.asarray(w, dtype="float64"))
        return float(loss), np.asarray(gradient), np.asarray(hessian)


def gradients(surface: Any, points: ArrayLike) -> Floats:
    """The gradients (n, k) at points (n, k).

    The number of points is padded to a power of two, so that few programs are compiled.
    """
    w = np.asarray(points, dtype="float64")
    count = w.shape[1]
    padded = np.concatenate([w, np.repeat(w[:, -1:], _bucket(count) - count, axis=1)], axis=1)
    with double():
        return np.asarray(_gradient(_in_float64(surface), padded))[:, :count]


def polish(surface: Any, approximate: ArrayLike) -> Floats:
    """The critical points (k, n) near approximate ones (k, n), to the resolution of float64.

    They are found by Newton's method. Its Hessian comes from differences, whose error costs one more step.
    """
    points = np.array(approximate, dtype="float64")
    width = _DIFFERENCE * np.maximum(1.0, np.abs(points))
    size = np.inf
    for _ in range(_NEWTON_STEPS):
        slopes, hessian = _differenced(surface, points, width)
        step = np.linalg.solve(hessian, slopes[..., None])[..., 0]
        points = points - step
        previous, size = size, float(np.max(np.abs(step) / np.maximum(1.0, np.abs(points))))
        if size <= 1e-16 or previous <= size < 1e-10:  # further steps are rounding
            break
    return points


def valleys(surface: Any, points: ArrayLike, size: float) -> tuple[Floats, Floats, Floats]:
    r"""The direction across the valley at points (k, n), the slope along it, and the eigenvalues of the Hessian.

    The direction q is the eigenvector of the Hessian with the largest eigenvalue. On the floor of a valley the slope
    g · q along it changes its sign.

    Args:
        points: finite points.
        size: a length over which the surface changes, which scales the differences of gradients.

    Returns:
        q (k, n), g · q (k,) and all eigenvalues (k, n) in ascending order; q and the eigenvalues are NaN where the
        Hessian is not finite.
    """
    w = np.asarray(points, dtype=float)
    slopes, hessians = _differenced(surface, w, _DIFFERENCE * np.maximum(size / 8, np.abs(w)))
    finite = np.asarray(np.isfinite(hessians).all(axis=(1, 2), keepdims=True))
    values, vectors = np.linalg.eigh(np.where(finite, hessians, 0.0))
    across = np.where(finite[:, 0], vectors[:, :, -1], np.nan)
    return across, np.sum(slopes * across, axis=1), np.where(finite[:, 0], values, np.nan)


def _differenced(surface: Any, points: Floats, width: Floats) -> tuple[Floats, Floats]:
    """The gradients (k, n) and Hessians (k, n, n) at points (k, n).

    The Hessians are central differences of gradients at distances `width` (k, n), for which no second derivatives have
    to be compiled.
    """
    count, n = points.shape
    offsets = width[:, None] * np.eye(n)  # (k, n, n)
    stencil = np.concatenate([points[:, None], points[:, None] + offsets, points[:, None] - offsets], axis=1)
    slopes = gradients(surface, stencil.reshape(-1, n).T).T.reshape(count, 2 * n + 1, n)
    hessian = (slopes[:, 1 : n + 1] - slopes[:, n + 1 :]) / (2 * width[:, :, None])
    return slopes[:, 0], (hessian + hessian.swapaxes(1, 2)) / 2


def bisect(slope: Callable[[float], float], low: float, high: float) -> float:
    """The number between `low` and `high` at which `slope` changes its sign, which must differ at the two ends."""
    rising = slope(low) < 0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if (slope(middle) < 0) == rising else (low, middle)
    return (low + high) / 2


def curvatures(surface: Any, points: ArrayLike) -> tuple[Floats, Floats]:
    """The losses (k,) and the largest absolute eigenvalues of the Hessian (k,) at points (n, k)."""
    with double():
        losses, sizes = _curvatures(_in_float64(surface), np.asarray(points, dtype="float64"))
        return np.asarray(losses), np.asarray(sizes)


def eigenvalues(a: Any, b: Any, c: Any) -> Any:
    """The eigenvalues of the matrix [[a, b], [b, c]], the larger one first, (2, …).

    The closed form saves loading LAPACK, which takes longer than compiling a program of two coordinates.
    """
    mean, radius = (a + c) / 2, jnp.hypot((a - c) / 2, b)
    return jnp.stack([mean + radius, mean - radius])


def _bucket(count: int) -> int:
    """The smallest power of two that is not below `count`."""
    return 1 << max(count - 1, 0).bit_length()


def _in_float64(surface: Any) -> Any:
    """The surface with its parameters and data in float64."""
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
