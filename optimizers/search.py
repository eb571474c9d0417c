"""What a tuning searches: the rules, their tuned parameters and settings, and the starts and seeds of the runs.

The seeds and starts on which the tuned optimizers are compared are never those on which they were tuned: tuning uses
even seeds, the comparison uses odd ones.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import optax
from numpy.typing import NDArray

from optimizers import axes
from optimizers.axes import MOST_RUNS, Grid, Random, is_whole
from optimizers.borrowed import as_rule
from optimizers.optimizer import Optimizer
from surfaces.calculus import Floats
from surfaces.surface import Surface

SEVERAL = 5
"""The number of starts, or of seeds, on which each trial runs unless another one is passed."""
MOST_COORDINATES = 50_000_000
"""The most coordinates of all starts together, which take 400 MB."""


def draw_seeds(count: int, seed: int, *, tuning: bool) -> NDArray[Any]:
    """`count` different seeds of the noise: even ones for the tuning, odd ones for the comparison.

    Raises:
        ValueError: if the count is below 1, or is that of more runs than a sweep may have.
    """
    count = whole("seeds", count, 1, MOST_RUNS)
    return (2 * ((seed * 1_000_003 + np.arange(count)) % 2**31) + (not tuning)).astype(np.int64)


def draw_starts(surface: Surface, count: int, seed: int, *, tuning: bool) -> Floats:
    """`count` starts (count, n) in the surface's domain; coordinates that are not drawn are those of its own start.

    Raises:
        ValueError: if the count is below 1, or if the starts would take too much memory.
    """
    low, high = np.array(surface.domain).T
    n = len(surface.start)
    count = whole("starts", count, 1, MOST_COORDINATES // n)
    starts = np.tile(np.asarray(surface.start, dtype=float), (count, 1))
    drawn = min(2, n)
    shares = np.random.default_rng([seed, tuning]).random((count, drawn))
    starts[:, :drawn] = (low + shares * (high - low) if drawn == 2 else low[:1] + shares * (high - low)[:1])[:, :drawn]
    return starts


def whole(what: str, value: Any, low: int, high: int) -> int:
    """A value that has to be a whole number from low to high.

    Raises:
        ValueError: with the name, the value and the range, if it is no such number.
    """
    if not is_whole(value) or not low <= value <= high:
        raise ValueError(f"{what} must be a whole number from {low:,} to {high:,}; got {value!r}")
    return int(value)


def points_or_count(starts: Any) -> Floats | int | None:
    """The starts that were passed: points (k, n), their number, or None.

    Raises:
        ValueError: if they are none of these.
    """
    if starts is None or is_whole(starts):
        return starts
    try:
        points = np.asarray(starts, dtype=float)
    except (TypeError, ValueError):  # words, or rows of different lengths
        points = np.empty(0)
    if points.ndim not in (1, 2) or not points.size or not np.isfinite(points).all():
        raise ValueError(
            "starts must be a whole number of starts, or points of shape (k, n) with finite coordinates; got "
            f"{reprlib.repr(starts)}"
        )
    return np.atleast_2d(points)


def checked_ranges(ranges: Any) -> dict[str, tuple[float, float]]:
    """The ranges of parameters as pairs of numbers.

    Raises:
        ValueError: if they are no mapping from names to pairs.
    """
    if ranges is None:
        return {}
    example = "{'learning_rate': (1e-4, 0.1)}"
    if not isinstance(ranges, Mapping):
        raise ValueError(f"ranges must map names to pairs of numbers, such as {example}; got {ranges!r}")
    checked = {}
    for name, pair in ranges.items():
        try:
            low, high = map(float, pair)
        except (TypeError, ValueError):
            raise ValueError(
                f"the range of {name!r} must be a pair of numbers, as in {example}; got {pair!r}"
            ) from None
        checked[name] = low, high
    return checked


def named(optimizers: Mapping[str, Any] | Iterable[Any]) -> dict[str, Optimizer]:
    """The rules by name; those of a list by the names they have on the page.

    Raises:
        ValueError: if there is none, if two have the same name, or if they are neither a list nor a mapping.
        TypeError: if one of them is no rule.
    """
    if isinstance(optimizers, Mapping):
        rules = {name: as_rule(rule) for name, rule in optimizers.items()}
    elif isinstance(optimizers, Iterable) and not isinstance(optimizers, str | optax.GradientTransformation):
        listed = [as_rule(rule) for rule in optimizers]
        rules = {rule.name: rule for rule in listed}
        if len(rules) < len(listed):
            raise ValueError("two optimizers have the same name: pass a mapping with a name for each")
    else:
        raise ValueError(
            "optimizers must be a list of rules, such as [OPTIMIZERS['sgd'](), OPTIMIZERS['adam']()], or a mapping "
            f"from names to rules; got {optimizers!r}"
        )
    if not rules:
        raise ValueError("there must be at least one optimizer to tune")
    return rules


def tuning_starts(surface: Surface, starts: Floats | int, seed: int) -> Floats:
    """The starts of the tuning, (k, n).

    Raises:
        ValueError: if points have the wrong number of coordinates, or for a reason of `draw_starts`.
    """
    n = len(surface.start)
    if not isinstance(starts, np.ndarray):
        return draw_starts(surface, starts, seed, tuning=True)
    if starts.shape[1] != n:
        raise ValueError(f"starts must be points of shape (k, {n}) on this surface; got shape {starts.shape}")
    return starts


def tunable(
    rules: Mapping[str, Optimizer], parameters: Sequence[str] | None, ranges: Mapping[str, tuple[float, float]]
) -> dict[str, list[str]]:
    """The names of the parameters of each rule, and of its schedule, that are tuned.

    Raises:
        ValueError: if a name of `parameters` or `ranges` belongs to no rule.
    """
    if isinstance(parameters, str):
        raise ValueError(f"parameters must be a list of names, such as [{parameters!r}]; got {parameters!r}")
    fields = {
        name: [(path[-1], spec) for path, spec in axes.fields_of_rule(rule) if not spec.static]
        for name, rule in rules.items()
    }
    names = {
        name: [key for key, spec in listed if (spec.tuned if parameters is None else key in parameters)]
        for name, listed in fields.items()
    }
    known = {key for keys in names.values() for key in keys}
    if unknown := {*(parameters or ()), *ranges} - known:
        choices = sorted({key for listed in fields.values() for key, spec in listed if spec.tuned})
        raise ValueError(f"no optimizer tunes {', '.join(sorted(map(str, unknown)))}; they tune {', '.join(choices)}")
    return names


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


def reached_objection(surface: Surface) -> str:
    """The reason why steps to a threshold cannot be counted on a surface; an empty string if they can."""
    if surface.lowest() is not None:
        return ""
    return (
        'score "reached" counts the steps to a height above the lowest minimum, and this surface lists no minimum: use '
        '"final" or "area", or pass minima to from_function'
    )


def cost_objection(name: str, cost: int, steps: int, budget: int, clock: str) -> str:
    """The reason why an optimizer that needs `cost` evaluations for a step cannot be tuned within a budget."""
    if clock == "evaluations":
        return (
            f"a horizon of {steps} gradient evaluations is less than a step of {name}, which needs {cost}: "
            f"pass steps={cost} or more"
        )
    return (
        f"one trial of {name} costs {cost} gradient evaluations for each step, more than the whole budget of {budget} "
        f'trials with one evaluation: pass budget={cost} or more, or clock="evaluations"'
    )
