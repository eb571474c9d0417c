r"""Verdicts on two optimizers from paired runs: "A is better", "B is better", or "cannot tell".

A pair is two runs from the same start with the same seed, compared at the same step, which is chosen beforehand. The
test is Wilcoxon's signed-rank test with its exact distribution under random signs: if the two optimizers are equal,
exchanging them within a pair changes nothing, whatever the losses look like. So the test holds for diverged and for
censored runs as well, whose measure is infinite: such a run is worse than any other by the largest difference, and a
pair of two such runs is a tie, which says nothing.

Of several verdicts, each is judged at the level that its pair faces in Holm's method: of m pairs, the one with the
smallest p-value faces level/m, the next level/(m − 1), and so on up to the first that is not significant. Here the
method stops, and all further pairs are judged at the same level. Equal p-values face the level of the first of them.
Interval and number of pairs use this level, too. So without ties an interval excludes equality exactly if the two
optimizers are told apart. (Ties count for the interval and not for the test: with ties, equality may be its end.) Each
interval covers at its own level, but all of them together less often than at 1 − level.

- F. Wilcoxon (1945), Individual comparisons by ranking methods
- J. L. Hodges & E. L. Lehmann (1963), Estimates of location based on rank tests (the ratio and its interval)
- G. E. Noether (1987), Sample size determination for some common nonparametric tests (the pairs that are needed)
- S. Holm (1979), A simple sequentially rejective multiple test procedure
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from optimizers.averages import Averages, positive_share
from surfaces.calculus import Floats

MOST_EXACT = 200
"""The most pairs for which the exact distribution is computed; the normal approximation is then good to 1 %."""
POWER = 0.8
MOST_PAIRS = 1_000_000
"""The most pairs of a verdict, which then takes seconds."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A verdict with its evidence.

    Attributes:
        names: the names of A and B.
        word: "A is better", "B is better", with their names, or "cannot tell".
        pairs, wins, ties: the number of pairs, of those in which A is better, and of those without a difference.
        effect: the typical ratio of B's measure to A's, or the difference if measures may be negative: the
            Hodges-Lehmann estimate, the median of the means of two differences. Above 1, or above 0, A is better. It is
            infinite, or 0 as a ratio, where most of these means are, and NaN where as many are +∞ as −∞ and none lies
            between.
        interval: a confidence interval of the effect, at 1 − `corrected_level`.
        rank_biserial: the share of rank sums for A minus that for B, from −1 to 1 (Kerby 2014).
        p: the two-sided p-value of the signed-rank test, corrected for the number of comparisons.
        level: the rate of false verdicts, over all comparisons.
        corrected_level: the level of this comparison: `level`, or what Holm's method leaves of it.
        needed: the number of pairs, with ties as frequent as here, of which 80 % of all samples detect an effect as
            large as this one at `corrected_level`; more than `pairs` if the verdict is "cannot tell". None if there is
            no effect, or if a million pairs are not enough.
        is_ratio: whether the effect is a ratio.
    """

    names: tuple[str, str]
    pairs: int
    wins: int
    ties: int
    effect: float
    interval: tuple[float, float]
    rank_biserial: float
    p: float
    level: float
    corrected_level: float
    needed: int | None
    is_ratio: bool

    @property
    def winner(self) -> str | None:
        """The name of the optimizer that is better, with the smaller measures; None if that cannot be told."""
        if self.p > self.level:
            return None
        return self.names[0] if self.rank_biserial > 0 else self.names[1]

    @property
    def word(self) -> str:
        return "cannot tell" if self.winner is None else f"{self.winner} is better"

    def __str__(self) -> str:
        a, b = self.names
        low, high = self.interval
        effect = f"{b} / {a}" if self.is_ratio else f"{b} − {a}"
        pairs = f"{self.wins} of {self.pairs} pairs for {a}" + (f", {self.ties} ties" if self.ties else "")
        share = f"{100 * (1 - self.corrected_level):.4g} % interval {low:.3g} to {high:.3g}"
        words = f"{self.word}: {effect} = {self.effect:.3g} ({share}), {pairs}, p = {self.p:.2g}"
        if self.winner is None:
            words += (
                f"; about {self.needed:,} pairs would be enough for an effect of this size"
                if self.needed
                else f"; for an effect of this size, {MOST_PAIRS:,} pairs would not be enough"
            )
        return words


def verdict(a: ArrayLike, b: ArrayLike, *, names: tuple[str, str] = ("A", "B"), level: float = 0.05) -> Verdict:
    """The verdict on two optimizers from their measures in n paired runs, of which smaller ones are better.

    Args:
        a, b: (n,), losses or numbers of steps; infinite for a run that diverged or did not reach the threshold. If
            none is negative, ratios are compared, otherwise differences.
        names: the names of the two.
        level: the rate at which two equal optimizers are told apart.

    Raises:
        ValueError: if the measures are not paired, if there are more than a million, if one is NaN or −∞, or if the
            level is not between 0 and 1.
    """
    differences, is_ratio = _differences(a, b, level)
    balance, p = signed_rank(differences)
    return _judged(names, differences, is_ratio, balance, p, level, level)


def _differences(a: ArrayLike, b: ArrayLike, level: float) -> tuple[Floats, bool]:
    """The differences of the measures in each pair, or those of their logarithms if the measures have ratios."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or not len(first):
        raise ValueError(
            "verdict compares paired runs: pass two lists of the same length, at least 1; got shapes "
            f"{first.shape} and {second.shape}"
        )
    if len(first) > MOST_PAIRS:
        raise ValueError(f"a verdict has at most {MOST_PAIRS:,} pairs; got {len(first):,}: pass fewer of them")
    if np.isnan([first, second]).any() or np.isneginf([first, second]).any():
        raise ValueError("measures must be numbers; pass math.inf for a run that diverged or never reached its goal")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level:g}")
    is_ratio = bool((first >= 0).all() and (second >= 0).all())
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = (np.log(first), np.log(second)) if is_ratio else (first, second)
        return np.where(first == second, 0.0, y - x), is_ratio


