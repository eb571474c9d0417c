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
    """The arguments of `compared`: paired measures of two methods, their names, and what is measured."""

    a: ArrayLike
    b: ArrayLike
    names: tuple[str, str]
    measure: str


def fewest(level: float) -> int:
    """The fewest pairs that can tell two methods apart: of n pairs, the smallest p-value is 2/2ⁿ."""
    return math.ceil(1 - math.log2(level))


def all_compared(comparisons: Sequence[Comparison], *, level: float = 0.05, unit: str = "seeds") -> str:
    """The sentences of several comparisons, corrected for their number by Holm's method.

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
    return " ".join(
        dict.fromkeys(compared(*each, level=faced, unit=unit) for each, faced in zip(comparisons, levels, strict=True))
    )


def compared(
    a: ArrayLike, b: ArrayLike, names: tuple[str, str], measure: str, *, level: float = 0.05, unit: str = "seeds"
) -> str:
    """A sentence on which of two methods has the lower measure, with interval; or that this cannot be told.

    Pairs of which a number is missing do not count.

    Args:
        a, b: (pairs,), measures of the two, such as test errors.
        names: the names of the two.
        measure: what is compared, such as "test error".
        level: as for `verdict`.
        unit: what the pairs are.
    """
    first, second = _paired(a, b)
    if len(first) < (least := fewest(level)):
        return f"At least {least} {unit} are needed to compare {names[0]} with {names[1]}."
    found = verdict(first, second, names=names, level=level)
    low, high = found.interval
    sign = " / " if found.is_ratio else " − "
    effect = (
        f"{names[1]}{sign}{names[0]} = {short(found.effect, 3)}, {percent(1 - level)} interval "
        f"{short(low, 3)} to {short(high, 3)}, {len(first)} paired {unit}"
    )
    if found.winner is None:
        return f"The {measure} of {names[0]} and that of {names[1]} cannot be told apart ({effect})."
    better, worse = names if found.winner == names[0] else names[::-1]
    return f"The {measure} of {better} is lower than that of {worse} ({effect})."


def _paired(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pairs of which both numbers are known."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    known = ~(np.isnan(first) | np.isnan(second))
    return first[known], second[known]
