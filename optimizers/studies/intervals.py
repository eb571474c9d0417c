"""Confidence intervals of means over seeds."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A mean and the ends of its confidence interval, arrays of one shape."""

    mean: Floats
    low: Floats
    high: Floats


def mean_interval(values: Any, axis: int = -1, level: float = 0.05) -> Interval:
    r"""The mean over seeds and its interval at 1 − `level`, $\bar x \pm t_{n-1} s / \sqrt n$ (Student 1908).

    NaN and infinite values count as missing. With a single value the interval is NaN, and with none the mean is NaN as
    well.

    Args:
        values: numbers, with the seeds along `axis`.
    """
    x = np.asarray(values, dtype=float)
    known = np.isfinite(x)
    count = known.sum(axis=axis)
    least = np.maximum(count, 1)
    mean = np.where(count > 0, np.where(known, x, 0.0).sum(axis=axis) / least, np.nan)
    squares = np.where(known, (x - np.expand_dims(mean, axis)) ** 2, 0.0).sum(axis=axis)
    freedom = np.maximum(count - 1, 1)
    half = np.where(count > 1, t_quantile(1 - level / 2, freedom) * np.sqrt(squares / freedom / least), np.nan)
    return Interval(mean, mean - half, mean + half)


def t_quantile(share: float, freedom: Any) -> Floats:
    """Quantiles of Student's distribution with some degrees of freedom, from 1 on.

    For one and two they are exact, for more by the expansion of Abramowitz & Stegun (26.7.5), at 97.5 % to 0.2 %.
    """
    x, n = NormalDist().inv_cdf(share), np.asarray(freedom, dtype=float)
    terms = (
        x,
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    series = sum(term / n**k for k, term in enumerate(terms))
    one, two = np.tan(np.pi * (share - 0.5)), (2 * share - 1) * np.sqrt(2 / (4 * share * (1 - share)))
    return np.where(n == 1, one, np.where(n == 2, two, series))
