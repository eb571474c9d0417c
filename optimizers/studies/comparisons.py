"""What paired numbers of a study say of two methods, in a sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from optimizers.verdicts import verdict
from surfaces.digits import percent, short

FEWEST = 6
"""The fewest pairs that can tell two methods apart: with five, the smallest p-value is 2/32 = 0.063."""


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
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    known = ~(np.isnan(first) | np.isnan(second))
    first, second = first[known], second[known]
    if len(first) < FEWEST:
        return f"At least {FEWEST} {unit} are needed to compare {names[0]} with {names[1]}."
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
