"""Steps to converge of rules at their best learning rates, out of the same set for every rule."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from optimizers.axes import Grid
from optimizers.optimizer import Optimizer
from optimizers.studies.study import Progress
from optimizers.sweeps import plan_sweep
from surfaces.calculus import Floats
from surfaces.parameter import Interval, parameter
from surfaces.surface import Surface

RANGE = (1e-4, 10.0)
"""The range of learning rates that are searched, for every rule."""
RATES = 33
"""The number of learning rates that the studies search."""
THRESHOLD = 1e-4
"""The share of the initial height at which a run has arrived, in the studies."""
Answer = TypeVar("Answer")
BAND = (10.0, 90.0)
"""The percentiles of the band round a median."""


def starts(default: int, high: int) -> Any:
    """Declare the number of starts."""
    return parameter(
        "starts",
        default=default,
        low=5,
        high=high,
        integer=True,
        legal=Interval(1, high),
        doc="Number of starts from which steps are counted; the search for the learning rate uses as many others.",
    )


def most_steps() -> Any:
    """Declare the number of steps of a run."""
    return parameter(
        "steps",
        default=2000,
        low=100,
        high=5000,
        integer=True,
        log=True,
        legal=Interval(1, 5000),
        doc="Number of steps after which a run that has not arrived is stopped.",
    )


class Best(NamedTuple):
    """What rules reach at their best learning rates, at each of k places, such as angles.

    Attributes:
        rate: the best learning rate (k,), NaN where no rate takes half of the starts to the threshold.
        median: the median number of steps over fresh starts (k,), infinite where most of them do not get there.
        low, high: the band round the median (k,).
    """

    rate: Floats
    median: Floats
    low: Floats
    high: Floats


def best_steps(
    surface: Surface,
    rule: Optimizer,
    places: Mapping[Any, Any],
    points: Floats,
    *,
    rates: int,
    steps: int,
    threshold: float,
) -> Generator[float, None, Best]:
    """The steps of a rule to a share of the initial height, at the best of `rates` learning rates at each place.

    It yields the share of the runs that are computed, after each piece of the sweep, and returns the steps.

    The best rate has the fewest median steps over the first half of the starts. The steps are those from the second
    half, so that no start is used twice. Parameters other than the learning rate have their values in `rule`.

    Args:
        surface: the surface, which lists its minimum.
        rule: the rule, with a learning rate.
        places: names and values of parameters of the surface that vary together, as for `sweep`; empty for one place.
        points: the starts (2 k, n).
        rates: the number of learning rates, evenly spaced on a log scale over `RANGE`.
        steps: the number of steps after which a run that has not arrived counts as infinitely long.
        threshold: the share of the initial height above the minimum.
    """
    over: dict[Any, Any] = {"learning_rate": Grid(rates, *RANGE)}
    if places:
        over[tuple(places)] = tuple(places.values())
    over["start"] = points
    plan = plan_sweep(surface, rule, over=over, steps=steps, threshold=threshold, record=("reached",))
    pieces = []
    for piece in plan:
        pieces.append(piece)
        yield piece.end / plan.runs
    reached = plan.gather(pieces).reached
    counted = np.where(reached >= 0, reached, np.inf).astype(float).reshape(rates, -1, len(points))
    half = len(points) // 2
    return summary(np.geomspace(*RANGE, rates), counted[..., :half], counted[..., half:])


def in_parts(
    search: Generator[float, None, Answer], found: Any, done: float, share: float
) -> Generator[Progress, None, Answer]:
    """The answer of a search, such as `best_steps`, with a part of the study after each piece but the last.

    Args:
        search: it yields the share of its work that is done, and returns the answer.
        found: the result of the study before the search.
        done, share: the shares of the study that precede the search, and that the search takes.
    """
    while True:
        try:
            within = next(search)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        if within < 1:
            yield Progress(done + share * within, found)


def summary(rates: Floats, searched: Floats, fresh: Floats) -> Best:
    """The best rates by the searched runs, and the steps of the fresh ones at these rates.

    Args:
        rates: (r,).
        searched, fresh: steps (r, k, starts), infinite where a run does not arrive.
    """
    medians = median(searched)  # (r, k)
    best = np.argmin(medians, axis=0)
    chosen = np.take_along_axis(fresh, best[None, :, None], axis=0)[0]  # (k, starts)
    known = np.isfinite(medians.min(axis=0))
    low, high = (np.percentile(chosen, share, axis=-1, method="nearest") for share in BAND)
    return Best(np.where(known, rates[best], np.nan), median(chosen), low, high)


def median(values: Floats) -> NDArray[np.float64]:
    """The median over the last axis; of an even number of values the mean of the middle two, infinite if one is."""
    ordered = np.sort(values, axis=-1)
    count = values.shape[-1]
    return np.asarray(0.5 * (ordered[..., (count - 1) // 2] + ordered[..., count // 2]))


def spelled_ends(names: Sequence[str], medians: Floats, most: int) -> str:
    """The first and the last median (rules, k) of each rule in words; runs that did not arrive took over `most`."""

    def spelled(steps: float) -> str:
        return f"{steps:,.0f}" if np.isfinite(steps) else f"over {most:,}"

    return ", ".join(
        f"{name} {spelled(row[0])} and {spelled(row[-1])}" for name, row in zip(names, medians, strict=True)
    )


def stacked(found: Sequence[Best | None], places: int) -> Best:
    """The results of several rules as arrays (rules, k); NaN where a rule has none yet."""
    blank = Best(*(np.full(places, np.nan) for _ in Best._fields))
    return Best(*(np.stack(values) for values in zip(*(one or blank for one in found), strict=True)))
