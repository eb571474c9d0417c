"""The averages of all pairs of numbers, in order, without a list of them: there are n (n + 1) / 2.

The Hodges-Lehmann estimate is their median, and the interval that belongs to Wilcoxon's signed-rank test lies between
two of them.
"""

from __future__ import annotations

import functools

import numpy as np

from surfaces.calculus import Floats

MOST_LISTED = 1_000
"""The most numbers whose averages are listed and sorted: half a million."""


class Averages:
    """The averages of all pairs of numbers, each with itself included.

    The average of +∞ and −∞ is not defined: it may be anything.

    Args:
        numbers: (n,), which may be infinite.
    """

    def __init__(self, numbers: Floats) -> None:
        ordered = np.sort(numbers)
        low, high = int((ordered == -np.inf).sum()), int((ordered == np.inf).sum())
        self._halves = ordered[low : len(ordered) - high] / 2
        count = len(self._halves)
        self._low, self._high = (k * (k + 1) // 2 + k * count for k in (low, high))
        self._finite, self._undefined = count * (count + 1) // 2, low * high

    def smallest(self, rank: int) -> float:
        """The average with this rank from below, from 1 on, if those that are not defined are −∞."""
        return self._at(rank - 1, self._low + self._undefined)

    def largest(self, rank: int) -> float:
        """The average with this rank from above, from 1 on, if those that are not defined are +∞."""
        return self._at(self._low + self._finite + self._high + self._undefined - rank, self._low)

    def median(self) -> float:
        """The median of those that are defined; NaN if none is, or if half of them are −∞ and half +∞."""
        count = self._low + self._finite + self._high
        if not count:
            return float("nan")
        middle = [self._at(position, self._low) for position in {(count - 1) // 2, count // 2}]
        return float(np.mean(middle)) if np.isfinite(middle).any() or len({*middle}) == 1 else float("nan")

    def _at(self, position: int, below: int) -> float:
        """The average at a position, from 0 on, if `below` of them are −∞."""
        if position < below:
            return -np.inf
        return self._select(position - below) if position < below + self._finite else np.inf

    def _select(self, position: int) -> float:
        """The finite average at a position, from 0 on."""
        if len(self._halves) <= MOST_LISTED:
            return float(self._listed[position])
        low, high = (_place(2 * float(end)) for end in self._halves[[0, -1]])
        while low < high:  # at most 64 times: the places of two numbers differ by less than 2⁶⁴
            middle = (low + high) // 2
            if self._count(_number(middle)) > position:
                high = middle
            else:
                low = middle + 1
        return _number(low)

    @functools.cached_property
    def _listed(self) -> Floats:
        i, j = np.triu_indices(len(self._halves))
        return np.sort(self._halves[i] + self._halves[j])

    def _count(self, bound: float) -> int:
        """The number of finite averages that are at most `bound`."""
        pairs = int(np.searchsorted(self._halves, bound - self._halves, "right").sum())
        alone = int(np.searchsorted(self._halves, bound / 2, "right"))
        return (pairs + alone) // 2


def _place(number: float) -> int:
    """The place of a number in the order of all float64 numbers; that of 0 is 0."""
    bits = int(np.float64(abs(number)).view(np.int64))
    return bits if number >= 0 else -bits


def _number(place: int) -> float:
    """The number at a place."""
    size = float(np.int64(abs(place)).view(np.float64))
    return size if place >= 0 else -size


def positive_share(numbers: Floats) -> float:
    """The share of pairs of different numbers of a list whose sum is positive; sums of 0 and of +∞ and −∞ count half.

    A single number counts as a pair with itself.
    """
    ordered, count = np.sort(numbers), len(numbers)
    if count == 1:
        return float((ordered > 0).mean() + 0.5 * (ordered == 0).mean())
    above = count - np.searchsorted(ordered, -ordered, "right")
    equal = count - np.searchsorted(ordered, -ordered, "left") - above
    positive = int(above.sum()) - int((ordered > 0).sum()) + 0.5 * (int(equal.sum()) - int((ordered == 0).sum()))
    return positive / (count * (count - 1))
