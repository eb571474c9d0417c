"""`from_function` makes a surface out of any function that JAX can differentiate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from surfaces.parameter import Constant
from surfaces.surface import Box, CriticalPoint, Surface

LEAST = 2.0
"""The least half width of a default domain."""


class Function(Surface):
    """A function of the user. Its critical points are unknown, except for the minima that were named."""

    name = "Function"
    formula = "L(w)"
    teaches = "A function of your own."
    source = "from_function"
    theme = "functions"
    complete = False

    function: Constant
    first_point: tuple[float, ...]
    box: Box
    known_minima: tuple[tuple[float, ...], ...] = ()

    def __call__(self, w: Array) -> Array:
        function = self.function.value
        if w.ndim == 1:
            return jnp.asarray(function(w), dtype=w.dtype)
        losses = jax.vmap(function, in_axes=1)(w.reshape(w.shape[0], -1))
        return jnp.asarray(losses, dtype=w.dtype).reshape(w.shape[1:])

    @property
    def domain(self) -> Box:
        return self.box

    @property
    def start(self) -> tuple[float, ...]:
        return self.first_point

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return tuple(CriticalPoint(position, "minimum") for position in self.known_minima)


def from_function(
    function: Callable[[Array], Any],
    start: Sequence[float],
    domain: Box | None = None,
    minima: Sequence[Sequence[float]] = (),
) -> Function:
    """A surface out of a function, for `trace` and for the figures of `app`.

    Args:
        function: maps a point w of shape (n,) to one number, and is written with `jax.numpy`.
        start: (n,), the default start.
        domain: the part that maps show, ((x low, x high), (y low, y high)). By default a square around the start that
            reaches twice as far as the origin, and at least by 2 in each direction.
        minima: the known lowest minima, (k, n). Without them, a status refers to the minimum of the quadratic
            approximation at the last point of a run.

    Raises:
        ValueError: if the start is not a point, if a minimum has another number of coordinates, or if the function
            does not return one number at the start or cannot be traced by JAX.
    """
    point = np.asarray(start, dtype=float)
    if point.ndim != 1 or not len(point) or not np.isfinite(point).all():
        raise ValueError(f"start must be a point of finite coordinates, such as (-1.5, 2.0); got {start!r}")
    known = tuple(tuple(map(float, minimum)) for minimum in minima)
    if any(len(minimum) != len(point) for minimum in known):
        raise ValueError(f"minima must have {len(point)} coordinates, like the start; got {minima!r}")
    _check(function, len(point))
    if domain is None:
        half = max(LEAST, 2 * float(np.abs(point).max()))
        x, y = (float(value) for value in (*point, 0.0)[:2])
        domain = (x - half, x + half), (y - half, y + half)
    return Function(Constant(function), tuple(map(float, point)), domain, known)


def _check(function: Callable[[Array], Any], coordinates: int) -> None:
    """Reject a function that is not one of a single vector with one number as its value."""
    example = "lambda w: jnp.sum(w**2)"
    try:
        loss = jax.eval_shape(function, np.zeros(coordinates, np.float32))
    except (jax.errors.JAXTypeError, jax.errors.JAXIndexError) as error:
        raise ValueError(
            f"the function must be written with jax.numpy, as in {example}: {str(error).splitlines()[0]}"
        ) from None
    except TypeError as error:
        raise ValueError(f"the function must take one vector of {coordinates} coordinates: {error}") from None
    if getattr(loss, "shape", None) != ():
        found = f"an array of shape {loss.shape}" if hasattr(loss, "shape") else type(loss).__name__
        raise ValueError(f"the function must return one number, as {example} does; it returns {found}")