def _judged(
    names: tuple[str, str],
    differences: Floats,
    is_ratio: bool,
    balance: float,
    p: float,
    level: float,
    corrected_level: float,
) -> Verdict:
    """The verdict on differences whose rank-biserial correlation and p-value, corrected, are known."""
    effect, low, high = _estimate(differences, corrected_level)
    back = np.exp if is_ratio else float
    with np.errstate(over="ignore"):
        effect, low, high = (float(back(v)) for v in (effect, low, high))
    return Verdict(
        names=names,
        pairs=len(differences),
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        effect=effect,
        interval=(low, high),
        rank_biserial=balance,
        p=p,
        level=level,
        corrected_level=corrected_level,
        needed=_needed(differences, corrected_level, len(differences) + 1 if p > level else 1),
        is_ratio=is_ratio,
    )


def verdicts(measures: Mapping[str, ArrayLike], *, level: float = 0.05) -> list[Verdict]:
    """The verdicts on all pairs of optimizers, corrected for their number by Holm's method.

    Args:
        measures: the measures of each optimizer, (n,), as for `verdict`; entry k of each belongs to the same pair.
        level: the rate at which any two equal optimizers among them are told apart.

    Raises:
        ValueError: as `verdict`, or if there are fewer than two optimizers.
    """
    if len(measures) < 2:
        raise ValueError(f"there must be at least two optimizers to compare; got {len(measures)}")
    names = list(itertools.combinations(measures, 2))
    pairs = [_differences(measures[a], measures[b], level) for a, b in names]
    ranks = [signed_rank(differences) for differences, _ in pairs]
    p = [value for _, value in ranks]
    return [
        _judged(name, *pair, balance, corrected, level, faced)
        for name, pair, (balance, _), corrected, faced in zip(
            names, pairs, ranks, holm(p), holm_levels(p, level), strict=True
        )
    ]


