"""What a sweep varies: `Grid`, `Random` and lists of values, by the names of declared parameters.

A name is that of a parameter of the optimizer, its schedule, the surface or the noise, such as "learning_rate"; "start"
for whole starts, "start.0", "start.1", … for single coordinates of the start; or "seed". Where two parts have a
parameter of the same name, "optimizer.", "surface." or "noise." before it tells them apart.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.noise import Noise
from optimizers.optimizer import Optimizer
from surfaces.calculus import Floats
from surfaces.parameter import Declared, Parameter, Scale
from surfaces.surface import Surface

MOST_RUNS = 10_000_000
"""The most runs of one sweep."""
COMPONENTS = ("surface", "optimizer", "noise")
"""The parts of a run that have parameters, as the first names of paths."""
Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Grid:
    """Values at equal distances on the declared scale of a parameter (linear, log, or log of 1 − value).

    Args:
        count: the number of values.
        low, high: the first and the last value; by default the declared range, for a coordinate of the start the
            surface's domain.
    """

    count: int
    low: float | None = None
    high: float | None = None


@dataclasses.dataclass(frozen=True)
class Random:
    """Values drawn uniformly on the declared scale of a parameter: log-uniform where that is log.

    All random axes of a sweep are drawn together, as in random search (Bergstra & Bengio 2012).

    Args:
        low, high: the range; the defaults are those of `Grid`.
    """

    low: float | None = None
    high: float | None = None


Axis = Grid | Random | Sequence[Any] | NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Column:
    """The values that one name takes in a sweep.

    Args:
        name: the name, with its prefix if it needs one.
        path: the way to the field, such as ("optimizer", "inner", "learning_rate"), ("start",), ("start", "0") or
            ("seed",).
        dimension: the index of the axis of the sweep along which the values lie.
        values: (k,), or (k, n) for whole starts.
    """

    name: str
    path: Path
    dimension: int
    values: NDArray[Any]


def spread(count: int, low: float, high: float, scale: Scale) -> Floats:
    """`count` values at equal distances on a scale, from low to high; a single value is low."""
    return on_scale(np.linspace(0.0, 1.0, count), low, high, scale)


def on_scale(shares: ArrayLike, low: float, high: float, scale: Scale) -> Floats:
    """The values at shares (k,) of the way from low to high on a scale; the ends are exact."""
    share = np.asarray(shares, dtype=float)
    if scale == "log":
        values = np.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    elif scale == "one_minus_log":
        values = -np.expm1(math.log1p(-low) + share * (math.log1p(-high) - math.log1p(-low)))
    else:
        values = low + share * (high - low)
    return np.where(share == 0, low, np.where(share == 1, high, values))


def fields_of(surface: Surface, optimizer: Optimizer, noise: Noise) -> Iterator[tuple[Path, Parameter]]:
    """The declared parameters of all parts of a run, with the way to each; wrappers come before what they wrap."""
    for component, node in zip(COMPONENTS, (surface, optimizer, noise), strict=True):
        yield from _fields((component,), node)


def fields_of_rule(optimizer: Optimizer) -> Iterator[tuple[Path, Parameter]]:
    """The declared parameters of a rule, and of its schedule and what else it wraps, with the way to each."""
    yield from _fields(("optimizer",), optimizer)


def _fields(path: Path, node: Declared) -> Iterator[tuple[Path, Parameter]]:
    for name, spec in node.parameters().items():
        yield (*path, name), spec
    for field in dataclasses.fields(node):  # type: ignore[arg-type]
        if isinstance(part := getattr(node, field.name), Declared):
            yield from _fields((*path, field.name), part)


def with_value(node: Any, path: Path, value: Any) -> Any:
    """A copy of a record with the field at the end of a path replaced, which is checked like a new record."""
    name, *rest = path
    return node.replace(**{name: with_value(getattr(node, name), tuple(rest), value) if rest else value})


def unchecked(node: Any, path: Path, value: Any) -> Any:
    """A copy of a record with the field at the end of a path replaced by anything."""
    name, *rest = path
    changed = copy.copy(node)
    object.__setattr__(changed, name, unchecked(getattr(node, name), tuple(rest), value) if rest else value)
    return changed


@dataclasses.dataclass(frozen=True)
class _Placeholder:
    """A leaf that stands for a swept parameter, and shows its place among all leaves."""

    index: int


def places_of(nodes: Sequence[Any], paths: Sequence[Path]) -> tuple[int, ...]:
    """The places of the fields at the ends of paths among the leaves of surface, optimizer and noise.

    Args:
        nodes: the first of `COMPONENTS`, or all of them.
        paths: paths that begin with the name of a component.
    """
    marked = list(nodes)
    for index, (component, *path) in enumerate(paths):
        k = COMPONENTS.index(component)
        marked[k] = unchecked(marked[k], tuple(path), _Placeholder(index))
    leaves = enumerate(jax.tree.leaves(tuple(marked)))
    places = {leaf.index: place for place, leaf in leaves if isinstance(leaf, _Placeholder)}
    return tuple(places[index] for index in range(len(places)))


def columns_of(
    over: Mapping[Any, Any],
    surface: Surface,
    optimizer: Optimizer,
    noise: Noise,
    draws: int,
    draw_seed: int,
) -> tuple[Column, ...]:
    """The columns of a sweep. Random ones lie along the first axis, all others along one axis each.

    Raises:
        ValueError: with the reason and what to do, if a name is unknown or ambiguous, appears twice or is compiled in,
            if a range is reversed or unknown, if a value is not allowed, or if there are no runs or too many.
    """
    if not isinstance(over, Mapping):
        raise ValueError(f"over must map names to values, such as {{'learning_rate': [0.1, 0.2]}}; got {over!r}")
    known = dict(fields_of(surface, optimizer, noise))
    columns: list[Column] = []
    random = any(isinstance(axis, Random) for axis in over.values())
    if random and not (is_whole(draws) and 1 <= draws <= MOST_RUNS):
        raise ValueError(f"draws must be a whole number from 1 to {MOST_RUNS:,} for random axes; got {draws}")
    if random and not (is_whole(draw_seed) and draw_seed >= 0):
        raise ValueError(f"draw_seed must be a whole number that is not negative; got {draw_seed}")
    dimension = 1 if random else 0
    for names, axis in over.items():
        together = _together(names, axis)
        for name, values in together:
            path = _path(name, known, len(surface.start))
            if earlier := next((c for c in columns if _overlap(c.path, path)), None):
                raise ValueError(f"{name!r} and {earlier.name!r} are the same axis: leave one of them out")
            spec = known.get(path)
            if spec is not None and spec.static:
                raise ValueError(
                    f"{name!r} is compiled into the program and cannot be an axis: call sweep once for each value"
                )
            checked = _values(name, values, path, spec, surface, draws, draw_seed)
            columns.append(Column(name, path, 0 if isinstance(values, Random) else dimension, checked))
        if len({len(column.values) for column in columns[-len(together) :]}) > 1:
            raise ValueError(f"{names!r} share an axis, so their lists must have the same length")
        dimension += not isinstance(axis, Random)
    runs = math.prod(shape_of(columns))
    if runs > MOST_RUNS:
        raise ValueError(
            f"a sweep has at most {MOST_RUNS:,} runs, because its results stay in memory; got "
            f"{' × '.join(f'{n:,}' for n in shape_of(columns))} = {runs:,}. Take fewer values for each axis, or split "
            "the grid and sweep its parts one after the other"
        )
    return tuple(columns)


def _together(names: Any, axis: Any) -> list[tuple[str, Axis]]:
    """The names that share an axis, each with its values."""
    if not isinstance(names, tuple):
        return [(names, axis)]
    if not isinstance(axis, list | tuple) or len(axis) != len(names):
        raise ValueError(f"{names!r} share an axis, so there must be a list of values for each of them in a tuple")
    if any(isinstance(values, Random) for values in axis):
        raise ValueError(
            f"{names!r} share an axis of lists or grids; random values need no tuple: all are drawn together"
        )
    return list(zip(names, axis, strict=True))


def is_whole(number: Any) -> bool:
    """Whether something is a whole number of Python or NumPy; True and False are not."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def shape_of(columns: Sequence[Column]) -> tuple[int, ...]:
    """The shape of a sweep over these columns; () for a single run."""
    sizes = {column.dimension: len(column.values) for column in columns}
    return tuple(sizes[k] for k in sorted(sizes))


