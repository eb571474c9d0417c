"""Values and derivatives of a surface outside any run: in float64, on the CPU, one compiled program each.

The surface's parameters are traced, so a moved one compiles nothing.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


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


def curvatures(surface: Any, points: ArrayLike) -> tuple[Floats, Floats]:
    """Losses (k,) and the largest |eigenvalue| of the Hessian (k,) at points (n, k)."""
    with double():
        losses, sizes = _curvatures(_leaves(surface), np.asarray(points, dtype="float64"))
        return np.asarray(losses), np.asarray(sizes)


def _leaves(surface: Any) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), surface)


@jax.jit
def _values(surface: Any, points: Any) -> Any:
    return surface(points)


@jax.jit
def _expand(surface: Any, w: Any) -> Any:
    return surface(w), jax.grad(surface)(w), jax.hessian(surface)(w)


@jax.jit
def _curvatures(surface: Any, points: Any) -> Any:
    def size(w: Any) -> Any:
        hessian = jax.hessian(surface)(w)
        if len(w) > 2:
            return jnp.max(jnp.abs(jnp.linalg.eigvalsh(hessian)))
        (a, b), (_, c) = hessian  # λ = (a + c)/2 ± r, by hand: LAPACK takes longer to load than all else here
        return jnp.abs(a + c) / 2 + jnp.hypot((a - c) / 2, b)

    return surface(points), jax.vmap(size, in_axes=1)(points)
