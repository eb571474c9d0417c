"""What paired numbers of a study say of two methods, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.verdicts import holm_levels, verdict
from surfaces.digits import percent, short


class Comparison(NamedTuple):
    """The arguments of `compared`.

    Attributes:
        a, b: (pairs,), measures of two methods, such as test errors, of which smaller ones are better.
        names: the names of the two, as in the middle of a sentence.
        measure: what is compared, such as "test error".
        where: the circumstances, such as "with Adam"; the sentence starts with them.
    """

    a: ArrayLike
    b: ArrayLike
    names: tuple[str, str]
    measure: str
    where: str = ""


def fewest(level: float) -> int:
    """The fewest pairs that can tell two methods apart: of n pairs, the smallest p-value is 2/2ⁿ."""
    return math.ceil(1 - math.log2(level))


def all_compared(comparisons: Sequence[Comparison], *, level: float = 0.05, unit: str = "seeds") -> str:
    """The sentences of several comparisons, corrected for their number by Holm's method, which the last one explains.

    Each is judged at the level that it faces, as by `optimizers.verdicts`. A comparison without pairs counts as well.

    Args:
        comparisons: the comparisons.
        level: the rate at which any two equal methods among them are told apart.
        unit: what the pairs are.
    """
    p = []
    for comparison in comparisons:
        first, second = _paired(comparison.a, comparison.b)
        p.append(verdict(first, second).p if len(first) else 1.0)
    levels = holm_levels(p, level)
    sentences = list(
        dict.fromkeys(
            compared(*each[:4], where=each.where, level=faced, unit=unit)
            for each, faced in zip(comparisons, levels, strict=True)
        )
    )
    if len(comparisons) > 1 and any(" interval " in sentence for sentence in sentences):
        sentences.append(
            f"The levels of the intervals follow from Holm's correction for {len(comparisons)} comparisons."
        )
    return " ".join(sentences)


def compared(
    a: ArrayLike,
    b: ArrayLike,
    names: tuple[str, str],
    measure: str,
    *,
    where: str = "",
    level: float = 0.05,
    unit: str = "seeds",
) -> str:
    """A sentence on whether the first of two methods has the lower or the higher measure, or that this cannot be told.

    The effect, with its interval, is the ratio of the first measure to the second, or their difference if measures may
    be negative. Pairs of which a number is missing do not count.

    Args:
        a, b, names, measure, where: as in `Comparison`.
        level: as for `verdict`.
        unit: what the pairs are.
    """
    first, second = _paired(a, b)
    one, other = names
    if (count := len(first)) < (least := fewest(level)):
        return _sentence(f"at least {least} {unit} are needed to compare {one} with {other}", where)
    judged = verdict(
        second, first, names=(other, one), level=level
    )  # whose effect is that of the first over the second
    low, high = judged.interval
    effect = (
        f"{'ratio' if judged.is_ratio else 'difference'} {short(judged.effect, 3)}, {percent(1 - level)} interval "
        f"{short(low, 3)} to {short(high, 3)}, {count} paired {unit}"
    )
    if judged.winner is None:
        words = f"{count} {unit} cannot tell whether the {measure} of {one} or that of {other} is lower"
    else:
        words = f"the {measure} of {one} is {'lower' if judged.winner == one else 'higher'} than that of {other}"
    return _sentence(f"{words} ({effect})", where)


def _sentence(words: str, where: str) -> str:
    """The words as a sentence, after the circumstances."""
    text = f"{where}, {words}" if where else words
    return f"{text[:1].upper()}{text[1:]}."


def _paired(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pairs of which both numbers are known."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    known = ~(np.isnan(first) | np.isnan(second))
    return first[known], second[known]