def _path(name: str, known: Mapping[Path, Parameter], coordinates: int) -> Path:
    """The way to the field that a name stands for."""
    if name in ("start", "seed"):
        return (name,)
    head, _, tail = name.partition(".")
    if head == "start":
        if not tail.isdecimal() or int(tail) >= coordinates:
            raise ValueError(f"the start has the coordinates start.0 to start.{coordinates - 1}; got {name!r}")
        return "start", str(int(tail))
    components, last = ([head], tail) if head in COMPONENTS and tail else (COMPONENTS, name)
    matches = [path for path in known if path[0] in components and path[-1] == last]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        choices = ", ".join(dict.fromkeys(path[-1] for path in known))
        raise ValueError(f"unknown axis {name!r}; the choices are {choices}, start, start.0 and so on, and seed")
    prefixes = " or ".join(f"'{path[0]}.{last}'" for path in matches)
    raise ValueError(f"{name!r} belongs to several parts: write {prefixes}")


def _overlap(a: Path, b: Path) -> bool:
    """Whether two paths lead to the same value, as those to the start and to one of its coordinates do."""
    return a[: len(b)] == b or b[: len(a)] == a


def _values(
    name: str, axis: Axis, path: Path, spec: Parameter | None, surface: Surface, draws: int, draw_seed: int
) -> NDArray[Any]:
    """The values of an axis, checked."""
    if isinstance(axis, Grid | Random):
        if path[0] == "seed" or path == ("start",):
            advice = "range(20)" if path[0] == "seed" else "points of shape (k, n), or 'start.0' and 'start.1'"
            raise ValueError(f"{name!r} takes a list of values, such as {advice}")
        low, high = _range(name, axis, path, spec, surface)
        scale: Scale = spec.scale if spec else "linear"
        if isinstance(axis, Grid):
            if not is_whole(axis.count) or axis.count < 1:
                raise ValueError(
                    f"the grid of {name!r} must have a whole number of values, at least 1; got {axis.count}"
                )
            if axis.count == 1 and low < high:
                raise ValueError(f"the grid of {name!r} has one value for a whole range: pass a list such as [{low:g}]")
            if axis.count > MOST_RUNS:
                raise ValueError(f"a sweep has at most {MOST_RUNS:,} runs; the grid of {name!r} has {axis.count:,}")
            values: NDArray[Any] = spread(axis.count, low, high, scale)
        else:
            # keyed by name, so that another axis, or more draws, change none of these
            shares = np.random.default_rng([draw_seed, zlib.crc32(".".join(path).encode())]).random(draws)
            values = on_scale(shares, low, high, scale)
    else:
        try:
            values = np.asarray(axis)
        except ValueError:  # rows of different lengths
            values = np.empty(0)
        if values.dtype.kind not in "iuf":
            raise ValueError(f"the values of {name!r} must be numbers, a Grid or a Random; got {axis!r}")
        wanted = (len(values), len(surface.start)) if path == ("start",) and values.ndim else (values.size,)
        if values.shape != wanted or not len(values):
            shape = f"(k, {len(surface.start)})" if path == ("start",) else "(k,)"
            raise ValueError(f"{name!r} must be values of shape {shape}, at least one; got shape {values.shape}")
        if path == ("seed",) and (values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= 2**32):
            raise ValueError(f"seeds must be whole numbers from 0 to 2³² − 1; got {axis!r}")
    if not np.isfinite(values.astype(float)).all():
        raise ValueError(f"the values of {name!r} must be finite; got {axis!r}")
    if spec is not None:
        spec.check([values.min(), values.max()])
    return values


def _range(name: str, axis: Grid | Random, path: Path, spec: Parameter | None, surface: Surface) -> tuple[float, float]:
    """The range of an axis, from its declaration where the axis does not say."""
    declared: tuple[float | None, float | None] = (spec.low, spec.high) if spec else (None, None)
    if path[0] == "start" and int(path[1]) < 2:
        declared = surface.domain[int(path[1])]
    low, high = (d if v is None else v for v, d in zip((axis.low, axis.high), declared, strict=True))
    if low is None or high is None:
        raise ValueError(f"{name!r} has no declared range: write {type(axis).__name__}(…, low=…, high=…)")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"the range of {name!r} must be finite; got {low:g} to {high:g}")
    if low > high:
        raise ValueError(f"the range of {name!r} is reversed: low must be at most high; got {low:g} to {high:g}")
    if spec is not None:
        spec.check([low, high])
        if spec.scale == "log" and low <= 0:
            raise ValueError(f"{name!r} has a log scale, so its range must be positive; got {low:g} to {high:g}")
    return float(low), float(high)
