"""What a tuning searches: the rules, their tuned parameters and settings, and the starts and seeds of the runs.

The seeds and starts on which the tuned optimizers are compared are never those on which they were tuned: tuning uses
even seeds, the comparison uses odd ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers import axes
from optimizers.axes import Grid, Random
from optimizers.borrowed import as_rule
from optimizers.optimizer import Optimizer
from surfaces.calculus import Floats
from surfaces.surface import Surface

SEVERAL = 5
"""The number of starts, or of seeds, on which each trial runs unless another one is passed."""


def draw_seeds(count: int, seed: int, *, tuning: bool) -> NDArray[Any]:
    """`count` different seeds of the noise: even ones for the tuning, odd ones for the comparison.

    Raises:
        ValueError: if the count is below 1.
    """
    if count < 1:
        raise ValueError(f"seeds must be at least 1; got {count}")
    return (2 * ((seed * 1_000_003 + np.arange(count)) % 2**31) + (not tuning)).astype(np.int64)


def draw_starts(surface: Surface, count: int, seed: int, *, tuning: bool) -> Floats:
    """`count` starts (count, n) in the surface's domain; coordinates that are not drawn are those of its own start."""
    low, high = np.array(surface.domain).T
    starts = np.tile(np.asarray(surface.start, dtype=float), (count, 1))
    drawn = min(2, starts.shape[1])
    shares = np.random.default_rng([seed, tuning]).random((count, drawn))
    starts[:, :drawn] = (low + shares * (high - low) if drawn == 2 else low[:1] + shares * (high - low)[:1])[:, :drawn]
    return starts


def named(optimizers: Mapping[str, Any] | Sequence[Any]) -> dict[str, Optimizer]:
    """The rules by name; those of a list by the names they have on the page."""
    if isinstance(optimizers, Mapping):
        rules = {name: as_rule(rule) for name, rule in optimizers.items()}
    else:
        listed = [as_rule(rule) for rule in optimizers]
        rules = {rule.name: rule for rule in listed}
        if len(rules) < len(listed):
            raise ValueError("two optimizers have the same name: pass a mapping with a name for each")
    if not rules:
        raise ValueError("there must be at least one optimizer to tune")
    return rules


def tuning_starts(surface: Surface, starts: int | ArrayLike | None, quiet: bool, seed: int) -> Floats:
    """The starts of the tuning, (k, n)."""
    if starts is None and not quiet:
        return np.asarray([surface.start], dtype=float)
    if starts is None or np.ndim(starts) == 0:
        count = SEVERAL if starts is None else int(starts)  # type: ignore[arg-type]
        if count < 1:
            raise ValueError(f"starts must be at least 1; got {count}")
        return draw_starts(surface, count, seed, tuning=True)
    return np.atleast_2d(np.asarray(starts, dtype=float))


def tunable(rule: Optimizer, parameters: Sequence[str] | None) -> list[str]:
    """The names of the parameters of a rule, and of its schedule, that are tuned."""
    fields = [(path[-1], spec) for path, spec in axes.fields_of_rule(rule) if not spec.static]
    return [name for name, spec in fields if (spec.tuned if parameters is None else name in parameters)]


def search_axes(
    names: Sequence[str], trials: int, search: str, ranges: Mapping[str, tuple[float, float]]
) -> dict[str | tuple[str, ...], Any]:
    """The axes of the search; a parameter of which a grid has room for one value is none of them."""
    if search == "random":
        return {f"optimizer.{name}": Random(*ranges.get(name, ())) for name in names}
    fixed = [name for name in names if name in ranges and ranges[name][0] == ranges[name][1]]
    counts = grid_counts([name for name in names if name not in fixed], trials)
    several = {name: count for name, count in counts.items() if count > 1}
    return {f"optimizer.{name}": Grid(several.get(name, 1), *ranges.get(name, ())) for name in [*fixed, *several]}


def grid_counts(names: Sequence[str], trials: int) -> dict[str, int]:
    """The numbers of values of the parameters in a grid of at most `trials` settings.

    One more value goes to the parameter with the fewest values for which the grid has room, and among equals to the
    learning rate first.
    """
    # all counts are equal on the way to the largest cube within the budget, so the search can start there
    edge = math.floor(trials ** (1 / len(names)) + 1e-9) if names else 1
    counts = dict.fromkeys(sorted(names, key=lambda name: name != "learning_rate"), edge)

    def has_room(name: str) -> bool:
        return math.prod(counts.values()) // counts[name] * (counts[name] + 1) <= trials

    while larger := [name for name in counts if has_room(name)]:
        counts[min(larger, key=lambda name: counts[name])] += 1
    return counts