def holm(p: Sequence[float]) -> list[float]:
    """The p-values corrected for their number: the smallest times m, the next times m − 1, …, never falling."""
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(raised, 1.0)
    return [float(value) for value in corrected]


def holm_levels(p: Sequence[float], level: float) -> list[float]:
    """The level that each p-value faces in Holm's method: level/m for the smallest, level/(m − 1) for the next, …

    Equal p-values face the level of the first of them, and those after the first one that is not significant face its
    level, because the method stops there. A p-value is at most the level it faces exactly if `holm` raises it to at
    most `level`.
    """
    ordered = np.sort(p)
    levels = level / (len(p) - np.searchsorted(ordered, ordered, "left"))
    stop = int(np.argmax(ordered > levels)) if (ordered > levels).any() else len(p) - 1
    return [float(min(faced, levels[stop])) for faced in levels[np.searchsorted(ordered, p, "left")]]


def signed_rank(differences: Floats) -> tuple[float, float]:
    """The rank-biserial correlation and the two-sided p-value of Wilcoxon's test; (0, 1) if there are only ties."""
    d = differences[differences != 0]
    if not len(d):
        return 0.0, 1.0
    doubled = _doubled_ranks(np.abs(d))
    total, positive = int(doubled.sum()), int(doubled[d > 0].sum())
    larger = max(positive, total - positive)
    if len(d) <= MOST_EXACT:
        p = 2 * float(_null(doubled)[larger:].sum())
    else:
        z = (larger - total / 2 - 1) / (0.5 * math.sqrt(float((doubled.astype(float) ** 2).sum())))
        p = 2 * (1 - NormalDist().cdf(max(z, 0.0)))
    return (2 * positive - total) / total, min(p, 1.0)


def _doubled_ranks(sizes: Floats) -> np.ndarray:
    """Twice the ranks of some numbers, whole numbers also for ties, which share the mean of their ranks."""
    ordered = np.sort(sizes)
    return np.searchsorted(ordered, sizes, "left") + np.searchsorted(ordered, sizes, "right") + 1


def _null(doubled: np.ndarray) -> Floats:
    """The distribution of the sum of the ranks with a positive sign, if every sign is a toss of a coin."""
    chances = np.zeros(int(doubled.sum()) + 1)
    chances[0] = 1.0
    for rank in doubled:
        moved = np.zeros_like(chances)
        moved[rank:] = chances[: len(chances) - rank]
        chances = 0.5 * (chances + moved)
    return chances


def _estimate(differences: Floats, level: float) -> tuple[float, float, float]:
    """The Hodges-Lehmann estimate and the interval that belongs to the signed-rank test.

    Means that are not defined may be anything: they count as −∞ for the lower end, and as +∞ for the upper one.
    """
    pairs, averages = len(differences), Averages(differences)
    if pairs <= MOST_EXACT:
        below = np.cumsum(_null(2 * np.arange(1, pairs + 1))[::2])
        rank = int((below <= level / 2).sum())
    else:
        spread = math.sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24)
        rank = int(pairs * (pairs + 1) / 4 + NormalDist().inv_cdf(level / 2) * spread)
    if rank < 1:
        return averages.median(), -math.inf, math.inf
    return averages.median(), averages.smallest(rank), averages.largest(rank)


def _needed(differences: Floats, level: float, least: int) -> int | None:
    """The number of pairs, at least `least`, for a power of 80 % (Noether 1987).

    It follows from the share of positive means of two differences. The test leaves out ties, so more pairs are needed
    where they are frequent.
    """
    different = differences[differences != 0]
    if not len(different) or (share := positive_share(different)) == 0.5:
        return None
    quantiles = NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(POWER)
    pairs = math.ceil(quantiles**2 / (3 * (share - 0.5) ** 2))
    smallest = math.ceil(1 - math.log2(level))  # with fewer pairs no p-value is at most the level
    with_ties = math.ceil(max(pairs, smallest) * len(differences) / len(different))
    return None if max(with_ties, least) > MOST_PAIRS else max(with_ties, least)
