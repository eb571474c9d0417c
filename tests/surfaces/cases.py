"""Fixtures of the tests of surfaces: every landscape, with default and with random parameters."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from surfaces import SURFACES, Rotated, Surface
from surfaces.parameter import Declared, Parameter

# all tests of a landscape run on the same worker, so that its programs are compiled once
KEYS = [pytest.param(key, id=key, marks=pytest.mark.xdist_group(key)) for key in SURFACES]
ANGLES = (30.0, -71.5, 90.0)
DRAWS = 4
MANY = 100


def pick(spec: Parameter, rng: np.random.Generator, margin: float = 0.0) -> Any:
    """A random value from the declared range, on the declared scale, except for a share `margin` at the upper end."""
    if spec.choices:
        return spec.choices[rng.integers(len(spec.choices))]
    if spec.integer and spec.high > MANY:  # the dimension: every value is another program, and Hessians grow
        return int(rng.integers(spec.low, 6))
    share = rng.uniform(0, 1 - margin)
    if spec.scale == "log":
        value = math.exp(math.log(spec.low) + share * math.log(spec.high / spec.low))
    elif spec.scale == "one_minus_log":
        value = 1 - math.exp((1 - share) * math.log(1 - spec.low) + share * math.log(1 - spec.high))
    else:
        value = spec.low + share * (spec.high - spec.low)
    return round(value) if spec.integer else value


def draw(kind: type[Declared], rng: np.random.Generator, margin: float = 0.0) -> Any:
    """An instance with random parameters; combinations that the constructor rejects are drawn again."""
    for _ in range(100):
        try:
            return kind(**{name: pick(spec, rng, margin) for name, spec in kind.parameters().items()})
        except ValueError:
            continue
    raise AssertionError(f"the constructor of {kind.__name__} rejects its declared ranges")


@functools.cache
def variants(key: str) -> tuple[Surface, ...]:
    """The landscape with its default parameters and, if it has any, with random ones from the declared ranges."""
    kind = SURFACES[key]
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    return (kind(), *(draw(kind, rng) for _ in range(DRAWS if kind.parameters() else 0)))


@functools.cache
def rotations(key: str) -> tuple[Surface, ...]:
    """Every variant, without and with rotations."""
    return (*variants(key), *(Rotated(s, angle) for s in variants(key) for angle in ANGLES))


def arrays(surface: Surface) -> Surface:
    """The surface with its parameters and data in float64."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), surface)


class Facts(NamedTuple):
    """Values, gradients and Hessians at the critical points of a surface, and values and Hessians on a grid."""

    kinds: tuple[str, ...]
    values: np.ndarray
    gradients: np.ndarray
    hessians: np.ndarray
    grid_values: np.ndarray
    grid_hessians: np.ndarray


_PADDED = 16  # the number to which critical points are padded, so that one program serves all variants


@functools.cache
def facts(surface: Surface) -> Facts:
    """The facts of a surface, computed once; kinks are left out because they have no gradient."""
    smooth = [p for p in surface.critical_points() if p.kind != "kink"]
    critical = [p.position for p in smooth]
    points = np.concatenate(
        [np.array([*critical, *[surface.start] * (_PADDED - len(critical))]).T, grid(surface, 15)], 1
    )
    value, gradient, hessian = _numpy(_expansions, surface, points)
    k = len(critical)
    return Facts(
        tuple(p.kind for p in smooth), value[:k], gradient[:, :k], hessian[:k], value[_PADDED:], hessian[_PADDED:]
    )


@jax.jit
def _expansions(surface: Surface, points: Any) -> Any:
    return (*_value_and_grad(surface, points), jax.vmap(jax.hessian(surface), in_axes=1)(points))


@jax.jit
def _value_and_grad(surface: Surface, points: Any) -> Any:
    value, pull = jax.vjp(surface, points)
    return value, pull(jnp.ones_like(value))[0]


@jax.jit
def _rows(surface: Surface, rows: Any) -> Any:
    return jax.lax.map(surface, rows)


def _numpy(program: Callable[..., Any], surface: Surface, points: Any) -> Any:
    with jax.enable_x64(True):
        out = program(arrays(surface), np.asarray(points, dtype="float64"))
        return jax.tree.map(np.asarray, out)


def values(surface: Surface, points: Any) -> np.ndarray:
    """The losses (…) at points (n, …), in float64."""
    return _numpy(_value_and_grad, surface, points)[0]


def gradients(surface: Surface, points: Any) -> np.ndarray:
    """The gradients (n, …) at points (n, …), in float64."""
    return _numpy(_value_and_grad, surface, points)[1]


def picture(surface: Surface, side: int) -> np.ndarray:
    """The losses (side, side) on a fine grid, computed row by row."""
    return _numpy(_rows, surface, grid(surface, side).reshape(-1, side, side).swapaxes(0, 1))


def diagonal(surface: Surface) -> float:
    """The length of the diagonal of the domain."""
    (x0, x1), (y0, y1) = surface.domain
    return float(np.hypot(x1 - x0, y1 - y0))


def grid(surface: Surface, side: int) -> np.ndarray:
    """A grid over the domain, with all coordinates, (n, side²)."""
    (x0, x1), (y0, y1) = surface.domain
    x, y = np.meshgrid(np.linspace(x0, x1, side), np.linspace(y0, y1, side))
    return surface.embed(np.stack([x.ravel(), y.ravel()]))
