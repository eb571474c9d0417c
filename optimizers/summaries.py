"""The words of `optimizers.status` for many runs of which no path was stored.

A status depends on the whole run, and partly on its last point, which is known only at the end. What it asks of the
path are a few maxima: of the loss over the quarters of the second half (growing) and over the last tenth (converged),
and over the tail the largest distance from the last point (stalled) and the length of the path (oscillating). The loop
of `optimizers.lanes` keeps the maximum of the loss for each of seven segments, whose bounds are those of these parts,
and runs the tail a second time when the last point is known. So the words agree with those of `trace(…).status`, up to
rounding. The step since which a run has been converged or stalled, and the sentence that gives the reason, need the
path: `Sweep.trace` has them.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable
from typing import Any, get_args

import jax
import numpy as np
from numpy.typing import NDArray

from optimizers.lanes import SEGMENTS
from optimizers.status import CONVERGED, FLAT, RISE, ROUND_TRIP, STILL, Word
from optimizers.variants import Levels, Variant, rounding
from surfaces.calculus import Floats, double
from surfaces.compiled import compiled
from surfaces.surface import LOWEST, Surface

WORDS: tuple[Word, ...] = get_args(Word)
CODES = {word: code for code, word in enumerate(WORDS)}


@dataclasses.dataclass(frozen=True)
class Parts:
    """The parts of a run of `steps` steps that statuses refer to.

    Attributes:
        quarters: the first point of each quarter of the second half; fewer than four in a very short run.
        tail: the first point of the tail.
        tenth: the first point of the last tenth.
        bounds: the first point of each segment, and the last point, (SEGMENTS + 1,).
    """

    steps: int

    @functools.cached_property
    def quarters(self) -> tuple[int, ...]:
        parts = np.array_split(np.arange(self.steps // 2, self.steps + 1), 4)
        return tuple(int(part[0]) for part in parts if len(part))

    @property
    def tail(self) -> int:
        return self.steps - min(max(math.ceil(self.steps / 5), 10), self.steps)

    @property
    def tenth(self) -> int:
        return self.steps - min(max(math.ceil(self.steps / 10), 2), self.steps)

    @functools.cached_property
    def bounds(self) -> tuple[int, ...]:
        inner = (*self.quarters, *[self.steps] * (4 - len(self.quarters)), self.tail, self.tenth)
        return tuple(sorted((0, *inner, self.steps)))

    def peaks(self, highs: Floats) -> Floats | None:
        """The largest loss of each quarter, (4, runs), from those of the segments; None in a very short run."""
        if len(self.quarters) < 4:
            return None
        ends = (*self.quarters[1:], self.steps)
        # the last point belongs to the last segment alone, also if that begins where another one ends
        among = [range(SEGMENTS - 1)] * 3 + [range(SEGMENTS)]
        segments = [
            [k for k in ks if self.bounds[k] >= first and self.bounds[k + 1] <= end]
            for first, end, ks in zip(self.quarters, ends, among, strict=True)
        ]
        return np.array([highs[part].max(axis=0) for part in segments])

    def peak_of_the_last_tenth(self, highs: Floats) -> Floats:
        """The largest loss of the last tenth, (runs,)."""
        return np.max([highs[k] for k in range(SEGMENTS) if self.bounds[k] >= self.tenth], axis=0)


@dataclasses.dataclass(frozen=True)
class Ends:
    """What is known of some runs on the same surface, in float64; every array (runs,) unless stated otherwise.

    Attributes:
        first, final, best: the losses at the start and after the last step, and the smallest loss.
        diverged: the step of the divergence, or −1.
        point: the last finite point, (runs, n).
        highs: the largest loss of each segment, (SEGMENTS, runs).
        length, reach, change, round_trip: the measures of the tail (`optimizers.lanes.Tail`).
    """

    first: Floats
    final: Floats
    best: Floats
    diverged: NDArray[Any]
    point: Floats
    highs: Floats
    length: Floats
    reach: Floats
    change: Floats
    round_trip: Floats


Groups = Callable[[NDArray[np.bool_]], Iterable[tuple[Variant, NDArray[Any]]]]
"""The different surfaces of selected runs, each with the indices of its runs."""


def levels_of(surface: Surface) -> tuple[float, float, float]:
    """The loss at the lowest minimum (NaN if none is known), that at the default start, and the rounding of losses."""
    start, bottom = surface.levels(surface.minima())
    return bottom, start, float(rounding(bottom, start))


def kinds(levels: Levels, groups: Groups, ends: Ends, steps: int) -> NDArray[np.int8]:
    """The status of each run, as an index of `WORDS`."""
    parts = Parts(steps)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        bottom, known, unit, epsilon = _scales(levels, groups, ends)
        peaks = parts.peaks(ends.highs)
        growing = np.zeros(len(ends.final), dtype=bool)
        if peaks is not None:
            peaks = peaks - np.minimum(bottom, ends.best)
            growing = (peaks[1:] >= RISE * peaks[:-1]).all(axis=0) & (ends.final - ends.first > epsilon)
        ceiling = bottom + np.maximum(CONVERGED * unit, epsilon)
        low = known & (parts.peak_of_the_last_tenth(ends.highs) <= ceiling)
        still = (ends.reach <= STILL * levels.diagonal) & (ends.change <= STILL * unit)
        elsewhere = np.zeros_like(low)
        for variant, runs in groups(low):
            elsewhere[runs] = _away_from_lowest(variant, ends.point[runs])
        oscillating = (ends.length > 0) & (ends.round_trip < ROUND_TRIP * ends.length)
    choices: list[tuple[NDArray[np.bool_], Word]] = [
        (ends.diverged >= 0, "diverged"),
        (growing, "growing"),
        (low & ~elsewhere, "converged"),
        (still, "stalled"),
        (oscillating, "oscillating"),
    ]
    codes = [CODES[word] for _, word in choices]
    return np.select([flag for flag, _ in choices], codes, CODES["moving"]).astype(np.int8)


def _scales(levels: Levels, groups: Groups, ends: Ends) -> tuple[Floats, NDArray[np.bool_], Floats, Floats]:
    """L*, whether a minimum is known, u and ε of each run, as `optimizers.status.scale` defines them."""
    bottom = np.broadcast_to(levels.bottom, ends.final.shape).copy()
    for variant, runs in groups(np.isnan(bottom)):
        bottom[runs] = _quadratic_minimum(variant.surface, ends.point[runs], ends.final[runs])
    known = np.isfinite(bottom)
    bottom = np.where(known, bottom, ends.best)
    heights = np.stack([ends.first - bottom, levels.start - bottom])
    epsilon = rounding(bottom, levels.start)
    unit = np.where((heights > epsilon) & (heights < np.inf), heights, np.inf).min(axis=0)
    return bottom, known, np.where(np.isfinite(unit), unit, 0.0), epsilon


def _away_from_lowest(variant: Variant, points: Floats) -> NDArray[np.bool_]:
    """Whether the listed critical point nearest to each point (k, n), if it is within D/100, is no lowest minimum."""
    surface = variant.surface
    least, lowest = np.full(len(points), np.inf), np.ones(len(points), dtype=bool)
    curve = 0
    for listed in variant.critical_points:
        position: Any = np.asarray(listed.position, dtype=float)
        if listed.kind == "curve":
            position, curve = surface.nearest_on_curve(points, curve), curve + 1
        distance = np.linalg.norm(points - position, axis=-1)
        lowest = np.where(distance < least, listed.kind in LOWEST, lowest)
        least = np.minimum(distance, least)
    return (least <= FLAT * surface.diagonal) & ~lowest


def _quadratic_minimum(surface: Surface, points: Floats, losses: Floats) -> Floats:
    """The minimum of the quadratic approximation at each last point (k, n), from its loss; −∞ where it has none."""
    with double():
        leaves = jax.tree.map(lambda leaf: np.asarray(leaf, dtype="float64"), surface)
        slopes, hessians = map(np.asarray, _expansions(leaves, points))
    bottom = np.full(len(points), -np.inf)
    finite = np.isfinite(hessians).all(axis=(1, 2)) & np.isfinite(slopes).all(axis=1)
    convex = np.flatnonzero(finite)[np.linalg.eigvalsh(hessians[finite])[:, 0] > 0]
    if len(convex):
        steps = np.linalg.solve(hessians[convex], slopes[convex][..., None])[..., 0]
        bottom[convex] = losses[convex] - 0.5 * np.sum(slopes[convex] * steps, axis=1)
    return bottom


@compiled
def _expansions(surface: Any, points: Any) -> Any:
    return jax.vmap(jax.grad(surface))(points), jax.vmap(jax.hessian(surface))(points)
